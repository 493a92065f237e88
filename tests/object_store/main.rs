//! Logs in buckets of a real S3 server, versitygw, which keeps its metadata in one of two
//! ways: the stores, and (`served`) the program on them. Where it is not installed these tests
//! say so and end; `.ci/interop/s3` installs it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop and tell, and a child reports to its parent"
)]

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use standstill::key::Algorithm;
use standstill::key::KeyName;
use standstill::key::SecretKey;
use standstill::key::SignerKey;
use standstill::merkle::verify_consistency;
use standstill::store::Lock as _;
use standstill::store::LogFiles as _;
use standstill::store::Objects as _;
use standstill::store::StoreError;
use standstill::store::contract;
use standstill::store::log::Log;
use standstill::store::log::LogError;
use standstill::store::object::Bucket;
use standstill::store::object::ObjectFiles;
use standstill::store::object::ObjectLock;
use standstill::store::reader::LogReader;
use standstill::time::UnixSeconds;
use standstill::tlog::checkpoint::Checkpoint;
use standstill::tlog::checkpoint::SignedCheckpoint;

mod served;

const BUCKET: &str = "logs";

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// How the server keeps its metadata.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Attributes,
    /// In files of their own: a read may pair the bytes of one version with the metadata of
    /// another.
    Sidecar,
}

const MODES: [Mode; 2] = [Mode::Attributes, Mode::Sidecar];

