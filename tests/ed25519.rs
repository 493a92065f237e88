//! Which Ed25519 signatures count: others' vectors, answered by one rule.
//!
//! Two verifiers that differ in one signature can be shown two histories. So the rule is
//! the strictest in use (`specs/log.md`, "Ed25519"), and here it is pinned: a change of
//! the library beneath, or another implementation of ours, shows in a vector.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod fixture;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use standstill::encoding::hex;
use standstill::hash::sha256;
use standstill::key::{PublicKey, Signature};

/// Reads a file of vectors, which must be as its authors published it.
fn vectors(name: &str) -> Value {
    let folder = fixture::root().join("fixtures/ed25519");
    let bytes = fs::read(folder.join(name)).unwrap();
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains(&sha256(&bytes).to_string()), "{name}");
    serde_json::from_slice(&bytes).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Accepted,
    /// No such key can be named anywhere.
    KeyRefused,
    /// Not 64 bytes, which is all that a signature can be.
    LengthRefused,
    SignatureRefused,
}

fn answer(key: &str, message: &[u8], signature: &str) -> Answer {
    let key = hex::decode_array(key).unwrap();
    let Some(key) = PublicKey::from_bytes(&key) else {
        return Answer::KeyRefused;
    };
    let Some(signature) = hex::decode_array(signature) else {
        return Answer::LengthRefused;
    };
    match key.verify(message, &Signature::from_bytes(signature)) {
        Ok(()) => Answer::Accepted,
        Err(_) => Answer::SignatureRefused,
    }
}

// spec: log-1
#[test]
fn wycheproof_is_answered_as_its_authors_say() {
    let file = vectors("wycheproof.json");
    let mut counts: BTreeMap<(Answer, &str), u32> = BTreeMap::new();
    for group in file["testGroups"].as_array().unwrap() {
        let key = text(&group["publicKey"], "pk");
        for test in group["tests"].as_array().unwrap() {
            let message = hex::decode(text(test, "msg")).unwrap();
            let found = answer(key, &message, text(test, "sig"));
            let expected = text(test, "result");
            assert_eq!(
                found == Answer::Accepted,
                expected == "valid",
                "{}: {found:?}",
                test["tcId"]
            );
            let flag = test["flags"][0].as_str().unwrap();
            *counts.entry((found, flag)).or_default() += 1;
        }
    }
    let expected = [
        (Answer::Accepted, "Ktv", 38),
        (Answer::Accepted, "TinkOverflow", 32),
        (Answer::Accepted, "Valid", 18),
        (Answer::LengthRefused, "CompressedSignature", 4),
        (Answer::LengthRefused, "SignatureWithGarbage", 5),
        (Answer::LengthRefused, "TruncatedSignature", 3),
        // Some field element or R beyond p.
        (Answer::SignatureRefused, "InvalidEncoding", 22),
        (Answer::SignatureRefused, "InvalidKtv", 1),
        (Answer::SignatureRefused, "InvalidSignature", 20),
        // S of L or more: a second signature made out of a first one.
        (Answer::SignatureRefused, "SignatureMalleability", 8),
    ];
    let expected = expected.map(|(answer, flag, count)| ((answer, flag), count));
    assert_eq!(counts, BTreeMap::from(expected));
}

// spec: log-1
#[test]
fn of_the_edge_cases_of_cctv_only_a_cancelled_component_of_small_order_is_accepted() {
    let file = vectors("cctv.json");
    let mut accepted: BTreeMap<String, u32> = BTreeMap::new();
    let mut refused: BTreeMap<Answer, u32> = BTreeMap::new();
    for vector in file.as_array().unwrap() {
        let flags: Vec<&str> = vector["flags"]
            .as_array()
            .map(|flags| flags.iter().map(|flag| flag.as_str().unwrap()).collect())
            .unwrap_or_default();
        let (key, message) = (text(vector, "key"), text(vector, "msg"));
        let found = answer(key, message.as_bytes(), text(vector, "sig"));
        let has = |flag| flags.contains(&flag);
        let expected = if has("low_order_A") || has("non_canonical_A") {
            Answer::KeyRefused
        } else if has("low_order_R") || has("non_canonical_R") || has("low_order_residue") {
            Answer::SignatureRefused
        } else {
            Answer::Accepted
        };
        assert_eq!(found, expected, "{}: {flags:?}", vector["number"]);
        if found == Answer::Accepted {
            *accepted.entry(flags.join(" ")).or_default() += 1;
        } else {
            *refused.entry(found).or_default() += 1;
        }
    }
    // The equation without cofactor holds for these, and no encoding tells that a
    // component of small order is in them: to refuse them, every key's order would have
    // to be computed.
    let expected = [
        ("", 1),
        ("low_order_component_A", 7),
        ("low_order_component_R low_order_component_A", 35),
    ];
    assert_eq!(
        accepted,
        expected
            .map(|(flags, count)| (flags.to_owned(), count))
            .into()
    );
    let expected = [(Answer::KeyRefused, 526), (Answer::SignatureRefused, 345)];
    assert_eq!(refused, expected.into());
}

// spec: log-1
#[test]
fn a_key_has_one_encoding_even_where_no_order_is_small() {
    // y + p fits into 255 bits for y below 19; the sign may be set or not.
    let mut points = 0;
    for y in 2..19_u8 {
        for sign in [0, 0x80] {
            let mut canonical = [0; 32];
            (canonical[0], canonical[31]) = (y, sign);
            let mut other = [0xff; 32];
            (other[0], other[31]) = (y.wrapping_sub(19), 0x7f | sign);
            assert_eq!(PublicKey::from_bytes(&other), None, "{y}");
            points += u32::from(PublicKey::from_bytes(&canonical).is_some());
        }
    }
    assert_eq!(points, 20, "ten of the 17 values of y are on the curve");
}
