//! What a verifier hands on: signed summaries, CycloneDX, attestation results, JSON.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

mod fixture;
#[path = "../examples/make_conclusion_fixtures/made/mod.rs"]
mod made;

use std::collections::BTreeSet;

use fixture::fixtures;
use made::auditor;
use made::sample::{self, PROGRAM, judgement, sample};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use standstill::claim::Level;
use standstill::key::{Algorithm, VerifierKey};
use standstill::report::vsa::{self, Outcome, SignedError, Summary, SummaryError};
use standstill::report::{cyclonedx, ear};
use standstill::verify::verdict::Restated;
use standstill::verify::{Check, Finding, Judgement, Verdict, Word};

/// The class of a refusal, as fixtures name it.
fn class(error: &SignedError) -> &'static str {
    match error {
        SignedError::Envelope(_) => "envelope",
        SignedError::KeyType { .. } => "key-type",
        SignedError::OtherKey { .. } => "other-key",
        SignedError::Signature => "signature",
        SignedError::Signatures { .. } => "signatures",
        SignedError::Summary(error) => match error {
            SummaryError::Field(_) => "field",
            SummaryError::Inconsistent(_) => "inconsistent",
            SummaryError::Json(_) => "json",
            SummaryError::Member { .. } => "member",
            SummaryError::Type { .. } => "type",
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}

fn of_word(word: Word) -> Judgement {
    judgement(vec![sample(word)])
}

fn sign(judgement: &Judgement) -> Result<Vec<u8>, SignedError> {
    vsa::sign(judgement, &judgement.verdicts[0], PROGRAM, &auditor())
}

#[test]
fn the_fixtures_are_those_that_the_example_makes() {
    let mut names = BTreeSet::new();
    for one in made::fixtures() {
        let path = fixture::root().join("fixtures").join(&one.path);
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(
            found == one.to_bytes(),
            "{}: run `cargo run --example make_conclusion_fixtures`",
            one.path
        );
        assert!(names.insert(one.path.clone()), "{} is made twice", one.path);
    }
    for folder in ["conclusion", "conclusion/cyclonedx", "conclusion/ear"] {
        for one in fixtures(folder) {
            let path = one.path.strip_prefix("fixtures").unwrap();
            assert!(names.contains(path.to_str().unwrap()), "{}", path.display());
        }
    }
}

// spec: con-3 con-12
#[test]
fn every_fixture_is_opened_or_refused_as_it_says() {
    let mut faults = Vec::new();
    let mut words = BTreeSet::new();
    for one in fixtures("conclusion") {
        let key: VerifierKey = one.get("key").parse().unwrap();
        let found = vsa::open(&one.body, &key);
        let class = found.as_ref().map_or_else(class, |_| "ok");
        if class != one.get("expect") {
            faults.push(format!("{}: {class}: {found:?}", one.path.display()));
        }
        let Ok(summary) = found else { continue };
        let word = summary.verdict().word;
        assert_eq!(word.as_str(), one.get("word"));
        words.insert(word);
        // The same judgement, signed again, is the same file.
        let again = sign(&summary.judgement()).unwrap();
        assert!(again == one.body, "{}", one.path.display());
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(words.len(), Word::ALL.len(), "one a word");
}

// spec: con-5
#[test]
fn only_holds_at_e3_or_more_and_undisputed_is_passed() {
    let calls = [
        None,
        Some(Check::Late),
        Some(Check::Stale),
        Some(Check::Overdue),
        Some(Check::Fork),
        Some(Check::Breach),
    ];
    let mut passed = 0;
    for word in Word::ALL.iter().copied() {
        for level in Level::ALL.iter().copied() {
            for required in Level::ALL.iter().copied() {
                for check in calls {
                    let mut verdict = sample(word);
                    verdict.level = level;
                    verdict.required = required;
                    verdict.findings = check.iter().map(|one| Finding::new(*one, "x")).collect();
                    let called = check.and_then(Check::calls_for);
                    let may_pass = word == Word::Holds
                        && level >= Level::E3
                        && level >= required
                        && called.is_none();
                    let may_stand = match called {
                        Some(called) => word == called,
                        None => may_pass || word == Word::Consistent,
                    };
                    let found = Outcome::of(&verdict);
                    assert_eq!(found.is_ok(), may_stand, "{verdict:?} {found:?}");
                    let is_passed = matches!(found, Ok(Outcome::Passed(_)));
                    assert_eq!(is_passed, may_pass, "{verdict:?}");
                    passed += usize::from(is_passed);
                    if let Ok(outcome) = found {
                        let level = format!("STANDSTILL_{level}");
                        let expected = if may_pass {
                            ("PASSED", level)
                        } else {
                            ("FAILED", "FAILED".to_owned())
                        };
                        assert_eq!((outcome.as_str(), outcome.verified_level()), expected);
                    }
                }
            }
        }
    }
    // E3: required E0 to E3, E4: to E4, E5: to E5; with no finding, and with one that only
    // informs.
    assert_eq!(passed, (4 + 5 + 6) * 2);
}

// spec: con-6
#[test]
fn a_verdict_that_contradicts_itself_is_not_signed() {
    let mut verdict = sample(Word::Consistent);
    verdict.restated = Restated::Yes;
    let refused = sign(&judgement(vec![verdict])).unwrap_err();
    assert_eq!(class(&refused), "inconsistent");
    let mut verdict = sample(Word::Violated);
    verdict.word = Word::Holds;
    verdict.level = Level::E5;
    let refused = sign(&judgement(vec![verdict])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the verdict is HOLDS, but a finding calls for VIOLATED"
    );
}

// spec: con-4 con-7 con-8 con-9 con-10 con-11
#[test]
fn a_summary_says_what_was_worked_out_by_hand() {
    // SHA-256 of `issuer`, `pledge`, `trust file` and `root`, of the checkpoint's three
    // lines, and of `<issuer>/0/3` and `<issuer>/1/29`, which stand for last statements:
    // computed with Python.
    const ISSUER: &str = "535c6f8eb511f5d966a1b0725df92ebf27514faba945cbbd698e23ac72c41757";
    const PLEDGE: &str = "9dd7dd2209298bf505aadd008d7c9d7de3b78644851c6a044167a7466b269aea";
    const TRUST: &str = "72deb40125874bca932e45bfd129b1eaa298200c6f7d0c10450b5adb9533a033";
    const ROOT: &str = "4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2";
    const CHECKPOINT: &str = "eeee97d7bc15d5418d3b832c12514664c4158b7a43f900b40a7a98802c94d899";
    const LAST_0: &str = "a4506536bb5af51da8ab0f17ce78384c9f7bdc3225c1533ecab44c48f4dc0872";
    const LAST_1: &str = "a98900bd1864b805b9de819d420a81ae50bd8ead41d021d1624f6b83d799a3db";
    let digest = |hash: &str| json!({ "sha256": hash });
    let input = |kind: &str, name: &str, hash: &str| {
        let uri = format!("https://standstill.dev/{kind}/v1/{name}");
        json!({ "digest": digest(hash), "name": name, "uri": uri })
    };

    let signed = sign(&of_word(Word::Consistent)).unwrap();
    let summary = vsa::open(&signed, &auditor().verifier()).unwrap();
    let mut found: Value = serde_json::from_str(&summary.to_payload()).unwrap();
    let member = found["predicate"][vsa::MEMBER].take();
    let tree = format!("log.example%2Fshared/34/{ROOT}");
    let expected = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": format!("{ISSUER}/0/2"), "digest": digest(PLEDGE) }],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": { "id": "https://auditor.example/judge" },
            "timeVerified": "2026-04-10T00:00:00Z",
            "resourceUri": format!(
                "https://standstill.dev/claim/v1/{ISSUER}/2026-03-01T00:00:00Z/2026-03-31T00:00:00Z/{tree}"
            ),
            "policy": { "uri": "https://standstill.dev/trust-file/v1", "digest": digest(TRUST) },
            "inputAttestations": [
                input("stream", &format!("{ISSUER}/0/0-3"), LAST_0),
                input("stream", &format!("{ISSUER}/1/0-29"), LAST_1),
                input("checkpoint", &tree, CHECKPOINT),
            ],
            "verificationResult": "FAILED",
            "verifiedLevels": ["FAILED"],
            "slsaVersion": "1.1",
            "dev.standstill.verdict": null,
        },
    });
    assert_eq!(found, expected);
    assert_eq!(member["headline"], "CONSISTENT@E1");
    assert_eq!(member["program"], PROGRAM);
    assert_eq!(member["label"], "made up");
}

