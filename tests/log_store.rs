//! The log's one hard promise, attacked: every write fails before and after it happened,
//! and older copies are restored. What was acknowledged must be there, and no two
//! checkpoints that were ever visible may conflict.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

use proptest::prelude::*;

use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::merkle::leaf_hash;
use standstill::merkle::verify_consistency;
use standstill::merkle::verify_inclusion;
use standstill::note::Note;
use standstill::note::SignatureLine;
use standstill::sequencer::Refusal;
use standstill::store::Lock as _;
use standstill::store::LogFiles;
use standstill::store::Objects as _;
use standstill::store::StoreError;
use standstill::store::log::Log;
use standstill::store::log::LogError;
use standstill::store::memory::Failure;
use standstill::store::memory::Faults;
use standstill::store::memory::MemoryLock;
use standstill::store::memory::MemoryObjects;
use standstill::store::reader::LogReader;
use standstill::time::UnixSeconds;
use standstill::tlog::checkpoint::Checkpoint;
use standstill::tlog::checkpoint::Origin;
use standstill::tlog::checkpoint::SignedCheckpoint;
use standstill::tlog::cosignature::cosign;
use standstill::tlog::tile::Kind;
use standstill::tlog::tile::Tile;
use standstill::tlog::tile::parse_entries;

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

/// A machine with a log, whose disks outlive the process.
#[derive(Clone)]
struct Machine {
    public: MemoryObjects,
    private: MemoryObjects,
    lock: MemoryLock,
    faults: Faults,
}

type MemoryLog = Log<MemoryObjects, MemoryLock>;

impl Machine {
    fn new() -> Self {
        let faults = Faults::default();
        Self {
            public: MemoryObjects::new(&faults),
            private: MemoryObjects::new(&faults),
            lock: MemoryLock::new(&faults),
            faults,
        }
    }

    fn create(&self) -> Result<MemoryLog, LogError> {
        let Self {
            public,
            private,
            lock,
            ..
        } = self.clone();
        Log::create(public, private, lock, key(), at(0))
    }

    fn open_knowing(
        &self,
        remembered: &[Checkpoint],
        now: UnixSeconds,
    ) -> Result<MemoryLog, LogError> {
        let Self {
            public,
            private,
            lock,
            ..
        } = self.clone();
        Log::open(public, private, lock, key(), remembered, now)
    }

    fn open(&self) -> Result<MemoryLog, LogError> {
        self.open_knowing(&[], at(100))
    }

    /// The checkpoint that the public sees, everything below it derived anew.
    fn check(&self) -> Checkpoint {
        LogReader::new(&self.public)
            .check(&key().verifier())
            .unwrap()
    }

    fn visible(&self) -> Option<Checkpoint> {
        let note = self.public.read("checkpoint").unwrap()?;
        let signed = SignedCheckpoint::open(&note, &key().verifier()).unwrap();
        Some(signed.checkpoint().clone())
    }
}

fn assert_consistent(machine: &Machine, old: &Checkpoint, new: &Checkpoint) {
    let proof = LogReader::new(&machine.public)
        .prove_consistency(old.size, new.size)
        .unwrap();
    verify_consistency(old.size, &old.root, new.size, &new.root, &proof).unwrap();
}

/// A small log, and batches whose writes are then made to fail.
const START: u64 = 250;
const BATCHES: [u64; 3] = [3, 5, 600];

// spec: log-12
#[test]
fn whatever_write_fails_nothing_acknowledged_is_lost_and_nothing_forks() {
    let mut crashes = 0_u64;
    for failure in [Failure::Before, Failure::After] {
        for after in 0.. {
            let machine = Machine::new();
            let mut log = machine.create().unwrap();
            log.append(&entries(0, START), at(1)).unwrap();
            let (mut acknowledged, mut next) = (START, 1);
            machine.faults.fail_after(after, failure);
            let mut seen = vec![machine.visible().unwrap()];
            for batch in BATCHES {
                next = batch;
                if log.append(&entries(acknowledged, batch), at(2)).is_err() {
                    break;
                }
                acknowledged += batch;
                seen.push(machine.visible().unwrap());
            }
            seen.extend(machine.visible());
            let survived = acknowledged == START + BATCHES.iter().sum::<u64>();
            crashes += u64::from(!survived);
            // The process is gone; the machine starts again, its disks as they were.
            machine.faults.clear();
            let mut log = machine.open().unwrap();
            assert!(log.size() >= acknowledged, "write {after} {failure:?}");
            let last = machine.check();
            for old in &seen {
                assert_consistent(&machine, old, &last);
            }
            for (index, entry) in (0..).zip(entries(0, acknowledged)) {
                let path = log.reader().prove(index, last.size).unwrap();
                verify_inclusion(&leaf_hash(&entry), index, last.size, &path, &last.root).unwrap();
            }
            // It goes on as if nothing had been, with others in the place of what is not
            // there: nothing of an unsettled batch is left.
            log.append(&entries(5000, next), at(101)).unwrap();
            assert_consistent(&machine, &last, &machine.check());
            if survived {
                break;
            }
        }
    }
    assert!(crashes > 40, "only {crashes} writes were made to fail");
}

