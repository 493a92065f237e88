//! What was read of a log, kept so that only what came since is read the next time.
//!
//! Specified in `specs/verdicts.md`, section "Saved state". It is the auditor's own, and
//! judged as if it had been read just now: whoever can write it can make a verdict. It holds
//! the tree's edge, so that what comes after it either makes the tree that is signed then,
//! or shows a fork.

use rayon::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use crate::hash::HASH_SIZE;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::verify::checkpoints::KeptByLog;
use crate::verify::replay::KeptReplay;
use crate::verify::tree::KeptTree;
use crate::verify::trust::Trust;

/// What a saved state begins with. The number changes with whatever it holds.
const MAGIC: &[u8] = b"standstill state 4\n";

/// What every version's begins with.
const FAMILY: &[u8] = b"standstill state ";

/// The bytes that are hashed in one piece: a state of many is hashed on every core.
const PIECE: usize = 1 << 20;

/// What was read of a log, up to one of its checkpoints.
#[derive(Debug, Deserialize, Serialize)]
pub struct State {
    /// The version of this program: another may read statements otherwise.
    program: String,
    /// The digest of the trust file and policy that it was read with.
    trust: Hash,
    log: VerifierKey,
    /// The checkpoint's note.
    checkpoint: String,
    pub(super) tree: KeptTree,
    pub(super) replay: KeptReplay,
    pub(super) kept: KeptByLog,
}

/// Bytes that are no saved state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// They begin otherwise.
    #[error("is no saved state")]
    Foreign,
    /// They were saved by another version of this program.
    #[error("was kept by another version of `standstill`")]
    Other,
    /// They are not what was saved.
    #[error("is damaged: it does not have the digest that it begins with")]
    Damaged,
}

impl State {
    pub(super) fn new(
        trust: &Trust,
        log: VerifierKey,
        checkpoint: &Note,
        tree: KeptTree,
        replay: KeptReplay,
        kept: KeptByLog,
    ) -> Self {
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            trust: trust.digest(),
            log,
            checkpoint: checkpoint.to_text(),
            tree,
            replay,
            kept,
        }
    }

    /// Returns the checkpoint up to which the log was read: an earlier one that the auditor
    /// kept.
    pub fn checkpoint(&self) -> Option<Note> {
        Note::parse(self.checkpoint.as_bytes()).ok()
    }

    /// Returns the number of entries that were read.
    pub const fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Whether it was read with this trust file.
    pub fn is_of(&self, trust: &Trust) -> bool {
        self.trust == trust.digest()
    }

    /// Whether it was read of this log.
    pub(super) fn is_of_log(&self, log: &VerifierKey) -> bool {
        self.log == *log
    }

    /// Spells it: what it is, the digest of the rest, the rest.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let head = [MAGIC, &[0; HASH_SIZE]].concat();
        let mut bytes = postcard::to_extend(self, head).ok()?;
        let (_, rest) = bytes.split_at_mut_checked(MAGIC.len())?;
        let (place, body) = rest.split_first_chunk_mut()?;
        *place = *digest(body).as_bytes();
        Some(bytes)
    }

    /// Reads what [`Self::to_bytes`] spelled.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        if !bytes.starts_with(FAMILY) {
            return Err(StateError::Foreign);
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(StateError::Other)?;
        let (saved, body) = rest.split_first_chunk().ok_or(StateError::Damaged)?;
        let (state, found) = rayon::join(|| postcard::from_bytes::<Self>(body), || digest(body));
        if found.as_bytes() != saved {
            return Err(StateError::Damaged);
        }
        let state = state.map_err(|_| StateError::Other)?;
        if state.program != env!("CARGO_PKG_VERSION") {
            return Err(StateError::Other);
        }
        Ok(state)
    }
}

/// Returns the digest of the digests of all pieces.
fn digest(body: &[u8]) -> Hash {
    let pieces = body
        .par_chunks(PIECE)
        .map(|piece| *sha256(piece).as_bytes());
    let pieces: Vec<[u8; HASH_SIZE]> = pieces.collect();
    sha256(pieces.as_flattened())
}
