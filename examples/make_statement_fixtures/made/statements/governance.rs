//! What governs: areas, issuers, registrations and recoveries.

use serde_json::{Value, json};
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};

use super::super::{Case, Changed, drop_member, made_up};

fn area(name: &str, what: &str) -> Case {
    Case::new("area", name, what)
}

fn issuer(name: &str, what: &str) -> Case {
    Case::new("issuer", name, what)
}

fn registration(name: &str, what: &str) -> Case {
    Case::new("registration", name, what)
}

fn recovery(name: &str, what: &str) -> Case {
    Case::new("recovery", name, what)
}

pub fn cases() -> Vec<Case> {
    vec![
        area("open", "an area of hours").keeps("sta-2"),
        area(
            "open_measuring",
            "a corroborator's area, in which nothing is due",
        )
        .keeps("sta-2")
        .set("cadence", "none")
        .set("continues", json!([]))
        .set(
            "measures",
            json!({"issuer": made_up("another lab"), "stream": "1"}),
        ),
        area("change", "months from an edge on")
            .keeps("sta-2")
            .edit(|p| {
                for name in ["name", "first", "measures", "continues"] {
                    drop_member(p, name);
                }
                p["action"] = json!("change");
                p["cadence"] = json!("month");
                p["from"] = json!("2026-04-01T00:00:00Z");
            }),
        area("close", "the end of an area")
            .keeps("sta-2")
            .edit(|p| {
                for name in ["name", "first", "measures", "continues", "cadence", "grace"] {
                    drop_member(p, name);
                }
                p["action"] = json!("close");
                p["end"] = json!("2026-04-01T00:00:00Z");
                p["inventory"] = json!(made_up("inventory of zero"));
            }),
        issuer("first", "a first statement").keeps("sta-2"),
        issuer("moved", "every member there can be: a move to this log")
            .keeps("sta-2")
            .edit(moved),
        registration("admits", "an issuer admitted").keeps("sta-2"),
        registration("removes", "an issuer admitted no longer")
            .keeps("sta-2")
            .edit(|p| {
                p["removes"] = p["admits"].take();
                p["admits"] = json!([]);
            }),
        recovery("full", "entries that were lost").keeps("sta-2"),
        recovery("nothing_lost", "a clock that went back")
            .keeps("sta-2")
            .set("cause", "clock-went-back")
            .set("lost", "none")
            .set(
                "latest",
                "log.example/small\n297\nrcCI5ue4hwW8Qd1qWZ4jL3s1MWr7R4Q0uSWWQPn0bRs=\n",
            ),
    ]
}

/// A move from another log, and witnesses that the issuer heeds.
fn moved(predicate: &mut Value) {
    predicate["previous"] = json!(made_up("issuer"));
    predicate["witnesses"] = json!({
        "keys": [witness("one.example/w", 11), witness("two.example/w", 12)],
        "quorum": "1",
    });
    let old = SignerKey::new(
        KeyName::new("log.example/old").unwrap(),
        Algorithm::Ed25519,
        SecretKey::from_seed([13; 32]),
    );
    predicate["moved"] = json!({
        "checkpoint": "log.example/old\n7\nrcCI5ue4hwW8Qd1qWZ4jL3s1MWr7R4Q0uSWWQPn0bRs=\n",
        "from": {"key": old.verifier().to_string(), "origin": "log.example/old"},
        "heads": [
            {"sequence": "3", "statement": made_up("issuer"), "stream": "0"},
            {"sequence": "9", "statement": made_up("usage"), "stream": "1"},
        ],
    });
}

/// A witness's key, of type 0x04.
fn witness(name: &str, seed: u8) -> String {
    let key = SecretKey::from_seed([seed; 32]);
    let name = KeyName::new(name).unwrap();
    SignerKey::new(name, Algorithm::CosignatureV1, key)
        .verifier()
        .to_string()
}
