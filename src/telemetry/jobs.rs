//! Job tables: a documented plain CSV, and others by naming their columns.
//!
//! Columns: `start`; `end` or `duration`; `accelerators`; optionally `job`, `model`,
//! `class` and `run`. Without `job` a row's number names it.

use std::collections::BTreeMap;

use csv::ByteRecord;

use crate::attestation::figure::Class;
use crate::collector::Allocation;
use crate::collector::Job;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry::Intake;
use crate::telemetry::Options;
use crate::telemetry::SourceError;
use crate::telemetry::clock::ClockFault;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
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

/// Where each column stands.
struct Columns {
    places: BTreeMap<&'static str, usize>,
}

/// Reads a table whose columns are called as `names` says, or by their own names.
pub fn read(
    bytes: &[u8],
    names: &BTreeMap<String, String>,
    options: &Options,
) -> Result<Intake, SourceError> {
    let shape = |error: csv::Error| SourceError::Shape {
        expected: "a CSV table with a header",
        why: error.to_string(),
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(SourceError::Empty);
    }
    let mut table = csv::ReaderBuilder::new().from_reader(bytes);
    let header = table.headers().map_err(shape)?.clone();
    let columns = Columns::find(&header, names)?;
    let mut intake = Intake::default();
    let mut ambiguous = Vec::new();
    let mut record = ByteRecord::new();
    let mut row = 1_u64;
    while table.read_byte_record(&mut record).map_err(shape)? {
        row = row.saturating_add(1);
        let reader = RowReader {
            row,
            record: &record,
            columns: &columns,
            options,
        };
        match reader.job() {
            Ok(Some(job)) => intake.jobs.push(job),
            Ok(None) => intake.skip("jobs of no time or no accelerators", row),
            Err(Fault::Ambiguous(text)) => ambiguous.push(text),
            Err(Fault::Source(error)) => return Err(error),
        }
    }
    if !ambiguous.is_empty() {
        let first: Vec<_> = ambiguous.iter().take(10).cloned().collect();
        return Err(SourceError::LocalTime {
            count: ambiguous.len(),
            rows: first.join(", "),
        });
    }
    if row == 1 {
        return Err(SourceError::Empty);
    }
    Ok(intake)
}

impl Columns {
    fn find(
        header: &csv::StringRecord,
        names: &BTreeMap<String, String>,
    ) -> Result<Self, SourceError> {
        let found = || header.iter().collect::<Vec<_>>().join(", ");
        let mut places = BTreeMap::new();
        for column in COLUMNS {
            let name = names.get(*column).map_or(*column, String::as_str);
            match header.iter().position(|one| one == name) {
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
        Ok(Self { places })
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
    fn job(&self) -> Result<Option<Job>, Fault> {
        let start = self.instant("start")?;
        let end = match self.text("duration")? {
            Some(duration) => {
                let seconds = self.whole("duration", duration)?;
                start.plus(seconds).ok_or_else(|| {
                    field_error(self.row, "duration", duration, "reaches past the year 9999")
                })?
            }
            None => self.instant("end")?,
        };
        if end < start {
            let why = format!("is before the start, {start}");
            return Err(field_error(self.row, "end", &end.to_string(), why).into());
        }
        let count = self.text("accelerators")?.unwrap_or_default();
        let accelerators = self.whole("accelerators", count)?;
        let Some(time) = Period::new(start, end).filter(|_| accelerators > 0) else {
            return Ok(None);
        };
        let class = match self.text("class")?.filter(|text| !text.is_empty()) {
            Some(name) => match self.options.classes.get(name) {
                Some(class) => *class,
                None => name
                    .parse()
                    .map_err(|why: String| field_error(self.row, "class", name, why))?,
            },
            None => Class::Unclassified,
        };
        let model = self.text("model")?.unwrap_or_default();
        Ok(Some(Job {
            id: self
                .text("job")?
                .map_or_else(|| self.row.to_string(), str::to_owned),
            span: time,
            allocations: vec![Allocation {
                model: self.options.model(model).into(),
                accelerators: Interval::exactly(Quantity::from(accelerators)),
            }],
            class,
            run: self
                .text("run")?
                .filter(|run| !run.is_empty())
                .map(str::to_owned),
        }))
    }

    fn text(&self, column: &str) -> Result<Option<&str>, SourceError> {
        let Some(at) = self.columns.places.get(column) else {
            return Ok(None);
        };
        let bytes = self.record.get(*at).unwrap_or_default();
        let text = str::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| field_error(self.row, column, "", "is not UTF-8"))
    }

    fn whole(&self, column: &str, text: &str) -> Result<u64, SourceError> {
        whole(text).map_err(|why| field_error(self.row, column, text, why))
    }

    fn instant(&self, column: &str) -> Result<UnixSeconds, Fault> {
        let text = self.text(column)?.unwrap_or_default();
        match self.options.clock.instant(text) {
            Ok(instant) => Ok(instant),
            Err(ClockFault::Ambiguous) => Err(Fault::Ambiguous(format!(
                "row {} {column} `{text}`",
                self.row
            ))),
            Err(ClockFault::NoZone) => {
                let why = "has no zone, and none was given";
                Err(field_error(self.row, column, text, why).into())
            }
            Err(ClockFault::NotTime) => {
                Err(field_error(self.row, column, text, "is not a time").into())
            }
        }
    }
}
