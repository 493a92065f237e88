//! The balance of an area and period: what there was less what was said of it.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_bigint::BigUint;
use num_bigint::Sign;

use crate::attestation::figure::Class;
use crate::quantity::Interval;
use crate::verify::accounting::ErrorLevel;
use crate::verify::accounting::Parameters;
use crate::verify::accounting::RelativeError;
use crate::verify::accounting::Score;
use crate::verify::accounting::Spread;

/// A figure that enters a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// How much, in device-seconds.
    pub amount: Interval,
    /// How wrong its source may be, beyond the interval.
    pub error: RelativeError,
}

/// What became of what there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Out of order.
    Down,
    /// Powered and unused.
    Idle,
    /// Given to jobs, of whatever class.
    Jobs,
    /// Under maintenance.
    Maintenance,
}

impl From<Class> for Part {
    fn from(class: Class) -> Self {
        match class {
            Class::Down => Self::Down,
            Class::Idle => Self::Idle,
            Class::Maintenance => Self::Maintenance,
            Class::DataGeneration
            | Class::Evaluation
            | Class::Experiment
            | Class::Inference
            | Class::Other
            | Class::PostTraining
            | Class::Training
            | Class::Unclassified => Self::Jobs,
        }
    }
}

/// What was available of one model, what became of it, and how far the errors reach: of
/// one area and period, or the sum of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    available: Range,
    parts: BTreeMap<Part, Range>,
    /// What no period can give back to another: the sum of what may be unaccounted for
    /// in each, never less than nothing.
    charged: BigUint,
    spread: Spread,
}

/// Bounds on a sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Range {
    lower: BigUint,
    upper: BigUint,
}

impl Range {
    fn add(&mut self, amount: Interval) {
        self.lower += amount.lower().get();
        self.upper += amount.upper().get();
    }

    fn join(&mut self, other: &Self) {
        self.lower += &other.lower;
        self.upper += &other.upper;
    }
}

impl Balance {
    /// Returns the balance of one model in one area and period: what was available, and
    /// the figures by class of what became of it.
    ///
    /// A gap is no class: what nobody saw stays unaccounted for.
    pub fn of(available: Term, used: impl IntoIterator<Item = (Class, Term)>) -> Self {
        let mut balance = Self::default();
        balance.available.add(available.amount);
        balance.spread.add(&spread(available));
        for (class, term) in used {
            let part = balance.parts.entry(class.into()).or_default();
            part.add(term.amount);
            balance.spread.add(&spread(term));
        }
        let (_, upper) = balance.unaccounted();
        balance.charged = above_nothing(&upper);
        balance
    }

    /// Adds the balance of another area or period of the same model.
    pub fn add(&mut self, other: &Self) {
        self.available.join(&other.available);
        for (part, range) in &other.parts {
            self.parts.entry(*part).or_default().join(range);
        }
        self.charged += &other.charged;
        self.spread.add(&other.spread);
    }

    /// Returns the bounds of what was available, in device-seconds.
    pub const fn available(&self) -> (&BigUint, &BigUint) {
        (&self.available.lower, &self.available.upper)
    }

    /// Returns the bounds of what became one thing, in device-seconds.
    pub fn part(&self, part: Part) -> (BigUint, BigUint) {
        let range = self.parts.get(&part).cloned().unwrap_or_default();
        (range.lower, range.upper)
    }

    /// Returns the bounds of what is unaccounted for (CUF), in device-seconds: below
    /// nothing where more was said to be used than there was.
    pub fn unaccounted(&self) -> (BigInt, BigInt) {
        let mut used = Range::default();
        for range in self.parts.values() {
            used.join(range);
        }
        let difference =
            |more: &BigUint, less: BigUint| BigInt::from(more.clone()) - BigInt::from(less);
        (
            difference(&self.available.lower, used.upper),
            difference(&self.available.upper, used.lower),
        )
    }

    /// Returns the sum over areas and periods of the most that may be unaccounted for in
    /// each, in device-seconds. One that was overdrawn takes nothing from the others.
    pub const fn charged(&self) -> &BigUint {
        &self.charged
    }

    /// Returns how far the errors of the figures reach.
    pub const fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Tests what is unaccounted for against the errors of the figures.
    pub fn test(&self, false_alarm: ErrorLevel) -> Alarm {
        let (lower, upper) = self.unaccounted();
        let exceeds = |value: &BigInt| self.spread.is_exceeded_by(value, false_alarm.quantile());
        if exceeds(&lower) {
            Alarm::Unaccounted
        } else if exceeds(&-&upper) {
            Alarm::Overdrawn
        } else if exceeds(&upper) || exceeds(&-&lower) {
            Alarm::Unclear
        } else {
            Alarm::Quiet
        }
    }

    /// Returns what is unaccounted for in standard deviations.
    pub fn score(&self) -> Score {
        let (lower, upper) = self.unaccounted();
        Score::of(&lower, &upper, &self.spread)
    }

    /// Returns the most hidden compute that the balance does not exclude, in
    /// device-seconds, rounded up.
    pub fn hidden(&self, parameters: &Parameters) -> BigUint {
        &self.charged + self.spread.times(parameters.quantiles())
    }
}

/// What the test of a balance says. No alarm is no proof that nothing is hidden: that is
/// what a resolution bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// More is said to be used than there was, beyond the errors: what was available, or
    /// what became of it, is wrong.
    Overdrawn,
    /// What is unaccounted for is within the errors.
    Quiet,
    /// More is missing than the errors explain.
    Unaccounted,
    /// It depends on where in their intervals the figures lie.
    Unclear,
}

/// Returns how far the error of a figure reaches, at the most that it can be.
pub(super) fn spread(term: Term) -> Spread {
    Spread::of(term.amount.upper(), term.error)
}

/// Returns the value, or nothing if it is below.
pub(super) fn above_nothing(value: &BigInt) -> BigUint {
    match value.sign() {
        Sign::Plus => value.magnitude().clone(),
        Sign::Minus | Sign::NoSign => BigUint::ZERO,
    }
}
