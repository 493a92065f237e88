//! What an auditor hands on, and what somebody makes of it who has only the file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use standstill::attestation::Envelope;
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};

use crate::lab::{AFTER, LIMIT, Lab, TIGHT};
use crate::sandbox::Sandbox;

const VERIFY: &str = "verify lab/log --trust trust.toml";

/// A lab whose log witnesses saw after everything was due, an auditor's key, and the
/// auditor's conclusion.
struct Concluded {
    lab: Lab,
    vkey: String,
    file: String,
}

fn concluded(limit: u64, code: i32) -> Concluded {
    let mut lab = Lab::reported(limit);
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    let vkey = lab.ok("key new auditor.key --name auditor.example/judge");
    let done = lab.run(&format!("{VERIFY} --sign auditor.key --to out"));
    assert_eq!(done.code, code, "{done:?}");
    let file = only_file(&lab, "out");
    assert!(done.err.contains(&format!("wrote `{file}`")), "{done:?}");
    Concluded {
        lab,
        vkey: vkey.trim().to_owned(),
        file,
    }
}

fn only_file(sandbox: &Sandbox, directory: &str) -> String {
    let entries = fs::read_dir(sandbox.path(directory)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
    format!("{directory}/{}", names.remove(0))
}

// spec: con-11 con-13 con-14
#[test]
fn a_conclusion_is_checked_by_who_has_the_auditor_s_key_and_nothing_else() {
    let Concluded { lab, vkey, file } = concluded(LIMIT, 3);
    let check = format!("vsa check {file} --key {vkey}");
    let done = lab.run(&check);
    assert_eq!(done.code, 3, "{done:?}");
    let judged = lab.run(VERIFY);
    let (head, verdict) = done.out.split_once("\n\n").unwrap();
    assert_eq!(head, "FAILED, concluded by auditor.example/judge");
    assert_eq!(verdict, judged.out, "the verdict as `verify` prints it");
    let done = lab.run(&format!("{check} --trust trust.toml --json"));
    let shown: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(shown["word"], "CONSISTENT");
    assert_eq!(shown["verificationResult"], "FAILED");
    assert_eq!(shown["exitCode"], "3");
    // By another trust file it would be another conclusion.
    let other = lab.read("trust.toml").replace("outsider 1", "outsider one");
    lab.write("other.toml", other);
    let said = lab.refused(&format!("{check} --trust other.toml"));
    assert!(said.contains("judged by the trust file"), "{said}");
    // The file stands alone: without the log, the trust file and the key.
    for gone in ["lab", "w1", "w2", "w3"] {
        fs::remove_dir_all(lab.path(gone)).unwrap();
    }
    fs::remove_file(lab.path("auditor.key")).unwrap();
    assert_eq!(lab.run(&check).code, 3);
}

// spec: con-11 con-14
#[test]
fn the_same_judgement_is_the_same_file_and_nothing_is_overwritten() {
    let Concluded { mut lab, file, .. } = concluded(LIMIT, 3);
    let sign = |place: &str| format!("{VERIFY} --sign auditor.key --to {place}");
    assert_eq!(lab.run(&sign("again/and/again")).code, 3);
    let again = only_file(&lab, "again/and/again");
    assert_eq!(lab.read(&file), lab.read(&again));
    // Written there already: left as it is.
    let before = lab.listing("out");
    assert_eq!(lab.run(&sign("out")).code, 3);
    assert_eq!(lab.listing("out"), before);
    // Judged as of later, it is another conclusion.
    lab.at("2026-05-03T00:00:00Z");
    let said = lab.refused(&sign("out"));
    assert!(said.contains("says something else"), "{said}");
    assert_eq!(lab.run(&sign("later")).code, 3);
    assert_ne!(lab.read(&file), lab.read(&only_file(&lab, "later")));
}

// spec: con-13
#[test]
fn a_breach_is_failed_and_exits_as_verify_did() {
    let Concluded { lab, vkey, file } = concluded(TIGHT, 1);
    let done = lab.run(&format!("vsa check {file} --key {vkey}"));
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.starts_with("FAILED, concluded by"), "{done:?}");
    assert!(done.out.contains("lab: VIOLATED\n"), "{done:?}");
}

