//! `standstill pledge`: claims, written, checked and signed.

mod terms;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::StreamHead;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::claim::AreaSelection;
use crate::claim::Baseline;
use crate::claim::Kind;
use crate::claim::Level;
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
use crate::time::DAY;
use crate::time::Period;
use crate::time::UnixSeconds;

pub(super) use terms::TermsArgs;

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
        /// Draft of a pledge
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a draft without errors into the journal
    Sign(SignArgs),
}

/// What a new draft says.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct NewArgs {
    #[command(flatten)]
    pub(super) terms: TermsArgs,

    /// Start of the window
    #[arg(long, value_name = "TIME")]
    pub(super) start: UnixSeconds,

    /// End of the window
    #[arg(long, value_name = "TIME")]
    pub(super) end: UnixSeconds,

    /// Start of the baseline, for a reduction
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
    /// Draft of a pledge
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Workspace that `standstill init` made
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
                let (errors, shown) = show_lint(&pledge, world);
                if world.json {
                    world.say(serde_json::to_string_pretty(&shown)?)?;
                } else if errors == 0 {
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
        let window =
            Period::new(self.start, self.end).ok_or_else(|| not_before(self.start, self.end))?;
        let in_force = area.schedule.terms_at(window.start());
        let cadence = in_force.cadence.ok_or_else(|| {
            Failure::new("area 1 has no periods of its own")
                .hint("a pledge states the period of its reports")
        })?;
        let terms = self
            .terms
            .terms(window, inventories(&workspace, window.start()))?;
        let baseline = match self.terms.kind {
            Kind::Reduction => Some(self.baseline(&workspace)?),
            _ => None,
        };
        let counted = self.terms.counted();
        let scope = scope(&terms);
        let mut pledge = Pledge {
            terms,
            perimeter: Perimeter {
                areas: AreaSelection::All,
                affiliates: Vec::new(),
            },
            window,
            scope,
            counted,
            baseline,
            precision: (counted.quantity == QuantityKind::Flop).then_some(Precision::HighestDense),
            level: Level::E1,
            cadence,
            deadline: in_force.grace,
            expiry: None,
            notice: 30 * DAY,
            exceptions: Vec::new(),
            trigger: None,
            lift: None,
            adjudicator: None,
            falsifier: String::new(),
            sliding: self.terms.sliding,
        };
        pledge.falsifier = falsifier(&pledge);
        Ok(Value::from(pledge.write()).to_pretty())
    }

    /// The baseline is what was published, up to the heads that stand now.
    fn baseline(&self, workspace: &Workspace) -> Result<Baseline, Failure> {
        let (Some(start), Some(end)) = (self.baseline_start, self.baseline_end) else {
            return Err(Failure::new("a reduction is measured against a baseline")
                .hint("say `--baseline-start` and `--baseline-end`"));
        };
        let period = Period::new(start, end).ok_or_else(|| not_before(start, end))?;
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
        if heads.is_empty() {
            return Err(
                Failure::new("nothing was published that it could be measured against")
                    .hint("publish the usage of the baseline first"),
            );
        }
        heads.sort_by_key(|head| head.stream);
        Ok(Baseline { period, heads })
    }
}

/// Returns the inventories that are in force at a time, one an area.
fn inventories(workspace: &Workspace, at: UnixSeconds) -> Vec<StatementId> {
    let mut in_force: BTreeMap<StreamId, (UnixSeconds, StatementId)> = BTreeMap::new();
    for entry in workspace.journal() {
        let stream = entry.statement.subject.stream;
        if let Content::Inventory(inventory) = &entry.statement.content
            && inventory.from <= at
        {
            let known = in_force.entry(stream).or_insert((inventory.from, entry.id));
            if inventory.from >= known.0 {
                *known = (inventory.from, entry.id);
            }
        }
    }
    in_force.into_values().map(|(_, id)| id).collect()
}

/// Returns the classes that a draft counts: those of training, unless the kind is about all
/// that there is.
fn scope(terms: &Terms) -> Vec<Class> {
    match terms {
        Terms::Conditional(terms) => scope(&terms.wraps),
        Terms::Accelerators { .. } | Terms::Halted { .. } | Terms::NoNewCapacity { .. } => {
            Class::ALL.to_vec()
        }
        _ => training(),
    }
}

