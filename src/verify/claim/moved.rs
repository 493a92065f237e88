//! Devices that left the areas which a pledge lists, and what they could have done elsewhere.
//!
//! Specified in `specs/verdicts.md`, ver-30 and ver-106 (formats: 7, "Perimeter").

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use num_bigint::BigUint;

use crate::attestation::figure::QuantityKind;
use crate::claim::AreaSelection;
use crate::claim::Pledge;
use crate::claim::Terms;
use crate::time::Cadence;
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

/// Devices that left, and what they are charged at until the window ends.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Rising.
    left: Vec<Left>,
}

/// What had left by some time.
#[derive(Debug)]
struct Left {
    /// When the last of it left.
    from: UnixSeconds,
    /// What all of it does in a second at most, in the unit of the claim.
    a_second: BigUint,
    /// The same, each times the instant at which it left: what it had not done yet.
    before: BigUint,
}

/// More or fewer devices of a model in an area, from an edge on.
struct Change<'c> {
    area: usize,
    from: UnixSeconds,
    model: &'c str,
    count: u128,
}

/// What came to areas: by model, then by area, rising.
type Came<'c> = BTreeMap<&'c str, BTreeMap<usize, VecDeque<Change<'c>>>>;

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
        let rates = left.iter().map(|one| rate(court, pledge, one.model));
        let rates: Option<Vec<u128>> = rates.collect();
        let charged = rates.is_some();
        let name =
            |change: &Change<'_>| covered.get(change.area).map_or("", |one| one.name.as_str());
        for change in &left {
            let (check, what) = if charged {
                let what = "what they can do at most is charged until the window ends";
                (Check::CapacityCharged, what)
            } else {
                let what = "what ran on them elsewhere is not known";
                (Check::CapacityLeft, what)
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
        let rates = rates.unwrap_or_default();
        let left = left.iter().zip(rates);
        Self::adding_up(left.map(|(one, rate)| (one.from, BigUint::from(one.count) * rate)))
    }

    /// Adds up what left, in the order in which it did, with what it does in a second.
    fn adding_up(left: impl Iterator<Item = (UnixSeconds, BigUint)>) -> Self {
        let (mut a_second, mut before) = (BigUint::ZERO, BigUint::ZERO);
        let left = left.map(|(from, one)| {
            before += &one * from.get();
            a_second += one;
            Left {
                from,
                a_second: a_second.clone(),
                before: before.clone(),
            }
        });
        Self {
            left: left.collect(),
        }
    }

    /// Returns what they can have done at most in `time`: all of it those that had left before,
    /// and the rest of it those that left in it.
    pub(super) fn most(&self, time: Period) -> BigUint {
        let (start, end) = (time.start(), time.end());
        let (had_left, had_not) = self.by(|from| from <= start);
        let (leave, not_yet) = self.by(|from| from < end);
        &had_left * time.seconds() + (leave - had_left) * end.get() - (not_yet - had_not)
    }

    /// Returns what had left by the last time for which something holds that holds for all
    /// before it.
    fn by(&self, holds: impl Fn(UnixSeconds) -> bool) -> (BigUint, BigUint) {
        let after = self.left.partition_point(|one| holds(one.from));
        let last = after.checked_sub(1).and_then(|at| self.left.get(at));
        last.map(|one| (one.a_second.clone(), one.before.clone()))
            .unwrap_or_default()
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
/// saw the pledge, or from the window's start, whichever was first. What came to another of the
/// areas shortly before is what left: a device that moves stands in two inventories until the
/// next edge.
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
    let (mut came, mut left) = (Came::new(), Vec::new());
    for (at, one) in covered.iter().enumerate() {
        changes(at, one.area, &mut came, &mut left);
    }
    left.sort_by_key(|one| one.from);
    let shortly = covered.iter().map(|one| longest(one.area)).max();
    for change in &mut left {
        let came = came.get_mut(change.model);
        find_again(change, came, shortly.unwrap_or_default());
    }
    let counts = |one: &Change<'_>| is_after(one.from) && one.from < pledge.window.end();
    left.retain(|one| one.count > 0 && counts(one));
    left
}

/// Takes off what left an area as much as came to others of the areas at that edge, or up to
/// `shortly` seconds before. Each device that came is found once: what is too old for one that
/// left is too old for all after it.
fn find_again<'c>(
    left: &mut Change<'c>,
    came: Option<&mut BTreeMap<usize, VecDeque<Change<'c>>>>,
    shortly: u64,
) {
    let others = came.into_iter().flatten();
    for (_, queue) in others.filter(|(area, _)| **area != left.area) {
        while let Some(first) = queue.front_mut().filter(|one| one.from <= left.from) {
            if left.from.since(first.from) <= shortly {
                let both = left.count.min(first.count);
                left.count = left.count.saturating_sub(both);
                first.count = first.count.saturating_sub(both);
                if first.count > 0 {
                    return;
                }
            }
            queue.pop_front();
        }
    }
}

