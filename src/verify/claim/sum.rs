//! What the reports of a window come to, from below and from above.
//!
//! Reports are weighed as they are read out of the histories and not kept: a window may
//! hold a million of them. Where the order of the log matters, [`timeline`] reads them
//! again.

mod timeline;

use num_bigint::BigUint;

use crate::attestation::content::StreamHead;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::amount;
use crate::verify::claim::amount::Amount;
use crate::verify::claim::perimeter::Covered;
use crate::verify::complete;
use crate::verify::findings::Findings;
use crate::verify::history::Area;
use crate::verify::history::Gap;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::verdict::Finding;

pub(super) use timeline::Breach;

/// What the reports of a window come to.
pub(super) struct Sum<'c> {
    court: &'c Court<'c>,
    record: &'c PledgeRecord,
    window: Period,
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
    /// The most that is come to from below with one statement, which conflicts with
    /// another or reports what was not next, in place of what it stands beside; and where.
    admitted: Option<(u64, BigUint)>,
    /// The last index of a report that counts.
    last_index: Option<u64>,
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
    /// With `heads`, only what they committed to counts: a baseline.
    pub(super) fn over(
        court: &'c Court<'c>,
        covered: &'c [Covered<'c>],
        record: &'c PledgeRecord,
        window: Period,
        heads: Option<&[StreamHead]>,
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
            court,
            record,
            window,
            areas,
            lower: BigUint::ZERO,
            least: BigUint::ZERO,
            upper: Some(BigUint::ZERO),
            amended: false,
            admitted: None,
            last_index: None,
        };
        let mut unknown_coverage = false;
        let mut admitted: Vec<(u64, BigUint, BigUint)> = Vec::new();
        for (covered, committed) in sum.areas.clone() {
            sum.area(
                covered,
                committed,
                &mut unknown_coverage,
                &mut admitted,
                findings,
            );
        }
        // What a statement admits stands in place of what it conflicts with.
        for (index, instead, of) in admitted {
            let total = &sum.lower - of + instead;
            if sum.admitted.as_ref().is_none_or(|(_, most)| total > *most) {
                sum.admitted = Some((index, total));
            }
        }
        if unknown_coverage {
            findings.push(Finding::new(
                Check::CoverageUnknown,
                "how much of the time was seen is unknown: judged as recorded, at most CONSISTENT@E1",
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

    /// Returns the last index of a report that counts.
    pub(super) const fn last_index(&self) -> Option<u64> {
        self.last_index
    }

    fn area(
        &mut self,
        covered: &Covered<'_>,
        committed: Option<u64>,
        unknown_coverage: &mut bool,
        admitted: &mut Vec<(u64, BigUint, BigUint)>,
        findings: &mut Findings,
    ) {
        let (area, name, window) = (covered.area, &covered.name, self.window);
        if area.open.first > window.start() {
            self.upper = None;
        }
        let mut missing = Missing::default();
        let mut expected = area.first_after(window.start());
        for report in reports(area, window, committed) {
            missing.add(area, expected, report.period.start().min(window.end()));
            expected = report.period.end();
            let told = report.versions.iter().flat_map(|one| &one.account.figures);
            *unknown_coverage |= told.clone().any(|told| told.gap == Gap::Unknown);
            if let Some(extra) = recounted(area, &report) {
                findings.push(Finding::new(
                    Check::InventoryCorrected,
                    format!("area {name}: {extra}"),
                ));
            }
            self.report(covered, &report, admitted, findings);
        }
        missing.add(area, expected, window.end());
        self.strays(covered, committed, admitted);
        self.closed(covered, findings);
        if let Some(first) = missing.first {
            self.upper = None;
            self.tell_missing(covered, committed, first, missing.count, findings);
        }
    }

    fn report(
        &mut self,
        covered: &Covered<'_>,
        report: &Report,
        admitted: &mut Vec<(u64, BigUint, BigUint)>,
        findings: &mut Findings,
    ) {
        let (name, period) = (&covered.name, report.period);
        let item = weigh(self.court, self.record, report, self.window);
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
            (Some(most), Some(upper)) => *upper += most,
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
            let own = item.in_force(u64::MAX).map(|one| &one.amount.lower);
            self.lower += own.unwrap_or(&BigUint::ZERO);
            let least = item.versions.iter().map(|one| &one.amount.lower).min();
            self.least += least.unwrap_or(&BigUint::ZERO);
            for other in item.versions.iter().filter(|one| one.conflicting) {
                let own = own.cloned().unwrap_or_default();
                admitted.push((other.index, other.amount.lower.clone(), own));
            }
        }
    }

    /// A report of a period that was not next, or was reported already, covers nothing;
    /// what it admits stands in place of what other reports say of that time.
    fn strays(
        &self,
        covered: &Covered<'_>,
        committed: Option<u64>,
        admitted: &mut Vec<(u64, BigUint, BigUint)>,
    ) {
        let window = self.window;
        for stray in covered
            .area
            .strays
            .iter()
            .filter(|one| window.covers(one.period))
        {
            let item = weigh(self.court, self.record, stray, window);
            let most = item.versions.iter().max_by_key(|one| &one.amount.lower);
            let Some(most) = most else { continue };
            let beside: BigUint = reports(covered.area, stray.period, committed)
                .map(|report| weigh(self.court, self.record, &report, window))
                .filter(|item| item.inside)
                .filter_map(|item| Some(item.in_force(u64::MAX)?.amount.lower.clone()))
                .sum();
            admitted.push((most.index, most.amount.lower.clone(), beside));
        }
    }

    /// What was due before others saw that an area had been closed stays due: a closing
    /// may not be dated back.
    fn closed(&self, covered: &Covered<'_>, findings: &mut Findings) {
        let (area, times) = (covered.area, self.court.clock.times);
        let Some((close, index)) = &area.close else {
            return;
        };
        let cadence = area.terms_at(close.end).0;
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
            (None, Some(due)) => {
                complete::missing(covered, first, due, self.court.trust, &self.court.clock)
            }
            _ => Finding::new(
                Check::BaselineMissing,
                format!("area {name}: no report of {first} was committed before"),
            ),
        });
        if count > 1 {
            let window = self.window;
            findings.push(Finding::new(
                Check::ReportsMissing,
                format!("area {name}: {count} reports are missing in {window}"),
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
    fn add(
        &mut self,
        area: &Area,
        from: crate::time::UnixSeconds,
        until: crate::time::UnixSeconds,
    ) {
        if from >= until {
            return;
        }
        if let Some((first, count)) = area.untold(from, until) {
            self.first.get_or_insert(first);
            self.count = self.count.saturating_add(count);
        }
    }
}

impl Item {
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

fn weigh(court: &Court<'_>, record: &PledgeRecord, report: &Report, window: Period) -> Item {
    let versions = report
        .versions
        .iter()
        .map(|version| {
            let seen = court.clock.times.not_after(version.index);
            let early = seen.is_some_and(|seen| seen < report.period.end());
            Weighed {
                index: version.index,
                conflicting: version.conflicting,
                covers: !early && !version.conflicting,
                amount: amount::of(version, &record.pledge, court.peaks),
            }
        })
        .collect();
    Item {
        inside: window.covers(report.period),
        versions,
    }
}

/// Whether the inventory that a report's coverage was measured against was corrected to
/// more devices afterwards.
fn recounted(area: &Area, report: &Report) -> Option<String> {
    let first = report.versions.first()?;
    if !first.account.covers_all() {
        return None;
    }
    let now = area.inventory_at(report.period.start())?;
    (now.corrects && now.index > first.index).then(|| {
        format!(
            "the inventory of {} was corrected at entry {}, after it was accounted for: what ran on the devices added is not known",
            report.period, now.index
        )
    })
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
