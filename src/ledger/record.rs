//! The records of each kind, as types and as fields of text.
//!
//! Specified in `specs/ledger.md`, section "Fields".

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::read_all;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::read_value;
use crate::encoding::json;
use crate::encoding::json::Object;
use crate::hash::Hash;
use crate::ledger::Kind;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The longest text of one field: no name or list of figures comes near it.
const MAX_FIELD: usize = 65_536;

/// One quantity of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// What is counted.
    pub quantity: QuantityKind,
    /// How it was counted.
    pub basis: Basis,
    /// How much.
    pub value: Interval,
}

/// A job, or the part of one on devices of one model, clipped to the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord<'a> {
    /// The scheduler's id, or what stands for it. Not unique: a requeued job has several
    /// records, and so has one on several models.
    pub job: &'a str,
    /// When it held the devices, clipped to the period.
    pub span: Period,
    /// How many devices it held.
    pub accelerators: Interval,
    /// The catalogue's id of the device, or `uncatalogued:<type>`.
    pub model: &'a str,
    /// What it was for.
    pub class: Class,
    /// The run that it was part of.
    pub run: Option<&'a str>,
    /// Its figures, sorted by quantity and basis.
    pub figures: &'a [Amount],
}

/// A device of the inventory in force, in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord<'a> {
    /// The device's commitment, as the inventory has it.
    pub device: Hash,
    /// The catalogue's id of the device, or `uncatalogued:<type>`.
    pub model: &'a str,
    /// Its figures, sorted by quantity and basis.
    pub figures: &'a [Amount],
    /// How much of the period was seen.
    pub coverage: Coverage,
}

/// A device as an inventory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryRecord<'a> {
    /// The device's commitment: the salted commitment to its maker's serial number, the
    /// same in every inventory and transfer.
    pub serial: Hash,
    /// The catalogue's id of the device, or `uncatalogued:<type>`.
    pub model: &'a str,
    /// What the maker vouches for, such as the digest of an attestation key.
    pub vendor: Option<&'a str>,
}

/// A meter, in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterRecord<'a> {
    /// The meter's name.
    pub meter: &'a str,
    /// Where it measures.
    pub boundary: Boundary,
    /// Its figures, sorted by quantity and basis.
    pub figures: &'a [Amount],
    /// How much of the period was seen.
    pub coverage: Coverage,
    /// The digest of its readings.
    pub series: Hash,
}

/// The fields of a record as text, each ending where the next begins.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    text: String,
    ends: Vec<usize>,
}

impl Sheet {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(super) fn add(&mut self, value: impl fmt::Display) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, "{value}");
        self.ends.push(self.text.len());
    }

    /// As [`Self::add`], without the detour of formatting.
    fn add_text(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }

    pub(super) fn add_job(&mut self, record: &JobRecord<'_>) {
        self.add_text(record.job);
        self.add(record.span.start());
        self.add(record.span.end());
        self.add(Bounds(record.accelerators));
        self.add_text(record.model);
        self.add_text(record.class.as_str());
        self.add_text(record.run.unwrap_or(NONE));
        Amounts(record.figures).print(&mut self.text);
        self.ends.push(self.text.len());
    }

    pub(super) fn add_device(&mut self, record: &DeviceRecord<'_>) {
        self.add(record.device);
        self.add(record.model);
        self.add(Amounts(record.figures));
        self.add(print_coverage(record.coverage));
    }

    pub(super) fn add_inventory(&mut self, record: &InventoryRecord<'_>) {
        self.add(record.serial);
        self.add(record.model);
        self.add(record.vendor.unwrap_or(NONE));
    }

    pub(super) fn add_meter(&mut self, record: &MeterRecord<'_>) {
        self.add(record.meter);
        self.add(record.boundary.as_str());
        self.add(Amounts(record.figures));
        self.add(print_coverage(record.coverage));
        self.add(record.series);
    }
}

/// What a record's fields say of totals: whose, and how much.
#[derive(Debug)]
pub(super) struct Tally<'f> {
    pub(super) model: Option<&'f str>,
    pub(super) class: Option<Class>,
    pub(super) boundary: Option<Boundary>,
    pub(super) figures: Vec<Amount>,
}

/// Reads and checks the fields of a record; there must be as many as the kind has.
pub(super) fn check<'f>(kind: Kind, fields: &[&'f str]) -> Result<Tally<'f>, RecordError> {
    let expected = kind.fields();
    if fields.len() != expected.len() {
        return Err(RecordError::Fields {
            expected: expected.len(),
            found: fields.len(),
        });
    }
    let cells = Cells { kind, fields };
    for (name, text) in expected.iter().zip(fields) {
        check_length(name, text)?;
    }
    match kind {
        Kind::Jobs => check_job(&cells),
        Kind::Devices => {
            cells.parsed::<Hash>("device")?;
            cells.coverage()?;
            Ok(Tally {
                model: Some(cells.text("model")),
                class: None,
                boundary: None,
                figures: cells.amounts()?,
            })
        }
        Kind::Inventory => {
            cells.parsed::<Hash>("serial")?;
            Ok(Tally {
                model: Some(cells.text("model")),
                class: None,
                boundary: None,
                figures: Vec::new(),
            })
        }
        Kind::Meters => {
            cells.parsed::<Hash>("series")?;
            cells.coverage()?;
            Ok(Tally {
                model: None,
                class: None,
                boundary: Some(cells.parsed("boundary")?),
                figures: cells.amounts()?,
            })
        }
    }
}

