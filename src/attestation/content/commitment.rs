//! Commitments in place of figures (formats: 8, last item).
//!
//! The numbers stay with the lab; a proof over them can be checked by everybody. What
//! suite 1 proves, and how, is not decided here: this reads and spells what is published.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::or_none;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::read_name;
use crate::attestation::statement::read_count;
use crate::encoding::hex;
use crate::encoding::json::Object;
use crate::hash::Hash;
use crate::quantity::Quantity;

/// The longest proof inside a statement, in bytes: a Bulletproof over 64 bits has 672
/// and one over 1024 bits 928; a longer one is named by its digest.
const MAX_PROOF: usize = 1024;

/// A commitment to how much of what, counted how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureCommitment {
    /// The suite that says what the other members mean.
    pub suite: String,
    /// What it stands for; one of each in a statement.
    pub key: FigureKey,
    /// The most that the figure can be, in base units: what the range proof bounds.
    pub capacity: Quantity,
    /// The number of corrections of this figure before this one.
    pub correction: u64,
    /// The Pedersen commitment: a point in its canonical 32 bytes.
    pub point: Hash,
    /// The salted commitment to the same figure.
    pub commitment: Hash,
    /// That the figure lies in range.
    pub proof: RangeProof,
}

/// What a figure counts, and how: one figure committed to for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct FigureKey {
    /// What is counted.
    pub quantity: QuantityKind,
    /// The catalogue's id of the device, as in a [`Figure`].
    pub model: String,
    /// What it was used for.
    pub class: Class,
    /// How it was counted.
    pub basis: Basis,
    /// Where, for energy; otherwise `None`.
    pub boundary: Option<Boundary>,
}

/// A range proof, or its digest where it is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeProof {
    /// SHA-256 of the proof.
    Digest(Hash),
    /// The proof.
    Inline(Vec<u8>),
}

impl FigureCommitment {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let point: Hash = fields.parsed("point")?;
        Ok(Self {
            suite: read_name(fields, "suite")?,
            key: FigureKey::read(fields)?,
            capacity: fields.parsed("capacity")?,
            correction: read_count(fields, "correction")?,
            point,
            commitment: fields.parsed("commitment")?,
            proof: RangeProof::read(fields)?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let object = Object::new()
            .with("suite", self.suite.clone())
            .with("quantity", self.key.quantity.as_str())
            .with("unit", self.key.quantity.unit())
            .with("model", self.key.model.clone())
            .with("class", self.key.class.as_str())
            .with("basis", self.key.basis.as_str())
            .with("boundary", or_none(self.key.boundary.as_ref()))
            .with("capacity", self.capacity.to_string())
            .with("correction", self.correction.to_string())
            .with("point", self.point.to_string())
            .with("commitment", self.commitment.to_string());
        match &self.proof {
            RangeProof::Digest(digest) => object.with("proofDigest", digest.to_string()),
            RangeProof::Inline(proof) => object.with("proof", hex::encode(proof)),
        }
    }
}

impl FigureKey {
    /// Returns what `figure` counts, and how.
    pub fn of(figure: &Figure) -> Self {
        Self {
            quantity: figure.quantity,
            model: figure.model.clone(),
            class: figure.class,
            basis: figure.basis,
            boundary: figure.boundary,
        }
    }

    /// Whether [`Self::of`] the figure is this, without copying its texts.
    pub fn is_of(&self, figure: &Figure) -> bool {
        let Self {
            quantity,
            model,
            class,
            basis,
            boundary,
        } = self;
        *quantity == figure.quantity
            && *model == figure.model
            && *class == figure.class
            && *basis == figure.basis
            && *boundary == figure.boundary
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let quantity: QuantityKind = fields.parsed("quantity")?;
        let unit = fields.text("unit")?;
        if unit != quantity.unit() {
            let why = format!("is `{unit}`, but `{quantity}` is in `{}`", quantity.unit());
            return Err(FieldError::new("unit", why));
        }
        let boundary = fields.parsed_or_none("boundary")?;
        if boundary.is_some() != (quantity == QuantityKind::EnergyJoules) {
            let why = "a commitment to energy, and no other, has a boundary";
            return Err(FieldError::new("boundary", why));
        }
        Ok(Self {
            quantity,
            model: read_name(fields, "model")?,
            class: fields.parsed("class")?,
            basis: fields.parsed("basis")?,
            boundary,
        })
    }

    /// The order in a statement: by the spellings, one after the other.
    fn order(&self) -> [&str; 5] {
        [
            self.quantity.as_str(),
            &self.model,
            self.class.as_str(),
            self.basis.as_str(),
            self.boundary.map_or("", Boundary::as_str),
        ]
    }
}

impl RangeProof {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let digest = fields.parsed_optional("proofDigest")?;
        let inline = fields.optional("proof").is_some();
        match (digest, inline) {
            (Some(digest), false) => Ok(Self::Digest(digest)),
            (None, true) => hex::decode(fields.text("proof")?)
                .filter(|proof| !proof.is_empty() && proof.len() <= MAX_PROOF)
                .map(Self::Inline)
                .ok_or_else(|| {
                    let why = format!("is not 1 to {MAX_PROOF} bytes in lower-case hexadecimal");
                    FieldError::new("proof", why)
                }),
            _ => Err(FieldError::new(
                "proof",
                "exactly one of it and `proofDigest` must be given",
            )),
        }
    }
}

/// Takes `commitments`, if it is there: sorted, each key once, and none that stands
/// beside a figure of the same key, which it would contradict or give away.
pub(super) fn read_commitments(
    fields: &mut Fields<'_>,
    figures: &[Figure],
    limit: usize,
) -> Result<Vec<FigureCommitment>, FieldError> {
    if fields.optional("commitments").is_none() {
        return Ok(Vec::new());
    }
    let refuse = |why| Err(FieldError::new("commitments", why));
    let commitments = fields.objects("commitments", limit, FigureCommitment::read)?;
    if commitments.is_empty() {
        return refuse("is empty; leave it out");
    }
    if !commitments.is_sorted_by(|one, next| one.key.order() < next.key.order()) {
        return refuse("is not sorted by quantity, model, class, basis and boundary, each once");
    }
    let both = |one: &FigureCommitment| figures.iter().any(|f| one.key.is_of(f));
    if commitments.iter().any(both) {
        return refuse("stands beside a figure of the same quantity, model, class and basis");
    }
    Ok(commitments)
}
