//! What a lab, a log or a thief can do to a log, and what an auditor then sees.
//!
//! The library's own tests (`tests/attacks/`) try each attack on the judgement; these
//! show that the program's wiring lets none through.

use std::fs;
use std::path::PathBuf;

use standstill::attestation::content::Usage;
use standstill::attestation::figure::Class;
use standstill::attestation::{Content, Envelope, Statement, StatementId, StreamId};
use standstill::key::SecretKey;
use standstill::keystore;
use standstill::quantity::{Interval, Quantity};
use standstill::store::log::Log;
use standstill::time::UnixSeconds;

use crate::lab::{AFTER, END, LIMIT, Lab, READ, TIGHT};
use crate::sandbox::{Done, repository};

const WITNESSES: &str = "--witness w1 --witness w2 --witness w3";

/// What `formats` compares: whether it exits with 0, whether it is HOLDS or CONSISTENT,
/// and its level.
type Rank = (bool, bool, String);

fn rank(done: &Done) -> Rank {
    let shown: serde_json::Value = serde_json::from_str(&done.out).unwrap_or_default();
    let verdict = &shown["verdicts"][0];
    let good = matches!(verdict["word"].as_str(), Some("HOLDS" | "CONSISTENT"));
    let level = verdict["level"].as_str().unwrap_or("E0").to_owned();
    (
        done.code == 0,
        good,
        if good { level } else { String::new() },
    )
}

/// A lab whose month was reported, and seen by its witnesses after everything was due.
fn seen_after(limit: u64) -> Lab {
    let mut lab = Lab::reported(limit);
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    lab
}

fn role(lab: &Lab, name: &str) -> SecretKey {
    keystore::read_issuer_key(&lab.path(format!("lab/keys/{name}.key"))).unwrap()
}

fn time(text: &str) -> UnixSeconds {
    text.parse().unwrap()
}

/// Makes a log of these entries in `name`, signed with the lab's own log key.
fn rebuild(lab: &Lab, name: &str, entries: &[Vec<u8>]) {
    let key = keystore::read_note_key(&lab.path("lab/keys/log.key")).unwrap();
    let (public, private) = (lab.path(name), lab.path(format!("{name}.state")));
    let mut log = Log::create_in(&public, &private, key, time(END)).unwrap();
    log.append(entries, time(END)).unwrap();
}

/// Puts entries behind those of the lab's log, and lets the witnesses see them.
fn add(lab: &Lab, entries: &[Vec<u8>]) {
    let key = keystore::read_note_key(&lab.path("lab/keys/log.key")).unwrap();
    let (public, private) = (lab.path("lab/log"), lab.path("lab/state/log"));
    let mut log = Log::open_in(&public, &private, key, &[], time(AFTER)).unwrap();
    log.append(entries, time(AFTER)).unwrap();
    drop(log);
    lab.cosign("lab/log");
}

fn parse(entry: &[u8]) -> Statement {
    Statement::parse(Envelope::parse(entry).unwrap().payload()).unwrap()
}

/// Where the usage of a day stands in the log.
fn usage_at(entries: &[Vec<u8>], day: &str) -> usize {
    let of_day = |entry: &Vec<u8>| match parse(entry).content {
        Content::Usage(usage) => usage.period.start().to_string().starts_with(day),
        _ => false,
    };
    entries.iter().position(of_day).unwrap()
}

/// Says that an area's accelerators did nothing.
fn nothing(usage: &mut Usage) {
    for figure in &mut usage.figures {
        figure.value = Interval::exactly(Quantity::from(0));
    }
    for ledger in &mut usage.ledgers {
        ledger.sums.clear();
        ledger.count = 0;
    }
}

fn sign(statement: &Statement, key: &SecretKey) -> Vec<u8> {
    let payload = statement.to_payload().unwrap();
    Envelope::sign(&payload, &[key]).unwrap().to_bytes()
}

