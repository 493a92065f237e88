//! A shelf on a disk: a log of any length passes through little memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::collector::Shelf;

/// Bytes that are held in memory before they are written: one block of a disk for each of
/// a thousand periods.
const HELD: usize = 4 << 20;

/// A file without a name: it is gone with the process, however that ends, and nobody else
/// can open it.
#[derive(Debug)]
pub struct Spill {
    file: File,
    /// How much of it is written.
    end: u64,
    /// What is not yet written, by period.
    held: BTreeMap<usize, Vec<u8>>,
    size: usize,
    /// Where the bytes of each period lie.
    written: BTreeMap<usize, Vec<(u64, usize)>>,
}

impl Spill {
    /// Makes one in a directory.
    pub fn new(directory: &Path) -> std::io::Result<Self> {
        let file = tempfile::tempfile_in(directory)?;
        Ok(Self {
            file,
            end: 0,
            held: BTreeMap::new(),
            size: 0,
            written: BTreeMap::new(),
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let mut all = Vec::with_capacity(self.size);
        for (period, bytes) in std::mem::take(&mut self.held) {
            let at = self
                .end
                .saturating_add(u64::try_from(all.len()).unwrap_or(u64::MAX));
            self.written
                .entry(period)
                .or_default()
                .push((at, bytes.len()));
            all.extend_from_slice(&bytes);
        }
        self.file.write_all(&all)?;
        self.end = self
            .end
            .saturating_add(u64::try_from(all.len()).unwrap_or(u64::MAX));
        self.size = 0;
        Ok(())
    }
}

impl Shelf for Spill {
    fn put(&mut self, period: usize, bytes: &[u8]) -> Result<(), String> {
        self.held
            .entry(period)
            .or_default()
            .extend_from_slice(bytes);
        self.size = self.size.saturating_add(bytes.len());
        if self.size >= HELD {
            self.flush().map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn take(&mut self, period: usize) -> Result<Vec<u8>, String> {
        let pieces = self.written.remove(&period).unwrap_or_default();
        let held = self.held.remove(&period).unwrap_or_default();
        let size: usize = pieces.iter().map(|(_, length)| length).sum();
        let mut all = vec![0; size];
        let mut rest = all.as_mut_slice();
        for (at, length) in pieces {
            let Some((piece, after)) = rest.split_at_mut_checked(length) else {
                break;
            };
            self.file
                .read_exact_at(piece, at)
                .map_err(|error| error.to_string())?;
            rest = after;
        }
        all.extend_from_slice(&held);
        Ok(all)
    }
}
