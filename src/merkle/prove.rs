//! Making proofs from the nodes of a tree (RFC 6962, 2.1.1 and 2.1.2).

use crate::hash::Hash;

use super::empty_root;
use super::node_hash;
use super::split;

/// Gives the hashes of a tree's nodes.
pub trait NodeReader {
    /// Why a node cannot be had.
    type Error;

    /// Returns the node of that level and index, which the tree is large enough to have.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

impl<F, E> NodeReader for F
where
    F: FnMut(u32, u64) -> Result<Hash, E>,
{
    type Error = E;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, E> {
        self(level, index)
    }
}

/// Returns the root of the first `size` leaves.
pub fn root_of<R: NodeReader>(size: u64, reader: &mut R) -> Result<Hash, R::Error> {
    if size == 0 {
        return Ok(empty_root());
    }
    subtree(0, size, reader)
}

/// Proves that leaf `index` is in the tree of `size` leaves: the siblings on its path,
/// lowest first. `None` if there is no such leaf.
pub fn prove_inclusion<R: NodeReader>(
    index: u64,
    size: u64,
    reader: &mut R,
) -> Result<Option<Vec<Hash>>, R::Error> {
    if index >= size {
        return Ok(None);
    }
    let mut path = Vec::new();
    let (mut start, mut end) = (0_u64, size);
    while end.saturating_sub(start) > 1 {
        let middle = start.saturating_add(split(end.saturating_sub(start)));
        if index < middle {
            path.push(subtree(middle, end, reader)?);
            end = middle;
        } else {
            path.push(subtree(start, middle, reader)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// Proves that the tree of `old` leaves is a prefix of that of `new` leaves. `None` if
/// `old` is larger; empty if they are the same or `old` is 0.
pub fn prove_consistency<R: NodeReader>(
    old: u64,
    new: u64,
    reader: &mut R,
) -> Result<Option<Vec<Hash>>, R::Error> {
    if old > new {
        return Ok(None);
    }
    if old == 0 || old == new {
        return Ok(Some(Vec::new()));
    }
    let mut proof = Vec::new();
    let (mut start, mut end) = (0_u64, new);
    // The subtree [start, end) holds the edge of the old tree until it ends there.
    while end != old {
        let middle = start.saturating_add(split(end.saturating_sub(start)));
        if old <= middle {
            proof.push(subtree(middle, end, reader)?);
            end = middle;
        } else {
            proof.push(subtree(start, middle, reader)?);
            start = middle;
        }
    }
    // The verifier knows the old root; it needs the last subtree only if that is another.
    if start > 0 {
        proof.push(subtree(start, end, reader)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Returns the root over leaves [start, end), of which there is at least one and `start`
/// is a multiple of a power of two not below the length.
pub(super) fn subtree<R: NodeReader>(
    start: u64,
    end: u64,
    reader: &mut R,
) -> Result<Hash, R::Error> {
    let size = end.saturating_sub(start);
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return reader.node(level, start.checked_shr(level).unwrap_or_default());
    }
    let middle = start.saturating_add(split(size));
    let left = subtree(start, middle, reader)?;
    let right = subtree(middle, end, reader)?;
    Ok(node_hash(&left, &right))
}
