//! Has what lies between declared and measured changed? Recursive residuals (Brown, Durbin
//! and Evans, J. R. Statist. Soc. B 37, 1975): an error that all figures share is no change.

use num_bigint::BigInt;
use num_bigint::BigUint;
use num_bigint::Sign;

use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::verify::accounting::Ppm;
use crate::verify::accounting::RelativeError;
use crate::verify::accounting::Score;
use crate::verify::accounting::Spread;
use crate::verify::accounting::Term;
use crate::verify::accounting::spread::MILLION;
use crate::verify::accounting::spread::ratio_up;
use crate::verify::accounting::spread::root_up;
use crate::verify::accounting::spread::scale;

/// What was told of a period, and how wrong it may be.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// What was of the kind that is asked for.
    pub term: Term,
    /// What may have been of it too: what was not seen, or not classified.
    pub more: Quantity,
}

impl Told {
    /// Whether nothing bounds it from below, and something from above: its middle is no
    /// estimate.
    fn is_open(&self) -> bool {
        let amount = self.term.amount;
        amount.lower() == Quantity::ZERO && amount.upper() != Quantity::ZERO
    }
}

/// What a lab declared beside what one meter measured, period by period.
///
/// What is missing in a period is held against the share of the measured that was missing
/// in all periods before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residuals {
    /// The sum of the squares of what was measured, each in its own standard deviations.
    weight: BigUint,
    /// The sum of what was measured times what was missing, each in its own deviations: of
    /// what was missing at least, and at most.
    products: [BigInt; 2],
}

impl Residuals {
    /// Takes the next period and returns its score: above nothing where more of it is
    /// missing than before. Its upper end takes for declared what may have been, its lower
    /// end for measured: neither a gap nor what was not classified is a change.
    ///
    /// `None` where there is nothing to hold it against, and where nothing says how far
    /// figures scatter, or where between their bounds they lie.
    pub fn push(&mut self, declared: Told, measured: Told) -> Option<Score> {
        let deviation = BigInt::from(deviation(declared.term, measured.term));
        if deviation.sign() == Sign::NoSign || declared.is_open() || measured.is_open() {
            return None;
        }
        // In millionths of a deviation.
        let scaled = |value: BigInt| value * MILLION * MILLION / &deviation;
        let (said, seen) = (ends(declared.term.amount), ends(measured.term.amount));
        let twice = |told: Told| BigInt::from(told.more.get()) * 2;
        let least = &seen - (&said + twice(declared));
        let most = &seen + twice(measured) - said;
        let missing = [least, most].map(scaled);
        let seen = scaled(seen);
        let square = seen.magnitude() * seen.magnitude();
        let score = (self.weight != BigUint::ZERO).then(|| {
            let weight = BigInt::from(self.weight.clone());
            let variance = &self.weight * (&self.weight + &square) * scale() * scale();
            let scores = missing.iter().zip(&self.products);
            let mut scores = scores.map(|(missing, product)| {
                Score::exact(&(missing * &weight - &seen * product), &variance)
            });
            let (at_least, at_most) = (scores.next(), scores.next());
            Score {
                least: at_most.map_or(0, |score| score.least),
                most: at_least.map_or(0, |score| score.most),
            }
        });
        self.weight += square;
        for (product, missing) in self.products.iter_mut().zip(missing) {
            *product += &seen * missing;
        }
        score
    }
}

/// Returns both ends of an interval together: twice its middle, which need not be whole.
fn ends(amount: Interval) -> BigInt {
    BigInt::from(amount.lower().get()) + amount.upper().get()
}

/// Returns twice the standard deviation of what differs at random between two figures, in
/// millionths of a unit, rounded up: the random errors of both sources, and that of a value
/// anywhere in either interval, a twelfth of the square of its width (JCGM 100:2008, 4.3.7).
fn deviation(declared: Term, measured: Term) -> BigUint {
    let (mut variance, mut widths) = (BigUint::ZERO, BigUint::ZERO);
    for Term { amount, error } in [declared, measured] {
        let random = RelativeError {
            systematic: Ppm::default(),
            ..error
        };
        variance += Spread::of(amount.upper(), random).variance() * 4_u32;
        let width = BigUint::from(amount.upper().get()) - amount.lower().get();
        widths += &width * &width;
    }
    root_up(&(variance + ratio_up(&(widths * scale()), &BigUint::from(3_u32))))
}
