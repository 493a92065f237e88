//! What areas hold at once, by their inventories.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::claim::Covered;
use crate::verify::history::Area;
use crate::verify::history::InventoryRecord;

/// What inventories come to at one time, over all areas.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The most that was certainly there at once.
    pub(super) lower: BigUint,
    /// The most that may have been; `None` where an area's inventory is not known.
    pub(super) upper: Option<BigUint>,
    /// The last index of an inventory that counts.
    pub(super) index: u64,
}

/// Sums over areas what inventories in force at one time in the window hold; `count` gives
/// the bounds of one.
///
/// An inventory lists what was there for any part of a period: a device that moved stands
/// in two of them until the next edge. So in the first and in the last period of each, what
/// it lists counts from above only.
pub(super) fn at_once(
    covered: &[Covered<'_>],
    window: Period,
    count: impl Fn(&InventoryRecord) -> (BigUint, Option<BigUint>),
) -> Held {
    let mut held = Held::default();
    let (mut lowers, mut uppers) = (Vec::new(), Vec::new());
    for one in covered {
        let area = one.area;
        let begins = area.schedule.open.first.max(window.start());
        let mut known: BTreeMap<UnixSeconds, Vec<&InventoryRecord>> = BTreeMap::new();
        for inventory in area.inventories_within(window) {
            known.entry(inventory.from).or_default().push(inventory);
        }
        if known.keys().next().is_none_or(|first| *first > begins)
            || area.unread_inventory.is_some()
        {
            uppers.push((window, None));
        }
        let froms: Vec<UnixSeconds> = known.keys().copied().collect();
        for (at, (from, versions)) in known.into_iter().enumerate() {
            let next = froms.get(at.saturating_add(1)).copied();
            let bounds: Vec<_> = versions.iter().map(|one| count(one)).collect();
            held.index = versions
                .iter()
                .map(|one| one.index)
                .fold(held.index, u64::max);
            let upper = bounds.iter().map(|(_, upper)| upper.clone());
            let upper =
                upper.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)));
            let span = Period::new(from.max(window.start()), next.unwrap_or(window.end()));
            uppers.extend(span.map(|span| (span, upper.flatten())));
            let certain = certain(area, from, next, window);
            let lower = bounds.into_iter().next_back().map(|(lower, _)| lower);
            lowers.extend(certain.map(|certain| (certain, lower)));
        }
    }
    held.lower = most_at_once(lowers).unwrap_or_default();
    held.upper = most_at_once(uppers);
    held
}

/// Returns the time of an inventory without its first and its last period.
fn certain(
    area: &Area,
    from: UnixSeconds,
    next: Option<UnixSeconds>,
    window: Period,
) -> Option<Period> {
    let first = area.schedule.terms_at(from).cadence;
    let first = first.and_then(|cadence| cadence.period_from(from));
    let start = first.map_or(from, Period::end).max(window.start());
    let end = match next {
        None => window.end(),
        Some(next) => {
            let mut periods = area.schedule.periods(from, next);
            periods.by_ref().last()?.start().min(window.end())
        }
    };
    Period::new(start, end)
}

/// Returns the most that bounds of periods come to at one time; `None` if one is missing.
pub(super) fn most_at_once(bounds: Vec<(Period, Option<BigUint>)>) -> Option<BigUint> {
    let mut edges: BTreeMap<UnixSeconds, (BigUint, BigUint)> = BTreeMap::new();
    for (period, bound) in bounds {
        let bound = bound?;
        edges.entry(period.start()).or_default().0 += &bound;
        edges.entry(period.end()).or_default().1 += bound;
    }
    let (mut now, mut most) = (BigUint::ZERO, BigUint::ZERO);
    for (more, less) in edges.into_values() {
        now = now + more - less;
        most = most.max(now.clone());
    }
    Some(most)
}
