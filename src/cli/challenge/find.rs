//! Finds a statement in a log, by its id.

use std::path::Path;

use crate::attestation::Envelope;
use crate::attestation::StatementId;
use crate::cli::Failure;
use crate::cli::progress;
use crate::http::Remote;
use crate::note::Note;
use crate::store::LogFiles;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::tlog::Checkpoint;
use crate::tlog::tile::TILE_WIDTH;

/// Returns the payload of the statement of that id in the log at a directory or an address.
///
/// The id binds the payload; that its issuer signed it, and that the log is whole, is for
/// `standstill verify` to say.
pub(super) fn payload(log: &str, id: StatementId) -> Result<String, Failure> {
    let found = if Remote::is_address(log) {
        scan(&Remote::new(log), log, id)?
    } else {
        scan(&Directory::new(Path::new(log)), log, id)?
    };
    let payload = found.and_then(|bytes| String::from_utf8(bytes).ok());
    payload.ok_or_else(|| {
        Failure::new(format!("the log `{log}` has no statement {id}"))
            .hint("it may not be published yet; ids are those that `standstill` printed")
    })
}

fn scan(files: &impl LogFiles, log: &str, id: StatementId) -> Result<Option<Vec<u8>>, Failure> {
    let reader = LogReader::new(files);
    let unreadable = |why: String| {
        Failure::new(format!("the log `{log}`: {why}"))
            .hint("`--log` is the directory that has `checkpoint` and `tile`, or an address")
    };
    let checkpoint = reader
        .checkpoint()
        .map_err(|error| unreadable(error.to_string()))?;
    let checkpoint = checkpoint
        .as_deref()
        .and_then(|bytes| Note::parse(bytes).ok())
        .and_then(|note| Checkpoint::parse(note.text()).ok())
        .ok_or_else(|| unreadable("it has no checkpoint".to_owned()))?;
    let tiles = checkpoint.size.div_ceil(u64::from(TILE_WIDTH));
    let bar = progress::bar("looking", usize::try_from(tiles)?);
    // The newest are asked for most.
    for tile in (0..tiles).rev() {
        let entries = reader.entries(tile, checkpoint.size);
        for entry in entries.map_err(|error| unreadable(error.to_string()))? {
            let envelope = Envelope::parse(&entry).ok();
            if let Some(envelope) = envelope.filter(|one| one.statement_id() == id) {
                bar.finish_and_clear();
                return Ok(Some(envelope.payload().to_vec()));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(None)
}
