//! Hostile documents in the place of every file that `standstill verify` reads.
//!
//! Whatever stands there, the program ends within a minute and four gigabytes of addresses,
//! without a panic; it says which file it is, and never judges better than without it.

mod handed;
mod logged;
mod named;
mod served;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::lab::{AFTER, LIMIT, Lab};
use crate::sandbox::{Done, PROGRAM};

/// How long any command may take.
const TIME: Duration = Duration::from_mins(1);

/// How much room it has, in the kilobytes of `ulimit -v`: sixteen threads need some.
const ROOM: u64 = 4 * 1024 * 1024;

/// How much is told of what is wrong with one file.
const TOLD: usize = 8192;

/// How deep what is nested is nested.
const DEPTH: usize = 100_000;

/// One more byte than the largest file of a log has.
const LONG: usize = 256 * (2 + 65_535) + 1;

/// Judges the lab, as everybody can.
const VERIFY: &str = "verify lab/log --trust trust.toml";

/// Runs a line within the time and the room.
fn bounded(lab: &Lab, typed: &str) -> Done {
    let inner = lab.command(typed);
    let script = format!("ulimit -v {ROOM}; exec \"$0\" \"$@\"");
    let [out, err] = ["hostile.out", "hostile.err"].map(|name| lab.path(name));
    let mut child = Command::new("sh")
        .args(["-c", &script, PROGRAM])
        .args(inner.get_args())
        .current_dir(inner.get_current_dir().unwrap())
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let from = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if from.elapsed() > TIME {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{typed}: still at it after {TIME:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let [out, err] = [out, err].map(|path| {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let code = status.code().unwrap_or(-1);
    let typed = typed.to_owned();
    let done = Done {
        code,
        out,
        err,
        typed,
    };
    assert!([0, 1, 2, 3].contains(&done.code), "{done:?}");
    assert!(!done.err.contains("panicked"), "{done:?}");
    done
}

/// Bytes that are no file of any kind, by what is wrong with them.
fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str| open.repeat(DEPTH).into_bytes();
    vec![
        ("empty", Vec::new()),
        ("a line feed", b"\n".to_vec()),
        ("NUL bytes", vec![0; 4096]),
        ("no UTF-8", b"\xff\xfe\x00\xd8\xc0\xaf\n".to_vec()),
        ("arrays in arrays", deep("[")),
        ("objects in objects", deep("{\"a\":")),
        ("arrays and their ends", [deep("["), deep("]")].concat()),
        (
            "TOML in TOML",
            [b"x = ".to_vec(), deep("["), deep("]")].concat(),
        ),
        ("tables in tables", [b"x = ".to_vec(), deep("{a=")].concat()),
        (
            "dots",
            [b"x".to_vec(), deep(".x"), b" = 1\n".to_vec()].concat(),
        ),
        (
            "headers",
            [deep("["), b"x".to_vec(), deep("]"), b"\n".to_vec()].concat(),
        ),
        ("a long line", vec![b'a'; LONG]),
        ("many lines", b"a\n".repeat(LONG / 2)),
        ("a large number", b"{\"a\":1e999999999}\n".to_vec()),
        (
            "a long number",
            [b"9".repeat(1_000_000), b"\n".to_vec()].concat(),
        ),
        ("a large number of TOML", b"grace = 1e999999999\n".to_vec()),
        ("a member twice", b"{\"a\":\"1\",\"a\":\"2\"}\n".to_vec()),
        ("a key twice", b"a = 1\na = 2\n".to_vec()),
    ]
}

/// What else is not the file that was there, by what is wrong with it.
fn damaged(whole: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let middle = whole.len() / 2;
    let (head, tail) = whole.split_at(middle);
    vec![
        ("cut", head.to_vec()),
        ("without its last byte", whole[..whole.len() - 1].to_vec()),
        ("with a NUL byte", [head, b"\0", tail].concat()),
        ("with no UTF-8", [head, b"\xff", tail].concat()),
        ("with more behind", [whole, b"\0\xff[[[["].concat()),
        ("with much before", [&vec![0; LONG], whole].concat()),
    ]
}

/// A file that `verify` reads.
struct Place {
    /// What it is called on the command line, or in the log.
    file: &'static str,
    /// How it is read.
    typed: &'static str,
    /// How what is told names it.
    named: &'static str,
    /// Whether the command is refused: exit code 2, nothing judged.
    refused: bool,
}

/// Judges with each hostile document in the place of a file, and with what is no file at all.
fn try_all(lab: &Lab, place: &Place) {
    let path = lab.path(place.file);
    let whole = fs::read(&path).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions();
    let good = bounded(lab, place.typed);
    let check = |what: &str| {
        let done = bounded(lab, place.typed);
        let at = format!("{}: {what}", place.file);
        if place.refused {
            assert_eq!(done.code, 2, "{at}: {done:?}");
            assert!(done.err.contains(place.named), "{at}: {done:?}");
            assert!(done.err.len() < TOLD, "{at}: {done:?}");
        } else {
            let told = [&*done.out, &*done.err].concat();
            assert!(told.contains(place.named), "{at}: {done:?}");
            assert!(done.code != 0 || good.code == 0, "{at}: {done:?}");
            assert!(rank(&done) <= rank(&good), "{at}: {done:?}");
        }
    };
    for (what, bytes) in nonsense().into_iter().chain(damaged(&whole)) {
        // What people write may end without a line feed.
        let own = [".toml", ".key"]
            .iter()
            .any(|end| place.file.ends_with(end));
        if own && what == "without its last byte" {
            continue;
        }
        fs::write(&path, bytes).unwrap();
        check(what);
    }
    fs::remove_file(&path).unwrap();
    // A directory among ledgers is one of ledgers, whatever it is called.
    if !place.file.ends_with(".ledger") {
        fs::create_dir(&path).unwrap();
        check("a directory");
        fs::remove_dir(&path).unwrap();
    }
    symlink(path.file_name().unwrap(), &path).unwrap();
    check("a link to itself");
    fs::remove_file(&path).unwrap();
    fs::write(&path, whole).unwrap();
    fs::set_permissions(&path, mode).unwrap();
    assert_eq!(bounded(lab, place.typed).out, good.out);
}

/// How good the verdict is that was told: none, any, one that is HOLDS or CONSISTENT.
fn rank(done: &Done) -> u8 {
    let good = |word: &str| done.out.contains(word);
    u8::from(good("CONSISTENT@")) + u8::from(good("HOLDS@"))
}

/// A lab whose month was reported, with something of everything that an auditor is handed.
fn audited() -> Lab {
    let mut lab = Lab::reported(LIMIT);
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    lab.ok(&format!(
        "bundle lab/log --issuer {} --from 2026-03-01T00:00:00Z --to 2026-03-31T00:00:00Z -o march.bundle",
        lab.id
    ));
    lab.copy("lab/log/checkpoint", "kept-checkpoint");
    lab.copy("lab/receipts/1-0000000004.tlog-proof", "receipt");
    lab.copy("lab/ledgers", "opened");
    lab
}
