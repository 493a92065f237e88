//! Power is lost at every step, and the disk loses or reorders whatever was not waited for.
//!
//! The log's own code runs on a real directory; what it changes and what it waits for is
//! taken down. For every moment, every state that a loss of power can leave there ([`disk`])
//! is written out, and the real log is opened on it. What was acknowledged must be there,
//! every checkpoint that anybody could have seen must be a prefix, and the log must go on.
//! (`kill -9` tests none of this: what a process has written survives it.)

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test may stop"
)]

mod disk;

use std::collections::BTreeSet;
use std::panic::Location;
use std::path::Path;

use disk::{Disk, Left};
use standstill::durable::trace::{self, Event};
use standstill::durable::{self, simulate};
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::note::Note;
use standstill::store::Objects as _;
use standstill::store::fs::{Directory, FileLock};
use standstill::store::log::{Log, LogError};
use standstill::time::UnixSeconds;
use standstill::tlog::{SignedCheckpoint, cosign};

type Site = &'static Location<'static>;

fn key(name: &str, algorithm: Algorithm) -> SignerKey {
    let name = KeyName::new(name).unwrap();
    SignerKey::new(name, algorithm, SecretKey::from_seed([1; 32]))
}

fn log_key() -> SignerKey {
    key("log.example/power", Algorithm::Ed25519)
}

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(1_800_000_000 + seconds).unwrap()
}

fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

fn entries(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to).map(entry).collect()
}

fn open(root: &Path) -> Result<Log<Directory, FileLock>, LogError> {
    let (public, private) = (root.join("log"), root.join("state/log"));
    Log::open_in(&public, &private, log_key(), &[], at(100))
}

fn create(root: &Path) -> Result<Log<Directory, FileLock>, LogError> {
    let (public, private) = (root.join("log"), root.join("state/log"));
    Log::create_in(&public, &private, log_key(), at(0))
}

fn append(log: &mut Log<Directory, FileLock>, to: u64) {
    log.append(&entries(log.size(), to), at(100)).unwrap();
    trace::mark(format!("acknowledged {to}"));
}

fn publish_cosigned(log: &mut Log<Directory, FileLock>, time: u64) {
    let mut note = Note::parse(&log.reader().checkpoint().unwrap().unwrap()).unwrap();
    let witness = key("witness.example/w", Algorithm::CosignatureV1);
    note.put(cosign(note.text(), &witness, at(time)).unwrap());
    let number = log.publish_cosigned(&note).unwrap();
    trace::mark(format!("cosigned {number}"));
}

/// A life of a log: across the edge of a tile, with cosigned checkpoints, and through a
/// process that begins where another left.
fn live(root: &Path) {
    let mut log = create(root).unwrap();
    trace::mark("acknowledged 0");
    append(&mut log, 1);
    publish_cosigned(&mut log, 1);
    append(&mut log, 255);
    append(&mut log, 257);
    publish_cosigned(&mut log, 2);
    publish_cosigned(&mut log, 3);
    append(&mut log, 258);
    drop(log);
    let mut log = open(root).unwrap();
    append(&mut log, 259);
}

/// What must be true after a loss of power.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Promised {
    /// Entries that were acknowledged; `None` before the log was.
    acknowledged: Option<u64>,
    /// Checkpoints that anybody could have seen.
    seen: BTreeSet<Vec<u8>>,
    /// Cosigned checkpoints that were acknowledged.
    cosigned: u64,
}

impl Promised {
    fn learn(&mut self, event: &Event, disk: &Disk, root: &Path) {
        if let Event::Mark(text) = event {
            let (what, number) = text.split_once(' ').unwrap();
            let number: u64 = number.parse().unwrap();
            match what {
                "acknowledged" => self.acknowledged = Some(number),
                _ => self.cosigned = number + 1,
            }
        }
        if let Some(note) = disk.read(&root.join("log/checkpoint")) {
            self.seen.insert(note.to_vec());
        }
    }

    /// Opens the log, or makes it where nobody was told that it is there.
    fn open(&self, root: &Path) -> Result<Log<Directory, FileLock>, String> {
        let opened = open(root).or_else(|error| match self.acknowledged {
            Some(_) => Err(error),
            None => create(root),
        });
        opened.map_err(|error| format!("does not open: {error}"))
    }

