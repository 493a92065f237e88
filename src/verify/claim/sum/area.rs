//! What the reports of one area come to.

use num_bigint::BigUint;

use super::admitted::Admission;
use super::admitted::Admissions;
use super::scale::Fold;
use super::scale::Scale;
use super::scale::reports;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::perimeter::Covered;
use crate::verify::claim::sliding;
use crate::verify::complete;
use crate::verify::findings::Findings;
use crate::verify::history::Area;
use crate::verify::history::Gap;
use crate::verify::history::MAX_COUNTED;
use crate::verify::history::Report;
use crate::verify::verdict::Finding;

/// What the reports of some areas come to.
pub(super) struct Total {
    /// The end of the last period that counts from below.
    pub(super) until: UnixSeconds,
    /// The least that the versions in force at the end come to.
    pub(super) lower: BigUint,
    /// The least that any versions come to.
    pub(super) least: BigUint,
    /// The most that any versions come to.
    pub(super) upper: Option<BigUint>,
    /// Whether some report has a later version.
    pub(super) amended: bool,
    /// Statements that conflict with others or report what was not next, and come to the
    /// most from below in place of what they stand beside.
    pub(super) admitted: Vec<Admission>,
    /// Those of them that come to more whichever versions of what they stand beside are in
    /// force.
    pub(super) gained: Vec<Admission>,
    /// The last index of a report that counts.
    pub(super) last_index: Option<u64>,
    /// Whether some figure does not say how much it saw.
    pub(super) unknown_coverage: bool,
    /// What was found in single areas.
    pub(super) findings: Findings,
}

impl Total {
    /// Starts with nothing, of a window.
    pub(super) const fn none(window: Period) -> Self {
        Self {
            until: window.end(),
            lower: BigUint::ZERO,
            least: BigUint::ZERO,
            upper: Some(BigUint::ZERO),
            amended: false,
            admitted: Vec::new(),
            gained: Vec::new(),
            last_index: None,
            unknown_coverage: false,
            findings: Findings::new(),
        }
    }

    /// Gathers the reports of an area up to the sequence `committed`, or all, and says what
    /// is missing.
    pub(super) fn of(scale: Scale<'_>, covered: &Covered<'_>, committed: Option<u64>) -> Self {
        let weighing = Weighing {
            scale,
            covered,
            committed,
            total: Self::none(scale.window),
            admitted: Admissions::default(),
        };
        weighing.run()
    }

    /// Adds what another area comes to.
    pub(super) fn add(&mut self, fold: Fold, other: Self) {
        self.until = self.until.max(other.until);
        fold.add(&mut self.lower, &other.lower);
        self.least += other.least;
        match (&mut self.upper, other.upper) {
            (Some(upper), Some(more)) => fold.add(upper, &more),
            (upper, _) => *upper = None,
        }
        self.amended |= other.amended;
        self.admitted.extend(other.admitted);
        self.gained.extend(other.gained);
        self.last_index = self.last_index.max(other.last_index);
        self.unknown_coverage |= other.unknown_coverage;
        self.findings.merge(other.findings);
    }
}

/// An area whose reports are weighed.
struct Weighing<'c> {
    scale: Scale<'c>,
    covered: &'c Covered<'c>,
    /// The last sequence that counts.
    committed: Option<u64>,
    total: Total,
    admitted: Admissions,
}

