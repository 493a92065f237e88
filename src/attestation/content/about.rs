//! What a statement speaks of when it is not its own stream, and bytes that it names
//! without holding them.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::usage::read_period;
use crate::attestation::content::usage::write_period;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::StreamId;
use crate::encoding::hex;
use crate::encoding::json::Object;
use crate::hash::Hash;
use crate::time::Period;

/// The most areas that one statement speaks of.
const MAX_STREAMS: usize = 512;

/// The longest free text, in bytes.
const MAX_TEXT: usize = 1024;

/// The longest nonce, in bytes: a TPM's qualifying data hold at most one digest and its
/// algorithm; NVIDIA's attestation takes 32 bytes.
const MAX_NONCE: usize = 64;

/// Areas of an issuer, in a period.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct About {
    /// Whose.
    pub issuer: IssuerId,
    /// Which: sorted, at least one, never stream 0.
    pub streams: Vec<StreamId>,
    /// When.
    pub period: Period,
}

/// Bytes that a statement names by their digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Bytes {
    /// SHA-256 of bytes that nobody could guess.
    Plain(Hash),
    /// A salted commitment to bytes (formats: 2).
    Salted(Hash),
}

impl About {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            issuer: fields.parsed("issuer")?,
            streams: read_streams(fields, "streams")?,
            period: read_period(fields)?,
        })
    }

    pub(super) fn write(&self, object: Object<'static>) -> Object<'static> {
        let streams: Vec<_> = self.streams.iter().map(ToString::to_string).collect();
        object
            .with("issuer", self.issuer.to_string())
            .with("streams", streams)
            .with("period", write_period(self.period))
    }
}

impl Bytes {
    /// Takes exactly one of `digest` and `commitment`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let plain = fields.parsed_optional("digest")?;
        let salted = fields.parsed_optional("commitment")?;
        match (plain, salted) {
            (Some(digest), None) => Ok(Self::Plain(digest)),
            (None, Some(commitment)) => Ok(Self::Salted(commitment)),
            _ => Err(FieldError::new(
                "digest",
                "exactly one of it and `commitment` must be given",
            )),
        }
    }

    pub(super) fn write(self, object: Object<'static>) -> Object<'static> {
        match self {
            Self::Plain(digest) => object.with("digest", digest.to_string()),
            Self::Salted(commitment) => object.with("commitment", commitment.to_string()),
        }
    }
}

/// Takes a sorted list of areas, at least one.
fn read_streams(fields: &mut Fields<'_>, name: &'static str) -> Result<Vec<StreamId>, FieldError> {
    let streams: Vec<StreamId> = fields.parsed_list(name, MAX_STREAMS)?;
    match streams.first() {
        None => return Err(FieldError::new(name, "names no area")),
        Some(first) if first.is_governance() => {
            return Err(FieldError::new(name, "names stream 0, which is no area"));
        }
        Some(_) => {}
    }
    sorted(&streams, name)?;
    Ok(streams)
}

/// Refuses items that do not ascend, each once.
pub(super) fn sorted<T: PartialOrd>(items: &[T], name: &'static str) -> Result<(), FieldError> {
    if items.is_sorted_by(|one, next| one < next) {
        return Ok(());
    }
    Err(FieldError::new(name, "is not sorted, each item once"))
}

/// Takes free text of 1 to [`MAX_TEXT`] bytes.
pub(super) fn read_text(fields: &mut Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    let text = fields.text(name)?;
    if text.is_empty() || text.len() > MAX_TEXT {
        let why = format!("has {} bytes; 1 to {MAX_TEXT} are allowed", text.len());
        return Err(FieldError::new(name, why));
    }
    Ok(text.to_owned())
}

/// Takes `nonce`: 1 to [`MAX_NONCE`] bytes in hexadecimal, or `none`.
pub(super) fn read_nonce(fields: &mut Fields<'_>) -> Result<Option<Vec<u8>>, FieldError> {
    let text = fields.text("nonce")?;
    if text == NONE {
        return Ok(None);
    }
    hex::decode(text)
        .filter(|bytes| !bytes.is_empty() && bytes.len() <= MAX_NONCE)
        .map(Some)
        .ok_or_else(|| {
            let why = format!("is not 1 to {MAX_NONCE} bytes in lower-case hexadecimal");
            FieldError::new("nonce", why)
        })
}

/// Spells a nonce.
pub(super) fn write_nonce(nonce: Option<&Vec<u8>>) -> String {
    nonce.map_or_else(|| NONE.to_owned(), |bytes| hex::encode(bytes))
}
