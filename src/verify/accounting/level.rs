//! Probabilities of error and the quantiles of the normal distribution that go with them.

use std::fmt;

use crate::verify::accounting::Ppm;

/// A probability of error whose quantile is tabulated.
///
/// There is no formula for a quantile that two implementations would round alike; a table
/// there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorLevel {
    probability: Ppm,
    quantile: Quantile,
}

/// How many standard deviations above the mean leave a probability above them, in
/// millionths, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile(u32);

/// Probability in parts per million, quantile in millionths, rounded up.
///
/// Computed to 40 digits and rounded up, so that each leaves at most its probability; none
/// is negative, because then an error would make a resolution smaller. (acc-1)
const TABLE: &[(u32, u32)] = &[
    (1_000, 3_090_233),
    (2_000, 2_878_162),
    (5_000, 2_575_830),
    (10_000, 2_326_348),
    (20_000, 2_053_749),
    (25_000, 1_959_964),
    (50_000, 1_644_854),
    (100_000, 1_281_552),
    (200_000, 841_622),
    (250_000, 674_490),
    (300_000, 524_401),
    (400_000, 253_348),
    (500_000, 0),
];

impl ErrorLevel {
    /// Five per cent.
    pub const FIVE_PER_CENT: Self = Self {
        probability: Ppm::new(50_000),
        quantile: Quantile(1_644_854),
    };

    /// Returns the level, or `None` if its quantile is not tabulated.
    pub fn new(probability: Ppm) -> Option<Self> {
        Self::all().find(|level| level.probability == probability)
    }

    /// Returns every level that is tabulated, the strictest first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(probability, quantile)| Self {
            probability: Ppm::new(*probability),
            quantile: Quantile(*quantile),
        })
    }

    /// Returns the probability.
    pub const fn probability(self) -> Ppm {
        self.probability
    }

    /// Returns the quantile.
    pub const fn quantile(self) -> Quantile {
        self.quantile
    }
}

impl fmt::Display for ErrorLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.probability.fmt(f)
    }
}

impl Quantile {
    /// Returns the quantile in millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// Returns the sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        // No entry of the table reaches four million.
        Self(self.0.saturating_add(other.0))
    }
}
