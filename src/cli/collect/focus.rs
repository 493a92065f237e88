//! `standstill collect focus`: from a cloud's bill to usage and ledgers, period by period.

use std::path::PathBuf;

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
use crate::cli::collect::PeriodArgs;
use crate::cli::collect::class;
use crate::cli::drafts::Part;
use crate::cli::models::Models;
use crate::cli::progress;
use crate::collector::billed::BilledPeriod;
use crate::keystore;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry::Ambiguous;
use crate::telemetry::Billed;
use crate::telemetry::Clock;
use crate::telemetry::Source as _;
use crate::telemetry::SourceError;
use crate::telemetry::focus::Focus;
use crate::telemetry::focus::FocusOptions;
use crate::telemetry::focus::Instance;
use crate::telemetry::focus::Instances;

#[derive(Debug, clap::Args)]
pub(super) struct FocusArgs {
    /// Exports of a cloud, FOCUS 1.0 to 1.2: CSV, plain or gzip, or Parquet (where this
    /// build reads it)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Read exports that break their specification as far as they can be understood,
    /// telling each way in which they do
    #[arg(long)]
    lenient: bool,

    /// Accelerators of an instance type, SKU or meter, e.g. `p7.48xlarge=8*h100-sxm`, or
    /// `p7.48xlarge=0` (can be repeated)
    #[arg(long, value_name = "NAME=COUNT*MODEL", value_parser = instance)]
    instance: Vec<(String, Instance)>,

    /// What the devices were used for
    #[arg(long, value_name = "CLASS", default_value = "unclassified")]
    class: String,

    #[command(flatten)]
    models: Models,

    #[command(flatten)]
    periods: PeriodArgs,
}

/// Collects what clouds billed.
pub(super) fn focus(args: &FocusArgs, world: &mut World<'_>) -> Result<(), Failure> {
    args.models.check()?;
    let class = class(&args.class)?;
    let due = args.periods.due(world)?;
    let mut source = Focus::new(args.files.clone(), args.options()?);
    let mut billed = Billed::new(due.cadence, due.range)?;
    let bar = progress::reading(source.size());
    source.read(&mut billed).map_err(explain)?;
    bar.finish_and_clear();
    super::jobs::tell(&billed.intake, world);
    let provenance = due.provenance(&source, &billed.intake)?;
    let outside = billed.billing.outside();
    let billed = billed.billing.finish()?;
    if let Some(name) = &args.periods.explain {
        return show(name, &billed, world);
    }
    let drafts = args.periods.stage(&due, source.tool())?.yielding();
    let mut total = Interval::ZERO;
    let mut uncorrected = Interval::ZERO;
    for period in &billed {
        let ledger = period.ledger(class, Secret::from_bytes(*keystore::random()?))?;
        let part = Part {
            period: period.period,
            figures: figures(period, class, &provenance),
            ledgers: vec![(ledger.reference()?, ledger.print())],
        };
        drafts.add(part, None)?;
        for seconds in period.models.values() {
            amounts::add(&mut total, *seconds)?;
        }
        amounts::add(&mut uncorrected, Interval::exactly(period.uncorrected))?;
    }
    let uncorrected = uncorrected.upper();
    let count = u64::try_from(billed.len()).unwrap_or(u64::MAX);
    let more = json!({ "outside": spell(outside), "uncorrected": uncorrected.to_string() });
    args.periods.keep(drafts, &due, count, total, more, world)?;
    if outside != Interval::ZERO {
        world.note(format!(
            "left out: {} accelerator-seconds before or after these periods",
            spell(outside)
        ));
    }
    if uncorrected != Quantity::ZERO {
        world.note(format!(
            "warning: corrections take back {uncorrected} accelerator-seconds more than is billed in their time and place: earlier exports billed them"
        ));
    }
    Ok(())
}

/// Shows what a resource is counted for, period by period.
fn show(name: &str, billed: &[BilledPeriod], world: &mut World<'_>) -> Result<(), Failure> {
    let mut shown = false;
    for period in billed {
        for share in period.shares.iter().filter(|one| *one.resource == *name) {
            world.say(format!(
                "{}: row {}: {} of {} from {} to {}: {} accelerator-seconds",
                period.period,
                share.row,
                spell(share.accelerators),
                share.model,
                share.span.start(),
                share.span.end(),
                spell(share.accelerator_seconds)
            ))?;
            shown = true;
        }
    }
    if shown {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{name}` is billed for no accelerator in these periods"
    ))
    .hint("resources are called as in `ResourceId`, those without one `row-<number>`"))
}

fn figures(billed: &BilledPeriod, class: Class, source: &FigureSource) -> Vec<Figure> {
    let figure = |model: &str, class, value| Figure {
        quantity: QuantityKind::AcceleratorSeconds,
        model: model.to_owned(),
        class,
        basis: Basis::Billed,
        boundary: None,
        value,
        method: "billed time of instances".to_owned(),
        precision: None,
        coverage: Coverage::Unknown,
        source: source.clone(),
    };
    if billed.models.is_empty() {
        // Zero is said, not left out: what has no figure is unknown.
        return vec![figure("none", Class::Unclassified, Interval::ZERO)];
    }
    let models = billed.models.iter();
    models
        .map(|(model, value)| figure(model, class, *value))
        .collect()
}

impl FocusArgs {
    fn options(&self) -> Result<FocusOptions, Failure> {
        // The specification has times in UTC; what names no zone is of no other unless the
        // user says so.
        let zone = self.periods.tz.as_deref().unwrap_or("UTC");
        let clock = if self.lenient {
            Clock::new(Some(zone), self.periods.ambiguous)?
        } else {
            Clock::new(None, Ambiguous::Refuse)?
        };
        let mut instances = Instances::default();
        for (name, instance) in &self.instance {
            instances.insert(name, instance.clone());
        }
        Ok(FocusOptions {
            lenient: self.lenient,
            clock,
            instances,
            models: self.models.model.iter().cloned().collect(),
        })
    }
}

/// Splits `<name>=<count>*<model>`, where the model is of the catalogue or said not to be.
fn instance(text: &str) -> Result<(String, Instance), String> {
    let (name, of) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not `<name>=<count>*<model>`"))?;
    let instance: Instance = of.parse()?;
    let catalogue = crate::catalogue::Catalogue::embedded();
    let known = instance.count == 0
        || instance.model.starts_with("uncatalogued:")
        || catalogue.get(&instance.model).is_some();
    if !known {
        let model = &instance.model;
        return Err(format!(
            "the catalogue has no model `{model}`: `uncatalogued:{model}` says so"
        ));
    }
    Ok((name.to_owned(), instance))
}

fn explain(error: SourceError) -> Failure {
    let hint = match error.cause() {
        SourceError::Focus { .. } => {
            "nothing was collected: have it exported anew, or take `--lenient`"
        }
        SourceError::Instances { .. } => {
            "`--instance NAME=COUNT*MODEL` says what is in one, `--instance NAME=0` that nothing is: a charge that is left out would be taken for no use"
        }
        SourceError::Column { .. } => "FOCUS exports have it; other bills are not read",
        SourceError::LocalTime { .. } => "choose with `--ambiguous earlier` or `later`",
        SourceError::Field { why, .. } if why.contains("no zone") => {
            "FOCUS has times in UTC, with a `Z`; `--lenient` takes those without one for UTC, or of `--tz`"
        }
        _ => "nothing was collected: mend the row, or have it exported anew",
    };
    Failure::from(error).hint(hint)
}