/// Holds a field to its length.
pub(super) fn check_length(name: &'static str, text: &str) -> Result<(), RecordError> {
    if (1..=MAX_FIELD).contains(&text.len()) {
        return Ok(());
    }
    Err(RecordError::Field {
        name,
        value: text.chars().take(80).collect(),
        why: format!("must have 1 to {MAX_FIELD} bytes"),
    })
}

fn check_job<'f>(cells: &Cells<'_, 'f>) -> Result<Tally<'f>, RecordError> {
    let (start, end): (UnixSeconds, UnixSeconds) = (cells.parsed("start")?, cells.parsed("end")?);
    let span = Period::new(start, end)
        .ok_or_else(|| cells.refuse("end", format!("is not after `{start}`")))?;
    let accelerators = Bounds::parse(cells.text("accelerators"))
        .map_err(|why| cells.refuse("accelerators", why))?;
    let figures = cells.amounts()?;
    check_figures(span, accelerators, &figures).map_err(|why| cells.refuse("figures", why))?;
    Ok(Tally {
        model: Some(cells.text("model")),
        class: Some(cells.parsed("class")?),
        boundary: None,
        figures,
    })
}

/// A job's allocated seconds follow from its other fields; its figures may not say less.
pub(super) fn check_figures(
    span: Period,
    accelerators: Interval,
    figures: &[Amount],
) -> Result<(), String> {
    let product = product(accelerators, span.seconds());
    let seconds = Quantity::from(span.seconds());
    let wrong = figures.iter().find(|amount| match amount.quantity {
        QuantityKind::AcceleratorSeconds if amount.basis == Basis::Allocated => {
            Some(amount.value) != product
        }
        QuantityKind::JobSeconds => amount.value.lower() < seconds,
        _ => false,
    });
    match wrong {
        Some(amount) => Err(format!(
            "`{}` disagrees with the other fields",
            amount.quantity
        )),
        None => check_sorted(figures),
    }
}

fn check_sorted(figures: &[Amount]) -> Result<(), String> {
    if figures.is_sorted_by(|one, next| (one.quantity, one.basis) < (next.quantity, next.basis)) {
        return Ok(());
    }
    Err("is not sorted by quantity and basis, each pair once".to_owned())
}

/// Returns `count` devices times `seconds`, or `None` beyond the range of quantities.
pub(super) fn product(count: Interval, seconds: u64) -> Option<Interval> {
    Interval::new(count.lower().times(seconds)?, count.upper().times(seconds)?)
}

/// The fields of one record, by name.
struct Cells<'r, 'f> {
    kind: Kind,
    fields: &'r [&'f str],
}

impl<'f> Cells<'_, 'f> {
    fn text(&self, name: &str) -> &'f str {
        let at = self.kind.fields().iter().position(|one| *one == name);
        at.and_then(|at| self.fields.get(at))
            .copied()
            .unwrap_or_default()
    }

    fn refuse(&self, name: &'static str, why: impl Into<String>) -> RecordError {
        RecordError::Field {
            name,
            value: self.text(name).chars().take(80).collect(),
            why: why.into(),
        }
    }

    fn parsed<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<T, RecordError> {
        self.text(name)
            .parse()
            .map_err(|error: T::Err| self.refuse(name, error.to_string()))
    }

    fn amounts(&self) -> Result<Vec<Amount>, RecordError> {
        parse_amounts(self.text("figures")).map_err(|why| self.refuse("figures", why))
    }

    fn coverage(&self) -> Result<Coverage, RecordError> {
        parse_coverage(self.text("coverage")).map_err(|why| self.refuse("coverage", why))
    }
}

/// An interval as a field spells it: `4`, or `0..8` where it is not exact.
pub(super) struct Bounds(pub(super) Interval);

impl Bounds {
    fn parse(text: &str) -> Result<Interval, String> {
        let quantity = |text: &str| text.parse::<Quantity>().map_err(|error| error.to_string());
        let Some((lower, upper)) = text.split_once("..") else {
            return quantity(text).map(Interval::exactly);
        };
        let (lower, upper) = (quantity(lower)?, quantity(upper)?);
        if lower == upper {
            return Err("has equal ends: write one".to_owned());
        }
        Interval::new(lower, upper).ok_or_else(|| "ends below its start".to_owned())
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lower().fmt(f)?;
        if self.0.lower() != self.0.upper() {
            write!(f, "..{}", self.0.upper())?;
        }
        Ok(())
    }
}

/// Figures as a field spells them: a canonical JSON array of objects. Printed directly,
/// because a ledger has hundreds of thousands; nothing in them needs an escape.
struct Amounts<'a>(&'a [Amount]);

