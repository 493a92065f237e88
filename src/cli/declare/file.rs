//! `standstill declare run file`: what a YAML file beside a training job says of its run.
//!
//! Specified in `specs/run-file.md`.

mod declaration;
mod hardware;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::json;

use super::NOTHING;
use super::edge;
use super::used;
use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Run;
use crate::attestation::content::RunEvent;
use crate::attestation::figure::Basis;
use crate::attestation::figure::QuantityKind;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::amounts;
use crate::cli::amounts::spell;
use crate::cli::drafts::attested;
use crate::cli::drafts::ledger_of;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::keystore;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

use declaration::Declaration;
use declaration::Told;
use hardware::Hardware;

#[derive(Debug, clap::Args)]
pub(super) struct FileArgs {
    /// Declaration of a run, YAML
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Period's edge up to which the run is told (default: the end that the file gives)
    #[arg(long, value_name = "TIME")]
    through: Option<UnixSeconds>,

    /// Workspace that `standstill init` made
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
}

/// Tells of a run what its file says and the ledgers show.
pub(super) fn declare(args: &FileArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let told = Declaration::read(&args.file)?;
    let mut workspace = Workspace::open(&args.workspace)?;
    let issuer = workspace.issuer()?;
    for area in &told.areas {
        edge(&workspace, *area, told.from)?;
    }
    let stream = told.areas.first().copied().unwrap_or(StreamId::new(1));
    let begin = Run {
        event: RunEvent::Start { from: told.from },
        class: told.class,
        areas: used(
            issuer,
            told.areas.iter().map(|area| (*area, Vec::new())).collect(),
        ),
        architecture: None,
        lineage: told.lineage.ancestors(issuer),
        held: NOTHING,
    };
    let run = known(&workspace, &told.name, stream, &begin)?;
    let progress = Progress::of(&workspace, stream, run)?;
    let (last, ends) = match (args.through, told.end) {
        (Some(through), Some(end)) if through < end => (Some(through), false),
        (_, Some(end)) => (Some(end), true),
        (through, None) => (through, false),
    };
    let covered = last.filter(|_| !progress.ended);
    let covered = covered.and_then(|last| Period::new(progress.through(told.from), last));
    if let (Some(before), Some(now)) = (progress.tokens, &told.architecture)
        && now.tokens < before
    {
        let why = format!("has {} `tokens`; {before} were told before", now.tokens);
        return Err(Failure::file(&args.file, why).hint("tokens are those of the whole run so far"));
    }
    // All is known before anything is told.
    let mut seconds = progress.seconds.clone();
    let mut areas = BTreeMap::new();
    if let Some(period) = covered {
        for area in &told.areas {
            edge(&workspace, *area, period.end())?;
            let of_area = explained(&workspace, *area, period, &told)?;
            for (model, value) in &of_area {
                let sum = seconds.entry(model.clone()).or_insert(Interval::ZERO);
                amounts::add(sum, *value)?;
            }
            let figures = of_area.iter();
            let figures =
                figures.map(|(model, value)| amounts::allocated(model, told.class, *value));
            areas.insert(*area, figures.collect());
        }
    }
    let run = match run {
        Some(run) => run,
        None => workspace.append(stream, Content::Run(Box::new(begin)))?,
    };
    keep_name(&workspace, &told.name, run)?;
    let Some(period) = covered else {
        let (through, ended) = (progress.through(told.from), progress.ended);
        let state = if ended { "ended" } else { "told up to" };
        return world.answer(
            &json!({ "run": run.to_string(), "ended": ended }),
            &format!("run {run}: {state} {through}"),
        );
    };
    let hardware = Hardware::of(&seconds, told.architecture.as_ref());
    hardware.tell(told.architecture.as_ref(), world);
    let event = if ends {
        RunEvent::End { run, period }
    } else {
        RunEvent::Progress { run, period }
    };
    let statement = Run {
        event,
        class: told.class,
        areas: used(issuer, areas),
        architecture: told.architecture.clone(),
        lineage: told.lineage.ancestors(issuer),
        held: NOTHING,
    };
    let id = workspace.append(stream, Content::Run(Box::new(statement)))?;
    let stage = if ends { "end" } else { "progress" };
    let spelled: BTreeMap<&String, String> = seconds
        .iter()
        .map(|(model, value)| (model, spell(*value)))
        .collect();
    world.answer(
        &json!({
            "run": run.to_string(),
            "statement": id.to_string(),
            "ended": ends,
            "accelerator_seconds": spelled,
            "flop_by_architecture": told.architecture.as_ref().map(|one| spell(one.flop)),
            "flop_by_hardware": hardware.at_dtype.map(|flop| flop.to_string()),
            "flop_of_peak": hardware.of_peak.map(|flop| flop.to_string()),
        }),
        &format!(
            "{stage} {id} of run {run}, from {} to {}",
            period.start(),
            period.end()
        ),
    )
}

/// How far a run was told.
struct Progress {
    through: Option<UnixSeconds>,
    ended: bool,
    tokens: Option<Quantity>,
    /// By model.
    seconds: BTreeMap<String, Interval>,
}

