//! `log/note`: what is signed, and by whose key.

use standstill::key::{Algorithm, SIGNATURE_SIZE};
use standstill::note::{Note, SignatureLine};

use super::super::{Set, about, key};
use super::{note_key, signed};

const C2SP_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The order of the group, little-endian (RFC 8032, 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A line of some other key.
fn stranger(number: u8, bytes: usize) -> SignatureLine {
    let name = format!("stranger.example/{number}");
    SignatureLine::new(
        &key(&name, Algorithm::Ed25519, number).verifier(),
        vec![7; bytes],
    )
}

/// S + L for S: the same signature for who does not compare S with L.
fn malleated(signature: &[u8]) -> Vec<u8> {
    let mut other = signature.to_vec();
    let mut carry = 0_u16;
    for (byte, add) in other[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    other
}

pub(super) fn notes(set: &mut Set) {
    let vkey = note_key().verifier();
    let mut add = |name: &str, spec, expect, what, key: &str, body: &[u8]| {
        set.add(
            &format!("log/note/{name}"),
            about(spec, expect, what),
            &[("key", key)],
            body,
        );
    };
    add(
        "example_c2sp",
        "log-6 log-8",
        "signed",
        "the worked example of C2SP signed-note",
        C2SP_KEY,
        C2SP_NOTE.as_bytes(),
    );
    add(
        "example_go",
        "log-6 log-8",
        "signed",
        "the worked example of Go's note package",
        GO_KEY,
        GO_NOTE.as_bytes(),
    );

    let ours = vkey.to_string();
    let good = signed("a\n");
    let text = good.to_text();
    let own = good.signatures()[0].bytes().to_vec();
    let with = |bytes: Vec<u8>| {
        let mut note = good.clone();
        note.put(SignatureLine::new(&vkey, bytes));
        note.to_text()
    };
    let many = |count: u8| {
        let mut note = good.clone();
        (1..count).for_each(|number| note.put(stranger(number, 64)));
        note.to_text()
    };
    let other = key("note.example/b", Algorithm::Ed25519, 2).verifier();
    let same_name = key("note.example/a", Algorithm::Ed25519, 3).verifier();
    // Another name over the same id: no key has it, but a line may.
    let same_id = text.replace("note.example/a", "note.example/z");
    for (name, spec, expect, what, note) in [
        (
            "text_blank_lines",
            "log-6",
            "signed",
            "text and signatures part at the last empty line",
            signed("a\n\nb\n\n").to_text(),
        ),
        (
            "signatures_16",
            "log-6 log-8",
            "signed",
            "as many as C2SP asks for",
            many(16),
        ),
        (
            "signatures_100",
            "log-6",
            "signed",
            "as many as Go reads",
            many(100),
        ),
        (
            "signatures_101",
            "log-6",
            "malformed",
            "one more",
            many(101),
        ),
        (
            "stranger_post_quantum",
            "log-8",
            "signed",
            "a stranger's line of 2,428 bytes is passed over",
            {
                let mut note = good.clone();
                note.put(stranger(1, 2428));
                note.to_text()
            },
        ),
        (
            "stranger_first",
            "log-8",
            "signed",
            "the order of lines means nothing",
            {
                let mut note = good.clone();
                note.retain(|_| false);
                note.put(stranger(1, 1));
                note.put(good.signatures()[0].clone());
                note.to_text()
            },
        ),
        (
            "name_same_id_other",
            "log-8",
            "unsigned",
            "another key of the same name is another key",
            {
                let mut note = good.clone();
                note.retain(|_| false);
                note.put(SignatureLine::new(&same_name, own.clone()));
                note.to_text()
            },
        ),
        (
            "name_other_id_same",
            "log-8",
            "unsigned",
            "another name with the same id is another key",
            same_id,
        ),
        (
            "name_other",
            "log-8",
            "unsigned",
            "the same public key under another name is another key",
            {
                let mut note = good.clone();
                note.retain(|_| false);
                note.put(SignatureLine::new(&other, own.clone()));
                note.to_text()
            },
        ),
        (
            "text_changed",
            "log-8",
            "bad-signature",
            "a letter of the text",
            text.replacen('a', "b", 1),
        ),
        (
            "text_longer",
            "log-8",
            "bad-signature",
            "a line put before the signed text",
            format!("b\n{text}"),
        ),
        (
            "signature_zero",
            "log-1 log-8",
            "bad-signature",
            "all zeros",
            with(vec![0; SIGNATURE_SIZE]),
        ),
        (
            "signature_short",
            "log-8",
            "bad-signature",
            "63 bytes",
            with(own[..63].to_vec()),
        ),
        (
            "signature_long",
            "log-8",
            "bad-signature",
            "65 bytes",
            with([&own[..], &[0]].concat()),
        ),
        (
            "signature_malleated",
            "log-1",
            "bad-signature",
            "S + L in place of S",
            with(malleated(&own)),
        ),
        (
            "signature_bad_beside_good",
            "log-8",
            "bad-signature",
            "a stranger's line does not heal the known one",
            {
                let mut note = Note::parse(with(vec![0; SIGNATURE_SIZE]).as_bytes()).unwrap();
                note.put(stranger(1, 64));
                note.to_text()
            },
        ),
    ] {
        add(name, spec, expect, what, &ours, note.as_bytes());
    }
    add(
        "text_not_utf8",
        "log-6",
        "malformed",
        "a byte that is no UTF-8",
        &ours,
        &[b"\xff", text.as_bytes()].concat(),
    );
}
