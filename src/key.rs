//! Ed25519 keys and their names: C2SP verifier keys, Go's signer keys, DSSE key ids.
//!
//! Specified in `specs/log.md`, section "Keys", after C2SP signed-note and the `note`
//! package of Go's `x/mod`. Only `verify_strict` judges a signature (RFC 8032 with the
//! checks that make it unambiguous): no batch verification, whose answer depends on the
//! company that a signature is in.

mod name;
mod note_key;

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use ed25519_dalek::VerifyingKey;

use crate::encoding::hex;
use crate::hash::Hash;
use crate::hash::sha256;

pub use name::{KeyName, NameError};
pub use note_key::{Algorithm, NoteKeyError, NoteKeyId, SignerKey, VerifierKey};

/// The bytes of a public key and of a secret key's seed (RFC 8032).
pub const KEY_SIZE: usize = 32;

/// The bytes of a signature (RFC 8032).
pub const SIGNATURE_SIZE: usize = 64;

/// An Ed25519 public key that some signature can satisfy.
///
/// Printed and parsed as lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "[u8; KEY_SIZE]", into = "[u8; KEY_SIZE]")]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    /// Returns the key of that encoding, or `None` if it encodes no point, encodes it in
    /// another than the canonical way, or encodes one of small order, for which
    /// `verify_strict` accepts nothing.
    pub fn from_bytes(bytes: &[u8; KEY_SIZE]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        let canonical = key.to_edwards().compress().as_bytes() == bytes;
        (canonical && !key.is_weak()).then(|| Self {
            key,
            id: KeyId::of(bytes),
        })
    }

    /// Returns the key's encoding.
    pub fn as_bytes(&self) -> &[u8; KEY_SIZE] {
        self.key.as_bytes()
    }

    /// Returns the id by which a DSSE envelope names the key.
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    /// Checks that `signature` is the key's over `message`, strictly.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        self.key
            .verify_strict(message, &signature.0)
            .map_err(|_| BadSignature)
    }
}

impl From<PublicKey> for [u8; KEY_SIZE] {
    fn from(key: PublicKey) -> Self {
        *key.as_bytes()
    }
}

impl TryFrom<[u8; KEY_SIZE]> for PublicKey {
    type Error = &'static str;

    fn try_from(bytes: [u8; KEY_SIZE]) -> Result<Self, Self::Error> {
        Self::from_bytes(&bytes).ok_or("is not a usable Ed25519 public key")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = hex::decode_array(text).ok_or("is not 64 digits of lower-case hexadecimal")?;
        Self::from_bytes(&bytes).ok_or("is not a usable Ed25519 public key")
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

/// A signature is not the key's over the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct BadSignature;

/// An Ed25519 signature, valid or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(ed25519_dalek::Signature);

impl Signature {
    /// Returns the signature of that encoding.
    pub fn from_bytes(bytes: [u8; SIGNATURE_SIZE]) -> Self {
        Self(ed25519_dalek::Signature::from_bytes(&bytes))
    }

    /// Returns the signature's encoding.
    pub fn to_bytes(&self) -> [u8; SIGNATURE_SIZE] {
        self.0.to_bytes()
    }
}

/// An Ed25519 secret key. Wiped from memory when dropped; never printed.
pub struct SecretKey {
    key: SigningKey,
    public: PublicKey,
}

impl SecretKey {
    /// Returns the key of that seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: [u8; KEY_SIZE]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let verifying = key.verifying_key();
        let id = KeyId::of(verifying.as_bytes());
        Self {
            key,
            public: PublicKey { key: verifying, id },
        }
    }

    /// Returns the seed, to be stored and nothing else.
    pub fn to_seed(&self) -> [u8; KEY_SIZE] {
        self.key.to_bytes()
    }

    /// Returns the public key.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs `message`.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public)
    }
}

/// How a DSSE envelope names an Ed25519 key: as `securesystemslib` does, SHA-256 of the
/// canonical JSON of the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct KeyId(Hash);

impl KeyId {
    fn of(public: &[u8; KEY_SIZE]) -> Self {
        let public = hex::encode(public);
        Self(sha256(
            format!(
                "{{\"keytype\":\"ed25519\",\"keyval\":{{\"public\":\"{public}\"}},\"scheme\":\"ed25519\"}}"
            )
            .as_bytes(),
        ))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = <Hash as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_small_order_is_no_key() {
        let mut identity = [0; KEY_SIZE];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), None);
        assert_eq!(PublicKey::from_bytes(&[0xff; KEY_SIZE]), None);
    }

    #[test]
    fn rfc_8032_test_1() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let key = SecretKey::from_seed(hex::decode_array(seed).unwrap());
        assert_eq!(
            key.public().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert!(key.public().verify(b"", &key.sign(b"")).is_ok());
        assert!(key.public().verify(b"x", &key.sign(b"")).is_err());
    }

    #[test]
    fn a_secret_key_prints_no_secret() {
        let key = SecretKey::from_seed([7; KEY_SIZE]);
        let text = format!("{key:?}");
        assert!(!text.contains(&hex::encode(&[7; KEY_SIZE])), "{text}");
    }
}
