//! An auditor's commands: what is judged, from where, and with which exit code.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use crate::lab::{AFTER, END, HALF, LIMIT, Lab, TIGHT};
use crate::sandbox::Sandbox;

const WITNESSES: &str = "--witness w1 --witness w2 --witness w3";

/// Serves files until the test ends; returns the address.
fn serve(directory: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let directory = directory.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let Some(Ok(first)) = lines.next() else {
                    return;
                };
                while lines
                    .next()
                    .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
                {}
                let path = first
                    .split(' ')
                    .nth(1)
                    .unwrap()
                    .trim_start_matches('/')
                    .to_owned();
                let (status, body) = match fs::read(directory.join(path)) {
                    Ok(body) => ("200 OK", body),
                    Err(_) => ("404 Not Found", Vec::new()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&body);
            });
        }
    });
    address
}

fn seen_after(limit: u64) -> Lab {
    let mut lab = Lab::reported(limit);
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    lab
}

#[test]
fn a_log_is_judged_alike_from_a_directory_and_from_an_address() {
    let lab = seen_after(LIMIT);
    let directory = lab.run(&format!("verify lab/log --trust trust.toml {WITNESSES}"));
    assert_eq!(directory.code, 3, "{directory:?}");
    assert!(
        directory.out.starts_with("lab: CONSISTENT@E1\n"),
        "{directory:?}"
    );
    let log = serve(lab.path("lab/log"));
    let witness = serve(lab.path("w1"));
    let remote = lab.run(&format!(
        "verify {log} --trust trust.toml --witness {witness} --witness w2 --witness w3"
    ));
    assert_eq!(
        (remote.code, &remote.out),
        (3, &directory.out),
        "{remote:?}"
    );
    let remote = lab.run(&format!("verify {log}/ --trust trust.toml {WITNESSES}"));
    assert_eq!(remote.out, directory.out);
}

#[test]
fn the_exit_code_tells_what_was_shown() {
    let lab = seen_after(LIMIT);
    let verify = format!("verify lab/log --trust trust.toml {WITNESSES}");
    // 0: consistent, where that is all that is asked for.
    assert_eq!(lab.run(&format!("{verify} --require-level E1")).code, 0);
    assert_eq!(lab.run(&format!("{verify} --require-level E0")).code, 0);
    assert_eq!(lab.run(&format!("{verify} --require-level E2")).code, 3);
    // It changes the exit code only.
    assert_eq!(
        lab.run(&format!("{verify} --require-level E0")).out,
        lab.run(&verify).out
    );
    // 1: a breach. 2: no such place, and nobody who answers for it.
    let violated = seen_after(TIGHT);
    let done = violated.run(&verify);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.starts_with("lab: VIOLATED\n"), "{done:?}");
    assert_eq!(
        violated.run(&format!("{verify} --require-level E0")).code,
        1
    );
    for place in ["nowhere", "w1", "http://127.0.0.1:1"] {
        lab.refused(&format!("verify {place} --trust trust.toml"));
    }
}

#[test]
fn json_says_the_same_as_the_text() {
    let lab = seen_after(TIGHT);
    let done = lab.run(&format!(
        "verify lab/log --trust trust.toml --json {WITNESSES}"
    ));
    assert_eq!(done.code, 1);
    let shown: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(shown["exitCode"], "1");
    assert_eq!(shown["verdicts"][0]["word"], "VIOLATED");
    assert_eq!(shown["verdicts"][0]["issuer"], lab.id);
    assert!(
        !shown["verdicts"][0]["doesNotShow"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_lab_that_falls_silent_is_overdue_and_a_copy_that_nobody_asked_for_is_not() {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.report(HALF, "2026-03-16T00:00:00Z");
    lab.at(AFTER);
    // Nobody was asked: an old copy shows nothing about its lab.
    let done = lab.run("verify lab/log --trust trust.toml");
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.starts_with("lab: NOT-SHOWN"), "{done:?}");
    // Anybody may let the witnesses refresh the last checkpoint.
    lab.cosign("lab/log");
    let done = lab.run(&format!("verify lab/log --trust trust.toml {WITNESSES}"));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.starts_with("lab: OVERDUE\n"), "{done:?}");
}

#[test]
fn a_log_that_is_gone_is_judged_only_where_a_quorum_answers_for_it() {
    let lab = seen_after(LIMIT);
    for place in ["gone", "http://127.0.0.1:1"] {
        let verify = format!("verify {place} --trust trust.toml");
        lab.refused(&verify);
        // One of three is no quorum.
        assert_eq!(lab.run(&format!("{verify} --witness w1")).code, 2);
        let done = lab.run(&format!("{verify} {WITNESSES}"));
        assert_eq!(done.code, 3, "{done:?}");
        assert!(!done.out.contains("CONSISTENT"), "{done:?}");
    }
}

#[test]
fn a_witness_that_does_not_answer_is_told_and_keeps_no_other_from_telling() {
    let lab = seen_after(LIMIT);
    let gone = "http://127.0.0.1:1";
    let done = lab.run(&format!(
        "verify lab/log --trust trust.toml --witness {gone} --witness w2 --witness w3"
    ));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(
        done.out.contains(&format!("note: the witness `{gone}`")),
        "{done:?}"
    );
    fs::write(lab.path("w3/key"), "").unwrap();
    let view = fs::read_dir(lab.path("w3")).unwrap().find_map(|entry| {
        let path = entry.unwrap().path().join("checkpoint");
        path.exists().then_some(path)
    });
    fs::write(view.unwrap(), "garbage").unwrap();
    let done = lab.run(&format!("verify lab/log --trust trust.toml {WITNESSES}"));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.contains("note: the witness `w3`"), "{done:?}");
}

