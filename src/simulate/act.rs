//! What is done in a simulated world beside what is reported.

use crate::simulate::draws::Draws;
use crate::simulate::world::Files;

/// Where a log's entries are (C2SP tlog-tiles).
const ENTRIES: &str = "tile/entries/";

/// What is done beside what is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// Somebody who works at the log changes a byte of an entry.
    Edit,
    /// Somebody who works at the log removes a file of entries.
    Remove,
    /// The lab, which also keeps the log, tells everything anew with the figures of the story:
    /// before, it had said what was true. No witness signs both.
    Rewrite {
        /// Whether the auditor kept a checkpoint of before.
        kept: bool,
    },
    /// Two logs with one key: the auditor gets that with the figures of the story, others the
    /// truth. All witnesses sign both.
    Split {
        /// Whether the auditor asks a witness who signed the other.
        asked: bool,
    },
    /// Two reports of one period.
    Equivocate {
        /// Which period.
        day: usize,
    },
    /// A second identity with the same root key.
    SharedRoot,
    /// A report that some readers take for another.
    Mangle {
        /// Which period.
        day: usize,
        /// How.
        how: Mangled,
    },
    /// The trust file says that who else measures belongs to the lab.
    Owned,
    /// Another party of the same owner has devices of its own, which the pledge leaves out.
    Affiliate {
        /// Whether the auditor's trust file names it.
        known: bool,
    },
    /// What trained is told as runs of some periods each.
    Runs {
        /// Periods a run.
        each: usize,
        /// What is said of where each came from.
        from: From,
    },
    /// Whoever measures first asks to see devices.
    Draws(Draws),
    /// Ledgers are kept.
    Ledgers {
        /// What is wrong with them.
        flaw: Flaw,
        /// Whether the auditor gets them.
        opened: bool,
    },
}

/// What can be wrong with ledgers that nobody opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    Nothing,
    /// Devices of the first area stand in the inventory of the last as well.
    Phantoms,
    /// Devices leave, and the next inventory has them as if they were others.
    Returned,
    /// Meters of different devices have the same series of readings.
    CopiedSeries,
}

/// How a report can be mangled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mangled {
    /// A copy with a space more stands before it.
    Spaced,
    /// A member is there twice.
    Twice,
    /// It is nested deeper than a reader goes.
    Deep,
}

/// What is said of where runs came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Nothing: each began with nothing.
    Nothing,
    /// Each from the one before.
    Each,
    /// The first from something that is not bounded.
    Undeclared,
    /// The first from something that was imported, as large as four times the cap.
    Imported,
}

impl Act {
    /// Does to a log's files what somebody does who works there.
    pub(super) fn touch(&self, files: &mut Files) {
        let largest = files
            .iter()
            .filter(|(path, _)| path.starts_with(ENTRIES))
            .max_by_key(|(_, bytes)| bytes.len())
            .map(|(path, _)| path.clone());
        let Some(path) = largest else { return };
        match self {
            Self::Remove => {
                files.remove(&path);
            }
            Self::Edit => {
                if let Some(bytes) = files.get_mut(&path) {
                    let middle = bytes.len() / 2;
                    if let Some(byte) = bytes.get_mut(middle) {
                        *byte ^= 1;
                    }
                }
            }
            _ => {}
        }
    }
}
