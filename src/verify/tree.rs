//! The tree as far as it was read, and its roots at earlier sizes.

use serde::Deserialize;
use serde::Serialize;

use crate::hash::Hash;
use crate::merkle::Frontier;
use crate::tlog::tile::Kind;
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::tile::Tile;
use crate::tlog::tile::parse_hashes;
use crate::verify::evidence::LogFiles;

/// The tree as far as it was read.
pub enum Tree<'e> {
    /// Only the roots of some sizes are known, which rise: what a bundle proves.
    Proven(Vec<(u64, Hash)>),
    /// Every leaf was read.
    Whole(Box<Whole<'e>>),
}

/// What is known of a tree of which every leaf was read, to go on from. The leaves
/// themselves are not kept: the files have them, and are asked again where an odd size is
/// wanted.
#[derive(Debug, Deserialize, Serialize)]
pub struct KeptTree {
    edge: Frontier,
    /// The tree of the first 0, 256, 512, … leaves.
    edges: Vec<Frontier>,
    /// The leaves behind the last of them.
    tail: Vec<Hash>,
    /// The hashes made so far at each level of tiles, level 1 first.
    levels: Vec<Vec<Hash>>,
}

impl Default for KeptTree {
    fn default() -> Self {
        Self {
            edge: Frontier::new(),
            edges: vec![Frontier::new()],
            tail: Vec::new(),
            levels: Vec::new(),
        }
    }
}

impl KeptTree {
    /// Returns how many leaves it has.
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }
}

/// A tree of which every leaf was read.
pub struct Whole<'e> {
    files: &'e dyn LogFiles,
    /// The size of the whole log.
    size: u64,
    kept: KeptTree,
    /// Sizes whose roots are wanted, rising: of those that were not reached when it began.
    wanted: Vec<u64>,
    /// The roots of those that were reached.
    roots: Vec<Hash>,
    /// Whether a leaf is not known: nothing is known of the tree from there on.
    lost: bool,
}

impl std::fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Whole<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole").finish_non_exhaustive()
    }
}

impl Tree<'_> {
    /// Returns the root over the first `size` leaves, if it is known.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        match self {
            Self::Proven(roots) => {
                let at = roots
                    .binary_search_by_key(&size, |(known, _)| *known)
                    .ok()?;
                roots.get(at).map(|(_, root)| *root)
            }
            Self::Whole(whole) => whole.root_at(size),
        }
    }
}

impl Tree<'_> {
    /// Returns what can be gone on from, if every leaf of a whole log is known.
    pub fn into_kept(self) -> Option<KeptTree> {
        match self {
            Self::Whole(whole) if !whole.lost => Some(whole.kept),
            Self::Whole(_) | Self::Proven(_) => None,
        }
    }

    /// Whether some leaf of a whole log could not be told.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Whole(whole) if whole.lost)
    }
}

impl<'e> Whole<'e> {
    /// Starts to read a log of `size` entries, of which `kept` were read before; the roots at
    /// the sizes of `wanted` that come yet are kept on the way.
    pub fn new(files: &'e dyn LogFiles, size: u64, mut wanted: Vec<u64>, kept: KeptTree) -> Self {
        wanted.retain(|one| *one >= kept.size());
        wanted.sort_unstable();
        wanted.dedup();
        let mut whole = Self {
            files,
            size,
            kept,
            wanted,
            roots: Vec::new(),
            lost: false,
        };
        whole.keep_root();
        whole
    }

    /// Returns how many leaves were read, and their root.
    pub fn read_so_far(&self) -> (u64, Hash) {
        (self.kept.edge.size(), self.kept.edge.root())
    }

    /// Returns the hashes made at each level of tiles, level 1 first.
    pub fn levels(&self) -> &[Vec<Hash>] {
        &self.kept.levels
    }

    /// Adds the next leaf, `None` if nobody can tell it.
    pub fn push(&mut self, leaf: Option<Hash>) {
        let Some(leaf) = leaf.filter(|_| !self.lost) else {
            self.lost = true;
            return;
        };
        let levels = &mut self.kept.levels;
        self.kept.edge.push_with(leaf, |level, _, hash| {
            if level > 0 && level.is_multiple_of(8) {
                let at = usize::try_from(level / 8)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(1);
                if levels.len() <= at {
                    levels.resize(at.saturating_add(1), Vec::new());
                }
                if let Some(hashes) = levels.get_mut(at) {
                    hashes.push(hash);
                }
            }
        });
        self.kept.tail.push(leaf);
        if self.kept.edge.size().is_multiple_of(u64::from(TILE_WIDTH)) {
            self.kept.edges.push(self.kept.edge.clone());
            self.kept.tail.clear();
        }
        self.keep_root();
    }

    fn keep_root(&mut self) {
        if self.wanted.get(self.roots.len()) == Some(&self.kept.edge.size()) {
            self.roots.push(self.kept.edge.root());
        }
    }

    fn root_at(&self, size: u64) -> Option<Hash> {
        if size > self.kept.edge.size() {
            return None;
        }
        if let Ok(at) = self.wanted.binary_search(&size) {
            return self.roots.get(at).copied();
        }
        let block = size >> 8;
        let mut frontier = self.kept.edges.get(usize::try_from(block).ok()?)?.clone();
        let rest = usize::try_from(size.checked_sub(frontier.size())?).ok()?;
        if rest == 0 {
            return Some(frontier.root());
        }
        let leaves = if block == self.kept.edge.size() >> 8 {
            self.kept.tail.clone()
        } else {
            self.leaves_again(block)?
        };
        for leaf in leaves.get(..rest)? {
            frontier.push(*leaf);
        }
        Some(frontier.root())
    }

    /// Reads the leaves of a full block again; `None` unless they are those read before.
    fn leaves_again(&self, block: u64) -> Option<Vec<Hash>> {
        let at = usize::try_from(block).ok()?;
        let (before, after) = (
            self.kept.edges.get(at)?,
            self.kept.edges.get(at.checked_add(1)?)?,
        );
        let tile = Tile::in_tree(Kind::Hashes(0), block, self.size)?;
        let bytes = self.files.read(&tile.path()).ok().flatten()?;
        let leaves = parse_hashes(&bytes, tile.width())?;
        let mut frontier = before.clone();
        for leaf in &leaves {
            frontier.push(*leaf);
        }
        (frontier == *after).then_some(leaves)
    }
}
