//! What statements admit that conflict with others, or report what was not next.
//!
//! Each stands in place of what it stands beside, never on top of it; what they admit of
//! different times adds up. Whoever signed all of them said all of it.

use num_bigint::BigUint;

use crate::time::Period;
use crate::time::UnixSeconds;

/// The admissions of one area.
#[derive(Debug, Default)]
pub(super) struct Admissions(Vec<Admission>);

#[derive(Debug)]
struct Admission {
    index: u64,
    /// The time of all that it stands in place of.
    span: Period,
    /// How much more than that it comes to.
    gain: BigUint,
}

impl Admissions {
    /// Adds a statement that says `instead` where others of `span` say `of`.
    pub(super) fn add(&mut self, index: u64, span: Period, instead: BigUint, of: BigUint) {
        if instead > of {
            let gain = instead - of;
            self.0.push(Admission { index, span, gain });
        }
    }

    /// Returns the most that those of them gain of which no two are of one time, and the
    /// last index among them.
    pub(super) fn most(mut self) -> Option<(u64, BigUint)> {
        self.0.sort_by_key(|one| one.span.end());
        // The best of those that end by then, each with the last index.
        let mut best: Vec<(UnixSeconds, u64, BigUint)> = Vec::new();
        for one in self.0 {
            let before = best.partition_point(|(end, _, _)| *end <= one.span.start());
            let before = before.checked_sub(1).and_then(|at| best.get(at));
            let (index, gain) = before.map_or((one.index, one.gain.clone()), |(_, last, gain)| {
                (one.index.max(*last), &one.gain + gain)
            });
            if best.last().is_none_or(|(_, _, most)| gain > *most) {
                best.push((one.span.end(), index, gain));
            }
        }
        best.pop().map(|(_, index, gain)| (index, gain))
    }
}
