//! What the reports of a window come to, at every index of the log.

use num_bigint::BigUint;

use crate::attestation::content::StreamHead;
use crate::attestation::figure::Coverage;
use crate::time::Period;
use crate::verify::claim::Court;
use crate::verify::claim::amount;
use crate::verify::claim::amount::Amount;
use crate::verify::claim::perimeter::Covered;
use crate::verify::complete;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::verdict::Axis;
use crate::verify::verdict::Finding;

/// The reports of a window, each with the amounts of its versions.
#[derive(Debug, Default)]
pub(super) struct Sum {
    items: Vec<Item>,
    /// Whether some part of the window is accounted for by nothing.
    open: bool,
}

/// One report.
#[derive(Debug)]
struct Item {
    /// Whether the window holds all of it: only then it counts from below.
    inside: bool,
    versions: Vec<Weighed>,
}

#[derive(Debug)]
struct Weighed {
    index: u64,
    conflicting: bool,
    /// Whether it stands for what happened, and not only for what it admits.
    covers: bool,
    amount: Amount,
}

/// A breach, where it first shows.
#[derive(Clone, Debug)]
pub(super) struct Breach {
    /// The index of the statement that completes it.
    pub(super) index: u64,
    /// The least that it comes to there.
    pub(super) lower: BigUint,
    /// Whether the versions in force at the end no longer show it.
    pub(super) restated: bool,
}

impl Sum {
    /// Gathers the reports of `window` over the perimeter, and says what is missing.
    ///
    /// With `heads`, only what they committed to counts: a baseline.
    pub(super) fn over(
        court: &Court<'_>,
        covered: &[Covered<'_>],
        record: &PledgeRecord,
        window: Period,
        heads: Option<&[StreamHead]>,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut sum = Self::default();
        let mut unknown_coverage = false;
        for covered in covered {
            let committed = heads.map(|heads| committed(covered, heads, findings));
            sum.area(court, covered, record, window, committed, findings);
            unknown_coverage |= covered.area.reports.iter().any(|report| {
                let figures = report.versions.iter().flat_map(|version| &version.figures);
                figures
                    .into_iter()
                    .any(|figure| figure.coverage == Coverage::Unknown)
            });
        }
        if unknown_coverage {
            findings.push(Finding::note(
                "coverage-unknown",
                Axis::Completeness,
                "how much of the time was seen is unknown: judged as recorded, at most CONSISTENT@E1",
            ));
        }
        sum
    }

    fn area(
        &mut self,
        court: &Court<'_>,
        covered: &Covered<'_>,
        record: &PledgeRecord,
        window: Period,
        committed: Option<u64>,
        findings: &mut Vec<Finding>,
    ) {
        let (area, name) = (covered.area, &covered.name);
        if area.open.first > window.start() {
            self.open = true;
        }
        let mut missing: Vec<Period> = Vec::new();
        for period in area.periods(window.start(), window.end()) {
            let report = area.report(period);
            let report =
                report.filter(|report| committed.is_none_or(|last| report.sequence <= last));
            let Some(report) = report else {
                missing.push(period);
                continue;
            };
            let item = weigh(court, record, report, window);
            let bounded = |weighed: &Weighed| weighed.amount.upper.is_some();
            if !item.versions.iter().any(|one| one.covers) {
                findings.push(Finding::not_shown(
                    "early",
                    format!("area {name}: the report of {period} was seen before the period ended"),
                ));
            } else if !item.versions.iter().filter(|one| one.covers).all(bounded) {
                let why = item.versions.iter().find_map(|one| one.amount.open.clone());
                findings.push(Finding::not_shown(
                    "unbounded-report",
                    format!(
                        "area {name}: the report of {period} bounds nothing from above: {}",
                        why.unwrap_or_default()
                    ),
                ));
            }
            self.items.push(item);
        }
        for stray in &area.strays {
            if window.covers(stray.period) {
                let mut item = weigh(court, record, stray, window);
                for version in &mut item.versions {
                    version.covers = false;
                    version.conflicting = true;
                }
                self.items.push(item);
            }
        }
        if let Some(first) = missing.first().copied() {
            self.open = true;
            let due = complete::due(area, &record.pledge, first);
            findings.push(match (committed, due) {
                (None, Some(due)) => complete::missing(
                    covered.history,
                    area,
                    name,
                    first,
                    due,
                    court.trust,
                    &court.clock,
                ),
                _ => Finding::not_shown(
                    "baseline-missing",
                    format!("area {name}: no report of {first} was committed before"),
                ),
            });
            if missing.len() > 1 {
                findings.push(Finding::not_shown(
                    "reports-missing",
                    format!(
                        "area {name}: {} reports are missing in {window}",
                        missing.len()
                    ),
                ));
            }
        }
    }

    /// Returns the least that the versions in force at the end come to.
    pub(super) fn lower(&self) -> BigUint {
        self.lower_in_force(u64::MAX)
    }

    /// Returns the most that any versions come to.
    pub(super) fn upper(&self) -> Option<BigUint> {
        self.upper_where(|item| {
            let standing = item.versions.iter().filter(|one| !one.conflicting);
            let uppers: Option<Vec<&BigUint>> =
                standing.map(|one| one.amount.upper.as_ref()).collect();
            uppers?.into_iter().max()
        })
    }

    /// Returns the most that the versions in force at `index` come to.
    pub(super) fn upper_in_force(&self, index: u64) -> Option<BigUint> {
        self.upper_where(|item| item.in_force(index)?.amount.upper.as_ref())
    }

    fn upper_where<'s>(&'s self, of: impl Fn(&'s Item) -> Option<&'s BigUint>) -> Option<BigUint> {
        if self.open {
            return None;
        }
        let mut total = BigUint::ZERO;
        for item in self.items.iter().filter(|item| !item.stray()) {
            if !item.versions.iter().any(|one| one.covers) {
                return None;
            }
            total += of(item)?;
        }
        Some(total)
    }

    /// Finds where the versions in force first come to what `breaches`, from `pledged`
    /// on; then, where a conflicting statement in place of the one in force does.
    pub(super) fn breach(
        &self,
        pledged: u64,
        breaches: impl Fn(&BigUint, u64) -> bool,
    ) -> Option<Breach> {
        let mut changes: Vec<u64> = self
            .items
            .iter()
            .flat_map(|item| item.versions.iter().map(|version| version.index))
            .map(|index| index.max(pledged))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        let last = changes.last().copied().unwrap_or(pledged);
        let standing = self.lower();
        // The lower bound is built up once, index by index.
        let mut running = Running::new(self);
        let found = changes.iter().find_map(|index| {
            let lower = running.at(*index);
            breaches(lower, *index).then(|| (*index, lower.clone()))
        });
        if let Some((index, lower)) = found {
            return Some(Breach {
                index,
                lower,
                restated: !breaches(&standing, last),
            });
        }
        self.conflicts().find_map(|(index, lower)| {
            breaches(&lower, last).then_some(Breach {
                index,
                lower,
                restated: false,
            })
        })
    }

    /// Returns what is come to with each conflicting version in its place.
    fn conflicts(&self) -> impl Iterator<Item = (u64, BigUint)> + '_ {
        let standing = self.lower();
        self.items
            .iter()
            .filter(|item| item.inside)
            .flat_map(move |item| {
                let own = item.in_force(u64::MAX).map(|one| one.amount.lower.clone());
                let without = &standing - own.unwrap_or_default();
                let conflicting = item.versions.iter().filter(|one| one.conflicting);
                conflicting
                    .map(|one| (one.index, &without + &one.amount.lower))
                    .collect::<Vec<_>>()
            })
    }

