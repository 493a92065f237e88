//! Metric maps: what an exporter calls what.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::attestation::figure::Boundary;
use crate::collector::reading::Measure;
use crate::telemetry::decimal::Unit;

/// The maps that come with the program, by name.
const EMBEDDED: &str = include_str!("maps.toml");

/// The metrics of one exporter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricMap {
    /// Labels that name the device or meter, the first that is there.
    pub(super) device: Vec<String>,
    /// Labels that name its model.
    #[serde(default)]
    pub(super) model: Vec<String>,
    /// Labels of a part of a device.
    #[serde(default)]
    pub(super) instance: Vec<String>,
    /// Where it measures.
    #[serde(default = "gpu")]
    boundary: String,
    metric: Vec<Metric>,
}

/// One field of an exporter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    /// Its number, where the exporter numbers them.
    #[serde(default)]
    #[expect(dead_code, reason = "for people who look a field up")]
    field: Option<u32>,
    name: Vec<String>,
    measure: String,
    unit: String,
}

/// One metric to be asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) measure: Measure,
    pub(super) unit: Unit,
}

fn gpu() -> String {
    Boundary::Gpu.as_str().to_owned()
}

impl MetricMap {
    /// Returns a map that comes with the program: `dcgm` or `amd`.
    pub fn embedded(name: &str) -> Result<Self, String> {
        let maps: BTreeMap<String, Self> =
            toml::from_str(EMBEDDED).map_err(|error| error.to_string())?;
        let known: Vec<&str> = maps.keys().map(String::as_str).collect();
        let missing = format!("there is no map `{name}`; there are: {}", known.join(", "));
        maps.get(name).cloned().ok_or(missing)
    }

    /// Reads a map of one's own, TOML as those are that come with the program.
    pub fn parse(text: &str) -> Result<Self, String> {
        let map: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        map.asked()?;
        map.boundary()?;
        if map.device.is_empty() {
            return Err("`device` lists no label that names the device".to_owned());
        }
        Ok(map)
    }

    pub(super) fn boundary(&self) -> Result<Boundary, String> {
        self.boundary.parse()
    }

    /// Returns every spelling of every metric. A server has one of them; during a change
    /// of version, both.
    pub(super) fn asked(&self) -> Result<Vec<Asked>, String> {
        let mut asked = Vec::new();
        for metric in &self.metric {
            let measure = metric.measure.parse()?;
            let unit = unit(&metric.unit, measure)?;
            for name in &metric.name {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_:".contains(&byte);
                if name.is_empty() || !name.bytes().all(plain) {
                    return Err(format!("`{name}` is no name of a metric"));
                }
                asked.push(Asked {
                    name: name.clone(),
                    measure,
                    unit,
                });
            }
        }
        if asked.is_empty() {
            return Err("no `metric` is mapped".to_owned());
        }
        Ok(asked)
    }
}

/// Understands a unit of a measure.
fn unit(name: &str, measure: Measure) -> Result<Unit, String> {
    let unit = match (measure, name) {
        (Measure::Power, "W")
        | (Measure::Energy, "J")
        | (Measure::Active | Measure::Tensor, "1") => Unit::ONE,
        (Measure::Power, "mW") | (Measure::Energy, "mJ") => Unit::MILLI,
        (Measure::Power, "uW") | (Measure::Energy, "uJ") => Unit::MICRO,
        (Measure::Power, "kW") | (Measure::Energy, "kJ") => Unit::KILO,
        (Measure::Energy, "Wh") => Unit::WATT_HOUR,
        (Measure::Energy, "kWh") => Unit::KILOWATT_HOUR,
        (Measure::Active | Measure::Tensor, "%") => Unit::PERCENT,
        _ => return Err(format!("`{name}` is no unit of `{measure}`")),
    };
    Ok(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maps_that_come_along_can_be_read() {
        for name in ["dcgm", "amd"] {
            let map = MetricMap::embedded(name).unwrap();
            assert!(!map.asked().unwrap().is_empty());
            assert_eq!(map.boundary(), Ok(Boundary::Gpu));
        }
        assert!(
            MetricMap::embedded("other")
                .unwrap_err()
                .contains("amd, dcgm")
        );
    }

    #[test]
    fn a_map_of_ones_own_is_checked() {
        let map = "device = [\"pdu\"]\nboundary = \"rack\"\n\
                   [[metric]]\nname = [\"power\"]\nmeasure = \"power\"\nunit = \"W\"\n";
        assert_eq!(
            MetricMap::parse(map).unwrap().boundary(),
            Ok(Boundary::Rack)
        );
        for (from, to) in [
            ("\"W\"", "\"J\""),
            ("\"rack\"", "\"hall\""),
            ("[\"power\"]", "[\"power{}\"]"),
            ("[\"pdu\"]", "[]"),
            ("unit", "units"),
        ] {
            assert!(MetricMap::parse(&map.replace(from, to)).is_err(), "{from}");
        }
    }
}
