//! How much one version of a report comes to, from below and from above.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::claim::Pledge;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::verify::claim::Peaks;
use crate::verify::history::Gap;
use crate::verify::history::Kind;
use crate::verify::history::Told;
use crate::verify::history::Version;

/// Why nothing bounds what is said in words that nobody knows.
const NOT_UNDERSTOOD: &str = "it is not understood";

/// Bounds on a quantity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    /// The least.
    pub(super) lower: BigUint,
    /// The most; `None` where nothing bounds it.
    pub(super) upper: Option<BigUint>,
    /// Why nothing bounds it.
    pub(super) open: Option<String>,
}

impl Amount {
    /// Returns what a version comes to of which only matters that it is there.
    pub(super) fn nothing(version: &Version) -> Self {
        let mut amount = Self {
            upper: Some(BigUint::ZERO),
            ..Self::default()
        };
        if !version.understood {
            open(&mut amount, NOT_UNDERSTOOD.to_owned());
        }
        amount
    }
}

/// Returns what a version comes to for a pledge.
pub(super) fn of(version: &Version, pledge: &Pledge, peaks: &Peaks<'_>) -> Amount {
    let counted = pledge.counted;
    let flop = counted.quantity == QuantityKind::Flop;
    // FLOP is recomputed from accelerator-seconds; the lab's own may only raise a bound.
    let quantity = if flop {
        QuantityKind::AcceleratorSeconds
    } else {
        counted.quantity
    };
    let of = |quantity| {
        let fits = move |told: &&Told| {
            let key = &told.kind.key;
            key.quantity == quantity
                && key.basis == counted.basis
                && (flop || key.boundary == counted.boundary)
        };
        version.account.figures.iter().filter(fits)
    };
    let one = |_: &str| Some(1);
    let mut amount = if counted.quantity.is_maximum() {
        maximum(of(quantity), pledge)
    } else if flop {
        let mut amount = sum(of(quantity), pledge, peaks);
        // What utilisation was is not known: nothing from below but what the lab admits.
        let own = values(of(QuantityKind::Flop), pledge, one);
        amount.lower = own.lower;
        if let (Some(upper), Some(own)) = (&mut amount.upper, own.upper) {
            *upper = own.max(std::mem::take(upper));
        }
        amount
    } else {
        sum(of(quantity), pledge, one)
    };
    if of(quantity).next().is_none() {
        open(
            &mut amount,
            format!("no figure of {quantity} ({})", counted.basis),
        );
    }
    if !version.understood {
        open(&mut amount, NOT_UNDERSTOOD.to_owned());
    }
    amount
}

/// Takes the largest of the values: maxima of a period are never summed. One of devices or
/// classes that were not seen may have been larger.
fn maximum<'v>(figures: impl Iterator<Item = &'v Told>, pledge: &Pledge) -> Amount {
    let mut hulls = BTreeMap::new();
    let mut amount = Amount::default();
    let mut upper = BigUint::ZERO;
    for told in figures {
        let key = &told.kind.key;
        if !matches!(told.gap, Gap::Unknown | Gap::Charged(Quantity::ZERO)) {
            open(
                &mut amount,
                format!("nothing bounds the gap of `{}`", key.model),
            );
        }
        if counts(key.class, pledge) {
            let hull = hulls
                .entry((key.model.as_str(), key.class))
                .or_insert(told.value);
            *hull = hull.hull(told.value);
        }
    }
    for value in hulls.into_values() {
        amount.lower = BigUint::from(value.lower().get()).max(amount.lower);
        upper = BigUint::from(value.upper().get()).max(upper);
    }
    if amount.open.is_none() {
        amount.upper = Some(upper);
    }
    amount
}

