//! Proof files: an entry's index, its path and the checkpoint (C2SP tlog-proof).

use crate::encoding::base64;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::merkle::ProofError;
use crate::merkle::verify_inclusion;
use crate::note::MAX_NOTE;
use crate::note::Note;
use crate::note::NoteError;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::checkpoint::parse_size;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes of a path: a tree has less than 2^63 leaves.
const MAX_PATH: usize = 63;

/// The longest file read: a note, a path and as much extra data as an entry may have.
pub const MAX_PROOF: usize = MAX_NOTE + 96 * 1024;

/// A proof file, parsed; nothing in it is checked before [`Proof::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What the file says beside the proof, not empty; nobody signed it.
    pub extra: Option<Vec<u8>>,
    /// The entry's index.
    pub index: u64,
    /// The siblings on its path, lowest first.
    pub path: Vec<Hash>,
    /// The checkpoint, with cosignatures.
    pub note: Note,
}

impl Proof {
    /// Spells the file.
    pub fn to_text(&self) -> String {
        let extra = match self.extra.as_deref() {
            None | Some([]) => String::new(),
            Some(extra) => format!("extra {}\n", base64::encode(extra)),
        };
        let mut text = format!("{HEADER}\n{extra}index {}\n", self.index);
        for hash in &self.path {
            text.push_str(&hash.to_base64());
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.note.to_text());
        text
    }

    /// Parses a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        if bytes.len() > MAX_PROOF {
            return Err(ProofFileError::TooLong {
                length: bytes.len(),
            });
        }
        let text = str::from_utf8(bytes).map_err(|_| ProofFileError::Malformed("UTF-8"))?;
        // The first blank line ends the proof; the note may have others.
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(ProofFileError::Malformed("a blank line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ProofFileError::Malformed("`c2sp.org/tlog-proof@v1`"));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                let extra = base64::decode(extra).filter(|extra| !extra.is_empty());
                Some(extra.ok_or(ProofFileError::Malformed("base64 after `extra`"))?)
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(|index| parse_size(index).ok())
            .ok_or(ProofFileError::Malformed("`index` and a decimal number"))?;
        let path: Vec<Hash> = lines
            .map(|line| Hash::from_base64(line).ok_or(ProofFileError::Malformed("a hash")))
            .collect::<Result<_, _>>()?;
        if path.len() > MAX_PATH {
            return Err(ProofFileError::Malformed("at most 63 hashes"));
        }
        Ok(Self {
            extra,
            index,
            path,
            note: Note::parse(note.as_bytes())?,
        })
    }

    /// Checks that the log of `key` has the leaf, and returns the checkpoint that says
    /// so. Its cosignatures are for a policy to judge.
    pub fn verify(
        &self,
        leaf: &Hash,
        key: &VerifierKey,
    ) -> Result<SignedCheckpoint, ProofFileError> {
        let signed = SignedCheckpoint::open_note(self.note.clone(), key)?;
        let checkpoint = signed.checkpoint();
        verify_inclusion(
            leaf,
            self.index,
            checkpoint.size,
            &self.path,
            &checkpoint.root,
        )?;
        Ok(signed)
    }
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFileError {
    /// The checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Something else stands where this should.
    #[error("not a proof file: expected {0}")]
    Malformed(&'static str),
    /// The checkpoint's note is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The path does not lead to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Longer than a file may be.
    #[error("the file has {length} bytes; at most {MAX_PROOF} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
}
