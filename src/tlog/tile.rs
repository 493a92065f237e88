//! Tiles and entry bundles: the log as static files (C2SP tlog-tiles).

use std::fmt;

use crate::hash::HASH_SIZE;
use crate::hash::Hash;

/// The levels of the tree in one tile.
pub const TILE_HEIGHT: u32 = 8;

/// The hashes of a full tile, and the entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The highest level of tiles (C2SP tlog-tiles: 0 to 63).
pub const MAX_LEVEL: u8 = 63;

/// Where the newest checkpoint is served.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// A tile, or the bundle of the entries below a tile of level 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: Kind,
    index: u64,
    /// How many hashes or entries it has, from 1 to [`TILE_WIDTH`].
    width: u16,
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Entries.
    Entries,
    /// Hashes of this level.
    Hashes(u8),
}

impl Tile {
    /// Returns the full tile of that kind and index.
    pub const fn full(kind: Kind, index: u64) -> Self {
        Self {
            kind,
            index,
            width: TILE_WIDTH,
        }
    }

    /// Returns the tile of that kind and index as a tree of `size` leaves has it: full,
    /// partial, or `None` if it would be empty.
    pub fn in_tree(kind: Kind, index: u64, size: u64) -> Option<Self> {
        let hashes = match kind {
            Kind::Entries => size,
            Kind::Hashes(level) => {
                let shift = TILE_HEIGHT.checked_mul(u32::from(level))?;
                size.checked_shr(shift).unwrap_or(0)
            }
        };
        let before = index.checked_mul(u64::from(TILE_WIDTH))?;
        let rest = hashes.checked_sub(before).filter(|rest| *rest > 0)?;
        let width = u16::try_from(rest).map_or(TILE_WIDTH, |rest| rest.min(TILE_WIDTH));
        Some(Self { kind, index, width })
    }

    /// Returns every tile and bundle that the tree of `new` leaves has and that of `old`
    /// leaves has not, or has narrower.
    pub fn added(old: u64, new: u64) -> Vec<Self> {
        let mut tiles = Vec::new();
        let levels = (0..=MAX_LEVEL).map(Kind::Hashes);
        for kind in std::iter::once(Kind::Entries).chain(levels) {
            let shift = match kind {
                Kind::Entries => 0,
                Kind::Hashes(level) => TILE_HEIGHT.saturating_mul(u32::from(level)),
            };
            let hashes = |size: u64| size.checked_shr(shift).unwrap_or(0);
            if hashes(new) == 0 {
                break;
            }
            if hashes(old) == hashes(new) {
                continue;
            }
            let mut index = hashes(old) >> TILE_HEIGHT;
            while let Some(tile) = Self::in_tree(kind, index, new) {
                tiles.push(tile);
                index = index.saturating_add(1);
            }
        }
        tiles
    }

    /// Returns what it holds.
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// Returns its index among those of its kind.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Returns how many hashes or entries it has, from 1 to [`TILE_WIDTH`].
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it will never change.
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Returns the index of its first hash or entry.
    pub fn first(self) -> u64 {
        self.index.saturating_mul(u64::from(TILE_WIDTH))
    }

    /// Returns the path under the log's prefix.
    pub fn path(self) -> String {
        let kind = match self.kind {
            Kind::Entries => "entries".to_owned(),
            Kind::Hashes(level) => level.to_string(),
        };
        let partial = if self.is_full() {
            String::new()
        } else {
            format!(".p/{}", self.width)
        };
        format!("tile/{kind}/{}{partial}", index_path(self.index))
    }

    /// Parses a path.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes(level.parse().ok().filter(|level| *level <= MAX_LEVEL)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                let partial = |width: &u16| (1..TILE_WIDTH).contains(width);
                (index, width.parse().ok().filter(partial)?)
            }
            None => (rest, TILE_WIDTH),
        };
        let tile = Self {
            kind,
            index: parse_index_path(index)?,
            width,
        };
        // Print it again and compare: one path a tile.
        (tile.path() == path).then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.path())
    }
}

