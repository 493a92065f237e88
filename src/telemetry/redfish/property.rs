//! Which chassis and which power supply a resource or a property is of, by its URI.

use crate::collector::reading::Measure;
use crate::telemetry::redfish::Quantity;

/// Where something is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'u> {
    /// The id of the chassis.
    pub(super) chassis: &'u str,
    /// The id of the power supply, if it is one's.
    pub(super) supply: Option<&'u str>,
}

impl<'u> Place<'u> {
    /// Finds the place of a resource of that type; `None` where it is of something else,
    /// such as a processor.
    pub(super) fn of_resource(uri: &'u str, kind: &str) -> Option<Self> {
        let (place, rest) = Self::split(uri)?;
        let whole = match kind {
            "PowerSupplyMetrics" => place.supply.is_some() && rest == ["Metrics"],
            _ => place.supply.is_none() && rest == [kind],
        };
        whole.then_some(place)
    }

    /// Returns what tells a series of readings from others.
    pub(super) fn key(&self, quantity: Quantity) -> (String, Option<String>, Measure) {
        let supply = self.supply.map(str::to_owned);
        (self.chassis.to_owned(), supply, quantity.measure())
    }

    /// Splits a URI into the place and what follows it.
    fn split(uri: &'u str) -> Option<(Self, Vec<&'u str>)> {
        let path = uri.strip_prefix("/redfish/v1/Chassis/")?;
        let segments: Vec<&str> = path
            .split(['/', '#'])
            .filter(|segment| !segment.is_empty())
            .collect();
        Some(match segments.as_slice() {
            [
                chassis,
                "PowerSubsystem",
                "PowerSupplies",
                supply,
                rest @ ..,
            ] => (
                Self {
                    chassis,
                    supply: Some(supply),
                },
                rest.to_vec(),
            ),
            [chassis, rest @ ..] => (
                Self {
                    chassis,
                    supply: None,
                },
                rest.to_vec(),
            ),
            [] => return None,
        })
    }
}

/// Finds what a property of a report is of, and where; `None` where it is no power or
/// energy of a chassis or a power supply.
pub(super) fn find(uri: &str) -> Option<(Place<'_>, Quantity)> {
    let (place, rest) = Place::split(uri)?;
    let rest = rest.strip_suffix(&["Reading"]).unwrap_or(&rest);
    let quantity = match (place.supply, rest) {
        (
            None,
            ["Power", "PowerControl", "0", "PowerConsumedWatts"]
            | ["EnvironmentMetrics", "PowerWatts"],
        )
        | (Some(_), ["Metrics", "InputPowerWatts"]) => Quantity::Watts,
        (None, ["EnvironmentMetrics", "EnergykWh"]) | (Some(_), ["Metrics", "EnergykWh"]) => {
            Quantity::KilowattHours
        }
        (None, ["EnvironmentMetrics", "EnergyJoules"]) => Quantity::Joules,
        _ => return None,
    };
    Some((place, quantity))
}
