//! An attestation result: EAR of the IETF, as an unprotected claims set and as a JWT.
//!
//! Specified in `specs/conclusion.md`, section "Attestation results", after
//! draft-ietf-rats-ear-04 with the tiers of draft-ietf-rats-ar4si.
//!
//! The vocabulary is that of devices that attest their own state. Of its eight aspects of
//! trust one is spoken of here, the data that came from elsewhere: the lab's records.

use serde_json::Value;
use serde_json::json;

use crate::encoding::base64;
use crate::key::Algorithm;
use crate::key::SignerKey;
use crate::report::json::to_serde;
use crate::report::json::verdict;
use crate::report::text::meaning;
use crate::report::vsa::MEMBER;
use crate::report::vsa::Outcome;
use crate::verify::Judgement;
use crate::verify::Verdict;
use crate::verify::Word;

/// The profile that every EAR of draft-ietf-rats-ear-04 names.
pub const PROFILE: &str = "tag:ietf.org,2026:rats/ear#04";

/// The profile of each appraisal: what its label and its claims mean.
pub const APPRAISAL_PROFILE: &str = "https://standstill.dev/ear/v1";

const DEVELOPER: &str = "https://standstill.dev";

/// How far an aspect can be trusted, from the best to the worst (AR4SI, "Trustworthiness
/// Tier"). `none` is worse than `affirming`: nothing was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The verifier affirms it.
    Affirming,
    /// The verifier asserts nothing.
    None,
    /// The verifier warns.
    Warning,
    /// The verifier asserts that it cannot be trusted.
    Contraindicated,
}

impl Tier {
    /// Returns the tier of a word.
    pub const fn of(word: Word) -> Self {
        match word {
            Word::Violated | Word::LogIntegrityFailure => Self::Contraindicated,
            Word::Overdue | Word::Consistent => Self::Warning,
            Word::NotShown => Self::None,
            Word::Holds => Self::Affirming,
        }
    }

    /// Returns its spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affirming => "affirming",
            Self::None => "none",
            Self::Warning => "warning",
            Self::Contraindicated => "contraindicated",
        }
    }
}

/// Returns what is said of the data that came from elsewhere (AR4SI, `sourced-data`): the
/// value of the standard where its words are ours, else one of those left to verifiers.
const fn sourced_data(word: Word) -> i8 {
    match word {
        // Of our own: the lab's statements contradict the claim.
        Word::Violated => -97,
        // Cryptographic validation of the evidence has failed.
        Word::LogIntegrityFailure => 99,
        // Of our own: a report is missing past its deadline.
        Word::Overdue => -33,
        // The evidence is insufficient to make a conclusion.
        Word::NotShown => 0,
        // The data come from unattested sources: the lab's own records.
        Word::Consistent => 32,
        // Of our own: independent roots of trust agree.
        Word::Holds => -2,
    }
}

/// Spells a judgement as the claims of an EAR, one appraisal for each pledge; `program` is
/// what judged, with its version.
///
/// Fails if no claim was judged: an EAR has one appraisal at least.
pub fn claims(judgement: &Judgement, program: &str) -> Result<Value, EarError> {
    if judgement.verdicts.is_empty() {
        return Err(EarError::Empty);
    }
    let mut worst = Tier::Affirming;
    let mut submods = serde_json::Map::new();
    for verdict in &judgement.verdicts {
        let word = word(verdict);
        worst = worst.max(Tier::of(word));
        submods.insert(
            verdict.pledge.to_string(),
            appraisal(judgement, verdict, word),
        );
    }
    // What was found of the log, and of issuers that have no verdict, counts as well.
    let found = judgement.findings.iter().filter_map(|one| one.calls_for);
    let worst = found.map(Tier::of).fold(worst, Tier::max);
    Ok(json!({
        "eat_profile": PROFILE,
        "iat": judgement.at.get(),
        "ear_verifier_id": { "developer": DEVELOPER, "build": program },
        "ear_status": worst.as_str(),
        "submods": submods,
    }))
}

/// Signs the claims as a JWT (RFC 7519) with EdDSA (RFC 8037).
pub fn jwt(claims: &Value, key: &SignerKey) -> Result<String, EarError> {
    let verifier = key.verifier();
    if verifier.algorithm() != Algorithm::Ed25519 {
        return Err(EarError::KeyType {
            name: verifier.name().to_string(),
        });
    }
    let header = json!({
        "alg": "EdDSA",
        "kid": verifier.public().key_id().to_string(),
        "typ": "eat+jwt",
    });
    let part = |value: &Value| base64::encode_url(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = key.secret().sign(signed.as_bytes());
    Ok(format!(
        "{signed}.{}",
        base64::encode_url(&signature.to_bytes())
    ))
}

fn appraisal(judgement: &Judgement, of: &Verdict, word: Word) -> Value {
    let tier = Tier::of(word);
    json!({
        "eat_profile": APPRAISAL_PROFILE,
        "ear_status": tier.as_str(),
        "ear_trustworthiness_vector": { "sourced-data": sourced_data(word) },
        "ear_appraisal_policy_ids": [
            format!("https://standstill.dev/trust-file/v1/{}", judgement.trust),
        ],
        "ear_verifier_claims": {
            MEMBER: to_serde(&verdict(of).into()),
            "dev.standstill.reason": meaning(of),
        },
    })
}

/// Returns the word, but HOLDS only where that can be handed on as PASSED: what contradicts
/// itself shows nothing.
fn word(verdict: &Verdict) -> Word {
    match (verdict.word, Outcome::of(verdict)) {
        (Word::Holds, Ok(Outcome::Passed(_))) => Word::Holds,
        (Word::Holds, _) => Word::NotShown,
        (word, _) => word,
    }
}

/// Why there is no attestation result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EarError {
    /// There is nothing to appraise.
    #[error("no claim was judged, and an attestation result has one appraisal at least")]
    Empty,
    /// A key for cosignatures.
    #[error("the key `{name}` is a witness's (type 0x04), which signs no conclusions")]
    KeyType {
        /// Its name.
        name: String,
    },
}
