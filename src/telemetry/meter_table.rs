//! Meter tables: a documented plain CSV of power or energy, as PDUs, building systems and
//! utilities export it.
//!
//! Specified in `specs/readings.md`, section "Meter tables".

use std::collections::BTreeMap;
use std::collections::HashMap;

use memchr::memchr;
use memchr::memchr_iter;

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
use crate::telemetry::field_error;
use crate::telemetry::nvidia_smi::millis;
use crate::telemetry::rounds;

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
        let boundary = self.boundary;
        let mut meters = Meters::default();
        rounds::read(
            &mut input,
            || Block::new(&self.clock),
            |lines, before, block| block.read(lines, before, &layout),
            |lines, block| block.give(lines, &layout, boundary, &mut meters, sink),
        )?;
        sink.input(input.digest());
        Ok(())
    }
}

/// What is made of lines.
struct Block {
    /// What zones' offsets were found is kept by thread.
    clock: Clock,
    rows: Vec<Row>,
    /// What is wrong with the row after them.
    fault: Option<SourceError>,
}

/// A row, understood; what names its meter lies in its block's lines.
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
    fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            rows: Vec::new(),
            fault: None,
        }
    }

    /// Understands lines behind row `before`.
    fn read(&mut self, bytes: &[u8], before: u64, layout: &Layout) {
        self.rows.clear();
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let lines = u64::try_from(memchr_iter(b'\n', valid).count()).unwrap_or(u64::MAX);
                let row = before.saturating_add(lines).saturating_add(1);
                self.fault = Some(field_error(row, "row", "", "is not UTF-8"));
                return;
            }
        };
        let mut times = Times::default();
        let Self { clock, rows, .. } = self;
        let mut take = |number: u64, cells: &[&str]| {
            rows.push(Row::read(text, cells, number, layout, clock, &mut times)?);
            Ok(())
        };
        let read = if memchr(b'"', bytes).is_some() {
            each_quoted_row(text, before, take)
        } else {
            rounds::each_row(text, b',', usize::MAX, before, |row, cells, _| {
                take(row, cells)
            })
        };
        self.fault = read.err();
    }

    /// Gives its rows, in order, and then says what is wrong.
    fn give(
        &mut self,
        lines: &[u8],
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
            let name = lines.get(from..to).filter(|_| layout.meter.is_some());
            let name = name.unwrap_or(b"meter");
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
        self.fault.take().map_or(Ok(()), Err)
    }
}