/// The area's stream told anew: `change` drops a statement or alters it, and the chain is
/// made whole again with the lab's keys.
fn retold(lab: &Lab, mut change: impl FnMut(&mut Statement) -> bool) -> Vec<Vec<u8>> {
    let key = role(lab, "operations");
    let (mut entries, mut last, mut sequence) = (Vec::new(), None::<StatementId>, 0);
    for entry in lab.entries() {
        let mut statement = parse(&entry);
        if statement.subject.stream == StreamId::GOVERNANCE {
            entries.push(entry);
            continue;
        }
        if !change(&mut statement) {
            continue;
        }
        statement.subject.sequence = sequence;
        statement.link.previous = last.or(statement.link.previous);
        // What the witnesses saw of the other history cannot be shown any more.
        statement.link.not_before = None;
        let entry = sign(&statement, &key);
        last = Some(Envelope::parse(&entry).unwrap().statement_id());
        sequence += 1;
        entries.push(entry);
    }
    entries
}

/// All files of the lab's log, `vkey` apart, which no auditor reads.
fn files(lab: &Lab) -> Vec<PathBuf> {
    let log = lab.path("lab/log");
    let all = lab.listing("lab/log").into_keys();
    all.filter(|path| path.is_file() && *path != log.join("vkey"))
        .collect()
}

/// Whether a file must be there, as it is, for the newest checkpoint.
fn is_needed(path: &str, size: usize) -> bool {
    path.ends_with("/log/checkpoint") || path.ends_with(&format!("000.p/{size}"))
}

#[test]
fn no_single_byte_changed_makes_a_verdict_better() {
    // Every byte is tried with `STANDSTILL_ALL_BYTES=1 cargo test --release --test cli`;
    // otherwise some of each file.
    let all = std::env::var_os("STANDSTILL_ALL_BYTES").is_some();
    for limit in [LIMIT, TIGHT] {
        let mut lab = Lab::new();
        lab.pledge(limit);
        lab.report(END, "2026-03-31T00:00:00Z");
        lab.at(AFTER);
        lab.ok("publish --workspace lab");
        let verify = "verify lab/log --trust trust.toml --require-level E1 --json";
        let before = lab.run(verify);
        assert_eq!(before.code, i32::from(limit == TIGHT), "{before:?}");
        let size = lab.entries().len();
        let mut tried = 0;
        for file in files(&lab) {
            let whole = fs::read(&file).unwrap();
            let step = if all { 1 } else { (whole.len() / 20).max(1) };
            for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
                let mut changed = whole.clone();
                // Another letter, so that text stays text.
                changed[at] ^= 1 << (at % 6);
                fs::write(&file, changed).unwrap();
                let done = lab.run(verify);
                tried += 1;
                let where_at = format!("byte {at} of {}: {done:?}", file.display());
                assert!(rank(&done) <= rank(&before), "{where_at}");
                let name = file.display().to_string();
                if is_needed(&name, size) && !name.ends_with("checkpoint") {
                    assert_eq!(done.code, 1, "{where_at}");
                    assert!(done.out.contains("LOG-INTEGRITY-FAILURE"), "{where_at}");
                }
                if limit == TIGHT && !is_needed(&name, size) {
                    assert!(done.out.contains("VIOLATED"), "{where_at}");
                }
            }
            fs::write(&file, whole).unwrap();
        }
        eprintln!("{tried} bytes changed one by one");
    }
}

#[test]
fn no_file_left_out_or_cut_makes_a_verdict_better() {
    let lab = seen_after(LIMIT);
    let verify = "verify lab/log --trust trust.toml --require-level E1 --json";
    let before = lab.run(verify);
    let size = lab.entries().len();
    for file in files(&lab) {
        let whole = fs::read(&file).unwrap();
        for left in [None, Some(0), Some(whole.len() / 2), Some(whole.len() - 1)] {
            match left {
                None => fs::remove_file(&file).unwrap(),
                Some(length) => fs::write(&file, &whole[..length]).unwrap(),
            }
            let done = lab.run(verify);
            assert!(
                rank(&done) <= rank(&before),
                "{} {left:?}: {done:?}",
                file.display()
            );
            let name = file.display().to_string();
            if is_needed(&name, size) && name.contains("/tile/") {
                assert_eq!(done.code, 1, "{name} {left:?}: {done:?}");
            }
            fs::write(&file, &whole).unwrap();
        }
    }
}

