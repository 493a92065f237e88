//! Slurm: what `sacct` prints, as parsable2 text or as JSON.
//!
//! Prescribed: `TZ=UTC sacct -a -X -D -P --format=JobIDRaw,…,JobName`, free text last.
//! The traps that this answers are in `specs/collect.md`, each with its rule.

mod json;
mod table;
mod tres;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::collector::Allocation;
use crate::collector::Job;
use crate::telemetry::Intake;
use crate::telemetry::Options;
use crate::telemetry::SourceError;
use crate::telemetry::clock::ClockFault;
use crate::telemetry::field_error;
use crate::telemetry::first_of;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The columns that are asked for, free text last.
const FORMAT: &str =
    "--format=JobIDRaw,Cluster,Account,Partition,State,Start,End,ElapsedRaw,AllocTRES,JobName";

/// Reads the output of `sacct`, whichever of its two forms it has.
pub fn read(bytes: &[u8], options: &Options) -> Result<Intake, SourceError> {
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        None => Err(SourceError::Empty),
        Some(b'{') => json::read(bytes, options),
        Some(_) => table::read(bytes, options),
    }
}

/// Runs `sacct`, or what stands in its place, for the jobs of a range, as prescribed: in
/// UTC, every run of every job, whole. Returns what it printed and what was run.
pub fn run(program: &Path, range: Period) -> Result<(Vec<u8>, String), SourceError> {
    let time = |instant: UnixSeconds| instant.to_string().trim_end_matches('Z').to_owned();
    let arguments = [
        "-a",
        "-X",
        "-D",
        "-P",
        "-S",
        &time(range.start()),
        "-E",
        &time(range.end()),
        FORMAT,
    ];
    let query = format!("TZ=UTC sacct {}", arguments.join(" "));
    let fail = |why: String| SourceError::Read {
        name: program.display().to_string(),
        why,
    };
    let output = Command::new(program)
        .args(arguments)
        .env("TZ", "UTC")
        .env_remove("SLURM_TIME_FORMAT")
        .env_remove("SACCT_FORMAT")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| fail(error.to_string()))?;
    if output.status.success() {
        return Ok((output.stdout, query));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("nothing").to_owned();
    Err(fail(format!(
        "it ended with {}, and said: {said}",
        output.status
    )))
}

/// A row of either form.
struct Row {
    number: u64,
    id: String,
    cluster: String,
    state: String,
    start: Moment,
    end: Moment,
    elapsed: Option<u64>,
    allocated: tres::Allocated,
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

/// What holds devices although it has no end: any state but those of jobs that are over
/// or have not begun.
const HOLDING: &[&str] = &[
    "COMPLETING",
    "RESIZING",
    "RUNNING",
    "SIGNALING",
    "STAGE_OUT",
    "STOPPED",
    "SUSPENDED",
];

/// One run of one job: a cluster's numbers are its own, and a requeued job has several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    cluster: String,
    id: String,
    start: UnixSeconds,
    end: UnixSeconds,
}

/// Puts rows together, whatever form they came in.
#[derive(Default)]
struct Reader {
    intake: Intake,
    ambiguous: Vec<String>,
    running: Vec<String>,
    /// Where each run stands: its row, and its job's position.
    runs: BTreeMap<Run, (u64, usize)>,
    /// Resources that were not counted and have been told.
    uncounted: BTreeSet<String>,
}

impl Reader {
    fn take(&mut self, row: Row, options: &Options) -> Result<(), SourceError> {
        if row.id.is_empty() || row.id.contains(char::REPLACEMENT_CHARACTER) {
            return Err(field_error(row.number, "JobID", &row.id, "names no job"));
        }
        if row.id.contains('.') {
            // A step repeats the devices of its job.
            self.intake.skip("steps of jobs", row.number);
            return Ok(());
        }
        for name in &row.allocated.uncounted {
            if self.uncounted.insert(name.clone()) {
                let text = format!("`gres/{name}` is no accelerator known here: not counted");
                self.intake.warn(row.number, &text);
            }
        }
        if row.allocated.devices.is_empty() {
            self.intake.skip("jobs without accelerators", row.number);
            return Ok(());
        }
        let Some(span) = self.span(&row, options)? else {
            return Ok(());
        };
        let job = Job {
            id: row.id.clone(),
            span,
            allocations: self.allocations(&row, options)?,
            class: options.class(&[&row.partition, &row.account]),
            run: None,
        };
        let run = Run {
            cluster: row.cluster,
            id: row.id,
            start: span.start(),
            end: span.end(),
        };
        // Of a requeued job every run counts; the same run twice is one.
        if let Some((first, at)) = self.runs.get(&run) {
            if self.intake.jobs.get(*at) != Some(&job) {
                return Err(SourceError::Conflict {
                    row: row.number,
                    first: *first,
                    job: run.id,
                });
            }
            self.intake.skip("rows that repeat another", row.number);
            return Ok(());
        }
        self.runs.insert(run, (row.number, self.intake.jobs.len()));
        self.intake.jobs.push(job);
        Ok(())
    }

