//! What a new draft limits: the options of each kind of claim.

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::QuantityKind;
use crate::claim::Conditional;
use crate::claim::Counting;
use crate::claim::Kind;
use crate::claim::Level;
use crate::claim::LimitedQuantity;
use crate::claim::Preset;
use crate::claim::Replacements;
use crate::claim::Step;
use crate::claim::Terms;
use crate::cli::Failure;
use crate::cli::failure;
use crate::hash::sha256;
use crate::quantity::Quantity;
use crate::time::DAY;
use crate::time::Period;
use crate::time::UnixSeconds;

/// What is limited, by kind.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct TermsArgs {
    /// Kind of claim: `cap`, `reduction`, `ramp-down`, `run-cap`, `accelerators`, `halted`,
    /// `inference-only`, `job-size` or `no-new-capacity`; with `--party`, while others hold
    /// theirs
    #[arg(long)]
    pub(in crate::cli) kind: Kind,

    /// Limit: in the quantity's unit; for a reduction in parts per million; of a halted area
    /// joules a period
    #[arg(long)]
    pub(in crate::cli) limit: Option<Quantity>,

    /// Limit of a `run-cap` that a law or a proposal names: `eu-gpai` (1e23), `miri` (1e24),
    /// `eu-systemic-risk` (1e25) or `us-ca-sb53` (1e26)
    #[arg(long, value_name = "NAME", conflicts_with = "limit")]
    pub(in crate::cli) preset: Option<Preset>,

    /// Step of a `ramp-down`, to its end from the end of the one before (can be repeated)
    #[arg(long, value_name = "END=LIMIT")]
    pub(in crate::cli) step: Vec<RampStep>,

    /// Which accelerators count: `installed` or `in-use`
    #[arg(long, default_value_t = Counting::Installed)]
    pub(in crate::cli) counting: Counting,

    /// Count accelerators in thousandths of an H100 SXM
    #[arg(long)]
    pub(in crate::cli) h100_equivalents: bool,

    /// Seconds between confirmations of the seals of a halted area
    #[arg(long, value_name = "SECONDS", default_value_t = DAY)]
    pub(in crate::cli) seal_cadence: u64,

    /// Largest job, in accelerators
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) max_accelerators: Option<Quantity>,

    /// Longest job, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) max_seconds: Option<Quantity>,

    /// Whether matched replacements count as new: `free` or `counted`
    #[arg(long, default_value_t = Replacements::Free)]
    pub(in crate::cli) replacements: Replacements,

    /// Length in seconds of a window that slides through the whole
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) sliding: Option<u64>,

    /// Issuer that must hold its own (can be repeated)
    #[arg(long, value_name = "ISSUER-ID", requires = "pact")]
    pub(in crate::cli) party: Vec<IssuerId>,

    /// Text of the pact that every party's pledge names
    #[arg(long, value_name = "FILE", requires = "party")]
    pub(in crate::cli) pact: Option<std::path::PathBuf>,

    /// How many of the parties must hold theirs (default: all)
    #[arg(long, value_name = "NUMBER", requires = "party")]
    pub(in crate::cli) quorum: Option<u64>,

    /// Level that is required of the parties
    #[arg(long, value_name = "LEVEL", default_value_t = Level::E3)]
    pub(in crate::cli) party_level: Level,

    /// Seconds that the parties have
    #[arg(long, value_name = "SECONDS", default_value_t = 7 * DAY)]
    pub(in crate::cli) party_grace: u64,

    /// What is counted: `accelerator_seconds`, `accelerators`, `energy_joules`, `flop`,
    /// `interconnect_bytes`, `job_accelerators` or `job_seconds` (default: what the kind
    /// counts)
    #[arg(long)]
    pub(in crate::cli) quantity: Option<QuantityKind>,

    /// How it is counted: allocated, present, active or billed (default: what the kind does)
    #[arg(long)]
    pub(in crate::cli) basis: Option<Basis>,

    /// Where energy is measured: gpu, node, rack, facility or feed (of a halted area:
    /// `facility`)
    #[arg(long)]
    pub(in crate::cli) boundary: Option<Boundary>,
}

/// The end of a step, and its limit.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct RampStep {
    end: UnixSeconds,
    limit: Quantity,
}

impl std::str::FromStr for RampStep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (end, limit) = text.split_once('=').ok_or("is not END=LIMIT")?;
        Ok(Self {
            end: end.parse().map_err(|error| format!("`{end}`: {error}"))?,
            limit: limit
                .parse()
                .map_err(|error| format!("`{limit}`: {error}"))?,
        })
    }
}

impl TermsArgs {
    /// Returns a cap, as the demo pledges.
    pub(in crate::cli) fn cap(limit: Quantity) -> Self {
        Self {
            kind: Kind::Cap,
            limit: Some(limit),
            preset: None,
            step: Vec::new(),
            counting: Counting::Installed,
            h100_equivalents: false,
            seal_cadence: DAY,
            max_accelerators: None,
            max_seconds: None,
            replacements: Replacements::Free,
            sliding: None,
            party: Vec::new(),
            pact: None,
            quorum: None,
            party_level: Level::E3,
            party_grace: 7 * DAY,
            quantity: None,
            basis: None,
            boundary: None,
        }
    }

