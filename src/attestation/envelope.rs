//! Entries: DSSE envelopes in one spelling.
//!
//! Specified in `specs/attestation.md`, section "Entry", after DSSE 1.0.2.
//!
//! An [`Envelope`] is well-formed; whether its signatures are the ones that its issuer
//! must give is asked of [`identity`](crate::attestation::identity).

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::encoding::base64;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::key::KeyId;
use crate::key::PublicKey;
use crate::key::SecretKey;
use crate::key::Signature;

/// The longest entry: an entry bundle gives its length in 16 bits (C2SP tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;

/// The media type of every payload (in-toto, envelope).
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The most signatures of one envelope; a bound on an adversary's work.
pub const MAX_SIGNATURES: usize = 32;

const BEFORE_PAYLOAD: &str = "{\"payload\":\"";
const BEFORE_SIGNATURES: &str =
    "\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[";
const BEFORE_KEY_ID: &str = "{\"keyid\":\"";
const BEFORE_SIG: &str = "\",\"sig\":\"";
const AFTER_SIG: &str = "\"}";
const AFTER_SIGNATURES: &str = "]}";

/// SHA-256 of the DSSE pre-authentication encoding: names what was said, whoever else
/// signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct StatementId(Hash);

impl StatementId {
    /// Returns the id of the statement with this payload.
    pub fn of(payload: &[u8]) -> Self {
        let mut head = String::with_capacity(MAX_HEAD);
        push_head(&mut head, payload.len());
        let mut hasher = Hasher::new();
        hasher.update(head.as_bytes());
        hasher.update(payload);
        Self(hasher.finish())
    }

    /// Returns the digest.
    pub const fn hash(&self) -> &Hash {
        &self.0
    }
}

impl From<Hash> for StatementId {
    fn from(hash: Hash) -> Self {
        Self(hash)
    }
}

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for StatementId {
    type Err = <Hash as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A DSSE envelope: a payload and signatures over it, sorted by key id, no key twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What is signed: the head of the pre-authentication encoding, and the payload.
    message: Vec<u8>,
    /// Where the payload begins in it.
    start: usize,
    signatures: Vec<(KeyId, Signature)>,
}

impl Envelope {
    /// Signs `payload` with each of `keys`.
    ///
    /// Fails if a key is given twice, if there is none or too many, or if the entry
    /// would be longer than [`MAX_ENTRY`].
    pub fn sign(payload: &[u8], keys: &[&SecretKey]) -> Result<Self, EnvelopeError> {
        Self::sign_within(MAX_ENTRY, payload, keys)
    }

    /// As [`Self::sign`], of what is no entry: at most `limit` bytes.
    pub fn sign_within(
        limit: usize,
        payload: &[u8],
        keys: &[&SecretKey],
    ) -> Result<Self, EnvelopeError> {
        let (mut message, start) = head(payload.len());
        message.extend_from_slice(payload);
        let mut signatures: Vec<(KeyId, Signature)> = keys
            .iter()
            .map(|key| (key.public().key_id(), key.sign(&message)))
            .collect();
        signatures.sort_by_key(|(key_id, _)| *key_id);
        check_signatures(&signatures)?;
        let envelope = Self {
            message,
            start,
            signatures,
        };
        let length = envelope.to_bytes().len();
        if length > limit {
            return Err(EnvelopeError::TooLong { length, limit });
        }
        Ok(envelope)
    }

    /// Parses an entry.
    ///
    /// There is one spelling (att-10), so the text between the variable parts is
    /// compared as it is; this is the same as parsing, printing again and comparing.
    pub fn parse(entry: &[u8]) -> Result<Self, EnvelopeError> {
        Self::parse_within(MAX_ENTRY, entry)
    }

