//! Meter tables: a documented plain CSV of power or energy, as PDUs, building systems and
//! utilities export it.
//!
//! Specified in `specs/readings.md`, section "Meter tables".

use std::collections::BTreeMap;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Lot;
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
use crate::telemetry::nvidia_smi::millis;

/// Columns that hold what was measured: the name says of what and in which unit.
const VALUES: [(&str, Kind, Unit); 9] = [
    ("power_w", Kind::Power, Unit::ONE),
    ("power_kw", Kind::Power, Unit::KILO),
    ("power_mw", Kind::Power, Unit::MEGA),
    ("energy_j_total", Kind::Counter, Unit::ONE),
    ("energy_wh_total", Kind::Counter, Unit::WATT_HOUR),
    ("energy_kwh_total", Kind::Counter, Unit::KILOWATT_HOUR),
    ("energy_wh", Kind::Interval, Unit::WATT_HOUR),
    ("energy_kwh", Kind::Interval, Unit::KILOWATT_HOUR),
    ("energy_mwh", Kind::Interval, Unit::MEGAWATT_HOUR),
];

/// The columns that say who and when.
const COLUMNS: [&str; 5] = ["meter", "time", "start", "end", "boundary"];

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Power at an instant.
    Power,
    /// What a counter of energy shows at an instant.
    Counter,
    /// The energy from one instant to another.
    Interval,
}

/// A table of readings of power meters.
#[derive(Debug)]
pub struct MeterTable {
    input: Option<Input>,
    columns: BTreeMap<String, String>,
    boundary: Boundary,
    clock: Clock,
}

impl MeterTable {
    /// Reads `input`, whose columns are called as `columns` says where it names them, and
    /// whose meters are at `boundary` where no column says otherwise.
    pub const fn new(
        input: Input,
        columns: BTreeMap<String, String>,
        boundary: Boundary,
        clock: Clock,
    ) -> Self {
        Self {
            input: Some(input),
            columns,
            boundary,
            clock,
        }
    }
}

impl Source for MeterTable {
    fn tool(&self) -> &'static str {
        "meter-csv"
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let Some(mut input) = self.input.take() else {
            return Err(SourceError::Empty);
        };
        let mut line = Vec::new();
        if !input.line(&mut line)? {
            return Err(SourceError::Empty);
        }
        let header = text(&line, 1)?;
        let layout = Layout::find(&cells(header, 1)?, &self.columns)?;
        let mut meters = Meters::default();
        while input.line(&mut line)? {
            let row = input.row();
            let text = text(&line, row)?;
            if text.is_empty() {
                continue;
            }
            // Nearly no table of meters has a quotation mark.
            if text.contains('"') {
                let cells = cells(text, row)?;
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                self.row(&layout, &cells, row, &mut meters, sink)?;
            } else {
                let cells: Vec<&str> = text.split(',').map(str::trim).collect();
                self.row(&layout, &cells, row, &mut meters, sink)?;
            }
        }
        sink.input(input.digest());
        Ok(())
    }
}

impl MeterTable {
    fn row(
        &self,
        layout: &Layout,
        cells: &[&str],
        row: u64,
        meters: &mut Meters,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        if cells.len() != layout.width {
            return Err(SourceError::Row {
                row,
                found: cells.len(),
                expected: layout.width,
            });
        }
        let get = |at: usize| cells.get(at).copied().unwrap_or_default();
        let name = layout.meter.map_or("meter", get);
        if name.is_empty() {
            return Err(field_error(row, "meter", name, "names no meter"));
        }
        let boundary = match layout.boundary {
            Some(at) => get(at)
                .parse()
                .map_err(|why: String| field_error(row, "boundary", get(at), why))?,
            None => self.boundary,
        };
        let value = get(layout.value);
        let kind = layout.kind;
        if value.is_empty() {
            sink.skip("cells without a value", row);
            return Ok(());
        }
        let value = billionths(value, layout.unit)
            .map_err(|why| field_error(row, layout.name, value, why))?;
        let meter = meters.get(name, boundary, sink)?;
        let start = millis(&self.clock, row, get(layout.start))?;
        let Some(end) = layout.end else {
            let measure = match kind {
                Kind::Power => Measure::Power,
                Kind::Counter | Kind::Interval => Measure::Energy,
            };
            let at = start;
            return sink.sample(meter, measure, Sample { at, value, row });
        };
        let found = get(end);
        let end: Millis = millis(&self.clock, row, found)?;
        if end <= start {
            return Err(field_error(
                row,
                "end",
                found,
                format!("is not after the start, {start}"),
            ));
        }
        let joules = value;
        sink.lot(
            meter,
            Lot {
                start,
                end,
                joules,
                row,
            },
        )
    }
}

