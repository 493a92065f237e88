//! `standstill collect slurm|jobs`: from a job log to usage and ledgers, period by period.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source as FigureSource;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::amounts;
use crate::cli::amounts::spell;
use crate::cli::collect::Due;
use crate::cli::collect::PeriodArgs;
use crate::cli::collect::class;
use crate::cli::collect::open;
use crate::cli::drafts::Part;
use crate::cli::failure;
use crate::cli::models::Models;
use crate::cli::models::pair;
use crate::cli::progress;
use crate::collector::CollectError;
use crate::collector::Collector;
use crate::collector::Job;
use crate::collector::PeriodUsage;
use crate::keystore;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry;
use crate::telemetry::Ambiguous;
use crate::telemetry::Clock;
use crate::telemetry::Intake;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::Spill;
use crate::telemetry::jobs::JobTable;
use crate::telemetry::slurm::Sacct;

#[derive(Debug, clap::Args)]
pub(super) struct TableArgs {
    /// Table
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    pub(super) log: JobLogArgs,

    /// Name of a column in the table, e.g. `start=timestamp` (can be repeated)
    #[arg(long, value_name = "COLUMN=NAME", value_delimiter = ',', value_parser = pair)]
    pub(super) columns: Vec<(String, String)>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SlurmArgs {
    /// Output of `sacct`
    #[arg(value_name = "FILE", required_unless_present = "run")]
    pub(crate) file: Option<PathBuf>,

    /// Run `sacct` now, with the arguments that are prescribed
    #[arg(long, conflicts_with = "file")]
    pub(crate) run: bool,

    /// Program to run
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "sacct",
        requires = "run"
    )]
    pub(crate) sacct: PathBuf,

    #[command(flatten)]
    pub(crate) log: JobLogArgs,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct JobLogArgs {
    #[command(flatten)]
    pub(crate) periods: PeriodArgs,

    #[command(flatten)]
    pub(crate) models: Models,

    /// Class of the jobs of a partition or account, e.g. `train=training` (can be repeated)
    #[arg(long, value_name = "NAME=CLASS", value_parser = pair)]
    pub(crate) class: Vec<(String, String)>,
}

/// Collects from a Slurm job log.
pub(crate) fn slurm(args: &SlurmArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let mut options = args.log.options()?;
    let due = args.log.periods.due(world)?;
    let (mut source, name, hint) = if let Some(file) = &args.file {
        let input = open(file, |error| explain(file, error))?;
        (Sacct::new(input, options), file, None)
    } else {
        // It is run in UTC, whatever the zone of other logs.
        options.clock = Clock::new(Some("UTC"), Ambiguous::Refuse)?;
        let hint =
            "`--sacct` names the program; `collect slurm FILE` reads what it printed elsewhere";
        let source = Sacct::run(args.sacct.clone(), due.range, options);
        (source, &args.sacct, Some(hint))
    };
    let explained = |error| match (error, hint) {
        (error @ SourceError::Read { .. }, Some(hint)) => Failure::from(error).hint(hint),
        (error, _) => explain(name, error),
    };
    collect(&args.log, &due, &mut source, &explained, world)
}

/// Collects from a table of jobs.
pub(super) fn table(args: &TableArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let columns: BTreeMap<String, String> = args.columns.iter().cloned().collect();
    let options = args.log.options()?;
    let due = args.log.periods.due(world)?;
    let explained = |error| explain(&args.file, error);
    let mut source = JobTable::new(open(&args.file, explained)?, columns, options);
    collect(&args.log, &due, &mut source, &explained, world)
}

/// Why a period was not made.
enum Fault {
    /// What the log says.
    Log(CollectError),
    /// Anything else.
    Other(Failure),
}

impl From<CollectError> for Fault {
    fn from(error: CollectError) -> Self {
        Self::Log(error)
    }
}

/// Lays jobs by as they come, and counts what has to be told of them.
struct Jobs {
    collector: Collector<Spill>,
    intake: Intake,
    any: bool,
    /// Runs of jobs on models that the catalogue does not have.
    unknown: BTreeMap<Arc<str>, u64>,
    unclassified: u64,
}

