//! `standstill collect`: from what a lab already has to usage and ledgers, a draft a period.

mod focus;
mod jobs;
mod prometheus;
mod readings;

use std::fs::File;
use std::path::Path;

use serde_json::json;

use crate::attestation::StreamId;
use crate::attestation::figure::Class;
use crate::attestation::figure::Source as Provenance;
use crate::catalogue::Catalogue;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::amounts::spell;
use crate::cli::devices::device_secret;
use crate::cli::drafts::Drafts;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::hash::Hash;
use crate::ledger::commitment;
use crate::quantity::Interval;
use crate::telemetry::Ambiguous;
use crate::telemetry::Clock;
use crate::telemetry::Input;
use crate::telemetry::Intake;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::history::Area;

pub(super) use jobs::JobLogArgs;
pub(super) use jobs::SlurmArgs;
pub(super) use jobs::slurm;

/// Read what a scheduler, devices or power meters wrote down into usage and ledgers
///
/// One draft a period; each source adds its part, and replaces what it said before. Run
/// it again to replace what was not attested yet. What a job log shows is what its
/// scheduler gave away: its coverage is `unknown`. What meters did not see is a gap, and
/// nothing is filled in.
#[derive(Debug, clap::Args)]
pub(super) struct CollectArgs {
    #[command(subcommand)]
    source: SourceArgs,
}

#[derive(Debug, clap::Subcommand)]
enum SourceArgs {
    /// Read the output of `sacct --parsable2` or `sacct --json`, or run it
    Slurm(SlurmArgs),
    /// Read a CSV table of jobs
    Jobs(jobs::TableArgs),
    /// Read the logs of `standstill sample`
    Devices(readings::DevicesArgs),
    /// Read the output of `nvidia-smi --query-gpu=timestamp,uuid,… --format=csv -l 10`
    NvidiaSmi(readings::NvidiaSmiArgs),
    /// Read power logs as MLPerf has them, one file a meter
    Mlperf(readings::MlperfArgs),
    /// Read a CSV table of power meters
    Meters(readings::MetersArgs),
    /// Read a utility's Green Button data
    GreenButton(readings::GreenButtonArgs),
    /// Read captures of what management controllers say through Redfish
    Redfish(readings::RedfishArgs),
    /// Read captures of power readings through IPMI
    Ipmi(readings::IpmiArgs),
    /// Ask a Prometheus, VictoriaMetrics, Thanos or Mimir
    Prometheus(prometheus::PrometheusArgs),
    /// Ask a Prometheus for the accelerators that pods ask for (kube-state-metrics)
    Kubernetes(prometheus::KubernetesArgs),
    /// Read a cloud's cost and usage export, FOCUS 1.0 to 1.2
    Focus(focus::FocusArgs),
    /// Say that nothing was seen: every device is a gap
    Outage(readings::OutageArgs),
    /// Take what a source said out of the drafts again
    Forget(ForgetArgs),
}

#[derive(Debug, clap::Args)]
struct ForgetArgs {
    /// Its tool, as the drafts name it, e.g. `sacct`
    #[arg(value_name = "TOOL")]
    tool: String,

    #[command(flatten)]
    place: AreaArgs,
}

impl CollectArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.source {
            SourceArgs::Slurm(args) => slurm(args, world),
            SourceArgs::Jobs(args) => jobs::table(args, world),
            SourceArgs::Devices(args) => readings::devices(args, world),
            SourceArgs::NvidiaSmi(args) => readings::nvidia_smi(args, world),
            SourceArgs::Mlperf(args) => readings::mlperf(args, world),
            SourceArgs::Meters(args) => readings::meters_csv(args, world),
            SourceArgs::GreenButton(args) => readings::green_button(args, world),
            SourceArgs::Redfish(args) => readings::redfish(args, world),
            SourceArgs::Ipmi(args) => readings::ipmi(args, world),
            SourceArgs::Prometheus(args) => prometheus::prometheus(args, world),
            SourceArgs::Kubernetes(args) => prometheus::kubernetes(args, world),
            SourceArgs::Focus(args) => focus::focus(args, world),
            SourceArgs::Outage(args) => readings::outage(args, world),
            SourceArgs::Forget(args) => args.run(world),
        }
    }
}

impl ForgetArgs {
    fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let workspace = Workspace::open(&self.place.workspace)?;
        let catalogue = Catalogue::embedded().digest();
        let drafts = Drafts::stage(&workspace, self.place.area, false, &self.tool, catalogue)?;
        let others = drafts.others().join(", ");
        drafts.keep()?;
        let left = if others.is_empty() {
            "nothing"
        } else {
            &others
        };
        world.answer(
            &json!({ "forgotten": self.tool, "left": left }),
            &format!("`{}` is in no draft; left: {left}", self.tool),
        )
    }
}

/// Which periods, and how their times are written.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct PeriodArgs {
    #[command(flatten)]
    pub(super) place: AreaArgs,

    /// Instant up to which the source is complete: periods that end later are left out
    #[arg(long, value_name = "TIME")]
    pub(super) through: UnixSeconds,

    /// Time zone of times that name none, e.g. `Europe/Paris`
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,

    /// What to do with local times that the zone has twice or skips
    #[arg(long, value_name = "earlier|later|refuse", default_value = "refuse")]
    #[arg(value_parser = ambiguous)]
    pub(super) ambiguous: Ambiguous,

    /// Collect periods again that were attested, from this one on, to be corrected
    #[arg(long, value_name = "TIME")]
    pub(super) again: Option<UnixSeconds>,

    /// Show the rows behind the figures of a device, meter or job, and write nothing
    #[arg(long, value_name = "NAME")]
    pub(super) explain: Option<String>,
}

