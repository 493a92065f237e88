//! Tables of lines, read in rounds: while what was understood of some lines is taken, in order,
//! the next are understood on every core, and those after them read.

use memchr::memchr;
use memchr::memchr_iter;
use memchr::memchr2;
use rayon::prelude::*;

use crate::telemetry::Input;
use crate::telemetry::SourceError;

/// Bytes of whole lines that one core understands at a time.
const PIECE: usize = 1 << 18;

/// Pieces of a round: more than there are cores, so that they end at nearly the same time.
const PIECES: usize = 8;

/// Lines that one core works on, and what it makes of them.
struct Piece<T> {
    text: Vec<u8>,
    /// The row before the first.
    before: u64,
    made: T,
}

/// Reads the rows that are left of `input`.
///
/// `understand` is given lines, the row before the first of them, and what was made of others
/// before, to be made anew. What it makes is given to `take`, with those lines, in order. What is
/// wrong with the input itself is said last, after all that stands before it was taken.
pub(super) fn read<T: Send>(
    input: &mut Input,
    make: impl Fn() -> T,
    understand: impl Fn(&[u8], u64, &mut T) + Sync,
    mut take: impl FnMut(&[u8], &mut T) -> Result<(), SourceError> + Send,
) -> Result<(), SourceError> {
    let piece = || Piece {
        text: Vec::new(),
        before: 0,
        made: make(),
    };
    // Pieces go round: what was taken is read into anew.
    let mut rounds = [(); 3].map(|()| {
        std::iter::repeat_with(piece)
            .take(PIECES)
            .collect::<Vec<_>>()
    });
    let mut feed = Feed {
        row: input.row(),
        input,
        end: None,
    };
    // What was read last is still to be understood, and then to be taken.
    let mut left = 3_u8;
    // Within the pool, so that no other thread is to be woken for every round.
    rayon::scope(|_| -> Result<(), SourceError> {
        while left > 0 {
            let [ready, full, next] = &mut rounds;
            // What only one core can do is begun first; the rest is done by whoever is free.
            let (taken, ((), ())) = rayon::join(
                || {
                    let mut pieces = ready.iter_mut();
                    pieces.try_for_each(|piece| take(&piece.text, &mut piece.made))
                },
                || {
                    let full = full.par_iter_mut().with_max_len(1);
                    rayon::join(
                        || feed.fill(next),
                        || full.for_each(|one| understand(&one.text, one.before, &mut one.made)),
                    )
                },
            );
            taken?;
            if feed.end.is_some() {
                left = left.saturating_sub(1);
            }
            rounds.rotate_left(1);
        }
        Ok(())
    })?;
    feed.end.unwrap_or(Ok(()))
}

/// Takes lines apart, and gives of each that is not empty its row, its cells, and how many there
/// are. Cells beyond the `wanted` first are counted, and not given.
pub(super) fn each_row<'t>(
    text: &'t str,
    parted_by: u8,
    wanted: usize,
    before: u64,
    mut take: impl FnMut(u64, &[&'t str], usize) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut cells = Vec::new();
    let mut row = before;
    let mut rest = text;
    while let Some(end) = memchr2(parted_by, b'\n', rest.as_bytes()) {
        let (cell, is_last, after) = cut(rest, end);
        rest = after;
        let mut beyond = 0_usize;
        if is_last {
            cells.push(cell.strip_suffix('\r').unwrap_or(cell));
        } else {
            cells.push(cell);
            if cells.len() < wanted {
                continue;
            }
            let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let (cells, _, after) = cut(rest, end);
            rest = after;
            beyond = memchr_iter(parted_by, cells.as_bytes())
                .count()
                .saturating_add(1);
        }
        row = row.saturating_add(1);
        if cells != [""] || beyond > 0 {
            take(row, &cells, cells.len().saturating_add(beyond))?;
        }
        cells.clear();
    }
    Ok(())
}

/// Cuts a text at a byte: what is before it, whether it ends a line, and what is after it.
fn cut(text: &str, at: usize) -> (&str, bool, &str) {
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at.saturating_add(1)..).unwrap_or_default();
    (before, text.as_bytes().get(at) == Some(&b'\n'), after)
}

