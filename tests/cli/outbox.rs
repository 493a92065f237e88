//! The outbox: nothing queued is lost, nothing is published twice, and no second payload
//! is ever signed for a place.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use standstill::attestation::{Content, Envelope, Statement, StreamId};
use standstill::key::{PublicKey, SecretKey};

use crate::lab::{AFTER, END, HALF, LIMIT, Lab, READ};
use crate::sandbox::{PROGRAM, difference, repository};

/// The place of each statement in the log, with how often it stands there.
fn places(lab: &Lab) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for statement in lab.statements() {
        *places.entry(statement.subject.to_string()).or_default() += 1;
    }
    places
}

/// Judges the log, which must be consistent as the lab says.
#[track_caller]
fn judged(lab: &mut Lab) {
    lab.at(AFTER);
    lab.cosign("lab/log");
    let done = lab.run("verify lab/log --trust trust.toml --witness w1 --witness w2 --witness w3");
    assert!(done.out.starts_with("lab: CONSISTENT@E1"), "{done:?}");
}

/// Keeps the lab and its witnesses as they are.
fn backup(lab: &Lab) {
    for name in ["lab", "w1", "w2", "w3"] {
        lab.copy(name, &format!("before/{name}"));
    }
}

/// Brings them back: as if what happened since had not.
fn restore(lab: &Lab) {
    for name in ["lab", "w1", "w2", "w3"] {
        lab.copy(&format!("before/{name}"), name);
    }
}

fn secret(lab: &Lab, name: &str) -> SecretKey {
    let text = lab.read(&format!("lab/keys/{name}.key"));
    let digits = text.trim().trim_start_matches("standstill-key-v1 ");
    let mut seed = [0; 32];
    for (byte, at) in seed.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    }
    SecretKey::from_seed(seed)
}

/// The entry of the log that holds a statement, and who signed it.
fn signer(lab: &Lab, wanted: impl Fn(&Statement) -> bool, keys: &[PublicKey]) -> usize {
    for entry in lab.entries() {
        let envelope = Envelope::parse(&entry).unwrap();
        let statement = Statement::parse(envelope.payload()).unwrap();
        if wanted(&statement) {
            let by = |key: &PublicKey| envelope.is_signed_by(std::slice::from_ref(key));
            return keys.iter().position(by).unwrap();
        }
    }
    panic!("it is not in the log");
}

#[test]
fn preview_shows_exactly_the_bytes_that_become_public_and_changes_nothing() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.attest(HALF, "2026-03-16T00:00:00Z");
    let published = lab.entries();
    let before = lab.listing(".");
    let preview = lab.run("publish --workspace lab --preview");
    let shown = lab.ok("publish --workspace lab --preview --json");
    assert!(difference(&before, &lab.listing(".")).is_empty());
    assert_eq!(preview.code, 0);
    assert!(
        preview
            .err
            .contains("would become public: 15 usage of stream 1"),
        "{}",
        preview.err
    );
    lab.ok("publish --workspace lab");
    let log = lab.entries();
    let new: Vec<&str> = log[published.len()..]
        .iter()
        .map(|entry| std::str::from_utf8(entry).unwrap())
        .collect();
    assert_eq!(preview.out.lines().collect::<Vec<_>>(), new);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    for (one, entry) in shown.as_array().unwrap().iter().zip(&new) {
        assert_eq!(one["entry"], *entry);
        let envelope = Envelope::parse(entry.as_bytes()).unwrap();
        assert_eq!(one["payload"].to_string().as_bytes(), envelope.payload());
    }
    let nothing = lab.ok("publish --workspace lab --preview");
    assert_eq!(nothing, "");
}