impl Sink for Jobs {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn job(&mut self, job: &Job) -> Result<(), SourceError> {
        self.any = true;
        for allocation in job.allocations.iter() {
            if allocation.model.starts_with("uncatalogued:") {
                let model = allocation.model.clone();
                let count = self.unknown.entry(model).or_insert(0);
                *count = count.saturating_add(1);
            }
        }
        if job.class == Class::Unclassified {
            self.unclassified = self.unclassified.saturating_add(1);
        }
        Ok(self.collector.add(job)?)
    }
}

/// Collects the jobs of a source.
pub(super) fn collect(
    args: &JobLogArgs,
    due: &Due,
    source: &mut dyn Source,
    explained: &dyn Fn(SourceError) -> Failure,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let place = due.workspace.join("collected");
    failure::make_directory(&place)?;
    let spill = Spill::new(&place).map_err(|error| Failure::io(&place, error))?;
    let mut jobs = Jobs {
        collector: Collector::new(due.cadence, due.range, spill)?,
        intake: Intake::default(),
        any: false,
        unknown: BTreeMap::new(),
        unclassified: 0,
    };
    let bar = progress::reading(source.size());
    source.read(&mut jobs).map_err(explained)?;
    bar.finish_and_clear();
    tell(&jobs.intake, world);
    jobs.tell(world);
    if let Some(name) = &args.periods.explain {
        return show(name, jobs.collector, world);
    }
    let mut collector = jobs.collector;
    let outside = collector.outside();
    let drafts = args.periods.stage(due, source.tool())?;
    let provenance = due.provenance(source, &jobs.intake)?;
    let (start, end) = (due.range.start(), due.range.end());
    let bar = progress::bar("collecting", due.area.schedule.periods(start, end).count());
    // Writes the draft of a period, and returns its accelerator-seconds.
    let write = |usage: PeriodUsage| -> Result<Interval, Failure> {
        let ledger = usage.ledger(Secret::from_bytes(*keystore::random()?))?;
        // The largest period decides how long all take: its file is printed while its
        // records are hashed.
        let (reference, text) = rayon::join(|| ledger.reference(), || ledger.print());
        let part = Part {
            period: usage.period,
            figures: figures(&usage, &provenance),
            ledgers: vec![(reference?, text)],
        };
        drafts.add(part, None)?;
        bar.inc(1);
        Ok(usage.all.accelerator_seconds)
    };
    let mut total = Interval::ZERO;
    let mut count = 0_u64;
    let made = collector.each(
        |usage| write(usage).map_err(Fault::Other),
        |seconds| {
            amounts::add(&mut total, seconds).map_err(Fault::Other)?;
            count = count.saturating_add(1);
            Ok(())
        },
    );
    made.map_err(|fault| match fault {
        Fault::Log(error) => explained(error.into()),
        Fault::Other(failure) => failure,
    })?;
    bar.finish_and_clear();
    let mut noticed = Intake::default();
    noticed.notice(collector.noticed());
    tell(&noticed, world);
    let more = json!({ "outside": spell(outside) });
    args.periods.keep(drafts, due, count, total, more, world)?;
    if outside != Interval::ZERO {
        world.note(format!(
            "left out: {} accelerator-seconds before or after these periods",
            spell(outside)
        ));
    }
    Ok(())
}

/// Shows what a job is counted for, period by period.
fn show(name: &str, collector: Collector<Spill>, world: &mut World<'_>) -> Result<(), Failure> {
    let mut shown = false;
    for usage in collector {
        let usage = usage?;
        for share in usage.shares()?.iter().filter(|share| &*share.job == name) {
            let held = share.allocation.accelerators;
            let [seconds, _] = share.figures();
            world.say(format!(
                "{}: {} of {} from {} to {}, {}: {} accelerator-seconds",
                usage.period,
                spell(held),
                share.allocation.model,
                share.span.start(),
                share.span.end(),
                share.class,
                spell(seconds.value)
            ))?;
            shown = true;
        }
    }
    if shown {
        return Ok(());
    }
    Err(
        Failure::new(format!("no job `{name}` has a device in these periods")).hint(
            "jobs are called as in the log; where it is of several clusters, `<cluster>/<id>`",
        ),
    )
}

