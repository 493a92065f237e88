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

use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::merkle::leaf_hash;
use standstill::merkle::verify_consistency;
use standstill::merkle::verify_inclusion;
use standstill::sequencer::Refusal;
use standstill::store::LogFiles as _;
use standstill::store::Objects as _;
use standstill::store::log::Log;
use standstill::store::log::LogError;
use standstill::store::memory::Failure;
use standstill::store::memory::Faults;
use standstill::store::memory::MemoryLock;
use standstill::store::memory::MemoryObjects;
use standstill::store::reader::LogReader;
use standstill::time::UnixSeconds;
use standstill::tlog::checkpoint::Checkpoint;
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

#[test]
fn whatever_write_fails_nothing_acknowledged_is_lost_and_nothing_forks() {
    let mut crashes = 0_u64;
    for failure in [Failure::Before, Failure::After] {
        for after in 0.. {
            let machine = Machine::new();
            let mut log = machine.create().unwrap();
            log.append(&entries(0, START), at(1)).unwrap();
            let mut acknowledged = START;
            machine.faults.fail_after(after, failure);
            let mut seen = vec![machine.visible().unwrap()];
            for batch in BATCHES {
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
            // It goes on as if nothing had been.
            log.append(&entries(5000, 1), at(101)).unwrap();
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

#[test]
fn cosigned_checkpoints_are_kept_in_order_and_counted() {
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    for number in 0..20 {
        assert_eq!(log.reader().cosigned_count().unwrap(), number);
        let note = log.reader().checkpoint().unwrap().unwrap();
        let note = standstill::note::Note::parse(&note).unwrap();
        log.publish_cosigned(&note).unwrap();
        log.append(&entries(number, 1), at(number)).unwrap();
        assert!(matches!(log.publish_cosigned(&note), Err(LogError::Stale)));
    }
}
