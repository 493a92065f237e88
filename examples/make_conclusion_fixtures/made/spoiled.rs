//! Summaries that must be refused: changed by who has no key, and signed by an auditor who
//! says what cannot be so.

use serde_json::{Value, json};

use standstill::attestation::Envelope;
use standstill::key::{Algorithm, SignerKey};
use standstill::report::vsa::{self, MEMBER};
use standstill::verify::Word;

use super::{Made, PROGRAM, auditor, impostor, judgement, key, sample};

pub fn fixtures() -> Vec<Made> {
    [by_anybody(), by_the_auditor(), not_canonical()].concat()
}

/// An honest summary.
fn honest(word: Word, key: &SignerKey) -> Vec<u8> {
    let judgement = judgement(vec![sample(word)]);
    vsa::sign(&judgement, &judgement.verdicts[0], PROGRAM, key).unwrap()
}

/// The statement in an honest summary.
fn statement(word: Word) -> Value {
    let signed = honest(word, &auditor());
    let envelope = Envelope::parse(&signed).unwrap();
    serde_json::from_slice(envelope.payload()).unwrap()
}

fn sign(payload: &str, keys: &[&SignerKey]) -> Vec<u8> {
    let secrets: Vec<_> = keys.iter().map(|key| key.secret()).collect();
    Envelope::sign(payload.as_bytes(), &secrets)
        .unwrap()
        .to_bytes()
}

/// A statement of that word, changed and signed by the auditor all the same.
fn changed(word: Word, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut statement = statement(word);
    change(&mut statement);
    sign(&statement.to_string(), &[&auditor()])
}

/// What somebody can do who has not the auditor's key.
fn by_anybody() -> Vec<Made> {
    let text = |word| String::from_utf8(honest(word, &auditor())).unwrap();
    let failed = text(Word::Violated);
    let passed = statement(Word::Holds).to_string();
    let witness = key("auditor.example/judge", Algorithm::CosignatureV1, 40);
    // The payload of HOLDS above the signature of VIOLATED.
    let (_, rest) = failed.split_once("\",\"payloadType").unwrap();
    let holds = text(Word::Holds);
    let (payload, _) = holds.split_once("\",\"payloadType").unwrap();
    let swapped = format!("{payload}\",\"payloadType{rest}");
    let by_impostor = String::from_utf8(sign(&passed, &[&impostor()])).unwrap();
    let borrowed = by_impostor.replace(
        &impostor().verifier().public().key_id().to_string(),
        &auditor().verifier().public().key_id().to_string(),
    );
    let renamed = key("auditor.example/other", Algorithm::Ed25519, 40);
    let made = |name, expect, what, body: String| {
        Made::summary(name, "con-3 con-12", expect, what, body.into_bytes())
    };
    vec![
        made(
            "signature_other_key",
            "other-key",
            "PASSED over FAILED, signed again by a key of the same name",
            by_impostor.clone(),
        ),
        made(
            "signature_key_id_borrowed",
            "signature",
            "the same, under the id of the auditor's key",
            borrowed,
        ),
        made(
            "signature_of_another",
            "signature",
            "the signature of another summary of the same auditor",
            swapped,
        ),
        made(
            "signatures_two",
            "signatures",
            "signed by a second key too",
            String::from_utf8(sign(
                &statement(Word::Consistent).to_string(),
                &[&auditor(), &impostor()],
            ))
            .unwrap(),
        ),
        made(
            "signatures_none",
            "envelope",
            "signed by nobody",
            failed.split_once(":[").unwrap().0.to_owned() + ":[]}",
        ),
        made(
            "envelope_newline",
            "envelope",
            "a line feed behind it",
            format!("{failed}\n"),
        ),
        made(
            "envelope_spaced",
            "envelope",
            "a space in it",
            failed.replacen(':', ": ", 1),
        ),
        made(
            "envelope_cut",
            "envelope",
            "half of it",
            failed.chars().take(2000).collect(),
        ),
        Made::opened(
            "key_witness",
            "con-10",
            "key-type",
            "the auditor's key used as that of a witness",
            witness.verifier(),
            failed.clone().into_bytes(),
        ),
        Made::opened(
            "verifier_other",
            "con-10",
            "member",
            "the auditor's key known under another name",
            renamed.verifier(),
            failed.into_bytes(),
        ),
    ]
}

