//! How many records to draw, and what a draw leaves open.
//!
//! Specified in `specs/challenge.md`, section "How many". Of `N` records `D` are not as they
//! should be; `n` are drawn without putting any back. None of the `D` is among them with a
//! chance of `C(N-D, n) / C(N, n)` (the hypergeometric law; IAEA's attribute sampling is an
//! approximation of it).

/// A chance, in parts of 2^63, rounded up: what is missed is never understated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u64);

/// One, in these parts.
const WHOLE: u64 = 1 << 63;

/// One million parts per million.
const MILLION: u64 = 1_000_000;

impl Share {
    /// Returns so many parts per million, rounded up as well: what is missed with just that
    /// chance is not above it. At most one.
    pub fn of_ppm(ppm: u32) -> Self {
        let parts = u128::from(WHOLE)
            .saturating_mul(u128::from(ppm))
            .div_ceil(u128::from(MILLION));
        Self(u64::try_from(parts).unwrap_or(WHOLE).min(WHOLE))
    }

    /// Returns it in parts per million, rounded up.
    pub fn ppm(self) -> u32 {
        let parts = u128::from(self.0)
            .saturating_mul(u128::from(MILLION))
            .div_ceil(u128::from(WHOLE));
        u32::try_from(parts).unwrap_or(u32::MAX)
    }

    /// Multiplies with `part / whole`, rounded up; `part` is no more than `whole`.
    fn times(self, part: u64, whole: u64) -> Self {
        let product = u128::from(self.0).saturating_mul(u128::from(part));
        let parts = product.div_ceil(u128::from(whole.max(1)));
        Self(u64::try_from(parts).unwrap_or(WHOLE))
    }
}

/// Returns the chance that none of `defects` records is among `drawn` of `of`.
pub fn missed(of: u64, defects: u64, drawn: u64) -> Share {
    missed_above(of, defects, drawn, Share(0))
}

/// As [`missed`], but stops where the chance falls to `enough` or below.
fn missed_above(of: u64, defects: u64, drawn: u64, enough: Share) -> Share {
    let (defects, drawn) = (defects.min(of), drawn.min(of));
    if defects > of.saturating_sub(drawn) {
        return Share(0);
    }
    // C(N-D, n) / C(N, n) = product of (N-D-i) / (N-i) over i < n, and the same with D and n
    // in each other's place: the shorter of the two.
    let (fewer, more) = (defects.min(drawn), defects.max(drawn));
    let mut share = Share(WHOLE);
    for at in 0..fewer {
        let whole = of.saturating_sub(at);
        share = share.times(whole.saturating_sub(more), whole);
        if share <= enough {
            break;
        }
    }
    share
}

/// Returns how many of `of` records must be drawn so that none of `defects` is among them with
/// a chance of at most `chance`.
pub fn size(of: u64, defects: u64, chance: Share) -> u64 {
    let enough = |drawn: u64| missed_above(of, defects, drawn, chance) <= chance;
    least(of, enough)
}

/// Returns how many of `of` records may not be as they should, none of `drawn` being so: the
/// most that would be missed with a chance above `chance`.
pub fn undetected(of: u64, drawn: u64, chance: Share) -> u64 {
    let told = |defects: u64| missed_above(of, defects, drawn, chance) <= chance;
    least(of, told).saturating_sub(u64::from(told(of)))
}

/// Returns the least number up to `most` for which something holds that holds for all after
/// it; `most` if it holds for none.
fn least(most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    /// C(N-D, n) / C(N, n) as a fraction, exact.
    fn exact(of: u64, defects: u64, drawn: u64) -> (BigUint, BigUint) {
        let (mut above, mut below) = (BigUint::from(1_u32), BigUint::from(1_u32));
        for at in 0..drawn {
            above *= (of - defects).saturating_sub(at);
            below *= of - at;
        }
        (above, below)
    }

    // spec: cha-12
    #[test]
    fn sizes_are_those_of_the_exact_law() {
        // Of Brown and others, as their formula is compared with the exact one.
        let five = Share::of_ppm(50_000);
        for (of, defects, chance, drawn) in [
            (1_000, 10, five, 258),
            (20_000, 200, five, 296),
            (20_000, 20, five, 2_781),
            (5_000, 50, Share::of_ppm(100_000), 224),
            (1_000, 1, five, 950),
            (10, 10, five, 1),
            (10, 0, five, 10),
        ] {
            assert_eq!(size(of, defects, chance), drawn, "{of} {defects}");
        }
        // A share of a large number: 0.1 %, 1 %, 5 %, 10 %, 25 %, at 95 and 99 %.
        let of = 1_000_000_000;
        for (share, at_95, at_99) in [
            (1_000, 2_995, 4_603),
            (10_000, 299, 459),
            (50_000, 59, 90),
            (100_000, 29, 44),
            (250_000, 11, 17),
        ] {
            let defects = of / 1_000_000 * share;
            assert_eq!(size(of, defects, five), at_95, "{share}");
            assert_eq!(size(of, defects, Share::of_ppm(10_000)), at_99, "{share}");
        }
        assert_eq!(size(u64::MAX, u64::MAX / 2, five), 5);
        assert_eq!(undetected(0, 0, five), 0);
    }

    proptest! {
        // spec: cha-12
        #[test]
        fn nothing_missed_is_understated(of in 1_u64..400, a in 0_u64..400, b in 0_u64..400) {
            let (defects, drawn) = (a % (of + 1), b % (of + 1));
            let (above, below) = exact(of, defects, drawn);
            let found = BigUint::from(missed(of, defects, drawn).0) * &below;
            let exact = above * WHOLE;
            prop_assert!(found >= exact);
            // A part too much for each factor, at most.
            prop_assert!(found <= exact + below * (of + 1));
        }

        // spec: cha-12
        #[test]
        fn what_is_left_open_is_the_most_that_is_missed(
            of in 1_u64..300,
            drawn in 0_u64..300,
            ppm in 1_u32..1_000_000,
        ) {
            let (drawn, chance) = (drawn.min(of), Share::of_ppm(ppm));
            let open = undetected(of, drawn, chance);
            let most = (0..=of).rev().find(|defects| missed(of, *defects, drawn) > chance);
            prop_assert_eq!(Some(open), most);
            let size = size(of, open, chance);
            prop_assert!(open == 0 || size > drawn || drawn == of);
        }
    }
}
