//! Claims that limit how many accelerators there are, or run, at once.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::claim::Counting;
use crate::claim::Pledge;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::Case;
use crate::verify::claim::Court;
use crate::verify::claim::H100;
use crate::verify::claim::MILLI;
use crate::verify::claim::amount;
use crate::verify::claim::held;
use crate::verify::claim::limits::Compared;
use crate::verify::claim::limits::Evidence;
use crate::verify::claim::limits::outside;
use crate::verify::claim::limits::straddles;
use crate::verify::claim::limits::violated;
use crate::verify::claim::sum::Breach;
use crate::verify::claim::sum::Fold;
use crate::verify::history::Area;
use crate::verify::history::Gap;
use crate::verify::history::InventoryRecord;
use crate::verify::history::Report;
use crate::verify::history::Version;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Numbers;

/// Limits the accelerators at once.
pub(super) fn accelerators(
    evidence: &Evidence<'_>,
    limit: Quantity,
    counting: Counting,
    case: &mut Case,
) {
    let (court, pledge) = (evidence.court, &evidence.record.pledge);
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let limit = BigUint::from(limit.get()) + BigUint::from(allowance);
    // What is missing, early or unbounded is told as for any other claim.
    let windows = (evidence.window, pledge.window);
    let sum = evidence.sum(windows, None, Fold::Presence, case);
    let scale = Scale { court, pledge };
    let counted = Counted::of(evidence, &scale, counting, &limit);
    if counted.unknown && counting == Counting::InUse {
        case.findings.push(Finding::new(
            Check::CoverageUnknown,
            "how much of the time was seen is unknown: judged as recorded, and no root of trust",
        ));
    }
    let held = held::at_once(evidence.covered, evidence.window, |inventory| {
        let counts = inventory.capacity.iter();
        let lower = counts.clone().map(|one| scale.down(&one.model, one.count));
        let upper = counts.map(|one| scale.up(&one.model, one.count)).sum();
        // Of several models, not all need have been there at once.
        (lower.max().unwrap_or_default(), upper)
    });
    let mut sums = vec![(counted.mean.sum, counted.mean.index)];
    if counting == Counting::Installed {
        sums.push((held.lower, held.index));
    }
    let least = sums.iter().map(|(sum, _)| sum.clone()).max();
    let beyond = sums.into_iter().filter(|(sum, _)| *sum > limit);
    let beyond = beyond.map(|(lower, index)| Breach {
        index: index.max(evidence.record.index),
        lower,
        restated: false,
    });
    let single = counted.single.into_iter();
    let most = single
        .chain(beyond)
        .min_by_key(|one| (one.restated, one.index));
    let lower = most.as_ref().map(|most| most.lower.clone()).or(least);
    let lower = lower.unwrap_or_default();
    let bounds = counted.bounds;
    let reported = sum.upper().and_then(|_| held::most_at_once(bounds));
    let upper = match counting {
        Counting::InUse => reported,
        // Both stand: what was counted, and what is held.
        Counting::Installed => reported.zip(held.upper).map(|(one, other)| one.max(other)),
    };
    violated(most.as_ref(), &limit, pledge.window, pledge, case);
    if most.is_none() {
        let within = upper.as_ref().map(|upper| *upper <= limit);
        straddles(within, pledge.window, case);
    }
    let compared = Compared {
        most: &|amount| *amount <= limit,
        measured: &|amount| *amount > limit,
    };
    outside(evidence, windows, &lower, &compared, case);
    case.last_index = case.last_index.max(sum.last_index());
    case.numbers = Some(Numbers {
        lower: lower.to_string(),
        upper: upper.map(|upper| upper.to_string()),
        limit: limit.to_string(),
        unit: pledge.unit().to_owned(),
    });
}

/// What reports count.
#[derive(Default)]
struct Counted {
    /// The most of each area in each period.
    bounds: Vec<(Period, Option<BigUint>)>,
    /// What ran on average in the period in which that was most.
    mean: Mean,
    /// One version that by itself is beyond the limit.
    single: Option<Breach>,
    /// Whether some figure does not say how much it saw.
    unknown: bool,
}

impl Counted {
    fn of(evidence: &Evidence<'_>, scale: &Scale<'_>, counting: Counting, limit: &BigUint) -> Self {
        let (window, whole) = (evidence.window, evidence.record.pledge.window);
        let mut counted = Self::default();
        let mut means: BTreeMap<Period, Mean> = BTreeMap::new();
        for covered in evidence.covered {
            let area = covered.area;
            let mut reports = area.reports.cursor(window.start(), window.end());
            while let Some(report) = reports.next() {
                let standing = || report.versions.iter().filter(|one| !one.conflicting);
                let uppers = standing().map(|one| scale.most(one, report.period, area, counting));
                let upper =
                    uppers.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)));
                counted.bounds.push((report.period, upper.flatten()));
                let mut figures = standing().flat_map(|one| &one.account.figures);
                counted.unknown |= figures.any(|told| told.gap == Gap::Unknown);
                if let Some(last) = standing()
                    .next_back()
                    .filter(|_| whole.covers(report.period))
                {
                    let mean = means.entry(report.period).or_default();
                    mean.add(scale, last, report.period);
                }
                counted.each(evidence, scale, report, limit);
            }
            for stray in area.strays.values() {
                counted.each(evidence, scale, stray, limit);
            }
        }
        let most = means
            .into_values()
            .max_by(|one, other| one.sum.cmp(&other.sum));
        counted.mean = most.unwrap_or_default();
        counted
    }

    /// Each version by itself, wherever it stands.
    fn each(
        &mut self,
        evidence: &Evidence<'_>,
        scale: &Scale<'_>,
        report: &Report,
        limit: &BigUint,
    ) {
        let pledged = evidence.record.index;
        if !evidence.record.pledge.window.covers(report.period) {
            return;
        }
        for version in &report.versions {
            let lower = scale.least(version, report.period);
            let mut standing = report.versions.iter().filter(|one| !one.conflicting);
            let next = standing.find(|one| one.index > version.index);
            let replaced = next.filter(|_| !version.conflicting);
            if lower <= *limit || replaced.is_some_and(|one| one.index <= pledged) {
                continue;
            }
            let found = Breach {
                index: version.index.max(pledged),
                lower,
                restated: replaced.is_some(),
            };
            let rank = |one: &Breach| (one.restated, one.index);
            if self
                .single
                .as_ref()
                .is_none_or(|known| rank(&found) < rank(known))
            {
                self.single = Some(found);
            }
        }
    }
}

