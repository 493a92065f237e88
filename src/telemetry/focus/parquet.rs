//! Rows of a Parquet file, each cell as a CSV export spells it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use csv::StringRecord;
use parquet::file::reader::FileReader as _;
use parquet::file::reader::SerializedFileReader;
use parquet::record::Field;
use serde_json::Value;

use crate::hash::Hash;
use crate::hash::Hasher;
use crate::telemetry::Sink;
use crate::telemetry::SourceError;
use crate::telemetry::focus::FocusOptions;
use crate::telemetry::focus::Reader;
use crate::time::UnixSeconds;

/// Bytes read at a time, for the digest.
const BUFFER: usize = 1 << 18;

/// Seconds of a day, and other units in one.
const DAY: i64 = 86_400;
const MILLIS: i64 = 1_000;
const MICROS: i64 = 1_000_000;

/// Reads one file; returns its digest.
pub(super) fn read(
    path: &Path,
    options: &FocusOptions,
    sink: &mut dyn Sink,
) -> Result<Hash, SourceError> {
    let fail = |why: String| SourceError::Read {
        name: path.display().to_string(),
        why,
    };
    let digest = digest(path).map_err(|error| fail(error.to_string()))?;
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let file = SerializedFileReader::new(file).map_err(|error| fail(error.to_string()))?;
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let header: Vec<&str> = schema
        .root_schema()
        .get_fields()
        .iter()
        .map(|field| field.name())
        .collect();
    let mut reader = Reader::new(&StringRecord::from(header), options)?;
    let rows = file
        .get_row_iter(None)
        .map_err(|error| fail(error.to_string()))?;
    for (row, found) in (1_u64..).zip(rows) {
        let found = found.map_err(|error| fail(format!("row {row}: {error}")))?;
        let cells: Vec<String> = found
            .get_column_iter()
            .map(|(_, field)| text(field))
            .collect();
        reader.row(&StringRecord::from(cells), sink)?;
    }
    reader.finish(sink)?;
    Ok(digest)
}

fn digest(path: &Path) -> std::io::Result<Hash> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

/// Spells a value as CSV exports do; a null is empty.
fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::TimestampMillis(at) => time(at.div_euclid(MILLIS)),
        Field::TimestampMicros(at) => time(at.div_euclid(MICROS)),
        Field::Date(day) => time(i64::from(*day).saturating_mul(DAY)),
        Field::MapInternal(_) | Field::Group(_) => json(field).to_string(),
        other => other.to_string(),
    }
}

/// Makes JSON of keys and values; numbers stay as they are spelled.
fn json(field: &Field) -> Value {
    let object = |pairs: &mut dyn Iterator<Item = (String, Value)>| Value::Object(pairs.collect());
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Bool(*value),
        Field::MapInternal(map) => object(
            &mut map
                .entries()
                .iter()
                .map(|(key, value)| (text(key), json(value))),
        ),
        Field::Group(row) => object(
            &mut row
                .get_column_iter()
                .map(|(key, value)| (key.clone(), json(value))),
        ),
        other => {
            let text = text(other);
            let number = serde_json::from_str(&text).ok().filter(Value::is_number);
            number.unwrap_or(Value::String(text))
        }
    }
}

/// Spells seconds since 1970, UTC: Parquet's instants are of no other zone.
fn time(seconds: i64) -> String {
    let instant = u64::try_from(seconds).ok().and_then(UnixSeconds::new);
    instant.map_or_else(|| format!("{seconds} s"), |instant| instant.to_string())
}
