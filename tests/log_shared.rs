//! A log that two processes have open at once, at every point where one can come between
//! the other's steps, and where each can die: nothing acknowledged is lost, nothing forks,
//! and whoever opens it next goes on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

use std::cell::Cell;
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;

use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::merkle::verify_consistency;
use standstill::sequencer::LockRecord;
use standstill::sequencer::Refusal;
use standstill::store::Lock;
use standstill::store::LogFiles;
use standstill::store::Objects;
use standstill::store::StoreError;
use standstill::store::log::Log;
use standstill::store::log::LogError;
use standstill::store::log::MAX_SKEW;
use standstill::store::memory::Faults;
use standstill::store::memory::MemoryLock;
use standstill::store::memory::MemoryObjects;
use standstill::store::reader::LogReader;
use standstill::time::UnixSeconds;
use standstill::tlog::checkpoint::Checkpoint;
use standstill::tlog::checkpoint::SignedCheckpoint;

fn key() -> SignerKey {
    let name = KeyName::new("log.example/shared").unwrap();
    SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed([1; 32]))
}

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_800_000_000 + seconds).unwrap()
}

fn entries(who: &str, count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| format!("{who} {n}").into_bytes())
        .collect()
}

/// What lies in the bucket, and what was seen there.
#[derive(Clone)]
struct Bucket {
    public: MemoryObjects,
    private: MemoryObjects,
    lock: MemoryLock,
    /// Whether an older checkpoint may replace a newer one, as on servers that answer with
    /// the bytes of one version and the tag of another.
    regresses: bool,
    seen: Rc<RefCell<Vec<Checkpoint>>>,
}

impl Bucket {
    fn new(regresses: bool) -> Self {
        let faults = Faults::default();
        Self {
            public: MemoryObjects::new(&faults),
            private: MemoryObjects::new(&faults),
            lock: MemoryLock::new(&faults),
            regresses,
            seen: Rc::default(),
        }
    }

    /// What is there now, in a bucket of its own.
    fn copy(&self) -> Self {
        Self {
            public: self.public.backup(),
            private: self.private.backup(),
            lock: self.lock.backup(),
            regresses: self.regresses,
            seen: Rc::default(),
        }
    }

    fn look(&self) {
        let Some(note) = self.public.read("checkpoint").unwrap() else {
            return;
        };
        let signed = SignedCheckpoint::open(&note, &key().verifier()).unwrap();
        let newest = signed.checkpoint().clone();
        let mut seen = self.seen.borrow_mut();
        if seen.last() != Some(&newest) {
            seen.push(newest);
        }
    }
}

/// What happens at one of a process's requests.
enum Event {
    Nothing,
    /// Something comes between this one and the one before; it says whether the process
    /// dies then.
    Before(Box<dyn FnOnce() -> bool>),
    /// The process dies, the request having come to nothing or having been done.
    Death {
        done: bool,
    },
}

/// One process's way to the bucket.
#[derive(Clone)]
struct Process(Rc<Inner>);

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a process, dead: {}", self.0.dead.get())
    }
}

struct Inner {
    bucket: Bucket,
    requests: Cell<usize>,
    /// At which request, from 0.
    at: Cell<usize>,
    event: RefCell<Event>,
    dead: Cell<bool>,
}

impl Process {
    fn well(bucket: &Bucket) -> Self {
        Self(Rc::new(Inner {
            bucket: bucket.clone(),
            requests: Cell::new(0),
            at: Cell::new(0),
            event: RefCell::new(Event::Nothing),
            dead: Cell::new(false),
        }))
    }

    /// Counts requests from here on.
    fn meets(&self, at: usize, event: Event) {
        self.0.requests.set(0);
        self.0.at.set(at);
        self.0.event.replace(event);
    }

    fn request<T>(&self, does: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let dead = || StoreError::Io {
            doing: "reach",
            path: "the bucket".to_owned(),
            source: io::Error::other("dead"),
        };
        if self.0.dead.get() {
            return Err(dead());
        }
        let request = self.0.requests.replace(self.0.requests.get() + 1);
        if request == self.0.at.get() {
            match self.0.event.replace(Event::Nothing) {
                Event::Nothing => {}
                Event::Before(event) => {
                    self.0.dead.set(event());
                    if self.0.dead.get() {
                        return Err(dead());
                    }
                }
                Event::Death { done } => {
                    self.0.dead.set(true);
                    if done {
                        let _ = does();
                        self.0.bucket.look();
                    }
                    return Err(dead());
                }
            }
        }
        let answer = does();
        self.0.bucket.look();
        answer
    }

    fn open(&self) -> Result<SharedLog, LogError> {
        self.open_at(at(2))
    }

