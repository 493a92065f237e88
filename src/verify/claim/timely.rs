//! Do reports come in time? Conversion time against the delay of detection, as safeguards do
//! it (IAEA timeliness goals; `specs/verdicts.md`, section "Claims").

use num_bigint::BigUint;

use crate::verify::checks::Check;
use crate::verify::claim::WHOLE;
use crate::verify::claim::limits::Evidence;
use crate::verify::findings::Findings;
use crate::verify::verdict::Finding;

/// Says if what the areas hold could do what the auditor fears before half of it is noticed.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let (court, pledge) = (evidence.court, &evidence.record.pledge);
    let accounting = &court.trust.accounting;
    let mut rate = BigUint::ZERO;
    for covered in evidence.covered {
        // The most that was held at any time of the window.
        let held = covered.area.inventories_within(evidence.window).map(|one| {
            let counts = one.capacity.iter().map(|capacity| {
                let peak = (court.peaks)(&capacity.model)?;
                Some(BigUint::from(capacity.count.get()) * peak)
            });
            counts.sum::<Option<BigUint>>()
        });
        // Without an inventory or a peak it is not known: said elsewhere.
        let held: Option<Vec<BigUint>> = held.collect();
        let Some(most) = held.and_then(|held| held.into_iter().max()) else {
            return;
        };
        rate += most;
    }
    let rate = rate * accounting.utilisation.get();
    if rate == BigUint::ZERO {
        return;
    }
    let goal = BigUint::from(accounting.goal.get()) * WHOLE;
    let conversion = &goal / &rate;
    let delay = BigUint::from(pledge.cadence.longest()) + BigUint::from(pledge.deadline);
    // As long as half of it, or longer (accounting.md, acc-18).
    if &delay * 2_u32 >= conversion {
        findings.push(Finding::new(
            Check::TooSlow,
            format!(
                "what the areas hold could do {} FLOP in {conversion} seconds, and a report may come {delay} seconds after its period began: too slow for that",
                accounting.goal
            ),
        ));
    }
}
