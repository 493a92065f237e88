//! `standstill declare run file`: what a YAML file beside a training job says of its run.
//!
//! Specified in `specs/run-file.md`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;

use super::Imported;
use super::Lineage;
use super::NOTHING;
use super::Named;
use super::edge;
use super::used;
use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Architecture;
use crate::attestation::content::Run;
use crate::attestation::content::RunEvent;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::catalogue::Catalogue;
use crate::catalogue::Format;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::amounts;
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

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Declaration {
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
struct Told {
    name: String,
    class: Class,
    from: UnixSeconds,
    end: Option<UnixSeconds>,
    areas: Vec<StreamId>,
    jobs: BTreeSet<String>,
    architecture: Option<Architecture>,
    lineage: Lineage,
}

impl Declaration {
    fn read(path: &Path) -> Result<Told, Failure> {
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
    let progress = Progress::of(&workspace, stream, run);
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
            let figures = of_area.iter().map(|(model, value)| {
                let sum = seconds.entry(model.clone()).or_insert(Interval::ZERO);
                *sum = sum.plus(*value).unwrap_or(*sum);
                amounts::allocated(model, told.class, *value)
            });
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

fn spell(value: Interval) -> String {
    if value.lower() == value.upper() {
        value.lower().to_string()
    } else {
        format!("{} to {}", value.lower(), value.upper())
    }
}

/// What the hardware of a run could do in its time: operations at the dense peak.
struct Hardware {
    /// Of the number format that the run says it uses.
    at_dtype: Option<Quantity>,
    /// Of the fastest format, which bounds every other.
    of_peak: Option<Quantity>,
}

impl Hardware {
    /// `None` where the catalogue lacks a model or a format.
    fn of(seconds: &BTreeMap<String, Interval>, architecture: Option<&Architecture>) -> Self {
        let catalogue = Catalogue::embedded();
        let format: Option<Format> = architecture.and_then(|one| one.dtype.parse().ok());
        let sum = |rate: &dyn Fn(&str) -> Option<u64>| {
            let mut sum = Quantity::ZERO;
            for (model, value) in seconds {
                sum = sum.plus(value.upper().times(rate(model)?)?)?;
            }
            Some(sum)
        };
        let whole = |rate: Quantity| u64::try_from(rate.get()).ok();
        Self {
            at_dtype: format.and_then(|format| {
                sum(&|model| whole(catalogue.get(model)?.peak(format)?.upper()))
            }),
            of_peak: sum(&|model| whole(catalogue.get(model)?.peak_any())),
        }
    }

    /// Sets the two figures of operations beside each other.
    fn tell(&self, architecture: Option<&Architecture>, world: &mut World<'_>) {
        let Some(architecture) = architecture else {
            return;
        };
        let model = architecture.flop;
        if let Some(hardware) = self.at_dtype.filter(|flop| *flop != Quantity::ZERO) {
            let share = model.upper().get().saturating_mul(100);
            let share = share.checked_div(hardware.get()).unwrap_or(0);
            world.note(format!(
                "operations: {} by architecture, at most {hardware} by hardware (dense {}): {share} % of it",
                spell(model),
                architecture.dtype
            ));
        } else {
            world.note(format!("operations: {} by architecture", spell(model)));
        }
        if self.of_peak.is_some_and(|peak| model.lower() > peak) {
            world.note(
                "warning: that is more than these devices could do in their time, in any number format: jobs of the run are missing, or a figure of the file is wrong",
            );
        }
    }
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
    fn of(workspace: &Workspace, stream: StreamId, run: Option<StatementId>) -> Self {
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
                *sum = sum.plus(figure.value).unwrap_or(*sum);
            }
        }
        progress
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
                    let more = sum.plus(amount.value);
                    *sum =
                        more.ok_or_else(|| Failure::new("the total is beyond every quantity"))?;
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
