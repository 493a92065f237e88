//! A witness in a directory: it never goes back, never forgets, and keeps what
//! contradicts it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use std::path::Path;

use standstill::cosigner::Refusal;
use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::store::StoreError;
use standstill::store::fs::Directory;
use standstill::store::fs::FileLock;
use standstill::store::log::Log;
use standstill::store::reader::LogReader;
use standstill::store::witness::WitnessDirectory;
use standstill::store::witness::WitnessError;
use standstill::time::UnixSeconds;
use standstill::tlog::cosignature::Cosignature;

fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
    let name = KeyName::new(name).unwrap();
    SignerKey::new(name, algorithm, SecretKey::from_seed([seed; 32]))
}

fn log_key() -> SignerKey {
    key("log.example/a", Algorithm::Ed25519, 1)
}

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_800_000_000)
        .unwrap()
        .plus(seconds)
        .unwrap()
}

/// A log in a directory with these entries, one batch each.
fn log(path: &Path, entries: &[&str]) -> Directory {
    let public = Directory::new(path.join("log"));
    let private = Directory::new(path.join("state"));
    let lock = FileLock::acquire(path.join("state"), "lock").unwrap();
    let mut log = if path.join("log/checkpoint").exists() {
        Log::open(public.clone(), private, lock, log_key(), &[], at(0)).unwrap()
    } else {
        Log::create(public.clone(), private, lock, log_key(), at(0)).unwrap()
    };
    for entry in entries {
        log.append(&[entry.as_bytes().to_vec()], at(0)).unwrap();
    }
    public
}

fn witness(path: &Path) -> WitnessDirectory {
    let key = key("witness.example/w", Algorithm::CosignatureV1, 2);
    WitnessDirectory::init(path, &key).unwrap();
    WitnessDirectory::open(path).unwrap()
}

#[test]
fn a_witness_follows_a_log_and_refreshes_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path(), &["a"]);
    let witness = witness(&directory.path().join("w"));
    let reader = LogReader::new(&files);

    let unknown = witness.cosign(&reader, None, at(1));
    assert!(matches!(unknown, Err(WitnessError::UnknownLog { .. })));
    let verifier = log_key().verifier();
    for (time, more) in [
        (1, vec![]),
        (2, vec![]),
        (3, vec!["b", "c"]),
        (4, vec!["d"]),
    ] {
        log(directory.path(), &more);
        let (checkpoint, _) = witness.cosign(&reader, Some(&verifier), at(time)).unwrap();
        let cosignature = Cosignature::open(checkpoint.note(), &witness.verifier());
        assert_eq!(cosignature.unwrap().unwrap().time(), at(time));
        let view = witness.last("log.example/a").unwrap().unwrap();
        assert_eq!(view, checkpoint.note().to_text().into_bytes());
    }
    let early = witness.cosign(&reader, None, at(3)).unwrap_err();
    assert!(matches!(
        early,
        WitnessError::Refused(Refusal::Clock { .. })
    ));
}

#[test]
fn a_rewritten_log_is_refused_and_both_checkpoints_are_kept() {
    let verifier = log_key().verifier();
    for rewritten in [&["x", "b"][..], &["x", "b", "c"], &["a"]] {
        let directory = tempfile::tempdir().unwrap();
        let files = log(&directory.path().join("one"), &["a", "b"]);
        let other = log(&directory.path().join("two"), rewritten);
        let witness = witness(&directory.path().join("w"));
        witness
            .cosign(&LogReader::new(&files), Some(&verifier), at(1))
            .unwrap();
        let refused = witness
            .cosign(&LogReader::new(&other), None, at(2))
            .unwrap_err();
        assert!(matches!(refused, WitnessError::Refused(_)), "{refused}");
        assert!(directory.path().join("w/evidence").exists(), "{refused}");
        // It still cosigns the one that it saw.
        witness
            .cosign(&LogReader::new(&files), None, at(3))
            .unwrap();
    }
}

#[test]
fn another_key_for_a_known_log_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path(), &["a"]);
    let witness = witness(&directory.path().join("w"));
    let reader = LogReader::new(&files);
    witness
        .cosign(&reader, Some(&log_key().verifier()), at(1))
        .unwrap();
    let other = key("log.example/a", Algorithm::Ed25519, 9).verifier();
    let refused = witness.cosign(&reader, Some(&other), at(2));
    assert!(matches!(refused, Err(WitnessError::OtherKey { .. })));
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w");
    witness(&path);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path.join("key"), open).unwrap();
    let error = WitnessDirectory::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("644") && !error.contains("PRIVATE"),
        "{error}"
    );
}

