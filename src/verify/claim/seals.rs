//! Were the devices of a halted area behind whole seals all the time?

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Case;
use crate::verify::claim::Covered;
use crate::verify::claim::limits::Evidence;
use crate::verify::history::SealRecord;
use crate::verify::verdict::Finding;

/// Holds the seals of every area against the window.
pub(super) fn check(evidence: &Evidence<'_>, cadence: u64, case: &mut Case) {
    for covered in evidence.covered {
        let seals: Vec<&SealRecord> = covered.area.seals.values().collect();
        for seal in &seals {
            broken(evidence, covered, seal, case);
            unconfirmed(evidence, covered, seal, cadence, case);
        }
        unsealed(evidence, covered, &seals, case);
    }
}

/// A seal that was taken off or found broken within the window is a breach.
fn broken(evidence: &Evidence<'_>, covered: &Covered<'_>, seal: &SealRecord, case: &mut Case) {
    let window = evidence.record.pledge.window;
    let Some((at, index)) = seal
        .broken
        .iter()
        .find(|(at, _)| window.contains(*at) && *at >= seal.applied.from)
    else {
        return;
    };
    case.breaches.push(false);
    case.findings.push(Finding::new(
        Check::SealBroken,
        format!(
            "area {}: at entry {index} a seal is said to be broken at {at}",
            covered.name
        ),
    ));
}

/// Every stretch without confirmation that is longer than was pledged. Where the area's own
/// reports go on after it, none will come: that is a breach.
fn unconfirmed(
    evidence: &Evidence<'_>,
    covered: &Covered<'_>,
    seal: &SealRecord,
    cadence: u64,
    case: &mut Case,
) {
    let times = evidence.court.clock.times;
    let window = evidence.window;
    let Some(time) = Period::new(seal.applied.from.max(window.start()), window.end()) else {
        return;
    };
    // What was seen before the end of a period confirms nothing of it.
    let confirmed = seal.heartbeats.iter().filter(|(period, index)| {
        times
            .not_after(*index)
            .is_none_or(|seen| seen >= period.end())
    });
    for hole in holes(time, confirmed.map(|(period, _)| *period)) {
        if hole.seconds() <= cadence {
            continue;
        }
        let reported = covered.area.reports.end();
        let passed = reported.is_some_and(|end| end >= hole.end());
        let check = if passed {
            case.breaches.push(false);
            Check::SealBroken
        } else {
            Check::SealUnconfirmed
        };
        case.findings.push(Finding::new(
            check,
            format!(
                "area {}: a seal was not confirmed in {hole}, {} seconds; {cadence} were pledged",
                covered.name,
                hole.seconds()
            ),
        ));
    }
}

/// Devices of the inventory that no seal holds.
fn unsealed(
    evidence: &Evidence<'_>,
    covered: &Covered<'_>,
    seals: &[&SealRecord],
    case: &mut Case,
) {
    let window = evidence.window;
    let mut sealed: BTreeMap<&str, u128> = BTreeMap::new();
    // Of the same devices under two seals, each is one.
    let mut ledgers = BTreeSet::new();
    let before = seals.iter().filter(|seal| {
        seal.applied.from <= window.start() && ledgers.insert(seal.applied.ledger.root)
    });
    for seal in before {
        for capacity in &seal.applied.capacity {
            let count = sealed.entry(&capacity.model).or_default();
            *count = count.saturating_add(capacity.count.get());
        }
    }
    let mut known = false;
    for inventory in covered.area.inventories_within(window) {
        known = true;
        let open = inventory.capacity.iter().find(|one| {
            one.count > Quantity::ZERO
                && sealed.get(one.model.as_str()).copied().unwrap_or_default() < one.count.get()
        });
        if let Some(open) = open {
            case.findings.push(Finding::new(
                Check::Unsealed,
                format!(
                    "area {}: {} `{}` are held from {} on, and seals from before the window hold {}",
                    covered.name,
                    open.count,
                    open.model,
                    inventory.from,
                    sealed.get(open.model.as_str()).copied().unwrap_or_default()
                ),
            ));
        }
    }
    if !known {
        case.findings.push(Finding::new(
            Check::Unsealed,
            format!("area {}: what it holds is not known", covered.name),
        ));
    }
}

/// Returns what periods leave out of a time.
fn holes(time: Period, periods: impl Iterator<Item = Period>) -> Vec<Period> {
    let mut periods: Vec<Period> = periods.collect();
    periods.sort_by_key(|period| period.start());
    let mut holes = Vec::new();
    let mut covered: UnixSeconds = time.start();
    for period in periods {
        holes.extend(Period::new(covered, period.start().min(time.end())));
        covered = covered.max(period.end());
    }
    holes.extend(Period::new(covered, time.end()));
    holes
}