    /// As [`Self::parse`], of what is no entry: at most `limit` bytes.
    pub fn parse_within(limit: usize, entry: &[u8]) -> Result<Self, EnvelopeError> {
        if entry.len() > limit {
            return Err(EnvelopeError::TooLong {
                length: entry.len(),
                limit,
            });
        }
        let text = str::from_utf8(entry).map_err(|_| EnvelopeError::Spelling("UTF-8"))?;
        let rest = after(text, BEFORE_PAYLOAD, "`payload`")?;
        let (payload, rest) = quoted(rest, "`payload`")?;
        let (mut message, start) = head(base64::decoded_length(payload));
        base64::decode_into(payload, &mut message).ok_or(EnvelopeError::Base64("payload"))?;
        let mut rest = after(rest, BEFORE_SIGNATURES, "`payloadType`")?;
        let mut signatures = Vec::new();
        loop {
            let (key_id, after_key) = quoted(after(rest, BEFORE_KEY_ID, "`keyid`")?, "`keyid`")?;
            let key_id = key_id.parse().map_err(|_| EnvelopeError::KeyId)?;
            let (sig, after_sig) = quoted(after(after_key, BEFORE_SIG, "`sig`")?, "`sig`")?;
            let sig = base64::decode_array(sig).ok_or(EnvelopeError::Base64("sig"))?;
            signatures.push((key_id, Signature::from_bytes(sig)));
            rest = after(after_sig, AFTER_SIG, "the end of a signature")?;
            match rest.strip_prefix(',') {
                Some(more) if signatures.len() < MAX_SIGNATURES => rest = more,
                Some(_) => {
                    return Err(EnvelopeError::Count {
                        found: MAX_SIGNATURES.saturating_add(1),
                    });
                }
                None => break,
            }
        }
        if rest != AFTER_SIGNATURES {
            return Err(EnvelopeError::Spelling("the end of the envelope"));
        }
        check_signatures(&signatures)?;
        Ok(Self {
            message,
            start,
            signatures,
        })
    }

    /// Spells the entry.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::from(BEFORE_PAYLOAD);
        text.push_str(&base64::encode(self.payload()));
        text.push_str(BEFORE_SIGNATURES);
        for (index, (key_id, signature)) in self.signatures.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(BEFORE_KEY_ID);
            text.push_str(&key_id.to_string());
            text.push_str(BEFORE_SIG);
            text.push_str(&base64::encode(&signature.to_bytes()));
            text.push_str(AFTER_SIG);
        }
        text.push_str(AFTER_SIGNATURES);
        text.into_bytes()
    }

    /// Returns the payload. Its signatures may be anybody's: see the module's text.
    pub fn payload(&self) -> &[u8] {
        self.message.get(self.start..).unwrap_or_default()
    }

    /// Returns the id of the statement inside.
    pub fn statement_id(&self) -> StatementId {
        StatementId(crate::hash::sha256(&self.message))
    }

    /// Returns the key ids that the signatures name, in order.
    pub fn key_ids(&self) -> impl ExactSizeIterator<Item = KeyId> {
        self.signatures.iter().map(|(key_id, _)| *key_id)
    }

    /// Whether every signature is valid, by the key of its key id that `find` knows.
    ///
    /// A key id is the digest of its key, so that whose signatures these are is then told
    /// by the ids alone. Each signature is checked by `verify_strict`.
    pub fn is_signed<'k>(&self, find: impl Fn(KeyId) -> Option<&'k PublicKey>) -> bool {
        self.signatures.iter().all(|(key_id, signature)| {
            find(*key_id).is_some_and(|key| key.verify(&self.message, signature).is_ok())
        })
    }

    /// Whether every signature is valid and by a key of `keys`.
    pub fn is_signed_by(&self, keys: &[PublicKey]) -> bool {
        self.is_signed(|key_id| keys.iter().find(|key| key.key_id() == key_id))
    }
}

