//! Figures: how much of what, counted how, known how well (formats: 8).
//!
//! Specified in `specs/statements.md`, section "Figures".

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::fields::read_all;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::quantity::Interval;
use crate::quantity::Quantity;

/// Declares an enum whose variants have one spelling each.
macro_rules! spelled {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Deserialize, serde::Serialize,
        )]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// Every variant.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns its spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|one| one.as_str() == text)
                    .ok_or_else(|| format!("`{text}` is not {}", $what))
            }
        }
    };
}

pub(crate) use spelled;

spelled! {
    /// What is counted.
    QuantityKind, "a quantity" {
        /// Seconds of physical accelerators.
        AcceleratorSeconds = "accelerator_seconds",
        /// The most accelerators at once in the period; never summed.
        Accelerators = "accelerators",
        /// Energy in joules.
        EnergyJoules = "energy_joules",
        /// Floating-point or integer operations.
        Flop = "flop",
        /// Bytes over the interconnect of accelerators.
        InterconnectBytes = "interconnect_bytes",
        /// The accelerators of the largest job; never summed.
        JobAccelerators = "job_accelerators",
        /// The seconds of the longest job, its time before the period included; never
        /// summed.
        JobSeconds = "job_seconds",
    }
}

impl QuantityKind {
    /// Returns its unit, in UCUM.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::AcceleratorSeconds | Self::JobSeconds => "s",
            Self::Accelerators | Self::JobAccelerators => "{accelerator}",
            Self::EnergyJoules => "J",
            Self::Flop => "{FLOP}",
            Self::InterconnectBytes => "By",
        }
    }

    /// Whether it is a maximum of its period, which is never summed.
    pub const fn is_maximum(self) -> bool {
        matches!(
            self,
            Self::Accelerators | Self::JobAccelerators | Self::JobSeconds
        )
    }
}

spelled! {
    /// What the accelerators did.
    Class, "a class" {
        /// Making synthetic data.
        DataGeneration = "data-generation",
        /// Out of order.
        Down = "down",
        /// Measuring models.
        Evaluation = "evaluation",
        /// Research runs and failed runs.
        Experiment = "experiment",
        /// Powered and unused.
        Idle = "idle",
        /// Serving models.
        Inference = "inference",
        /// Under maintenance.
        Maintenance = "maintenance",
        /// None of the others.
        Other = "other",
        /// Fine-tuning and reinforcement learning.
        PostTraining = "post-training",
        /// Pre-training.
        Training = "training",
        /// Not known; counts as training wherever training is limited.
        Unclassified = "unclassified",
    }
}

spelled! {
    /// How use was counted.
    Basis, "a basis" {
        /// Seconds weighted by utilisation.
        Active = "active",
        /// Given to a job by a scheduler.
        Allocated = "allocated",
        /// Charged by a provider.
        Billed = "billed",
        /// Installed and seen.
        Present = "present",
    }
}

spelled! {
    /// Where energy was measured; never summed across.
    Boundary, "an energy boundary" {
        /// A whole facility.
        Facility = "facility",
        /// A utility's feed.
        Feed = "feed",
        /// One device.
        Gpu = "gpu",
        /// One machine.
        Node = "node",
        /// One rack.
        Rack = "rack",
    }
}

/// The longest model name and method; catalogue ids are far shorter.
const MAX_NAME: usize = 128;

/// The longest id of a catalogue (`specs/catalogue.md`, cat-3).
const MAX_MODEL_ID: usize = 64;

/// What a model begins with that no catalogue has.
const UNCATALOGUED: &str = "uncatalogued:";

/// The most figures of one list; an entry of 64 KiB holds fewer.
const MAX_FIGURES: usize = 1024;

/// One figure of a `usage`, `corroboration`, `run` or `evidence` statement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Figure {
    /// What is counted.
    pub quantity: QuantityKind,
    /// The catalogue's id of the device, `uncatalogued:<type>`, or `none` where the
    /// figure is of no one model.
    pub model: String,
    /// What it was used for.
    pub class: Class,
    /// How it was counted.
    pub basis: Basis,
    /// Where, for energy; otherwise `None`.
    pub boundary: Option<Boundary>,
    /// How much, in base units.
    pub value: Interval,
    /// How it was arrived at.
    pub method: String,
    /// The number format and sparsity, for FLOP; otherwise `None`.
    pub precision: Option<Precision>,
    /// How much of the period was seen.
    pub coverage: Coverage,
    /// Where it comes from.
    pub source: Source,
}