#[test]
fn a_bundle_is_judged_offline_and_never_above_consistent() {
    let lab = seen_after(LIMIT);
    let bundle = format!(
        "bundle lab/log --issuer {} --from 2026-03-01T00:00:00Z --to 2026-03-31T00:00:00Z -o march.bundle",
        lab.id
    );
    lab.ok(&bundle);
    let said = lab.refused(&bundle);
    assert!(said.contains("nothing is overwritten"), "{said}");
    lab.refused(
        &bundle
            .replace("march", "other")
            .replace(&lab.id, &"0".repeat(64)),
    );
    let done = lab.run("verify march.bundle --trust trust.toml");
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.starts_with("lab: CONSISTENT@E1\n"), "{done:?}");
    // It says what it cannot exclude.
    assert!(
        done.out
            .contains("statements after the last one shown of area 1"),
        "{done:?}"
    );
    // Only itself is read: the log may be gone.
    fs::rename(lab.path("lab"), lab.path("gone")).unwrap();
    let again = lab.run("verify march.bundle --trust trust.toml");
    assert_eq!(again.out, done.out);
    // Its framing changed, or cut: a broken log, and never a crash.
    let whole = fs::read(lab.path("march.bundle")).unwrap();
    for cut in [whole.len() - 1, whole.len() / 2, 200] {
        lab.write("march.bundle", &whole[..cut]);
        let done = lab.run("verify march.bundle --trust trust.toml");
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.out.contains("LOG-INTEGRITY-FAILURE"), "{done:?}");
    }
    // It can be kept, as what was seen of the log.
    lab.write("march.bundle", &whole);
    let done = lab.run("verify gone/log --trust trust.toml --seen march.bundle");
    assert!(done.out.starts_with("lab: CONSISTENT@E1"), "{done:?}");
}

#[test]
fn a_bundle_that_lacks_an_entry_is_not_better_than_the_log() {
    let lab = seen_after(TIGHT);
    lab.ok(&format!(
        "bundle lab/log --issuer {} --from 2026-03-20T00:00:00Z --to 2026-03-31T00:00:00Z -o late.bundle",
        lab.id
    ));
    let done = lab.run("verify late.bundle --trust trust.toml");
    assert!(matches!(done.code, 1 | 3), "{done:?}");
    assert!(!done.out.starts_with("lab: CONSISTENT"), "{done:?}");
}

#[test]
fn a_trust_file_is_written_with_a_comment_on_every_line_and_never_from_the_log() {
    let sandbox = Sandbox::new();
    let lab = Lab::new();
    sandbox.write("policy", lab.read("policy"));
    let new = format!(
        "trust new --issuer {} --log {} --policy policy",
        lab.id, lab.key
    );
    // There is no log at all where it is written.
    let text = sandbox.ok(&new);
    for line in text.lines().filter(|line| !line.is_empty()) {
        assert!(line.contains(" # "), "no comment: {line}");
    }
    assert_eq!(text.matches("[[witness]]").count(), 3);
    lab.write("new.toml", &text);
    lab.write("lab.toml", text.replace("\"E3\"", "\"E1\""));
    // As written it is valid, and believes no witness.
    let done = lab.run("verify lab/log --trust new.toml");
    assert_eq!(done.code, 3, "{done:?}");
    for wrong in [
        text.replace("required_level", "requiredLevel"),
        text.replace("\"E3\"", "\"E7\""),
        text.replace(&lab.id, "lab"),
        text.replace("w1", "w9"),
        text.replace("86400 ", "-1 "),
        text.replace("[[issuer]]", "[[labs]]"),
    ] {
        lab.write("wrong.toml", wrong);
        lab.refused("verify lab/log --trust wrong.toml");
    }
    sandbox.refused(&new.replace("--policy policy", "--policy nowhere"));
    sandbox.refused(&new.replace(&lab.id, "ff"));
    sandbox.refused(&new.replace(&lab.key, "lab.example/log+00000000+AAAA"));
}

