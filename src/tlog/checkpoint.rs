//! Checkpoints: a log's signed word for a tree (C2SP tlog-checkpoint).

use std::fmt;

use crate::hash::Hash;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::note::NoteError;

/// A log's name, the first line of its checkpoints. Not an address.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize,
)]
pub struct Origin(String);

impl Origin {
    /// The longest origin; as long as the name of its key may be.
    pub const MAX: usize = 255;

    /// Returns `text` as an origin, if it is not empty and has no white space, control
    /// character or `+`, so that it can also name the log's key (C2SP tlog-checkpoint).
    pub fn new(text: impl Into<String>) -> Result<Self, CheckpointError> {
        let text = text.into();
        let clean =
            !text.contains(|char: char| char.is_whitespace() || char.is_control() || char == '+');
        if text.is_empty() || text.len() > Self::MAX || !clean {
            return Err(CheckpointError::Origin { found: text });
        }
        Ok(Self(text))
    }

    /// Returns the origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A tree of a log: how many leaves, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// The number of leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

impl Checkpoint {
    /// Spells the text that is signed. Ours have no extension lines.
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            self.root.to_base64()
        )
    }

    /// Parses the text of a checkpoint. Extension lines are allowed and passed over:
    /// they stay in the text that is signed.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Lines);
        }
        Ok(Self {
            origin: Origin::new(origin)?,
            size: parse_size(size)?,
            root: Hash::from_base64(root).ok_or_else(|| CheckpointError::Root {
                found: root.chars().take(80).collect(),
            })?,
        })
    }
}

/// A checkpoint whose log signed it, with the note that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the log's key.
    pub fn sign(checkpoint: Checkpoint, key: &SignerKey) -> Result<Self, CheckpointError> {
        let note = Note::sign(&checkpoint.to_text(), key)?;
        Ok(Self { checkpoint, note })
    }

    /// Opens the note of a checkpoint that `key` must have signed and that must be of
    /// the log that `key` names.
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        Self::open_note(Note::parse(bytes)?, key)
    }

    /// As [`Self::open`], from a parsed note.
    pub fn open_note(note: Note, key: &VerifierKey) -> Result<Self, CheckpointError> {
        if !note.signed_by(key)? {
            return Err(CheckpointError::Unsigned {
                name: key.name().to_string(),
            });
        }
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin.as_str() != key.name().as_str() {
            return Err(CheckpointError::OtherLog {
                origin: checkpoint.origin,
                name: key.name().to_string(),
            });
        }
        Ok(Self { checkpoint, note })
    }

    /// Returns what the log signed.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the note.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Returns the note, to add signature lines to.
    pub const fn note_mut(&mut self) -> &mut Note {
        &mut self.note
    }
}

/// Why a note is not the checkpoint asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Fewer than three lines, or an empty one.
    #[error("a checkpoint has an origin, a size and a root, each on a line, and no empty line")]
    Lines,
    /// The note is malformed or not validly signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not an origin.
    #[error("`{found}` is not an origin: 1 to 255 bytes without white space and `+`")]
    Origin {
        /// The text.
        found: String,
    },
    /// The checkpoint is of another log than its key.
    #[error("the checkpoint is of `{origin}`, but its key is of `{name}`")]
    OtherLog {
        /// The checkpoint's origin.
        origin: Origin,
        /// The key's name.
        name: String,
    },
    /// Not a root.
    #[error("`{found}` is not a root: 32 bytes in base64")]
    Root {
        /// The text.
        found: String,
    },
    /// Not a size.
    #[error("`{found}` is not a size: a decimal number below 2^63 without leading zero")]
    Size {
        /// The text.
        found: String,
    },
    /// The log did not sign it.
    #[error("no signature line is of `{name}`")]
    Unsigned {
        /// The key's name.
        name: String,
    },
}

/// The largest tree: what a path of 63 hashes and the signed 64-bit integers of other
/// programs can hold.
pub const MAX_SIZE: u64 = (1 << 63) - 1;

/// Parses a tree size: decimal digits without sign or leading zero, at most [`MAX_SIZE`].
pub fn parse_size(text: &str) -> Result<u64, CheckpointError> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|size| canonical && digits && *size <= MAX_SIZE)
        .ok_or_else(|| CheckpointError::Size {
            found: text.chars().take(40).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Algorithm;
    use crate::key::KeyName;
    use crate::key::SecretKey;
    use crate::merkle::empty_root;

    fn key(name: &str) -> SignerKey {
        SignerKey::new(
            KeyName::new(name).unwrap(),
            Algorithm::Ed25519,
            SecretKey::from_seed([1; 32]),
        )
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: Origin::new("log.example/a").unwrap(),
            size: 0,
            root: empty_root(),
        }
    }

    #[test]
    fn a_signed_checkpoint_opens_with_its_key_alone() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key("log.example/a")).unwrap();
        let note = signed.note().to_text();
        let opened = SignedCheckpoint::open(note.as_bytes(), &key("log.example/a").verifier());
        assert_eq!(opened, Ok(signed));
        let other = SignedCheckpoint::open(note.as_bytes(), &key("log.example/b").verifier());
        assert!(matches!(other, Err(CheckpointError::Unsigned { .. })));
    }

    #[test]
    fn a_checkpoint_of_another_log_is_refused() {
        let signed = SignedCheckpoint::sign(checkpoint(), &key("log.example/b")).unwrap();
        let opened =
            SignedCheckpoint::open_note(signed.note().clone(), &key("log.example/b").verifier());
        assert!(matches!(opened, Err(CheckpointError::OtherLog { .. })));
    }

    #[test]
    fn another_spelling_is_refused() {
        let text = checkpoint().to_text();
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint()));
        for text in [
            text.replace("\n0\n", "\n00\n"),
            text.replace("\n0\n", "\n+0\n"),
            text.replace("\n0\n", "\n\n"),
            text.replace('=', ""),
            format!("{text}\n"),
            format!("\n{text}"),
            text.trim_end().to_owned(),
        ] {
            assert!(Checkpoint::parse(&text).is_err(), "{text}");
        }
        assert!(Checkpoint::parse(&format!("{text}extension\n")).is_ok());
        assert_eq!(parse_size("9223372036854775807"), Ok(MAX_SIZE));
        assert!(parse_size("9223372036854775808").is_err());
    }
}
