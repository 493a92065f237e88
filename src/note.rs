//! Signed notes: text, a blank line, signature lines.
//!
//! Specified in `specs/log.md`, section "Notes", after C2SP signed-note. A [`Note`] is
//! well-formed; whose signatures are valid is asked key by key, and a known key whose
//! signature fails condemns the whole note ([`Note::signed_by`]).

use crate::encoding::base64;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::NoteKeyId;
use crate::key::Signature;
use crate::key::SignerKey;
use crate::key::VerifierKey;

/// The longest note read: 16 post-quantum signatures of 5 kB fit (C2SP signed-note asks
/// for 16 signatures and for some cap).
pub const MAX_NOTE: usize = 128 * 1024;

/// The most signature lines read, as many as Go's `note` package reads.
pub const MAX_SIGNATURES: usize = 100;

/// What a signature line begins with: an em dash and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A well-formed note. Nothing is known of its signatures' validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: KeyName,
    id: NoteKeyId,
    /// What follows the id: a signature in the form of the key's type.
    bytes: Vec<u8>,
}

impl SignatureLine {
    /// Returns the line of `key` that carries `bytes`.
    pub fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self {
            name: key.name().clone(),
            id: key.id(),
            bytes,
        }
    }

    /// Whether the line claims to be of `key`.
    pub fn names(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }

    /// Returns what follows the key's id.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Parses one line, without its newline.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = || NoteError::SignatureLine {
            line: line.chars().take(80).collect(),
        };
        let rest = line.strip_prefix(SIGNATURE_PREFIX).ok_or_else(malformed)?;
        let (name, bytes) = rest.split_once(' ').ok_or_else(malformed)?;
        let name = KeyName::new(name).map_err(|_| malformed())?;
        let bytes = base64::decode(bytes).ok_or_else(malformed)?;
        let (id, bytes) = bytes.split_first_chunk().ok_or_else(malformed)?;
        if bytes.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            name,
            id: NoteKeyId::from_bytes(*id),
            bytes: bytes.to_vec(),
        })
    }

    /// Spells the line, without its newline.
    pub fn to_line(&self) -> String {
        let mut bytes = self.id.as_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        format!("{SIGNATURE_PREFIX}{} {}", self.name, base64::encode(&bytes))
    }
}

impl Note {
    /// Signs `text` with a key of type 0x01.
    ///
    /// Fails if `text` cannot be a note's, or the key is of another type.
    pub fn sign(text: &str, key: &SignerKey) -> Result<Self, NoteError> {
        check_text(text)?;
        let verifier = key.verifier();
        if verifier.algorithm() != Algorithm::Ed25519 {
            return Err(NoteError::Type);
        }
        let signature = key.secret().sign(text.as_bytes());
        Ok(Self {
            text: text.to_owned(),
            signatures: vec![SignatureLine::new(&verifier, signature.to_bytes().to_vec())],
        })
    }

    /// Parses a note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLong {
                length: bytes.len(),
            });
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::Text)?;
        let blank = note.rfind("\n\n").ok_or(NoteError::Blank)?;
        let text = note.get(..=blank).ok_or(NoteError::Blank)?;
        let lines = note
            .get(blank.saturating_add(2)..)
            .ok_or(NoteError::Blank)?;
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::End)?;
        let mut signatures: Vec<SignatureLine> = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::Count);
            }
            let line = SignatureLine::parse(line)?;
            if signatures
                .iter()
                .any(|other| other.name == line.name && other.id == line.id)
            {
                return Err(NoteError::Duplicate { name: line.name });
            }
            signatures.push(line);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Spells the note.
    pub fn to_text(&self) -> String {
        let mut note = format!("{}\n", self.text);
        for line in &self.signatures {
            note.push_str(&line.to_line());
            note.push('\n');
        }
        note
    }

    /// Returns the text that is signed, its last newline included. It is anybody's until
    /// a signature was checked.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signature lines.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Whether `key`, of type 0x01, signed the note: `false` if no line names the key.
    ///
    /// Fails if a line names the key and its signature is not valid.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<bool, NoteError> {
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(NoteError::Type);
        }
        let Some(line) = self.signatures.iter().find(|line| line.names(key)) else {
            return Ok(false);
        };
        let bad = || NoteError::Signature {
            name: key.name().clone(),
        };
        let bytes = line.bytes.as_slice().try_into().map_err(|_| bad())?;
        key.public()
            .verify(self.text.as_bytes(), &Signature::from_bytes(bytes))
            .map_err(|_| bad())?;
        Ok(true)
    }

    /// Puts a line in place of the one of the same key, or after the others.
    pub fn put(&mut self, line: SignatureLine) {
        let same = |other: &&mut SignatureLine| other.name == line.name && other.id == line.id;
        match self.signatures.iter_mut().find(same) {
            Some(other) => *other = line,
            None => self.signatures.push(line),
        }
    }

    /// Drops every line that `keep` does not want.
    pub fn retain(&mut self, keep: impl FnMut(&SignatureLine) -> bool) {
        self.signatures.retain(keep);
    }
}