/// A server with one empty bucket.
struct Server {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("STANDSTILL_VERSITYGW") {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "STANDSTILL_VERSITYGW is not a file");
        return Some(path);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|directory| directory.join("versitygw"))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("NOT RUN: no versitygw in STANDSTILL_VERSITYGW or PATH (`.ci/interop/s3`)");
    }
    found
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts a server, if there is one on this machine.
fn serve(mode: Mode) -> Option<Server> {
    let program = program()?;
    let directory = tempfile::tempdir().unwrap();
    let (data, metadata) = (directory.path().join("data"), directory.path().join("meta"));
    std::fs::create_dir_all(data.join(BUCKET)).unwrap();
    std::fs::create_dir_all(metadata.join(BUCKET)).unwrap();
    let port = free_port();
    let mut command = Command::new(program);
    command
        .args(["--quiet", "--port", &format!("127.0.0.1:{port}"), "posix"])
        .env("ROOT_ACCESS_KEY", "access")
        .env("ROOT_SECRET_KEY", "secret")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if matches!(mode, Mode::Sidecar) {
        command.arg("--sidecar").arg(metadata);
    }
    let child = command.arg(data).spawn().unwrap();
    let server = Server {
        child,
        port,
        _directory: directory,
    };
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "versitygw does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

fn connect(port: u16) -> Bucket {
    let address = format!("http://127.0.0.1:{port}");
    let settings = [
        ("AWS_ENDPOINT_URL", address.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "access"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("SHELL", "of no interest"),
    ];
    Bucket::connect(BUCKET, settings).unwrap()
}

#[test]
fn a_bucket_keeps_the_contracts() {
    for mode in MODES {
        let Some(server) = serve(mode) else { return };
        contract::objects(&ObjectFiles::new(&connect(server.port), "a/b"));
        contract::lock(|| ObjectLock::new(&connect(server.port), "private/lock"));
    }
}

fn number(value: Option<&[u8]>) -> u64 {
    value.map_or(0, |value| {
        str::from_utf8(value).unwrap().trim().parse().unwrap()
    })
}

/// Counts one up, as often as `times`; says how often that succeeded, and how often nobody
/// could tell.
fn count_up(port: u16, times: u64) -> (u64, u64) {
    let lock = ObjectLock::new(&connect(port), "counter");
    let (mut done, mut unknown) = (0, 0);
    while done < times {
        let Ok(old) = lock.load() else { continue };
        let new = (number(old.as_deref()) + 1).to_string();
        match lock.swap(old.as_deref(), new.as_bytes()) {
            Ok(()) => done += 1,
            Err(StoreError::Swapped) => {}
            Err(_) => unknown += 1,
        }
    }
    (done, unknown)
}

// spec: log-40
#[test]
fn of_eight_who_count_at_once_none_loses_a_count() {
    for mode in MODES {
        let Some(server) = serve(mode) else { return };
        let (port, began) = (server.port, Instant::now());
        let writers: Vec<_> = (0..8)
            .map(|_| std::thread::spawn(move || count_up(port, 40)))
            .collect();
        let counts: Vec<_> = writers.into_iter().map(|it| it.join().unwrap()).collect();
        assert_eq!(counts, [(40, 0); 8]);
        let lock = ObjectLock::new(&connect(port), "counter");
        let last = lock.load().unwrap();
        assert_eq!(number(last.as_deref()), 320, "{mode:?}");
        let raced = began.elapsed();
        let began = Instant::now();
        for count in 320..420_u64 {
            let (old, new) = (count.to_string(), (count + 1).to_string());
            lock.swap(Some(old.as_bytes()), new.as_bytes()).unwrap();
        }
        let swap = began.elapsed() / 100;
        let began = Instant::now();
        let anew = ObjectLock::new(&connect(port), "counter");
        assert_eq!(number(anew.load().unwrap().as_deref()), 420);
        eprintln!(
            "{mode:?}: 320 racing increments in {raced:?}; a swap takes {swap:?}, to find the last of 421 {:?}",
            began.elapsed()
        );
    }
}

fn key() -> SignerKey {
    let name = KeyName::new("log.example/bucket").unwrap();
    SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed([1; 32]))
}

fn now() -> UnixSeconds {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixSeconds::new(since.as_secs()).unwrap()
}

type BucketLog = Log<ObjectFiles, ObjectLock>;

fn create_log(port: u16) -> BucketLog {
    let (bucket, public, private) = places(port);
    let lock = ObjectLock::new(&bucket, "private/lock");
    Log::create(public, private, lock, key(), now()).unwrap()
}

fn places(port: u16) -> (Bucket, ObjectFiles, ObjectFiles) {
    let bucket = connect(port);
    let public = ObjectFiles::new(&bucket, "log");
    let private = ObjectFiles::new(&bucket, "private");
    (bucket, public, private)
}

/// Opens the log, as often as it takes where others write.
fn open_log(port: u16, lock: &ObjectLock) -> BucketLog {
    let (_, public, private) = places(port);
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let (public, private) = (public.clone(), private.clone());
        let error = match Log::open(public, private, lock.clone(), key(), &[], now()) {
            Ok(log) => return log,
            Err(error) => error,
        };
        assert!(
            matches!(error, LogError::Store(_) | LogError::Read(_)),
            "{error}"
        );
        assert!(Instant::now() < until, "it does not open: {error}");
    }
}

/// Adds batches until told to stop; tells each entry that was acknowledged.
fn write(port: u16, who: &str, goes_on: impl Fn() -> bool, tell: impl Fn(u64, String)) {
    let lock = ObjectLock::new(&connect(port), "private/lock");
    let mut log = open_log(port, &lock);
    let mut dice = Dice(0x9e37_79b9 + u64::from(std::process::id()));
    for batch in 0.. {
        if !goes_on() {
            return;
        }
        let entries: Vec<String> = (0..=dice.below(40))
            .map(|n| format!("{who} {batch} {n}"))
            .collect();
        let bytes: Vec<Vec<u8>> = entries.iter().map(|e| e.clone().into_bytes()).collect();
        match log.append(&bytes, now()) {
            Ok(first) => (first..)
                .zip(entries)
                .for_each(|(at, entry)| tell(at, entry)),
            Err(LogError::Store(_)) => log = open_log(port, &lock),
            Err(error) => panic!("{who}: {error}"),
        }
    }
}

/// Reads the checkpoint again and again until told to stop.
fn watch(port: u16, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<Checkpoint>> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let (_, public, _) = places(port);
        let mut seen: Vec<Checkpoint> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let note = public.read("checkpoint").unwrap().unwrap();
            let signed = SignedCheckpoint::open(&note, &key().verifier()).unwrap();
            if seen.last() != Some(signed.checkpoint()) {
                seen.push(signed.checkpoint().clone());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        seen
    })
}

