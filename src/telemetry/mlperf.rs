//! Power logs as MLPerf Training has them: one file a node, a line a reading.
//!
//! Specified in `specs/readings.md`, section "MLPerf power logs". A line is
//! `:::MLLOG {"time_ms": …, "key": "power_reading", "value": …}`, in watts. The meter is
//! called as its file is, without the ending.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Number;

use crate::attestation::figure::Boundary;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::Sample;
use crate::telemetry::Input;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::Unit;
use crate::telemetry::decimal::billionths;
use crate::telemetry::each_file;
use crate::telemetry::field_error;
use crate::telemetry::sizes;

/// What every line of a log begins with.
const PREFIX: &str = ":::MLLOG ";

/// The key of a reading.
const READING: &str = "power_reading";

/// The power logs of a run.
#[derive(Debug)]
pub struct PowerLogs {
    files: Vec<PathBuf>,
    boundary: Boundary,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Line {
    key: String,
    time_ms: Number,
    value: serde_json::Value,
}

impl PowerLogs {
    /// Reads these files, each of one meter at `boundary`.
    pub fn new(mut files: Vec<PathBuf>, boundary: Boundary) -> Self {
        files.sort();
        Self { files, boundary }
    }
}

impl Source for PowerLogs {
    fn tool(&self) -> &'static str {
        "mlperf-power"
    }

    fn size(&self) -> Option<u64> {
        sizes(&self.files)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        each_file(&self.files, |file| {
            let stem = file.file_stem().unwrap_or(file.as_os_str());
            let meter = sink.meter(&Meter {
                name: stem.to_string_lossy().into_owned(),
                boundary: self.boundary,
                model: None,
            })?;
            let mut input = Input::open(file)?;
            let mut line = Vec::new();
            let mut any = false;
            while input.line(&mut line)? {
                let row = input.row();
                let text = String::from_utf8_lossy(&line);
                let Some(json) = text.strip_prefix(PREFIX) else {
                    sink.skip("lines that are not of MLLOG", row);
                    continue;
                };
                let read: Line = serde_json::from_str(json)
                    .map_err(|error| field_error(row, "MLLOG", json, error.to_string()))?;
                if read.key != READING {
                    sink.skip("lines that are no power reading", row);
                    continue;
                }
                sink.sample(meter, Measure::Power, sample(&read, row)?)?;
                any = true;
            }
            if !any {
                return Err(SourceError::Shape {
                    expected: "an MLPerf power log",
                    why: format!("{} has no power reading", input.name()),
                });
            }
            sink.input(input.digest());
            Ok(())
        })
    }
}

fn sample(read: &Line, row: u64) -> Result<Sample, SourceError> {
    let time = read.time_ms.to_string();
    let at = time.parse().ok().and_then(Millis::new).ok_or_else(|| {
        field_error(
            row,
            "time_ms",
            &time,
            "is no time in milliseconds since 1970",
        )
    })?;
    let value = match &read.value {
        serde_json::Value::Number(number) => number.to_string(),
        other => other.to_string(),
    };
    Ok(Sample {
        at,
        value: billionths(&value, Unit::ONE)
            .map_err(|why| field_error(row, "value", &value, why))?,
        row,
    })
}
