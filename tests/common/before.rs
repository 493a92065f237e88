//! A log as it was: shared with `examples/verify_bench`.

use standstill::tlog::tile::{parse_entries, parse_index_path, push_entry};
use standstill::verify::LogFiles;

/// A log as it was at one of the checkpoints that it keeps: its note, and its number.
pub struct Before<'f>(pub &'f dyn LogFiles, pub Vec<u8>, pub u64);

impl LogFiles for Before<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let number = path.strip_prefix("cosigned/").and_then(parse_index_path);
        if path == "checkpoint" {
            return Ok(Some(self.1.clone()));
        }
        if number.is_some_and(|number| number > self.2) {
            return Ok(None);
        }
        Ok(self.0.read(path)?.or_else(|| self.cut(path)))
    }
}

impl Before<'_> {
    /// Cuts a partial tile out of the wider one that took its place.
    fn cut(&self, path: &str) -> Option<Vec<u8>> {
        let (tile, width) = path.split_once(".p/")?;
        let width: usize = width.parse().unwrap();
        let wider = |wider| Some((wider, self.0.read(&format!("{tile}.p/{wider}")).ok()??));
        let (wider, bytes) = (1..256).rev().find_map(wider)?;
        if !tile.starts_with("tile/entries") {
            return bytes.get(..width * 32).map(<[u8]>::to_vec);
        }
        let mut cut = Vec::new();
        for entry in parse_entries(&bytes, wider)?.into_iter().take(width) {
            push_entry(&mut cut, entry)?;
        }
        Some(cut)
    }
}
