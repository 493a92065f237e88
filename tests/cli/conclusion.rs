//! What an auditor hands on: signed, and never more than the verdict.

use serde_json::{Value, json};
use standstill::attestation::Envelope;
use standstill::key::PublicKey;

use crate::lab::{AFTER, LIMIT, Lab, TIGHT};
use crate::sandbox::Sandbox;

/// Signs what is concluded of a log; returns the payload of the one conclusion.
pub fn concluded(sandbox: &Sandbox, rest: &str) -> Value {
    let key = sandbox.ok("key new auditor.key");
    let done = sandbox.run(&format!(
        "verify lab/log --trust trust.toml --sign auditor.key --to conclusions {rest}"
    ));
    let files = std::fs::read_dir(sandbox.path("conclusions")).unwrap();
    let paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert_eq!(paths.len(), 1, "{done:?}");
    let bytes = std::fs::read(&paths[0]).unwrap();
    let envelope = Envelope::parse(&bytes).unwrap();
    let key: PublicKey = key.trim().parse().unwrap();
    assert!(envelope.is_signed_by(std::slice::from_ref(&key)));
    // Under another payload type, or with a byte changed, it is not.
    let text = String::from_utf8(bytes).unwrap();
    let at = text.find("\"payload\":\"").unwrap() + 20;
    let mut changed = text.clone().into_bytes();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let still = Envelope::parse(&changed).map(|other| other.is_signed_by(&[key]));
    assert!(!still.unwrap_or(false));
    serde_json::from_slice(envelope.payload()).unwrap()
}

fn lab(limit: u64) -> Lab {
    let mut lab = Lab::reported(limit);
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    lab
}

// spec: con-1 con-2 con-3 con-4 con-5 con-6 con-7 con-8
#[test]
fn what_does_not_hold_is_failed_and_says_all_that_qualifies_it() {
    for (limit, headline) in [(LIMIT, "CONSISTENT@E1"), (TIGHT, "VIOLATED")] {
        let lab = lab(limit);
        let json = lab.run("verify lab/log --trust trust.toml --json").out;
        let judged: Value = serde_json::from_str(&json).unwrap();
        let verdict = &judged["verdicts"][0];
        let found = concluded(&lab, "");
        assert_eq!(found["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(
            found["predicateType"],
            "https://slsa.dev/verification_summary/v1"
        );
        assert_eq!(found["subject"][0]["digest"]["sha256"], verdict["pledge"]);
        let predicate = &found["predicate"];
        assert_eq!(predicate["verificationResult"], "FAILED");
        assert_eq!(predicate["verifiedLevels"], json!(["FAILED"]));
        assert_eq!(predicate["policy"]["digest"]["sha256"], judged["trust"]);
        assert_eq!(predicate["timeVerified"], AFTER);
        let resource = predicate["resourceUri"].as_str().unwrap();
        assert!(resource.contains(&lab.id) && resource.contains("2026-03-31T00:00:00Z"));
        assert!(resource.ends_with(&format!(
            "{}@{}",
            judged["checkpoint"]["root"].as_str().unwrap(),
            judged["checkpoint"]["size"].as_str().unwrap()
        )));
        // Stream 0 with its pledge, thirty days, and the checkpoint.
        let inputs = predicate["inputAttestations"].as_array().unwrap();
        let uris: Vec<&str> = inputs
            .iter()
            .map(|one| one["uri"].as_str().unwrap())
            .collect();
        assert_eq!(
            uris,
            [
                format!("urn:standstill:{}/0/0-2", lab.id),
                format!("urn:standstill:{}/1/0-29", lab.id),
                "urn:standstill:checkpoint:lab.example/log".to_owned(),
            ]
        );
        let own = &predicate["dev.standstill.verdict"];
        assert_eq!(own["headline"], headline);
        for same in [
            "word",
            "level",
            "requiredLevel",
            "numbers",
            "roots",
            "resolution",
            "doesNotShow",
        ] {
            assert_eq!(own[same], verdict[same], "{same}");
        }
        let told = own["findings"].as_array().unwrap().len();
        assert_eq!(told, verdict["findings"].as_array().unwrap().len());
        // The same again is the same bytes, elsewhere; a file is never written over.
        let first = lab.listing("conclusions");
        let again =
            lab.run("verify lab/log --trust trust.toml --sign auditor.key --to conclusions");
        assert_eq!(again.code, 2, "{again:?}");
        lab.run("verify lab/log --trust trust.toml --sign auditor.key --to again");
        let names = |listing: crate::sandbox::Listing| -> Vec<_> {
            let files = listing
                .into_iter()
                .filter(|(_, (_, digest))| !digest.is_empty());
            files
                .map(|(path, what)| (path.file_name().unwrap().to_owned(), what))
                .collect()
        };
        assert_eq!(names(first), names(lab.listing("again")));
    }
}
