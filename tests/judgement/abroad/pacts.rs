//! Labs that pledge to one another, each in a log of its own.

use standstill::claim::{Conditional, Pledge};

use super::*;

/// What one lab pledges: at most 1000 a day for two days, while the other does.
fn together(other: IssuerId) -> Pledge {
    changed(0, 2, |pledge| {
        pledge.terms = Terms::Conditional(Box::new(Conditional {
            wraps: Terms::Cap {
                limit: Quantity::from(2000_u64),
            },
            parties: vec![other],
            quorum: 1,
            party_level: Level::E1,
            party_grace: 0,
            pact: sha256(TEXT),
        }));
    })
}

/// Two labs that pledge to one another, each in its log; what both used in two days, and when
/// each day of each was seen.
fn pact(used: [[u64; 2]; 2], seen: [[u64; 2]; 2]) -> Vec<Verdict> {
    let mut labs = [Lab::new(100), far(120)];
    let [one, other] = [labs[0].id, labs[1].id];
    let trust = believing(&[(one, &log_key()), (other, &far_key())], "");
    let mut logs = Vec::new();
    for (at, lab) in labs.iter_mut().enumerate() {
        lab.pledge(together(if at == 0 { other } else { one }));
        let founded = lab.entries.len();
        lab.usage(day(0), used[at][0]);
        lab.usage(day(1), used[at][1]);
        let batches = [
            (&lab.entries[..founded], Some(START - DAY)),
            (&lab.entries[founded..=founded], Some(seen[at][0])),
            (&lab.entries[founded + 1..], Some(seen[at][1])),
        ];
        let key = if at == 0 { log_key() } else { far_key() };
        logs.push(log_by(key, &batches));
    }
    let [near, away] = [&logs[0], &logs[1]];
    [(near, away), (away, near)]
        .map(|(log, beside)| {
            let found = judged(log.clone(), &[beside], &trust, START + 5 * DAY);
            assert_eq!(found.verdicts.len(), 1, "{found:#?}");
            found.verdicts[0].clone()
        })
        .into()
}

fn words(verdicts: &[Verdict]) -> Vec<Word> {
    verdicts.iter().map(|one| one.word).collect()
}

const HOUR: u64 = 3600;

/// When a day's report is seen, so many hours after its end.
const fn after(day: u64, hours: u64) -> u64 {
    START + (day + 1) * DAY + hours * HOUR
}

// spec: ver-98
#[test]
fn parties_to_a_pact_need_not_share_a_log() {
    let seen = [[after(0, 1), after(1, 1)]; 2];
    let found = pact([[1000, 900], [1000, 900]], seen);
    for one in &found {
        assert_eq!(one.word, Word::Consistent, "{one:#?}");
        assert!(!checks(one).contains(&"condition"), "{one:#?}");
    }
}

// spec: ver-98
#[test]
fn between_logs_who_broke_a_pact_first_is_told_by_when_it_was_seen() {
    // The first breaks it on the first day, and the other, which has seen that, on the next.
    let used = [[3000, 0], [0, 3000]];
    let found = pact(
        used,
        [[after(0, 1), after(1, 1)], [after(0, 1), after(1, 2)]],
    );
    assert_eq!(
        words(&found),
        [Word::Violated, Word::NotShown],
        "{found:#?}"
    );
    assert!(checks(&found[1]).contains(&"after-lapse"));
    // So does the first if both show theirs in one hour: neither was seen before the other.
    let used = [[3000, 0], [3000, 0]];
    let both = [[after(0, 1), after(1, 1)], [after(0, 1), after(1, 1)]];
    assert_eq!(words(&pact(used, both)), [Word::Violated, Word::Violated]);
    // That the entries' numbers are smaller tells nothing: the first's is seen a day later.
    let used = [[3000, 0], [0, 3000]];
    let late = [[after(1, 20), after(1, 21)], [after(0, 1), after(1, 2)]];
    assert_eq!(words(&pact(used, late)), [Word::Violated, Word::Violated]);
}

// spec: con-7
#[test]
fn a_verdict_on_a_pact_names_the_streams_of_parties_beside() {
    let found = pact([[1000, 900], [1000, 900]], [[after(0, 1), after(1, 1)]; 2]);
    for (one, other) in [(0, 1), (1, 0)] {
        let party = found[other].issuer;
        assert!(
            found[one].used.iter().any(|used| used.issuer == party),
            "{:#?}",
            found[one].used
        );
    }
}

/// Two labs that break a pact, the first an hour before the other is seen to. Four witnesses,
/// of whom any two are a quorum; whose the last two are.
fn dated(owner: impl Fn(IssuerId) -> String) -> Word {
    let mut labs = [Lab::new(100), far(120)];
    let [one, other] = [labs[0].id, labs[1].id];
    let mut logs = Vec::new();
    for (at, lab) in labs.iter_mut().enumerate() {
        lab.pledge(together(if at == 0 { other } else { one }));
        let founded = lab.entries.len();
        lab.usage(day(0), 3000);
        lab.usage(day(1), 0);
        let seen = [after(0, 3), after(0, 9)][at];
        let batches = [
            (&lab.entries[..founded], Some(START - DAY)),
            // Without it, still.
            (&lab.entries[..0], Some(after(0, 2))),
            (&lab.entries[founded..=founded], Some(seen)),
            (&lab.entries[founded + 1..], Some(after(1, 1))),
        ];
        let key = if at == 0 { log_key() } else { far_key() };
        logs.push(log_by(key, &batches));
    }
    // The last two say that they saw the other's breach before anybody saw the first's.
    let far = far_key().verifier();
    let path = standstill::tlog::tile::cosigned_path(2);
    let bytes = standstill::store::LogFiles::read(&logs[1], &path).unwrap();
    let mut note = Note::parse(&bytes.unwrap()).unwrap();
    note.retain(|line| line.names(&far));
    for number in [4, 5] {
        let time = at(after(0, 1));
        note.put(standstill::tlog::cosign(note.text(), &witness_key(number), time).unwrap());
    }
    let path = standstill::tlog::tile::cosigned_path(4);
    logs[1].replace(&path, note.to_text().as_bytes()).unwrap();
    let keys = [log_key(), far_key()].map(|key| key.verifier());
    let labs = [(one, keys[0].clone()), (other, keys[1].clone())];
    let owner = owner(one);
    let roots = ["outsider", "outsider", "outsider", &owner, &owner];
    let trust = trusting(&keys, &labs, &roots, "");
    let found = judged(logs[0].clone(), &[&logs[1]], &trust, START + 5 * DAY);
    found.verdicts[0].word
}

// spec: ver-98
#[test]
fn a_lab_cannot_have_its_own_witnesses_say_that_the_other_broke_a_pact_first() {
    // Whom nobody but the auditor knows to be independent is believed.
    assert_eq!(dated(|_| "outsider".to_owned()), Word::NotShown);
    assert_eq!(dated(|lab| format!("lab {lab}")), Word::Violated);
}
