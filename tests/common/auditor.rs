//! An auditor: whom he trusts, what he knows, and how he judges.

use standstill::attestation::IssuerId;
use standstill::bundle::Bundle;
use standstill::catalogue::Catalogue;
use standstill::claim::Level;
use standstill::note::Note;
use standstill::report;
use standstill::report::vsa;
use standstill::store::memory::MemoryObjects;
use standstill::tlog::tile::cosigned_path;
use standstill::verify::evidence::Subject as Judged;
use standstill::verify::{Evidence, Finding, Judgement, LogFiles, State, Trust};
use standstill::verify::{Unreadable, Verdict, Word, judge, judge_from};

use super::*;

/// Trusts these labs and three witnesses, two of which are a quorum.
pub fn trust(labs: &[IssuerId]) -> Trust {
    trust_with(labs, "")
}

/// As [`trust`], with more behind each lab's own keys.
pub fn trust_with(labs: &[IssuerId], more: &str) -> Trust {
    trust_of(labs, "", more)
}

/// As [`trust_with`], with more keys of the file's own.
pub fn trust_of(labs: &[IssuerId], keys: &str, more: &str) -> Trust {
    let vkey = log_key().verifier();
    let mut policy = format!("log {vkey}\n");
    let mut text = "policy = \"policy\"\ngreatest_age = 8640000\ngrace = 86400\n".to_owned() + keys;
    for (number, id) in labs.iter().enumerate() {
        text += &format!(
            "[[issuer]]\nid = \"{id}\"\nname = \"lab {number}\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n{more}\n"
        );
    }
    for number in 1..=3 {
        policy += &format!("witness w{number} {}\n", witness_key(number).verifier());
        text += &format!("[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\"\n");
    }
    policy += "group g 2 w1 w2 w3\nquorum g\n";
    Trust::parse(&text, policy.as_bytes()).unwrap()
}

/// What an auditor knows beside the log.
#[derive(Default)]
pub struct Known {
    pub seen: Vec<Note>,
    pub witnesses: Vec<Note>,
}

pub fn judge_log(files: &MemoryObjects, labs: &[IssuerId], now: u64, known: Known) -> Judgement {
    judge_with(files, &trust(labs), now, known)
}

pub fn judge_with(files: &MemoryObjects, trust: &Trust, now: u64, known: Known) -> Judgement {
    let files = Files(files.clone());
    let name = |notes: Vec<Note>, what: &str| {
        notes
            .into_iter()
            .map(|note| (what.to_owned(), note))
            .collect::<Vec<_>>()
    };
    let evidence = Evidence {
        seen: name(known.seen, "seen"),
        witnesses: name(known.witnesses, "witness"),
        ..Evidence::of(Judged::Log(&files))
    };
    let found = judge(&evidence, trust, &Catalogue::embedded(), at(now)).unwrap();
    hand_on(&found);
    for number in 0..u64::MAX {
        let Some(note) = files.read(&cosigned_path(number)).unwrap() else {
            break;
        };
        goes_on(&evidence, trust, now, &found, &Before(&files, note, number));
    }
    found
}

/// Whoever read the log up to an earlier checkpoint and kept that judges the whole as who
/// reads all of it, unless what was read is no longer there.
fn goes_on(
    evidence: &Evidence<'_>,
    trust: &Trust,
    now: u64,
    found: &Judgement,
    before: &Before<'_>,
) {
    let judged = |evidence: &Evidence<'_>, state| {
        judge_from(evidence, trust, &Catalogue::embedded(), at(now), state)
    };
    let Ok((_, Some(state))) = judged(&Evidence::of(Judged::Log(before)), None) else {
        return;
    };
    let state = State::from_bytes(&state.to_bytes().unwrap()).unwrap();
    let (mut again, _) = judged(evidence, Some(state)).unwrap();
    // That is said, and is all that differs.
    again
        .anomalies
        .retain(|one| !one.contains("were read before"));
    let all = found.verdicts.iter().flat_map(|one| &one.findings);
    let broken = |one: &Finding| {
        one.calls_for == Some(Word::LogIntegrityFailure) || one.check == "unreadable"
    };
    if !all.chain(&found.findings).any(broken) {
        let spell = |judgement: &Judgement| report::json(judgement, None).to_pretty();
        assert_eq!(spell(&again), spell(found));
    }
}

/// Whatever was concluded can be signed and is read back whole: no lab can keep an auditor
/// from handing it on.
pub fn hand_on(judgement: &Judgement) {
    let name = KeyName::new("auditor.example/judge").unwrap();
    let key = SignerKey::new(name, Algorithm::Ed25519, secret(99));
    for verdict in &judgement.verdicts {
        let signed = vsa::sign(judgement, verdict, "a test", &key).unwrap();
        let read = vsa::open(&signed, &key.verifier()).unwrap();
        assert_eq!(read.verdict(), verdict);
        let holds = verdict.word == Word::Holds;
        assert_eq!(read.outcome().as_str() == "PASSED", holds, "{verdict:#?}");
    }
}

pub fn judge_bundle(bundle: &Bundle, labs: &[IssuerId], now: u64) -> Judgement {
    let evidence = Evidence::of(Judged::Bundle(bundle));
    let found = judge(&evidence, &trust(labs), &Catalogue::embedded(), at(now)).unwrap();
    hand_on(&found);
    found
}

/// The one verdict on a log of one lab with one pledge.
pub fn verdict(files: &MemoryObjects, lab: &Lab, now: u64) -> Verdict {
    let judgement = judge_log(files, &[lab.id], now, Known::default());
    assert_eq!(judgement.verdicts.len(), 1, "{judgement:#?}");
    judgement.verdicts[0].clone()
}

/// Whether one verdict is better than another (formats: part 2, "Better").
pub fn is_better(one: &Judgement, than: &Judgement) -> bool {
    let exit = |judgement: &Judgement| judgement.outcome(Some(Level::E1)).code() == 0;
    if exit(one) && !exit(than) {
        return true;
    }
    let good = |word: Word| matches!(word, Word::Holds | Word::Consistent);
    one.verdicts.iter().any(|verdict| {
        let other = than
            .verdicts
            .iter()
            .find(|other| other.pledge == verdict.pledge);
        other.is_none_or(|other| {
            (good(verdict.word) && !good(other.word))
                || (verdict.word == other.word && verdict.level > other.level)
        }) && good(verdict.word)
    })
}

/// The names of the checks that found something.
pub fn checks(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().map(|one| one.check).collect()
}

/// Judges files of any kind, at a time.
pub fn judge_files(files: &dyn LogFiles, trust: &Trust, now: u64) -> Result<Judgement, Unreadable> {
    let evidence = Evidence::of(Judged::Log(files));
    judge(&evidence, trust, &Catalogue::embedded(), at(now))
}
