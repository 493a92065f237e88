//! Keys of signed notes: `vkey` as C2SP spells it, `skey` as Go's `x/mod` does.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use zeroize::Zeroizing;

use super::KEY_SIZE;
use super::KeyName;
use super::PublicKey;
use super::SecretKey;
use crate::encoding::base64;
use crate::encoding::hex;
use crate::hash::Hasher;

/// What a key's signatures are over (C2SP signed-note, "Signature types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub enum Algorithm {
    /// Type 0x01: Ed25519 over the note's text.
    Ed25519,
    /// Type 0x04: Ed25519 over a time and a checkpoint (C2SP tlog-cosignature).
    CosignatureV1,
}

impl Algorithm {
    const fn type_byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureV1 => 4,
        }
    }

    const fn from_type_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Ed25519),
            4 => Some(Self::CosignatureV1),
            _ => None,
        }
    }
}

/// The four bytes by which a note's signature line names its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct NoteKeyId([u8; 4]);

impl NoteKeyId {
    /// Returns the id of these bytes.
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Returns the id's bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// SHA-256 of name, newline, type and public key, cut to four bytes.
    fn of(name: &KeyName, algorithm: Algorithm, public: &PublicKey) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(name.as_str().as_bytes());
        hasher.update(&[b'\n', algorithm.type_byte()]);
        hasher.update(public.as_bytes());
        let digest = hasher.finish();
        let [a, b, c, d, ..] = *digest.as_bytes();
        Self([a, b, c, d])
    }
}

impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteKeyId({self})")
    }
}

/// A named public key of signed notes: `<name>+<id>+<base64 of type and key>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct VerifierKey {
    name: KeyName,
    algorithm: Algorithm,
    public: PublicKey,
}

impl VerifierKey {
    /// Returns the key under that name.
    pub const fn new(name: KeyName, algorithm: Algorithm, public: PublicKey) -> Self {
        Self {
            name,
            algorithm,
            public,
        }
    }

    /// Returns its name.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Returns what its signatures are over.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the public key.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the id that signature lines carry.
    pub fn id(&self) -> NoteKeyId {
        NoteKeyId::of(&self.name, self.algorithm, &self.public)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = base64::encode(&typed(self.algorithm, self.public.as_bytes()));
        write!(f, "{}+{}+{key}", self.name, self.id())
    }
}

impl FromStr for VerifierKey {
    type Err = NoteKeyError;

    fn from_str(text: &str) -> Result<Self, NoteKeyError> {
        let parts = Parts::split(text)?;
        let public = PublicKey::from_bytes(&parts.key).ok_or(NoteKeyError::Key)?;
        let key = Self::new(parts.name, parts.algorithm, public);
        if key.id() != parts.id {
            return Err(NoteKeyError::Id {
                expected: key.id(),
                found: parts.id,
            });
        }
        Ok(key)
    }
}

/// A named secret key of signed notes: `PRIVATE+KEY+<name>+<id>+<base64 of type and
/// seed>`. Wiped from memory when dropped; never printed but by [`Self::to_secret_text`].
#[derive(Debug)]
pub struct SignerKey {
    name: KeyName,
    algorithm: Algorithm,
    secret: SecretKey,
}

/// What every secret key's text begins with.
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

impl SignerKey {
    /// Returns the key under that name.
    pub const fn new(name: KeyName, algorithm: Algorithm, secret: SecretKey) -> Self {
        Self {
            name,
            algorithm,
            secret,
        }
    }

    /// Parses the text of a secret key. No part of it appears in an error.
    pub fn from_secret_text(text: &str) -> Result<Self, NoteKeyError> {
        let rest = text
            .strip_prefix(SECRET_PREFIX)
            .ok_or(NoteKeyError::Spelling)?;
        let parts = Parts::split(rest)?;
        let key = Self::new(
            parts.name,
            parts.algorithm,
            SecretKey::from_seed(*parts.key),
        );
        let expected = key.verifier().id();
        if expected != parts.id {
            return Err(NoteKeyError::Id {
                expected,
                found: parts.id,
            });
        }
        Ok(key)
    }

