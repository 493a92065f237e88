//! `standstill declare run`: say what a run used, and what it was made from.

mod file;

use std::collections::BTreeMap;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Ancestor;
use crate::attestation::content::Architecture;
use crate::attestation::content::FlopBounds;
use crate::attestation::content::Held;
use crate::attestation::content::Inheritance;
use crate::attestation::content::Measured;
use crate::attestation::content::Origin;
use crate::attestation::content::Run;
use crate::attestation::content::RunArea;
use crate::attestation::content::RunEvent;
use crate::attestation::figure::Class;
use crate::attestation::figure::Figure;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::amounts;
use crate::cli::amounts::Range;
use crate::cli::models::pair;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Declare runs: what each used, and what it was made from
#[derive(Debug, clap::Args)]
pub(super) struct DeclareArgs {
    #[command(subcommand)]
    command: DeclareCommand,
}

#[derive(Debug, clap::Subcommand)]
enum DeclareCommand {
    /// Declare the start, the progress or the end of a run
    ///
    /// A run explains what its area recorded and adds nothing to it: what no run explains is
    /// charged to every lineage where runs are limited.
    Run {
        #[command(subcommand)]
        stage: Stage,
    },
}

#[derive(Debug, clap::Subcommand)]
enum Stage {
    /// It begins: prints the run's id
    Start {
        /// Period's edge from which it is covered
        #[arg(long, value_name = "TIME")]
        from: UnixSeconds,
        /// What it is for
        #[arg(long)]
        class: Class,
        /// Other area that it uses too (can be repeated)
        #[arg(long, value_name = "NUMBER")]
        also: Vec<StreamId>,
        #[command(flatten)]
        lineage: Lineage,
        #[command(flatten)]
        place: AreaArgs,
    },
    /// It went on
    Progress(Covered),
    /// It ended
    End(Covered),
    /// All of this, by a YAML file beside the job and the ledgers that were attested
    ///
    /// Run it again as often as you like: it tells what was not told yet.
    File(file::FileArgs),
}

/// What a statement after the start tells.
#[derive(Debug, clap::Args)]
struct Covered {
    /// The run: what its start printed
    #[arg(value_name = "RUN")]
    run: StatementId,

    /// Start of what is covered since the statement before
    #[arg(long, value_name = "TIME")]
    start: UnixSeconds,

    /// End of it: a period's edge
    #[arg(long, value_name = "TIME")]
    end: UnixSeconds,

    /// Accelerator-seconds of a model in that time, e.g. `h100-sxm=864000`; in another of its
    /// areas, `2/h100-sxm=864000` (can be repeated)
    #[arg(long, value_name = "[AREA/]MODEL=N[..M]", value_parser = pair)]
    accelerator_seconds: Vec<(String, String)>,

    /// Operations so far, computed from what it trains
    #[arg(long, value_name = "N[..M]", requires_all = ["tokens", "parameters", "dtype"])]
    flop: Option<Range>,

    /// Tokens so far
    #[arg(long, requires = "flop")]
    tokens: Option<Quantity>,

    /// Parameters that take part in each step
    #[arg(long, requires = "flop")]
    parameters: Option<Quantity>,

    /// Number format, e.g. `bf16`
    #[arg(long, requires = "flop")]
    dtype: Option<String>,

    #[command(flatten)]
    lineage: Lineage,

    #[command(flatten)]
    place: AreaArgs,
}

/// What a run was made from.
#[derive(Clone, Debug, clap::Args)]
struct Lineage {
    /// Run whose weights it began with (each can be repeated)
    #[arg(long, value_name = "RUN[@ISSUER]")]
    parent: Vec<Named>,

    /// Run whose outputs it learned from
    #[arg(long, value_name = "RUN[@ISSUER]")]
    teacher: Vec<Named>,

    /// Run that made data for it
    #[arg(long, value_name = "RUN[@ISSUER]")]
    synthetic_data: Vec<Named>,

