//! Secret keys in files that only their owner can read.
//!
//! Logs' and witnesses' keys are spelled as Go's `note` package does
//! (`PRIVATE+KEY+…`), issuers' keys as `standstill-key-v1 <64 hexadecimal digits>`. A
//! file is created, never overwritten, with mode 0600; one that others can read is
//! refused. No error shows any part of a key.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::durable;
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
    let line = Zeroizing::new(format!("{ISSUER_PREFIX}{}\n", digits.as_str()));
    create_private(path, &line)
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
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| durable::file(&file))
        .and_then(|()| durable::name(path));
    if let Err(source) = written {
        // Half a key is no key, and would be in the way of the whole one.
        let _ = std::fs::remove_file(path);
        return Err(failed(source));
    }
    Ok(())
}

/// Writes `text` into a new file that only its owner can read, of what can be made again:
/// it is not waited for until it is durable.
pub fn write_private(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path);
    new.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| KeyFileError::Io {
            path: path.display().to_string(),
            source,
        })
}

/// Reads a file that only its owner can read.
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let failed = |source| KeyFileError::Io {
        path: path.display().to_string(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("is not a file")));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Readable {
            path: path.display().to_string(),
            mode,
        });
    }
    // As large as it can become: when it grows, what it leaves behind is not wiped.
    let room = usize::try_from(MAX_FILE).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
    file.take(MAX_FILE.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > room {
        return Err(failed(io::Error::other("is too long for a key")));
    }
    let text = str::from_utf8(&bytes).map_err(|_| failed(io::Error::other("is not text")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Why a key file cannot be used. Shows no part of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("cannot use `{path}`: {source}")]
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::key::Algorithm;
    use crate::key::KeyName;

    /// A seed whose hexadecimal and base64 stand out.
    const SEED: [u8; KEY_SIZE] = [0xa7; KEY_SIZE];

    fn note_key() -> SignerKey {
        let name = KeyName::new("log.example/a").unwrap();
        SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed(SEED))
    }

    fn file(directory: &tempfile::TempDir) -> PathBuf {
        directory.path().join("key")
    }

    /// Whether a text shows a secret, in any spelling in use here.
    fn shows_secret(text: &str) -> bool {
        ["a7a7a7", "A7A7A7", "p6en", "167, 167", "PRIVATE"]
            .iter()
            .any(|part| text.contains(part))
    }

    #[test]
    fn what_was_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory);
        write_issuer_key(&path, &SecretKey::from_seed(SEED)).unwrap();
        assert_eq!(read_issuer_key(&path).unwrap().to_seed(), SEED);
        let line = format!("standstill-key-v1 {}\n", "a7".repeat(32));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), line);

        let path = directory.path().join("log");
        write_note_key(&path, &note_key()).unwrap();
        let read = read_note_key(&path).unwrap();
        assert_eq!(read.verifier(), note_key().verifier());
        assert_eq!(read.secret().to_seed(), SEED);
    }

    #[test]
    fn a_key_file_is_its_owners_alone_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory);
        write_note_key(&path, &note_key()).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let before = std::fs::read(&path).unwrap();
        let refused = write_issuer_key(&path, &SecretKey::from_seed([1; 32])).unwrap_err();
        assert!(matches!(refused, KeyFileError::Io { .. }));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_key_is_not_written_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (path, target) = (file(&directory), directory.path().join("elsewhere"));
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(write_note_key(&path, &note_key()).is_err());
        assert!(!target.exists());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_and_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory);
        write_note_key(&path, &note_key()).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601, 0o644, 0o777] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).unwrap();
            let error = read_note_key(&path).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(&format!("{mode:o}")), "{text}");
            assert!(text.contains(path.to_str().unwrap()), "{text}");
            assert!(!shows_secret(&format!("{text} {error:?}")), "{error:?}");
        }
    }

    #[test]
    fn no_error_shows_what_a_damaged_key_file_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory);
        write_note_key(&path, &note_key()).unwrap();
        let note = std::fs::read_to_string(&path).unwrap();
        let issuer = format!("standstill-key-v1 {}\n", "a7".repeat(32));
        let mut damaged = vec![
            note.replace("PRIVATE", "PUBLIC"),
            note.replace("log.example", "log.example+"),
            note.replace("p6en", "p6eo"),
            note.to_lowercase(),
            format!("{note}{note}"),
            issuer.to_uppercase(),
            issuer.replace("a7\n", "a\n"),
            issuer.trim_end().to_owned(),
            format!("{issuer}{issuer}"),
            issuer.repeat(100),
            String::new(),
        ];
        damaged.extend([note.clone().replace('+', " "), issuer.replace(' ', "")]);
        for text in damaged {
            std::fs::write(&path, &text).unwrap();
            let errors = [
                read_note_key(&path).map(drop).unwrap_err(),
                read_issuer_key(&path).map(drop).unwrap_err(),
            ];
            for error in errors {
                assert!(!shows_secret(&format!("{error} {error:?}")), "{error:?}");
            }
        }
        std::fs::write(&path, [0xff, 0xfe, 0xa7]).unwrap();
        assert!(read_note_key(&path).is_err());
        assert!(read_note_key(directory.path()).is_err());
    }

    #[test]
    fn no_two_keys_are_alike() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert_ne!(one.to_seed(), two.to_seed());
    }
}
