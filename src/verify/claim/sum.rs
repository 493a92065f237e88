//! What the reports of a window come to, from below and from above.
//!
//! Reports are weighed as they are read out of the histories and not kept: a window may
//! hold a million of them. Where the order of the log matters, [`timeline`] reads them
//! again.

mod admitted;
mod largest;
mod sliding;
mod timeline;
mod tree;

use num_bigint::BigUint;

use crate::attestation::content::StreamHead;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::amount;
use crate::verify::claim::amount::Amount;
use crate::verify::claim::perimeter::Covered;
use crate::verify::complete;
use crate::verify::findings::Findings;
use crate::verify::history::Area;
use crate::verify::history::Gap;
use crate::verify::history::MAX_COUNTED;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::history::Version;
use crate::verify::verdict::Finding;

use admitted::Admission;
use admitted::Admissions;
pub(super) use timeline::Breach;

/// How the reports of a window are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// They add up.
    Sum,
    /// Each counts by itself: the largest is told.
    Largest,
    /// Only that they are there.
    Presence,
}

impl Fold {
    fn add(self, total: &mut BigUint, amount: &BigUint) {
        match self {
            Self::Sum => *total += amount,
            Self::Largest if amount > total => total.clone_from(amount),
            Self::Largest | Self::Presence => {}
        }
    }
}

/// What the reports of a window come to.
pub(super) struct Sum<'c> {
    fold: Fold,
    court: &'c Court<'c>,
    record: &'c PledgeRecord,
    /// The time of which reports are due.
    window: Period,
    /// The time that counts: longer where the duty ended before the window did, for a
    /// period that began before counts whole.
    whole: Period,
    /// The end of the last period that counts from below.
    until: UnixSeconds,
    /// The areas, each with the last sequence that counts: all, or what a baseline
    /// committed to.
    areas: Vec<(&'c Covered<'c>, Option<u64>)>,
    /// The least that the versions in force at the end come to.
    lower: BigUint,
    /// The least that any versions come to.
    least: BigUint,
    /// The most that any versions come to.
    upper: Option<BigUint>,
    /// Whether some report has a later version.
    amended: bool,
    /// Statements that conflict with others or report what was not next, and come to the
    /// most from below in place of what they stand beside.
    admitted: Vec<Admission>,
    /// Those of them that come to more whichever versions of what they stand beside are in
    /// force.
    gained: Vec<Admission>,
    /// The last index of a report that counts.
    last_index: Option<u64>,
}

/// What is held against a limit.
pub(super) struct Reached {
    /// The least that it is, with the versions in force at the end.
    pub(super) lower: BigUint,
    /// The most that it is, whichever versions.
    pub(super) upper: Option<BigUint>,
    /// Where it first is a breach.
    pub(super) breach: Option<Breach>,
}

/// One report.
struct Item {
    /// Whether the window holds all of it: only then it counts from below.
    inside: bool,
    versions: Vec<Weighed>,
}

struct Weighed {
    index: u64,
    conflicting: bool,
    /// Whether it stands for what happened, and not only for what it admits.
    covers: bool,
    amount: Amount,
}

