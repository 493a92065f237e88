//! Directories that others handed over: ledgers, evidence of hardware, a witness.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::{DEPTH, Place, VERIFY, audited, bounded, nonsense, rank, try_all};

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
    let most = standstill::challenge::MAX_ANSWER;
    lab.write("attached/token", vec![b'a'; most + 1]);
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
