//! `standstill bundle`: cut one offline file for a window of a lab.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::IssuerId;
use crate::attestation::Statement;
use crate::bundle::Bundle;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::cli::progress;
use crate::key::NoteKeyError;
use crate::key::VerifierKey;
use crate::merkle::prove_set;
use crate::note::Note;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::tlog::SignedCheckpoint;
use crate::tlog::tile::TILE_WIDTH;

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
        let window = Period::new(self.from, self.to).ok_or_else(|| {
            Failure::new(format!("{} is not before {}", self.from, self.to))
                .hint("the start is included, the end is not")
        })?;
        let files = Directory::new(&self.log);
        let reader = LogReader::new(&files);
        let no_log = "LOG is the directory that has `checkpoint` and `tile`";
        let bytes = reader
            .checkpoint()?
            .ok_or_else(|| Failure::file(&self.log, "has no checkpoint").hint(no_log))?;
        let key = self.key()?;
        let signed = SignedCheckpoint::open(&bytes, &key)
            .map_err(|error| Failure::from(error).hint("say its key with `--log-key`"))?;
        let bundle = self
            .cut(&reader, window, &signed, &key)
            .map_err(|failure| failure.hint("`standstill verify` tells what is broken in a log"))?;
        let bytes = bundle.to_bytes();
        failure::create(&self.output, &bytes)?;
        let (entries, size) = (bundle.entries.len(), signed.checkpoint().size);
        world.answer(
            &json!({
                "entries": entries,
                "size": size,
                "bytes": bytes.len(),
                "file": self.output,
            }),
            &format!(
                "{entries} entries of {size}, {} bytes: {}",
                bytes.len(),
                self.output.display()
            ),
        )
    }

    fn key(&self) -> Result<VerifierKey, Failure> {
        if let Some(key) = &self.log_key {
            return Ok(key.clone());
        }
        let path = self.log.join("vkey");
        let hint = "say the log's key with `--log-key`";
        let text = failure::read_text(&path).map_err(|failure| failure.hint(hint))?;
        let key = text.trim_end().parse();
        key.map_err(|error: NoteKeyError| Failure::file(&path, error).hint(hint))
    }

    fn cut(
        &self,
        reader: &LogReader<'_, Directory>,
        window: Period,
        signed: &SignedCheckpoint,
        key: &VerifierKey,
    ) -> Result<Bundle, Failure> {
        let size = signed.checkpoint().size;
        let width = u64::from(TILE_WIDTH);
        let tiles = size.div_ceil(width);
        let bar = progress::bar("bundling", usize::try_from(tiles)?);
        let mut entries: Vec<(u64, Vec<u8>)> = Vec::new();
        for tile in 0..tiles {
            let first = tile.saturating_mul(width);
            for (index, entry) in (first..).zip(reader.entries(tile, size)?) {
                if self.wants(&entry, window) {
                    entries.push((index, entry));
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if entries.is_empty() {
            let why = format!("has no entry of {}", self.issuer);
            return Err(Failure::file(&self.log, why)
                .hint("the issuer's id is the one that `standstill init` printed"));
        }
        let indices: Vec<u64> = entries.iter().map(|(index, _)| *index).collect();
        let proof = prove_set(&indices, size, &mut |level, index| {
            reader.node(level, index, size)
        })?
        .ok_or_else(|| Failure::new("the entries cannot be proved"))?;
        let mut earlier = Vec::new();
        for number in 0..reader.cosigned_count()? {
            let note = reader
                .cosigned(number)?
                .and_then(|bytes| Note::parse(&bytes).ok());
            // What is damaged shows nothing, and stops nothing.
            let Some((note, old)) = note.and_then(|note| {
                let signed = SignedCheckpoint::open_note(note.clone(), key).ok()?;
                let old = signed.checkpoint().size;
                (old <= size).then_some((note, old))
            }) else {
                continue;
            };
            earlier.push((note, reader.prove_consistency(old, size)?));
        }
        Ok(Bundle {
            issuer: self.issuer,
            window,
            entries,
            proof,
            earlier,
            checkpoint: signed.note().clone(),
        })
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
