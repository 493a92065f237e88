//! What one party declared against what another measured (the D-statistic).

use num_bigint::BigInt;
use num_bigint::BigUint;

use crate::verify::accounting::ErrorLevel;
use crate::verify::accounting::Parameters;
use crate::verify::accounting::Score;
use crate::verify::accounting::Spread;
use crate::verify::accounting::Term;
use crate::verify::accounting::balance::above_nothing;
use crate::verify::accounting::balance::spread;

/// The sum over figures of what was declared less what was measured of the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    lower: BigInt,
    upper: BigInt,
    /// The sum of what each figure may have been declared too low by.
    charged: BigUint,
    spread: Spread,
}

impl Difference {
    /// Returns the difference between two figures of one quantity, area and period.
    pub fn of(declared: Term, measured: Term) -> Self {
        let less = |one: u128, other: u128| BigInt::from(one) - other;
        let (said, seen) = (declared.amount, measured.amount);
        let lower = less(said.lower().get(), seen.upper().get());
        let mut both = spread(declared);
        both.add(&spread(measured));
        Self {
            charged: above_nothing(&-&lower),
            upper: less(said.upper().get(), seen.lower().get()),
            lower,
            spread: both,
        }
    }

    /// Adds that of another pair of figures.
    pub fn add(&mut self, other: &Self) {
        self.lower += &other.lower;
        self.upper += &other.upper;
        self.charged += &other.charged;
        self.spread.add(&other.spread);
    }

    /// Returns the bounds of the difference: below nothing where less was declared than
    /// was measured.
    pub const fn bounds(&self) -> (&BigInt, &BigInt) {
        (&self.lower, &self.upper)
    }

    /// Returns how far the errors of both sides reach.
    pub const fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Tests the difference against the errors of both sides.
    pub fn test(&self, false_alarm: ErrorLevel) -> Disagreement {
        let exceeds = |value: &BigInt| self.spread.is_exceeded_by(value, false_alarm.quantile());
        if exceeds(&-&self.upper) {
            Disagreement::DeclaredLess
        } else if exceeds(&self.lower) {
            Disagreement::DeclaredMore
        } else if exceeds(&-&self.lower) || exceeds(&self.upper) {
            Disagreement::Unclear
        } else {
            Disagreement::Quiet
        }
    }

    /// Returns how far declared is below measured, in standard deviations.
    pub fn score(&self) -> Score {
        Score::of(&-&self.upper, &-&self.lower, &self.spread)
    }

    /// Returns the most by which may have been declared too little, rounded up.
    pub fn hidden(&self, parameters: &Parameters) -> BigUint {
        &self.charged + self.spread.times(parameters.quantiles())
    }
}

/// What the test of a difference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disagreement {
    /// Less was declared than measured, beyond the errors.
    DeclaredLess,
    /// More was declared than measured, beyond the errors.
    DeclaredMore,
    /// Both agree within the errors.
    Quiet,
    /// It depends on where in their intervals the figures lie.
    Unclear,
}
