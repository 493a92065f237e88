//! The members of Redfish resources that tell power, of all types in one shape.
//!
//! A member that stands twice is refused. What is not named here is passed over.

use serde::Deserialize;
use serde_json::Number;

use crate::telemetry::SourceError;
use crate::telemetry::field_error;

/// A line of a capture, or a document by itself.
#[derive(Debug, Deserialize)]
pub(super) struct Capture {
    pub(super) time: Option<String>,
    pub(super) resource: Option<Resource>,
    /// The document, where it is no line of a capture.
    #[serde(skip)]
    pub(super) bare: Resource,
}

/// A resource.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Resource {
    #[serde(rename = "@odata.type", default)]
    pub(super) kind: String,
    #[serde(rename = "@odata.id", default)]
    pub(super) id: String,
    #[serde(rename = "PowerControl", default)]
    pub(super) power_control: Vec<PowerControl>,
    #[serde(rename = "PowerWatts")]
    pub(super) power_watts: Option<Sensor>,
    #[serde(rename = "EnergykWh")]
    pub(super) energy_kwh: Option<Sensor>,
    #[serde(rename = "EnergyJoules")]
    pub(super) energy_joules: Option<Sensor>,
    #[serde(rename = "InputPowerWatts")]
    pub(super) input_power: Option<Sensor>,
    #[serde(rename = "MetricValues", default)]
    pub(super) metric_values: Vec<MetricValue>,
}

/// A member of `PowerControl`.
#[derive(Debug, Deserialize)]
pub(super) struct PowerControl {
    #[serde(rename = "PowerConsumedWatts")]
    pub(super) watts: Option<Number>,
    #[serde(rename = "PowerMetrics")]
    pub(super) metrics: Option<PowerMetrics>,
}

/// What a power control showed over the last minutes.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PowerMetrics {
    #[serde(rename = "AverageConsumedWatts")]
    pub(super) average: Option<Number>,
    #[serde(rename = "IntervalInMin")]
    pub(super) minutes: Option<Number>,
}

/// An excerpt of a sensor.
#[derive(Debug, Deserialize)]
pub(super) struct Sensor {
    #[serde(rename = "Reading")]
    pub(super) reading: Option<Number>,
}

/// A value of a report.
#[derive(Debug, Deserialize)]
pub(super) struct MetricValue {
    #[serde(rename = "MetricProperty")]
    pub(super) property: Option<String>,
    #[serde(rename = "MetricValue")]
    pub(super) value: Option<String>,
    #[serde(rename = "Timestamp")]
    pub(super) time: Option<String>,
}

impl Capture {
    /// Parses a document at a row.
    pub(super) fn parse(json: &[u8], row: u64) -> Result<Self, SourceError> {
        let fail = |error: serde_json::Error| {
            let text = String::from_utf8_lossy(json);
            field_error(row, "JSON", text.trim(), error.to_string())
        };
        let mut capture: Self = serde_json::from_slice(json).map_err(fail)?;
        if capture.resource.is_none() {
            capture.bare = serde_json::from_slice(json).map_err(fail)?;
        }
        Ok(capture)
    }
}

impl Resource {
    /// Returns the type, without its version: of `#Power.v1_7_1.Power`, `Power`.
    pub(super) fn kind(&self) -> &'static str {
        let kind = self.kind.strip_prefix('#').unwrap_or(&self.kind);
        let kind = kind.split('.').next().unwrap_or(kind);
        let known = [
            "Power",
            "EnvironmentMetrics",
            "PowerSupplyMetrics",
            "MetricReport",
        ];
        known.into_iter().find(|known| *known == kind).unwrap_or("")
    }
}
