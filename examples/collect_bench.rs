//! Measures the collection of a large job log: reading the file, cutting the jobs into
//! periods, and, unless only figures are asked for, the root of every period's ledger.
//!
//! `cargo run --release --example collect_bench -- FILE hour|month [figures] [ZONE]`, where
//! FILE is the output of `sacct`, or has the columns of the Philly trace.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may stop, and prints what it found"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Instant;

use standstill::collector::CollectError;
use standstill::collector::Collector;
use standstill::collector::Job;
use standstill::collector::PeriodUsage;
use standstill::ledger::Secret;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Input;
use standstill::telemetry::Intake;
use standstill::telemetry::Options;
use standstill::telemetry::Sink;
use standstill::telemetry::Source;
use standstill::telemetry::SourceError;
use standstill::telemetry::Spill;
use standstill::telemetry::jobs::JobTable;
use standstill::telemetry::slurm::Sacct;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

/// Lays jobs by, and nothing else.
struct Jobs {
    collector: Collector<Spill>,
    intake: Intake,
    count: u64,
}

impl Sink for Jobs {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn job(&mut self, job: &Job) -> Result<(), SourceError> {
        self.count = self.count.saturating_add(1);
        Ok(self.collector.add(job)?)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut arguments = arguments.iter().map(String::as_str);
    let file = arguments.next().unwrap();
    let cadence = arguments.next().unwrap();
    let rest: Vec<&str> = arguments.collect();
    let figures = rest.contains(&"figures");
    let zone = rest.into_iter().find(|one| *one != "figures");
    let begun = Instant::now();
    let hour = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
    let cadence = if cadence == "hour" {
        hour
    } else {
        Cadence::Month
    };
    // Every trace that there is lies within.
    let [start, end]: [UnixSeconds; 2] =
        ["2017-01-01T00:00:00Z", "2027-01-01T00:00:00Z"].map(|at| at.parse().unwrap());
    let range = Period::new(start, end).unwrap();
    let spill = Spill::new(&std::env::temp_dir()).unwrap();
    let mut jobs = Jobs {
        collector: Collector::new(cadence, range, spill).unwrap(),
        intake: Intake::default(),
        count: 0,
    };
    source(file, zone.unwrap_or("UTC")).read(&mut jobs).unwrap();
    let read = begun.elapsed();
    let (mut records, mut seconds) = (0_u64, 0_u128);
    let make = |usage: PeriodUsage| {
        let sum = usage.all.accelerator_seconds.upper().get();
        if figures {
            return Ok((0, sum));
        }
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&usage.period.start().get().to_be_bytes());
        let ledger = usage.ledger(Secret::from_bytes(secret)).unwrap();
        Ok::<_, CollectError>((ledger.reference().unwrap().count, sum))
    };
    jobs.collector
        .each(make, |(count, sum)| {
            records = records.checked_add(count).unwrap();
            seconds = seconds.checked_add(sum).unwrap();
            Ok(())
        })
        .unwrap();
    println!(
        "{} jobs, {records} records, {seconds} accelerator-seconds; read {read:?}, all {:?}",
        jobs.count,
        begun.elapsed()
    );
}

fn source(file: &str, zone: &str) -> Box<dyn Source> {
    let options = Options {
        clock: Clock::new(Some(zone), Ambiguous::Earlier).unwrap(),
        ..Options::default()
    };
    let input = Input::open(Path::new(file)).unwrap();
    if Path::new(file).extension().is_none_or(|one| one != "csv") {
        return Box::new(Sacct::new(input, options));
    }
    let columns = [
        ("start", "timestamp"),
        ("duration", "duration"),
        ("accelerators", "num_gpus"),
    ];
    let columns: BTreeMap<String, String> = columns
        .map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()))
        .into();
    Box::new(JobTable::new(input, columns, options))
}
