//! Energy tables: a documented plain CSV of intervals or of readings, and others by naming
//! their columns.
//!
//! Specified in `specs/energy.md`, section "Energy tables". A table has `start`, `end` and
//! one column of energy, or `time` and a column of power, of a counter, or of both. A file
//! is read row by row and never held.

mod columns;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use csv::ByteRecord;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Billionths;
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
use crate::telemetry::bounded::Bounded;
use crate::telemetry::decimal::billionths;
use crate::telemetry::field_error;
use crate::telemetry::intervals::columns::Column;
use crate::telemetry::intervals::columns::Columns;
use crate::telemetry::intervals::columns::Form;
use crate::telemetry::intervals::columns::Value;

pub use columns::COLUMNS;

/// What was expected, where something else was found.
const EXPECTED: &str = "a CSV table with a header";

/// The most meters of one table: two for each machine of the largest known clusters.
const MAX_METERS: usize = 1 << 17;

/// The longest name of a meter; a device's UUID has 40 bytes.
const MAX_NAME: usize = 256;

/// Bytes that the parser reads at a time.
const BUFFER: usize = 1 << 16;

/// Energy tables.
#[derive(Debug)]
pub struct EnergyTables {
    files: Vec<PathBuf>,
    names: BTreeMap<String, String>,
    boundary: Boundary,
    clock: Clock,
}

impl EnergyTables {
    /// Reads these files, in this order: tables whose columns are called as `names` says,
    /// or by their own names. Meters whose row names no boundary stand at `boundary`, and
    /// times are understood by `clock`.
    pub const fn new(
        files: Vec<PathBuf>,
        names: BTreeMap<String, String>,
        boundary: Boundary,
        clock: Clock,
    ) -> Self {
        Self {
            files,
            names,
            boundary,
            clock,
        }
    }

    fn table(
        &self,
        path: &Path,
        meters: &mut Meters,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        let stem = stem.to_string_lossy();
        let mut table = csv::ReaderBuilder::new()
            .flexible(true)
            .buffer_capacity(BUFFER)
            .from_reader(Bounded::new(Input::open(path)?));
        let header = match table.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(fail(&error, table.get_ref())),
        };
        let columns = Columns::find(&header, &self.names)?;
        let mut record = ByteRecord::new();
        let mut row = 1_u64;
        loop {
            table.get_mut().next_piece();
            match table.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(fail(&error, table.get_ref())),
            }
            row = row.saturating_add(1);
            if record.len() != header.len() {
                return Err(SourceError::Row {
                    row,
                    found: record.len(),
                    expected: header.len(),
                });
            }
            Row {
                number: row,
                record: &record,
                columns: &columns,
                tables: self,
                stem: &stem,
            }
            .give(meters, sink)?;
        }
        let bounded = table.into_inner();
        if row == 1 {
            return Err(SourceError::Shape {
                expected: EXPECTED,
                why: "there are no rows in it".to_owned(),
            });
        }
        if !bounded.ends_line() {
            return Err(SourceError::Cut);
        }
        sink.input(bounded.digest());
        Ok(())
    }
}

impl Source for EnergyTables {
    fn tool(&self) -> &'static str {
        "energy-table"
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut meters = Meters::default();
        for path in &self.files {
            self.table(path, &mut meters, sink)?;
        }
        Ok(())
    }
}

fn fail(error: &csv::Error, bounded: &Bounded) -> SourceError {
    match error.kind() {
        csv::ErrorKind::Io(io) => bounded.fail(io, EXPECTED),
        _ => SourceError::Shape {
            expected: EXPECTED,
            why: error.to_string(),
        },
    }
}

/// The meters that rows named so far.
#[derive(Default)]
struct Meters {
    known: BTreeMap<Boundary, BTreeMap<String, MeterId>>,
    count: usize,
}

