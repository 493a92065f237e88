//! Is the pledge worth anything? A limit that the capacity in force could not have exceeded
//! binds nobody (formats: part 2, "Pledges that cannot be broken are worth nothing").

use num_bigint::BigUint;

use crate::attestation::figure::QuantityKind;
use crate::claim::Pledge;
use crate::claim::Terms;
use crate::quantity::Quantity;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::claim::limits::Evidence;
use crate::verify::claim::limits::sliding;
use crate::verify::findings::Findings;
use crate::verify::verdict::Finding;

/// Says if the limit is above all that what there was could do when a quorum saw the
/// pledge, or if what there was is not known.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let (court, record) = (evidence.court, evidence.record);
    let pledge = &record.pledge;
    // Unseen, it is at E0 anyway.
    let Some(seen) = court.clock.times.not_after(record.index) else {
        return;
    };
    let Some((limit, seconds)) = lowest(pledge) else {
        return;
    };
    let rates = evidence.covered.iter();
    let rates = rates.map(|covered| rate(court, covered, pledge, seen));
    let Some(rate) = rates.sum::<Option<BigUint>>() else {
        findings.push(Finding::new(
            Check::Worth,
            format!("what the areas could do at most when the pledge was seen ({seen}) is not known: never HOLDS"),
        ));
        return;
    };
    let able = rate * seconds;
    if limit >= able {
        findings.push(Finding::new(
            Check::Worth,
            format!(
                "the limit of {limit} {} is not below the {able} that the areas could do at most when the pledge was seen ({seen}): never HOLDS",
                pledge.unit()
            ),
        ));
    }
}

/// Returns the lowest limit with the seconds that it is for; `None` for kinds whose limit is
/// no sum. A reduction is measured against what it was before: its own unit.
fn lowest(pledge: &Pledge) -> Option<(BigUint, u64)> {
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let with = |limit: u128| BigUint::from(limit) + BigUint::from(allowance);
    match &pledge.terms {
        Terms::Cap { limit } => {
            let seconds = sliding(pledge).unwrap_or_else(|| pledge.window.seconds());
            Some((with(limit.get()), seconds))
        }
        Terms::RampDown { schedule } => {
            // Compared by the second, multiplied out.
            let steps = schedule.iter().map(|step| {
                let seconds = step.time.seconds();
                (with(step.limit.get()), seconds)
            });
            steps.min_by(|(one, seconds), (other, others)| (one * *others).cmp(&(other * *seconds)))
        }
        _ => None,
    }
}

/// Returns what an area could do at most in a second, in the unit of the quantity.
fn rate(
    court: &Court<'_>,
    covered: &Covered<'_>,
    pledge: &Pledge,
    seen: UnixSeconds,
) -> Option<BigUint> {
    // Of an area that accounts from later on, that of its first period.
    let time = covered.area.schedule.open.first.max(seen);
    let inventory = covered.area.inventory_at(time)?;
    // What was declared only afterwards may have been made up for the pledge.
    let times = court.clock.times;
    times
        .not_after(inventory.index)
        .filter(|declared| *declared <= seen)?;
    let counted = pledge.counted;
    let devices = inventory.capacity.iter();
    match counted.quantity {
        QuantityKind::AcceleratorSeconds => {
            Some(devices.map(|one| BigUint::from(one.count.get())).sum())
        }
        QuantityKind::Flop => devices
            .map(|one| Some(BigUint::from(one.count.get()) * (court.peaks)(&one.model)?))
            .sum(),
        QuantityKind::EnergyJoules => {
            let mut rated = inventory.watts.iter();
            let rated = rated.find(|one| Some(one.boundary) == counted.boundary)?;
            Some(BigUint::from(rated.watts.get()))
        }
        _ => None,
    }
}
