//! What whoever runs a log does with it: makes it, checks it, and goes on after a loss.

use standstill::admission::Candidate;
use standstill::attestation::Content;
use standstill::attestation::content::{Recovery, RecoveryCause};
use standstill::merkle::{leaf_hash, verify_inclusion};
use standstill::tlog::Proof;

use super::*;

/// A log with an operator, in a directory.
struct Operated {
    directory: tempfile::TempDir,
    key: VerifierKey,
}

impl Operated {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let made = run(&[
            "log",
            "init",
            log.to_str().unwrap(),
            "--origin",
            "log.example/op",
        ]);
        assert!(made.status.success(), "{made:?}");
        let key = std::fs::read_to_string(log.join("log/vkey")).unwrap();
        Self {
            directory,
            key: key.trim().parse().unwrap(),
        }
    }

    fn path(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    /// Makes the log one statement longer.
    fn grow(&self) {
        let id = "ab".repeat(32);
        let grown = run(&["log", "register", &self.path("log"), "--admit", &id]);
        assert!(grown.status.success(), "{grown:?}");
    }

    fn copy(&self, from: &str, to: &str) {
        let _ = std::fs::remove_dir_all(self.path(to));
        let copied = Command::new("cp")
            .arg("-a")
            .args([self.path(from), self.path(to)])
            .status();
        assert!(copied.unwrap().success());
    }

    fn recover(&self) -> std::process::Output {
        let log = self.path("log");
        run(&["log", "recover", &log, "--report", "a test lost it"])
    }

    fn fsck(&self) -> Option<i32> {
        let (log, key) = (self.path("log/log"), self.key.to_string());
        run(&["log", "fsck", &log, "--log-key", &key]).status.code()
    }

    /// The last entry, which must be a `recovery`.
    fn recovery(&self) -> (u64, Recovery) {
        let files = Directory::new(self.path("log/log"));
        let reader = LogReader::new(&files);
        let size = reader.check(&self.key).unwrap().size;
        let last = reader.entry(size - 1, size).unwrap();
        let candidate = Candidate::read(&last).unwrap();
        match candidate.content() {
            Content::Recovery(recovery) => (size, recovery.clone()),
            other => panic!("{other:?}"),
        }
    }
}

fn run(args: &[&str]) -> std::process::Output {
    Command::new(PROGRAM).args(args).output().unwrap()
}

