//! A judgement as CycloneDX 1.6 attestations: `declarations`.
//!
//! Specified in `specs/conclusion.md`, section "CycloneDX", after ECMA-424.
//!
//! Each pledge is a requirement that its issuer set itself. Conformance has a score where
//! one was shown, 1 for HOLDS and 0 for VIOLATED; confidence has none: a level of evidence
//! is a place in an order, not a share of certainty.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::encoding::uri;
use crate::hash::sha256;
use crate::report::json::json as judgement_json;
use crate::report::json::said;
use crate::report::json::verdict as verdict_json;
use crate::report::text::meaning;
use crate::report::vsa::Outcome;
use crate::tlog::Checkpoint;
use crate::verify::Judgement;
use crate::verify::UsedStream;
use crate::verify::Verdict;
use crate::verify::Word;

const ASSESSOR: &str = "assessor";
const STANDARD: &str = "pledges";
const CHECKPOINT: &str = "checkpoint";

/// The most findings that a rationale tells.
const MAX_FINDINGS: usize = 25;

/// Spells a judgement; `assessor` is what to call who judged, `program` what judged, with
/// its version.
pub fn document(judgement: &Judgement, assessor: &str, program: &str) -> Value {
    let verdicts = || judgement.verdicts.iter();
    let (tool, version) = program.split_once(' ').unwrap_or((program, ""));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(judgement),
        "version": 1,
        "metadata": {
            "timestamp": judgement.at.to_string(),
            "tools": { "components": [
                { "type": "application", "name": tool, "version": version },
            ] },
        },
        "definitions": { "standards": [{
            "bom-ref": STANDARD,
            "name": "Pledges",
            "description": "What each issuer said, in a transparency log, that it would do",
            "requirements": verdicts().map(requirement).collect::<Value>(),
        }] },
        "declarations": {
            // Whether the assessor is a third party is not the assessor's to say.
            "assessors": [{ "bom-ref": ASSESSOR, "organization": { "name": assessor } }],
            "attestations": verdicts().map(attestation).collect::<Value>(),
            "claims": verdicts().map(|one| claim(one, &judgement.beside)).collect::<Value>(),
            "evidence": evidence(judgement),
            "targets": { "organizations": organizations(judgement) },
        },
    })
}

