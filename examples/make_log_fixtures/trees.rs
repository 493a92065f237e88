//! `log/inclusion` and `log/consistency`, over the entries of RFC 6962's known answers.

use standstill::encoding::hex;
use standstill::hash::Hash;
use standstill::merkle::{empty_root, leaf_hash, prove_consistency, prove_inclusion, root};

use super::{Set, about, lines, nodes};

/// The eight entries of the known answers, in hexadecimal.
const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

fn known(size: usize) -> Vec<Hash> {
    let leaf = |entry: &&str| leaf_hash(&hex::decode(entry).unwrap());
    ENTRIES[..size].iter().map(leaf).collect()
}

pub fn make(set: &mut Set) {
    inclusion(set);
    consistency(set);
}

/// What is to be proved: a leaf's number, the index claimed, the size claimed, and the
/// size of the tree whose root is claimed.
struct Claim {
    leaf: usize,
    index: u64,
    size: u64,
    tree: usize,
}

fn path(index: u64, size: usize) -> Vec<Hash> {
    let leaves = known(size);
    let size = u64::try_from(size).unwrap();
    prove_inclusion(index, size, &mut nodes(&leaves))
        .unwrap()
        .unwrap()
}

fn inclusion(set: &mut Set) {
    let mut add = |name: &str, expect, what, claim: &Claim, path: &[Hash]| {
        let (leaf, root) = (known(8)[claim.leaf], root(&known(claim.tree)));
        let more = [
            ("leaf", leaf.to_string()),
            ("index", claim.index.to_string()),
            ("size", claim.size.to_string()),
            ("root", root.to_string()),
        ];
        let more: Vec<(&str, &str)> = more.iter().map(|(key, value)| (*key, &**value)).collect();
        let about = about("log-17", expect, what);
        set.add(&format!("log/inclusion/{name}"), about, &more, lines(path));
    };
    let of = |leaf: usize, tree: usize| {
        let number = |n: usize| u64::try_from(n).unwrap();
        Claim {
            leaf,
            index: number(leaf),
            size: number(tree),
            tree,
        }
    };
    for (leaf, tree) in [
        (0, 1),
        (0, 2),
        (1, 2),
        (2, 3),
        (0, 3),
        (4, 5),
        (5, 7),
        (6, 7),
        (0, 8),
        (5, 8),
        (7, 8),
    ] {
        let index = u64::try_from(leaf).unwrap();
        add(
            &format!("{leaf}_of_{tree}"),
            "ok",
            "a leaf of a known tree",
            &of(leaf, tree),
            &path(index, tree),
        );
    }
    let good = path(5, 7);
    let changed = |at: usize| {
        let mut path = good.clone();
        path[at] = leaf_hash(b"another");
        path
    };
    let swapped = vec![good[1], good[0], good[2]];
    add(
        "size_of_same_shape",
        "ok",
        "a path does not bind the size: the checkpoint must",
        &Claim {
            size: 4,
            ..of(0, 3)
        },
        &path(0, 3),
    );
    add(
        "hash_surplus",
        "length",
        "a hash too many",
        &of(5, 7),
        &[&good[..], &good[..1]].concat(),
    );
    add(
        "hash_surplus_of_one",
        "length",
        "a hash where the leaf is the root",
        &of(0, 1),
        &good[..1],
    );
    add(
        "hash_missing",
        "length",
        "a hash too few",
        &of(5, 7),
        &good[..2],
    );
    add("hash_none", "length", "no hash", &of(5, 7), &[]);
    add(
        "hash_changed_first",
        "root",
        "another sibling",
        &of(5, 7),
        &changed(0),
    );
    add(
        "hash_changed_last",
        "root",
        "another half of the tree",
        &of(5, 7),
        &changed(2),
    );
    add(
        "hashes_swapped",
        "root",
        "the right hashes in another order",
        &of(5, 7),
        &swapped,
    );
    add(
        "index_of_sibling",
        "root",
        "the index of the sibling",
        &Claim {
            index: 4,
            ..of(5, 7)
        },
        &good,
    );
    add(
        "index_of_size",
        "index",
        "an index beyond the tree",
        &Claim {
            index: 7,
            ..of(5, 7)
        },
        &good,
    );
    add(
        "index_beyond_of_last",
        "index",
        "an index beyond a tree whose last leaf it is",
        &Claim {
            index: 4,
            ..of(0, 3)
        },
        &path(0, 3),
    );
    add(
        "index_largest",
        "index",
        "2^64 - 1",
        &Claim {
            index: u64::MAX,
            ..of(5, 7)
        },
        &good,
    );
    add(
        "size_0",
        "index",
        "no leaf is in the empty tree",
        &Claim {
            size: 0,
            ..of(0, 0)
        },
        &[],
    );
    add(
        "size_larger",
        "length",
        "a larger tree has a longer path",
        &Claim {
            size: 9,
            ..of(5, 8)
        },
        &path(5, 8),
    );
    add(
        "size_largest",
        "length",
        "2^64 - 1",
        &Claim {
            size: u64::MAX,
            ..of(5, 7)
        },
        &good,
    );
    add(
        "root_of_other_tree",
        "root",
        "the root of a tree with one leaf more",
        &Claim {
            tree: 8,
            ..of(5, 7)
        },
        &good,
    );
    add(
        "leaf_other",
        "root",
        "another leaf",
        &Claim {
            leaf: 4,
            ..of(5, 7)
        },
        &good,
    );
    add(
        "node_as_leaf",
        "length",
        "an inner node is no leaf: its path is too short",
        &of(0, 8),
        &path(0, 8)[1..],
    );
}

