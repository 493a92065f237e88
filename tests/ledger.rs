//! Ledgers against values that another program worked out.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use std::fs;
use std::path::Path;

use serde_json::Value;
use standstill::hash::Hash;
use standstill::hash::sha256;
use standstill::ledger::Kind;
use standstill::ledger::Ledger;
use standstill::ledger::Secret;
use standstill::ledger::commitment;
use standstill::ledger::field_digest;
use standstill::ledger::leaf_data;
use standstill::merkle;

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ledger/suite1.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn secret(vectors: &Value) -> Secret {
    Secret::from_hex(vectors["secret"].as_str().unwrap()).unwrap()
}

/// The ledger of the first `count` records, through its file.
fn ledger(vectors: &Value, count: usize) -> Ledger {
    let secret = secret(vectors);
    let empty = Ledger::new(Kind::Jobs, secret).print();
    let mut text = empty.replace("\"count\":\"0\"", &format!("\"count\":\"{count}\""));
    for record in vectors["records"].as_array().unwrap().iter().take(count) {
        text.push_str(&serde_json::to_string(&record["values"]).unwrap());
        text.push('\n');
    }
    Ledger::parse(text.as_bytes()).unwrap()
}

// spec: led-6 led-8
#[test]
fn salts_and_field_digests_are_those_worked_out_elsewhere() {
    let vectors = vectors();
    let secret = secret(&vectors);
    for (index, record) in (0_u64..).zip(vectors["records"].as_array().unwrap()) {
        for (at, name) in Kind::Jobs.fields().iter().enumerate() {
            let salt = secret.salt(index, name);
            assert_eq!(salt.to_string(), record["salts"][at].as_str().unwrap());
            let value = record["values"][at].as_str().unwrap();
            assert_eq!(
                field_digest(&salt, name, value),
                hash(&record["digests"][at])
            );
        }
    }
}

// spec: led-9
#[test]
fn roots_of_every_prefix_are_those_worked_out_elsewhere() {
    let vectors = vectors();
    assert_eq!(hash(&vectors["empty_root"]), sha256(b""));
    let records = vectors["records"].as_array().unwrap();
    for (at, record) in records.iter().enumerate() {
        let ledger = ledger(&vectors, at + 1);
        assert_eq!(ledger.root(), hash(&record["root"]));
        assert_eq!(ledger.reference().unwrap().root, hash(&record["root"]));
    }
    let digests = records[0]["digests"].as_array().unwrap().iter().map(hash);
    let leaf = merkle::leaf_hash(&leaf_data(digests));
    assert_eq!(
        leaf,
        hash(&records[0]["root"]),
        "a tree of one leaf is its hash"
    );
    assert_eq!(ledger(&vectors, 0).root(), sha256(b""));
}

// spec: led-7 led-10
#[test]
fn a_commitment_is_that_worked_out_elsewhere() {
    let vectors = vectors();
    let expected = &vectors["commitment"];
    let value = expected["value"].as_str().unwrap().as_bytes();
    let salt = secret(&vectors).commitment_salt("serial", value);
    assert_eq!(salt.to_string(), expected["salt"].as_str().unwrap());
    assert_eq!(
        commitment("serial", &salt, value),
        hash(&expected["digest"])
    );
}

#[test]
fn an_opening_shows_what_it_opens_and_nothing_else() {
    let vectors = vectors();
    let ledger = ledger(&vectors, 3);
    let opening = ledger.open(1, &["class", "accelerators"]).unwrap();
    assert_eq!(
        opening.verify(&ledger.root(), 3).unwrap(),
        [("accelerators", "0..3"), ("class", "inference")]
    );
    let text = opening.write().to_canonical();
    for hidden in ["1g.10gb", "2026-03-01", "9000"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    // The root of the first two binds the record too, but by a shorter path: a hash too
    // many is refused.
    let shorter = hash(&vectors["records"][1]["root"]);
    assert!(opening.verify(&shorter, 2).is_err());
    assert!(opening.verify(&ledger.root(), 2).is_err());
}
