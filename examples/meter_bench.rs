//! Measures the reading of a large table of power meters: each meter's energy hour by hour.
//!
//! `cargo run --release --example meter_bench -- FILE START END`, with whole hours from START
//! to END, such as `2025-01-01T00:00:00Z`.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may stop, and prints what it found"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Instant;

use standstill::attestation::figure::Boundary;
use standstill::collector::Metering;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Gathered;
use standstill::telemetry::Input;
use standstill::telemetry::Source as _;
use standstill::telemetry::meter_table::MeterTable;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, start, end] = arguments.as_slice() else {
        panic!("usage: meter_bench FILE START END");
    };
    let begun = Instant::now();
    let [start, end]: [UnixSeconds; 2] = [start, end].map(|at| at.parse().unwrap());
    let range = Period::new(start, end).unwrap();
    let hour = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
    let mut gathered = Gathered::new(Metering::new(hour, range, None).unwrap());
    let input = Input::open(Path::new(file)).unwrap();
    let clock = Clock::new(Some("UTC"), Ambiguous::Earlier).unwrap();
    let mut table = MeterTable::new(input, BTreeMap::new(), Boundary::Facility, clock);
    table.read(&mut gathered).unwrap();
    let metered = gathered.metering.finish().unwrap();
    let (mut readings, mut twice) = (0_u64, 0_u128);
    for index in 0..metered.periods().len() {
        for meter in metered.period(index) {
            for cell in meter.cells.values() {
                readings = readings.checked_add(cell.readings).unwrap();
                twice = twice.checked_add(cell.twice_middle).unwrap();
            }
        }
    }
    let joules = twice.checked_div(2_000_000_000_000).unwrap();
    println!(
        "{readings} readings, {joules} joules; {:?}",
        begun.elapsed()
    );
}