#[test]
fn recovery_may_itself_be_killed_at_every_write() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    log.append(&entries(0, START), at(1)).unwrap();
    // Killed right after the lock was swapped: all of the batch's tiles are missing.
    machine.faults.fail_after(2, Failure::Before);
    assert!(log.append(&entries(START, 600), at(2)).is_err());
    for after in 0.. {
        assert!(after < 1000, "the log never opens again");
        machine.faults.fail_after(after, Failure::Before);
        if machine.open().is_ok() {
            break;
        }
        machine.faults.clear();
        machine.check();
    }
    machine.faults.clear();
    assert_eq!(machine.check().size, START + 600);
}

#[test]
fn a_log_whose_write_failed_takes_nothing_more_until_it_is_opened_anew() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    machine.faults.fail_after(1, Failure::After);
    assert!(log.append(&entries(0, 1), at(1)).is_err());
    machine.faults.clear();
    assert!(matches!(
        log.append(&entries(0, 1), at(1)),
        Err(LogError::Failed)
    ));
    assert_eq!(machine.open().unwrap().size(), 1);
}

#[test]
fn tiles_restored_from_an_older_copy_are_refused() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    log.append(&entries(0, 10), at(1)).unwrap();
    let older = machine.public.backup();
    log.append(&entries(10, 10), at(2)).unwrap();
    let restored = Machine {
        public: older,
        ..machine
    };
    let refusal = restored.open().unwrap_err();
    assert!(
        matches!(refusal, LogError::Refused(Refusal::NoBatch)),
        "{refusal}"
    );
}

#[test]
fn a_lock_restored_from_an_older_copy_is_refused() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    let older = machine.lock.backup();
    log.append(&entries(0, 10), at(1)).unwrap();
    let restored = Machine {
        lock: older,
        ..machine
    };
    let refusal = restored.open().unwrap_err();
    assert!(
        matches!(refusal, LogError::Refused(Refusal::Ahead { .. })),
        "{refusal}"
    );
}

#[test]
fn tiles_of_another_tree_of_the_same_size_are_refused() {
    let (machine, other) = (Machine::new(), Machine::new());
    for (machine, from) in [(&machine, 0), (&other, 50)] {
        let mut log = machine.create().unwrap();
        log.append(&entries(from, 10), at(1)).unwrap();
    }
    let swapped = Machine {
        public: other.public,
        ..machine
    };
    let refusal = swapped.open().unwrap_err();
    assert!(
        matches!(refusal, LogError::Refused(Refusal::OtherRoot { size: 10 })),
        "{refusal}"
    );
}

#[test]
fn a_staged_batch_that_the_lock_did_not_settle_is_not_applied() {
    let staged = |from| {
        let machine = Machine::new();
        let mut log = machine.create().unwrap();
        // Staged and settled, and no tile is written.
        machine.faults.fail_after(2, Failure::Before);
        assert!(log.append(&entries(from, 10), at(1)).is_err());
        machine.faults.clear();
        machine
    };
    let (machine, other) = (staged(0), staged(50));
    let swapped = Machine {
        private: other.private,
        ..machine
    };
    let refusal = swapped.open().unwrap_err();
    assert!(
        matches!(refusal, LogError::Refused(Refusal::NoBatch)),
        "{refusal}"
    );
    let tiles = swapped.public.paths();
    assert_eq!(tiles, ["checkpoint"]);
}

