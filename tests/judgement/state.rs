//! What was read is kept and gone on from. That every log of these tests is judged so as by
//! who reads all of it, `common::judge_with` asks each time.

use standstill::catalogue::Catalogue;
use standstill::key::{Algorithm, KeyName, SignerKey};
use standstill::store::Objects as _;
use standstill::verify::{Judgement, State, StateError, judge_from};

use super::*;

/// Ten days, of which others saw the first five before the rest came.
fn lab() -> Lab {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 10));
    for number in 0..10 {
        lab.usage(day(number), 10);
    }
    lab
}

/// The log of a lab up to an entry, and after that the rest.
fn grown(lab: &Lab, up_to: usize) -> [MemoryObjects; 2] {
    let (first, rest) = lab.entries.split_at(up_to);
    let before = (first, Some(START + 5 * DAY));
    [log(&[before]), log(&[before, (rest, Some(END))])]
}

fn judged(
    files: &MemoryObjects,
    trust: &Trust,
    state: Option<State>,
) -> (Judgement, Option<State>) {
    let files = Files(files.clone());
    let evidence = Evidence::of(Subject::Log(&files));
    judge_from(&evidence, trust, &Catalogue::embedded(), at(END), state).unwrap()
}

/// What is kept of the first eight entries.
fn kept() -> Vec<u8> {
    let lab = lab();
    let [before, _] = grown(&lab, 8);
    let (_, state) = judged(&before, &trust(&[lab.id]), None);
    state.unwrap().to_bytes().unwrap()
}

fn checks(judgement: &Judgement) -> Vec<&str> {
    judgement.findings.iter().map(|one| one.check).collect()
}

// spec: ver-93
#[test]
fn only_what_came_since_is_read() {
    let lab = lab();
    let trust = trust(&[lab.id]);
    for up_to in [3, 8, lab.entries.len()] {
        let [before, after] = grown(&lab, up_to);
        let (_, state) = judged(&before, &trust, None);
        let state = state.unwrap();
        assert_eq!(state.size(), u64::try_from(up_to).unwrap());
        let (all, _) = judged(&after, &trust, None);
        let (mut new, next) = judged(&after, &trust, Some(state));
        let said = new.anomalies.pop().unwrap();
        assert!(said.contains(&format!("the first {up_to} entries were read before")));
        assert_eq!(new, all);
        // Going on from the next reads nothing more: the entries may be gone.
        let none = MemoryObjects::new(&Faults::default());
        let after = Files(after);
        let read = |path: &str| standstill::verify::LogFiles::read(&after, path).unwrap();
        let tile = format!("tile/0/000.p/{}", lab.entries.len());
        for path in ["checkpoint", "cosigned/000", "cosigned/001", &tile] {
            if let Some(bytes) = read(path) {
                none.replace(path, &bytes).unwrap();
            }
        }
        let next = State::from_bytes(&next.unwrap().to_bytes().unwrap()).unwrap();
        let (again, _) = judged(&none, &trust, Some(next));
        let of_files = |one: &Finding| one.check != "missing";
        let told = |found: &Judgement| -> Vec<Finding> {
            let of_claims = found.verdicts.iter().flat_map(|one| one.findings.clone());
            of_claims.filter(of_files).collect()
        };
        assert_eq!(told(&again), told(&all));
        assert_eq!(again.verdicts[0].numbers, all.verdicts[0].numbers);
    }
}

// spec: ver-94
#[test]
fn a_history_that_was_rewritten_since_is_a_broken_log() {
    let (honest, mut other) = (lab(), Lab::new(100));
    other.pledge(cap(1000, 10));
    for number in 0..10 {
        other.usage(day(number), 5);
    }
    let trust = trust(&[honest.id]);
    let [before, _] = grown(&honest, 8);
    let [_, rewritten] = grown(&other, 8);
    let (_, state) = judged(&before, &trust, None);
    let (found, next) = judged(&rewritten, &trust, state);
    assert!(checks(&found).contains(&"root"), "{found:#?}");
    assert_eq!(found.outcome(Some(Level::E0)).code(), 1);
    assert!(next.is_none());
}

