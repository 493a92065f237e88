//! The ten kinds of claim, and what each limits.

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::figure::spelled;
use crate::attestation::statement::read_count;
use crate::claim::Level;
use crate::claim::pledge::read_span;
use crate::encoding::json::Object;
use crate::hash::Hash;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most steps, inventories or parties of one claim.
const MAX_ITEMS: usize = 256;

spelled! {
    /// The kinds of claim; any other is not understood and never holds.
    Kind, "a kind of claim known here" {
        /// At most so many accelerators.
        Accelerators = "accelerators",
        /// At most so much in the window.
        Cap = "cap",
        /// Another claim, while others hold theirs.
        Conditional = "conditional",
        /// Switched off or sealed.
        Halted = "halted",
        /// No training.
        InferenceOnly = "inference-only",
        /// No job larger or longer than this.
        JobSize = "job-size",
        /// Nothing added.
        NoNewCapacity = "no-new-capacity",
        /// Less and less, by a schedule.
        RampDown = "ramp-down",
        /// At most such a part of the baseline, per unit of time.
        Reduction = "reduction",
        /// No run above this, its whole lineage counted.
        RunCap = "run-cap",
    }
}

spelled! {
    /// Which accelerators count.
    Counting, "`installed` or `in-use`" {
        /// Those in use at once.
        InUse = "in-use",
        /// Those present.
        Installed = "installed",
    }
}

spelled! {
    /// Whether matched replacements count as new.
    Replacements, "`free` or `counted`" {
        /// They count as new.
        Counted = "counted",
        /// They do not.
        Free = "free",
    }
}

/// What a claim limits, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// At most `limit` at once.
    Accelerators {
        /// In the pledge's unit.
        limit: Quantity,
        /// Which count.
        counting: Counting,
    },
    /// At most `limit` in the window.
    Cap {
        /// In the pledge's unit.
        limit: Quantity,
    },
    /// `wraps`, while the parties hold theirs.
    Conditional(Box<Conditional>),
    /// At most `limit` a period, seals confirmed at a cadence.
    Halted {
        /// Joules a period.
        limit: Quantity,
        /// Seconds between confirmations of seals.
        seal_cadence: u64,
    },
    /// No training, and at most `limit` over the interconnect.
    InferenceOnly {
        /// Bytes in the window.
        limit: Quantity,
    },
    /// No job above either maximum.
    JobSize {
        /// Accelerators.
        maximum_accelerators: Option<Quantity>,
        /// Seconds.
        maximum_seconds: Option<Quantity>,
    },
    /// Nothing beyond these inventories.
    NoNewCapacity {
        /// The statements that it starts from.
        inventories: Vec<StatementId>,
        /// Whether matched replacements count.
        replacements: Replacements,
    },
    /// At most each step's limit in its time.
    RampDown {
        /// Contiguous steps, never rising.
        schedule: Vec<Step>,
    },
    /// At most `limit` parts per million of the baseline, per unit of time.
    Reduction {
        /// Parts per million.
        limit: Quantity,
    },
    /// At most `limit` in any run's lineage.
    RunCap {
        /// Operations.
        limit: Quantity,
    },
}

/// A claim that binds while others hold theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditional {
    /// What binds; not itself conditional.
    pub wraps: Terms,
    /// The other parties.
    pub parties: Vec<IssuerId>,
    /// How many of them must hold theirs.
    pub quorum: u64,
    /// The level required of them.
    pub party_level: Level,
    /// Seconds that they have.
    pub party_grace: u64,
    /// The digest of the pact's text, which every party's pledge names.
    pub pact: Hash,
}

/// One step of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it binds.
    pub time: Period,
    /// At most so much in that time.
    pub limit: Quantity,
}

