//! A log as a machine: entries in, ordered steps out.
//!
//! Specified in `specs/log.md`, section "Durability". [`Sequencer::commit`] says what to
//! do, in which order, to make a batch part of the log; somebody else does it
//! (`store::log`). The order is the promise: the batch is staged durably; the checkpoint
//! is signed and put into the lock, which settles that this tree and no other is the
//! log's; tiles are written; the checkpoint is published; only then is anything
//! acknowledged. Whatever step is the last one done, [`Sequencer::resume`] finishes the
//! work with the code of a commit.

use crate::hash::Hash;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::merkle::leaf_hash;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::checkpoint::Origin;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::edge::Edge;
use crate::tlog::tile::push_entry;

/// The most entries of one batch; bounds what is staged and written at once.
pub const MAX_BATCH: usize = 16_384;

/// The most bytes of a staged batch, no more than any file that is read may have.
pub const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

/// One thing to be done. Each must have succeeded before the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the batch durable, apart from the tiles. It may be found torn if this was not
    /// done to the end.
    Stage(Vec<u8>),
    /// Swap the lock from one record to the other.
    Swap {
        /// What it must hold, `None` for nothing.
        old: Option<LockRecord>,
        /// What it holds from then on.
        new: LockRecord,
    },
    /// Create files that never change, in any order: a tree of one size has one right edge,
    /// so that this is as true of partial tiles. One with the same bytes may be there
    /// already.
    Create(Vec<NewFile>),
    /// Serve this note as the newest checkpoint.
    Publish(Vec<u8>),
    /// Forget the staged batch: only now, for it tells a write that was interrupted from an
    /// older copy. It may come back where power is lost.
    Unstage,
}

/// A file's path under the log's prefix, and its bytes.
pub type NewFile = (String, Vec<u8>);

/// What the lock holds: the latest checkpoint that was ever signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRecord {
    /// One more than the record before it, so that no two are alike.
    pub number: u64,
    /// When it was signed.
    pub time: UnixSeconds,
    /// The checkpoint's note.
    pub note: String,
}

const LOCK_HEADER: &str = "standstill log lock v1";

impl LockRecord {
    /// Spells the record.
    pub fn to_text(&self) -> String {
        format!(
            "{LOCK_HEADER}\n{}\n{}\n\n{}",
            self.number, self.time, self.note
        )
    }

    /// Parses a record.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        if lines.next() != Some(LOCK_HEADER) {
            return None;
        }
        let record = Self {
            number: lines.next()?.parse().ok()?,
            time: lines.next()?.parse().ok()?,
            note: note.to_owned(),
        };
        (record.to_text() == text).then_some(record)
    }
}

/// What storage holds when a log is opened.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The lock's record.
    pub lock: Option<LockRecord>,
    /// The published checkpoint's note.
    pub published: Option<Vec<u8>>,
    /// The staged batch.
    pub staged: Option<Vec<u8>>,
}

/// The log's tree and what settles it.
#[derive(Clone, Debug)]
pub struct Sequencer {
    origin: Origin,
    edge: Edge,
    lock: LockRecord,
}

/// The steps that make a batch part of the log, and the log after them.
#[derive(Debug)]
pub struct Commit {
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// The index of the batch's first entry.
    pub first: u64,
    /// The log, once all steps are done.
    pub next: Sequencer,
}

impl Sequencer {
    /// Starts a log that has nothing yet: a lock, and a published empty tree.
    ///
    /// Fails if anything is there already.
    pub fn create(
        origin: Origin,
        key: &SignerKey,
        stored: &Stored,
        now: UnixSeconds,
    ) -> Result<Commit, Refusal> {
        if stored.lock.is_some() || stored.published.is_some() || stored.staged.is_some() {
            return Err(Refusal::Exists);
        }
        let edge = Edge::empty();
        let lock = sign(&origin, &edge, key, 0, now)?;
        let steps = vec![
            Step::Swap {
                old: None,
                new: lock.clone(),
            },
            publish(&lock),
        ];
        Ok(Commit {
            steps,
            first: 0,
            next: Self { origin, edge, lock },
        })
    }