#[test]
fn publishing_twice_publishes_once() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.report(HALF, "2026-03-16T00:00:00Z");
    let entries = lab.entries();
    let out = lab.ok("publish --workspace lab");
    assert!(out.starts_with("0 statements published"), "{out}");
    // Nor where the receipts were lost, and the root key lies elsewhere by then.
    fs::remove_dir_all(lab.path("lab/receipts")).unwrap();
    fs::remove_file(lab.path("lab/keys/root.key")).unwrap();
    let out = lab.ok("publish --workspace lab");
    assert!(out.starts_with("0 statements published"), "{out}");
    assert_eq!(lab.entries(), entries);
    let receipts = fs::read_dir(lab.path("lab/receipts")).unwrap().count();
    assert_eq!(receipts, entries.len());
}

#[test]
fn the_outbox_survives_a_publish_that_fails_at_any_write() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.attest(END, "2026-03-31T00:00:00Z");
    backup(&lab);
    // A limit on the size of files fails the writes that are larger; of those that are
    // not, a file in the place of a directory.
    let limits = [1, 2, 4, 8, 16, 32, 64, 128].map(|blocks| format!("ulimit -f {blocks}"));
    let blocked = [
        "mv lab/log/tile lab/t; touch lab/log/tile",
        "mv lab/log/cosigned lab/c; touch lab/log/cosigned",
        "mkdir lab/receipts/1-0000000005.tmp",
        "mv w1 w1.gone; mv w2 w2.gone; mv w3 w3.gone",
    ];
    let undo = "test ! -e lab/t || { rm lab/log/tile; mv lab/t lab/log/tile; }; test ! -e lab/c || { rm lab/log/cosigned; mv lab/c lab/log/cosigned; }; rmdir lab/receipts/*.tmp 2>/dev/null || true; for w in w1 w2 w3; do test ! -e $w.gone || mv $w.gone $w; done";
    let mut failed = 0;
    for fault in limits.iter().map(String::as_str).chain(blocked) {
        restore(&lab);
        let done = lab.shell(&format!(
            "trap '' XFSZ; {fault}\nexec \"{PROGRAM}\" --simulated-time {END} publish --workspace lab"
        ));
        assert!(!done.err.contains("panicked"), "{done:?}");
        if done.code != 0 {
            failed += 1;
            done.refusal();
        }
        lab.shell(undo);
        lab.ok("publish --workspace lab");
        assert_eq!(places(&lab).len(), 33, "{fault}");
        assert!(places(&lab).values().all(|count| *count == 1), "{fault}");
        assert_eq!(
            lab.ok("publish --workspace lab").split(' ').next(),
            Some("0")
        );
    }
    assert!(failed >= 5, "only {failed} of the faults were felt");
}

#[test]
fn a_publish_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.attest(END, "2026-03-31T00:00:00Z");
    backup(&lab);
    let mut killed = 0;
    for delay in (0..160).step_by(8) {
        restore(&lab);
        let mut publish = lab.command("publish --workspace lab");
        let mut child = publish.stdout(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal().is_some());
        lab.ok("publish --workspace lab");
        assert_eq!(places(&lab).len(), 33);
        assert!(places(&lab).values().all(|count| *count == 1));
    }
    judged(&mut lab);
    eprintln!("{killed} of 20 were killed before they ended");
}

#[test]
fn an_attest_that_is_killed_at_any_moment_attests_each_period_once() {
    let mut lab = Lab::with("--period 3600 --grace 2500000 --first 2026-03-01T00:00:00Z");
    lab.at(END);
    let jobs = repository("fixtures/demo/prudent.psv");
    lab.ok(&format!(
        "collect slurm {} {READ} --workspace lab --through 2026-03-08T00:00:00Z",
        jobs.display()
    ));
    backup(&lab);
    let (mut killed, mut refused) = (0, 0);
    for delay in (0..200).step_by(10) {
        restore(&lab);
        let mut attest = lab.command("attest --workspace lab");
        let mut child = attest.stdout(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal().is_some());
        // What it had journalled it had journalled: there is nothing more to attest.
        let again = lab.run("attest --workspace lab");
        refused += usize::from(again.code == 2);
        let journal = lab.read("lab/journal");
        assert_eq!(journal.lines().count(), 2 + 168, "{again:?}");
        let ledgers = fs::read_dir(lab.path("lab/ledgers/1")).unwrap().count();
        assert_eq!(ledgers, 168);
    }
    lab.ok("publish --workspace lab");
    assert_eq!(places(&lab).len(), 170);
    eprintln!("{killed} of 20 were killed before they ended; {refused} had journalled all");
}

