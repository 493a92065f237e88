//! A judgement as JSON: without numbers, members sorted, so that it can also be signed.
//!
//! Specified in `specs/conclusion.md`, section "For programs", and
//! `specs/schemas/verify.schema.json`.

use crate::claim::Level;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::tlog::Checkpoint;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::UsedStream;
use crate::verify::Verdict;
use crate::verify::verdict::plain;

/// Spells a judgement for programs; `required` is that of `--require-level`.
pub fn json(judgement: &Judgement, required: Option<Level>) -> Value<'static> {
    let checkpoint = judgement.checkpoint.as_ref().map(checkpoint);
    let anomalies: Vec<Value<'_>> = judgement.anomalies.iter().map(said).collect();
    let verdicts: Vec<Object<'_>> = judgement.verdicts.iter().map(verdict).collect();
    with_beside(Object::new(), &judgement.beside)
        .with("at", judgement.at.to_string())
        .with("trust", judgement.trust.to_string())
        .with("label", or_null(judgement.label.as_ref().map(said)))
        .with("checkpoint", or_null(checkpoint))
        .with("exitCode", judgement.outcome(required).code().to_string())
        .with("findings", findings(&judgement.findings))
        .with("anomalies", anomalies)
        .with("verdicts", verdicts)
        .into()
}

/// Spells a verdict.
pub(super) fn verdict(verdict: &Verdict) -> Object<'static> {
    let numbers = verdict.numbers.as_ref().map(|numbers| {
        Object::new()
            .with("lower", numbers.lower.clone())
            .with("upper", or_null(numbers.upper.clone()))
            .with("limit", numbers.limit.clone())
            .with("unit", numbers.unit.clone())
    });
    let window = Object::new()
        .with("start", verdict.window.start().to_string())
        .with("end", verdict.window.end().to_string());
    let does_not_show: Vec<Value<'_>> = verdict.does_not_show.iter().map(said).collect();
    let roots: Vec<Value<'_>> = verdict.roots.iter().map(said).collect();
    let streams: Vec<Object<'_>> = verdict.used.iter().map(stream).collect();
    Object::new()
        .with("issuer", verdict.issuer.to_string())
        .with("name", said(&verdict.name))
        .with("pledge", verdict.pledge.to_string())
        .with("sequence", verdict.sequence.to_string())
        .with("claim", said(&verdict.claim))
        .with("word", verdict.word.as_str())
        .with("headline", verdict.headline())
        .with("level", verdict.level.as_str())
        .with("requiredLevel", verdict.required.as_str())
        .with("perimeter", said(&verdict.perimeter))
        .with("window", window)
        .with("numbers", or_null(numbers))
        .with(
            "brokenAt",
            or_null(verdict.broken_at.map(|at| at.to_string())),
        )
        .with("roots", roots)
        .with("resolution", said(&verdict.resolution))
        .with("findings", findings(&verdict.findings))
        .with("doesNotShow", does_not_show)
        .with("streams", streams)
}

/// Spells a checkpoint.
pub(super) fn checkpoint(checkpoint: &Checkpoint) -> Object<'static> {
    Object::new()
        .with("origin", checkpoint.origin.to_string())
        .with("size", checkpoint.size.to_string())
        .with("root", checkpoint.root.to_string())
}

/// Adds the checkpoints of the logs that were read beside the one judged, if any were.
pub(super) fn with_beside(object: Object<'static>, beside: &[Checkpoint]) -> Object<'static> {
    if beside.is_empty() {
        return object;
    }
    let trees: Vec<Object<'_>> = beside.iter().map(checkpoint).collect();
    object.with("beside", trees)
}

/// Hands a value over to a document that holds numbers too.
pub(super) fn to_serde(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::List(items) => items.iter().map(to_serde).collect(),
        Value::Null => serde_json::Value::Null,
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.to_owned(), to_serde(value)))
            .collect(),
        Value::Text(text) => text.as_ref().into(),
    }
}

/// Spells what may be absent.
pub(super) fn or_null<V: Into<Value<'static>>>(value: Option<V>) -> Value<'static> {
    value.map_or(Value::Null, Into::into)
}

/// Spells a text that may quote others (ver-40).
pub(super) fn said<T: AsRef<str> + ?Sized>(text: &T) -> Value<'static> {
    plain(text.as_ref().to_owned()).into()
}

fn findings(findings: &[Finding]) -> Value<'static> {
    let spelled: Vec<Object<'_>> = findings
        .iter()
        .map(|finding| {
            let word = finding.calls_for.map(|word| Value::from(word.as_str()));
            Object::new()
                .with("check", finding.check)
                .with("axis", finding.axis.as_str())
                .with("callsFor", or_null(word))
                .with("text", said(&finding.text))
        })
        .collect();
    spelled.into()
}

fn stream(used: &UsedStream) -> Object<'static> {
    Object::new()
        .with("issuer", used.issuer.to_string())
        .with("stream", used.stream.to_string())
        .with("first", used.first.to_string())
        .with("last", used.last.to_string())
        .with("statement", used.statement.to_string())
}
