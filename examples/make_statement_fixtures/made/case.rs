//! One payload, and what is to be thought of it.

use serde_json::{Value, json};
use standstill::hash::sha256;

use super::{About, Changed, example, print};

/// The issuer whose statements these are.
const LAB: &str = "example/lab";

/// The types whose statements stand in stream 0.
const GOVERNING: [&str; 6] = [
    "area",
    "issuer",
    "pledge",
    "recovery",
    "registration",
    "withdrawal",
];

/// A payload: understood, unless it breaks a rule.
pub struct Case {
    pub name: String,
    kind: String,
    stream: u64,
    sequence: Option<u64>,
    predicate: Value,
    about: About,
    unseen: bool,
    admits: Option<usize>,
    extended: bool,
}

impl Case {
    /// Begins with the example of a type.
    pub fn new(kind: &str, name: &str, what: &str) -> Self {
        let document = if kind == "pledge" {
            "pledge.md"
        } else {
            "statements.md"
        };
        Self {
            name: format!("{kind}_{name}").replace('-', "_"),
            kind: kind.to_owned(),
            stream: u64::from(!GOVERNING.contains(&kind)),
            sequence: None,
            predicate: example(document, kind),
            about: About::new(what),
            unseen: false,
            admits: None,
            extended: false,
        }
    }

    /// Says that no schema can see what is wrong.
    pub fn unseen(self) -> Self {
        Self {
            unseen: true,
            ..self
        }
    }

    /// Says how many figures it admits although it is not understood.
    pub fn admits(self, count: usize) -> Self {
        Self {
            admits: Some(count),
            ..self
        }
    }

    /// Says that it holds what no type writes.
    pub fn extended(self) -> Self {
        Self {
            extended: true,
            ..self
        }
    }

    /// Puts it elsewhere.
    pub fn at(self, stream: u64, sequence: u64) -> Self {
        Self {
            stream,
            sequence: Some(sequence),
            ..self
        }
    }

    /// Gives it a `predicateType` of another type.
    pub fn typed(self, kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            ..self
        }
    }

    fn payload(&self) -> String {
        let Self { kind, stream, .. } = self;
        let first = self.predicate["previous"] == "none";
        let sequence = self.sequence.unwrap_or(if first { 0 } else { 4 });
        // `serde_json` sorts members, and nothing here needs an escape that it spells
        // otherwise than RFC 8785.
        let digest = sha256(self.predicate.to_string().as_bytes()).to_string();
        let issuer = sha256(LAB.as_bytes());
        let payload = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": self.predicate,
            "predicateType": format!("https://standstill.dev/attestation/{kind}/v1"),
            "subject": [{
                "digest": { "sha256": digest },
                "name": format!("{issuer}/{stream}/{sequence}"),
            }],
        });
        payload.to_string()
    }

    /// Spells the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let About { spec, what, at } = &self.about;
        let understood = at.is_none();
        let expect = if understood { "ok" } else { "not-understood" };
        let mut header = vec![("spec", spec.as_str()), ("expect", expect), ("what", what)];
        if let Some(at) = at {
            let schema = if self.unseen { "accepts" } else { "refuses" };
            header.extend([("at", at.as_str()), ("schema", schema)]);
        }
        let admits = self.admits.map(|count| count.to_string());
        header.extend(admits.iter().map(|count| ("admits", count.as_str())));
        if self.extended {
            header.push(("extended", "yes"));
        }
        print(&header, self.payload().as_bytes())
    }
}

impl Changed for Case {
    fn json(&mut self) -> &mut Value {
        &mut self.predicate
    }

    fn about(&mut self) -> &mut About {
        &mut self.about
    }
}
