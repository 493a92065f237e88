//! Deriving a whole log anew from its entries.

use std::ops::ControlFlow;

use rayon::prelude::*;

use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::merkle::empty_root;
use crate::merkle::leaf_hash;
use crate::merkle::root;
use crate::store::LogFiles;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::tile::Kind;
use crate::tlog::tile::TILE_HEIGHT;
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::tile::cosigned_path;
use crate::tlog::tile::parse_entries;
use crate::tlog::tile::parse_hashes;

/// How many tiles are checked before the first fault among them is told: enough for every
/// core, and what they hold fits into memory.
const AT_ONCE: u64 = 1024;

impl<F: LogFiles + Sync + ?Sized> LogReader<'_, F> {
    /// Hashes every entry, and compares every tile, up to the root of the checkpoint.
    ///
    /// Tells the first fault from the left, of the lowest level that has one.
    pub fn check(&self, key: &VerifierKey) -> Result<Checkpoint, ReadError> {
        let note = self.checkpoint()?.ok_or(ReadError::NoCheckpoint)?;
        let signed = SignedCheckpoint::open(&note, key).map_err(ReadError::Checkpoint)?;
        let checkpoint = signed.checkpoint().clone();
        let size = checkpoint.size;
        // The roots of the full tiles of a level are the hashes of the one above.
        let mut hashes: Option<Vec<Hash>> = None;
        let mut width = size;
        for level in 0_u8.. {
            let tiles = width.div_ceil(u64::from(TILE_WIDTH));
            let mut roots = Vec::new();
            let mut start = 0;
            while start < tiles {
                let end = tiles.min(start.saturating_add(AT_ONCE));
                let checked: Vec<Result<Hash, ReadError>> = (start..end)
                    .into_par_iter()
                    .map(|index| self.check_tile(level, index, size, hashes.as_deref()))
                    .collect();
                for one in checked {
                    roots.push(one?);
                }
                start = end;
            }
            width >>= TILE_HEIGHT;
            // The last one is not full, and no hash of the level above.
            if width == 0 {
                break;
            }
            roots.truncate(usize::try_from(width).unwrap_or(usize::MAX));
            hashes = Some(roots);
        }
        self.check_root(&checkpoint, size)?;
        Ok(checkpoint)
    }
}

impl<F: LogFiles + ?Sized> LogReader<'_, F> {
    /// As `check`, one tile after the other, calling `pause` before each; ends where
    /// that says so. The cosigned checkpoints that are kept are checked too.
    pub fn scrub(
        &self,
        key: &VerifierKey,
        mut pause: impl FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Checkpoint>, ReadError> {
        let note = self.checkpoint()?.ok_or(ReadError::NoCheckpoint)?;
        let signed = SignedCheckpoint::open(&note, key).map_err(ReadError::Checkpoint)?;
        let checkpoint = signed.checkpoint().clone();
        let size = checkpoint.size;
        let mut hashes: Option<Vec<Hash>> = None;
        let mut width = size;
        for level in 0_u8.. {
            let mut roots = Vec::new();
            for index in 0..width.div_ceil(u64::from(TILE_WIDTH)) {
                if pause().is_break() {
                    return Ok(None);
                }
                roots.push(self.check_tile(level, index, size, hashes.as_deref())?);
            }
            width >>= TILE_HEIGHT;
            if width == 0 {
                break;
            }
            roots.truncate(usize::try_from(width).unwrap_or(usize::MAX));
            hashes = Some(roots);
        }
        self.check_root(&checkpoint, size)?;
        for number in 0.. {
            let Some(note) = self.cosigned(number)? else {
                break;
            };
            if pause().is_break() {
                return Ok(None);
            }
            let signed = SignedCheckpoint::open(&note, key).map_err(|_| ReadError::Damaged {
                path: cosigned_path(number),
            })?;
            // One that was kept since is of a tree that this pass did not see.
            if signed.checkpoint().size <= size {
                self.check_root(signed.checkpoint(), size)?;
            }
        }
        Ok(Some(checkpoint))
    }

    /// Compares the root of a tree, as the tiles of the one of `of` leaves have it, with its
    /// checkpoint.
    fn check_root(&self, checkpoint: &Checkpoint, of: u64) -> Result<(), ReadError> {
        let size = checkpoint.size;
        let found = match size {
            0 => empty_root(),
            _ => self.root(size, of)?,
        };
        if found == checkpoint.root {
            return Ok(());
        }
        Err(ReadError::Root {
            size,
            found,
            expected: checkpoint.root,
        })
    }

    /// Compares a tile with the entries or the tiles below it, and returns its root.
    fn check_tile(
        &self,
        level: u8,
        index: u64,
        size: u64,
        below: Option<&[Hash]>,
    ) -> Result<Hash, ReadError> {
        let (tile, bytes) = self.tile(Kind::Hashes(level), index, size)?;
        let damaged = |path: String| ReadError::Damaged { path };
        let hashes = parse_hashes(&bytes, tile.width()).ok_or_else(|| damaged(tile.path()))?;
        let first = index.saturating_mul(u64::from(TILE_WIDTH));
        let (from, expected): (String, Vec<Hash>) = match below {
            None => {
                let (bundle, bytes) = self.tile(Kind::Entries, index, size)?;
                let entries = parse_entries(&bytes, bundle.width());
                let entries = entries.ok_or_else(|| damaged(bundle.path()))?;
                (
                    format!("the entry in `{}`", bundle.path()),
                    entries.into_iter().map(leaf_hash).collect(),
                )
            }
            Some(below) => {
                let start = usize::try_from(first).unwrap_or(usize::MAX);
                let end = start.saturating_add(hashes.len());
                let below = below.get(start..end).ok_or_else(|| damaged(tile.path()))?;
                ("the tile below".to_owned(), below.to_vec())
            }
        };
        let differ = hashes.iter().zip(&expected).zip(first..);
        if let Some(((found, expected), index)) =
            { differ }.find(|((found, expected), _)| found != expected)
        {
            return Err(ReadError::Hash {
                path: tile.path(),
                index,
                found: *found,
                from,
                expected: *expected,
            });
        }
        Ok(root(&hashes))
    }
}
