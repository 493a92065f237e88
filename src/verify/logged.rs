//! Is this the tree that was signed? Reads the entries in order and derives the rest.

use rayon::prelude::*;

use crate::bundle::Bundle;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::merkle::Frontier;
use crate::merkle::leaf_hash;
use crate::merkle::verify_consistency;
use crate::merkle::verify_set;
use crate::note::Note;
use crate::tlog::Checkpoint;
use crate::tlog::SignedCheckpoint;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::Kind;
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::tile::Tile;
use crate::tlog::tile::cosigned_path;
use crate::tlog::tile::parse_entries;
use crate::tlog::tile::parse_hashes;
use crate::verify::evidence::LogFiles;
use crate::verify::verdict::Finding;

/// The bundles read at once: enough work for every core, little enough to hold.
const CHUNK: u64 = 16;

/// An entry with its index.
pub type Indexed = (u64, Vec<u8>);

/// The tree as far as it was read.
#[derive(Clone, Debug)]
pub enum Tree {
    /// Only the roots of some sizes are known.
    Proven(Vec<(u64, Hash)>),
    /// Every leaf is known, and the right edge before every 256th.
    Whole {
        /// The leaves.
        leaves: Vec<Hash>,
        /// The tree of the first 0, 256, 512, … leaves.
        edges: Vec<Frontier>,
    },
}

impl Tree {
    /// Returns the root over the first `size` leaves, if it is known.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        match self {
            Self::Proven(roots) => roots
                .iter()
                .find(|(known, _)| *known == size)
                .map(|(_, root)| *root),
            Self::Whole { leaves, edges } => {
                let edge = usize::try_from(size >> 8).ok()?;
                let end = usize::try_from(size).ok()?;
                let mut frontier = edges.get(edge)?.clone();
                let start = edge.checked_mul(usize::from(TILE_WIDTH))?;
                for leaf in leaves.get(start..end)? {
                    frontier.push(*leaf);
                }
                Some(frontier.root())
            }
        }
    }
}

/// A log or a bundle being read.
pub struct Reader<'e> {
    source: Source<'e>,
    checkpoint: Checkpoint,
    note: Note,
    tree: Tree,
    edge: Frontier,
    /// The hashes made so far at each level of tiles, level 1 first.
    levels: Vec<Vec<Hash>>,
    next_bundle: u64,
    findings: Vec<Finding>,
}

