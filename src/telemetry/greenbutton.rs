//! Green Button: the interval data of a utility's meter, as an Atom feed of ESPI
//! resources (NAESB REQ.21).
//!
//! Specified in `specs/energy.md`, section "Green Button". Feeds do not hold their entries
//! in order of time, nor what explains a reading before it: the readings of all files are
//! held, up to a limit, and given in order. Times are Unix seconds; the local-time rules
//! of a feed are for display and are not read.

mod feed;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Billionths;
use crate::collector::reading::Lot;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::telemetry::Input;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::bounded::Bounded;
use crate::telemetry::decimal::Unit;
use crate::telemetry::decimal::billionths;
use crate::telemetry::each_file;
use crate::telemetry::field_error;
use crate::telemetry::greenbutton::feed::Entry;
use crate::telemetry::greenbutton::feed::Feed;
use crate::telemetry::greenbutton::feed::Reading;
use crate::telemetry::greenbutton::feed::ReadingType;
use crate::telemetry::sizes;
use crate::time::UnixSeconds;

/// What was expected, where something else was found.
const EXPECTED: &str = "a Green Button feed";

/// The most readings of all files, which are held to be put in order: thirty years of
/// quarters of an hour, in some 150 MiB.
const MAX_READINGS: usize = 1 << 20;

/// The largest power of ten of a unit (ESPI, `UnitMultiplierKind`: pico to tera).
const MAX_MULTIPLIER: i32 = 12;

/// Qualities that say the meter's value stands (ESPI, `QualityOfReading`): valid,
/// validated, verified, revenue quality.
const VALID: [u8; 4] = [0, 17, 18, 19];

/// Files of a utility's interval data.
#[derive(Debug)]
pub struct GreenButton {
    files: Vec<PathBuf>,
    boundary: Boundary,
}

/// What becomes of the readings of a type.
enum Use {
    /// They are energy, in this unit.
    Energy(Unit),
    /// They are the average power of their interval, in this unit.
    Power(Unit),
    /// They are not counted, for this reason.
    Skip(&'static str),
}

/// How the readings of a block are counted, and as whose.
#[derive(Clone, Copy)]
enum Known {
    Counted { meter: MeterId, kind: usize },
    Skipped(&'static str),
}

/// The names that were given out, each with the usage point and the reading type it
/// stands for.
type Names = BTreeMap<String, (String, String)>;

impl GreenButton {
    /// Reads these files; their meters stand at `boundary`, mostly a utility's feed.
    pub fn new(mut files: Vec<PathBuf>, boundary: Boundary) -> Self {
        files.sort();
        Self { files, boundary }
    }
}

impl Source for GreenButton {
    fn tool(&self) -> &'static str {
        "green-button"
    }

    fn size(&self) -> Option<u64> {
        sizes(&self.files)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut lots = Vec::new();
        let mut names = Names::new();
        each_file(&self.files, |file| {
            let mut bounded = Bounded::new(Input::open(file)?);
            let room = MAX_READINGS.saturating_sub(lots.len());
            let feed = Feed::parse(&mut bounded, room)?;
            Resolver {
                feed: &feed,
                file,
                boundary: self.boundary,
            }
            .resolve(&mut names, sink, &mut lots)?;
            sink.input(bounded.digest());
            Ok(())
        })?;
        lots.sort_unstable_by_key(|(meter, lot)| (*meter, lot.start, lot.end, lot.row));
        for (meter, lot) in lots {
            sink.lot(meter, lot)?;
        }
        Ok(())
    }
}

/// Finds what the readings of a feed are of.
struct Resolver<'f> {
    feed: &'f Feed,
    file: &'f Path,
    boundary: Boundary,
}

