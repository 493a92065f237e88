//! The largest of many sums, to each of which amounts are added and taken away again.
//!
//! A segment tree: adding to a range of `n` sums, or asking for the largest of all, takes
//! in the order of `log n` steps.

use std::ops::Range;

use num_bigint::BigInt;

/// Sums by their number, all 0 at first.
#[derive(Debug)]
pub(super) struct Sums {
    /// How many there are.
    count: usize,
    /// Of each node, what was added to all below it; the root is node 1, the children of
    /// node `n` are `2n` and `2n + 1`.
    added: Vec<BigInt>,
    /// Of each node, the largest sum below it, without what was added above it.
    largest: Vec<BigInt>,
}

impl Sums {
    /// Makes `count` sums, at least one.
    pub(super) fn new(count: usize) -> Self {
        let count = count.max(1);
        let nodes = count.next_power_of_two().saturating_mul(2);
        Self {
            count,
            added: vec![BigInt::ZERO; nodes],
            largest: vec![BigInt::ZERO; nodes],
        }
    }

    /// Adds to the sums of a range.
    pub(super) fn add(&mut self, range: &Range<usize>, amount: &BigInt) {
        if !range.is_empty() && *amount != BigInt::ZERO {
            self.add_below(1, 0..self.count, range, amount);
        }
    }

    /// Returns the largest.
    pub(super) fn largest(&self) -> &BigInt {
        self.largest.get(1).unwrap_or(&BigInt::ZERO)
    }

    fn add_below(
        &mut self,
        node: usize,
        below: Range<usize>,
        range: &Range<usize>,
        amount: &BigInt,
    ) {
        if range.end <= below.start || below.end <= range.start {
            return;
        }
        if range.start <= below.start && below.end <= range.end {
            if let (Some(added), Some(largest)) =
                (self.added.get_mut(node), self.largest.get_mut(node))
            {
                *added += amount;
                *largest += amount;
            }
            return;
        }
        let middle = usize::midpoint(below.start, below.end);
        let left = node.saturating_mul(2);
        let right = left.saturating_add(1);
        self.add_below(left, below.start..middle, range, amount);
        self.add_below(right, middle..below.end, range, amount);
        let children = self.largest.get(left).max(self.largest.get(right));
        let largest = match (children, self.added.get(node)) {
            (Some(children), Some(added)) => children + added,
            _ => return,
        };
        if let Some(known) = self.largest.get_mut(node) {
            *known = largest;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_largest_is_that_of_a_plain_list(
            count in 1_usize..40,
            changes in prop::collection::vec((0_usize..40, 0_usize..40, -9_i64..9), 0..60),
        ) {
            let mut sums = Sums::new(count);
            let mut plain = vec![0; count];
            for (start, end, amount) in changes {
                let range = start.min(count)..end.min(count);
                sums.add(&range, &BigInt::from(amount));
                for sum in plain.iter_mut().take(range.end).skip(range.start) {
                    *sum += amount;
                }
                prop_assert_eq!(sums.largest(), &BigInt::from(*plain.iter().max().unwrap()));
            }
        }
    }
}