enum Source<'e> {
    Bundle(Option<Vec<Indexed>>),
    Log(&'e dyn LogFiles),
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl<'e> Reader<'e> {
    /// Starts to read a log. Fails if its checkpoint cannot be had or read at all.
    pub fn log(files: &'e dyn LogFiles, key: &VerifierKey) -> Result<Self, String> {
        let bytes = files
            .read(CHECKPOINT_PATH)?
            .ok_or_else(|| "the log has no checkpoint".to_owned())?;
        let tree = Tree::Whole {
            leaves: Vec::new(),
            edges: vec![Frontier::new()],
        };
        Self::start(Source::Log(files), &bytes, key, tree)
    }

    /// Starts to read a bundle.
    pub fn bundle(bundle: &Bundle, key: &VerifierKey) -> Result<Self, String> {
        let bytes = bundle.checkpoint.to_text();
        let source = Source::Bundle(Some(bundle.entries.clone()));
        let tree = Tree::Proven(Vec::new());
        let mut reader = Self::start(source, bytes.as_bytes(), key, tree)?;
        let leaves: Vec<(u64, Hash)> = bundle
            .entries
            .par_iter()
            .map(|(index, entry)| (*index, leaf_hash(entry)))
            .collect();
        let Checkpoint { size, root, .. } = reader.checkpoint;
        if let Err(error) = verify_set(&leaves, size, &bundle.proof, &root) {
            reader.fail("bundle-proof", format!("the bundle's entries: {error}"));
        }
        let mut roots = vec![(size, root)];
        for (note, proof) in &bundle.earlier {
            let earlier = SignedCheckpoint::open_note(note.clone(), key);
            let proven = earlier
                .map_err(|error| error.to_string())
                .and_then(|earlier| {
                    let earlier = earlier.checkpoint().clone();
                    verify_consistency(earlier.size, &earlier.root, size, &root, proof)
                        .map_err(|error| error.to_string())?;
                    Ok((earlier.size, earlier.root))
                });
            match proven {
                Ok(proven) => roots.push(proven),
                Err(error) => reader.fail("bundle-checkpoint", error),
            }
        }
        reader.tree = Tree::Proven(roots);
        Ok(reader)
    }

    fn start(
        source: Source<'e>,
        bytes: &[u8],
        key: &VerifierKey,
        tree: Tree,
    ) -> Result<Self, String> {
        let mut findings = Vec::new();
        let note = Note::parse(bytes);
        let signed = note
            .clone()
            .map_err(|error| error.to_string())
            .and_then(|note| {
                SignedCheckpoint::open_note(note, key).map_err(|error| error.to_string())
            });
        let (checkpoint, note) = match (signed, note) {
            (Ok(signed), Ok(note)) => (signed.checkpoint().clone(), note),
            (Err(error), Ok(note)) => {
                findings.push(Finding::integrity("checkpoint", error.clone()));
                // What it says is not believed, but the rest is still judged.
                (Checkpoint::parse(note.text()).map_err(|_| error)?, note)
            }
            (_, Err(error)) => return Err(format!("{BROKEN_CHECKPOINT}{error}")),
        };
        Ok(Self {
            source,
            checkpoint,
            note,
            tree,
            edge: Frontier::new(),
            levels: Vec::new(),
            next_bundle: 0,
            findings,
        })
    }

    /// Returns the checkpoint that is read up to.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the checkpoint's note.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Returns the tree as far as it was read.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Returns the notes of the cosigned checkpoints that the log keeps, in order.
    pub fn cosigned(&self) -> Vec<Vec<u8>> {
        let Source::Log(files) = &self.source else {
            return Vec::new();
        };
        (0..)
            .map_while(|number| files.read(&cosigned_path(number)).ok().flatten())
            .collect()
    }

    /// Returns the next entries, in order; `None` after the last.
    pub fn next_chunk(&mut self) -> Option<Vec<Indexed>> {
        let files = match &mut self.source {
            Source::Bundle(entries) => return entries.take(),
            Source::Log(files) => *files,
        };
        let size = self.checkpoint.size;
        let bundles = size.div_ceil(u64::from(TILE_WIDTH));
        if self.next_bundle >= bundles {
            return None;
        }
        let last = self.next_bundle.saturating_add(CHUNK).min(bundles);
        let mut chunk = Vec::new();
        for index in self.next_bundle..last {
            self.read_bundle(files, index, &mut chunk);
        }
        self.next_bundle = last;
        Some(chunk)
    }

    fn read_bundle(&mut self, files: &dyn LogFiles, index: u64, chunk: &mut Vec<Indexed>) {
        let size = self.checkpoint.size;
        let Some(tile) = Tile::in_tree(Kind::Entries, index, size) else {
            return;
        };
        let hashes = Tile::in_tree(Kind::Hashes(0), index, size)
            .and_then(|tile| self.read_hashes(files, tile))
            .unwrap_or_default();
        let entries = self.read_tile(files, tile).and_then(|bytes| {
            let entries = parse_entries(&bytes, tile.width())
                .map(|entries| entries.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
            if entries.is_none() {
                self.fail(
                    "bundle-framing",
                    format!("`{tile}` is not {} entries", tile.width()),
                );
            }
            entries
        });
        let leaves: Vec<Hash> = match &entries {
            Some(entries) => entries.par_iter().map(|entry| leaf_hash(entry)).collect(),
            // The tile tells what the entries must have been.
            None => hashes.clone(),
        };
        for (offset, (derived, stored)) in leaves.iter().zip(&hashes).enumerate() {
            if derived != stored {
                let place = tile
                    .first()
                    .saturating_add(u64::try_from(offset).unwrap_or(0));
                self.fail(
                    "entry-hash",
                    format!("entry {place} is not the one in `tile/0`"),
                );
            }
        }
        for leaf in leaves {
            self.push(leaf);
        }
        let indices = tile.first()..;
        chunk.extend(indices.zip(entries.unwrap_or_default()));
    }

    fn push(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        self.edge.push_with(leaf, |level, _, hash| {
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
        if let Tree::Whole { leaves, edges } = &mut self.tree {
            leaves.push(leaf);
            if self.edge.size().is_multiple_of(u64::from(TILE_WIDTH)) {
                edges.push(self.edge.clone());
            }
        }
    }

    /// Ends the reading: compares the upper tiles and the root, and returns all findings
    /// of the log's files, with the tree.
    pub fn finish(mut self) -> (Vec<Finding>, Tree) {
        if let Source::Log(files) = self.source {
            for (level, hashes) in (1_u8..).zip(std::mem::take(&mut self.levels)) {
                for (index, expected) in (0_u64..).zip(hashes.chunks(usize::from(TILE_WIDTH))) {
                    let tile = Tile::in_tree(Kind::Hashes(level), index, self.checkpoint.size);
                    let found = tile.and_then(|tile| self.read_hashes(files, tile));
                    if let (Some(tile), Some(found)) = (tile, found)
                        && found != expected
                    {
                        self.fail("tile", format!("`{tile}` is not what its entries make"));
                    }
                }
            }
            let (root, found) = (self.checkpoint.root, self.edge.root());
            if self.edge.size() != self.checkpoint.size || root != found {
                self.fail(
                    "root",
                    format!(
                        "the {} entries have the root {found}, but the checkpoint of {} says {root}",
                        self.edge.size(),
                        self.checkpoint.size
                    ),
                );
            }
        }
        (self.findings, self.tree)
    }

    fn read_hashes(&mut self, files: &dyn LogFiles, tile: Tile) -> Option<Vec<Hash>> {
        let bytes = self.read_tile(files, tile)?;
        let hashes = parse_hashes(&bytes, tile.width());
        if hashes.is_none() {
            self.fail(
                "tile-framing",
                format!("`{tile}` is not {} hashes", tile.width()),
            );
        }
        hashes
    }

    /// Reads a tile, or the full one cut to its width (C2SP tlog-tiles, "Partial Tiles").
    fn read_tile(&mut self, files: &dyn LogFiles, tile: Tile) -> Option<Vec<u8>> {
        match files.read(&tile.path()) {
            Ok(Some(bytes)) => return Some(bytes),
            Err(error) => {
                self.fail("unreadable", format!("`{tile}`: {error}"));
                return None;
            }
            Ok(None) => {}
        }
        let full = Tile::full(tile.kind(), tile.index());
        if let Ok(Some(bytes)) = files.read(&full.path())
            && let Some(cut) = cut(tile, &bytes)
        {
            return Some(cut);
        }
        self.fail(
            "missing",
            format!("`{tile}` is absent, although the checkpoint requires it"),
        );
        None
    }

    fn fail(&mut self, check: &'static str, text: String) {
        self.findings.push(Finding::integrity(check, text));
    }
}

/// What the message of a malformed checkpoint begins with: a broken log, not a missing
/// one.
pub const BROKEN_CHECKPOINT: &str = "the checkpoint is malformed: ";

fn cut(tile: Tile, bytes: &[u8]) -> Option<Vec<u8>> {
    let width = usize::from(tile.width());
    match tile.kind() {
        Kind::Hashes(_) => bytes
            .get(..width.checked_mul(crate::hash::HASH_SIZE)?)
            .map(<[u8]>::to_vec),
        Kind::Entries => {
            let mut cut = Vec::new();
            for entry in parse_entries(bytes, TILE_WIDTH)?.into_iter().take(width) {
                crate::tlog::tile::push_entry(&mut cut, entry)?;
            }
            Some(cut)
        }
    }
}