impl Resolver<'_> {
    fn resolve(
        &self,
        names: &mut Names,
        sink: &mut dyn Sink,
        lots: &mut Vec<(MeterId, Lot)>,
    ) -> Result<(), SourceError> {
        let parents = self.parents();
        let mut blocks: Vec<Option<Known>> = vec![None; self.feed.blocks.len()];
        for reading in &self.feed.readings {
            let slot = blocks.get_mut(reading.block);
            let (Some(slot), Some(block)) = (slot, self.feed.blocks.get(reading.block)) else {
                continue;
            };
            let known = match *slot {
                Some(known) => known,
                None => *slot.insert(self.block(block, reading, &parents, names, sink)?),
            };
            match known {
                Known::Skipped(reason) => sink.skip(reason, reading.row),
                Known::Counted { meter, kind } => {
                    let kind = self.feed.types.get(kind).map(|(_, kind)| kind);
                    let Some(kind) = kind else { continue };
                    warn_of_quality(reading, kind, sink);
                    if let Some(lot) = lot(reading, kind)? {
                        lots.push((meter, lot));
                    }
                }
            }
        }
        Ok(())
    }

    /// The meter reading that has a block under a link; `None` where several have.
    fn parents(&self) -> BTreeMap<String, Option<usize>> {
        let mut parents = BTreeMap::new();
        for (at, entry) in self.feed.meter_readings.iter().enumerate() {
            let own = (!entry.own.is_empty()).then(|| format!("{}/IntervalBlock", entry.own));
            let mut links: Vec<String> = entry.related.iter().cloned().chain(own).collect();
            links.sort_unstable();
            links.dedup();
            for link in links {
                parents
                    .entry(link)
                    .and_modify(|known| *known = None)
                    .or_insert(Some(at));
            }
        }
        parents
    }

    /// Finds the meter and the type of a block, whose first reading is `reading`.
    fn block(
        &self,
        block: &Entry,
        reading: &Reading,
        parents: &BTreeMap<String, Option<usize>>,
        names: &mut Names,
        sink: &mut dyn Sink,
    ) -> Result<Known, SourceError> {
        let at = parents.get(&block.up).copied().flatten();
        let parent = at.and_then(|at| self.feed.meter_readings.get(at));
        let kind = self.kind(block, reading, parent)?;
        let Some((own, reading_type)) = self.feed.types.get(kind) else {
            return Ok(Known::Skipped("readings without a type"));
        };
        match usage(reading_type)? {
            Use::Skip(reason) => Ok(Known::Skipped(reason)),
            Use::Energy(_) | Use::Power(_) => {
                let name = self.name(block, reading, parent, own, names)?;
                let meter = sink.meter(&Meter {
                    name,
                    boundary: self.boundary,
                    model: None,
                })?;
                Ok(Known::Counted { meter, kind })
            }
        }
    }

    fn kind(
        &self,
        block: &Entry,
        reading: &Reading,
        parent: Option<&Entry>,
    ) -> Result<usize, SourceError> {
        let fail = |value: &str, why| Err(field_error(reading.row, "ReadingType", value, why));
        let links = parent.map_or(&block.related, |parent| &parent.related);
        let mut found: Option<usize> = None;
        for (at, (own, _)) in self.feed.types.iter().enumerate() {
            if !own.is_empty() && links.contains(own) && found.replace(at).is_some() {
                return fail(own, "is one of several that the meter reading names");
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
        // A link to a type that is not there is no leave to take another one.
        let named = links.iter().find(|link| link.contains("/ReadingType/"));
        match (named, self.feed.types.len()) {
            (Some(link), _) => fail(link, "is not in the feed"),
            (None, 1) => Ok(0),
            (None, 0) => fail(&block.up, "has no type: the feed has no ReadingType"),
            (None, _) => fail(&block.up, "names no type, and the feed has several"),
        }
    }

    /// Names a meter by its usage point and its type: `5446AF3F/07`.
    fn name(
        &self,
        block: &Entry,
        reading: &Reading,
        parent: Option<&Entry>,
        kind: &str,
        names: &mut Names,
    ) -> Result<String, SourceError> {
        let links = parent
            .map(|parent| [&parent.own, &parent.up])
            .into_iter()
            .flatten()
            .chain([&block.own, &block.up]);
        let point = links.map(String::as_str).find_map(usage_point);
        let stem = self.file.file_stem().unwrap_or(self.file.as_os_str());
        let stem = stem.to_string_lossy();
        let point = point.unwrap_or(&stem);
        let id = last_segment(point);
        let name = match last_segment(kind) {
            "" => id.to_owned(),
            kind => format!("{id}/{kind}"),
        };
        let whose = (point.to_owned(), kind.to_owned());
        let known = names.entry(name.clone()).or_insert_with(|| whose.clone());
        if *known != whose {
            let why = format!("would be called as another meter is, {}", known.0);
            return Err(field_error(reading.row, "UsagePoint", point, why));
        }
        Ok(name)
    }
}

/// What a link says up to the id of a usage point.
fn usage_point(link: &str) -> Option<&str> {
    const SEGMENT: &str = "UsagePoint/";
    let start = link.find(SEGMENT)?.checked_add(SEGMENT.len())?;
    let id = link.get(start..)?;
    let end = id.find('/').unwrap_or(id.len());
    if end == 0 {
        return None;
    }
    link.get(..start.checked_add(end)?)
}

fn last_segment(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or(link)
}

/// Says what the readings of a type are, or that they cannot be counted.
fn usage(kind: &ReadingType) -> Result<Use, SourceError> {
    let fail = |field: &str, value: Option<&str>, why: &str| {
        let why = if value.is_none() { "is missing" } else { why };
        Err(field_error(kind.row, field, value.unwrap_or_default(), why))
    };
    let power = match kind.uom.as_deref() {
        Some("72") => false,
        Some("38") => true,
        None => return fail("uom", None, ""),
        Some(_) => {
            return Ok(Use::Skip(
                "readings of another unit than watt-hours (72) or watts (38)",
            ));
        }
    };
    match kind.flow.as_deref() {
        Some("1") => {}
        Some("19") => {
            return Ok(Use::Skip(
                "readings of energy that was sent out (flowDirection 19)",
            ));
        }
        other => return fail("flowDirection", other, "is not 1 (delivered): not counted"),
    }
    let qualifier = kind.qualifier.as_deref();
    if power && qualifier != Some("2") {
        let why = "is not 2 (average): energy cannot be told from other power";
        return fail("dataQualifier", qualifier, why);
    }
    if !power {
        let accumulation = kind.accumulation.as_deref();
        if accumulation != Some("4") {
            let why = "is not 4 (delta): ask the utility for the energy of each interval";
            return fail("accumulationBehaviour", accumulation, why);
        }
        if !matches!(qualifier, None | Some("0" | "12")) {
            return fail("dataQualifier", qualifier, "is not 12 (normal)");
        }
    }
    let ten = match kind.multiplier.as_deref() {
        None => 0,
        Some(text) => match text.parse::<i32>() {
            Ok(ten) if (-MAX_MULTIPLIER..=MAX_MULTIPLIER).contains(&ten) => ten,
            _ => {
                let why = "is no power of ten from -12 to 12";
                return fail("powerOfTenMultiplier", Some(text), why);
            }
        },
    };
    Ok(if power {
        Use::Power(Unit::ten(ten))
    } else {
        Use::Energy(Unit::WATT_HOUR.shifted(ten))
    })
}

fn warn_of_quality(reading: &Reading, kind: &ReadingType, sink: &mut dyn Sink) {
    let quality = reading.quality.or(kind.quality).unwrap_or_default();
    if VALID.contains(&quality) {
        return;
    }
    let name = match quality {
        7 => "manually edited",
        8 => "estimated from a reference day",
        9 => "estimated by interpolation",
        10 => "questionable",
        11 => "derived",
        12 => "projected",
        13 => "mixed",
        14 => "raw",
        15 => "normalized for weather",
        _ => "not known to be valid",
    };
    sink.warn(reading.row, &format!("its quality is {quality} ({name})"));
}

fn lot(reading: &Reading, kind: &ReadingType) -> Result<Option<Lot>, SourceError> {
    let fail = |field, value: &str, why| field_error(reading.row, field, value, why);
    let start = UnixSeconds::new(reading.start);
    let end = start.and_then(|start| start.plus(reading.duration));
    let (Some(start), Some(end)) = (start, end) else {
        let why = "reaches past the year 9999";
        return Err(fail("start", &reading.start.to_string(), why));
    };
    if start == end {
        return Err(fail("duration", "0", "is no time: the end is the start"));
    }
    let number = |unit| billionths(&reading.value, unit);
    let joules = match usage(kind)? {
        Use::Skip(_) => return Ok(None),
        Use::Energy(unit) => number(unit),
        Use::Power(unit) => number(unit).and_then(|watts| {
            let joules = watts.get().checked_mul(u128::from(reading.duration));
            joules.and_then(Billionths::new).ok_or("is too large")
        }),
    };
    Ok(Some(Lot {
        start: Millis::from(start),
        end: Millis::from(end),
        joules: joules.map_err(|why| fail("value", &reading.value, why))?,
        row: reading.row,
    }))
}
