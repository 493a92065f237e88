//! Merkle trees of RFC 6962, and the strict verifiers of RFC 9162.
//!
//! Specified in `specs/log.md`, section "Trees". Nodes are named by level and index: the
//! node (l, i) is the root over leaves [i * 2^l, (i + 1) * 2^l), and exists only where
//! all of these leaves do.
//!
//! The verifiers accept exactly one proof for each statement: no surplus hash, no index
//! beyond the tree. That makes a proof's bytes as good as what it proves.

mod frontier;
mod prove;
mod set;
mod verify;

use crate::hash::HASH_SIZE;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::hash::sha256;

pub use frontier::Frontier;
pub use prove::{NodeReader, prove_consistency, prove_inclusion, root_of};
pub use set::{prove_set, verify_set};
pub use verify::{ProofError, verify_consistency, verify_inclusion};

/// What stands before an entry where it is hashed as a leaf (RFC 6962, 2.1).
const LEAF_PREFIX: u8 = 0;

/// What stands before two children where they are hashed as a node (RFC 6962, 2.1).
const NODE_PREFIX: u8 = 1;

/// The hash of a leaf: SHA-256 of a zero byte and the entry (RFC 6962, 2.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hasher = Hasher::new();
    hasher.update(&[LEAF_PREFIX]);
    hasher.update(entry);
    hasher.finish()
}

/// The hash of a node: SHA-256 of a one byte and its children (RFC 6962, 2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // In one piece: there are as many nodes as leaves.
    let mut message = [NODE_PREFIX; 1 + 2 * HASH_SIZE];
    let hashes = left.as_bytes().iter().chain(right.as_bytes());
    for (to, from) in message.iter_mut().skip(1).zip(hashes) {
        *to = *from;
    }
    sha256(&message)
}

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962, 2.1).
pub fn empty_root() -> Hash {
    sha256(b"")
}

/// The root over `leaves`, which are leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// The largest power of two below `size`, which is at least 2: where a tree splits.
fn split(size: u64) -> u64 {
    size.saturating_sub(1)
        .checked_ilog2()
        .and_then(|bits| 1_u64.checked_shl(bits))
        .unwrap_or(1)
}

#[cfg(test)]
mod tests;
