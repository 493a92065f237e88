//! Is this the tree that was signed? Reads the entries in order and derives the rest.

use rayon::prelude::*;

use crate::bundle::Bundle;
use crate::hash::Hash;
use crate::key::VerifierKey;
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
use crate::tlog::tile::parse_entries;
use crate::tlog::tile::parse_hashes;
use crate::verify::checks::Check;
use crate::verify::evidence::LogFiles;
use crate::verify::findings::Findings;
use crate::verify::tree::Tree;
use crate::verify::verdict::Finding;

/// The most bundles read at once: enough work for every core, little enough to hold.
const CHUNK: u64 = 8;

/// An entry with its index.
pub type Indexed = (u64, Vec<u8>);

/// A log or a bundle to be read.
pub struct Reader<'e> {
    source: Source<'e>,
    checkpoint: Checkpoint,
    note: Note,
    next_bundle: u64,
    /// The first entry that was not read before.
    from: u64,
    /// Whether every file could be read, or is known to be absent.
    readable: bool,
    /// Entries of which neither bundle nor tile was there.
    absent: u64,
    /// The bundles of the next chunk; few at first, until the issuers' keys are known.
    chunk: u64,
    findings: Findings,
}

enum Source<'e> {
    Bundle(Option<Vec<Indexed>>),
    Log(&'e dyn LogFiles),
}

/// Entries that were read together, with their leaves. Nothing in it depends on what
/// stands before it, so that the next one can be read while this one is followed.
#[derive(Debug, Default)]
pub struct Chunk<T> {
    /// What became of each entry that could be read, in order.
    pub entries: Vec<T>,
    /// The leaves, also of entries that could not be read where a tile tells them.
    leaves: Vec<Option<Hash>>,
    findings: Vec<Finding>,
}

/// Where the next chunk is read from.
pub struct Order<'e>(Vec<Bundled<'e>>, Vec<Indexed>);

/// A bundle of entries to be read.
#[derive(Clone, Copy)]
struct Bundled<'e> {
    files: &'e dyn LogFiles,
    index: u64,
    size: u64,
    /// The first entry that was not read before.
    from: u64,
}

