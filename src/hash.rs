//! SHA-256 digests.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;
use sha2::Sha256;
use sha2::block_api::compress256;
use zeroize::Zeroize as _;

use crate::encoding::base64;
use crate::encoding::hex;

/// The bytes of a digest.
pub const HASH_SIZE: usize = 32;

/// A SHA-256 digest (FIPS 180-4). Printed and parsed as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_SIZE]);

impl Hash {
    /// Returns the digest of these bytes: what is hashed is not checked.
    pub const fn from_bytes(bytes: [u8; HASH_SIZE]) -> Self {
        Self(bytes)
    }

    /// Returns the digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_SIZE] {
        &self.0
    }

    /// Spells the digest in base64, as checkpoints and proofs do.
    pub fn to_base64(&self) -> String {
        base64::encode(&self.0)
    }

    /// Parses the canonical base64 of a digest.
    pub fn from_base64(text: &str) -> Option<Self> {
        base64::decode_array(text).map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        hex::decode_array(text).map(Self).ok_or(HashError)
    }
}

/// A text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not 64 digits of lower-case hexadecimal")]
pub struct HashError;

/// Hashes bytes that come in parts.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest of all that was added.
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher(..)")
    }
}

/// A digest begun: for the many short messages of a ledger, which are padded where they
/// lie and hashed by one call each. [`Hasher`] copies each of them and itself about, which
/// takes half as long again.
#[derive(Clone)]
pub(crate) struct Begun {
    state: [u32; 8],
    /// The bytes of the blocks that were taken in.
    length: u64,
}

/// The bytes that SHA-256 takes in at once (FIPS 180-4, 5.2.1).
pub(crate) const BLOCK_SIZE: usize = 64;

impl Begun {
    /// Nothing taken in yet: the initial value (FIPS 180-4, 5.3.3).
    pub(crate) const START: Self = Self {
        state: [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ],
        length: 0,
    };

    /// Takes in one block.
    pub(crate) fn block(mut self, block: &[u8; BLOCK_SIZE]) -> Self {
        compress256(&mut self.state, std::slice::from_ref(block));
        self.length = self.length.saturating_add(64);
        self
    }

    /// Returns the digest of what was taken in and `message`, which is padded in place
    /// (FIPS 180-4, 5.1.1).
    pub(crate) fn finish(&self, message: &mut Vec<u8>) -> Hash {
        let length = u64::try_from(message.len()).unwrap_or(u64::MAX);
        let bits = self.length.saturating_add(length).saturating_mul(8);
        message.push(0x80);
        // Zeros up to where eight bytes of length complete a block.
        let padded = message.len().saturating_add(8).next_multiple_of(BLOCK_SIZE);
        message.resize(padded.saturating_sub(8), 0);
        message.extend_from_slice(&bits.to_be_bytes());
        let mut state = self.state;
        compress256(&mut state, message.as_chunks().0);
        let mut bytes = [0; HASH_SIZE];
        for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
            *to = word.to_be_bytes();
        }
        Hash(bytes)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // What was taken in may be a secret.
        self.state.zeroize();
    }
}

/// Returns the digest of `bytes`.
pub fn sha256(bytes: &[u8]) -> Hash {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_padded_in_place_has_the_digest_of_the_library() {
        let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
        for length in 0..bytes.len() {
            let mut message = bytes[..length].to_vec();
            let begun = Begun::START;
            assert_eq!(begun.finish(&mut message), sha256(&bytes[..length]));
            let Some((block, rest)) = bytes[..length].split_first_chunk() else {
                continue;
            };
            let begun = begun.clone().block(block);
            assert_eq!(begun.finish(&mut rest.to_vec()), sha256(&bytes[..length]));
        }
    }
}
