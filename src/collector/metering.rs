//! From readings to periods: what each meter showed, how much of each period it saw, and
//! what it did not.
//!
//! Specified in `specs/readings.md`. A [`Metering`] takes readings one by one, those of a
//! meter in order of time, and holds sums, never the readings: a file of any size passes
//! through it. What was not seen is a gap, in milliseconds, and is never filled.

use std::collections::BTreeMap;

use crate::attestation::figure::Boundary;
use crate::collector::reading::Billionths;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::ReadingError;
use crate::collector::reading::SECOND;
use crate::collector::reading::Sample;
use crate::collector::track::Cell;
use crate::collector::track::Fault;
use crate::collector::track::Timeline;
use crate::collector::track::Track;
use crate::time::Cadence;
use crate::time::Period;

/// Readings that are held back until it is known how far they lie apart.
const SNIFFED: usize = 1 << 16;

/// A quarter of an hour, by which time zones differ.
const QUARTER: u64 = 15 * 60 * SECOND;

/// A meter, by its number in one [`Metering`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeterId(usize);

/// Cuts readings into periods.
#[derive(Debug)]
pub struct Metering {
    periods: Vec<Period>,
    /// `None` until it is known how often meters are read.
    timeline: Option<Timeline>,
    /// The same periods for stretches of time, which need not be read often.
    stretches: Timeline,
    every: Option<u64>,
    waiting: Vec<(MeterId, Measure, Sample)>,
    meters: Vec<Series>,
    known: BTreeMap<(Boundary, String), MeterId>,
}

/// A meter with its tracks.
#[derive(Debug)]
struct Series {
    meter: Meter,
    tracks: BTreeMap<Measure, Track>,
}

impl Metering {
    /// Readies the periods of `range`, whole periods of `cadence` counted from its start.
    ///
    /// `every` is how many milliseconds lie between two readings of a meter; `None` takes
    /// the median of the first ones.
    pub fn new(cadence: Cadence, range: Period, every: Option<u64>) -> Result<Self, ReadingError> {
        let periods = cadence.periods_of(range);
        let periods = periods.ok_or(ReadingError::Range { range })?;
        let every = every.filter(|every| *every > 0);
        Ok(Self {
            timeline: every.map(|every| Timeline::new(&periods, every)),
            stretches: Timeline::new(&periods, 0),
            periods,
            every,
            waiting: Vec::new(),
            meters: Vec::new(),
            known: BTreeMap::new(),
        })
    }

    /// Returns the number of a meter, which is known by its boundary and name.
    pub fn meter(&mut self, meter: &Meter) -> Result<MeterId, ReadingError> {
        let key = (meter.boundary, meter.name.clone());
        if let Some(id) = self.known.get(&key) {
            if let Some(series) = self.meters.get_mut(id.0) {
                match (&series.meter.model, &meter.model) {
                    (Some(model), Some(other)) if model != other => {
                        return Err(ReadingError::Model {
                            meter: meter.name.clone(),
                            model: model.clone(),
                            other: other.clone(),
                        });
                    }
                    (None, Some(_)) => series.meter.model.clone_from(&meter.model),
                    _ => {}
                }
            }
            return Ok(*id);
        }
        let id = MeterId(self.meters.len());
        self.known.insert(key, id);
        self.meters.push(Series {
            meter: meter.clone(),
            tracks: BTreeMap::new(),
        });
        Ok(id)
    }

    /// Takes the next reading of a meter.
    pub fn sample(
        &mut self,
        id: MeterId,
        measure: Measure,
        sample: Sample,
    ) -> Result<(), ReadingError> {
        if measure.is_share() && sample.value > Billionths::ONE {
            return Err(ReadingError::Share {
                row: sample.row,
                meter: self.name(id),
                measure,
                value: sample.value,
            });
        }
        if self.timeline.is_some() {
            return self.take(id, measure, sample);
        }
        self.waiting.push((id, measure, sample));
        if self.waiting.len() >= SNIFFED {
            self.settle()?;
        }
        Ok(())
    }

