//! A witness in a directory: `key`, one memory a log, and what it last cosigned.
//!
//! `<id>` is the hexadecimal SHA-256 of a log's origin. `state/<id>` holds the log's key
//! and the witness's memory, `<id>/checkpoint` the checkpoint that it last cosigned (the
//! monitoring view of C2SP tlog-witness), `evidence/` what the log signed and this witness
//! could not join to that: a fork, or a copy that is old or damaged, until its tiles tell.

use std::path::Path;
use std::path::PathBuf;

use crate::cosigner;
use crate::cosigner::Memory;
use crate::cosigner::Request;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::Algorithm;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::keystore;
use crate::keystore::KeyFileError;
use crate::note::Note;
use crate::note::NoteError;
use crate::note::SignatureLine;
use crate::store::LogFiles;
use crate::store::Objects as _;
use crate::store::StoreError;
use crate::store::fs::Directory;
use crate::store::fs::Guard;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::SignedCheckpoint;

/// The file of the witness's secret key.
const KEY_FILE: &str = "key";

const STATE_HEADER: &str = "standstill witness state v1";

/// A witness that keeps its state in a directory.
#[derive(Debug)]
pub struct WitnessDirectory {
    path: PathBuf,
    files: Directory,
    key: SignerKey,
}

impl WitnessDirectory {
    /// Makes a witness with this key, of type 0x04, in a directory that has none.
    pub fn init(path: &Path, key: &SignerKey) -> Result<(), WitnessError> {
        if key.verifier().algorithm() != Algorithm::CosignatureV1 {
            return Err(cosigner::Refusal::Note(NoteError::Type).into());
        }
        let files = Directory::new(path);
        files.make_root()?;
        keystore::write_note_key(&path.join(KEY_FILE), key)?;
        files.create("vkey", format!("{}\n", key.verifier()).as_bytes())?;
        Ok(())
    }

    /// Opens a witness's directory.
    pub fn open(path: &Path) -> Result<Self, WitnessError> {
        Ok(Self {
            path: path.to_owned(),
            files: Directory::new(path),
            key: keystore::read_note_key(&path.join(KEY_FILE))?,
        })
    }

    /// Returns the key by which its cosignatures are checked.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Cosigns the newest checkpoint of a log, if it continues what the witness saw.
    ///
    /// `log_key` is the key of the log's signatures; it may be left out once the witness
    /// knows the log. The consistency proof is built from the log's tiles here: that
    /// nothing but the right one verifies is what the cosigner checks.
    ///
    /// What is returned has the log's signature and this cosignature; to put it beside
    /// those of other witnesses, [`Note::put`] the line into the note that has them.
    pub fn cosign<F: LogFiles + ?Sized>(
        &self,
        log: &LogReader<'_, F>,
        log_key: Option<&VerifierKey>,
        now: UnixSeconds,
    ) -> Result<(SignedCheckpoint, SignatureLine), WitnessError> {
        let _guard = Guard::acquire(&self.path)?;
        let note = log.checkpoint()?.ok_or(WitnessError::NoCheckpoint)?;
        let shown = Note::parse(&note)
            .map_err(|error| WitnessError::Refused(cosigner::Refusal::Checkpoint(error.into())))?;
        let origin = shown.text().lines().next().unwrap_or_default().to_owned();
        let state = self.state(&origin)?;
        let known_key = state.as_ref().map(|(key, _)| key);
        let key = match (known_key, log_key) {
            (Some(known), Some(given)) if known != given => {
                return Err(WitnessError::OtherKey { origin });
            }
            (Some(key), _) | (None, Some(key)) => key.clone(),
            (None, None) => return Err(WitnessError::UnknownLog { origin }),
        };
        let memory = state.map(|(_, memory)| memory);
        let old = memory.as_ref().map_or(0, |memory| memory.size);
        let size = SignedCheckpoint::open(&note, &key)
            .map_err(|error| WitnessError::Refused(error.into()))?
            .checkpoint()
            .size;
        let proof = if old < size {
            log.prove_consistency(old, size)?
        } else {
            Vec::new()
        };
        let request = Request {
            old,
            proof,
            note: note.clone(),
        };
        match cosigner::consider(&request, &key, memory.as_ref(), &self.key, now) {
            Ok(cosigning) => {
                self.remember(&origin, &key, cosigning.memory())?;
                let (checkpoint, line) = cosigning.remembered();
                let view = format!("{}/checkpoint", id(&origin));
                self.files
                    .replace(&view, checkpoint.note().to_text().as_bytes())?;
                Ok((checkpoint, line))
            }
            Err(refusal) => {
                self.keep_evidence(&origin, &refusal, &note)?;
                Err(WitnessError::Refused(refusal))
            }
        }
    }

