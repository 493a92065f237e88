//! Public keys of hardware roots, which an auditor supplies: never taken from evidence.
//!
//! A key has one algorithm for tokens and one for quotes, whatever evidence says of itself.

use std::ops::RangeInclusive;

use ring::signature;
use ring::signature::UnparsedPublicKey;
use ring::signature::VerificationAlgorithm;

use crate::encoding::base64;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::PublicKey;
use crate::key::SIGNATURE_SIZE;
use crate::key::Signature;

/// What the `SubjectPublicKeyInfo` of an Ed25519 key begins with (RFC 8410, section 4).
const ED25519_PREFIX: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// The same of an uncompressed point of P-256 (RFC 5480, section 2).
const P256_PREFIX: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// The same of an uncompressed point of P-384.
const P384_PREFIX: &[u8] =
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";

/// The algorithm of an RSA key, and the tag of the bits that follow (RFC 3279, section 2.3.1).
const RSA_ALGORITHM: &[u8] =
    b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82";

/// The bytes of a modulus of 2048 to 4096 bits, behind a zero that keeps it positive: the
/// longest that a TPM may have (TPM 2.0 Part 2, 11.2.4; larger ones are in no profile).
const RSA_MODULUS: RangeInclusive<usize> = 257..=513;

/// The bytes of an uncompressed point: `04`, and two coordinates.
const P256_POINT: usize = 65;
const P384_POINT: usize = 97;

const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// A public key of a hardware root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareKey {
    kind: KeyKind,
    id: Hash,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyKind {
    Ed25519(PublicKey),
    /// The point, uncompressed.
    P256(Vec<u8>),
    /// The point, uncompressed.
    P384(Vec<u8>),
    /// The `RSAPublicKey` (RFC 8017, appendix A.1.1).
    Rsa(Vec<u8>),
}

/// How a TPM signs: TPM 2.0 Part 2, table "Definition of (UINT16) `TPM_ALG_ID` Constants".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `TPM_ALG_ECDSA`, with SHA-256.
    Ecdsa,
    /// `TPM_ALG_RSAPSS`, with SHA-256 and a salt of as many bytes (FIPS 186-5, 5.4).
    RsaPss,
    /// `TPM_ALG_RSASSA`, with SHA-256.
    RsaSsa,
}

impl HardwareKey {
    /// Reads a `SubjectPublicKeyInfo` in PEM (RFC 7468, section 13): Ed25519, P-256, P-384,
    /// or RSA of 2048 bits and more.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let body = text
            .trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .ok_or(KeyError::Pem)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = base64::decode(&body).ok_or(KeyError::Pem)?;
        Ok(Self {
            kind: KeyKind::of(&der).ok_or(KeyError::Algorithm)?,
            id: sha256(&der),
        })
    }

    /// Returns the SHA-256 of the `SubjectPublicKeyInfo`: what a machine is known by.
    pub const fn id(&self) -> Hash {
        self.id
    }

    /// Returns the one name that RFC 7518 and RFC 8037 have for what the key signs with;
    /// `None` for RSA, which signs no tokens here.
    pub const fn token_algorithm(&self) -> Option<&'static str> {
        match self.kind {
            KeyKind::Ed25519(_) => Some("EdDSA"),
            KeyKind::P256(_) => Some("ES256"),
            KeyKind::P384(_) => Some("ES384"),
            KeyKind::Rsa(_) => None,
        }
    }

    /// Whether a TPM may sign quotes with it.
    pub const fn signs_quotes(&self) -> bool {
        matches!(self.kind, KeyKind::P256(_) | KeyKind::Rsa(_))
    }

    /// Whether a token's signature is the key's, by its one algorithm.
    pub fn verifies_token(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.kind {
            KeyKind::Ed25519(key) => {
                let signature: Result<[u8; SIGNATURE_SIZE], _> = signature.try_into();
                signature
                    .is_ok_and(|bytes| key.verify(message, &Signature::from_bytes(bytes)).is_ok())
            }
            KeyKind::P256(point) => verifies(
                &signature::ECDSA_P256_SHA256_FIXED,
                point,
                message,
                signature,
            ),
            KeyKind::P384(point) => verifies(
                &signature::ECDSA_P384_SHA384_FIXED,
                point,
                message,
                signature,
            ),
            KeyKind::Rsa(_) => false,
        }
    }

    /// Whether a quote's signature is the key's, by that scheme; an ECDSA signature is two
    /// numbers of 32 bytes.
    pub fn verifies_quote(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, key): (&'static dyn VerificationAlgorithm, _) = match (scheme, &self.kind) {
            (Scheme::Ecdsa, KeyKind::P256(point)) => (&signature::ECDSA_P256_SHA256_FIXED, point),
            (Scheme::RsaPss, KeyKind::Rsa(key)) => (&signature::RSA_PSS_2048_8192_SHA256, key),
            (Scheme::RsaSsa, KeyKind::Rsa(key)) => (&signature::RSA_PKCS1_2048_8192_SHA256, key),
            _ => return false,
        };
        verifies(algorithm, key, message, signature)
    }
}

impl KeyKind {
    fn of(der: &[u8]) -> Option<Self> {
        if let Some(bytes) = der.strip_prefix(ED25519_PREFIX) {
            return PublicKey::from_bytes(bytes.try_into().ok()?).map(Self::Ed25519);
        }
        if let Some(point) = der.strip_prefix(P256_PREFIX) {
            return is_point(point, P256_POINT).then(|| Self::P256(point.to_vec()));
        }
        if let Some(point) = der.strip_prefix(P384_PREFIX) {
            return is_point(point, P384_POINT).then(|| Self::P384(point.to_vec()));
        }
        // From 2048 bits on every length has two bytes.
        let whole = sized(der.strip_prefix(b"\x30\x82")?)?;
        let bits = sized(whole.strip_prefix(RSA_ALGORITHM)?)?;
        let key = bits.strip_prefix(b"\x00")?;
        let numbers = sized(key.strip_prefix(b"\x30\x82")?)?;
        let (length, _) = numbers.strip_prefix(b"\x02\x82")?.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        RSA_MODULUS
            .contains(&length)
            .then(|| Self::Rsa(key.to_vec()))
    }
}

fn is_point(bytes: &[u8], size: usize) -> bool {
    bytes.len() == size && bytes.first() == Some(&4)
}

/// Takes two bytes that say how many follow, exactly.
fn sized(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    (usize::from(u16::from_be_bytes(*length)) == rest.len()).then_some(rest)
}

fn verifies(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .is_ok()
}

/// Why a text is no public key of a hardware root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A key of another kind, or not in its one encoding.
    #[error("is no Ed25519, P-256, P-384 or RSA key of 2048 bits or more, in its one encoding")]
    Algorithm,
    /// No PEM.
    #[error("is not one `PUBLIC KEY` in PEM")]
    Pem,
}
