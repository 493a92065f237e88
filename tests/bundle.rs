//! Bundles: the framing and the proofs by fixture, then what a verdict may rest on
//! (`specs/bundle.md`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

mod common;
mod fixture;

use std::path::Path;
use std::process::Command;

use common::*;
use standstill::attestation::Envelope;
use standstill::attestation::Statement;
use standstill::attestation::content::Content;
use standstill::bundle::Bundle;
use standstill::key::VerifierKey;
use standstill::note::Note;
use standstill::store::log::Log;
use standstill::time::Period;
use standstill::verify::logged::Reader;
use standstill::verify::{Verdict, Word};

#[test]
fn every_fixture_is_answered_as_it_says() {
    let fixtures = fixture::fixtures("bundle");
    assert!(fixtures.len() >= 50, "only {} fixtures", fixtures.len());
    for one in fixtures {
        let key: VerifierKey = one.get("key").parse().unwrap();
        let found = Bundle::parse(&one.body).map_or_else(
            |_| "framing".to_owned(),
            |bundle| {
                assert_eq!(bundle.to_bytes(), one.body, "{}", one.path.display());
                let (reader, tree) = Reader::bundle(&bundle, &key).unwrap();
                let findings: Vec<_> = reader.finish(&tree).told().collect();
                findings
                    .first()
                    .map_or_else(|| "ok".to_owned(), |finding| finding.check.to_owned())
            },
        );
        assert_eq!(found, one.get("expect"), "{}", one.path.display());
    }
}

// spec: bun-1
#[test]
fn an_entry_longer_than_a_log_can_hold_is_refused() {
    let good = fixture::fixtures("bundle")
        .into_iter()
        .find(|one| one.path.ends_with("good.txt"));
    let mut bundle = Bundle::parse(&good.unwrap().body).unwrap();
    bundle.entries[1].1 = vec![b'a'; 65_535];
    assert!(Bundle::parse(&bundle.to_bytes()).is_ok());
    bundle.entries[1].1 = vec![b'a'; 65_536];
    assert!(Bundle::parse(&bundle.to_bytes()).is_err());
}

/// Days of the pledge's window, and the time at which all of the log was seen.
const DAYS: u64 = 6;
const END: u64 = START + (DAYS + 3) * DAY;

/// A lab that pledged 1000 for the window and reports 30 a day.
fn lab(days: u64) -> Lab {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    for number in 0..days {
        lab.usage(day(number), 30);
    }
    lab
}

/// The lab's log in a directory: its founding seen before the window, the rest at its end.
fn log_in(directory: &Path, lab: &Lab) {
    let (public, private) = (directory.join("log"), directory.join("state"));
    let mut log = Log::create_in(&public, &private, log_key(), at(START)).unwrap();
    let (first, rest) = lab.entries.split_at(3);
    for (entries, time) in [(first, START - DAY), (rest, END)] {
        log.append(entries, at(START)).unwrap();
        let note = log.reader().checkpoint().unwrap().unwrap();
        log.publish_cosigned(&cosigned(&note, &[1, 2, 3], time))
            .unwrap();
    }
}

/// Cuts the bundle of days `from` to `to` with the program.
fn cut(lab: &Lab, from: u64, to: u64) -> Bundle {
    let directory = tempfile::tempdir().unwrap();
    log_in(directory.path(), lab);
    let file = directory.path().join("bundle");
    let output = Command::new(env!("CARGO_BIN_EXE_standstill"))
        .arg("bundle")
        .arg(directory.path().join("log"))
        .args(["--issuer", &lab.id.to_string()])
        .args(["--log-key", &log_key().verifier().to_string()])
        .args(["--from", &day(from).start().to_string()])
        .args(["--to", &day(to).start().to_string()])
        .arg("--output")
        .arg(&file)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    Bundle::parse(&std::fs::read(file).unwrap()).unwrap()
}

fn verdict(bundle: &Bundle, lab: &Lab) -> Verdict {
    let judgement = judge_bundle(bundle, &[lab.id], END);
    assert_eq!(judgement.verdicts.len(), 1, "{judgement:#?}");
    judgement.verdicts[0].clone()
}

