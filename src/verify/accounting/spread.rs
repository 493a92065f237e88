//! How far the errors of figures reach: sigma, exactly.

use std::fmt;

use num_bigint::BigInt;
use num_bigint::BigUint;
use num_bigint::Sign;

use crate::quantity::Quantity;
use crate::verify::accounting::Quantile;

/// One million.
pub(super) const MILLION: u32 = 1_000_000;

/// A share in parts per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(u32);

impl Ppm {
    /// The whole.
    pub const ONE: Self = Self(MILLION);

    /// Returns so many parts per million.
    pub const fn new(parts: u32) -> Self {
        Self(parts)
    }

    /// Returns the parts per million.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ppm", self.0)
    }
}

/// How wrong a figure of some source may be: one standard deviation, relative to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RelativeError {
    /// What differs from figure to figure and averages out over many.
    pub random: Ppm,
    /// What all figures of the source have in common, and never averages out.
    pub systematic: Ppm,
}

/// One standard deviation of a sum of figures.
///
/// Its square is the sum of the random variances and the square of the sum of the
/// systematic deviations: those add up over figures, areas and periods, and between
/// sources too, whose independence nobody has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The sum of the random variances, in millionths of a unit, squared.
    random: BigUint,
    /// The sum of the systematic deviations, in millionths of a unit.
    systematic: BigUint,
}

impl Spread {
    /// Returns that of one figure.
    pub fn of(amount: Quantity, error: RelativeError) -> Self {
        let share = |part: Ppm| BigUint::from(amount.get()) * part.get();
        let random = share(error.random);
        Self {
            random: &random * &random,
            systematic: share(error.systematic),
        }
    }

    /// Adds that of other figures.
    pub fn add(&mut self, other: &Self) {
        self.random += &other.random;
        self.systematic += &other.systematic;
    }

    /// Returns the variance, in units of 10^-12 of a unit squared. Exact.
    pub fn variance(&self) -> BigUint {
        &self.random + &self.systematic * &self.systematic
    }

    /// Returns `quantile` standard deviations in whole units, rounded up.
    pub fn times(&self, quantile: Quantile) -> BigUint {
        let millionths = BigUint::from(quantile.millionths());
        let square = self.variance() * &millionths * &millionths;
        ratio_up(&root_up(&square), &scale())
    }

    /// Whether `value` lies above `quantile` standard deviations. Exact: squares are
    /// compared, no root is taken.
    pub fn is_exceeded_by(&self, value: &BigInt, quantile: Quantile) -> bool {
        if value.sign() != Sign::Plus {
            return false;
        }
        let millionths = BigUint::from(quantile.millionths());
        let value = value.magnitude() * scale();
        &value * &value > self.variance() * &millionths * &millionths
    }

    /// Whether so much would be seen with the probabilities that make up `quantile`, the
    /// sum of the quantiles of a false alarm and of a miss: sigma is at most `goal` over
    /// it.
    pub fn detects(&self, goal: &BigUint, quantile: Quantile) -> bool {
        self.times(quantile) <= *goal
    }
}

/// A millionth of a unit times a millionth of a deviation.
pub(super) fn scale() -> BigUint {
    BigUint::from(MILLION) * MILLION
}

/// Returns the root, rounded up.
pub(super) fn root_up(square: &BigUint) -> BigUint {
    let root = square.sqrt();
    if &root * &root == *square {
        root
    } else {
        root + 1_u32
    }
}

/// Returns the ratio, rounded up; `divisor` is not zero.
pub(super) fn ratio_up(dividend: &BigUint, divisor: &BigUint) -> BigUint {
    let rounded = dividend / divisor;
    if &rounded * divisor == *dividend {
        rounded
    } else {
        rounded + 1_u32
    }
}
