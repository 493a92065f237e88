//! How much one version of a report comes to, from below and from above.

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::claim::Pledge;
use crate::verify::claim::Peaks;
use crate::verify::history::Version;

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
        let figures = version.figures.iter();
        let fits = move |figure: &&Figure| {
            figure.quantity == quantity
                && figure.basis == counted.basis
                && (flop || figure.boundary == counted.boundary)
        };
        figures.filter(fits).collect::<Vec<_>>()
    };
    let figures = of(quantity);
    let mut amount = sum(&figures, pledge, |model| {
        if flop {
            peaks(model).map(BigUint::from)
        } else {
            Some(BigUint::from(1_u32))
        }
    });
    if flop {
        // What utilisation was is not known: nothing from below but what the lab admits.
        amount.lower = BigUint::ZERO;
        let own = sum(&of(QuantityKind::Flop), pledge, |_| {
            Some(BigUint::from(1_u32))
        });
        amount.lower = own.lower;
        if let (Some(upper), Some(own)) = (&mut amount.upper, own.upper) {
            *upper = own.max(std::mem::take(upper));
        }
    }
    if figures.is_empty() {
        open(
            &mut amount,
            format!("no figure of {quantity} ({})", counted.basis),
        );
    }
    if !version.understood {
        open(&mut amount, "it is not understood".to_owned());
    }
    amount
}

/// Sums figures that differ in model or class; of those that do not, the hull.
fn sum(figures: &[&Figure], pledge: &Pledge, factor: impl Fn(&str) -> Option<BigUint>) -> Amount {
    let mut hulls = BTreeMap::new();
    let mut gaps: BTreeMap<&str, u128> = BTreeMap::new();
    for figure in figures {
        let key = (figure.model.as_str(), figure.class);
        let hull = hulls.entry(key).or_insert(figure.value);
        *hull = hull.hull(figure.value);
        if let Coverage::Known { gap, .. } = figure.coverage {
            let known = gaps.entry(&figure.model).or_default();
            *known = gap.get().max(*known);
        }
    }
    let mut amount = Amount {
        upper: Some(BigUint::ZERO),
        ..Amount::default()
    };
    for ((model, class), value) in hulls {
        if !counts(class, pledge) {
            continue;
        }
        amount.lower += value.lower().get();
        add(&mut amount, model, value.upper().get(), &factor);
    }
    // Nobody saw what ran in a gap, of whatever class: all of it may count.
    for (model, gap) in gaps {
        add(&mut amount, model, gap, &factor);
    }
    amount
}

fn add(amount: &mut Amount, model: &str, units: u128, factor: &impl Fn(&str) -> Option<BigUint>) {
    if units == 0 {
        return;
    }
    match (factor(model), &mut amount.upper) {
        (Some(factor), Some(upper)) => *upper += factor * units,
        (None, _) => open(amount, format!("the catalogue has no peak of `{model}`")),
        (_, None) => {}
    }
}

/// Whether a class counts; `unclassified` does wherever training is limited.
fn counts(class: Class, pledge: &Pledge) -> bool {
    pledge.scope.contains(&class)
        || (class == Class::Unclassified && pledge.scope.contains(&Class::Training))
}

fn open(amount: &mut Amount, why: String) {
    amount.upper = None;
    amount.open.get_or_insert(why);
}
