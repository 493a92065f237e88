//! One offline file for a window of a lab: entries, one proof for all, a cosigned
//! checkpoint.
//!
//! Specified in `specs/bundle.md`. A bundle proves that its entries stand where it says
//! in the tree that was signed. It cannot prove that no other entry does: what is missing
//! shows only where a shown statement names it.

use crate::attestation::IssuerId;
use crate::encoding::base64;
use crate::hash::Hash;
use crate::note::Note;
use crate::time::Period;
use crate::tlog::checkpoint::parse_size;

const HEADER: &str = "standstill bundle v1";

/// The most entries of a bundle: a window of hours over a hundred areas for ten years.
pub const MAX_ENTRIES: usize = 10_000_000;

/// A bundle, parsed; nothing in it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The lab.
    pub issuer: IssuerId,
    /// The window that it was cut for.
    pub window: Period,
    /// Entries with their indices, rising.
    pub entries: Vec<(u64, Vec<u8>)>,
    /// The proof of all entries.
    pub proof: Vec<Hash>,
    /// Earlier cosigned checkpoints, each with the proof that the last continues it.
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
        let mut bytes = format!(
            "{HEADER}\nissuer {}\nwindow {} {}\nentries {}\n",
            self.issuer,
            self.window.start(),
            self.window.end(),
            self.entries.len()
        )
        .into_bytes();
        for (index, entry) in &self.entries {
            bytes.extend_from_slice(format!("{index} ").as_bytes());
            bytes.extend_from_slice(base64::encode(entry).as_bytes());
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(format!("proof{}\n", spaced(&self.proof)).as_bytes());
        bytes.extend_from_slice(format!("checkpoints {}\n", self.earlier.len()).as_bytes());
        for (note, proof) in &self.earlier {
            let note = base64::encode(note.to_text().as_bytes());
            bytes.extend_from_slice(format!("{note}{}\n", spaced(proof)).as_bytes());
        }
        bytes.push(b'\n');
        bytes.extend_from_slice(self.checkpoint.to_text().as_bytes());
        bytes
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
        let mut entries: Vec<(u64, Vec<u8>)> = Vec::new();
        for _ in 0..count {
            let entry = lines.field("", |line| {
                let (index, entry) = line.split_once(' ')?;
                Some((parse_size(index).ok()?, base64::decode(entry)?))
            })?;
            entries.push(entry);
        }
        let proof = lines.field("proof", hashes)?;
        let count = lines.count("checkpoints ")?;
        let mut earlier = Vec::new();
        for _ in 0..count {
            earlier.push(lines.field("", |line| {
                let (note, proof) = line.split_at_checked(line.find(' ').unwrap_or(line.len()))?;
                let note = Note::parse(&base64::decode(note)?).ok()?;
                Some((note, hashes(proof)?))
            })?);
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
        if bundle.to_bytes() != bytes {
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

fn spaced(hashes: &[Hash]) -> String {
    hashes
        .iter()
        .flat_map(|hash| [" ".to_owned(), hash.to_base64()])
        .collect()
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