/// What an auditor can sign that must not be believed.
fn by_the_auditor() -> Vec<Made> {
    let broken = Word::Violated;
    let verdict = |name: &'static str, to: Value| {
        move |value: &mut Value| value["predicate"][MEMBER][name] = to
    };
    let member =
        |name: &'static str, to: Value| move |value: &mut Value| value["predicate"][name] = to;
    let cases: Vec<(&str, &str, &str, &str, Vec<u8>)> = vec![
        (
            "word_changed",
            "con-6",
            "inconsistent",
            "CONSISTENT over a finding that calls for VIOLATED",
            changed(broken, |value| {
                value["predicate"][MEMBER]["word"] = json!("CONSISTENT");
                value["predicate"][MEMBER]["headline"] = json!("CONSISTENT@E1");
            }),
        ),
        (
            "word_uncalled",
            "con-6",
            "inconsistent",
            "VIOLATED without a finding",
            changed(broken, verdict("findings", json!([]))),
        ),
        (
            "word_unknown",
            "con-6",
            "field",
            "a word that is none",
            changed(broken, verdict("word", json!("FINE"))),
        ),
        (
            "headline_other",
            "con-6",
            "field",
            "a headline of another level",
            changed(
                Word::Consistent,
                verdict("headline", json!("CONSISTENT@E3")),
            ),
        ),
        (
            "holds_below",
            "con-5",
            "inconsistent",
            "HOLDS at E2",
            changed(Word::Holds, |value| {
                let member = &mut value["predicate"][MEMBER];
                member["level"] = json!("E2");
                member["requiredLevel"] = json!("E2");
                member["headline"] = json!("HOLDS@E2");
            }),
        ),
        (
            "holds_below_required",
            "con-5",
            "inconsistent",
            "HOLDS at E3 where E4 is required",
            changed(Word::Holds, verdict("requiredLevel", json!("E4"))),
        ),
        (
            "holds_disputed",
            "con-5",
            "inconsistent",
            "HOLDS beside a finding that calls for NOT-SHOWN",
            changed(Word::Holds, |value| {
                value["predicate"][MEMBER]["findings"] = json!([{
                    "axis": "completeness", "callsFor": "NOT-SHOWN",
                    "check": "stale", "text": "too old",
                }]);
            }),
        ),
        (
            "result_passed",
            "con-5",
            "member",
            "PASSED over VIOLATED",
            changed(broken, member("verificationResult", json!("PASSED"))),
        ),
        (
            "result_passed_consistent",
            "con-5",
            "member",
            "PASSED over CONSISTENT, levels too",
            changed(Word::Consistent, |value| {
                value["predicate"]["verificationResult"] = json!("PASSED");
                value["predicate"]["verifiedLevels"] = json!(["STANDSTILL_E3"]);
            }),
        ),
        (
            "levels_more",
            "con-5",
            "member",
            "a level beside FAILED",
            changed(
                broken,
                member("verifiedLevels", json!(["FAILED", "STANDSTILL_E3"])),
            ),
        ),
        (
            "levels_slsa",
            "con-5",
            "member",
            "a level of SLSA, whose names are not ours",
            changed(
                Word::Holds,
                member("verifiedLevels", json!(["SLSA_BUILD_LEVEL_3"])),
            ),
        ),
        (
            "levels_higher",
            "con-5",
            "member",
            "a higher level than that of the verdict",
            changed(
                Word::Holds,
                member("verifiedLevels", json!(["STANDSTILL_E5"])),
            ),
        ),
        (
            "inputs_truncated",
            "con-7",
            "member",
            "one stream left out",
            changed(Word::Consistent, |value| {
                let inputs = value["predicate"]["inputAttestations"].as_array_mut();
                inputs.unwrap().remove(1);
            }),
        ),
        (
            "inputs_none",
            "con-7",
            "member",
            "no inputs at all",
            changed(Word::Consistent, |value| {
                let predicate = value["predicate"].as_object_mut().unwrap();
                predicate.remove("inputAttestations");
            }),
        ),
        (
            "inputs_without_checkpoint",
            "con-7",
            "member",
            "the checkpoint left out",
            changed(Word::Consistent, |value| {
                let inputs = value["predicate"]["inputAttestations"].as_array_mut();
                inputs.unwrap().pop();
            }),
        ),
        (
            "beside_none",
            "con-1",
            "member",
            "a list of no other logs, which is left out",
            changed(Word::Holds, |value| {
                value["predicate"][MEMBER]["beside"] = json!([]);
            }),
        ),
        (
            "inputs_without_beside",
            "con-7",
            "member",
            "the checkpoint of a log that was read too left out",
            changed(Word::Holds, |value| {
                let checkpoint = value["predicate"][MEMBER]["checkpoint"].clone();
                value["predicate"][MEMBER]["beside"] = json!([checkpoint]);
            }),
        ),
        (
            "inputs_shorter",
            "con-7",
            "member",
            "a stream that ends earlier than the verdict says",
            changed(Word::Consistent, |value| {
                let name = &mut value["predicate"]["inputAttestations"][1]["name"];
                *name = json!(name.as_str().unwrap().replace("0-29", "0-28"));
            }),
        ),
        (
            "streams_ungoverned",
            "con-7",
            "inconsistent",
            "stream 0 left out, of the verdict too",
            changed(Word::Consistent, |value| {
                for path in ["/predicate/inputAttestations", &streams()] {
                    let list = value.pointer_mut(path).unwrap().as_array_mut();
                    list.unwrap().remove(0);
                }
            }),
        ),
        (
            "streams_unsorted",
            "con-7",
            "inconsistent",
            "streams in another order",
            changed(Word::Consistent, |value| {
                for path in ["/predicate/inputAttestations", &streams()] {
                    let list = value.pointer_mut(path).unwrap().as_array_mut();
                    list.unwrap().swap(0, 1);
                }
            }),
        ),
        (
            "streams_twice",
            "con-7",
            "inconsistent",
            "a stream told twice",
            changed(Word::Consistent, |value| {
                for path in ["/predicate/inputAttestations", &streams()] {
                    let list = value.pointer_mut(path).unwrap().as_array_mut();
                    let list = list.unwrap();
                    list.insert(1, list[1].clone());
                }
            }),
        ),
        (
            "resource_other_window",
            "con-8",
            "member",
            "of another window than the verdict",
            changed(Word::Holds, |value| {
                let resource = &mut value["predicate"]["resourceUri"];
                *resource = json!(resource.as_str().unwrap().replace("03-31", "04-30"));
            }),
        ),
        (
            "resource_other_log",
            "con-8",
            "member",
            "of another checkpoint than the verdict",
            changed(Word::Holds, |value| {
                let resource = &mut value["predicate"]["resourceUri"];
                *resource = json!(resource.as_str().unwrap().replace("/34/", "/35/"));
            }),
        ),
        (
            "subject_other",
            "con-4",
            "member",
            "of another pledge than the verdict",
            changed(Word::Holds, |value| {
                value["subject"][0]["digest"]["sha256"] = json!("ab".repeat(32));
            }),
        ),
        (
            "subject_second",
            "con-4",
            "member",
            "of a second pledge too",
            changed(Word::Holds, |value| {
                let subject = value["subject"][0].clone();
                value["subject"].as_array_mut().unwrap().push(subject);
            }),
        ),
        (
            "policy_without_digest",
            "con-9",
            "field",
            "no digest of the trust file",
            changed(Word::Holds, |value| {
                value["predicate"]["policy"] =
                    json!({ "uri": "https://standstill.dev/trust-file/v1" });
            }),
        ),
        (
            "policy_other_digest",
            "con-9",
            "field",
            "a second digest of the trust file",
            changed(Word::Holds, |value| {
                value["predicate"]["policy"]["digest"]["sha1"] = json!("ab".repeat(20));
            }),
        ),
        (
            "time_fraction",
            "con-11",
            "field",
            "a time with a fraction",
            changed(
                Word::Holds,
                member("timeVerified", json!("2026-04-10T00:00:00.5Z")),
            ),
        ),
        (
            "time_offset",
            "con-11",
            "field",
            "a time of another zone",
            changed(
                Word::Holds,
                member("timeVerified", json!("2026-04-10T02:00:00+02:00")),
            ),
        ),
        (
            "verifier_claimed",
            "con-10",
            "member",
            "another verifier than the key's name",
            changed(
                Word::Holds,
                member("verifier", json!({ "id": "https://auditor.example/other" })),
            ),
        ),
        (
            "member_surplus",
            "con-4",
            "member",
            "a member that SLSA does not know either",
            changed(broken, member("verificationComment", json!("fine"))),
        ),
        (
            "member_extension",
            "con-4",
            "member",
            "a member of somebody else, under his own name",
            changed(broken, member("com.example.verdict", json!("HOLDS@E5"))),
        ),
        (
            "member_nested_extension",
            "con-4",
            "member",
            "such a member within the verdict",
            changed(broken, verdict("com.example.verdict", json!("HOLDS@E5"))),
        ),
        (
            "member_missing",
            "con-6",
            "field",
            "a verdict that does not say what it does not show",
            changed(broken, |value| {
                let member = value["predicate"][MEMBER].as_object_mut().unwrap();
                member.remove("doesNotShow");
            }),
        ),
        (
            "finding_axis_other",
            "con-6",
            "field",
            "a finding on another axis than its check",
            changed(broken, |value| {
                value["predicate"][MEMBER]["findings"][0]["axis"] = json!("integrity");
            }),
        ),
        (
            "finding_word_other",
            "con-6",
            "field",
            "a breach that calls for nothing",
            changed(broken, |value| {
                value["predicate"][MEMBER]["findings"][0]["callsFor"] = Value::Null;
            }),
        ),
        (
            "finding_unknown",
            "con-6",
            "field",
            "a check of which nobody knows what it calls for",
            changed(broken, |value| {
                value["predicate"][MEMBER]["findings"][0]["check"] = json!("vibes");
            }),
        ),
        (
            "text_hidden",
            "con-2",
            "field",
            "a text that turns the direction of writing",
            changed(broken, verdict("claim", json!("cap \u{202e}SDLOH"))),
        ),
        (
            "numbers_signed",
            "con-6",
            "field",
            "a number below zero",
            changed(broken, |value| {
                value["predicate"][MEMBER]["numbers"]["upper"] = json!("-1");
            }),
        ),
        (
            "type_other",
            "con-4",
            "type",
            "a statement of another type",
            changed(broken, |value| {
                value["predicateType"] = json!("https://slsa.dev/verification_summary/v0.2");
            }),
        ),
        (
            "restated_nothing",
            "con-6",
            "field",
            "a breach restated where none was found",
            changed(
                Word::NotShown,
                verdict("headline", json!("NOT-SHOWN (restated)")),
            ),
        ),
    ];
    let made = |(name, spec, expect, what, body)| Made::summary(name, spec, expect, what, body);
    cases.into_iter().map(made).collect()
}

