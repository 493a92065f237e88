//! Other crates as oracles, and proofs that must be refused.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// The nodes of the tree over the first `size` of [`leaves`].
fn reader(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
    let leaves = leaves.to_vec();
    move |level, index| {
        let (width, index) = (1_usize << level, usize::try_from(index).unwrap());
        Ok(root(&leaves[index * width..(index + 1) * width]))
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn every_inclusion_proof_verifies_and_no_altered_one_does() {
    for size in 1..40_u64 {
        let leaves = leaves(size);
        let tree = root(&leaves);
        for index in 0..size {
            let leaf = leaves[usize::try_from(index).unwrap()];
            let proof = prove_inclusion(index, size, &mut reader(&leaves))
                .unwrap()
                .unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &tree), Ok(()));

            let mut surplus = proof.clone();
            surplus.push(tree);
            assert!(verify_inclusion(&leaf, index, size, &surplus, &tree).is_err());
            if let Some((_, short)) = proof.split_last() {
                assert!(verify_inclusion(&leaf, index, size, short, &tree).is_err());
            }
            for other in (0..size + 9).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, size, &proof, &tree).is_err());
            }
            for at in 0..proof.len() {
                let mut altered = proof.clone();
                altered[at] = leaf_hash(b"altered");
                assert!(verify_inclusion(&leaf, index, size, &altered, &tree).is_err());
            }
        }
    }
}

#[test]
fn every_consistency_proof_verifies_and_no_altered_one_does() {
    for new in 0..40_u64 {
        let leaves = leaves(new);
        let new_root = root(&leaves);
        for old in 0..=new {
            let old_root = root(&leaves[..usize::try_from(old).unwrap()]);
            let proof = prove_consistency(old, new, &mut reader(&leaves))
                .unwrap()
                .unwrap();
            let check = |proof: &[Hash]| verify_consistency(old, &old_root, new, &new_root, proof);
            assert_eq!(check(&proof), Ok(()), "{old} to {new}");

            let mut surplus = proof.clone();
            surplus.push(new_root);
            assert!(check(&surplus).is_err());
            if let Some((_, short)) = proof.split_last() {
                assert!(check(short).is_err());
            }
            for at in 0..proof.len() {
                let mut altered = proof.clone();
                altered[at] = leaf_hash(b"altered");
                assert!(check(&altered).is_err());
            }
            let other = leaf_hash(b"other");
            assert!(verify_consistency(old, &other, new, &new_root, &proof).is_err());
            if old > 0 {
                assert!(verify_consistency(old, &old_root, new, &other, &proof).is_err());
            }
        }
    }
    let (small, large) = (root(&leaves(3)), root(&leaves(5)));
    assert!(verify_consistency(5, &large, 3, &small, &[]).is_err());
}

#[test]
fn a_proof_of_many_leaves_verifies_and_no_altered_one_does() {
    for size in 0..10_u64 {
        let leaves = leaves(size);
        let tree = root(&leaves);
        for subset in 0..1_u64 << size {
            let indices: Vec<u64> = (0..size).filter(|i| subset >> i & 1 == 1).collect();
            let proof = prove_set(&indices, size, &mut reader(&leaves))
                .unwrap()
                .unwrap();
            let chosen: Vec<(u64, Hash)> = indices
                .iter()
                .map(|i| (*i, leaves[usize::try_from(*i).unwrap()]))
                .collect();
            assert_eq!(verify_set(&chosen, size, &proof, &tree), Ok(()));

            let mut surplus = proof.clone();
            surplus.push(tree);
            assert!(verify_set(&chosen, size, &surplus, &tree).is_err());
            if let Some((_, short)) = proof.split_last() {
                assert!(verify_set(&chosen, size, short, &tree).is_err());
            }
            if let Some((_, fewer)) = chosen.split_last() {
                assert!(verify_set(fewer, size, &proof, &tree).is_err());
            }
            let moved: Vec<_> = chosen.iter().map(|(i, leaf)| (i + 1, *leaf)).collect();
            assert!(moved.is_empty() || verify_set(&moved, size, &proof, &tree).is_err());
        }
    }
}

/// What `rs_merkle` calls a hasher, with the prefixes of RFC 6962.
#[derive(Clone)]
struct Rfc6962;

impl rs_merkle::Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        *leaf_hash(data).as_bytes()
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        match right {
            Some(right) => {
                *node_hash(&Hash::from_bytes(*left), &Hash::from_bytes(*right)).as_bytes()
            }
            None => *left,
        }
    }
}

proptest! {
    #[test]
    fn rs_merkle_agrees(size in 1_u64..300, pick in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let raw: Vec<[u8; 32]> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        let theirs = rs_merkle::MerkleTree::<Rfc6962>::from_leaves(&raw);
        let root = root(&leaves);
        prop_assert_eq!(theirs.root(), Some(*root.as_bytes()));
        let index = pick.index(leaves.len());
        let proof: Vec<Hash> = theirs
            .proof(&[index])
            .proof_hashes()
            .iter()
            .map(|hash| Hash::from_bytes(*hash))
            .collect();
        let index = u64::try_from(index).unwrap();
        let leaf = leaves[pick.index(leaves.len())];
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
    }

    #[test]
    fn ct_merkle_agrees(old in 1_u64..200, more in 1_u64..200) {
        let new = old + more;
        let mut tree = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for n in 0..new {
            tree.push(n.to_be_bytes().to_vec());
        }
        let leaves = leaves(new);
        let old_leaves = &leaves[..usize::try_from(old).unwrap()];
        let theirs = tree.prove_consistency(usize::try_from(more).unwrap());
        let theirs: Vec<Hash> = theirs
            .as_bytes()
            .chunks(32)
            .map(|chunk| Hash::from_bytes(chunk.try_into().unwrap()))
            .collect();
        let ours = prove_consistency(old, new, &mut reader(&leaves)).unwrap().unwrap();
        prop_assert_eq!(&ours, &theirs);
        let (old_root, new_root) = (root(old_leaves), root(&leaves));
        let their_root = tree.root();
        prop_assert_eq!(their_root.as_bytes().as_slice(), new_root.as_bytes().as_slice());
        prop_assert_eq!(verify_consistency(old, &old_root, new, &new_root, &theirs), Ok(()));
    }
}
