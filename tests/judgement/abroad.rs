//! Those who measure, and parties to a pact, that publish in logs of their own.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use standstill::attestation::content::{Direction, Issuer, LogOfRecord, Measured, Transfer};
use standstill::catalogue::Catalogue;
use standstill::claim::{Conditional, Pledge};
use standstill::key::{Algorithm, KeyName, SignerKey};
use standstill::store::Objects as _;
use standstill::verify::{Judgement, LogFiles, judge};

use super::*;

const FAR: &str = "meters.example/log";
const TEXT: &[u8] = b"We slow down together.";

/// The key of the other log.
fn far_key() -> SignerKey {
    let name = KeyName::new(FAR).unwrap();
    SignerKey::new(name, Algorithm::Ed25519, secret(60))
}

/// A party whose log of record is the other one.
fn far(seed: u8) -> Lab {
    let log = LogOfRecord {
        origin: FAR.to_owned(),
        key: far_key().verifier(),
    };
    let issuer = Issuer {
        log,
        ..issuer(seed, 2)
    };
    Lab::new(seed).founded_as(issuer)
}

/// The other log, of which all was seen at a time.
fn far_log(party: &Lab, seen: u64) -> MemoryObjects {
    let (first, rest) = party.entries.split_at(2);
    log_by(far_key(), &[(first, Some(START - DAY)), (rest, Some(seen))])
}

/// Whom the auditor believes: labs by their logs, with what stands after the first.
fn believing(labs: &[(IssuerId, &SignerKey)], more: &str) -> Trust {
    let [near, away] = [log_key(), far_key()].map(|key| key.verifier());
    let mut policy = format!("log {near}\nlog {away}\n");
    let mut text = "policy = \"policy\"\ngreatest_age = 8640000\ngrace = 86400\n".to_owned();
    for (id, key) in labs {
        let log = key.verifier();
        write!(
            text,
            "[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab {id}\"\nlog = \"{log}\"\n"
        )
        .unwrap();
    }
    text += more;
    for number in 1..=3 {
        writeln!(
            policy,
            "witness w{number} {}",
            witness_key(number).verifier()
        )
        .unwrap();
        writeln!(
            text,
            "[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\""
        )
        .unwrap();
    }
    policy += "group g 2 w1 w2 w3\nquorum g\n";
    Trust::parse(&text, policy.as_bytes()).unwrap()
}

fn judged(files: MemoryObjects, beside: &[&MemoryObjects], trust: &Trust, now: u64) -> Judgement {
    let others: Vec<Files> = beside.iter().map(|one| Files((*one).clone())).collect();
    let beside = others.iter().map(|one| {
        let files: &dyn LogFiles = one;
        ("far".to_owned(), files)
    });
    let files = Files(files);
    let evidence = Evidence {
        beside: beside.collect(),
        pacts: BTreeSet::from([sha256(TEXT)]),
        ..Evidence::of(Subject::Log(&files))
    };
    let found = judge(&evidence, trust, &Catalogue::embedded(), at(now)).unwrap();
    hand_on(&found);
    found
}

/// A lab that used 400,000 of 864,000 device-seconds on each of two days.
fn lab() -> Lab {
    let mut lab = pledged(cap(1_000_000, 2));
    for number in 0..2 {
        let usage = accounted(&lab, day(number), 400_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    lab
}

/// One who measures it, in a log of its own.
fn cloud(of: &Lab) -> Lab {
    let mut cloud = far(150);
    cloud.measures(of);
    for number in 0..2 {
        cloud.measure(measured(of, day(number), 390_000, 420_000));
    }
    cloud
}

/// A trust file that expects it there.
fn expecting_far(lab: &Lab, cloud: &Lab) -> Trust {
    let lines = expecting(lab, &[(cloud, "cloud")]);
    let log = format!("log = \"{}\"\n", far_key().verifier());
    believing(&[(lab.id, &log_key())], &(lines + &log))
}

fn headline(found: &Judgement) -> String {
    assert_eq!(found.verdicts.len(), 1, "{found:#?}");
    found.verdicts[0].headline()
}

// spec: ver-97
#[test]
fn what_is_measured_in_another_log_makes_a_claim_hold_if_that_log_is_given() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    let found = judged(near.clone(), &[&away], &trust, END);
    assert_eq!(headline(&found), "HOLDS@E3", "{found:#?}");
    assert_eq!(found.beside.len(), 1);
    assert_eq!(found.beside[0].origin.as_str(), FAR);
    let streams = &found.verdicts[0].used;
    assert!(
        streams.iter().any(|one| one.issuer == cloud.id),
        "{found:#?}"
    );
    // Without it, nobody measured.
    let alone = judged(near, &[], &trust, END);
    assert_eq!(headline(&alone), "NOT-SHOWN", "{alone:#?}");
    assert!(checks(&alone.verdicts[0]).contains(&"corroboration-missing"));
}

// spec: ver-97
#[test]
fn copies_in_the_labs_log_are_not_what_was_measured() {
    // A lab could leave out what was corrected since.
    let lab = lab();
    let cloud = cloud(&lab);
    let copied = log_with(&lab, &[&cloud], END);
    let found = judged(copied, &[], &expecting_far(&lab, &cloud), END);
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
    assert_ne!(headline(&found), "HOLDS@E3", "{found:#?}");
}

// spec: ver-97
#[test]
fn a_log_of_which_an_old_copy_is_shown_is_not_heard() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    // The lab's own log goes on to be seen; that of the cloud is a hundred days old and more.
    let now = END + 101 * DAY;
    let later = log(&[
        (&lab.entries[..4], Some(START - DAY)),
        (&lab.entries[4..], Some(now)),
    ]);
    let found = judged(later, &[&away], &trust, now);
    let told = &found.verdicts[0].findings;
    let missing = told.iter().find(|one| one.check == "corroboration-missing");
    assert!(
        missing.unwrap().text.contains("saw the log last"),
        "{told:#?}"
    );
    assert_eq!(headline(&judged(near, &[&away], &trust, END)), "HOLDS@E3");
}