impl Figure {
    /// Reads a figure.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let quantity: QuantityKind = fields.parsed("quantity")?;
        let unit = fields.text("unit")?;
        if unit != quantity.unit() {
            let why = format!("is `{unit}`, but `{quantity}` is in `{}`", quantity.unit());
            return Err(FieldError::new("unit", why));
        }
        let boundary = fields.parsed_or_none("boundary")?;
        if boundary.is_some() != (quantity == QuantityKind::EnergyJoules) {
            let why = "an energy figure, and no other, has a boundary";
            return Err(FieldError::new("boundary", why));
        }
        let precision = match quantity {
            QuantityKind::Flop => Some(Precision {
                dtype: read_name(fields, "dtype")?,
                sparsity: read_name(fields, "sparsity")?,
            }),
            _ => None,
        };
        Ok(Self {
            quantity,
            model: read_model_or_none(fields)?,
            class: fields.parsed("class")?,
            basis: fields.parsed("basis")?,
            boundary,
            value: read_value(fields)?,
            method: read_name(fields, "method")?,
            precision,
            coverage: Coverage::read(fields)?,
            source: fields.nested("source", Source::read)?,
        })
    }

    /// Spells the figure.
    pub fn write(&self) -> Object<'static> {
        let precision = self.precision.as_ref();
        write_value(self.value)
            .with("quantity", self.quantity.as_str())
            .with("unit", self.quantity.unit())
            .with("model", self.model.clone())
            .with("class", self.class.as_str())
            .with("basis", self.basis.as_str())
            .with("boundary", or_none(self.boundary.as_ref()))
            .with("method", self.method.clone())
            .with_some("dtype", precision.map(|one| one.dtype.clone()))
            .with_some("sparsity", precision.map(|one| one.sparsity.clone()))
            .with("coverage", self.coverage.write())
            .with("source", self.source.write())
    }
}

/// The number format and sparsity that a FLOP figure counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Precision {
    /// The number format, such as `bf16`.
    pub dtype: String,
    /// `dense`, or what else.
    pub sparsity: String,
}

/// How much of a period a figure saw, in seconds of devices (for energy, of meters).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Coverage {
    /// What was seen and what was not; together all that the inventory holds.
    Known {
        /// Seen.
        observed: Quantity,
        /// Not seen.
        gap: Quantity,
        /// How often a counter began anew.
        resets: Quantity,
    },
    /// Not known, as with a job log alone.
    Unknown,
}

impl Coverage {
    /// What stands for coverage that is not known.
    pub const UNKNOWN: &str = "unknown";

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let value = fields.required("coverage")?;
        if value.as_text() == Some(Self::UNKNOWN) {
            return Ok(Self::Unknown);
        }
        read_all(value, |fields| {
            Ok(Self::Known {
                observed: fields.parsed("observed")?,
                gap: fields.parsed("gap")?,
                resets: fields.parsed("resets")?,
            })
        })
        .map_err(|error| error.within("coverage"))
    }

    fn write(self) -> Value<'static> {
        match self {
            Self::Known {
                observed,
                gap,
                resets,
            } => Object::new()
                .with("observed", observed.to_string())
                .with("gap", gap.to_string())
                .with("resets", resets.to_string())
                .into(),
            Self::Unknown => Self::UNKNOWN.into(),
        }
    }
}

/// Where a figure comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Source {
    /// The tool that gave it, with its version.
    pub tool: String,
    /// Salted commitment to the query.
    pub query: Option<Hash>,
    /// Salted commitment to the raw input.
    pub input: Option<Hash>,
}

impl Source {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            tool: read_name(fields, "tool")?,
            query: fields.parsed_or_none("query")?,
            input: fields.parsed_or_none("input")?,
        })
    }

    fn write(&self) -> Object<'static> {
        Object::new()
            .with("tool", self.tool.clone())
            .with("query", or_none(self.query.as_ref()))
            .with("input", or_none(self.input.as_ref()))
    }
}