#[test]
fn an_attestation_removed_reordered_or_replaced_is_a_broken_log() {
    let lab = seen_after(LIMIT);
    let entries = lab.entries();
    let day = usage_at(&entries, "2026-03-12");
    let mut removed = entries.clone();
    removed.remove(day);
    let mut reordered = entries.clone();
    reordered.swap(day, day + 1);
    let mut replaced = entries.clone();
    let mut other = parse(&entries[day]);
    if let Content::Usage(usage) = &mut other.content {
        nothing(usage);
    }
    replaced[day] = sign(&other, &role(&lab, "operations"));
    for (name, entries) in [
        ("removed", removed),
        ("reordered", reordered),
        ("replaced", replaced),
    ] {
        // The lab rebuilds the tree with its own key: it fits, but the chain does not.
        rebuild(&lab, name, &entries);
        let done = lab.run(&format!("verify {name} --trust trust.toml"));
        assert_eq!(done.code, 1, "{name}: {done:?}");
        assert!(
            done.out.contains("LOG-INTEGRITY-FAILURE"),
            "{name}: {done:?}"
        );
        assert!(!done.out.starts_with("lab: CONSISTENT"), "{name}: {done:?}");
    }
}

#[test]
fn a_second_statement_for_a_sequence_is_equivocation_and_hides_no_breach() {
    let lab = seen_after(LIMIT);
    let entries = lab.entries();
    let day = usage_at(&entries, "2026-03-12");
    let mut other = parse(&entries[day]);
    if let Content::Usage(usage) = &mut other.content {
        let figures = usage.figures.iter_mut();
        let training = figures.filter(|figure| figure.class == Class::Training);
        for figure in training {
            figure.value = Interval::exactly(Quantity::from(LIMIT + 1));
        }
    }
    add(&lab, &[sign(&other, &role(&lab, "operations"))]);
    let done = lab.run(&format!("verify lab/log --trust trust.toml {WITNESSES}"));
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.contains("equivocation"), "{done:?}");
    assert!(
        done.out
            .contains(&format!("issuer {} signed two statements", lab.id)),
        "{done:?}"
    );
    // The second one admits a breach.
    assert!(done.out.starts_with("lab: VIOLATED"), "{done:?}");
}

#[test]
fn an_outsiders_entry_in_a_labs_name_is_an_anomaly_that_changes_nothing() {
    let lab = seen_after(LIMIT);
    let verify = format!("verify lab/log --trust trust.toml --json {WITNESSES}");
    let before = lab.run(&verify);
    let entries = lab.entries();
    let mut next = parse(entries.last().unwrap());
    next.subject.sequence += 1;
    let outsider = SecretKey::from_seed([7; 32]);
    let text = String::from_utf8(entries[usage_at(&entries, "2026-03-12")].clone()).unwrap();
    add(
        &lab,
        &[
            // Signed by somebody else; a re-spaced copy; and no statement at all.
            sign(&next, &outsider),
            text.replace("\":", "\": ").into_bytes(),
            b"junk".to_vec(),
        ],
    );
    let after = lab.run(&verify);
    assert_eq!(after.code, before.code, "{after:?}");
    assert_eq!(rank(&after), rank(&before));
    let shown: serde_json::Value = serde_json::from_str(&after.out).unwrap();
    assert_eq!(shown["anomalies"].as_array().unwrap().len(), 3, "{after:?}");
    // Nor does it stop the lab.
    lab.ok("publish --workspace lab");
}