/// Returns a serial number that is the same for the same judgement and for no other: a UUID
/// of version 8 (RFC 9562), from the digest of its JSON.
fn serial(judgement: &Judgement) -> String {
    let json = judgement_json(judgement, None).to_canonical();
    let digest = sha256(json.as_bytes()).to_string();
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

fn requirement(verdict: &Verdict) -> Value {
    let limit = verdict
        .numbers
        .as_ref()
        .map_or_else(String::new, |numbers| {
            format!("; limit {} {}", numbers.limit, numbers.unit)
        });
    json!({
        "bom-ref": requirement_ref(verdict),
        "identifier": verdict.pledge.to_string(),
        "title": text(&verdict.claim),
        "text": format!(
            "{} of {}, within {}, from {} until {}{limit}",
            text(&verdict.claim),
            text(&verdict.name),
            text(&verdict.perimeter),
            verdict.window.start(),
            verdict.window.end(),
        ),
    })
}

fn attestation(verdict: &Verdict) -> Value {
    let mut conformance = Map::new();
    if let Some(score) = score(verdict) {
        conformance.insert("score".to_owned(), score.into());
    }
    conformance.insert("rationale".to_owned(), rationale(verdict).into());
    let confidence = format!(
        "evidence of level {}, HOLDS needs {}; resolution {}",
        verdict.level,
        verdict.required,
        text(&verdict.resolution)
    );
    json!({
        "summary": format!("{}: {}", text(&verdict.name), verdict.headline()),
        "assessor": ASSESSOR,
        "map": [{
            "requirement": requirement_ref(verdict),
            "claims": [claim_ref(verdict)],
            "conformance": conformance,
            "confidence": { "rationale": confidence },
        }],
    })
}

/// Returns how far the requirement was met, where that was shown.
fn score(verdict: &Verdict) -> Option<u8> {
    match (verdict.word, Outcome::of(verdict)) {
        (Word::Holds, Ok(Outcome::Passed(_))) => Some(1),
        (Word::Violated, _) => Some(0),
        _ => None,
    }
}

fn rationale(verdict: &Verdict) -> String {
    let mut lines = vec![format!("{}: {}", verdict.headline(), meaning(verdict))];
    let called = |one: &&crate::verify::Finding| one.calls_for.is_some();
    let findings = verdict.findings.iter().filter(called);
    lines.extend(findings.take(MAX_FINDINGS).map(|one| text(&one.text)));
    let open = verdict.does_not_show.iter();
    lines.extend(open.map(|line| format!("does not show: {}", text(line))));
    lines.join("\n")
}

/// The claim is the lab's; the streams stand for it, or against it, where they show either.
fn claim(verdict: &Verdict, beside: &[Checkpoint]) -> Value {
    let mut refs = vec![CHECKPOINT.to_owned(), verdict_ref(verdict)];
    refs.extend(beside.iter().map(beside_ref));
    refs.extend(verdict.used.iter().map(stream_ref));
    let mut claim = Map::new();
    let mut put = |name: &str, value: Value| claim.insert(name.to_owned(), value);
    put("bom-ref", claim_ref(verdict).into());
    put("target", issuer_ref(verdict).into());
    let predicate = format!("kept its pledge: {}", text(&verdict.claim));
    put("predicate", predicate.into());
    put("reasoning", meaning(verdict).into());
    match verdict.word {
        Word::Holds | Word::Consistent => put("evidence", refs.into()),
        Word::Violated => put("counterEvidence", refs.into()),
        Word::LogIntegrityFailure | Word::Overdue | Word::NotShown => None,
    };
    claim.into()
}

fn evidence(judgement: &Judgement) -> Vec<Value> {
    let mut evidence: BTreeMap<String, Value> = BTreeMap::new();
    if let Some(checkpoint) = &judgement.checkpoint {
        let data = attachment("checkpoint", "text/plain", &checkpoint.to_text());
        let description = "the tree of the log that everything was judged as of";
        evidence.insert(CHECKPOINT.to_owned(), item(CHECKPOINT, description, &data));
    }
    for beside in &judgement.beside {
        let name = beside_ref(beside);
        let data = attachment("checkpoint", "text/plain", &beside.to_text());
        let description = "the tree of a log that was read beside it";
        evidence.insert(name.clone(), item(&name, description, &data));
    }
    for verdict in &judgement.verdicts {
        for used in &verdict.used {
            let name = stream_ref(used);
            let data = attachment("last statement", "text/plain", &used.statement.to_string());
            let description = "statements of one stream in the log, by the id of the last";
            evidence.insert(name.clone(), item(&name, description, &data));
        }
        let name = verdict_ref(verdict);
        let json = verdict_json(verdict).to_canonical();
        let data = attachment("verdict", "application/json", &json);
        let description = "the verdict whole, as `standstill verify --json` prints it";
        evidence.insert(name.clone(), item(&name, description, &data));
    }
    evidence.into_values().collect()
}

fn beside_ref(beside: &Checkpoint) -> String {
    format!("{CHECKPOINT}:{}", uri::escape(beside.origin.as_str(), ""))
}

fn item(name: &str, description: &str, data: &Value) -> Value {
    json!({ "bom-ref": name, "description": description, "data": [data] })
}

fn attachment(name: &str, kind: &str, content: &str) -> Value {
    json!({
        "name": name,
        "contents": { "attachment": { "contentType": kind, "content": content } },
    })
}

fn organizations(judgement: &Judgement) -> Vec<Value> {
    let of = |verdict: &Verdict| {
        let name = issuer_ref(verdict);
        let organization = json!({ "bom-ref": name, "name": text(&verdict.name) });
        (name, organization)
    };
    let organizations: BTreeMap<String, Value> = judgement.verdicts.iter().map(of).collect();
    organizations.into_values().collect()
}

fn requirement_ref(verdict: &Verdict) -> String {
    format!("pledge/{}", verdict.pledge)
}

fn claim_ref(verdict: &Verdict) -> String {
    format!("claim/{}", verdict.pledge)
}

fn verdict_ref(verdict: &Verdict) -> String {
    format!("verdict/{}", verdict.pledge)
}

fn issuer_ref(verdict: &Verdict) -> String {
    format!("issuer/{}", verdict.issuer)
}

fn stream_ref(used: &UsedStream) -> String {
    let UsedStream {
        issuer,
        stream,
        first,
        last,
        ..
    } = used;
    format!("stream/{issuer}/{stream}/{first}-{last}")
}

/// Spells a text that may quote others (ver-40).
fn text(text: &str) -> String {
    said(text).as_text().unwrap_or_default().to_owned()
}