    /// Returns the note of the checkpoint of that log that it last cosigned.
    pub fn last(&self, origin: &str) -> Result<Option<Vec<u8>>, WitnessError> {
        last_cosigned(&self.path, origin)
    }

    fn state(&self, origin: &str) -> Result<Option<(VerifierKey, Memory)>, WitnessError> {
        let path = format!("state/{}", id(origin));
        let Some(bytes) = self.files.read(&path)? else {
            // Who cosigned must remember: without its memory it would cosign any fork.
            return match self.last(origin)? {
                Some(_) => Err(WitnessError::Forgot {
                    origin: origin.to_owned(),
                }),
                None => Ok(None),
            };
        };
        let text = String::from_utf8(bytes).ok();
        text.as_deref()
            .and_then(parse_state)
            .map(Some)
            .ok_or(WitnessError::State { path })
    }

    fn remember(
        &self,
        origin: &str,
        key: &VerifierKey,
        memory: &Memory,
    ) -> Result<(), WitnessError> {
        // Under the directory's guard since the memory was read: nobody set it between.
        let text = print_state(key, memory);
        let path = format!("state/{}", id(origin));
        Ok(self.files.replace(&path, text.as_bytes())?)
    }

    /// Keeps both checkpoints where the log signed what cannot both be true.
    fn keep_evidence(
        &self,
        origin: &str,
        refusal: &cosigner::Refusal,
        shown: &[u8],
    ) -> Result<(), WitnessError> {
        use cosigner::Refusal::{Fork, OldSize, Proof};
        if !matches!(refusal, Fork { .. } | Proof(_) | OldSize { .. }) {
            return Ok(());
        }
        let prefix = format!("evidence/{}/{}", id(origin), sha256(shown));
        self.files.create(&format!("{prefix}/shown"), shown)?;
        if let Some(known) = self.last(origin)? {
            self.files.create(&format!("{prefix}/known"), &known)?;
        }
        Ok(())
    }
}

/// Returns the note of the checkpoint of a log that the witness in this directory last
/// cosigned: its monitoring view, which needs no key.
pub fn last_cosigned(path: &Path, origin: &str) -> Result<Option<Vec<u8>>, WitnessError> {
    let view = format!("{}/checkpoint", id(origin));
    Ok(Directory::new(path).read(&view)?)
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The memory of a log is gone, although one of its checkpoints was cosigned.
    #[error("`{origin}` was cosigned here, but what was remembered of it is gone")]
    Forgot {
        /// The log's origin.
        origin: String,
    },
    /// The witness's key cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Log(#[from] ReadError),
    /// The log has no checkpoint.
    #[error("the log has no checkpoint")]
    NoCheckpoint,
    /// The log's key is another than the one remembered.
    #[error("`{origin}` is known here under another key")]
    OtherKey {
        /// The log's origin.
        origin: String,
    },
    /// The cosigner refuses.
    #[error(transparent)]
    Refused(#[from] cosigner::Refusal),
    /// The witness's memory is damaged.
    #[error("`{path}` is damaged: it is not what this witness wrote")]
    State {
        /// Its path in the directory.
        path: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log was never seen, and its key was not given.
    #[error("`{origin}` is not known here")]
    UnknownLog {
        /// The log's origin.
        origin: String,
    },
}

fn id(origin: &str) -> Hash {
    sha256(origin.as_bytes())
}

fn print_state(key: &VerifierKey, memory: &Memory) -> String {
    format!(
        "{STATE_HEADER}\n{key}\n{}\n{}\n{}\n",
        memory.size,
        memory.root.to_base64(),
        memory.time
    )
}

fn parse_state(text: &str) -> Option<(VerifierKey, Memory)> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    if lines.next() != Some(STATE_HEADER) {
        return None;
    }
    let key = lines.next()?.parse().ok()?;
    let memory = Memory {
        size: lines.next()?.parse().ok()?,
        root: Hash::from_base64(lines.next()?)?,
        time: lines.next()?.parse().ok()?,
    };
    // One spelling: what is not as it was written was written by somebody else.
    (print_state(&key, &memory) == text).then_some((key, memory))
}
