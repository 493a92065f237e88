//! A shelf on a disk: a log of any length passes through little memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::collector::Shelf;

/// Bytes that are held in memory before they are written: one block of a disk for each of
/// a thousand periods.
const HELD: usize = 4 << 20;

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 18;

/// A file without a name: it is gone with the process, however that ends, and nobody else
/// can open it.
#[derive(Debug)]
pub struct Spill {
    file: File,
    /// How much of it is written.
    end: u64,
    /// What is not yet written, by period.
    held: Vec<Vec<u8>>,
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
            held: Vec::new(),
            size: 0,
            written: BTreeMap::new(),
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let mut file = BufWriter::with_capacity(BUFFER, &self.file);
        let held = self.held.iter_mut().map(std::mem::take).enumerate();
        for (period, bytes) in held.filter(|(_, bytes)| !bytes.is_empty()) {
            file.write_all(&bytes)?;
            let pieces = self.written.entry(period).or_default();
            pieces.push((self.end, bytes.len()));
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.end = self.end.saturating_add(length);
        }
        self.size = 0;
        file.flush()
    }
}

impl Shelf for Spill {
    fn put(&mut self, period: usize, bytes: &[u8]) -> Result<(), String> {
        if self.held.len() <= period {
            self.held.resize(period.saturating_add(1), Vec::new());
        }
        if let Some(held) = self.held.get_mut(period) {
            held.extend_from_slice(bytes);
        }
        self.size = self.size.saturating_add(bytes.len());
        if self.size >= HELD {
            self.flush().map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn take(&mut self, period: usize) -> Result<Vec<u8>, String> {
        let pieces = self.written.remove(&period).unwrap_or_default();
        let held = self.held.get_mut(period).map(std::mem::take);
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
        all.extend(held.unwrap_or_default());
        Ok(all)
    }
}
