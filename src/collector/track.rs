//! One measure of one meter, cut into periods as its readings come.
//!
//! Specified in `specs/readings.md`, section "Periods". Every sum is exact, in billionths
//! of a unit times milliseconds; what lies between two readings is bounded by them.

use crate::collector::reading::Billionths;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Millis;
use crate::collector::reading::Sample;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::time::Period;

/// Where periods begin and end, and how often a meter is read.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// The edges in milliseconds, ascending; one more than there are periods.
    edges: Vec<u64>,
    /// Milliseconds from one reading to the next.
    every: u64,
}

impl Timeline {
    pub(super) fn new(periods: &[Period], every: u64) -> Self {
        let first = periods.first().map(|period| period.start());
        let edges = first
            .into_iter()
            .chain(periods.iter().map(|period| period.end()))
            .map(|edge| Millis::from(edge).get());
        Self {
            edges: edges.collect(),
            every,
        }
    }

    /// The start and end of a period.
    fn bounds(&self, period: usize) -> Option<(u64, u64)> {
        let end = self.edges.get(period.checked_add(1)?)?;
        Some((*self.edges.get(period)?, *end))
    }

    /// The first period that ends after `at`, not before `from`.
    fn find(&self, at: u64, from: usize) -> usize {
        let within = |period: &usize| self.bounds(*period).is_some_and(|(_, end)| at < end);
        if within(&from) {
            return from;
        }
        let next = from.saturating_add(1);
        if within(&next) {
            return next;
        }
        let later = self.edges.get(next..).unwrap_or_default();
        next.saturating_add(later.partition_point(|edge| *edge <= at))
            .saturating_sub(1)
    }
}

/// What one measure of one meter comes to in one period.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Milliseconds that were seen.
    pub observed: u64,
    /// The least, in billionths of a unit times milliseconds; for energy, as for power,
    /// that is 10^-12 joules.
    pub lower: u128,
    /// Twice the trapezoid, in the same.
    pub twice_middle: u128,
    /// The most, of what was seen.
    pub upper: u128,
    /// How often a counter began anew.
    pub resets: u64,
    /// How many readings lie in the period.
    pub readings: u64,
    series: Hasher,
}

impl Cell {
    fn new() -> Self {
        Self {
            observed: 0,
            lower: 0,
            twice_middle: 0,
            upper: 0,
            resets: 0,
            readings: 0,
            series: Hasher::new(),
        }
    }

    /// Returns the SHA-256 of its readings in order, each as its time in milliseconds and
    /// its value in billionths, in 8 and 16 bytes, big-endian.
    pub fn series(&self) -> Hash {
        self.series.clone().finish()
    }

    fn add(&mut self, part: Part) -> Option<()> {
        self.observed = self.observed.checked_add(part.observed)?;
        self.lower = self.lower.checked_add(part.lower)?;
        self.twice_middle = self.twice_middle.checked_add(part.twice_middle)?;
        self.upper = self.upper.checked_add(part.upper)?;
        Some(())
    }

    fn record(&mut self, at: u64, value: Billionths) {
        self.readings = self.readings.saturating_add(1);
        let mut reading = [0; 24];
        let (time, amount) = reading.split_at_mut(8);
        time.copy_from_slice(&at.to_be_bytes());
        amount.copy_from_slice(&value.get().to_be_bytes());
        self.series.update(&reading);
    }
}

/// What is added to a cell.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    observed: u64,
    lower: u128,
    twice_middle: u128,
    upper: u128,
}

/// What is wrong with a reading; whose it is, the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Conflict(Sample),
    Order(Sample),
    Overlap(Lot),
    Size,
}

/// One measure of one meter.
#[derive(Clone, Debug)]
pub(super) struct Track {
    counter: bool,
    pub(super) first: Option<Sample>,
    pub(super) last: Option<Sample>,
    lot: Option<Lot>,
    /// The period that the last reading lies in, or before.
    period: usize,
    /// By period, ascending: those in which something was seen.
    cells: Vec<(usize, Cell)>,
    /// Readings that were given twice.
    pub(super) repeated: u64,
}

