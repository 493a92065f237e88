//! One offline file for a window of a lab: entries, one proof for all, a cosigned
//! checkpoint.
//!
//! Specified in `specs/bundle.md`. A bundle proves that its entries stand where it says
//! in the tree that was signed. It cannot prove that no other entry does: what is missing
//! shows only where a shown statement names it.

use std::fmt;

use crate::attestation::IssuerId;
use crate::attestation::MAX_ENTRY;
use crate::encoding::base64;
use crate::hash::Hash;
use crate::note::Note;
use crate::time::Period;
use crate::tlog::Checkpoint;
use crate::tlog::checkpoint::parse_size;

const HEADER: &str = "standstill bundle v1";

/// The most entries of a bundle: a window of hours over a hundred areas for ten years.
pub const MAX_ENTRIES: usize = 10_000_000;

/// A bundle, parsed; nothing in it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The lab that it was cut for. Nobody signed this: no verdict depends on it.
    pub issuer: IssuerId,
    /// The window that it was cut for. Nobody signed this either.
    pub window: Period,
    /// Entries with their indices, rising.
    pub entries: Vec<(u64, Vec<u8>)>,
    /// The proof of all entries.
    pub proof: Vec<Hash>,
    /// Earlier cosigned checkpoints in the order of publication, so that sizes never
    /// fall, each with the proof that the last continues it.
    pub earlier: Vec<(Note, Vec<Hash>)>,
    /// The checkpoint of the tree that the entries are in.
    pub checkpoint: Note,
}

impl Bundle {
    /// Whether bytes look like a bundle.
    pub fn is_bundle(bytes: &[u8]) -> bool {
        bytes.starts_with(HEADER.as_bytes())
    }

    /// Spells the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = self.print(&mut text);
        text.into_bytes()
    }

    fn print(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let (start, end) = (self.window.start(), self.window.end());
        writeln!(
            out,
            "{HEADER}\nissuer {}\nwindow {start} {end}",
            self.issuer
        )?;
        writeln!(out, "entries {}", self.entries.len())?;
        for (index, entry) in &self.entries {
            writeln!(out, "{index} {}", base64::encode(entry))?;
        }
        writeln!(out, "proof{}", Spaced(&self.proof))?;
        writeln!(out, "checkpoints {}", self.earlier.len())?;
        for (note, proof) in &self.earlier {
            let note = base64::encode(note.to_text().as_bytes());
            writeln!(out, "{note}{}", Spaced(proof))?;
        }
        write!(out, "\n{}", self.checkpoint.to_text())
    }

    /// Parses a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let text = str::from_utf8(bytes).map_err(|_| fault(0, "UTF-8"))?;
        // The framing has no empty line; the note begins after the first.
        let (head, note) = text
            .split_once("\n\n")
            .ok_or_else(|| fault(0, "a blank line before the checkpoint"))?;
        let mut lines = Lines {
            lines: head.split('\n'),
            number: 0,
        };
        if lines.next("a bundle's first line")? != HEADER {
            return Err(fault(1, HEADER));
        }
        let issuer = lines.field("issuer ", |text| text.parse().ok())?;
        let window = lines.field("window ", |text| {
            let (start, end) = text.split_once(' ')?;
            Period::new(start.parse().ok()?, end.parse().ok()?)
        })?;
        let count = lines.count("entries ")?;
        // Nothing is allocated for a count: the lines must be there.
        let mut entries: Vec<(u64, Vec<u8>)> = Vec::new();
        for _ in 0..count {
            let last = entries.last().map(|(index, _)| *index);
            entries.push(lines.field("", |line| read_entry(line, last))?);
        }
        let proof = lines.field("proof", hashes)?;
        let count = lines.count("checkpoints ")?;
        let mut earlier: Vec<(Note, Vec<Hash>)> = Vec::new();
        let mut largest = 0;
        for _ in 0..count {
            let last = earlier.last().map(|(note, _)| note);
            let (one, size) = lines.field("", |line| {
                let (note, proof) = read_checkpoint(line)?;
                let size = Checkpoint::parse(note.text()).ok()?.size;
                let follows = size >= largest && last != Some(&note);
                follows.then_some(((note, proof), size))
            })?;
            earlier.push(one);
            largest = size;
        }
        if lines.lines.next().is_some() {
            return Err(fault(lines.number, "a blank line before the checkpoint"));
        }
        let bundle = Self {
            issuer,
            window,
            entries,
            proof,
            earlier,
            checkpoint: Note::parse(note.as_bytes())
                .map_err(|_| fault(lines.number, "the checkpoint's note"))?,
        };
        // Print it again and compare: one spelling a bundle.
        let mut rest = Compared { rest: bytes };
        if bundle.print(&mut rest).is_err() || !rest.rest.is_empty() {
            return Err(fault(0, "the one spelling of a bundle"));
        }
        Ok(bundle)
    }
}

/// Why a file is not a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a bundle: line {line} should be {expected}")]
pub struct BundleError {
    line: usize,
    expected: String,
}

fn fault(line: usize, expected: &str) -> BundleError {
    BundleError {
        line,
        expected: expected.to_owned(),
    }
}

struct Lines<'t> {
    lines: std::str::Split<'t, char>,
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self, expected: &str) -> Result<&'t str, BundleError> {
        self.number = self.number.saturating_add(1);
        self.lines
            .next()
            .ok_or_else(|| fault(self.number, expected))
    }

    fn field<T>(
        &mut self,
        prefix: &str,
        read: impl FnOnce(&'t str) -> Option<T>,
    ) -> Result<T, BundleError> {
        let expected = if prefix.is_empty() {
            "an item of the list"
        } else {
            prefix
        };
        let line = self.next(expected)?;
        line.strip_prefix(prefix)
            .and_then(read)
            .ok_or_else(|| fault(self.number, expected))
    }

    fn count(&mut self, prefix: &str) -> Result<usize, BundleError> {
        self.field(prefix, |text| {
            usize::try_from(parse_size(text).ok()?)
                .ok()
                .filter(|count| *count <= MAX_ENTRIES)
        })
    }
}

/// Reads an entry's line; its index must be above that of the last.
fn read_entry(line: &str, last: Option<u64>) -> Option<(u64, Vec<u8>)> {
    let (index, entry) = line.split_once(' ')?;
    let index = parse_size(index).ok()?;
    let entry = base64::decode(entry)?;
    let fits = last.is_none_or(|last| last < index) && entry.len() <= MAX_ENTRY;
    fits.then_some((index, entry))
}

fn read_checkpoint(line: &str) -> Option<(Note, Vec<Hash>)> {
    let (note, proof) = line.split_at_checked(line.find(' ').unwrap_or(line.len()))?;
    let note = Note::parse(&base64::decode(note)?).ok()?;
    Some((note, hashes(proof)?))
}

/// Hashes, each behind a space.
struct Spaced<'h>(&'h [Hash]);

impl fmt::Display for Spaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|hash| write!(f, " {}", hash.to_base64()))
    }
}

/// Takes only what is there already: a copy of a large file is not needed to compare it.
struct Compared<'b> {
    rest: &'b [u8],
}

impl fmt::Write for Compared<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.rest = self.rest.strip_prefix(text.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

fn hashes(text: &str) -> Option<Vec<Hash>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.strip_prefix(' ')?
        .split(' ')
        .map(Hash::from_base64)
        .collect()
}
