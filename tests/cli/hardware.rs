//! Hardware speaks of an area, by typed commands: from its nonce to a verdict.

use standstill::encoding::base64;
use standstill::hash::sha256;
use standstill::key::SecretKey;

use crate::lab::{BEFORE, LIMIT, Lab};

/// 2026-03-01T00:30:00Z.
const IAT: u64 = 1_772_325_000;

const HOUR: &str = "--start 2026-03-01T00:00:00Z --end 2026-03-01T01:00:00Z";

const VERIFY: &str = "verify lab/log --trust trust.toml";

fn key() -> SecretKey {
    SecretKey::from_seed([200; 32])
}

fn signed(claims: &str) -> String {
    let header = base64::encode_url(br#"{"alg":"EdDSA"}"#);
    let message = format!("{header}.{}", base64::encode_url(claims.as_bytes()));
    let signature = key().sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", base64::encode_url(&signature))
}

/// What a verifier of accelerators answers, of so many devices.
fn bundle(nonce: &str, devices: usize) -> String {
    let (mut named, mut tokens) = (Vec::new(), Vec::new());
    for device in 0..devices {
        let token = signed(&format!(
            r#"{{"iat":{IAT},"eat_nonce":"{nonce}","ueid":"{device}","hwmodel":"GH100","measres":"success"}}"#
        ));
        let digest = sha256(token.as_bytes());
        named.push(format!(
            r#""GPU-{device}":["DIGEST",["SHA-256","{digest}"]]"#
        ));
        tokens.push(format!(r#""GPU-{device}":"{token}""#));
    }
    // Members of JSON in whatever order.
    let overall = signed(&format!(
        r#"{{"iat":{IAT},"eat_nonce":"{nonce}","x-nvidia-overall-att-result":true,"submods":{{{}}}}}"#,
        named.join(",")
    ));
    format!(r#"[["JWT","{overall}"],{{{}}}]"#, tokens.join(","))
}

/// A lab of four devices, its pledge logged, and an auditor who knows the verifier's key.
fn lab() -> Lab {
    let mut lab = Lab::new();
    lab.at(BEFORE);
    let devices = "serial,model\nSN-0,h100-sxm\nSN-1,h100-sxm\nSN-2,h100-sxm\nSN-3,h100-sxm\n";
    lab.write("devices.csv", devices);
    lab.ok("inventory devices.csv --workspace lab --from 2026-03-01T00:00:00Z");
    lab.pledge(LIMIT);
    let prefix = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    let der = [prefix, key().public().as_bytes().as_slice()].concat();
    let trust = lab.read("trust.toml")
        + &format!(
            "\n[[hardware_root]]\nname = \"verifier\"\ntrust_root = \"maker\"\nkind = \"gpu-attestation\"\nkeys = [\"\"\"\n-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n\"\"\"]\n",
            base64::encode(&der)
        );
    lab.write("trust.toml", trust);
    lab
}

fn nonce(lab: &Lab) -> String {
    let nonce = lab.ok("evidence nonce --workspace lab").trim().to_owned();
    assert_eq!(nonce.len(), 64);
    nonce
}

fn state(lab: &Lab, file: &str, more: &str) -> String {
    lab.ok(&format!(
        "evidence state {file} --kind gpu-attestation --provenance tests --workspace lab {HOUR} {more}"
    ))
}

/// What a verdict says, on one line.
fn verdict(lab: &Lab, more: &str) -> String {
    let done = lab.run(&format!("{VERIFY} {more}"));
    assert!([0, 3].contains(&done.code), "{done:?}");
    done.out
}

#[test]
fn devices_that_answer_are_told_and_too_many_are_not_declared() {
    let lab = lab();
    for (devices, says) in [(4, "verifier shows 4 devices"), (5, "hardware-undeclared")] {
        lab.write("answer", bundle(&nonce(&lab), devices));
        let said = state(&lab, "answer", "");
        assert!(said.contains("queued"), "{said}");
        lab.ok("publish --workspace lab");
        let without = verdict(&lab, "");
        assert!(without.contains("evidence-unopened"), "{without}");
        let found = verdict(&lab, "--attached lab/evidence");
        assert!(found.contains(says), "{found}");
        assert!(!found.contains("evidence-unopened"), "{found}");
        assert!(
            found.contains("which firmware ran on which chip"),
            "{found}"
        );
        assert_eq!(found.contains("hardware-undeclared"), devices == 5);
    }
    // Only one of the two files.
    let name = sha256(lab.read("answer").as_bytes());
    let found = verdict(&lab, &format!("--attached lab/evidence/{name}"));
    assert!(found.contains("evidence-unopened") && found.contains("hardware-undeclared"));
    let json = lab.run(&format!("{VERIFY} --json --attached lab/evidence"));
    assert!(json.out.contains("\"hardware\""), "{json:?}");
}

#[test]
fn salted_evidence_is_opened_by_its_salt() {
    let lab = lab();
    lab.write("answer", bundle(&nonce(&lab), 3));
    state(&lab, "answer", "--salted");
    lab.ok("publish --workspace lab");
    let found = verdict(&lab, "--attached lab/evidence");
    assert!(found.contains("verifier shows 3 devices"), "{found}");
    // By its bytes alone nobody can tell that it is this.
    let found = verdict(&lab, "--attached answer");
    assert!(found.contains("evidence-unopened"), "{found}");
    lab.write("answer.salt", "short");
    let refused = lab.refused(&format!("{VERIFY} --attached answer"));
    assert!(refused.contains("salt"), "{refused}");
}

#[test]
fn what_cannot_be_evidence_is_not_stated() {
    let lab = lab();
    let good = bundle(&nonce(&lab), 2);
    let refused = |file: &str, kind: &str, times: &str, why: &str| {
        let said = lab.refused(&format!(
            "evidence state {file} --kind {kind} --provenance tests --workspace lab {times}"
        ));
        assert!(said.contains(why), "{file}: {said}");
    };
    let gpu = "gpu-attestation";
    lab.write("newline", format!("{}\n", signed("{}")));
    lab.write("old", bundle(&"00".repeat(32), 2));
    lab.write("none", "");
    lab.write("good", &good);
    refused("old", gpu, HOUR, "does not answer the nonce");
    refused("none", gpu, HOUR, "neither a signed token");
    refused("newline", gpu, HOUR, "does not answer");
    refused("absent", gpu, HOUR, "No such file");
    refused("good", "inspection", HOUR, "no hardware's");
    refused("good", "tpm-quote", HOUR, "the quote's");
    let reversed = "--start 2026-03-01T01:00:00Z --end 2026-03-01T00:00:00Z";
    refused("good", gpu, reversed, "is not after the start");
    // Once the log was cosigned again, an answer is old.
    lab.ok("publish --workspace lab");
    state(&lab, "good", "");
    lab.ok("publish --workspace lab");
    refused("good", gpu, HOUR, "does not answer the nonce");
    // Nothing to be derived from.
    let mut fresh = Lab::new();
    fresh.at(BEFORE);
    let said = fresh.refused("evidence nonce --workspace lab");
    assert!(said.contains("no quorum of witnesses"), "{said}");
    let said = lab.refused(&format!("{VERIFY} --attached absent"));
    assert!(said.contains("No such file"), "{said}");
}

#[test]
fn a_challenge_is_answered_with_its_own_nonce() {
    let lab = lab();
    let challenge = "11".repeat(32);
    let asked = lab.ok(&format!(
        "evidence nonce --workspace lab --challenge {challenge}"
    ));
    lab.write("answer", bundle(asked.trim(), 2));
    state(&lab, "answer", &format!("--challenge {challenge}"));
    lab.ok("publish --workspace lab");
    // Of which nothing is in the log.
    let found = verdict(&lab, "--attached lab/evidence");
    assert!(found.contains("evidence-stale"), "{found}");
}