    /// Returns the terms; `inventories` are those in force that a claim can start from.
    pub(super) fn terms(
        &self,
        window: Period,
        inventories: Vec<StatementId>,
    ) -> Result<Terms, Failure> {
        let terms = match self.kind {
            Kind::Accelerators => Terms::Accelerators {
                limit: self.limited()?,
                counting: self.counting,
            },
            Kind::Cap => Terms::Cap {
                limit: self.limited()?,
            },
            Kind::Conditional => {
                return Err(Failure::new("`conditional` wraps another kind")
                    .hint("say that kind, and each `--party`"));
            }
            Kind::Halted => Terms::Halted {
                limit: self.limited()?,
                seal_cadence: self.seal_cadence,
            },
            Kind::InferenceOnly => Terms::InferenceOnly {
                limit: self.limited()?,
            },
            Kind::JobSize => self.job_size()?,
            Kind::NoNewCapacity => Terms::NoNewCapacity {
                inventories: self.starting(inventories)?,
                replacements: self.replacements,
            },
            Kind::RampDown => Terms::RampDown {
                schedule: self.schedule(window.start())?,
            },
            Kind::Reduction => Terms::Reduction {
                limit: self.limited()?,
            },
            Kind::RunCap => Terms::RunCap {
                limit: match self.preset {
                    Some(preset) => preset.limit(),
                    None => self.limited()?,
                },
            },
        };
        match &self.pact {
            Some(pact) => self.conditional(terms, pact),
            None => Ok(terms),
        }
    }

    /// Returns what is counted, and how: what the kind counts, unless it was said.
    pub(super) fn counted(&self) -> LimitedQuantity {
        let of_kind = match self.kind {
            Kind::Accelerators | Kind::NoNewCapacity => QuantityKind::Accelerators,
            Kind::Halted => QuantityKind::EnergyJoules,
            Kind::InferenceOnly => QuantityKind::InterconnectBytes,
            Kind::JobSize if self.max_accelerators.is_some() => QuantityKind::JobAccelerators,
            Kind::JobSize => QuantityKind::JobSeconds,
            Kind::RunCap => QuantityKind::Flop,
            Kind::Cap | Kind::Conditional | Kind::RampDown | Kind::Reduction => {
                QuantityKind::AcceleratorSeconds
            }
        };
        let quantity = self.quantity.unwrap_or(of_kind);
        let installed = match self.kind {
            Kind::Accelerators => self.counting == Counting::Installed,
            Kind::NoNewCapacity | Kind::Halted => true,
            _ => false,
        };
        LimitedQuantity {
            quantity,
            basis: self.basis.unwrap_or(if installed {
                Basis::Present
            } else {
                Basis::Allocated
            }),
            boundary: self
                .boundary
                .or_else(|| (quantity == QuantityKind::EnergyJoules).then_some(Boundary::Facility)),
            h100_equivalents: self.h100_equivalents,
        }
    }

    fn limited(&self) -> Result<Quantity, Failure> {
        self.limit.ok_or_else(|| {
            let why = format!("`{}` takes a limit", self.kind);
            let also = match self.kind {
                Kind::RunCap => "say `--limit`, or `--preset`",
                _ => "say `--limit`",
            };
            Failure::new(why).hint(also)
        })
    }

    fn job_size(&self) -> Result<Terms, Failure> {
        if self.max_accelerators.is_none() && self.max_seconds.is_none() {
            return Err(Failure::new("`job-size` bounds nothing")
                .hint("say `--max-accelerators`, `--max-seconds` or both"));
        }
        Ok(Terms::JobSize {
            maximum_accelerators: self.max_accelerators,
            maximum_seconds: self.max_seconds,
        })
    }

    fn starting(&self, mut inventories: Vec<StatementId>) -> Result<Vec<StatementId>, Failure> {
        if inventories.is_empty() {
            return Err(Failure::new(format!(
                "`{}` starts from inventories, and this workspace has none",
                self.kind
            ))
            .hint("`standstill inventory` states what there is"));
        }
        inventories.sort();
        Ok(inventories)
    }

    fn schedule(&self, start: UnixSeconds) -> Result<Vec<Step>, Failure> {
        let mut from = start;
        let mut schedule = Vec::new();
        for step in &self.step {
            let time = Period::new(from, step.end).ok_or_else(|| {
                Failure::new(format!(
                    "a step that ends at {} does not follow {from}",
                    step.end
                ))
                .hint("steps are contiguous: each begins where the one before ends")
            })?;
            from = step.end;
            schedule.push(Step {
                time,
                limit: step.limit,
            });
        }
        if schedule.is_empty() {
            return Err(Failure::new("`ramp-down` has no step")
                .hint("`--step 2026-07-01T00:00:00Z=1000 --step 2026-10-01T00:00:00Z=500`"));
        }
        Ok(schedule)
    }

    fn conditional(&self, wraps: Terms, pact: &std::path::Path) -> Result<Terms, Failure> {
        let mut parties = self.party.clone();
        parties.sort();
        parties.dedup();
        let all = u64::try_from(parties.len()).unwrap_or(u64::MAX);
        let quorum = self.quorum.unwrap_or(all);
        if quorum == 0 || quorum > all {
            return Err(
                Failure::new(format!("{quorum} of {all} parties cannot hold theirs"))
                    .hint("`--quorum` is between 1 and the number of parties"),
            );
        }
        Ok(Terms::Conditional(Box::new(Conditional {
            wraps,
            parties,
            quorum,
            party_level: self.party_level,
            party_grace: self.party_grace,
            pact: sha256(&failure::read(pact)?),
        })))
    }
}
