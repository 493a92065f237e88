//! `run`: the start, the progress or the end of a run, and what it was made from
//! (formats: 7).
//!
//! A run's figures explain what its areas recorded; they add nothing to it. What areas
//! recorded in limited classes and no run explains is charged to every lineage.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::sorted;
use crate::attestation::content::area::Measured;
use crate::attestation::content::usage::read_period;
use crate::attestation::content::usage::write_period;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::figure::Class;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::read_figures;
use crate::attestation::figure::read_name;
use crate::attestation::figure::read_value;
use crate::attestation::figure::spelled;
use crate::attestation::figure::write_value;
use crate::attestation::statement::IssuerId;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most areas, figures of one area, and ancestors of one statement; an entry of
/// 64 KiB holds fewer.
const MAX_ITEMS: usize = 512;

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Run {
    /// Its start, its progress or its end.
    pub event: RunEvent,
    /// What it is for.
    pub class: Class,
    /// The areas that it uses, sorted, the one in whose stream this stands among them;
    /// with what it used in each.
    pub areas: Vec<RunArea>,
    /// Its operations, computed from what it trains.
    pub architecture: Option<Architecture>,
    /// What it was made from; after the start, what came to it since.
    pub lineage: Vec<Ancestor>,
    /// Commitments to what the lab holds of it.
    pub held: Held,
}

spelled! {
    /// What a statement tells of a run.
    RunStage, "`start`, `progress` or `end`" {
        /// It ended.
        End = "end",
        /// It went on.
        Progress = "progress",
        /// It begins.
        Start = "start",
    }
}

/// Where in a run's life a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum RunEvent {
    /// It ended; the period reaches to its last period's edge.
    End {
        /// The statement id of its start.
        run: StatementId,
        /// What is covered since the statement before.
        period: Period,
    },
    /// It went on.
    Progress {
        /// The statement id of its start.
        run: StatementId,
        /// What is covered since the statement before.
        period: Period,
    },
    /// It begins; this statement's id is its id.
    Start {
        /// The period's edge from which it is covered.
        from: UnixSeconds,
    },
}

/// What a run used in an area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RunArea {
    /// The area.
    pub area: Measured,
    /// Accelerator-seconds by model; none at the start.
    pub figures: Vec<Figure>,
}

/// The operations of a run, computed from the architecture that it trains.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Architecture {
    /// Operations so far.
    pub flop: Interval,
    /// Tokens so far, or whatever else it sees.
    pub tokens: Quantity,
    /// Parameters that take part in each step.
    pub parameters: Quantity,
    /// The number format.
    pub dtype: String,
}

spelled! {
    /// What an ancestor gave.
    Inheritance, "`parent`, `synthetic-data` or `teacher`" {
        /// Its weights.
        Parent = "parent",
        /// Data that it made.
        SyntheticData = "synthetic-data",
        /// Its outputs, in distillation.
        Teacher = "teacher",
    }
}

/// What a run was made from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Ancestor {
    /// What it gave.
    pub gave: Inheritance,
    /// What it is.
    pub origin: Origin,
}

spelled! {
    /// What is known of an ancestor.
    OriginKind, "`run`, `imported` or `undeclared`" {
        /// It comes from outside all logs.
        Imported = "imported",
        /// Some issuer declared it.
        Run = "run",
        /// It is the issuer's own, never declared.
        Undeclared = "undeclared",
    }
}

/// Where an ancestor comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum Origin {
    /// From outside all logs.
    Imported {
        /// What it is called.
        name: String,
        /// Its operations.
        flop: FlopBounds,
    },
    /// A run that some issuer declared.
    Run {
        /// Whose.
        issuer: IssuerId,
        /// The statement id of its start.
        run: StatementId,
    },
    /// The issuer's own, never declared.
    Undeclared {
        /// What it is called.
        name: String,
        /// Its operations.
        flop: FlopBounds,
    },
}

/// Bounds on operations of which the upper may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct FlopBounds {
    lower: Quantity,
    upper: Option<Quantity>,
}

/// Salted commitments to what a lab holds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Held {
    /// Its code.
    pub code: Option<Hash>,
    /// Its data.
    pub data: Option<Hash>,
    /// Its checkpoints.
    pub checkpoints: Option<Hash>,
}

impl Run {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let event = RunEvent::read(fields)?;
        let starts = matches!(event, RunEvent::Start { .. });
        let class = fields.parsed("class")?;
        let areas = fields.objects("areas", MAX_ITEMS, |fields| {
            RunArea::read(fields, starts, class)
        })?;
        if areas.is_empty() {
            return Err(FieldError::new("areas", "names no area"));
        }
        let streams: Vec<_> = areas.iter().map(|one| one.area).collect();
        sorted(&streams, "areas")?;
        let architecture = fields.nested_or_none("architecture", Architecture::read)?;
        if starts && architecture.is_some() {
            return Err(FieldError::new("architecture", "a start covers no period"));
        }
        Ok(Self {
            event,
            class,
            areas,
            architecture,
            lineage: fields.objects("lineage", MAX_ITEMS, Ancestor::read)?,
            held: fields.nested("held", Held::read)?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let areas: Vec<_> = self.areas.iter().map(RunArea::write).collect();
        let lineage: Vec<_> = self.lineage.iter().map(Ancestor::write).collect();
        let architecture = self
            .architecture
            .as_ref()
            .map_or_else(|| Value::from(NONE), |one| one.write().into());
        self.event
            .write()
            .with("class", self.class.as_str())
            .with("areas", areas)
            .with("architecture", architecture)
            .with("lineage", lineage)
            .with("held", self.held.write())
    }
}

impl RunEvent {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(match fields.parsed("event")? {
            RunStage::End => Self::End {
                run: fields.parsed("run")?,
                period: read_period(fields)?,
            },
            RunStage::Progress => Self::Progress {
                run: fields.parsed("run")?,
                period: read_period(fields)?,
            },
            RunStage::Start => Self::Start {
                from: fields.parsed("from")?,
            },
        })
    }