impl std::fmt::Debug for Order<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").finish_non_exhaustive()
    }
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
        Self::start(Source::Log(files), &bytes, key)
    }

    /// Starts to read a bundle; returns the roots that it proves too.
    pub fn bundle(bundle: &Bundle, key: &VerifierKey) -> Result<(Self, Tree<'e>), String> {
        let bytes = bundle.checkpoint.to_text();
        let source = Source::Bundle(Some(bundle.entries.clone()));
        let mut reader = Self::start(source, bytes.as_bytes(), key)?;
        let leaves: Vec<(u64, Hash)> = bundle
            .entries
            .par_iter()
            .map(|(index, entry)| (*index, leaf_hash(entry)))
            .collect();
        let Checkpoint { size, root, .. } = reader.checkpoint;
        if let Err(error) = verify_set(&leaves, size, &bundle.proof, &root) {
            reader.fail(Check::BundleProof, format!("the bundle's entries: {error}"));
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
                Err(error) => reader.fail(Check::BundleCheckpoint, error),
            }
        }
        roots.sort_unstable_by_key(|(size, _)| *size);
        Ok((reader, Tree::Proven(roots)))
    }

    fn start(source: Source<'e>, bytes: &[u8], key: &VerifierKey) -> Result<Self, String> {
        let mut findings = Findings::new();
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
                findings.push(Finding::new(Check::Checkpoint, error.clone()));
                // What it says is not believed, but the rest is still judged.
                (Checkpoint::parse(note.text()).map_err(|_| error)?, note)
            }
            (_, Err(error)) => return Err(format!("{BROKEN_CHECKPOINT}{error}")),
        };
        Ok(Self {
            source,
            checkpoint,
            note,
            next_bundle: 0,
            from: 0,
            readable: true,
            absent: 0,
            chunk: 1,
            findings,
        })
    }

    /// Leaves out the entries before `from`, which were read before.
    pub fn skip_to(&mut self, from: u64) {
        self.from = from;
        self.next_bundle = from.checked_div(u64::from(TILE_WIDTH)).unwrap_or_default();
    }

    /// Returns how many entries have been read or are being read.
    pub fn reached(&self) -> u64 {
        let bundles = match self.source {
            Source::Bundle(_) => u64::MAX,
            Source::Log(_) => self.next_bundle.saturating_mul(TILE_WIDTH.into()),
        };
        bundles.min(self.checkpoint.size)
    }

    /// Returns the checkpoint that is read up to.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the checkpoint's note.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Returns the log's files; `None` for a bundle.
    pub const fn files(&self) -> Option<&'e dyn LogFiles> {
        match self.source {
            Source::Log(files) => Some(files),
            Source::Bundle(_) => None,
        }
    }

    /// Says what is to be read next; `None` after the last.
    pub fn order(&mut self) -> Option<Order<'e>> {
        let files = match &mut self.source {
            Source::Bundle(entries) => return entries.take().map(|all| Order(Vec::new(), all)),
            Source::Log(files) => *files,
        };
        let size = self.checkpoint.size;
        let bundles = size.div_ceil(u64::from(TILE_WIDTH));
        let read = self.next_bundle >= bundles || self.from >= size;
        if read || self.absent > MAX_ABSENT {
            return None;
        }
        let last = self.next_bundle.saturating_add(self.chunk).min(bundles);
        let indices = self.next_bundle..last;
        self.next_bundle = last;
        self.chunk = self.chunk.saturating_mul(2).min(CHUNK);
        let from = self.from;
        let order = indices.map(|index| Bundled {
            files,
            index,
            size,
            from,
        });
        Some(Order(order.collect(), Vec::new()))
    }

    /// Puts a chunk's leaves into the tree, and hands its entries on.
    pub fn take<T>(&mut self, chunk: Chunk<T>, tree: &mut Tree<'_>) -> Vec<T> {
        self.gather(chunk.findings);
        let absent = chunk.leaves.iter().filter(|leaf| leaf.is_none()).count();
        let absent = u64::try_from(absent).unwrap_or(u64::MAX);
        self.absent = self.absent.saturating_add(absent);
        if let Tree::Whole(whole) = tree {
            for leaf in chunk.leaves {
                whole.push(leaf);
            }
        }
        chunk.entries
    }

    /// Whether every file could be read, or is known to be absent.
    pub const fn is_readable(&self) -> bool {
        self.readable
    }

    /// Ends the reading: compares the upper tiles and the root, and returns all findings
    /// of the log's files.
    pub fn finish(mut self, tree: &Tree<'_>) -> Findings {
        let (Source::Log(files), Tree::Whole(whole)) = (&self.source, tree) else {
            return self.findings;
        };
        let (files, size) = (*files, self.checkpoint.size);
        let mut read = TileReader {
            files,
            findings: Vec::new(),
        };
        for (level, hashes) in (1_u8..).zip(whole.levels()) {
            for (index, expected) in (0_u64..).zip(hashes.chunks(usize::from(TILE_WIDTH))) {
                let tile = Tile::in_tree(Kind::Hashes(level), index, size);
                let found = tile.and_then(|tile| read.hashes(tile));
                if let (Some(tile), Some(found)) = (tile, found)
                    && found != expected
                {
                    read.fail(
                        Check::Tile,
                        format!("`{tile}` is not what its entries make"),
                    );
                }
            }
        }
        self.gather(read.findings);
        let (count, found) = whole.read_so_far();
        let root = self.checkpoint.root;
        // Without a file that is perhaps there, nothing is said about the rest.
        if !self.readable {
            return self.findings;
        }
        if count != size || root != found {
            self.fail(
                Check::Root,
                format!(
                    "the {count} entries have the root {found}, but the checkpoint of {size} says {root}"
                ),
            );
        }
        self.findings
    }

    fn gather(&mut self, findings: Vec<Finding>) {
        let unreadable = |one: &Finding| one.check == Check::Unreadable.name();
        self.readable &= !findings.iter().any(unreadable);
        self.findings.extend(findings);
    }

    fn fail(&mut self, check: Check, text: String) {
        self.findings.push(Finding::new(check, text));
    }
}

impl Order<'_> {
    /// Reads the entries, on every core, and has `check` make something of each.
    pub fn read<T: Send>(self, check: impl Fn(u64, &[u8]) -> T + Sync) -> Chunk<T> {
        let Self(bundles, entries) = self;
        let mut chunk = Chunk {
            entries: entries
                .into_par_iter()
                .map(|(index, entry)| check(index, &entry))
                .collect(),
            leaves: Vec::new(),
            findings: Vec::new(),
        };
        let read: Vec<Chunk<T>> = bundles
            .into_par_iter()
            .map(|bundle| read_bundle(bundle, &check))
            .collect();
        for one in read {
            chunk.entries.extend(one.entries);
            chunk.leaves.extend(one.leaves);
            chunk.findings.extend(one.findings);
        }
        chunk
    }
}

