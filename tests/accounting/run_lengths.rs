//! How long a cumulative sum runs until its alarm, by simulation, against the published
//! table.

#![allow(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "random numbers of a normal distribution, and the mean of run lengths"
)]

use standstill::verify::accounting::Cusum;
use standstill::verify::accounting::Drift;
use standstill::verify::accounting::Parameters;
use standstill::verify::accounting::Score;

/// Random numbers by the splitmix64 generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Above 0 and at most 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Standard deviations (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Thousandths of a standard deviation.
    fn thousandths(&mut self, shift: f64) -> i64 {
        ((self.normal() + shift) * 1000.0).round() as i64
    }
}

/// Runs until an alarm of either direction, or only that of what is missing; gives the mean
/// length and its standard error.
fn simulate(seed: u64, runs: u32, shift: f64, limit: u32, one_sided: bool) -> (f64, f64) {
    let mut random = Random(seed);
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..runs {
        let mut cusum = Cusum::new(&Parameters {
            cusum_allowance: 500,
            cusum_limit: limit,
            ..Parameters::default()
        });
        let length = loop {
            cusum.push(Score::exactly(random.thousandths(shift)));
            if let Some(alarm) = cusum.alarm() {
                if !one_sided || alarm.drift == Drift::Missing {
                    break alarm.index + 1;
                }
                // The other sum is begun anew, as if nobody looked at it.
                let (missing, _) = cusum.sums();
                let length = one_sided_from(&mut random, shift, limit, missing, alarm.index + 1);
                break length;
            }
        };
        sum += length as f64;
        squares += (length * length) as f64;
    }
    let mean = sum / f64::from(runs);
    let deviation = (squares / f64::from(runs) - mean * mean).sqrt();
    (mean, deviation / f64::from(runs).sqrt())
}

/// Goes on with what is missing alone.
fn one_sided_from(random: &mut Random, shift: f64, limit: u32, missing: i128, begun: u64) -> u64 {
    let mut cusum = Cusum::new(&Parameters {
        cusum_allowance: 500,
        cusum_limit: limit,
        ..Parameters::default()
    });
    // One score takes the sum to where it was.
    cusum.push(Score::exactly(i64::try_from(missing).unwrap() + 500));
    let mut length = begun;
    while cusum.sums().0 <= i128::from(limit) {
        cusum.push(Score::exactly(random.thousandths(shift)));
        length += 1;
    }
    length
}

/// Both directions, k = 1/2: Montgomery, "Introduction to Statistical Quality Control",
/// table "ARL performance of the tabular CUSUM with k = 1/2 and h = 4 or h = 5". The last
/// digit of the table counts as rounded.
const TABLE: &[(u32, f64, f64, f64)] = &[
    (4_000, 0.0, 168.0, 0.5),
    (4_000, 0.25, 74.2, 0.05),
    (4_000, 0.5, 26.6, 0.05),
    (4_000, 1.0, 8.38, 0.005),
    (4_000, 2.0, 3.34, 0.005),
    (5_000, 0.0, 465.0, 0.5),
    (5_000, 0.25, 139.0, 0.5),
    (5_000, 0.5, 38.0, 0.05),
    (5_000, 1.0, 10.4, 0.05),
    (5_000, 2.0, 4.01, 0.005),
];

// spec: acc-14
#[test]
fn average_run_lengths_are_those_of_the_published_table() {
    for (seed, (limit, shift, published, digit)) in (1..).zip(TABLE) {
        let (mean, error) = simulate(seed, 4_000, *shift, *limit, false);
        let off = (mean - published).abs();
        assert!(
            off <= 3.0 * error + digit,
            "h {limit}, shift {shift}: {mean} +- {error}, the table has {published}"
        );
    }
}

#[test]
fn one_direction_alone_raises_half_as_many_false_alarms() {
    // 335.37: the integral equation of Page, solved with 40 Gaussian points.
    let (mean, error) = simulate(99, 4_000, 0.0, 4_000, true);
    assert!((mean - 335.37).abs() <= 3.0 * error, "{mean} +- {error}");
}