impl Amounts<'_> {
    fn print(&self, out: &mut String) {
        let mut before = "[";
        for amount in self.0 {
            let (lower, upper) = (amount.value.lower(), amount.value.upper());
            for part in [before, r#"{"basis":""#, amount.basis.as_str(), "\""] {
                out.push_str(part);
            }
            if lower != upper {
                out.push_str(r#","interval":{"lower":""#);
                print_quantity(lower, out);
                out.push_str(r#"","upper":""#);
                print_quantity(upper, out);
                out.push_str(r#""}"#);
            }
            for part in [r#","quantity":""#, amount.quantity.as_str(), "\""] {
                out.push_str(part);
            }
            if lower == upper {
                out.push_str(r#","value":""#);
                print_quantity(lower, out);
                out.push('"');
            }
            out.push('}');
            before = ",";
        }
        out.push_str(if self.0.is_empty() { "[]" } else { "]" });
    }
}

impl fmt::Display for Amounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.print(&mut out);
        f.write_str(&out)
    }
}

/// Nearly every quantity is printed sooner as a number of 64 bits.
fn print_quantity(quantity: Quantity, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match u64::try_from(quantity.get()) {
        Ok(small) => write!(out, "{small}"),
        Err(_) => write!(out, "{quantity}"),
    };
}

pub(super) fn parse_amounts(text: &str) -> Result<Vec<Amount>, String> {
    let value = json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let items = value.as_list().ok_or("is not an array")?;
    let amounts = items
        .iter()
        .map(|item| read_all(item, read_amount).map_err(|error| error.to_string()))
        .collect::<Result<Vec<_>, _>>()?;
    check_sorted(&amounts)?;
    // Also refuses members that only extend: a ledger has none.
    if Amounts(&amounts).to_string() != text {
        return Err("is not in the one spelling of figures".to_owned());
    }
    Ok(amounts)
}

fn read_amount(fields: &mut Fields<'_>) -> Result<Amount, FieldError> {
    Ok(Amount {
        quantity: fields.parsed("quantity")?,
        basis: fields.parsed("basis")?,
        value: read_value(fields)?,
    })
}

fn print_coverage(coverage: Coverage) -> String {
    match coverage {
        Coverage::Unknown => "unknown".to_owned(),
        Coverage::Known {
            observed,
            gap,
            resets,
        } => Object::new()
            .with("observed", observed.to_string())
            .with("gap", gap.to_string())
            .with("resets", resets.to_string())
            .to_canonical(),
    }
}

fn parse_coverage(text: &str) -> Result<Coverage, String> {
    if text == "unknown" {
        return Ok(Coverage::Unknown);
    }
    let value = json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let coverage = read_all(&value, |fields| {
        Ok(Coverage::Known {
            observed: fields.parsed("observed")?,
            gap: fields.parsed("gap")?,
            resets: fields.parsed("resets")?,
        })
    })
    .map_err(|error| error.to_string())?;
    if print_coverage(coverage) != text {
        return Err("is not in the one spelling of coverage".to_owned());
    }
    Ok(coverage)
}

/// Why a record is not one of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A field is not what its name requires.
    #[error("field `{name}` is `{value}`: {why}")]
    Field {
        /// The field.
        name: &'static str,
        /// Its text, cut short.
        value: String,
        /// Why not.
        why: String,
    },
    /// Too few or too many fields.
    #[error("has {found} fields, not {expected}")]
    Fields {
        /// How many the kind has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The record before it should come after it.
    #[error("does not follow the record before it in the order `{order}`")]
    Order {
        /// The order.
        order: &'static str,
    },
}

/// Why a ledger cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file does not begin with a ledger's header.
    #[error("line 1 is not the header of a ledger: {why}")]
    Header {
        /// Why not.
        why: String,
    },
    /// A line is not a list of texts in its one spelling, or does not end.
    #[error("line {line} is not a record: {why}")]
    Line {
        /// The line, the header being 1.
        line: u64,
        /// Why not.
        why: String,
    },
    /// There are fewer or more records than the header says.
    #[error("the header says {expected} records; there are {found}")]
    Count {
        /// As the header says.
        expected: u64,
        /// As counted.
        found: u64,
    },
    /// A record of another kind was added.
    #[error("a `{found}` record does not belong in a `{expected}` ledger")]
    Kind {
        /// The ledger's kind.
        expected: &'static str,
        /// The record's kind.
        found: &'static str,
    },
    /// A record is not one of the ledger's kind.
    #[error("record {index}: {source}")]
    Record {
        /// The record, from 0.
        index: u64,
        /// Why not.
        source: RecordError,
    },
    /// More than [`MAX_RECORDS`](super::MAX_RECORDS) records or 4 GiB of text.
    #[error("a ledger cannot hold this much")]
    Size,
    /// A total leaves the range of quantities.
    #[error("the total of `{quantity}` is beyond 38 digits")]
    Total {
        /// What was added up.
        quantity: QuantityKind,
    },
}
