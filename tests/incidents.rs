//! What befell other logs, on the files of this one.
//!
//! Each test is named for what happened; what happened is told above it. Those that need a
//! server are in `tests/server/incidents.rs`.

#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use standstill::durable::simulate;
use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::merkle::leaf_hash;
use standstill::merkle::root;
use standstill::merkle::verify_consistency;
use standstill::merkle::verify_inclusion;
use standstill::sequencer::Refusal;
use standstill::store::fs::Directory;
use standstill::store::fs::FileLock;
use standstill::store::log::Log;
use standstill::store::log::LogError;
use standstill::store::reader::LogReader;
use standstill::time::UnixSeconds;

fn key() -> SignerKey {
    let name = KeyName::new("log.example/incident").unwrap();
    SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed([1; 32]))
}

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_800_000_000 + seconds).unwrap()
}

fn entries(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to)
        .map(|number| format!("entry {number}").into_bytes())
        .collect()
}

/// The directories of a log.
struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    /// Makes a log of this many entries.
    fn new(size: u64) -> Self {
        let machine = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let mut log = Log::create_in(&machine.public(), &machine.private(), key(), at(0)).unwrap();
        log.append(&entries(0, size), at(1)).unwrap();
        machine
    }

    fn public(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn private(&self) -> PathBuf {
        self.directory.path().join("state/log")
    }

    fn open(&self) -> Result<Log<Directory, FileLock>, LogError> {
        Log::open_in(&self.public(), &self.private(), key(), &[], at(2))
    }

    /// What the check of every tile says.
    fn fault(&self) -> Option<String> {
        let files = Directory::new(self.public());
        let checked = LogReader::new(&files).check(&key().verifier());
        checked.err().map(|error| error.to_string())
    }

    /// Runs the program's check of every tile.
    fn fsck(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_standstill"))
            .args(["log", "fsck", "--log-key", &key().verifier().to_string()])
            .arg(self.public())
            .output()
            .unwrap()
    }
}

/// The paths of all files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// Tessera #1178 (2026): a tile of one hash was written where a full one belongs. Here a
/// tile is cut to every length that it can have been written to.
#[test]
fn tessera_1178_a_tile_cut_short_is_named_and_never_written_over() {
    for size in [256, 258] {
        let machine = simulate(|| Machine::new(size));
        for file in files(&machine.public().join("tile")) {
            let whole = fs::read(&file).unwrap();
            let name = file.strip_prefix(machine.public()).unwrap();
            let name = format!("`{}`", name.to_str().unwrap());
            for length in 0..whole.len() {
                let torn = &whole[..length];
                fs::write(&file, torn).unwrap();
                // It is refused at the start if it is of the right edge, else by the check.
                let told = match simulate(|| machine.open().map(drop)) {
                    Err(error) => error.to_string(),
                    Ok(()) => machine.fault().unwrap_or_default(),
                };
                assert!(told.contains(&name), "{size}, {name} of {length}: {told}");
                assert_eq!(fs::read(&file).unwrap(), torn, "{size}, {name}");
            }
            fs::write(&file, whole).unwrap();
        }
        assert_eq!(machine.fault(), None);
    }
}

/// A full tile is no longer of the right edge, so that the log goes on beside it. It must not
/// hide what is damaged.
#[test]
fn tessera_1178_a_log_that_goes_on_beside_a_full_tile_of_one_hash_leaves_it_to_be_found() {
    simulate(|| {
        let machine = Machine::new(256);
        let file = machine.public().join("tile/0/000");
        let torn = fs::read(&file).unwrap()[..32].to_vec();
        fs::write(&file, &torn).unwrap();
        let mut log = machine.open().unwrap();
        log.append(&entries(256, 600), at(2)).unwrap();
        assert_eq!(fs::read(&file).unwrap(), torn);
        let told = machine.fault().unwrap();
        assert!(told.contains("`tile/0/000` is damaged"), "{told}");
        // Nobody is given a proof out of it.
        assert!(log.reader().prove(3, 600).is_err());
        assert!(log.reader().prove(300, 600).is_ok());
    });
}