/// Why bytes are not an entry, or cannot become one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// A part is not canonical base64, or not of its length.
    #[error("`{0}` is not canonical base64 of the right length")]
    Base64(&'static str),
    /// No signature, or too many.
    #[error("{found} signatures; 1 to {MAX_SIGNATURES} are allowed")]
    Count {
        /// How many there were, or at which the count stopped.
        found: usize,
    },
    /// A key id is not 64 digits of lower-case hexadecimal.
    #[error("`keyid` is not 64 digits of lower-case hexadecimal")]
    KeyId,
    /// The signatures are not sorted by key id, or a key appears twice.
    #[error("the signatures are not sorted by `keyid`, each key once")]
    Order,
    /// Another spelling than the canonical one.
    #[error("not the canonical spelling of an envelope: expected {0}")]
    Spelling(&'static str),
    /// Longer than an entry, or what else it is, may be.
    #[error("the envelope has {length} bytes; at most {limit} are allowed")]
    TooLong {
        /// Its length.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
}

/// Begins the DSSE pre-authentication encoding of a payload of that length; returns where
/// the payload is to begin.
fn head(length: usize) -> (Vec<u8>, usize) {
    // Base64 is decoded in groups of three bytes.
    let room = MAX_HEAD.saturating_add(length).saturating_add(3);
    let mut message = String::with_capacity(room);
    push_head(&mut message, length);
    let start = message.len();
    (message.into_bytes(), start)
}

/// Room for what stands before a payload of any length.
const MAX_HEAD: usize = 64;

fn push_head(text: &mut String, length: usize) {
    text.push_str("DSSEv1 ");
    text.push_str(&PAYLOAD_TYPE.len().to_string());
    text.push(' ');
    text.push_str(PAYLOAD_TYPE);
    text.push(' ');
    text.push_str(&length.to_string());
    text.push(' ');
}

fn check_signatures(signatures: &[(KeyId, Signature)]) -> Result<(), EnvelopeError> {
    if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
        return Err(EnvelopeError::Count {
            found: signatures.len(),
        });
    }
    if !signatures.is_sorted_by(|(one, _), (next, _)| one < next) {
        return Err(EnvelopeError::Order);
    }
    Ok(())
}

fn after<'t>(
    text: &'t str,
    prefix: &str,
    expected: &'static str,
) -> Result<&'t str, EnvelopeError> {
    text.strip_prefix(prefix)
        .ok_or(EnvelopeError::Spelling(expected))
}

/// Splits before the next quotation mark.
fn quoted<'t>(text: &'t str, expected: &'static str) -> Result<(&'t str, &'t str), EnvelopeError> {
    let end = text.find('"').ok_or(EnvelopeError::Spelling(expected))?;
    text.split_at_checked(end)
        .ok_or(EnvelopeError::Spelling(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    #[test]
    fn the_pre_authentication_encoding_is_that_of_dsse() {
        assert_eq!(
            Envelope::sign(b"hello world", &[&SecretKey::from_seed([1; 32])])
                .unwrap()
                .message,
            b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
        );
    }

    #[test]
    fn an_envelope_round_trips_and_verifies() {
        let (one, two) = (key(1), key(2));
        let envelope = Envelope::sign(b"{}", &[&one, &two]).unwrap();
        let read = Envelope::parse(&envelope.to_bytes()).unwrap();
        assert_eq!(read, envelope);
        assert!(read.is_signed_by(&[one.public(), two.public()]));
        assert!(!read.is_signed_by(&[one.public()]));
    }

    #[test]
    fn the_spelling_is_that_of_serde_json_with_sorted_members() {
        let envelope = Envelope::sign(b"{}", &[&key(1)]).unwrap();
        let text = String::from_utf8(envelope.to_bytes()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn a_mangled_copy_is_refused() {
        let entry = Envelope::sign(b"{}", &[&key(1)]).unwrap().to_bytes();
        let text = String::from_utf8(entry).unwrap();
        for copy in [
            format!("{text} "),
            format!(" {text}"),
            text.replace("\":", "\": "),
            text.replace("e30=", "e30"),
            text.replace("e30=", "e31="),
            text.replace("[{", "[{\"x\":\"\","),
            text.replace("in-toto+json", "in-toto\\u002bjson"),
            text.replace("[{", "[").replace("}]", "]"),
        ] {
            assert!(Envelope::parse(copy.as_bytes()).is_err(), "{copy}");
        }
    }

    #[test]
    fn signatures_must_be_sorted_and_each_by_another_key() {
        let same = Envelope::sign(b"{}", &[&key(1), &key(1)]);
        assert_eq!(same, Err(EnvelopeError::Order));
        let mut envelope = Envelope::sign(b"{}", &[&key(1), &key(2)]).unwrap();
        envelope.signatures.reverse();
        let refusal = Envelope::parse(&envelope.to_bytes());
        assert_eq!(refusal, Err(EnvelopeError::Order));
    }

    #[test]
    fn an_entry_of_more_than_65535_bytes_is_refused() {
        let refusal = Envelope::sign(&vec![b'x'; 49_152], &[&key(1)]);
        assert!(matches!(refusal, Err(EnvelopeError::TooLong { .. })));
    }
}
