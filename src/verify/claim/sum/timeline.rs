//! What was in force at every index of the log, and where it first was a breach.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;

use num_bigint::BigUint;

use super::Sum;
use super::admitted::Admission;
use super::scale::reports;
use crate::time::Period;
use crate::verify::claim::amount::Amount;

/// A breach, where it first shows.
#[derive(Clone, Debug)]
pub(in crate::verify::claim) struct Breach {
    /// The index of the statement that completes it.
    pub(in crate::verify::claim) index: u64,
    /// The least that it comes to there.
    pub(in crate::verify::claim) lower: BigUint,
    /// Whether the versions in force at the end no longer show it.
    pub(in crate::verify::claim) restated: bool,
}

/// A version that comes into force.
pub(super) struct Event {
    pub(super) index: u64,
    /// The time that it reports.
    pub(super) period: Period,
    /// Whether it counts from below.
    pub(super) inside: bool,
    pub(super) new: Amount,
    /// The version that it replaces.
    pub(super) old: Option<Amount>,
}

/// The versions in force, as the index rises.
#[derive(Default)]
struct Running {
    lower: BigUint,
    upper: BigUint,
    /// Versions in force that nothing bounds from above.
    open: u64,
    reports: u64,
}

impl Running {
    fn apply(&mut self, event: Event) {
        if let Some(old) = event.old {
            self.reports = self.reports.saturating_sub(1);
            if event.inside {
                self.lower -= old.lower;
            }
            match old.upper {
                Some(upper) => self.upper -= upper,
                None => self.open = self.open.saturating_sub(1),
            }
        }
        self.reports = self.reports.saturating_add(1);
        if event.inside {
            self.lower += event.new.lower;
        }
        match event.new.upper {
            Some(upper) => self.upper += upper,
            None => self.open = self.open.saturating_add(1),
        }
    }
}

