//! Meter tables: a documented plain CSV of power or energy, as PDUs, building systems and
//! utilities export it.
//!
//! Specified in `specs/readings.md`, section "Meter tables".

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::attestation::figure::Boundary;
use rayon::prelude::*;

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
use crate::telemetry::field_error;
use crate::telemetry::nvidia_smi::millis;

/// Columns that hold what was measured: the name says of what and in which unit.
const VALUES: [(&str, Kind, Unit); 9] = [
    ("power_w", Kind::Power, Unit::ONE),
    ("power_kw", Kind::Power, Unit::KILO),
    ("power_mw", Kind::Power, Unit::MEGA),
    ("energy_j_total", Kind::Counter, Unit::ONE),
    ("energy_wh_total", Kind::Counter, Unit::WATT_HOUR),
    ("energy_kwh_total", Kind::Counter, Unit::KILOWATT_HOUR),
    ("energy_wh", Kind::Interval, Unit::WATT_HOUR),
    ("energy_kwh", Kind::Interval, Unit::KILOWATT_HOUR),
    ("energy_mwh", Kind::Interval, Unit::MEGAWATT_HOUR),
];

/// The columns that say who and when.
const COLUMNS: [&str; 5] = ["meter", "time", "start", "end", "boundary"];

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Power at an instant.
    Power,
    /// What a counter of energy shows at an instant.
    Counter,
    /// The energy from one instant to another.
    Interval,
}

/// A table of readings of power meters.
#[derive(Debug)]
pub struct MeterTable {
    input: Option<Input>,
    columns: BTreeMap<String, String>,
    boundary: Boundary,
    clock: Clock,
}

impl MeterTable {
    /// Reads `input`, whose columns are called as `columns` says where it names them, and
    /// whose meters are at `boundary` where no column says otherwise.
    pub const fn new(
        input: Input,
        columns: BTreeMap<String, String>,
        boundary: Boundary,
        clock: Clock,
    ) -> Self {
        Self {
            input: Some(input),
            columns,
            boundary,
            clock,
        }
    }
}

impl Source for MeterTable {
    fn tool(&self) -> &'static str {
        "meter-csv"
    }

    fn size(&self) -> Option<u64> {
        self.input.as_ref().and_then(Input::size)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let Some(mut input) = self.input.take() else {
            return Err(SourceError::Empty);
        };
        let mut line = Vec::new();
        if !input.line(&mut line)? {
            return Err(SourceError::Empty);
        }
        let header = text(&line, 1)?;
        let layout = Layout::find(&cells(header, 1)?, &self.columns)?;
        self.blocks(&mut input, &layout, sink)?;
        sink.input(input.digest());
        Ok(())
    }
}

impl MeterTable {
    /// Reads block by block: while the rows of some are taken, in order, the next are read
    /// and understood.
    fn blocks(
        &self,
        input: &mut Input,
        layout: &Layout,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        let mut meters = Meters::default();
        let boundary = self.boundary;
        // The header was the first.
        let mut row = 1_u64;
        let mut ready: Vec<Block> = Vec::new();
        loop {
            let mut texts = Vec::new();
            for _ in 0..BLOCKS {
                let mut text = Vec::new();
                if !input.block(&mut text, BLOCK)? {
                    break;
                }
                let first = row;
                row = row.saturating_add(lines(&text));
                texts.push((text, first, self.clock.clone()));
            }
            let last = texts.is_empty();
            let (taken, next) = rayon::join(
                || {
                    ready
                        .iter()
                        .try_for_each(|block| block.give(layout, boundary, &mut meters, sink))
                },
                || {
                    let texts = texts.into_par_iter();
                    texts
                        .map(|(text, first, clock)| Block::read(text, first, layout, &clock))
                        .collect()
                },
            );
            taken?;
            ready = next;
            if last {
                return Ok(());
            }
        }
    }
}

/// Bytes of a block, and how many are worked on at once.
const BLOCK: usize = 1 << 20;
/// See [`BLOCK`].
const BLOCKS: usize = 4;

/// How many lines end in a text.
fn lines(text: &[u8]) -> u64 {
    let parts = text.split(|byte| *byte == b'\n').count();
    u64::try_from(parts.saturating_sub(1)).unwrap_or(u64::MAX)
}

/// Whole lines, understood.
struct Block {
    text: String,
    rows: Vec<Row>,
    /// What is wrong with the row after them.
    fault: Option<SourceError>,
}