/// Where lines come from.
struct Feed<'i> {
    input: &'i mut Input,
    /// The row read last.
    row: u64,
    /// How it ended, once it did.
    end: Option<Result<(), SourceError>>,
}

impl Feed<'_> {
    /// Reads into pieces, of which those beyond the end are left empty.
    fn fill<T>(&mut self, pieces: &mut [Piece<T>]) {
        for piece in pieces {
            piece.before = self.row;
            if self.end.is_none() {
                match self.input.block(&mut piece.text, PIECE) {
                    Ok(true) => {
                        let lines = memchr_iter(b'\n', &piece.text).count();
                        self.row = self
                            .row
                            .saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
                        continue;
                    }
                    Ok(false) => self.end = Some(Ok(())),
                    Err(error) => self.end = Some(Err(error)),
                }
            }
            piece.text.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    /// Gives a few bytes at a time, as a pipe does.
    struct Drops(std::io::Cursor<Vec<u8>>, usize);

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(buffer.get_mut(..most).unwrap())
        }
    }

    fn input(text: &str, drops: usize) -> Input {
        let text = std::io::Cursor::new(text.as_bytes().to_vec());
        Input::new("a table".to_owned(), Drops(text, drops)).unwrap()
    }

    /// Rows of `text` with the first `wanted` cells of each, and how many it has.
    fn rows(text: &str, wanted: usize) -> Vec<(u64, Vec<&str>, usize)> {
        let mut rows = Vec::new();
        each_row(text, b'|', wanted, 1, |row, cells, count| {
            rows.push((row, cells.to_vec(), count));
            Ok(())
        })
        .unwrap();
        rows
    }

    proptest! {
        #[test]
        fn rows_are_the_lines_with_their_cells(
            text in "([a\u{e9}|\r]{0,9}\n){0,9}",
            wanted in 1_usize..9,
        ) {
            let lines = (2..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
            let slow: Vec<(u64, Vec<&str>, usize)> = lines
                .map(|(row, line)| {
                    let cells = line.split('|');
                    (row, cells.clone().take(wanted).collect(), cells.count())
                })
                .collect();
            prop_assert_eq!(rows(&text, wanted), slow);
        }

        #[test]
        fn blocks_are_whole_lines_and_all_of_them(
            text in "([ab]{0,40}\n){0,20}[ab]{0,3}",
            drops in 1_usize..50,
            size in 1_usize..60,
        ) {
            let mut input = input(&text, drops);
            let (mut block, mut all) = (Vec::new(), String::new());
            let end = loop {
                match input.block(&mut block, size) {
                    Ok(true) => {
                        prop_assert!(block.ends_with(b"\n"));
                        all.push_str(str::from_utf8(&block).unwrap());
                    }
                    Ok(false) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            let lines = text.rfind('\n').map_or(0, |last| last + 1);
            prop_assert_eq!(&all, &text[..lines]);
            let whole = lines == text.len();
            prop_assert_eq!(end, if whole { Ok(()) } else { Err(SourceError::Cut) });
        }
    }

    #[test]
    fn what_is_wrong_with_the_end_is_said_after_all_before_it() {
        let text = "a\n".repeat(PIECE * PIECES);
        let mut input = input(&format!("{text}cut"), usize::MAX);
        let mut taken = 0;
        let read = read(
            &mut input,
            || 0,
            |lines, before, made| *made = before + u64::try_from(lines.len() / 2).unwrap(),
            |lines, last| {
                taken += lines.len();
                assert_eq!(*last, u64::try_from(taken / 2).unwrap());
                Ok(())
            },
        );
        assert_eq!(read, Err(SourceError::Cut));
        assert_eq!(taken, text.len());
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let mut input = input(&"a".repeat(3 << 20), usize::MAX);
        let read = read(&mut input, || (), |_, _, ()| (), |_, ()| Ok(()));
        assert!(matches!(read, Err(SourceError::Shape { .. })), "{read:?}");
    }
}
