//! Do the reports account for what the inventory holds? The chip-hour balance of each
//! period (IAEA material balance; `specs/verdicts.md`, section "Claims").

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::Covered;
use crate::verify::history::Account;
use crate::verify::history::Gap;
use crate::verify::history::InventoryRecord;
use crate::verify::history::Report;
use crate::verify::verdict::Finding;

/// The reports of an area that do not balance.
pub(super) struct Unbalanced<'c> {
    covered: &'c Covered<'c>,
    count: u64,
    first: Option<(Period, String)>,
}

impl<'c> Unbalanced<'c> {
    /// Starts with none.
    pub(super) const fn of(covered: &'c Covered<'c>) -> Self {
        Self {
            covered,
            count: 0,
            first: None,
        }
    }

    /// Asks a report, in all its versions.
    pub(super) fn add(&mut self, report: &Report) {
        let inventory = self.covered.area.inventory_at(report.period.start());
        let mut versions = report.versions.iter();
        let why = versions.find_map(|version| {
            let inventory = inventory.ok_or_else(|| "no inventory is in force".to_owned());
            let balanced =
                inventory.and_then(|inventory| balance(&version.account, report.period, inventory));
            balanced.err()
        });
        if let Some(why) = why {
            self.count = self.count.saturating_add(1);
            self.first.get_or_insert((report.period, why));
        }
    }

    /// Says how many there are.
    pub(super) fn tell(self) -> Option<Finding> {
        let (count, name) = (self.count, &self.covered.name);
        self.first.map(|(period, why)| {
            Finding::new(
                Check::Unbalanced,
                format!(
                    "area {name}: {count} reports do not account for all that the inventory holds, first that of {period}: {why}"
                ),
            )
        })
    }
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
    let mut hulls: Vec<(&str, Class, [u128; 2])> = Vec::with_capacity(account.figures.len());
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
            |(one, class, _): &&mut (&str, Class, [u128; 2])| *class == key.class && *one == model;
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
        let of_model = hulls.iter().filter(|(one, ..)| *one == model);
        let (least, most) =
            of_model.fold((0_u128, 0_u128), |(lower, upper), (.., [least, most])| {
                (lower.saturating_add(*least), upper.saturating_add(*most))
            });
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
