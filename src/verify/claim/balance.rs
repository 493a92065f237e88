//! Do the reports account for what the inventory holds? The chip-hour balance of each
//! period (IAEA material balance; `specs/verdicts.md`, section "Claims").

use rayon::prelude::*;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::limits::Evidence;
use crate::verify::findings::Findings;
use crate::verify::history::Account;
use crate::verify::history::Gap;
use crate::verify::history::InventoryRecord;
use crate::verify::history::Report;
use crate::verify::verdict::Finding;

/// Says which reports of the window, and of the baseline that it is compared with, do not
/// balance.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let baseline = evidence.record.pledge.baseline.as_ref();
    let times = baseline.map(|baseline| baseline.period);
    let times = times.into_iter().chain([evidence.window]);
    let of_areas = evidence.covered.par_iter().map(|covered| {
        let area = covered.area;
        let (mut count, mut first): (u64, Option<(Period, String)>) = (0, None);
        let mut each = |report: &Report| {
            let inventory = area.inventory_at(report.period.start());
            let mut versions = report.versions.iter();
            let why = versions.find_map(|version| {
                let inventory = inventory.ok_or_else(|| "no inventory is in force".to_owned());
                let balanced = inventory
                    .and_then(|inventory| balance(&version.account, report.period, inventory));
                balanced.err()
            });
            if let Some(why) = why {
                count = count.saturating_add(1);
                first.get_or_insert((report.period, why));
            }
        };
        for time in times.clone() {
            let mut reports = area.reports.cursor(time.start(), time.end());
            while let Some(report) = reports.next() {
                each(report);
            }
        }
        first.map(|(period, why)| {
            Finding::new(
                Check::Unbalanced,
                format!(
                    "area {}: {count} reports do not account for all that the inventory holds, first that of {period}: {why}",
                    covered.name
                ),
            )
        })
    });
    // In the order of the areas, whoever was ready first.
    let of_areas: Vec<Option<Finding>> = of_areas.collect();
    findings.extend(of_areas.into_iter().flatten());
}

/// Checks that on some basis all classes together, those that rest included, come to the
/// device-seconds observed, and that no energy exceeds what is rated.
fn balance(account: &Account, period: Period, inventory: &InventoryRecord) -> Result<(), String> {
    for told in &account.figures {
        let key = &told.kind.key;
        if key.quantity != QuantityKind::EnergyJoules {
            continue;
        }
        let rated = inventory
            .watts
            .iter()
            .find(|one| Some(one.boundary) == key.boundary);
        let most = rated.and_then(|rated| rated.watts.times(period.seconds()));
        if most.is_some_and(|most| told.value.lower() > most) {
            return Err(format!(
                "{} J are more than the rated watts make",
                told.value.lower()
            ));
        }
    }
    let mut why = Err("no figure of accelerator_seconds".to_owned());
    for basis in Basis::ALL {
        match on_basis(account, period, inventory, *basis) {
            Some(Ok(())) => return Ok(()),
            Some(unbalanced) => why = unbalanced,
            None => {}
        }
    }
    why
}

fn on_basis(
    account: &Account,
    period: Period,
    inventory: &InventoryRecord,
    basis: Basis,
) -> Option<Result<(), String>> {
    // A report has a few figures: a list is searched faster than a map is made.
    let mut hulls: Vec<(&str, Class, [u128; 2])> = Vec::new();
    let mut models: Vec<(&str, u128)> = Vec::new();
    for told in &account.figures {
        let key = &told.kind.key;
        if key.quantity != QuantityKind::AcceleratorSeconds || key.basis != basis {
            continue;
        }
        let Gap::Charged(gap) = told.gap else {
            return Some(Err("what was not seen is not bounded".to_owned()));
        };
        let model = key.model.as_str();
        let (lower, upper) = (told.value.lower().get(), told.value.upper().get());
        let same =
            |(one, class, _): &&mut (&str, Class, [u128; 2])| *one == model && *class == key.class;
        match hulls.iter_mut().find(same) {
            Some((_, _, [least, most])) => {
                *least = lower.min(*least);
                *most = upper.max(*most);
            }
            None => hulls.push((model, key.class, [lower, upper])),
        }
        match models.iter_mut().find(|(one, _)| *one == model) {
            Some((_, unseen)) => *unseen = gap.get().max(*unseen),
            None => models.push((model, gap.get())),
        }
    }
    if models.is_empty() {
        return None;
    }
    let found = models.into_iter().find_map(|(model, unseen)| {
        let held = inventory.capacity.iter().find(|one| one.model == model);
        let held = held.map_or(0, |one| one.count.get());
        let all = held.saturating_mul(u128::from(period.seconds()));
        let observed = all.saturating_sub(unseen);
        let sum = |bound: fn(&[u128; 2]) -> u128| {
            let of_model = hulls.iter().filter(|(one, ..)| *one == model);
            of_model.fold(0_u128, |sum, (_, _, value)| {
                sum.saturating_add(bound(value))
            })
        };
        let (least, most) = (sum(|[least, _]| *least), sum(|[_, most]| *most));
        if most < observed {
            let unaccounted = observed.saturating_sub(most);
            Some(format!(
                "{unaccounted} of {observed} seconds of `{model}` ({basis}) are unaccounted for"
            ))
        } else if least > observed {
            Some(format!(
                "{least} seconds of `{model}` ({basis}) are more than the {observed} observed"
            ))
        } else {
            None
        }
    });
    Some(found.map_or(Ok(()), Err))
}
