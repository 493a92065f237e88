//! The fixtures of `specs/attestation.md`, from fixed seeds.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "an example may stop, and a table of fixtures is as long as it is"
)]

mod area;
mod author;
mod entry;
mod history;
mod identity;
mod issuer;
mod payload;
mod registry;

/// Every fixture of this document, by path below `fixtures/`.
pub fn fixtures() -> Vec<Made> {
    [
        entry::fixtures(),
        payload::fixtures(),
        issuer::fixtures(),
        area::fixtures(),
        registry::fixtures(),
        identity::founding(),
        identity::signers(),
        history::fixtures(),
        vec![example()],
    ]
    .concat()
}

/// The worked example of the document.
fn example() -> Made {
    let author = author::Author::found(author::small_issuer(), &[1]);
    let about = (
        "entry",
        "att-26 att-27",
        "ok",
        "the worked example of the document",
    );
    Made::new("example", about, author.entries[0].clone()).with("issuer", author.id)
}

/// One fixture.
#[derive(Clone)]
pub struct Made {
    pub path: String,
    header: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Made {
    pub fn new(
        folder: &str,
        (name, spec, expect, what): (&str, &str, &str, &str),
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let header = [("spec", spec), ("expect", expect), ("what", what)];
        Self {
            path: format!("{folder}/{name}.txt"),
            header: header.map(|(key, value)| (key, value.to_owned())).into(),
            body: body.into(),
        }
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.header.push((key, value.to_string()));
        self
    }

    /// Spells the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = String::new();
        for (key, value) in &self.header {
            bytes.push_str(&format!("{key}: {value}\n"));
        }
        bytes.push('\n');
        [bytes.as_bytes(), &self.body].concat()
    }
}

/// Replaces the one place that holds `from`.
pub fn edit(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {text}");
    text.replace(from, to)
}

/// As [`edit`], in a payload's predicate, whose digest is then put right.
pub fn edit_predicate(payload: &str, from: &str, to: &str) -> String {
    seal(&edit(payload, from, to))
}

/// Puts the subject's digest right.
pub fn seal(payload: &str) -> String {
    let start = payload.find("\"predicate\":").unwrap() + 12;
    let end = payload.rfind(",\"predicateType\":").unwrap();
    let digest = standstill::hash::sha256(&payload.as_bytes()[start..end]).to_string();
    let at = payload.rfind("\"sha256\":\"").unwrap() + 10;
    let mut sealed = payload.to_owned();
    sealed.replace_range(at..at + 64, &digest);
    sealed
}
