//! Slurm: what `sacct` prints, as parsable2 text or as JSON.
//!
//! Prescribed: `TZ=UTC sacct -a -X -D -P --format=JobIDRaw,…,JobName`, free text last.
//! The traps that this answers are in `specs/collect.md`, each with its rule.

mod json;
mod live;
mod rows;
mod table;
mod tres;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::telemetry::Input;
use crate::telemetry::Options;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::clock::ClockFault;
use crate::telemetry::field_error;
use crate::telemetry::first_of;
use crate::time::Period;

use rows::Event;
use rows::Moment;
use rows::Rows;

/// The output of `sacct`, whichever of its two forms it has.
#[derive(Debug)]
pub struct Sacct {
    from: From,
    options: Options,
}

/// Where the output comes from.
#[derive(Debug)]
enum From {
    Input(Option<Input>),
    Program(PathBuf, Period),
}

impl Sacct {
    /// Reads `input`.
    pub const fn new(input: Input, options: Options) -> Self {
        Self {
            from: From::Input(Some(input)),
            options,
        }
    }

    /// Runs `program`, which is `sacct` or stands in its place, for the jobs of `range` as
    /// prescribed: in UTC, every run of every job, whole.
    pub const fn run(program: PathBuf, range: Period, options: Options) -> Self {
        Self {
            from: From::Program(program, range),
            options,
        }
    }

    /// Reads it all; `nothing` says whether there may be no job in it.
    fn take(
        &self,
        mut input: Input,
        nothing: bool,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        let mut reader = Reader::default();
        match input.first()? {
            None => return Err(SourceError::Empty),
            Some(b'{') => json::read(&mut input, &self.options, &mut reader, sink)?,
            Some(_) => table::read(&mut input, &self.options, &mut reader, sink)?,
        }
        reader.finish(nothing)?;
        sink.input(input.digest());
        Ok(())
    }
}

impl Source for Sacct {
    fn tool(&self) -> &'static str {
        "sacct"
    }

    fn query(&self) -> Option<String> {
        match &self.from {
            From::Input(_) => None,
            From::Program(_, range) => Some(live::query(*range)),
        }
    }

    fn size(&self) -> Option<u64> {
        match &self.from {
            From::Input(input) => input.as_ref().and_then(Input::size),
            From::Program(..) => None,
        }
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        match &mut self.from {
            From::Input(input) => {
                let input = input.take().ok_or(SourceError::Empty)?;
                self.take(input, false, sink)
            }
            From::Program(program, range) => {
                // A cluster on which nothing ran has a header and no rows.
                let run = live::Run::start(program, *range)?;
                let (input, run) = run.input()?;
                let read = self.take(input, true, sink);
                // What it says of itself goes before what its output lacks.
                run.end()?;
                read
            }
        }
    }
}

/// Gives what rows say, in order, and keeps what is told at the end.
#[derive(Default)]
struct Reader {
    ambiguous: Vec<String>,
    running: Vec<String>,
    /// Resources that were not counted and have been told.
    uncounted: BTreeSet<String>,
    /// Whether there was any row.
    any: bool,
}

impl Reader {
    fn take(&mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), SourceError> {
        self.any |= !rows.events.0.is_empty();
        for event in &rows.events.0 {
            match event {
                Event::Job(job) => sink.job(job)?,
                Event::Skip(reason, row) => sink.skip(reason, *row),
                Event::Warn(row, text) => sink.warn(*row, text),
                Event::Uncounted(row, name) => {
                    if self.uncounted.insert(name.clone()) {
                        let text =
                            format!("`gres/{name}` is no accelerator known here: not counted");
                        sink.warn(*row, &text);
                    }
                }
                Event::Ambiguous(text) => self.ambiguous.push(text.clone()),
                Event::Running(text) => self.running.push(text.clone()),
            }
        }
        rows.fault.take().map_or(Ok(()), Err)
    }

    fn finish(self, nothing: bool) -> Result<(), SourceError> {
        if !self.ambiguous.is_empty() {
            return Err(SourceError::LocalTime {
                count: self.ambiguous.len(),
                rows: first_of(&self.ambiguous),
            });
        }
        if !self.running.is_empty() {
            return Err(SourceError::StillRuns {
                count: self.running.len(),
                rows: first_of(&self.running),
            });
        }
        if self.any || nothing {
            Ok(())
        } else {
            Err(SourceError::Empty)
        }
    }
}

/// Understands what `sacct` prints for a time.
fn moment(row: u64, field: &str, text: &str, options: &Options) -> Result<Moment, SourceError> {
    if matches!(text, "Unknown" | "None" | "") {
        return Ok(Moment::Not);
    }
    match options.clock.instant(text) {
        Ok(instant) => Ok(Moment::At(instant)),
        Err(ClockFault::Ambiguous) => Ok(Moment::Ambiguous(text.to_owned())),
        Err(ClockFault::NoZone) => Err(field_error(
            row,
            field,
            text,
            "has no zone, and none was given",
        )),
        Err(ClockFault::NotTime) => Err(field_error(row, field, text, "is not a time")),
    }
}
