//! A judgement as JSON.

use serde_json::Value;
use serde_json::json;

use crate::claim::Level;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::Verdict;
use crate::verify::Word;

/// Spells a judgement for programs; `required` is that of `--require-level`.
pub fn json(judgement: &Judgement, required: Option<Level>) -> Value {
    let checkpoint = judgement.checkpoint.as_ref().map(|checkpoint| {
        json!({
            "origin": checkpoint.origin.as_str(),
            "size": checkpoint.size.to_string(),
            "root": checkpoint.root.to_string(),
        })
    });
    json!({
        "at": judgement.at.to_string(),
        "trust": judgement.trust.to_string(),
        "label": judgement.label,
        "checkpoint": checkpoint,
        "exitCode": judgement.outcome(required).code().to_string(),
        "findings": findings(&judgement.findings),
        "anomalies": judgement.anomalies,
        "verdicts": judgement.verdicts.iter().map(verdict).collect::<Vec<_>>(),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    let numbers = verdict.numbers.as_ref().map(|numbers| {
        json!({
            "lower": numbers.lower,
            "upper": numbers.upper,
            "limit": numbers.limit,
            "unit": numbers.unit,
        })
    });
    json!({
        "issuer": verdict.issuer.to_string(),
        "name": verdict.name,
        "pledge": verdict.pledge.to_string(),
        "claim": verdict.claim,
        "word": verdict.word.as_str(),
        "headline": verdict.headline(),
        "level": verdict.level.as_str(),
        "requiredLevel": verdict.required.as_str(),
        "perimeter": verdict.perimeter,
        "window": {
            "start": verdict.window.start().to_string(),
            "end": verdict.window.end().to_string(),
        },
        "numbers": numbers,
        "roots": verdict.roots,
        "resolution": verdict.resolution,
        "findings": findings(&verdict.findings),
        "doesNotShow": verdict.does_not_show,
    })
}

fn findings(findings: &[Finding]) -> Vec<Value> {
    findings
        .iter()
        .map(|finding| {
            json!({
                "check": finding.check,
                "axis": finding.axis.as_str(),
                "callsFor": finding.calls_for.map(Word::as_str),
                "text": finding.text,
            })
        })
        .collect()
}
