//! The trust file as it is written, key by key.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::Deserialize;

use crate::challenge::Beacon;
use crate::claim::Level;
use crate::time::UnixSeconds;
use crate::tlog::PolicyError;
use crate::verify::accounting::Parameters;
use crate::verify::trust::LEAST_ROOTS;

/// Why a trust file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A value is not what it must be.
    #[error("the trust file's `{field}` is `{found}`: {why}")]
    Field {
        /// The key.
        field: &'static str,
        /// Its value.
        found: String,
        /// What is wrong.
        why: String,
    },
    /// Two witnesses of one key, or an issuer or a hardware root named twice.
    #[error("the trust file names {what} twice")]
    Twice {
        /// What.
        what: String,
    },
    /// It names nobody to judge.
    #[error("the trust file names no issuer")]
    NoIssuer,
    /// The policy cannot be read.
    #[error("the policy cannot be read: {0}")]
    Policy(#[from] PolicyError),
    /// Not TOML, or not of the right keys.
    #[error("the trust file cannot be read: {0}")]
    Toml(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) policy: String,
    pub(super) label: Option<String>,
    #[serde(default = "default_level")]
    pub(super) required_level: String,
    #[serde(default = "default_roots")]
    pub(super) required_roots: usize,
    #[serde(default)]
    pub(super) grace: u64,
    pub(super) greatest_age: u64,
    #[serde(default = "default_catalogue")]
    pub(super) catalogue: String,
    #[serde(default)]
    pub(super) accounting: Parameters,
    #[serde(default)]
    pub(super) issuer: Vec<RawIssuer>,
    #[serde(default)]
    pub(super) witness: Vec<RawWitness>,
    #[serde(default)]
    pub(super) operator: Vec<RawOperator>,
    #[serde(default)]
    pub(super) corroborator: Vec<RawCorroborator>,
    #[serde(default)]
    pub(super) hardware_root: Vec<RawHardwareRoot>,
    #[serde(default)]
    pub(super) beacon: Vec<RawBeacon>,
    #[serde(default)]
    pub(super) related: Vec<RawRelated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIssuer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) trust_root: String,
    pub(super) log: String,
    #[serde(default)]
    pub(super) areas: Vec<String>,
    #[serde(default)]
    pub(super) earlier: Vec<String>,
    #[serde(default)]
    pub(super) affiliates: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWitness {
    pub(super) name: String,
    pub(super) trust_root: String,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOperator {
    pub(super) log: String,
    pub(super) trust_root: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCorroborator {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) trust_root: String,
    pub(super) measures: String,
    pub(super) log: Option<String>,
    #[serde(default)]
    pub(super) areas: Vec<String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    #[serde(default)]
    pub(super) own: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHardwareRoot {
    pub(super) name: String,
    pub(super) trust_root: String,
    pub(super) kind: String,
    pub(super) keys: Vec<String>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBeacon {
    pub(super) chain: String,
    pub(super) key: String,
    pub(super) genesis: String,
    pub(super) period: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRelated {
    pub(super) roots: Vec<String>,
    /// For people.
    #[expect(dead_code, reason = "it is part of the file, whose digest is printed")]
    pub(super) why: String,
}

impl Raw {
    pub(super) fn parse(text: &str) -> Result<Self, TrustError> {
        toml::from_str(text).map_err(|error| TrustError::Toml(error.to_string()))
    }
}

/// Reads the beacons; where none is named, it is drand's `quicknet`.
pub(super) fn read_beacons(raw: &[RawBeacon]) -> Result<Vec<Beacon>, TrustError> {
    if raw.is_empty() {
        return Ok(Beacon::quicknet().into_iter().collect());
    }
    let mut beacons: Vec<Beacon> = Vec::new();
    for one in raw {
        let genesis = field("beacon.genesis", &one.genesis)?;
        let chain = field("beacon.chain", &one.chain)?;
        if beacons.iter().any(|known| *known.chain() == chain) {
            let what = format!("the beacon {chain}");
            return Err(TrustError::Twice { what });
        }
        let beacon = Beacon::new(chain, &one.key, genesis, one.period);
        beacons.push(beacon.map_err(|error| TrustError::Field {
            field: "beacon.key",
            found: one.key.clone(),
            why: error.to_string(),
        })?);
    }
    Ok(beacons)
}

pub(super) fn instant(
    name: &'static str,
    text: Option<&str>,
) -> Result<Option<UnixSeconds>, TrustError> {
    text.map(|text| field(name, text)).transpose()
}

const fn default_roots() -> usize {
    LEAST_ROOTS
}

fn default_level() -> String {
    Level::E3.to_string()
}

fn default_catalogue() -> String {
    "embedded".to_owned()
}

pub(super) fn field<T: std::str::FromStr<Err: ToString>>(
    name: &'static str,
    text: &str,
) -> Result<T, TrustError> {
    text.parse().map_err(|error: T::Err| TrustError::Field {
        field: name,
        found: text.to_owned(),
        why: error.to_string(),
    })
}
