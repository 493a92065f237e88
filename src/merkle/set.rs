//! One proof for many leaves: what a bundle carries.
//!
//! The proof holds, from left to right, the root of every largest subtree without a leaf
//! of the set. Nothing in it can be derived from the rest, so it has one length.

use crate::hash::Hash;

use super::NodeReader;
use super::ProofError;
use super::empty_root;
use super::node_hash;
use super::prove::subtree;
use super::split;
use super::verify::same_root;

/// Proves the leaves `indices`, sorted and each once, in the tree of `size` leaves.
/// `None` if they are not sorted or one is beyond the tree.
pub fn prove_set<R: NodeReader>(
    indices: &[u64],
    size: u64,
    reader: &mut R,
) -> Result<Option<Vec<Hash>>, R::Error> {
    let sorted = indices.is_sorted_by(|one, next| one < next);
    if !sorted || indices.last().is_some_and(|last| *last >= size) {
        return Ok(None);
    }
    let mut proof = Vec::new();
    if size > 0 {
        collect(indices, 0, size, reader, &mut proof)?;
    }
    Ok(Some(proof))
}

/// Checks that `leaves`, pairs of index and leaf hash, sorted and each once, are leaves
/// of the tree of `size` leaves with that root.
pub fn verify_set(
    leaves: &[(u64, Hash)],
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let mut last = None;
    for (index, _) in leaves {
        if *index >= size || last.is_some_and(|last| last >= *index) {
            return Err(ProofError::Index {
                index: *index,
                size,
            });
        }
        last = Some(*index);
    }
    let mut rest = proof.iter();
    let found = if size == 0 {
        Some(empty_root())
    } else {
        rebuild(leaves, 0, size, &mut rest)
    };
    let length = |long| ProofError::Length {
        found: proof.len(),
        long,
    };
    let found = found.ok_or_else(|| length(false))?;
    if rest.next().is_some() {
        return Err(length(true));
    }
    same_root(root, &found)
}

fn collect<R: NodeReader>(
    indices: &[u64],
    start: u64,
    end: u64,
    reader: &mut R,
    proof: &mut Vec<Hash>,
) -> Result<(), R::Error> {
    if indices.is_empty() {
        proof.push(subtree(start, end, reader)?);
        return Ok(());
    }
    let size = end.saturating_sub(start);
    if size == 1 {
        return Ok(());
    }
    let middle = start.saturating_add(split(size));
    let (left, right) = indices.split_at(indices.partition_point(|index| *index < middle));
    collect(left, start, middle, reader, proof)?;
    collect(right, middle, end, reader, proof)
}

fn rebuild<'p>(
    leaves: &[(u64, Hash)],
    start: u64,
    end: u64,
    proof: &mut impl Iterator<Item = &'p Hash>,
) -> Option<Hash> {
    let size = end.saturating_sub(start);
    match leaves {
        [] => return proof.next().copied(),
        [(_, leaf)] if size == 1 => return Some(*leaf),
        _ => {}
    }
    let middle = start.saturating_add(split(size));
    let (left, right) = leaves.split_at(leaves.partition_point(|(index, _)| *index < middle));
    let left = rebuild(left, start, middle, proof)?;
    let right = rebuild(right, middle, end, proof)?;
    Some(node_hash(&left, &right))
}
