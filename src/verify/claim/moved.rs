//! Devices that left the areas which a pledge lists, and what they could have done elsewhere.
//!
//! Specified in `specs/verdicts.md`, ver-30 and ver-106 (formats: 7, "Perimeter").

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::attestation::figure::QuantityKind;
use crate::claim::AreaSelection;
use crate::claim::Pledge;
use crate::claim::Terms;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::findings::Findings;
use crate::verify::history::Area;
use crate::verify::history::InventoryRecord;
use crate::verify::history::PledgeRecord;
use crate::verify::verdict::Finding;

/// The longest month.
const MONTH: u64 = 31 * DAY;

/// Devices that left, and what they are charged at until the window ends.
#[derive(Debug, Default)]
pub(super) struct Moved {
    left: Vec<Left>,
}

/// Devices of one model that left at one time.
#[derive(Debug)]
struct Left {
    from: UnixSeconds,
    /// What all of them together do in a second, in the unit of the claim.
    a_second: BigUint,
}

/// More or fewer devices of a model in an area, from an edge on.
struct Change<'c> {
    area: usize,
    from: UnixSeconds,
    model: &'c str,
    count: u128,
}

impl Moved {
    /// Finds what left the areas that a pledge lists, and says what it is charged at, or that
    /// nothing bounds what it did.
    pub(super) fn of(
        court: &Court<'_>,
        record: &PledgeRecord,
        covered: &[Covered<'_>],
        findings: &mut Findings,
    ) -> Self {
        let pledge = &record.pledge;
        if !matches!(pledge.perimeter.areas, AreaSelection::Listed(_)) {
            return Self::default();
        }
        let seen = court.clock.times.not_after(record.index);
        let left = left(pledge, seen, covered);
        let charged: Option<Vec<Left>> = left
            .iter()
            .map(|change| {
                Some(Left {
                    from: change.from,
                    a_second: BigUint::from(change.count) * rate(court, pledge, change.model)?,
                })
            })
            .collect();
        let name =
            |change: &Change<'_>| covered.get(change.area).map_or("", |one| one.name.as_str());
        for change in &left {
            let (check, what) = match &charged {
                Some(_) => (
                    Check::CapacityCharged,
                    "what they can do at most is charged until the window ends",
                ),
                None => (
                    Check::CapacityLeft,
                    "what ran on them elsewhere is not known",
                ),
            };
            findings.push(Finding::new(
                check,
                format!(
                    "area {}: {} `{}` fewer from {} on; {what}",
                    name(change),
                    change.count,
                    change.model,
                    change.from
                ),
            ));
        }
        Self {
            left: charged.unwrap_or_default(),
        }
    }

    /// Returns what they can have done at most in `time`.
    pub(super) fn most(&self, time: Period) -> BigUint {
        self.sum(|one| {
            Period::new(one.from.max(time.start()), time.end()).map_or(0, Period::seconds)
        })
    }

    /// Returns what they can have done at most in any stretch of `length` seconds of `time`.
    pub(super) fn most_of_a_stretch(&self, time: Period, length: u64) -> BigUint {
        let whole = |one: &Left| {
            Period::new(one.from.max(time.start()), time.end()).map_or(0, Period::seconds)
        };
        self.sum(|one| whole(one).min(length))
    }

    fn sum(&self, seconds: impl Fn(&Left) -> u64) -> BigUint {
        self.left
            .iter()
            .map(|one| &one.a_second * seconds(one))
            .sum()
    }
}

/// Returns what one device of a model comes to in a second at its peak; `None` where the claim
/// is of something that no peak bounds.
fn rate(court: &Court<'_>, pledge: &Pledge, model: &str) -> Option<u128> {
    let summed = matches!(
        pledge.terms,
        Terms::Cap { .. } | Terms::RampDown { .. } | Terms::Reduction { .. }
    );
    match pledge.counted.quantity {
        _ if !summed || pledge.counted.h100_equivalents => None,
        QuantityKind::AcceleratorSeconds => Some(1),
        QuantityKind::Flop => (court.peaks)(model),
        _ => None,
    }
}

/// Returns the devices that left the areas: from the baseline's start on, or from when others
/// saw the pledge, or from the window's start, whichever was first. What came to
/// another of the areas within a period before is what left: a device that moves stands in two
/// inventories until the next edge.
fn left<'c>(
    pledge: &Pledge,
    seen: Option<UnixSeconds>,
    covered: &'c [Covered<'c>],
) -> Vec<Change<'c>> {
    let begins = pledge.window.start();
    // What the baseline did not hold all through was not cut from it.
    let is_after = |from: UnixSeconds| match &pledge.baseline {
        Some(baseline) => from > baseline.period.start(),
        None => from >= seen.map_or(begins, |seen| seen.min(begins)),
    };
    let (mut came, mut left) = (Vec::new(), Vec::new());
    for (at, one) in covered.iter().enumerate() {
        changes(at, one.area, &mut came, &mut left);
    }
    let counts = |one: &Change<'_>| is_after(one.from) && one.from < pledge.window.end();
    left.retain(counts);
    left.sort_by_key(|one| one.from);
    let periods: Vec<u64> = covered.iter().map(|one| longest(one.area)).collect();
    let period = |at: usize| periods.get(at).copied().unwrap_or_default();
    for change in &mut left {
        for other in &mut came {
            let within =
                change.from.since(other.from) <= period(change.area).max(period(other.area));
            let moved = other.model == change.model
                && other.area != change.area
                && other.from <= change.from
                && within;
            if moved {
                let both = change.count.min(other.count);
                change.count = change.count.saturating_sub(both);
                other.count = other.count.saturating_sub(both);
            }
        }
    }
    left.retain(|one| one.count > 0);
    left
}

