//! What is judged: the files of a log, a bundle, and what others remember.

use std::collections::BTreeSet;

use crate::attestation::content::LedgerSum;
use crate::bundle::Bundle;
use crate::hash::Hash;
use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::note::Note;
use crate::tlog::Checkpoint;
use crate::verify::hardware::Attached;

/// The files of a log, wherever they are. They are read on every core at once.
pub trait LogFiles: Sync {
    /// Returns a file's bytes, `None` if there is no such file, or why it cannot be told.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;
}

/// What an auditor has in hand.
pub struct Evidence<'e> {
    /// What is judged.
    pub subject: Subject<'e>,
    /// Other logs in which those who measure, or parties to a pact, speak (`--beside`), with
    /// where each is from. Whole: a bundle would leave out what speaks against it.
    pub beside: Vec<(String, &'e dyn LogFiles)>,
    /// Earlier checkpoints that the auditor kept (`--seen`), with where each is from.
    pub seen: Vec<(String, Note)>,
    /// What witnesses last cosigned, asked by the auditor himself just now (`--witness`),
    /// with where each is from.
    pub witnesses: Vec<(String, Note)>,
    /// Who was asked and did not answer, and what was given and could not be read.
    pub unanswered: Vec<String>,
    /// Ledgers by their root: the sums that their records give (`--ledgers`).
    pub ledgers: Vec<OpenedLedger>,
    /// Files that `evidence` statements name (`--attached`).
    pub attached: Vec<Attached>,
    /// The digests of the texts of pacts (`--pact`).
    pub pacts: BTreeSet<Hash>,
    /// Who is told how far reading is.
    pub progress: Option<&'e Progress<'e>>,
}

/// Is told, again and again, how many entries were read of a log up to this checkpoint.
pub type Progress<'p> = dyn Fn(&Checkpoint, u64) + Sync + 'p;

impl<'e> Evidence<'e> {
    /// Starts with what is judged, and nothing beside it.
    pub const fn of(subject: Subject<'e>) -> Self {
        Self {
            subject,
            beside: Vec::new(),
            seen: Vec::new(),
            witnesses: Vec::new(),
            unanswered: Vec::new(),
            ledgers: Vec::new(),
            attached: Vec::new(),
            pacts: BTreeSet::new(),
            progress: None,
        }
    }
}

/// A ledger that was opened to the auditor.
#[derive(Clone, Debug)]
pub struct OpenedLedger {
    /// Where it is from.
    pub name: String,
    /// The root of its records.
    pub root: Hash,
    /// The number of its records.
    pub count: u64,
    /// What its records add up to.
    pub sums: Vec<LedgerSum>,
    /// The devices of an inventory, a transfer or a seal.
    pub devices: Vec<Hash>,
    /// The meters, each with the digest of its readings.
    pub series: Vec<(String, Hash)>,
}

impl OpenedLedger {
    /// Takes what judgement needs of a ledger. Fails if its sums do not fit a quantity.
    pub fn of(name: impl Into<String>, ledger: &Ledger) -> Result<Self, LedgerError> {
        let records = || ledger.records();
        let devices = records().filter_map(|record| record.value("serial")?.parse().ok());
        let series = records().filter_map(|record| {
            let digest = record.value("series")?.parse().ok()?;
            Some((record.value("meter")?.to_owned(), digest))
        });
        Ok(Self {
            name: name.into(),
            root: ledger.root(),
            count: ledger.count(),
            sums: ledger.sums()?,
            devices: devices.collect(),
            series: series.collect(),
        })
    }
}

/// What is judged.
#[derive(Clone, Copy)]
pub enum Subject<'e> {
    /// A bundle.
    Bundle(&'e Bundle),
    /// A log's files.
    Log(&'e dyn LogFiles),
}

impl std::fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bundle(_) => "Bundle(..)",
            Self::Log(_) => "Log(..)",
        })
    }
}