/// Returns the longest period of an area, in seconds.
fn longest(area: &Area) -> u64 {
    let schedule = &area.schedule;
    let changed = schedule.changes.iter().map(|(change, _)| change.cadence);
    let all = changed.chain(schedule.open.cadence);
    all.map(Cadence::longest).max().unwrap_or_default()
}

/// Says how an area's inventories differ, one edge after the other: of several versions of one,
/// so that most left and least came.
fn changes<'c>(at: usize, area: &'c Area, came: &mut Came<'c>, left: &mut Vec<Change<'c>>) {
    let mut edges: BTreeMap<UnixSeconds, Vec<&InventoryRecord>> = BTreeMap::new();
    for inventory in area.inventories.values() {
        edges.entry(inventory.from).or_default().push(inventory);
    }
    // Where an area began without a list, the first one came.
    let begun = edges.keys().next() > Some(&area.schedule.open.first);
    let mut before = begun.then(BTreeMap::new);
    for (from, versions) in edges {
        let now = counts(&versions);
        let was = before.replace(now.clone());
        let Some(was) = was else { continue };
        let models: BTreeSet<&str> = was.keys().chain(now.keys()).copied().collect();
        for model in models {
            let of = |all: &BTreeMap<_, _>| all.get(model).copied().unwrap_or_default();
            let ((_, most_before), (fewest, _)): ((u128, u128), (u128, u128)) =
                (of(&was), of(&now));
            let change = |count| Change {
                area: at,
                from,
                model,
                count,
            };
            if fewest < most_before {
                left.push(change(most_before.saturating_sub(fewest)));
            } else if fewest > most_before {
                let queue = came.entry(model).or_default().entry(at).or_default();
                queue.push_back(change(fewest.saturating_sub(most_before)));
            }
        }
    }
}

/// Returns how many devices of each model some versions of one inventory have: the fewest and
/// the most.
fn counts<'c>(versions: &[&'c InventoryRecord]) -> BTreeMap<&'c str, (u128, u128)> {
    let mut all: BTreeMap<&str, Vec<u128>> = BTreeMap::new();
    for capacity in versions.iter().flat_map(|one| &one.capacity) {
        let of_model = all.entry(capacity.model.as_str()).or_default();
        of_model.push(capacity.count.get());
    }
    let bounds = all.into_iter().map(|(model, counts)| {
        // A version that does not name it has none.
        let fewest = counts
            .iter()
            .min()
            .filter(|_| counts.len() == versions.len());
        let most = counts.iter().max();
        (
            model,
            (
                fewest.copied().unwrap_or_default(),
                most.copied().unwrap_or_default(),
            ),
        )
    });
    bounds.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> UnixSeconds {
        UnixSeconds::new(seconds).unwrap()
    }

    fn change(area: usize, from: u64, count: u128) -> Change<'static> {
        Change {
            area,
            from: at(from),
            model: "h100-sxm",
            count,
        }
    }

    // spec: ver-106
    #[test]
    fn a_device_that_came_is_found_once_and_soon_and_elsewhere() {
        let mut came = BTreeMap::from([
            (0, VecDeque::from([change(0, 10, 9)])),
            (1, VecDeque::from([change(1, 5, 1), change(1, 10, 4)])),
            (2, VecDeque::from([change(2, 13, 2)])),
        ]);
        let left = [(10, 3, 0), (13, 4, 1), (14, 2, 2)].map(|(from, count, found)| {
            let mut left = change(0, from, count);
            find_again(&mut left, Some(&mut came), 4);
            (left.count, found)
        });
        // 3 of 4; 1 of them and 2 of another area; none is left, and one was too old.
        assert!(left.iter().all(|(count, found)| count == found), "{left:?}");
    }

    proptest! {
        // spec: ver-106
        #[test]
        fn what_is_charged_adds_up(
            mut left in prop::collection::vec((0_u64..100, 0_u64..9), 0..9),
            start in 0_u64..90,
            seconds in 1_u64..20,
        ) {
            left.sort_unstable();
            let moved = left.iter().map(|(from, rate)| (at(*from), BigUint::from(*rate)));
            let moved = Moved::adding_up(moved);
            let end = start + seconds;
            let each = left.iter().map(|(from, rate)| rate * end.saturating_sub(start.max(*from)));
            let time = Period::new(at(start), at(end)).unwrap();
            prop_assert_eq!(moved.most(time), BigUint::from(each.sum::<u64>()));
        }
    }
}