/// Says what was left out and what looks wrong.
pub(super) fn tell(intake: &Intake, world: &mut World<'_>) {
    for (reason, (count, first)) in &intake.skipped {
        world.note(format!("left out: {count} {reason}, first in row {first}"));
    }
    for warning in &intake.warnings {
        world.note(format!("warning: {warning}"));
    }
    if intake.more_warnings > 0 {
        world.note(format!("warning: {} more like these", intake.more_warnings));
    }
}

impl Jobs {
    /// Says what jobs are on and for, where that is not known.
    fn tell(&self, world: &mut World<'_>) {
        if !self.any {
            world.note("warning: no job of accelerators is in it: the periods will say zero");
        }
        for (model, count) in &self.unknown {
            world.note(format!(
                "warning: {count} runs of jobs are on `{model}` (`--model TYPE=ID` maps a name to the catalogue)"
            ));
        }
        let unclassified = self.unclassified;
        if unclassified > 0 {
            world.note(format!(
                "warning: {unclassified} runs of jobs are `unclassified` (`--class NAME=CLASS` says what a partition or account is for)"
            ));
        }
    }
}

impl JobLogArgs {
    pub(super) fn options(&self) -> Result<telemetry::Options, Failure> {
        let classes = self.class.iter();
        let classes = classes.map(|(name, of)| Ok((name.clone(), class(of)?)));
        self.models.check()?;
        Ok(telemetry::Options {
            clock: self.periods.clock()?,
            until: Some(self.periods.through),
            models: self.models.model.iter().cloned().collect(),
            classes: classes.collect::<Result<_, Failure>>()?,
        })
    }
}

fn figures(usage: &PeriodUsage, source: &FigureSource) -> Vec<Figure> {
    let figure = |quantity, model: &str, class, value| Figure {
        quantity,
        model: model.to_owned(),
        class,
        basis: Basis::Allocated,
        boundary: None,
        value,
        method: "scheduler-allocation".to_owned(),
        precision: None,
        coverage: Coverage::Unknown,
        source: source.clone(),
    };
    let mut figures = Vec::new();
    for ((model, class), one) in &usage.uses {
        figures.push(figure(
            QuantityKind::AcceleratorSeconds,
            model,
            *class,
            one.accelerator_seconds,
        ));
    }
    if figures.is_empty() {
        // Zero is said, not left out: what has no figure is unknown.
        figures.push(figure(
            QuantityKind::AcceleratorSeconds,
            "none",
            Class::Unclassified,
            Interval::ZERO,
        ));
    }
    let all = usage.all;
    let seconds = Interval::exactly(Quantity::from(all.job_seconds));
    for (quantity, value) in [
        (QuantityKind::Accelerators, all.accelerators),
        (QuantityKind::JobAccelerators, all.job_accelerators),
        (QuantityKind::JobSeconds, seconds),
    ] {
        figures.push(figure(quantity, "none", Class::Unclassified, value));
    }
    figures
}

fn explain(name: &Path, error: SourceError) -> Failure {
    let hint = match &error {
        SourceError::LocalTime { .. } => "choose with `--ambiguous earlier` or `later`",
        SourceError::Field { why, .. } if why.contains("no zone") => {
            "say with `--tz` which zone they are of, or run `TZ=UTC sacct …`"
        }
        SourceError::Column { .. } => "`--columns OURS=THEIRS` says what a column is called",
        SourceError::Shape { .. } => {
            "`TZ=UTC sacct -a -X -D -P --format=JobIDRaw,State,Start,End,ElapsedRaw,AllocTRES,JobName` prints what is expected"
        }
        _ => "nothing was collected: mend the row, or export the log anew",
    };
    Failure::file(name, error).hint(hint)
}
