//! Job tables: a documented plain CSV, and others by naming their columns.
//!
//! Specified in `specs/collect.md`, section "Job tables". Columns: `start`; `end` or
//! `duration`; `accelerators`; optionally `job`, `model`, `class` and `run`; others are
//! not read. Without `job` a row's number names it.

use std::collections::BTreeMap;
use std::sync::Arc;

use csv::ByteRecord;

use crate::attestation::figure::Class;
use crate::collector::Allocation;
use crate::collector::Job;
use crate::collector::RowOf;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry::Input;
use crate::telemetry::Options;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::check_text;
use crate::telemetry::clock::ClockFault;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
use crate::telemetry::first_of;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The columns that a table may have.
pub const COLUMNS: &[&str] = &[
    "job",
    "start",
    "end",
    "duration",
    "accelerators",
    "model",
    "class",
    "run",
];

/// What was expected, where something else was found.
const EXPECTED: &str = "a CSV table with a header";

/// Where each column stands, in the order of [`COLUMNS`].
///
/// A field each, and no map: a row looks for every one of them.
struct Columns {
    job: Column,
    start: Column,
    end: Column,
    duration: Column,
    accelerators: Column,
    model: Column,
    class: Column,
    run: Column,
}

/// A column's name here, and its place in the table if it is there.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    at: Option<usize>,
}

/// A table of jobs.
#[derive(Debug)]
pub struct JobTable {
    input: Option<Input>,
    names: BTreeMap<String, String>,
    options: Options,
}

impl JobTable {
    /// Reads `input`, whose columns are called as `names` says, or by their own names.
    pub const fn new(input: Input, names: BTreeMap<String, String>, options: Options) -> Self {
        Self {
            input: Some(input),
            names,
            options,
        }
    }
}

impl Source for JobTable {
    fn tool(&self) -> &'static str {
        "jobs-csv"
    }

    fn size(&self) -> Option<u64> {
        self.input.as_ref().and_then(Input::size)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut input = self.input.take().ok_or(SourceError::Empty)?;
        if input.first()?.is_none() {
            return Err(SourceError::Empty);
        }
        let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let header = table.headers().map_err(|error| shape(&error))?.clone();
        check_text(header.as_slice().as_bytes(), EXPECTED)?;
        let columns = Columns::find(&header, &self.names)?;
        let mut ambiguous = Vec::new();
        let mut record = ByteRecord::new();
        let mut row = 1_u64;
        let mut models = BTreeMap::new();
        while table
            .read_byte_record(&mut record)
            .map_err(|error| shape(&error))?
        {
            row = row.saturating_add(1);
            check_text(record.as_slice(), EXPECTED)?;
            if record.len() != header.len() {
                return Err(SourceError::Row {
                    row,
                    found: record.len(),
                    expected: header.len(),
                });
            }
            let reader = RowReader {
                row,
                record: &record,
                columns: &columns,
                options: &self.options,
            };
            match reader.job(&mut models) {
                Ok(Some(job)) => sink.job(&job)?,
                Ok(None) => sink.skip("jobs of no time or no accelerators", row),
                Err(Fault::Ambiguous(text)) => ambiguous.push(text),
                Err(Fault::Source(error)) => return Err(error),
            }
        }
        if !ambiguous.is_empty() {
            return Err(SourceError::LocalTime {
                count: ambiguous.len(),
                rows: first_of(&ambiguous),
            });
        }
        let input = table.into_inner();
        input.check_end()?;
        if row == 1 {
            return Err(SourceError::Empty);
        }
        sink.input(input.digest());
        Ok(())
    }
}

fn shape(error: &csv::Error) -> SourceError {
    SourceError::Shape {
        expected: EXPECTED,
        why: error.to_string(),
    }
}