    /// Says which tree `load` must read the right edge of, so that [`Self::resume`] can
    /// go on: that of the published checkpoint.
    pub fn published_size(stored: &Stored, key: &VerifierKey) -> Result<u64, Refusal> {
        match &stored.published {
            Some(note) => Ok(SignedCheckpoint::open(note, key)?.checkpoint().size),
            None => Ok(0),
        }
    }

    /// Opens a log: compares what storage, lock and witnesses hold, and finishes what was
    /// begun.
    ///
    /// `edge` is the right edge of the published tree, and `remembered` what witnesses
    /// last saw of this log. Fails, and must not be forced, if storage is ahead of the
    /// lock, if the same size has another root, if the clock went back, or if a witness
    /// remembers a tree that the lock does not hold. That smaller trees remembered are
    /// prefixes of the log's is for the caller to check once the steps are done.
    pub fn resume(
        origin: Origin,
        key: &VerifierKey,
        stored: &Stored,
        edge: Edge,
        remembered: &[Checkpoint],
        now: UnixSeconds,
    ) -> Result<Commit, Refusal> {
        let lock = stored.lock.clone().ok_or(Refusal::NoLock)?;
        let settled = SignedCheckpoint::open(lock.note.as_bytes(), key)?;
        let settled = settled.checkpoint();
        if lock.time > now {
            return Err(Refusal::Clock {
                last: lock.time,
                now,
            });
        }
        let published = match &stored.published {
            Some(note) => SignedCheckpoint::open(note, key)?.checkpoint().clone(),
            // Only the empty tree may have been settled and not published.
            None => empty(&origin),
        };
        if published.root != edge.root() {
            return Err(Refusal::Tiles {
                size: published.size,
                expected: published.root,
                found: edge.root(),
            });
        }
        if published.size > settled.size {
            return Err(Refusal::Ahead {
                storage: published.size,
                lock: settled.size,
            });
        }
        if published.size == settled.size && published.root != settled.root {
            return Err(Refusal::OtherRoot { size: settled.size });
        }
        for seen in remembered {
            if seen.origin != origin {
                return Err(Refusal::OtherLog {
                    found: seen.origin.clone(),
                });
            }
            if seen.size > settled.size || (seen.size == settled.size && seen.root != settled.root)
            {
                return Err(Refusal::Remembered {
                    witness: seen.size,
                    lock: settled.size,
                });
            }
        }

        let first = edge.size();
        let (steps, edge) = if published.size < settled.size {
            let staged = stored.staged.as_deref().ok_or(Refusal::NoBatch)?;
            let entries = parse_batch(staged, first).ok_or(Refusal::NoBatch)?;
            let (edge, files) = apply(&edge, &entries)?;
            if edge.size() != settled.size || edge.root() != settled.root {
                return Err(Refusal::NoBatch);
            }
            let steps = vec![Step::Create(files), publish(&lock), Step::Unstage];
            (steps, edge)
        } else {
            let mut steps = Vec::new();
            match &stored.published {
                None => steps.push(publish(&lock)),
                // Staged but never settled; or settled and published, but perhaps not
                // durably: that must be so before the batch is forgotten.
                Some(note) if stored.staged.is_some() => {
                    steps.push(Step::Publish(note.clone()));
                    steps.push(Step::Unstage);
                }
                Some(_) => {}
            }
            (steps, edge)
        };
        Ok(Commit {
            steps,
            first,
            next: Self { origin, edge, lock },
        })
    }

