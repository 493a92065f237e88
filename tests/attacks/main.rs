//! The attacks on a verdict, one test each: a lab that holds its log's key and its own, an
//! outsider, and a careless copy. None may bend a verdict.
//!
//! - `named`: those that the formats name, under their names;
//! - `evasion`: what a lab may try with its own keys and its log's;
//! - `framing`: what others may try against an honest lab, and what a careless auditor may
//!   believe;
//! - `exculpation`: what is said for a lab that broke its pledge, and in which order;
//! - `outside`: what others say, left out, blurred or in another order;
//! - `properties`: random histories, honest and not.
//!
//! `fixtures/entry`, `fixtures/signers` and `fixtures/history` try the forms one by one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    reason = "a test may stop"
)]

mod admission;
#[path = "../common/mod.rs"]
mod common;
mod evasion;
mod exculpation;
mod framing;
mod named;
mod outside;
mod properties;

use common::*;
use standstill::attestation::Content;
use standstill::attestation::Envelope;
use standstill::attestation::StreamId;
use standstill::attestation::content::Withdrawal;
use standstill::claim::Baseline;
use standstill::claim::Level;
use standstill::claim::Terms;
use standstill::quantity::Quantity;
use standstill::store::Objects as _;
use standstill::store::memory::MemoryObjects;
use standstill::verify::Judgement;
use standstill::verify::Verdict;
use standstill::verify::Word;
use standstill::verify::verdict::Restated;

/// Days of the usual log, and the time at which all of it was seen.
const DAYS: u64 = 30;
const END: u64 = START + (DAYS + 3) * DAY;

/// A lab that pledged 1000 for the window and reports `amount` a day.
fn lab(days: u64, amount: u64) -> Lab {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    for number in 0..days {
        lab.usage(day(number), amount);
    }
    lab
}

fn has(verdict: &Verdict, check: &str) -> bool {
    verdict
        .findings
        .iter()
        .any(|finding| finding.check == check)
}

fn called(verdict: &Verdict, word: Word) -> bool {
    verdict
        .findings
        .iter()
        .any(|finding| finding.calls_for == Some(word))
}

/// A place in the log as an index.
fn place(at: usize) -> u64 {
    at.try_into().unwrap()
}

fn size(lab: &Lab) -> u64 {
    place(lab.entries.len())
}

fn judged(files: &MemoryObjects, lab: &Lab) -> Judgement {
    judge_log(files, &[lab.id], END, Known::default())
}

// The three plain cases.

// spec: ver-2 ver-22
#[test]
fn a_lab_within_its_cap_is_consistent_and_never_holds() {
    let lab = lab(DAYS, 30);
    let verdict = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(
        (verdict.word, verdict.level),
        (Word::Consistent, Level::E1),
        "{verdict:#?}"
    );
    assert!(verdict.resolution.starts_with("none"));
}

#[test]
fn a_lab_above_its_cap_is_violated_at_the_entry_that_breaks_it() {
    let lab = lab(DAYS, 40);
    let verdict = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(verdict.word, Word::Violated);
    let text = &verdict
        .findings
        .iter()
        .find(|one| one.check == "breach")
        .unwrap()
        .text;
    // Three entries govern; the 26th day makes it 1040.
    assert!(text.contains("entry 28") && text.contains("1040"), "{text}");
}

// spec: ver-31 ver-32
#[test]
fn a_lab_that_falls_silent_is_overdue() {
    let lab = lab(20, 30);
    let verdict = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(verdict.word, Word::Overdue, "{verdict:#?}");
}

// What a lab may do to its own log.

#[test]
fn an_attestation_removed_reordered_or_replaced_is_an_integrity_failure() {
    let whole = lab(DAYS, 30);
    for at in 3..whole.entries.len() - 1 {
        let mut removed = whole.clone();
        removed.entries.remove(at);
        let mut swapped = whole.clone();
        swapped.entries.swap(at, at + 1);
        for tampered in [removed, swapped] {
            let verdict = verdict(&seen_log(&tampered, 3, END), &tampered, END);
            assert_eq!(
                verdict.word,
                Word::LogIntegrityFailure,
                "{at}: {verdict:#?}"
            );
        }
    }
    let mut other = lab(10, 30);
    other.usage(day(10), 1);
    let mut replaced = whole.clone();
    replaced.entries[13] = other.entries[13].clone();
    let verdict = verdict(&seen_log(&replaced, 3, END), &replaced, END);
    assert_eq!(verdict.word, Word::LogIntegrityFailure);
}

// spec: ver-5
#[test]
fn any_entry_left_out_never_makes_a_verdict_better() {
    for (days, amount) in [(DAYS, 30), (DAYS, 40), (20, 30)] {
        let whole = lab(days, amount);
        let base = judged(&seen_log(&whole, 3, END), &whole);
        for at in 0..whole.entries.len() {
            let mut less = whole.clone();
            less.entries.remove(at);
            let found = judged(&seen_log(&less, 3.min(less.entries.len()), END), &less);
            assert!(
                !is_better(&found, &base),
                "{days} {amount} without {at}: {found:#?}"
            );
        }
    }
}

