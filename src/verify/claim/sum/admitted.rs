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

/// A statement that stands in place of others.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    /// Its index.
    pub(super) index: u64,
    /// The time of all that it stands in place of.
    pub(super) span: Period,
    /// How much more than that it comes to.
    pub(super) gain: BigUint,
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

    /// Returns those that gain the most of which no two are of one time, each in a time of
    /// at most `longest` seconds: at the end, and at least whatever is in force.
    pub(super) fn most(self, longest: u64) -> [Vec<Admission>; 2] {
        [self.at_the_end, self.ever].map(|mut all| {
            all.retain(|one| one.span.seconds() <= longest);
            apart(all)
        })
    }
}

/// The best choice of those that end by some time.
struct Choice {
    /// The one that ends last.
    last: usize,
    /// The choice among those before it, by its number.
    before: Option<usize>,
    gain: BigUint,
}

fn apart(mut all: Vec<Admission>) -> Vec<Admission> {
    all.sort_by_key(|one| one.span.end());
    let mut best: Vec<(UnixSeconds, Choice)> = Vec::new();
    for (last, one) in all.iter().enumerate() {
        let before = best.partition_point(|(end, _)| *end <= one.span.start());
        let before = before.checked_sub(1);
        let known = before.and_then(|at| best.get(at));
        let gain = known.map_or_else(|| one.gain.clone(), |(_, choice)| &one.gain + &choice.gain);
        if best.last().is_none_or(|(_, most)| gain > most.gain) {
            best.push((one.span.end(), Choice { last, before, gain }));
        }
    }
    let mut chosen = Vec::new();
    let mut at = best.len().checked_sub(1);
    while let Some((_, choice)) = at.and_then(|at| best.get(at)) {
        chosen.extend(all.get(choice.last).cloned());
        at = choice.before;
    }
    chosen
}
