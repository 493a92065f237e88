//! Verifying proofs, step by step as RFC 9162 numbers them.

use crate::hash::Hash;

use super::empty_root;
use super::node_hash;

/// Why a proof does not prove what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// There is no such leaf.
    #[error("leaf {index} is beyond a tree of {size} leaves")]
    Index {
        /// The leaf.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The proof is too short or too long.
    #[error("the proof has {found} hashes, which is too {}", if *.long { "many" } else { "few" })]
    Length {
        /// How many hashes it has.
        found: usize,
        /// Whether that is too many.
        long: bool,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {found}, not {expected}")]
    Root {
        /// The root to be proved.
        expected: Hash,
        /// The root that it leads to.
        found: Hash,
    },
    /// The larger tree is the smaller one.
    #[error("a tree of {old} leaves cannot be a prefix of one of {new}")]
    Shrunk {
        /// The size of the older tree.
        old: u64,
        /// The size of the newer tree.
        new: u64,
    },
}

/// Checks that `leaf` is the leaf `index` of the tree of `size` leaves with that root
/// (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let length = |long| ProofError::Length {
        found: proof.len(),
        long,
    };
    // 1. Compare leaf_index from the inclusion_proof against tree_size.
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    // 2. Set fn to leaf_index and sn to tree_size - 1.
    let (mut fn_, mut sn) = (index, size.saturating_sub(1));
    // 3. Set r to hash.
    let mut r = *leaf;
    // 4. For each value p in the inclusion_path array:
    for p in proof {
        // 4.a. If sn is 0, then stop and fail.
        if sn == 0 {
            return Err(length(true));
        }
        if fn_ & 1 == 1 || fn_ == sn {
            // 4.b. If LSB(fn) is set, or if fn is equal to sn: hash from the left, then
            // shift until LSB(fn) is set or fn is 0.
            r = node_hash(p, &r);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            // Otherwise hash from the right.
            r = node_hash(&r, p);
        }
        // 4.c. Finally, right-shift both fn and sn one time.
        fn_ >>= 1;
        sn >>= 1;
    }
    // 5. Compare sn to 0, and r to the root_hash.
    if sn != 0 {
        return Err(length(false));
    }
    same_root(root, &r)
}

/// Checks that the tree of `old` leaves is a prefix of that of `new` leaves
/// (RFC 9162, 2.1.4.2, and that a tree is consistent with itself and the empty tree
/// with every tree, by an empty proof).
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let length = |long| ProofError::Length {
        found: proof.len(),
        long,
    };
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(length(true));
        }
        let expected = if old == 0 { empty_root() } else { *new_root };
        return same_root(&expected, old_root);
    }
    // 1. If consistency_path is an empty array, stop and fail.
    // 2. If first is an exact power of 2, then prepend first_hash to the path.
    let mut path = proof.iter();
    let seed = if old.is_power_of_two() {
        if proof.is_empty() {
            return Err(length(false));
        }
        old_root
    } else {
        path.next().ok_or_else(|| length(false))?
    };
    // 3. Set fn to first - 1 and sn to second - 1.
    let (mut fn_, mut sn) = (old.saturating_sub(1), new.saturating_sub(1));
    // 4. If LSB(fn) is set, then right-shift both until LSB(fn) is not set.
    while fn_ & 1 == 1 {
        fn_ >>= 1;
        sn >>= 1;
    }
    // 5. Set both fr and sr to the first value in the path.
    let (mut fr, mut sr) = (*seed, *seed);
    // 6. For each subsequent value c in the path:
    for c in path {
        // 6.a. If sn is 0, then stop and fail.
        if sn == 0 {
            return Err(length(true));
        }
        if fn_ & 1 == 1 || fn_ == sn {
            // 6.b. Hash from the left into both; shift until LSB(fn) is set or fn is 0.
            fr = node_hash(c, &fr);
            sr = node_hash(c, &sr);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            // Otherwise hash from the right into sr alone.
            sr = node_hash(&sr, c);
        }
        // 6.c. Finally, right-shift both fn and sn one time.
        fn_ >>= 1;
        sn >>= 1;
    }
    // 7. Verify that fr is first_hash, sr is second_hash and sn is 0.
    if sn != 0 {
        return Err(length(false));
    }
    same_root(old_root, &fr)?;
    same_root(new_root, &sr)
}

pub(super) fn same_root(expected: &Hash, found: &Hash) -> Result<(), ProofError> {
    if expected == found {
        return Ok(());
    }
    Err(ProofError::Root {
        expected: *expected,
        found: *found,
    })
}
