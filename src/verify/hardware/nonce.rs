//! What makes evidence fresh, and what binds a key to a machine.
//!
//! Specified in `specs/hardware.md`, sections "Freshness" and "Binding". A nonce is derived
//! from what nobody knew before: a lab cannot choose one, nor show again what it had asked
//! for earlier.

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::key::PublicKey;

/// What the preimage of a nonce from a checkpoint begins with.
const CHECKPOINT_DOMAIN: &[u8] = b"standstill/hardware-nonce/checkpoint/v1\0";

/// The same of one from a challenge.
const CHALLENGE_DOMAIN: &[u8] = b"standstill/hardware-nonce/challenge/v1\0";

/// The same of what binds a meter's key to a machine.
const BINDING_DOMAIN: &[u8] = b"standstill/hardware-binding/v1\0";

/// Returns the nonce of a statement whose `notBefore` is of a tree with this root.
pub fn of_checkpoint(issuer: IssuerId, stream: StreamId, root: &Hash) -> Hash {
    digest([
        CHECKPOINT_DOMAIN,
        issuer.hash().as_bytes(),
        &stream.get().to_be_bytes(),
        root.as_bytes(),
    ])
}

/// Returns the nonce that a challenge asks for.
pub fn of_challenge(challenge: StatementId) -> Hash {
    digest([CHALLENGE_DOMAIN, challenge.hash().as_bytes()])
}

/// Returns what a machine quotes to bind a key to itself.
pub fn binding(key: &PublicKey, nonce: &[u8]) -> Hash {
    digest([BINDING_DOMAIN, key.as_bytes(), nonce])
}

fn digest<const N: usize>(parts: [&[u8]; N]) -> Hash {
    let mut hasher = Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}
