//! Measures `collect jobs` over a large table, by month and by hour: reading the file,
//! cutting the jobs into periods, and the root of every period's ledger.
//!
//! `cargo run --release --example collect_bench -- FILE [ZONE]`, where FILE has the
//! columns of the Philly trace. With `month` or `hour` as a third argument only that one
//! runs, so that the whole process can be timed from outside.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may stop, and prints what it found"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Instant;

use standstill::collector::CollectError;
use standstill::collector::Collector;
use standstill::collector::PeriodUsage;
use standstill::collector::range_of;
use standstill::ledger::Secret;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Options;
use standstill::telemetry::jobs;
use standstill::time::Cadence;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap();
    let zone = arguments.next().unwrap_or_else(|| "UTC".to_owned());
    let only = arguments.next();
    let hour = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
    for (name, cadence) in [("month", Cadence::Month), ("hour", hour)] {
        if only.as_deref().is_none_or(|only| only == name) {
            measure(&file, &zone, name, cadence);
        }
    }
}

fn measure(file: &str, zone: &str, name: &str, cadence: Cadence) {
    let begun = Instant::now();
    let columns = [
        ("start", "timestamp"),
        ("duration", "duration"),
        ("accelerators", "num_gpus"),
    ];
    let columns: BTreeMap<String, String> = columns
        .map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()))
        .into();
    let options = Options {
        clock: Clock::new(Some(zone), Ambiguous::Earlier).unwrap(),
        ..Options::default()
    };
    let bytes = std::fs::read(file).unwrap();
    let intake = jobs::read(&bytes, &columns, &options).unwrap();
    let read = begun.elapsed();
    let count = intake.jobs.len();
    let first = intake
        .jobs
        .iter()
        .map(|job| job.span.start())
        .min()
        .unwrap();
    let range = range_of(&intake.jobs, cadence, first.month_start()).unwrap();
    let (mut periods, mut records, mut seconds) = (0_u64, 0_u64, 0_u128);
    let mut collector = Collector::of(&intake.jobs, cadence, range).unwrap();
    let make = |usage: PeriodUsage| {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&usage.period.start().get().to_be_bytes());
        let ledger = usage.ledger(Secret::from_bytes(secret)).unwrap();
        let sum = usage.all.accelerator_seconds.upper().get();
        Ok::<_, CollectError>((ledger.reference().unwrap().count, sum))
    };
    collector
        .each(make, |(count, sum)| {
            periods = periods.checked_add(1).unwrap();
            records = records.checked_add(count).unwrap();
            seconds = seconds.checked_add(sum).unwrap();
            Ok(())
        })
        .unwrap();
    println!(
        "{name}: {count} jobs, {periods} periods, {records} records, {} accelerator-hours; \
         read {:?}, all {:?}",
        seconds / 3600,
        read,
        begun.elapsed()
    );
}
