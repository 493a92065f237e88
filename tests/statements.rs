//! Statements: every payload of `fixtures/statements` is taken as it says, the examples of
//! the specification are among them, and no schema knows a word that the code does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod fixture;
#[path = "../examples/make_statement_fixtures.rs"]
mod make;

use std::collections::BTreeSet;

use fixture::Fixture;
use standstill::attestation::content::StatementType;
use standstill::attestation::{Content, Statement};

/// Reads what a fixture holds, whether or not it is canonical.
fn read(one: &Fixture) -> Statement {
    Statement::parse(&one.body).unwrap_or_else(|error| {
        Statement::parse_claim(&one.body, &error)
            .unwrap_or_else(|| panic!("{}: {error}", one.path.display()))
    })
}

/// Says what is wrong with how a fixture was taken, if anything is.
fn fault(one: &Fixture, statement: &Statement) -> Option<String> {
    match (one.get("expect"), &statement.content) {
        ("ok", Content::NotUnderstood(content)) => Some(content.why.to_string()),
        ("ok", _) if one.header.contains_key("extended") => None,
        ("ok", _) => {
            let written = String::from_utf8(statement.to_payload().unwrap()).unwrap();
            (written != one.text()).then(|| format!("is written as {written}"))
        }
        ("not-understood", Content::NotUnderstood(content)) => {
            let why = content.why.to_string();
            let rest = why.strip_prefix(&format!("`{}", one.get("at")));
            let admits = content.admits.len().to_string();
            let wrong = !rest.is_some_and(|rest| rest.starts_with(['`', '.', '[']))
                || one.header.get("admits").is_some_and(|said| *said != admits);
            wrong.then(|| format!("{why}; admits {admits}"))
        }
        (expect, _) => Some(format!("is understood, and not `{expect}`")),
    }
}

#[test]
fn every_payload_is_taken_as_it_says() {
    let (mut seen, mut faults) = (BTreeSet::new(), Vec::new());
    for one in fixture::fixtures("statements") {
        let statement = read(&one);
        seen.extend(statement.content.statement_type().map(StatementType::name));
        faults.extend(fault(&one, &statement).map(|why| format!("{}: {why}", one.path.display())));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    for kind in StatementType::ALL {
        assert!(seen.contains(kind.name()), "no good `{}`", kind.name());
    }
}

#[test]
fn the_fixtures_are_those_that_the_examples_make() {
    let made = make::files();
    for folder in ["statements", "pledge"] {
        let folder = fixture::root().join("fixtures").join(folder);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(fixture::root().join("fixtures")).unwrap();
            let made = made.get(name.to_str().unwrap());
            let hint = "run `cargo run --example make_statement_fixtures`";
            assert!(
                made.is_some_and(|made| *made == std::fs::read(&path).unwrap()),
                "{} is not what is made: {hint}",
                path.display()
            );
        }
    }
    for name in made.keys() {
        let path = fixture::root().join("fixtures").join(name);
        assert!(path.exists(), "{name} is missing");
    }
}