/// Reads one bundle and the tile above it.
fn read_bundle<T: Send>(
    bundle: Bundled<'_>,
    check: &(impl Fn(u64, &[u8]) -> T + Sync),
) -> Chunk<T> {
    let Bundled {
        files,
        index,
        size,
        from,
    } = bundle;
    let mut read = TileReader {
        files,
        findings: Vec::new(),
    };
    let Some(tile) = Tile::in_tree(Kind::Entries, index, size) else {
        return Chunk {
            entries: Vec::new(),
            leaves: Vec::new(),
            findings: Vec::new(),
        };
    };
    let first = tile.first().max(from);
    let known = usize::try_from(first.saturating_sub(tile.first())).unwrap_or(usize::MAX);
    let hashes = Tile::in_tree(Kind::Hashes(0), index, size)
        .and_then(|tile| read.hashes(tile))
        .unwrap_or_default();
    let hashes = hashes.get(known..).unwrap_or_default();
    let bytes = read.tile(tile);
    let entries = bytes.as_deref().and_then(|bytes| {
        let entries = parse_entries(bytes, tile.width());
        if entries.is_none() {
            read.fail(
                Check::BundleFraming,
                format!("`{tile}` is not {} entries", tile.width()),
            );
        }
        entries
    });
    let (entries, leaves): (Vec<T>, Vec<Option<Hash>>) = match entries {
        Some(entries) => (first..)
            .zip(entries.into_iter().skip(known))
            .collect::<Vec<_>>()
            .into_par_iter()
            .with_min_len(MIN_SHARE)
            .map(|(index, entry)| (check(index, entry), Some(leaf_hash(entry))))
            .unzip(),
        // The tile tells what the entries must have been.
        None if hashes.is_empty() => {
            let absent = usize::from(tile.width()).saturating_sub(known);
            (Vec::new(), vec![None; absent])
        }
        None => (Vec::new(), hashes.iter().copied().map(Some).collect()),
    };
    for (place, (derived, stored)) in (first..).zip(leaves.iter().zip(hashes)) {
        if derived.is_some_and(|derived| derived != *stored) {
            read.fail(
                Check::EntryHash,
                format!("entry {place} is not the one in `tile/0`"),
            );
        }
    }
    Chunk {
        entries,
        leaves,
        findings: read.findings,
    }
}

/// The fewest entries that a core is given at once.
const MIN_SHARE: usize = 4;

/// Reads tiles, and says what is wrong with them.
struct TileReader<'e> {
    files: &'e dyn LogFiles,
    findings: Vec<Finding>,
}

impl TileReader<'_> {
    fn hashes(&mut self, tile: Tile) -> Option<Vec<Hash>> {
        let bytes = self.tile(tile)?;
        let hashes = parse_hashes(&bytes, tile.width());
        if hashes.is_none() {
            self.fail(
                Check::TileFraming,
                format!("`{tile}` is not {} hashes", tile.width()),
            );
        }
        hashes
    }

    /// Reads a tile, or the full one cut to its width (C2SP tlog-tiles, "Partial Tiles").
    fn tile(&mut self, tile: Tile) -> Option<Vec<u8>> {
        match self.files.read(&tile.path()) {
            Ok(Some(bytes)) => return Some(bytes),
            Err(error) => {
                self.fail(Check::Unreadable, format!("`{tile}`: {error}"));
                return None;
            }
            Ok(None) => {}
        }
        let full = Tile::full(tile.kind(), tile.index());
        if let Ok(Some(bytes)) = self.files.read(&full.path())
            && let Some(cut) = cut(tile, &bytes)
        {
            return Some(cut);
        }
        self.fail(
            Check::Missing,
            format!("`{tile}` is absent, although the checkpoint requires it"),
        );
        None
    }

    fn fail(&mut self, check: Check, text: String) {
        self.findings.push(Finding::new(check, text));
    }
}

/// How many entries may be absent, with the tiles above them, before no more are looked
/// for: whoever signs a checkpoint may claim any size.
const MAX_ABSENT: u64 = 1 << 18;

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
