//! The power logs of a run of MLPerf Training: what they come to, and which are copies.

use std::fmt::Write as _;
use std::num::NonZeroU64;
use std::path::PathBuf;

use standstill::attestation::figure::Boundary;
use standstill::collector::Metered;
use standstill::collector::Metering;
use standstill::collector::reading::Measure;
use standstill::telemetry::Gathered;
use standstill::telemetry::Source as _;
use standstill::telemetry::mlperf::PowerLogs;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

use crate::data;

/// The second that the run began in, and the one after it ended.
const RUN: (u64, u64) = (1_715_960_307, 1_715_963_720);

fn logs() -> Option<Vec<PathBuf>> {
    let directory = data("mlperf-gpt3-512xh100/power")?;
    let files = std::fs::read_dir(directory).unwrap();
    let files = files.map(|file| file.unwrap().path());
    Some(
        files
            .filter(|file| {
                file.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("node_"))
            })
            .collect(),
    )
}

fn read(files: Vec<PathBuf>) -> Gathered {
    let [start, end] = [RUN.0, RUN.1].map(|second| UnixSeconds::new(second).unwrap());
    let run = Period::new(start, end).unwrap();
    let cadence = Cadence::Seconds(NonZeroU64::new(run.seconds()).unwrap());
    let mut gathered = Gathered::new(Metering::new(cadence, run, None).unwrap());
    PowerLogs::new(files, Boundary::Node)
        .read(&mut gathered)
        .unwrap();
    gathered
}

fn run() -> Option<Metered> {
    let files = logs()?;
    assert_eq!(files.len(), 64);
    Some(read(files).metering.finish().unwrap())
}

// spec: red-24
#[test]
fn the_energy_of_the_run_is_the_submitters() {
    let Some(metered) = run() else { return };
    let (mut lower, mut middle, mut upper) = (0_u128, 0_u128, 0_u128);
    let mut gap = 0;
    for meter in metered.period(0) {
        let cell = meter.cells[&Measure::Power];
        lower += cell.lower;
        middle += cell.twice_middle / 2;
        upper += cell.upper;
        gap += (RUN.1 - RUN.0) * 1000 - cell.observed;
    }
    // Trapezoids between the readings that there are; after a node's last one, up to 1.9 s
    // before the end, nothing is known. In 10^-12 J.
    let kilowatt_hour = 3_600_000 * 1_000_000_000_000_u128;
    let submitted = 415_255 * kilowatt_hour / 1000;
    assert!(middle.abs_diff(submitted) * 10_000 < submitted, "{middle}");
    let total = 415_220 * kilowatt_hour / 1000;
    assert!(lower < total && total < upper, "{lower} to {upper}");
    assert!(gap > 0, "no node was read to the very edges");
    assert_eq!(metered.every, Some(2005));
}

// spec: red-6
#[test]
fn thirty_nodes_have_the_readings_of_another() {
    let Some(metered) = run() else { return };
    let pairs = metered.identical(0);
    assert_eq!(pairs.len(), 30);
    assert_eq!(metered.meters().count() - pairs.len(), 34);
    for (one, other) in pairs {
        assert_ne!(one, other);
    }
}

// spec: red-5
#[test]
fn a_log_of_another_zone_is_refused_and_not_integrated() {
    let Some(mut files) = logs() else { return };
    let directory = tempfile::tempdir().unwrap();
    let moved = directory.path().join("node_local.txt");
    let text = std::fs::read_to_string(files.pop().unwrap()).unwrap();
    // Two hours, as a log of Paris in summer that calls its times UTC.
    let mut shifted = String::new();
    for line in text.lines() {
        let (before, rest) = line.split_once("\"time_ms\": ").unwrap();
        let (time, after) = rest.split_once(',').unwrap();
        let time = time.parse::<u64>().unwrap() + 2 * 3_600_000;
        writeln!(shifted, "{before}\"time_ms\": {time},{after}").unwrap();
    }
    std::fs::write(&moved, shifted).unwrap();
    files.push(moved);
    let error = read(files).metering.finish().unwrap_err().to_string();
    assert!(error.contains("`node_local`"), "{error}");
    assert!(error.contains("120 minutes off"), "{error}");
}
