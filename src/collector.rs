//! From jobs to periods: what each period's accelerators were given to, to the second.
//!
//! Specified in `specs/collect.md`, section "Periods". A [`Collector`] takes whole jobs
//! and yields one [`PeriodUsage`] a period, in order, the empty ones included. A job over
//! an edge is clipped there: each of its seconds is counted in one period and no other.
//! What lies outside the range is counted too, in [`Collector::outside`], so that
//! nothing can be lost in silence.
//!
//! Where the jobs come from is the business of `telemetry`; that a job log never claims
//! to have seen everything, that of the caller, who states the coverage.

pub mod account;
pub mod billed;
mod metering;
pub mod reading;
mod track;
mod usage;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::attestation::figure::Class;
use crate::quantity::Interval;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;

pub use metering::{MeterId, MeterPeriod, Metered, Metering};
pub use track::Cell;
pub use usage::{PeriodUsage, Share, Usage};

/// The jobs, counted once a period, that are worked on at once: enough for every core,
/// and some 60 MB with their ledgers.
const JOBS_AT_ONCE: usize = 1 << 17;

/// One run of a job, from the instant it was given devices to the instant it gave them
/// back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The scheduler's id, or what stands for it. A requeued job has several runs of the
    /// same id.
    pub id: String,
    /// When it held the devices.
    pub span: Period,
    /// What it held, each model once.
    pub allocations: Vec<Allocation>,
    /// What it was for.
    pub class: Class,
    /// The run of training that it was part of, if known.
    pub run: Option<String>,
}

/// Devices of one model that a job held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The catalogue's id of the device, or `uncatalogued:<type>`.
    pub model: Arc<str>,
    /// How many; an interval where the job held shares of unknown size.
    pub accelerators: Interval,
}

/// Cuts jobs into periods.
///
/// An iterator over the periods of its range. It holds the jobs, and beside them only
/// what the period at hand needs.
#[derive(Debug)]
pub struct Collector {
    jobs: Vec<Job>,
    cadence: Cadence,
    range: Period,
    /// The first job, in order of start, that no period has reached.
    next: usize,
    /// The jobs that reach from the last period into the next one, by position.
    open: Vec<usize>,
    /// Where the next period starts.
    start: UnixSeconds,
}

impl Collector {
    /// Readies the periods of `range`, which must be whole periods of `cadence` counted
    /// from its start.
    pub fn new(mut jobs: Vec<Job>, cadence: Cadence, range: Period) -> Result<Self, CollectError> {
        if !divides(cadence, range) {
            return Err(CollectError::Range { range, cadence });
        }
        // By key and position: a job is too large to be moved about.
        jobs.sort_by_cached_key(|job| job.span.start());
        Ok(Self {
            jobs,
            cadence,
            start: range.start(),
            range,
            next: 0,
            open: Vec::new(),
        })
    }

    /// Returns the jobs, in order of start.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Returns the accelerator-seconds of all jobs, wherever they lie.
    pub fn total(&self) -> Result<Interval, CollectError> {
        self.sum(|job| job.span.seconds())
    }

    /// Returns the accelerator-seconds that lie before or after the range, in no period
    /// of it. With those of the periods they make up [`Self::total`], exactly.
    pub fn outside(&self) -> Result<Interval, CollectError> {
        self.sum(|job| {
            let inside = job.span.intersection(self.range).map_or(0, Period::seconds);
            job.span.seconds().saturating_sub(inside)
        })
    }

    fn sum(&self, seconds: impl Fn(&Job) -> u64) -> Result<Interval, CollectError> {
        let mut sum = Interval::ZERO;
        for job in &self.jobs {
            for share in &job.allocations {
                sum = usage::product(share.accelerators, seconds(job))
                    .and_then(|part| sum.plus(part))
                    .ok_or(CollectError::Overflow { period: self.range })?;
            }
        }
        Ok(sum)
    }

