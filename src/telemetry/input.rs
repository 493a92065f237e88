//! Raw input: a file, plain or gzip, digested as it is read and never held whole.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use flate2::bufread::MultiGzDecoder;
use memchr::memrchr;

use crate::hash::Hash;
use crate::hash::Hasher;
use crate::telemetry::SourceError;

/// What a gzip file begins with (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes read at a time, where a line or a document is asked for.
const BUFFER: usize = 1 << 16;

/// The longest line that is read: beyond it something is no table.
const MAX_LINE: usize = 1 << 20;

/// Raw bytes that all inputs of this process have read.
static BYTES_READ: AtomicU64 = AtomicU64::new(0);

/// Returns how many raw bytes all inputs of this process have read so far, for who shows
/// how far they are.
pub fn bytes_read() -> u64 {
    BYTES_READ.load(Ordering::Relaxed)
}

/// A raw input.
pub struct Input {
    name: String,
    text: Box<dyn BufRead + Send>,
    hasher: Arc<Mutex<Hasher>>,
    row: u64,
    /// The line that the last block ended within.
    begun: Vec<u8>,
    /// The bytes of the file, where it is one.
    size: Option<u64>,
    /// The last byte that was read as bytes.
    last: Option<u8>,
}

impl Input {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(|error| SourceError::Read {
            name: path.display().to_string(),
            why: error.to_string(),
        })?;
        Self::of_file(path, file)
    }

    /// Reads a file that was opened at `path`.
    pub fn of_file(path: &Path, file: File) -> Result<Self, SourceError> {
        let size = file.metadata().ok().filter(std::fs::Metadata::is_file);
        let size = size.map(|size| size.len());
        Ok(Self {
            size,
            ..Self::new(path.display().to_string(), file)?
        })
    }

    /// Reads from `raw`, which errors call `name`.
    pub fn new(name: String, raw: impl Read + Send + 'static) -> Result<Self, SourceError> {
        let hasher = Arc::new(Mutex::new(Hasher::new()));
        let digested = Digested {
            raw,
            hasher: hasher.clone(),
        };
        let mut raw = BufReader::with_capacity(BUFFER, digested);
        let start = raw.fill_buf().map_err(|error| SourceError::Read {
            name: name.clone(),
            why: error.to_string(),
        })?;
        let text: Box<dyn BufRead + Send> = if start.starts_with(&GZIP) {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw)))
        } else {
            Box::new(raw)
        };
        Ok(Self {
            name,
            text,
            hasher,
            row: 0,
            begun: Vec::new(),
            size: None,
            last: None,
        })
    }

    /// Returns what it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the bytes of the file, where it is one.
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Returns the row read last, counted from 1.
    pub const fn row(&self) -> u64 {
        self.row
    }

    /// Returns the first byte that is no white space, near its start; reads nothing.
    pub(super) fn first(&mut self) -> Result<Option<u8>, SourceError> {
        let found = match self.text.fill_buf() {
            Ok(found) => found
                .iter()
                .find(|byte| !byte.is_ascii_whitespace())
                .copied(),
            Err(error) => return Err(self.fail(&error)),
        };
        Ok(found)
    }

    /// Puts the next line into `line`, without its line feed; `false` at the end. A last
    /// line without a line feed is refused: the file may be cut off there.
    pub fn line(&mut self, line: &mut Vec<u8>) -> Result<bool, SourceError> {
        line.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = (&mut self.text).take(limit).read_until(b'\n', line);
        let read = read.map_err(|error| self.fail(&error))?;
        if read == 0 {
            return Ok(false);
        }
        self.row = self.row.saturating_add(1);
        if line.pop() != Some(b'\n') {
            if read >= MAX_LINE {
                return Err(SourceError::Shape {
                    expected: "a text of lines",
                    why: format!("row {} has more than {MAX_LINE} bytes", self.row),
                });
            }
            return Err(SourceError::Cut);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(true)
    }

    /// Puts whole lines of about `size` bytes into `block`; `false` at the end. What is read by
    /// blocks is to be read so to its end.
    pub fn block(&mut self, block: &mut Vec<u8>, size: usize) -> Result<bool, SourceError> {
        let mut filled = self.begun.len();
        // Not emptied before: what is used again need not be made zero again.
        block.resize(size.max(filled), 0);
        if let Some(start) = block.get_mut(..filled) {
            start.copy_from_slice(&self.begun);
        }
        self.begun.clear();
        loop {
            let is_end = self.fill(block, &mut filled)?;
            let read = block.get(..filled).unwrap_or_default();
            if let Some(last) = memrchr(b'\n', read) {
                let lines = last.saturating_add(1);
                let begun = read.get(lines..).unwrap_or_default();
                self.begun.extend_from_slice(begun);
                block.truncate(lines);
                return Ok(true);
            }
            if is_end {
                block.clear();
                return if filled == 0 {
                    Ok(false)
                } else {
                    Err(SourceError::Cut)
                };
            }
            if filled >= MAX_LINE {
                return Err(SourceError::Shape {
                    expected: "a text of lines",
                    why: format!("a line has more than {MAX_LINE} bytes"),
                });
            }
            block.resize(filled.saturating_add(size), 0);
        }
    }

    /// Reads until `block` is full, or to the end: then `true`.
    fn fill(&mut self, block: &mut [u8], filled: &mut usize) -> Result<bool, SourceError> {
        while let Some(free) = block.get_mut(*filled..).filter(|free| !free.is_empty()) {
            let read = self.text.read(free);
            let read = read.map_err(|error| self.fail(&error))?;
            if read == 0 {
                return Ok(true);
            }
            *filled = filled.saturating_add(read);
        }
        Ok(false)
    }

    /// Reads all of it, which may have at most `limit` bytes.
    pub fn whole(&mut self, limit: usize) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = (&mut self.text).take(most).read_to_end(&mut bytes);
        read.map_err(|error| self.fail(&error))?;
        if bytes.len() > limit {
            return Err(SourceError::Shape {
                expected: "a document",
                why: format!("it has more than {limit} bytes"),
            });
        }
        Ok(bytes)
    }

    /// Refuses what was read as bytes and does not end with a line feed.
    pub(super) fn check_end(&self) -> Result<(), SourceError> {
        match self.last {
            None | Some(b'\n') => Ok(()),
            Some(_) => Err(SourceError::Cut),
        }
    }

    /// Returns the SHA-256 of the raw bytes, once they were read to their end.
    pub fn digest(self) -> Hash {
        let hasher = self.hasher.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.clone().finish()
    }

    /// Says what went wrong; of a gzip file that ends too early, that it does.
    fn fail(&self, error: &io::Error) -> SourceError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => SourceError::Cut,
            _ => SourceError::Read {
                name: self.name.clone(),
                why: error.to_string(),
            },
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.last = buffer
            .get(..read)
            .and_then(|read| read.last())
            .copied()
            .or(self.last);
        Ok(read)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({})", self.name)
    }
}

/// Digests what passes through.
struct Digested<R> {
    raw: R,
    hasher: Arc<Mutex<Hasher>>,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        BYTES_READ.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        let mut hasher = self.hasher.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