impl Terms {
    /// Returns the kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Accelerators { .. } => Kind::Accelerators,
            Self::Cap { .. } => Kind::Cap,
            Self::Conditional(_) => Kind::Conditional,
            Self::Halted { .. } => Kind::Halted,
            Self::InferenceOnly { .. } => Kind::InferenceOnly,
            Self::JobSize { .. } => Kind::JobSize,
            Self::NoNewCapacity { .. } => Kind::NoNewCapacity,
            Self::RampDown { .. } => Kind::RampDown,
            Self::Reduction { .. } => Kind::Reduction,
            Self::RunCap { .. } => Kind::RunCap,
        }
    }

    /// Reads the members that belong to the kind named by `kind`.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let kind = fields.parsed("kind")?;
        Self::read_kind(kind, fields)
    }

    fn read_kind(kind: Kind, fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(match kind {
            Kind::Accelerators => Self::Accelerators {
                limit: fields.parsed("limit")?,
                counting: fields.parsed("counting")?,
            },
            Kind::Cap => Self::Cap {
                limit: fields.parsed("limit")?,
            },
            Kind::Conditional => Self::Conditional(Box::new(Conditional::read(fields)?)),
            Kind::Halted => Self::Halted {
                limit: fields.parsed("limit")?,
                seal_cadence: read_span(fields, "sealCadence")?,
            },
            Kind::InferenceOnly => Self::InferenceOnly {
                limit: fields.parsed("limit")?,
            },
            Kind::JobSize => Self::read_job_size(fields)?,
            Kind::NoNewCapacity => Self::NoNewCapacity {
                inventories: read_inventories(fields)?,
                replacements: fields.parsed("replacements")?,
            },
            Kind::RampDown => Self::RampDown {
                schedule: read_schedule(fields)?,
            },
            Kind::Reduction => Self::Reduction {
                limit: fields.parsed("limit")?,
            },
            Kind::RunCap => Self::RunCap {
                limit: fields.parsed("limit")?,
            },
        })
    }

    fn read_job_size(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let maximum_accelerators = fields.parsed_or_none("maximumAccelerators")?;
        let maximum_seconds = fields.parsed_or_none("maximumSeconds")?;
        if maximum_accelerators.is_none() && maximum_seconds.is_none() {
            let why = "and `maximumSeconds` are both `none`: nothing is bounded";
            return Err(FieldError::new("maximumAccelerators", why));
        }
        Ok(Self::JobSize {
            maximum_accelerators,
            maximum_seconds,
        })
    }

    /// Spells the kind and its members into `object`.
    pub(super) fn write(&self, object: Object<'static>) -> Object<'static> {
        let object = object.with("kind", self.kind().as_str());
        let or_none =
            |value: &Option<Quantity>| crate::attestation::fields::or_none(value.as_ref());
        match self {
            Self::Accelerators { limit, counting } => object
                .with("limit", limit.to_string())
                .with("counting", counting.as_str()),
            Self::Cap { limit }
            | Self::InferenceOnly { limit }
            | Self::Reduction { limit }
            | Self::RunCap { limit } => object.with("limit", limit.to_string()),
            Self::Conditional(conditional) => conditional.write(object),
            Self::Halted {
                limit,
                seal_cadence,
            } => object
                .with("limit", limit.to_string())
                .with("sealCadence", seal_cadence.to_string()),
            Self::JobSize {
                maximum_accelerators,
                maximum_seconds,
            } => object
                .with("maximumAccelerators", or_none(maximum_accelerators))
                .with("maximumSeconds", or_none(maximum_seconds)),
            Self::NoNewCapacity {
                inventories,
                replacements,
            } => {
                let ids: Vec<_> = inventories.iter().map(ToString::to_string).collect();
                object
                    .with("inventories", ids)
                    .with("replacements", replacements.as_str())
            }
            Self::RampDown { schedule } => {
                let steps: Vec<_> = schedule.iter().map(Step::write).collect();
                object.with("schedule", steps)
            }
        }
    }
}

impl Conditional {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let wraps = fields.nested("wraps", |fields| {
            let kind = fields.parsed("kind")?;
            if kind == Kind::Conditional {
                return Err(FieldError::new("kind", "may not be `conditional` again"));
            }
            Terms::read_kind(kind, fields)
        })?;
        // A party named twice would count twice towards the quorum.
        let parties: Vec<IssuerId> = fields.parsed_list("parties", MAX_ITEMS)?;
        if !parties.is_sorted_by(|one, next| one < next) {
            return Err(FieldError::new(
                "parties",
                "is not sorted, each issuer once",
            ));
        }
        let quorum = read_count(fields, "quorum")?;
        if quorum == 0 || usize::try_from(quorum).is_ok_and(|quorum| quorum > parties.len()) {
            let why = format!("is {quorum} of {} parties", parties.len());
            return Err(FieldError::new("quorum", why));
        }
        Ok(Self {
            wraps,
            parties,
            quorum,
            party_level: fields.parsed("partyLevel")?,
            party_grace: read_count(fields, "partyGrace")?,
            pact: fields.parsed("pact")?,
        })
    }

    fn write(&self, object: Object<'static>) -> Object<'static> {
        let parties: Vec<_> = self.parties.iter().map(ToString::to_string).collect();
        object
            .with("wraps", self.wraps.write(Object::new()))
            .with("parties", parties)
            .with("quorum", self.quorum.to_string())
            .with("partyLevel", self.party_level.as_str())
            .with("partyGrace", self.party_grace.to_string())
            .with("pact", self.pact.to_string())
    }
}

/// Takes the inventories that nothing is added to: sorted, at least one.
fn read_inventories(fields: &mut Fields<'_>) -> Result<Vec<StatementId>, FieldError> {
    let inventories: Vec<StatementId> = fields.parsed_list("inventories", MAX_ITEMS)?;
    if inventories.is_empty() {
        return Err(FieldError::new("inventories", "names none to start from"));
    }
    if !inventories.is_sorted_by(|one, next| one < next) {
        let why = "is not sorted, each statement once";
        return Err(FieldError::new("inventories", why));
    }
    Ok(inventories)
}

/// Takes the steps of a ramp: contiguous, never rising, at least one.
fn read_schedule(fields: &mut Fields<'_>) -> Result<Vec<Step>, FieldError> {
    let schedule = fields.objects("schedule", MAX_ITEMS, Step::read)?;
    if schedule.is_empty() {
        return Err(FieldError::new("schedule", "has no step"));
    }
    for pair in schedule.windows(2) {
        let [one, next] = pair else { continue };
        if one.time.end() != next.time.start() {
            let (end, start) = (one.time.end(), next.time.start());
            let why =
                format!("is not contiguous: a step ends at {end}, the next begins at {start}");
            return Err(FieldError::new("schedule", why));
        }
        if next.limit > one.limit {
            let why = format!("rises from {} to {}", one.limit, next.limit);
            return Err(FieldError::new("schedule", why));
        }
    }
    Ok(schedule)
}

impl Step {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (start, end): (UnixSeconds, UnixSeconds) =
            (fields.parsed("start")?, fields.parsed("end")?);
        let time = Period::new(start, end)
            .ok_or_else(|| FieldError::new("end", format!("is `{end}`, not after `{start}`")))?;
        Ok(Self {
            time,
            limit: fields.parsed("limit")?,
        })
    }

    fn write(&self) -> Object<'static> {
        Object::new()
            .with("start", self.time.start().to_string())
            .with("end", self.time.end().to_string())
            .with("limit", self.limit.to_string())
    }
}
