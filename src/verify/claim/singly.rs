//! What the reports of each area show by themselves. Each report is read once, and asked
//! several questions: to unpack a year of them takes longer than to answer one.

use rayon::prelude::*;

use crate::claim::Pledge;
use crate::time::Period;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::claim::balance::Unbalanced;
use crate::verify::claim::repeated::Row;
use crate::verify::complete::Lateness;
use crate::verify::verdict::Finding;

/// What was found, each in the order of the areas.
#[derive(Default)]
pub(super) struct Singly {
    /// Which do not account for what the inventory holds.
    pub(super) unbalanced: Vec<Finding>,
    /// Which say the same again and again.
    pub(super) repeated: Vec<Finding>,
    /// Which came late.
    pub(super) late: Vec<Finding>,
}

/// Reads the reports of `window`, and of the baseline that it is compared with.
pub(super) fn read(
    court: &Court<'_>,
    pledge: &Pledge,
    covered: &[Covered<'_>],
    window: Period,
) -> Singly {
    let of_areas = covered.par_iter().map(|covered| {
        let reports = &covered.area.reports;
        let mut unbalanced = Unbalanced::of(covered);
        if let Some(baseline) = &pledge.baseline {
            let time = baseline.period;
            let mut reports = reports.cursor(time.start(), time.end());
            while let Some(report) = reports.next() {
                unbalanced.add(report);
            }
        }
        let mut row = Row::default();
        let mut lateness = Lateness::of(covered, pledge, &court.clock);
        let mut reports = reports.cursor(window.start(), window.end());
        while let Some(report) = reports.next() {
            unbalanced.add(report);
            row.add(report);
            lateness.add(report);
        }
        (unbalanced.tell(), row.tell_of(covered), lateness.tell())
    });
    // In the order of the areas, whoever was ready first.
    let of_areas: Vec<_> = of_areas.collect();
    let mut singly = Singly::default();
    for (unbalanced, repeated, late) in of_areas {
        singly.unbalanced.extend(unbalanced);
        singly.repeated.extend(repeated);
        singly.late.extend(late);
    }
    singly
}
