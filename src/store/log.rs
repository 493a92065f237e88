//! A log in a store: runs the steps of the `sequencer`, and reads what they made.

use crate::hash::Hash;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::merkle::leaf_hash;
use crate::merkle::prove_consistency;
use crate::merkle::prove_inclusion;
use crate::note::Note;
use crate::sequencer::Commit;
use crate::sequencer::LockRecord;
use crate::sequencer::Refusal;
use crate::sequencer::Sequencer;
use crate::sequencer::Step;
use crate::sequencer::Stored;
use crate::store::Lock;
use crate::store::Objects;
use crate::store::StoreError;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::checkpoint::Origin;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::edge::Edge;
use crate::tlog::edge::EdgeError;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::Kind;
use crate::tlog::tile::Tile;
use crate::tlog::tile::cosigned_path;
use crate::tlog::tile::parse_entries;
use crate::tlog::tile::parse_hashes;

/// Where the staged batch lies in the log's private store.
const STAGE_PATH: &str = "stage";

/// A log: its public files, the private ones, and the lock that settles them.
#[derive(Debug)]
pub struct Log<O, L> {
    public: O,
    private: O,
    lock: L,
    key: SignerKey,
    sequencer: Sequencer,
    /// Set when a step failed: what the stores hold is then unknown until reopened.
    failed: bool,
}

impl<O: Objects, L: Lock> Log<O, L> {
    /// Makes a log where there is none.
    pub fn create(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        let stored = load(&public, &private, &lock)?;
        let origin = Origin::new(key.verifier().name().as_str()).map_err(Refusal::from)?;
        let commit = Sequencer::create(origin, &key, &stored, now)?;
        Self::start(public, private, lock, key, commit)
    }

    /// Opens a log and finishes what a dead process began.
    ///
    /// `remembered` is what witnesses last saw of the log. Fails where the sequencer
    /// refuses: see [`Sequencer::resume`].
    pub fn open(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        remembered: &[Checkpoint],
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        let stored = load(&public, &private, &lock)?;
        let verifier = key.verifier();
        let origin = Origin::new(verifier.name().as_str()).map_err(Refusal::from)?;
        let size = Sequencer::published_size(&stored, &verifier)?;
        let edge = Edge::load(size, |path| public.read(path).map_err(LogError::from))?;
        let commit = Sequencer::resume(origin, &verifier, &stored, edge, remembered, now)?;
        Self::start(public, private, lock, key, commit)
    }

    fn start(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        commit: Commit,
    ) -> Result<Self, LogError> {
        let log = Self {
            public,
            private,
            lock,
            key,
            sequencer: commit.next,
            failed: false,
        };
        for step in &commit.steps {
            log.run(step)?;
        }
        Ok(log)
    }

    /// Makes `entries` part of the log and returns the index of the first. When this has
    /// returned they are durable and published.
    ///
    /// After a failure the log must be opened anew.
    pub fn append(&mut self, entries: &[Vec<u8>], now: UnixSeconds) -> Result<u64, LogError> {
        if self.failed {
            return Err(LogError::Failed);
        }
        let commit = self.sequencer.commit(entries, &self.key, now)?;
        for step in &commit.steps {
            if let Err(error) = self.run(step) {
                self.failed = true;
                return Err(error);
            }
        }
        self.sequencer = commit.next;
        Ok(commit.first)
    }

    /// Keeps a cosigned checkpoint for ever and serves it as the newest. Its text must be
    /// that of the newest signed one.
    pub fn publish_cosigned(&mut self, note: &Note) -> Result<(), LogError> {
        if self.failed {
            return Err(LogError::Failed);
        }
        let newest = Note::parse(self.sequencer.note().as_bytes());
        if newest.map_or(true, |newest| newest.text() != note.text()) {
            return Err(LogError::Stale);
        }
        let bytes = note.to_text().into_bytes();
        let reader = self.reader();
        let number = reader.cosigned_count()?;
        self.public.create(&cosigned_path(number), &bytes)?;
        self.public.replace(CHECKPOINT_PATH, &bytes)?;
        Ok(())
    }

    /// Returns the number of entries.
    pub const fn size(&self) -> u64 {
        self.sequencer.size()
    }

