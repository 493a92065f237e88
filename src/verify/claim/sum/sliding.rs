//! What the reports of a window come to in any stretch of so many seconds of it.
//!
//! A stretch starts at a whole second (formats: 2, instants). What is inside one changes
//! only where the edge of a report meets an edge of the stretch: a largest sum lies at one
//! of these starts, and no other is looked at.

use std::ops::Range;

use num_bigint::BigInt;
use num_bigint::BigUint;

use super::Reached;
use super::Sum;
use super::admitted::Admission;
use super::scale::reports;
use super::timeline::Breach;
use super::tree::Sums;
use crate::time::Period;
use crate::verify::claim::amount::Amount;

impl Sum<'_> {
    /// Looks at every stretch of `length` seconds of the window, for the one that comes to
    /// most.
    ///
    /// A report counts from below in a stretch that holds all of it, and whole from above
    /// in one that it touches.
    pub(in crate::verify::claim) fn slide(
        &self,
        length: u64,
        pledged: u64,
        limit: &BigUint,
    ) -> Reached {
        let limit = &BigInt::from(limit.clone());
        let starts = Starts::within(self, length);
        let mut standing = Sums::new(starts.count());
        let mut ever = Sums::new(starts.count());
        let mut gained: Vec<&Admission> = self.total.gained.iter().collect();
        gained.sort_by_key(|one| one.index);
        let mut gained = gained.into_iter().peekable();
        let mut first = None;
        let mut events = self.events().peekable();
        loop {
            let next = (events.peek().map(|one| one.index)).into_iter();
            let next = next.chain(gained.peek().map(|one| one.index)).min();
            let Some(index) = next else { break };
            if let Some(event) = events.next_if(|event| event.index == index) {
                if event.inside {
                    let range = starts.holding(event.period);
                    let change = difference(&event.new, event.old.as_ref());
                    standing.add(&range, &change);
                    ever.add(&range, &change);
                }
            } else if let Some(one) = gained.next() {
                ever.add(&starts.holding(one.span), &one.gain.clone().into());
            }
            // What stands before the pledge, or at one index, is judged together.
            let after = events.peek().map(|one| one.index).into_iter();
            let after = after.chain(gained.peek().map(|one| one.index)).min();
            if after.is_none_or(|after| after > pledged.max(index))
                && first.is_none()
                && ever.largest() > limit
            {
                first = Some((index.max(pledged), ever.largest().clone()));
            }
        }
        let lower = standing.largest().clone();
        for one in &self.total.admitted {
            standing.add(&starts.holding(one.span), &one.gain.clone().into());
        }
        let at_the_end = standing.largest();
        let ends = at_the_end > limit;
        let last = self.total.admitted.iter().map(|one| one.index).max();
        let first = first.or_else(|| Some((last?, at_the_end.clone())).filter(|_| ends));
        Reached {
            lower: unsigned(&lower),
            upper: self.most_of_a_stretch(length),
            breach: first.map(|(index, lower)| Breach {
                index,
                lower: unsigned(&lower),
                restated: !ends,
            }),
        }
    }

    /// Returns the most that any versions come to in a stretch.
    fn most_of_a_stretch(&self, length: u64) -> Option<BigUint> {
        self.total.upper.as_ref()?;
        let last = self.scale.whole.end().get().saturating_sub(length);
        let start = self.scale.whole.start().get();
        // Each report with the first and the last start of a stretch that touches it.
        let mut edges: Vec<(u64, bool, BigUint)> = Vec::new();
        for (covered, committed) in &self.areas {
            for report in reports(covered.area, self.scale.window, *committed) {
                let item = self.scale.weigh(&report);
                let standing = item.versions.into_iter().filter(|one| !one.conflicting);
                let mut most = BigUint::ZERO;
                for one in standing {
                    most = most.max(one.amount.upper?);
                }
                let period = report.period;
                let from = period
                    .start()
                    .get()
                    .saturating_add(1)
                    .saturating_sub(length);
                let until = period.end().get();
                if from.max(start) < until && from <= last {
                    edges.push((from.max(start), true, most.clone()));
                    edges.push((until, false, most));
                }
            }
        }
        // What is left behind goes before what is met.
        edges.sort_by_key(|(at, enters, _)| (*at, *enters));
        let (mut sum, mut most) = (BigUint::ZERO, BigUint::ZERO);
        for (_, enters, amount) in edges {
            if enters {
                sum += amount;
                most = most.max(sum.clone());
            } else {
                sum -= amount;
            }
        }
        Some(most)
    }
}

/// The starts of stretches that are looked at, in their order.
struct Starts {
    length: u64,
    starts: Vec<u64>,
}

impl Starts {
    /// Those at which a stretch ends with something that may count from below.
    fn within(sum: &Sum<'_>, length: u64) -> Self {
        let (first, end) = (sum.scale.whole.start().get(), sum.scale.whole.end().get());
        let last = end.saturating_sub(length);
        let areas = sum.areas.iter();
        let reported = areas.flat_map(|(covered, committed)| {
            reports(covered.area, sum.scale.window, *committed).map(|report| report.period.end())
        });
        let admitted = sum.total.admitted.iter().chain(&sum.total.gained);
        let ends = reported.chain(admitted.map(|one| one.span.end()));
        let mut starts: Vec<u64> = ends
            .map(|end| end.get().saturating_sub(length))
            .filter(|start| (first..=last).contains(start))
            .chain([first])
            .collect();
        starts.sort_unstable();
        starts.dedup();
        Self { length, starts }
    }

    const fn count(&self) -> usize {
        self.starts.len()
    }

    /// Returns the numbers of those stretches that hold all of a period.
    fn holding(&self, period: Period) -> Range<usize> {
        let from = period.end().get().saturating_sub(self.length);
        let first = self.starts.partition_point(|start| *start < from);
        let after = self
            .starts
            .partition_point(|start| *start <= period.start().get());
        first..after
    }
}

fn difference(new: &Amount, old: Option<&Amount>) -> BigInt {
    let old = old.map_or(BigInt::ZERO, |old| old.lower.clone().into());
    BigInt::from(new.lower.clone()) - old
}

/// Sums of amounts are never below 0.
fn unsigned(sum: &BigInt) -> BigUint {
    sum.to_biguint().unwrap_or_default()
}
