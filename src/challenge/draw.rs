//! Which records are drawn.
//!
//! Specified in `specs/challenge.md`, section "The draw".

use std::collections::BTreeSet;

use crate::attestation::StatementId;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::ledger::Salt;

/// The most records that one challenge draws: twice what shows a share of one in a thousand
/// with a chance of 99 % (4,603), rounded up.
pub const MAX_DRAWN: u64 = 10_000;

/// What the preimage of a seed begins with.
const SEED_DOMAIN: &[u8] = b"standstill/sample-seed/v1\0";

/// The same of a number that is drawn.
const DRAW_DOMAIN: &[u8] = b"standstill/sample/v1\0";

/// Returns what is drawn from: the challenge, whose id binds the ledger, its root, its count
/// and the round; the beacon's signature; the secret that the auditor had committed to.
pub fn seed(challenge: StatementId, signature: Option<&[u8]>, secret: Option<&Salt>) -> Hash {
    let mut hasher = Hasher::new();
    hasher.update(SEED_DOMAIN);
    hasher.update(challenge.hash().as_bytes());
    let secret = secret.map(|secret| secret.as_bytes().as_slice());
    for part in [signature, secret] {
        let part = part.unwrap_or_default();
        // No part is longer than a signature of 48 bytes.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        hasher.update(&length.to_be_bytes());
        hasher.update(part);
    }
    hasher.finish()
}

/// Draws `count` of `of` records, each at most once, in the order drawn: a larger draw begins
/// with a smaller one.
///
/// Every set is as likely as any other of its size. Draws no more than [`MAX_DRAWN`].
pub fn draw(seed: &Hash, of: u64, count: u64) -> Vec<u64> {
    let count = count.min(of).min(MAX_DRAWN);
    let mut drawn = Vec::new();
    let mut taken = BTreeSet::new();
    // Beyond the last whole multiple of `of`, numbers would favour the first records.
    let Some(multiples) = u64::MAX.checked_div(of) else {
        return drawn;
    };
    let limit = multiples.saturating_mul(of);
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    for counter in 0_u64.. {
        if drawn.len() >= wanted {
            break;
        }
        let number = number(seed, counter);
        let index = number.checked_rem(of).unwrap_or_default();
        if number < limit && taken.insert(index) {
            drawn.push(index);
        }
    }
    drawn
}

/// Returns one number of 64 bits of a seed's stream.
fn number(seed: &Hash, counter: u64) -> u64 {
    let mut hasher = Hasher::new();
    hasher.update(DRAW_DOMAIN);
    hasher.update(seed.as_bytes());
    hasher.update(&counter.to_be_bytes());
    let digest = hasher.finish();
    let bytes = digest.as_bytes().first_chunk().copied();
    u64::from_be_bytes(bytes.unwrap_or_default())
}