#[test]
fn an_older_copy_of_everything_is_refused_if_a_witness_remembers_more() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    log.append(&entries(0, 10), at(1)).unwrap();
    let older = Machine {
        public: machine.public.backup(),
        private: machine.private.backup(),
        lock: machine.lock.backup(),
        faults: machine.faults.clone(),
    };
    log.append(&entries(10, 10), at(2)).unwrap();
    let remembered = machine.visible().unwrap();
    assert!(older.open().is_ok(), "nothing but the witness tells");
    let refusal = older
        .open_knowing(std::slice::from_ref(&remembered), at(100))
        .unwrap_err();
    assert!(
        matches!(refusal, LogError::Refused(Refusal::Remembered { .. })),
        "{refusal}"
    );

    // The same size with another tree is refused as well.
    older
        .open()
        .unwrap()
        .append(&entries(90, 10), at(101))
        .unwrap();
    let refusal = older.open_knowing(&[remembered], at(102)).unwrap_err();
    assert!(
        matches!(refusal, LogError::Refused(Refusal::Remembered { .. })),
        "{refusal}"
    );
}

#[test]
fn a_clock_that_went_back_is_refused() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    log.append(&entries(0, 1), at(50)).unwrap();
    let refusal = log.append(&entries(1, 1), at(49)).unwrap_err();
    assert!(matches!(refusal, LogError::Refused(Refusal::Clock { .. })));
    let refusal = machine.open_knowing(&[], at(49)).unwrap_err();
    assert!(matches!(refusal, LogError::Refused(Refusal::Clock { .. })));
}

#[test]
fn a_changed_tile_of_the_right_edge_is_refused_at_the_start() {
    for path in ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"] {
        let machine = Machine::new();
        machine
            .create()
            .unwrap()
            .append(&entries(0, 300), at(1))
            .unwrap();
        let mut bytes = machine.public.read(path).unwrap().unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        machine.public.replace(path, &bytes).unwrap();
        assert!(machine.open().is_err(), "{path}");
    }
}

#[test]
fn every_byte_of_every_tile_is_covered_by_the_check() {
    let machine = Machine::new();
    machine
        .create()
        .unwrap()
        .append(&entries(0, 258), at(1))
        .unwrap();
    machine.check();
    for path in machine.public.paths() {
        let whole = machine.public.read(&path).unwrap().unwrap();
        for at in (0..whole.len()).step_by(97) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            machine.public.replace(&path, &bytes).unwrap();
            let reader = LogReader::new(&machine.public);
            assert!(reader.check(&key().verifier()).is_err(), "{path} at {at}");
        }
        machine.public.replace(&path, &whole).unwrap();
    }
}

#[test]
fn the_tiles_of_awkward_sizes_are_right() {
    for batches in [
        vec![1],
        vec![255],
        vec![256],
        vec![257],
        vec![255, 1, 1],
        vec![256, 256],
        vec![16_384, 16_384, 16_384, 16_383, 1, 1],
    ] {
        let machine = Machine::new();
        let mut log = machine.create().unwrap();
        let mut size = 0;
        for batch in batches {
            let first = log.append(&entries(size, batch), at(1)).unwrap();
            assert_eq!(first, size);
            size += batch;
        }
        let leaves: Vec<_> = entries(0, size)
            .iter()
            .map(|entry| leaf_hash(entry))
            .collect();
        assert_eq!(machine.check().root, standstill::merkle::root(&leaves));
        assert_eq!(machine.open().unwrap().size(), size);
    }
}

#[test]
fn a_log_is_not_made_where_one_is() {
    let machine = Machine::new();
    machine.create().unwrap();
    assert!(matches!(
        machine.create(),
        Err(LogError::Refused(Refusal::Exists))
    ));
}

// spec: log-24
#[test]
fn cosigned_checkpoints_are_kept_in_order_and_counted() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    for number in 0..20 {
        assert_eq!(log.reader().cosigned_count().unwrap(), number);
        let note = log.reader().checkpoint().unwrap().unwrap();
        let note = Note::parse(&note).unwrap();
        log.publish_cosigned(&note).unwrap();
        log.append(&entries(number, 1), at(number)).unwrap();
        assert!(matches!(log.publish_cosigned(&note), Err(LogError::Stale)));
    }
}