/// Takes `figures`, of which none contradicts another.
pub fn read_figures(fields: &mut Fields<'_>) -> Result<Vec<Figure>, FieldError> {
    let figures = fields.objects("figures", MAX_FIGURES, Figure::read)?;
    check(&figures).map_err(|why| FieldError::new("figures", why))?;
    Ok(figures)
}

/// Refuses figures that say the same of the same twice, and more accelerator-seconds than
/// were seen: either could inflate a baseline.
fn check(figures: &[Figure]) -> Result<(), String> {
    let mut known = BTreeSet::new();
    let mut counted = BTreeMap::new();
    for figure in figures {
        let Figure {
            quantity,
            model,
            class,
            basis,
            boundary,
            precision,
            source,
            ..
        } = figure;
        let key = (quantity, model, class, basis, boundary, precision, source);
        if !known.insert(key) {
            return Err(format!(
                "have `{quantity}` of `{model}`, `{class}`, `{basis}` twice from one source"
            ));
        }
        // What a provider charges is rounded up, and was not seen by it.
        if *quantity == QuantityKind::AcceleratorSeconds && *basis != Basis::Billed {
            let total = counted
                .entry((model, basis, source))
                .or_insert((Quantity::ZERO, Some(Quantity::ZERO)));
            total.0 = total
                .0
                .plus(figure.value.lower())
                .ok_or_else(|| format!("of `{model}` come to more than 38 digits"))?;
            total.1 = match (total.1, figure.coverage) {
                (Some(seen), Coverage::Known { observed, .. }) => Some(seen.max(observed)),
                _ => None,
            };
        }
    }
    for ((model, basis, _), (total, seen)) in counted {
        if let Some(seen) = seen.filter(|seen| total > *seen) {
            return Err(format!(
                "count {total} accelerator-seconds of `{model}`, `{basis}`; {seen} were seen"
            ));
        }
    }
    Ok(())
}

/// Takes `model`: a catalogue's id or `uncatalogued:` with what it is called instead.
pub fn read_model(fields: &mut Fields<'_>) -> Result<String, FieldError> {
    let model = read_model_or_none(fields)?;
    if model == NONE {
        return Err(FieldError::new("model", "is `none`; devices have one"));
    }
    Ok(model)
}

/// As [`read_model`], `none` standing for no one model.
pub fn read_model_or_none(fields: &mut Fields<'_>) -> Result<String, FieldError> {
    let text = read_name(fields, "model")?;
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let known = match text.strip_prefix(UNCATALOGUED) {
        Some(name) => !name.is_empty(),
        None => text.len() <= MAX_MODEL_ID && text.split('-').all(word),
    };
    if known {
        return Ok(text);
    }
    let why = format!("is `{text}`, neither a catalogue's id nor `{UNCATALOGUED}` and a name");
    Err(FieldError::new("model", why))
}

/// Takes `value`, an exact quantity, or `interval`, of which `upper` may not be below
/// `lower`.
pub fn read_value(fields: &mut Fields<'_>) -> Result<Interval, FieldError> {
    if let Some(value) = fields.parsed_optional("value")? {
        return Ok(Interval::exactly(value));
    }
    fields.nested("interval", |fields| {
        let (lower, upper): (Quantity, Quantity) =
            (fields.parsed("lower")?, fields.parsed("upper")?);
        if lower == upper {
            return Err(FieldError::new("upper", "equals `lower`: write `value`"));
        }
        Interval::new(lower, upper).ok_or_else(|| {
            FieldError::new("upper", format!("is `{upper}`, below `lower`, `{lower}`"))
        })
    })
}

/// Spells `value` or `interval`.
pub fn write_value(value: Interval) -> Object<'static> {
    if value.lower() == value.upper() {
        return Object::new().with("value", value.lower().to_string());
    }
    let bounds = Object::new()
        .with("lower", value.lower().to_string())
        .with("upper", value.upper().to_string());
    Object::new().with("interval", bounds)
}

/// Takes a name: not empty, at most 128 bytes.
pub fn read_name(fields: &mut Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    let text = fields.text(name)?;
    if text.is_empty() || text.len() > MAX_NAME {
        let why = format!("must have 1 to {MAX_NAME} bytes; write `{NONE}` for nothing");
        return Err(FieldError::new(name, why));
    }
    Ok(text.to_owned())
}