/// Returns the longest period of an area, in seconds.
fn longest(area: &Area) -> u64 {
    let changed = area
        .schedule
        .changes
        .iter()
        .map(|(change, _)| Some(change.cadence));
    let all = changed.chain([area.schedule.open.cadence]);
    let seconds = all.map(|cadence| match cadence {
        Some(Cadence::Seconds(seconds)) => seconds.get(),
        Some(Cadence::Month) => MONTH,
        None => 0,
    });
    seconds.max().unwrap_or_default()
}

/// Says how an area's inventories differ, one edge after the other: of several versions of one,
/// so that most left and least came.
fn changes<'c>(at: usize, area: &'c Area, came: &mut Vec<Change<'c>>, left: &mut Vec<Change<'c>>) {
    let mut edges: BTreeMap<UnixSeconds, Vec<&InventoryRecord>> = BTreeMap::new();
    for inventory in area.inventories.values() {
        edges.entry(inventory.from).or_default().push(inventory);
    }
    // Where an area began without a list, the first one came.
    let begun = edges.keys().next() > Some(&area.schedule.open.first);
    let mut before: Option<Vec<&InventoryRecord>> = begun.then(Vec::new);
    for (from, now) in edges {
        if let Some(was) = &before {
            let models = was.iter().chain(&now).flat_map(|one| &one.capacity);
            let models: BTreeSet<&str> = models.map(|one| one.model.as_str()).collect();
            for model in models {
                let counts = |all: &[&InventoryRecord]| -> (u128, u128) {
                    let counts = all.iter().map(|one| count(one, model));
                    (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0))
                };
                let ((_, most_before), (fewest, _)) = (counts(was), counts(&now));
                let change = |count| Change {
                    area: at,
                    from,
                    model,
                    count,
                };
                if fewest < most_before {
                    left.push(change(most_before.saturating_sub(fewest)));
                }
                if fewest > most_before {
                    came.push(change(fewest.saturating_sub(most_before)));
                }
            }
        }
        before = Some(now);
    }
}

fn count(inventory: &InventoryRecord, model: &str) -> u128 {
    let mut capacity = inventory.capacity.iter();
    let of_model = capacity.find(|one| one.model == model);
    of_model.map_or(0, |one| one.count.get())
}
