//! Sources of telemetry: what other programs wrote, read without inventing anything.
//!
//! One file each. Every one is a [`Source`], which gives what it holds to a [`Sink`]: jobs,
//! readings or charges, what was left out and why, and what looks wrong.

mod bounded;
mod clock;
mod decimal;
pub mod device_log;
pub mod focus;
mod gathered;
pub mod greenbutton;
mod input;
mod intake;
pub mod ipmi;
pub mod jobs;
pub mod kubernetes;
pub mod meter_table;
pub mod mlperf;
pub mod nvidia_smi;
#[cfg(feature = "nvml")]
pub mod nvml;
pub mod prometheus;
pub mod redfish;
mod rounds;
pub mod slurm;
mod source;
mod spill;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::figure::Class;
use crate::collector::CollectError;
use crate::collector::reading::ReadingError;
use crate::time::UnixSeconds;

pub use clock::{Ambiguous, Clock, ZoneError};
pub use gathered::{Billed, Gathered, JobLog};
pub use input::{Input, bytes_read};
pub use intake::Intake;
pub use source::{Sink, Source};
pub use spill::Spill;

/// The model of devices whose type the source does not tell, unless `gpu` is mapped.
pub const UNTYPED: &str = "uncatalogued:gpu";

/// The most rows that an error names.
const MAX_ROWS: usize = 10;

/// How a source is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How naive times are to be understood.
    pub clock: Clock,
    /// Until when a job that still runs is counted.
    pub until: Option<UnixSeconds>,
    /// The catalogue's id for a source's name of a type.
    pub models: BTreeMap<String, String>,
    /// The class of jobs of a partition or an account.
    pub classes: BTreeMap<String, Class>,
}

impl Options {
    /// Returns the model for a source's name of a type; devices without one are `gpu`.
    fn model(&self, name: &str) -> String {
        let name = if name.is_empty() { "gpu" } else { name };
        let known = self.models.get(name).cloned();
        known.unwrap_or_else(|| format!("uncatalogued:{name}"))
    }

    /// Returns the class of a job by the first key that has one.
    fn class(&self, keys: &[&str]) -> Class {
        keys.iter()
            .find_map(|key| self.classes.get(*key).copied())
            .unwrap_or(Class::Unclassified)
    }
}

/// Why a source cannot be read. Nothing was taken from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Figures leave the range of quantities.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// A column is absent.
    #[error("the column `{column}` is missing; there are: {found}")]
    Column {
        /// Its name.
        column: String,
        /// Those that are there.
        found: String,
    },
    /// The last line has no end: something was cut off.
    #[error("the last line does not end with a line feed: the file may be cut off there")]
    Cut,
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// Something is wrong with one file among several.
    #[error("{name}: {error}")]
    File {
        /// Which.
        name: String,
        /// What is wrong.
        error: Box<SourceError>,
    },
    /// An export that breaks its own specification.
    #[error("it breaks FOCUS {version} in {count} ways:{list}")]
    Focus {
        /// The version.
        version: &'static str,
        /// In how many ways.
        count: usize,
        /// Each on a line of its own.
        list: String,
    },
    /// Charges for instances that look as if they had accelerators.
    #[error("{count} instance types may have accelerators, and are not known: {list}")]
    Instances {
        /// How many types.
        count: usize,
        /// The first of them.
        list: String,
    },
    /// A value is not what it must be.
    #[error("row {row}, `{field}`: `{value}` {why}")]
    Field {
        /// The row, counted from 1 with the header.
        row: u64,
        /// The column or member.
        field: String,
        /// What it holds.
        value: String,
        /// What is wrong.
        why: String,
    },
    /// Naive times that their zone has twice or not at all.
    #[error("{count} local times are ambiguous or do not exist in their zone: {rows}")]
    LocalTime {
        /// How many.
        count: usize,
        /// The first of them.
        rows: String,
    },
    /// It cannot be read at all.
    #[error("{name} cannot be read: {why}")]
    Read {
        /// What.
        name: String,
        /// Why not.
        why: String,
    },
    /// A reading that contradicts another, or cannot be.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// A row has another number of columns than the header.
    #[error("row {row} has {found} columns, the header {expected}")]
    Row {
        /// The row.
        row: u64,
        /// How many it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// Not the format at all.
    #[error("this is not {expected}: {why}")]
    Shape {
        /// The format.
        expected: &'static str,
        /// Why not.
        why: String,
    },
    /// Jobs still run, and it was not said until when they count.
    #[error("{count} jobs still run, and until when they count was not said: {rows}")]
    StillRuns {
        /// How many.
        count: usize,
        /// The first of them.
        rows: String,
    },
    /// A source gave what is not read here.
    #[error("{what} has no place here: it is no source of this kind")]
    Unwanted {
        /// What it gave.
        what: &'static str,
    },
    /// A column was renamed that job tables do not have.
    #[error("`{column}` is not a column of a job table; they are: {known}")]
    Unknown {
        /// Its name.
        column: String,
        /// Those that there are.
        known: String,
    },
}

impl SourceError {
    /// Says in which of several files.
    fn among(self, files: &[PathBuf], file: &Path) -> Self {
        match self {
            named @ (Self::File { .. } | Self::Read { .. }) => named,
            error if files.len() < 2 => error,
            error => Self::File {
                name: file.display().to_string(),
                error: Box::new(error),
            },
        }
    }

    /// Returns what is wrong, whatever the file.
    pub fn cause(&self) -> &Self {
        match self {
            Self::File { error, .. } => error.cause(),
            error => error,
        }
    }
}

/// Refuses what is not text.
fn check_text(bytes: &[u8], expected: &'static str) -> Result<(), SourceError> {
    if memchr::memchr(0, bytes).is_some() {
        let why = "it holds zero bytes, as binary files do".to_owned();
        return Err(SourceError::Shape { expected, why });
    }
    Ok(())
}

/// Returns how many bytes files have together, if each can be asked.
fn sizes(files: &[PathBuf]) -> Option<u64> {
    files.iter().try_fold(0_u64, |sum, file| {
        let size = std::fs::metadata(file).ok()?.len();
        sum.checked_add(size)
    })
}

/// Reads files one after the other; an error says in which of several.
fn each_file(
    files: &[PathBuf],
    mut read: impl FnMut(&Path) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    for file in files {
        read(file).map_err(|error| error.among(files, file))?;
    }
    Ok(())
}

/// Names the first of `rows`.
fn first_of(rows: &[String]) -> String {
    let first: Vec<&str> = rows.iter().take(MAX_ROWS).map(String::as_str).collect();
    first.join(", ")
}

fn field_error(row: u64, field: &str, value: &str, why: impl Into<String>) -> SourceError {
    SourceError::Field {
        row,
        field: field.to_owned(),
        value: value.chars().take(120).collect(),
        why: why.into(),
    }
}
