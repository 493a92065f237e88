//! What was read of a log, kept so that only what came since is read the next time.
//!
//! Specified in `specs/verdicts.md`, section "Saved state". It is the auditor's own, and
//! judged as if it had been read just now: whoever can write it can make a verdict. It holds
//! the tree's edge, so that what comes after it either makes the tree that is signed then,
//! or shows a fork.

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
const MAGIC: &[u8] = b"standstill state 3\n";

/// What every version's begins with.
const FAMILY: &[u8] = b"standstill state ";

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
        let body = postcard::to_allocvec(self).ok()?;
        let digest = sha256(&body);
        Some([MAGIC, digest.as_bytes(), &body].concat())
    }

    /// Reads what [`Self::to_bytes`] spelled.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        if !bytes.starts_with(FAMILY) {
            return Err(StateError::Foreign);
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(StateError::Other)?;
        let (digest, body) = rest
            .split_at_checked(HASH_SIZE)
            .ok_or(StateError::Damaged)?;
        if sha256(body).as_bytes() != digest {
            return Err(StateError::Damaged);
        }
        let state: Self = postcard::from_bytes(body).map_err(|_| StateError::Other)?;
        if state.program != env!("CARGO_PKG_VERSION") {
            return Err(StateError::Other);
        }
        Ok(state)
    }
}