/// Whoever opens the log next finds what was acknowledged, and one history.
fn check(port: u16, acknowledged: &BTreeMap<u64, String>, seen: &[Checkpoint], mode: Mode) {
    let lock = ObjectLock::new(&connect(port), "private/lock");
    let mut log = open_log(port, &lock);
    // What a dead process proposed half way may be settled first.
    while let Err(error) = log.append(&[b"the last".to_vec()], now()) {
        assert!(
            matches!(error, LogError::Store(StoreError::Swapped)),
            "{error}"
        );
        log = open_log(port, &lock);
    }
    drop(open_log(port, &lock));
    let (_, public, private) = places(port);
    let reader = LogReader::new(&public);
    let last = reader.check(&key().verifier()).unwrap();
    let all: Vec<Vec<u8>> = (0..last.size.div_ceil(256))
        .flat_map(|index| reader.entries(index, last.size).unwrap())
        .collect();
    for (index, entry) in acknowledged {
        let found = &all[usize::try_from(*index).unwrap()];
        assert_eq!(found, entry.as_bytes(), "{mode:?}: entry {index}");
    }
    for old in seen {
        let proof = reader.prove_consistency(old.size, last.size).unwrap();
        verify_consistency(old.size, &old.root, last.size, &last.root, &proof).unwrap();
    }
    let back = seen.windows(2).filter(|two| two[1].size < two[0].size);
    // This server keeps conditions only where nobody else writes at that moment.
    let back = back.count();
    let left = Mutex::new(Vec::new());
    private
        .sweep("stage", &|name| {
            left.lock().unwrap().push(name.to_owned());
            false
        })
        .unwrap();
    assert_eq!(*left.lock().unwrap(), Vec::<String>::new());
    eprintln!(
        "{mode:?}: {} of {} entries were acknowledged; {} checkpoints seen, {back} times an older one",
        acknowledged.len(),
        last.size,
        seen.len()
    );
}

/// Names the port to the process that [`two_processes_killed_at_random_lose_nothing`] starts.
const WRITER: &str = "STANDSTILL_TEST_BUCKET_PORT";

#[test]
fn one_of_two_processes() {
    let Ok(port) = std::env::var(WRITER) else {
        return;
    };
    let who = format!("process {}", std::process::id());
    write(
        port.parse().unwrap(),
        &who,
        || true,
        |index, entry| println!("acknowledged {index} {entry}"),
    );
}

/// A process that writes the log, and what it was told.
struct Writer {
    child: Child,
    told: std::thread::JoinHandle<Vec<(u64, String)>>,
}

fn start_writer(port: u16) -> Writer {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "one_of_two_processes", "--nocapture"])
        .env(WRITER, port.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let told = std::thread::spawn(move || {
        let mut told = Vec::new();
        for line in output.split(b'\n') {
            let line = String::from_utf8(line.unwrap()).unwrap();
            // The first one follows the test's name. The last one may be torn: it says which
            // entry it is to whoever can read it whole.
            let Some((_, line)) = line.split_once("acknowledged ") else {
                continue;
            };
            let Some((index, entry)) = line.split_once(' ') else {
                continue;
            };
            if entry.split(' ').count() == 4 {
                told.push((index.parse().unwrap(), entry.to_owned()));
            }
        }
        told
    });
    Writer { child, told }
}

impl Writer {
    fn kill(mut self) -> Vec<(u64, String)> {
        // Where it has ended before, it has failed.
        assert!(self.child.try_wait().unwrap().is_none(), "a writer failed");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.told.join().unwrap()
    }
}