impl Weighing<'_> {
    fn run(mut self) -> Total {
        let (area, name, window) = (self.covered.area, &self.covered.name, self.scale.window);
        if area.schedule.open.first > window.start() {
            self.total.upper = None;
        }
        if area.schedule.terms_at(window.start()).cadence.is_none() {
            self.total.upper = None;
            self.total.findings.push(Finding::new(
                Check::ReportMissing,
                format!("area {name} has no periods: nothing is ever due in it"),
            ));
        }
        let recounted = Recounted::of(area);
        let mut missing = Missing::default();
        let mut corrected = Corrected::default();
        let mut expected = area.schedule.skip_to(window.start());
        let mut reports = area.reports.cursor(window.start(), window.end());
        while let Some(report) = reports.next() {
            if self.committed.is_some_and(|last| report.sequence > last) {
                continue;
            }
            missing.add(area, expected, report.period.start().min(window.end()));
            expected = report.period.end();
            corrected.add(report);
            let told = report.versions.iter().flat_map(|one| &one.account.figures);
            self.total.unknown_coverage |= self.scale.fold != Fold::Presence
                && told.clone().any(|told| told.gap == Gap::Unknown);
            if let Some(extra) = recounted.told(report) {
                self.total.findings.push(Finding::new(
                    Check::InventoryCorrected,
                    format!("area {name}: {extra}"),
                ));
            }
            self.report(report);
        }
        missing.add(area, expected, window.end());
        self.unreportable(expected);
        self.strays();
        self.closed();
        if let Some(first) = corrected.first {
            let count = corrected.count;
            self.total.findings.push(Finding::new(
                Check::Corrected,
                format!(
                    "area {name}: {count} reports of {window} were corrected, first that of {first}: all their versions count"
                ),
            ));
        }
        if let Some(first) = missing.first {
            self.total.upper = None;
            self.tell_missing(first, missing.count);
        }
        let longest = sliding(&self.scale.record.pledge).unwrap_or(u64::MAX);
        let [at_the_end, ever] = self.admitted.most(longest);
        Total {
            admitted: at_the_end,
            gained: ever,
            ..self.total
        }
    }

    /// Where a period would end beyond the end of time, no report can ever be made: what ran
    /// from there on is not known.
    fn unreportable(&mut self, from: UnixSeconds) {
        let schedule = &self.covered.area.schedule;
        let stated = schedule.close.is_none() && schedule.terms_at(from).cadence.is_some();
        if stated && from < self.scale.window.end() && schedule.period_from(from).is_none() {
            self.total.upper = None;
            self.total.findings.push(Finding::new(
                Check::ReportMissing,
                format!(
                    "area {}: its period from {from} on has no end that can be spelled, so that no report of it can be made",
                    self.covered.name
                ),
            ));
        }
    }

    fn report(&mut self, report: &Report) {
        let (name, period) = (&self.covered.name, report.period);
        let item = self.scale.weigh(report);
        if !item.versions.iter().any(|one| one.covers) {
            self.total.upper = None;
            self.total.findings.push(Finding::new(
                Check::Early,
                format!("area {name}: the report of {period} was seen before the period ended"),
            ));
        }
        let mut standing = item.versions.iter().filter(|one| !one.conflicting);
        let mut most: Option<&BigUint> = Some(&BigUint::ZERO);
        if let Some(open) = standing.clone().find(|one| one.amount.upper.is_none()) {
            most = None;
            self.total.findings.push(Finding::new(
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
        match (most, &mut self.total.upper) {
            (Some(most), Some(upper)) => self.scale.fold.add(upper, most),
            _ => self.total.upper = None,
        }
        self.total.amended |= item.versions.len() > 1;
        self.total.last_index = item
            .versions
            .iter()
            .map(|one| one.index)
            .max()
            .max(self.total.last_index);
        if item.inside {
            self.total.until = self.total.until.max(period.end());
            let own = item.in_force(u64::MAX).map(|one| &one.amount.lower);
            self.scale
                .fold
                .add(&mut self.total.lower, own.unwrap_or(&BigUint::ZERO));
            let least = item.versions.iter().map(|one| &one.amount.lower).min();
            self.total.least += least.unwrap_or(&BigUint::ZERO);
            let most = item.most();
            let own = own.cloned().unwrap_or_default();
            for other in item.versions.iter().filter(|one| one.conflicting) {
                self.admitted
                    .add(other.index, period, &other.amount.lower, [&own, &most]);
            }
        }
    }

    /// A report of a period that was not next, or was reported already, covers nothing;
    /// what it admits stands in place of what other reports say of that time.
    fn strays(&mut self) {
        let strays = &self.covered.area.strays;
        let inside: Vec<&Report> = strays
            .values()
            .filter(|stray| self.scale.is_inside(stray.period))
            .collect();
        if inside.is_empty() {
            return;
        }
        // What was reported, as it adds up: each stray is held against all that it overlaps.
        let (mut total, mut most) = (BigUint::ZERO, BigUint::ZERO);
        let mut beside: Vec<(Period, [BigUint; 2])> = Vec::new();
        for report in reports(self.covered.area, self.scale.window, self.committed) {
            let item = self.scale.weigh(&report);
            if let Some(own) = item.in_force(u64::MAX).filter(|_| item.inside) {
                total += &own.amount.lower;
                most += item.most();
            }
            beside.push((report.period, [total.clone(), most.clone()]));
        }
        for stray in inside {
            let item = self.scale.weigh(stray);
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
            self.admitted.add(most.index, span, &most.amount.lower, of);
        }
    }

    /// What was due before others saw that an area had been closed stays due: a closing
    /// may not be dated back.
    fn closed(&mut self) {
        let (area, times) = (self.covered.area, self.scale.court.clock.times);
        let Some((close, index)) = &area.schedule.close else {
            return;
        };
        let cadence = area.schedule.terms_at(close.end).cadence;
        let next = cadence.and_then(|cadence| cadence.period_from(close.end));
        let next = next.filter(|next| next.start() < self.scale.window.end());
        let due = next.and_then(|next| {
            Some((
                next,
                complete::due(area, &self.scale.record.pledge, next, times)?,
            ))
        });
        if let Some((next, due)) = due
            && times.not_after(*index).is_none_or(|seen| seen > due)
        {
            let court = self.scale.court;
            self.total.findings.push(complete::missing(
                self.covered,
                self.scale.record,
                next,
                due,
                court.trust,
                &court.clock,
            ));
        }
    }

    fn tell_missing(&mut self, first: Period, count: u64) {
        let (area, name) = (self.covered.area, &self.covered.name);
        let due = complete::due(
            area,
            &self.scale.record.pledge,
            first,
            self.scale.court.clock.times,
        );
        self.total.findings.push(match (self.committed, due) {
            (None, Some(due)) => complete::missing(
                self.covered,
                self.scale.record,
                first,
                due,
                self.scale.court.trust,
                &self.scale.court.clock,
            ),
            _ => Finding::new(
                Check::BaselineMissing,
                format!("area {name}: no report of {first} was committed before"),
            ),
        });
        if count > 1 {
            let window = self.scale.window;
            self.total.findings.push(Finding::new(
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