/// What ran on average in one period, over all areas: at least so many ran at once.
#[derive(Default)]
struct Mean {
    sum: BigUint,
    index: u64,
}

impl Mean {
    fn add(&mut self, scale: &Scale<'_>, version: &Version, period: Period) {
        self.sum += scale.mean(version, period);
        self.index = self.index.max(version.index);
    }
}

/// Counts devices in the unit of a pledge.
struct Scale<'c> {
    court: &'c Court<'c>,
    pledge: &'c Pledge,
}

impl Scale<'_> {
    /// Returns the most accelerators at once that a report allows.
    fn most(
        &self,
        version: &Version,
        period: Period,
        area: &Area,
        counting: Counting,
    ) -> Option<BigUint> {
        let held: Vec<&InventoryRecord> = area.inventories_within(period).collect();
        // No more run than are there.
        let capacity = held.iter().map(|inventory| {
            let counts = inventory.capacity.iter();
            let counts = counts.map(|one| self.up(&one.model, one.count));
            counts.sum::<Option<BigUint>>()
        });
        let capacity = capacity
            .reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)))
            .flatten();
        let told = self.told(version);
        let open = told.values().any(|(_, open)| *open) || !version.understood;
        let reported = (!open && !told.is_empty()).then(|| {
            let counts = told
                .iter()
                .map(|((model, _), (value, _))| self.up(model, value.upper()));
            counts.sum::<Option<BigUint>>()
        });
        match (counting, reported.flatten(), capacity) {
            (Counting::Installed, reported, _) => reported.or(Some(BigUint::ZERO)),
            (Counting::InUse, Some(reported), Some(held)) => Some(reported.min(held)),
            (Counting::InUse, reported, held) => reported.or(held),
        }
    }

    /// Returns the fewest that a report by itself admits.
    fn least(&self, version: &Version, period: Period) -> BigUint {
        let told = self.told(version);
        let counts = told
            .iter()
            .map(|((model, _), (value, _))| self.down(model, value.lower()));
        counts
            .max()
            .unwrap_or_default()
            .max(self.mean(version, period))
    }

    /// Returns what the accelerator-seconds of a report come to on average.
    fn mean(&self, version: &Version, period: Period) -> BigUint {
        let mut hulls = BTreeMap::new();
        for told in &version.account.figures {
            let key = &told.kind.key;
            if key.quantity == QuantityKind::AcceleratorSeconds
                && key.basis == self.pledge.counted.basis
                && self.counts(key.class)
            {
                let hull = hulls.entry((&key.model, key.class)).or_insert(told.value);
                *hull = hull.hull(told.value);
            }
        }
        let seconds: BigUint = hulls
            .into_iter()
            .map(|((model, _), value)| self.down(model, value.lower()))
            .sum();
        seconds / period.seconds()
    }

    /// Returns the counts of a report, each with whether something of it was not seen.
    fn told<'v>(&self, version: &'v Version) -> BTreeMap<(&'v str, Class), (Interval, bool)> {
        let mut hulls = BTreeMap::new();
        for told in &version.account.figures {
            let key = &told.kind.key;
            if key.quantity != QuantityKind::Accelerators
                || key.basis != self.pledge.counted.basis
                || !self.counts(key.class)
            {
                continue;
            }
            let open = !matches!(told.gap, Gap::Unknown | Gap::Charged(Quantity::ZERO));
            let (value, unseen) = hulls
                .entry((key.model.as_str(), key.class))
                .or_insert((told.value, false));
            *value = value.hull(told.value);
            *unseen |= open;
        }
        hulls
    }

    fn counts(&self, class: Class) -> bool {
        amount::counts(class, self.pledge)
    }

    /// Returns a count in the pledge's unit, rounded up; `None` without a peak.
    fn up(&self, model: &str, count: Quantity) -> Option<BigUint> {
        if !self.pledge.counted.h100_equivalents || count == Quantity::ZERO {
            return Some(BigUint::from(count.get()));
        }
        let (peak, unit) = ((self.court.peaks)(model)?, (self.court.peaks)(H100)?);
        let scaled = BigUint::from(count.get()) * peak * MILLI;
        Some((scaled + unit - 1_u32) / unit)
    }

    /// Returns a count in the pledge's unit, rounded down; none without a peak.
    fn down(&self, model: &str, count: Quantity) -> BigUint {
        if !self.pledge.counted.h100_equivalents {
            return BigUint::from(count.get());
        }
        let peaks = (self.court.peaks)(model).zip((self.court.peaks)(H100));
        peaks.map_or(BigUint::ZERO, |(peak, unit)| {
            BigUint::from(count.get()) * peak * MILLI / unit
        })
    }
}
