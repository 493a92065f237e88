//! Secret keys in files that only their owner can read.
//!
//! Logs' and witnesses' keys are spelled as Go's `note` package does
//! (`PRIVATE+KEY+…`), issuers' keys as `standstill-key-v1 <64 hexadecimal digits>`. A
//! file is created, never overwritten, with mode 0600; one that others can read is
//! refused. No error shows any part of a key.

use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::encoding::hex;
use crate::key::KEY_SIZE;
use crate::key::NoteKeyError;
use crate::key::SecretKey;
use crate::key::SignerKey;

const ISSUER_PREFIX: &str = "standstill-key-v1 ";

/// The longest key file; a key's name has at most 255 bytes.
const MAX_FILE: u64 = 1024;

/// The permissions of a key file.
const MODE: u32 = 0o600;

/// Makes a new secret key from the operating system's randomness.
pub fn generate() -> Result<SecretKey, KeyFileError> {
    let seed = random()?;
    Ok(SecretKey::from_seed(*seed))
}

/// Returns 32 bytes of the operating system's randomness: a seed or a ledger's secret.
pub fn random() -> Result<Zeroizing<[u8; KEY_SIZE]>, KeyFileError> {
    let mut bytes = Zeroizing::new([0; KEY_SIZE]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeyFileError::Randomness)?;
    Ok(bytes)
}

/// Writes an issuer's key into a new file.
pub fn write_issuer_key(path: &Path, key: &SecretKey) -> Result<(), KeyFileError> {
    let seed = Zeroizing::new(key.to_seed());
    let digits = Zeroizing::new(hex::encode(seed.as_slice()));
    create_private(path, &format!("{ISSUER_PREFIX}{}\n", digits.as_str()))
}

/// Reads an issuer's key.
pub fn read_issuer_key(path: &Path) -> Result<SecretKey, KeyFileError> {
    let text = read_private(path)?;
    let malformed = || KeyFileError::Malformed {
        path: path.display().to_string(),
    };
    let digits = text
        .strip_prefix(ISSUER_PREFIX)
        .and_then(|rest| rest.strip_suffix('\n'))
        .ok_or_else(malformed)?;
    let seed = Zeroizing::new(hex::decode_array(digits).ok_or_else(malformed)?);
    Ok(SecretKey::from_seed(*seed))
}

/// Writes a log's or a witness's key into a new file.
pub fn write_note_key(path: &Path, key: &SignerKey) -> Result<(), KeyFileError> {
    let text = key.to_secret_text();
    let line = Zeroizing::new(format!("{}\n", text.as_str()));
    create_private(path, &line)
}

/// Reads a log's or a witness's key.
pub fn read_note_key(path: &Path) -> Result<SignerKey, KeyFileError> {
    let text = read_private(path)?;
    SignerKey::from_secret_text(text.trim_end_matches('\n')).map_err(|source| KeyFileError::Note {
        path: path.display().to_string(),
        source,
    })
}

/// Writes `text` durably into a new file that only its owner can read.
pub fn create_private(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::Io {
        path: path.display().to_string(),
        source,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Reads a file that only its owner can read.
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let failed = |source| KeyFileError::Io {
        path: path.display().to_string(),
        source,
    };
    let file = OpenOptions::new().read(true).open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Readable {
            path: path.display().to_string(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

/// Why a key file cannot be used. Shows no part of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("cannot use the key file `{path}`: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// Not an issuer's key.
    #[error("`{path}` holds no issuer's key")]
    Malformed {
        /// The file.
        path: String,
    },
    /// Not a log's or witness's key.
    #[error("`{path}` holds no log's or witness's key: {source}")]
    Note {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: NoteKeyError,
    },
    /// No randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
    /// Others can read it.
    #[error("the key file `{path}` can be read by others: its mode is {mode:03o}, not 600")]
    Readable {
        /// The file.
        path: String,
        /// Its permissions.
        mode: u32,
    },
}
