//! A verdict as a Verification Summary Attestation (SLSA VSA v1), for one pledge.
//!
//! Specified in `specs/conclusion.md`. It is a file of an auditor's own, never an entry of a
//! log.

use crate::attestation::Envelope;
use crate::attestation::EnvelopeError;
use crate::claim::Level;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::sha256;
use crate::key::SecretKey;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::Verdict;
use crate::verify::Word;
use crate::verify::verdict::Numbers;
use crate::verify::verdict::Stretch;

/// The type of the predicate (SLSA, Verification Summary).
const PREDICATE: &str = "https://slsa.dev/verification_summary/v1";

/// The type of an in-toto Statement.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// The member that holds the verdict itself.
const VERDICT: &str = "dev.standstill.verdict";

/// What SLSA's two words say of a verdict: only what holds on independent evidence passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Result {
    Passed(Level),
    Failed,
}

impl Result {
    fn of(verdict: &Verdict) -> Self {
        match verdict.word {
            Word::Holds if verdict.level >= Level::E3 => Self::Passed(verdict.level),
            _ => Self::Failed,
        }
    }
}

/// Writes the attestation of one verdict, signed.
///
/// `verifier` is a URI that names who judged.
pub fn vsa(
    judgement: &Judgement,
    verdict: &Verdict,
    verifier: &str,
    key: &SecretKey,
) -> std::result::Result<Vec<u8>, EnvelopeError> {
    let payload = payload(judgement, verdict, verifier).to_canonical();
    Envelope::sign_file(payload.as_bytes(), &[key])
}

fn payload(judgement: &Judgement, verdict: &Verdict, verifier: &str) -> Object<'static> {
    let (result, levels) = match Result::of(verdict) {
        Result::Passed(level) => ("PASSED", vec![format!("STANDSTILL_{level}")]),
        Result::Failed => ("FAILED", vec!["FAILED".to_owned()]),
    };
    let subject = Object::new()
        .with("name", format!("{}/pledge", verdict.issuer))
        .with("digest", digest(verdict.pledge.to_string()));
    let version = Object::new().with("standstill", env!("CARGO_PKG_VERSION"));
    let predicate = Object::new()
        .with(
            "verifier",
            Object::new()
                .with("id", verifier.to_owned())
                .with("version", version),
        )
        .with("timeVerified", judgement.at.to_string())
        .with("resourceUri", resource(judgement, verdict))
        .with(
            "policy",
            Object::new().with("digest", digest(judgement.trust.to_string())),
        )
        .with("inputAttestations", inputs(judgement, verdict))
        .with("verificationResult", result)
        .with("verifiedLevels", levels)
        .with(VERDICT, member(judgement, verdict));
    Object::new()
        .with("_type", STATEMENT)
        .with("subject", vec![Value::from(subject)])
        .with("predicateType", PREDICATE)
        .with("predicate", predicate)
}

/// Names issuer, window and checkpoint.
fn resource(judgement: &Judgement, verdict: &Verdict) -> String {
    let window = verdict.window;
    let checkpoint = judgement.checkpoint.as_ref().map_or_else(
        || "none".to_owned(),
        |checkpoint| format!("{}@{}", checkpoint.root, checkpoint.size),
    );
    format!(
        "urn:standstill:{}:{}/{}:{checkpoint}",
        verdict.issuer,
        window.start(),
        window.end()
    )
}

/// Every stream that the verdict rests on, and the checkpoint: all of what went in.
fn inputs(judgement: &Judgement, verdict: &Verdict) -> Vec<Value<'static>> {
    let streams = verdict.streams.iter().map(|stretch: &Stretch| {
        let uri = format!(
            "urn:standstill:{}/{}/{}-{}",
            stretch.issuer, stretch.stream, stretch.first, stretch.last
        );
        Object::new()
            .with("uri", uri)
            .with("digest", digest(stretch.id.to_string()))
    });
    let checkpoint = judgement.checkpoint.iter().map(|checkpoint| {
        Object::new()
            .with(
                "uri",
                format!("urn:standstill:checkpoint:{}", checkpoint.origin.as_str()),
            )
            .with(
                "digest",
                digest(sha256(checkpoint.to_text().as_bytes()).to_string()),
            )
    });
    streams.chain(checkpoint).map(Value::from).collect()
}

/// The verdict itself, with all that qualifies it.
fn member(judgement: &Judgement, verdict: &Verdict) -> Object<'static> {
    let numbers = verdict.numbers.as_ref().map(|numbers: &Numbers| {
        let upper = numbers.upper.clone().map_or(Value::Null, Value::from);
        Object::new()
            .with("lower", numbers.lower.clone())
            .with("upper", upper)
            .with("limit", numbers.limit.clone())
            .with("unit", numbers.unit.clone())
    });
    let findings = judgement.findings.iter().chain(&verdict.findings);
    let findings: Vec<Value<'static>> = findings
        .map(|finding: &Finding| {
            let word = finding
                .calls_for
                .map_or(Value::Null, |word| word.as_str().into());
            Object::new()
                .with("check", finding.check)
                .with("callsFor", word)
                .with("text", finding.text.clone())
                .into()
        })
        .collect();
    Object::new()
        .with("headline", verdict.headline())
        .with("word", verdict.word.as_str())
        .with("level", verdict.level.as_str())
        .with("requiredLevel", verdict.required.as_str())
        .with("claim", verdict.claim.clone())
        .with("perimeter", verdict.perimeter.clone())
        .with(
            "window",
            Object::new()
                .with("start", verdict.window.start().to_string())
                .with("end", verdict.window.end().to_string()),
        )
        .with_some("numbers", numbers)
        .with("roots", verdict.roots.clone())
        .with("resolution", verdict.resolution.clone())
        .with("findings", findings)
        .with("doesNotShow", verdict.does_not_show.clone())
        .with_some("label", judgement.label.clone())
}

fn digest(sha256: String) -> Object<'static> {
    Object::new().with("sha256", sha256)
}