// spec: con-12
#[test]
fn no_byte_of_a_summary_can_be_changed() {
    let signed = sign(&of_word(Word::Violated)).unwrap();
    let key = auditor().verifier();
    assert!(vsa::open(&signed, &key).is_ok());
    for at in 0..signed.len() {
        let mut changed = signed.clone();
        changed[at] ^= 1;
        assert!(vsa::open(&changed, &key).is_err(), "byte {at}");
        assert!(vsa::open(&signed[..at], &key).is_err(), "cut at {at}");
    }
}

// spec: con-10
#[test]
fn a_witness_s_key_signs_no_conclusion() {
    let judgement = of_word(Word::Consistent);
    let key = made::key("witness.example/1", Algorithm::CosignatureV1, 40);
    let refused = vsa::sign(&judgement, &judgement.verdicts[0], PROGRAM, &key).unwrap_err();
    assert_eq!(class(&refused), "key-type");
    let claims = ear::claims(&judgement, PROGRAM).unwrap();
    assert!(ear::jwt(&claims, &key).is_err());
}

#[test]
fn without_a_checkpoint_nothing_is_signed() {
    let mut judgement = of_word(Word::Consistent);
    judgement.checkpoint = None;
    let refused = sign(&judgement).unwrap_err();
    assert!(matches!(
        refused,
        SignedError::Summary(SummaryError::NoCheckpoint)
    ));
}

