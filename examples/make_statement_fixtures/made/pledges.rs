//! Pledges: as people write them, and as payloads.

mod kinds;
mod lint;
mod unread;

use serde_json::{Value, json};
use standstill::claim::{Pledge, falsifier};

use super::{About, Case, Changed, made_up, print};

/// Returns every draft.
pub fn drafts() -> Vec<Draft> {
    [of_each_kind(), unread::drafts(), lint::drafts()]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns a payload with a pledge of each kind, and what is wrong in the bad ones.
pub fn payloads() -> Vec<Case> {
    let pledge = |name: &str, what| Case::new("pledge", name, what);
    let of_kind = |(kind, draft): (&str, Value)| {
        pledge(kind, "a pledge of this kind")
            .keeps("ple-1 ple-8")
            .edit(|p| {
                let (previous, before) = (p["previous"].take(), p["notBefore"].take());
                *p = draft;
                p["previous"] = previous;
                p["notBefore"] = before;
            })
    };
    let mut cases: Vec<Case> = kinds::kinds().into_iter().map(of_kind).collect();
    cases.extend([
        pledge(
            "critical",
            "a pledge with a condition that must be understood",
        )
        .breaks("ple-1", "critical")
        .with(json!(["org.example.unless"]))
        .edit(|p| p["org.example.unless"] = json!("somebody else is faster"))
        .unseen(),
        pledge("kind_unknown", "a kind of another version")
            .breaks("ple-8", "kind")
            .with("promise"),
        pledge("in_area", "a pledge outside stream 0")
            .breaks("ple-1", "predicateType")
            .set(
                "governance",
                json!({"sequence": "1", "statement": made_up("area")}),
            )
            .at(1, 4),
    ]);
    cases
}

/// One draft: good, unless it breaks a rule of the format or of lint.
pub struct Draft {
    pub name: String,
    members: Value,
    about: About,
    rules: Option<String>,
    reworded: bool,
}

/// A draft of a kind.
fn of(kind: &str, name: &str, what: &str) -> Draft {
    Draft {
        name: name.to_owned(),
        members: kinds::draft(kind),
        about: About::new(what),
        rules: None,
        reworded: false,
    }
}

impl Draft {
    /// Says which rules of lint it breaks, the first of them at which member.
    fn finds(mut self, rules: &str, at: &str) -> Self {
        self.rules = Some(rules.to_owned());
        self.about.at = Some(at.to_owned());
        self
    }

    /// Makes its words anew, when all is said that they follow from.
    fn reworded(self) -> Self {
        Self {
            reworded: true,
            ..self
        }
    }

    /// Spells the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let About { spec, what, at } = &self.about;
        let (expect, more) = match (at, &self.rules) {
            (None, _) => ("ok".to_owned(), None),
            (Some(at), None) => ("parse".to_owned(), Some(("at", at))),
            (Some(at), Some(rules)) => (format!("lint:{at}"), Some(("rules", rules))),
        };
        let mut header = vec![("spec", spec.as_str()), ("expect", &expect), ("what", what)];
        header.extend(more.map(|(key, value)| (key, value.as_str())));
        let mut members = self.members.clone();
        if self.reworded {
            let pledge = Pledge::parse_draft(members.to_string().as_bytes());
            let pledge = pledge.unwrap_or_else(|error| panic!("{}: {error}", self.name));
            members["falsifier"] = json!(falsifier(&pledge));
        }
        let text = serde_json::to_string_pretty(&members).unwrap() + "\n";
        print(&header, text.as_bytes())
    }
}

impl Changed for Draft {
    fn json(&mut self) -> &mut Value {
        &mut self.members
    }

    fn about(&mut self) -> &mut About {
        &mut self.about
    }
}

fn of_each_kind() -> Vec<Draft> {
    let what = "a pledge of this kind, with the words that its fields make";
    let draft = |(kind, _): (&str, Value)| {
        let name = format!("kind_{}", kind.replace('-', "_"));
        let draft = of(kind, &name, what).keeps("ple-8");
        // It leaves areas out, which is said.
        if kind == "halted" {
            return draft.finds("areas-listed", "perimeter.areas");
        }
        draft
    };
    kinds::kinds().into_iter().map(draft).collect()
}