    fn write(self) -> Object<'static> {
        let covered = |stage: RunStage, run: StatementId, period| {
            Object::new()
                .with("event", stage.as_str())
                .with("run", run.to_string())
                .with("period", write_period(period))
        };
        match self {
            Self::End { run, period } => covered(RunStage::End, run, period),
            Self::Progress { run, period } => covered(RunStage::Progress, run, period),
            Self::Start { from } => Object::new()
                .with("event", RunStage::Start.as_str())
                .with("from", from.to_string()),
        }
    }
}

impl RunArea {
    fn read(fields: &mut Fields<'_>, starts: bool, class: Class) -> Result<Self, FieldError> {
        let figures = read_figures(fields)?;
        let other = figures
            .iter()
            .find(|figure| figure.quantity != QuantityKind::AcceleratorSeconds);
        if let Some(other) = other {
            let why = format!("hold `{}`, not accelerator-seconds", other.quantity);
            return Err(FieldError::new("figures", why));
        }
        if starts && !figures.is_empty() {
            return Err(FieldError::new("figures", "a start covers no period"));
        }
        // Else a run would explain use of a class that it does not admit to.
        if let Some(other) = figures.iter().find(|figure| figure.class != class) {
            let why = format!("are of class `{}`, the run of `{class}`", other.class);
            return Err(FieldError::new("figures", why));
        }
        Ok(Self {
            area: Measured::read(fields)?,
            figures,
        })
    }

    fn write(&self) -> Object<'static> {
        let figures: Vec<_> = self.figures.iter().map(Figure::write).collect();
        self.area.write().with("figures", figures)
    }
}

impl Architecture {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            flop: read_value(fields)?,
            tokens: fields.parsed("tokens")?,
            parameters: fields.parsed("parameters")?,
            dtype: read_name(fields, "dtype")?,
        })
    }

    fn write(&self) -> Object<'static> {
        write_value(self.flop)
            .with("tokens", self.tokens.to_string())
            .with("parameters", self.parameters.to_string())
            .with("dtype", self.dtype.clone())
    }
}

impl Ancestor {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let gave = fields.parsed("gave")?;
        let origin = match fields.parsed("origin")? {
            OriginKind::Imported => Origin::Imported {
                name: read_name(fields, "name")?,
                flop: fields.nested("flop", FlopBounds::read)?,
            },
            OriginKind::Run => Origin::Run {
                issuer: fields.parsed("issuer")?,
                run: fields.parsed("run")?,
            },
            OriginKind::Undeclared => Origin::Undeclared {
                name: read_name(fields, "name")?,
                flop: fields.nested("flop", FlopBounds::read)?,
            },
        };
        Ok(Self { gave, origin })
    }

    fn write(&self) -> Object<'static> {
        let object = Object::new().with("gave", self.gave.as_str());
        match &self.origin {
            Origin::Imported { name, flop } => object
                .with("origin", OriginKind::Imported.as_str())
                .with("name", name.clone())
                .with("flop", flop.write()),
            Origin::Run { issuer, run } => object
                .with("origin", OriginKind::Run.as_str())
                .with("issuer", issuer.to_string())
                .with("run", run.to_string()),
            Origin::Undeclared { name, flop } => object
                .with("origin", OriginKind::Undeclared.as_str())
                .with("name", name.clone())
                .with("flop", flop.write()),
        }
    }
}

impl FlopBounds {
    /// Returns the bounds, or `None` if `lower` is above `upper`.
    pub fn new(lower: Quantity, upper: Option<Quantity>) -> Option<Self> {
        upper
            .is_none_or(|upper| lower <= upper)
            .then_some(Self { lower, upper })
    }

    /// Returns the least that it can be.
    pub const fn lower(self) -> Quantity {
        self.lower
    }

    /// Returns the most that it can be; `None` where that is not known, and nothing can
    /// be shown of a lineage that holds it.
    pub const fn upper(self) -> Option<Quantity> {
        self.upper
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (lower, upper) = (fields.parsed("lower")?, fields.parsed_or_none("upper")?);
        Self::new(lower, upper).ok_or_else(|| FieldError::new("upper", "is below `lower`"))
    }

    fn write(self) -> Object<'static> {
        Object::new()
            .with("lower", self.lower.to_string())
            .with("upper", or_none(self.upper.as_ref()))
    }
}

impl Held {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            code: fields.parsed_or_none("code")?,
            data: fields.parsed_or_none("data")?,
            checkpoints: fields.parsed_or_none("checkpoints")?,
        })
    }

    fn write(&self) -> Object<'static> {
        Object::new()
            .with("code", or_none(self.code.as_ref()))
            .with("data", or_none(self.data.as_ref()))
            .with("checkpoints", or_none(self.checkpoints.as_ref()))
    }
}
