//! What an auditor assumes: the table `[accounting]` of a trust file.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::Deserialize;

use crate::attestation::content::CorroborationSource;
use crate::attestation::figure::spelled;
use crate::quantity::Quantity;
use crate::verify::accounting::ErrorLevel;
use crate::verify::accounting::Ppm;
use crate::verify::accounting::Quantile;
use crate::verify::accounting::RelativeError;

/// Kappa beyond which no bound is one: a device a hundred times as efficient as rated.
const MOST_KAPPA: u32 = 100_000_000;

/// A thousand standard deviations, in thousandths.
const MOST_CUSUM: u32 = 1_000_000;

/// The natural logarithm of two in millionths, rounded up.
const LN_2_MILLIONTHS: u64 = 693_148;

/// The longest id of a catalogue (`specs/catalogue.md`, cat-3).
const MAX_DEVICE: usize = 64;

spelled! {
    /// Where a figure comes from, as far as its error goes.
    Source, "a source of error" {
        /// Somebody went and counted.
        Inspection = "inspection",
        /// The lab's own records: a scheduler's, or what a lab shows.
        LabRecord = "lab-record",
        /// What a provider charged.
        OwnBilling = "own-billing",
        /// A meter, for what it meters.
        OwnMeter = "own-meter",
        /// Use inferred from a meter's energy.
        PowerModel = "power-model",
        /// Computed again from records.
        Recomputation = "recomputation",
    }
}

impl Source {
    /// Returns the error that is assumed where a trust file gives none.
    ///
    /// In `specs/accounting.md`, section "Defaults", is what each is taken from.
    pub const fn default_error(self) -> RelativeError {
        let systematic = match self {
            Self::Inspection | Self::LabRecord => 1_000,
            Self::OwnBilling | Self::Recomputation => 10_000,
            Self::OwnMeter => 20_000,
            Self::PowerModel => 142_900,
        };
        RelativeError {
            random: Ppm::new(0),
            systematic: Ppm::new(systematic),
        }
    }
}

impl From<CorroborationSource> for Source {
    fn from(source: CorroborationSource) -> Self {
        match source {
            CorroborationSource::Inspection => Self::Inspection,
            CorroborationSource::OwnBilling => Self::OwnBilling,
            CorroborationSource::OwnMeter => Self::OwnMeter,
            CorroborationSource::Recomputation => Self::Recomputation,
            CorroborationSource::ShownByLab => Self::LabRecord,
        }
    }
}

/// What an auditor assumes about errors, and what he looks for.
///
/// Deserialises from a table, in which every key may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Parameters {
    /// How often an honest balance may raise an alarm.
    pub false_alarm: ErrorLevel,
    /// How often a goal may be missed.
    pub missed: ErrorLevel,
    /// How much of a peak a run makes use of. Never part of what excludes.
    pub utilisation: Ppm,
    /// How much more efficient than rated a device can be.
    pub kappa: Ppm,
    /// The run that is looked for, in operations.
    pub goal: Quantity,
    /// The device in which resolutions are told.
    pub device: String,
    /// What each period may drift by, in thousandths of a standard deviation (k).
    pub cusum_allowance: u32,
    /// Beyond what sum there is an alarm, in thousandths of a standard deviation (h).
    pub cusum_limit: u32,
    /// Where the trust file differs from [`Source::default_error`].
    pub errors: BTreeMap<Source, RelativeError>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            false_alarm: ErrorLevel::FIVE_PER_CENT,
            missed: ErrorLevel::FIVE_PER_CENT,
            utilisation: Ppm::new(400_000),
            kappa: Ppm::new(2_000_000),
            goal: TEN_TO_25,
            device: "h100-sxm".to_owned(),
            cusum_allowance: 500,
            cusum_limit: 5_000,
            errors: BTreeMap::new(),
        }
    }
}