    /// Weights from outside all logs, with their operations, e.g. `open-7b=1000..2000`; `none`
    /// in place of the second leaves everything open
    #[arg(long, value_name = "NAME=N..M")]
    imported: Vec<Imported>,
}

/// A run of one's own, or of another issuer.
#[derive(Clone, Copy, Debug)]
struct Named {
    run: StatementId,
    issuer: Option<IssuerId>,
}

impl std::str::FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (run, issuer) = match text.split_once('@') {
            Some((run, issuer)) => (run, Some(issuer)),
            None => (text, None),
        };
        Ok(Self {
            run: run.parse().map_err(|error| format!("`{run}`: {error}"))?,
            issuer: issuer
                .map(|issuer| {
                    issuer
                        .parse()
                        .map_err(|error| format!("`{issuer}`: {error}"))
                })
                .transpose()?,
        })
    }
}

/// What came from outside, and its operations.
#[derive(Clone, Debug)]
struct Imported {
    name: String,
    flop: FlopBounds,
}

impl std::str::FromStr for Imported {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let whole = || format!("`{text}` is not `<name>=<least>..<most>`");
        let (name, bounds) = text.split_once('=').ok_or_else(whole)?;
        let (lower, upper) = bounds.split_once("..").ok_or_else(whole)?;
        let bound = |text: &str| -> Result<Quantity, String> {
            text.parse().map_err(|error| format!("`{text}`: {error}"))
        };
        let upper = match upper {
            "none" => None,
            upper => Some(bound(upper)?),
        };
        let flop = FlopBounds::new(bound(lower)?, upper)
            .ok_or_else(|| format!("`{bounds}` ends before it begins"))?;
        Ok(Self {
            name: name.to_owned(),
            flop,
        })
    }
}

impl Lineage {
    fn ancestors(&self, own: IssuerId) -> Vec<Ancestor> {
        let named = [
            (Inheritance::Parent, &self.parent),
            (Inheritance::Teacher, &self.teacher),
            (Inheritance::SyntheticData, &self.synthetic_data),
        ];
        let runs = named.into_iter().flat_map(|(gave, runs)| {
            runs.iter().map(move |named| Ancestor {
                gave,
                origin: Origin::Run {
                    issuer: named.issuer.unwrap_or(own),
                    run: named.run,
                },
            })
        });
        let imported = self.imported.iter().map(|imported| Ancestor {
            gave: Inheritance::Parent,
            origin: Origin::Imported {
                name: imported.name.clone(),
                flop: imported.flop,
            },
        });
        runs.chain(imported).collect()
    }
}

impl DeclareArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let DeclareCommand::Run { stage } = &self.command;
        match stage {
            Stage::Start {
                from,
                class,
                also,
                lineage,
                place,
            } => start(*from, *class, also, (lineage, place), world),
            Stage::Progress(covered) => covered.declare(false, world),
            Stage::End(covered) => covered.declare(true, world),
            Stage::File(args) => file::declare(args, world),
        }
    }
}

fn start(
    from: UnixSeconds,
    class: Class,
    also: &[StreamId],
    (lineage, place): (&Lineage, &AreaArgs),
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let mut workspace = Workspace::open(&place.workspace)?;
    let issuer = workspace.issuer()?;
    let mut areas: BTreeMap<StreamId, Vec<Figure>> = BTreeMap::new();
    for area in [place.area].iter().chain(also) {
        edge(&workspace, *area, from)?;
        areas.insert(*area, Vec::new());
    }
    let run = Run {
        event: RunEvent::Start { from },
        class,
        areas: used(issuer, areas),
        architecture: None,
        lineage: lineage.ancestors(issuer),
        held: NOTHING,
    };
    let id = workspace.append(place.area, Content::Run(Box::new(run)))?;
    world.answer(&json!({ "run": id.to_string() }), &format!("run {id}"))
}