/// Verdicts with texts of any kind, of words that their findings call for.
fn verdicts() -> impl Strategy<Value = Verdict> {
    let finding = (0..Check::ALL.len(), any::<String>());
    let texts = proptest::collection::vec(any::<String>(), 0..4);
    let findings = proptest::collection::vec(finding, 0..6);
    let numbers = proptest::option::of((any::<u128>(), proptest::option::of(any::<u128>())));
    (
        texts,
        findings,
        any::<[String; 3]>(),
        numbers,
        any::<u64>(),
        0..6_usize,
    )
        .prop_map(|(open, findings, texts, numbers, sequence, level)| {
            let mut verdict = sample(Word::Consistent);
            verdict.findings = findings
                .into_iter()
                .map(|(check, text)| Finding::new(Check::ALL[check], text))
                .collect();
            let called = verdict.findings.iter().filter_map(|one| one.calls_for);
            verdict.word = called.min().unwrap_or(Word::Consistent);
            verdict.level = Level::ALL[level];
            verdict.does_not_show = open;
            [verdict.name, verdict.claim, verdict.perimeter] = texts;
            verdict.sequence = sequence;
            if let (Some(told), Some((lower, upper))) = (&mut verdict.numbers, numbers) {
                told.lower = lower.to_string();
                told.upper = upper.map(|upper| upper.to_string());
            } else {
                verdict.numbers = None;
            }
            verdict
        })
}

