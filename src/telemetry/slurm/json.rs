//! `sacct --json`: one object with all jobs, in the shapes of Slurm 22.05 and of the
//! data parsers since (optional numbers as `{set, infinite, number}`, states as arrays).

use std::collections::BTreeMap;

use serde_json::Value;

use super::Moment;
use super::Reader;
use super::Row;
use super::tres;
use crate::telemetry::Intake;
use crate::telemetry::Options;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
use crate::time::UnixSeconds;

pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Intake, SourceError> {
    let shape = |why: String| SourceError::Shape {
        expected: "the output of `sacct --json`",
        why,
    };
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| shape(error.to_string()))?;
    let jobs = document
        .get("jobs")
        .and_then(Value::as_array)
        .ok_or_else(|| shape("it has no array `jobs`".to_owned()))?;
    let mut reader = Reader::default();
    for (number, job) in (1_u64..).zip(jobs) {
        let id = number_at(number, job, "/job_id")?
            .ok_or_else(|| field_error(number, "job_id", "", "is missing"))?;
        let text = |path: &str| {
            let value = job.pointer(path).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let row = Row {
            number,
            id: id.to_string(),
            state: state(job),
            start: moment(number, job, "/time/start")?,
            end: moment(number, job, "/time/end")?,
            elapsed: number_at(number, job, "/time/elapsed")?,
            allocated: allocated(number, job)?,
            account: text("/account"),
            partition: text("/partition"),
        };
        reader.take(row, options)?;
    }
    reader.finish()
}

fn state(job: &Value) -> String {
    match job.pointer("/state/current") {
        Some(Value::String(state)) => state.clone(),
        Some(Value::Array(states)) => {
            let states: Vec<_> = states.iter().filter_map(Value::as_str).collect();
            states.join(",")
        }
        _ => String::new(),
    }
}

/// A time in seconds, 0 standing for one that has not come.
fn moment(row: u64, job: &Value, path: &str) -> Result<Moment, SourceError> {
    match number_at(row, job, path)? {
        None | Some(0) => Ok(Moment::Not),
        Some(seconds) => UnixSeconds::new(seconds)
            .map(Moment::At)
            .ok_or_else(|| field_error(row, path, &seconds.to_string(), "is not a time")),
    }
}

fn allocated(row: u64, job: &Value) -> Result<Vec<tres::Allocation>, SourceError> {
    let list = job.pointer("/tres/allocated").and_then(Value::as_array);
    let mut counts = BTreeMap::new();
    for resource in list.map_or(&[][..], Vec::as_slice) {
        if resource.get("type").and_then(Value::as_str) != Some("gres") {
            continue;
        }
        let name = resource.get("name").and_then(Value::as_str);
        let count = number_at(row, resource, "/count")?;
        if let (Some(name), Some(count)) = (name, count) {
            counts.insert(name.to_owned(), count);
        }
    }
    Ok(tres::allocations(&counts))
}

/// Reads a number, plain or as `{set, infinite, number}`, exactly.
fn number_at(row: u64, value: &Value, path: &str) -> Result<Option<u64>, SourceError> {
    let Some(found) = value.pointer(path) else {
        return Ok(None);
    };
    let number = match found {
        Value::Null => return Ok(None),
        Value::Object(members) => match (members.get("set"), members.get("number")) {
            (Some(Value::Bool(false)), _) | (_, None) => return Ok(None),
            (_, Some(number)) => number,
        },
        number => number,
    };
    let text = match number {
        Value::Number(number) => number.to_string(),
        other => {
            let why = "is not a number";
            return Err(field_error(row, path, &other.to_string(), why));
        }
    };
    let parsed = whole(&text).map_err(|why| field_error(row, path, &text, why))?;
    Ok(Some(parsed))
}
