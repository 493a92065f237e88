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
mod job;
mod metering;
pub mod reading;
mod shelf;
mod track;
mod usage;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::quantity::Interval;
use crate::time::Cadence;
use crate::time::Period;

use job::Settled;
use shelf::Common;

pub use job::{Allocation, Job, Noticed, RowOf};
pub use metering::{MeterId, MeterPeriod, Metered, Metering};
pub use shelf::{Memory, Shelf};
pub use track::Cell;
pub use usage::{PeriodUsage, Share, Usage};

/// Bytes of shelved jobs that are worked on at once: some 20,000 jobs, enough for every
/// core, and some 10 MB with what is made of them.
const BYTES_AT_ONCE: usize = 1 << 20;

/// Cuts jobs into periods.
///
/// It holds no jobs: they lie on a [`Shelf`] by the periods that they overlap, and only
/// those of the periods at hand are worked on.
#[derive(Debug)]
pub struct Collector<S> {
    periods: Vec<Period>,
    range: Period,
    shelf: S,
    common: Common,
    /// Room for a job as bytes, used again and again.
    bytes: Vec<u8>,
    outside: Interval,
    /// The period that comes next, by number.
    next: usize,
    noticed: Noticed,
}

impl Collector<Memory> {
    /// Readies the periods of `range` with all their jobs, held in memory.
    pub fn of(jobs: &[Job], cadence: Cadence, range: Period) -> Result<Self, CollectError> {
        let mut collector = Self::new(cadence, range, Memory::default())?;
        for job in jobs {
            collector.add(job)?;
        }
        Ok(collector)
    }
}

impl<S: Shelf> Collector<S> {
    /// Readies the periods of `range`, which must be whole periods of `cadence` counted
    /// from its start.
    pub fn new(cadence: Cadence, range: Period, shelf: S) -> Result<Self, CollectError> {
        let periods = cadence.periods_of(range);
        let periods = periods.ok_or(CollectError::Range { range, cadence })?;
        Ok(Self {
            periods,
            range,
            shelf,
            common: Common::default(),
            bytes: Vec::new(),
            outside: Interval::ZERO,
            next: 0,
            noticed: Noticed::default(),
        })
    }

