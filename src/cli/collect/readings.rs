//! `standstill collect` of readings: of devices and power meters, period by period.

mod args;
mod explained;

use std::collections::BTreeMap;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::Precision;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source as FigureSource;
use crate::catalogue::Catalogue;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::attest::inventory;
use crate::cli::collect::Due;
use crate::cli::collect::class;
use crate::cli::collect::open;
use crate::cli::devices::Devices;
use crate::cli::devices::device_secret;
use crate::cli::drafts::Drafts;
use crate::cli::drafts::Part;
use crate::cli::failure;
use crate::cli::models::Models;
use crate::cli::progress;
use crate::collector::MeterPeriod;
use crate::collector::Metered;
use crate::collector::Metering;
use crate::collector::account::DeviceAccount;
use crate::collector::account::Listed;
use crate::collector::account::Measured;
use crate::collector::account::MeterAccount;
use crate::collector::account::Rates;
use crate::collector::account::Roll;
use crate::collector::reading::SECOND;
use crate::hash::Hash;
use crate::keystore;
use crate::ledger::Ledger;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::telemetry::Gathered;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::device_log;
use crate::telemetry::device_log::DeviceLogs;
use crate::telemetry::greenbutton::GreenButton;
use crate::telemetry::ipmi::DcmiPower;
use crate::telemetry::meter_table::MeterTable;
use crate::telemetry::mlperf::PowerLogs;
use crate::telemetry::nvidia_smi::NvidiaSmi;
use crate::telemetry::redfish::Redfish;
use crate::time::Period;

pub(super) use args::DevicesArgs;
pub(super) use args::GreenButtonArgs;
pub(super) use args::IpmiArgs;
pub(super) use args::MetersArgs;
pub(super) use args::MlperfArgs;
pub(super) use args::NvidiaSmiArgs;
pub(super) use args::OutageArgs;
pub(super) use args::ReadingArgs;
pub(super) use args::RedfishArgs;

/// Seconds by which a meter's clock may be ahead of this one.
const MAX_AHEAD: u64 = 300;

/// The most names that one message lists.
const MAX_NAMED: usize = 5;

/// Says of periods that nothing was seen: every device of the inventory is a gap.
pub(super) fn outage(args: &OutageArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let due = args.periods.due(world)?;
    let readings = ReadingArgs {
        periods: args.periods.clone(),
        devices: None,
        models: Models::default(),
        class: Class::Unclassified.to_string(),
        every: None,
        dtype: None,
        meters: Vec::new(),
    };
    collect_due(&readings, &due, &mut Outage, world)
}

/// The tool of who saw nothing.
const OUTAGE: &str = "outage";

/// A source that saw nothing.
struct Outage;

impl Source for Outage {
    fn tool(&self) -> &'static str {
        OUTAGE
    }

    fn read(&mut self, _: &mut dyn Sink) -> Result<(), SourceError> {
        Ok(())
    }
}

/// Collects what samplers logged.
pub(super) fn devices(args: &DevicesArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &args.paths {
        if path.is_dir() {
            let days = device_log::files(path).map_err(|error| Failure::io(path, error))?;
            files.extend(days);
        } else {
            files.push(path.clone());
        }
    }
    collect(&args.readings, &mut DeviceLogs::new(files), world)
}

/// Collects what `nvidia-smi` printed.
pub(super) fn nvidia_smi(args: &NvidiaSmiArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let clock = args.readings.periods.clock()?;
    let input = open(&args.file, explain)?;
    collect(&args.readings, &mut NvidiaSmi::new(input, clock), world)
}

/// Collects a table of power meters.
pub(super) fn meters_csv(args: &MetersArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let clock = args.readings.periods.clock()?;
    let input = open(&args.file, explain)?;
    let columns = args.columns.iter().cloned().collect();
    let mut table = MeterTable::new(input, columns, args.boundary, clock);
    collect(&args.readings, &mut table, world)
}

/// Collects a utility's data.
pub(super) fn green_button(args: &GreenButtonArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let mut feeds = GreenButton::new(args.files.clone(), args.boundary);
    collect(&args.readings, &mut feeds, world)
}

/// Collects what management controllers said.
pub(super) fn redfish(args: &RedfishArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let mut source = Redfish::new(args.files.clone(), args.reading.of());
    if let Some(chassis) = &args.chassis {
        source = source.of_chassis(chassis.clone());
    }
    collect(&args.readings, &mut source, world)
}

/// Collects power readings through IPMI.
pub(super) fn ipmi(args: &IpmiArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let clock = args.readings.periods.clock()?;
    let mut source = DcmiPower::new(args.files.clone(), args.meter.clone(), clock);
    collect(&args.readings, &mut source, world)
}

