//! Readings cut into periods, against what can be counted by hand.

use std::num::NonZeroU64;

use proptest::prelude::*;
use standstill::attestation::figure::Boundary;
use standstill::collector::Metered;
use standstill::collector::Metering;
use standstill::collector::reading::Billionths;
use standstill::collector::reading::Lot;
use standstill::collector::reading::Measure;
use standstill::collector::reading::Meter;
use standstill::collector::reading::Millis;
use standstill::collector::reading::Sample;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

/// 2026-03-01T00:00:00Z.
const START: u64 = 1_772_323_200;

/// 10^-12 of a unit, in which sums are.
const PICO: u128 = 1_000_000_000_000;

fn meter(name: &str, boundary: Boundary) -> Meter {
    Meter {
        name: name.to_owned(),
        boundary,
        model: None,
    }
}

/// A metering of so many periods of so many seconds.
fn metering(periods: u64, seconds: u64, every: Option<u64>) -> Metering {
    let at = |second| UnixSeconds::new(START + second).unwrap();
    let range = Period::new(at(0), at(periods * seconds)).unwrap();
    let cadence = Cadence::Seconds(NonZeroU64::new(seconds).unwrap());
    Metering::new(cadence, range, every.map(|every| every * 1000)).unwrap()
}

fn millis(second: i64) -> Millis {
    Millis::new(u64::try_from(i64::try_from(START).unwrap() + second).unwrap() * 1000).unwrap()
}

fn units(value: u64) -> Billionths {
    Billionths::new(u128::from(value) * 1_000_000_000).unwrap()
}

/// Reads one meter: seconds from the start, and values.
fn read(metering: Metering, measure: Measure, readings: &[(i64, u64)]) -> Metered {
    try_read(metering, measure, readings).unwrap()
}

fn try_read(
    mut metering: Metering,
    measure: Measure,
    readings: &[(i64, u64)],
) -> Result<Metered, String> {
    let id = metering.meter(&meter("m", Boundary::Gpu)).unwrap();
    for (row, (second, value)) in (1..).zip(readings) {
        let sample = Sample {
            at: millis(*second),
            value: units(*value),
            row,
        };
        let taken = metering.sample(id, measure, sample);
        taken.map_err(|error| error.to_string())?;
    }
    metering.finish().map_err(|error| error.to_string())
}

/// Seconds seen, and lower, middle and upper in whole units, of a period.
fn sums(metered: &Metered, period: usize) -> (u64, u128, u128, u128) {
    let meters = metered.period(period);
    let Some(cell) = meters[0].cells.values().next() else {
        return (0, 0, 0, 0);
    };
    let whole = |sum: u128| {
        assert_eq!(sum % PICO, 0, "{sum}");
        sum / PICO
    };
    let middle = whole(cell.twice_middle / 2);
    (
        cell.observed / 1000,
        whole(cell.lower),
        middle,
        whole(cell.upper),
    )
}

// spec: red-4
#[test]
fn lost_readings_are_a_gap_and_one_interval_is_not() {
    // Every 30 s for an hour; 20 of them lost from 600 s on.
    let kept = (0..=120).filter(|step| !(20..40).contains(step));
    let readings: Vec<(i64, u64)> = kept.map(|step| (step * 30, 100)).collect();
    let metered = read(metering(1, 3600, None), Measure::Power, &readings);
    assert_eq!(metered.every, Some(30_000));
    assert_eq!(sums(&metered, 0), (3000, 300_000, 300_000, 300_000));
    // Read twice as rarely as said, all but the first half of each interval is unseen.
    let readings: Vec<(i64, u64)> = (0..=60).map(|step| (step * 60, 100)).collect();
    let metered = read(metering(1, 3600, Some(30)), Measure::Power, &readings);
    assert_eq!(sums(&metered, 0).0, 1800);
}

// spec: red-4
#[test]
fn before_the_first_and_after_the_last_reading_nothing_was_seen() {
    let readings = [(1000, 5), (1010, 5), (1020, 5)];
    let metered = read(metering(1, 3600, None), Measure::Power, &readings);
    assert_eq!(sums(&metered, 0), (20, 100, 100, 100));
    // One alone says nothing, and nothing says how often it is read.
    let error = try_read(metering(1, 3600, None), Measure::Power, &[(1000, 5)]).unwrap_err();
    assert!(error.contains("how often"), "{error}");
}

// spec: red-7
#[test]
fn a_gauge_lies_between_its_readings_and_is_clipped_on_the_line() {
    // From 0 W at -10 s to 200 W at 30 s, over the edge of two periods of ten seconds.
    let metered = read(
        metering(2, 10, Some(40)),
        Measure::Power,
        &[(-10, 0), (30, 200)],
    );
    // 50 W at 0 s, 100 W at 10 s, 150 W at 20 s.
    assert_eq!(sums(&metered, 0), (10, 500, 750, 1000));
    assert_eq!(sums(&metered, 1), (10, 1000, 1250, 1500));
}