// spec: ver-97
#[test]
fn a_broken_log_beside_is_not_heard_and_accuses_nobody() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    let path = "tile/entries/000.p/5";
    let bytes = standstill::store::LogFiles::read(&away, path).unwrap();
    let mut bytes = bytes.unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = far_log(&cloud, END);
    damaged.replace(path, &bytes).unwrap();
    let found = judged(near, &[&damaged], &trust, END);
    assert_eq!(headline(&found), "NOT-SHOWN", "{found:#?}");
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
}

// spec: ver-97
#[test]
fn what_was_seen_by_the_labs_own_witnesses_is_not_seen_there_either() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let lines = expecting(&lab, &[(&cloud, "cloud")]);
    let log = format!("log = \"{}\"\n", far_key().verifier());
    // Two of the three belong to the cloud: a quorum would be its own.
    let related =
        "[[related]]\nroots = [\"cloud\", \"outsider 1\", \"outsider 2\"]\nwhy = \"owned\"\n";
    let trust = believing(&[(lab.id, &log_key())], &(lines + &log + related));
    let found = judged(near, &[&away], &trust, END);
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
    assert_eq!(headline(&found), "NOT-SHOWN", "{found:#?}");
}

// spec: ver-97
#[test]
fn what_cannot_be_used_beside_is_told() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    let told = |beside: &[&MemoryObjects], trust: &Trust| {
        let found = judged(near.clone(), beside, trust, END);
        let unanswered = found
            .findings
            .iter()
            .filter(|one| one.check == "unanswered");
        unanswered.map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&[&away], &trust), Vec::<String>::new());
    assert!(told(&[&near], &trust)[0].contains("is the log that is judged"));
    assert!(told(&[&away, &away], &trust)[0].contains("given already"));
    let unknown = trust_of(&[lab.id], "", "");
    assert!(told(&[&away], &unknown)[0].contains("no log that the trust file names"));
}

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

// spec: ver-89
#[test]
fn a_transfer_to_a_lab_with_a_log_of_its_own_is_matched_there() {
    let transfer = |to: IssuerId, direction| {
        let kept = devices(0, "h100-sxm", 2);
        Content::Transfer(Transfer {
            direction,
            counterpart: Some(Measured {
                issuer: to,
                stream: StreamId::new(1),
            }),
            edge: at(START + DAY),
            ledger: kept.ledger,
            capacity: kept.capacity,
        })
    };
    let mut lab = lab();
    let mut taker = far(120);
    lab.say(StreamId::new(1), transfer(taker.id, Direction::Out));
    let issuers = [(lab.id, &log_key()), (taker.id, &far_key())];
    let trust = believing(&issuers, "");
    let near = log_with(&lab, &[], END);
    let unmatched = |taker: &Lab| {
        let away = far_log(taker, END);
        let found = judged(near.clone(), &[&away], &trust, END);
        checks(&found.verdicts[0]).contains(&"transfer-unmatched")
    };
    assert!(unmatched(&taker), "nobody says that they came");
    taker.say(StreamId::new(1), transfer(lab.id, Direction::In));
    assert!(!unmatched(&taker));
    let alone = judged(near.clone(), &[], &trust, END);
    assert!(checks(&alone.verdicts[0]).contains(&"transfer-unmatched"));
}
