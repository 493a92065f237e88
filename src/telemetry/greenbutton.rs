//! Green Button data: what a utility's portal gives its customers (ESPI, NAESB REQ.21).
//!
//! Specified in `specs/readings.md`, section "Green Button". Read event by event: of the
//! whole feed only its reading types and the links between its resources are held.

use std::collections::BTreeMap;
use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::attestation::figure::Boundary;
use crate::collector::reading::Billionths;
use crate::collector::reading::Lot;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::SECOND;
use crate::telemetry::Input;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::Unit;
use crate::telemetry::decimal::billionths;
use crate::telemetry::field_error;

/// The most intervals of one feed: two years of minutes.
const MAX_INTERVALS: usize = 1 << 20;

/// The deepest nesting: a feed has ten levels.
const MAX_DEPTH: usize = 32;

/// The longest text of an element or attribute that is kept.
const MAX_TEXT: usize = 1 << 12;

/// `uom` of energy, watt-hours, and of power, watts (ESPI, `UnitSymbolKind`).
const WATT_HOURS: &str = "72";
/// See [`WATT_HOURS`].
const WATTS: &str = "38";

/// `accumulationBehaviour` of an amount within its interval (ESPI, `AccumulationKind`:
/// delta data), and of none said.
const DELTA: [&str; 2] = ["4", "0"];

/// `flowDirection` of what the customer took (ESPI, `FlowDirectionKind`: forward), and of
/// none said.
const FORWARD: [&str; 2] = ["1", "0"];

/// A feed of Green Button data.
#[derive(Debug)]
pub struct GreenButton {
    input: Option<Input>,
    boundary: Boundary,
}

/// What a reading type says of the values.
#[derive(Clone, Debug, Default)]
struct ReadingType {
    behaviour: Option<String>,
    flow: Option<String>,
    unit: Option<String>,
    ten: Option<String>,
}

/// One entry of the feed.
#[derive(Debug, Default)]
struct Entry {
    own: Option<String>,
    up: Option<String>,
    related: Vec<String>,
    kind: Option<ReadingType>,
    intervals: Vec<Interval>,
    current: Interval,
    meter: bool,
}

/// One interval as it is written.
#[derive(Clone, Debug, Default)]
struct Interval {
    start: String,
    duration: String,
    value: String,
    quality: Option<String>,
    row: u64,
}

impl GreenButton {
    /// Reads `input`, whose meters are at `boundary`: as a rule the `feed`.
    pub const fn new(input: Input, boundary: Boundary) -> Self {
        Self {
            input: Some(input),
            boundary,
        }
    }
}

impl Source for GreenButton {
    fn tool(&self) -> &'static str {
        "green-button"
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let Some(mut input) = self.input.take() else {
            return Err(SourceError::Empty);
        };
        let feed = Feed::read(&mut input)?;
        sink.input(input.digest());
        feed.give(self.boundary, sink)
    }
}

/// A feed, read.
#[derive(Default)]
struct Feed {
    /// By their own link.
    types: BTreeMap<String, ReadingType>,
    /// What a meter reading is related to, by its own link.
    meters: BTreeMap<String, Vec<String>>,
    /// Blocks of intervals: what they lie under, and they.
    blocks: Vec<(String, Vec<Interval>)>,
    /// Intervals so far.
    count: u64,
}

fn wrong(why: impl Into<String>) -> SourceError {
    SourceError::Shape {
        expected: "a feed of Green Button data",
        why: why.into(),
    }
}