/// Sums the values, and what was not seen.
fn sum<'v>(
    figures: impl Iterator<Item = &'v Told> + Clone,
    pledge: &Pledge,
    factor: impl Fn(&str) -> Option<u128>,
) -> Amount {
    let mut amount = values(figures.clone(), pledge, &factor);
    // Every figure of a model speaks of the same devices: the largest gap is theirs.
    let mut gaps: Vec<(&str, u128)> = Vec::new();
    for told in figures {
        let model = told.kind.key.model.as_str();
        match told.gap {
            Gap::Unknown | Gap::Charged(Quantity::ZERO) => {}
            Gap::Charged(gap) => match gaps.iter_mut().find(|(one, _)| *one == model) {
                Some((_, known)) => *known = gap.get().max(*known),
                None => gaps.push((model, gap.get())),
            },
            Gap::Unbounded => open(
                &mut amount,
                format!("nothing bounds the gap of `{}`", told.kind.key.model),
            ),
        }
    }
    // Nobody saw what ran in a gap, of whatever class: all of it may count.
    add(&mut amount, gaps.into_iter(), &factor);
    amount
}

/// Sums figures that differ in model, class or number format; of those that differ only
/// in where they are from, the hull.
fn values<'v>(
    figures: impl Iterator<Item = &'v Told>,
    pledge: &Pledge,
    factor: impl Fn(&str) -> Option<u128>,
) -> Amount {
    // A report has a few figures: a list is searched faster than a map is made.
    let mut hulls: Vec<(&Kind, Interval)> = Vec::new();
    for told in figures {
        let kind = &*told.kind;
        if !counts(kind.key.class, pledge) {
            continue;
        }
        let same = |one: &Kind| {
            one.key.class == kind.key.class
                && one.key.model == kind.key.model
                && one.precision == kind.precision
        };
        match hulls.iter_mut().find(|(one, _)| same(one)) {
            Some((_, hull)) => *hull = hull.hull(told.value),
            None => hulls.push((kind, told.value)),
        }
    }
    let mut amount = Amount {
        upper: Some(BigUint::ZERO),
        ..Amount::default()
    };
    let mut lower = Products::default();
    for (_, value) in &hulls {
        lower.add(value.lower().get(), 1);
    }
    amount.lower = lower.total();
    let uppers = hulls.iter();
    let uppers = uppers.map(|(kind, value)| (kind.key.model.as_str(), value.upper().get()));
    add(&mut amount, uppers, &factor);
    amount
}

/// Adds units of models to what bounds an amount from above.
fn add<'m>(
    amount: &mut Amount,
    units: impl Iterator<Item = (&'m str, u128)>,
    factor: &impl Fn(&str) -> Option<u128>,
) {
    let mut products = Products::default();
    // Most often one is of the same model as the one before it.
    let mut last: Option<(&str, u128)> = None;
    for (model, units) in units.filter(|(_, units)| *units != 0) {
        let known = last.filter(|(one, _)| *one == model);
        let Some(factor) = known.map_or_else(|| factor(model), |(_, factor)| Some(factor)) else {
            open(amount, format!("the catalogue has no peak of `{model}`"));
            continue;
        };
        last = Some((model, factor));
        products.add(units, factor);
    }
    if let Some(upper) = &mut amount.upper {
        *upper += products.total();
    }
}

/// A sum of products: a machine's number as long as it is one, and exact beyond.
#[derive(Default)]
struct Products {
    small: u128,
    rest: BigUint,
}

impl Products {
    fn add(&mut self, units: u128, factor: u128) {
        let product = units.checked_mul(factor);
        match product.and_then(|product| self.small.checked_add(product)) {
            Some(sum) => self.small = sum,
            None => self.rest += BigUint::from(units) * factor,
        }
    }

    fn total(self) -> BigUint {
        self.rest + self.small
    }
}

/// Whether a class counts; `unclassified` does wherever training is limited.
pub(super) fn counts(class: Class, pledge: &Pledge) -> bool {
    pledge.scope.contains(&class)
        || (class == Class::Unclassified && pledge.scope.contains(&Class::Training))
}

fn open(amount: &mut Amount, why: String) {
    amount.upper = None;
    amount.open.get_or_insert(why);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn products_add_up_as_they_do_beyond_a_machines_numbers(
            all in prop::collection::vec((any::<u128>(), 0_u32..128, any::<u128>(), 0_u32..128), 0..9),
        ) {
            let mut products = Products::default();
            let mut expected = BigUint::ZERO;
            for (units, less, factor, smaller) in all {
                let (units, factor) = (units >> less, factor >> smaller);
                products.add(units, factor);
                expected += BigUint::from(units) * BigUint::from(factor);
            }
            prop_assert_eq!(products.total(), expected);
        }
    }
}