    fn open_at(&self, now: UnixSeconds) -> Result<SharedLog, LogError> {
        let files = |private| Files {
            process: self.clone(),
            private,
        };
        let lock = SharedLock(self.clone());
        Log::open(files(false), files(true), lock, key(), &[], now)
    }
}

type SharedLog = Log<Files, SharedLock>;

#[derive(Debug)]
struct Files {
    process: Process,
    private: bool,
}

impl Files {
    fn files(&self) -> &MemoryObjects {
        let bucket = &self.process.0.bucket;
        if self.private {
            &bucket.private
        } else {
            &bucket.public
        }
    }
}

impl LogFiles for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.process.request(|| self.files().read(path))
    }
}

impl Objects for Files {
    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.process.request(|| self.files().create(path, bytes))
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.process.request(|| self.files().replace(path, bytes))
    }

    fn renew(
        &self,
        path: &str,
        bytes: &[u8],
        stays: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let regresses = self.process.0.bucket.regresses;
        self.process.request(|| {
            self.files()
                .renew(path, bytes, &|there| !regresses && stays(there))
        })
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.process.request(|| self.files().remove(path))
    }

    fn sweep(&self, directory: &str, old: &dyn Fn(&str) -> bool) -> Result<(), StoreError> {
        self.process.request(|| self.files().sweep(directory, old))
    }
}

#[derive(Debug)]
struct SharedLock(Process);

impl Lock for SharedLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.request(|| self.0.0.bucket.lock.load())
    }

    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        self.0.request(|| self.0.0.bucket.lock.swap(old, new))
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// What was acknowledged: the index of the first, and the entries.
type Acknowledged = Rc<RefCell<Vec<(u64, Vec<Vec<u8>>)>>>;

fn append(log: &mut SharedLog, batch: Vec<Vec<u8>>, acknowledged: &Acknowledged) -> bool {
    let Ok(first) = log.append(&batch, at(2)) else {
        return false;
    };
    acknowledged.borrow_mut().push((first, batch));
    true
}

/// A log of 250 entries: the next ten fill a tile.
fn start(regresses: bool) -> (Bucket, Acknowledged) {
    let bucket = Bucket::new(regresses);
    let process = Process::well(&bucket);
    let files = |private| Files {
        process: process.clone(),
        private,
    };
    let lock = SharedLock(process.clone());
    let mut log = Log::create(files(false), files(true), lock, key(), at(0)).unwrap();
    let acknowledged = Acknowledged::default();
    assert!(append(&mut log, entries("start", 250), &acknowledged));
    (bucket, acknowledged)
}

/// Another process opens the log, adds two batches, and dies at some request or at none.
/// Its first batch may be the one that the other process is about.
fn intrude(
    bucket: &Bucket,
    batch: Vec<Vec<u8>>,
    death: Option<(usize, bool)>,
    acknowledged: &Acknowledged,
) -> bool {
    let process = Process::well(bucket);
    if let Some((at, done)) = death {
        process.meets(at, Event::Death { done });
    }
    if let Ok(mut log) = process.open() {
        let _ = append(&mut log, batch, acknowledged)
            && append(&mut log, entries("intruder again", 3), acknowledged);
    }
    process.0.dead.get()
}

/// A third process opens the log, and everything is there.
fn check(bucket: &Bucket, acknowledged: &Acknowledged, what: &str) {
    let process = Process::well(bucket);
    let mut log = process
        .open()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        append(&mut log, entries("last", 10), acknowledged),
        "{what}"
    );
    let reader = LogReader::new(&bucket.public);
    let last = reader.check(&key().verifier()).unwrap();
    let bundles = 0..last.size.div_ceil(256);
    let all: Vec<Vec<u8>> = bundles
        .flat_map(|index| reader.entries(index, last.size).unwrap())
        .collect();
    for (first, batch) in acknowledged.borrow().iter() {
        let first = usize::try_from(*first).unwrap();
        assert_eq!(all[first..first + batch.len()], *batch, "{what}");
    }
    bucket.look();
    let seen = bucket.seen.borrow().clone();
    for old in &seen {
        let proof = reader.prove_consistency(old.size, last.size).unwrap();
        verify_consistency(old.size, &old.root, last.size, &last.root, &proof)
            .unwrap_or_else(|error| panic!("{what}: a fork: {error}"));
    }
    let sizes = seen.iter().map(|seen| seen.size);
    assert!(bucket.regresses || sizes.is_sorted(), "{what}: {seen:?}");
    // Of what was staged for swaps that cannot happen any more nothing is left.
    process.open().unwrap();
    assert_eq!(bucket.private.paths(), Vec::<String>::new(), "{what}");
}

