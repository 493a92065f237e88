//! The claim that nothing was added to what certain inventories hold.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::attestation::StatementId;
use crate::claim::Replacements;
use crate::quantity::Quantity;
use crate::verify::checks::Check;
use crate::verify::claim::Case;
use crate::verify::claim::held;
use crate::verify::claim::held::Held;
use crate::verify::claim::limits::Evidence;
use crate::verify::claim::limits::straddles;
use crate::verify::claim::limits::violated;
use crate::verify::claim::sum::Breach;
use crate::verify::claim::sum::Fold;
use crate::verify::history::InventoryRecord;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Numbers;

/// Allows nothing beyond the inventories that a claim starts from, model by model.
pub(super) fn no_new_capacity(
    evidence: &Evidence<'_>,
    named: &[StatementId],
    replacements: Replacements,
    case: &mut Case,
) {
    let pledge = &evidence.record.pledge;
    let window = evidence.window;
    let allowed = allowed(evidence, named, case);
    let records = evidence.covered.iter();
    let records = records.flat_map(|one| one.area.inventories_within(window));
    let mut models: BTreeSet<&str> = allowed.keys().copied().collect();
    models.extend(
        records.flat_map(|one| one.capacity.iter().map(|capacity| capacity.model.as_str())),
    );
    let mut told: Option<(u8, Held, BigUint)> = None;
    for model in models {
        let limit = BigUint::from(allowed.get(model).copied().unwrap_or_default());
        let count = |inventory: &InventoryRecord| {
            let of_model = inventory.capacity.iter().find(|one| one.model == model);
            let count = of_model.map_or(Quantity::ZERO, |one| one.count);
            let count = BigUint::from(count.get());
            (count.clone(), Some(count))
        };
        let held = held::at_once(evidence.covered, window, count);
        let rank = match &held.upper {
            _ if held.lower > limit => 0_u8,
            Some(upper) if *upper <= limit => 2,
            _ => 1,
        };
        if told.as_ref().is_none_or(|(known, ..)| rank < *known) {
            told = Some((rank, held, limit));
        }
    }
    let Some((rank, held, limit)) = told else {
        straddles(None, pledge.window, case);
        return;
    };
    let breach = (rank == 0).then(|| Breach {
        index: held.index.max(evidence.record.index),
        lower: held.lower.clone(),
        restated: false,
    });
    violated(breach.as_ref(), &limit, pledge.window, pledge, case);
    if breach.is_none() {
        let within = held.upper.as_ref().map(|_| rank == 2);
        straddles(within, pledge.window, case);
    }
    if replacements == Replacements::Counted {
        case.findings.push(Finding::new(
            Check::Unopened,
            "whether devices were replaced is not told by capacities: replacements are counted, and no serials were opened",
        ));
    }
    // Reports are due all the same: what is missing is told.
    let sum = evidence.sum((window, pledge.window), None, Fold::Presence, case);
    case.last_index = case.last_index.max(sum.last_index()).max(Some(held.index));
    case.support.add(None);
    case.numbers = Some(Numbers {
        lower: held.lower.to_string(),
        upper: held.upper.map(|upper| upper.to_string()),
        limit: limit.to_string(),
        unit: pledge.unit().to_owned(),
    });
}

/// Returns what the inventories named hold, by model, and says which are not there.
fn allowed<'c>(
    evidence: &Evidence<'c>,
    named: &[StatementId],
    case: &mut Case,
) -> BTreeMap<&'c str, u128> {
    let mut allowed: BTreeMap<&str, u128> = BTreeMap::new();
    let mut found = BTreeSet::new();
    let records = evidence.covered.iter();
    let records = records.flat_map(|one| one.area.inventories.values());
    for inventory in records.filter(|one| named.contains(&one.id)) {
        found.insert(inventory.id);
        for capacity in &inventory.capacity {
            let count = allowed.entry(&capacity.model).or_default();
            *count = count.saturating_add(capacity.count.get());
        }
    }
    for id in named.iter().filter(|id| !found.contains(id)) {
        case.findings.push(Finding::new(
            Check::InventoryNamed,
            format!("the inventory {id}, which the claim starts from, is not in the areas covered"),
        ));
    }
    allowed
}
