//! Whether what differs has changed, by simulation: how often honest meters raise an alarm,
//! and how soon a change does.

#![allow(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "random figures, and shares of runs"
)]

use standstill::quantity::Interval;
use standstill::quantity::Quantity;
use standstill::verify::accounting::Cusum;
use standstill::verify::accounting::Parameters;
use standstill::verify::accounting::Ppm;
use standstill::verify::accounting::RelativeError;
use standstill::verify::accounting::Residuals;
use standstill::verify::accounting::Score;
use standstill::verify::accounting::Term;
use standstill::verify::accounting::Told;

use super::run_lengths::Random;

/// How the figures of a meter scatter.
#[derive(Clone, Copy, Debug)]
enum Scatter {
    /// Anywhere within the share of it that its interval reaches to either side.
    Uniform(f64),
    /// By a normal error of this share, which the trust file states.
    Normal(f64),
}

impl Scatter {
    /// Reads an amount on a meter whose figures are all off by a share.
    fn read(self, random: &mut Random, amount: f64, shared: f64) -> Term {
        let (factor, half, ppm) = match self {
            Self::Uniform(half) => (1.0 + half * (2.0 * random.uniform() - 1.0), half, 0.0),
            Self::Normal(sigma) => (1.0 + sigma * random.normal(), 0.0, sigma * 1e6),
        };
        let reading = amount * (1.0 + shared) * factor;
        let bound = |factor: f64| Quantity::from((reading * factor).round() as u64);
        Term {
            amount: Interval::new(bound(1.0 - half), bound(1.0 + half)).unwrap(),
            error: RelativeError {
                random: Ppm::new(ppm.round() as u32),
                systematic: Ppm::new(20_000),
            },
        }
    }
}

/// A lab's own record, which is exact.
fn record(amount: f64) -> Term {
    Term {
        amount: Interval::exactly(Quantity::from(amount.round() as u64)),
        error: RelativeError {
            random: Ppm::new(0),
            systematic: Ppm::new(1_000),
        },
    }
}

/// What was seen whole.
fn all(term: Term) -> Told {
    let more = Quantity::ZERO;
    Told { term, more }
}

/// Scores of a meter beside a lab that leaves out a share of what it used from some day on.
fn scores(random: &mut Random, scatter: Scatter, days: u32, cheat: (u32, f64)) -> Vec<Score> {
    // No auditor knows it, and it may be large.
    let shared = 0.4 * random.uniform() - 0.2;
    let mut residuals = Residuals::default();
    let each = (0..days).filter_map(|day| {
        let used = 1e9 * (1.0 + random.uniform());
        let told = used * if day < cheat.0 { 1.0 } else { 1.0 - cheat.1 };
        residuals.push(all(record(told)), all(scatter.read(random, used, shared)))
    });
    each.collect()
}

/// The day of the first alarm over meters that are read every day.
fn alarm(random: &mut Random, scatter: Scatter, meters: u32, cheat: (u32, f64)) -> Option<u64> {
    const DAYS: u32 = 120;
    let parameters = Parameters::default();
    let limit = parameters
        .cusum_limit_of(u64::from(meters * (DAYS - 1)))
        .unwrap();
    let alarms = (0..meters).filter_map(|_| {
        let mut cusum = Cusum::with_limit(&parameters, limit);
        cusum.extend(scores(random, scatter, DAYS, cheat));
        // The first day has no score.
        cusum.alarm().map(|alarm| alarm.index + 1)
    });
    alarms.min()
}

// spec: acc-23 acc-24
#[test]
fn honest_meters_whatever_they_share_raise_no_more_alarms_than_the_level() {
    for (seed, scatter) in (1..).zip([Scatter::Uniform(0.05), Scatter::Normal(0.02)]) {
        for meters in [1, 10] {
            let mut random = Random(seed);
            let runs = 2_000 / meters;
            let alarms = (0..runs)
                .filter(|_| alarm(&mut random, scatter, meters, (0, 0.0)).is_some())
                .count();
            let share = alarms as f64 / f64::from(runs);
            let error = (0.05 * 0.95 / f64::from(runs)).sqrt();
            eprintln!("{scatter:?}, {meters} meters: {alarms} of {runs} raise an alarm");
            assert!(
                share <= 0.05 + 3.0 * error,
                "{scatter:?}: {alarms} of {runs}"
            );
        }
    }
}

// spec: acc-23
#[test]
fn a_change_shows_in_the_scores_as_the_formula_says() {
    // Three per cent after fifty days, of figures that scatter by two.
    let (runs, before, cheat) = (1_000_u32, 50_u32, 0.03);
    let mut random = Random(7);
    let mut sums = [0.0; 20];
    for _ in 0..runs {
        let scores = scores(&mut random, Scatter::Normal(0.02), 70, (before, cheat));
        for (day, sum) in sums.iter_mut().enumerate() {
            let score = scores[before as usize - 1 + day];
            *sum += (score.least + score.most) as f64 / 2000.0;
        }
    }
    for (day, sum) in (0_u32..).zip(sums) {
        let seen = f64::from(before + day);
        // What is left out counts as measured, and in its deviation.
        let delta = cheat / 0.02;
        let expected = delta * f64::from(before) / seen * (seen / (seen + 1.0)).sqrt();
        let (mean, error) = (sum / f64::from(runs), 1.0 / f64::from(runs).sqrt());
        assert!(
            (mean - expected).abs() <= 3.5 * error + 0.1,
            "day {day}: {mean}, the formula has {expected}"
        );
    }
}

// spec: acc-24
#[test]
fn a_change_of_one_deviation_is_found_within_weeks() {
    let mut random = Random(11);
    let runs = 300;
    let found: Vec<u64> = (0..runs)
        .filter_map(|_| alarm(&mut random, Scatter::Normal(0.02), 10, (60, 0.03)))
        .collect();
    let late = found.iter().filter(|day| **day >= 60);
    let delay = late.map(|day| day - 60).sum::<u64>() as f64 / found.len() as f64;
    eprintln!(
        "1.5 deviations less from day 60 on, ten meters: found in {} of {runs}, after {delay:.1} days",
        found.len()
    );
    assert!(found.len() * 100 >= runs * 95, "{} of {runs}", found.len());
    assert!(delay < 20.0, "{delay}");
}