    /// Says what makes the published tree, whose right edge is `edge`, the one that the log
    /// goes on from, whatever the lock holds.
    ///
    /// What the lock had settled beyond it is lost: for a log that does not open otherwise,
    /// and whose operator says so in it.
    pub fn recover(
        origin: Origin,
        key: &VerifierKey,
        stored: &Stored,
        edge: Edge,
        now: UnixSeconds,
    ) -> Result<Commit, Refusal> {
        let note = stored.published.clone().ok_or(Refusal::NoCheckpoint)?;
        let published = SignedCheckpoint::open(&note, key)?.checkpoint().clone();
        if published.root != edge.root() {
            return Err(Refusal::Tiles {
                size: published.size,
                expected: published.root,
                found: edge.root(),
            });
        }
        let number = stored.lock.as_ref().map_or(0, |lock| lock.number);
        let lock = LockRecord {
            number: number.saturating_add(1),
            time: now,
            note: String::from_utf8(note).map_err(|_| Refusal::NoCheckpoint)?,
        };
        let steps = vec![
            Step::Swap {
                old: stored.lock.clone(),
                new: lock.clone(),
            },
            publish(&lock),
            Step::Unstage,
        ];
        Ok(Commit {
            steps,
            first: edge.size(),
            next: Self { origin, edge, lock },
        })
    }

    /// Says what makes `entries` part of the log, in their order.
    pub fn commit(
        &self,
        entries: &[Vec<u8>],
        key: &SignerKey,
        now: UnixSeconds,
    ) -> Result<Commit, Refusal> {
        if entries.is_empty() || entries.len() > fitting(entries) {
            return Err(Refusal::Batch {
                found: entries.len(),
                most: fitting(entries),
            });
        }
        if now < self.lock.time {
            return Err(Refusal::Clock {
                last: self.lock.time,
                now,
            });
        }
        let first = self.edge.size();
        let batch = print_batch(first, entries).ok_or(Refusal::TooLong)?;
        let (edge, files) = apply(&self.edge, entries)?;
        let number = self.lock.number.saturating_add(1);
        let lock = sign(&self.origin, &edge, key, number, now)?;
        let steps = vec![
            Step::Stage(batch),
            Step::Swap {
                old: Some(self.lock.clone()),
                new: lock.clone(),
            },
            Step::Create(files),
            publish(&lock),
            Step::Unstage,
        ];
        Ok(Commit {
            steps,
            first,
            next: Self {
                origin: self.origin.clone(),
                edge,
                lock,
            },
        })
    }

    /// Returns the number of entries.
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Returns the root of its tree.
    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// Returns the lock's record.
    pub const fn record(&self) -> &LockRecord {
        &self.lock
    }

    /// Returns the latest signed checkpoint's note.
    pub fn note(&self) -> &str {
        &self.lock.note
    }
}

/// Why a log does not open or take a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Storage holds more than was ever signed here.
    #[error("storage holds {storage} entries, but the lock only {lock}: the lock is an older copy")]
    Ahead {
        /// The published size.
        storage: u64,
        /// The lock's size.
        lock: u64,
    },
    /// An empty or too large batch.
    #[error("a batch has at least one entry and here at most {most}, not {found}")]
    Batch {
        /// How many there were.
        found: usize,
        /// How many of them fit.
        most: usize,
    },
    /// A checkpoint is malformed or not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The clock went back.
    #[error("the clock says {now}, but a checkpoint was signed at {last}")]
    Clock {
        /// When the last checkpoint was signed.
        last: UnixSeconds,
        /// What the clock says.
        now: UnixSeconds,
    },
    /// A log is there already.
    #[error("a log is there already")]
    Exists,
    /// Nothing was ever published.
    #[error("there is no checkpoint to go on from")]
    NoCheckpoint,
    /// The lock is ahead of storage, and the batch that would close the gap is not
    /// staged.
    #[error(
        "the lock is ahead of storage, and the staged batch does not lead from one to the other: storage is an older copy"
    )]
    NoBatch,
    /// Nothing settles which tree is the log's.
    #[error("the lock is missing")]
    NoLock,
    /// What a witness is said to remember is of another log.
    #[error("what is remembered is of another log, `{found}`")]
    OtherLog {
        /// That log.
        found: Origin,
    },
    /// Storage and lock hold different trees of one size.
    #[error("storage and lock hold different trees of {size} entries")]
    OtherRoot {
        /// The size.
        size: u64,
    },
    /// A witness saw what the lock does not hold.
    #[error(
        "a witness remembers a tree of {witness} entries that the lock, with {lock}, does not hold: this is an older copy of the log"
    )]
    Remembered {
        /// The witness's size.
        witness: u64,
        /// The lock's size.
        lock: u64,
    },
    /// The tiles are not those of the published checkpoint.
    #[error("the tiles of {size} entries have the root {found}, not {expected}")]
    Tiles {
        /// The size.
        size: u64,
        /// The checkpoint's root.
        expected: Hash,
        /// The tiles' root.
        found: Hash,
    },
    /// An entry does not fit into a bundle.
    #[error("an entry is longer than 65535 bytes")]
    TooLong,
}

