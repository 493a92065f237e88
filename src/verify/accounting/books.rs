//! The balances of a perimeter, by model.

use std::collections::BTreeMap;

use crate::verify::accounting::Balance;
use crate::verify::accounting::Parameters;
use crate::verify::accounting::Resolution;

/// The balances of all areas and periods of a claim, added up for each model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    models: BTreeMap<String, Balance>,
}

impl Books {
    /// Enters the balance of one model in one area and period.
    pub fn enter(&mut self, model: &str, balance: &Balance) {
        self.models
            .entry(model.to_owned())
            .or_default()
            .add(balance);
    }

    /// Returns the balance of each model over all areas and periods.
    pub fn balances(&self) -> impl Iterator<Item = (&str, &Balance)> {
        self.models
            .iter()
            .map(|(model, balance)| (model.as_str(), balance))
    }

    /// Returns the most hidden compute that the balances do not exclude.
    ///
    /// Added up over models, as if the errors of all were systematic.
    pub fn resolution(&self, parameters: &Parameters) -> Resolution {
        let mut resolution = Resolution::default();
        for (model, balance) in &self.models {
            resolution.add(model, balance.hidden(parameters));
        }
        resolution
    }
}