impl Progress {
    fn of(
        workspace: &Workspace,
        stream: StreamId,
        run: Option<StatementId>,
    ) -> Result<Self, Failure> {
        let mut progress = Self {
            through: None,
            ended: false,
            tokens: None,
            seconds: BTreeMap::new(),
        };
        for entry in workspace.stream(stream) {
            let Content::Run(told) = &entry.statement.content else {
                continue;
            };
            let (of, period, ends) = match told.event {
                RunEvent::Start { .. } => continue,
                RunEvent::Progress { run, period } => (run, period, false),
                RunEvent::End { run, period } => (run, period, true),
            };
            if Some(of) != run {
                continue;
            }
            progress.through = Some(period.end());
            progress.ended |= ends;
            let tokens = told.architecture.as_ref().map(|one| one.tokens);
            progress.tokens = tokens.or(progress.tokens);
            for figure in told.areas.iter().flat_map(|area| &area.figures) {
                let sum = progress
                    .seconds
                    .entry(figure.model.clone())
                    .or_insert(Interval::ZERO);
                amounts::add(sum, figure.value)?;
            }
        }
        Ok(progress)
    }

    fn through(&self, from: UnixSeconds) -> UnixSeconds {
        self.through.unwrap_or(from)
    }
}

/// Where the id of a named run is kept.
fn place(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.join(format!("runs/{name}"))
}

/// Finds the run of a name: by what was kept, or, where an attempt died before it could be,
/// the start that says the same and that no other name has.
fn known(
    workspace: &Workspace,
    name: &str,
    stream: StreamId,
    begin: &Run,
) -> Result<Option<StatementId>, Failure> {
    let path = place(workspace, name);
    if path.exists() {
        let text = String::from_utf8_lossy(&failure::read(&path)?).into_owned();
        let id: StatementId = text
            .trim()
            .parse()
            .map_err(|_| Failure::file(&path, "does not hold the id of a run"))?;
        let started = workspace.stream(stream).find(|entry| entry.id == id);
        let started = started.map(|entry| &entry.statement.content);
        return match started {
            Some(Content::Run(run)) if **run == *begin => Ok(Some(id)),
            _ => Err(Failure::new(format!(
                "run `{name}` was declared to start otherwise: {id}"
            ))
            .hint("`class`, `from`, `areas` and what it was made from stay as they were told; another run needs another name")),
        };
    }
    let mut taken = BTreeSet::new();
    if let Ok(listing) = std::fs::read_dir(workspace.join("runs")) {
        for file in listing.flatten() {
            taken.insert(
                String::from_utf8_lossy(&failure::read(&file.path())?)
                    .trim()
                    .to_owned(),
            );
        }
    }
    let same = workspace.stream(stream).find(|entry| {
        let content = &entry.statement.content;
        matches!(content, Content::Run(run) if **run == *begin)
            && !taken.contains(&entry.id.to_string())
    });
    Ok(same.map(|entry| entry.id))
}

fn keep_name(workspace: &Workspace, name: &str, run: StatementId) -> Result<(), Failure> {
    let path = place(workspace, name);
    if path.exists() {
        return Ok(());
    }
    failure::make_directory(&workspace.join("runs"))?;
    Ok(keystore::create_private(&path, &format!("{run}\n"))?)
}

/// Returns the accelerator-seconds that the ledgers of an area have of a run in a period, by
/// model; every period in it must have been attested.
fn explained(
    workspace: &Workspace,
    area: StreamId,
    period: Period,
    told: &Told,
) -> Result<BTreeMap<String, Interval>, Failure> {
    let attested = attested(workspace, area);
    let schedule = workspace.area(area)?.schedule;
    let mut sums: BTreeMap<String, Interval> = BTreeMap::new();
    let mut records = 0_u64;
    for one in schedule.periods(period.start(), period.end()) {
        let (_, draft) = attested.get(&one.start()).ok_or_else(|| {
            Failure::new(format!("the usage of area {area} from {} is not attested", one.start()))
                .hint("`standstill collect` and `standstill attest` first: a run explains what was attested; `--through` tells of it up to an earlier time")
        })?;
        let path = ledger_of(draft, Kind::Jobs);
        let ledger =
            Ledger::parse(&failure::read(&path)?).map_err(|error| Failure::file(&path, error))?;
        for index in 0..ledger.count() {
            let Some(record) = ledger.record(index) else {
                continue;
            };
            let (Some(run), Some(job)) = (record.value("run"), record.value("job")) else {
                continue;
            };
            if run != told.name && !told.jobs.contains(job) {
                continue;
            }
            records = records.saturating_add(1);
            let class = record.value("class").unwrap_or_default();
            if class != told.class.as_str() {
                return Err(Failure::file(
                    &path,
                    format!(
                        "job {job} is of class `{class}`, and its run of `{}`",
                        told.class
                    ),
                )
                .hint(
                    "a run explains use of its own class: `collect --class` says what a job is for",
                ));
            }
            let model = record.value("model").unwrap_or_default();
            let sum = sums.entry(model.to_owned()).or_insert(Interval::ZERO);
            for amount in record.figures() {
                if amount.quantity == QuantityKind::AcceleratorSeconds
                    && amount.basis == Basis::Allocated
                {
                    amounts::add(sum, amount.value)?;
                }
            }
        }
    }
    if records == 0 {
        return Err(Failure::new(format!(
            "no job of run `{}` is in the ledgers of area {area} from {} to {}",
            told.name,
            period.start(),
            period.end()
        ))
        .hint("the job log names it in its column `run`, or the file lists its `jobs`"));
    }
    Ok(sums)
}
