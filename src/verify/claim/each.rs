//! Claims that limit each report by itself: the largest job, a halt, no training.

use num_bigint::BigUint;

use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::claim::Pledge;
use crate::claim::Step;
use crate::quantity::Quantity;
use crate::verify::claim::Case;
use crate::verify::claim::limits;
use crate::verify::claim::limits::Compared;
use crate::verify::claim::limits::Evidence;
use crate::verify::claim::limits::outside;
use crate::verify::claim::limits::straddles;
use crate::verify::claim::limits::violated;
use crate::verify::claim::seals;
use crate::verify::claim::sum::Fold;
use crate::verify::history::PledgeRecord;
use crate::verify::verdict::Numbers;

/// Limits the accelerators and the seconds of every job.
pub(super) fn job_size(
    evidence: &Evidence<'_>,
    accelerators: Option<Quantity>,
    seconds: Option<Quantity>,
    case: &mut Case,
) {
    let bounds = [
        (QuantityKind::JobSeconds, seconds),
        (QuantityKind::JobAccelerators, accelerators),
    ];
    for (quantity, limit) in bounds {
        let Some(limit) = limit else { continue };
        let record = altered(evidence, |pledge| pledge.counted.quantity = quantity);
        largest(&evidence.of(&record), limit, case);
    }
}

/// Limits the energy of every period, and what may become of seals.
pub(super) fn halted(evidence: &Evidence<'_>, limit: Quantity, seal_cadence: u64, case: &mut Case) {
    largest(evidence, limit, case);
    seals::check(evidence, seal_cadence, case);
}

/// Limits the traffic between accelerators, and allows no use of class training.
pub(super) fn inference_only(evidence: &Evidence<'_>, limit: Quantity, case: &mut Case) {
    let time = evidence.record.pledge.window;
    let training = altered(evidence, |pledge| {
        pledge.counted.quantity = QuantityKind::AcceleratorSeconds;
        pledge.scope = vec![Class::Training];
        pledge.exceptions.clear();
        pledge.sliding = None;
    });
    let none = Step {
        time,
        limit: Quantity::ZERO,
    };
    limits::capped(&evidence.of(&training), &[none], case);
    let told = case.numbers.take();
    limits::capped(evidence, &[Step { time, limit }], case);
    // Of two limits, the numbers are those of the one that is not kept.
    let kept = |numbers: &Numbers| numbers.upper.as_deref() == Some("0");
    if let Some(told) = told.filter(|told| !kept(told)) {
        case.numbers = Some(told);
    }
}

/// Holds every report by itself against a limit and what exceptions add to it.
fn largest(evidence: &Evidence<'_>, limit: Quantity, case: &mut Case) {
    let record = evidence.record;
    let pledge = &record.pledge;
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let limit = BigUint::from(limit.get()) + BigUint::from(allowance);
    let windows = (evidence.window, pledge.window);
    let sum = evidence.sum(windows, None, Fold::Largest, case);
    let found = sum.largest(record.index, &limit);
    violated(found.breach.as_ref(), &limit, pledge.window, pledge, case);
    if found.breach.is_none() {
        let within = found.upper.as_ref().map(|upper| *upper <= limit);
        straddles(within, pledge.window, case);
    }
    // All of what others measured is more than any part of it.
    let compared = Compared {
        most: &|amount| *amount <= limit,
        measured: &|_| false,
    };
    outside(evidence, windows, &found.lower, &compared, case);
    case.last_index = case.last_index.max(sum.last_index());
    case.numbers = Some(Numbers {
        lower: found.lower.to_string(),
        upper: found.upper.map(|upper| upper.to_string()),
        limit: limit.to_string(),
        unit: pledge.counted.quantity.unit().to_owned(),
    });
}

/// The same claim, but for what `change` does to it.
fn altered(evidence: &Evidence<'_>, change: impl FnOnce(&mut Pledge)) -> PledgeRecord {
    let mut record = evidence.record.clone();
    change(&mut record.pledge);
    record
}
