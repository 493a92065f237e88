//! Reading the public files of a log: tiles, entries, proofs, cosigned checkpoints.
//!
//! What comes out is what the files say. Whether it is what a checkpoint binds, the
//! caller learns by verifying the proofs, or all at once by `LogReader::check`; what
//! follows from it is for `verify` to judge.

use std::collections::BTreeMap;

use crate::hash::HASH_SIZE;
use crate::hash::Hash;
use crate::merkle::leaf_hash;
use crate::merkle::prove_consistency;
use crate::merkle::prove_inclusion;
use crate::merkle::root_of;
use crate::store::LogFiles;
use crate::store::StoreError;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::Kind;
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::tile::Tile;
use crate::tlog::tile::cosigned_path;
use crate::tlog::tile::parse_entries;
use crate::tlog::tile::parse_hashes;
use crate::tlog::tile::push_entry;

/// The public files of a log, anybody's.
#[derive(Debug)]
pub struct LogReader<'f, F: ?Sized> {
    files: &'f F,
}

impl<'f, F: LogFiles + ?Sized> LogReader<'f, F> {
    /// Reads the log whose files these are.
    pub const fn new(files: &'f F) -> Self {
        Self { files }
    }

    /// Returns the newest checkpoint's note, or `None` if there is none.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.read(CHECKPOINT_PATH)
    }

    /// Returns the hash of a node of the tree of `size` leaves, from the tiles.
    pub fn node(&self, level: u32, index: u64, size: u64) -> Result<Hash, ReadError> {
        let tile_level = u8::try_from(level >> 3).unwrap_or(u8::MAX);
        let within = level & 7;
        let first = index.checked_shl(within).unwrap_or(u64::MAX);
        let hashes = self.hashes(tile_level, first >> 8, size)?;
        let start = usize::try_from(first & 0xff).unwrap_or(usize::MAX);
        let count = 1_usize.checked_shl(within).unwrap_or_default();
        let range = start..start.saturating_add(count);
        let hashes = hashes.get(range).ok_or_else(|| ReadError::Damaged {
            path: format!("tile/{tile_level}"),
        })?;
        Ok(crate::merkle::root(hashes))
    }

    /// Proves that leaf `index` is in the tree of `size` leaves.
    pub fn prove(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        prove_inclusion(index, size, &mut |level, index| {
            self.node(level, index, size)
        })?
        .ok_or(ReadError::NoSuchLeaf { index, size })
    }

    /// Returns the root of the first `size` leaves, of a tree of `of` leaves.
    pub fn root(&self, size: u64, of: u64) -> Result<Hash, ReadError> {
        root_of(size, &mut |level, index| self.node(level, index, of))
    }

    /// Proves that the tree of `old` leaves is a prefix of that of `new` leaves.
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        prove_consistency(old, new, &mut |level, index| self.node(level, index, new))?.ok_or(
            ReadError::NoSuchLeaf {
                index: old,
                size: new,
            },
        )
    }

    /// Returns the hashes of a tile as the tree of `size` leaves has it.
    pub fn hashes(&self, level: u8, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        let (tile, bytes) = self.tile(Kind::Hashes(level), index, size)?;
        parse_hashes(&bytes, tile.width()).ok_or_else(|| ReadError::Damaged { path: tile.path() })
    }

    /// Returns the entries of a bundle as the tree of `size` leaves has it.
    pub fn entries(&self, index: u64, size: u64) -> Result<Vec<Vec<u8>>, ReadError> {
        let (tile, bytes) = self.tile(Kind::Entries, index, size)?;
        let entries = parse_entries(&bytes, tile.width())
            .ok_or_else(|| ReadError::Damaged { path: tile.path() })?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Returns the entry at `index` of the tree of `size` leaves.
    pub fn entry(&self, index: u64, size: u64) -> Result<Vec<u8>, ReadError> {
        let width = u64::from(TILE_WIDTH);
        let (tile, bytes) = self.tile(Kind::Entries, index.div_euclid(width), size)?;
        let entries = parse_entries(&bytes, tile.width())
            .ok_or_else(|| ReadError::Damaged { path: tile.path() })?;
        let at = usize::try_from(index.rem_euclid(width)).unwrap_or(usize::MAX);
        let entry = entries
            .get(at)
            .ok_or(ReadError::NoSuchLeaf { index, size })?;
        Ok(entry.to_vec())
    }

    /// Finds where each of `entries` stands for the first time among the first `size`.
    pub fn find(&self, entries: &[&[u8]], size: u64) -> Result<Vec<Option<u64>>, ReadError> {
        let mut wanted: BTreeMap<Hash, Option<u64>> = entries
            .iter()
            .map(|entry| (leaf_hash(entry), None))
            .collect();
        for index in 0..size.div_ceil(u64::from(TILE_WIDTH)) {
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

    /// Returns the newest of the cosigned checkpoints that are kept, with its number.
    pub fn last_cosigned(&self) -> Result<Option<(u64, Vec<u8>)>, ReadError> {
        let Some(number) = self.cosigned_count()?.checked_sub(1) else {
            return Ok(None);
        };
        let missing = ReadError::Missing {
            path: cosigned_path(number),
        };
        let note = self.cosigned(number)?.ok_or(missing)?;
        Ok(Some((number, note)))
    }

    /// Returns how many cosigned checkpoints are kept, by doubling and halving.
    pub fn cosigned_count(&self) -> Result<u64, ReadError> {
        let there = |number: u64| {
            let found = self.files.read(&cosigned_path(number))?;
            Ok::<_, StoreError>(found.is_some())
        };
        let (mut low, mut high) = (0_u64, 1_u64);
        if !there(0)? {
            return Ok(0);
        }
        while there(high)? {
            low = high;
            // Whoever has every file that is asked for has no log.
            high = high.checked_mul(2).ok_or_else(|| ReadError::Damaged {
                path: cosigned_path(low),
            })?;
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

    /// Reads a tile as the tree of `size` leaves has it, or a wider one cut to that.
    pub(super) fn tile(
        &self,
        kind: Kind,
        index: u64,
        size: u64,
    ) -> Result<(Tile, Vec<u8>), ReadError> {
        let tile = Tile::in_tree(kind, index, size).ok_or(ReadError::NoSuchLeaf { index, size })?;
        if let Some(bytes) = self.files.read(&tile.path())? {
            return Ok((tile, bytes));
        }
        // A partial tile may be gone once the full one is there (C2SP tlog-tiles).
        let missing = || ReadError::Missing { path: tile.path() };
        let full = Tile::full(kind, index);
        let bytes = self.files.read(&full.path())?.ok_or_else(missing)?;
        let cut = match kind {
            Kind::Hashes(_) => bytes
                .get(..usize::from(tile.width()).saturating_mul(HASH_SIZE))
                .map(<[u8]>::to_vec),
            Kind::Entries => cut_bundle(&bytes, full.width(), tile.width()),
        };
        Ok((tile, cut.ok_or_else(missing)?))
    }
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The published checkpoint is not the log's.
    #[error("`{CHECKPOINT_PATH}`: {0}")]
    Checkpoint(CheckpointError),
    /// A file does not hold what it must.
    #[error("`{path}` is damaged: it does not hold what the checkpoint requires")]
    Damaged {
        /// Its path.
        path: String,
    },
    /// A hash in a tile is not what lies below it.
    #[error("`{path}`: hash {index} is {found}, but {from} has {expected}")]
    Hash {
        /// The tile's path.
        path: String,
        /// Which hash of its level: of level 0, the entry's index.
        index: u64,
        /// The hash in the tile.
        found: Hash,
        /// What lies below.
        from: String,
        /// Its hash.
        expected: Hash,
    },
    /// A file is absent.
    #[error("`{path}` is missing, although the checkpoint requires it")]
    Missing {
        /// Its path.
        path: String,
    },
    /// There is no checkpoint at all.
    #[error("there is no `{CHECKPOINT_PATH}`")]
    NoCheckpoint,
    /// There is no such leaf.
    #[error("there is no leaf {index} in a tree of {size}")]
    NoSuchLeaf {
        /// The leaf.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The tiles make another root than the checkpoint has.
    #[error(
        "`{CHECKPOINT_PATH}`: the root of {size} entries is {expected}, but the tiles make {found}"
    )]
    Root {
        /// The checkpoint's size.
        size: u64,
        /// The root of the tiles.
        found: Hash,
        /// The root in the checkpoint.
        expected: Hash,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn cut_bundle(bytes: &[u8], full: u16, width: u16) -> Option<Vec<u8>> {
    let entries = parse_entries(bytes, full)?;
    let mut cut = Vec::new();
    for entry in entries.into_iter().take(usize::from(width)) {
        push_entry(&mut cut, entry)?;
    }
    Some(cut)
}
