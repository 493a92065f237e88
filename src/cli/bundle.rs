//! `standstill bundle`: cut one offline file for a window of a lab.

use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::IssuerId;
use crate::attestation::Statement;
use crate::bundle::Bundle;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::key::VerifierKey;
use crate::merkle::prove_set;
use crate::note::Note;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::tlog::SignedCheckpoint;

/// Cut one offline file for a window of a lab out of a log
///
/// Holds the lab's stream 0 from its first entry and its areas' streams from the window's
/// first period on, one proof for all, and the checkpoints that witnesses cosigned.
#[derive(Debug, clap::Args)]
pub(super) struct BundleArgs {
    /// Directory of the log
    #[arg(value_name = "LOG")]
    log: PathBuf,

    /// Issuer
    #[arg(long, value_name = "ID")]
    issuer: IssuerId,

    /// Key of the log (default: the log's own `vkey` file)
    #[arg(long, value_name = "VKEY")]
    log_key: Option<VerifierKey>,

    /// Start of the window, that of the baseline if a reduction is to be judged
    #[arg(long, value_name = "TIME")]
    from: UnixSeconds,

    /// End of the window
    #[arg(long, value_name = "TIME")]
    to: UnixSeconds,

    /// File to be written
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl BundleArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let window = Period::new(self.from, self.to)
            .ok_or_else(|| Failure::new(format!("{} is not before {}", self.from, self.to)))?;
        let files = Directory::new(&self.log);
        let reader = LogReader::new(&files);
        let key = match &self.log_key {
            Some(key) => key.clone(),
            None => failure::read_text(&self.log.join("vkey"))?
                .trim_end()
                .parse()?,
        };
        let bytes = reader
            .checkpoint()?
            .ok_or_else(|| Failure::file(&self.log, "has no checkpoint"))?;
        let signed = SignedCheckpoint::open(&bytes, &key)?;
        let size = signed.checkpoint().size;
        let mut entries: Vec<(u64, Vec<u8>)> = Vec::new();
        for tile in 0..size.div_ceil(256) {
            let first = tile.saturating_mul(256);
            for (index, entry) in (first..).zip(reader.entries(tile, size)?) {
                if self.wants(&entry, window) {
                    entries.push((index, entry));
                }
            }
        }
        if entries.is_empty() {
            return Err(Failure::file(
                &self.log,
                format!("has no entry of {}", self.issuer),
            ));
        }
        let indices: Vec<u64> = entries.iter().map(|(index, _)| *index).collect();
        let proof = prove_set(&indices, size, &mut |level, index| {
            reader.node(level, index, size)
        })?
        .ok_or_else(|| Failure::new("the entries cannot be proved"))?;
        let mut earlier = Vec::new();
        for number in 0..reader.cosigned_count()? {
            let Some(note) = reader
                .cosigned(number)?
                .and_then(|bytes| Note::parse(&bytes).ok())
            else {
                continue;
            };
            let old = SignedCheckpoint::open_note(note.clone(), &key)?
                .checkpoint()
                .size;
            earlier.push((note, reader.prove_consistency(old, size)?));
        }
        let bundle = Bundle {
            issuer: self.issuer,
            window,
            entries,
            proof,
            earlier,
            checkpoint: signed.note().clone(),
        };
        let bytes = bundle.to_bytes();
        failure::create(&self.output, &bytes)?;
        world.say(format!(
            "{} entries of {size}, {} bytes: {}",
            bundle.entries.len(),
            bytes.len(),
            self.output.display()
        ))
    }

    /// All of stream 0, and of the areas what does not lie before the window.
    fn wants(&self, entry: &[u8], window: Period) -> bool {
        let envelope = Envelope::parse(entry).ok();
        let statement = envelope.and_then(|one| Statement::parse(one.payload()).ok());
        statement.is_some_and(|statement| {
            let before = match &statement.content {
                Content::Usage(usage) => usage.period.end() <= window.start(),
                _ => false,
            };
            statement.subject.issuer == self.issuer && !before
        })
    }
}