// spec: log-20
#[test]
fn the_tiles_of_every_size_that_was_produced_are_kept() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    let mut sizes = Vec::new();
    for batch in [1, 1, 252, 1, 1, 1, 254, 1, 1, 1024] {
        log.append(&entries(log.size(), batch), at(1)).unwrap();
        sizes.push(log.size());
    }
    let leaves: Vec<_> = entries(0, log.size())
        .iter()
        .map(|entry| leaf_hash(entry))
        .collect();
    for size in sizes {
        for tile in Tile::added(0, size) {
            let bytes = machine.public.read(&tile.path()).unwrap();
            let bytes = bytes.unwrap_or_else(|| panic!("{tile} is missing"));
            match tile.kind() {
                Kind::Hashes(_) => assert_eq!(bytes.len(), usize::from(tile.width()) * 32),
                Kind::Entries => assert!(parse_entries(&bytes, tile.width()).is_some()),
            }
        }
        let prefix = &leaves[..usize::try_from(size).unwrap()];
        let root = log.reader().root(size, size).unwrap();
        assert_eq!(root, standstill::merkle::root(prefix), "{size}");
    }
}

#[test]
fn entries_too_large_for_one_batch_become_several() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    let large: Vec<_> = (0..300_u16)
        .map(|n| [&n.to_be_bytes()[..], &vec![7; 65_533]].concat())
        .collect();
    assert_eq!(log.append(&large, at(1)).unwrap(), 0);
    assert_eq!(log.append(&entries(0, 1), at(1)).unwrap(), 300);
    assert_eq!(log.reader().entries(1, 301).unwrap()[43], large[299]);
    machine.check();

    let mut longer = large;
    longer.push(vec![0; 65_536]);
    let refused = log.append(&longer, at(2)).unwrap_err();
    assert!(matches!(refused, LogError::Refused(Refusal::TooLong)));
    let refused = log.append(&[], at(2)).unwrap_err();
    assert!(matches!(
        refused,
        LogError::Refused(Refusal::Batch { found: 0, .. })
    ));
    assert_eq!(log.size(), 301);
}

#[test]
fn what_is_published_is_made_durable_again_before_the_batch_is_forgotten() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    // Stage, swap, bundle, tile and checkpoint are written; the process dies then.
    machine.faults.fail_after(5, Failure::Before);
    assert!(log.append(&entries(0, 1), at(1)).is_err());
    assert_eq!(machine.visible().unwrap().size, 1);
    // The first write is the checkpoint, the second would forget the batch.
    machine.faults.fail_after(1, Failure::Before);
    assert!(machine.open().is_err());
    machine.faults.clear();
    assert!(machine.private.read("stage").unwrap().is_some());
    assert_eq!(machine.open().unwrap().size(), 1);
    assert!(machine.private.read("stage").unwrap().is_none());
}

#[test]
fn tiles_of_a_future_that_the_lock_forgot_stop_the_next_batch_before_it_is_signed() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    log.append(&entries(0, 10), at(1)).unwrap();
    let lock = machine.lock.backup();
    let checkpoint = machine.public.read("checkpoint").unwrap().unwrap();
    log.append(&entries(10, 10), at(2)).unwrap();
    // Lock and checkpoint come back from an older copy, the tiles do not.
    machine.public.replace("checkpoint", &checkpoint).unwrap();
    let restored = Machine { lock, ..machine };
    let before = restored.lock.load().unwrap();
    let staged = restored.private.read("stage").unwrap();
    let mut log = restored.open().unwrap();
    let refused = log.append(&entries(50, 10), at(101)).unwrap_err();
    assert!(matches!(refused, LogError::Beyond { .. }), "{refused}");
    assert_eq!(restored.lock.load().unwrap(), before);
    assert_eq!(restored.private.read("stage").unwrap(), staged);
}

#[test]
fn a_smaller_tree_that_a_witness_remembers_must_be_a_prefix() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    log.append(&entries(0, 10), at(1)).unwrap();
    let remembered = machine.visible().unwrap();
    log.append(&entries(10, 300), at(2)).unwrap();
    assert!(
        machine
            .open_knowing(std::slice::from_ref(&remembered), at(100))
            .is_ok()
    );

    let other = Machine::new();
    let mut log = other.create().unwrap();
    log.append(&entries(500, 310), at(2)).unwrap();
    let refused = other
        .open_knowing(std::slice::from_ref(&remembered), at(100))
        .unwrap_err();
    assert!(
        matches!(refused, LogError::Refused(Refusal::Remembered { .. })),
        "{refused}"
    );

    let stranger = Checkpoint {
        origin: Origin::new("log.example/b").unwrap(),
        ..remembered
    };
    let refused = machine.open_knowing(&[stranger], at(100)).unwrap_err();
    assert!(matches!(
        refused,
        LogError::Refused(Refusal::OtherLog { .. })
    ));
}

