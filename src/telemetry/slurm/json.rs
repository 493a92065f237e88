//! `sacct --json`: one object with all jobs, in the shapes of Slurm 22.05 and of the
//! data parsers since (optional numbers as `{set, infinite, number}`, states as arrays).
//!
//! Only the members that count are kept. None of them may be missing, so that another
//! shape is refused and never read as jobs without devices, and none may stand twice.

use std::collections::BTreeMap;

use serde::Deserialize;
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

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    errors: Vec<Value>,
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
struct Job {
    #[serde(rename = "job_id")]
    id: Value,
    cluster: Option<String>,
    account: Option<String>,
    partition: Option<String>,
    state: State,
    time: Time,
    tres: Tres,
}

#[derive(Deserialize)]
struct State {
    current: States,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum States {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Time {
    start: Value,
    end: Value,
    elapsed: Option<Value>,
}

#[derive(Deserialize)]
struct Tres {
    allocated: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    count: Value,
}

pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Intake, SourceError> {
    let shape = |why: String| SourceError::Shape {
        expected: "the output of `sacct --json`",
        why,
    };
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| shape(error.to_string()))?;
    if let Some(error) = document.errors.first() {
        return Err(shape(format!("it reports an error: {error}")));
    }
    let mut reader = Reader::default();
    for (number, job) in (1_u64..).zip(document.jobs) {
        let id = number_in(number, "job_id", &job.id)?
            .ok_or_else(|| field_error(number, "job_id", "", "is missing"))?;
        let elapsed = match &job.time.elapsed {
            Some(elapsed) => number_in(number, "time.elapsed", elapsed)?,
            None => None,
        };
        let row = Row {
            number,
            id: id.to_string(),
            cluster: job.cluster.unwrap_or_default(),
            state: match job.state.current {
                States::One(state) => state,
                States::Several(states) => states.join(","),
            },
            start: moment(number, "time.start", &job.time.start)?,
            end: moment(number, "time.end", &job.time.end)?,
            elapsed,
            allocated: allocated(number, &job.tres.allocated)?,
            account: job.account.unwrap_or_default(),
            partition: job.partition.unwrap_or_default(),
        };
        reader.take(row, options)?;
    }
    reader.finish()
}

/// A time in seconds, 0 standing for one that has not come.
fn moment(row: u64, field: &str, value: &Value) -> Result<Moment, SourceError> {
    match number_in(row, field, value)? {
        None | Some(0) => Ok(Moment::Not),
        Some(seconds) => UnixSeconds::new(seconds)
            .map(Moment::At)
            .ok_or_else(|| field_error(row, field, &seconds.to_string(), "is not a time")),
    }
}

fn allocated(row: u64, resources: &[Resource]) -> Result<tres::Allocated, SourceError> {
    const FIELD: &str = "tres.allocated";
    let mut counts = BTreeMap::new();
    for resource in resources.iter().filter(|one| one.kind == "gres") {
        let name = resource.name.as_deref().unwrap_or_default();
        let count = number_in(row, FIELD, &resource.count)?
            .ok_or_else(|| field_error(row, FIELD, name, "has no count"))?;
        tres::add(&mut counts, name, count).map_err(|why| field_error(row, FIELD, name, why))?;
    }
    Ok(tres::allocated(&counts))
}

/// Reads a number exactly, plain or as `{set, infinite, number}`; `None` where none is
/// set, or it has no end.
fn number_in(row: u64, field: &str, value: &Value) -> Result<Option<u64>, SourceError> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Object(members) => {
            let says = |name: &str| members.get(name).and_then(Value::as_bool);
            match (says("set"), says("infinite"), members.get("number")) {
                (Some(false), _, _) | (_, Some(true), _) => return Ok(None),
                (Some(true), _, Some(number)) => number,
                _ => {
                    let why = "is neither a number nor `{set, infinite, number}`";
                    return Err(field_error(row, field, &value.to_string(), why));
                }
            }
        }
        number => number,
    };
    let Value::Number(number) = number else {
        return Err(field_error(
            row,
            field,
            &number.to_string(),
            "is not a number",
        ));
    };
    let text = number.to_string();
    let parsed = whole(&text).map_err(|why| field_error(row, field, &text, why))?;
    Ok(Some(parsed))
}