impl Feed {
    fn read(input: &mut Input) -> Result<Self, SourceError> {
        let mut reader = Reader::from_reader(BufReader::new(input));
        let mut buffer = Vec::new();
        let mut feed = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut entry = Entry::default();
        let mut text = String::new();
        loop {
            buffer.clear();
            let event = reader
                .read_event_into(&mut buffer)
                .map_err(|error| wrong(format!("at byte {}: {error}", reader.error_position())))?;
            match event {
                Event::Start(element) => {
                    let name = local(element.local_name().as_ref());
                    if path.len() >= MAX_DEPTH {
                        return Err(wrong(format!("it is nested more than {MAX_DEPTH} deep")));
                    }
                    if name == "link" {
                        link(&element, &mut entry)?;
                    }
                    entry.enter(&name, &path);
                    path.push(name);
                    text.clear();
                }
                Event::Empty(element) => {
                    let name = local(element.local_name().as_ref());
                    if name == "link" {
                        link(&element, &mut entry)?;
                    }
                    entry.enter(&name, &path);
                }
                Event::Text(part) if text.len().saturating_add(part.len()) <= MAX_TEXT => {
                    text.push_str(&part);
                }
                Event::End(_) => {
                    let name = path.pop().unwrap_or_default();
                    if name == "entry" {
                        feed.take(std::mem::take(&mut entry))?;
                    } else {
                        entry.leave(&name, &path, text.trim(), &mut feed.count);
                    }
                    text.clear();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if !path.is_empty() {
            return Err(SourceError::Cut);
        }
        if feed.blocks.is_empty() {
            return Err(wrong("it has no intervals"));
        }
        Ok(feed)
    }

    fn take(&mut self, entry: Entry) -> Result<(), SourceError> {
        let own = entry.own.unwrap_or_default();
        if let Some(kind) = entry.kind {
            self.types.insert(own, kind);
        } else if entry.meter {
            self.meters.insert(own, entry.related);
        } else if !entry.intervals.is_empty() {
            if self.count > u64::try_from(MAX_INTERVALS).unwrap_or(u64::MAX) {
                return Err(wrong(format!("it has more than {MAX_INTERVALS} intervals")));
            }
            let up = entry.up.unwrap_or_default();
            self.blocks.push((up, entry.intervals));
        }
        Ok(())
    }

    /// Returns the reading type of the blocks under a link.
    fn kind(&self, up: &str) -> Option<&ReadingType> {
        // The link ends in what lists the blocks of a meter reading.
        let meters = self
            .meters
            .iter()
            .filter(|(own, _)| !own.is_empty() && up.starts_with(own.as_str()));
        let longest = meters.max_by_key(|(own, _)| own.len());
        let related =
            longest.and_then(|(_, related)| related.iter().find_map(|one| self.types.get(one)));
        let only = || self.types.values().next().filter(|_| self.types.len() == 1);
        related.or_else(only)
    }

    fn give(self, boundary: Boundary, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut meters: BTreeMap<&str, Vec<(Lot, &Interval)>> = BTreeMap::new();
        for (up, intervals) in &self.blocks {
            let row = intervals.first().map_or(0, |one| one.row);
            let kind = self.kind(up).ok_or_else(|| {
                field_error(
                    row,
                    "ReadingType",
                    up,
                    "is that of no reading type in the feed",
                )
            })?;
            let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "0".to_owned());
            if !DELTA.contains(&said(&kind.behaviour).as_str()) {
                let why = "is not that of an amount within its interval (4)";
                return Err(field_error(
                    row,
                    "accumulationBehaviour",
                    &said(&kind.behaviour),
                    why,
                ));
            }
            if !FORWARD.contains(&said(&kind.flow).as_str()) {
                sink.skip(
                    "intervals of energy that was given back, or of no one direction",
                    row,
                );
                continue;
            }
            let ten = said(&kind.ten);
            let ten: i32 = ten
                .parse()
                .ok()
                .filter(|ten: &i32| (-12..=12).contains(ten))
                .ok_or_else(|| {
                    field_error(row, "powerOfTenMultiplier", &ten, "is not from -12 to 12")
                })?;
            let unit = said(&kind.unit);
            for interval in intervals {
                let lot = lot(interval, &unit, ten)?;
                if let Some(quality) = interval
                    .quality
                    .as_deref()
                    .filter(|one| !["0", "17"].contains(one))
                {
                    // 0 valid, 17 revenue quality; all else is estimated or worse.
                    sink.warn(
                        interval.row,
                        &format!("the quality of the interval is `{quality}`, not valid"),
                    );
                }
                meters.entry(up.as_str()).or_default().push((lot, interval));
            }
        }
        for (up, mut lots) in meters {
            let meter = sink.meter(&Meter {
                name: up.to_owned(),
                boundary,
                model: None,
            })?;
            // Blocks come in any order.
            lots.sort_by_key(|(lot, _)| (lot.start, lot.end));
            for (lot, _) in lots {
                sink.lot(meter, lot)?;
            }
        }
        Ok(())
    }
}

/// Understands one interval.
fn lot(interval: &Interval, unit: &str, ten: i32) -> Result<Lot, SourceError> {
    let row = interval.row;
    let seconds = |field: &str, text: &str| -> Result<u64, SourceError> {
        let seconds = text
            .parse::<u64>()
            .ok()
            .filter(|one| *one <= Millis::MAX.get() / SECOND);
        seconds.ok_or_else(|| field_error(row, field, text, "is no number of seconds"))
    };
    let start = seconds("start", &interval.start)?;
    let duration = seconds("duration", &interval.duration)?;
    let instant = |seconds: u64| Millis::new(seconds.saturating_mul(SECOND));
    let end = start
        .checked_add(duration)
        .filter(|_| duration > 0)
        .and_then(instant);
    let (Some(start), Some(end)) = (instant(start), end) else {
        return Err(field_error(
            row,
            "duration",
            &interval.duration,
            "is no time after the start",
        ));
    };
    let value = |unit: Unit| {
        billionths(&interval.value, unit)
            .map_err(|why| field_error(row, "value", &interval.value, why))
    };
    let joules = match unit {
        WATT_HOURS => value(Unit::WATT_HOUR.shifted(ten))?,
        WATTS => {
            let watts = value(Unit::ONE.shifted(ten))?;
            let joules = watts.get().checked_mul(u128::from(duration));
            joules
                .and_then(Billionths::new)
                .ok_or_else(|| field_error(row, "value", &interval.value, "is too large"))?
        }
        _ => {
            let why = format!("is neither {WATT_HOURS} (Wh) nor {WATTS} (W)");
            return Err(field_error(row, "uom", unit, why));
        }
    };
    Ok(Lot {
        start,
        end,
        joules,
        row,
    })
}

impl Entry {
    fn enter(&mut self, name: &str, path: &[String]) {
        match name {
            "ReadingType" => self.kind = Some(ReadingType::default()),
            "MeterReading" => self.meter = true,
            "IntervalReading" if path.last().is_some_and(|one| one == "IntervalBlock") => {
                self.current = Interval::default();
            }
            _ => {}
        }
    }

    fn leave(&mut self, name: &str, path: &[String], text: &str, count: &mut u64) {
        let within = |parent: &str| path.iter().any(|one| one == parent);
        if let Some(kind) = &mut self.kind {
            let member = match name {
                "accumulationBehaviour" => &mut kind.behaviour,
                "flowDirection" => &mut kind.flow,
                "uom" => &mut kind.unit,
                "powerOfTenMultiplier" => &mut kind.ten,
                _ => return,
            };
            *member = Some(text.to_owned());
        } else if within("IntervalReading") {
            match name {
                "start" => text.clone_into(&mut self.current.start),
                "duration" => text.clone_into(&mut self.current.duration),
                "value" => text.clone_into(&mut self.current.value),
                "quality" => self.current.quality = Some(text.to_owned()),
                _ => {}
            }
        } else if name == "IntervalReading" {
            *count = count.saturating_add(1);
            self.current.row = *count;
            self.intervals.push(std::mem::take(&mut self.current));
        }
    }
}

/// Reads a link between resources.
fn link(element: &quick_xml::events::BytesStart<'_>, entry: &mut Entry) -> Result<(), SourceError> {
    let get = |name: &str| -> Result<String, SourceError> {
        let found = element
            .try_get_attribute(name)
            .map_err(|error| wrong(error.to_string()))?;
        let value = found.map_or(Ok(String::new()), |one| {
            let value = one.value.into_owned();
            (value.len() <= MAX_TEXT)
                .then_some(value)
                .ok_or_else(|| wrong("a link is too long"))
        })?;
        Ok(value.trim_end_matches('/').to_owned())
    };
    let href = get("href")?;
    match get("rel")?.as_str() {
        "self" => entry.own = Some(href),
        "up" => entry.up = Some(href),
        "related" => entry.related.push(href),
        _ => {}
    }
    Ok(())
}

fn local(name: &str) -> String {
    name.chars().take(64).collect()
}