#[test]
fn of_two_forks_shown_at_once_one_is_cosigned() {
    let verifier = log_key().verifier();
    for round in 0..8 {
        let directory = tempfile::tempdir().unwrap();
        let sides = [
            log(&directory.path().join("one"), &["a", "b"]),
            log(&directory.path().join("two"), &["x", "b", "c"]),
        ];
        let path = directory.path().join("w");
        witness(&path);
        let cosigned: Vec<Vec<u64>> = std::thread::scope(|scope| {
            let work = sides.each_ref().map(|files| {
                let (path, verifier) = (&path, &verifier);
                scope.spawn(move || {
                    let witness = WitnessDirectory::open(path).unwrap();
                    let reader = LogReader::new(files);
                    let times = (round..round + 20).map(at);
                    let answers = times.map(|now| witness.cosign(&reader, Some(verifier), now));
                    let cosigned = answers.filter_map(|answer| match answer {
                        Ok((checkpoint, _)) => Some(checkpoint.checkpoint().size),
                        Err(
                            WitnessError::Refused(_)
                            | WitnessError::Store(StoreError::Locked { .. }),
                        ) => None,
                        Err(error) => panic!("{error}"),
                    });
                    cosigned.collect()
                })
            });
            work.map(|work| work.join().unwrap()).into()
        });
        let sides = cosigned.iter().filter(|sizes| !sizes.is_empty()).count();
        assert_eq!(sides, 1, "{cosigned:?}");
    }
}

// spec: log-34
#[test]
fn a_cosignature_does_not_leave_before_it_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path(), &["a"]);
    let path = directory.path().join("w");
    let witness = witness(&path);
    // Where the memory would go is no directory.
    std::fs::write(path.join("state"), b"").unwrap();
    let verifier = log_key().verifier();
    let failed = witness.cosign(&LogReader::new(&files), Some(&verifier), at(1));
    assert!(matches!(failed, Err(WitnessError::Store(_))));
    assert_eq!(witness.last("log.example/a").unwrap(), None);
}

// spec: log-34
#[test]
fn a_witness_that_lost_its_memory_does_not_begin_again() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(&directory.path().join("one"), &["a", "b"]);
    let fork = log(&directory.path().join("two"), &["x"]);
    let path = directory.path().join("w");
    let witness = witness(&path);
    let verifier = log_key().verifier();
    witness
        .cosign(&LogReader::new(&files), Some(&verifier), at(1))
        .unwrap();
    std::fs::remove_dir_all(path.join("state")).unwrap();
    let refused = witness.cosign(&LogReader::new(&fork), Some(&verifier), at(2));
    assert!(matches!(refused, Err(WitnessError::Forgot { .. })));
}

#[test]
fn a_damaged_memory_is_not_taken_for_none() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path(), &["a"]);
    let path = directory.path().join("w");
    let witness = witness(&path);
    let verifier = log_key().verifier();
    let reader = LogReader::new(&files);
    witness.cosign(&reader, Some(&verifier), at(1)).unwrap();
    let memory = std::fs::read_dir(path.join("state"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&memory).unwrap();
    for damaged in [
        String::new(),
        text.replace("\n1\n", "\n01\n"),
        text.replace("\n1\n", "\n"),
        format!("{text}\n"),
        text.trim_end().to_owned(),
    ] {
        std::fs::write(&memory, damaged).unwrap();
        let refused = witness.cosign(&reader, Some(&verifier), at(2));
        assert!(matches!(refused, Err(WitnessError::State { .. })));
    }
    std::fs::write(&memory, text).unwrap();
    witness.cosign(&reader, None, at(2)).unwrap();
}

#[test]
fn a_log_whose_tiles_are_gone_is_not_cosigned_and_not_accused() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path(), &["a"]);
    let path = directory.path().join("w");
    let witness = witness(&path);
    let verifier = log_key().verifier();
    let reader = LogReader::new(&files);
    witness.cosign(&reader, Some(&verifier), at(1)).unwrap();
    log(directory.path(), &["b", "c"]);
    std::fs::remove_dir_all(directory.path().join("log/tile")).unwrap();
    let refused = witness.cosign(&reader, None, at(2));
    assert!(matches!(refused, Err(WitnessError::Log(_))));
    assert!(!path.join("evidence").exists());
}

#[test]
fn a_key_that_cannot_cosign_makes_no_witness() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("w");
    assert!(WitnessDirectory::init(&path, &log_key()).is_err());
    assert!(!path.join("key").exists());
    witness(&path);
    let again = key("witness.example/w", Algorithm::CosignatureV1, 3);
    assert!(WitnessDirectory::init(&path, &again).is_err());
}
