//! What the reports of a window come to, from below and from above.
//!
//! Reports are weighed as they are read out of the histories and not kept: a window may
//! hold a million of them. Where the order of the log matters, [`timeline`] reads them
//! again.

mod admitted;
mod area;
mod largest;
mod scale;
mod sliding;
mod timeline;
mod tree;

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::attestation::content::StreamHead;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::perimeter::Covered;
use crate::verify::findings::Findings;
use crate::verify::history::PledgeRecord;
use crate::verify::verdict::Finding;

use area::Total;
pub(super) use scale::Fold;
use scale::Scale;
pub(super) use timeline::Breach;

/// What the reports of a window come to.
pub(super) struct Sum<'c> {
    scale: Scale<'c>,
    /// The areas, each with the last sequence that counts: all, or what a baseline
    /// committed to.
    areas: Vec<(&'c Covered<'c>, Option<u64>)>,
    total: Total,
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
        let areas: Vec<_> = covered
            .iter()
            .map(|covered| {
                let committed = heads.map(|heads| committed(covered, heads, findings));
                (covered, committed)
            })
            .collect();
        let scale = Scale {
            fold,
            court,
            record,
            window,
            whole,
        };
        // Area by area, on every core; put together in their order, whoever was first.
        let of_areas = |(covered, committed): &(&Covered<'_>, Option<u64>)| {
            Total::of(scale, covered, *committed)
        };
        let mut total = Total::none(window);
        let parts: Vec<Total> = areas.par_iter().map(of_areas).collect();
        for part in parts {
            total.add(fold, part);
        }
        findings.merge(std::mem::take(&mut total.findings));
        if total.unknown_coverage {
            findings.push(Finding::new(
                Check::CoverageUnknown,
                "how much of the time was seen is unknown: judged as recorded, and no root of trust",
            ));
        }
        Self {
            scale,
            areas,
            total,
        }
    }

    /// Returns the least that the versions in force at the end come to.
    pub(super) const fn lower(&self) -> &BigUint {
        &self.total.lower
    }

    /// Returns the least that any versions come to: what a baseline is at least.
    pub(super) const fn least(&self) -> &BigUint {
        &self.total.least
    }

    /// Returns the most that any versions come to.
    pub(super) const fn upper(&self) -> Option<&BigUint> {
        self.total.upper.as_ref()
    }

    /// Returns the seconds of the time that counts from below.
    pub(super) fn seconds(&self) -> u64 {
        self.total.until.since(self.scale.window.start())
    }

    /// Returns the last index of a report that counts.
    pub(super) const fn last_index(&self) -> Option<u64> {
        self.total.last_index
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
