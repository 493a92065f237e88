//! Admission and the verifier agree: what a log admits, `verify` finds nothing wrong with,
//! and what it refuses would have been found.

use proptest::prelude::*;
use standstill::admission::{Admission, Candidate, Rule, Standing};
use standstill::attestation::content::LogOfRecord;

use super::properties::{act, tell};
use super::*;

/// What `verify` finds wrong with what admission has rules for.
const RULES: &[&str] = &[
    "area-change",
    "area-missing",
    "area-reopened",
    "contiguous",
    "equivocation",
    "head",
    "head-missing",
    "head-order",
    "ill-formed",
    "log-of-record",
    "moved",
    "previous",
    "sequence",
    "shared-root",
    "stray",
];

/// What is found of a log of these entries, and how many are nobody's.
fn found(entries: &[Vec<u8>], lab: &Lab) -> (usize, usize) {
    let files = log(&[(entries, Some(END))]);
    let judgement = judge_log(&files, &[lab.id], END, Known::default());
    let found = judgement
        .verdicts
        .iter()
        .flat_map(|verdict| &verdict.findings)
        .filter(|finding| RULES.contains(&finding.check))
        .count();
    (found, judgement.anomalies.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // spec: log-45 log-46 log-47
    #[test]
    fn what_is_admitted_is_right_and_what_is_refused_is_not(
        acts in prop::collection::vec(act(), 0..24),
        junk in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let lab = tell(&acts).lab;
        let mut entries = lab.entries.clone();
        // Copies, and statements that come before those that they follow; but not before
        // the pledge, without which nothing is judged.
        for place in junk {
            let at = place.index(entries.len() - 2) + 2;
            entries.insert(at, entries[at].clone());
            if at > 3 && at + 1 < entries.len() {
                entries.swap(at - 1, at + 1);
            }
        }
        let mut gate = Admission::new(LogOfRecord {
            origin: ORIGIN.to_owned(),
            key: log_key().verifier(),
        });
        let mut admitted: Vec<Vec<u8>> = Vec::new();
        for entry in entries {
            let candidate = Candidate::read(&entry).unwrap();
            match gate.consider(&candidate) {
                Ok(Standing::Next) => {
                    gate.admit(&candidate, admitted.len().try_into().unwrap());
                    admitted.push(entry);
                    prop_assert_eq!(found(&admitted, &lab), (0, 0));
                }
                // A copy changes nothing, though it may be signed by keys of before; a second
                // statement is one too many.
                Ok(Standing::Taken) => {
                    let copy = admitted.contains(&entry);
                    let with = [admitted.clone(), vec![entry]].concat();
                    let (wrong, nobodys) = found(&with, &lab);
                    prop_assert_eq!(copy, wrong == 0 && (copy || nobodys == 0));
                }
                Err(refusal) => {
                    let with = [admitted.clone(), vec![entry]].concat();
                    prop_assert_ne!(found(&with, &lab), (0, 0), "{}", refusal);
                }
            }
        }
    }
}

#[test]
fn an_honest_lab_is_never_refused() {
    let lab = lab(DAYS, 1);
    let mut gate = Admission::new(LogOfRecord {
        origin: ORIGIN.to_owned(),
        key: log_key().verifier(),
    });
    for (index, entry) in (0..).zip(&lab.entries) {
        let candidate = Candidate::read(entry).unwrap();
        assert_eq!(gate.consider(&candidate), Ok(Standing::Next), "{index}");
        gate.admit(&candidate, index);
        assert_eq!(gate.consider(&candidate), Ok(Standing::Taken));
    }
    let next = gate.state(lab.id, StreamId::new(1)).unwrap();
    assert_eq!(next.next, DAYS);
    let early = Candidate::read(&lab.entries[4]).unwrap();
    let (refusal, evidence) = gate.taken(&early, early.id(), 4);
    assert_eq!((refusal.rule, evidence), (Rule::Copy, false));
}
