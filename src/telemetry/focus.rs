//! Cost and usage exports of clouds: FOCUS 1.0 to 1.2.
//!
//! Specified in `specs/focus.md`. A row says that in a stretch of time something was
//! consumed, in some unit; where that is the time of an instance with accelerators, it is
//! a charge. An export that breaks its own specification is refused as a whole, or, where
//! the user wants that, read as far as it can be understood.

mod columns;
mod instances;
#[cfg(feature = "parquet")]
mod parquet;
mod rules;
mod unit;
mod violations;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use csv::StringRecord;

use crate::collector::billed::Charge;
use crate::hash::Hash;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry::Clock;
use crate::telemetry::Input;
use crate::telemetry::MAX_ROWS;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::each_file;
use crate::telemetry::field_error;
use crate::telemetry::sizes;
use crate::time::Period;
use crate::time::UnixSeconds;

use columns::Checked;
use columns::NEEDED;
use columns::value;
use instances::suspect;
use unit::Unit;
use violations::Violations;

pub use instances::Instance;
pub use instances::Instances;

/// Columns that may name an instance type, the one that says most first.
const NAMES: [&str; 9] = [
    "x_InstanceType",
    "SkuMeter",
    "x_SkuMeterName",
    "x_SkuDescription",
    "ChargeDescription",
    "x_UsageType",
    "SkuPriceId",
    "SkuId",
    "ResourceType",
];

/// What a row was left out for.
const NOT_USAGE: &str = "charges that are no usage";
const OTHER: &str = "charges for other things";
const COMMITTED: &str = "unused commitments";
const NO_QUANTITY: &str = "corrections without a quantity";
const ZERO: &str = "charges for a quantity of zero";
const REFUSED: &str = "rows that cannot be understood";

/// How exports are to be read.
#[derive(Clone, Debug, Default)]
pub struct FocusOptions {
    /// Whether what breaks the specification is read as far as it can be understood.
    pub lenient: bool,
    /// How times without a zone are understood, where that is allowed.
    pub clock: Clock,
    /// The accelerators of instance types.
    pub instances: Instances,
    /// The catalogue's id for the name of a type.
    pub models: BTreeMap<String, String>,
}

/// Exports.
#[derive(Debug)]
pub struct Focus {
    files: Vec<PathBuf>,
    options: FocusOptions,
}

impl Focus {
    /// Reads `files`: CSV, plain or gzip, and Parquet with the feature `parquet`.
    pub const fn new(files: Vec<PathBuf>, options: FocusOptions) -> Self {
        Self { files, options }
    }
}

impl Source for Focus {
    fn tool(&self) -> &'static str {
        "focus"
    }

    fn size(&self) -> Option<u64> {
        sizes(&self.files)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        each_file(&self.files, |file| {
            let digest = read(file, &self.options, sink)?;
            sink.input(digest);
            Ok(())
        })
    }
}

/// Reads one file; returns its digest.
fn read(file: &Path, options: &FocusOptions, sink: &mut dyn Sink) -> Result<Hash, SourceError> {
    let is_parquet = file.extension().is_some_and(|one| one == "parquet");
    if is_parquet {
        #[cfg(feature = "parquet")]
        return parquet::read(file, options, sink);
        #[cfg(not(feature = "parquet"))]
        return Err(SourceError::Read {
            name: file.display().to_string(),
            why: "this build reads no Parquet: it needs the feature `parquet`".to_owned(),
        });
    }
    let shape = |error: &csv::Error| SourceError::Shape {
        expected: "a CSV table with a header",
        why: error.to_string(),
    };
    let mut table = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(Input::open(file)?);
    let header = table.headers().map_err(|error| shape(&error))?.clone();
    if header.is_empty() {
        return Err(SourceError::Empty);
    }
    let mut reader = Reader::new(&header, options)?;
    let mut record = StringRecord::new();
    while table
        .read_record(&mut record)
        .map_err(|error| shape(&error))?
    {
        reader.row(&record, sink)?;
    }
    reader.finish(sink)?;
    let input = table.into_inner();
    input.check_end()?;
    Ok(input.digest())
}

/// Reads rows, whatever they come from: an empty cell is null.
struct Reader<'o> {
    options: &'o FocusOptions,
    header: StringRecord,
    columns: Columns,
    checked: Checked,
    violations: Violations,
    /// Instance types that look as if they had accelerators, and are not known.
    unknown: BTreeMap<String, (u64, u64)>,
    /// The first row that cannot be understood.
    refused: Option<SourceError>,
    /// Charges by what makes them the same.
    seen: BTreeMap<[u8; 16], u64>,
    row: u64,
}

/// Where the columns that are read stand.
struct Columns {
    category: usize,
    class: Option<usize>,
    start: usize,
    end: usize,
    quantity: usize,
    unit: usize,
    resource: Option<usize>,
    commitment: Option<usize>,
    capacity: Option<usize>,
    details: Option<usize>,
    provider: Option<usize>,
    names: Vec<usize>,
}

