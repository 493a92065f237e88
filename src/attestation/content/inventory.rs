//! `inventory`: the devices of an area, from a period's edge on (formats: 7).

use crate::attestation::content::usage::LedgerReference;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::read_name;
use crate::encoding::json::Object;
use crate::quantity::Quantity;
use crate::time::UnixSeconds;

/// The most models and boundaries of one inventory.
const MAX_ITEMS: usize = 256;

/// The devices present in an area.
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory {
    /// The period's edge from which it is in force.
    pub from: UnixSeconds,
    /// The ledger of every device present for any part of a period.
    pub ledger: LedgerReference,
    /// The most devices present at once, by model.
    pub capacity: Vec<Capacity>,
    /// The rated power, by boundary.
    pub watts: Vec<RatedWatts>,
}

/// How many devices of a model are present at once at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The catalogue's id, or `uncatalogued:<type>`.
    pub model: String,
    /// How many.
    pub count: Quantity,
}

/// The rated power of all that stands within a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatedWatts {
    /// Where.
    pub boundary: Boundary,
    /// Watts.
    pub watts: Quantity,
}

impl Inventory {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let capacity = read_capacity(fields)?;
        let watts = fields.objects("watts", MAX_ITEMS, |fields| {
            Ok(RatedWatts {
                boundary: fields.parsed("boundary")?,
                watts: fields.parsed("watts")?,
            })
        })?;
        let sorted = watts.is_sorted_by(|one, next| one.boundary < next.boundary);
        if !sorted {
            return Err(FieldError::new(
                "watts",
                "is not sorted, each boundary once",
            ));
        }
        Ok(Self {
            from: fields.parsed("from")?,
            ledger: fields.nested("ledger", LedgerReference::read)?,
            capacity,
            watts,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let watts: Vec<_> = self
            .watts
            .iter()
            .map(|one| {
                Object::new()
                    .with("boundary", one.boundary.as_str())
                    .with("watts", one.watts.to_string())
            })
            .collect();
        Object::new()
            .with("from", self.from.to_string())
            .with("ledger", self.ledger.write())
            .with("capacity", write_capacity(&self.capacity))
            .with("watts", watts)
    }
}

/// Takes `capacity`: sorted by model, each once.
pub(super) fn read_capacity(fields: &mut Fields<'_>) -> Result<Vec<Capacity>, FieldError> {
    let capacity = fields.objects("capacity", MAX_ITEMS, |fields| {
        Ok(Capacity {
            model: read_name(fields, "model")?,
            count: fields.parsed("count")?,
        })
    })?;
    if !capacity.is_sorted_by(|one, next| one.model < next.model) {
        return Err(FieldError::new(
            "capacity",
            "is not sorted, each model once",
        ));
    }
    Ok(capacity)
}

/// Spells `capacity`.
pub(super) fn write_capacity(capacity: &[Capacity]) -> Vec<Object<'static>> {
    capacity
        .iter()
        .map(|one| {
            Object::new()
                .with("model", one.model.clone())
                .with("count", one.count.to_string())
        })
        .collect()
}