    /// Returns when the job held its devices; `None` where it is not to be counted, or
    /// stands with those to be refused together.
    fn span(&mut self, row: &Row, options: &Options) -> Result<Option<Period>, SourceError> {
        let number = row.number;
        let holds = HOLDING.iter().any(|state| row.state.starts_with(state));
        let start = match &row.start {
            Moment::At(start) => *start,
            Moment::Not => {
                let text = format!("job {} has devices, but never started", row.id);
                self.intake.warn(number, &text);
                self.intake.skip("jobs that never started", number);
                return Ok(None);
            }
            Moment::Ambiguous(text) => {
                self.ambiguous.push(format!("row {number} Start `{text}`"));
                return Ok(None);
            }
        };
        let end = match (&row.end, options.until) {
            (Moment::At(end), _) => *end,
            (Moment::Not, _) if !holds => {
                let why = format!("is not known, but the job is `{}`", row.state);
                return Err(field_error(number, "End", "Unknown", why));
            }
            (Moment::Not, Some(until)) if until <= start => {
                self.intake
                    .skip("running jobs that began only later", number);
                return Ok(None);
            }
            (Moment::Not, Some(until)) => until,
            (Moment::Not, None) => {
                self.running.push(format!("row {number} job {}", row.id));
                return Ok(None);
            }
            (Moment::Ambiguous(text), _) => {
                self.ambiguous.push(format!("row {number} End `{text}`"));
                return Ok(None);
            }
        };
        if end < start {
            let why = format!("is before the start, {start}");
            return Err(field_error(number, "End", &end.to_string(), why));
        }
        let Some(span) = Period::new(start, end) else {
            self.intake.skip("jobs of no time", number);
            return Ok(None);
        };
        if matches!(row.end, Moment::At(_)) {
            self.compare(row, span, holds);
        }
        Ok(Some(span))
    }

    /// Says where a row disagrees with itself.
    fn compare(&mut self, row: &Row, span: Period, holds: bool) {
        let (id, seconds) = (&row.id, span.seconds());
        if holds {
            let text = format!(
                "job {id} is `{}`, yet has an end, as `sacct -T` prints it: counted up to there",
                row.state
            );
            self.intake.warn(row.number, &text);
        }
        if let Some(elapsed) = row.elapsed
            && elapsed != seconds
        {
            let text = format!(
                "job {id} ran {seconds} seconds from start to end, but {elapsed} are given as \
                 elapsed; counted as allocated throughout"
            );
            self.intake.warn(row.number, &text);
        }
    }

    fn allocations(
        &mut self,
        row: &Row,
        options: &Options,
    ) -> Result<Vec<Allocation>, SourceError> {
        if let Some(warning) = &row.allocated.warning {
            self.intake.warn(row.number, warning);
        }
        let mut allocations: Vec<Allocation> = Vec::new();
        for (name, devices) in &row.allocated.devices {
            let model = options.model(name);
            // Two of the scheduler's types may be one model.
            let known = allocations.iter_mut().find(|one| *one.model == *model);
            match known {
                Some(known) => {
                    let sum = known.accelerators.plus(*devices);
                    known.accelerators = sum.ok_or_else(|| {
                        field_error(row.number, "AllocTRES", &model, "is too many devices")
                    })?;
                }
                None => allocations.push(Allocation {
                    model: model.into(),
                    accelerators: *devices,
                }),
            }
        }
        Ok(allocations)
    }

    fn finish(mut self) -> Result<Intake, SourceError> {
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
        if self.intake.jobs.is_empty() && self.intake.skipped.is_empty() {
            return Err(SourceError::Empty);
        }
        self.name_clusters();
        self.intake.warn_of_overlaps();
        Ok(self.intake)
    }

    /// Where there are several clusters, a job's number says which one it is of.
    fn name_clusters(&mut self) {
        let clusters: BTreeSet<&str> = self.runs.keys().map(|run| run.cluster.as_str()).collect();
        if clusters.len() < 2 {
            return;
        }
        for (run, (_, at)) in &self.runs {
            if let Some(job) = self.intake.jobs.get_mut(*at) {
                job.id = format!("{}/{}", run.cluster, run.id);
            }
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