#[test]
fn a_line_that_a_dead_process_left_half_written_is_written_over() {
    let mut lab = Lab::new();
    let journal = lab.read("lab/journal");
    let half = &journal.lines().next().unwrap()[..700];
    lab.write("lab/journal", format!("{journal}{half}"));
    lab.pledge(LIMIT);
    lab.report(END, "2026-03-31T00:00:00Z");
    assert!(lab.read("lab/journal").starts_with(&journal));
    judged(&mut lab);
}

#[test]
fn in_an_outage_of_witnesses_what_they_saw_last_is_repeated() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.report("2026-03-03T01:00:00Z", "2026-03-03T00:00:00Z");
    for number in 2..=3 {
        fs::rename(
            lab.path(format!("w{number}")),
            lab.path(format!("gone{number}")),
        )
        .unwrap();
    }
    for day in 4..=6 {
        lab.attest(
            &format!("2026-03-0{day}T01:00:00Z"),
            &format!("2026-03-0{day}T00:00:00Z"),
        );
        let done = lab.run("publish --workspace lab");
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.out.contains("1 of 3 witnesses cosigned"), "{done:?}");
        assert!(done.err.contains("did not cosign"), "{done:?}");
    }
    let receipt = "lab/receipts/1-0000000004.tlog-proof";
    let lonely = lab.read(receipt);
    for number in 2..=3 {
        fs::rename(
            lab.path(format!("gone{number}")),
            lab.path(format!("w{number}")),
        )
        .unwrap();
    }
    lab.report(END, "2026-03-31T00:00:00Z");
    let bounds: Vec<u64> = lab
        .statements()
        .iter()
        .filter(|statement| statement.subject.stream == StreamId::new(1))
        .map(|statement| {
            let text = statement.link.not_before.as_ref().unwrap();
            text.lines().nth(1).unwrap().parse().unwrap()
        })
        .collect();
    assert!(bounds.is_sorted(), "{bounds:?}");
    // What was seen by a quorum only later has a receipt that says so.
    assert_ne!(lab.read(receipt), lonely);
    assert_eq!(lab.read(receipt).matches("— witness.example/").count(), 3);
    judged(&mut lab);
}

#[test]
fn an_older_copy_of_the_journal_signs_no_second_statement() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.report("2026-03-03T01:00:00Z", "2026-03-03T00:00:00Z");
    let older = lab.read("lab/journal");
    lab.report("2026-03-05T01:00:00Z", "2026-03-05T00:00:00Z");
    let newest = lab.read("lab/journal");
    let entries = lab.entries();
    lab.write("lab/journal", &older);
    // The receipts show it.
    for typed in ["attest --workspace lab", "publish --workspace lab"] {
        let said = lab.refused(typed);
        assert!(said.contains("is an older copy"), "{said}");
    }
    // So does the log alone, where the receipts are of the same older copy.
    for sequence in 2..=3 {
        let name = format!("lab/receipts/1-000000000{sequence}.tlog-proof");
        fs::remove_file(lab.path(name)).unwrap();
    }
    let said = lab.refused("publish --workspace lab");
    assert!(said.contains("is an older copy"), "{said}");
    assert_eq!(lab.entries(), entries);
    lab.write("lab/journal", newest);
    lab.report(END, "2026-03-31T00:00:00Z");
    judged(&mut lab);
}

#[test]
fn an_older_copy_of_the_whole_workspace_is_stopped_by_its_witnesses() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.report("2026-03-03T01:00:00Z", "2026-03-03T00:00:00Z");
    lab.copy("lab", "older");
    lab.report("2026-03-05T01:00:00Z", "2026-03-05T00:00:00Z");
    lab.copy("older", "lab");
    lab.attest("2026-03-06T01:00:00Z", "2026-03-06T00:00:00Z");
    let said = lab.refused("publish --workspace lab");
    assert!(said.contains("this is an older copy of the log"), "{said}");
}

