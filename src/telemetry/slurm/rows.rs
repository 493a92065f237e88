//! Rows of either form, made jobs: what can be said of each on its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::tres;
use crate::collector::Allocation;
use crate::collector::Job;
use crate::collector::RowOf;
use crate::telemetry::Options;
use crate::telemetry::SourceError;
use crate::telemetry::field_error;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Texts of resources whose meaning is kept: jobs ask for the same again and again.
const MAX_KEPT: usize = 4096;

/// What holds devices although it has no end: any state but those of jobs that are over
/// or have not begun.
const HOLDING: &[&str] = &[
    "COMPLETING",
    RESIZING,
    "RUNNING",
    "SIGNALING",
    "STAGE_OUT",
    "STOPPED",
    "SUSPENDED",
];

/// The state of a row that was closed because its job goes on with other devices.
const RESIZING: &str = "RESIZING";

/// A row of either form.
pub(super) struct Row<'t> {
    pub(super) number: u64,
    pub(super) id: Cow<'t, str>,
    /// The job that this one is a part of.
    pub(super) whole: Option<Cow<'t, str>>,
    pub(super) cluster: Cow<'t, str>,
    pub(super) state: Cow<'t, str>,
    pub(super) start: Moment,
    pub(super) end: Moment,
    pub(super) elapsed: Option<u64>,
    pub(super) allocated: Given<'t>,
    pub(super) account: Cow<'t, str>,
    pub(super) partition: Cow<'t, str>,
}

/// Resources that a job was given.
pub(super) enum Given<'t> {
    /// As `AllocTRES` spells them.
    Text(&'t str),
    /// Counted already.
    Counted(tres::Allocated),
}

/// When something happened.
#[derive(Clone, Debug)]
pub(super) enum Moment {
    At(UnixSeconds),
    /// It has not yet.
    Not,
    /// A local time that its zone has twice or not at all.
    Ambiguous(String),
}

/// What a row gives.
pub(super) enum Event {
    Job(Job),
    Skip(&'static str, u64),
    Warn(u64, String),
    /// A resource that is not counted.
    Uncounted(u64, String),
    /// A time that may be another.
    Ambiguous(String),
    /// A job that still runs.
    Running(String),
}

/// What rows give, in order; and what is kept for those to come.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) events: Events,
    /// What is wrong with the row after them.
    pub(super) fault: Option<SourceError>,
    known: Known,
}

/// What rows give.
#[derive(Default)]
pub(super) struct Events(pub(super) Vec<Event>);

/// What was understood of rows, for those that say the same.
#[derive(Default)]
struct Known {
    allotted: Vec<Allotted>,
    /// Those of each text, by number. Who would make texts collide slows the reading of one
    /// file, and no more than [`MAX_KEPT`] allows.
    numbers: HashMap<String, usize, FxBuildHasher>,
    /// Of a row whose resources were counted already.
    counted: Option<Allotted>,
    cluster: Option<Arc<str>>,
}

/// What a text of resources comes to.
#[derive(Debug)]
struct Allotted {
    allocations: Arc<[Allocation]>,
    warning: Option<String>,
    uncounted: Vec<String>,
}

impl Rows {
    /// Takes a row.
    pub(super) fn take(&mut self, row: &Row<'_>, options: &Options) -> Result<(), SourceError> {
        let replaced = !row.id.is_ascii() && row.id.contains(char::REPLACEMENT_CHARACTER);
        if row.id.is_empty() || replaced {
            return Err(field_error(row.number, "JobID", &row.id, "names no job"));
        }
        if row.id.as_bytes().contains(&b'.') {
            // A step repeats the devices of its job.
            self.events.skip("steps of jobs", row);
            return Ok(());
        }
        let cluster = self.known.cluster(&row.cluster);
        let allotted = self.known.allotted(row, options)?;
        for name in &allotted.uncounted {
            let event = Event::Uncounted(row.number, name.clone());
            self.events.0.push(event);
        }
        if allotted.allocations.is_empty() {
            self.events.skip("jobs without accelerators", row);
            return Ok(());
        }
        let Some(span) = self.events.span(row, options)? else {
            return Ok(());
        };
        if let Some(warning) = &allotted.warning {
            self.events.warn(row, warning.clone());
        }
        let job = Job {
            id: row.id.as_ref().into(),
            cluster,
            whole: row.whole.as_deref().map(Into::into),
            span,
            began: span.start(),
            allocations: allotted.allocations.clone(),
            class: options.class(&[&row.partition, &row.account]),
            run: None,
            row: row.number,
            of: if row.state.starts_with(RESIZING) && matches!(row.end, Moment::At(_)) {
                RowOf::Resized
            } else {
                RowOf::Run
            },
        };
        self.events.0.push(Event::Job(job));
        Ok(())
    }
}

