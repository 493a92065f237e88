//! Redfish: what a machine's management controller says of its power, captured over time.
//!
//! Specified in `specs/energy.md`, section "Redfish". A resource carries no time, so a
//! file is a capture: a line `{"time": …, "resource": …}` for each answer. Only a
//! `MetricReport` has times of its own. A file is of one machine; a chassis and its power
//! supplies measure the same energy twice and are never read together.

mod property;
mod resource;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Number;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Billionths;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::Sample;
use crate::telemetry::Clock;
use crate::telemetry::Input;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::Unit;
use crate::telemetry::decimal::billionths;
use crate::telemetry::each_file;
use crate::telemetry::field_error;
use crate::telemetry::redfish::property::Place;
use crate::telemetry::redfish::resource::Capture;
use crate::telemetry::redfish::resource::MetricValue;
use crate::telemetry::redfish::resource::PowerControl;
use crate::telemetry::redfish::resource::Resource;
use crate::telemetry::sizes;

/// The largest document that is no line of a capture: a report of 100,000 values.
const MAX_DOCUMENT: usize = 1 << 24;

/// The most meters of one file: a chassis of a rack has some tens of power supplies.
const MAX_METERS: usize = 1 << 10;

/// The longest interval of an average, in minutes: a day.
const MAX_MINUTES: u64 = 24 * 60;

/// What is said to who gives a document without a time.
const HINT: &str = "a Redfish resource has no time of its own: capture each answer as one \
                    line, {\"time\": \"2026-01-31T12:00:00Z\", \"resource\": …}";

/// Which of the readings of a machine are read: they measure the same energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedfishReading {
    /// The power and energy of a chassis.
    Chassis,
    /// The power of a chassis as averages of past minutes (`PowerMetrics`).
    ChassisAverages,
    /// The input power and energy of each power supply.
    PowerSupplies,
}

/// Captures of Redfish resources.
#[derive(Debug)]
pub struct Redfish {
    files: Vec<PathBuf>,
    reading: RedfishReading,
    chassis: Option<String>,
}

/// What a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Watts,
    Joules,
    KilowattHours,
}

impl Quantity {
    const fn measure(self) -> Measure {
        match self {
            Self::Watts => Measure::Power,
            Self::Joules | Self::KilowattHours => Measure::Energy,
        }
    }

    const fn unit(self) -> Unit {
        match self {
            Self::Watts | Self::Joules => Unit::ONE,
            Self::KilowattHours => Unit::KILOWATT_HOUR,
        }
    }
}

impl Redfish {
    /// Reads these files, each of one machine: meters are called as the file is, without
    /// the ending, and as the chassis or power supply.
    pub fn new(mut files: Vec<PathBuf>, reading: RedfishReading) -> Self {
        files.sort();
        Self {
            files,
            reading,
            chassis: None,
        }
    }

    /// Reads only the chassis of that id, where a machine has several.
    #[must_use]
    pub fn of_chassis(mut self, id: String) -> Self {
        self.chassis = Some(id);
        self
    }

    fn file(&self, path: &Path, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        let stem = stem.to_string_lossy();
        let mut reader = FileReader {
            redfish: self,
            stem: &stem,
            clock: Clock::default(),
            chassis: self.chassis.clone(),
            meters: BTreeMap::new(),
            newest: BTreeMap::new(),
            sink,
        };
        let mut input = Input::open(path)?;
        let mut line = Vec::new();
        let first = match input.line(&mut line) {
            Ok(false) => {
                return Err(SourceError::Shape {
                    expected: "a capture of Redfish resources",
                    why: format!("{} is empty", input.name()),
                });
            }
            Ok(true) => Capture::parse(&line, 1),
            Err(error) => Err(error),
        };
        match first {
            Ok(capture) => reader.capture(capture, 1)?,
            // A document over several lines, or without a line feed.
            Err(error) => {
                let mut input = Input::open(path)?;
                let whole = input.whole(MAX_DOCUMENT).ok();
                let whole = whole.and_then(|bytes| Capture::parse(&bytes, 1).ok());
                match whole {
                    Some(capture) if capture.resource.is_none() => reader.capture(capture, 1)?,
                    _ => return Err(error),
                }
                reader.sink.input(input.digest());
                return Ok(());
            }
        }
        while input.line(&mut line)? {
            let row = input.row();
            let capture = Capture::parse(&line, row)?;
            reader.capture(capture, row)?;
        }
        reader.sink.input(input.digest());
        Ok(())
    }
}

impl Source for Redfish {
    fn tool(&self) -> &'static str {
        "redfish"
    }

    fn size(&self) -> Option<u64> {
        sizes(&self.files)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        each_file(&self.files, |path| {
            self.file(path, sink)?;
            Ok(())
        })
    }
}

