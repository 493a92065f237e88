//! Quantities in base units and the intervals that bound them, exactly.
//!
//! Specified in `specs/attestation.md`, section "Values".

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// The most digits that a quantity may have (formats: 2).
pub const MAX_DIGITS: usize = 38;

/// An integer number of base units, from 0 to 10^38 - 1.
///
/// Spelled in decimal without sign or leading zero. Base units: seconds, joules, bytes,
/// operations, devices.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[serde(try_from = "u128", into = "u128")]
pub struct Quantity(u128);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest quantity that [`MAX_DIGITS`] digits can spell.
    pub const MAX: Self = Self(99_999_999_999_999_999_999_999_999_999_999_999_999);

    /// Returns `units` as a quantity, or `None` beyond [`Self::MAX`].
    pub const fn new(units: u128) -> Option<Self> {
        if units <= Self::MAX.0 {
            Some(Self(units))
        } else {
            None
        }
    }

    /// Returns the number of base units.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Returns the sum, or `None` beyond [`Self::MAX`].
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::new)
    }

    /// Returns the product, or `None` beyond [`Self::MAX`].
    pub fn times(self, factor: u64) -> Option<Self> {
        self.0.checked_mul(u128::from(factor)).and_then(Self::new)
    }

    /// Returns the difference, or `None` if `other` is larger.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl From<Quantity> for u128 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl TryFrom<u128> for Quantity {
    type Error = &'static str;

    fn try_from(units: u128) -> Result<Self, Self::Error> {
        Self::new(units).ok_or("a quantity beyond 38 digits")
    }
}

impl From<u64> for Quantity {
    fn from(units: u64) -> Self {
        Self(u128::from(units))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let refuse = |why| QuantityError {
            found: text.chars().take(2 * MAX_DIGITS).collect(),
            why,
        };
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse("only decimal digits are allowed"));
        }
        if text.len() > 1 && text.starts_with('0') {
            return Err(refuse("no leading zero is allowed"));
        }
        if text.len() > MAX_DIGITS {
            return Err(refuse("at most 38 digits are allowed"));
        }
        text.parse().map(Self).map_err(|_| refuse("out of range"))
    }
}

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a quantity: {why}")]
pub struct QuantityError {
    found: String,
    why: &'static str,
}

/// A quantity known to lie between two bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "(Quantity, Quantity)", into = "(Quantity, Quantity)")]
pub struct Interval {
    lower: Quantity,
    upper: Quantity,
}

impl From<Interval> for (Quantity, Quantity) {
    fn from(interval: Interval) -> Self {
        (interval.lower, interval.upper)
    }
}

impl TryFrom<(Quantity, Quantity)> for Interval {
    type Error = &'static str;

    fn try_from((lower, upper): (Quantity, Quantity)) -> Result<Self, Self::Error> {
        Self::new(lower, upper).ok_or("an interval that ends below where it begins")
    }
}

impl Interval {
    /// Nothing, exactly.
    pub const ZERO: Self = Self::exactly(Quantity::ZERO);

    /// Returns the interval, or `None` if `lower` is above `upper`.
    pub fn new(lower: Quantity, upper: Quantity) -> Option<Self> {
        (lower <= upper).then_some(Self { lower, upper })
    }

    /// Returns the interval that holds `value` alone.
    pub const fn exactly(value: Quantity) -> Self {
        Self {
            lower: value,
            upper: value,
        }
    }

    /// Returns the least that it can be.
    pub const fn lower(self) -> Quantity {
        self.lower
    }

    /// Returns the most that it can be.
    pub const fn upper(self) -> Quantity {
        self.upper
    }

    /// Returns the sum, or `None` if a bound leaves the range of [`Quantity`].
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            lower: self.lower.plus(other.lower)?,
            upper: self.upper.plus(other.upper)?,
        })
    }

    /// Returns the shortest interval that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            lower: self.lower.min(other.lower),
            upper: self.upper.max(other.upper),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_eight_digits_fit_and_thirty_nine_do_not() {
        let most = "9".repeat(MAX_DIGITS);
        assert_eq!(most.parse(), Ok(Quantity::MAX));
        assert!("9".repeat(MAX_DIGITS + 1).parse::<Quantity>().is_err());
        assert_eq!(Quantity::MAX.plus(Quantity::from(1)), None);
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in ["", "-1", "+1", "01", "1.0", "1e3", " 1", "1_000", "٣"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_interval_is_never_inside_out() {
        assert_eq!(Interval::new(Quantity::from(2), Quantity::from(1)), None);
    }
}