impl Meters {
    fn find(
        &mut self,
        boundary: Boundary,
        name: &str,
        row: u64,
        sink: &mut dyn Sink,
    ) -> Result<MeterId, SourceError> {
        let known = self.known.entry(boundary).or_default();
        if let Some(meter) = known.get(name) {
            return Ok(*meter);
        }
        let fail = |why: String| Err(field_error(row, "meter", name, why));
        if name.is_empty() {
            return fail("names no meter".to_owned());
        }
        if name.len() > MAX_NAME {
            return fail(format!("has more than {MAX_NAME} bytes"));
        }
        if self.count >= MAX_METERS {
            return fail(format!("is one of more than {MAX_METERS} meters"));
        }
        let meter = sink.meter(&Meter {
            name: name.to_owned(),
            boundary,
            model: None,
        })?;
        known.insert(name.to_owned(), meter);
        self.count = self.count.saturating_add(1);
        Ok(meter)
    }
}

/// A row of a table.
struct Row<'r> {
    number: u64,
    record: &'r ByteRecord,
    columns: &'r Columns,
    tables: &'r EnergyTables,
    stem: &'r str,
}

impl Row<'_> {
    fn give(&self, meters: &mut Meters, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let boundary = match &self.columns.boundary {
            Some(column) => match self.text(column)? {
                "" => self.tables.boundary,
                text => text
                    .parse()
                    .map_err(|why: String| self.fail(column, text, &why))?,
            },
            None => self.tables.boundary,
        };
        let name = match &self.columns.meter {
            Some(column) => self.text(column)?,
            None => self.stem,
        };
        let meter = meters.find(boundary, name, self.number, sink)?;
        match &self.columns.form {
            Form::Intervals { start, end, energy } => {
                let (from, to) = (self.instant(start)?, self.instant(end)?);
                if to <= from {
                    let why = format!("is not after the start, {from}");
                    return Err(self.fail(end, self.text(end)?, &why));
                }
                let Some(joules) = self.value(energy)? else {
                    sink.skip("intervals without a value", self.number);
                    return Ok(());
                };
                let lot = Lot {
                    start: from,
                    end: to,
                    joules,
                    row: self.number,
                };
                sink.lot(meter, lot)
            }
            Form::Readings { time, values } => {
                let at = self.instant(time)?;
                for value in values {
                    let measure = if value.counter {
                        Measure::Energy
                    } else {
                        Measure::Power
                    };
                    let Some(read) = self.value(value)? else {
                        sink.skip("readings without a value", self.number);
                        continue;
                    };
                    let sample = Sample {
                        at,
                        value: read,
                        row: self.number,
                    };
                    sink.sample(meter, measure, sample)?;
                }
                Ok(())
            }
        }
    }

    fn fail(&self, column: &Column, text: &str, why: &str) -> SourceError {
        field_error(self.number, &column.name, text, why)
    }

    fn text(&self, column: &Column) -> Result<&str, SourceError> {
        let bytes = self.record.get(column.at).unwrap_or_default();
        str::from_utf8(bytes).map_err(|_| self.fail(column, "", "is not UTF-8"))
    }

    fn instant(&self, column: &Column) -> Result<Millis, SourceError> {
        let text = self.text(column)?;
        let at = self.tables.clock.millis(text);
        at.map_err(|fault| fault.at(self.number, &column.name, text))
    }

    /// Parses a value in the unit of its column; an empty one is none.
    fn value(&self, value: &Value) -> Result<Option<Billionths>, SourceError> {
        let text = self.text(&value.column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let read = billionths(text, value.unit);
        read.map(Some).map_err(|why| {
            let unit = text.trim_start_matches(|char: char| !char.is_alphabetic());
            let number = text.trim_end_matches(unit).trim_end();
            let spelled = !unit.is_empty() && !unit.contains(|char: char| char.is_ascii_digit());
            if spelled && billionths(number, value.unit).is_ok() {
                let why = format!(
                    "has a unit of its own, and the column is in {}: convert it and leave the \
                     unit out",
                    value.spelled
                );
                return self.fail(&value.column, text, &why);
            }
            self.fail(&value.column, text, why)
        })
    }
}
