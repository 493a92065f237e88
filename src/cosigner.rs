//! A witness as a machine: what it remembers and what it is shown, in; what to remember
//! and whether to cosign, out (C2SP tlog-witness).
//!
//! A cosignature says: as of this time, this is the largest tree of the log that I have
//! seen, and all that I saw before were prefixes of it. The new memory must be durable,
//! by compare-and-set, before the cosignature leaves: [`Cosigning`] gives out its line
//! only after that was said to be done.

use crate::hash::Hash;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::merkle::ProofError;
use crate::merkle::verify_consistency;
use crate::note::NoteError;
use crate::note::SignatureLine;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::cosignature::cosign;

/// The most hashes of a consistency proof (C2SP tlog-witness: 0 to 63).
pub const MAX_PROOF: usize = 63;

/// What a witness is shown.
#[derive(Clone, Debug)]
pub struct Request {
    /// The size from which the proof leads.
    pub old: u64,
    /// That the tree of `old` leaves is a prefix of the checkpoint's.
    pub proof: Vec<Hash>,
    /// The checkpoint's note.
    pub note: Vec<u8>,
}

/// What a witness remembers of a log: the largest tree that it cosigned, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The tree's size.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
    /// The time of the newest cosignature.
    pub time: UnixSeconds,
}

/// A decision to cosign that has yet to be remembered.
#[derive(Debug)]
pub struct Cosigning {
    memory: Memory,
    checkpoint: SignedCheckpoint,
    line: SignatureLine,
}

impl Cosigning {
    /// Returns what must replace the memory that the decision was made from.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Gives out the checkpoint and the cosignature, now that the memory is durable.
    pub fn remembered(self) -> (SignedCheckpoint, SignatureLine) {
        (self.checkpoint, self.line)
    }
}

/// Decides on a request, knowing `memory` of the log that `log` is the key of.
///
/// The checks stand in the order of C2SP tlog-witness, "add-checkpoint".
pub fn consider(
    request: &Request,
    log: &VerifierKey,
    memory: Option<&Memory>,
    key: &SignerKey,
    now: UnixSeconds,
) -> Result<Cosigning, Refusal> {
    // The log's signature, before anything else is believed.
    let mut signed = SignedCheckpoint::open(&request.note, log)?;
    let checkpoint = signed.checkpoint().clone();
    if signed.note().text().lines().count() > 3 {
        return Err(Refusal::Extension);
    }
    // "The old size MUST be equal to or lower than the checkpoint size."
    if request.old > checkpoint.size {
        return Err(Refusal::OldSize {
            old: request.old,
            size: checkpoint.size,
        });
    }
    // "The old size MUST match the size of the latest checkpoint that it cosigned."
    let known = memory.map_or(0, |memory| memory.size);
    if request.old != known {
        return Err(Refusal::Stale { size: known });
    }
    if request.proof.len() > MAX_PROOF {
        return Err(Refusal::Proof(ProofError::Length {
            found: request.proof.len(),
            long: true,
        }));
    }
    let empty = crate::merkle::empty_root();
    if checkpoint.size == 0 && checkpoint.root != empty {
        return Err(Refusal::EmptyRoot {
            found: checkpoint.root,
        });
    }
    let known_root = memory.map_or(empty, |memory| memory.root);
    // The same size with another root is two trees of one size: a fork, whatever the proof.
    if memory.is_some() && checkpoint.size == known && checkpoint.root != known_root {
        return Err(Refusal::Fork {
            size: known,
            known: known_root,
            shown: checkpoint.root,
        });
    }
    verify_consistency(
        known,
        &known_root,
        checkpoint.size,
        &checkpoint.root,
        &request.proof,
    )
    .map_err(Refusal::Proof)?;
    if let Some(memory) = memory
        && now < memory.time
    {
        return Err(Refusal::Clock {
            last: memory.time,
            now,
        });
    }
    let line = cosign(signed.note().text(), key, now)?;
    signed.note_mut().put(line.clone());
    Ok(Cosigning {
        memory: Memory {
            size: checkpoint.size,
            root: checkpoint.root,
            time: now,
        },
        checkpoint: signed,
        line,
    })
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The note is not a checkpoint that the log signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The clock went back.
    #[error("the clock says {now}, but this log was cosigned at {last}")]
    Clock {
        /// The time of the newest cosignature.
        last: UnixSeconds,
        /// What the clock says.
        now: UnixSeconds,
    },
    /// A tree without leaves has another root than the empty one.
    #[error("a tree without leaves cannot have the root {found}")]
    EmptyRoot {
        /// The root shown.
        found: Hash,
    },
    /// The checkpoint has extension lines.
    #[error("the checkpoint has extension lines, which are not cosigned here")]
    Extension,
    /// The log signed two trees of one size.
    #[error("the log signed two trees of {size} entries: {known} and {shown}")]
    Fork {
        /// The size.
        size: u64,
        /// The root remembered.
        known: Hash,
        /// The root shown.
        shown: Hash,
    },
    /// The witness's key cannot cosign.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The proof leads from a larger tree than the checkpoint's.
    #[error("the proof leads from {old} entries, more than the checkpoint's {size}")]
    OldSize {
        /// The old size.
        old: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// The tree remembered is not shown to be a prefix of the checkpoint's.
    #[error("the log's tree is not shown to continue the one remembered: {0}")]
    Proof(ProofError),
    /// The request is not from the tree remembered.
    #[error("the tree remembered has {size} entries")]
    Stale {
        /// The size remembered.
        size: u64,
    },
}
