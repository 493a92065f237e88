//! How many device-seconds make a run of some size, and how fast hidden devices make them.

use num_bigint::BigUint;

use crate::verify::accounting::Ppm;
use crate::verify::accounting::spread::MILLION;

/// Returns the device-seconds that a run of `goal` operations takes on devices of one
/// `peak` (operations a second) at a utilisation, rounded down; `None` if they do nothing.
///
/// Utilisation is an assumption. At full utilisation fewer device-seconds are enough.
pub fn significant_quantity(goal: u128, peak: u128, utilisation: Ppm) -> Option<BigUint> {
    let rate = BigUint::from(peak) * utilisation.get();
    quotient(BigUint::from(goal) * MILLION, rate)
}

/// A forbidden run on hidden devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// The size of the run, in operations.
    pub goal: u128,
    /// How many devices.
    pub devices: u64,
    /// The peak of one, in operations a second.
    pub peak: u128,
    /// How much of it is made use of: an assumption.
    pub utilisation: Ppm,
}

impl Conversion {
    /// Returns the whole seconds that the run takes, rounded down; `None` if it never ends.
    pub fn seconds(&self) -> Option<BigUint> {
        quotient(self.work(), self.rate())
    }

    /// Whether evidence that comes `latency` seconds after the fact is too slow for the
    /// run: it takes as long as half of it, or longer.
    ///
    /// `latency` is the longest that a report covers, plus its grace, plus what it takes to
    /// be read. Exact.
    pub fn outruns(&self, latency: u128) -> bool {
        BigUint::from(latency) * 2_u32 * self.rate() >= self.work()
    }

    fn work(&self) -> BigUint {
        BigUint::from(self.goal) * MILLION
    }

    fn rate(&self) -> BigUint {
        BigUint::from(self.peak) * self.devices * self.utilisation.get()
    }
}

fn quotient(dividend: BigUint, divisor: BigUint) -> Option<BigUint> {
    (divisor != BigUint::ZERO).then(|| dividend / divisor)
}