/// The same, where a level of tiles begins: every file is as wide as its name says.
#[test]
fn tessera_1178_every_tile_is_as_wide_as_its_name_at_the_edges_of_full_tiles() {
    simulate(|| {
        let machine = Machine::new(254);
        let hashes: Vec<_> = entries(0, 65_538).iter().map(|e| leaf_hash(e)).collect();
        let mut older = (254, root(&hashes[..254]));
        for size in [255, 256, 257, 65_535, 65_536, 65_537] {
            // Each time by a process of its own.
            let mut log = machine.open().unwrap();
            log.append(&entries(log.size(), size), at(2)).unwrap();
            drop(log);
            let log = machine.open().unwrap();
            let here = (size, root(&hashes[..usize::try_from(size).unwrap()]));
            assert_eq!((log.size(), log.root()), here);
            let reader = log.reader();
            assert_eq!(reader.check(&key().verifier()).unwrap().root, here.1);
            let proof = reader.prove_consistency(older.0, size).unwrap();
            verify_consistency(older.0, &older.1, size, &here.1, &proof).unwrap();
            for index in [0, 254, 255, 256, 65_279, 65_280, 65_534, 65_535, 65_536] {
                if index < size {
                    let leaf = hashes[usize::try_from(index).unwrap()];
                    let path = reader.prove(index, size).unwrap();
                    verify_inclusion(&leaf, index, size, &path, &here.1).unwrap();
                }
            }
            older = here;
        }
        for file in files(&machine.public().join("tile")) {
            let path = file.to_str().unwrap();
            if !path.contains("/entries/") {
                let width = path
                    .split_once(".p/")
                    .map_or(256, |(_, width)| width.parse().unwrap());
                assert_eq!(fs::metadata(&file).unwrap().len(), width * 32, "{path}");
            }
        }
    });
}

/// Yeti 2022 (2021): one bit of one entry changed after it was hashed, and the log had to be
/// given up, because nobody could say which.
#[test]
fn yeti_2022_a_bit_that_flipped_is_found_in_its_entry() {
    let machine = simulate(|| Machine::new(300));
    for (bundle, first, index) in [("000", 0, 0_u64), ("000", 0, 137), ("001.p/44", 256, 299)] {
        let file = machine.public().join("tile/entries").join(bundle);
        let whole = fs::read(&file).unwrap();
        // Each entry is behind two bytes of length.
        let before: usize = entries(first, index).iter().map(|e| e.len() + 2).sum();
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[before + 2] ^= 1 << bit;
            fs::write(&file, &flipped).unwrap();
            let found = machine.fsck();
            assert_eq!(found.status.code(), Some(1), "{found:?}");
            let told = String::from_utf8(found.stderr).unwrap();
            let mut entry = entries(index, index + 1).remove(0);
            let kept = leaf_hash(&entry);
            entry[0] ^= 1 << bit;
            let tile = format!("`tile/0/{bundle}`: hash {index} is {kept}");
            let here = format!("`tile/entries/{bundle}` has {}", leaf_hash(&entry));
            assert!(told.contains(&tile) && told.contains(&here), "{told}");
        }
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(machine.fsck().status.code(), Some(0));
}

/// A directory that comes back from a backup, and the others do not.
#[test]
fn one_directory_of_an_older_copy_is_refused_and_nothing_is_changed() {
    for (older, newer) in [(0, 5), (5, 6), (255, 257), (257, 300)] {
        simulate(|| {
            let machine = Machine::new(1);
            if older > 0 {
                let mut log = machine.open().unwrap();
                log.append(&entries(1, older + 1), at(2)).unwrap();
            }
            let backup = machine.directory.path().join("backup");
            let now = machine.directory.path().join("now");
            fs::create_dir(&backup).unwrap();
            fs::create_dir(&now).unwrap();
            copy(&machine.public(), &backup.join("public"));
            copy(&machine.private(), &backup.join("private"));
            let mut log = machine.open().unwrap();
            log.append(&entries(log.size(), newer + 1), at(2)).unwrap();
            drop(log);
            copy(&machine.public(), &now.join("public"));
            copy(&machine.private(), &now.join("private"));

            copy(&backup.join("public"), &machine.public());
            let before = contents(&machine);
            let refused = machine.open().unwrap_err();
            let no_batch = matches!(refused, LogError::Refused(Refusal::NoBatch));
            assert!(no_batch, "{older} of {newer}: {refused}");
            assert_eq!(contents(&machine), before);

            copy(&now.join("public"), &machine.public());
            copy(&backup.join("private"), &machine.private());
            let before = contents(&machine);
            let refused = machine.open().unwrap_err();
            let ahead = matches!(refused, LogError::Refused(Refusal::Ahead { .. }));
            assert!(ahead, "{older} of {newer}: {refused}");
            assert_eq!(contents(&machine), before);

            // What was there before is taken again.
            copy(&now.join("private"), &machine.private());
            assert_eq!(machine.open().unwrap().size(), newer + 1);
            assert_eq!(machine.fault(), None);
        });
    }
}

/// Of all the log's files.
fn contents(machine: &Machine) -> Vec<(PathBuf, Vec<u8>)> {
    let all = files(&machine.public()).into_iter();
    all.chain(files(&machine.private()))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}
