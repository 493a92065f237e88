//! `sacct --json`: one object with all jobs, in the shapes of Slurm 22.05 and of the
//! data parsers since (optional numbers as `{set, infinite, number}`, states as arrays).
//!
//! Only the members that count are kept. None of them may be missing, so that another
//! shape is refused and never read as jobs without devices, and none may stand twice.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde::de::Error as _;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Value;

use super::Moment;
use super::Reader;
use super::rows::Given;
use super::rows::Row;
use super::rows::Rows;
use super::tres;
use crate::telemetry::Input;
use crate::telemetry::Options;
use crate::telemetry::Sink;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
use crate::time::UnixSeconds;

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
    het: Option<Het>,
}

/// Which job it is a part of.
#[derive(Deserialize)]
struct Het {
    job_id: Option<Value>,
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

/// Reads the document job by job.
pub(super) fn read(
    input: &mut Input,
    options: &Options,
    reader: &mut Reader,
    sink: &mut dyn Sink,
) -> Result<(), SourceError> {
    let mut give = |number: u64, job: Job| {
        let mut rows = Rows::default();
        rows.take(&row_of(number, job)?, options)?;
        reader.take(&mut rows, sink)
    };
    let mut refused = None;
    let document = Document {
        give: &mut give,
        refused: &mut refused,
    };
    let mut text = serde_json::Deserializer::from_reader(&mut *input);
    let read = document.deserialize(&mut text).and_then(|()| text.end());
    match (refused, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => Err(SourceError::Shape {
            expected: "the output of `sacct --json`",
            why: error.to_string(),
        }),
    }
}

/// What takes jobs, by their number from 1.
type Give<'g> = dyn FnMut(u64, Job) -> Result<(), SourceError> + 'g;

/// The document, whose jobs are given as they come. What is given before an error is not
/// used, so that `errors` may stand behind `jobs`.
struct Document<'d, 'g> {
    give: &'d mut Give<'g>,
    /// Why a job was refused, which is no fault of the JSON.
    refused: &'d mut Option<SourceError>,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<(), D::Error> {
        document.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `jobs`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (mut jobs, mut errors) = (false, false);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "jobs" if jobs => return Err(A::Error::custom("it has `jobs` twice")),
                "errors" if errors => return Err(A::Error::custom("it has `errors` twice")),
                "jobs" => {
                    jobs = true;
                    members.next_value_seed(Jobs {
                        give: &mut *self.give,
                        refused: &mut *self.refused,
                    })?;
                }
                "errors" => {
                    errors = true;
                    if let Some(error) = members.next_value::<Vec<Value>>()?.first() {
                        let text = format!("it reports an error: {error}");
                        return Err(A::Error::custom(text));
                    }
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        if jobs {
            Ok(())
        } else {
            Err(A::Error::missing_field("jobs"))
        }
    }
}

/// The jobs.
struct Jobs<'d, 'g> {
    give: &'d mut Give<'g>,
    refused: &'d mut Option<SourceError>,
}

impl<'de> DeserializeSeed<'de> for Jobs<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Jobs<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of jobs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0_u64;
        while let Some(job) = list.next_element::<Job>()? {
            number = number.saturating_add(1);
            if let Err(error) = (self.give)(number, job) {
                let text = error.to_string();
                *self.refused = Some(error);
                return Err(A::Error::custom(text));
            }
        }
        Ok(())
    }
}

fn row_of(number: u64, job: Job) -> Result<Row<'static>, SourceError> {
    let id = number_in(number, "job_id", &job.id)?
        .ok_or_else(|| field_error(number, "job_id", "", "is missing"))?;
    let elapsed = match &job.time.elapsed {
        Some(elapsed) => number_in(number, "time.elapsed", elapsed)?,
        None => None,
    };
    // Zero stands for a job that is no part of another.
    let whole = match job.het.and_then(|het| het.job_id) {
        Some(whole) => number_in(number, "het.job_id", &whole)?.filter(|whole| *whole != 0),
        None => None,
    };
    Ok(Row {
        number,
        id: id.to_string().into(),
        whole: whole.map(|whole| whole.to_string().into()),
        cluster: job.cluster.unwrap_or_default().into(),
        state: match job.state.current {
            States::One(state) => state.into(),
            States::Several(states) => states.join(",").into(),
        },
        start: moment(number, "time.start", &job.time.start)?,
        end: moment(number, "time.end", &job.time.end)?,
        elapsed,
        allocated: Given::Counted(allocated(number, &job.tres.allocated)?),
        account: job.account.unwrap_or_default().into(),
        partition: job.partition.unwrap_or_default().into(),
    })
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
