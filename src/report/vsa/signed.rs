//! Summaries in their envelopes.

use crate::attestation::Envelope;
use crate::attestation::EnvelopeError;
use crate::key::Algorithm;
use crate::key::KeyId;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::report::vsa::Summary;
use crate::report::vsa::SummaryError;
use crate::verify::Judgement;
use crate::verify::Verdict;

/// The longest summary: of a verdict with every finding that is told, on thousands of
/// streams.
pub const MAX_BYTES: usize = 16 << 20;

/// Concludes one verdict of a judgement and signs it; `program` is what judged, with its
/// version.
pub fn sign(
    judgement: &Judgement,
    verdict: &Verdict,
    program: &str,
    key: &SignerKey,
) -> Result<Vec<u8>, SignedError> {
    let verifier = key.verifier();
    check_type(&verifier)?;
    let summary = Summary::new(judgement, verdict, verifier.name(), program)?;
    let payload = summary.to_payload();
    let envelope = Envelope::sign_within(MAX_BYTES, payload.as_bytes(), &[key.secret()])?;
    Ok(envelope.to_bytes())
}

/// Opens a summary that `key` must have signed, and nobody else. Nothing in it is read
/// before its signature was checked.
pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Summary, SignedError> {
    check_type(key)?;
    let envelope = Envelope::parse_within(MAX_BYTES, bytes)?;
    let mut ids = envelope.key_ids();
    let (found, count) = (ids.next(), envelope.key_ids().len());
    let Some(found) = found.filter(|_| count == 1) else {
        return Err(SignedError::Signatures { found: count });
    };
    let expected = key.public().key_id();
    if found != expected {
        return Err(SignedError::OtherKey { expected, found });
    }
    if !envelope.is_signed_by(std::slice::from_ref(key.public())) {
        return Err(SignedError::Signature);
    }
    Ok(Summary::parse(envelope.payload(), key.name())?)
}

/// A witness's key signs cosignatures, and nothing else.
fn check_type(key: &VerifierKey) -> Result<(), SignedError> {
    match key.algorithm() {
        Algorithm::Ed25519 => Ok(()),
        Algorithm::CosignatureV1 => Err(SignedError::KeyType {
            name: key.name().to_string(),
        }),
    }
}

/// Why a summary cannot be signed, or bytes are not one that a key signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// Not an envelope in its one spelling.
    #[error("{0}")]
    Envelope(#[from] EnvelopeError),
    /// A key for cosignatures.
    #[error("the key `{name}` is a witness's (type 0x04), which signs no conclusions")]
    KeyType {
        /// Its name.
        name: String,
    },
    /// Signed by somebody else.
    #[error("signed by the key {found}, not by {expected}")]
    OtherKey {
        /// The id of the key that was given.
        expected: KeyId,
        /// The id that the signature names.
        found: KeyId,
    },
    /// The signature is not the key's over this payload.
    #[error("the signature is not valid: the summary was changed, or the key never signed it")]
    Signature,
    /// Other than one signature.
    #[error("{found} signatures; a summary has one, its verifier's")]
    Signatures {
        /// How many.
        found: usize,
    },
    /// What was signed is no summary.
    #[error("{0}")]
    Summary(#[from] SummaryError),
}