/// The meters seen so far; the last one is nearly always next.
#[derive(Default)]
struct Meters {
    known: BTreeMap<(Boundary, String), MeterId>,
}

impl Meters {
    fn get(
        &mut self,
        name: &str,
        boundary: Boundary,
        sink: &mut dyn Sink,
    ) -> Result<MeterId, SourceError> {
        let key = (boundary, name.to_owned());
        if let Some(meter) = self.known.get(&key) {
            return Ok(*meter);
        }
        let meter = sink.meter(&Meter {
            name: name.to_owned(),
            boundary,
            model: None,
        })?;
        self.known.insert(key, meter);
        Ok(meter)
    }
}

/// Where the columns stand.
struct Layout {
    width: usize,
    meter: Option<usize>,
    boundary: Option<usize>,
    start: usize,
    end: Option<usize>,
    value: usize,
    name: &'static str,
    kind: Kind,
    unit: Unit,
}

impl Layout {
    fn find(header: &[String], renamed: &BTreeMap<String, String>) -> Result<Self, SourceError> {
        let known = || {
            COLUMNS
                .into_iter()
                .chain(VALUES.iter().map(|(name, ..)| *name))
        };
        if let Some(column) = renamed
            .keys()
            .find(|one| !known().any(|known| known == *one))
        {
            return Err(SourceError::Unknown {
                column: column.clone(),
                known: known().collect::<Vec<_>>().join(", "),
            });
        }
        let column = |name: &str| {
            let called = renamed.get(name).map_or(name, String::as_str);
            header.iter().position(|one| one == called)
        };
        let missing = |column: &str| SourceError::Column {
            column: column.to_owned(),
            found: header.join(", "),
        };
        if let Some((name, _)) = renamed.iter().find(|(name, _)| column(name).is_none()) {
            return Err(missing(name));
        }
        let mut values = VALUES
            .into_iter()
            .filter_map(|(name, kind, unit)| Some((name, kind, unit, column(name)?)));
        let (name, kind, unit, value) = values.next().ok_or_else(|| missing("power_w"))?;
        if let Some((other, ..)) = values.next() {
            let why = format!("stands beside `{name}`: which of them counts is not said");
            return Err(field_error(1, other, other, why));
        }
        let (start, end) = match kind {
            Kind::Interval => {
                let start = column("start").ok_or_else(|| missing("start"))?;
                (start, Some(column("end").ok_or_else(|| missing("end"))?))
            }
            Kind::Power | Kind::Counter => (column("time").ok_or_else(|| missing("time"))?, None),
        };
        Ok(Self {
            width: header.len(),
            meter: column("meter"),
            boundary: column("boundary"),
            start,
            end,
            value,
            name,
            kind,
            unit,
        })
    }
}

fn text(line: &[u8], row: u64) -> Result<&str, SourceError> {
    str::from_utf8(line).map_err(|_| {
        let found = String::from_utf8_lossy(line).into_owned();
        field_error(row, "row", &found, "is not UTF-8")
    })
}

/// Takes a line apart, quoted cells and all.
fn cells(text: &str, row: u64) -> Result<Vec<String>, SourceError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut record = csv::StringRecord::new();
    let read = reader.read_record(&mut record);
    read.map_err(|error| field_error(row, "row", text, error.to_string()))?;
    Ok(record.iter().map(str::to_owned).collect())
}