// spec: log-40 log-41
#[test]
fn two_processes_killed_at_random_lose_nothing() {
    for mode in MODES {
        let Some(server) = serve(mode) else { return };
        let port = server.port;
        drop(create_log(port));
        let stop = Arc::new(AtomicBool::new(false));
        let watcher = watch(port, &stop);
        let mut acknowledged = BTreeMap::new();
        let mut writers = vec![start_writer(port), start_writer(port)];
        let mut dice = Dice(42);
        let (began, mut kills) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_secs(8) {
            std::thread::sleep(Duration::from_millis(150 + dice.below(500)));
            let writer = writers.remove(usize::try_from(dice.below(2)).unwrap());
            acknowledged.extend(writer.kill());
            writers.push(start_writer(port));
            kills += 1;
        }
        for writer in writers {
            acknowledged.extend(writer.kill());
        }
        stop.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap();
        assert!(acknowledged.len() > 100, "only {}", acknowledged.len());
        eprintln!("{mode:?}: killed {kills} times");
        check(port, &acknowledged, &seen, mode);
    }
}

/// Stands between client and server, and cuts connections: now and then when the answer
/// comes, which is lost, or in the middle of a request.
fn unreliable(server: u16) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let cuts = Arc::new(AtomicU64::new(0));
    let dice = Arc::new(Mutex::new(Dice(7)));
    let counted = Arc::clone(&cuts);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let upstream = TcpStream::connect(("127.0.0.1", server));
            let Ok(upstream) = upstream else { continue };
            for (from, to, once_in) in [(&client, &upstream, 60), (&upstream, &client, 25)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let (dice, cuts) = (Arc::clone(&dice), Arc::clone(&counted));
                std::thread::spawn(move || pass(from, to, once_in, &dice, &cuts));
            }
        }
    });
    (port, cuts)
}

fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    once_in: u64,
    dice: &Mutex<Dice>,
    cuts: &AtomicU64,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).unwrap_or_default();
        let cut = read > 0 && dice.lock().unwrap().below(once_in) == 0;
        if cut {
            cuts.fetch_add(1, Ordering::Relaxed);
        }
        if read == 0 || cut || to.write_all(&bytes[..read]).is_err() {
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}

// spec: log-40
#[test]
fn a_count_whose_answer_is_lost_is_counted_once() {
    for mode in MODES {
        let Some(server) = serve(mode) else { return };
        let (port, cuts) = unreliable(server.port);
        let writers: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(move || count_up(port, 30)))
            .collect();
        let counts: Vec<_> = writers.into_iter().map(|it| it.join().unwrap()).collect();
        let done: u64 = counts.iter().map(|count| count.0).sum();
        let unknown: u64 = counts.iter().map(|count| count.1).sum();
        let lock = ObjectLock::new(&connect(server.port), "counter");
        let last = number(lock.load().unwrap().as_deref());
        let cuts = cuts.load(Ordering::Relaxed);
        assert!(cuts > 10, "only {cuts}");
        assert!((done..=done + unknown).contains(&last), "{mode:?}: {last}");
        eprintln!("{mode:?}: {done} counted, {unknown} not known, {last} there; {cuts} cuts");
    }
}

// spec: log-41
#[test]
fn what_was_acknowledged_is_there_whatever_answers_were_lost() {
    for mode in MODES {
        let Some(server) = serve(mode) else { return };
        drop(create_log(server.port));
        let (port, cuts) = unreliable(server.port);
        let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let watcher = watch(server.port, &stop);
        let until = Instant::now() + Duration::from_secs(6);
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let acknowledged = Arc::clone(&acknowledged);
                std::thread::spawn(move || {
                    let tell = |index, entry| {
                        acknowledged.lock().unwrap().insert(index, entry);
                    };
                    let who = format!("writer {writer}");
                    write(port, &who, || Instant::now() < until, tell);
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap();
        let cuts = cuts.load(Ordering::Relaxed);
        assert!(cuts > 10, "only {cuts}");
        eprintln!("{mode:?}: {cuts} connections cut");
        check(server.port, &acknowledged.lock().unwrap(), &seen, mode);
    }
}

#[test]
fn where_nobody_answers_the_error_says_what_was_tried_and_where() {
    let files = ObjectFiles::new(&connect(free_port()), "log");
    let error = files.read("checkpoint").unwrap_err().to_string();
    assert!(
        error.starts_with("cannot read `s3://logs/log/checkpoint`: "),
        "{error}"
    );
}
