//! `standstill pledge` and `withdraw`: claims, and their end.

use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::StreamHead;
use crate::attestation::content::Withdrawal;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::claim::AreaSelection;
use crate::claim::Baseline;
use crate::claim::Level;
use crate::claim::LimitedQuantity;
use crate::claim::Perimeter;
use crate::claim::Pledge;
use crate::claim::Precision;
use crate::claim::Terms;
use crate::claim::falsifier;
use crate::claim::lint::Severity;
use crate::claim::lint::lint;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::encoding::json::Value;
use crate::quantity::Quantity;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Write, check and sign a pledge: a claim that can be shown false
#[derive(Debug, clap::Args)]
pub(super) struct PledgeArgs {
    #[command(subcommand)]
    command: PledgeCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PledgeCommand {
    /// Write a draft to be edited
    New(Box<NewArgs>),
    /// Say what is wrong with a draft
    Lint {
        /// Draft
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a draft without errors into the journal
    Sign(SignArgs),
}

/// What a new draft says.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct NewArgs {
    /// `cap`: at most so much in the window; `reduction`: at most such a part of the
    /// baseline, per unit of time
    #[arg(long, value_name = "cap|reduction")]
    pub(super) kind: String,

    /// Start of the window
    #[arg(long, value_name = "TIME")]
    pub(super) start: UnixSeconds,

    /// End of the window
    #[arg(long, value_name = "TIME")]
    pub(super) end: UnixSeconds,

    /// Limit: in the quantity's unit or, for a reduction, in parts per million
    #[arg(long)]
    pub(super) limit: Quantity,

    /// Quantity
    #[arg(long, default_value = "accelerator_seconds")]
    pub(super) quantity: QuantityKind,

    /// Basis
    #[arg(long, default_value = "allocated")]
    pub(super) basis: Basis,

    /// Boundary, for energy
    #[arg(long)]
    pub(super) boundary: Option<Boundary>,

    /// Start of the baseline, for a reduction; it ends where the published usage ends
    #[arg(long, value_name = "TIME")]
    pub(super) baseline_start: Option<UnixSeconds>,

    /// End of the baseline
    #[arg(long, value_name = "TIME")]
    pub(super) baseline_end: Option<UnixSeconds>,

    /// Workspace, whose area's periods and heads are taken
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,
}

/// A draft to be signed.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SignArgs {
    /// Draft
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,
}

impl PledgeArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        match &self.command {
            PledgeCommand::New(args) => {
                let draft = args.draft()?;
                world.say(draft.trim_end()).map(|()| 0)
            }
            PledgeCommand::Lint { file } => {
                let pledge = read(file)?;
                let errors = show_lint(&pledge, world);
                if errors == 0 {
                    world.say("no errors")?;
                }
                Ok(u8::from(errors > 0))
            }
            PledgeCommand::Sign(args) => args.run(world).map(|()| 0),
        }
    }
}

impl NewArgs {
    /// Writes a draft.
    pub(super) fn draft(&self) -> Result<String, Failure> {
        let workspace = Workspace::open(&self.workspace)?;
        let area = workspace.area(StreamId::new(1))?;
        let window = Period::new(self.start, self.end)
            .ok_or_else(|| Failure::new(format!("{} is not before {}", self.start, self.end)))?;
        let (cadence, grace) = area.terms_at(window.start());
        let cadence = cadence.ok_or_else(|| Failure::new("area 1 has no periods of its own"))?;
        let (terms, baseline) = match self.kind.as_str() {
            "cap" => (Terms::Cap { limit: self.limit }, None),
            "reduction" => (
                Terms::Reduction { limit: self.limit },
                Some(self.baseline(&workspace)?),
            ),
            other => {
                return Err(
                    Failure::new(format!("`{other}` drafts are not written here"))
                        .hint("`cap` and `reduction` are; any kind can be written by hand"),
                );
            }
        };
        let mut pledge = Pledge {
            terms,
            perimeter: Perimeter {
                areas: AreaSelection::All,
                affiliates: Vec::new(),
            },
            window,
            scope: training(),
            counted: LimitedQuantity {
                quantity: self.quantity,
                basis: self.basis,
                boundary: self.boundary,
                h100_equivalents: false,
            },
            baseline,
            precision: (self.quantity == QuantityKind::Flop).then_some(Precision::HighestDense),
            level: Level::E1,
            cadence,
            deadline: grace,
            expiry: None,
            notice: 30 * DAY,
            exceptions: Vec::new(),
            trigger: None,
            lift: None,
            adjudicator: None,
            falsifier: String::new(),
            sliding: None,
        };
        if cadence == Cadence::Month {
            pledge.deadline = grace;
        }
        pledge.falsifier = falsifier(&pledge);
        Ok(Value::from(pledge.write()).to_pretty())
    }

