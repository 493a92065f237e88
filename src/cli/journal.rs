//! The journal: every payload that was made, one a line, in the order of making.
//!
//! It is the outbox, and only ever grows. What is staged takes its place in its stream
//! once it is committed: all of it or nothing, durable, and then for ever.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::io::Seek as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::envelope::MAX_ENTRY;
use crate::attestation::envelope::MAX_SIGNATURES;
use crate::cli::Failure;
use crate::cli::failure;
use crate::durable;

const HINT: &str = "bring the newest copy back: with an older or mended one, another \
                    statement would be signed for a place that is taken";

/// A payload of the journal.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) payload: Vec<u8>,
    pub(crate) id: StatementId,
    pub(crate) statement: Statement,
}

impl Entry {
    fn parse(line: &[u8]) -> Result<Self, String> {
        Ok(Self {
            id: StatementId::of(line),
            payload: line.to_vec(),
            statement: Statement::parse(line).map_err(|error| error.to_string())?,
        })
    }

    /// The name of its receipt.
    pub(crate) fn receipt(&self) -> String {
        let subject = &self.statement.subject;
        format!(
            "receipts/{}-{:010}.tlog-proof",
            subject.stream, subject.sequence
        )
    }
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    entries: Vec<Entry>,
    /// How many of the entries are in the file.
    committed: usize,
    /// The bytes of the file up to its last whole line.
    length: u64,
}

impl Journal {
    /// Makes a journal with its first payload.
    pub(crate) fn create(path: &Path, payload: &[u8]) -> Result<Self, Failure> {
        failure::create(path, &[payload, b"\n"].concat())?;
        Self::read(path)
    }

    /// Reads a journal.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = failure::read(path)?;
        let fault = |why: String| Failure::file(path, why).hint(HINT);
        // A line cut short was never durable, and so never signed.
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            return Err(fault("has no whole line".to_owned()));
        };
        let lines = bytes.get(..end).unwrap_or_default();
        let mut heads: BTreeMap<StreamId, (u64, StatementId)> = BTreeMap::new();
        let mut entries: Vec<Entry> = Vec::new();
        for (number, line) in (1_u64..).zip(lines.split(|byte| *byte == b'\n')) {
            let fault = |why: &str| fault(format!("line {number}: {why}"));
            let entry = Entry::parse(line).map_err(|why| fault(&why))?;
            let subject = &entry.statement.subject;
            let same = entries
                .first()
                .is_none_or(|first| first.statement.subject.issuer == subject.issuer);
            let follows = match heads.get(&subject.stream) {
                Some((sequence, id)) => {
                    subject.sequence == sequence.saturating_add(1)
                        && entry.statement.link.previous == Some(*id)
                }
                None => subject.sequence == 0,
            };
            if !same || !follows {
                return Err(fault(&format!("{subject} is not the next of its stream")));
            }
            heads.insert(subject.stream, (subject.sequence, entry.id));
            entries.push(entry);
        }
        Ok(Self {
            path: path.to_owned(),
            committed: entries.len(),
            entries,
            length: u64::try_from(end)?.saturating_add(1),
        })
    }

    /// Returns every entry in order, those staged included.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Takes a payload as the next, in memory. On a failure everything staged is dropped.
    pub(crate) fn stage(&mut self, payload: &[u8]) -> Result<StatementId, Failure> {
        let checked = check(payload);
        match checked {
            Ok(entry) => {
                let id = entry.id;
                self.entries.push(entry);
                Ok(id)
            }
            Err(failure) => {
                self.entries.truncate(self.committed);
                Err(failure)
            }
        }
    }

    /// Makes what was staged durable: all of it or, on a failure, nothing.
    pub(crate) fn commit(&mut self) -> Result<(), Failure> {
        let mut lines = Vec::new();
        for entry in self.entries.iter().skip(self.committed) {
            lines.extend_from_slice(&entry.payload);
            lines.push(b'\n');
        }
        if let Err(error) = write_at(&self.path, self.length, &lines) {
            self.entries.truncate(self.committed);
            return Err(Failure::io(&self.path, error));
        }
        self.committed = self.entries.len();
        self.length = self.length.saturating_add(u64::try_from(lines.len())?);
        Ok(())
    }

    /// Makes durable what a dead process may have written and not synced: before
    /// anything is signed.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        let synced = durable::path(&self.path);
        synced.map_err(|error| Failure::io(&self.path, error))
    }
}

/// Checks that a payload can be signed and read. What could not would be in the way of
/// its stream for ever, so that it must not get there.
fn check(payload: &[u8]) -> Result<Entry, Failure> {
    let entry = Entry::parse(payload).map_err(Failure::new)?;
    if let Content::NotUnderstood(content) = &entry.statement.content {
        return Err(
            Failure::new(format!("the statement's member {}", content.why))
                .hint("nothing was written; mend what the statement is made from"),
        );
    }
    let length = longest_entry(payload.len());
    if length > MAX_ENTRY {
        return Err(Failure::new(format!(
            "the statement would become an entry of up to {length} bytes; at most {MAX_ENTRY} are allowed"
        ))
        .hint("nothing was written; say less in one statement: fewer models and classes, shorter words"));
    }
    Ok(entry)
}

/// The length of an envelope around an empty payload, with no signature.
const FRAME: usize =
    "{\"payload\":\"\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[]}".len();

/// The length of a signature with its comma: a key id of 64 digits, 64 bytes in base64.
const SIGNATURE: usize = "{\"keyid\":\"\",\"sig\":\"\"},".len() + 64 + 88;

/// The length of the entry with as many signatures as there can ever be: which keys will
/// sign it is known only when it is published.
const fn longest_entry(payload: usize) -> usize {
    let base64 = payload.div_ceil(3).saturating_mul(4);
    let signatures = MAX_SIGNATURES.saturating_mul(SIGNATURE);
    FRAME.saturating_add(base64).saturating_add(signatures)
}

/// Writes behind the last whole line, over what a dead process may have left there; on
/// a failure nothing stays behind it.
fn write_at(path: &Path, length: u64, lines: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.seek(io::SeekFrom::Start(length))?;
    let written = file.write_all(lines).and_then(|()| durable::file(&file));
    if written.is_err() {
        let _ = file.set_len(length).and_then(|()| durable::file(&file));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attestation::Envelope;
    use crate::key::SecretKey;

    #[test]
    fn the_longest_entry_is_one_with_every_signature_that_there_can_be() {
        let keys: Vec<SecretKey> = (0..u8::try_from(MAX_SIGNATURES).unwrap())
            .map(|seed| SecretKey::from_seed([seed; 32]))
            .collect();
        let keys: Vec<&SecretKey> = keys.iter().collect();
        for length in [0, 1, 2, 3, 1000] {
            let envelope = Envelope::sign(&vec![b'x'; length], &keys).unwrap();
            // The last signature has no comma.
            assert_eq!(longest_entry(length), envelope.to_bytes().len() + 1);
        }
    }
}
