//! What amounts of stretches of time come to over a longer one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;

use num_bigint::BigUint;

use crate::time::Period;
use crate::time::UnixSeconds;

/// How amounts of several periods come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// They add up.
    Sum,
    /// They are maxima of their periods: the largest is that of all.
    Largest,
}

impl Fold {
    fn add(self, one: BigUint, other: BigUint) -> BigUint {
        match self {
            Self::Sum => one + other,
            Self::Largest => one.max(other),
        }
    }
}

/// Returns the least that amounts come to of which the periods together cover `time`; each
/// counts whole. `None` if they leave a hole.
pub(super) fn least_cover(
    fold: Fold,
    time: Period,
    mut amounts: Vec<(Period, BigUint)>,
) -> Option<BigUint> {
    amounts.retain(|(period, _)| period.intersection(time).is_some());
    amounts.sort_by_key(|(period, _)| period.start());
    // What has been covered up to when, the cheapest first. Starts only rise: what ends
    // before one of them is of no more use.
    let mut reached = BinaryHeap::from([Reverse((BigUint::ZERO, time.start()))]);
    let cheapest = |reached: &mut BinaryHeap<Reverse<(BigUint, UnixSeconds)>>, from| {
        while let Some(Reverse((amount, end))) = reached.peek() {
            if *end >= from {
                return Some(amount.clone());
            }
            reached.pop();
        }
        None
    };
    for (period, amount) in amounts {
        let from = period.start().max(time.start());
        let before = cheapest(&mut reached, from)?;
        reached.push(Reverse((fold.add(before, amount), period.end())));
    }
    cheapest(&mut reached, time.end())
}

/// Returns the most that amounts come to within `time` of which no two periods overlap.
pub(super) fn most_packed(
    fold: Fold,
    time: Period,
    mut amounts: Vec<(Period, BigUint)>,
) -> BigUint {
    amounts.retain(|(period, _)| time.covers(*period));
    amounts.sort_by_key(|(period, _)| period.end());
    // The most up to an end; ends and amounts rise together.
    let mut best: BTreeMap<UnixSeconds, BigUint> = BTreeMap::new();
    let mut most = BigUint::ZERO;
    for (period, amount) in amounts {
        let before = best.range(..=period.start()).next_back();
        let before = before.map(|(_, amount)| amount.clone()).unwrap_or_default();
        let with = fold.add(before, amount);
        if with > most {
            most.clone_from(&with);
            best.insert(period.end(), with);
        }
    }
    most
}

/// Whether periods leave some of `time` out; from when on.
pub(super) fn first_hole(
    time: Period,
    periods: impl Iterator<Item = Period>,
) -> Option<UnixSeconds> {
    let mut periods: Vec<Period> = periods.collect();
    periods.sort_by_key(|period| period.start());
    let mut covered = time.start();
    for period in periods {
        if period.start() > covered {
            break;
        }
        covered = covered.max(period.end());
    }
    (covered < time.end()).then_some(covered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(start: u64, length: u64) -> Period {
        let at = |seconds| UnixSeconds::EPOCH.plus(seconds).unwrap();
        Period::new(at(start), at(start + length)).unwrap()
    }

    fn amounts() -> impl Strategy<Value = Vec<(Period, BigUint)>> {
        let one = (0_u64..12, 1_u64..7, 0_u32..9)
            .prop_map(|(start, length, amount)| (period(start, length), amount.into()));
        prop::collection::vec(one, 0..9)
    }

    /// Every set of them, with what it comes to.
    fn sets(
        fold: Fold,
        amounts: &[(Period, BigUint)],
    ) -> impl Iterator<Item = (Vec<Period>, BigUint)> {
        (0_u32..1 << amounts.len()).map(move |mask| {
            let chosen = amounts
                .iter()
                .enumerate()
                .filter(|(at, _)| mask & (1 << at) != 0);
            let (mut periods, mut sum) = (Vec::new(), BigUint::ZERO);
            for (_, (period, amount)) in chosen {
                periods.push(*period);
                sum = match fold {
                    Fold::Sum => sum + amount,
                    Fold::Largest => sum.max(amount.clone()),
                };
            }
            (periods, sum)
        })
    }

    proptest! {
        #[test]
        fn both_are_those_of_all_sets(
            given in amounts(), start in 0_u64..9, length in 1_u64..9, largest in any::<bool>(),
        ) {
            let time = period(start, length);
            let fold = if largest { Fold::Largest } else { Fold::Sum };
            let covers = |periods: &[Period]| {
                (start..start + length).all(|second| {
                    periods.iter().any(|one| one.covers(period(second, 1)))
                })
            };
            let least = sets(fold, &given).filter(|(periods, _)| covers(periods)).map(|(_, sum)| sum);
            prop_assert_eq!(least_cover(fold, time, given.clone()), least.min());
            let fits = |periods: &[Period]| {
                periods.iter().enumerate().all(|(at, one)| {
                    time.covers(*one)
                        && periods.iter().skip(at + 1).all(|other| one.intersection(*other).is_none())
                })
            };
            let most = sets(fold, &given).filter(|(periods, _)| fits(periods)).map(|(_, sum)| sum);
            prop_assert_eq!(most_packed(fold, time, given.clone()), most.max().unwrap());
            let hole = first_hole(time, given.iter().map(|(period, _)| *period));
            let naive = (start..start + length).find(|second| {
                !given.iter().any(|(one, _)| one.covers(period(*second, 1)))
            });
            prop_assert_eq!(hole, naive.map(|second| period(second, 1).start()));
        }
    }
}