/// Spells an index in groups of three digits, all but the last marked: `x001/x234/067`.
pub fn index_path(index: u64) -> String {
    let digits = index.to_string();
    let width = digits.len().next_multiple_of(3);
    let padded = format!("{digits:0>width$}");
    let mut path = String::new();
    let mut rest = padded.as_str();
    while let Some((group, more)) = rest.split_at_checked(3) {
        if !more.is_empty() {
            path.push('x');
        }
        path.push_str(group);
        if more.is_empty() {
            break;
        }
        path.push('/');
        rest = more;
    }
    path
}

/// Parses what [`index_path`] spells.
pub fn parse_index_path(path: &str) -> Option<u64> {
    let digits: String = path.chars().filter(char::is_ascii_digit).collect();
    let index = digits.parse().ok()?;
    (index_path(index) == path).then_some(index)
}

/// Where the `number`th cosigned checkpoint is kept (`specs/log.md`, "Cosigned checkpoints").
pub fn cosigned_path(number: u64) -> String {
    format!("cosigned/{}", index_path(number))
}

/// Parses the hashes of a tile of that width.
pub fn parse_hashes(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<HASH_SIZE>();
    (rest.is_empty() && hashes.len() == usize::from(width))
        .then(|| hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect())
}

/// Spells the hashes of a tile.
pub fn print_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Adds an entry to a bundle; `None` if it is longer than 65,535 bytes.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    let length = u16::try_from(entry.len()).ok()?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Some(())
}

/// Parses the entries of a bundle of that width.
pub fn parse_entries(mut bytes: &[u8], width: u16) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::with_capacity(usize::from(width));
    for _ in 0..width {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length)?;
        entries.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (index, path) in [(0, "000"), (999, "999"), (1_234_067, "x001/x234/067")] {
            assert_eq!(index_path(index), path);
            assert_eq!(parse_index_path(path), Some(index));
        }
        let partial = Tile::in_tree(Kind::Hashes(1), 1, 70_000).unwrap();
        assert_eq!(partial.path(), "tile/1/001.p/17");
        assert_eq!(Tile::parse("tile/1/001.p/17"), Some(partial));
        assert_eq!(cosigned_path(1000), "cosigned/x001/000");
    }

    #[test]
    fn one_path_a_tile() {
        for path in [
            "tile/00/000",
            "tile/64/000",
            "tile/0/0",
            "tile/0/x000/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/257",
            "tile/0/000.p/+1",
            "tile/0/000.p/1.p/1",
            "tile/0/x18/446/744/073/709/551/616",
            "tile/entries",
            "tile/data/000",
            "tile/0/000.p/01",
            "tile/-1/000",
            "tile/0/000/",
            "/tile/0/000",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_tree_of_70000_leaves_has_the_tiles_of_the_specification() {
        let tiles = Tile::added(0, 70_000);
        let of = |kind| tiles.iter().filter(|tile| tile.kind == kind).count();
        assert_eq!(of(Kind::Entries), 274);
        assert_eq!(of(Kind::Hashes(0)), 274);
        assert_eq!(of(Kind::Hashes(1)), 2);
        assert_eq!(of(Kind::Hashes(2)), 1);
        let last = |kind| tiles.iter().rfind(|tile| tile.kind == kind).unwrap().width;
        assert_eq!(last(Kind::Hashes(0)), 112);
        assert_eq!(last(Kind::Hashes(1)), 17);
        assert_eq!(last(Kind::Hashes(2)), 1);
    }

    #[test]
    fn growth_adds_only_what_changed() {
        let paths = |old, new| {
            Tile::added(old, new)
                .iter()
                .map(|tile| tile.path())
                .collect::<Vec<_>>()
        };
        assert_eq!(paths(5, 5), [""; 0]);
        assert_eq!(paths(1, 2), ["tile/entries/000.p/2", "tile/0/000.p/2"]);
        assert_eq!(
            paths(255, 256),
            ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
        );
        assert_eq!(paths(256, 257), ["tile/entries/001.p/1", "tile/0/001.p/1"]);
    }

    #[test]
    fn a_bundle_round_trips_and_leaves_nothing_over() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, b"").unwrap();
        push_entry(&mut bundle, b"ab").unwrap();
        assert_eq!(parse_entries(&bundle, 2), Some(vec![&b""[..], b"ab"]));
        assert_eq!(parse_entries(&bundle, 1), None);
        assert_eq!(parse_entries(&bundle, 3), None);
        assert_eq!(push_entry(&mut bundle, &vec![0; 65_536]), None);
    }
}