/// Reads one file.
struct FileReader<'r> {
    redfish: &'r Redfish,
    stem: &'r str,
    clock: Clock,
    /// The chassis that is read: the one asked for, or the first one.
    chassis: Option<String>,
    /// By name, each with the end of its last average.
    meters: BTreeMap<String, (MeterId, Option<Millis>)>,
    /// The newest value that a report told, by chassis, power supply and measure.
    newest: BTreeMap<(String, Option<String>, Measure), Millis>,
    sink: &'r mut dyn Sink,
}

impl FileReader<'_> {
    fn capture(&mut self, capture: Capture, row: u64) -> Result<(), SourceError> {
        match capture.resource {
            Some(resource) => {
                let time = capture.time.as_deref();
                let at = match time {
                    Some(text) => Some(self.instant(text, "time", row)?),
                    None => None,
                };
                self.resource(resource, at, row)
            }
            None => self.resource(capture.bare, None, row),
        }
    }

    fn instant(&self, text: &str, field: &str, row: u64) -> Result<Millis, SourceError> {
        let at = self.clock.millis(text);
        at.map_err(|fault| fault.at(row, field, text))
    }

    fn resource(
        &mut self,
        resource: Resource,
        at: Option<Millis>,
        row: u64,
    ) -> Result<(), SourceError> {
        let kind = resource.kind();
        // An answer that is an error, in a capture, has none either: it tells no power.
        if kind.is_empty() && at.is_none() {
            let why = "is missing: this is no Redfish resource";
            return Err(field_error(row, "@odata.type", "", why));
        }
        if kind == "MetricReport" {
            return self.report(&resource.metric_values, row);
        }
        if !["Power", "EnvironmentMetrics", "PowerSupplyMetrics"].contains(&kind) {
            self.sink.skip("resources that tell no power", row);
            return Ok(());
        }
        let at = at.ok_or_else(|| field_error(row, "@odata.type", &resource.kind, HINT))?;
        let Some(place) = Place::of_resource(&resource.id, kind) else {
            self.sink
                .skip("resources that are no chassis or power supply", row);
            return Ok(());
        };
        match (kind, self.redfish.reading) {
            ("Power", RedfishReading::Chassis | RedfishReading::ChassisAverages) => {
                self.power(resource.power_control, &place, at, row)
            }
            ("EnvironmentMetrics", RedfishReading::Chassis) => {
                let watts = resource.power_watts.and_then(|sensor| sensor.reading);
                let energy = resource.energy_kwh.and_then(|sensor| sensor.reading);
                let joules = resource.energy_joules.and_then(|sensor| sensor.reading);
                self.sensors(watts, energy, joules, &place, at, row)
            }
            ("PowerSupplyMetrics", RedfishReading::PowerSupplies) => {
                let watts = resource.input_power.and_then(|sensor| sensor.reading);
                let energy = resource.energy_kwh.and_then(|sensor| sensor.reading);
                self.sensors(watts, energy, None, &place, at, row)
            }
            _ => {
                self.sink.skip("resources that were not asked for", row);
                Ok(())
            }
        }
    }

    fn sensors(
        &mut self,
        watts: Option<Number>,
        energy: Option<Number>,
        joules: Option<Number>,
        place: &Place<'_>,
        at: Millis,
        row: u64,
    ) -> Result<(), SourceError> {
        // The same counter in two units counts once.
        let energy = match energy {
            Some(energy) => Some((Quantity::KilowattHours, energy)),
            None => joules.map(|joules| (Quantity::Joules, joules)),
        };
        let watts = watts.map(|watts| (Quantity::Watts, watts));
        if watts.is_none() && energy.is_none() {
            self.sink.skip("resources without a reading", row);
        }
        for (quantity, value) in watts.into_iter().chain(energy) {
            let text = value.to_string();
            self.sample(place, quantity, &text, at, row)?;
        }
        Ok(())
    }

    /// The first control is the whole; others may be parts of it.
    fn power(
        &mut self,
        controls: Vec<PowerControl>,
        place: &Place<'_>,
        at: Millis,
        row: u64,
    ) -> Result<(), SourceError> {
        let mut controls = controls.into_iter();
        let first = controls.next();
        for _ in controls {
            self.sink.skip("power controls after the first", row);
        }
        let averages = self.redfish.reading == RedfishReading::ChassisAverages;
        let Some(control) = first else {
            self.sink.skip("resources without a reading", row);
            return Ok(());
        };
        if !averages {
            return self.sensors(control.watts, None, None, place, at, row);
        }
        let metrics = control.metrics.unwrap_or_default();
        let (Some(watts), Some(minutes)) = (metrics.average, metrics.minutes) else {
            self.sink.skip("resources without a reading", row);
            return Ok(());
        };
        self.average(place, &watts.to_string(), &minutes.to_string(), at, row)
    }

    fn average(
        &mut self,
        place: &Place<'_>,
        watts: &str,
        minutes: &str,
        end: Millis,
        row: u64,
    ) -> Result<(), SourceError> {
        let length = minutes.parse::<u64>().ok();
        let length = length.filter(|minutes| (1..=MAX_MINUTES).contains(minutes));
        let seconds = length.and_then(|minutes| minutes.checked_mul(60));
        let start = seconds
            .and_then(|seconds| seconds.checked_mul(1000))
            .and_then(|length| end.get().checked_sub(length))
            .and_then(Millis::new);
        let (Some(seconds), Some(start)) = (seconds, start) else {
            let why = format!("is no number of minutes from 1 to {MAX_MINUTES}");
            return Err(field_error(row, "IntervalInMin", minutes, why));
        };
        let joules = billionths(watts, Unit::ONE).and_then(|watts| {
            let joules = watts.get().checked_mul(u128::from(seconds));
            joules.and_then(Billionths::new).ok_or("is too large")
        });
        let joules = joules.map_err(|why| field_error(row, "AverageConsumedWatts", watts, why))?;
        let Some((meter, last)) = self.meter(place, row)? else {
            return Ok(());
        };
        let id = *meter;
        // A window that slides past itself tells the same minutes twice.
        if last.is_some_and(|last| start < last) {
            self.sink
                .skip("averages of minutes that were told before", row);
            return Ok(());
        }
        *last = Some(end);
        let lot = Lot {
            start,
            end,
            joules,
            row,
        };
        self.sink.lot(id, lot)
    }

    /// The values of a report, in order of time.
    fn report(&mut self, values: &[MetricValue], row: u64) -> Result<(), SourceError> {
        let mut samples = Vec::new();
        for value in values {
            let found = value.property.as_deref().and_then(property::find);
            let Some((place, quantity)) = found else {
                self.sink
                    .skip("values of a report that are no power or energy", row);
                continue;
            };
            let supply = place.supply.is_some();
            if supply != (self.redfish.reading == RedfishReading::PowerSupplies)
                || self.redfish.reading == RedfishReading::ChassisAverages
            {
                self.sink
                    .skip("values of a report that were not asked for", row);
                continue;
            }
            let Some(time) = value.time.as_deref() else {
                let property = value.property.as_deref().unwrap_or_default();
                return Err(field_error(row, "Timestamp", property, "is missing"));
            };
            let at = self.instant(time, "Timestamp", row)?;
            let Some(text) = value.value.as_deref() else {
                self.sink.skip("resources without a reading", row);
                continue;
            };
            samples.push((at, place, quantity, text));
        }
        samples.sort_by_key(|(at, ..)| *at);
        let mut newest = BTreeMap::new();
        for (at, place, quantity, _) in &samples {
            newest.insert(place.key(*quantity), *at);
        }
        for (at, place, quantity, text) in samples {
            let key = place.key(quantity);
            let before = self.newest.get(&key).copied();
            // A report that goes on from the one before may begin with values of that one.
            if before.is_some_and(|before| at < before && newest.get(&key) >= Some(&before)) {
                self.sink
                    .skip("values of a report that were told before", row);
                continue;
            }
            self.sample(&place, quantity, text, at, row)?;
        }
        newest.retain(|(chassis, ..), _| self.chassis.as_ref() == Some(chassis));
        self.newest.append(&mut newest);
        Ok(())
    }

    fn sample(
        &mut self,
        place: &Place<'_>,
        quantity: Quantity,
        text: &str,
        at: Millis,
        row: u64,
    ) -> Result<(), SourceError> {
        let value = billionths(text, quantity.unit()).map_err(|why| {
            let field = match quantity {
                Quantity::Watts => "watts",
                Quantity::Joules => "joules",
                Quantity::KilowattHours => "kWh",
            };
            field_error(row, field, text, why)
        })?;
        let Some((meter, _)) = self.meter(place, row)? else {
            return Ok(());
        };
        let meter = *meter;
        let sample = Sample { at, value, row };
        self.sink.sample(meter, quantity.measure(), sample)
    }

    /// Finds the meter of a place; `None` where another chassis was asked for.
    fn meter(
        &mut self,
        place: &Place<'_>,
        row: u64,
    ) -> Result<Option<&mut (MeterId, Option<Millis>)>, SourceError> {
        let chassis = self.chassis.get_or_insert_with(|| place.chassis.to_owned());
        if chassis != place.chassis {
            if self.redfish.chassis.is_some() {
                self.sink.skip("chassis that were not asked for", row);
                return Ok(None);
            }
            let why = format!("is another than `{chassis}`, and one may hold the other: say which");
            return Err(field_error(row, "Chassis", place.chassis, why));
        }
        let mut name = format!("{}/{}", self.stem, place.chassis);
        if let Some(supply) = place.supply {
            name.push('/');
            name.push_str(supply);
        }
        if !self.meters.contains_key(&name) {
            if self.meters.len() >= MAX_METERS {
                let why = format!("is one of more than {MAX_METERS} meters");
                return Err(field_error(row, "meter", &name, why));
            }
            let meter = self.sink.meter(&Meter {
                name: name.clone(),
                boundary: Boundary::Node,
                model: None,
            })?;
            self.meters.insert(name.clone(), (meter, None));
        }
        Ok(self.meters.get_mut(&name))
    }
}