impl Sum<'_> {
    /// Finds where the versions in force first come to what `breaches`, from `pledged`
    /// on; then, whether one statement in place of those that it conflicts with does.
    ///
    /// `breaches` is asked of the least that this sum comes to and the most that `base`
    /// comes to, `None` while nothing bounds it.
    pub(in crate::verify::claim) fn breach(
        &self,
        base: Option<&Self>,
        pledged: u64,
        breaches: impl Fn(&BigUint, Option<&BigUint>) -> bool,
    ) -> Option<Breach> {
        let base_end = base.and_then(Self::upper_in_force);
        let ends = breaches(&self.total.lower, base_end.as_ref());
        // Without corrections what is in force only grows.
        if ends || self.total.amended || base.is_some_and(|base| base.total.amended) {
            let found = self.first_breach(base, pledged, None, &breaches);
            if let Some((index, lower)) = found {
                return Some(Breach {
                    index,
                    lower,
                    restated: !ends,
                });
            }
        }
        let (index, more) = together(&self.total.admitted)?;
        let lower = &self.total.lower + more;
        if breaches(&lower, base_end.as_ref()) {
            return Some(Breach {
                index,
                lower,
                restated: false,
            });
        }
        // What they admitted is not lifted by what was corrected afterwards.
        let gained = together(&self.total.gained);
        let found = self.first_breach(base, pledged, gained.as_ref(), &breaches);
        found.map(|(index, lower)| Breach {
            index,
            lower,
            restated: true,
        })
    }

    fn first_breach(
        &self,
        base: Option<&Self>,
        pledged: u64,
        gained: Option<&(u64, BigUint)>,
        breaches: impl Fn(&BigUint, Option<&BigUint>) -> bool,
    ) -> Option<(u64, BigUint)> {
        let reports = base.map_or(0, Self::count);
        let complete = base.is_some_and(|base| base.total.upper.is_some());
        let (mut now, mut then) = (Running::default(), Running::default());
        let streams = [Some(self), base].into_iter().flatten();
        let mut merged = Merged::new(streams.map(Self::events).collect());
        while let Some((stream, event)) = merged.next() {
            let index = event.index;
            if stream == 0 {
                now.apply(event);
            } else {
                then.apply(event);
            }
            // What stands before the pledge, or at one index, is judged together.
            if merged.peek().is_some_and(|next| next <= pledged.max(index)) {
                continue;
            }
            let known = complete && then.open == 0 && then.reports == reports;
            // What is in force here is so until the next index.
            let until = merged.peek().unwrap_or(u64::MAX);
            let gained = gained.filter(|(at, _)| *at < until);
            let lower = gained.map_or_else(|| now.lower.clone(), |(_, gain)| &now.lower + gain);
            if breaches(&lower, known.then_some(&then.upper)) {
                let at = gained.map_or(index, |(at, _)| index.max(*at));
                return Some((at.max(pledged), lower));
            }
        }
        None
    }

    /// Returns the most that the versions in force at the end come to.
    fn upper_in_force(&self) -> Option<BigUint> {
        self.total.upper.as_ref()?;
        let mut running = Running::default();
        for event in self.events() {
            running.apply(event);
        }
        (running.open == 0).then_some(running.upper)
    }

    fn count(&self) -> u64 {
        let count = self
            .areas
            .iter()
            .map(|(covered, committed)| {
                reports(covered.area, self.scale.window, *committed).count()
            })
            .sum::<usize>();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Returns every version, first and later, in the order of the log.
    pub(super) fn events(&self) -> Box<dyn Iterator<Item = Event> + '_> {
        let mut later: Vec<Event> = Vec::new();
        if self.total.amended {
            for area in 0..self.areas.len() {
                later.extend(self.versions(area).flat_map(|mut versions| {
                    versions.remove(0);
                    versions
                }));
            }
            later.sort_by_key(|event| event.index);
        }
        let mut streams: Vec<Box<dyn Iterator<Item = Event> + '_>> =
            vec![Box::new(later.into_iter())];
        for area in 0..self.areas.len() {
            let first = self
                .versions(area)
                .filter_map(|versions| versions.into_iter().next());
            streams.push(Box::new(first));
        }
        let mut merged = Merged::new(streams);
        Box::new(std::iter::from_fn(move || {
            merged.next().map(|(_, event)| event)
        }))
    }

    /// Returns the versions of each report of an area that do not conflict with another.
    fn versions(&self, area: usize) -> impl Iterator<Item = Vec<Event>> + '_ {
        let window = self.scale.window;
        let area = self.areas.get(area).into_iter();
        area.flat_map(move |(covered, committed)| reports(covered.area, window, *committed))
            .map(move |report| {
                let item = self.scale.weigh(&report);
                let mut before: Option<Amount> = None;
                let standing = item.versions.into_iter().filter(|one| !one.conflicting);
                standing
                    .map(|one| Event {
                        index: one.index,
                        period: report.period,
                        inside: item.inside,
                        old: before.replace(one.amount.clone()),
                        new: one.amount,
                    })
                    .collect::<Vec<_>>()
            })
            .filter(|versions| !versions.is_empty())
    }
}

/// Returns the last index of some admissions and what all of them gain.
fn together(admissions: &[Admission]) -> Option<(u64, BigUint)> {
    let last = admissions.iter().map(|one| one.index).max()?;
    Some((last, admissions.iter().map(|one| &one.gain).sum()))
}

/// Streams of events, each in the order of the log, as one.
struct Merged<'s> {
    streams: Vec<Peekable<Box<dyn Iterator<Item = Event> + 's>>>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'s> Merged<'s> {
    fn new(streams: Vec<Box<dyn Iterator<Item = Event> + 's>>) -> Self {
        let mut streams: Vec<_> = streams.into_iter().map(Iterator::peekable).collect();
        let next = streams
            .iter_mut()
            .enumerate()
            .filter_map(|(at, stream)| Some(Reverse((stream.peek()?.index, at))))
            .collect();
        Self { streams, next }
    }

    /// Returns the index of the next event.
    fn peek(&self) -> Option<u64> {
        self.next.peek().map(|Reverse((index, _))| *index)
    }

    /// Returns the next event and the number of its stream.
    fn next(&mut self) -> Option<(usize, Event)> {
        let Reverse((_, at)) = self.next.pop()?;
        let stream = self.streams.get_mut(at)?;
        let event = stream.next()?;
        if let Some(after) = stream.peek() {
            self.next.push(Reverse((after.index, at)));
        }
        Some((at, event))
    }
}