impl Columns {
    fn find(
        header: &csv::StringRecord,
        names: &BTreeMap<String, String>,
    ) -> Result<Self, SourceError> {
        let found = || header.iter().collect::<Vec<_>>().join(", ");
        if let Some(unknown) = names.keys().find(|name| !COLUMNS.contains(&name.as_str())) {
            return Err(SourceError::Unknown {
                column: unknown.clone(),
                known: COLUMNS.join(", "),
            });
        }
        let mut places = BTreeMap::new();
        for column in COLUMNS {
            // Where one of the two is named, the other is not looked for.
            let other = match *column {
                "end" => "duration",
                "duration" => "end",
                _ => "",
            };
            if names.contains_key(other) && !names.contains_key(*column) {
                continue;
            }
            let name = names.get(*column).map_or(*column, String::as_str);
            let mut found_at = header.iter().enumerate().filter(|(_, one)| *one == name);
            let at = found_at.next().map(|(at, _)| at);
            if found_at.next().is_some() {
                return Err(SourceError::Shape {
                    expected: EXPECTED,
                    why: format!("its header has `{name}` twice"),
                });
            }
            match at {
                Some(at) => {
                    places.insert(*column, at);
                }
                None if names.contains_key(*column) => {
                    return Err(SourceError::Column {
                        column: name.to_owned(),
                        found: found(),
                    });
                }
                None => {}
            }
        }
        let missing = |column: &str| SourceError::Column {
            column: column.to_owned(),
            found: found(),
        };
        for column in ["start", "accelerators"] {
            if !places.contains_key(column) {
                return Err(missing(column));
            }
        }
        if places.contains_key("end") == places.contains_key("duration") {
            return Err(missing("either end or duration"));
        }
        let column = |name| Column {
            name,
            at: places.get(name).copied(),
        };
        Ok(Self {
            job: column("job"),
            start: column("start"),
            end: column("end"),
            duration: column("duration"),
            accelerators: column("accelerators"),
            model: column("model"),
            class: column("class"),
            run: column("run"),
        })
    }
}

enum Fault {
    Ambiguous(String),
    Source(SourceError),
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

struct RowReader<'r> {
    row: u64,
    record: &'r ByteRecord,
    columns: &'r Columns,
    options: &'r Options,
}

impl RowReader<'_> {
    /// Reads the row's job. `models` holds the ids of the models named so far: few, and
    /// one text for all jobs on them.
    fn job(&self, models: &mut BTreeMap<String, Arc<str>>) -> Result<Option<Job>, Fault> {
        let columns = self.columns;
        let start = self.instant(columns.start)?;
        let end = match self.text(columns.duration)? {
            Some(duration) => {
                let seconds = self.whole("duration", duration)?;
                start.plus(seconds).ok_or_else(|| {
                    field_error(self.row, "duration", duration, "reaches past the year 9999")
                })?
            }
            None => self.instant(columns.end)?,
        };
        if end < start {
            let why = format!("is before the start, {start}");
            return Err(field_error(self.row, "end", &end.to_string(), why).into());
        }
        let count = self.text(columns.accelerators)?.unwrap_or_default();
        let accelerators = self.whole("accelerators", count)?;
        let Some(time) = Period::new(start, end).filter(|_| accelerators > 0) else {
            return Ok(None);
        };
        let class = match self.text(columns.class)?.filter(|text| !text.is_empty()) {
            Some(name) => match self.options.classes.get(name) {
                Some(class) => *class,
                None => name
                    .parse()
                    .map_err(|why: String| field_error(self.row, "class", name, why))?,
            },
            None => Class::Unclassified,
        };
        let model = self.text(columns.model)?.unwrap_or_default();
        let model = if let Some(known) = models.get(model) {
            known.clone()
        } else {
            let id: Arc<str> = self.options.model(model).into();
            models.insert(model.to_owned(), id.clone());
            id
        };
        let id = match self.text(columns.job)? {
            Some("") => return Err(field_error(self.row, "job", "", "names no job").into()),
            Some(id) => id.into(),
            None => self.row.to_string().into(),
        };
        Ok(Some(Job {
            id,
            cluster: None,
            whole: None,
            span: time,
            began: start,
            allocations: Arc::new([Allocation {
                model,
                accelerators: Interval::exactly(Quantity::from(accelerators)),
            }]),
            class,
            run: self
                .text(columns.run)?
                .filter(|run| !run.is_empty())
                .map(Into::into),
            row: self.row,
            of: if columns.job.at.is_some() {
                RowOf::Model
            } else {
                // Without names of jobs, two rows alike are two jobs alike.
                RowOf::Job
            },
        }))
    }

    fn text(&self, column: Column) -> Result<Option<&str>, SourceError> {
        let Some(at) = column.at else {
            return Ok(None);
        };
        let bytes = self.record.get(at).unwrap_or_default();
        let text = str::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| field_error(self.row, column.name, "", "is not UTF-8"))
    }

    fn whole(&self, column: &str, text: &str) -> Result<u64, SourceError> {
        whole(text).map_err(|why| field_error(self.row, column, text, why))
    }

    fn instant(&self, column: Column) -> Result<UnixSeconds, Fault> {
        let text = self.text(column)?.unwrap_or_default();
        match self.options.clock.instant(text) {
            Ok(instant) => Ok(instant),
            Err(ClockFault::Ambiguous) => Err(Fault::Ambiguous(format!(
                "row {} {} `{text}`",
                self.row, column.name
            ))),
            Err(ClockFault::NoZone) => {
                let why = "has no zone, and none was given";
                Err(field_error(self.row, column.name, text, why).into())
            }
            Err(ClockFault::NotTime) => {
                Err(field_error(self.row, column.name, text, "is not a time").into())
            }
        }
    }
}
