//! Hostile documents in the place of every file that `standstill verify` reads.
//!
//! Whatever stands there, the program ends within a minute and four gigabytes of addresses,
//! without a panic; it says which file it is, and never judges better than without it.

mod served;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use standstill::attestation::Envelope;
use standstill::key::SecretKey;
use standstill::keystore;
use standstill::store::log::Log;
use standstill::time::UnixSeconds;

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

const VERIFY: &str = "verify lab/log --trust trust.toml";

#[test]
fn what_the_auditor_names_himself_is_refused_by_its_name() {
    let lab = audited();
    lab.write("pact", "together\n");
    lab.ok("key new auditor.key --name auditor.example/judge");
    for (file, typed) in [
        ("trust.toml", VERIFY),
        ("policy", VERIFY),
        (
            "kept-checkpoint",
            "verify lab/log --trust trust.toml --seen kept-checkpoint",
        ),
        (
            "receipt",
            "verify lab/log --trust trust.toml --seen receipt",
        ),
        (
            "march.bundle",
            "verify lab/log --trust trust.toml --seen march.bundle",
        ),
        (
            "auditor.key",
            "verify lab/log --trust trust.toml --sign auditor.key --to out",
        ),
    ] {
        try_all(
            &lab,
            &Place {
                file,
                typed,
                named: file,
                refused: true,
            },
        );
        let _ = fs::remove_dir_all(lab.path("out"));
    }
}

#[test]
fn a_bundle_is_refused_or_broken_and_never_better() {
    let lab = audited();
    try_all(
        &lab,
        &Place {
            file: "march.bundle",
            typed: "verify march.bundle --trust trust.toml",
            named: "march.bundle",
            refused: false,
        },
    );
}

#[test]
fn a_file_of_the_log_is_told_by_its_name_and_never_makes_a_verdict_better() {
    let lab = audited();
    let files: Vec<String> = lab
        .listing("lab/log")
        .into_keys()
        .filter_map(|path| {
            let path = path.strip_prefix(lab.path("lab/log")).unwrap().to_owned();
            lab.path("lab/log").join(&path).is_file().then_some(path)
        })
        .map(|path| path.display().to_string())
        .collect();
    let kind = |prefix: &str| {
        let found = files.iter().rev().find(|path| path.starts_with(prefix));
        found.unwrap().clone()
    };
    // Of each kind the newest, which the checkpoint requires.
    let size = lab.read("lab/log/checkpoint");
    let size = size.lines().nth(1).unwrap();
    let entries = format!("tile/entries/000.p/{size}");
    let tile = format!("tile/0/000.p/{size}");
    for name in [kind("checkpoint"), entries, tile] {
        assert!(files.contains(&name), "{name}: {files:?}");
        let file = format!("lab/log/{name}").leak();
        let named: &str = if name == "checkpoint" {
            "checkpoint"
        } else {
            &file["lab/log/".len()..]
        };
        try_all(
            &lab,
            &Place {
                file,
                typed: "verify lab/log --trust trust.toml --require-level E0",
                named,
                refused: false,
            },
        );
    }
}

/// Cosigned checkpoints say when; one that cannot be read says nothing, and lifts nothing.
#[test]
fn a_cosigned_checkpoint_is_told_and_never_makes_a_verdict_better() {
    let lab = audited();
    let count = lab.listing("lab/log/cosigned").len();
    assert!(count > 2);
    try_all(
        &lab,
        &Place {
            file: "lab/log/cosigned/001",
            typed: "verify lab/log --trust trust.toml --require-level E1",
            named: "cosigned/001",
            refused: false,
        },
    );
}

