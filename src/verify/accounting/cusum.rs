//! A small loss over many periods: cumulative sums (Page 1954).

use num_bigint::BigInt;
use num_bigint::BigUint;
use num_bigint::Sign;

use crate::verify::accounting::Parameters;
use crate::verify::accounting::Spread;
use crate::verify::accounting::spread::MILLION;
use crate::verify::accounting::spread::ratio_up;
use crate::verify::accounting::spread::root_up;

/// What a period's statistic came to, in thousandths of a standard deviation.
///
/// Without any error a difference is beyond all measure: then it is the largest or the
/// smallest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Score {
    /// The least, rounded down.
    pub least: i64,
    /// The most, rounded up.
    pub most: i64,
}

impl Score {
    /// Returns the score of a value between two bounds.
    pub fn of(lower: &BigInt, upper: &BigInt, spread: &Spread) -> Self {
        Self::within(lower, upper, &spread.variance())
    }

    /// Returns the score of a value; its variance is in units of 10^-12.
    pub(super) fn exact(value: &BigInt, variance: &BigUint) -> Self {
        Self::within(value, value, variance)
    }

    fn within(lower: &BigInt, upper: &BigInt, variance: &BigUint) -> Self {
        Self {
            least: thousandths_up(&-lower, variance).saturating_neg(),
            most: thousandths_up(upper, variance),
        }
    }

    /// Returns the score that is exactly so many thousandths.
    pub const fn exactly(thousandths: i64) -> Self {
        Self {
            least: thousandths,
            most: thousandths,
        }
    }
}

/// Returns the value in thousandths of a deviation, rounded up; `variance` is in units of
/// 10^-12.
fn thousandths_up(value: &BigInt, variance: &BigUint) -> i64 {
    let beyond = match value.sign() {
        Sign::NoSign => return 0,
        Sign::Plus => i64::MAX,
        Sign::Minus => i64::MIN,
    };
    if *variance == BigUint::ZERO {
        return beyond;
    }
    // value / (root(variance) / 10^6) * 10^3
    let scaled = value.magnitude() * MILLION * 1_000_u32;
    let square = &scaled * &scaled;
    let thousandths = if value.sign() == Sign::Plus {
        BigInt::from(root_up(&ratio_up(&square, variance)))
    } else {
        -BigInt::from((square / variance).sqrt())
    };
    i64::try_from(thousandths).unwrap_or(beyond)
}

/// Two running sums, one for each direction in which a series may drift.
///
/// Each goes up with what a score exceeds the allowance by, never below nothing, and
/// raises an alarm above the limit. Each rounds towards its alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cusum {
    allowance: u32,
    limit: u32,
    missing: Sum,
    surplus: Sum,
    seen: u64,
    alarm: Option<CusumAlarm>,
}

/// One of the two sums, in thousandths of a standard deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    value: i128,
    /// The period in which it last rose from nothing.
    since: u64,
}

impl Sum {
    /// Adds what a score exceeds the allowance by.
    fn step(&mut self, by: i128, period: u64) {
        if self.value == 0 {
            self.since = period;
        }
        self.value = self.value.saturating_add(by).max(0);
    }
}

/// The first alarm of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CusumAlarm {
    /// Which period, counted from 0.
    pub index: u64,
    /// From which period on the sum was above nothing: where the drift seems to begin.
    pub since: u64,
    /// Where the series drifts.
    pub drift: Drift,
}

/// Where a series drifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drift {
    /// More and more is missing.
    Missing,
    /// More and more is said to be used than there is.
    Surplus,
}

impl Cusum {
    /// Begins a series.
    pub const fn new(parameters: &Parameters) -> Self {
        Self::with_limit(parameters, parameters.cusum_limit)
    }

    /// Begins a series whose alarm is above another limit than that of the parameters.
    pub const fn with_limit(parameters: &Parameters, limit: u32) -> Self {
        let nothing = Sum { value: 0, since: 0 };
        Self {
            allowance: parameters.cusum_allowance,
            limit,
            missing: nothing,
            surplus: nothing,
            seen: 0,
            alarm: None,
        }
    }

    /// Takes the score of the next period. The sums run on after an alarm; the first is
    /// kept.
    pub fn push(&mut self, score: Score) {
        let allowance = i128::from(self.allowance);
        let (missing, surplus) = (i128::from(score.most), i128::from(score.least));
        self.missing
            .step(missing.saturating_sub(allowance), self.seen);
        self.surplus.step(
            surplus.saturating_neg().saturating_sub(allowance),
            self.seen,
        );
        let limit = i128::from(self.limit);
        let over = [
            (self.missing, Drift::Missing),
            (self.surplus, Drift::Surplus),
        ];
        let over = over.into_iter().find(|(sum, _)| sum.value > limit);
        if let (None, Some((sum, drift))) = (self.alarm, over) {
            self.alarm = Some(CusumAlarm {
                index: self.seen,
                since: sum.since,
                drift,
            });
        }
        self.seen = self.seen.saturating_add(1);
    }

    /// Returns the sums of what is missing and of what is said too much, in thousandths of
    /// a standard deviation.
    pub const fn sums(&self) -> (i128, i128) {
        (self.missing.value, self.surplus.value)
    }

    /// Returns the first alarm.
    pub const fn alarm(&self) -> Option<CusumAlarm> {
        self.alarm
    }
}

impl Extend<Score> for Cusum {
    fn extend<I: IntoIterator<Item = Score>>(&mut self, scores: I) {
        for score in scores {
            self.push(score);
        }
    }
}