    /// The baseline is what was published, up to the heads that stand now.
    fn baseline(&self, workspace: &Workspace) -> Result<Baseline, Failure> {
        let (Some(start), Some(end)) = (self.baseline_start, self.baseline_end) else {
            return Err(Failure::new("a reduction is measured against a baseline")
                .hint("say `--baseline-start` and `--baseline-end`"));
        };
        let period = Period::new(start, end)
            .ok_or_else(|| Failure::new(format!("{start} is not before {end}")))?;
        let mut heads: Vec<StreamHead> = Vec::new();
        for entry in workspace
            .journal()
            .iter()
            .filter(|one| workspace.is_published(one))
        {
            let subject = &entry.statement.subject;
            if subject.stream.is_governance() {
                continue;
            }
            heads.retain(|head| head.stream != subject.stream);
            heads.push(StreamHead {
                stream: subject.stream,
                sequence: subject.sequence,
                statement: entry.id,
            });
        }
        heads.sort_by_key(|head| head.stream);
        Ok(Baseline { period, heads })
    }
}

impl SignArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let pledge = read(&self.file)?;
        if show_lint(&pledge, world) > 0 {
            return Err(Failure::file(&self.file, "has errors: nothing was signed"));
        }
        let mut workspace = Workspace::open(&self.workspace)?;
        let content = Content::Pledge(Box::new(pledge));
        let entry = workspace.append(StreamId::GOVERNANCE, content)?.id;
        workspace.sync()?;
        world.say(format!("pledge {entry}"))
    }
}

/// Withdraw a pledge: its duty ends after its notice, never its judgement before
#[derive(Debug, clap::Args)]
pub(super) struct WithdrawArgs {
    /// Statement id of the pledge
    #[arg(value_name = "PLEDGE")]
    pledge: StatementId,

    /// Why
    #[arg(long)]
    reason: String,

    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
}

impl WithdrawArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.workspace)?;
        let is_pledge = workspace.journal().iter().any(|entry| {
            entry.id == self.pledge && matches!(entry.statement.content, Content::Pledge(_))
        });
        if !is_pledge {
            return Err(Failure::new(format!(
                "{} is no pledge of this workspace",
                self.pledge
            )));
        }
        let withdrawal = Withdrawal {
            pledge: self.pledge,
            reason: self.reason.clone(),
        };
        let entry = workspace
            .append(StreamId::GOVERNANCE, Content::Withdrawal(withdrawal))?
            .id;
        workspace.sync()?;
        world.say(format!("withdrawal {entry}"))
    }
}

/// The classes that a limit on training counts; `unclassified` counts with them.
fn training() -> Vec<Class> {
    vec![
        Class::DataGeneration,
        Class::Experiment,
        Class::PostTraining,
        Class::Training,
        Class::Unclassified,
    ]
}

fn read(path: &std::path::Path) -> Result<Pledge, Failure> {
    let bytes = failure::read(path)?;
    Pledge::parse_draft(&bytes).map_err(|error| Failure::file(path, error))
}

/// Prints what is wrong, and returns how many errors there are.
fn show_lint(pledge: &Pledge, world: &mut World<'_>) -> usize {
    let mut errors = 0_usize;
    for finding in lint(pledge) {
        let (rule, member, why) = (finding.rule, finding.member, &finding.why);
        let severity = match rule.severity() {
            Severity::Error => {
                errors = errors.saturating_add(1);
                "error"
            }
            Severity::Warning => "warning",
        };
        world.note(format!("{severity}: `{member}` {why} ({rule})"));
    }
    errors
}
