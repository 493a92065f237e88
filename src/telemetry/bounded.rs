//! Input for parsers that keep what they have not finished: no piece of it may be large.
//!
//! A record of a table or an event of XML is held whole by its parser, so a file without
//! an end of a quote would be held whole too. What lies between two pieces is counted.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;

use crate::hash::Hash;
use crate::telemetry::Input;
use crate::telemetry::SourceError;

/// The most bytes from the end of one piece to that of the next, as for a line of
/// [`Input`].
const MAX_PIECE: usize = 1 << 20;

/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// An input of which no piece is large, and which is text.
#[derive(Debug)]
pub(super) struct Bounded {
    inner: BufReader<Input>,
    piece: usize,
    row: u64,
    last: u8,
    zeros: bool,
}

impl Bounded {
    pub(super) fn new(input: Input) -> Self {
        Self {
            inner: BufReader::with_capacity(BUFFER, input),
            piece: 0,
            row: 1,
            last: 0,
            zeros: false,
        }
    }

    /// Begins the next piece.
    pub(super) const fn next_piece(&mut self) {
        self.piece = 0;
    }

    /// Returns the line that was come to, counted from 1, where it is read by
    /// [`BufRead`].
    pub(super) const fn row(&self) -> u64 {
        self.row
    }

    /// Says what went wrong, of an input that was to be `expected`.
    pub(super) fn fail(&self, error: &io::Error, expected: &'static str) -> SourceError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => SourceError::Cut,
            io::ErrorKind::InvalidData => SourceError::Shape {
                expected,
                why: error.to_string(),
            },
            _ => SourceError::Read {
                name: self.inner.get_ref().name().to_owned(),
                why: error.to_string(),
            },
        }
    }

    /// Returns the SHA-256 of the raw bytes, once they were read to their end.
    pub(super) fn digest(self) -> Hash {
        self.inner.into_inner().digest()
    }

    fn check(&self) -> io::Result<()> {
        let why = if self.zeros {
            "it holds zero bytes, as binary files do".to_owned()
        } else if self.piece > MAX_PIECE {
            format!("a piece of it has more than {MAX_PIECE} bytes")
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::InvalidData, why))
    }

    fn note(&mut self, read: usize, zeros: bool, last: Option<u8>) {
        self.piece = self.piece.saturating_add(read);
        self.zeros |= zeros;
        self.last = last.unwrap_or(self.last);
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.note(read, bytes.contains(&0), bytes.last().copied());
        self.check()?;
        Ok(read)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let bytes = self.inner.buffer().get(..amount).unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n').count().saturating_sub(1);
        let (zeros, last) = (bytes.contains(&0), bytes.last().copied());
        self.row = self
            .row
            .saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
        self.note(amount, zeros, last);
        self.inner.consume(amount);
    }
}
