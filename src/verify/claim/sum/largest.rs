//! Where a report by itself is a breach.

use num_bigint::BigUint;

use super::Breach;
use super::Reached;
use super::Sum;
use super::scale::Item;
use super::scale::reports;

impl Sum<'_> {
    /// Holds each report of the window by itself against a limit, from `pledged` on.
    pub(in crate::verify::claim) fn largest(&self, pledged: u64, limit: &BigUint) -> Reached {
        let mut breach: Option<Breach> = None;
        for (covered, committed) in &self.areas {
            let strays = covered.area.strays.values().cloned();
            for report in reports(covered.area, self.scale.window, *committed).chain(strays) {
                let item = self.scale.weigh(&report);
                for found in beyond(&item, pledged, limit) {
                    // One that still stands first; of those the earliest.
                    let rank = |one: &Breach| (one.restated, one.index);
                    if breach
                        .as_ref()
                        .is_none_or(|known| rank(&found) < rank(known))
                    {
                        breach = Some(found);
                    }
                }
            }
        }
        Reached {
            lower: self.total.lower.clone(),
            upper: self.total.upper.clone(),
            breach,
        }
    }
}

/// Returns the versions of a report that are beyond a limit and were in force, or conflict
/// with what was, at `pledged` or later.
fn beyond(item: &Item, pledged: u64, limit: &BigUint) -> Vec<Breach> {
    if !item.inside {
        return Vec::new();
    }
    let standing: Vec<u64> = item
        .versions
        .iter()
        .filter(|one| !one.conflicting)
        .map(|one| one.index)
        .collect();
    let beyond = item.versions.iter().filter_map(|one| {
        let next = standing.iter().find(|index| **index > one.index);
        let replaced = next.filter(|_| !one.conflicting);
        if one.amount.lower <= *limit || replaced.is_some_and(|index| *index <= pledged) {
            return None;
        }
        Some(Breach {
            index: one.index.max(pledged),
            lower: one.amount.lower.clone(),
            restated: replaced.is_some(),
        })
    });
    beyond.collect()
}
