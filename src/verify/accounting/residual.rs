//! Has what lies between declared and measured changed? Recursive residuals (Brown, Durbin
//! and Evans, J. R. Statist. Soc. B 37, 1975): an error that all figures share is no change.

use num_bigint::BigInt;
use num_bigint::BigUint;
use num_bigint::Sign;

use crate::quantity::Interval;
use crate::verify::accounting::Ppm;
use crate::verify::accounting::RelativeError;
use crate::verify::accounting::Score;
use crate::verify::accounting::Spread;
use crate::verify::accounting::Term;
use crate::verify::accounting::spread::MILLION;
use crate::verify::accounting::spread::ratio_up;
use crate::verify::accounting::spread::root_up;
use crate::verify::accounting::spread::scale;

/// What a lab declared beside what one meter measured, period by period.
///
/// What is missing in a period is held against the share of the measured that was missing
/// in all periods before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residuals {
    /// The sum of the squares of what was measured, each in its own standard deviations.
    weight: BigUint,
    /// The sum of what was measured times what was missing, each in its own deviations.
    product: BigInt,
}

impl Residuals {
    /// Takes the next period and returns its score: above nothing where more of it is
    /// missing than before.
    ///
    /// `None` where there is nothing to hold it against, and where nothing says how far
    /// figures scatter.
    pub fn push(&mut self, declared: Term, measured: Term) -> Option<Score> {
        let deviation = BigInt::from(deviation(declared, measured));
        if deviation.sign() == Sign::NoSign {
            return None;
        }
        // In millionths of a deviation.
        let scaled = |value: BigInt| value * MILLION * MILLION / &deviation;
        let (said, seen) = (ends(declared.amount), ends(measured.amount));
        let missing = scaled(&seen - said);
        let seen = scaled(seen);
        let square = seen.magnitude() * seen.magnitude();
        let score = (self.weight != BigUint::ZERO).then(|| {
            let residual = &missing * BigInt::from(self.weight.clone()) - &seen * &self.product;
            let variance = &self.weight * (&self.weight + &square) * scale() * scale();
            Score::exact(&residual, &variance)
        });
        self.weight += square;
        self.product += seen * missing;
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
