//! `standstill collect`: from a job log to usage and ledgers, period by period.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::StreamId;
use crate::attestation::content::Usage;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source;
use crate::catalogue::Catalogue;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::devices::device_secret;
use crate::cli::drafts::Drafts;
use crate::cli::failure;
use crate::cli::models::Models;
use crate::cli::models::pair;
use crate::cli::progress;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::collector::Collector;
use crate::collector::PeriodUsage;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::keystore;
use crate::ledger::Secret;
use crate::ledger::commitment;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry;
use crate::telemetry::Ambiguous;
use crate::telemetry::Clock;
use crate::telemetry::Intake;
use crate::telemetry::SourceError;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::history::Area;

/// Read a job log into usage and ledgers, one a period
///
/// What a job log shows is what its scheduler gave away: coverage is `unknown`, never
/// full, and nothing is invented. Run it again to replace what was not attested yet.
#[derive(Debug, clap::Args)]
pub(super) struct CollectArgs {
    #[command(subcommand)]
    source: SourceArgs,
}

#[derive(Debug, clap::Subcommand)]
enum SourceArgs {
    /// Read the output of `sacct --parsable2` or `sacct --json`
    Slurm(JobLogArgs),
    /// Read a CSV table of jobs
    Jobs(TableArgs),
}

#[derive(Debug, clap::Args)]
struct TableArgs {
    #[command(flatten)]
    log: JobLogArgs,

    /// Name of a column in the table, e.g. `start=timestamp` (can be repeated)
    #[arg(long, value_name = "COLUMN=NAME", value_delimiter = ',', value_parser = pair)]
    columns: Vec<(String, String)>,
}

#[derive(Clone, Debug, clap::Args)]
pub(super) struct JobLogArgs {
    /// Job log
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    #[command(flatten)]
    pub(super) place: AreaArgs,

    /// Instant up to which the log is complete: periods that end later are left out
    #[arg(long, value_name = "TIME")]
    pub(super) through: UnixSeconds,

    /// Time zone of times that name none, e.g. `Europe/Paris`
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,

    /// What to do with local times that the zone has twice or skips
    #[arg(long, value_name = "earlier|later|refuse", default_value = "refuse")]
    #[arg(value_parser = ambiguous)]
    pub(super) ambiguous: Ambiguous,

    #[command(flatten)]
    pub(super) models: Models,

    /// Class of the jobs of a partition or account, e.g. `train=training` (can be repeated)
    #[arg(long, value_name = "NAME=CLASS", value_parser = pair)]
    pub(super) class: Vec<(String, String)>,

    /// Collect periods again that were attested, from this one on, to be corrected
    #[arg(long, value_name = "TIME")]
    pub(super) again: Option<UnixSeconds>,
}

impl CollectArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.source {
            SourceArgs::Slurm(args) => slurm(args, world),
            SourceArgs::Jobs(args) => {
                let columns: BTreeMap<String, String> = args.columns.iter().cloned().collect();
                let read = |bytes: &[u8], options: &telemetry::Options| {
                    telemetry::jobs::read(bytes, &columns, options)
                };
                collect(&args.log, "jobs-csv", read, world)
            }
        }
    }
}

/// Collects from a Slurm job log.
pub(super) fn slurm(args: &JobLogArgs, world: &mut World<'_>) -> Result<(), Failure> {
    collect(args, "sacct", telemetry::slurm::read, world)
}