#[test]
fn a_log_rebuilt_by_the_lab_is_a_fork_where_somebody_remembers() {
    let lab = seen_after(LIMIT);
    lab.ok(&format!(
        "bundle lab/log --issuer {} --from 2026-03-01T00:00:00Z --to 2026-03-31T00:00:00Z -o kept.bundle",
        lab.id
    ));
    // One period left out, everything behind it chained anew with the lab's own keys.
    let mut dropped = false;
    let entries = retold(&lab, |statement| match &statement.content {
        Content::Usage(usage) if usage.period.start() == time("2026-03-12T00:00:00Z") => {
            dropped = true;
            false
        }
        _ => true,
    });
    assert!(dropped);
    rebuild(&lab, "rebuilt", &entries);
    let done = lab.run("verify rebuilt --trust trust.toml");
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.contains("level       E0"), "{done:?}");
    assert!(
        done.out.contains("a rewritten history is not excluded"),
        "{done:?}"
    );
    for memory in [
        "--witness w1",
        WITNESSES,
        "--seen lab/log/checkpoint",
        "--seen lab/receipts/1-0000000029.tlog-proof",
        "--seen kept.bundle",
    ] {
        let done = lab.run(&format!("verify rebuilt --trust trust.toml {memory}"));
        assert_eq!(done.code, 1, "{memory}: {done:?}");
        assert!(
            done.out.contains("LOG-INTEGRITY-FAILURE"),
            "{memory}: {done:?}"
        );
        assert!(done.out.contains("(fork)"), "{memory}: {done:?}");
    }
}

#[test]
fn a_breach_rewritten_by_the_lab_stays_unwitnessed() {
    let lab = seen_after(TIGHT);
    let entries = retold(&lab, |statement| {
        if let Content::Usage(usage) = &mut statement.content
            && usage.period.start() >= time("2026-03-10T00:00:00Z")
        {
            nothing(usage);
        }
        true
    });
    rebuild(&lab, "rebuilt", &entries);
    let done = lab.run("verify rebuilt --trust trust.toml");
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.starts_with("lab: CONSISTENT@E0"), "{done:?}");
    assert!(
        done.out.contains("a rewritten history is not excluded"),
        "{done:?}"
    );
    let done = lab.run("verify rebuilt --trust trust.toml --seen lab/log/checkpoint");
    assert_eq!(done.code, 1, "{done:?}");
}

#[test]
fn a_breach_corrected_away_stays_a_breach() {
    let mut lab = seen_after(TIGHT);
    let jobs = repository("fixtures/demo/prudent.psv");
    let read = READ.replace("train=training", "train=inference");
    lab.ok(&format!(
        "collect slurm {} {read} --workspace lab --again 2026-03-01T00:00:00Z --through 2026-03-31T00:00:00Z",
        jobs.display()
    ));
    for day in 1..=30 {
        let start = format!("2026-03-{day:02}T00:00:00Z");
        lab.ok(&format!(
            "correct {start} lab/collected/1-again/{start}.usage --reason \"wrong class\" --workspace lab"
        ));
    }
    lab.ok("publish --workspace lab");
    lab.at(AFTER);
    let done = lab.run(&format!("verify lab/log --trust trust.toml {WITNESSES}"));
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.starts_with("lab: VIOLATED (restated)"), "{done:?}");
}

#[test]
fn a_bundle_with_an_entry_changed_is_a_broken_log() {
    let lab = seen_after(LIMIT);
    lab.ok(&format!(
        "bundle lab/log --issuer {} --from 2026-03-01T00:00:00Z --to 2026-03-31T00:00:00Z -o march.bundle",
        lab.id
    ));
    let verify = "verify march.bundle --trust trust.toml --require-level E1 --json";
    let before = lab.run(verify);
    let whole = fs::read(lab.path("march.bundle")).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        lab.write("march.bundle", changed);
        let done = lab.run(verify);
        assert!(rank(&done) <= rank(&before), "byte {at}: {done:?}");
        assert!(!done.err.contains("panicked"), "byte {at}: {done:?}");
    }
}