    /// Spells the secret key, to be stored and nothing else.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(self.secret.to_seed());
        let key = Zeroizing::new(typed(self.algorithm, &seed));
        let key = Zeroizing::new(base64::encode(key.as_slice()));
        let id = self.verifier().id();
        Zeroizing::new(format!(
            "{SECRET_PREFIX}{}+{id}+{}",
            self.name,
            key.as_str()
        ))
    }

    /// Returns the public key under the same name.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.name.clone(), self.algorithm, self.secret.public())
    }

    /// Returns the secret key.
    pub const fn secret(&self) -> &SecretKey {
        &self.secret
    }
}

/// Why a text is not a key of signed notes. Names no part of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteKeyError {
    /// A signature type other than 0x01 and 0x04.
    #[error("the key is of a type other than Ed25519 (0x01) and cosignature/v1 (0x04)")]
    Algorithm,
    /// The id is not that of name, type and key.
    #[error("the key's id is `{found}`, but its name and key make it `{expected}`")]
    Id {
        /// The id that it should be.
        expected: NoteKeyId,
        /// The id that it has.
        found: NoteKeyId,
    },
    /// The key is not an Ed25519 key that could verify anything.
    #[error("the key is not a usable Ed25519 key")]
    Key,
    /// Not the spelling of a key.
    #[error("not of the form `<name>+<id>+<base64>`")]
    Spelling,
}

/// The parts that both spellings share.
struct Parts {
    name: KeyName,
    id: NoteKeyId,
    algorithm: Algorithm,
    key: Zeroizing<[u8; KEY_SIZE]>,
}

impl Parts {
    /// Splits at the first two `+`: base64 may contain more.
    fn split(text: &str) -> Result<Self, NoteKeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteKeyError::Spelling);
        };
        let name = KeyName::new(name).map_err(|_| NoteKeyError::Spelling)?;
        let id = hex::decode_array(id).ok_or(NoteKeyError::Spelling)?;
        let bytes = Zeroizing::new(base64::decode(key).ok_or(NoteKeyError::Spelling)?);
        let (algorithm, key) = bytes.split_first().ok_or(NoteKeyError::Spelling)?;
        let algorithm = Algorithm::from_type_byte(*algorithm).ok_or(NoteKeyError::Algorithm)?;
        let key = key.try_into().map_err(|_| NoteKeyError::Key)?;
        Ok(Self {
            name,
            id: NoteKeyId(id),
            algorithm,
            key: Zeroizing::new(key),
        })
    }
}

fn typed(algorithm: Algorithm, key: &[u8; KEY_SIZE]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(KEY_SIZE.saturating_add(1));
    bytes.push(algorithm.type_byte());
    bytes.extend_from_slice(key);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO_SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const C2SP_PUBLIC: &str =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn the_keys_of_others_round_trip() {
        let secret = SignerKey::from_secret_text(GO_SECRET).unwrap();
        assert_eq!(secret.to_secret_text().as_str(), GO_SECRET);
        let public: VerifierKey = C2SP_PUBLIC.parse().unwrap();
        assert_eq!(public.to_string(), C2SP_PUBLIC);
    }

    #[test]
    fn a_wrong_id_is_refused() {
        let text = C2SP_PUBLIC.replace("530d903a", "530d903b");
        assert!(matches!(
            text.parse::<VerifierKey>(),
            Err(NoteKeyError::Id { .. })
        ));
    }

    // spec: log-5
    #[test]
    fn an_error_never_shows_the_secret() {
        let broken = GO_SECRET.replace("c74f20a3", "c74f20a4");
        let error = SignerKey::from_secret_text(&broken).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("AYEKFALV"));
    }
}