    /// Returns the key by which the log's signatures are checked.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Returns a view of the public files.
    pub const fn reader(&self) -> LogReader<'_, O> {
        LogReader::new(&self.public)
    }

    fn run(&self, step: &Step) -> Result<(), LogError> {
        match step {
            Step::Stage(bytes) => self.private.replace(STAGE_PATH, bytes)?,
            Step::Swap { old, new } => {
                let old = old.as_ref().map(LockRecord::to_text);
                let old = old.as_deref().map(str::as_bytes);
                self.lock.swap(old, new.to_text().as_bytes())?;
            }
            Step::Create { path, bytes } => self.public.create(path, bytes)?,
            Step::Replace { path, bytes } => self.public.replace(path, bytes)?,
            Step::Unstage => self.private.remove(STAGE_PATH)?,
        }
        Ok(())
    }
}

/// The public files of a log, anybody's.
#[derive(Debug)]
pub struct LogReader<'o, O> {
    files: &'o O,
}

impl<'o, O: Objects> LogReader<'o, O> {
    /// Reads the log whose files these are.
    pub const fn new(files: &'o O) -> Self {
        Self { files }
    }

    /// Returns the newest checkpoint's note, or `None` if there is none.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.read(CHECKPOINT_PATH)
    }

    /// Returns the hash of a node of the tree of `size` leaves, from the tiles.
    pub fn node(&self, level: u32, index: u64, size: u64) -> Result<Hash, LogError> {
        let tile_level = u8::try_from(level >> 3).unwrap_or(u8::MAX);
        let within = level & 7;
        let first = index.checked_shl(within).unwrap_or(u64::MAX);
        let hashes = self.hashes(tile_level, first >> 8, size)?;
        let start = usize::try_from(first & 0xff).unwrap_or(usize::MAX);
        let count = 1_usize.checked_shl(within).unwrap_or_default();
        let range = start..start.saturating_add(count);
        let hashes = hashes.get(range).ok_or_else(|| LogError::Damaged {
            path: format!("tile/{tile_level}"),
        })?;
        Ok(crate::merkle::root(hashes))
    }

    /// Proves that leaf `index` is in the tree of `size` leaves.
    pub fn prove(&self, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        prove_inclusion(index, size, &mut |level, index| {
            self.node(level, index, size)
        })?
        .ok_or(LogError::NoSuchLeaf { index, size })
    }

    /// Proves that the tree of `old` leaves is a prefix of that of `new` leaves.
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        prove_consistency(old, new, &mut |level, index| self.node(level, index, new))?.ok_or(
            LogError::NoSuchLeaf {
                index: old,
                size: new,
            },
        )
    }

    /// Returns the hashes of a tile as the tree of `size` leaves has it.
    pub fn hashes(&self, level: u8, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        let (tile, bytes) = self.tile(Kind::Hashes(level), index, size)?;
        parse_hashes(&bytes, tile.width()).ok_or_else(|| LogError::Damaged { path: tile.path() })
    }

    /// Returns the entries of a bundle as the tree of `size` leaves has it.
    pub fn entries(&self, index: u64, size: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let (tile, bytes) = self.tile(Kind::Entries, index, size)?;
        let entries = parse_entries(&bytes, tile.width())
            .ok_or_else(|| LogError::Damaged { path: tile.path() })?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Finds where each of `entries` stands for the first time among the first `size`.
    pub fn find(&self, entries: &[&[u8]], size: u64) -> Result<Vec<Option<u64>>, LogError> {
        let mut wanted: std::collections::BTreeMap<Hash, Option<u64>> = entries
            .iter()
            .map(|entry| (leaf_hash(entry), None))
            .collect();
        let tiles = size.div_ceil(256);
        for index in 0..tiles {
            let hashes = self.hashes(0, index, size)?;
            for (leaf, hash) in (index << 8..).zip(hashes) {
                if let Some(place) = wanted.get_mut(&hash) {
                    place.get_or_insert(leaf);
                }
            }
        }
        let place = |entry: &&[u8]| wanted.get(&leaf_hash(entry)).copied().flatten();
        Ok(entries.iter().map(place).collect())
    }

    /// Returns how many cosigned checkpoints are kept, by doubling and halving.
    pub fn cosigned_count(&self) -> Result<u64, StoreError> {
        let there = |number: u64| Ok(self.files.read(&cosigned_path(number))?.is_some());
        let (mut low, mut high) = (0_u64, 1_u64);
        if !there(0)? {
            return Ok(0);
        }
        while there(high)? {
            low = high;
            high = high.saturating_mul(2);
        }
        // `low` is there and `high` is not.
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if there(middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(high)
    }

    /// Returns the `number`th cosigned checkpoint's note.
    pub fn cosigned(&self, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.read(&cosigned_path(number))
    }

    /// Derives everything anew from the bundles: tiles, root and checkpoint.
    pub fn check(&self, key: &VerifierKey) -> Result<Checkpoint, LogError> {
        let note = self.checkpoint()?.ok_or(LogError::Damaged {
            path: CHECKPOINT_PATH.to_owned(),
        })?;
        let signed = SignedCheckpoint::open(&note, key).map_err(LogError::Checkpoint)?;
        let checkpoint = signed.checkpoint().clone();
        let damaged = |path: String| LogError::Damaged { path };
        let mut edge = Edge::empty();
        for bundle in 0..checkpoint.size.div_ceil(256) {
            for entry in self.entries(bundle, checkpoint.size)? {
                let full = edge.push(&entry, leaf_hash(&entry));
                for (tile, bytes) in full.unwrap_or_default() {
                    if self.files.read(&tile.path())? != Some(bytes) {
                        return Err(damaged(tile.path()));
                    }
                }
            }
        }
        for (tile, bytes) in edge.partial_since(0) {
            if self.files.read(&tile.path())? != Some(bytes) {
                return Err(damaged(tile.path()));
            }
        }
        if edge.root() != checkpoint.root {
            return Err(damaged(CHECKPOINT_PATH.to_owned()));
        }
        Ok(checkpoint)
    }

    /// Reads a tile as the tree of `size` leaves has it, or a wider one cut to that.
    fn tile(&self, kind: Kind, index: u64, size: u64) -> Result<(Tile, Vec<u8>), LogError> {
        let tile = Tile::in_tree(kind, index, size).ok_or(LogError::NoSuchLeaf { index, size })?;
        if let Some(bytes) = self.files.read(&tile.path())? {
            return Ok((tile, bytes));
        }
        // A partial tile may be gone once the full one is there (C2SP tlog-tiles).
        let missing = || LogError::Missing { path: tile.path() };
        let full = Tile::full(kind, index);
        let bytes = self.files.read(&full.path())?.ok_or_else(missing)?;
        let cut = match kind {
            Kind::Hashes(_) => bytes
                .get(..usize::from(tile.width()).saturating_mul(crate::hash::HASH_SIZE))
                .map(<[u8]>::to_vec),
            Kind::Entries => cut_bundle(&bytes, full.width(), tile.width()),
        };
        Ok((tile, cut.ok_or_else(missing)?))
    }
}

/// Why a log does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The published checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// A file does not hold what it must.
    #[error("`{path}` is damaged: it does not hold what the checkpoint requires")]
    Damaged {
        /// Its path.
        path: String,
    },
    /// The right edge cannot be read.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// An earlier step failed.
    #[error("an earlier write failed: open the log anew")]
    Failed,
    /// A file is absent.
    #[error("`{path}` is missing, although the checkpoint requires it")]
    Missing {
        /// Its path.
        path: String,
    },
    /// There is no such leaf.
    #[error("there is no leaf {index} in a tree of {size}")]
    NoSuchLeaf {
        /// The leaf.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The sequencer refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A cosigned checkpoint is not of the newest tree.
    #[error("the cosigned checkpoint is not the newest one that the log signed")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn load<O: Objects, L: Lock>(public: &O, private: &O, lock: &L) -> Result<Stored, LogError> {
    let lock = match lock.load()? {
        Some(bytes) => {
            let text = String::from_utf8(bytes).ok();
            let record = text.as_deref().and_then(LockRecord::parse);
            Some(record.ok_or(LogError::Damaged {
                path: "lock".to_owned(),
            })?)
        }
        None => None,
    };
    Ok(Stored {
        lock,
        published: public.read(CHECKPOINT_PATH)?,
        staged: private.read(STAGE_PATH)?,
    })
}

fn cut_bundle(bytes: &[u8], full: u16, width: u16) -> Option<Vec<u8>> {
    let entries = parse_entries(bytes, full)?;
    let mut cut = Vec::new();
    for entry in entries.into_iter().take(usize::from(width)) {
        crate::tlog::tile::push_entry(&mut cut, entry)?;
    }
    Some(cut)
}
