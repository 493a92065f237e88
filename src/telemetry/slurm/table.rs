//! `sacct --parsable2`: a header, then a row a job, parted by `|` that nothing escapes.

use std::borrow::Cow;

use memchr::memchr;

use super::Reader;
use super::moment;
use super::rows::Given;
use super::rows::Row;
use super::rows::Rows;
use crate::telemetry::Input;
use crate::telemetry::Options;
use crate::telemetry::Sink;
use crate::telemetry::SourceError;
use crate::telemetry::check_text;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
use crate::telemetry::rounds;

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
pub(super) const EXPECTED: &str = "the output of `sacct --parsable2` with its header";

/// Where the columns stand.
struct Columns {
    width: usize,
    /// How many of the first cells of a row are looked at.
    wanted: usize,
    /// Whether every line ends with a `|` of its own (`--parsable`).
    trailing: bool,
    /// The one column in which `|` may stand.
    free: Option<usize>,
    id: usize,
    /// `JobID`, which says which parts belong together.
    spelled: Option<usize>,
    state: usize,
    start: usize,
    end: usize,
    allocated: usize,
    elapsed: Option<usize>,
    cluster: Option<usize>,
    account: Option<usize>,
    partition: Option<usize>,
}

/// What is made of lines, and how they are to be read.
struct Block {
    /// What zones' offsets were found is kept by thread.
    options: Options,
    rows: Rows,
}

/// Reads it all.
pub(super) fn read(
    input: &mut Input,
    options: &Options,
    reader: &mut Reader,
    sink: &mut dyn Sink,
) -> Result<(), SourceError> {
    let mut line = Vec::new();
    if !input.line(&mut line)? {
        return Err(SourceError::Empty);
    }
    check_text(&line, EXPECTED)?;
    let columns = Columns::find(&String::from_utf8_lossy(&line))?;
    let block = || Block {
        options: options.clone(),
        rows: Rows::default(),
    };
    rounds::read(
        input,
        block,
        |lines, before, block| columns.understand(lines, before, block),
        |_, block| reader.take(&mut block.rows, sink),
    )
}

impl Columns {
    fn find(header: &str) -> Result<Self, SourceError> {
        let (line, trailing) = match header.strip_suffix('|') {
            Some(line) => (line, true),
            None => (header, false),
        };
        let names: Vec<&str> = line.split('|').collect();
        if !names.iter().any(|name| KNOWN.contains(name)) {
            let start: String = header.chars().take(60).collect();
            return Err(SourceError::Shape {
                expected: EXPECTED,
                why: format!("its first line is `{start}`"),
            });
        }
        let find = |name: &str| {
            let at = names.iter().position(|one| *one == name);
            at.ok_or_else(|| SourceError::Column {
                column: name.to_owned(),
                found: names.join(", "),
            })
        };
        let mut free = (0..)
            .zip(&names)
            .filter(|(_, name)| FREE_TEXT.contains(name));
        let first = free.next().map(|(at, _)| at);
        let only = free.next().is_none();
        let mut columns = Self {
            width: names.len(),
            wanted: usize::MAX,
            trailing,
            free: first.filter(|_| only),
            id: find("JobIDRaw").or_else(|_| find("JobID"))?,
            spelled: find("JobID").ok(),
            state: find("State")?,
            start: find("Start")?,
            end: find("End")?,
            allocated: find("AllocTRES")?,
            elapsed: find("ElapsedRaw").ok(),
            cluster: find("Cluster").ok(),
            account: find("Account").ok(),
            partition: find("Partition").ok(),
        };
        let last = columns.last();
        // Where a `|` in free text moves none of them, and none stands at the end of a line,
        // what is behind the last that counts need not be looked at.
        if !trailing && columns.free.is_none_or(|free| free > last) {
            columns.wanted = last.saturating_add(1);
        }
        Ok(columns)
    }

    /// Returns the last column that counts.
    fn last(&self) -> usize {
        let always = [self.id, self.state, self.start, self.end, self.allocated];
        let optional = [
            self.spelled,
            self.elapsed,
            self.cluster,
            self.account,
            self.partition,
        ];
        let all = always.into_iter().chain(optional.into_iter().flatten());
        all.max().unwrap_or_default()
    }

    /// Understands lines behind row `before`.
    fn understand(&self, bytes: &[u8], before: u64, block: &mut Block) {
        let Block { options, rows } = block;
        rows.events.0.clear();
        if let Err(error) = check_text(bytes, EXPECTED) {
            rows.fault = Some(error);
            return;
        }
        // Names of jobs are whatever bytes a user chose; no value that counts passes for
        // another when a broken character is replaced.
        let text = match str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        };
        let read = rounds::each_row(&text, b'|', self.wanted, before, |number, cells, count| {
            let row = match cells.split_last() {
                Some((&"", cells)) if self.trailing => {
                    self.row(number, cells, cells.len(), options)
                }
                _ => self.row(number, cells, count, options),
            };
            rows.take(&row?, options)
        });
        rows.fault = read.err();
    }

    /// Understands a row; a surplus of `|` can only stand in the one column of free text.
    fn row<'t>(
        &self,
        number: u64,
        cells: &[&'t str],
        count: usize,
        options: &Options,
    ) -> Result<Row<'t>, SourceError> {
        let mismatch = || SourceError::Row {
            row: number,
            found: count,
            expected: self.width,
        };
        let surplus = count.checked_sub(self.width).ok_or_else(mismatch)?;
        if surplus > 0 && self.free.is_none() {
            return Err(mismatch());
        }
        let get = |at: usize| {
            let moved = self.free.is_some_and(|free| at > free);
            let at = if moved {
                at.saturating_add(surplus)
            } else {
                at
            };
            cells.get(at).copied().unwrap_or_default()
        };
        let optional = |at: Option<usize>| at.map_or("", get);
        let elapsed = match optional(self.elapsed) {
            "" => None,
            text => Some(whole(text).map_err(|why| field_error(number, "ElapsedRaw", text, why))?),
        };
        let spelled = optional(self.spelled);
        let plus = memchr(b'+', spelled.as_bytes());
        Ok(Row {
            number,
            id: get(self.id).into(),
            whole: plus.and_then(|plus| Some(spelled.get(..plus)?.into())),
            cluster: optional(self.cluster).into(),
            state: get(self.state).into(),
            start: moment(number, "Start", get(self.start), options)?,
            end: moment(number, "End", get(self.end), options)?,
            elapsed,
            allocated: Given::Text(get(self.allocated)),
            account: optional(self.account).into(),
            partition: optional(self.partition).into(),
        })
    }
}