fn consistency(set: &mut Set) {
    let proof = |old: usize, new: usize| {
        let number = |n: usize| u64::try_from(n).unwrap();
        prove_consistency(number(old), number(new), &mut nodes(&known(new)))
            .unwrap()
            .unwrap()
    };
    let mut add = |name: &str, expect, what, old: (u64, Hash), new: (u64, Hash), path: &[Hash]| {
        let more = [
            ("old", old.0.to_string()),
            ("old-root", old.1.to_string()),
            ("new", new.0.to_string()),
            ("new-root", new.1.to_string()),
        ];
        let more: Vec<(&str, &str)> = more.iter().map(|(key, value)| (*key, &**value)).collect();
        let about = about("log-18", expect, what);
        set.add(
            &format!("log/consistency/{name}"),
            about,
            &more,
            lines(path),
        );
    };
    let tree = |size: usize| (u64::try_from(size).unwrap(), root(&known(size)));
    for (old, new) in [
        (1, 2),
        (1, 8),
        (2, 3),
        (2, 5),
        (3, 4),
        (3, 7),
        (4, 8),
        (6, 7),
        (6, 8),
        (7, 8),
    ] {
        add(
            &format!("{old}_to_{new}"),
            "ok",
            "two known trees",
            tree(old),
            tree(new),
            &proof(old, new),
        );
    }
    add(
        "0_to_8",
        "ok",
        "the empty tree is a prefix of every tree",
        tree(0),
        tree(8),
        &[],
    );
    add(
        "0_to_0",
        "ok",
        "the empty tree, twice",
        tree(0),
        tree(0),
        &[],
    );
    add(
        "8_to_8",
        "ok",
        "the same tree, twice",
        tree(8),
        tree(8),
        &[],
    );
    let good = proof(3, 7);
    let other = leaf_hash(b"another");
    let changed = |at: usize| {
        let mut path = good.clone();
        path[at] = other;
        path
    };
    add(
        "0_to_8_hash",
        "length",
        "a hash where none is needed",
        tree(0),
        tree(8),
        &[other],
    );
    add(
        "0_root_other",
        "root",
        "a size of 0 with another root",
        (0, other),
        tree(8),
        &[],
    );
    add(
        "0_root_zeros",
        "root",
        "the root that Go's tlog gives the empty tree",
        (0, Hash::from_bytes([0; 32])),
        tree(8),
        &[],
    );
    add(
        "8_to_8_hash",
        "length",
        "a hash where none is needed",
        tree(8),
        tree(8),
        &[other],
    );
    add(
        "8_to_8_fork",
        "root",
        "two trees of one size",
        (8, other),
        tree(8),
        &[],
    );
    add(
        "8_to_3",
        "shrunk",
        "a log that lost entries",
        tree(8),
        tree(3),
        &[],
    );
    add(
        "8_to_0",
        "shrunk",
        "a log that lost all",
        tree(8),
        (0, empty_root()),
        &[],
    );
    add(
        "hash_surplus",
        "length",
        "a hash too many",
        tree(3),
        tree(7),
        &[&good[..], &[other]].concat(),
    );
    add(
        "hash_missing",
        "length",
        "a hash too few",
        tree(3),
        tree(7),
        &good[..good.len() - 1],
    );
    add("hash_none", "length", "no hash", tree(3), tree(7), &[]);
    add(
        "hash_none_of_power",
        "length",
        "no hash, from a power of two",
        tree(4),
        tree(8),
        &[],
    );
    add(
        "hash_changed_first",
        "root",
        "another hash",
        tree(3),
        tree(7),
        &changed(0),
    );
    add(
        "hash_changed_last",
        "root",
        "another hash",
        tree(3),
        tree(7),
        &changed(good.len() - 1),
    );
    add(
        "old_root_in_path",
        "length",
        "a power of two with its own root in the path",
        tree(4),
        tree(8),
        &[&[root(&known(4))], &proof(4, 8)[..]].concat(),
    );
    add(
        "old_root_other",
        "root",
        "a tree that the log never had",
        (3, other),
        tree(7),
        &good,
    );
    add(
        "old_root_other_of_power",
        "root",
        "the same, from a power of two",
        (4, other),
        tree(8),
        &proof(4, 8),
    );
    add(
        "new_root_other",
        "root",
        "a tree that is not continued",
        tree(3),
        (7, other),
        &good,
    );
    add(
        "old_size_other",
        "root",
        "the proof from another size of the same shape",
        (5, tree(3).1),
        tree(7),
        &good,
    );
    add(
        "new_largest",
        "length",
        "to 2^64 - 1 leaves",
        tree(3),
        (u64::MAX, other),
        &good,
    );
}