impl Columns {
    fn find(header: &StringRecord) -> Result<Self, SourceError> {
        let column = |name: &str| header.iter().position(|one| one == name);
        let needed = |name: &'static str| {
            column(name).ok_or_else(|| SourceError::Column {
                column: name.to_owned(),
                found: header.iter().collect::<Vec<_>>().join(", "),
            })
        };
        let [category, start, end, quantity, unit] = NEEDED;
        Ok(Self {
            category: needed(category)?,
            class: column("ChargeClass"),
            start: needed(start)?,
            end: needed(end)?,
            quantity: needed(quantity)?,
            unit: needed(unit)?,
            resource: column("ResourceId"),
            commitment: column("CommitmentDiscountStatus"),
            capacity: column("CapacityReservationStatus"),
            details: column("SkuPriceDetails"),
            provider: column("ProviderName"),
            names: NAMES.iter().filter_map(|name| column(name)).collect(),
        })
    }
}

/// What a row's accelerators are.
enum Found {
    /// So many, of this model.
    Devices(Interval, Arc<str>),
    /// None.
    Nothing,
    /// It looks as if there were some: what it is called.
    Unknown(String),
}

impl<'o> Reader<'o> {
    fn new(header: &StringRecord, options: &'o FocusOptions) -> Result<Self, SourceError> {
        let mut violations = Violations::default();
        let names: Vec<&str> = header.iter().collect();
        Ok(Self {
            options,
            columns: Columns::find(header)?,
            checked: Checked::new(&names, &mut violations),
            header: header.clone(),
            violations,
            unknown: BTreeMap::new(),
            refused: None,
            seen: BTreeMap::new(),
            row: 1,
        })
    }

    fn row(&mut self, record: &StringRecord, sink: &mut dyn Sink) -> Result<(), SourceError> {
        self.row = self.row.saturating_add(1);
        if record.len() != self.header.len() {
            return Err(SourceError::Row {
                row: self.row,
                found: record.len(),
                expected: self.header.len(),
            });
        }
        self.checked
            .row(record.iter(), self.row, &mut self.violations);
        match self.charge(record) {
            Ok(Ok(charge)) => {
                self.remember(&charge, record, sink);
                sink.charge(charge)
            }
            Ok(Err(reason)) => {
                sink.skip(reason, self.row);
                Ok(())
            }
            Err(error) if self.options.lenient => {
                sink.skip(REFUSED, self.row);
                sink.warn(self.row, &format!("refused: {error}"));
                Ok(())
            }
            Err(error) => {
                // All that is wrong is told at the end, and nothing taken.
                self.refused.get_or_insert(error);
                Ok(())
            }
        }
    }