#[test]
fn what_was_queued_before_a_key_change_is_signed_by_the_keys_after_it() {
    let mut lab = Lab::new();
    let pledge = lab.ok(&format!(
        "pledge new --kind cap --start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z --limit {LIMIT} --workspace lab"
    ));
    lab.ok("publish --workspace lab");
    // Queued: a pledge in stream 0, usage in stream 1. Then both keys change.
    lab.write("pledge.json", pledge);
    lab.ok("pledge sign pledge.json --workspace lab");
    lab.attest(HALF, "2026-03-16T00:00:00Z");
    lab.ok("key rotate --role operations --workspace lab");
    lab.ok("key revoke --role governance --suspected-since 2026-03-10T00:00:00Z --workspace lab");
    lab.refused("key revoke --role root --suspected-since 2027-03-10T00:00:00Z --workspace lab");
    let keys: Vec<PublicKey> = [
        "root",
        "governance",
        "operations",
        "operations-18",
        "governance-19",
    ]
    .map(|name| secret(&lab, name).public())
    .to_vec();
    // The keys of before are gone by the time that it is published.
    fs::remove_file(lab.path("lab/keys/operations.key")).unwrap();
    fs::remove_file(lab.path("lab/keys/governance.key")).unwrap();
    lab.ok("publish --workspace lab");
    let is_usage = |one: &Statement| matches!(one.content, Content::Usage(_));
    let is_pledge = |one: &Statement| matches!(one.content, Content::Pledge(_));
    assert_eq!(signer(&lab, is_usage, &keys), 3, "the new operations key");
    assert_eq!(signer(&lab, is_pledge, &keys), 0, "the root key");
    // Where the log took it, the lost receipts do not make a second copy with other keys.
    fs::remove_dir_all(lab.path("lab/receipts")).unwrap();
    fs::create_dir(lab.path("lab/receipts")).unwrap();
    assert!(
        lab.ok("publish --workspace lab")
            .starts_with("0 statements")
    );
    // The root key itself can change; from then on the new one signs key changes.
    lab.ok("key rotate --role root --workspace lab");
    lab.ok("publish --workspace lab");
    fs::remove_file(lab.path("lab/keys/root.key")).unwrap();
    lab.ok("key rotate --role operations --workspace lab");
    lab.report(END, "2026-03-31T00:00:00Z");
    assert!(places(&lab).values().all(|count| *count == 1));
    judged(&mut lab);
}

#[test]
fn a_key_of_the_old_set_signs_nothing_after_a_change() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.at(HALF);
    lab.ok("key rotate --role operations --workspace lab");
    lab.ok("publish --workspace lab");
    lab.attest(HALF, "2026-03-16T00:00:00Z");
    // The new key is lost, and the root key lies elsewhere: nothing signs.
    let journal = lab.read("lab/journal");
    assert!(journal.lines().count() > 4);
    fs::rename(lab.path("lab/keys/operations-3.key"), lab.path("kept")).unwrap();
    fs::rename(lab.path("lab/keys/root.key"), lab.path("root")).unwrap();
    let said = lab.refused("publish --workspace lab");
    assert!(said.contains("a secret key is missing"), "{said}");
    // The root key may sign in its place, and says so.
    fs::rename(lab.path("root"), lab.path("lab/keys/root.key")).unwrap();
    let done = lab.run("publish --workspace lab");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.err.contains("warning: the root key signs"), "{done:?}");
    let keys = [
        secret(&lab, "operations").public(),
        secret(&lab, "root").public(),
    ];
    let is_usage = |one: &Statement| matches!(one.content, Content::Usage(_));
    assert_eq!(signer(&lab, is_usage, &keys), 1);
}