fn streams() -> String {
    format!("/predicate/{MEMBER}/streams")
}

/// Another spelling of what is true.
fn not_canonical() -> Vec<Made> {
    let honest = statement(Word::Consistent).to_string();
    let cases = [
        ("payload_spaced", "a space in it", honest.replacen(':', ": ", 1)),
        ("payload_newline", "a line feed behind it", format!("{honest}\n")),
        (
            "payload_order",
            "its members in another order",
            honest.replacen(
                "{\"_type\":\"https://in-toto.io/Statement/v1\",",
                "{\"predicateType\":\"https://slsa.dev/verification_summary/v1\",\"_type\":\"https://in-toto.io/Statement/v1\",",
                1,
            ),
        ),
        (
            "payload_escaped",
            "a letter escaped",
            honest.replacen("FAILED", "F\\u0041ILED", 1),
        ),
        (
            "payload_twice",
            "a member twice",
            honest.replacen(
                "\"verificationResult\":\"FAILED\"",
                "\"verificationResult\":\"FAILED\",\"verificationResult\":\"PASSED\"",
                1,
            ),
        ),
        (
            "payload_number",
            "a number",
            honest.replacen("\"size\":\"34\"", "\"size\":34", 1),
        ),
        ("payload_empty", "nothing in it", String::new()),
        ("payload_cut", "half of it", honest.chars().take(900).collect()),
    ];
    cases
        .into_iter()
        .map(|(name, what, payload)| {
            let body = sign(&payload, &[&auditor()]);
            Made::summary(name, "con-3", "json", what, body)
        })
        .collect()
}