impl Covered {
    fn declare(&self, ends: bool, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        let started = self.started(&workspace)?;
        let class = started.class;
        let mut areas: BTreeMap<StreamId, Vec<Figure>> = started
            .areas
            .iter()
            .map(|one| (one.area.stream, Vec::new()))
            .collect();
        let period = Period::new(self.start, self.end).ok_or_else(|| {
            let why = format!(
                "the end `{}` is not after the start `{}`",
                self.end, self.start
            );
            Failure::new(why).hint("say the edges of the periods that are covered")
        })?;
        for area in areas.keys() {
            edge(&workspace, *area, self.start)?;
            edge(&workspace, *area, self.end)?;
        }
        if !areas.contains_key(&self.place.area) {
            let why = format!("run {} does not use area {}", self.run, self.place.area);
            return Err(Failure::new(why).hint("its start names its areas"));
        }
        for (model, text) in &self.accelerator_seconds {
            let (area, model) = self.split(model)?;
            let figures = areas.get_mut(&area).ok_or_else(|| {
                Failure::new(format!("run {} does not use area {area}", self.run))
                    .hint("its start names its areas")
            })?;
            if !amounts::is_model(model) {
                let why = format!("the catalogue has no model `{model}`");
                return Err(Failure::new(why).hint(amounts::MODEL_HINT));
            }
            figures.push(amounts::allocated(
                model,
                class,
                amounts::amount(model, text)?,
            ));
        }
        let issuer = workspace.issuer()?;
        let run = self.run;
        let statement = Run {
            event: if ends {
                RunEvent::End { run, period }
            } else {
                RunEvent::Progress { run, period }
            },
            class,
            areas: used(issuer, areas),
            architecture: self.architecture(),
            lineage: self.lineage.ancestors(issuer),
            held: NOTHING,
        };
        let id = workspace.append(self.place.area, Content::Run(Box::new(statement)))?;
        let stage = if ends { "end" } else { "progress" };
        world.answer(
            &json!({ "statement": id.to_string(), "run": run.to_string() }),
            &format!("{stage} {id} of run {run}"),
        )
    }

    /// Splits the area from a model: that of the statement where none is named.
    fn split<'m>(&self, model: &'m str) -> Result<(StreamId, &'m str), Failure> {
        let Some((area, model)) = model.split_once('/') else {
            return Ok((self.place.area, model));
        };
        let area = area.parse().map_err(|error| {
            Failure::new(format!("`{area}` is no area: {error}")).hint("e.g. `2/h100-sxm=864000`")
        })?;
        Ok((area, model))
    }

    /// Returns how the run began, which is one of the workspace's.
    fn started<'w>(&self, workspace: &'w Workspace) -> Result<&'w Run, Failure> {
        let started = workspace
            .journal()
            .iter()
            .find_map(|entry| match &entry.statement.content {
                Content::Run(run) if entry.id == self.run => Some(&**run),
                _ => None,
            });
        let started = started.filter(|run| matches!(run.event, RunEvent::Start { .. }));
        started.ok_or_else(|| {
            Failure::new(format!("{} is no run of this workspace", self.run))
                .hint("`standstill declare run start` prints a run's id")
        })
    }

    fn architecture(&self) -> Option<Architecture> {
        Some(Architecture {
            flop: self.flop?.0,
            tokens: self.tokens?,
            parameters: self.parameters?,
            dtype: self.dtype.clone()?,
        })
    }
}

/// No commitments to what is held of a run.
const NOTHING: Held = Held {
    code: None,
    data: None,
    checkpoints: None,
};

/// Returns what a run used in each of its areas, sorted as statements have them.
fn used(issuer: IssuerId, areas: BTreeMap<StreamId, Vec<Figure>>) -> Vec<RunArea> {
    let of_area = areas.into_iter().map(|(stream, figures)| RunArea {
        area: Measured { issuer, stream },
        figures,
    });
    of_area.collect()
}

/// Refuses a time at which no period of the area begins or ends.
fn edge(workspace: &Workspace, area: StreamId, time: UnixSeconds) -> Result<(), Failure> {
    if workspace.area(area)?.schedule.is_edge(time) {
        return Ok(());
    }
    Err(
        Failure::new(format!("no period of area {area} begins or ends at {time}"))
            .hint("runs are told from one period's edge to another"),
    )
}