impl Track {
    pub(super) const fn new(measure: Measure) -> Self {
        Self {
            counter: measure.is_counter(),
            first: None,
            last: None,
            lot: None,
            period: 0,
            cells: Vec::new(),
            repeated: 0,
        }
    }

    pub(super) fn cell(&self, period: usize) -> Option<&Cell> {
        let at = self.cells.binary_search_by_key(&period, |(one, _)| *one);
        self.cells.get(at.ok()?).map(|(_, cell)| cell)
    }

    /// Takes the next reading.
    pub(super) fn push(&mut self, sample: Sample, timeline: &Timeline) -> Result<(), Fault> {
        if let Some(last) = self.last {
            if sample.at < last.at {
                return Err(Fault::Order(last));
            }
            if sample.at == last.at {
                if sample.value != last.value {
                    return Err(Fault::Conflict(last));
                }
                self.repeated = self.repeated.saturating_add(1);
                return Ok(());
            }
            self.between(last, sample, timeline).ok_or(Fault::Size)?;
        } else {
            self.first = Some(sample);
        }
        self.last = Some(sample);
        let at = sample.at.get();
        let period = timeline.find(at, self.period);
        self.period = period;
        if timeline
            .bounds(period)
            .is_some_and(|(start, end)| (start..end).contains(&at))
        {
            self.at(period).record(at, sample.value);
        }
        Ok(())
    }

    /// Takes the energy of the next stretch of time.
    pub(super) fn push_lot(&mut self, lot: Lot, timeline: &Timeline) -> Result<(), Fault> {
        if let Some(last) = self.lot
            && lot.start < last.end
        {
            if (lot.start, lot.end, lot.joules) == (last.start, last.end, last.joules) {
                self.repeated = self.repeated.saturating_add(1);
                return Ok(());
            }
            return Err(Fault::Overlap(last));
        }
        self.lot = Some(lot);
        let (start, end) = (lot.start.get(), lot.end.get());
        self.period = timeline.find(start, self.period);
        if timeline
            .bounds(self.period)
            .is_some_and(|(from, to)| (from..to).contains(&start))
        {
            self.at(self.period).record(start, lot.joules);
        }
        self.spread(start, end, end, lot.joules.get(), timeline)
            .ok_or(Fault::Size)
    }

    /// Accounts for the time from one reading to the next.
    fn between(&mut self, from: Sample, to: Sample, timeline: &Timeline) -> Option<()> {
        let apart = to.at.since(from.at);
        let near = apart.checked_mul(2)? <= timeline.every.checked_mul(3)?;
        if !self.counter {
            return if near {
                self.trapezoid(from, to, timeline)
            } else {
                self.hold(from, timeline)
            };
        }
        let (start, end) = (from.at.get(), to.at.get());
        let Some(used) = to.value.get().checked_sub(from.value.get()) else {
            // It began anew: what it shows now was used since, what it showed before is
            // lost, and the time counts as not seen.
            let period = timeline.find(end, self.period);
            if timeline.bounds(period).is_some_and(|(from, _)| from <= end) {
                let cell = self.at(period);
                cell.resets = cell.resets.saturating_add(1);
            }
            return self.spread(start, end, start, to.value.get(), timeline);
        };
        let seen = if near {
            end
        } else {
            start.checked_add(timeline.every)?
        };
        self.spread(start, end, seen, used, timeline)
    }

