//! Receipts: for each statement a proof file that anybody can check alone.

use std::path::Path;
use std::path::PathBuf;

use crate::attestation::content::Witnesses;
use crate::cli::Failure;
use crate::cli::failure;
use crate::cli::journal::Entry;
use crate::cli::progress;
use crate::cli::workspace::Workspace;
use crate::durable;
use crate::merkle::leaf_hash;
use crate::merkle::verify_inclusion;
use crate::note::Note;
use crate::store::site::SitedLog;
use crate::tlog::Cosignature;
use crate::tlog::Proof;
use crate::tlog::SignedCheckpoint;
use crate::tlog::tile::TILE_WIDTH;

/// Writes a receipt for each of `queue`, whose entries are `entries`, and writes anew
/// those that witnesses had not cosigned yet. Each is checked before it is kept.
pub(super) fn keep(
    workspace: &Workspace,
    log: &SitedLog,
    queue: &[&Entry],
    entries: &[Vec<u8>],
) -> Result<(), Failure> {
    let reader = log.reader();
    let bytes = reader
        .checkpoint()?
        .ok_or_else(|| Failure::new("the log has no checkpoint"))?;
    let signed = SignedCheckpoint::open(&bytes, &log.verifier())?;
    let size = signed.checkpoint().size;
    let wanted: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let mut due = Vec::new();
    for ((entry, bytes), place) in queue.iter().zip(entries).zip(reader.find(&wanted, size)?) {
        let subject = &entry.statement.subject;
        let index = place.ok_or_else(|| Failure::new(format!("{subject} is not in the log")))?;
        due.push((entry.receipt(), index, leaf_hash(bytes)));
    }
    if let Some(witnesses) = &workspace.identity()?.witnesses
        && has_quorum(signed.note(), witnesses)
    {
        for (entry, index) in unwitnessed(workspace, witnesses) {
            let width = u64::from(TILE_WIDTH);
            let hashes = reader.hashes(0, index.div_euclid(width), size)?;
            let at = usize::try_from(index.rem_euclid(width))?;
            if let Some(leaf) = hashes.get(at) {
                due.push((entry.receipt(), index, *leaf));
            }
        }
    }
    let bar = progress::bar("receipts", due.len());
    let mut proofs = Vec::new();
    for (name, index, leaf) in due {
        let path = reader.prove(index, size)?;
        let checkpoint = signed.checkpoint();
        verify_inclusion(&leaf, index, size, &path, &checkpoint.root)?;
        let proof = Proof {
            extra: None,
            index,
            path,
            note: signed.note().clone(),
        };
        proofs.push((name, proof));
        bar.inc(1);
    }
    bar.finish_and_clear();
    write(workspace, &proofs)
}

/// Writes receipts, each checked before, under their names in the workspace.
pub(super) fn write(workspace: &Workspace, proofs: &[(String, Proof)]) -> Result<(), Failure> {
    failure::make_directory(&workspace.join("receipts"))?;
    let mut staged = Vec::new();
    for (name, proof) in proofs {
        let text = proof.to_text();
        staged.push(Staged::write(workspace.join(name), text.as_bytes())?);
    }
    durable::files(&staged).map_err(|(path, error)| Failure::io(path, error))?;
    for receipt in staged {
        receipt.keep()?;
    }
    failure::sync_directory(&workspace.join("receipts"))
}

/// The newest statements of each stream whose receipts no quorum cosigned, in an outage
/// of witnesses, with their places.
pub(super) fn unwitnessed<'w>(
    workspace: &'w Workspace,
    witnesses: &Witnesses,
) -> Vec<(&'w Entry, u64)> {
    let mut found = Vec::new();
    let mut settled = Vec::new();
    for entry in workspace.journal().iter().rev() {
        let stream = entry.statement.subject.stream;
        if settled.contains(&stream) || !workspace.is_published(entry) {
            continue;
        }
        let bytes = std::fs::read(workspace.join(entry.receipt()));
        match bytes.map(|bytes| Proof::parse(&bytes)) {
            Ok(Ok(proof)) if !has_quorum(&proof.note, witnesses) => {
                found.push((entry, proof.index));
            }
            _ => settled.push(stream),
        }
    }
    found
}

pub(super) fn has_quorum(note: &Note, witnesses: &Witnesses) -> bool {
    let signed = |key: &&_| Cosignature::open(note, key).ok().flatten().is_some();
    witnesses.keys.iter().filter(signed).count() >= witnesses.quorum
}

/// A receipt under another name than its own, until it is durable.
struct Staged {
    path: PathBuf,
    target: PathBuf,
}

impl Staged {
    fn write(target: PathBuf, bytes: &[u8]) -> Result<Self, Failure> {
        let path = target.with_extension("tmp");
        let staged = Self { path, target };
        std::fs::write(&staged.path, bytes).map_err(|error| Failure::io(&staged.path, error))?;
        Ok(staged)
    }

    fn keep(self) -> Result<(), Failure> {
        let kept = std::fs::rename(&self.path, &self.target);
        kept.map_err(|error| Failure::io(&self.target, error))
    }
}

impl AsRef<Path> for Staged {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Once it was kept nothing is there; of a failed attempt nothing stays.
        let _ = std::fs::remove_file(&self.path);
    }
}
