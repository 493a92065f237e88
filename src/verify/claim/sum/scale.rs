//! How much single reports come to for a claim.

use num_bigint::BigUint;

use crate::time::Period;
use crate::verify::claim::Court;
use crate::verify::claim::amount;
use crate::verify::claim::amount::Amount;
use crate::verify::history::Area;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;

/// How the reports of a window are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify::claim) enum Fold {
    /// They add up.
    Sum,
    /// Each counts by itself: the largest is told.
    Largest,
    /// Only that they are there.
    Presence,
}

impl Fold {
    pub(super) fn add(self, total: &mut BigUint, amount: &BigUint) {
        match self {
            Self::Sum => *total += amount,
            Self::Largest if amount > total => total.clone_from(amount),
            Self::Largest | Self::Presence => {}
        }
    }
}

/// What reports are weighed for.
#[derive(Clone, Copy)]
pub(super) struct Scale<'c> {
    pub(super) fold: Fold,
    pub(super) court: &'c Court<'c>,
    pub(super) record: &'c PledgeRecord,
    /// The time of which reports are due.
    pub(super) window: Period,
    /// The time that counts: longer where the duty ended before the window did, for a
    /// period that began before counts whole.
    pub(super) whole: Period,
}

/// One report.
pub(super) struct Item {
    /// Whether the window holds all of it: only then it counts from below.
    pub(super) inside: bool,
    pub(super) versions: Vec<Weighed>,
}

/// One version of it.
pub(super) struct Weighed {
    pub(super) index: u64,
    pub(super) conflicting: bool,
    /// Whether it stands for what happened, and not only for what it admits.
    pub(super) covers: bool,
    pub(super) amount: Amount,
}

impl Scale<'_> {
    /// Weighs every version of a report.
    pub(super) fn weigh(&self, report: &Report) -> Item {
        let times = self.court.clock.times;
        let end = report.period.end();
        let mut early = None;
        let versions = report
            .versions
            .iter()
            .map(|version| {
                let seen = times.not_after(version.index);
                // In place of an early report stands only what was seen after the end.
                let early = *early.get_or_insert(seen.is_some_and(|seen| seen < end));
                let stands = seen.map_or(!early, |seen| seen >= end);
                Weighed {
                    index: version.index,
                    conflicting: version.conflicting,
                    covers: !version.conflicting && stands,
                    amount: match self.fold {
                        Fold::Presence => Amount::nothing(version),
                        _ => amount::of(version, &self.record.pledge, self.court.peaks),
                    },
                }
            })
            .collect();
        Item {
            inside: self.is_inside(report.period),
            versions,
        }
    }

    /// Whether a period counts from below: the window holds all of it, and it began while
    /// the duty ran.
    pub(super) fn is_inside(&self, period: Period) -> bool {
        self.whole.covers(period) && period.start() < self.window.end()
    }
}

impl Item {
    /// The most that any version comes to from below that does not conflict.
    pub(super) fn most(&self) -> BigUint {
        let standing = self.versions.iter().filter(|one| !one.conflicting);
        let most = standing.map(|one| &one.amount.lower).max();
        most.cloned().unwrap_or_default()
    }

    /// The version in force at an index that does not conflict.
    pub(super) fn in_force(&self, index: u64) -> Option<&Weighed> {
        self.versions
            .iter()
            .rev()
            .find(|version| !version.conflicting && version.index <= index)
    }
}

/// The reports of a window that count.
pub(super) fn reports(
    area: &Area,
    window: Period,
    committed: Option<u64>,
) -> impl Iterator<Item = Report> {
    area.reports
        .within(window.start(), window.end())
        .filter(move |report| committed.is_none_or(|last| report.sequence <= last))
}