#[test]
fn a_ledger_that_was_opened_is_told_by_its_name_and_line_and_stops_nothing() {
    let lab = audited();
    let ledger = "opened/1/2026-03-05T00:00:00Z.ledger";
    let typed = "verify lab/log --trust trust.toml --ledgers opened";
    try_all(
        &lab,
        &Place {
            file: ledger,
            typed,
            named: ledger,
            refused: false,
        },
    );
    // Where in it, too: a field that stands twice, one that is a number, a record cut.
    let whole = lab.read(ledger);
    let lines: Vec<&str> = whole.lines().collect();
    let twice = lines[0].replacen('{', "{\"count\":\"1\",", 1);
    for (number, line, why) in [
        (1, twice, "twice"),
        (
            1,
            lines[0].replace("\"count\":\"", "\"count\":\"-"),
            "count",
        ),
        (2, lines[1].replacen('"', "", 2), "line 2"),
        (2, lines[1].replacen("[\"", "[[\"", 1), "line 2"),
        (2, format!("{}\u{0}", lines[1]), "line 2"),
        (3, "[".repeat(DEPTH), "deep"),
    ] {
        let mut lines = lines.clone();
        lines[number - 1] = &line;
        lab.write(ledger, lines.join("\n") + "\n");
        let done = bounded(&lab, typed);
        let told = done.out.lines().find(|line| line.contains(ledger));
        let told = told.unwrap_or_else(|| panic!("{done:?}"));
        assert!(told.contains(why), "{why}: {told}");
    }
}

/// What is no file is opened by nobody: a pipe would be waited for, and what links to itself
/// be walked without an end.
#[test]
fn a_directory_of_ledgers_that_holds_pipes_and_rings_is_read_to_its_end() {
    let lab = audited();
    let typed = "verify lab/log --trust trust.toml --ledgers opened";
    let good = bounded(&lab, typed);
    for name in ["pipe.ledger", "1/pipe.ledger"] {
        let pipe = lab.path("opened").join(name);
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
    }
    symlink("/dev/zero", lab.path("opened/zero.ledger")).unwrap();
    symlink("nowhere", lab.path("opened/gone.ledger")).unwrap();
    for name in ["a", "b", "c"] {
        symlink(".", lab.path("opened").join(name)).unwrap();
        symlink("..", lab.path("opened/1").join(name)).unwrap();
    }
    fs::create_dir(lab.path("opened/directory.ledger")).unwrap();
    let done = bounded(&lab, typed);
    assert_eq!(done.code, good.code, "{done:?}");
    assert!(rank(&done) <= rank(&good));
    for name in ["pipe.ledger", "zero.ledger", "gone.ledger"] {
        assert!(done.out.contains(name), "{name}: {done:?}");
    }
}

/// Files that say that they are as large as any disk: nobody reads them to their end.
#[test]
fn a_file_of_a_terabyte_is_not_read_to_its_end() {
    let lab = audited();
    let long = |file: &str| {
        let file = fs::File::create(lab.path(file)).unwrap();
        file.set_len(1 << 40).unwrap();
    };
    let good = bounded(&lab, VERIFY);
    for (file, typed) in [
        ("opened/long.ledger", "--ledgers opened"),
        ("attached/token", "--attached attached"),
    ] {
        lab.write(file, "");
        long(file);
        let done = bounded(&lab, &format!("{VERIFY} {typed}"));
        assert_eq!((done.code, rank(&done)), (good.code, rank(&good)));
        assert!(done.out.contains(file), "{done:?}");
    }
    long("kept-checkpoint");
    for typed in [
        "verify kept-checkpoint --trust trust.toml".to_owned(),
        format!("{VERIFY} --seen kept-checkpoint"),
        format!("{VERIFY} --attached kept-checkpoint"),
    ] {
        let done = bounded(&lab, &typed);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.err.contains("`kept-checkpoint`"), "{done:?}");
    }
    let size = lab.read("lab/log/checkpoint");
    let size = size.lines().nth(1).unwrap();
    for name in [
        format!("tile/entries/000.p/{size}"),
        format!("tile/0/000.p/{size}"),
        "cosigned/001".to_owned(),
        "checkpoint".to_owned(),
    ] {
        long(&format!("lab/log/{name}"));
        let done = bounded(&lab, VERIFY);
        assert!(rank(&done) <= rank(&good), "{name}: {done:?}");
        let told = [&*done.out, &*done.err].concat();
        assert!(told.contains(&name), "{name}: {done:?}");
    }
}

