//! Readings: what a meter showed, and when.
//!
//! Specified in `specs/readings.md`, section "Readings".

use std::fmt;

use crate::attestation::figure::Boundary;
use crate::attestation::figure::spelled;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Milliseconds in a second.
pub const SECOND: u64 = 1000;

/// An instant to the millisecond, as meters give it: milliseconds since
/// 1970-01-01T00:00:00Z, up to the end of year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

impl Millis {
    /// The last millisecond of year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Returns the instant `milliseconds` after the epoch, or `None` beyond [`Self::MAX`].
    pub const fn new(milliseconds: u64) -> Option<Self> {
        if milliseconds <= Self::MAX.0 {
            Some(Self(milliseconds))
        } else {
            None
        }
    }

    /// Returns the milliseconds since the epoch.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the milliseconds from `earlier` to here, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the whole second that holds it.
    pub fn second(self) -> UnixSeconds {
        UnixSeconds::new(self.0 / SECOND).unwrap_or(UnixSeconds::MAX)
    }
}

impl From<UnixSeconds> for Millis {
    fn from(instant: UnixSeconds) -> Self {
        Self(instant.get().saturating_mul(SECOND))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.second().to_string();
        let part = self.0 % SECOND;
        if part == 0 {
            return f.write_str(&second);
        }
        write!(f, "{}.{part:03}Z", second.trim_end_matches('Z'))
    }
}

spelled! {
    /// What a meter's readings are of.
    Measure, "a measure" {
        /// A gauge: the share of the time that something ran on the device, 0 to 1.
        Active = "active",
        /// A counter that grows with the energy used, in joules.
        Energy = "energy",
        /// A gauge: power, in watts.
        Power = "power",
        /// A gauge: the share of its peak rate at which the tensor units ran, 0 to 1.
        Tensor = "tensor",
    }
}

impl Measure {
    /// Whether it only grows, except where it begins anew.
    pub const fn is_counter(self) -> bool {
        matches!(self, Self::Energy)
    }

    /// Whether it is a share of one.
    pub const fn is_share(self) -> bool {
        matches!(self, Self::Active | Self::Tensor)
    }
}

/// A value to the billionth of its unit (watts, joules, a share): exact for every decimal
/// that a meter prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Billionths(u128);

impl Billionths {
    /// One unit.
    pub const ONE: Self = Self(1_000_000_000);
    /// What no meter exceeds: 10^18 units, an exajoule. Beyond it products with times
    /// could leave 128 bits.
    pub const MAX: Self = Self(1_000_000_000_000_000_000_000_000_000);

    /// Returns so many billionths, or `None` beyond [`Self::MAX`].
    pub const fn new(billionths: u128) -> Option<Self> {
        if billionths <= Self::MAX.0 {
            Some(Self(billionths))
        } else {
            None
        }
    }

    /// Returns the number of billionths.
    pub const fn get(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Billionths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / Self::ONE.0, self.0 % Self::ONE.0);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:09}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}

/// Who measured what: a device, or a power meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// What it is called: a device's UUID or serial number, a meter's own name.
    pub name: String,
    /// Where it measures.
    pub boundary: Boundary,
    /// The source's name of the device's type, where it gives one.
    pub model: Option<String>,
}

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Millis,
    /// How much.
    pub value: Billionths,
    /// Where it stands in its source: a row, counted from 1 with the header.
    pub row: u64,
}

/// The energy of a stretch of time, as utilities and some servers state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// From when, included.
    pub start: Millis,
    /// Until when, excluded; after `start`.
    pub end: Millis,
    /// How much, in joules.
    pub joules: Billionths,
    /// Where it stands in its source.
    pub row: u64,
}

/// Why a reading cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// Two readings of one instant that differ.
    #[error(
        "row {row}: `{meter}` has {measure} {value} at {at}, but row {before} says {other} of the same instant"
    )]
    Conflict {
        /// The row.
        row: u64,
        /// The row before.
        before: u64,
        /// Whose reading.
        meter: String,
        /// Of what.
        measure: Measure,
        /// When.
        at: Millis,
        /// What it says.
        value: Billionths,
        /// What the other said.
        other: Billionths,
    },
    /// One meter that is said to be of two models.
    #[error("`{meter}` is a `{model}` and a `{other}`")]
    Model {
        /// The meter.
        meter: String,
        /// One.
        model: String,
        /// The other.
        other: String,
    },
    /// A reading that comes after a later one.
    #[error(
        "row {row}: `{meter}` has {measure} at {at}, after row {before} of {later}: out of order"
    )]
    Order {
        /// The row.
        row: u64,
        /// The row before.
        before: u64,
        /// Whose reading.
        meter: String,
        /// Of what.
        measure: Measure,
        /// When.
        at: Millis,
        /// When the one before was.
        later: Millis,
    },
    /// Two stretches of time that overlap.
    #[error("row {row}: `{meter}` has energy from {start}, before row {before} ends at {end}")]
    Overlap {
        /// The row.
        row: u64,
        /// The row before.
        before: u64,
        /// Whose.
        meter: String,
        /// Where it starts.
        start: Millis,
        /// Where the one before ends.
        end: Millis,
    },
    /// A share above one.
    #[error("row {row}: `{meter}` has {measure} {value}, more than the whole")]
    Share {
        /// The row.
        row: u64,
        /// Whose reading.
        meter: String,
        /// Of what.
        measure: Measure,
        /// How much.
        value: Billionths,
    },
    /// A sum that no meter reaches.
    #[error("row {row}: what `{meter}` measured is beyond 128 bits")]
    Size {
        /// The row.
        row: u64,
        /// Whose reading.
        meter: String,
    },
    /// The clock of one meter is off from the others' by whole hours.
    #[error(
        "`{meter}` reads from {first} to {last}, {minutes} minutes off from the others of its source: its clock is of another zone"
    )]
    Clock {
        /// The meter.
        meter: String,
        /// Its first reading.
        first: Millis,
        /// Its last.
        last: Millis,
        /// How far it is off, to a quarter of an hour.
        minutes: i64,
    },
    /// No interval between readings can be told.
    #[error("no meter has two readings: how often they are read must be said")]
    Interval,
    /// The range is not made of whole periods.
    #[error("{range} is not made of whole periods")]
    Range {
        /// The range.
        range: Period,
    },
}
