//! What the specification says of several columns of a row together.

use crate::telemetry::focus::columns::Version;
use crate::telemetry::focus::columns::value;
use crate::telemetry::focus::violations::Violations;

use Rule::{Both, Follows, NotNegative, Priced, Used};
use Version::{V1_0, V1_1, V1_2};

/// A rule, from a version on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Null exactly where that column is null.
    Both(&'static str),
    /// Null where that column is null.
    Follows(&'static str),
    /// Not negative, other than in a correction; only in version 1.1.
    NotNegative,
    /// Not null for usage and purchases, other than corrections; null for taxes.
    Priced,
    /// Null where that column is null; not null for usage where it is not.
    Used(&'static str),
}

const RULES: &[(&str, Version, Rule)] = &[
    ("BillingAccountType", V1_2, Both("BillingAccountId")),
    (
        "CapacityReservationStatus",
        V1_1,
        Used("CapacityReservationId"),
    ),
    (
        "CommitmentDiscountCategory",
        V1_0,
        Both("CommitmentDiscountId"),
    ),
    (
        "CommitmentDiscountName",
        V1_2,
        Follows("CommitmentDiscountId"),
    ),
    (
        "CommitmentDiscountStatus",
        V1_0,
        Used("CommitmentDiscountId"),
    ),
    ("CommitmentDiscountType", V1_0, Both("CommitmentDiscountId")),
    (
        "CommitmentDiscountUnit",
        V1_1,
        Both("CommitmentDiscountQuantity"),
    ),
    ("ConsumedQuantity", V1_1, NotNegative),
    ("ConsumedUnit", V1_0, Both("ConsumedQuantity")),
    ("ContractedUnitPrice", V1_0, Priced),
    ("ListUnitPrice", V1_0, Priced),
    ("PricingCategory", V1_0, Priced),
    ("PricingQuantity", V1_0, Priced),
    ("PricingUnit", V1_0, Priced),
    ("RegionName", V1_2, Both("RegionId")),
    ("ResourceName", V1_2, Follows("ResourceId")),
    ("ResourceType", V1_0, Both("ResourceId")),
    ("SkuId", V1_0, Priced),
    ("SkuMeter", V1_1, Follows("SkuId")),
    ("SkuPriceDetails", V1_1, Follows("SkuPriceId")),
    ("SkuPriceId", V1_0, Priced),
    ("SubAccountName", V1_2, Both("SubAccountId")),
    ("SubAccountType", V1_2, Both("SubAccountId")),
];

/// The rules that hold for an export.
#[derive(Debug)]
pub(super) struct Rules {
    category: Option<usize>,
    class: Option<usize>,
    commitment: Option<usize>,
    quantity: Option<usize>,
    period: Option<(usize, usize)>,
    /// A column's name and place, its rule, and the place of the other column.
    each: Vec<(&'static str, usize, Rule, Option<usize>)>,
}

impl Rules {
    pub(super) fn new(header: &[&str], version: Version) -> Self {
        let at = |name: &str| header.iter().position(|one| *one == name);
        let rules = RULES.iter().filter_map(|(name, since, rule)| {
            let other = match rule {
                Both(other) | Follows(other) | Used(other) => Some(at(other)?),
                NotNegative | Priced => None,
            };
            let holds = *since <= version && !(*rule == NotNegative && version >= V1_2);
            holds.then_some((*name, at(name)?, *rule, other))
        });
        Self {
            category: at("ChargeCategory"),
            class: at("ChargeClass"),
            commitment: at("CommitmentDiscountStatus"),
            quantity: at("ConsumedQuantity"),
            period: at("ChargePeriodStart").zip(at("ChargePeriodEnd")),
            each: rules.collect(),
        }
    }

    /// Adds what breaks them in a row.
    pub(super) fn row<'r>(
        &self,
        cells: impl Iterator<Item = &'r str>,
        row: u64,
        violations: &mut Violations,
    ) {
        let cells: Vec<&str> = cells.collect();
        let cell = |at: usize| cells.get(at).copied().and_then(value);
        let category = self.category.and_then(cell);
        let correction = self.class.and_then(cell) == Some("Correction");
        let usage = category == Some("Usage");
        for (name, at, rule, other) in &self.each {
            let (own, other) = (cell(*at), other.and_then(cell));
            let broken = match rule {
                Both(_) if own.is_some() != other.is_some() => {
                    Some("must be null exactly where the column that it belongs to is")
                }
                Follows(_) | Used(_) if own.is_some() && other.is_none() => {
                    Some("must be null where the column that it belongs to is")
                }
                Used(_) if usage && own.is_none() && other.is_some() => {
                    Some("may not be null for usage where the column that it belongs to is not")
                }
                NotNegative if own.is_some_and(|own| own.starts_with('-')) && !correction => {
                    Some("may not be negative in version 1.1")
                }
                Priced if category == Some("Tax") && own.is_some() => {
                    Some("must be null for a tax")
                }
                Priced
                    if (usage || category == Some("Purchase")) && !correction && own.is_none() =>
                {
                    Some("may not be null for usage and purchases")
                }
                _ => None,
            };
            if let Some(broken) = broken {
                violations.add(name, broken, row, own.unwrap_or_default());
            }
        }
        let quantity = self.quantity.and_then(cell);
        let unused = self.commitment.and_then(cell) == Some("Unused");
        let name = "ConsumedQuantity";
        if let Some(quantity) = quantity.filter(|_| !usage || unused) {
            violations.add(name, "must be null where nothing is used", row, quantity);
        }
        if quantity.is_none() && usage && !unused && !correction {
            violations.add(name, "may not be null for usage", row, "");
        }
        // Of times that are spelled alike.
        if let Some((start, end)) = self.period
            && let (Some(start), Some(end)) = (cell(start), cell(end))
            && start.len() == end.len()
            && start >= end
        {
            violations.add("ChargePeriodEnd", "is not after the start", row, end);
        }
    }
}