/// Replaces the payload of a file, signed by these keys.
fn signed_again(lab: &Lab, file: &str, change: impl Fn(&str) -> String, keys: &[&SecretKey]) {
    let envelope = Envelope::parse(lab.read(file).as_bytes()).unwrap();
    let payload = String::from_utf8(envelope.payload().to_vec()).unwrap();
    let changed = change(&payload);
    assert_ne!(changed, payload, "nothing was changed");
    let signed = Envelope::sign(changed.as_bytes(), keys).unwrap();
    lab.write("changed", signed.to_bytes());
}

// spec: con-12
#[test]
fn what_was_made_of_a_conclusion_by_others_is_refused() {
    let Concluded { lab, vkey, file } = concluded(TIGHT, 1);
    let check = format!("vsa check changed --key {vkey}");
    let refused = |part: &str| {
        let said = lab.refused(&check);
        assert!(said.contains(part), "{part}: {said}");
    };
    let passed = |payload: &str| {
        payload
            .replace(
                "\"verificationResult\":\"FAILED\"",
                "\"verificationResult\":\"PASSED\"",
            )
            .replace("[\"FAILED\"]", "[\"STANDSTILL_E3\"]")
    };
    let text = lab.read("auditor.key");
    let own = SignerKey::from_secret_text(text.trim_end()).unwrap();
    let other = SecretKey::from_seed([7; 32]);
    // PASSED over FAILED, by whoever has another key.
    signed_again(&lab, &file, passed, &[&other]);
    refused("signed by the key");
    // By two, of whom one is the auditor.
    signed_again(&lab, &file, passed, &[own.secret(), &other]);
    refused("2 signatures");
    // By the auditor himself: the verdict beside it says otherwise.
    signed_again(&lab, &file, passed, &[own.secret()]);
    refused("verificationResult");
    // Another word, which the findings do not allow.
    let word = |payload: &str| {
        payload
            .replace("\"word\":\"VIOLATED\"", "\"word\":\"CONSISTENT\"")
            .replace(
                "\"headline\":\"VIOLATED\"",
                "\"headline\":\"CONSISTENT@E1\"",
            )
    };
    signed_again(&lab, &file, word, &[own.secret()]);
    refused("a finding calls for VIOLATED");
    // Another spelling of the same.
    let spaced = |payload: &str| payload.replacen(':', ": ", 1);
    signed_again(&lab, &file, spaced, &[own.secret()]);
    refused("not canonical JSON");
    // A byte changed, a byte more, half of it, something else, nothing.
    let whole = lab.read(&file);
    for bytes in [
        whole.replacen("ey", "fy", 1),
        format!("{whole}\n"),
        whole[..whole.len() / 2].to_owned(),
        lab.read("lab/log/checkpoint"),
        String::new(),
    ] {
        lab.write("changed", bytes);
        lab.refused(&check);
    }
    fs::remove_file(lab.path("changed")).unwrap();
    lab.refused(&check);
    // The same key under the name of somebody else, and as a witness's.
    for (name, algorithm, part) in [
        ("auditor.example/other", Algorithm::Ed25519, "verifier.id"),
        (
            "auditor.example/judge",
            Algorithm::CosignatureV1,
            "a witness's",
        ),
    ] {
        let name = KeyName::new(name).unwrap();
        let secret = SecretKey::from_seed(own.secret().to_seed());
        let key = SignerKey::new(name, algorithm, secret).verifier();
        let said = lab.refused(&format!("vsa check {file} --key {key}"));
        assert!(said.contains(part), "{said}");
    }
    lab.refused(&format!("vsa check {file} --key {}", lab.key));
    lab.refused(&format!("vsa check {file} --key nonsense"));
}