// spec: ver-1 ver-26
#[test]
fn a_second_statement_for_a_sequence_is_equivocation_and_a_breach_in_either_violates() {
    let mut consistent = lab(DAYS - 1, 30);
    let (other, _) = consistent.sign_next(StreamId::new(1), usage(day(DAYS - 1), 31));
    let (breach, _) = consistent.sign_next(StreamId::new(1), usage(day(DAYS - 1), 500));
    consistent.usage(day(DAYS - 1), 30);
    let mut twice = consistent.clone();
    twice.entries.push(other);
    let found = verdict(&seen_log(&twice, 3, END), &twice, END);
    assert_eq!(found.word, Word::LogIntegrityFailure);
    let text = &found
        .findings
        .iter()
        .find(|one| one.check == "equivocation")
        .unwrap()
        .text;
    assert!(text.contains(&twice.id.to_string()), "{text}");

    let mut broken = consistent;
    broken.entries.push(breach);
    let found = verdict(&seen_log(&broken, 3, END), &broken, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
    assert!(
        called(&found, Word::LogIntegrityFailure),
        "the other is printed as a finding"
    );
}

// spec: ver-25
#[test]
fn a_breach_corrected_away_stays_violated_and_is_called_restated() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    let mut worst = None;
    for number in 0..DAYS {
        let amount = if number == 3 { 900 } else { 30 };
        let id = lab.usage(day(number), amount);
        if number == 3 {
            worst = Some(id);
        }
    }
    lab.correct(3, worst.unwrap(), usage(day(3), 30));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(
        (found.word, found.restated),
        (Word::Violated, Restated::Yes),
        "{found:#?}"
    );
    assert_eq!(found.headline(), "VIOLATED (restated)");
}

// spec: ver-4
#[test]
fn a_rebuilt_log_that_nobody_remembers_stays_at_e0_and_says_so() {
    let rebuilt = lab(DAYS, 30);
    let new = log(&[(&rebuilt.entries, None)]);
    let found = verdict(&new, &rebuilt, END);
    assert_eq!(
        (found.word, found.level),
        (Word::Consistent, Level::E0),
        "{found:#?}"
    );
    assert!(found.does_not_show[0].contains("a rewritten history is not excluded"));
    // An earlier checkpoint that the auditor kept takes the sentence away, not the level.
    let known = Known {
        seen: vec![checkpoint(&new)],
        ..Known::default()
    };
    let found = judge_log(&new, &[rebuilt.id], END, known);
    assert_eq!(found.verdicts[0].level, Level::E0);
    assert!(!found.verdicts[0].does_not_show[0].contains("rewritten"));
}

