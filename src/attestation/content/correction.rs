//! `correction` and `withdrawal`: what is said about an earlier statement (formats: 7).

use crate::attestation::content::Content;
use crate::attestation::content::StatementType;
use crate::attestation::content::about::read_text;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::statement::Head;
use crate::encoding::json::Object;

/// Replaces what an earlier statement of the same stream said, for the same area and
/// period. The earlier one stays where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// The statement that it corrects; always the original, never a correction.
    pub corrects: Head,
    /// What stands in its place: a `usage`, `inventory`, `run` or `corroboration`.
    pub replacement: Box<Content>,
    /// Why.
    pub reason: String,
}

impl Correction {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let name = fields.text("type")?;
        let kind = StatementType::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name && kind.is_correctable())
            .ok_or_else(|| {
                FieldError::new("type", format!("is `{name}`, which is never corrected"))
            })?;
        let replacement = fields.nested("replacement", |fields| Content::read(kind, fields))?;
        if replacement.commits_as_original() {
            let why = "has a commitment of `correction` 0, the number of the original";
            return Err(FieldError::new("replacement.commitments", why));
        }
        Ok(Self {
            corrects: fields.nested("corrects", Head::read)?,
            replacement: Box::new(replacement),
            reason: read_text(fields, "reason")?,
        })
    }

    pub(super) fn write(&self) -> Option<Object<'static>> {
        Some(
            Object::new()
                .with("type", self.replacement.statement_type()?.name())
                .with("corrects", self.corrects.write())
                .with("replacement", self.replacement.write()?)
                .with("reason", self.reason.clone()),
        )
    }
}

/// Ends the duty of a pledge, after its notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The pledge.
    pub pledge: StatementId,
    /// Why.
    pub reason: String,
}

impl Withdrawal {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            pledge: fields.parsed("pledge")?,
            reason: read_text(fields, "reason")?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        Object::new()
            .with("pledge", self.pledge.to_string())
            .with("reason", self.reason.clone())
    }
}
