//! Is a report missing that is due? (formats: part 2, "OVERDUE".)

use crate::claim::Pledge;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::history::Area;
use crate::verify::history::History;
use crate::verify::trust::Trust;
use crate::verify::verdict::Axis;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Word;
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
pub fn due(area: &Area, pledge: &Pledge, period: Period) -> Option<UnixSeconds> {
    let (_, grace) = area.terms_at(period.start());
    let own = period.end().plus(grace)?;
    let slot = pledge.cadence.period_at(
        pledge.window.start(),
        period.start().max(pledge.window.start()),
    );
    let pledged = slot.and_then(|slot| slot.end().plus(pledge.deadline));
    Some(pledged.map_or(own, |pledged| pledged.min(own)))
}

/// Judges one period whose report is not in the log.
pub fn missing(
    history: &History,
    area: &Area,
    name: &str,
    period: Period,
    due: UnixSeconds,
    trust: &Trust,
    clock: &Clock<'_>,
) -> Finding {
    let absent = |why: String| Finding::not_shown("report-missing", why);
    if clock.bundle {
        return absent(format!(
            "area {name}: the report of {period} is not in the bundle"
        ));
    }
    let heeds = history
        .identity
        .as_ref()
        .is_some_and(|identity| identity.current().witnesses.is_some());
    if !heeds || !clock.times.can_be_witnessed() {
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
    let overdue = |why: String| Finding {
        check: "overdue",
        axis: Axis::Completeness,
        calls_for: Some(Word::Overdue),
        text: why,
    };
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
                "area {name}: the report of {period} is missing; it is due at {due}, and the log was last seen {newest}"
            ))
        }
    }
}

/// Returns what is to be said of the times of the reports that are there.
pub fn lateness(area: &Area, name: &str, pledge: &Pledge, clock: &Clock<'_>) -> Vec<Finding> {
    let duty = clock.times.not_after(area.open_index);
    let (mut late, mut backfilled) = (Vec::new(), 0_u64);
    for report in &area.reports {
        let Some(seen) = report
            .versions
            .first()
            .and_then(|version| clock.times.not_after(version.index))
        else {
            continue;
        };
        if duty.is_none_or(|duty| report.period.end() <= duty) {
            backfilled = backfilled.saturating_add(1);
        } else if due(area, pledge, report.period).is_some_and(|due| seen > due) {
            late.push((report.period, seen));
        }
    }
    let mut findings = Vec::new();
    // A bundle shows only by when its own checkpoints were seen.
    if let Some((period, seen)) = late.first().filter(|_| !clock.bundle) {
        findings.push(Finding::note(
            "late",
            Axis::Completeness,
            format!(
                "area {name}: {} reports came after their deadline, first that of {period}, seen {seen}",
                late.len()
            ),
        ));
    }
    if backfilled > 0 {
        findings.push(Finding::note(
            "backfill",
            Axis::Completeness,
            format!(
                "area {name}: {backfilled} reports are of periods before the area was seen declared"
            ),
        ));
    }
    findings
}
