//! `sacct --parsable2`: a header, then a row a job, parted by `|` that nothing escapes.

use super::Reader;
use super::Row;
use super::moment;
use super::tres;
use crate::telemetry::Intake;
use crate::telemetry::Options;
use crate::telemetry::SourceError;
use crate::telemetry::check_text;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;

/// Columns by any of which a header is known.
const KNOWN: &[&str] = &["AllocTRES", "End", "JobID", "JobIDRaw", "Start", "State"];

/// Columns of free text, in which `|` may stand.
const FREE_TEXT: &[&str] = &[
    "AdminComment",
    "Comment",
    "Constraints",
    "Extra",
    "JobName",
    "Licenses",
    "StdErr",
    "StdIn",
    "StdOut",
    "SubmitLine",
    "SystemComment",
    "WorkDir",
];

/// What was expected, where something else was found.
const EXPECTED: &str = "the output of `sacct --parsable2` with its header";

struct Columns<'t> {
    names: Vec<&'t str>,
    /// Whether every line ends with a `|` of its own (`--parsable`).
    trailing: bool,
    /// The one column in which `|` may stand.
    free: Option<usize>,
}

pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Intake, SourceError> {
    let shape = |why: String| SourceError::Shape {
        expected: EXPECTED,
        why,
    };
    check_text(bytes, EXPECTED)?;
    // Names of jobs are whatever bytes a user chose; no value that counts passes for
    // another when a broken character is replaced.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = (1_u64..).zip(text.lines());
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let columns = Columns::parse(header);
    if !columns.names.iter().any(|name| KNOWN.contains(name)) {
        let start: String = header.chars().take(60).collect();
        return Err(shape(format!("its first line is `{start}`")));
    }
    let id = columns
        .find("JobIDRaw")
        .or_else(|_| columns.find("JobID"))?;
    let [state, start, end, alloc] =
        ["State", "Start", "End", "AllocTRES"].map(|name| columns.find(name));
    let (state, start, end, alloc) = (state?, start?, end?, alloc?);
    let elapsed = columns.find("ElapsedRaw").ok();
    let cluster = columns.find("Cluster").ok();
    let account = columns.find("Account").ok();
    let partition = columns.find("Partition").ok();
    let mut reader = Reader::default();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let values = columns.split(number, line)?;
        let get = |at: usize| values.get(at).map_or("", String::as_str);
        let optional = |at: Option<usize>| at.map_or("", get);
        let elapsed = match optional(elapsed) {
            "" => None,
            text => Some(whole(text).map_err(|why| field_error(number, "ElapsedRaw", text, why))?),
        };
        let row = Row {
            number,
            id: get(id).to_owned(),
            cluster: optional(cluster).to_owned(),
            state: get(state).to_owned(),
            start: moment(number, "Start", get(start), options)?,
            end: moment(number, "End", get(end), options)?,
            elapsed,
            allocated: tres::parse(get(alloc))
                .map_err(|why| field_error(number, "AllocTRES", get(alloc), why))?,
            account: optional(account).to_owned(),
            partition: optional(partition).to_owned(),
        };
        reader.take(row, options)?;
    }
    reader.finish()
}

impl<'t> Columns<'t> {
    fn parse(header: &'t str) -> Self {
        let (header, trailing) = match header.strip_suffix('|') {
            Some(header) => (header, true),
            None => (header, false),
        };
        let names: Vec<&str> = header.split('|').collect();
        let mut free = (0..)
            .zip(&names)
            .filter(|(_, name)| FREE_TEXT.contains(name));
        let first = free.next().map(|(at, _)| at);
        let only = free.next().is_none();
        Self {
            trailing,
            free: first.filter(|_| only),
            names,
        }
    }

    fn find(&self, name: &str) -> Result<usize, SourceError> {
        let at = self.names.iter().position(|one| *one == name);
        at.ok_or_else(|| SourceError::Column {
            column: name.to_owned(),
            found: self.names.join(", "),
        })
    }

    /// Splits a row; a surplus of `|` can only stand in the one column of free text.
    fn split(&self, number: u64, line: &str) -> Result<Vec<String>, SourceError> {
        let line = if self.trailing {
            line.strip_suffix('|').unwrap_or(line)
        } else {
            line
        };
        let parts: Vec<&str> = line.split('|').collect();
        let expected = self.names.len();
        let surplus = parts.len().checked_sub(expected);
        let mismatch = || SourceError::Row {
            row: number,
            found: parts.len(),
            expected,
        };
        match (surplus, self.free) {
            (Some(0), _) => Ok(parts.iter().map(|part| (*part).to_owned()).collect()),
            (Some(surplus), Some(free)) => {
                let end = free.saturating_add(surplus).saturating_add(1);
                let (before, rest) = parts.split_at_checked(free).ok_or_else(mismatch)?;
                let text = parts.get(free..end).ok_or_else(mismatch)?.join("|");
                let after = rest.get(surplus.saturating_add(1)..).unwrap_or_default();
                let own = |part: &&str| (*part).to_owned();
                Ok(before
                    .iter()
                    .map(own)
                    .chain([text])
                    .chain(after.iter().map(own))
                    .collect())
            }
            _ => Err(mismatch()),
        }
    }
}