impl<'c> Sum<'c> {
    /// Gathers the reports of `window` over the perimeter, and says what is missing.
    ///
    /// `whole` is the window before the end of a duty cut it. With `heads`, only what they
    /// committed to counts: a baseline.
    pub(super) fn over(
        court: &'c Court<'c>,
        covered: &'c [Covered<'c>],
        record: &'c PledgeRecord,
        (window, whole): (Period, Period),
        heads: Option<&[StreamHead]>,
        fold: Fold,
        findings: &mut Findings,
    ) -> Self {
        let areas = covered
            .iter()
            .map(|covered| {
                let committed = heads.map(|heads| committed(covered, heads, findings));
                (covered, committed)
            })
            .collect();
        let mut sum = Self {
            fold,
            court,
            record,
            window,
            whole,
            until: window.end(),
            areas,
            lower: BigUint::ZERO,
            least: BigUint::ZERO,
            upper: Some(BigUint::ZERO),
            amended: false,
            admitted: Vec::new(),
            gained: Vec::new(),
            last_index: None,
        };
        let mut unknown_coverage = false;
        let longest = super::sliding(&record.pledge).unwrap_or(u64::MAX);
        for (covered, committed) in sum.areas.clone() {
            let mut admitted = Admissions::default();
            sum.area(
                covered,
                committed,
                &mut unknown_coverage,
                &mut admitted,
                findings,
            );
            let [at_the_end, ever] = admitted.most(longest);
            sum.admitted.extend(at_the_end);
            sum.gained.extend(ever);
        }
        if unknown_coverage {
            findings.push(Finding::new(
                Check::CoverageUnknown,
                "how much of the time was seen is unknown: judged as recorded, and no root of trust",
            ));
        }
        sum
    }

    /// Returns the least that the versions in force at the end come to.
    pub(super) const fn lower(&self) -> &BigUint {
        &self.lower
    }

    /// Returns the least that any versions come to: what a baseline is at least.
    pub(super) const fn least(&self) -> &BigUint {
        &self.least
    }

    /// Returns the most that any versions come to.
    pub(super) const fn upper(&self) -> Option<&BigUint> {
        self.upper.as_ref()
    }

    /// Returns the seconds of the time that counts from below.
    pub(super) fn seconds(&self) -> u64 {
        self.until.since(self.window.start())
    }

    /// Returns the last index of a report that counts.
    pub(super) const fn last_index(&self) -> Option<u64> {
        self.last_index
    }

    fn area(
        &mut self,
        covered: &Covered<'_>,
        committed: Option<u64>,
        unknown_coverage: &mut bool,
        admitted: &mut Admissions,
        findings: &mut Findings,
    ) {
        let (area, name, window) = (covered.area, &covered.name, self.window);
        if area.schedule.open.first > window.start() {
            self.upper = None;
        }
        if area.schedule.terms_at(window.start()).cadence.is_none() {
            self.upper = None;
            findings.push(Finding::new(
                Check::ReportMissing,
                format!("area {name} has no periods: nothing is ever due in it"),
            ));
        }
        let recounted = Recounted::of(area);
        let mut missing = Missing::default();
        let mut corrected = Corrected::default();
        let mut expected = area.schedule.skip_to(window.start());
        for report in reports(area, window, committed) {
            missing.add(area, expected, report.period.start().min(window.end()));
            expected = report.period.end();
            corrected.add(&report);
            let told = report.versions.iter().flat_map(|one| &one.account.figures);
            *unknown_coverage |=
                self.fold != Fold::Presence && told.clone().any(|told| told.gap == Gap::Unknown);
            if let Some(extra) = recounted.told(&report) {
                findings.push(Finding::new(
                    Check::InventoryCorrected,
                    format!("area {name}: {extra}"),
                ));
            }
            self.report(covered, &report, admitted, findings);
        }
        missing.add(area, expected, window.end());
        self.unreportable(covered, expected, findings);
        self.strays(covered, committed, admitted);
        self.closed(covered, findings);
        if let Some(first) = corrected.first {
            let count = corrected.count;
            findings.push(Finding::new(
                Check::Corrected,
                format!(
                    "area {name}: {count} reports of {window} were corrected, first that of {first}: all their versions count"
                ),
            ));
        }
        if let Some(first) = missing.first {
            self.upper = None;
            self.tell_missing(covered, committed, first, missing.count, findings);
        }
    }

    /// Where a period would end beyond the end of time, no report can ever be made: what ran
    /// from there on is not known.
    fn unreportable(&mut self, covered: &Covered<'_>, from: UnixSeconds, findings: &mut Findings) {
        let schedule = &covered.area.schedule;
        let stated = schedule.close.is_none() && schedule.terms_at(from).cadence.is_some();
        if stated && from < self.window.end() && schedule.period_from(from).is_none() {
            self.upper = None;
            findings.push(Finding::new(
                Check::ReportMissing,
                format!(
                    "area {}: its period from {from} on has no end that can be spelled, so that no report of it can be made",
                    covered.name
                ),
            ));
        }
    }

    fn report(
        &mut self,
        covered: &Covered<'_>,
        report: &Report,
        admitted: &mut Admissions,
        findings: &mut Findings,
    ) {
        let (name, period) = (&covered.name, report.period);
        let item = self.weigh(report);
        if !item.versions.iter().any(|one| one.covers) {
            self.upper = None;
            findings.push(Finding::new(
                Check::Early,
                format!("area {name}: the report of {period} was seen before the period ended"),
            ));
        }
        let mut standing = item.versions.iter().filter(|one| !one.conflicting);
        let mut most: Option<&BigUint> = Some(&BigUint::ZERO);
        if let Some(open) = standing.clone().find(|one| one.amount.upper.is_none()) {
            most = None;
            findings.push(Finding::new(
                Check::UnboundedReport,
                format!(
                    "area {name}: the report of {period} bounds nothing from above: {}",
                    open.amount.open.as_deref().unwrap_or_default()
                ),
            ));
        }
        for one in standing.by_ref() {
            most = most.and_then(|most| Some(most.max(one.amount.upper.as_ref()?)));
        }
        match (most, &mut self.upper) {
            (Some(most), Some(upper)) => self.fold.add(upper, most),
            _ => self.upper = None,
        }
        self.amended |= item.versions.len() > 1;
        self.last_index = item
            .versions
            .iter()
            .map(|one| one.index)
            .max()
            .max(self.last_index);
        if item.inside {
            self.until = self.until.max(period.end());
            let own = item.in_force(u64::MAX).map(|one| &one.amount.lower);
            self.fold
                .add(&mut self.lower, own.unwrap_or(&BigUint::ZERO));
            let least = item.versions.iter().map(|one| &one.amount.lower).min();
            self.least += least.unwrap_or(&BigUint::ZERO);
            let most = item.most();
            let own = own.cloned().unwrap_or_default();
            for other in item.versions.iter().filter(|one| one.conflicting) {
                admitted.add(other.index, period, &other.amount.lower, [&own, &most]);
            }
        }
    }

    /// A report of a period that was not next, or was reported already, covers nothing;
    /// what it admits stands in place of what other reports say of that time.
    fn strays(&mut self, covered: &Covered<'_>, committed: Option<u64>, admitted: &mut Admissions) {
        let strays = &covered.area.strays;
        let inside: Vec<&Report> = strays
            .values()
            .filter(|stray| self.is_inside(stray.period))
            .collect();
        if inside.is_empty() {
            return;
        }
        // What was reported, as it adds up: each stray is held against all that it overlaps.
        let (mut total, mut most) = (BigUint::ZERO, BigUint::ZERO);
        let mut beside: Vec<(Period, [BigUint; 2])> = Vec::new();
        for report in reports(covered.area, self.window, committed) {
            let item = self.weigh(&report);
            if let Some(own) = item.in_force(u64::MAX).filter(|_| item.inside) {
                total += &own.amount.lower;
                most += item.most();
            }
            beside.push((report.period, [total.clone(), most.clone()]));
        }
        for stray in inside {
            let item = self.weigh(stray);
            let most = item.versions.iter().max_by_key(|one| &one.amount.lower);
            let Some(most) = most else { continue };
            let first = beside.partition_point(|(one, _)| one.end() <= stray.period.start());
            let after = beside.partition_point(|(one, _)| one.start() < stray.period.end());
            let overlapped = beside.get(first..after).unwrap_or_default();
            let span = |one: &(Period, [BigUint; 2])| stray.period.hull(one.0);
            let span = match (overlapped.first().map(span), overlapped.last().map(span)) {
                (Some(first), Some(last)) => first.hull(last),
                _ => stray.period,
            };
            let up_to = |at: usize| {
                let before = at.checked_sub(1).and_then(|at| beside.get(at));
                before.map(|(_, both)| both.clone()).unwrap_or_default()
            };
            let ([end, ever], [no_end, no_ever]) = (up_to(after), up_to(first));
            let of = [&(end - no_end), &(ever - no_ever)];
            admitted.add(most.index, span, &most.amount.lower, of);
        }
    }

    /// Whether a period counts from below: the window holds all of it, and it began while
    /// the duty ran.
    fn is_inside(&self, period: Period) -> bool {
        self.whole.covers(period) && period.start() < self.window.end()
    }

    fn weigh(&self, report: &Report) -> Item {
        let times = self.court.clock.times;
        let end = report.period.end();
        let first = report.versions.first();
        let seen = |version: &Version| times.not_after(version.index);
        let early = first.and_then(seen).is_some_and(|seen| seen < end);
        let versions = report
            .versions
            .iter()
            .map(|version| Weighed {
                index: version.index,
                conflicting: version.conflicting,
                // In place of an early report stands only what was seen after the end.
                covers: !version.conflicting && seen(version).map_or(!early, |seen| seen >= end),
                amount: match self.fold {
                    Fold::Presence => Amount::nothing(version),
                    _ => amount::of(version, &self.record.pledge, self.court.peaks),
                },
            })
            .collect();
        Item {
            inside: self.is_inside(report.period),
            versions,
        }
    }

    /// What was due before others saw that an area had been closed stays due: a closing
    /// may not be dated back.
    fn closed(&self, covered: &Covered<'_>, findings: &mut Findings) {
        let (area, times) = (covered.area, self.court.clock.times);
        let Some((close, index)) = &area.schedule.close else {
            return;
        };
        let cadence = area.schedule.terms_at(close.end).cadence;
        let next = cadence.and_then(|cadence| cadence.period_from(close.end));
        let next = next.filter(|next| next.start() < self.window.end());
        let due = next
            .and_then(|next| Some((next, complete::due(area, &self.record.pledge, next, times)?)));
        if let Some((next, due)) = due
            && times.not_after(*index).is_none_or(|seen| seen > due)
        {
            let court = self.court;
            findings.push(complete::missing(
                covered,
                self.record,
                next,
                due,
                court.trust,
                &court.clock,
            ));
        }
    }

    fn tell_missing(
        &self,
        covered: &Covered<'_>,
        committed: Option<u64>,
        first: Period,
        count: u64,
        findings: &mut Findings,
    ) {
        let (area, name) = (covered.area, &covered.name);
        let due = complete::due(area, &self.record.pledge, first, self.court.clock.times);
        findings.push(match (committed, due) {
            (None, Some(due)) => complete::missing(
                covered,
                self.record,
                first,
                due,
                self.court.trust,
                &self.court.clock,
            ),
            _ => Finding::new(
                Check::BaselineMissing,
                format!("area {name}: no report of {first} was committed before"),
            ),
        });
        if count > 1 {
            let window = self.window;
            findings.push(Finding::new(
                Check::ReportsMissing,
                format!("area {name}: {count} reports of {window} are not there, those not due yet included"),
            ));
        }
    }
}

