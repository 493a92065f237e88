//! Which columns a table has, and which form that makes it.

use std::collections::BTreeMap;

use csv::StringRecord;

use crate::telemetry::SourceError;
use crate::telemetry::decimal::Unit;
use crate::telemetry::intervals::EXPECTED;

/// The columns that a table may have.
pub const COLUMNS: &[&str] = &[
    "meter",
    "boundary",
    "start",
    "end",
    "energy_wh",
    "energy_kwh",
    "energy_mwh",
    "energy_j",
    "time",
    "power_w",
    "power_kw",
    "energy_kwh_total",
    "energy_j_total",
];

/// A column with its unit: what it is called here, its unit, and how that is spelled.
type Known = (&'static str, Unit, &'static str);

/// The columns of the energy of an interval.
const ENERGY: &[Known] = &[
    ("energy_wh", Unit::WATT_HOUR, "Wh"),
    ("energy_kwh", Unit::KILOWATT_HOUR, "kWh"),
    ("energy_mwh", Unit::MEGAWATT_HOUR, "MWh"),
    ("energy_j", Unit::ONE, "J"),
];

/// The columns of a power.
const POWER: &[Known] = &[("power_w", Unit::ONE, "W"), ("power_kw", Unit::KILO, "kW")];

/// The columns of a counter of energy.
const COUNTER: &[Known] = &[
    ("energy_kwh_total", Unit::KILOWATT_HOUR, "kWh"),
    ("energy_j_total", Unit::ONE, "J"),
];

/// A column: what the table calls it, and its place.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) at: usize,
}

/// A column of values.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) column: Column,
    pub(super) unit: Unit,
    pub(super) spelled: &'static str,
    /// Whether it is a counter, and no gauge.
    pub(super) counter: bool,
}

/// What a row of a table is.
#[derive(Debug)]
pub(super) enum Form {
    /// The energy of an interval.
    Intervals {
        start: Column,
        end: Column,
        energy: Value,
    },
    /// What a meter showed at an instant.
    Readings { time: Column, values: Vec<Value> },
}

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) meter: Option<Column>,
    pub(super) boundary: Option<Column>,
    pub(super) form: Form,
}

impl Columns {
    pub(super) fn find(
        header: &StringRecord,
        names: &BTreeMap<String, String>,
    ) -> Result<Self, SourceError> {
        if let Some(unknown) = names.keys().find(|name| !COLUMNS.contains(&name.as_str())) {
            return Err(shape(format!(
                "`{unknown}` is not a column of an energy table; they are: {}",
                COLUMNS.join(", ")
            )));
        }
        let finder = Finder { header, names };
        let meter = finder.find("meter")?;
        let boundary = finder.find("boundary")?;
        let (start, end) = (finder.find("start")?, finder.find("end")?);
        let time = finder.find("time")?;
        let energy = finder.value(ENERGY, false)?;
        let power = finder.value(POWER, false)?;
        let counter = finder.value(COUNTER, true)?;
        let form = match (start, end, time) {
            (Some(start), Some(end), None) => {
                if power.is_some() || counter.is_some() {
                    let why = "intervals have energy, and no power or counter beside it";
                    return Err(shape(why.to_owned()));
                }
                let energy = energy.ok_or_else(|| finder.missing(ENERGY))?;
                Form::Intervals { start, end, energy }
            }
            (None, None, Some(time)) => {
                if energy.is_some() {
                    let why = "an energy without `start` and `end` is a counter if it only \
                               grows: rename its column to `energy_kwh_total` or \
                               `energy_j_total`";
                    return Err(shape(why.to_owned()));
                }
                let values: Vec<Value> = power.into_iter().chain(counter).collect();
                if values.is_empty() {
                    return Err(finder.missing(&[POWER, COUNTER].concat()));
                }
                Form::Readings { time, values }
            }
            (None, None, None) => return Err(finder.absent("start and end, or time")),
            (Some(_), None, None) => return Err(finder.absent("end")),
            (None, Some(_), None) => return Err(finder.absent("start")),
            (_, _, Some(_)) => {
                let why = "it has `time` and `start` or `end`: is a row an instant or an interval?";
                return Err(shape(why.to_owned()));
            }
        };
        Ok(Self {
            meter,
            boundary,
            form,
        })
    }
}

fn shape(why: String) -> SourceError {
    SourceError::Shape {
        expected: EXPECTED,
        why,
    }
}

struct Finder<'h> {
    header: &'h StringRecord,
    names: &'h BTreeMap<String, String>,
}

impl Finder<'_> {
    fn find(&self, ours: &str) -> Result<Option<Column>, SourceError> {
        let renamed = self.names.get(ours);
        let name = renamed.map_or(ours, String::as_str);
        let mut found = self
            .header
            .iter()
            .enumerate()
            .filter(|(_, one)| *one == name);
        let at = found.next().map(|(at, _)| at);
        if found.next().is_some() {
            return Err(shape(format!("its header has `{name}` twice")));
        }
        if at.is_none() && renamed.is_some() {
            return Err(self.absent(name));
        }
        Ok(at.map(|at| Column {
            name: name.to_owned(),
            at,
        }))
    }

    /// Finds the one column of these. Where one is renamed, the others are not looked for.
    fn value(&self, known: &[Known], counter: bool) -> Result<Option<Value>, SourceError> {
        let renamed = known
            .iter()
            .any(|(name, ..)| self.names.contains_key(*name));
        let mut value: Option<Value> = None;
        for (ours, unit, spelled) in known {
            if renamed && !self.names.contains_key(*ours) {
                continue;
            }
            let Some(column) = self.find(ours)? else {
                continue;
            };
            if let Some(other) = &value {
                return Err(shape(format!(
                    "it has `{}` and `{}`: one of two units must go",
                    other.column.name, column.name
                )));
            }
            value = Some(Value {
                column,
                unit: *unit,
                spelled,
                counter,
            });
        }
        Ok(value)
    }

    fn missing(&self, known: &[Known]) -> SourceError {
        let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
        self.absent(&format!("one of {}", names.join(", ")))
    }

    fn absent(&self, column: &str) -> SourceError {
        SourceError::Column {
            column: column.to_owned(),
            found: self.header.iter().collect::<Vec<_>>().join(", "),
        }
    }
}
