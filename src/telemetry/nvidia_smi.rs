//! What `nvidia-smi --query-gpu=… --format=csv` prints, once or in a loop.
//!
//! Specified in `specs/readings.md`, section "`nvidia-smi`". Prescribed:
//! `nvidia-smi --query-gpu=timestamp,uuid,name,power.draw.instant,utilization.gpu
//! --format=csv -l 10`. Its times are local and name no zone; it has no counter of energy.

use std::collections::BTreeMap;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::Sample;
use crate::telemetry::Clock;
use crate::telemetry::Input;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::Unit;
use crate::telemetry::decimal::billionths;
use crate::telemetry::field_error;

/// Columns of power, the one that says most first: `power.draw` is, by generation, one or
/// the other of the two.
const POWER: [&str; 3] = ["power.draw.instant", "power.draw", "power.draw.average"];

/// Columns that name a device for good. Its index does not: it changes with a restart.
const NAMES: [&str; 2] = ["uuid", "serial"];

/// The output of `nvidia-smi`.
#[derive(Debug)]
pub struct NvidiaSmi {
    input: Option<Input>,
    clock: Clock,
}

impl NvidiaSmi {
    /// Reads `input`, whose times are understood by `clock`.
    pub const fn new(input: Input, clock: Clock) -> Self {
        Self {
            input: Some(input),
            clock,
        }
    }
}

impl Source for NvidiaSmi {
    fn tool(&self) -> &'static str {
        "nvidia-smi"
    }

    fn size(&self) -> Option<u64> {
        self.input.as_ref().and_then(Input::size)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let Some(mut input) = self.input.take() else {
            return Err(SourceError::Empty);
        };
        let mut columns: Option<Columns> = None;
        let mut meters: BTreeMap<String, MeterId> = BTreeMap::new();
        let mut line = Vec::new();
        while input.line(&mut line)? {
            let row = input.row();
            let text = str::from_utf8(&line).map_err(|_| {
                let found = String::from_utf8_lossy(&line).into_owned();
                field_error(row, "row", &found, "is not UTF-8")
            })?;
            if text.trim().is_empty() {
                continue;
            }
            let cells: Vec<&str> = text.split(',').map(str::trim).collect();
            // A loop that was started again prints its header again.
            if cells.contains(&"timestamp") {
                columns = Some(Columns::find(&cells)?);
                continue;
            }
            let columns = columns.as_ref().ok_or_else(|| SourceError::Shape {
                expected: "the CSV of `nvidia-smi --query-gpu`",
                why: "its first line is no header with `timestamp`".to_owned(),
            })?;
            columns.row(&cells, row, &self.clock, &mut meters, sink)?;
        }
        if columns.is_none() {
            return Err(SourceError::Empty);
        }
        sink.input(input.digest());
        Ok(())
    }
}

/// Where the columns stand.
struct Columns {
    width: usize,
    time: usize,
    name: usize,
    model: Option<usize>,
    power: Option<usize>,
    active: Option<usize>,
    mig: Option<usize>,
}

impl Columns {
    fn find(header: &[&str]) -> Result<Self, SourceError> {
        let plain = |cell: &str| {
            cell.split_once(" [")
                .map_or(cell.to_owned(), |(name, _)| name.to_owned())
        };
        let names: Vec<String> = header.iter().map(|cell| plain(cell)).collect();
        let column = |name: &str| names.iter().position(|one| one == name);
        let missing = |column: &str| SourceError::Column {
            column: column.to_owned(),
            found: names.join(", "),
        };
        let power = POWER.iter().find_map(|name| column(name));
        let active = column("utilization.gpu");
        if power.is_none() && active.is_none() {
            return Err(missing(POWER[0]));
        }
        for (name, unit) in [("power.draw", "[W]"), ("utilization.gpu", "[%]")] {
            let other = header
                .iter()
                .find(|cell| cell.starts_with(name) && cell.contains('[') && !cell.ends_with(unit));
            if let Some(other) = other {
                return Err(field_error(1, name, other, format!("is not in {unit}")));
            }
        }
        Ok(Self {
            width: header.len(),
            time: column("timestamp").ok_or_else(|| missing("timestamp"))?,
            name: NAMES
                .iter()
                .find_map(|name| column(name))
                .ok_or_else(|| missing("uuid"))?,
            model: column("name"),
            power,
            active,
            mig: column("mig.mode.current"),
        })
    }

    fn row(
        &self,
        cells: &[&str],
        row: u64,
        clock: &Clock,
        meters: &mut BTreeMap<String, MeterId>,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        if cells.len() != self.width {
            return Err(SourceError::Row {
                row,
                found: cells.len(),
                expected: self.width,
            });
        }
        let get = |at: usize| cells.get(at).copied().unwrap_or_default();
        let name = get(self.name);
        if name.is_empty() || absent(name) {
            return Err(field_error(row, "uuid", name, "names no device"));
        }
        let at = millis(clock, row, get(self.time))?;
        let meter = if let Some(meter) = meters.get(name) {
            *meter
        } else {
            let model = self.model.map(get).filter(|model| !absent(model));
            let meter = sink.meter(&Meter {
                name: name.to_owned(),
                boundary: Boundary::Gpu,
                model: model.map(str::to_owned),
            })?;
            meters.insert(name.to_owned(), meter);
            meter
        };
        let mig = self.mig.is_some_and(|at| get(at) == "Enabled");
        for (measure, column, unit, suffix) in [
            (Measure::Power, self.power, Unit::ONE, "W"),
            (
                Measure::Active,
                self.active.filter(|_| !mig),
                Unit::PERCENT,
                "%",
            ),
        ] {
            let Some(column) = column else { continue };
            let text = get(column);
            if absent(text) {
                sink.skip("readings that the device does not give", row);
                continue;
            }
            let number = number(text, suffix).ok_or_else(|| {
                field_error(row, measure.as_str(), text, format!("is not in {suffix}"))
            })?;
            let value = billionths(number, unit)
                .map_err(|why| field_error(row, measure.as_str(), text, why))?;
            sink.sample(meter, measure, Sample { at, value, row })?;
        }
        Ok(())
    }
}

/// Whether a cell stands for nothing: `[N/A]`, `[Not Supported]`, `[Unknown Error]`.
fn absent(cell: &str) -> bool {
    cell.starts_with('[') || cell == "N/A"
}

/// Returns the number of a cell, whose unit stands behind it or, with `nounits`, nowhere.
fn number<'t>(text: &'t str, unit: &str) -> Option<&'t str> {
    match text.split_once(' ') {
        Some((number, found)) => (found == unit).then_some(number),
        None => Some(text),
    }
}

/// Understands a time as other programs print it, to the millisecond.
pub(super) fn millis(clock: &Clock, row: u64, text: &str) -> Result<Millis, SourceError> {
    clock
        .millis(text)
        .map_err(|fault| fault.at(row, "time", text))
}