#[test]
fn a_witness_cosigns_only_what_continues_what_it_saw() {
    let mut lab = Lab::new();
    lab.ok("publish --workspace lab");
    lab.copy("lab/log", "old");
    lab.report(HALF, "2026-03-16T00:00:00Z");
    let size = |lab: &Lab| -> u64 {
        let state = fs::read_dir(lab.path("w1/state"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let text = fs::read_to_string(state.path()).unwrap();
        text.lines().nth(2).unwrap().parse().unwrap()
    };
    assert_eq!(size(&lab), 17);
    // A copy from before it, whatever the reason.
    let done = lab.run("witness cosign w1 old");
    done.refusal();
    assert_eq!(size(&lab), 17);
    // The same size again: a new time, the same tree.
    lab.at(END);
    let out = lab.ok("witness cosign w1 lab/log");
    assert!(out.starts_with("— witness.example/1 "), "{out}");
    let shown = lab.ok("witness cosign w1 lab/log --json");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["size"], 17);
    // Another log under the same name and key is a fork, of which it keeps both sides.
    lab.ok("init fork --origin lab.example/log");
    fs::copy(lab.path("lab/keys/log.key"), lab.path("fork/keys/log.key")).unwrap();
    let done = lab.run("witness cosign w1 fork/log");
    done.refusal();
    // Without its memory it would cosign anything: it cosigns nothing.
    fs::remove_dir_all(lab.path("w1/state")).unwrap();
    let said = lab.refused("witness cosign w1 lab/log");
    assert!(said.contains("is gone"), "{said}");
    // A log that it never saw, by the key that is given.
    let done = lab.run(&format!("witness cosign w2 fork/log --log-key {}", lab.key));
    done.refusal();
}

#[test]
fn a_witness_remembers_before_its_cosignature_leaves() {
    let lab = Lab::new();
    lab.ok("publish --workspace lab");
    // Its memory cannot be written: nothing is printed, nothing is served.
    let view = lab.listing("w1");
    let done =
        lab.shell("mv w1/state w1.state; touch w1/state; standstill witness cosign w1 lab/log");
    done.refusal();
    lab.shell("rm w1/state; mv w1.state w1/state");
    assert_eq!(lab.listing("w1"), view);
}

#[test]
fn what_ledgers_show_is_compared_with_what_was_said() {
    let lab = seen_after(LIMIT);
    let verify = "verify lab/log --trust trust.toml --ledgers lab/ledgers";
    let done = lab.run(verify);
    assert!(done.out.starts_with("lab: CONSISTENT@E1"), "{done:?}");
    // A damaged one is told, and stops nothing.
    let ledger = "lab/ledgers/1/2026-03-05T00:00:00Z.ledger";
    let whole = lab.read(ledger);
    lab.write(ledger, &whole[..whole.len() / 2]);
    let done = lab.run(verify);
    assert_eq!(done.code, 3, "{done:?}");
    assert!(
        done.out.contains("note: `lab/ledgers/1/2026-03-05"),
        "{done:?}"
    );
}

#[test]
fn at_decides_staleness_and_hides_no_evidence() {
    let lab = seen_after(TIGHT);
    for time in [
        "2026-03-01T00:00:00Z",
        "2026-03-31T00:00:00Z",
        "2027-03-31T00:00:00Z",
    ] {
        let done = lab.run(&format!("verify lab/log --trust trust.toml --at {time}"));
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.out.starts_with("lab: VIOLATED"), "{time}: {done:?}");
    }
    let consistent = seen_after(LIMIT);
    let done = consistent.run("verify lab/log --trust trust.toml --at 2027-03-31T00:00:00Z");
    assert_eq!(done.code, 3, "{done:?}");
    assert!(
        done.out.starts_with("lab: NOT-SHOWN"),
        "a stale copy: {done:?}"
    );
}