proptest! {
    // spec: con-2 con-3
    #[test]
    fn what_was_signed_is_read_and_nothing_is_lost_but_what_is_not_shown(verdict in verdicts()) {
        let judgement = judgement(vec![verdict.clone()]);
        let signed = sign(&judgement).unwrap();
        let read = vsa::open(&signed, &auditor().verifier()).unwrap();
        prop_assert_eq!(read.verdict().word, verdict.word);
        prop_assert_eq!(read.verdict().findings.len(), verdict.findings.len());
        prop_assert_eq!(&read.verdict().numbers, &verdict.numbers);
        // Texts without control characters and the like come back as they were.
        let odd = |char: char| char.is_control() || ('\u{2000}'..='\u{20ff}').contains(&char) || char == '\u{feff}';
        if !verdict.claim.contains(odd) {
            prop_assert_eq!(&read.verdict().claim, &verdict.claim);
        }
        prop_assert_eq!(sign(&read.judgement()).unwrap(), signed);
        let text = standstill::report::text(&read.judgement());
        prop_assert!(!text.contains(|char: char| char.is_control() && char != '\n'));
    }

    // spec: con-12
    #[test]
    fn no_payload_makes_the_reader_stop(payload in any::<Vec<u8>>()) {
        let key = auditor();
        prop_assert!(Summary::parse(&payload, key.verifier().name()).is_err());
        prop_assert!(vsa::open(&payload, &key.verifier()).is_err());
    }
}

// CycloneDX.

/// Every string under `name`, wherever it stands.
fn all_of<'v>(value: &'v Value, names: &[&str], found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if names.contains(&name.as_str()) {
                    match value {
                        Value::String(text) => found.push(text),
                        Value::Array(items) => found.extend(items.iter().filter_map(Value::as_str)),
                        _ => {}
                    }
                }
                all_of(value, names, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all_of(item, names, found)),
        _ => {}
    }
}

// spec: con-15 con-16
#[test]
fn cyclonedx_scores_what_was_shown_and_nothing_else() {
    for word in Word::ALL.iter().copied() {
        let document = cyclonedx::document(&of_word(word), "somebody", PROGRAM);
        let map = &document["declarations"]["attestations"][0]["map"][0];
        let score = match word {
            Word::Holds => Some(1),
            Word::Violated => Some(0),
            _ => None,
        };
        assert_eq!(map["conformance"]["score"].as_u64(), score, "{word}");
        assert!(map["confidence"]["score"].is_null(), "{word}");
        let rationale = map["conformance"]["rationale"].as_str().unwrap();
        assert!(rationale.starts_with(word.as_str()), "{rationale}");
        assert!(rationale.contains("does not show: that the records are true"));
        let claim = &document["declarations"]["claims"][0];
        let has = |name: &str| claim[name].is_array();
        let stands = matches!(word, Word::Holds | Word::Consistent);
        assert_eq!(has("evidence"), stands, "{word}");
        assert_eq!(has("counterEvidence"), word == Word::Violated, "{word}");
        assert!(document["declarations"]["assessors"][0]["thirdParty"].is_null());
        assert!(document["declarations"]["affirmation"].is_null());
    }
    // What contradicts itself has no score.
    let mut verdict = sample(Word::Holds);
    verdict.level = Level::E2;
    let document = cyclonedx::document(&judgement(vec![verdict]), "somebody", PROGRAM);
    assert!(!document.to_string().contains("\"score\""));
}

// spec: con-16
#[test]
fn what_cyclonedx_refers_to_is_there_once() {
    let mut second = sample(Word::Holds);
    second.pledge = sample::statement(b"another");
    let judgement = judgement(vec![sample(Word::Violated), second]);
    let document = cyclonedx::document(&judgement, "somebody", PROGRAM);
    let (mut named, mut used) = (Vec::new(), Vec::new());
    all_of(&document, &["bom-ref"], &mut named);
    let members = [
        "requirement",
        "claims",
        "target",
        "evidence",
        "counterEvidence",
        "assessor",
    ];
    all_of(&document, &members, &mut used);
    let unique: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(unique.len(), named.len(), "{named:?}");
    assert!(used.len() > 10, "{used:?}");
    for name in used {
        assert!(unique.contains(name), "{name} is not in {unique:?}");
    }
    // The same judgement has the same number, another has another.
    let serial = |judgement: &Judgement| {
        let document = cyclonedx::document(judgement, "somebody", PROGRAM);
        document["serialNumber"].as_str().unwrap().to_owned()
    };
    assert_eq!(serial(&judgement), serial(&judgement));
    assert_ne!(serial(&judgement), serial(&of_word(Word::Holds)));
}

// Attestation results.

