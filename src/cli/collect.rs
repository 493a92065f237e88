//! `standstill collect`: from a job log to usage and ledgers, period by period.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::collector::Collector;
use crate::collector::PeriodUsage;
use crate::keystore;
use crate::ledger::Salt;
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

    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,

    /// Area
    #[arg(long, default_value = "1")]
    pub(super) area: StreamId,

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

    /// Catalogue's id of a type's name, e.g. `h100=h100-sxm` (can be repeated)
    #[arg(long, value_name = "TYPE=ID", value_parser = pair)]
    pub(super) model: Vec<(String, String)>,

    /// Class of the jobs of a partition or account, e.g. `train=training` (can be repeated)
    #[arg(long, value_name = "NAME=CLASS", value_parser = pair)]
    pub(super) class: Vec<(String, String)>,
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
    let workspace = Workspace::open(&args.workspace)?;
    let area = workspace.area(args.area)?;
    let options = args.options()?;
    let bytes = failure::read(&args.file)?;
    let intake = read(&bytes, &options).map_err(|error| explain(args, error))?;
    for (reason, (count, first)) in &intake.skipped {
        world.note(format!("left out: {count} {reason}, first in row {first}"));
    }
    for warning in &intake.warnings {
        world.note(format!("warning: {warning}"));
    }
    let next = next_start(&workspace, args.area, &area);
    let through = args.through.min(world.now);
    let periods: Vec<Period> = area
        .periods(next, through)
        .into_iter()
        .filter(|period| period.start() >= next && period.end() <= through)
        .collect();
    let (Some(first), Some(last)) = (periods.first(), periods.last()) else {
        return Err(Failure::new(format!(
            "no period from {next} on ends at or before {through}"
        ))
        .hint("`--through` says up to when the log is complete; `init --first` says where the area begins"));
    };
    let range = first.hull(*last);
    let cadence = area
        .terms_at(range.start())
        .0
        .ok_or_else(|| Failure::new(format!("area {} has no periods of its own", args.area)))?;
    let collector = Collector::new(intake.jobs, cadence, range)?;
    let outside = collector.outside()?;
    let mut total = Interval::ZERO;
    let input = Secret::from_bytes(*keystore::random()?);
    let catalogue = Catalogue::embedded().digest();
    let mut count = 0_u64;
    for usage in collector {
        let usage = usage?;
        total = total
            .plus(usage.all.accelerator_seconds)
            .ok_or_else(|| Failure::new("the total is beyond every quantity"))?;
        let secret = Secret::from_bytes(*keystore::random()?);
        let source = Source {
            tool: format!("{tool}, standstill {}", env!("CARGO_PKG_VERSION")),
            query: None,
            input: Some(commit_input(&input, &bytes)),
        };
        let ledger = usage.ledger(secret)?;
        let content = Usage {
            period: usage.period,
            inventory: None,
            catalogue,
            figures: figures(&usage, &source),
            commitments: Vec::new(),
            ledgers: vec![ledger.reference()?],
            devices_absent: Some("a job log names no device".to_owned()),
        };
        let name = format!("collected/{}/{}", args.area, usage.period.start());
        let draft = crate::attestation::Content::Usage(content);
        let draft = draft.write().unwrap_or_default().to_canonical();
        let path = workspace.join(format!("{name}.ledger"));
        failure::replace(&path, ledger.print().as_bytes())?;
        private(&path)?;
        failure::replace(&workspace.join(format!("{name}.usage")), draft.as_bytes())?;
        count = count.saturating_add(1);
    }
    world.say(format!(
        "{count} periods from {} to {}: {} accelerator-seconds",
        range.start(),
        range.end(),
        spell(total)
    ))?;
    if outside != Interval::ZERO {
        world.note(format!(
            "left out: {} accelerator-seconds before or after these periods",
            spell(outside)
        ));
    }
    Ok(())
}

impl JobLogArgs {
    fn options(&self) -> Result<telemetry::Options, Failure> {
        let classes = self.class.iter().map(|(name, class)| {
            let class: Class = class.parse().map_err(Failure::new)?;
            Ok((name.clone(), class))
        });
        Ok(telemetry::Options {
            clock: Clock::new(self.tz.as_deref(), self.ambiguous)?,
            until: Some(self.through),
            models: self.model.iter().cloned().collect(),
            classes: classes.collect::<Result<_, Failure>>()?,
        })
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
    attested.unwrap_or(area.open.first)
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

fn commit_input(secret: &Secret, bytes: &[u8]) -> crate::hash::Hash {
    let salt: Salt = secret.salt(0, "input");
    commitment("input", &salt, bytes)
}

/// Lets nobody but the owner read a ledger, which has the secret in it.
fn private(path: &std::path::Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| Failure::file(path, error))
}

fn explain(args: &JobLogArgs, error: SourceError) -> Failure {
    let hint = match &error {
        SourceError::LocalTime { .. } => Some("choose with `--ambiguous earlier` or `later`"),
        SourceError::Field { why, .. } if why.contains("no zone") => {
            Some("say with `--tz` which zone they are of, or run `TZ=UTC sacct …`")
        }
        SourceError::Shape { .. } => Some(
            "`TZ=UTC sacct -a -X -D -P --format=JobIDRaw,State,Start,End,ElapsedRaw,AllocTRES,JobName` prints what is expected",
        ),
        _ => None,
    };
    let failure = Failure::file(&args.file, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn spell(value: Interval) -> String {
    if value.lower() == value.upper() {
        value.lower().to_string()
    } else {
        format!("{} to {}", value.lower(), value.upper())
    }
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` is not `<name>=<value>`"))
}

fn ambiguous(text: &str) -> Result<Ambiguous, String> {
    match text {
        "earlier" => Ok(Ambiguous::Earlier),
        "later" => Ok(Ambiguous::Later),
        "refuse" => Ok(Ambiguous::Refuse),
        _ => Err("choose `earlier`, `later` or `refuse`".to_owned()),
    }
}