/// The newest checkpoint's note with the cosignature of a witness at `time`.
fn cosigned(log: &MemoryLog, time: u64) -> Note {
    let name = KeyName::new("witness.example/w").unwrap();
    let witness = SignerKey::new(
        name,
        Algorithm::CosignatureV1,
        SecretKey::from_seed([2; 32]),
    );
    let mut note = Note::parse(&log.reader().checkpoint().unwrap().unwrap()).unwrap();
    note.put(cosign(note.text(), &witness, at(time)).unwrap());
    note
}

#[test]
fn a_cosigned_checkpoint_is_served_whatever_write_of_it_fails() {
    for failure in [Failure::Before, Failure::After] {
        for after in 0..2 {
            let machine = Machine::new();
            let mut log = machine.create().unwrap();
            log.append(&entries(0, 3), at(1)).unwrap();
            log.publish_cosigned(&cosigned(&log, 1)).unwrap();
            let refreshed = cosigned(&log, 2);
            machine.faults.fail_after(after, failure);
            assert!(log.publish_cosigned(&refreshed).is_err());
            machine.faults.clear();

            let mut log = machine.open().unwrap();
            let kept = log.reader().last_cosigned().unwrap().unwrap();
            let served = log.reader().checkpoint().unwrap().unwrap();
            assert_eq!(kept.1, served, "{after} {failure:?}");
            assert_eq!(log.publish_cosigned(&refreshed).unwrap(), 1);
            assert_eq!(log.publish_cosigned(&refreshed).unwrap(), 1);
            assert_eq!(log.reader().cosigned_count().unwrap(), 2);
            let served = log.reader().checkpoint().unwrap().unwrap();
            assert_eq!(served, refreshed.to_text().into_bytes());
            assert_eq!(machine.check().size, 3);
            // The next batch goes on from there.
            log.append(&entries(3, 1), at(101)).unwrap();
            assert_eq!(machine.open_knowing(&[], at(101)).unwrap().size(), 4);
        }
    }
}

#[test]
fn a_note_that_the_log_did_not_sign_is_never_served() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    let mut note = cosigned(&log, 1);
    note.retain(|line| !line.names(&key().verifier()));
    let refused = log.publish_cosigned(&note).unwrap_err();
    assert!(matches!(refused, LogError::Refused(Refusal::Checkpoint(_))));
    let bad = SignatureLine::new(&key().verifier(), vec![0; 64]);
    note.put(bad);
    assert!(log.publish_cosigned(&note).is_err());
    assert_eq!(log.reader().cosigned_count().unwrap(), 0);
    machine.open().unwrap();
}

/// Has whatever is asked for.
struct Everything;

impl LogFiles for Everything {
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(Some(Vec::new()))
    }
}

// spec: log-25
#[test]
fn a_source_that_has_everything_is_not_counted_for_ever() {
    assert!(LogReader::new(&Everything).cosigned_count().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_appended_the_root_is_that_of_the_entries(
        batches in prop::collection::vec((1_u64..400, any::<bool>()), 1..8),
    ) {
        let machine = Machine::new();
        let mut log = machine.create().unwrap();
        let mut leaves = Vec::new();
        let mut before = machine.check();
        for (count, reopen) in batches {
            let batch = entries(log.size(), count);
            let first = log.append(&batch, at(1)).unwrap();
            prop_assert_eq!(usize::try_from(first).unwrap(), leaves.len());
            leaves.extend(batch.iter().map(|entry| leaf_hash(entry)));
            let now = machine.check();
            prop_assert_eq!(now.root, standstill::merkle::root(&leaves));
            assert_consistent(&machine, &before, &now);
            let wanted: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
            let found = log.reader().find(&wanted, now.size).unwrap();
            let places: Vec<_> = (first..now.size).map(Some).collect();
            prop_assert_eq!(found, places);
            prop_assert_eq!(log.reader().find(&[b"no entry"], now.size).unwrap(), [None]);
            before = now;
            if reopen {
                log = machine.open_knowing(&[before.clone()], at(1)).unwrap();
            }
        }
    }
}