    /// Returns the charge of a row, or why it is none of accelerators.
    fn charge(
        &mut self,
        record: &StringRecord,
    ) -> Result<Result<Charge, &'static str>, SourceError> {
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).and_then(value);
        let columns = &self.columns;
        let row = self.row;
        if cell(Some(columns.category)) != Some("Usage") {
            return Ok(Err(NOT_USAGE));
        }
        if cell(columns.commitment) == Some("Unused") {
            return Ok(Err(COMMITTED));
        }
        let spelled = cell(Some(columns.unit)).unwrap_or_default();
        let Some(unit) = Unit::parse(spelled, self.options.lenient) else {
            return Ok(Err(OTHER));
        };
        let (devices, model) = match self.devices(record, unit) {
            Found::Devices(devices, model) => (devices, model),
            Found::Nothing => return Ok(Err(OTHER)),
            Found::Unknown(name) => {
                let (count, _) = self.unknown.entry(name).or_insert((0, row));
                *count = count.saturating_add(1);
                return Ok(Err(OTHER));
            }
        };
        let Some(quantity) = cell(Some(columns.quantity)) else {
            if cell(columns.class) == Some("Correction") {
                return Ok(Err(NO_QUANTITY));
            }
            return Err(field_error(row, "ConsumedQuantity", "", "is null"));
        };
        let consumed = unit
            .consumed(quantity)
            .map_err(|why| field_error(row, "ConsumedQuantity", quantity, why))?;
        let Some(consumed) = consumed else {
            return Ok(Err(ZERO));
        };
        let start = self.instant(record, columns.start, "ChargePeriodStart")?;
        let end = self.instant(record, columns.end, "ChargePeriodEnd")?;
        let span = Period::new(start, end).ok_or_else(|| {
            let why = format!("is not after `{start}`");
            field_error(row, "ChargePeriodEnd", &end.to_string(), why)
        })?;
        Ok(Ok(Charge {
            row,
            resource: cell(columns.resource).map(str::to_owned),
            model,
            span,
            devices,
            consumed,
            idle: cell(columns.capacity) == Some("Unused"),
        }))
    }

    fn instant(
        &self,
        record: &StringRecord,
        at: usize,
        name: &str,
    ) -> Result<UnixSeconds, SourceError> {
        let text = record.get(at).unwrap_or_default();
        let clock = &self.options.clock;
        clock
            .instant(text)
            .map_err(|fault| fault.at(self.row, name, text))
    }

    /// Finds the accelerators of one unit of a row.
    fn devices(&self, record: &StringRecord, unit: Unit) -> Found {
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).and_then(value);
        let columns = &self.columns;
        let details: Option<serde_json::Value> =
            cell(columns.details).and_then(|text| serde_json::from_str(text).ok());
        let detail = |key: &str| match details.as_ref().and_then(|details| details.get(key)) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let kind = detail("InstanceType");
        let series = detail("InstanceSeries");
        let texts = || {
            kind.as_deref()
                .into_iter()
                .chain(columns.names.iter().filter_map(|at| cell(Some(*at))))
        };
        let found = texts().find_map(|text| self.options.instances.find(text));
        if unit.is_of_devices() {
            let named = texts().find_map(suspect_model);
            let name = found
                .as_ref()
                .map(|(_, instance)| instance.model.to_string());
            let model = name.unwrap_or_else(|| self.model(&named.unwrap_or_else(|| "gpu".into())));
            return Found::Devices(one(), model.into());
        }
        if let Some(count) = detail("GpuCount") {
            let Some(devices) = count_of(&count) else {
                return Found::Unknown(format!("GpuCount {count}"));
            };
            if devices == Interval::ZERO {
                return Found::Nothing;
            }
            let model = match &found {
                Some((_, instance)) if instance.count > 0 => instance.model.to_string(),
                _ => {
                    let name = kind.or(series).unwrap_or_else(|| "gpu".to_owned());
                    self.model(&name)
                }
            };
            return Found::Devices(devices, model.into());
        }
        if let Some((_, instance)) = found {
            if instance.count == 0 {
                return Found::Nothing;
            }
            let count = Interval::exactly(Quantity::from(instance.count));
            return Found::Devices(count, instance.model.clone());
        }
        match texts().find_map(suspect) {
            // Google bills devices apart from the instances that they are in.
            Some(_) if cell(columns.provider).is_some_and(|name| name.contains("Google")) => {
                let named = texts().find_map(suspect_model);
                match named {
                    Some(name) => Found::Devices(one(), self.model(&name).into()),
                    None => Found::Unknown(texts().next().unwrap_or_default().to_owned()),
                }
            }
            Some(word) => Found::Unknown(kind.unwrap_or(word)),
            None => Found::Nothing,
        }
    }

    fn model(&self, name: &str) -> String {
        let mapped = self.options.models.get(name).cloned();
        mapped.unwrap_or_else(|| format!("uncatalogued:{}", name.to_ascii_lowercase()))
    }

    /// Warns of a charge that an equal row made before: the specification has no key by
    /// which the two could be told apart, so that both count.
    fn remember(&mut self, charge: &Charge, record: &StringRecord, sink: &mut dyn Sink) {
        let mut hasher = crate::hash::Hasher::new();
        for cell in record {
            hasher.update(cell.as_bytes());
            hasher.update(&[0]);
        }
        let digest = hasher.finish();
        let Some(key) = digest.as_bytes().first_chunk::<16>().copied() else {
            return;
        };
        if let Some(first) = self.seen.get(&key) {
            let text = format!("says the same as row {first}: both count");
            sink.warn(charge.row, &text);
        } else {
            self.seen.insert(key, charge.row);
        }
    }

    fn finish(self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        if self.row == 1 {
            return Err(SourceError::Empty);
        }
        if !self.unknown.is_empty() {
            let list: Vec<String> = self
                .unknown
                .iter()
                .take(MAX_ROWS)
                .map(|(name, (count, first))| format!("`{name}` ({count} rows, first {first})"))
                .collect();
            return Err(SourceError::Instances {
                count: self.unknown.len(),
                list: list.join(", "),
            });
        }
        if self.violations.is_empty() {
            return self.refused.map_or(Ok(()), Err);
        }
        if self.options.lenient {
            for (row, line) in self.violations.lines() {
                sink.warn(row, &line);
            }
            return Ok(());
        }
        let lines: Vec<String> = self
            .violations
            .lines()
            .map(|(row, line)| format!("\n  row {row}: {line}"))
            .collect();
        Err(SourceError::Focus {
            version: self.checked.version.as_str(),
            count: lines.len(),
            list: lines.concat(),
        })
    }
}

/// Returns the word for the kind of accelerator that a text names.
fn suspect_model(text: &str) -> Option<String> {
    text.split_whitespace()
        .filter_map(suspect)
        .find(|word| !["gpu", "gpus", "nvidia", "tpus"].contains(&word.as_str()))
}

fn one() -> Interval {
    Interval::exactly(Quantity::from(1_u64))
}

/// Parses `GpuCount`; a part of one is from none to one.
fn count_of(text: &str) -> Option<Interval> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let count: u64 = whole.parse().ok().filter(|count| *count <= 1 << 20)?;
    if !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let upper = if part.bytes().any(|byte| byte != b'0') {
        count.saturating_add(1)
    } else {
        count
    };
    let lower = if upper == count { count } else { 0 };
    Interval::new(Quantity::from(lower), Quantity::from(upper))
}
