//! A growing tree of which only the right edge is kept.

use serde::Deserialize;
use serde::Serialize;

use crate::hash::Hash;

use super::empty_root;
use super::node_hash;

/// The roots of the perfect subtrees that a tree consists of, largest first: all that is
/// needed to append to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// Starts with no leaves.
    pub const fn new() -> Self {
        Self {
            size: 0,
            nodes: Vec::new(),
        }
    }

    /// Returns the tree of `size` leaves with these perfect subtrees, largest first, or
    /// `None` if there are not as many as the size has.
    pub fn from_nodes(size: u64, nodes: Vec<Hash>) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?;
        (nodes.len() == expected).then_some(Self { size, nodes })
    }

    /// Adds a leaf. Calls `made` with level, index and hash of every node that this
    /// completes, the leaf first.
    pub fn push_with(&mut self, leaf: Hash, mut made: impl FnMut(u32, u64, Hash)) {
        let (mut node, mut index, mut level) = (leaf, self.size, 0_u32);
        made(level, index, node);
        while index & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            node = node_hash(&left, &node);
            index >>= 1;
            level = level.saturating_add(1);
            made(level, index, node);
        }
        self.nodes.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _, _| ());
    }

    /// Returns the number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the perfect subtrees' roots, largest first.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Returns the tree's root.
    pub fn root(&self) -> Hash {
        self.nodes
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}