/// Collects power logs.
pub(super) fn mlperf(args: &MlperfArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let mut logs = PowerLogs::new(args.files.clone(), args.boundary);
    collect(&args.readings, &mut logs, world)
}

fn collect(
    args: &ReadingArgs,
    source: &mut dyn Source,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let due = args.periods.due(world)?;
    collect_due(args, &due, source, world)
}

/// Collects the periods that are due.
pub(super) fn collect_due(
    args: &ReadingArgs,
    due: &Due,
    source: &mut dyn Source,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    args.models.check()?;
    let class = class(&args.class)?;
    let every = args
        .every
        .map(|seconds| u64::from(seconds).saturating_mul(SECOND));
    let mut gathered = Gathered::new(Metering::new(due.cadence, due.range, every)?);
    if let Some(name) = &args.periods.explain {
        return explained::show(name, source, gathered, world);
    }
    let bar = progress::reading(source.size());
    source.read(&mut gathered).map_err(explain)?;
    bar.finish_and_clear();
    super::jobs::tell(&gathered.intake, world);
    let provenance = due.provenance(source, &gathered.intake)?;
    let metered = gathered
        .metering
        .finish()
        .map_err(|error| explain(error.into()))?;
    if let Some((meter, at)) = metered.latest()
        && at.second().since(world.now) > MAX_AHEAD
    {
        return Err(Failure::new(format!(
            "`{}` has a reading of {at}, which is still to come",
            meter.name
        ))
        .hint("its times are local, or its clock is wrong: `--tz` names the zone of times without one"));
    }
    tell(&metered, world);
    let drafts = args.periods.stage(due, source.tool())?;
    let nothing = metered.meters().next().is_none();
    if nothing && source.tool() != OUTAGE {
        return Err(Failure::new("no reading is in it")
            .hint("what was left out is told above; `collect outage` says that nothing was seen"));
    }
    let devices = nothing
        || metered
            .meters()
            .any(|meter| meter.boundary == Boundary::Gpu);
    let mut writer = Writer {
        args,
        class,
        due,
        source: provenance,
        expected: args.meters.iter().copied().collect(),
        rates: args.dtype.map_or_else(Rates::default, |format| {
            Rates::of(&Catalogue::embedded(), format)
        }),
        devices: nothing.then(BTreeMap::new),
        nothing,
        rolls: BTreeMap::new(),
        total: Interval::ZERO,
        gap: 0,
    };
    let bar = progress::bar("collecting", metered.periods().len());
    for (index, period) in metered.periods().iter().enumerate() {
        // An outage says nothing of what another source saw.
        if !(nothing && drafts.has(period.start())) {
            writer.write(*period, &metered.period(index), devices, &drafts, world)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let count = u64::try_from(metered.periods().len()).unwrap_or(u64::MAX);
    let (total, gap) = (writer.total, writer.gap);
    let more = json!({ "gap_seconds": gap.to_string(), "every_milliseconds": metered.every });
    args.periods.keep(drafts, due, count, total, more, world)?;
    if gap > 0 {
        world.note(format!(
            "gap: {gap} seconds of devices or meters were not seen; a verdict charges them at their peak"
        ));
    }
    Ok(())
}

/// Writes the drafts of periods.
struct Writer<'a> {
    args: &'a ReadingArgs,
    class: Class,
    due: &'a Due,
    source: FigureSource,
    expected: BTreeMap<Boundary, u64>,
    /// By which operations are figured.
    rates: Rates,
    /// What sources call the devices, by commitment.
    devices: Option<BTreeMap<Hash, Vec<String>>>,
    /// Whether no meter was seen at all, so that no device needs a name.
    nothing: bool,
    /// By inventory.
    rolls: BTreeMap<StatementId, Roll>,
    total: Interval,
    gap: u128,
}

impl Writer<'_> {
    fn write(
        &mut self,
        period: Period,
        meters: &[MeterPeriod<'_>],
        devices: bool,
        drafts: &Drafts,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let beyond = || Failure::new(format!("the figures of {period} are beyond 38 digits"));
        let (mut figures, mut ledgers) = (Vec::new(), Vec::new());
        let mut listed_in = None;
        if devices {
            let id = self.enrol(period, world)?;
            listed_in = Some(id);
            let roll = self.rolls.get(&id).ok_or_else(beyond)?;
            let account = DeviceAccount::new(period, roll, meters, &self.rates);
            refuse(&account, period)?;
            for (model, total) in account.models().ok_or_else(beyond)? {
                let seconds = QuantityKind::AcceleratorSeconds;
                let present = total.present;
                self.total = self.total.plus(present.value).ok_or_else(beyond)?;
                self.gap = self.gap.saturating_add(gap_of(present));
                figures.push(self.figure(
                    seconds,
                    model,
                    Basis::Present,
                    None,
                    present,
                    "readings",
                ));
                if let Some(active) = total.active {
                    let method = "activity between readings";
                    figures.push(self.figure(seconds, model, Basis::Active, None, active, method));
                }
                if let Some(energy) = total.energy {
                    let (joules, method) = (QuantityKind::EnergyJoules, account.energy_method);
                    let boundary = Some(Boundary::Gpu);
                    figures.push(self.figure(
                        joules,
                        model,
                        Basis::Present,
                        boundary,
                        energy,
                        method,
                    ));
                }
                if let Some((flop, format)) = total.flop.zip(self.args.dtype) {
                    let method = "tensor activity at the dense peak";
                    let operations = QuantityKind::Flop;
                    let mut figure =
                        self.figure(operations, model, Basis::Active, None, flop, method);
                    figure.precision = Some(Precision {
                        dtype: format.name().to_owned(),
                        sparsity: "dense".to_owned(),
                    });
                    figures.push(figure);
                }
            }
            ledgers.push(account.ledger(Secret::from_bytes(*keystore::random()?))?);
        }
        let account = MeterAccount::new(period, meters);
        if !account.is_empty() || !self.expected.is_empty() {
            for (boundary, energy) in account.boundaries(&self.expected).ok_or_else(beyond)? {
                self.gap = self.gap.saturating_add(gap_of(energy));
                let joules = QuantityKind::EnergyJoules;
                let method = "meter readings";
                figures.push(self.figure(
                    joules,
                    "none",
                    Basis::Present,
                    Some(boundary),
                    energy,
                    method,
                ));
            }
            ledgers.push(account.ledger(Secret::from_bytes(*keystore::random()?))?);
        }
        let ledgers = ledgers
            .iter()
            .map(|ledger| Ok((ledger.reference()?, ledger.print())));
        let part = Part {
            period,
            figures,
            ledgers: ledgers.collect::<Result<_, Failure>>()?,
        };
        drafts.add(part, listed_in)
    }

    fn figure(
        &self,
        quantity: QuantityKind,
        model: &str,
        basis: Basis,
        boundary: Option<Boundary>,
        measured: Measured,
        method: &str,
    ) -> Figure {
        Figure {
            quantity,
            model: model.to_owned(),
            class: self.class,
            basis,
            boundary,
            value: measured.value,
            method: method.to_owned(),
            precision: None,
            coverage: measured.coverage,
            source: self.source.clone(),
        }
    }

    /// Returns the inventory in force in a period, whose devices are then among the rolls.
    fn enrol(&mut self, period: Period, world: &mut World<'_>) -> Result<StatementId, Failure> {
        let area = self.args.periods.place.area;
        let workspace = &self.due.workspace;
        let id = inventory(workspace, area, period.start()).ok_or_else(|| {
            Failure::new(format!("no inventory of area {area} is in force on {}", period.start()))
                .hint("`standstill inventory FILE` declares the devices: what is not listed has no coverage")
        })?;
        if self.rolls.contains_key(&id) {
            return Ok(id);
        }
        let names = if let Some(names) = &self.devices {
            names
        } else {
            let file = self.args.devices.as_ref().ok_or_else(|| {
                Failure::new("which device is which was not said").hint(
                    "`--devices FILE` names the CSV that the inventory was made of, with a column `uuid`",
                )
            })?;
            let secret = device_secret(workspace)?;
            // Their models are those of the inventory, which was warned of.
            let mut unheard = World {
                out: &mut std::io::sink(),
                err: &mut std::io::sink(),
                now: world.now,
                json: false,
            };
            let devices = Devices::read(file, &self.args.models, &secret, &mut unheard)?;
            self.devices.insert(devices.names())
        };
        let ledger = inventory_ledger(self.due, area, id)?;
        let mut listed = Vec::new();
        let mut unnamed = 0_u64;
        for record in ledger.records() {
            let values: Vec<&str> = record.values().collect();
            let [serial, model, ..] = values.as_slice() else {
                continue;
            };
            let commitment: Hash = serial.parse().map_err(|_| {
                Failure::new("the inventory's ledger has a record without a commitment")
            })?;
            let known = names.get(&commitment);
            if known.is_none() {
                unnamed = unnamed.saturating_add(1);
            }
            listed.push(Listed {
                commitment,
                model: (*model).to_owned(),
                names: known.cloned().unwrap_or_default(),
            });
        }
        if unnamed > 0 && !self.nothing {
            return Err(Failure::new(format!(
                "{unnamed} devices of the inventory are not in the list of `--devices`"
            ))
            .hint("the list must hold every device of the inventory, and may hold more"));
        }
        let roll = Roll::new(listed)
            .map_err(|name| Failure::new(format!("`{name}` names two devices")))?;
        self.rolls.insert(id, roll);
        Ok(id)
    }
}

/// Finds the ledger of an inventory among those that were kept.
fn inventory_ledger(
    due: &Due,
    area: crate::attestation::StreamId,
    id: StatementId,
) -> Result<Ledger, Failure> {
    let entry = due.workspace.stream(area).find(|entry| entry.id == id);
    let root = match entry.map(|entry| &entry.statement.content) {
        Some(Content::Inventory(inventory)) => Some(inventory.ledger.root),
        Some(Content::Correction(correction)) => match correction.replacement.as_ref() {
            Content::Inventory(inventory) => Some(inventory.ledger.root),
            _ => None,
        },
        _ => None,
    };
    let place = due.workspace.join(format!("ledgers/{area}"));
    let listing = std::fs::read_dir(&place).map_err(|error| Failure::io(&place, error))?;
    for file in listing {
        let path = file.map_err(|error| Failure::io(&place, error))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if !name.is_some_and(|name| name.starts_with("inventory-")) {
            continue;
        }
        if let Ok(ledger) = Ledger::parse(&failure::read(&path)?)
            && Some(ledger.root()) == root
        {
            return Ok(ledger);
        }
    }
    Err(
        Failure::file(&place, "has no ledger of the inventory in force")
            .hint("bring it back from a copy: what it commits to cannot be made again"),
    )
}

/// A device that no inventory lists, or that two names stand for, would make the statement
/// false.
fn refuse(account: &DeviceAccount<'_>, period: Period) -> Result<(), Failure> {
    let some = |names: &[String]| {
        let first: Vec<&str> = names.iter().take(MAX_NAMED).map(String::as_str).collect();
        first.join(", ")
    };
    if !account.unlisted.is_empty() {
        return Err(Failure::new(format!(
            "{} devices were read in {period} that the inventory in force does not list: {}",
            account.unlisted.len(),
            some(&account.unlisted)
        ))
        .hint("declare them with `standstill inventory`, or name them in the column `uuid` of `--devices`"));
    }
    if !account.doubled.is_empty() {
        return Err(Failure::new(format!(
            "one device was read under two names in {period}: {}",
            some(&account.doubled)
        ))
        .hint("a device counts once: take out the readings under one of its names"));
    }
    Ok(())
}

/// Says how often meters were read, and what looks wrong with all readings together.
fn tell(metered: &Metered, world: &mut World<'_>) {
    if metered.repeated > 0 {
        world.note(format!(
            "left out: {} readings given twice",
            metered.repeated
        ));
    }
    let mut copies: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for index in 0..metered.periods().len() {
        for pair in metered.identical(index) {
            let count = copies.entry(pair).or_default();
            *count = count.saturating_add(1);
        }
    }
    for ((one, other), count) in copies.iter().take(MAX_NAMED) {
        world.note(format!(
            "warning: `{other}` has the very readings of `{one}` in {count} periods: a copied series measures nothing"
        ));
    }
    if copies.len() > MAX_NAMED {
        let meters: std::collections::BTreeSet<&str> =
            copies.keys().map(|(_, other)| *other).collect();
        world.note(format!(
            "warning: {} meters in all have the readings of another: {} of {} measure on their own",
            meters.len(),
            metered.meters().count().saturating_sub(meters.len()),
            metered.meters().count()
        ));
    }
}

fn gap_of(measured: Measured) -> u128 {
    match measured.coverage {
        Coverage::Known { gap, .. } => gap.get(),
        Coverage::Unknown => 0,
    }
}

fn explain(error: SourceError) -> Failure {
    let hint = match error.cause() {
        SourceError::Field { why, .. } if why.contains("no zone") => {
            "say with `--tz` which zone they are of: the zone of this machine is never used"
        }
        SourceError::LocalTime { .. } => "choose with `--ambiguous earlier` or `later`",
        SourceError::Column { .. } => {
            "`nvidia-smi --query-gpu=timestamp,uuid,name,power.draw.instant,utilization.gpu --format=csv -l 10` prints what is expected"
        }
        SourceError::Cut => "a file that is still written to is read once it is closed",
        SourceError::Reading(crate::collector::reading::ReadingError::Order { .. }) => {
            "sort the rows by time, or export them anew: a clock that went back shows so"
        }
        SourceError::Reading(crate::collector::reading::ReadingError::Clock { .. }) => {
            "name its zone with `--tz`, and collect it apart from the others"
        }
        _ => "nothing was collected: mend the row, or export it anew",
    };
    Failure::from(error).hint(hint)
}