/// Why bytes are not a note, or not one to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// No blank line parts text from signatures.
    #[error("no blank line parts the note's text from its signatures")]
    Blank,
    /// Too many signature lines.
    #[error("more than {MAX_SIGNATURES} signature lines")]
    Count,
    /// Two lines of one key.
    #[error("two signature lines are of the same key, `{name}`")]
    Duplicate {
        /// The key's name.
        name: KeyName,
    },
    /// The last signature line has no newline.
    #[error("the last signature line does not end with a newline")]
    End,
    /// A known key's signature is not valid.
    #[error("the signature of `{name}` is not valid")]
    Signature {
        /// The key's name.
        name: KeyName,
    },
    /// Not a signature line.
    #[error("`{line}` is not a signature line")]
    SignatureLine {
        /// The line, cut short.
        line: String,
    },
    /// The text is not UTF-8, has control characters or does not end with a newline.
    #[error("the text is not UTF-8 without control characters that ends with a newline")]
    Text,
    /// Longer than a note may be.
    #[error("the note has {length} bytes; at most {MAX_NOTE} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// A key of another type is needed.
    #[error("the key is of another signature type than is needed here")]
    Type,
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let clean = text.bytes().all(|byte| byte >= b' ' || byte == b'\n');
    (clean && text.ends_with('\n'))
        .then_some(())
        .ok_or(NoteError::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const C2SP_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const C2SP_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    const GO_SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_worked_example_of_c2sp_opens() {
        let note = Note::parse(C2SP_NOTE.as_bytes()).unwrap();
        assert_eq!(note.signed_by(&C2SP_KEY.parse().unwrap()), Ok(true));
        assert_eq!(note.to_text(), C2SP_NOTE);
    }

    #[test]
    fn the_worked_example_of_go_is_reproduced() {
        let key = SignerKey::from_secret_text(GO_SECRET).unwrap();
        let text = GO_NOTE.split_inclusive('\n').take(2).collect::<String>();
        assert_eq!(Note::sign(&text, &key).unwrap().to_text(), GO_NOTE);
    }

    #[test]
    fn a_known_key_whose_signature_fails_condemns_the_note() {
        let note = Note::parse(C2SP_NOTE.replace("example m", "Example m").as_bytes()).unwrap();
        assert!(matches!(
            note.signed_by(&C2SP_KEY.parse().unwrap()),
            Err(NoteError::Signature { .. })
        ));
    }

    #[test]
    fn a_malformed_note_is_refused() {
        let doubled = format!("{C2SP_NOTE}{}", C2SP_NOTE.rsplit_once("\n\n").unwrap().1);
        for note in [
            "",
            "\n",
            "text\n\n",
            "text\n\n\u{2014} a AAAA\n",
            "text\n\n- example.com/foo Uw2QOkn8\n",
            "te\txt\n\n\u{2014} a AAAAAAAA\n",
            C2SP_NOTE.trim_end(),
            &C2SP_NOTE.replace("aQM=", "aQN="),
            &C2SP_NOTE.replace("/foo Uw", "/foo  Uw"),
            &doubled,
        ] {
            assert!(Note::parse(note.as_bytes()).is_err(), "{note}");
        }
    }

    #[test]
    fn the_text_may_hold_blank_lines() {
        let key = SignerKey::from_secret_text(GO_SECRET).unwrap();
        let note = Note::sign("a\n\nb\n\n", &key).unwrap();
        let read = Note::parse(note.to_text().as_bytes()).unwrap();
        assert_eq!(read.text(), "a\n\nb\n\n");
    }
}