/// The periods of which nothing is told.
#[derive(Default)]
struct Missing {
    first: Option<Period>,
    count: u64,
}

impl Missing {
    fn add(&mut self, area: &Area, from: UnixSeconds, until: UnixSeconds) {
        // However many there are, counting ends: periods may be of a second each.
        if from >= until || self.count > MAX_COUNTED {
            return;
        }
        if let Some((first, count)) = area.untold(from, until) {
            self.first.get_or_insert(first);
            self.count = self.count.saturating_add(count);
        }
    }
}

/// The reports of which there are several versions, and none conflicts.
#[derive(Default)]
struct Corrected {
    first: Option<Period>,
    count: u64,
}

impl Corrected {
    fn add(&mut self, report: &Report) {
        let standing = report.versions.iter().filter(|one| !one.conflicting);
        if standing.count() > 1 {
            self.first.get_or_insert(report.period);
            self.count = self.count.saturating_add(1);
        }
    }
}

impl Item {
    /// The most that any version comes to from below that does not conflict.
    fn most(&self) -> BigUint {
        let standing = self.versions.iter().filter(|one| !one.conflicting);
        let most = standing.map(|one| &one.amount.lower).max();
        most.cloned().unwrap_or_default()
    }

    fn in_force(&self, index: u64) -> Option<&Weighed> {
        self.versions
            .iter()
            .rev()
            .find(|version| !version.conflicting && version.index <= index)
    }
}

