//! Where each admitted statement stands in a log: an index that may be thrown away.
//!
//! It says nothing that the log's entries do not say, and is never believed: whoever asks
//! it reads the entry that it names and looks whether that is the one. It knows of which
//! tree it was made; what the log has beyond that is read again, and an index of another
//! tree is made anew.

use std::path::Path;
use std::sync::Arc;

use redb::Database;
use redb::Durability;
use redb::ReadableDatabase as _;
use redb::ReadableTable as _;
use redb::TableDefinition;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::hash::Hash;

/// An issuer, a stream and a sequence, and the index of the entry.
const ENTRIES: TableDefinition<'_, (&[u8; 32], u64, u64), u64> = TableDefinition::new("entries");

/// An issuer and a stream; the first sequence, the one after the last, and the one after
/// the last `usage`, or 0.
const STREAMS: TableDefinition<'_, (&[u8; 32], u64), (u64, u64, u64)> =
    TableDefinition::new("streams");

/// The tree that it was made of: the size, and the root.
const TREE: TableDefinition<'_, (), (u64, &[u8; 32])> = TableDefinition::new("tree v1");

/// How much of it is held in memory, in bytes.
const CACHE: usize = 32 * 1024 * 1024;

/// How many rows may be lost in a crash; they are read again from the log.
const SYNC_EVERY: usize = 16_384;

/// An index in a file.
#[derive(Debug)]
pub struct Index {
    lookup: Lookup,
    size: u64,
    root: Hash,
    unsynced: usize,
}

/// Reads an index, also while it is extended. The file is in use until the last copy of
/// this is dropped.
#[derive(Clone, Debug)]
pub struct Lookup(Arc<Database>);

/// A statement that became part of the log.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its place.
    pub subject: Subject,
    /// Its entry.
    pub index: u64,
    /// Whether it accounts for a period.
    pub is_usage: bool,
}

/// What the index knows of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first sequence that is here; not 0 where the issuer moved to this log.
    pub first: u64,
    /// The sequence after the last.
    pub next: u64,
    /// The sequence of the last `usage`.
    pub usage: Option<u64>,
}

impl Index {
    /// Opens the index in a file, or makes one of the empty tree where there is none, and its
    /// directory.
    ///
    /// Fails where the file is not an index, or damaged: remove it then.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(redb::Error::Io)?;
        }
        let database = Database::builder().set_cache_size(CACHE).create(path)?;
        let write = database.begin_write()?;
        {
            write.open_table(ENTRIES)?;
            write.open_table(STREAMS)?;
            write.open_table(TREE)?;
        }
        write.commit()?;
        let read = database.begin_read()?;
        let tree = read.open_table(TREE)?.get(())?;
        let (size, root) = match &tree {
            Some(tree) => {
                let (size, root) = tree.value();
                (size, Hash::from_bytes(*root))
            }
            None => (0, crate::merkle::empty_root()),
        };
        drop(tree);
        drop(read);
        Ok(Self {
            lookup: Lookup(Arc::new(database)),
            size,
            root,
            unsynced: 0,
        })
    }

    /// Returns the size and the root of the tree that it is of.
    pub const fn tree(&self) -> (u64, Hash) {
        (self.size, self.root)
    }

    /// Adds what a log has beyond [`Self::tree`], up to the tree of `size` and `root`.
    pub fn extend(&mut self, rows: &[Row], size: u64, root: Hash) -> Result<(), IndexError> {
        self.unsynced = self.unsynced.saturating_add(rows.len());
        let sync = self.unsynced >= SYNC_EVERY;
        let mut write = self.lookup.0.begin_write()?;
        write.set_durability(if sync {
            Durability::Immediate
        } else {
            Durability::None
        })?;
        {
            let mut entries = write.open_table(ENTRIES)?;
            let mut streams = write.open_table(STREAMS)?;
            for row in rows {
                let Subject {
                    issuer,
                    stream,
                    sequence,
                } = row.subject;
                let issuer = issuer.hash().as_bytes();
                entries.insert((issuer, stream.get(), sequence), row.index)?;
                let place = (issuer, stream.get());
                let known = streams.get(place)?.map(|known| known.value());
                let (first, _, usage) = known.unwrap_or((sequence, 0, 0));
                let next = sequence.saturating_add(1);
                let usage = if row.is_usage { next } else { usage };
                streams.insert(place, (first, next, usage))?;
            }
            write
                .open_table(TREE)?
                .insert((), (size, root.as_bytes()))?;
        }
        write.commit()?;
        if sync {
            self.unsynced = 0;
        }
        (self.size, self.root) = (size, root);
        Ok(())
    }

    /// Returns what reads it.
    pub const fn lookup(&self) -> &Lookup {
        &self.lookup
    }
}

impl Lookup {
    /// Returns where a statement is said to stand.
    pub fn find(&self, subject: &Subject) -> Result<Option<u64>, IndexError> {
        let read = self.0.begin_read()?;
        let entries = read.open_table(ENTRIES)?;
        let place = (
            subject.issuer.hash().as_bytes(),
            subject.stream.get(),
            subject.sequence,
        );
        Ok(entries.get(place)?.map(|index| index.value()))
    }

    /// Returns the sequences of a stream from `from` on and before `to`, at most `most` of
    /// them, and where each is said to stand.
    pub fn range(
        &self,
        issuer: IssuerId,
        stream: StreamId,
        from: u64,
        to: u64,
        most: usize,
    ) -> Result<Vec<(u64, u64)>, IndexError> {
        let read = self.0.begin_read()?;
        let entries = read.open_table(ENTRIES)?;
        let issuer = issuer.hash().as_bytes();
        let place = |sequence| (issuer, stream.get(), sequence);
        if from >= to {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in entries.range(place(from)..place(to))?.take(most) {
            let (place, index) = entry?;
            found.push((place.value().2, index.value()));
        }
        Ok(found)
    }

    /// Returns every stream of every issuer, sorted.
    pub fn streams(&self) -> Result<Vec<(IssuerId, StreamId, Extent)>, IndexError> {
        let read = self.0.begin_read()?;
        let mut found = Vec::new();
        for stream in read.open_table(STREAMS)?.iter()? {
            let (place, extent) = stream?;
            let (issuer, number) = place.value();
            found.push((
                IssuerId::from(Hash::from_bytes(*issuer)),
                StreamId::new(number),
                extent_of(extent.value()),
            ));
        }
        Ok(found)
    }

    /// Returns what is known of a stream.
    pub fn stream(&self, issuer: IssuerId, stream: StreamId) -> Result<Option<Extent>, IndexError> {
        let read = self.0.begin_read()?;
        let streams = read.open_table(STREAMS)?;
        let known = streams.get((issuer.hash().as_bytes(), stream.get()))?;
        Ok(known.map(|known| extent_of(known.value())))
    }
}

const fn extent_of((first, next, usage): (u64, u64, u64)) -> Extent {
    Extent {
        first,
        next,
        usage: usage.checked_sub(1),
    }
}

/// The file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the index: {0}")]
pub struct IndexError(#[source] redb::Error);

impl<E: Into<redb::Error>> From<E> for IndexError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
