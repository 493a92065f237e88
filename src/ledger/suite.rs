//! Suite 1: salts, field digests and leaves (formats: 8), and salted commitments
//! (formats: 2). Specified in `specs/ledger.md`, sections "Salts" and "Leaves".

use std::fmt;
use std::str::FromStr;

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;
use zeroize::Zeroize as _;
use zeroize::Zeroizing;

use crate::encoding::hex;
use crate::hash::HASH_SIZE;
use crate::hash::Hash;
use crate::hash::Hasher;

/// The suite that this module implements, as statements name it.
pub const SUITE: &str = "1";

/// The bytes of a salt and of a secret.
pub const SALT_SIZE: usize = 32;

/// What a field digest begins with (formats: 8).
const FIELD_DOMAIN: &[u8] = b"standstill/field/v1";
/// What the message of a field's salt begins with.
const SALT_DOMAIN: &[u8] = b"standstill/salt/v1";
/// What the message of a commitment's salt begins with.
const COMMITMENT_SALT_DOMAIN: &[u8] = b"standstill/commit-salt/v1";
/// What a commitment begins with, before the field's name (formats: 2).
const COMMITMENT_DOMAIN: &[u8] = b"standstill/commit/v1/";
/// The block of SHA-256, to which HMAC pads a shorter key with zeros (RFC 2104, 2).
const BLOCK_SIZE: usize = 64;

/// Random bytes that keep a digest from being guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt([u8; SALT_SIZE]);

impl Salt {
    /// Returns the salt with these bytes.
    pub const fn from_bytes(bytes: [u8; SALT_SIZE]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; SALT_SIZE] {
        &self.0
    }
}

impl FromStr for Salt {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = hex::decode_array(text).ok_or("is not 64 digits of lower-case hexadecimal")?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// The one secret of a ledger, from which all its salts follow. Whoever has it and the
/// records can open everything; whoever lost it can open nothing.
///
/// Overwritten when dropped; never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SALT_SIZE]);

impl Secret {
    /// Returns the secret with these bytes, which must come from a random generator and
    /// be used for no second ledger.
    pub const fn from_bytes(bytes: [u8; SALT_SIZE]) -> Self {
        Self(bytes)
    }

    /// Parses 64 digits of lower-case hexadecimal.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode_array(text).map(Self)
    }

    /// Spells the secret, for the file that is kept.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&self.0))
    }

    /// Returns the salt of one field of a ledger's record.
    pub fn salt(&self, index: u64, field: &str) -> Salt {
        self.salts().salt(index, field)
    }

    /// Returns the salt of the commitment to `value` in `field`: the same wherever that
    /// value is committed to under this secret, so that a device keeps its commitment in
    /// every inventory and transfer.
    pub fn commitment_salt(&self, field: &str, value: &[u8]) -> Salt {
        let mut mac = self.keyed();
        mac.update(COMMITMENT_SALT_DOMAIN);
        // A field's name holds no zero byte, so name and value part in one place only.
        for part in [field.as_bytes(), &[0], value] {
            mac.update(part);
        }
        Salt(mac.finalize().into_bytes().into())
    }

    /// Readies the derivation of many salts.
    pub(super) fn salts(&self) -> Salts {
        Salts(self.keyed())
    }

    fn keyed(&self) -> Hmac<Sha256> {
        let mut key = Zeroizing::new([0; BLOCK_SIZE]);
        for (to, from) in key.iter_mut().zip(&self.0) {
            *to = *from;
        }
        Hmac::new((&*key).into())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A secret with the key's share of every salt already computed.
pub(super) struct Salts(Hmac<Sha256>);

impl Salts {
    /// HMAC-SHA-256 over the domain, the record's index as eight big-endian bytes, and
    /// the field's name: the index has a fixed length, so no two pairs share a message.
    pub(super) fn salt(&self, index: u64, field: &str) -> Salt {
        let mut mac = self.0.clone();
        mac.update(SALT_DOMAIN);
        mac.update(&index.to_be_bytes());
        mac.update(field.as_bytes());
        Salt(mac.finalize().into_bytes().into())
    }
}

/// Returns the digest of one field (suite 1).
///
/// A length beyond 32 bits cannot be reached: a record's text is held to less.
pub fn field_digest(salt: &Salt, name: &str, value: &str) -> Hash {
    let mut hasher = Hasher::new();
    hasher.update(FIELD_DOMAIN);
    hasher.update(&salt.0);
    for part in [name, value] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        hasher.update(&length.to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finish()
}

/// Returns the leaf data of a record: its field digests, one after the other (suite 1).
pub fn leaf_data(digests: impl IntoIterator<Item = Hash>) -> Vec<u8> {
    let mut data = Vec::with_capacity(HASH_SIZE.saturating_mul(8));
    for digest in digests {
        data.extend_from_slice(digest.as_bytes());
    }
    data
}

/// Returns the salted commitment to `value` in `field` (formats: 2).
pub fn commitment(field: &str, salt: &Salt, value: &[u8]) -> Hash {
    let mut hasher = Hasher::new();
    for part in [
        COMMITMENT_DOMAIN,
        field.as_bytes(),
        &[0],
        salt.0.as_slice(),
        value,
    ] {
        hasher.update(part);
    }
    hasher.finish()
}
