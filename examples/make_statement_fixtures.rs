//! Makes `fixtures/statements` and `fixtures/pledge` from the examples in `specs`.
//!
//! `cargo run --example make_statement_fixtures` writes them anew. Every good payload
//! begins as an example of the specification; every bad one is a good one with one thing
//! changed. Nothing is random, and nothing here uses the types under test: what is written
//! is JSON, changed as JSON.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::assigning_clones,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    clippy::return_self_not_must_use,
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    reason = "an example may stop, and a test uses a part of it"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use standstill::hash::sha256;

#[path = "make_statement_fixtures/pledges.rs"]
mod pledges;
#[path = "make_statement_fixtures/statements.rs"]
mod statements;

/// The issuer whose statements these are.
pub const LAB: &str = "example/lab";

fn main() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = files();
    for folder in ["statements", "pledge"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            fs::remove_file(path).unwrap();
        }
    }
    for (name, bytes) in &files {
        fs::write(root.join(name), bytes).unwrap();
    }
}

/// Returns every file by its name below `fixtures`.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for case in statements::cases().into_iter().chain(pledges::payloads()) {
        let name = format!("statements/{}.txt", case.name);
        let bytes = case.print(&case.payload());
        assert!(files.insert(name, bytes).is_none(), "{} twice", case.name);
    }
    for (name, bytes) in pledges::files() {
        let name = format!("pledge/{name}.txt");
        assert!(files.insert(name.clone(), bytes).is_none(), "{name} twice");
    }
    files
}

/// Returns the example of that name in a document of `specs`.
pub fn example(document: &str, name: &str) -> Value {
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
pub fn made_up(label: &str) -> String {
    sha256(format!("example/{label}").as_bytes()).to_string()
}

/// One payload and what is to be thought of it.
pub struct Case {
    pub name: String,
    pub kind: String,
    pub stream: u64,
    pub sequence: u64,
    pub predicate: Value,
    pub header: Vec<(&'static str, String)>,
}

impl Case {
    /// A payload that is understood, from the example of its type.
    pub fn good(
        kind: &str,
        case: &str,
        spec: &str,
        what: &str,
        edit: impl FnOnce(&mut Value),
    ) -> Self {
        let governs = [
            "area",
            "issuer",
            "pledge",
            "recovery",
            "registration",
            "withdrawal",
        ];
        let document = if kind == "pledge" {
            "pledge.md"
        } else {
            "statements.md"
        };
        let mut predicate = example(document, kind);
        edit(&mut predicate);
        let first = predicate["previous"] == "none";
        Self {
            name: format!("{}_{case}", kind.replace('-', "_")),
            kind: kind.to_owned(),
            stream: u64::from(!governs.contains(&kind)),
            sequence: if first { 0 } else { 4 },
            predicate,
            header: vec![
                ("spec", spec.to_owned()),
                ("expect", "ok".to_owned()),
                ("what", what.to_owned()),
            ],
        }
    }

    /// A payload that breaks a rule at a member, and admits so many figures.
    pub fn bad(
        kind: &str,
        case: &str,
        spec: &str,
        at: &str,
        what: &str,
        edit: impl FnOnce(&mut Value),
    ) -> Self {
        let mut case = Self::good(kind, case, spec, what, edit);
        case.header[1].1 = "not-understood".to_owned();
        case.header.push(("at", at.to_owned()));
        case.header.push(("schema", "refuses".to_owned()));
        case
    }

    /// Says that no schema can see what is wrong.
    pub fn unseen(mut self) -> Self {
        for line in &mut self.header {
            if line.0 == "schema" {
                line.1 = "accepts".to_owned();
            }
        }
        self
    }

    /// Says how many figures it admits although it is not understood.
    pub fn admits(mut self, count: usize) -> Self {
        self.header.push(("admits", count.to_string()));
        self
    }

    /// Says that it holds what no type writes.
    pub fn extended(mut self) -> Self {
        self.header.push(("extended", "yes".to_owned()));
        self
    }

    /// Puts it elsewhere.
    pub fn at(mut self, stream: u64, sequence: u64) -> Self {
        (self.stream, self.sequence) = (stream, sequence);
        self
    }

    /// Gives it a `predicateType` of another type.
    pub fn typed(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    fn payload(&self) -> Vec<u8> {
        // `serde_json` sorts members, and nothing here needs an escape that it spells
        // otherwise than RFC 8785.
        let digest = sha256(self.predicate.to_string().as_bytes()).to_string();
        let issuer = sha256(LAB.as_bytes());
        let payload = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": self.predicate,
            "predicateType": format!("https://standstill.dev/attestation/{}/v1", self.kind),
            "subject": [{
                "digest": { "sha256": digest },
                "name": format!("{issuer}/{}/{}", self.stream, self.sequence),
            }],
        });
        payload.to_string().into_bytes()
    }

    fn print(&self, body: &[u8]) -> Vec<u8> {
        print(&self.header, body)
    }
}

/// Spells a fixture.
pub fn print(header: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let lines = header
        .iter()
        .map(|(key, value)| format!("{key}: {value}\n"));
    let mut bytes = lines.collect::<String>().into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

/// Takes a member away.
pub fn drop_member(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name).unwrap();
}
