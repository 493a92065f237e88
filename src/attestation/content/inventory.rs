//! `inventory`: the devices of an area, from a period's edge on (formats: 7).

use crate::attestation::content::about::sorted;
use crate::attestation::content::usage::LedgerReference;
use crate::attestation::envelope::StatementId;
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
    /// The `transfer` statements of this stream since the inventory before that say
    /// where devices came from or went to, sorted.
    pub transfers: Vec<StatementId>,
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
        if !watts.is_sorted_by(|one, next| one.boundary < next.boundary) {
            return Err(FieldError::new(
                "watts",
                "is not sorted, each boundary once",
            ));
        }
        let transfers: Vec<StatementId> = match fields.optional("transfers") {
            Some(_) => fields.parsed_list("transfers", MAX_ITEMS)?,
            None => Vec::new(),
        };
        sorted(&transfers, "transfers")?;
        Ok(Self {
            from: fields.parsed("from")?,
            ledger: fields.nested("ledger", LedgerReference::read)?,
            capacity,
            watts,
            transfers,
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
        let transfers = (!self.transfers.is_empty())
            .then(|| -> Vec<_> { self.transfers.iter().map(ToString::to_string).collect() });
        Object::new()
            .with("from", self.from.to_string())
            .with("ledger", self.ledger.write())
            .with("capacity", write_capacity(&self.capacity))
            .with("watts", watts)
            .with_some("transfers", transfers)
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