/// One process appends while, before its n-th request, another does all that it does, or as
/// much as it can before it dies; then the first one goes on, or dies there as well.
fn race(regresses: bool, intruder: &str) {
    let (before, known) = start(regresses);
    let mut cases = 0;
    for n in 0.. {
        let mut reached = true;
        for first_dies in [false, true] {
            let mut deaths = vec![None];
            deaths.extend((0..200).flat_map(|at| [Some((at, false)), Some((at, true))]));
            for death in deaths {
                let what = format!("request {n}, first dies: {first_dies}, death {death:?}");
                let bucket = before.copy();
                let acknowledged = Acknowledged::new(RefCell::new(known.borrow().clone()));
                let died = Rc::new(Cell::new(false));
                let (within, told, cell) = (bucket.clone(), acknowledged.clone(), died.clone());
                let process = Process::well(&bucket);
                let mut log = process.open().unwrap();
                let batch = entries(intruder, 10);
                let event = move || {
                    cell.set(intrude(&within, batch, death, &told));
                    first_dies
                };
                process.meets(n, Event::Before(Box::new(event)));
                let done = append(&mut log, entries("first", 10), &acknowledged);
                reached = process.0.requests.get() > n;
                if !done && !process.0.dead.get() {
                    // It lost, and tries again.
                    log = process
                        .open()
                        .unwrap_or_else(|error| panic!("{what}: {error}"));
                    let again = append(&mut log, entries("first", 10), &acknowledged);
                    assert!(again, "{what}");
                }
                drop(log);
                check(&bucket, &acknowledged, &what);
                cases += 1;
                if death.is_some() && !died.get() {
                    // It did all that it had to do.
                    break;
                }
            }
        }
        if !reached {
            break;
        }
    }
    assert!(cases > 1000, "only {cases}");
}

// spec: log-40 log-41
#[test]
fn two_processes_may_come_between_each_others_steps_and_die_anywhere() {
    race(false, "intruder");
}

// spec: log-41
#[test]
fn where_an_older_checkpoint_may_replace_a_newer_one_the_log_still_opens_and_has_everything() {
    race(true, "intruder");
}

// spec: log-41
#[test]
fn two_processes_may_have_the_same_batch_in_the_same_second() {
    race(false, "first");
}

// spec: log-41
#[test]
fn a_clock_may_be_a_little_behind_the_one_of_another_process_and_time_does_not_go_back() {
    let (bucket, acknowledged) = start(false);
    let ahead = Process::well(&bucket);
    let mut log = ahead.open_at(at(1000)).unwrap();
    log.append(&entries("ahead", 3), at(1000)).unwrap();
    assert_eq!(record_time(&bucket), at(1000));
    let behind = Process::well(&bucket);
    let error = behind.open_at(at(1000 - MAX_SKEW - 1)).unwrap_err();
    assert!(matches!(error, LogError::Refused(Refusal::Clock { .. })));
    let mut log = behind.open_at(at(1000 - MAX_SKEW)).unwrap();
    log.append(&entries("behind", 3), at(1000 - MAX_SKEW))
        .unwrap();
    // What it signed is not older than what it signed it after.
    assert_eq!(record_time(&bucket), at(1000));
    log.append(&entries("behind again", 3), at(1001)).unwrap();
    assert_eq!(record_time(&bucket), at(1001));
    let error = log.append(&entries("far behind", 3), at(1000 - MAX_SKEW));
    assert!(matches!(
        error,
        Err(LogError::Refused(Refusal::Clock { .. }))
    ));
    drop(log);
    assert_eq!(acknowledged.borrow().len(), 1);
}

fn record_time(bucket: &Bucket) -> UnixSeconds {
    let record = bucket.lock.load().unwrap().unwrap();
    let record = LockRecord::parse(str::from_utf8(&record).unwrap()).unwrap();
    record.time
}

// spec: log-41
#[test]
fn whoever_is_behind_can_tell_and_opens_the_log_anew() {
    let (bucket, acknowledged) = start(false);
    let mut first = Process::well(&bucket).open().unwrap();
    let second = Process::well(&bucket).open().unwrap();
    assert!(!first.is_behind().unwrap() && !second.is_behind().unwrap());
    assert!(append(&mut first, entries("first", 3), &acknowledged));
    assert!(!first.is_behind().unwrap() && second.is_behind().unwrap());
    let mut second = second.reopen(at(2)).unwrap();
    assert!(!second.is_behind().unwrap());
    assert!(append(&mut second, entries("second", 3), &acknowledged));
    assert!(first.is_behind().unwrap());
    check(&bucket, &acknowledged, "in turn");
}
