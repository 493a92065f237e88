//! The right edge of a tiled log: what is not yet in a full tile.

use crate::hash::Hash;
use crate::merkle::Frontier;
use crate::merkle::empty_root;
use crate::merkle::leaf_hash;
use crate::merkle::node_hash;
use crate::tlog::tile::Kind;
use crate::tlog::tile::MAX_LEVEL;
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::tile::Tile;
use crate::tlog::tile::parse_entries;
use crate::tlog::tile::parse_hashes;
use crate::tlog::tile::print_hashes;
use crate::tlog::tile::push_entry;

/// The last, partial bundle and the last, partial tile of every level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    bundle: Vec<u8>,
    /// From level 0 up; a level's hashes are the roots of the full tiles below.
    levels: Vec<Vec<Hash>>,
}

/// Why a right edge cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// A file of the edge is absent.
    #[error("`{path}` is missing")]
    Missing {
        /// Its path.
        path: String,
    },
    /// A file of the edge is not of its width, or does not belong to the others.
    #[error("`{path}` is damaged")]
    Damaged {
        /// Its path.
        path: String,
    },
}

impl Edge {
    /// The edge of the empty log.
    pub const fn empty() -> Self {
        Self {
            size: 0,
            bundle: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Returns the tiles that hold the edge of a tree of `size` leaves.
    pub fn tiles(size: u64) -> Vec<Tile> {
        let kinds = std::iter::once(Kind::Entries).chain((0..=MAX_LEVEL).map(Kind::Hashes));
        kinds
            .filter_map(|kind| {
                let below = match kind {
                    Kind::Entries | Kind::Hashes(0) => size,
                    Kind::Hashes(level) => {
                        size.checked_shr(8_u32.saturating_mul(u32::from(level)))?
                    }
                };
                let tile = Tile::in_tree(kind, below >> 8, size)?;
                (!tile.is_full()).then_some(tile)
            })
            .collect()
    }

    /// Reads the edge of a tree of `size` leaves from the bytes of [`Self::tiles`].
    ///
    /// That the hashes lead to the right root is for the caller to compare; that the
    /// entries hash to the leaves is checked here.
    pub fn load<E: From<EdgeError>>(
        size: u64,
        mut read: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Self, E> {
        let mut edge = Self::empty();
        edge.size = size;
        for tile in Self::tiles(size) {
            let path = tile.path();
            let Some(bytes) = read(&path)? else {
                return Err(EdgeError::Missing { path }.into());
            };
            let damaged = || EdgeError::Damaged { path: path.clone() };
            match tile.kind() {
                Kind::Entries => {
                    parse_entries(&bytes, tile.width()).ok_or_else(damaged)?;
                    edge.bundle = bytes;
                }
                Kind::Hashes(level) => {
                    let hashes = parse_hashes(&bytes, tile.width()).ok_or_else(damaged)?;
                    edge.levels.resize(usize::from(level), Vec::new());
                    edge.levels.push(hashes);
                }
            }
        }
        let leaves = edge.levels.first().map_or(&[][..], Vec::as_slice);
        let width = u16::try_from(leaves.len()).unwrap_or(u16::MAX);
        let entries = parse_entries(&edge.bundle, width).unwrap_or_default();
        if entries
            .iter()
            .map(|entry| leaf_hash(entry))
            .ne(leaves.iter().copied())
        {
            let tile = Tile::in_tree(Kind::Entries, size >> 8, size);
            let path = tile.map(Tile::path).unwrap_or_default();
            return Err(EdgeError::Damaged { path }.into());
        }
        Ok(edge)
    }

    /// Returns the number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the tree's root.
    pub fn root(&self) -> Hash {
        let nodes = self.levels.iter().rev().flat_map(|hashes| {
            let mut frontier = Frontier::new();
            for hash in hashes {
                frontier.push(*hash);
            }
            frontier.nodes().to_vec()
        });
        let nodes: Vec<Hash> = nodes.collect();
        nodes
            .into_iter()
            .rev()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }

    /// Adds an entry and returns the bundle and tiles that it fills; `None` if it does
    /// not fit into a bundle.
    pub fn push(&mut self, entry: &[u8], leaf: Hash) -> Option<Vec<(Tile, Vec<u8>)>> {
        push_entry(&mut self.bundle, entry)?;
        let mut index = self.size >> 8;
        self.size = self.size.checked_add(1)?;
        let mut full = Vec::new();
        let (mut level, mut hash) = (0_u8, leaf);
        loop {
            let at = usize::from(level);
            if self.levels.len() <= at {
                self.levels.push(Vec::new());
            }
            let hashes = self.levels.get_mut(at)?;
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return Some(full);
            }
            let hashes = std::mem::take(hashes);
            if level == 0 {
                let bundle = std::mem::take(&mut self.bundle);
                full.push((Tile::full(Kind::Entries, index), bundle));
            }
            full.push((
                Tile::full(Kind::Hashes(level), index),
                print_hashes(&hashes),
            ));
            hash = crate::merkle::root(&hashes);
            level = level.checked_add(1)?;
            index >>= 8;
        }
    }

    /// Returns the partial bundle and tiles that the tree of `old` leaves has not, or has
    /// narrower.
    pub fn partial_since(&self, old: u64) -> Vec<(Tile, Vec<u8>)> {
        let added = Tile::added(old, self.size);
        Self::tiles(self.size)
            .into_iter()
            .filter(|tile| added.contains(tile))
            .filter_map(|tile| {
                let bytes = match tile.kind() {
                    Kind::Entries => self.bundle.clone(),
                    Kind::Hashes(level) => print_hashes(self.levels.get(usize::from(level))?),
                };
                Some((tile, bytes))
            })
            .collect()
    }
}