fn told(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

// spec: log-55
#[test]
fn a_lock_from_an_older_copy_is_recovered_and_nothing_is_lost() {
    let log = Operated::new();
    log.grow();
    log.copy("log/state/log", "older");
    log.grow();
    log.copy("older", "log/state/log");
    let refused = run(&["log", "serve", &log.path("log"), "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("older copy"), "{refused:?}");
    let recovered = log.recover();
    assert!(recovered.status.success(), "{recovered:?}");
    let (size, recovery) = log.recovery();
    assert_eq!((size, recovery.size), (4, 3));
    assert_eq!(recovery.cause, RecoveryCause::StorageAhead);
    assert_eq!(recovery.lost, None);
    assert_eq!(recovery.report, "a test lost it");
    // Then nothing is to be recovered, and it goes on.
    let again = log.recover();
    assert!(told(&again).contains("opens"), "{again:?}");
    log.grow();
    assert_eq!(log.fsck(), Some(0));
}

// spec: log-55
#[test]
fn tiles_from_an_older_copy_are_recovered_and_what_is_lost_is_said() {
    let log = Operated::new();
    log.grow();
    log.copy("log", "older");
    for _ in 0..3 {
        log.grow();
    }
    // All but the lock comes back from the older copy.
    log.copy("log/state/log", "lock");
    log.copy("older", "log");
    log.copy("lock", "log/state/log");
    let recovered = log.recover();
    assert!(recovered.status.success(), "{recovered:?}");
    let (size, recovery) = log.recovery();
    assert_eq!((size, recovery.size), (3, 2));
    assert_eq!(recovery.cause, RecoveryCause::StorageBehind);
    let lost = recovery.lost.unwrap();
    assert_eq!((lost.first, lost.count), (2, 3));
    assert!(recovery.latest.unwrap().starts_with("log.example/op\n5\n"));
    log.grow();
    assert_eq!(log.fsck(), Some(0));
}

// spec: log-55
#[test]
fn a_clock_that_went_back_is_recovered_and_damaged_tiles_are_not() {
    let log = Operated::new();
    let id = "ab".repeat(32);
    let late = ["--simulated-time", "2090-01-01T00:00:00Z"];
    let register = ["log", "register", &log.path("log"), "--admit", &id];
    let grown = run(&[&late[..], &register].concat());
    assert!(grown.status.success(), "{grown:?}");
    let refused = run(&register);
    assert!(told(&refused).contains("clock"), "{refused:?}");
    let recovered = log.recover();
    assert!(recovered.status.success(), "{recovered:?}");
    assert_eq!(log.recovery().1.cause, RecoveryCause::ClockWentBack);

    let tile = log.path("log/log/tile/0/000.p/4");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    let refused = log.recover();
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("is damaged"), "{refused:?}");
}

#[test]
fn a_plain_log_has_nobody_who_could_recover_it() {
    let mut log = Served::new();
    log.add(b"one");
    log.stop();
    let path = log.path();
    std::fs::remove_dir_all(path.join("state/log")).unwrap();
    let tried = run(&["log", "recover", path.to_str().unwrap(), "--report", "x"]);
    assert_eq!(tried.status.code(), Some(2));
    assert!(told(&tried).contains("no operator"), "{tried:?}");
}

#[test]
fn what_a_log_says_is_proved_from_its_files_or_its_address() {
    let mut log = Served::new();
    for number in 0..300_u64 {
        log.add(format!("entry {number}").as_bytes());
    }
    let (files, key) = (log.path().join("log"), log.key.to_string());
    let address = format!("http://{}", log.address);
    for place in [files.to_str().unwrap(), &address] {
        let at = [place, "--log-key", &key];
        let said = run(&[&["log", "checkpoint"], &at[..]].concat());
        let signed = SignedCheckpoint::open(&said.stdout, &log.key).unwrap();
        assert_eq!(signed.checkpoint().size, 300);
        let proved = run(&[&["log", "prove"], &at[..], &["--index", "255"]].concat());
        let proof = Proof::parse(&proved.stdout).unwrap();
        let root = signed.checkpoint().root;
        verify_inclusion(&leaf_hash(b"entry 255"), 255, 300, &proof.path, &root).unwrap();
        let entry = log.directory.path().join("entry");
        std::fs::write(&entry, b"entry 7").unwrap();
        let entry = entry.to_str().unwrap();
        let proved = run(&[&["log", "prove"], &at[..], &["--entry", entry]].concat());
        assert_eq!(Proof::parse(&proved.stdout).unwrap().index, 7);
        std::fs::write(entry, b"no entry").unwrap();
        let refused = run(&[&["log", "prove"], &at[..], &["--entry", entry]].concat());
        assert_eq!(refused.status.code(), Some(2));
        let refused = run(&[&["log", "prove"], &at[..], &["--index", "300"]].concat());
        assert!(told(&refused).contains("no entry 300"), "{refused:?}");
        let proved = run(&[&["log", "prove"], &at[..], &["--from", "256"]].concat());
        let hashes = String::from_utf8(proved.stdout).unwrap();
        let path: Vec<_> = hashes
            .lines()
            .map(|line| standstill::hash::Hash::from_base64(line).unwrap())
            .collect();
        let reader = Directory::new(&files);
        let old = LogReader::new(&reader).root(256, 300).unwrap();
        verify_consistency(256, &old, 300, &root, &path).unwrap();
        let scrubbed = run(&[&["log", "scrub"], &at[..], &["--once", "--period", "0"]].concat());
        assert_eq!(scrubbed.status.code(), Some(0), "{scrubbed:?}");
    }
    log.stop();
}

// spec: log-56
#[test]
fn a_running_server_tells_the_first_bad_byte() {
    let mut log = Served::new();
    for number in 0..300_u64 {
        log.add(format!("entry {number}").as_bytes());
    }
    log.stop();
    log.start_with(&mut Command::new(PROGRAM), &["--scrub", "1"]);
    let until = Instant::now() + Duration::from_secs(20);
    let scrubs = |log: &Served| {
        let metrics = log.get("/metrics");
        let line = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix("standstill_log_scrubs_total "));
        line.unwrap().parse::<u64>().unwrap()
    };
    while scrubs(&log) == 0 {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(log.get("/healthz").status, 200);
    // One bit of an entry, long after it was written.
    let bundle = log.path().join("log/tile/entries/000");
    let kept = std::fs::read(&bundle).unwrap();
    let mut bytes = kept.clone();
    let at = bytes
        .windows(9)
        .position(|part| part == b"entry 123")
        .unwrap();
    bytes[at] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    while log.get("/healthz").status == 200 {
        assert!(Instant::now() < until, "nobody noticed");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(
        log.get("/metrics")
            .text()
            .contains("\nstandstill_log_damaged 1\n")
    );
    let (files, key) = (log.path().join("log"), log.key.to_string());
    let told = run(&[
        "log",
        "scrub",
        files.to_str().unwrap(),
        "--log-key",
        &key,
        "--once",
        "--period",
        "0",
    ]);
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8(told.stderr).unwrap();
    assert!(
        told.contains("hash 123") && told.contains("tile/0/000") && told.contains("has "),
        "{told}"
    );
    // Mended, it is well again.
    std::fs::write(&bundle, kept).unwrap();
    while log.get("/healthz").status != 200 {
        assert!(
            Instant::now() < until + Duration::from_secs(10),
            "it stays ill"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