/// The same bundle of these entries alone, proved anew: anybody can do that.
fn recut(bundle: &Bundle, lab: &Lab, keep: impl Fn(u64) -> bool) -> Bundle {
    let leaves: Vec<_> = lab
        .entries
        .iter()
        .map(|entry| standstill::merkle::leaf_hash(entry))
        .collect();
    let mut node = |level: u32, index: u64| {
        let start = usize::try_from(index << level).unwrap();
        let leaves = &leaves[start..start + (1 << level)];
        Ok::<_, std::convert::Infallible>(standstill::merkle::root(leaves))
    };
    let mut other = bundle.clone();
    other.entries.retain(|(index, _)| keep(*index));
    let indices: Vec<u64> = other.entries.iter().map(|(index, _)| *index).collect();
    let size = u64::try_from(leaves.len()).unwrap();
    other.proof = standstill::merkle::prove_set(&indices, size, &mut node)
        .unwrap()
        .unwrap();
    other
}

// spec: bun-5 bun-6
#[test]
fn a_whole_bundle_is_consistent_and_names_the_last_statement_of_each_stream() {
    let lab = lab(DAYS);
    let verdict = verdict(&cut(&lab, 0, DAYS), &lab);
    assert_eq!(verdict.word, Word::Consistent, "{verdict:#?}");
    let said = verdict
        .does_not_show
        .iter()
        .any(|line| line.contains("after the last one shown") && line.contains("or second ones"));
    assert!(said, "{:?}", verdict.does_not_show);
}

// spec: bun-2
#[test]
fn the_issuer_and_window_lines_change_no_verdict() {
    let lab = lab(DAYS);
    let bundle = cut(&lab, 0, DAYS);
    let mut other = bundle.clone();
    other.issuer = Lab::new(7).id;
    other.window = Period::new(day(90).start(), day(91).start()).unwrap();
    assert_eq!(
        format!("{:?}", judge_bundle(&other, &[lab.id], END)),
        format!("{:?}", judge_bundle(&bundle, &[lab.id], END))
    );
}

// spec: bun-5
#[test]
fn whatever_entry_is_left_out_the_verdict_is_never_better_and_a_hole_is_found() {
    let lab = lab(DAYS);
    let whole = cut(&lab, 0, DAYS);
    let before = judge_bundle(&whole, &[lab.id], END);
    let last = u64::try_from(lab.entries.len()).unwrap() - 1;
    for left_out in 0..=last {
        let other = recut(&whole, &lab, |index| index != left_out);
        let judgement = judge_bundle(&other, &[lab.id], END);
        assert!(!is_better(&judgement, &before), "without {left_out}");
        let consistent = judgement
            .verdicts
            .iter()
            .any(|verdict| verdict.word == Word::Consistent);
        assert!(!consistent, "without {left_out}: {judgement:#?}");
    }
}

// spec: bun-7
#[test]
fn a_report_that_is_due_and_absent_is_not_shown_and_never_overdue() {
    let lab = lab(DAYS - 2);
    let verdict = verdict(&cut(&lab, 0, DAYS), &lab);
    assert_eq!(verdict.word, Word::NotShown, "{verdict:#?}");
    let overdue = |finding: &standstill::verify::Finding| finding.calls_for == Some(Word::Overdue);
    assert!(!verdict.findings.iter().any(overdue), "{verdict:#?}");
}

// spec: bun-4
#[test]
fn an_earlier_checkpoint_that_the_last_does_not_continue_is_a_broken_log() {
    let lab = lab(DAYS);
    let mut bundle = cut(&lab, 0, DAYS);
    let text = bundle.earlier[0].0.text().to_owned();
    let root = text.lines().nth(2).unwrap();
    let forked = text.replace(root, &standstill::merkle::leaf_hash(b"fork").to_base64());
    bundle.earlier[0].0 = Note::sign(&forked, &log_key()).unwrap();
    let judgement = judge_bundle(&bundle, &[lab.id], END);
    let broken = |finding: &standstill::verify::Finding| {
        finding.calls_for == Some(Word::LogIntegrityFailure)
    };
    assert!(judgement.findings.iter().any(broken), "{judgement:#?}");
    assert_eq!(judgement.outcome(None).code(), 1);
}

// spec: bun-8
#[test]
fn a_bundle_has_stream_0_whole_and_the_areas_from_the_window_on() {
    let lab = lab(DAYS);
    let bundle = cut(&lab, 4, DAYS);
    let usages = bundle.entries.iter().filter_map(|(_, entry)| {
        let payload = Envelope::parse(entry).unwrap().payload().to_vec();
        match Statement::parse(&payload).unwrap().content {
            Content::Usage(usage) => Some(usage.period),
            _ => None,
        }
    });
    assert_eq!(usages.collect::<Vec<_>>(), [day(4), day(5)]);
    let other = lab.entries.len() - usize::try_from(DAYS).unwrap();
    assert_eq!(bundle.entries.len(), other + 2, "and all the rest");
    assert_eq!(bundle.earlier.len(), 2, "every cosigned checkpoint");
}
