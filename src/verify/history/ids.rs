//! The ids of a stream's statements, by sequence.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::StatementId;
use crate::encoding::Raw;
use crate::hash::HASH_SIZE;
use crate::hash::Hash;

/// Ids in one block: blocks are never moved, so that a long stream takes 32 bytes a
/// statement and not the double while it grows.
const BLOCK: usize = 1024;

/// The bytes of a block.
const BLOCK_SIZE: usize = BLOCK * HASH_SIZE;

/// The most statements that may be missing before one that is there. Beyond it the ids
/// that follow are not kept: an adversary may claim any sequence.
const MAX_HOLE: u64 = 1 << 20;

/// The ids of the statements of one stream, with holes where none is known.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Ids {
    /// Every block but the last is full; ids one after the other.
    blocks: Vec<Raw>,
    length: u64,
    /// Where runs of unknown ids begin, and how long they are; rising.
    holes: Vec<(u64, u64)>,
}

impl Ids {
    /// Returns the sequence after the last that is known.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether none is known.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the id at a sequence.
    pub fn get(&self, sequence: u64) -> Option<StatementId> {
        if sequence >= self.length {
            return None;
        }
        let after = self.holes.partition_point(|(start, _)| *start <= sequence);
        let mut skipped = 0_u64;
        for (start, length) in self.holes.get(..after)? {
            if sequence < start.saturating_add(*length) {
                return None;
            }
            skipped = skipped.saturating_add(*length);
        }
        let at = usize::try_from(sequence.checked_sub(skipped)?).ok()?;
        let (ids, _) = self.blocks.get(at.checked_div(BLOCK)?)?.as_chunks();
        let id = ids.get(at.checked_rem(BLOCK)?)?;
        Some(StatementId::from(Hash::from_bytes(*id)))
    }

    /// Returns all that are known, in their order.
    pub fn iter(&self) -> impl Iterator<Item = StatementId> {
        let ids = self.blocks.iter().flat_map(|block| block.as_chunks().0);
        ids.map(|id| StatementId::from(Hash::from_bytes(*id)))
    }

    /// Returns the runs of sequences that are known without a hole, each by its first and
    /// its last.
    pub fn runs(&self) -> impl Iterator<Item = (u64, u64)> {
        let holes = self.holes.iter().copied();
        let mut start = 0;
        holes.chain([(self.length, 0)]).filter_map(move |hole| {
            let (first, until) = (start, hole.0);
            start = until.saturating_add(hole.1);
            let last = until.checked_sub(1)?;
            (first <= last).then_some((first, last))
        })
    }

    /// Keeps the id at a sequence at or after [`Self::len`]; what lies between is a hole.
    pub fn set(&mut self, sequence: u64, id: StatementId) {
        let Some(hole) = sequence.checked_sub(self.length) else {
            return;
        };
        if hole > MAX_HOLE {
            return;
        }
        if hole > 0 {
            self.holes.push((self.length, hole));
        }
        let full = |block: &Raw| block.len() >= BLOCK_SIZE;
        if self.blocks.last().is_none_or(full) {
            self.blocks.push(Raw(Vec::with_capacity(BLOCK_SIZE)));
        }
        if let Some(Raw(block)) = self.blocks.last_mut() {
            block.extend_from_slice(id.hash().as_bytes());
        }
        self.length = sequence.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;

    fn id(number: u64) -> StatementId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        StatementId::from(Hash::from_bytes(bytes))
    }

    #[test]
    fn every_id_is_found_where_it_was_put_and_holes_have_none() {
        let mut ids = Ids::default();
        let known = |number: u64| number % 7 != 3 && !(2000..2500).contains(&number);
        for number in (0..5000).filter(|number| known(*number)) {
            ids.set(number, id(number));
        }
        for number in 0..5000 {
            let expected = known(number).then(|| id(number));
            assert_eq!(ids.get(number), expected, "{number}");
        }
        assert_eq!(ids.get(5000), None);
    }

    #[test]
    fn runs_are_what_lies_between_holes() {
        let runs = |known: &[u64]| {
            let mut ids = Ids::default();
            for number in known {
                ids.set(*number, id(*number));
            }
            ids.runs().collect::<Vec<_>>()
        };
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[0]), [(0, 0)]);
        assert_eq!(runs(&[3, 4]), [(3, 4)]);
        assert_eq!(runs(&[0, 1, 2, 7, 9, 10]), [(0, 2), (7, 7), (9, 10)]);
    }

    #[test]
    fn a_claim_of_a_far_sequence_takes_no_room() {
        let mut ids = Ids::default();
        ids.set(u64::MAX, id(1));
        assert!(ids.is_empty());
        ids.set(MAX_HOLE, id(2));
        assert_eq!(ids.get(MAX_HOLE), Some(id(2)));
    }
}