// spec: red-7
#[test]
fn a_reading_on_an_edge_belongs_to_the_later_period() {
    let metered = read(
        metering(2, 10, Some(10)),
        Measure::Power,
        &[(0, 1), (10, 1), (20, 1)],
    );
    for period in 0..2 {
        assert_eq!(metered.period(period)[0].cells[&Measure::Power].readings, 1);
        assert_eq!(sums(&metered, period).0, 10);
    }
}

// spec: red-8
#[test]
fn a_counter_is_exact_over_a_gap_and_open_over_an_edge() {
    // A gap within the period: all of it was used, little of the time was seen.
    let metered = read(
        metering(1, 600, Some(10)),
        Measure::Energy,
        &[(0, 0), (10, 50), (500, 900), (510, 910)],
    );
    assert_eq!(sums(&metered, 0), (30, 910, 910, 910));
    // Over an edge: from none to all.
    let metered = read(
        metering(2, 10, Some(10)),
        Measure::Energy,
        &[(5, 0), (15, 40)],
    );
    assert_eq!(sums(&metered, 0), (5, 0, 20, 40));
    assert_eq!(sums(&metered, 1), (5, 0, 20, 40));
}

// spec: red-8
#[test]
fn a_counter_that_begins_anew_loses_what_is_not_known() {
    let metered = read(
        metering(1, 60, Some(10)),
        Measure::Energy,
        &[(0, 900), (10, 950), (20, 30), (30, 80)],
    );
    assert_eq!(sums(&metered, 0), (20, 130, 130, 130));
    assert_eq!(metered.period(0)[0].cells[&Measure::Energy].resets, 1);
}

// spec: red-9
#[test]
fn the_energy_of_a_stretch_of_time_is_whole_and_holes_are_gaps() {
    let mut metering = metering(2, 3600, None);
    let id = metering.meter(&meter("feed", Boundary::Feed)).unwrap();
    let lot = |start, end, joules| Lot {
        start: millis(start),
        end: millis(end),
        joules: units(joules),
        row: 1,
    };
    // Three of four quarters, then one over the edge.
    for (start, end, joules) in [(0, 900, 10), (900, 1800, 20), (2700, 4500, 40)] {
        metering.lot(id, lot(start, end, joules)).unwrap();
    }
    let error = metering
        .lot(id, lot(4000, 5000, 1))
        .unwrap_err()
        .to_string();
    assert!(error.contains("before row 1 ends"), "{error}");
    let metered = metering.finish().unwrap();
    assert_eq!(sums(&metered, 0), (2700, 30, 50, 70));
    assert_eq!(sums(&metered, 1), (900, 0, 20, 40));
}

// spec: red-2
#[test]
fn one_name_at_two_boundaries_is_two_meters() {
    let mut metering = metering(1, 60, Some(10));
    let node = metering.meter(&meter("n1", Boundary::Node)).unwrap();
    assert_eq!(metering.meter(&meter("n1", Boundary::Node)).unwrap(), node);
    assert_ne!(metering.meter(&meter("n1", Boundary::Rack)).unwrap(), node);
}

// spec: red-3
#[test]
fn readings_out_of_order_or_in_conflict_are_refused_with_both_rows() {
    let gauge = |readings: &[(i64, u64)]| {
        try_read(metering(1, 60, Some(10)), Measure::Power, readings).unwrap_err()
    };
    let error = gauge(&[(0, 1), (20, 1), (10, 1)]);
    assert!(
        error.contains("row 3") && error.contains("row 2"),
        "{error}"
    );
    let error = gauge(&[(0, 1), (10, 1), (10, 2)]);
    assert!(
        error.contains("row 3") && error.contains("row 2"),
        "{error}"
    );
    let twice = read(
        metering(1, 60, Some(10)),
        Measure::Power,
        &[(0, 1), (10, 1), (10, 1)],
    );
    assert_eq!(twice.repeated, 1);
}

// spec: red-13
#[test]
fn the_digest_of_a_series_is_that_of_its_readings_in_the_period() {
    let metered = read(
        metering(2, 10, Some(10)),
        Measure::Power,
        &[(0, 7), (10, 8)],
    );
    let expected = |second: i64, value: u64| {
        let mut bytes = millis(second).get().to_be_bytes().to_vec();
        bytes.extend((u128::from(value) * 1_000_000_000).to_be_bytes());
        standstill::hash::sha256(&bytes)
    };
    for (period, reading) in [(0, (0, 7)), (1, (10, 8))] {
        let digest = metered.period(period)[0].cells[&Measure::Power].series();
        assert_eq!(digest, expected(reading.0, reading.1));
    }
}