#[test]
fn a_usage_seen_before_its_period_ended_covers_nothing() {
    let lab = lab(DAYS, 30);
    let (first, rest) = lab.entries.split_at(3);
    let early = START + (DAYS - 1) * DAY + 100;
    let files = log(&[
        (first, Some(START - DAY)),
        (rest, Some(early)),
        (&[], Some(END)),
    ]);
    let found = verdict(&files, &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(has(&found, "early"));
}

// spec: ver-29
#[test]
fn a_withdrawal_ends_no_judgement_of_what_was_before() {
    let mut lab = Lab::new(100);
    let pledge = lab.pledge(cap(1000, DAYS));
    for number in 0..5 {
        lab.usage(day(number), 400);
    }
    let withdrawal = Withdrawal {
        pledge,
        reason: "a change of mind".to_owned(),
    };
    lab.say(StreamId::GOVERNANCE, Content::Withdrawal(withdrawal));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
}

#[test]
fn a_skipped_period_is_a_hole_whatever_follows() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    for number in (0..DAYS).filter(|number| *number != 7) {
        lab.usage(day(number), 30);
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
    assert!(has(&found, "contiguous"));
}

// What others may do to it.

#[test]
fn a_copy_of_an_entry_changes_nothing() {
    let honest = lab(DAYS, 30);
    let mut copied = honest.clone();
    copied.entries.push(honest.entries[9].clone());
    let found = verdict(&seen_log(&copied, 3, END), &copied, END);
    assert_eq!(found.headline(), "CONSISTENT@E1", "{found:#?}");
}

#[test]
fn witnesses_of_the_labs_own_root_are_no_quorum() {
    let lab = lab(DAYS, 30);
    let files = seen_log(&lab, 3, END);
    let text = trust(&[lab.id]);
    let own = text.quorum_for(&standstill::verify::trust::TrustedIssuer {
        trust_root: "outsider 1".to_owned(),
        ..text.issuers[0].clone()
    });
    // With the lab under the root of one witness, two of the others still are one.
    assert_eq!(own.witnesses().len(), 2);
    assert_eq!(verdict(&files, &lab, END).level, Level::E1);
}

// Poison: what cannot be read must not hide what it admits.

/// Puts the predicate's digest right after it was changed.
fn resealed(payload: &str) -> Vec<u8> {
    let start = payload.find("\"predicate\":").unwrap() + 12;
    let end = payload.rfind(",\"predicateType\"").unwrap();
    let digest = standstill::hash::sha256(&payload.as_bytes()[start..end]).to_string();
    let at = payload.rfind("\"sha256\":\"").unwrap() + 10;
    let mut sealed = payload.to_owned();
    sealed.replace_range(at..at + 64, &digest);
    sealed.into_bytes()
}

#[test]
fn a_signed_entry_that_nobody_can_read_fills_its_place_and_is_a_finding() {
    let mut lab = lab(5, 30);
    let (honest, _) = lab.sign_next(StreamId::new(1), usage(day(5), 30));
    let payload = Envelope::parse(&honest).unwrap().payload().to_vec();
    let broken = String::from_utf8(payload)
        .unwrap()
        .replacen("{\"_type\"", "{ \"_type\"", 1);
    let envelope = Envelope::sign(broken.as_bytes(), &[&secret(lab.seed + 2)]).unwrap();
    lab.entries.push(envelope.to_bytes());
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert!(has(&found, "ill-formed"), "{found:#?}");
    assert_eq!(found.word, Word::Overdue);
}

// Reductions.

fn reduced(before: u64, after: u64) -> Verdict {
    let mut lab = Lab::new(100);
    let mut head = None;
    for number in 0..10 {
        head = Some(lab.usage(day(number), before));
    }
    let baseline = Baseline {
        period: day(0).hull(day(9)),
        heads: vec![standstill::attestation::content::StreamHead {
            stream: StreamId::new(1),
            sequence: 9,
            statement: head.unwrap(),
        }],
    };
    let limit = Quantity::from(700_000);
    lab.pledge(pledge(Terms::Reduction { limit }, 11, 5, Some(baseline)));
    for number in 10..16 {
        lab.usage(day(number), after);
    }
    let (first, rest) = lab.entries.split_at(13);
    let files = log(&[(first, Some(START + 10 * DAY + 1)), (rest, Some(END))]);
    verdict(&files, &lab, END)
}

// spec: ver-16
#[test]
fn a_reduction_is_judged_per_unit_of_time_against_its_baseline() {
    assert_eq!(
        reduced(100, 70).word,
        Word::Consistent,
        "{:#?}",
        reduced(100, 70)
    );
    assert_eq!(reduced(100, 71).word, Word::Violated);
    let numbers = reduced(100, 70).numbers.unwrap();
    assert_eq!(
        (numbers.lower.as_str(), numbers.upper.as_deref()),
        ("700000", Some("700000"))
    );
    assert_eq!(
        reduced(0, 1).word,
        Word::Violated,
        "of nothing, anything is more"
    );
}

// Bytes.

// spec: ver-5 ver-10
#[test]
fn any_single_byte_changed_never_makes_a_verdict_better() {
    for (days, amount, word) in [
        (5, 100, Word::Consistent),
        (5, 300, Word::Violated),
        (3, 100, Word::Overdue),
    ] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 5));
        for number in 0..days {
            lab.usage(day(number), amount);
        }
        let files = seen_log(&lab, 3, START + 9 * DAY);
        let now = START + 10 * DAY;
        let base = judge_log(&files, &[lab.id], now, Known::default());
        assert_eq!(base.verdicts[0].word, word, "{base:#?}");
        for path in files.paths() {
            let whole = standstill::store::LogFiles::read(&files, &path)
                .unwrap()
                .unwrap();
            for at in (0..whole.len()).step_by(STEP) {
                let mut bytes = whole.clone();
                bytes[at] ^= 1;
                files.replace(&path, &bytes).unwrap();
                let files = Files(files.clone());
                let found = judge_files(&files, &lab, now);
                if let Some(found) = found {
                    assert!(!is_better(&found, &base), "{path} at {at}: {found:#?}");
                }
            }
            files.replace(&path, &whole).unwrap();
            files.remove(&path).unwrap();
            if let Some(found) = judge_files(&Files(files.clone()), &lab, now) {
                assert!(!is_better(&found, &base), "without {path}: {found:#?}");
            }
            files.replace(&path, &whole).unwrap();
        }
    }
}

/// Every byte takes minutes without optimisation (`cargo test --release` does it); a prime
/// step meets all kinds of them.
const STEP: usize = if cfg!(debug_assertions) { 31 } else { 1 };

fn judge_files(files: &Files, lab: &Lab, now: u64) -> Option<Judgement> {
    use standstill::verify::Evidence;
    let evidence = Evidence::of(standstill::verify::evidence::Subject::Log(files));
    let catalogue = standstill::catalogue::Catalogue::embedded();
    standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(now)).ok()
}
