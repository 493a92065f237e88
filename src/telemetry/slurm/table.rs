//! `sacct --parsable2`: a header, then a row a job, parted by `|` that nothing escapes.

use std::borrow::Cow;

use memchr::memchr;
use memchr::memchr_iter;
use memchr::memchr2_iter;
use rayon::prelude::*;

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

/// Bytes of whole lines that one core works on, and how many such blocks at once.
const BLOCK: usize = 1 << 19;
/// See [`BLOCK`].
const BLOCKS: usize = 4;

/// Where the columns stand.
struct Columns {
    width: usize,
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

/// Lines that one core works on, and what it makes of them.
struct Block {
    text: Vec<u8>,
    /// The row before the first.
    before: u64,
    /// What zones' offsets were found is kept by thread.
    options: Options,
    rows: Rows,
}

/// Reads block by block: while the rows of some are taken, in order, the next are
/// understood, and those after them read.
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
    // The header was the first.
    let mut row = 1_u64;
    // Blocks go round: what was taken is read into anew.
    let mut turns = [(); 3].map(|()| Block::several(options));
    // Those that were read last are still to be understood, and then to be taken.
    let mut left = 2_u8;
    while left > 0 {
        let [ready, full, next] = &mut turns;
        // What only one core can do is begun first; the rest is done by whoever is free.
        let (taken, (more, ())) = rayon::join(
            || {
                let mut blocks = ready.iter_mut();
                blocks.try_for_each(|block| reader.take(&mut block.rows, sink))
            },
            || {
                rayon::join(
                    || fill(next, input, &mut row),
                    || full.par_iter_mut().for_each(|one| columns.understand(one)),
                )
            },
        );
        taken?;
        if !more? {
            left = left.saturating_sub(1);
        }
        turns.rotate_left(1);
    }
    Ok(())
}

/// Reads blocks, as far as there is something; `false` at the end.
fn fill(blocks: &mut [Block], input: &mut Input, row: &mut u64) -> Result<bool, SourceError> {
    let mut any = false;
    for block in blocks {
        any |= input.block(&mut block.text, BLOCK)?;
        block.before = *row;
        let lines = memchr_iter(b'\n', &block.text).count();
        *row = row.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
    }
    Ok(any)
}

impl Block {
    fn several(options: &Options) -> Vec<Self> {
        let block = || Self {
            text: Vec::new(),
            before: 0,
            options: options.clone(),
            rows: Rows::default(),
        };
        std::iter::repeat_with(block).take(BLOCKS).collect()
    }
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
        Ok(Self {
            width: names.len(),
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
        })
    }

    /// Understands the lines of a block.
    fn understand(&self, block: &mut Block) {
        let Block {
            text: bytes,
            before,
            options,
            rows,
        } = block;
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
        let mut parts = Vec::with_capacity(self.width);
        let mut number = *before;
        let mut from = 0_usize;
        for at in memchr2_iter(b'|', b'\n', text.as_bytes()) {
            let part = text.get(from..at).unwrap_or_default();
            from = at.saturating_add(1);
            if text.as_bytes().get(at) == Some(&b'|') {
                parts.push(part);
                continue;
            }
            number = number.saturating_add(1);
            let last = part.strip_suffix('\r').unwrap_or(part);
            let is_empty = last.is_empty();
            if is_empty && parts.is_empty() {
                continue;
            }
            if !(is_empty && self.trailing) {
                parts.push(last);
            }
            let read = self
                .row(number, &parts, options)
                .and_then(|row| rows.take(&row, options));
            if let Err(error) = read {
                rows.fault = Some(error);
                return;
            }
            parts.clear();
        }
    }

    /// Understands a row; a surplus of `|` can only stand in the one column of free text.
    fn row<'t>(
        &self,
        number: u64,
        parts: &[&'t str],
        options: &Options,
    ) -> Result<Row<'t>, SourceError> {
        let mismatch = || SourceError::Row {
            row: number,
            found: parts.len(),
            expected: self.width,
        };
        let surplus = parts.len().checked_sub(self.width).ok_or_else(mismatch)?;
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
            parts.get(at).copied().unwrap_or_default()
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