    /// Opens the log on what is left and says what is wrong.
    fn check(&self, root: &Path) -> Result<(), String> {
        let mut log = self.open(root)?;
        let size = log.size();
        let acknowledged = self.acknowledged.unwrap_or_default();
        if size < acknowledged {
            return Err(format!(
                "{acknowledged} were acknowledged, {size} are there"
            ));
        }
        for note in &self.seen {
            is_kept(&log, note)?;
        }
        let count = said(log.reader().cosigned_count())?;
        if count < self.cosigned {
            let promised = self.cosigned;
            return Err(format!(
                "{promised} cosigned checkpoints, {count} are there"
            ));
        }
        // It goes on, with another entry than any that was lost: what is left of that one
        // must be in nobody's way.
        let mut expected = entries(0, size);
        expected.push(b"another".to_vec());
        said(log.append(&expected[expected.len() - 1..], at(200)))?;
        said(log.reader().check(&log_key().verifier()))?;
        let mut read = Vec::new();
        for bundle in 0..log.size().div_ceil(256) {
            read.extend(said(log.reader().entries(bundle, log.size()))?);
        }
        if read != expected {
            return Err("the entries are others".to_owned());
        }
        Ok(())
    }
}

fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// A checkpoint that was seen must be a prefix, and one with cosignatures be kept, and
/// shown as long as there is no newer one.
fn is_kept(log: &Log<Directory, FileLock>, note: &[u8]) -> Result<(), String> {
    let signed = SignedCheckpoint::open(note, &log_key().verifier()).unwrap();
    let seen = signed.checkpoint();
    if seen.size > log.size() {
        return Err(format!("{} were seen, {} are there", seen.size, log.size()));
    }
    if said(log.reader().root(seen.size, log.size()))? != seen.root {
        return Err(format!(
            "what was seen of {} entries is no prefix",
            seen.size
        ));
    }
    let is_cosigned = |note: &Note| note.signatures().len() > 1;
    if !is_cosigned(signed.note()) {
        return Ok(());
    }
    let count = said(log.reader().cosigned_count())?;
    if !(0..count).any(|at| log.reader().cosigned(at).unwrap().as_deref() == Some(note)) {
        return Err(format!(
            "the cosigned checkpoint of {} was shown and is gone",
            seen.size
        ));
    }
    let shown = Note::parse(&said(log.reader().checkpoint())?.unwrap()).unwrap();
    if shown.text() == signed.note().text() && !is_cosigned(&shown) {
        return Err(format!(
            "{} are shown without their cosignatures",
            seen.size
        ));
    }
    Ok(())
}

/// A sequence that looks random and is the same each time (xorshift64).
fn sequence(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// The moments of a trace at which power may be lost.
struct Moments<'t> {
    root: &'t Path,
    events: &'t [Event],
    /// Waits at this place of the program are passed over.
    without: Option<Site>,
    mixtures: usize,
}

impl Moments<'_> {
    /// Looks at every state that is left at any moment, once.
    fn each(
        &self,
        mut disk: Disk,
        mut promised: Promised,
        mut look: impl FnMut(&Left, &Promised) -> Result<(), String>,
    ) -> Result<usize, String> {
        let mut random = sequence(7);
        let mut known = BTreeSet::new();
        let mut count = 0;
        for (number, event) in self.events.iter().enumerate() {
            let skipped = matches!(event, Event::Sync(_, site) if Some(*site) == self.without);
            if !skipped {
                disk.apply(event);
            }
            promised.learn(event, &disk, self.root);
            for left in disk.losses(self.mixtures, &mut random) {
                if known.insert((left.clone(), promised.clone())) {
                    count += 1;
                    look(&left, &promised).map_err(|why| {
                        format!("power lost after event {number}, {event:?}: {why}")
                    })?;
                }
            }
        }
        Ok(count)
    }
}

/// Writes what is left to a directory of its own and opens the log on it.
fn survives(left: &Left, promised: &Promised) -> Result<(), String> {
    let directory = tempfile::tempdir_in(scratch()).unwrap();
    left.write(directory.path());
    simulate(|| promised.check(directory.path()))
}

/// Somewhere quick: nothing there outlives the test.
fn scratch() -> std::path::PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

fn lived() -> (tempfile::TempDir, Vec<Event>) {
    let directory = tempfile::tempdir_in(scratch()).unwrap();
    let ((), events) = trace::take(|| simulate(|| live(directory.path())));
    (directory, events)
}