fn collect(
    args: &JobLogArgs,
    tool: &str,
    read: impl FnOnce(&[u8], &telemetry::Options) -> Result<Intake, SourceError>,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let workspace = Workspace::open(&args.place.workspace)?;
    let area = workspace.area(args.place.area)?;
    let options = args.options()?;
    let bytes = failure::read(&args.file)?;
    let intake = read(&bytes, &options).map_err(|error| explain(args, error))?;
    tell(&intake, world);
    let range = args.range(&workspace, &area, world)?;
    let cadence = area
        .schedule
        .terms_at(range.start())
        .cadence
        .ok_or_else(|| {
            Failure::new(format!(
                "area {} has no periods of its own",
                args.place.area
            ))
            .hint("usage is collected for an area that `open` gave a period")
        })?;
    let collector = Collector::new(intake.jobs, cadence, range)?;
    let outside = collector.outside()?;
    let drafts = Drafts::stage(&workspace, args.place.area, args.again.is_some())?;
    let source = Source {
        tool: format!("{tool}, standstill {}", env!("CARGO_PKG_VERSION")),
        query: None,
        input: Some(commit_input(&workspace, &bytes)?),
    };
    let bar = progress::bar(
        "collecting",
        area.schedule.periods(range.start(), range.end()).count(),
    );
    let catalogue = Catalogue::embedded().digest();
    // Writes the draft of a period, and returns its accelerator-seconds.
    let write = |usage: PeriodUsage| -> Result<Interval, Failure> {
        let ledger = usage.ledger(Secret::from_bytes(*keystore::random()?))?;
        // The largest period decides how long all take: its file is printed while its
        // records are hashed.
        let (reference, text) = rayon::join(|| ledger.reference(), || ledger.print());
        let content = Usage {
            period: usage.period,
            inventory: None,
            catalogue,
            figures: figures(&usage, &source),
            commitments: Vec::new(),
            ledgers: vec![reference?],
            devices_absent: Some("a job log names no device".to_owned()),
        };
        drafts.add(content, &text)?;
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
    let place = drafts.keep()?;
    world.answer(
        &json!({
            "periods": count,
            "from": range.start().to_string(),
            "to": range.end().to_string(),
            "accelerator_seconds": spell(total),
            "outside": spell(outside),
            "drafts": place,
        }),
        &format!(
            "{count} periods from {} to {}: {} accelerator-seconds",
            range.start(),
            range.end(),
            spell(total)
        ),
    )?;
    if outside != Interval::ZERO {
        world.note(format!(
            "left out: {} accelerator-seconds before or after these periods",
            spell(outside)
        ));
    }
    if args.again.is_some() {
        world.note(format!(
            "`standstill correct TIME {}/TIME.usage --reason WHY` corrects one period",
            place.display()
        ));
    }
    Ok(())
}

/// Says what was left out and what looks wrong.
fn tell(intake: &Intake, world: &mut World<'_>) {
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
    if intake.jobs.is_empty() {
        world.note("warning: no job of accelerators is in it: the periods will say zero");
    }
}

impl JobLogArgs {
    fn options(&self) -> Result<telemetry::Options, Failure> {
        let classes = self.class.iter().map(|(name, class)| {
            let class: Class = class.parse().map_err(|why: String| {
                let known: Vec<&str> = Class::ALL.iter().map(|class| class.as_str()).collect();
                Failure::new(why).hint(format!("the classes are: {}", known.join(", ")))
            })?;
            Ok((name.clone(), class))
        });
        self.models.check()?;
        let clock = Clock::new(self.tz.as_deref(), self.ambiguous)
            .map_err(|error| Failure::from(error).hint("zones are called as in `Europe/Paris`"))?;
        Ok(telemetry::Options {
            clock,
            until: Some(self.through),
            models: self.models.model.iter().cloned().collect(),
            classes: classes.collect::<Result<_, Failure>>()?,
        })
    }

    /// Returns the whole periods that are to be collected.
    fn range(
        &self,
        workspace: &Workspace,
        area: &Area,
        world: &mut World<'_>,
    ) -> Result<Period, Failure> {
        let next = next_start(workspace, self.place.area, area);
        let from = self.again.unwrap_or(next);
        let mut through = self.through;
        if through > world.now {
            through = world.now;
            world.note(format!("up to now, {through}: what comes is not known"));
        }
        if self.again.is_some() {
            through = through.min(next);
        }
        let periods: Vec<Period> = area
            .schedule
            .periods(from, through)
            .filter(|period| period.start() >= from && period.end() <= through)
            .collect();
        match (periods.first(), periods.last()) {
            (Some(first), Some(last)) => Ok(first.hull(*last)),
            _ => Err(Failure::new(format!(
                "no period from {from} on ends at or before {through}"
            ))
            .hint(if self.again.is_some() {
                format!("periods up to {next} were attested; `--again` takes of these")
            } else {
                format!(
                    "`--through` says up to when the log is complete; what begins before {next} was attested, or lies before the area's first instant"
                )
            })),
        }
    }
}

/// Where the next period to be collected begins: after what was attested.
pub(super) fn next_start(workspace: &Workspace, stream: StreamId, area: &Area) -> UnixSeconds {
    let attested =
        workspace
            .stream(stream)
            .rev()
            .find_map(|entry| match &entry.statement.content {
                crate::attestation::Content::Usage(usage) => Some(usage.period.end()),
                _ => None,
            });
    attested.unwrap_or(area.schedule.open.first)
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

/// Commits to a source file under the workspace's lasting secret, so that whoever is shown
/// the file later can be shown the salt too.
fn commit_input(workspace: &Workspace, bytes: &[u8]) -> Result<Hash, Failure> {
    let digest = sha256(bytes);
    let salt = device_secret(workspace)?.commitment_salt("input", digest.as_bytes());
    Ok(commitment("input", &salt, bytes))
}

fn explain(args: &JobLogArgs, error: SourceError) -> Failure {
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
    Failure::file(&args.file, error).hint(hint)
}

fn spell(value: Interval) -> String {
    if value.lower() == value.upper() {
        value.lower().to_string()
    } else {
        format!("{} to {}", value.lower(), value.upper())
    }
}

fn ambiguous(text: &str) -> Result<Ambiguous, String> {
    match text {
        "earlier" => Ok(Ambiguous::Earlier),
        "later" => Ok(Ambiguous::Later),
        "refuse" => Ok(Ambiguous::Refuse),
        _ => Err("choose `earlier`, `later` or `refuse`".to_owned()),
    }
}
