//! The YAML file of a run, understood.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::attestation::StreamId;
use crate::attestation::content::Architecture;
use crate::attestation::figure::Class;
use crate::cli::Failure;
use crate::cli::declare::Imported;
use crate::cli::declare::Lineage;
use crate::cli::declare::Named;
use crate::cli::failure;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::UnixSeconds;

/// Bytes that such a file has at most: a hundred times what it needs.
const MAX_FILE: usize = 1 << 20;

/// Operations for each parameter and token: two in the forward pass, four in the backward one
/// (Kaplan et al. 2020, arXiv:2001.08361, 2.1).
const PER_PARAMETER: u64 = 6;

/// Operations of attention for each layer, unit of width, position of context and token
/// (Chowdhery et al. 2022, arXiv:2204.02311, appendix B).
const PER_POSITION: u64 = 12;

/// Characters of a run's name at most: it names a file.
const MAX_NAME: usize = 100;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Declaration {
    /// What the job log calls the run.
    name: String,
    class: String,
    from: String,
    end: Option<String>,
    #[serde(default = "first_area")]
    areas: Vec<u64>,
    /// The scheduler's ids of its jobs, where its log names no runs.
    #[serde(default)]
    jobs: Vec<String>,
    /// So far.
    tokens: Option<u64>,
    parameters: Option<u64>,
    /// Of a mixture of experts: those that take part in each step.
    active: Option<u64>,
    dtype: Option<String>,
    attention: Option<Attention>,
    #[serde(default)]
    parents: Vec<String>,
    #[serde(default)]
    teachers: Vec<String>,
    #[serde(default)]
    synthetic_data: Vec<String>,
    #[serde(default)]
    imported: Vec<String>,
}

/// The shape of a transformer's attention.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attention {
    layers: u64,
    /// Heads times the width of each.
    width: u64,
    /// Positions that each token may attend to.
    context: u64,
}

fn first_area() -> Vec<u64> {
    vec![1]
}

/// What the file says, understood.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) from: UnixSeconds,
    pub(super) end: Option<UnixSeconds>,
    pub(super) areas: Vec<StreamId>,
    pub(super) jobs: BTreeSet<String>,
    pub(super) architecture: Option<Architecture>,
    pub(super) lineage: Lineage,
}

impl Declaration {
    pub(super) fn read(path: &Path) -> Result<Told, Failure> {
        let bytes = failure::read(path)?;
        let fail = |why: String| {
            Failure::file(path, why).hint(
                "`name`, `class` and `from` are needed; then `end`, `tokens`, `parameters`, `dtype` and others, as `specs/run-file.md` lists them",
            )
        };
        if bytes.len() > MAX_FILE {
            return Err(fail(format!("has more than {MAX_FILE} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| fail("is not UTF-8".to_owned()))?;
        let declared: Self =
            serde_saphyr::from_str(&text).map_err(|error| fail(error.to_string()))?;
        declared.understand().map_err(fail)
    }

    fn understand(self) -> Result<Told, String> {
        let architecture = self.architecture()?;
        let named = |runs: &[String], field: &str| -> Result<Vec<Named>, String> {
            let parse = |run: &String| run.parse().map_err(|why| format!("`{field}`: {why}"));
            runs.iter().map(parse).collect()
        };
        let imported = |one: &String| -> Result<Imported, String> {
            one.parse().map_err(|why| format!("`imported`: {why}"))
        };
        let time = |field: &str, text: &str| -> Result<UnixSeconds, String> {
            let parsed = text.parse();
            parsed.map_err(|error| format!("`{field}`: `{text}`: {error}"))
        };
        let good = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        let name = self.name;
        if name.is_empty()
            || name.len() > MAX_NAME
            || name.starts_with('.')
            || !name.chars().all(good)
        {
            return Err(format!(
                "`name`: `{name}` must be 1 to {MAX_NAME} of `A-Z a-z 0-9 . _ -`, and not begin with a point"
            ));
        }
        let mut areas: Vec<StreamId> = self.areas.into_iter().map(StreamId::new).collect();
        areas.sort_unstable();
        areas.dedup();
        if areas.is_empty() {
            return Err("`areas` names none".to_owned());
        }
        Ok(Told {
            name,
            class: self
                .class
                .parse()
                .map_err(|why| format!("`class`: {why}"))?,
            from: time("from", &self.from)?,
            end: self.end.map(|end| time("end", &end)).transpose()?,
            areas,
            jobs: self.jobs.into_iter().collect(),
            architecture,
            lineage: Lineage {
                parent: named(&self.parents, "parents")?,
                teacher: named(&self.teachers, "teachers")?,
                synthetic_data: named(&self.synthetic_data, "synthetic-data")?,
                imported: self
                    .imported
                    .iter()
                    .map(imported)
                    .collect::<Result<_, String>>()?,
            },
        })
    }

    /// Returns the operations so far by the architecture: `6 N D`, N the parameters that take
    /// part in each step, and at most the operations of attention more.
    fn architecture(&self) -> Result<Option<Architecture>, String> {
        let (tokens, parameters, dtype) = match (self.tokens, self.parameters, &self.dtype) {
            (None, None, None) if self.active.is_none() && self.attention.is_none() => {
                return Ok(None);
            }
            (Some(tokens), Some(parameters), Some(dtype)) => (tokens, parameters, dtype),
            _ => return Err("`tokens`, `parameters` and `dtype` stand together".to_owned()),
        };
        let taking_part = self.active.unwrap_or(parameters);
        if taking_part > parameters {
            return Err(format!(
                "`active`: {taking_part} are more than the {parameters} `parameters`"
            ));
        }
        let beyond = || "the operations are beyond 38 digits".to_owned();
        let tokens = Quantity::from(tokens);
        let times = |factors: &[u64]| {
            let product = factors
                .iter()
                .try_fold(tokens, |product, factor| product.times(*factor));
            product.ok_or_else(beyond)
        };
        let least = times(&[taking_part, PER_PARAMETER])?;
        let most = match &self.attention {
            None => least,
            Some(one) => {
                let attention = times(&[PER_POSITION, one.layers, one.width, one.context])?;
                least.plus(attention).ok_or_else(beyond)?
            }
        };
        Ok(Some(Architecture {
            flop: Interval::new(least, most).ok_or_else(beyond)?,
            tokens,
            parameters: Quantity::from(taking_part),
            dtype: dtype.clone(),
        }))
    }
}
