//! What statements admit that conflict with others, or report what was not next.
//!
//! Each stands in place of what it stands beside, never on top of it; what they admit of
//! different times adds up. Whoever signed all of them said all of it.

use num_bigint::BigUint;

use crate::time::Period;
use crate::time::UnixSeconds;

/// The admissions of one area.
#[derive(Debug, Default)]
pub(super) struct Admissions {
    /// Beside what is in force at the end.
    at_the_end: Vec<Admission>,
    /// Beside the most that ever was.
    ever: Vec<Admission>,
}

/// The last index of some admissions, and what they gain.
type Gain = (u64, BigUint);

#[derive(Debug)]
struct Admission {
    index: u64,
    /// The time of all that it stands in place of.
    span: Period,
    /// How much more than that it comes to.
    gain: BigUint,
}

impl Admissions {
    /// Adds a statement that says `instead` where others of `span` say `of`: at the end,
    /// and at most.
    pub(super) fn add(&mut self, index: u64, span: Period, instead: &BigUint, of: [&BigUint; 2]) {
        for (list, of) in [&mut self.at_the_end, &mut self.ever].into_iter().zip(of) {
            if instead > of {
                let gain = instead - of;
                list.push(Admission { index, span, gain });
            }
        }
    }

    /// Returns the most that those of them gain of which no two are of one time: at the
    /// end, and at least whatever is in force.
    pub(super) fn most(self) -> (Option<Gain>, Option<Gain>) {
        (Self::apart(self.at_the_end), Self::apart(self.ever))
    }

    fn apart(mut all: Vec<Admission>) -> Option<Gain> {
        all.sort_by_key(|one| one.span.end());
        // The best of those that end by then, each with the last index.
        let mut best: Vec<(UnixSeconds, u64, BigUint)> = Vec::new();
        for one in all {
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