/// A checkpoint of another log, or one that nobody signed, was compared with nothing: that is
/// told, and takes away no sentence.
#[test]
fn a_kept_checkpoint_that_no_log_signed_is_told() {
    let lab = audited();
    let good = bounded(&lab, VERIFY);
    let whole = lab.read("kept-checkpoint");
    let twice = format!("{whole}{whole}");
    let unsigned = whole.replacen("lab.example/log", "other.example/log", 1);
    for text in [twice, unsigned] {
        lab.write("kept-checkpoint", text);
        let done = bounded(&lab, &format!("{VERIFY} --seen kept-checkpoint"));
        assert_eq!((done.code, rank(&done)), (good.code, rank(&good)));
        let told = "`kept-checkpoint` is no checkpoint that a log of the trust file signed";
        assert!(done.out.contains(told), "{done:?}");
    }
}

/// Evidence of hardware is looked into only where a statement names it.
#[test]
fn attached_files_are_read_within_bounds_and_never_make_a_verdict_better() {
    let lab = audited();
    let typed = "verify lab/log --trust trust.toml --attached attached";
    let good = bounded(&lab, VERIFY);
    lab.write("attached/token", "x");
    lab.write("attached/token.salt", "x");
    for (what, bytes) in nonsense() {
        for file in ["attached/token", "attached/token.salt"] {
            let kept = lab.read(file);
            lab.write(file, &bytes);
            let done = bounded(&lab, typed);
            assert_eq!(done.code, good.code, "{file}: {what}: {done:?}");
            assert_eq!(rank(&done), rank(&good), "{file}: {what}: {done:?}");
            let told = done.out.contains("attached/token");
            assert!(told || file.ends_with("token"), "{file}: {what}: {done:?}");
            lab.write(file, kept);
        }
    }
    fs::remove_file(lab.path("attached/token.salt")).unwrap();
    lab.write("attached/token", vec![b'a'; LONG]);
    let done = bounded(&lab, typed);
    assert!(done.out.contains("attached/token"), "{done:?}");
    let named = "verify lab/log --trust trust.toml --attached attached/token";
    let done = bounded(&lab, named);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("attached/token"), "{done:?}");
}

/// What a witness remembers is told as not readable, and nobody else is kept from telling.
#[test]
fn what_a_witness_remembers_is_told_by_its_name() {
    let lab = audited();
    let named = |path: &std::path::PathBuf| path.is_file() && path.ends_with("checkpoint");
    let mut found = lab.listing("w1").into_keys().filter(named);
    let path = found.next().unwrap();
    let file = path.strip_prefix(lab.path(".")).unwrap_or(&path);
    let file = file.display().to_string().leak();
    try_all(
        &lab,
        &Place {
            file,
            typed: "verify lab/log --trust trust.toml --witness w1 --witness w2",
            named: "`w1`",
            refused: false,
        },
    );
}

/// The text of a pact may be any bytes: it is known by its digest. What is no file is refused.
#[test]
fn the_text_of_a_pact_may_be_anything_and_is_bounded() {
    let lab = audited();
    let good = bounded(&lab, VERIFY);
    let typed = "verify lab/log --trust trust.toml --pact pact";
    for (what, bytes) in nonsense() {
        lab.write("pact", bytes);
        let done = bounded(&lab, typed);
        assert_eq!(done.out, good.out, "{what}");
    }
    fs::remove_file(lab.path("pact")).unwrap();
    fs::create_dir(lab.path("pact")).unwrap();
    let done = bounded(&lab, typed);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("`pact`"), "{done:?}");
}

