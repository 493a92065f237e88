//! `inventory`: the devices of an area, from a period's edge on (formats: 7).

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::sorted;
use crate::attestation::content::usage::LedgerReference;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::read_model;
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Capacity {
    /// The catalogue's id, or `uncatalogued:<type>`.
    pub model: String,
    /// How many.
    pub count: Quantity,
}

/// The rated power of all that stands within a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
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
        // A gap in energy is charged at them; at 0 it would be free.
        if watts.iter().any(|one| one.watts == Quantity::ZERO) {
            return Err(FieldError::new("watts", "are 0: leave the boundary out"));
        }
        if !watts.is_sorted_by(|one, next| one.boundary.as_str() < next.boundary.as_str()) {
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
        let ledger = fields.nested("ledger", LedgerReference::read_devices)?;
        // Else a lab could state capacity that it lacks, so that a limit which it cannot
        // reach looks like one that it could break.
        let total = total(&capacity)?;
        if total > Quantity::from(ledger.count) {
            let why = format!("is of {total} devices; the ledger lists {}", ledger.count);
            return Err(FieldError::new("capacity", why));
        }
        Ok(Self {
            from: fields.parsed("from")?,
            ledger,
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
            model: read_model(fields)?,
            count: fields.parsed("count")?,
        })
    })?;
    if capacity.iter().any(|one| one.count == Quantity::ZERO) {
        return Err(FieldError::new("capacity", "is 0: leave the model out"));
    }
    if !capacity.is_sorted_by(|one, next| one.model < next.model) {
        return Err(FieldError::new(
            "capacity",
            "is not sorted, each model once",
        ));
    }
    Ok(capacity)
}

/// Takes `ledger` and `capacity` of devices that move together: each device listed counts.
pub(super) fn read_moved(
    fields: &mut Fields<'_>,
) -> Result<(LedgerReference, Vec<Capacity>), FieldError> {
    let ledger = fields.nested("ledger", LedgerReference::read_devices)?;
    let capacity = read_capacity(fields)?;
    if ledger.count == 0 {
        return Err(FieldError::new("ledger.count", "is 0: no device is named"));
    }
    let total = total(&capacity)?;
    if total != Quantity::from(ledger.count) {
        let why = format!("is of {total} devices; the ledger lists {}", ledger.count);
        return Err(FieldError::new("capacity", why));
    }
    Ok((ledger, capacity))
}

fn total(capacity: &[Capacity]) -> Result<Quantity, FieldError> {
    capacity
        .iter()
        .try_fold(Quantity::ZERO, |sum, one| sum.plus(one.count))
        .ok_or_else(|| FieldError::new("capacity", "comes to more than 38 digits"))
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
