//! Keeps `specs/` and the tests together: every requirement with an id is held by a
//! fixture or a test that names it, and nothing names a requirement that is not there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The prefix of each document's ids.
const PREFIXES: &[&str] = &[
    "acc", "age", "att", "bun", "cat", "cha", "che", "col", "con", "ene", "foc", "hw", "led",
    "log", "ple", "red", "run", "sta", "ver",
];

/// What announces an id in a fixture's header, and in a test behind `//`.
const SPEC: &str = "spec:";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files under `dir`, none if there is no such directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The path as people write it, from the repository's root.
fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// Whether a word is an id: a prefix, a hyphen, a number from 1.
fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(prefix, number)| {
        PREFIXES.contains(&prefix)
            && !number.starts_with('0')
            && number
                .parse::<u32>()
                .is_ok_and(|found| found.to_string() == number)
    })
}

/// The id at the start of a paragraph, as in `**[att-12]** A reader MUST …`.
fn defined(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line);
    line.strip_prefix("**[")?
        .split_once("]**")
        .map(|(id, _)| id)
}

/// Whether a line requires something, outside of code.
fn requires(line: &str) -> bool {
    line.split('`')
        .step_by(2)
        .flat_map(|text| text.split(|char: char| !char.is_alphanumeric()))
        .any(|word| word == "MUST")
}

/// The ids of all documents, each with its place, and what is wrong with them.
fn requirements() -> (BTreeMap<String, String>, Vec<String>) {
    let (mut ids, mut faults) = (BTreeMap::new(), Vec::new());
    for path in files(&root().join("specs")) {
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut fenced = false;
        // Whether the paragraph has an id, or needs none.
        let mut covered = false;
        let mut blank = true;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", name(&path), number + 1);
            fenced ^= line.trim_start().starts_with("```");
            if fenced || line.starts_with("    ") && blank {
                continue;
            }
            blank = line.trim().is_empty();
            if blank {
                covered = false;
            }
            // Says what MUST means.
            covered |= line.contains("key words");
            if let Some(id) = defined(line) {
                covered = true;
                if !is_id(id) {
                    faults.push(format!("{place}: `{id}` is not an id"));
                } else if let Some(before) = ids.insert(id.to_owned(), place.clone()) {
                    faults.push(format!("{place}: `{id}` is also at {before}"));
                }
            }
            if !covered && requires(line) {
                faults.push(format!("{place}: a MUST without an id: {}", line.trim()));
            }
        }
    }
    (ids, faults)
}

/// The ids that fixtures and tests name, with the first place of each.
fn named() -> BTreeMap<String, String> {
    let mut named = BTreeMap::new();
    let mut note = |line: &str, place: String| {
        for id in line.split_whitespace() {
            named.entry(id.to_owned()).or_insert_with(|| place.clone());
        }
    };
    for path in files(&root().join("fixtures")) {
        let bytes = fs::read(&path).unwrap();
        // The body may be anything; the header is text.
        for line in bytes
            .split(|byte| *byte == b'\n')
            .take_while(|line| !line.is_empty())
        {
            let line = String::from_utf8_lossy(line);
            if let Some(ids) = line.strip_prefix(SPEC) {
                note(ids, name(&path));
            }
        }
    }
    for path in [files(&root().join("src")), files(&root().join("tests"))].concat() {
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let comment = line.trim_start().strip_prefix("// ");
            if let Some(ids) = comment.and_then(|text| text.strip_prefix(SPEC)) {
                note(ids, format!("{}:{}", name(&path), number + 1));
            }
        }
    }
    named
}

#[test]
fn every_requirement_has_one_id() {
    let (ids, faults) = requirements();
    assert!(!ids.is_empty(), "no requirement was found in `specs`");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_requirement_is_held_by_a_fixture_or_a_test() {
    let (ids, named) = (requirements().0, named());
    let missing: Vec<String> = ids
        .iter()
        .filter(|(id, _)| !named.contains_key(*id))
        .map(|(id, place)| format!("{id} ({place})"))
        .collect();
    assert!(
        missing.is_empty(),
        "no fixture's header has `spec: ID` and no test `// spec: ID` for:\n{}",
        missing.join("\n")
    );
}

#[test]
fn nothing_names_a_requirement_that_is_not_there() {
    let (ids, named) = (requirements().0, named());
    let unknown: Vec<String> = named
        .iter()
        .filter(|(id, _)| !ids.contains_key(*id))
        .map(|(id, place)| format!("{id} ({place})"))
        .collect();
    assert!(
        unknown.is_empty(),
        "not in `specs`:\n{}",
        unknown.join("\n")
    );
}

#[test]
fn ids_and_requirements_are_told_from_other_words() {
    assert!(is_id("att-12") && is_id("cat-1"));
    for word in [
        "att-0", "att-012", "att-", "att-1x", "att-+1", "foo-1", "att12",
    ] {
        assert!(!is_id(word), "{word}");
    }
    assert_eq!(defined("**[att-12]** A reader MUST"), Some("att-12"));
    assert_eq!(defined("- **[att-12]** A reader"), Some("att-12"));
    assert_eq!(defined("see **[att-12]**"), None);
    assert!(requires("A reader MUST NOT accept"));
    assert!(!requires("it must, `MUST` is a key word, MUSTARD"));
}