// spec: con-17
#[test]
fn every_word_has_its_tier_and_only_holds_is_affirming() {
    let expected = [
        (Word::Violated, "contraindicated", -97),
        (Word::LogIntegrityFailure, "contraindicated", 99),
        (Word::Overdue, "warning", -33),
        (Word::NotShown, "none", 0),
        (Word::Consistent, "warning", 32),
        (Word::Holds, "affirming", -2),
    ];
    assert_eq!(expected.len(), Word::ALL.len());
    for (word, tier, value) in expected {
        let claims = ear::claims(&of_word(word), PROGRAM).unwrap();
        let pledge = sample(word).pledge.to_string();
        let appraisal = &claims["submods"][&pledge];
        assert_eq!(claims["ear_status"], tier, "{word}");
        assert_eq!(appraisal["ear_status"], tier, "{word}");
        let vector = json!({ "sourced-data": value });
        assert_eq!(appraisal["ear_trustworthiness_vector"], vector, "{word}");
        // The bands of AR4SI, "Enumeration Encoding".
        let band = match value {
            -1..=1 => "none",
            2..=31 | -32..=-2 => "affirming",
            32..=95 | -96..=-33 => "warning",
            _ => "contraindicated",
        };
        assert_eq!(band, tier, "{word}");
    }
    let mut verdict = sample(Word::Holds);
    verdict.level = Level::E2;
    let claims = ear::claims(&judgement(vec![verdict]), PROGRAM).unwrap();
    assert_eq!(
        claims["ear_status"], "none",
        "what contradicts itself shows nothing"
    );
}

// spec: con-18
#[test]
fn the_status_of_all_is_that_of_the_worst_and_not_shown_is_worse_than_shown() {
    let status = |words: &[Word], finding: Option<Check>| {
        let verdicts = words.iter().zip(0_u8..).map(|(word, number)| Verdict {
            pledge: sample::statement(&[number]),
            ..sample(*word)
        });
        let mut judgement = judgement(verdicts.collect());
        judgement.findings = finding
            .map(|one| Finding::new(one, "x"))
            .into_iter()
            .collect();
        let claims = ear::claims(&judgement, PROGRAM).unwrap();
        claims["ear_status"].as_str().unwrap().to_owned()
    };
    let (holds, shown) = (Word::Holds, Word::NotShown);
    assert_eq!(status(&[holds, holds], None), "affirming");
    assert_eq!(status(&[holds, shown], None), "none");
    assert_eq!(status(&[holds, shown, Word::Consistent], None), "warning");
    assert_eq!(status(&[Word::Violated, holds], None), "contraindicated");
    assert_eq!(status(&[holds], Some(Check::NoPledge)), "none");
    assert_eq!(status(&[holds], Some(Check::Fork)), "contraindicated");
    assert_eq!(status(&[holds], Some(Check::Late)), "affirming");
}

