//! A log in directories: one writer, killed at any moment, on a disk that is full.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    reason = "a test may stop, and a child reports to its parent"
)]

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::merkle::verify_consistency;
use standstill::sequencer::Refusal;
use standstill::store::LogFiles as _;
use standstill::store::StoreError;
use standstill::store::fs::Directory;
use standstill::store::log::Log;
use standstill::store::log::LogError;
use standstill::store::reader::LogReader;
use standstill::time::UnixSeconds;
use standstill::tlog::checkpoint::SignedCheckpoint;

fn key() -> SignerKey {
    let name = KeyName::new("log.example/a").unwrap();
    SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed([1; 32]))
}

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_800_000_000 + seconds).unwrap()
}

fn entries(from: u64, count: u64) -> Vec<Vec<u8>> {
    (from..from + count)
        .map(|n| format!("entry {n}").into_bytes())
        .collect()
}

/// Where a log in directories lies.
fn places(directory: &tempfile::TempDir) -> (PathBuf, PathBuf) {
    places_in(directory.path())
}

fn places_in(root: &Path) -> (PathBuf, PathBuf) {
    (root.join("public/log"), root.join("state/log"))
}

#[test]
fn a_log_in_directories_has_one_writer_and_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let (public, private) = places(&directory);
    let mut log = Log::create_in(&public, &private, key(), at(0)).unwrap();
    log.append(&entries(0, 300), at(1)).unwrap();
    for second in [
        Log::open_in(&public, &private, key(), &[], at(2)),
        Log::create_in(&public, &private, key(), at(2)),
    ] {
        let refused = second.unwrap_err();
        assert!(
            matches!(refused, LogError::Store(StoreError::Locked { .. })),
            "{refused}"
        );
    }
    drop(log);
    let log = Log::open_in(&public, &private, key(), &[], at(2)).unwrap();
    assert_eq!(log.size(), 300);
    let checked = log.reader().check(&key().verifier()).unwrap();
    assert_eq!(checked.size, 300);
    let found = files(directory.path());
    assert!(!found.contains(".tmp\n"), "{found}");
}

#[test]
fn a_log_that_lost_a_directory_is_refused() {
    for lost in ["public", "private"] {
        let directory = tempfile::tempdir().unwrap();
        let (public, private) = places(&directory);
        let mut log = Log::create_in(&public, &private, key(), at(0)).unwrap();
        log.append(&entries(0, 3), at(1)).unwrap();
        drop(log);
        let lost = if lost == "public" { &public } else { &private };
        std::fs::remove_dir_all(lost).unwrap();
        assert!(Log::open_in(&public, &private, key(), &[], at(2)).is_err());
        let again = Log::create_in(&public, &private, key(), at(2)).unwrap_err();
        assert!(matches!(again, LogError::Refused(Refusal::Exists)));
    }
}

/// Every file below a directory, one a line.
fn files(directory: &Path) -> String {
    let mut found = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.push_str(&files(&path));
        } else {
            found.push_str(path.to_str().unwrap());
            found.push('\n');
        }
    }
    found
}

/// Names the directory in which [`child`] is to keep a log.
const CHILD: &str = "STANDSTILL_TEST_CHILD";

/// How many entries the child's batches have, one after the other and over again.
const BATCHES: [u64; 4] = [1, 300, 7, 150];

/// Not a test by itself: what the tests below start as a process of its own. It makes or
/// opens a log, appends for ever and says what was acknowledged.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(CHILD) else {
        return;
    };
    let (public, private) = places_in(Path::new(&directory));
    let mut log = if public.join("checkpoint").exists() {
        Log::open_in(&public, &private, key(), &[], at(0)).unwrap()
    } else {
        Log::create_in(&public, &private, key(), at(0)).unwrap()
    };
    for count in BATCHES.iter().cycle() {
        match log.append(&entries(log.size(), *count), at(0)) {
            Ok(_) => println!("acknowledged {}", log.size()),
            Err(error) => return println!("failed {error}"),
        }
        std::io::stdout().flush().unwrap();
    }
}

fn start(command: &mut Command, directory: &Path) -> Child {
    command
        .env(CHILD, directory)
        .args(["--exact", "child", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The last size that a child, now dead, said to be acknowledged.
fn acknowledged(child: &mut Child) -> u64 {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).filter_map(|line| {
        let size = line.split("acknowledged ").nth(1)?;
        size.parse().ok()
    });
    said.last().unwrap_or(0)
}

/// Opens the log, checks all of it against what every child would have appended, and
/// returns its size.
fn check(directory: &Path) -> u64 {
    let (public, private) = places_in(directory);
    let log = Log::open_in(&public, &private, key(), &[], at(0)).unwrap();
    let checkpoint = log.reader().check(&key().verifier()).unwrap();
    let mut expected = entries(0, checkpoint.size).into_iter();
    for bundle in 0..checkpoint.size.div_ceil(256) {
        for entry in log.reader().entries(bundle, checkpoint.size).unwrap() {
            assert_eq!(Some(entry), expected.next());
        }
    }
    checkpoint.size
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let (public, _) = places(&directory);
    let mut visible = Vec::new();
    let mut size = 0;
    let (mut grown, mut patience) = (0, 1);
    for round in (0..12).cycle() {
        if grown == 12 {
            break;
        }
        assert!(patience < 1000, "nothing is appended any more");
        let mut child = start(
            &mut Command::new(std::env::current_exe().unwrap()),
            directory.path(),
        );
        // Differently long, to be killed in different steps.
        for _ in 0..(4 + round * 2) * patience {
            std::thread::sleep(Duration::from_micros(3700 + round * 331));
            let note = Directory::new(&public).read("checkpoint").unwrap();
            visible.extend(note);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = acknowledged(&mut child);
        let now = if public.join("checkpoint").exists() {
            check(directory.path())
        } else {
            0
        };
        assert!(now >= acknowledged, "{now} of {acknowledged} are left");
        assert!(now >= size);
        if now > size {
            grown += 1;
        } else {
            // A machine with much else to do.
            patience *= 2;
        }
        size = now;
    }

    let files = Directory::new(&public);
    let reader = LogReader::new(&files);
    let last = reader.check(&key().verifier()).unwrap();
    visible.dedup();
    for note in visible {
        let seen = SignedCheckpoint::open(&note, &key().verifier()).unwrap();
        let seen = seen.checkpoint();
        let proof = reader.prove_consistency(seen.size, last.size).unwrap();
        verify_consistency(seen.size, &seen.root, last.size, &last.root, &proof).unwrap();
    }
}

/// A limit on the length of a file fails a write half way, as a full disk does. The
/// smaller ones fail the staging of a batch, the larger ones a tile, when the lock has
/// been swapped already.
#[test]
fn a_full_disk_loses_nothing_and_is_told() {
    for blocks in [1, 8, 14] {
        let directory = tempfile::tempdir().unwrap();
        let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &shell])
            .arg(std::env::current_exe().unwrap());
        let mut child = start(&mut command, directory.path());
        let mut said = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            said.push_str(&line.unwrap());
            said.push('\n');
        }
        child.wait().unwrap();
        assert!(said.contains("failed cannot write"), "{said}");
        assert!(
            !files(directory.path()).contains(".tmp\n"),
            "room is given back"
        );
        let acknowledged = said.split("acknowledged ").skip(1).last();
        let acknowledged = acknowledged.and_then(|rest| rest.lines().next());
        let acknowledged: u64 = acknowledged.map_or(0, |size| size.parse().unwrap());
        assert!(check(directory.path()) >= acknowledged, "{blocks}");
    }
}
