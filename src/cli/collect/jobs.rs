//! `standstill collect slurm|jobs`: from a job log to usage and ledgers, period by period.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::PeriodArgs;
use crate::cli::collect::class;
use crate::cli::collect::commit;
use crate::cli::collect::spell;
use crate::cli::drafts::Part;
use crate::cli::failure;
use crate::cli::models::Models;
use crate::cli::models::pair;
use crate::cli::progress;
use crate::collector::Collector;
use crate::collector::PeriodUsage;
use crate::hash::sha256;
use crate::keystore;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry;
use crate::telemetry::Ambiguous;
use crate::telemetry::Clock;
use crate::telemetry::Intake;
use crate::telemetry::SourceError;

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

/// A job log, as it is read.
struct JobLog<'l> {
    tool: &'l str,
    /// What it is called in errors.
    name: PathBuf,
    bytes: Vec<u8>,
    /// What was asked, where something was.
    query: Option<String>,
}

/// Collects from a Slurm job log.
pub(crate) fn slurm(args: &SlurmArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let mut options = args.log.options()?;
    let log = if let Some(file) = &args.file {
        JobLog {
            tool: "sacct",
            name: file.clone(),
            bytes: failure::read(file)?,
            query: None,
        }
    } else {
        // It is run in UTC, whatever the zone of other logs.
        options.clock = Clock::new(Some("UTC"), Ambiguous::Refuse)?;
        let range = args.log.periods.due(world)?.range;
        let ran = telemetry::slurm::run(&args.sacct, range);
        let (bytes, query) = ran.map_err(|error| {
            Failure::from(error).hint(
                "`--sacct` names the program; `collect slurm FILE` reads what it printed elsewhere",
            )
        })?;
        JobLog {
            tool: "sacct",
            name: args.sacct.clone(),
            bytes,
            query: Some(query),
        }
    };
    collect(&args.log, &log, &options, telemetry::slurm::read, world)
}

/// Collects from a table of jobs.
pub(super) fn table(args: &TableArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let columns: BTreeMap<String, String> = args.columns.iter().cloned().collect();
    let read = |bytes: &[u8], options: &telemetry::Options| {
        telemetry::jobs::read(bytes, &columns, options)
    };
    let log = JobLog {
        tool: "jobs-csv",
        name: args.file.clone(),
        bytes: failure::read(&args.file)?,
        query: None,
    };
    collect(&args.log, &log, &args.log.options()?, read, world)
}

fn collect(
    args: &JobLogArgs,
    log: &JobLog<'_>,
    options: &telemetry::Options,
    read: impl FnOnce(&[u8], &telemetry::Options) -> Result<Intake, SourceError>,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let tool = log.tool;
    let intake = read(&log.bytes, options).map_err(|error| explain(&log.name, error))?;
    tell(&intake, world);
    if intake.jobs.is_empty() {
        world.note("warning: no job of accelerators is in it: the periods will say zero");
    }
    let due = args.periods.due(world)?;
    let collector = Collector::new(intake.jobs, due.cadence, due.range)?;
    if let Some(name) = &args.periods.explain {
        return show(name, collector, world);
    }
    let outside = collector.outside()?;
    let drafts = args.periods.stage(&due, tool)?;
    let source = Source {
        tool: format!("{tool}, standstill {}", env!("CARGO_PKG_VERSION")),
        query: match &log.query {
            Some(query) => Some(commit(&due.workspace, "query", query.as_bytes())?),
            None => None,
        },
        input: Some(commit(
            &due.workspace,
            "input",
            sha256(&log.bytes).as_bytes(),
        )?),
    };
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
            figures: figures(&usage, &source),
            ledgers: vec![(reference?, text)],
        };
        drafts.add(part, None)?;
        bar.inc(1);
        Ok(usage.all.accelerator_seconds)
    };
    let mut total = Interval::ZERO;
    let mut count = 0_u64;
    collector.each(write, |seconds| {
        total = total
            .plus(seconds)
            .ok_or_else(|| Failure::new("the total is beyond every quantity"))?;
        count = count.saturating_add(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    let more = json!({ "outside": spell(outside) });
    args.periods.keep(drafts, &due, count, total, more, world)?;
    if outside != Interval::ZERO {
        world.note(format!(
            "left out: {} accelerator-seconds before or after these periods",
            spell(outside)
        ));
    }
    Ok(())
}

/// Shows what a job is counted for, period by period.
fn show(name: &str, collector: Collector, world: &mut World<'_>) -> Result<(), Failure> {
    let mut shown = false;
    for usage in collector {
        let usage = usage?;
        for share in usage.shares.iter().filter(|share| &*share.job == name) {
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
    let mut unknown = BTreeMap::new();
    for allocation in intake.jobs.iter().flat_map(|job| &job.allocations) {
        if allocation.model.starts_with("uncatalogued:") {
            let count = unknown.entry(&allocation.model).or_insert(0_u64);
            *count = count.saturating_add(1);
        }
    }
    for (model, count) in unknown {
        world.note(format!(
            "warning: {count} runs of jobs are on `{model}` (`--model TYPE=ID` maps a name to the catalogue)"
        ));
    }
    let unclassified = intake
        .jobs
        .iter()
        .filter(|job| job.class == Class::Unclassified);
    let unclassified = unclassified.count();
    if unclassified > 0 {
        world.note(format!(
            "warning: {unclassified} runs of jobs are `unclassified` (`--class NAME=CLASS` says what a partition or account is for)"
        ));
    }
}

impl JobLogArgs {
    fn options(&self) -> Result<telemetry::Options, Failure> {
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

fn figures(usage: &PeriodUsage, source: &Source) -> Vec<Figure> {
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
