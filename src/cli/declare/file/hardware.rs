//! Operations by the hardware of a run, beside those by what it trains.

use std::collections::BTreeMap;

use crate::attestation::content::Architecture;
use crate::catalogue::Catalogue;
use crate::catalogue::Format;
use crate::cli::World;
use crate::cli::amounts::spell;
use crate::quantity::Interval;
use crate::quantity::Quantity;

/// What the hardware of a run could do in its time: operations at the dense peak.
pub(super) struct Hardware {
    /// Of the number format that the run says it uses.
    pub(super) at_dtype: Option<Quantity>,
    /// Of the fastest format, which bounds every other.
    pub(super) of_peak: Option<Quantity>,
}

impl Hardware {
    /// `None` where the catalogue lacks a model or a format.
    pub(super) fn of(
        seconds: &BTreeMap<String, Interval>,
        architecture: Option<&Architecture>,
    ) -> Self {
        let catalogue = Catalogue::embedded();
        let format: Option<Format> = architecture.and_then(|one| one.dtype.parse().ok());
        let sum = |rate: &dyn Fn(&str) -> Option<u64>| {
            let mut sum = Quantity::ZERO;
            for (model, value) in seconds {
                sum = sum.plus(value.upper().times(rate(model)?)?)?;
            }
            Some(sum)
        };
        let whole = |rate: Quantity| u64::try_from(rate.get()).ok();
        Self {
            at_dtype: format.and_then(|format| {
                sum(&|model| whole(catalogue.get(model)?.peak(format)?.upper()))
            }),
            of_peak: sum(&|model| whole(catalogue.get(model)?.peak_any())),
        }
    }

    /// Sets the two figures of operations beside each other.
    pub(super) fn tell(&self, architecture: Option<&Architecture>, world: &mut World<'_>) {
        let Some(architecture) = architecture else {
            return;
        };
        let model = architecture.flop;
        if let Some(hardware) = self.at_dtype.filter(|flop| *flop != Quantity::ZERO) {
            let share = model.upper().get().saturating_mul(100);
            let share = share.checked_div(hardware.get()).unwrap_or(0);
            world.note(format!(
                "operations: {} by architecture, at most {hardware} by hardware (dense {}): {share} % of it",
                spell(model),
                architecture.dtype
            ));
        } else {
            world.note(format!("operations: {} by architecture", spell(model)));
        }
        if self.of_peak.is_some_and(|peak| model.lower() > peak) {
            world.note(
                "warning: that is more than these devices could do in their time, in any number format: jobs of the run are missing, or a figure of the file is wrong",
            );
        }
    }
}