/// A row, understood; what names its meter lies in its block's text.
struct Row {
    number: u64,
    meter: (usize, usize),
    boundary: Option<Boundary>,
    start: Millis,
    end: Option<Millis>,
    /// `None` where the cell is empty.
    value: Option<Billionths>,
}

impl Block {
    /// Understands lines, of which the first is row `first` and one.
    fn read(bytes: Vec<u8>, first: u64, layout: &Layout, clock: &Clock) -> Self {
        let mut block = Self {
            text: String::new(),
            rows: Vec::new(),
            fault: None,
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let before = bytes.get(..valid).unwrap_or_default();
                let row = first.saturating_add(lines(before)).saturating_add(1);
                block.fault = Some(field_error(row, "row", "", "is not UTF-8"));
                return block;
            }
        };
        let mut time = Times::default();
        let mut row = first;
        for line in text.lines() {
            row = row.saturating_add(1);
            if line.is_empty() {
                continue;
            }
            match Row::read(&text, line, row, layout, clock, &mut time) {
                Ok(read) => block.rows.push(read),
                Err(fault) => {
                    block.fault = Some(fault);
                    break;
                }
            }
        }
        block.text = text;
        block
    }

    /// Gives its rows, in order, and then says what is wrong.
    fn give(
        &self,
        layout: &Layout,
        boundary: Boundary,
        meters: &mut Meters,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        for one in &self.rows {
            let row = one.number;
            let Some(value) = one.value else {
                sink.skip("cells without a value", row);
                continue;
            };
            let (from, to) = one.meter;
            let name = self.text.get(from..to).filter(|_| layout.meter.is_some());
            let name = name.unwrap_or("meter");
            let meter = meters.get(name, one.boundary.unwrap_or(boundary), sink)?;
            let start = one.start;
            match (one.end, layout.kind) {
                (Some(end), _) => {
                    let joules = value;
                    sink.lot(
                        meter,
                        Lot {
                            start,
                            end,
                            joules,
                            row,
                        },
                    )?;
                }
                (None, Kind::Power) => {
                    let at = start;
                    sink.sample(meter, Measure::Power, Sample { at, value, row })?;
                }
                (None, _) => {
                    let at = start;
                    sink.sample(meter, Measure::Energy, Sample { at, value, row })?;
                }
            }
        }
        self.fault.clone().map_or(Ok(()), Err)
    }
}

impl Row {
    fn read(
        text: &str,
        line: &str,
        row: u64,
        layout: &Layout,
        clock: &Clock,
        times: &mut Times,
    ) -> Result<Self, SourceError> {
        let mut found = 0_usize;
        let mut cells = [""; MAX_READ];
        if line.contains('"') {
            for cell in quoted(line) {
                layout.put(&mut cells, found, cell);
                found = found.saturating_add(1);
            }
        } else {
            for cell in line.split(',') {
                layout.put(&mut cells, found, cell);
                found = found.saturating_add(1);
            }
        }
        if found != layout.width {
            return Err(SourceError::Row {
                row,
                found,
                expected: layout.width,
            });
        }
        let [name, boundary, start, end, value] = cells.map(str::trim);
        if name.is_empty() && layout.meter.is_some() {
            return Err(field_error(row, "meter", name, "names no meter"));
        }
        let value = match value {
            "" => None,
            value => Some(
                billionths(value, layout.unit)
                    .map_err(|why| field_error(row, layout.name, value, why))?,
            ),
        };
        let boundary = match layout.boundary {
            Some(_) => Some(
                boundary
                    .parse()
                    .map_err(|why: String| field_error(row, "boundary", boundary, why))?,
            ),
            None => None,
        };
        let start = times.get(clock, row, start)?;
        let end = match layout.end {
            Some(_) => {
                let at = millis(clock, row, end)?;
                if at <= start {
                    let why = format!("is not after the start, {start}");
                    return Err(field_error(row, "end", end, why));
                }
                Some(at)
            }
            None => None,
        };
        let from = name.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
        Ok(Self {
            number: row,
            meter: (from, from.saturating_add(name.len())),
            boundary,
            start,
            end,
            value,
        })
    }
}

/// The columns that are read: who, where, when, until when, how much.
const MAX_READ: usize = 5;