fn empty(origin: &Origin) -> Checkpoint {
    Checkpoint {
        origin: origin.clone(),
        size: 0,
        root: crate::merkle::empty_root(),
    }
}

fn sign(
    origin: &Origin,
    edge: &Edge,
    key: &SignerKey,
    number: u64,
    time: UnixSeconds,
) -> Result<LockRecord, Refusal> {
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        size: edge.size(),
        root: edge.root(),
    };
    let signed = SignedCheckpoint::sign(checkpoint, key)?;
    Ok(LockRecord {
        number,
        time,
        note: signed.note().to_text(),
    })
}

fn publish(lock: &LockRecord) -> Step {
    Step::Publish(lock.note.clone().into_bytes())
}

/// Appends entries and says which files that makes.
fn apply(edge: &Edge, entries: &[Vec<u8>]) -> Result<(Edge, Vec<NewFile>), Refusal> {
    let mut edge = edge.clone();
    let mut files = Vec::new();
    for entry in entries {
        let full = edge.push(entry, leaf_hash(entry)).ok_or(Refusal::TooLong)?;
        files.extend(full.into_iter().map(|(tile, bytes)| (tile.path(), bytes)));
    }
    let first = edge
        .size()
        .saturating_sub(u64::try_from(entries.len()).unwrap_or(u64::MAX));
    let partial = edge.partial_since(first).into_iter();
    files.extend(partial.map(|(tile, bytes)| (tile.path(), bytes)));
    Ok((edge, files))
}

const BATCH_HEADER: &str = "standstill log batch v1";

/// The most bytes of a batch before its first entry: header, index, count, newlines.
const MAX_BATCH_HEAD: usize = 64;

/// Returns how many of the first `entries` one batch can take; at least one, if there is
/// one.
pub fn fitting(entries: &[Vec<u8>]) -> usize {
    let mut bytes = MAX_BATCH_HEAD;
    let fit = entries.iter().take(MAX_BATCH).take_while(|entry| {
        bytes = bytes.saturating_add(entry.len()).saturating_add(2);
        bytes <= MAX_BATCH_BYTES
    });
    fit.count()
}

/// Spells a batch: where it begins, how many entries, and the entries as in a bundle.
fn print_batch(first: u64, entries: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut bytes = format!("{BATCH_HEADER}\n{first}\n{}\n", entries.len()).into_bytes();
    for entry in entries {
        push_entry(&mut bytes, entry)?;
    }
    Some(bytes)
}

/// Parses a batch that begins at `first`.
fn parse_batch(bytes: &[u8], first: u64) -> Option<Vec<Vec<u8>>> {
    let (start, entries) = read_batch(bytes)?;
    (start == first).then_some(entries)
}

/// Parses a batch: the index of its first entry, and the entries.
pub(crate) fn read_batch(bytes: &[u8]) -> Option<(u64, Vec<Vec<u8>>)> {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let header = parts.next()?;
    let start: u64 = str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let count: u16 = str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    if header != BATCH_HEADER.as_bytes() {
        return None;
    }
    let entries = crate::tlog::tile::parse_entries(parts.next()?, count)?;
    Some((start, entries.into_iter().map(<[u8]>::to_vec).collect()))
}