    fn lower_in_force(&self, index: u64) -> BigUint {
        let inside = self.items.iter().filter(|item| item.inside);
        inside
            .filter_map(|item| item.in_force(index))
            .map(|version| &version.amount.lower)
            .sum()
    }
}

impl Item {
    fn in_force(&self, index: u64) -> Option<&Weighed> {
        self.versions
            .iter()
            .rev()
            .find(|version| !version.conflicting && version.index <= index)
    }

    fn stray(&self) -> bool {
        self.versions.iter().all(|version| version.conflicting)
    }
}

/// The lower bound of the versions in force, as the index rises.
struct Running<'s> {
    /// Versions by index, each with that which it replaces.
    changes: Vec<(u64, &'s BigUint, Option<&'s BigUint>)>,
    next: usize,
    lower: BigUint,
}

impl<'s> Running<'s> {
    fn new(sum: &'s Sum) -> Self {
        let mut changes = Vec::new();
        for item in sum.items.iter().filter(|item| item.inside) {
            let mut before = None;
            for version in item.versions.iter().filter(|one| !one.conflicting) {
                let lower = &version.amount.lower;
                changes.push((version.index, lower, before.replace(lower)));
            }
        }
        changes.sort_by_key(|(index, _, _)| *index);
        Self {
            changes,
            next: 0,
            lower: BigUint::ZERO,
        }
    }

    fn at(&mut self, index: u64) -> &BigUint {
        while let Some((at, lower, before)) = self.changes.get(self.next)
            && *at <= index
        {
            self.lower += *lower;
            if let Some(before) = before {
                self.lower -= *before;
            }
            self.next = self.next.saturating_add(1);
        }
        &self.lower
    }
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

/// Returns the last sequence of an area that a baseline committed to.
fn committed(covered: &Covered<'_>, heads: &[StreamHead], findings: &mut Vec<Finding>) -> u64 {
    let head = heads.iter().find(|head| head.stream == covered.stream);
    let stands = covered.history.streams.get(&covered.stream);
    let known = head.and_then(|head| {
        let at = usize::try_from(head.sequence).ok()?;
        let id = stands?.ids.get(at).copied().flatten()?;
        (id == head.statement).then_some(head.sequence)
    });
    if known.is_none() {
        findings.push(Finding::not_shown(
            "baseline-head",
            format!(
                "area {}: the baseline's head is not in its stream",
                covered.name
            ),
        ));
    }
    known.unwrap_or_default()
}