/// The reports of a window that count.
fn reports(area: &Area, window: Period, committed: Option<u64>) -> impl Iterator<Item = Report> {
    area.reports
        .within(window.start(), window.end())
        .filter(move |report| committed.is_none_or(|last| report.sequence <= last))
}

/// The times of which more devices were declared than before, after they were reported:
/// rising and apart, each with the index of one that did.
struct Recounted(Vec<(Period, u64)>);

impl Recounted {
    fn of(area: &Area) -> Self {
        let mut all = area.recounted.clone();
        all.sort_by_key(|(time, _)| time.start());
        let mut apart: Vec<(Period, u64)> = Vec::new();
        for (time, index) in all {
            match apart.last_mut() {
                Some((last, _)) if time.start() <= last.end() => *last = last.hull(time),
                _ => apart.push((time, index)),
            }
        }
        Self(apart)
    }

    /// Says so, if a report that says how much it saw is of such a time.
    fn told(&self, report: &Report) -> Option<String> {
        let first = report.versions.first()?;
        let start = report.period.start();
        let after = self.0.partition_point(|(time, _)| time.start() <= start);
        let (time, index) = self.0.get(after.checked_sub(1)?)?;
        (start < time.end() && first.account.covers_all()).then(|| {
            format!(
                "the inventory of {} was corrected at entry {index}, after it was accounted for: what ran on the devices added is not known",
                report.period
            )
        })
    }
}

/// Returns the last sequence of an area that a baseline committed to.
fn committed(covered: &Covered<'_>, heads: &[StreamHead], findings: &mut Findings) -> u64 {
    let head = heads.iter().find(|head| head.stream == covered.stream);
    let stands = covered.history.streams.get(&covered.stream);
    let known = head.and_then(|head| {
        let id = stands?.ids.get(head.sequence)?;
        (id == head.statement).then_some(head.sequence)
    });
    if known.is_none() {
        findings.push(Finding::new(
            Check::BaselineHead,
            format!(
                "area {}: the baseline's head is not in its stream",
                covered.name
            ),
        ));
    }
    known.unwrap_or_default()
}