/// Periods to be collected.
struct Due {
    workspace: Workspace,
    area: Area,
    cadence: Cadence,
    /// Whole periods of the cadence.
    range: Period,
}

impl Due {
    /// Says where figures come from: the tool, and commitments to what was asked of it
    /// and to the SHA-256 of what it gave.
    fn provenance(&self, source: &dyn Source, intake: &Intake) -> Result<Provenance, Failure> {
        let (query, digest) = (source.query(), intake.digest());
        let commit = |field, value: &[u8]| commit(&self.workspace, field, value);
        Ok(Provenance {
            tool: format!(
                "{}, standstill {}",
                source.tool(),
                env!("CARGO_PKG_VERSION")
            ),
            query: query
                .map(|query| commit("query", query.as_bytes()))
                .transpose()?,
            input: digest
                .map(|digest| commit("input", digest.as_bytes()))
                .transpose()?,
        })
    }
}

impl PeriodArgs {
    fn clock(&self) -> Result<Clock, Failure> {
        Clock::new(self.tz.as_deref(), self.ambiguous)
            .map_err(|error| Failure::from(error).hint("zones are called as in `Europe/Paris`"))
    }

    /// Finds the periods that are to be collected.
    fn due(&self, world: &mut World<'_>) -> Result<Due, Failure> {
        let workspace = Workspace::open(&self.place.workspace)?;
        let area = workspace.area(self.place.area)?;
        let range = self.range(&workspace, &area, world)?;
        let cadence = area.schedule.terms_at(range.start()).cadence;
        let cadence = cadence.ok_or_else(|| {
            Failure::new(format!(
                "area {} has no periods of its own",
                self.place.area
            ))
            .hint("usage is collected for an area that `open` gave a period")
        })?;
        Ok(Due {
            workspace,
            area,
            cadence,
            range,
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
                    "`--through` says up to when the source is complete; what begins before {next} was attested, or lies before the area's first instant"
                )
            })),
        }
    }

    /// Readies drafts into which `tool` puts its part.
    fn stage(&self, due: &Due, tool: &str) -> Result<Drafts, Failure> {
        let again = self.again.is_some();
        let catalogue = Catalogue::embedded().digest();
        Drafts::stage(&due.workspace, self.place.area, again, tool, catalogue)
    }

    /// Puts the drafts in place, and says how much there is of what.
    fn keep(
        &self,
        drafts: Drafts,
        due: &Due,
        count: u64,
        total: Interval,
        mut more: serde_json::Value,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let others = drafts.others().join("`, `");
        if !others.is_empty() {
            world.note(format!(
                "beside what `{others}` said: both stand (`standstill collect forget TOOL` takes one out)"
            ));
        }
        let differences = drafts.differences()?;
        for line in &differences {
            world.note(line);
        }
        let place = drafts.keep()?;
        let range = due.range;
        if let Some(more) = more.as_object_mut() {
            more.insert("periods".to_owned(), json!(count));
            more.insert("from".to_owned(), json!(range.start().to_string()));
            more.insert("to".to_owned(), json!(range.end().to_string()));
            more.insert("accelerator_seconds".to_owned(), json!(spell(total)));
            more.insert("drafts".to_owned(), json!(place));
            more.insert("differences".to_owned(), json!(differences));
        }
        world.answer(
            &more,
            &format!(
                "{count} periods from {} to {}: {} accelerator-seconds",
                range.start(),
                range.end(),
                spell(total)
            ),
        )?;
        if self.again.is_some() {
            world.note(format!(
                "`standstill correct TIME {}/TIME.usage --reason WHY` corrects one period",
                place.display()
            ));
        }
        Ok(())
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

/// Opens a raw input.
fn open(path: &Path, explain: impl Fn(SourceError) -> Failure) -> Result<Input, Failure> {
    let file = File::open(path).map_err(|error| Failure::io(path, error))?;
    Input::of_file(path, file).map_err(explain)
}

/// Commits to an input or a query under the workspace's lasting secret, so that whoever is
/// shown it later can be shown the salt too.
fn commit(workspace: &Workspace, field: &str, value: &[u8]) -> Result<Hash, Failure> {
    let salt = device_secret(workspace)?.commitment_salt(field, value);
    Ok(commitment(field, &salt, value))
}

/// Understands the name of a class.
fn class(name: &str) -> Result<Class, Failure> {
    name.parse().map_err(|why: String| {
        let known: Vec<&str> = Class::ALL.iter().map(|class| class.as_str()).collect();
        Failure::new(why).hint(format!("the classes are: {}", known.join(", ")))
    })
}

fn ambiguous(text: &str) -> Result<Ambiguous, String> {
    match text {
        "earlier" => Ok(Ambiguous::Earlier),
        "later" => Ok(Ambiguous::Later),
        "refuse" => Ok(Ambiguous::Refuse),
        _ => Err("choose `earlier`, `later` or `refuse`".to_owned()),
    }
}
