//! Slurm: what `sacct` prints, as parsable2 text or as JSON.
//!
//! Prescribed: `TZ=UTC sacct -a -X -D -P --format=JobIDRaw,…,JobName`, free text last.
//! The traps that this answers are in `specs/collect.md`, each with its rule.

mod json;
mod table;
mod tres;

use std::collections::BTreeSet;

use crate::collector::Allocation;
use crate::collector::Job;
use crate::telemetry::Intake;
use crate::telemetry::Options;
use crate::telemetry::SourceError;
use crate::telemetry::clock::ClockFault;
use crate::telemetry::field_error;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Reads the output of `sacct`, whichever of its two forms it has.
pub fn read(bytes: &[u8], options: &Options) -> Result<Intake, SourceError> {
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        None => Err(SourceError::Empty),
        Some(b'{') => json::read(bytes, options),
        Some(_) => table::read(bytes, options),
    }
}

/// A row of either form.
struct Row {
    number: u64,
    id: String,
    state: String,
    start: Moment,
    end: Moment,
    elapsed: Option<u64>,
    allocated: Vec<tres::Allocation>,
    account: String,
    partition: String,
}

/// When something happened.
#[derive(Clone, Debug)]
enum Moment {
    At(UnixSeconds),
    /// It has not yet.
    Not,
    /// A local time that its zone has twice or not at all.
    Ambiguous(String),
}

/// Puts rows together, whatever form they came in.
#[derive(Default)]
struct Reader {
    intake: Intake,
    ambiguous: Vec<String>,
    running: Option<(u64, u64)>,
    runs: BTreeSet<(String, UnixSeconds, UnixSeconds)>,
}

impl Reader {
    fn take(&mut self, row: Row, options: &Options) -> Result<(), SourceError> {
        if row.id.contains('.') {
            // A step repeats the devices of its job.
            self.intake.skip("steps of jobs", row.number);
            return Ok(());
        }
        if row.allocated.is_empty() {
            self.intake.skip("jobs without accelerators", row.number);
            return Ok(());
        }
        let start = match row.start {
            Moment::At(start) => start,
            Moment::Not => {
                self.intake.skip("jobs that never started", row.number);
                return Ok(());
            }
            Moment::Ambiguous(text) => {
                self.ambiguous
                    .push(format!("row {} Start `{text}`", row.number));
                return Ok(());
            }
        };
        let end = match row.end {
            Moment::At(end) => end,
            Moment::Not => {
                if !row.state.starts_with("RUNNING") && !row.state.starts_with("SUSPENDED") {
                    let why = format!("is not known, but the job is `{}`", row.state);
                    return Err(field_error(row.number, "End", "Unknown", why));
                }
                let Some(until) = options.until else {
                    let (count, first) = self.running.unwrap_or((0, row.number));
                    self.running = Some((count.saturating_add(1), first));
                    return Ok(());
                };
                until
            }
            Moment::Ambiguous(text) => {
                self.ambiguous
                    .push(format!("row {} End `{text}`", row.number));
                return Ok(());
            }
        };
        if end < start {
            let why = format!("is before the start, {start}");
            return Err(field_error(row.number, "End", &end.to_string(), why));
        }
        let Some(time) = Period::new(start, end) else {
            self.intake.skip("jobs of no time", row.number);
            return Ok(());
        };
        // Of a requeued job every run counts; the same run twice is one.
        if !self.runs.insert((row.id.clone(), start, end)) {
            self.intake.skip("rows that repeat another", row.number);
            return Ok(());
        }
        if let Some(elapsed) = row.elapsed
            && elapsed != time.seconds()
            && options.until != Some(end)
        {
            let text = format!(
                "job {} ran {} seconds from start to end, but `ElapsedRaw` is {elapsed}; \
                 counted as allocated throughout",
                row.id,
                time.seconds()
            );
            self.intake.warn(row.number, &text);
        }
        let class = options.class(&[&row.partition, &row.account]);
        let mut allocations: Vec<Allocation> = Vec::new();
        for allocation in row.allocated {
            if let Some(warning) = &allocation.warning {
                self.intake.warn(row.number, warning);
            }
            let model = options.model(&allocation.name);
            // Two of the scheduler's types may be one model.
            let known = allocations.iter_mut().find(|one| *one.model == *model);
            match known {
                Some(known) => {
                    let sum = known.accelerators.plus(allocation.devices);
                    known.accelerators = sum.ok_or_else(|| {
                        field_error(row.number, "AllocTRES", &model, "is too many devices")
                    })?;
                }
                None => allocations.push(Allocation {
                    model: model.into(),
                    accelerators: allocation.devices,
                }),
            }
        }
        self.intake.jobs.push(Job {
            id: row.id.clone(),
            span: time,
            allocations,
            class,
            run: None,
        });
        Ok(())
    }

    fn finish(self) -> Result<Intake, SourceError> {
        if !self.ambiguous.is_empty() {
            let first: Vec<_> = self.ambiguous.iter().take(10).cloned().collect();
            return Err(SourceError::LocalTime {
                count: self.ambiguous.len(),
                rows: first.join(", "),
            });
        }
        if let Some((count, row)) = self.running {
            return Err(SourceError::StillRuns { count, row });
        }
        if self.intake.jobs.is_empty() && self.intake.skipped.is_empty() {
            return Err(SourceError::Empty);
        }
        Ok(self.intake)
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
