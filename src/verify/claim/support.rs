//! How far others support a claim, and what could be hidden from them all the same.

use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::attestation::figure::QuantityKind;
use crate::claim::Level;
use crate::claim::Pledge;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::claim::H100;

const DAY: u32 = 86_400;

/// What others say of one stretch of time, where that is within the limit.
pub(super) struct Bounded {
    /// What could have run beyond what the lab reported, in the unit of the quantity.
    pub(super) hidden: BigUint,
    /// The roots of trust that the bound rests on.
    pub(super) roots: BTreeSet<String>,
    /// The level that they lift it to: E3, or more where the verifier's own bound it too.
    pub(super) level: Level,
}

/// What others say of all stretches of a claim.
#[derive(Debug, Default)]
pub(super) struct Support {
    /// The least level of a stretch; `None` before the first.
    least: Option<Level>,
    /// Whether enough others left a stretch unbounded.
    lacking: bool,
    hidden: BigUint,
    roots: BTreeSet<String>,
}

impl Support {
    /// Adds a stretch of time; `None` if enough others do not bound it within the limit.
    pub(super) fn add(&mut self, stretch: Option<Bounded>) {
        match stretch {
            Some(bounded) => {
                let least = self.least.unwrap_or(bounded.level);
                self.least = Some(least.min(bounded.level));
                self.hidden += bounded.hidden;
                self.roots.extend(bounded.roots);
            }
            None => self.lacking = true,
        }
    }

    /// Returns the level to which enough others lift the claim, if they bound every stretch
    /// within its limit.
    pub(super) fn level(&self) -> Option<Level> {
        self.least.filter(|_| !self.lacking)
    }

    /// Returns the roots of trust that support the claim.
    pub(super) fn roots(&self) -> Vec<String> {
        self.roots.iter().cloned().collect()
    }

    /// Says the smallest hidden run that the evidence could not exclude.
    pub(super) fn resolution(
        &self,
        court: &Court<'_>,
        pledge: &Pledge,
        covered: &[Covered<'_>],
    ) -> String {
        let quantity = pledge.counted.quantity;
        let amount = format!("{} {}", self.hidden, quantity.unit());
        let flop = match quantity {
            QuantityKind::Flop => Some(self.hidden.clone()),
            QuantityKind::AcceleratorSeconds => {
                highest(court, pledge, covered).map(|peak| &self.hidden * peak)
            }
            _ => None,
        };
        let also = flop.map_or_else(String::new, |flop| {
            let days = (court.peaks)(H100).map(|peak| {
                let day = BigUint::from(peak) * DAY;
                (&flop + &day - 1_u32) / day
            });
            let days = days.map_or_else(String::new, |days| {
                format!(", or {days} days of one {H100} at its peak")
            });
            match quantity {
                QuantityKind::Flop => days,
                _ => format!(", at most {flop} FLOP{days}"),
            }
        });
        format!("a hidden run of {amount} within the perimeter{also}")
    }
}

/// Returns the highest dense peak of what the areas held within the window.
fn highest(court: &Court<'_>, pledge: &Pledge, covered: &[Covered<'_>]) -> Option<u128> {
    let held = covered
        .iter()
        .flat_map(|one| one.area.inventories_within(pledge.window))
        .flat_map(|inventory| &inventory.capacity);
    let peaks: Option<Vec<u128>> = held.map(|one| (court.peaks)(&one.model)).collect();
    peaks?.into_iter().max()
}