    /// Takes the energy of the next stretch of time of a meter.
    pub fn lot(&mut self, id: MeterId, lot: Lot) -> Result<(), ReadingError> {
        let Some(series) = self.meters.get_mut(id.0) else {
            return Ok(());
        };
        let track = series
            .tracks
            .entry(Measure::Energy)
            .or_insert_with(|| Track::new(Measure::Energy));
        track
            .push_lot(lot, &self.stretches)
            .map_err(|fault| match fault {
                Fault::Overlap(before) => ReadingError::Overlap {
                    row: lot.row,
                    before: before.row,
                    meter: series.meter.name.clone(),
                    start: lot.start,
                    end: before.end,
                },
                _ => ReadingError::Size {
                    row: lot.row,
                    meter: series.meter.name.clone(),
                },
            })
    }

    /// Returns what was taken. Fails where the clock of a meter is off from the others' by
    /// quarters of an hour: its readings would be put where they do not belong.
    pub fn finish(mut self) -> Result<Metered, ReadingError> {
        if self.timeline.is_none() && !self.waiting.is_empty() {
            self.settle()?;
        }
        self.check_clocks()?;
        let repeated = self.tracks().map(|(_, track)| track.repeated).sum();
        Ok(Metered {
            periods: self.periods,
            every: self.every,
            repeated,
            meters: self.meters,
        })
    }

    fn name(&self, id: MeterId) -> String {
        let series = self.meters.get(id.0);
        series.map_or_else(String::new, |series| series.meter.name.clone())
    }

    fn tracks(&self) -> impl Iterator<Item = (&Meter, &Track)> {
        self.meters
            .iter()
            .flat_map(|series| series.tracks.values().map(|track| (&series.meter, track)))
    }

    fn take(&mut self, id: MeterId, measure: Measure, sample: Sample) -> Result<(), ReadingError> {
        let (Some(timeline), Some(series)) = (&self.timeline, self.meters.get_mut(id.0)) else {
            return Ok(());
        };
        let track = series
            .tracks
            .entry(measure)
            .or_insert_with(|| Track::new(measure));
        let pushed = track.push(sample, timeline);
        pushed.map_err(|fault| {
            let (row, meter) = (sample.row, series.meter.name.clone());
            match fault {
                Fault::Conflict(before) => ReadingError::Conflict {
                    row,
                    before: before.row,
                    meter,
                    measure,
                    at: sample.at,
                    value: sample.value,
                    other: before.value,
                },
                Fault::Order(before) => ReadingError::Order {
                    row,
                    before: before.row,
                    meter,
                    measure,
                    at: sample.at,
                    later: before.at,
                },
                Fault::Overlap(_) | Fault::Size => ReadingError::Size { row, meter },
            }
        })
    }

    /// Finds out how far readings lie apart, and takes those that waited for it.
    fn settle(&mut self) -> Result<(), ReadingError> {
        let mut last: BTreeMap<(MeterId, Measure), Millis> = BTreeMap::new();
        let mut apart: Vec<u64> = Vec::new();
        for (id, measure, sample) in &self.waiting {
            if let Some(before) = last.insert((*id, *measure), sample.at) {
                apart.extend(Some(sample.at.since(before)).filter(|apart| *apart > 0));
            }
        }
        apart.sort_unstable();
        let median = apart.get(apart.len().saturating_sub(1) / 2);
        let every = *median.ok_or(ReadingError::Interval)?;
        self.every = Some(every);
        self.timeline = Some(Timeline::new(&self.periods, every));
        for (id, measure, sample) in std::mem::take(&mut self.waiting) {
            self.take(id, measure, sample)?;
        }
        Ok(())
    }

    /// A log whose times are local but written as UTC begins and ends off from the others,
    /// by one and the same number of quarters of an hour.
    fn check_clocks(&self) -> Result<(), ReadingError> {
        let mut spans: BTreeMap<(Boundary, &str), (Millis, Millis)> = BTreeMap::new();
        for (meter, track) in self.tracks() {
            let (Some(first), Some(last)) = (track.first, track.last) else {
                continue;
            };
            let key = (meter.boundary, meter.name.as_str());
            let span = spans.entry(key).or_insert((first.at, last.at));
            *span = (span.0.min(first.at), span.1.max(last.at));
        }
        let median = |mut instants: Vec<Millis>| -> Option<Millis> {
            instants.sort_unstable();
            instants.get(instants.len().saturating_sub(1) / 2).copied()
        };
        let (Some(first), Some(last)) = (
            median(spans.values().map(|span| span.0).collect()),
            median(spans.values().map(|span| span.1).collect()),
        ) else {
            return Ok(());
        };
        // Two alone may both be right.
        if spans.len() < 3 {
            return Ok(());
        }
        let slack = self
            .every
            .unwrap_or(SECOND)
            .saturating_mul(2)
            .min(QUARTER / 4);
        for ((_, meter), span) in &spans {
            let off = [
                quarters(span.0, first, slack),
                quarters(span.1, last, slack),
            ];
            if let [Some(off), Some(other)] = off
                && off == other
                && off != 0
            {
                return Err(ReadingError::Clock {
                    meter: (*meter).to_owned(),
                    first: span.0,
                    last: span.1,
                    minutes: off.saturating_mul(15),
                });
            }
        }
        Ok(())
    }
}