// spec: ver-95
#[test]
fn a_state_of_something_else_is_not_used() {
    let (lab, stranger) = (lab(), Lab::new(101));
    let [before, after] = grown(&lab, 8);
    let (one, both) = (trust(&[lab.id]), trust(&[lab.id, stranger.id]));
    let (_, state) = judged(&before, &one, None);
    let bytes = state.unwrap().to_bytes().unwrap();
    let state = || State::from_bytes(&bytes).unwrap();
    assert!(state().is_of(&one) && !state().is_of(&both));
    // Of another trust file: who it names was perhaps not read.
    let all = judged(&after, &both, None).0;
    assert_eq!(judged(&after, &both, Some(state())).0, all);
    // Of another log that the trust file names, of the same entries.
    let key = SignerKey::new(
        KeyName::new("other.example/log").unwrap(),
        Algorithm::Ed25519,
        secret(90),
    );
    let vkey = key.verifier();
    let issuer = |id, log: &dyn std::fmt::Display| {
        format!("[[issuer]]\nid = \"{id}\"\nname = \"x\"\ntrust_root = \"x\"\nlog = \"{log}\"\n")
    };
    let text = format!(
        "policy = \"policy\"\ngreatest_age = 8640000\ngrace = 86400\n{}{}",
        issuer(lab.id, &log_key().verifier()),
        issuer(stranger.id, &vkey)
    );
    let policy = format!("log {}\nlog {vkey}\nquorum none\n", log_key().verifier());
    let two = Trust::parse(&text, policy.as_bytes()).unwrap();
    let (_, of_first) = judged(&before, &two, None);
    let note = checkpoint(&after);
    let body = note.text().replacen(ORIGIN, "other.example/log", 1);
    let other = after.clone();
    let signed = Note::sign(&body, &key).unwrap().to_text();
    other.replace("checkpoint", signed.as_bytes()).unwrap();
    let all = judged(&other, &two, None).0;
    assert_eq!(judged(&other, &two, of_first).0, all);
    after
        .replace("checkpoint", note.to_text().as_bytes())
        .unwrap();
    // Of more than the log has: it is read anew, and what was kept is compared.
    let (_, longer) = judged(&after, &one, None);
    let longer = longer.unwrap();
    let note = longer.checkpoint().unwrap();
    let all = judged(&before, &one, None).0;
    assert_eq!(judged(&before, &one, Some(longer)).0, all);
    let known = Known {
        seen: vec![note],
        ..Known::default()
    };
    let found = judge_log(&before, &[lab.id], END, known);
    assert!(checks(&found).contains(&"fork"), "{found:#?}");
    // Where ledgers are opened, the entries are held against them.
    let files = Files(after);
    let ledger = OpenedLedger {
        name: "a".to_owned(),
        root: sha256(b"a"),
        count: 0,
        sums: Vec::new(),
        devices: Vec::new(),
        series: Vec::new(),
    };
    let evidence = Evidence {
        ledgers: vec![ledger],
        ..Evidence::of(Subject::Log(&files))
    };
    let (_, next) = judge_from(
        &evidence,
        &one,
        &Catalogue::embedded(),
        at(END),
        Some(state()),
    )
    .unwrap();
    assert!(next.is_none());
}

// spec: ver-95
#[test]
fn nothing_is_kept_of_a_log_beside_which_another_is_shown() {
    let lab = lab();
    let [before, after] = grown(&lab, 8);
    let files = Files(before);
    // As many findings as there were messages, one of which came twice.
    let unanswered = vec!["nobody answers".to_owned(); 2];
    let known = |seen| Evidence {
        seen,
        unanswered: unanswered.clone(),
        ..Evidence::of(Subject::Log(&files))
    };
    let kept = |evidence: &Evidence<'_>| {
        let trust = trust(&[lab.id]);
        let judged = judge_from(evidence, &trust, &Catalogue::embedded(), at(END), None);
        judged.unwrap()
    };
    let (found, state) = kept(&known(vec![("larger".to_owned(), checkpoint(&after))]));
    assert_eq!(checks(&found), ["unanswered", "fork"]);
    assert!(state.is_none());
    let (_, state) = kept(&known(Vec::new()));
    assert!(state.is_some(), "who does not answer is asked again");
}

// spec: ver-95
#[test]
fn no_byte_of_a_state_can_be_changed() {
    let bytes = kept();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(State::from_bytes(&changed).is_err(), "{at}");
        assert!(State::from_bytes(&bytes[..at]).is_err(), "{at}");
    }
    let error = State::from_bytes(b"policy = \"policy\"").unwrap_err();
    assert_eq!(error, StateError::Foreign);
    let error = State::from_bytes(b"standstill state 0\n").unwrap_err();
    assert_eq!(error, StateError::Other);
}

// spec: ver-95
#[test]
fn a_forged_state_breaks_no_rule_of_what_it_holds() {
    let bytes = kept();
    let head = b"standstill state 4\n".len();
    let (digest, body) = (head..head + 32, head + 32);
    let text = b"\"baseline\":";
    let at = bytes
        .windows(text.len())
        .position(|one| one == text)
        .unwrap()
        - 1;
    let forge = |change: &dyn Fn(&mut [u8])| {
        let mut forged = bytes.clone();
        change(&mut forged[at..]);
        // All of it is one piece.
        let anew = sha256(sha256(&forged[body..]).as_bytes());
        forged[digest.clone()].copy_from_slice(anew.as_bytes());
        State::from_bytes(&forged).map(|_| ())
    };
    assert_eq!(forge(&|_| ()), Ok(()));
    // A pledge is read as one that was signed: nested without end, or of an unknown kind.
    assert_eq!(
        forge(&|text| text[..200].fill(b'[')),
        Err(StateError::Other)
    );
    assert_eq!(forge(&|text| text[2] = b'x'), Err(StateError::Other));
}

/// A change of what is kept, or of how it is spelled, must come with another number in what a
/// state begins with: else an older state is taken for what it is not. If this fails, raise
/// the number, and put the new digest here.
// spec: ver-95
#[test]
fn what_is_kept_is_spelled_as_its_number_says() {
    let bytes = kept();
    assert!(bytes.starts_with(b"standstill state 4\n"));
    let digest = "123f6c7e333799463683d436045668a13eebf834784ffe09f812122f21093c9f";
    assert_eq!(sha256(&bytes).to_string(), digest);
}