fn not_before(start: UnixSeconds, end: UnixSeconds) -> Failure {
    Failure::new(format!("{start} is not before {end}"))
        .hint("the start is included, the end is not")
}

impl SignArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let pledge = read(&self.file)?;
        if show_lint(&pledge, world).0 > 0 {
            return Err(
                Failure::file(&self.file, "cannot be pledged: nothing was signed").hint(
                    "mend the members named above; `standstill pledge lint` checks them again",
                ),
            );
        }
        let mut workspace = Workspace::open(&self.workspace)?;
        check_against(&workspace, &pledge, &self.file)?;
        if pledge.window.start() <= world.now {
            world.note(
                "warning: the window has begun: what a quorum did not see before it is never HOLDS",
            );
        }
        let content = Content::Pledge(Box::new(pledge));
        let id = workspace.append(StreamId::GOVERNANCE, content)?;
        world.answer(
            &json!({ "pledge": id.to_string() }),
            &format!("pledge {id}"),
        )
    }
}

/// Refuses a pledge that contradicts what the workspace has: areas that are not there,
/// a baseline other than what was published, the same pledge again.
fn check_against(workspace: &Workspace, pledge: &Pledge, file: &Path) -> Result<(), Failure> {
    if let AreaSelection::Listed(areas) = &pledge.perimeter.areas {
        for area in areas {
            workspace.area(*area)?;
        }
    }
    for head in pledge.baseline.iter().flat_map(|baseline| &baseline.heads) {
        let published = workspace.stream(head.stream).any(|entry| {
            entry.statement.subject.sequence == head.sequence
                && entry.id == head.statement
                && workspace.is_published(entry)
        });
        if !published {
            return Err(Failure::file(
                file,
                format!(
                    "`baseline.heads` names {} at {}/{}, which was not published",
                    head.statement, head.stream, head.sequence
                ),
            )
            .hint("publish what it is measured against, then write the draft anew"));
        }
    }
    let withdrawn = |id: StatementId| {
        workspace.stream(StreamId::GOVERNANCE).any(
            |entry| matches!(&entry.statement.content, Content::Withdrawal(one) if one.pledge == id),
        )
    };
    let same = workspace.stream(StreamId::GOVERNANCE).find(|entry| {
        matches!(&entry.statement.content, Content::Pledge(one) if **one == *pledge)
            && !withdrawn(entry.id)
    });
    match same {
        Some(entry) => {
            Err(Failure::file(file, "was pledged before")
                .hint(format!("it is statement {}", entry.id)))
        }
        None => Ok(()),
    }
}

/// The classes that a limit on training counts; `unclassified` counts with them.
pub(super) fn training() -> Vec<Class> {
    vec![
        Class::DataGeneration,
        Class::Experiment,
        Class::PostTraining,
        Class::Training,
        Class::Unclassified,
    ]
}

fn read(path: &Path) -> Result<Pledge, Failure> {
    let bytes = failure::read(path)?;
    Pledge::parse_draft(&bytes).map_err(|error| {
        Failure::file(path, error)
            .hint("`standstill pledge new` writes a draft with every member that it needs")
    })
}

/// Tells what is wrong, and returns how many errors there are, and all as JSON.
fn show_lint(pledge: &Pledge, world: &mut World<'_>) -> (usize, Vec<serde_json::Value>) {
    let mut errors = 0_usize;
    let mut shown = Vec::new();
    for finding in lint(pledge) {
        let (rule, member, why) = (finding.rule, finding.member, &finding.why);
        let severity = match rule.severity() {
            Severity::Error => {
                errors = errors.saturating_add(1);
                "wrong"
            }
            Severity::Warning => "warning",
        };
        world.note(format!("{severity}: `{member}` {why} ({rule})"));
        shown.push(json!({
            "severity": severity,
            "rule": rule.to_string(),
            "member": member,
            "why": why,
        }));
    }
    (errors, shown)
}