/// How many quarters of an hour `one` is off from `other`, if to within `slack` it is a
/// whole number of at least two and at most 26 hours, or none.
fn quarters(one: Millis, other: Millis, slack: u64) -> Option<i64> {
    let apart = one.since(other).max(other.since(one));
    let off = apart.saturating_add(QUARTER / 2) / QUARTER;
    let near = apart.abs_diff(off.saturating_mul(QUARTER)) <= slack;
    let zones = off == 0 || (2..=104).contains(&off);
    let off = i64::try_from(off).ok().filter(|_| near && zones)?;
    Some(if one < other {
        off.saturating_neg()
    } else {
        off
    })
}

/// What meters showed, by period.
#[derive(Debug)]
pub struct Metered {
    periods: Vec<Period>,
    /// Milliseconds between two readings, if there were any.
    pub every: Option<u64>,
    /// Readings that were given twice, and counted once.
    pub repeated: u64,
    meters: Vec<Series>,
}

impl Metered {
    /// Returns the periods, in order.
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// Returns the meters.
    pub fn meters(&self) -> impl Iterator<Item = &Meter> {
        self.meters.iter().map(|series| &series.meter)
    }

    /// Returns the last reading of all, with its meter.
    pub fn latest(&self) -> Option<(&Meter, Millis)> {
        let last = |series: &Series| {
            let tracks = series.tracks.values();
            tracks.filter_map(|track| Some(track.last?.at)).max()
        };
        let last = self
            .meters
            .iter()
            .filter_map(|series| Some((&series.meter, last(series)?)));
        last.max_by_key(|(_, at)| *at)
    }

    /// Returns what every meter showed in the period of that index, all meters included,
    /// in order of boundary and name.
    pub fn period(&self, index: usize) -> Vec<MeterPeriod<'_>> {
        let mut meters: Vec<MeterPeriod<'_>> = self
            .meters
            .iter()
            .map(|series| MeterPeriod {
                meter: &series.meter,
                cells: series
                    .tracks
                    .iter()
                    .filter_map(|(measure, track)| Some((*measure, track.cell(index)?)))
                    .collect(),
            })
            .collect();
        meters.sort_by(|one, next| {
            let key = |one: &MeterPeriod<'_>| one.meter.boundary;
            key(one)
                .cmp(&key(next))
                .then_with(|| one.meter.name.cmp(&next.meter.name))
        });
        meters
    }

    /// Returns the meters that have the very readings of another in a period: name and
    /// name, each pair once.
    pub fn identical(&self, index: usize) -> Vec<(&str, &str)> {
        let mut known = BTreeMap::new();
        let mut pairs = Vec::new();
        for series in &self.meters {
            let read = series.tracks.iter().filter_map(|(measure, track)| {
                let cell = track.cell(index).filter(|cell| cell.readings > 1)?;
                Some((*measure, *cell.series().as_bytes()))
            });
            let read: Vec<_> = read.collect();
            if read.is_empty() {
                continue;
            }
            let name = series.meter.name.as_str();
            if let Some(first) = known.get(&(series.meter.boundary, read.clone())) {
                pairs.push((*first, name));
            } else {
                known.insert((series.meter.boundary, read), name);
            }
        }
        pairs
    }
}

/// What one meter showed in one period.
#[derive(Debug)]
pub struct MeterPeriod<'m> {
    /// The meter.
    pub meter: &'m Meter,
    /// By measure.
    pub cells: BTreeMap<Measure, &'m Cell>,
}

impl MeterPeriod<'_> {
    /// Returns for how many milliseconds the meter was seen at all, by the measure that
    /// saw the most.
    pub fn observed(&self) -> u64 {
        self.cells
            .values()
            .map(|cell| cell.observed)
            .max()
            .unwrap_or(0)
    }
}