impl Events {
    fn skip(&mut self, reason: &'static str, row: &Row<'_>) {
        self.0.push(Event::Skip(reason, row.number));
    }

    fn warn(&mut self, row: &Row<'_>, text: String) {
        self.0.push(Event::Warn(row.number, text));
    }

    /// Returns when the job held its devices; `None` where it is not to be counted, or
    /// stands with those to be refused together.
    fn span(&mut self, row: &Row<'_>, options: &Options) -> Result<Option<Period>, SourceError> {
        let number = row.number;
        // Nearly all are over.
        let holds = !row.state.starts_with("COMPLETED")
            && HOLDING.iter().any(|state| row.state.starts_with(state));
        let start = match &row.start {
            Moment::At(start) => *start,
            Moment::Not => {
                let text = format!("job {} has devices, but never started", row.id);
                self.warn(row, text);
                self.skip("jobs that never started", row);
                return Ok(None);
            }
            Moment::Ambiguous(text) => {
                let text = format!("row {number} Start `{text}`");
                self.0.push(Event::Ambiguous(text));
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
                self.skip("running jobs that began only later", row);
                return Ok(None);
            }
            (Moment::Not, Some(until)) => until,
            (Moment::Not, None) => {
                let text = format!("row {number} job {}", row.id);
                self.0.push(Event::Running(text));
                return Ok(None);
            }
            (Moment::Ambiguous(text), _) => {
                let text = format!("row {number} End `{text}`");
                self.0.push(Event::Ambiguous(text));
                return Ok(None);
            }
        };
        if end < start {
            let why = format!("is before the start, {start}");
            return Err(field_error(number, "End", &end.to_string(), why));
        }
        let Some(span) = Period::new(start, end) else {
            self.skip("jobs of no time", row);
            return Ok(None);
        };
        if matches!(row.end, Moment::At(_)) {
            self.compare(row, span, holds);
        }
        Ok(Some(span))
    }

    /// Says where a row disagrees with itself. One that was closed for a resize has an end,
    /// and what elapsed since is that of its job.
    fn compare(&mut self, row: &Row<'_>, span: Period, holds: bool) {
        if row.state.starts_with(RESIZING) {
            return;
        }
        let (id, seconds) = (&row.id, span.seconds());
        if holds {
            let text = format!(
                "job {id} is `{}`, yet has an end, as `sacct -T` prints it: counted up to there",
                row.state
            );
            self.warn(row, text);
        }
        if let Some(elapsed) = row.elapsed
            && elapsed != seconds
        {
            let text = format!(
                "job {id} ran {seconds} seconds from start to end, but {elapsed} are given as \
                 elapsed; counted as allocated throughout"
            );
            self.warn(row, text);
        }
    }
}

impl Known {
    fn cluster(&mut self, name: &str) -> Option<Arc<str>> {
        if name.is_empty() {
            return None;
        }
        if self.cluster.as_deref() != Some(name) {
            self.cluster = Some(name.into());
        }
        self.cluster.clone()
    }

    /// Returns what a row was given.
    fn allotted(&mut self, row: &Row<'_>, options: &Options) -> Result<&Allotted, SourceError> {
        let text = match &row.allocated {
            Given::Text(text) => *text,
            Given::Counted(allocated) => {
                let allotted = allot(row, allocated, options)?;
                return Ok(self.counted.insert(allotted));
            }
        };
        let at = match self.numbers.get(text) {
            Some(at) => *at,
            None => self.put(text, row, options)?,
        };
        #[expect(clippy::indexing_slicing, reason = "it was found or put there")]
        Ok(&self.allotted[at])
    }

    fn put(&mut self, text: &str, row: &Row<'_>, options: &Options) -> Result<usize, SourceError> {
        let allocated =
            tres::parse(text).map_err(|why| field_error(row.number, "AllocTRES", text, why))?;
        let allotted = allot(row, &allocated, options)?;
        if self.allotted.len() >= MAX_KEPT {
            self.allotted.clear();
            self.numbers.clear();
        }
        let at = self.allotted.len();
        self.allotted.push(allotted);
        self.numbers.insert(text.to_owned(), at);
        Ok(at)
    }
}

fn allot(
    row: &Row<'_>,
    allocated: &tres::Allocated,
    options: &Options,
) -> Result<Allotted, SourceError> {
    let mut allocations: Vec<Allocation> = Vec::new();
    for (name, devices) in &allocated.devices {
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
    Ok(Allotted {
        allocations: allocations.into(),
        warning: allocated.warning.clone(),
        uncounted: allocated.uncounted.clone(),
    })
}