impl Row {
    fn read(
        text: &str,
        cells: &[&str],
        row: u64,
        layout: &Layout,
        clock: &Clock,
        times: &mut Times,
    ) -> Result<Self, SourceError> {
        if cells.len() != layout.width {
            return Err(SourceError::Row {
                row,
                found: cells.len(),
                expected: layout.width,
            });
        }
        let get = |at: usize| cells.get(at).map_or("", |cell| bare(cell));
        let name = layout.meter.map_or("", get);
        if name.is_empty() && layout.meter.is_some() {
            return Err(field_error(row, "meter", name, "names no meter"));
        }
        let value = match get(layout.value) {
            "" => None,
            value => Some(
                billionths(value, layout.unit)
                    .map_err(|why| field_error(row, layout.name, value, why))?,
            ),
        };
        let boundary = match layout.boundary.map(get) {
            Some(boundary) => Some(
                boundary
                    .parse()
                    .map_err(|why: String| field_error(row, "boundary", boundary, why))?,
            ),
            None => None,
        };
        let start = times.get(clock, row, get(layout.start))?;
        let end = match layout.end.map(get) {
            Some(end) => {
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

/// Takes white space and quotation marks off a cell, of which nearly all have none.
fn bare(cell: &str) -> &str {
    let is_bare = |end: Option<&u8>| end.is_some_and(u8::is_ascii_alphanumeric);
    if is_bare(cell.as_bytes().first()) && is_bare(cell.as_bytes().last()) {
        return cell;
    }
    cell.trim().trim_matches('"').trim()
}

/// Takes lines apart as [`rounds::each_row`] does, where a cell may stand in quotation marks; a
/// doubled one within it stays doubled.
fn each_quoted_row<'t>(
    text: &'t str,
    before: u64,
    mut take: impl FnMut(u64, &[&'t str]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut number = before;
    for line in text.lines() {
        number = number.saturating_add(1);
        let mut inside = false;
        let cells = line.split(|character| {
            inside ^= character == '"';
            character == ',' && !inside
        });
        if !line.is_empty() {
            take(number, &cells.collect::<Vec<_>>())?;
        }
    }
    Ok(())
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
    seen: Vec<Seen>,
    /// By name: which of those seen, and its number.
    known: BTreeMap<Boundary, HashMap<Vec<u8>, (usize, MeterId)>>,
    /// The one of the row before.
    last: usize,
}

/// A meter.
struct Seen {
    name: Vec<u8>,
    boundary: Boundary,
    id: MeterId,
    /// The one whose row came after its row lately: meters come in the same order again and
    /// again, so that it is nearly always the one that comes next.
    next: usize,
}

impl Meters {
    fn get(
        &mut self,
        name: &[u8],
        boundary: Boundary,
        sink: &mut dyn Sink,
    ) -> Result<MeterId, SourceError> {
        let next = self.seen.get(self.last).map_or(0, |last| last.next);
        if let Some(seen) = self.seen.get(next)
            && seen.name == name
            && seen.boundary == boundary
        {
            self.last = next;
            return Ok(seen.id);
        }
        let (at, id) = self.find(name, boundary, sink)?;
        if let Some(last) = self.seen.get_mut(self.last) {
            last.next = at;
        }
        self.last = at;
        Ok(id)
    }

    fn find(
        &mut self,
        name: &[u8],
        boundary: Boundary,
        sink: &mut dyn Sink,
    ) -> Result<(usize, MeterId), SourceError> {
        let known = self.known.entry(boundary).or_default();
        if let Some(known) = known.get(name) {
            return Ok(*known);
        }
        let id = sink.meter(&Meter {
            name: String::from_utf8_lossy(name).into_owned(),
            boundary,
            model: None,
        })?;
        let at = self.seen.len();
        known.insert(name.to_vec(), (at, id));
        self.seen.push(Seen {
            name: name.to_vec(),
            boundary,
            id,
            next: at,
        });
        Ok((at, id))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collector::Metering;
    use crate::telemetry::Gathered;
    use crate::time::Cadence;
    use crate::time::Period;

    fn nowhere() -> Gathered {
        let [start, end] = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"];
        let month = Period::new(start.parse().unwrap(), end.parse().unwrap()).unwrap();
        Gathered::new(Metering::new(Cadence::Month, month, None).unwrap())
    }

    proptest! {
        #[test]
        fn without_quotation_marks_both_ways_find_the_same_cells(
            text in "([a ,\r]{0,9}\n){0,9}",
        ) {
            let (mut plain, mut quoted) = (Vec::new(), Vec::new());
            rounds::each_row(&text, b',', usize::MAX, 1, |row, cells, _| {
                plain.push((row, cells.to_vec()));
                Ok(())
            })
            .unwrap();
            each_quoted_row(&text, 1, |row, cells| {
                quoted.push((row, cells.to_vec()));
                Ok(())
            })
            .unwrap();
            prop_assert_eq!(plain, quoted);
        }

        #[test]
        fn what_is_bare_has_nothing_to_take_off(cell in "[a1 \"\t\u{a0}\u{e9}-]{0,6}") {
            prop_assert_eq!(bare(&cell), cell.trim().trim_matches('"').trim());
        }

        #[test]
        fn a_meter_is_found_whichever_came_before(
            rows in proptest::collection::vec(("[abc]", any::<bool>()), 0..40),
        ) {
            let (mut meters, mut sink) = (Meters::default(), nowhere());
            for (name, facility) in rows {
                let boundary = if facility { Boundary::Facility } else { Boundary::Node };
                let found = meters.get(name.as_bytes(), boundary, &mut sink).unwrap();
                let meter = Meter { name, boundary, model: None };
                prop_assert_eq!(found, sink.meter(&meter).unwrap());
            }
        }
    }
}
