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
mod name;
pub mod reading;
mod shelf;
mod track;
mod usage;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::ledger::LedgerError;
use crate::quantity::Interval;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;

use job::Held;
use job::Settled;
use shelf::Common;
use shelf::Taken;

pub use job::{Allocation, Job, Noticed, RowOf};
pub use metering::{MeterId, MeterPeriod, Metered, Metering};
pub use name::Name;
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
    common: Arc<Common>,
    /// Room for a job as bytes, used again and again.
    room: Vec<u8>,
    outside: Interval,
    /// The period that the job before began in, by number.
    near: usize,
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
            common: Arc::default(),
            room: Vec::new(),
            outside: Interval::ZERO,
            near: 0,
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
        let first = self.period_at(inside.start());
        let common = Arc::get_mut(&mut self.common);
        let common = common.ok_or_else(|| CollectError::Shelf {
            why: "there are periods already".to_owned(),
        })?;
        let laid = common.write(job, &mut self.room);
        let laid = laid.ok_or_else(|| CollectError::Shelf {
            why: format!("job {} cannot be spelled", job.id),
        })?;
        let from = self.periods.get(first..).unwrap_or_default();
        let held = from.iter().take_while(|one| one.start() < inside.end());
        for at in (first..).zip(held).map(|(at, _)| at) {
            let put = self.shelf.put(at, laid);
            put.map_err(|why| CollectError::Shelf { why })?;
        }
        Ok(())
    }

    /// Finds the period of an instant in the range. Jobs come in order of time: it is nearly
    /// always that of the job before, or the one after.
    fn period_at(&mut self, instant: UnixSeconds) -> usize {
        let holds = |at: usize| {
            self.periods
                .get(at)
                .is_some_and(|one| one.contains(instant))
        };
        let near = [self.near, self.near.saturating_add(1)];
        self.near = near.into_iter().find(|at| holds(*at)).unwrap_or_else(|| {
            self.periods
                .partition_point(|period| period.end() <= instant)
        });
        self.near
    }

    /// Counts what of a job lies beyond the range.
    fn count(&mut self, job: &Job, inside: Option<Period>) -> Option<()> {
        let inside = inside.map_or(0, Period::seconds);
        let beyond = job.span.seconds().checked_sub(inside)?;
        if beyond == 0 {
            return Some(());
        }
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
        let mut batch = self.batch()?;
        while !batch.is_empty() {
            // While some are worked on, the next are had from the shelf; begun first, as only one
            // core can do it.
            let (next, results) = rayon::join(
                || self.batch(),
                || {
                    let usages = batch.into_par_iter().map(|(at, period, jobs)| {
                        let (usage, settled) = PeriodUsage::of(period, jobs)?;
                        Ok((at, make(usage)?, settled))
                    });
                    usages.collect::<Vec<Result<(usize, T, Settled), E>>>()
                },
            );
            for result in results {
                let (at, one, settled) = result?;
                self.notice(at, settled);
                take(one)?;
            }
            batch = next?;
        }
        Ok(())
    }

    /// Moves on over some periods, none at the end.
    fn batch(&mut self) -> Result<Vec<(usize, Period, Taken)>, CollectError> {
        let mut batch = Vec::new();
        let mut size = 0_usize;
        while size < BYTES_AT_ONCE
            && let Some((at, period, jobs)) = self.advance()?
        {
            // A period costs something even without jobs.
            size = size.saturating_add(jobs.bytes.len()).saturating_add(64);
            batch.push((at, period, jobs));
        }
        Ok(batch)
    }

    /// Moves on to the next period: its number, when it is, and its jobs.
    fn advance(&mut self) -> Result<Option<(usize, Period, Taken)>, CollectError> {
        let at = self.next;
        let Some(period) = self.periods.get(at) else {
            return Ok(None);
        };
        self.next = self.next.saturating_add(1);
        let bytes = self.shelf.take(at);
        let jobs = Taken {
            bytes: bytes.map_err(|why| CollectError::Shelf { why })?,
            common: self.common.clone(),
        };
        Ok(Some((at, *period, jobs)))
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
        let (at, period, jobs) = match self.advance() {
            Ok(next) => next?,
            Err(error) => return Some(Err(error)),
        };
        let made = PeriodUsage::of(period, jobs);
        Some(made.map(|(usage, settled)| {
            self.notice(at, settled);
            usage
        }))
    }
}

/// Puts the rows of jobs together as a [`Collector`] does period by period, all at once.
pub fn put_together(jobs: &mut Vec<Job>) -> Result<Noticed, CollectError> {
    let mut rows: Vec<Held<'_>> = jobs.iter().map(Job::held).collect();
    let settled = job::settle(&mut rows)?;
    let clusters: BTreeSet<&Option<Arc<str>>> = jobs.iter().map(|job| &job.cluster).collect();
    let of_several_clusters = clusters.len() > 1;
    let put_together = rows.iter().map(|row| Job {
        id: row.name(of_several_clusters),
        ..row.job()
    });
    *jobs = put_together.collect();
    let mut noticed = Noticed::default();
    if let Some(all) = jobs.iter().map(|job| job.span).reduce(Period::hull) {
        noticed.add(settled, all, true);
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
    /// The ledger of a period cannot be made.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
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
