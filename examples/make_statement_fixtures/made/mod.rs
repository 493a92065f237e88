//! The fixtures of `specs/statements.md` and `specs/pledge.md`, from their examples.
//!
//! Every good payload begins as an example of the specification; every bad one is a good
//! one with one thing changed. Nothing is random, and nothing here uses the types under
//! test: what is written is JSON, changed as JSON.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "an example may stop, and a table of fixtures is as long as it is"
)]

mod case;
mod change;
mod pledges;
mod statements;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use case::Case;
use change::{About, Changed, drop_member, items};
use serde_json::Value;
use standstill::hash::sha256;

/// Returns every file by its name below `fixtures`.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut add = |name: String, bytes| {
        let twice = files.insert(name.clone(), bytes).is_some();
        assert!(!twice, "{name} twice");
    };
    for case in statements::cases().into_iter().chain(pledges::payloads()) {
        add(format!("statements/{}.txt", case.name), case.to_bytes());
    }
    for draft in pledges::drafts() {
        add(format!("pledge/{}.txt", draft.name), draft.to_bytes());
    }
    files
}

/// Returns the example of that name in a document of `specs`.
fn example(document: &str, name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("specs")
        .join(document);
    let text = fs::read_to_string(path).unwrap();
    let begin = format!("```json {name}\n");
    let (_, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no example `{name}` in {document}"));
    let (body, _) = rest.split_once("```").unwrap();
    serde_json::from_str(body).unwrap()
}

/// A digest that stands for something that there is not.
fn made_up(label: &str) -> String {
    sha256(format!("example/{label}").as_bytes()).to_string()
}

/// Spells a fixture.
fn print(header: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let lines = header
        .iter()
        .map(|(key, value)| format!("{key}: {value}\n"));
    let mut bytes = lines.collect::<String>().into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}
