//! The smallest hidden compute that the evidence could not exclude.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use num_bigint::BigUint;

use crate::quantity::Interval;
use crate::verify::accounting::spread::ratio_up;

/// The seconds of a day.
const DAY: u32 = 86_400;

/// Hidden compute that is not excluded, in device-seconds by model.
///
/// Nothing below it is excluded. Whoever knew it could hide just that much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    models: BTreeMap<String, BigUint>,
}

impl Resolution {
    /// Returns that of a quantity known only to lie in an interval: its width.
    pub fn of_interval(model: &str, amount: Interval) -> Self {
        let width = BigUint::from(amount.upper().get()) - amount.lower().get();
        let mut resolution = Self::default();
        resolution.add(model, width);
        resolution
    }

    /// Adds hidden device-seconds of a model.
    pub fn add(&mut self, model: &str, device_seconds: BigUint) {
        *self.models.entry(model.to_owned()).or_default() += device_seconds;
    }

    /// Adds all that another does not exclude.
    pub fn join(&mut self, other: &Self) {
        for (model, seconds) in &other.models {
            self.add(model, seconds.clone());
        }
    }

    /// Returns the device-seconds of each model.
    pub fn device_seconds(&self) -> impl Iterator<Item = (&str, &BigUint)> {
        self.models
            .iter()
            .map(|(model, seconds)| (model.as_str(), seconds))
    }

    /// Returns what the device-seconds could compute at most, at the peak of each model in
    /// operations a second, all the time; `None` if a model has no peak.
    pub fn flop(&self, peak: impl Fn(&str) -> Option<u128>) -> Option<BigUint> {
        self.models
            .iter()
            .filter(|(_, seconds)| **seconds != BigUint::ZERO)
            .map(|(model, seconds)| Some(seconds * peak(model)?))
            .sum()
    }

    /// Returns how long `devices` of the model `device` would take for it, at their peak,
    /// in thousandths of a day, rounded up; `None` if a model has no peak.
    pub fn millidays(
        &self,
        devices: NonZeroU64,
        device: &str,
        peak: impl Fn(&str) -> Option<u128>,
    ) -> Option<BigUint> {
        let rate = BigUint::from(peak(device)?) * devices.get() * DAY;
        if rate == BigUint::ZERO {
            return None;
        }
        Some(ratio_up(&(self.flop(peak)? * 1_000_u32), &rate))
    }

    /// Whether a hidden run of `goal` operations is excluded: all that is not excluded
    /// comes to less. A model without a peak excludes nothing.
    pub fn excludes(&self, goal: u128, peak: impl Fn(&str) -> Option<u128>) -> bool {
        self.flop(peak).is_some_and(|flop| flop < goal.into())
    }
}