/// Takes a line with quotation marks apart; a doubled one within a cell stays doubled.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    line.split(move |character| {
        if character == '"' {
            inside = !inside;
        }
        character == ',' && !inside
    })
}

/// The time read last: many rows have the same.
#[derive(Default)]
struct Times {
    last: Option<(String, Millis)>,
}

impl Times {
    fn get(&mut self, clock: &Clock, row: u64, text: &str) -> Result<Millis, SourceError> {
        if let Some((known, at)) = &self.last
            && known == text
        {
            return Ok(*at);
        }
        let at = millis(clock, row, text)?;
        self.last = Some((text.to_owned(), at));
        Ok(at)
    }
}

/// The meters seen so far.
#[derive(Default)]
struct Meters {
    known: BTreeMap<Boundary, HashMap<String, MeterId>>,
}

impl Meters {
    fn get(
        &mut self,
        name: &str,
        boundary: Boundary,
        sink: &mut dyn Sink,
    ) -> Result<MeterId, SourceError> {
        let known = self.known.entry(boundary).or_default();
        if let Some(meter) = known.get(name) {
            return Ok(*meter);
        }
        let meter = sink.meter(&Meter {
            name: name.to_owned(),
            boundary,
            model: None,
        })?;
        known.insert(name.to_owned(), meter);
        Ok(meter)
    }
}

/// Where the columns stand.
struct Layout {
    width: usize,
    meter: Option<usize>,
    boundary: Option<usize>,
    start: usize,
    end: Option<usize>,
    value: usize,
    name: &'static str,
    kind: Kind,
    unit: Unit,
}

impl Layout {
    /// Puts the cell of a column among those that are read, if it is one.
    fn put<'t>(&self, cells: &mut [&'t str; MAX_READ], at: usize, cell: &'t str) {
        let read = [
            self.meter,
            self.boundary,
            Some(self.start),
            self.end,
            Some(self.value),
        ];
        for (to, column) in cells.iter_mut().zip(read) {
            if column == Some(at) {
                *to = cell.trim().trim_matches('"');
            }
        }
    }

    fn find(header: &[String], renamed: &BTreeMap<String, String>) -> Result<Self, SourceError> {
        let known = || {
            COLUMNS
                .into_iter()
                .chain(VALUES.iter().map(|(name, ..)| *name))
        };
        if let Some(column) = renamed
            .keys()
            .find(|one| !known().any(|known| known == *one))
        {
            return Err(SourceError::Unknown {
                column: column.clone(),
                known: known().collect::<Vec<_>>().join(", "),
            });
        }
        let column = |name: &str| {
            let called = renamed.get(name).map_or(name, String::as_str);
            header.iter().position(|one| one == called)
        };
        let missing = |column: &str| SourceError::Column {
            column: column.to_owned(),
            found: header.join(", "),
        };
        if let Some((name, _)) = renamed.iter().find(|(name, _)| column(name).is_none()) {
            return Err(missing(name));
        }
        let mut values = VALUES
            .into_iter()
            .filter_map(|(name, kind, unit)| Some((name, kind, unit, column(name)?)));
        let (name, kind, unit, value) = values.next().ok_or_else(|| missing("power_w"))?;
        if let Some((other, ..)) = values.next() {
            let why = format!("stands beside `{name}`: which of them counts is not said");
            return Err(field_error(1, other, other, why));
        }
        let (start, end) = match kind {
            Kind::Interval => {
                let start = column("start").ok_or_else(|| missing("start"))?;
                (start, Some(column("end").ok_or_else(|| missing("end"))?))
            }
            Kind::Power | Kind::Counter => (column("time").ok_or_else(|| missing("time"))?, None),
        };
        Ok(Self {
            width: header.len(),
            meter: column("meter"),
            boundary: column("boundary"),
            start,
            end,
            value,
            name,
            kind,
            unit,
        })
    }
}

fn text(line: &[u8], row: u64) -> Result<&str, SourceError> {
    str::from_utf8(line).map_err(|_| {
        let found = String::from_utf8_lossy(line).into_owned();
        field_error(row, "row", &found, "is not UTF-8")
    })
}

/// Takes a line apart, quoted cells and all.
fn cells(text: &str, row: u64) -> Result<Vec<String>, SourceError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut record = csv::StringRecord::new();
    let read = reader.read_record(&mut record);
    read.map_err(|error| field_error(row, "row", text, error.to_string()))?;
    Ok(record.iter().map(str::to_owned).collect())
}