/// From where on the EU AI Act, Art. 51(2), presumes systemic risk.
const TEN_TO_25: Quantity = match Quantity::new(10_000_000_000_000_000_000_000_000) {
    Some(goal) => goal,
    None => Quantity::MAX,
};

impl Parameters {
    /// Parses a TOML text that has at most a table `accounting`.
    pub fn parse(text: &str) -> Result<Self, ParameterError> {
        let file: File =
            toml::from_str(text).map_err(|error| ParameterError::Toml(error.to_string()))?;
        file.accounting
            .map_or_else(|| Ok(Self::default()), Raw::read)
    }

    /// Returns how wrong a figure of a source may be.
    pub fn error(&self, source: Source) -> RelativeError {
        let stated = self.errors.get(&source).copied();
        stated.unwrap_or_else(|| source.default_error())
    }

    /// Returns how many standard deviations apart a goal must lie to be told from nothing:
    /// the sum of the quantiles of a false alarm and of a miss.
    pub const fn quantiles(&self) -> Quantile {
        self.false_alarm.quantile().plus(self.missed.quantile())
    }

    /// Returns the limit, in thousandths, at which of honest labs no more than the level of
    /// false alarms raise any alarm in so many scores of whatever series, in either
    /// direction; never less than the limit of the parameters. `None` without an allowance:
    /// then no limit does.
    ///
    /// By Wald's inequality a walk of normal steps, each lowered by k, ever rises above h
    /// with a probability of at most `exp(-2 k h)`, and a sum has as many walks as scores.
    pub fn cusum_limit_of(&self, scores: u64) -> Option<u32> {
        let walks = u128::from(scores).saturating_mul(2_000_000);
        let chance = u128::from(self.false_alarm.probability().get());
        let odds = walks.checked_div(chance)?.saturating_add(1);
        // The logarithm to base 2, rounded up.
        let doublings = u128::BITS.saturating_sub(odds.saturating_sub(1).leading_zeros());
        let twice = u64::from(self.cusum_allowance).saturating_mul(2);
        let log = u64::from(doublings).saturating_mul(LN_2_MILLIONTHS);
        let limit = log.div_ceil(NonZeroU64::new(twice)?.get());
        Some(u32::try_from(limit).ok()?.max(self.cusum_limit))
    }
}

