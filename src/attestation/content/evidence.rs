//! `evidence`: bytes from elsewhere, named by their digest (formats: 7).
//!
//! It binds from below only: what it shows was used was used; what it does not show may
//! have been.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::About;
use crate::attestation::content::about::Bytes;
use crate::attestation::content::about::read_nonce;
use crate::attestation::content::about::read_text;
use crate::attestation::content::about::write_nonce;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::or_none;
use crate::attestation::figure::Figure;
use crate::attestation::figure::read_figures;
use crate::attestation::figure::spelled;
use crate::encoding::json::Object;
use crate::hash::Hash;

/// Bytes from elsewhere that bear on an issuer's areas.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Where it comes from, in words.
    pub provenance: String,
    /// What made it fresh.
    pub nonce: Option<Vec<u8>>,
    /// What it bears on.
    pub about: About,
    /// The bytes.
    pub bytes: Bytes,
    /// The digest of the catalogue that the models' ids are of; `None` without figures.
    pub catalogue: Option<Hash>,
    /// What it shows was used at least.
    pub figures: Vec<Figure>,
}

spelled! {
    /// What evidence is.
    EvidenceKind, "a kind of evidence" {
        /// Somebody else's document.
        External = "external",
        /// A report signed by an accelerator.
        GpuAttestation = "gpu-attestation",
        /// An inspector's report.
        Inspection = "inspection",
        /// A TPM's quote.
        TpmQuote = "tpm-quote",
    }
}

impl Evidence {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let catalogue: Option<Hash> = fields.parsed_or_none("catalogue")?;
        let figures = read_figures(fields)?;
        if catalogue.is_none() != figures.is_empty() {
            let why = "is given with figures, and only with them";
            return Err(FieldError::new("catalogue", why));
        }
        Ok(Self {
            kind: fields.parsed("kind")?,
            provenance: read_text(fields, "provenance")?,
            nonce: read_nonce(fields)?,
            about: About::read(fields)?,
            bytes: Bytes::read(fields)?,
            catalogue,
            figures,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let figures: Vec<_> = self.figures.iter().map(Figure::write).collect();
        let object = self.bytes.write(self.about.write(Object::new()));
        object
            .with("kind", self.kind.as_str())
            .with("provenance", self.provenance.clone())
            .with("nonce", write_nonce(self.nonce.as_ref()))
            .with("catalogue", or_none(self.catalogue.as_ref()))
            .with("figures", figures)
    }
}