/// The base64 of tokens, decoded bit by bit.
fn decode_url(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = Vec::new();
    for byte in text.bytes() {
        let value = alphabet.iter().position(|one| *one == byte).unwrap();
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let whole = bits.chunks_exact(8);
    whole
        .map(|bits| {
            bits.iter()
                .fold(0, |byte, bit| byte << 1 | u8::from(*bit == 1))
        })
        .collect()
}

// spec: con-19
#[test]
fn a_token_is_signed_and_says_which_key() {
    for one in fixtures("conclusion/ear") {
        let parts: Vec<&str> = one.text().split('.').collect();
        let [header, claims, signature] = parts[..] else {
            panic!("{}", one.path.display())
        };
        let key: VerifierKey = one.get("key").parse().unwrap();
        let signed = format!("{header}.{claims}");
        let signature =
            standstill::key::Signature::from_bytes(decode_url(signature).try_into().unwrap());
        assert!(key.public().verify(signed.as_bytes(), &signature).is_ok());
        let header: Value = serde_json::from_slice(&decode_url(header)).unwrap();
        let id = key.public().key_id().to_string();
        assert_eq!(
            header,
            json!({ "alg": "EdDSA", "kid": id, "typ": "eat+jwt" })
        );
        let claims: Value = serde_json::from_slice(&decode_url(claims)).unwrap();
        assert_eq!(claims["ear_status"], one.get("tier"));
        assert_eq!(claims["eat_profile"], "tag:ietf.org,2026:rats/ear#04");
        assert_eq!(claims["iat"], 1_775_779_200);
    }
    let empty = ear::claims(&judgement(Vec::new()), PROGRAM);
    assert_eq!(empty, Err(ear::EarError::Empty));
}

// For programs.

/// Holds a value to the schema, as far as its shapes go; patterns are held in CI, by a
/// validator of JSON Schema.
fn holds_to(schema: &Value, value: &Value, whole: &Value, path: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        if let Some(local) = reference.strip_prefix('#') {
            holds_to(whole.pointer(local).unwrap(), value, whole, path, faults);
        } else if !value.is_string() {
            faults.push(format!("{path}: no string"));
        }
        return;
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|one| {
            let mut faults = Vec::new();
            holds_to(one, value, whole, path, &mut faults);
            faults.is_empty()
        });
        if !fits {
            faults.push(format!("{path}: {value} fits none"));
        }
        return;
    }
    if let Some(values) = schema["enum"].as_array() {
        if !values.contains(value) {
            faults.push(format!("{path}: {value} is none of {values:?}"));
        }
        return;
    }
    match schema["type"].as_str().unwrap() {
        "null" if value.is_null() => {}
        "string" if value.is_string() => {}
        "array" if value.is_array() => {
            for (at, item) in value.as_array().unwrap().iter().enumerate() {
                holds_to(
                    &schema["items"],
                    item,
                    whole,
                    &format!("{path}[{at}]"),
                    faults,
                );
            }
        }
        "object" if value.is_object() => {
            let names = |value: &Value| -> BTreeSet<String> {
                value.as_object().unwrap().keys().cloned().collect()
            };
            let (known, found) = (names(&schema["properties"]), names(value));
            // All that is there is known, and what is not required is `beside` alone (con-1).
            let required = schema["required"].as_array().unwrap().iter();
            let required: BTreeSet<String> = required
                .map(|one| one.as_str().unwrap().to_owned())
                .collect();
            let optional: Vec<&String> = known.difference(&required).collect();
            let unasked = optional.iter().all(|one| *one == "beside");
            if !found.is_subset(&known) || !required.is_subset(&found) || !unasked {
                faults.push(format!("{path}: {found:?} is not {known:?}"));
            }
            for name in known.intersection(&found) {
                let path = format!("{path}.{name}");
                holds_to(
                    &schema["properties"][name],
                    &value[name],
                    whole,
                    &path,
                    faults,
                );
            }
        }
        kind => faults.push(format!("{path}: {value} is no {kind}")),
    }
}

// spec: con-1
#[test]
fn what_programs_get_is_what_the_schema_says() {
    let path = fixture::root().join("specs/schemas/verify.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut judgements: Vec<Judgement> = Word::ALL.iter().map(|word| of_word(*word)).collect();
    judgements.push(judgement(Vec::new()));
    judgements.push(Judgement {
        checkpoint: None,
        label: None,
        findings: vec![
            Finding::new(Check::NoLog, "x"),
            Finding::new(Check::Late, "y"),
        ],
        ..judgement(Vec::new())
    });
    let mut bare = sample(Word::NotShown);
    bare.numbers = None;
    judgements.push(judgement(vec![bare]));
    judgements.push(sample::beside());
    for one in &judgements {
        let printed = standstill::report::json(one, None).to_pretty();
        let value: Value = serde_json::from_str(&printed).unwrap();
        let mut faults = Vec::new();
        holds_to(&schema, &value, &schema, "$", &mut faults);
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }
    // The words, axes and levels that the schema knows are those that there are.
    let known = |path: &str| schema.pointer(path).unwrap().as_array().unwrap().len();
    assert_eq!(known("/$defs/word/enum"), Word::ALL.len());
    let axes: BTreeSet<&str> = Check::ALL.iter().map(|one| one.axis().as_str()).collect();
    assert_eq!(known("/$defs/axis/enum"), axes.len());
}