// spec: con-14
#[test]
fn an_auditor_s_key_is_kept_as_private_keys_are() {
    let lab = Lab::new();
    let vkey = lab.ok("key new auditor.key --name auditor.example/judge");
    assert!(vkey.starts_with("auditor.example/judge+"), "{vkey}");
    let mode = |path: &str| {
        let metadata = fs::metadata(lab.path(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("auditor.key"), 0o600);
    assert!(lab.read("auditor.key").starts_with("PRIVATE+KEY+"));
    let said = lab.refused("key new auditor.key --name auditor.example/judge");
    assert!(said.contains("is there already"), "{said}");
    lab.refused("key new other.key --name two words");
    lab.refused("key new nowhere/other.key --name auditor.example/judge");
    let shown = lab.ok("key new other.key --name auditor.example/judge --json");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_ne!(shown["vkey"], vkey.trim(), "no two keys are alike");

    // Keys of other kinds, and one that others can read, sign nothing.
    lab.pledge(LIMIT);
    let sign = |key: &str| format!("{VERIFY} --sign {key} --to out");
    for key in ["w1/key", "lab/keys/governance.key", "trust.toml", "nowhere"] {
        lab.refused(&sign(key));
    }
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(lab.path("other.key"), open).unwrap();
    lab.refused(&sign("other.key"));
    assert!(!lab.path("out").exists());
}

// spec: con-14 con-15 con-19
#[test]
fn exports_are_written_beside_the_answer() {
    let Concluded { lab, .. } = concluded(LIMIT, 3);
    let plain = lab.run(VERIFY);
    let done = lab.run(&format!(
        "{VERIFY} --export cyclonedx --export ear --to plain"
    ));
    assert_eq!((done.code, &done.out), (3, &plain.out), "{done:?}");
    let read = |path: &str| -> serde_json::Value { serde_json::from_str(&lab.read(path)).unwrap() };
    let document = read("plain/cyclonedx.json");
    assert_eq!(document["specVersion"], "1.6");
    let assessor = |document: &serde_json::Value| {
        document["declarations"]["assessors"][0]["organization"]["name"].clone()
    };
    assert_eq!(assessor(&document), "not named");
    assert_eq!(read("plain/ear.json")["ear_status"], "warning");
    // With a key: the same claims, signed.
    let signed = "--sign auditor.key --export cyclonedx --export ear --to signed";
    assert_eq!(lab.run(&format!("{VERIFY} {signed} --json")).code, 3);
    let document = read("signed/cyclonedx.json");
    assert_eq!(assessor(&document), "https://auditor.example/judge");
    let token = lab.read("signed/ear.jwt");
    assert_eq!(token.split('.').count(), 3, "{token}");
    assert!(!lab.path("signed/ear.json").exists());

    // What is not said whole is refused.
    for typed in [
        "--to out",
        "--sign auditor.key",
        "--export ear",
        "--export pdf --to out",
        "--export ear --to auditor.key",
    ] {
        lab.refused(&format!("{VERIFY} {typed}"));
    }
}

#[test]
fn where_nothing_was_judged_nothing_is_concluded() {
    let lab = Lab::new();
    lab.ok("publish --workspace lab");
    lab.ok("key new auditor.key --name auditor.example/judge");
    let done = lab.run(&format!(
        "{VERIFY} --sign auditor.key --export ear --export cyclonedx --to out"
    ));
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.out.starts_with("NOT-SHOWN: no claim could be judged"));
    assert!(
        done.err.contains("there is no conclusion to sign"),
        "{done:?}"
    );
    assert!(
        done.err.contains("there is no attestation result"),
        "{done:?}"
    );
    assert_eq!(only_file(&lab, "out"), "out/cyclonedx.json");
}