    /// Takes a job, before any period is made.
    pub fn add(&mut self, job: &Job) -> Result<(), CollectError> {
        let inside = job.span.intersection(self.range);
        self.count(job, inside)
            .ok_or(CollectError::Overflow { period: self.range })?;
        let Some(inside) = inside else {
            return Ok(());
        };
        let bytes = self.common.write(job, std::mem::take(&mut self.bytes));
        let bytes = bytes.ok_or_else(|| CollectError::Shelf {
            why: format!("job {} cannot be spelled", job.id),
        })?;
        let first = self
            .periods
            .partition_point(|period| period.end() <= inside.start());
        for (at, period) in self.periods.iter().enumerate().skip(first) {
            if period.start() >= inside.end() {
                break;
            }
            let put = self.shelf.put(at, &bytes);
            put.map_err(|why| CollectError::Shelf { why })?;
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Counts what of a job lies beyond the range.
    fn count(&mut self, job: &Job, inside: Option<Period>) -> Option<()> {
        let inside = inside.map_or(0, Period::seconds);
        let beyond = job.span.seconds().checked_sub(inside)?;
        for share in job.allocations.iter() {
            let seconds = usage::product(share.accelerators, beyond)?;
            self.outside = self.outside.plus(seconds)?;
        }
        Some(())
    }

    /// Returns the accelerator-seconds that lie before or after the range, those of rows
    /// that repeat another included.
    pub const fn outside(&self) -> Interval {
        self.outside
    }

    /// Returns what was noticed of the rows of the periods that were made.
    pub const fn noticed(&self) -> &Noticed {
        &self.noticed
    }

    /// Makes something of every period, on every core, and takes what was made, in order.
    ///
    /// Stops at the first error; others may then have been made that are never taken.
    pub fn each<T: Send, E: From<CollectError> + Send>(
        &mut self,
        make: impl Fn(PeriodUsage) -> Result<T, E> + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let mut batch: Vec<(usize, Vec<u8>)> = Vec::new();
            let mut size = 0_usize;
            while size < BYTES_AT_ONCE
                && let Some((at, bytes)) = self.advance()?
            {
                // A period costs something even without jobs.
                size = size.saturating_add(bytes.len()).saturating_add(64);
                batch.push((at, bytes));
            }
            if batch.is_empty() {
                return Ok(());
            }
            let (periods, common) = (&self.periods, &self.common);
            let results: Vec<Result<(usize, T, Settled), E>> = batch
                .into_par_iter()
                .map(|(at, bytes)| {
                    let (usage, settled) = usage_of(periods, common, at, &bytes)?;
                    Ok((at, make(usage)?, settled))
                })
                .collect();
            for result in results {
                let (at, one, settled) = result?;
                self.notice(at, settled);
                take(one)?;
            }
        }
    }

    /// Moves on to the next period: its number, and its jobs as bytes.
    fn advance(&mut self) -> Result<Option<(usize, Vec<u8>)>, CollectError> {
        if self.next >= self.periods.len() {
            return Ok(None);
        }
        let at = self.next;
        self.next = self.next.saturating_add(1);
        let bytes = self.shelf.take(at);
        Ok(Some((
            at,
            bytes.map_err(|why| CollectError::Shelf { why })?,
        )))
    }

    fn notice(&mut self, at: usize, settled: Settled) {
        if let Some(period) = self.periods.get(at) {
            self.noticed.add(settled, *period, at == 0);
        }
    }
}

impl<S: Shelf> Iterator for Collector<S> {
    type Item = Result<PeriodUsage, CollectError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (at, bytes) = match self.advance() {
            Ok(next) => next?,
            Err(error) => return Some(Err(error)),
        };
        let made = usage_of(&self.periods, &self.common, at, &bytes);
        Some(made.map(|(usage, settled)| {
            self.notice(at, settled);
            usage
        }))
    }
}

fn usage_of(
    periods: &[Period],
    common: &Common,
    at: usize,
    bytes: &[u8],
) -> Result<(PeriodUsage, Settled), CollectError> {
    let broken = || CollectError::Shelf {
        why: "it gave back other bytes than it was given".to_owned(),
    };
    let period = periods.get(at).ok_or_else(broken)?;
    let mut jobs = common.read(bytes).ok_or_else(broken)?;
    let settled = job::settle(&mut jobs)?;
    if common.clusters.len() > 1 {
        for job in &mut jobs {
            job.name_cluster();
        }
    }
    Ok((PeriodUsage::of(*period, jobs.iter())?, settled))
}

/// Puts the rows of jobs together as a [`Collector`] does period by period, all at once.
pub fn put_together(jobs: &mut Vec<Job>) -> Result<Noticed, CollectError> {
    let settled = job::settle(jobs)?;
    let mut noticed = Noticed::default();
    if let Some(all) = jobs.iter().map(|job| job.span).reduce(Period::hull) {
        noticed.add(settled, all, true);
    }
    let clusters: BTreeSet<&Option<Arc<str>>> = jobs.iter().map(|job| &job.cluster).collect();
    if clusters.len() > 1 {
        for job in jobs {
            job.name_cluster();
        }
    }
    Ok(noticed)
}

/// Why periods cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// Two rows of one run of one job say different things.
    #[error("row {row} says otherwise than row {first} of job `{job}` over the same time")]
    Conflict {
        /// The row.
        row: u64,
        /// The row before.
        first: u64,
        /// The job.
        job: String,
    },
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
    /// Jobs cannot be laid by, or not be had again.
    #[error("jobs cannot be kept until their period is worked on: {why}")]
    Shelf {
        /// Why not.
        why: String,
    },
}

#[cfg(test)]
mod tests;