// spec: log-39
#[test]
fn whenever_power_is_lost_nothing_acknowledged_is_lost_and_nothing_seen_is_contradicted() {
    let (directory, events) = lived();
    let moments = Moments {
        root: directory.path(),
        events: &events,
        without: None,
        mixtures: 12,
    };
    let disk = Disk::new(directory.path(), &Left::default());
    let count = moments
        .each(disk, Promised::default(), survives)
        .unwrap_or_else(|why| panic!("{why}"));
    eprintln!("{count} states after {} events", events.len());
    assert!(count > 500);
}

// spec: log-39
#[test]
fn power_lost_again_while_the_log_recovers_loses_no_more() {
    let (directory, events) = lived();
    let moments = Moments {
        root: directory.path(),
        events: &events,
        without: None,
        mixtures: 1,
    };
    let disk = Disk::new(directory.path(), &Left::default());
    let mut recoveries = BTreeSet::new();
    let mut count = 0;
    moments
        .each(disk, Promised::default(), |left, promised| {
            let again = tempfile::tempdir_in(scratch()).unwrap();
            left.write(again.path());
            let (opened, events) =
                trace::take(|| simulate(|| promised.open(again.path()).map(drop)));
            opened?;
            // One of each kind of recovery at each size: what it does tells it.
            let kind: BTreeSet<String> = events
                .iter()
                .map(|event| match event {
                    Event::Sync(_, site) => format!("{site}"),
                    other => format!("{:?}", std::mem::discriminant(other)),
                })
                .collect();
            if !recoveries.insert((kind, promised.acknowledged)) {
                return Ok(());
            }
            let moments = Moments {
                root: again.path(),
                events: &events,
                without: None,
                mixtures: 0,
            };
            count += moments.each(Disk::new(again.path(), left), promised.clone(), survives)?;
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
    eprintln!("{count} states in {} recoveries", recoveries.len());
    assert!(recoveries.len() > 5);
}

/// A process is killed at every step, so that what it wrote is seen and not yet durable;
/// another goes on, and acknowledges; then power is lost.
fn killed_and_then_lost(
    root: &Path,
    events: &[Event],
    without: Option<Site>,
) -> Result<usize, String> {
    let mut disk = Disk::new(root, &Left::default());
    let mut promised = Promised::default();
    let mut known = BTreeSet::new();
    let mut count = 0;
    let passed_over =
        |event: &Event| matches!(event, Event::Sync(_, site) if Some(*site) == without);
    for event in events {
        if !passed_over(event) {
            disk.apply(event);
        }
        promised.learn(event, &disk, root);
        if matches!(event, Event::Mark(_) | Event::Sync(..)) {
            continue;
        }
        let next = tempfile::tempdir_in(scratch()).unwrap();
        disk.seen().write(next.path());
        let mut promised = promised.clone();
        let mut disk = disk.clone().mounted(next.path());
        let ((), events) = trace::take(|| {
            simulate(|| {
                let mut log = promised.open(next.path()).unwrap();
                trace::mark(format!("acknowledged {}", log.size()));
                let more = log.size() + 1;
                append(&mut log, more);
            });
        });
        for (number, later) in events.iter().enumerate() {
            if !passed_over(later) {
                disk.apply(later);
            }
            let before = promised.clone();
            promised.learn(later, &disk, next.path());
            // Nothing more is promised than was before, and no less is durable.
            if promised == before && number + 1 < events.len() {
                continue;
            }
            for left in disk.losses(2, &mut sequence(9)) {
                if known.insert((left.clone(), promised.clone())) {
                    count += 1;
                    survives(&left, &promised).map_err(|why| {
                        format!(
                            "killed after {event:?}, power lost after {later:?} of the next: {why}"
                        )
                    })?;
                }
            }
        }
    }
    Ok(count)
}

// spec: log-39
#[test]
fn power_lost_when_another_process_has_gone_on_loses_nothing() {
    let (directory, events) = lived();
    let count = killed_and_then_lost(directory.path(), &events, None);
    let count = count.unwrap_or_else(|why| panic!("{why}"));
    eprintln!("{count} states");
    assert!(count > 50);
}

/// Another program, as one that copies, wrote a tile and waited for nothing; the log creates
/// the same one, and then power is lost.
fn copied_and_then_lost(without: Option<Site>) -> Result<(), String> {
    let directory = tempfile::tempdir_in(scratch()).unwrap();
    let root = directory.path();
    let ((), events) = trace::take(|| {
        simulate(|| {
            durable::make(&root.join("log")).unwrap();
            durable::create(&root.join("log/tile"), b"hashes").unwrap();
            Directory::new(root.join("log"))
                .create("tile", b"hashes")
                .unwrap();
        });
    });
    let mut disk = Disk::new(root, &Left::default());
    for event in &events {
        if !matches!(event, Event::Sync(_, site) if Some(*site) == without) {
            disk.apply(event);
        }
    }
    for left in disk.losses(4, &mut sequence(11)) {
        if left.files.get(Path::new("log/tile")).map(Vec::as_slice) != Some(b"hashes") {
            return Err("what was created over a copy is gone".to_owned());
        }
    }
    Ok(())
}

// spec: log-39
#[test]
fn what_another_program_copied_is_durable_once_it_was_created() {
    copied_and_then_lost(None).unwrap();
}

/// The disk fails once, at each wait in turn; the log is opened anew and goes on, and then
/// power is lost. What the disk failed to keep it never keeps.
// spec: log-39
#[test]
fn a_disk_that_fails_once_and_then_loses_power_loses_nothing_acknowledged() {
    let mut failed = 0;
    for wait in 0..200 {
        let directory = tempfile::tempdir_in(scratch()).unwrap();
        let root = directory.path();
        let ((), events) = trace::take(|| {
            simulate(|| {
                let (public, private) = (root.join("log"), root.join("state/log"));
                let mut log = Log::create_in(&public, &private, log_key(), at(0)).unwrap();
                trace::mark("acknowledged 0");
                append(&mut log, 254);
                trace::fail_after(wait);
                for to in [255, 257, 258] {
                    if log.size() >= to {
                        continue;
                    }
                    let more = entries(log.size(), to);
                    if log.append(&more, at(100)).is_err() {
                        drop(log);
                        // It may fail to open once, too.
                        log = open(root).or_else(|_| open(root)).unwrap();
                    } else {
                        trace::mark(format!("acknowledged {to}"));
                    }
                }
                trace::fail_after(usize::MAX);
                let more = log.size() + 1;
                append(&mut log, more);
            });
        });
        let is_failure = |event: &Event| matches!(event, Event::SyncFailed(_));
        if !events.iter().any(is_failure) {
            break;
        }
        failed += 1;
        let mut disk = Disk::new(root, &Left::default());
        let mut promised = Promised::default();
        for event in &events {
            disk.apply(event);
            promised.learn(event, &disk, root);
        }
        for left in disk.losses(4, &mut sequence(13)) {
            survives(&left, &promised)
                .unwrap_or_else(|why| panic!("the disk failed at wait {wait}: {why}"));
        }
    }
    eprintln!("{failed} failures");
    assert!(failed > 20);
}

/// The suite bites: without any one of the waits it finds what is lost.
// spec: log-39
#[test]
fn each_wait_for_the_disk_is_needed() {
    let (directory, events) = lived();
    let sites: BTreeSet<Site> = events
        .iter()
        .filter_map(|event| match event {
            Event::Sync(_, site) => Some(*site),
            _ => None,
        })
        .collect();
    assert!(sites.len() >= 5, "{sites:?}");
    for site in sites {
        let moments = Moments {
            root: directory.path(),
            events: &events,
            without: Some(site),
            mixtures: 12,
        };
        let disk = Disk::new(directory.path(), &Left::default());
        let alone = moments.each(disk, Promised::default(), survives);
        let found = alone
            .and_then(|_| killed_and_then_lost(directory.path(), &events, Some(site)))
            .and_then(|_| copied_and_then_lost(Some(site)));
        match found {
            Err(why) => eprintln!("without {site}: {why}"),
            Ok(()) => panic!("nothing is found without the wait at {site}"),
        }
    }
}

/// The model is that of a disk: what was there when it was read is there when it is written.
#[test]
fn what_is_left_is_read_as_it_was_written() {
    let (directory, events) = lived();
    let mut disk = Disk::new(directory.path(), &Left::default());
    for event in &events {
        disk.apply(event);
    }
    let mut here = Left::read(directory.path());
    // What one process holds, and no trace tells.
    here.files.retain(|path, _| !path.ends_with(".lock"));
    assert!(disk.losses(0, &mut || 0).contains(&here));
}