/// A trust file that is TOML, but for one thing; the error says in which line.
#[test]
fn a_trust_file_says_what_is_wrong_and_where() {
    let lab = audited();
    let whole = lab.read("trust.toml");
    let numbers = [
        "-1",
        "-0.0",
        "1e999999999",
        "inf",
        "nan",
        "18446744073709551616",
        "\"1\"",
        "[1]",
    ];
    for field in ["grace", "greatest_age"] {
        let line = whole.lines().find(|line| line.starts_with(field)).unwrap();
        let at = whole.lines().position(|one| one == line).unwrap() + 1;
        for number in numbers {
            lab.write(
                "trust.toml",
                whole.replace(line, &format!("{field} = {number}")),
            );
            let done = bounded(&lab, VERIFY);
            assert_eq!(done.code, 2, "{number}: {done:?}");
            let told = format!("line {at}");
            assert!(done.err.contains("trust.toml"), "{number}: {done:?}");
            assert!(done.err.contains(&told), "{number}: {done:?}");
        }
        // The ends of the range are numbers like others.
        for number in ["0", "-0", "+0", "9223372036854775807"] {
            lab.write(
                "trust.toml",
                whole.replace(line, &format!("{field} = {number}")),
            );
            let done = bounded(&lab, VERIFY);
            assert_ne!(done.code, 2, "{number}: {done:?}");
        }
        let twice = format!("{line}\n{line}");
        lab.write("trust.toml", whole.replace(line, &twice));
        let done = bounded(&lab, VERIFY);
        assert!(done.err.contains("duplicate key"), "{done:?}");
        assert!(done.err.contains(&format!("line {}", at + 1)), "{done:?}");
    }
    let id = whole
        .lines()
        .find(|line| line.starts_with("id = "))
        .unwrap();
    for (bad, why) in [
        ("id = \"00\"".to_owned(), "issuer.id"),
        (format!("id = \"{}\"", "a".repeat(1_000_000)), "issuer.id"),
        ("id = \"\\u0000\"".to_owned(), "issuer.id"),
    ] {
        lab.write("trust.toml", whole.replace(id, &bad));
        let done = bounded(&lab, VERIFY);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.err.contains(why), "{done:?}");
        assert!(done.err.len() < TOLD, "{} bytes", done.err.len());
    }
    for accounting in [
        "goal_flop = \"1e25\"",
        "goal_flop = \"-0\"",
        "goal_flop = \"100000000000000000000000000000000000000\"",
        "goal_flop = 1e999999999",
        "utilisation_ppm = 1e999999999",
        "utilisation_ppm = 4294967296",
        "utilisation_ppm = -1",
    ] {
        lab.write(
            "trust.toml",
            format!("{whole}\n[accounting]\n{accounting}\n"),
        );
        let done = bounded(&lab, VERIFY);
        assert_eq!(done.code, 2, "{accounting}: {done:?}");
        let name = accounting.split(' ').next().unwrap();
        assert!(done.err.contains(name), "{accounting}: {done:?}");
    }
}

/// The policy that the trust file names is the one that is told, with its line.
#[test]
fn a_policy_says_what_is_wrong_and_where() {
    let lab = audited();
    let whole = lab.read("policy");
    let lines = whole.lines().count();
    for (more, why) in [
        ("quorum outsiders\n".to_owned(), "second"),
        ("group again 2 w1 w2\n".to_owned(), "already"),
        ("witness w1 nonsense\n".to_owned(), "key"),
        (
            "group g 18446744073709551616 w1\n".to_owned(),
            "18446744073709551616",
        ),
        ("group g -0 w1\n".to_owned(), "-0"),
        (format!("group g any {}\n", "w1 ".repeat(100_000)), "w1"),
        (format!("{}\n", "x".repeat(1_000_000)), "begins with"),
    ] {
        lab.write("policy", format!("{whole}{more}"));
        let done = bounded(&lab, VERIFY);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.err.contains("policy"), "{done:?}");
        assert!(
            done.err.contains(&format!("line {}", lines + 1)),
            "{done:?}"
        );
        assert!(done.err.contains(why), "{why}: {done:?}");
        assert!(done.err.len() < TOLD, "{why}: {} bytes", done.err.len());
    }
    // Groups within groups, as deep as a policy may be long.
    let mut deep = whole.replace("quorum outsiders\n", "");
    for number in 0..DEPTH {
        let inner = match number {
            0 => "outsiders".to_owned(),
            _ => format!("g{}", number - 1),
        };
        deep.push_str(&format!("group g{number} any {inner}\n"));
    }
    lab.write("policy", format!("{deep}quorum g{}\n", DEPTH - 1));
    let done = bounded(&lab, VERIFY);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("policy") && done.err.contains("line "));
}

