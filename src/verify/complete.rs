//! Is a report missing that is due? (formats: part 2, "OVERDUE".)

use crate::claim::Pledge;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Covered;
use crate::verify::history::Area;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::trust::Trust;
use crate::verify::verdict::Finding;
use crate::verify::witnessed::Times;

/// What is needed to tell whether a report is late.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'t> {
    /// When entries were seen by a quorum.
    pub times: &'t Times,
    /// The time of judgement.
    pub at: UnixSeconds,
    /// Whether the auditor himself asked just now.
    pub asked_now: bool,
    /// Whether a bundle is judged, in which nothing is overdue.
    pub bundle: bool,
}

/// Returns when the report of `period` is due: the area's own deadline or the pledge's,
/// whichever comes first.
///
/// A pledge asks for a report of every period of its own cadence, counted from its
/// window's start; what covers several of them is due with the first.
///
/// A change of periods that a quorum saw only after the edge from which it applies leaves
/// the deadlines up to then as they were (formats: 4).
pub(super) fn due(
    area: &Area,
    pledge: &Pledge,
    period: Period,
    times: &Times,
) -> Option<UnixSeconds> {
    let grace = area.schedule.terms_at(period.start()).grace;
    // One beyond the end of time leaves the pledge's own.
    let mut own = period.end().plus(grace).unwrap_or(UnixSeconds::MAX);
    for (at, (change, index)) in area.schedule.changes.iter().enumerate() {
        if change.from > period.start() {
            continue;
        }
        let terms = area.schedule.terms_without(at, period.start());
        let before = terms
            .cadence
            .and_then(|one| one.period_at(terms.from, period.start()));
        let seen = times.not_after(*index);
        if let Some(before) = before.filter(|one| seen.is_none_or(|seen| one.end() <= seen)) {
            own = own.min(before.end().plus(terms.grace)?);
        }
    }
    let slot = pledge.cadence.period_at(
        pledge.window.start(),
        period.start().max(pledge.window.start()),
    );
    let pledged = slot.and_then(|slot| slot.end().plus(pledge.deadline));
    Some(pledged.map_or(own, |pledged| pledged.min(own)))
}

/// Judges one period whose report is not in the log.
pub(super) fn missing(
    covered: &Covered<'_>,
    record: &PledgeRecord,
    period: Period,
    due: UnixSeconds,
    trust: &Trust,
    clock: &Clock<'_>,
) -> Finding {
    let (area, name) = (covered.area, &covered.name);
    let absent = |why: String| Finding::new(Check::ReportMissing, why);
    if clock.bundle {
        return absent(format!(
            "area {name}: the report of {period} is not in the bundle"
        ));
    }
    if !covered.heeded_since(record) || !clock.times.can_be_witnessed() {
        return absent(format!(
            "area {name}: the report of {period} is missing; without witnesses nothing is overdue"
        ));
    }
    let duty = clock.times.not_after(area.open_index);
    if duty.is_none_or(|duty| period.end() <= duty) {
        return absent(format!(
            "area {name}: the report of {period} is missing, from before its area was seen declared"
        ));
    }
    let overdue = |why: String| Finding::new(Check::Overdue, why);
    // A tree cosigned after the deadline, whatever its size, lacks the entry.
    match clock.times.newest() {
        Some(newest) if newest > due => overdue(format!(
            "area {name}: the report of {period} was due at {due}; a quorum saw the log at {newest} without it"
        )),
        newest => {
            let silent = due.plus(trust.grace).is_some_and(|limit| clock.at > limit);
            let newest = newest.map_or_else(|| "never".to_owned(), |time| time.to_string());
            if clock.asked_now && silent {
                return overdue(format!(
                    "area {name}: the report of {period} was due at {due}; the log is silent, its witnesses saw it last {newest}"
                ));
            }
            absent(format!(
                "area {name}: the report of {period} is not there; it is due at {due}, and the log was last seen {newest}"
            ))
        }
    }
}

/// When the reports of an area came that are there.
pub(super) struct Lateness<'c> {
    covered: &'c Covered<'c>,
    pledge: &'c Pledge,
    clock: &'c Clock<'c>,
    /// From when on others knew of the area.
    duty: Option<UnixSeconds>,
    first: Option<(Period, UnixSeconds)>,
    late: u64,
    backfilled: u64,
}

impl<'c> Lateness<'c> {
    /// Starts with no report.
    pub(super) fn of(covered: &'c Covered<'c>, pledge: &'c Pledge, clock: &'c Clock<'c>) -> Self {
        Self {
            covered,
            pledge,
            clock,
            duty: clock.times.not_after(covered.area.open_index),
            first: None,
            late: 0,
            backfilled: 0,
        }
    }

    /// Asks a report when it came.
    pub(super) fn add(&mut self, report: &Report) {
        let (period, times) = (report.period, self.clock.times);
        let version = report.versions.first();
        let Some(seen) = version.and_then(|version| times.not_after(version.index)) else {
            return;
        };
        let due = || due(self.covered.area, self.pledge, period, times);
        if self.duty.is_none_or(|duty| period.end() <= duty) {
            self.backfilled = self.backfilled.saturating_add(1);
        } else if due().is_some_and(|due| seen > due) {
            self.first.get_or_insert((period, seen));
            self.late = self.late.saturating_add(1);
        }
    }

    /// Says what came late, or was of before, and which changes of the area's periods did.
    pub(super) fn tell(self) -> Vec<Finding> {
        let (area, name) = (self.covered.area, &self.covered.name);
        let (late, backfilled) = (self.late, self.backfilled);
        let mut findings = Vec::new();
        // A bundle shows only by when its own checkpoints were seen.
        if let Some((period, seen)) = self.first.filter(|_| !self.clock.bundle) {
            findings.push(Finding::new(
                Check::Late,
                format!(
                    "area {name}: {late} reports came after their deadline, first that of {period}, seen {seen}"
                ),
            ));
        }
        if backfilled > 0 {
            findings.push(Finding::new(
                Check::Backfill,
                format!(
                    "area {name}: {backfilled} reports are of periods before the area was seen declared"
                ),
            ));
        }
        for (change, index) in &area.schedule.changes {
            let seen = self.clock.times.not_after(*index);
            if let Some(seen) = seen.filter(|seen| *seen > change.from && !self.clock.bundle) {
                findings.push(Finding::new(
                    Check::ChangeLate,
                    format!(
                        "area {name}: its periods change from {} on, which a quorum saw only at {seen}: deadlines up to then stay as they were",
                        change.from
                    ),
                ));
            }
        }
        findings
    }
}