/// Why parameters cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A value is not what it must be.
    #[error("`accounting.{field}` is `{found}`: {why}")]
    Field {
        /// The key.
        field: String,
        /// Its value.
        found: String,
        /// What is wrong.
        why: String,
    },
    /// Not TOML, or not of the right keys and types.
    #[error("the table `accounting` cannot be read: {0}")]
    Toml(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    accounting: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    false_alarm_ppm: Option<u32>,
    missed_ppm: Option<u32>,
    utilisation_ppm: Option<u32>,
    kappa_ppm: Option<u32>,
    goal_flop: Option<String>,
    device: Option<String>,
    cusum_allowance: Option<u32>,
    cusum_limit: Option<u32>,
    #[serde(default)]
    errors: BTreeMap<String, RawError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawError {
    random_ppm: u32,
    systematic_ppm: u32,
}

impl TryFrom<Raw> for Parameters {
    type Error = ParameterError;

    fn try_from(raw: Raw) -> Result<Self, ParameterError> {
        raw.read()
    }
}

impl Raw {
    fn read(self) -> Result<Parameters, ParameterError> {
        let default = Parameters::default();
        let errors = self
            .errors
            .into_iter()
            .map(|(name, raw)| Ok((source(&name)?, raw.read(&name)?)))
            .collect::<Result<_, ParameterError>>()?;
        Ok(Parameters {
            false_alarm: level("false_alarm_ppm", self.false_alarm_ppm, default.false_alarm)?,
            missed: level("missed_ppm", self.missed_ppm, default.missed)?,
            utilisation: share(
                "utilisation_ppm",
                self.utilisation_ppm,
                default.utilisation,
                (1, Ppm::ONE.get()),
            )?,
            // Below one, kappa would call what data sheets promise impossible.
            kappa: share(
                "kappa_ppm",
                self.kappa_ppm,
                default.kappa,
                (Ppm::ONE.get(), MOST_KAPPA),
            )?,
            goal: goal(self.goal_flop, default.goal)?,
            device: device(self.device, default.device)?,
            cusum_allowance: within(
                "cusum_allowance",
                self.cusum_allowance,
                default.cusum_allowance,
                (0, MOST_CUSUM),
            )?,
            cusum_limit: within(
                "cusum_limit",
                self.cusum_limit,
                default.cusum_limit,
                (1, MOST_CUSUM),
            )?,
            errors,
        })
    }
}

impl RawError {
    fn read(&self, source: &str) -> Result<RelativeError, ParameterError> {
        let one = |name: &str, parts| {
            let field = format!("errors.{source}.{name}");
            share(&field, Some(parts), Ppm::ONE, (0, Ppm::ONE.get()))
        };
        let error = RelativeError {
            random: one("random_ppm", self.random_ppm)?,
            systematic: one("systematic_ppm", self.systematic_ppm)?,
        };
        if error == RelativeError::default() {
            return Err(refuse(
                &format!("errors.{source}"),
                &0,
                "a source without any error would exclude everything".to_owned(),
            ));
        }
        Ok(error)
    }
}

fn source(name: &str) -> Result<Source, ParameterError> {
    name.parse().map_err(|why| refuse("errors", &name, why))
}

fn level(field: &str, found: Option<u32>, other: ErrorLevel) -> Result<ErrorLevel, ParameterError> {
    let Some(found) = found else {
        return Ok(other);
    };
    ErrorLevel::new(Ppm::new(found)).ok_or_else(|| {
        let known: Vec<String> = ErrorLevel::all()
            .map(|level| level.probability().get().to_string())
            .collect();
        let why = format!("only these are tabulated: {}", known.join(", "));
        refuse(field, &found, why)
    })
}

fn share(
    field: &str,
    found: Option<u32>,
    other: Ppm,
    bounds: (u32, u32),
) -> Result<Ppm, ParameterError> {
    within(field, found, other.get(), bounds).map(Ppm::new)
}

fn within(
    field: &str,
    found: Option<u32>,
    other: u32,
    (least, most): (u32, u32),
) -> Result<u32, ParameterError> {
    let found = found.unwrap_or(other);
    if (least..=most).contains(&found) {
        Ok(found)
    } else {
        let why = format!("it must lie between {least} and {most}");
        Err(refuse(field, &found, why))
    }
}

fn goal(found: Option<String>, other: Quantity) -> Result<Quantity, ParameterError> {
    let Some(found) = found else {
        return Ok(other);
    };
    match found.parse() {
        Ok(Quantity::ZERO) => Err(refuse(
            "goal_flop",
            &found,
            "a run of nothing cannot be excluded".to_owned(),
        )),
        Ok(goal) => Ok(goal),
        Err(error) => Err(refuse("goal_flop", &found, error.to_string())),
    }
}

fn device(found: Option<String>, other: String) -> Result<String, ParameterError> {
    let Some(found) = found else {
        return Ok(other);
    };
    let is_id = |char: char| matches!(char, 'a'..='z' | '0'..='9' | '-');
    if found.is_empty() || found.len() > MAX_DEVICE || !found.chars().all(is_id) {
        let why = "it must be an id of a catalogue".to_owned();
        let found: String = found.chars().take(MAX_DEVICE).collect();
        return Err(refuse("device", &found.escape_debug(), why));
    }
    Ok(found)
}

fn refuse(field: &str, found: &impl ToString, why: String) -> ParameterError {
    ParameterError::Field {
        field: field.to_owned(),
        found: found.to_string(),
        why,
    }
}