/// Adds entries behind those of the lab's log, with its own key.
fn add(lab: &Lab, entries: &[Vec<u8>]) {
    let now: UnixSeconds = AFTER.parse().unwrap();
    let key = keystore::read_note_key(&lab.path("lab/keys/log.key")).unwrap();
    let (public, private) = (lab.path("lab/log"), lab.path("lab/state/log"));
    let mut log = Log::open_in(&public, &private, key, &[], now).unwrap();
    log.append(entries, now).unwrap();
    drop(log);
    lab.cosign("lab/log");
}

/// Entries that the log holds and the lab's own keys may have signed: each is told by its
/// index, and none makes a verdict better.
#[test]
fn a_hostile_entry_is_told_by_its_index() {
    let lab = audited();
    let all = ["lab", "w1", "w2", "w3"];
    for name in all {
        lab.copy(name, &format!("kept/{name}"));
    }
    let good = bounded(&lab, VERIFY);
    let operations: SecretKey =
        keystore::read_issuer_key(&lab.path("lab/keys/operations.key")).unwrap();
    let signed = |payload: &[u8]| Envelope::sign(payload, &[&operations]).unwrap().to_bytes();
    let last = lab.entries().pop().unwrap();
    let payload = Envelope::parse(&last).unwrap().payload().to_vec();
    let text = String::from_utf8(payload).unwrap();
    let within = |inside: &str| text.replacen("\"figures\":[", inside, 1).into_bytes();
    let most = 65_535;
    let mut entries = vec![
        vec![0; most],
        vec![0xff; most],
        b"[".repeat(most),
        b"{\"a\":".repeat(most / 5),
        vec![b'9'; most],
        b"{\"payload\":1e999999999}".to_vec(),
        last[..last.len() / 2].to_vec(),
        [&last[..], b"\0"].concat(),
        String::from_utf8(last.clone())
            .unwrap()
            .replacen('{', "{\"payload\":\"\",", 1)
            .into_bytes(),
    ];
    let payloads = [
        Vec::new(),
        vec![0; 1000],
        vec![0xff; 1000],
        b"[".repeat(40_000),
        b"{\"a\":".repeat(8000),
        within(&format!("\"figures\":{}[", "[".repeat(10_000))),
        within("\"figures\":[1e999999999,"),
        within("\"figures\":[\"\\u0000\","),
        within("\"figures\":[],\"figures\":["),
        text.replacen("\"value\":\"", "\"value\":\"-0", 1)
            .into_bytes(),
        text.as_bytes()[..text.len() / 2].to_vec(),
    ];
    entries.extend(payloads.iter().map(|payload| signed(payload)));
    let size = lab.entries().len();
    for entry in entries {
        let shown = String::from_utf8_lossy(&entry[..entry.len().min(60)]).into_owned();
        add(&lab, &[entry]);
        let done = bounded(&lab, VERIFY);
        assert!(rank(&done) <= rank(&good), "{shown}: {done:?}");
        assert_ne!(done.code, 0, "{shown}: {done:?}");
        let told = format!("entry {size}");
        assert!(done.out.contains(&told), "{shown}: {done:?}");
        for name in all {
            lab.copy(&format!("kept/{name}"), name);
        }
    }
}