    /// A gauge between two readings: what it showed lies between them.
    fn trapezoid(&mut self, from: Sample, to: Sample, timeline: &Timeline) -> Option<()> {
        let (start, end) = (from.at.get(), to.at.get());
        let apart = u128::from(end.checked_sub(start)?);
        let (one, other) = (from.value.get(), to.value.get());
        // The line between them at an instant: rounded down, and rounded up.
        let line = |at: u64| -> Option<(u128, u128)> {
            let (left, right) = (
                u128::from(end.checked_sub(at)?),
                u128::from(at.checked_sub(start)?),
            );
            let scaled = one
                .checked_mul(left)?
                .checked_add(other.checked_mul(right)?)?;
            Some((scaled.checked_div(apart)?, scaled.div_ceil(apart)))
        };
        self.each(start, end, timeline, |cell, begin, stop| {
            let (first, second) = if (begin, stop) == (start, end) {
                ((one, one), (other, other))
            } else {
                (line(begin)?, line(stop)?)
            };
            let length = u128::from(stop.checked_sub(begin)?);
            cell.add(Part {
                observed: stop.checked_sub(begin)?,
                lower: first.0.min(second.0).checked_mul(length)?,
                twice_middle: first.0.checked_add(second.1)?.checked_mul(length)?,
                upper: first.1.max(second.1).checked_mul(length)?,
            })
        })
    }

    /// A gauge after which nothing was read in time, though later: it stands for one
    /// interval. After the very last reading nothing is known.
    fn hold(&mut self, sample: Sample, timeline: &Timeline) -> Option<()> {
        let start = sample.at.get();
        let end = start.checked_add(timeline.every)?;
        self.each(start, end, timeline, |cell, begin, stop| {
            let observed = stop.checked_sub(begin)?;
            let held = sample.value.get().checked_mul(u128::from(observed))?;
            cell.add(Part {
                observed,
                lower: held,
                twice_middle: held.checked_mul(2)?,
                upper: held,
            })
        })
    }

    /// An amount used at some time from `start` to `end`, seen up to `seen`. In which of
    /// several periods is not known: in each, between none and all of it.
    fn spread(
        &mut self,
        start: u64,
        end: u64,
        seen: u64,
        used: u128,
        timeline: &Timeline,
    ) -> Option<()> {
        let apart = u128::from(end.checked_sub(start)?);
        let used = used.checked_mul(1000)?;
        self.each(start, end, timeline, |cell, begin, stop| {
            let length = u128::from(stop.checked_sub(begin)?);
            let whole = length == apart;
            let (each, rest) = (used.checked_div(apart)?, used.checked_rem(apart)?);
            let rest = rest.checked_mul(length)?.checked_div(apart)?;
            let part = each.checked_mul(length)?.checked_add(rest)?;
            cell.add(Part {
                observed: seen.min(stop).saturating_sub(begin),
                lower: if whole { used } else { 0 },
                twice_middle: if whole { used } else { part }.checked_mul(2)?,
                upper: used,
            })
        })
    }

    /// Does something with every period that `start` to `end` touches, clipped to it.
    fn each(
        &mut self,
        start: u64,
        end: u64,
        timeline: &Timeline,
        mut add: impl FnMut(&mut Cell, u64, u64) -> Option<()>,
    ) -> Option<()> {
        let mut period = timeline.find(start, self.period);
        while let Some((from, to)) = timeline.bounds(period) {
            if from >= end {
                break;
            }
            add(self.at(period), start.max(from), end.min(to))?;
            period = period.checked_add(1)?;
        }
        Some(())
    }

    /// The cell of a period. Readings come in order, so that it is nearly always the last.
    fn at(&mut self, period: usize) -> &mut Cell {
        let found = match self.cells.last() {
            Some((last, _)) if *last == period => Ok(self.cells.len().saturating_sub(1)),
            Some((last, _)) if *last < period => Err(self.cells.len()),
            _ => self.cells.binary_search_by_key(&period, |(one, _)| *one),
        };
        let at = found.unwrap_or_else(|at| {
            self.cells.insert(at, (period, Cell::new()));
            at
        });
        #[expect(clippy::indexing_slicing, reason = "it was found or put there")]
        &mut self.cells[at].1
    }
}