#[test]
fn a_clock_of_another_zone_is_found_and_a_late_start_is_not() {
    let read = |offsets: [i64; 4], ends: [i64; 4]| {
        let mut metering = metering(1, 86_400, Some(600));
        for (index, (offset, end)) in offsets.into_iter().zip(ends).enumerate() {
            let id = metering
                .meter(&meter(&format!("n{index}"), Boundary::Node))
                .unwrap();
            for step in 0..=60 {
                let second = offset + (36_000 + end - offset) * step / 60;
                let sample = Sample {
                    at: millis(second),
                    value: units(1),
                    row: 1,
                };
                metering.sample(id, Measure::Power, sample).unwrap();
            }
        }
        metering
            .finish()
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(read([0, 3, 20, 7], [0, 3, 20, 7]), Ok(()));
    let error = read([0, 3, 5, 7200], [0, 3, 5, 7200]).unwrap_err();
    assert!(
        error.contains("`n3`") && error.contains("120 minutes"),
        "{error}"
    );
    let error = read([0, 3, 5, -19_800], [0, 3, 5, -19_800]).unwrap_err();
    assert!(error.contains("-330 minutes"), "{error}");
    // A node that was started two hours later, and ended with the others.
    assert_eq!(read([0, 3, 5, 7200], [0, 3, 5, 7]), Ok(()));
}

/// Readings at ascending times around a day of hours.
fn readings() -> impl Strategy<Value = Vec<(i64, u64)>> {
    let step = (1_i64..4000, 0_u64..1000);
    proptest::collection::vec(step, 2..60).prop_map(|steps| {
        let mut at = -2000;
        let reading = |(apart, value)| {
            at += apart;
            (at, value)
        };
        steps.into_iter().map(reading).collect()
    })
}

proptest! {
    /// However time is cut, as much of it was seen and as much used: bounds only widen at
    /// edges, and the mean stays.
    #[test]
    fn cutting_finer_loses_nothing(readings in readings(), every in 1_u64..2000, counter: bool) {
        let measure = if counter { Measure::Energy } else { Measure::Power };
        let day = read(metering(1, 86_400, Some(every)), measure, &readings);
        let hours = read(metering(24, 3600, Some(every)), measure, &readings);
        let cell = |metered: &Metered, period: usize| {
            let meters = metered.period(period);
            let cell = meters[0].cells.get(&measure);
            cell.map_or((0, 0, 0, 0, 0), |cell| {
                (cell.observed, cell.lower, cell.twice_middle, cell.upper, cell.resets)
            })
        };
        let whole = cell(&day, 0);
        let mut sum = (0, 0, 0, 0, 0);
        for hour in 0..24 {
            let (observed, lower, middle, upper, resets) = cell(&hours, hour);
            prop_assert!(observed <= 3_600_000);
            prop_assert!(lower <= upper);
            sum = (sum.0 + observed, sum.1 + lower, sum.2 + middle, sum.3 + upper, sum.4 + resets);
        }
        prop_assert_eq!(sum.0, whole.0);
        prop_assert_eq!(sum.4, whole.4);
        // Finer cuts tighten a gauge and loosen a counter; both hold the mean, but for the
        // rounding of one unit a cut and reading.
        let slack = 2 * 1_000_000_000_000 * 200;
        prop_assert!(sum.1 <= whole.2 / 2 + slack && whole.2 / 2 <= sum.3 + slack);
        prop_assert!(sum.2.abs_diff(whole.2) <= slack);
        if counter {
            prop_assert!(sum.1 <= whole.1 && whole.3 <= sum.3);
        } else {
            prop_assert!(whole.1 <= sum.1 + slack && sum.3 <= whole.3 + slack);
        }
    }

    /// Readings one by one or after a long wait for their interval: the same.
    #[test]
    fn waiting_for_the_interval_changes_nothing(readings in readings()) {
        let waited = read(metering(24, 3600, None), Measure::Power, &readings);
        let every = waited.every.unwrap();
        let at = |second| UnixSeconds::new(START + second).unwrap();
        let range = Period::new(at(0), at(86_400)).unwrap();
        let cadence = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
        let told = Metering::new(cadence, range, Some(every)).unwrap();
        let told = read(told, Measure::Power, &readings);
        for hour in 0..24 {
            let (one, other) = (waited.period(hour), told.period(hour));
            let sums = |one: &[standstill::collector::MeterPeriod<'_>]| {
                one[0].cells.values().next().map(|cell| (cell.observed, cell.lower, cell.upper, cell.series()))
            };
            prop_assert_eq!(sums(&one), sums(&other));
        }
    }
}
