//! The fixtures of `specs/conclusion.md`: verdicts made by hand, one a word, and what an
//! adversary would make of them.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "an example may stop, and a table of fixtures is as long as it is"
)]

pub mod sample;
mod spoiled;

use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey, VerifierKey};
use standstill::report::{cyclonedx, ear, vsa};
use standstill::verify::{Judgement, Word};

pub use sample::{PROGRAM, judgement, sample};

/// Every fixture of this document, by path below `fixtures/`.
pub fn fixtures() -> Vec<Made> {
    let mut made: Vec<Made> = Word::ALL.iter().flat_map(|word| of_word(*word)).collect();
    made.extend(special());
    made.extend(spoiled::fixtures());
    made
}

/// The auditor's key.
pub fn auditor() -> SignerKey {
    key("auditor.example/judge", Algorithm::Ed25519, 40)
}

/// Somebody else's, under the auditor's name.
pub fn impostor() -> SignerKey {
    key("auditor.example/judge", Algorithm::Ed25519, 41)
}

pub fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
    let name = KeyName::new(name).unwrap();
    SignerKey::new(name, algorithm, SecretKey::from_seed([seed; 32]))
}

/// A verdict of a word, in every format.
fn of_word(word: Word) -> Vec<Made> {
    let name = word.as_str().to_lowercase().replace('-', "_");
    let what = format!("a verdict of {word}");
    let spec = "con-3 con-4 con-5";
    in_every_format(&judgement(vec![sample(word)]), &name, spec, &what)
}

fn in_every_format(judgement: &Judgement, name: &str, spec: &str, what: &str) -> Vec<Made> {
    let word = judgement.verdicts[0].word;
    let key = auditor();
    let signed = vsa::sign(judgement, &judgement.verdicts[0], PROGRAM, &key).unwrap();
    let assessor = vsa::id(key.verifier().name());
    let cyclonedx = cyclonedx::document(judgement, &assessor, PROGRAM);
    let claims = ear::claims(judgement, PROGRAM).unwrap();
    let token = ear::jwt(&claims, &key).unwrap();
    let tier = claims["ear_status"].as_str().unwrap().to_owned();
    vec![
        Made::summary(name, spec, "ok", what, signed).with("word", word),
        Made::new("conclusion/cyclonedx", name, "con-15", "ok", what)
            .with("word", word)
            .body(cyclonedx.to_string()),
        Made::new("conclusion/ear", name, "con-17 con-19", "ok", what)
            .with("word", word)
            .with("tier", tier)
            .with("key", key.verifier())
            .body(token),
    ]
}

/// Verdicts of no special word, and still not like the others.
fn special() -> Vec<Made> {
    let mut made: Vec<Made> = [
        (
            "restated",
            "con-6",
            "a breach that was restated",
            sample::restated(),
        ),
        (
            "bundle",
            "con-7",
            "of a bundle that leaves reports out: a stream in two runs",
            sample::bundle(),
        ),
        (
            "unbounded",
            "con-6",
            "no numbers from above",
            sample::unbounded(),
        ),
    ]
    .map(|(name, spec, what, verdict)| {
        let word = verdict.word;
        let judgement = judgement(vec![verdict]);
        let signed = vsa::sign(&judgement, &judgement.verdicts[0], PROGRAM, &auditor());
        Made::summary(name, spec, "ok", what, signed.unwrap()).with("word", word)
    })
    .into();
    let what = "the log of who measured was read too";
    made.extend(in_every_format(
        &sample::beside(),
        "beside",
        "con-1 con-6 con-7",
        what,
    ));
    made
}

/// One fixture.
#[derive(Clone)]
pub struct Made {
    pub path: String,
    header: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Made {
    pub fn new(folder: &str, name: &str, spec: &str, expect: &str, what: &str) -> Self {
        let header = [("spec", spec), ("expect", expect), ("what", what)];
        Self {
            path: format!("{folder}/{name}.txt"),
            header: header.map(|(key, value)| (key, value.to_owned())).into(),
            body: Vec::new(),
        }
    }

    /// A summary that is to be opened with the auditor's key.
    pub fn summary(name: &str, spec: &str, expect: &str, what: &str, body: Vec<u8>) -> Self {
        Self::opened(name, spec, expect, what, auditor().verifier(), body)
    }

    /// A summary that is to be opened with this key.
    pub fn opened(
        name: &str,
        spec: &str,
        expect: &str,
        what: &str,
        key: VerifierKey,
        body: Vec<u8>,
    ) -> Self {
        let made = Self::new("conclusion", name, spec, expect, what);
        made.with("key", key).body(body)
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.header.push((key, value.to_string()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, value) in &self.header {
            bytes.extend(format!("{key}: {value}\n").into_bytes());
        }
        bytes.push(b'\n');
        bytes.extend(&self.body);
        bytes
    }
}