    /// Makes something of every period, on every core, and takes what was made, in order.
    ///
    /// Stops at the first error; others may then have been made that are never taken.
    pub fn each<T: Send, E: From<CollectError> + Send>(
        mut self,
        make: impl Fn(PeriodUsage) -> Result<T, E> + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let mut batch: Vec<(Period, Vec<usize>)> = Vec::new();
            let mut jobs = 0_usize;
            while jobs < JOBS_AT_ONCE {
                let Some((period, running)) = self.advance() else {
                    break;
                };
                // A period costs something even without jobs.
                jobs = jobs.saturating_add(running.len()).saturating_add(1);
                batch.push((period, running));
            }
            if batch.is_empty() {
                return Ok(());
            }
            let results: Vec<Result<T, E>> = batch
                .par_iter()
                .map(|(period, running)| make(self.usage(*period, running)?))
                .collect();
            for one in results {
                take(one?)?;
            }
        }
    }

    /// Moves on to the next period: which jobs run in it, by position.
    fn advance(&mut self) -> Option<(Period, Vec<usize>)> {
        if self.start >= self.range.end() {
            return None;
        }
        let period = self.cadence.period_from(self.start)?;
        self.start = period.end();
        let running = self.enter(period);
        Some((period, running))
    }

    fn usage(&self, period: Period, running: &[usize]) -> Result<PeriodUsage, CollectError> {
        PeriodUsage::of(period, running.iter().filter_map(|at| self.jobs.get(*at)))
    }

    /// Moves on to `period`: which jobs run in it, by position.
    fn enter(&mut self, period: Period) -> Vec<usize> {
        let mut running = std::mem::take(&mut self.open);
        while let Some(job) = self.jobs.get(self.next) {
            if job.span.start() >= period.end() {
                break;
            }
            if job.span.end() > period.start() {
                running.push(self.next);
            }
            self.next = self.next.saturating_add(1);
        }
        let reaches = |at: &&usize| {
            self.jobs
                .get(**at)
                .is_some_and(|job| job.span.end() > period.end())
        };
        self.open = running.iter().filter(reaches).copied().collect();
        running
    }
}

impl Iterator for Collector {
    type Item = Result<PeriodUsage, CollectError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (period, running) = self.advance()?;
        Some(self.usage(period, &running))
    }
}

/// Returns the whole periods of `cadence`, counted from `first`, that together hold every
/// job; `None` if there are no jobs, or one begins before `first`.
pub fn range_of(jobs: &[Job], cadence: Cadence, first: UnixSeconds) -> Option<Period> {
    let start = jobs.iter().map(|job| job.span.start()).min()?;
    // The last second that any job held a device lies inside the last period.
    let last = jobs
        .iter()
        .map(|job| job.span.end())
        .max()?
        .get()
        .checked_sub(1)?;
    let start = cadence.period_at(first, start)?.start();
    let end = cadence.period_at(first, UnixSeconds::new(last)?)?.end();
    Period::new(start, end)
}

/// The jobs' ids that hold devices in two runs at once, with how often: a sign of a log
/// put together from several, in which something is counted twice.
pub fn overlapping_runs(jobs: &[Job]) -> BTreeMap<&str, u64> {
    let mut runs: Vec<(&str, Period)> =
        jobs.iter().map(|job| (job.id.as_str(), job.span)).collect();
    runs.sort_unstable();
    let mut overlaps = BTreeMap::new();
    let mut latest: Option<(&str, UnixSeconds)> = None;
    for (id, span) in runs {
        if let Some((other, end)) = latest
            && other == id
        {
            if span.start() < end {
                let count: &mut u64 = overlaps.entry(id).or_default();
                *count = count.saturating_add(1);
            }
            latest = Some((id, end.max(span.end())));
        } else {
            latest = Some((id, span.end()));
        }
    }
    overlaps
}

/// Why periods cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// A total leaves the range of quantities.
    #[error("the accelerator-seconds of {period} are beyond 38 digits")]
    Overflow {
        /// Where.
        period: Period,
    },
    /// The range is not made of whole periods.
    #[error("{range} is not made of whole periods of `{cadence}`")]
    Range {
        /// The range.
        range: Period,
        /// How it should be cut.
        cadence: Cadence,
    },
}

fn divides(cadence: Cadence, range: Period) -> bool {
    match cadence {
        Cadence::Month => range.start().starts_month() && range.end().starts_month(),
        Cadence::Seconds(seconds) => range.seconds().is_multiple_of(seconds.get()),
    }
}

#[cfg(test)]
mod tests;
