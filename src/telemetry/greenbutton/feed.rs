//! The feed as it stands: entries, their links, and the readings of its blocks.
//!
//! Elements are told by their local names and the element they stand in; those that are
//! not of use are passed over, at any depth up to a limit.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

use crate::telemetry::SourceError;
use crate::telemetry::bounded::Bounded;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
use crate::telemetry::greenbutton::EXPECTED;

/// The deepest element; the ESPI schema needs eight.
const MAX_DEPTH: usize = 32;

/// The longest value; ESPI's are integers of 48 bits and codes.
const MAX_VALUE: usize = 64;

/// The most entries that are kept: with one block a day, more than a century.
const MAX_ENTRIES: usize = 1 << 16;

/// The most reading types: a meter has a few.
const MAX_TYPES: usize = 1 << 8;

/// The most bytes of links that are kept; one of a utility has about a hundred.
const MAX_LINKS: usize = 1 << 24;

/// The most related links of an entry: a usage point, which has the most, has about ten.
const MAX_RELATED: usize = 32;

/// An entry, by its links.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// `rel="self"`.
    pub(super) own: String,
    /// `rel="up"`.
    pub(super) up: String,
    /// `rel="related"`.
    pub(super) related: Vec<String>,
}

/// What a reading type says of its readings.
#[derive(Debug, Default)]
pub(super) struct ReadingType {
    pub(super) row: u64,
    pub(super) uom: Option<String>,
    pub(super) multiplier: Option<String>,
    pub(super) accumulation: Option<String>,
    pub(super) flow: Option<String>,
    pub(super) qualifier: Option<String>,
    pub(super) quality: Option<u8>,
}

/// A reading, of the block of that index.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) row: u64,
    pub(super) block: usize,
    pub(super) start: u64,
    pub(super) duration: u64,
    pub(super) value: Box<str>,
    pub(super) quality: Option<u8>,
}

/// A feed.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) meter_readings: Vec<Entry>,
    pub(super) blocks: Vec<Entry>,
    /// Each with its own link.
    pub(super) types: Vec<(String, ReadingType)>,
    pub(super) readings: Vec<Reading>,
}

/// Where an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Feed,
    Entry,
    Content,
    MeterReading,
    ReadingType,
    Block,
    Reading,
    Period,
    Quality,
    Leaf(Leaf),
    Other,
}

/// An element that holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Start,
    Duration,
    Value,
    Quality,
    Uom,
    Multiplier,
    Accumulation,
    Flow,
    Qualifier,
    DefaultQuality,
}

impl Place {
    /// Returns what an element called `name` is in this one, or at the top of a document.
    fn child(within: Option<Self>, name: &[u8]) -> Option<Self> {
        Some(match (within, name) {
            (None, b"feed") => Self::Feed,
            (None | Some(Self::Feed), b"entry") => Self::Entry,
            (None, _) => return None,
            (Some(Self::Entry), b"content") => Self::Content,
            (Some(Self::Content), b"MeterReading") => Self::MeterReading,
            (Some(Self::Content), b"ReadingType") => Self::ReadingType,
            (Some(Self::Content), b"IntervalBlock") => Self::Block,
            (Some(Self::Block), b"IntervalReading") => Self::Reading,
            (Some(Self::Reading), b"timePeriod") => Self::Period,
            (Some(Self::Reading), b"ReadingQuality") => Self::Quality,
            (Some(Self::Reading), b"value") => Self::Leaf(Leaf::Value),
            (Some(Self::Quality), b"quality") => Self::Leaf(Leaf::Quality),
            (Some(Self::Period), b"start") => Self::Leaf(Leaf::Start),
            (Some(Self::Period), b"duration") => Self::Leaf(Leaf::Duration),
            (Some(Self::ReadingType), b"uom") => Self::Leaf(Leaf::Uom),
            (Some(Self::ReadingType), b"powerOfTenMultiplier") => Self::Leaf(Leaf::Multiplier),
            (Some(Self::ReadingType), b"accumulationBehaviour") => Self::Leaf(Leaf::Accumulation),
            (Some(Self::ReadingType), b"flowDirection") => Self::Leaf(Leaf::Flow),
            (Some(Self::ReadingType), b"dataQualifier") => Self::Leaf(Leaf::Qualifier),
            (Some(Self::ReadingType), b"defaultQuality") => Self::Leaf(Leaf::DefaultQuality),
            _ => Self::Other,
        })
    }
}

impl Leaf {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Duration => "duration",
            Self::Value => "value",
            Self::Quality => "quality",
            Self::Uom => "uom",
            Self::Multiplier => "powerOfTenMultiplier",
            Self::Accumulation => "accumulationBehaviour",
            Self::Flow => "flowDirection",
            Self::Qualifier => "dataQualifier",
            Self::DefaultQuality => "defaultQuality",
        }
    }
}

fn shape(why: impl Into<String>) -> SourceError {
    SourceError::Shape {
        expected: EXPECTED,
        why: why.into(),
    }
}

impl Feed {
    /// Reads a feed of at most `room` readings.
    pub(super) fn parse(bounded: &mut Bounded, room: usize) -> Result<Self, SourceError> {
        let mut reader = Reader::from_reader(bounded);
        reader.config_mut().expand_empty_elements = true;
        let mut parser = Parser {
            room,
            ..Parser::default()
        };
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            reader.get_mut().next_piece();
            parser.row = reader.get_ref().row();
            let event = reader.read_event_into(&mut buffer);
            let event = event.map_err(|error| match &error {
                quick_xml::Error::Io(io) => reader.get_ref().fail(io, EXPECTED),
                other => shape(format!("near row {}: {other}", parser.row)),
            })?;
            match event {
                Event::Start(tag) => parser.open(&tag)?,
                Event::End(_) => parser.close()?,
                Event::Text(text) => parser.text(&text)?,
                Event::CData(text) => parser.text(&text)?,
                // No value has one: it is then no number.
                Event::GeneralRef(_) => parser.text(b"&")?,
                Event::DocType(_) => {
                    return Err(shape("it declares a document type, which no feed needs"));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if !parser.places.is_empty() {
            return Err(shape("it ends inside an element: it may be cut off there"));
        }
        if parser.feed.readings.is_empty() {
            return Err(shape("it has no interval readings"));
        }
        Ok(parser.feed)
    }
}

/// What was read so far.
#[derive(Default)]
struct Parser {
    feed: Feed,
    row: u64,
    room: usize,
    places: Vec<Place>,
    /// The bytes of links that were kept.
    links: usize,
    text: Vec<u8>,
    entry: Entry,
    /// What the entry holds: blocks in it, a meter reading, types.
    blocks: bool,
    meter_reading: bool,
    kinds: Vec<ReadingType>,
    reading: Draft,
}

/// A reading whose end was not seen.
#[derive(Default)]
struct Draft {
    row: u64,
    start: Option<u64>,
    duration: Option<u64>,
    value: Option<Box<str>>,
    quality: Option<u8>,
}

impl Parser {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), SourceError> {
        if self.places.len() >= MAX_DEPTH {
            return Err(shape(format!("it is more than {MAX_DEPTH} elements deep")));
        }
        let within = self.places.last().copied();
        let name = tag.local_name();
        let place = Place::child(within, name.as_ref())
            .ok_or_else(|| shape(format!("near row {}: it begins otherwise", self.row)))?;
        match place {
            Place::Entry => {
                self.entry = Entry::default();
                (self.blocks, self.meter_reading) = (false, false);
                self.kinds.clear();
            }
            Place::MeterReading => self.meter_reading = true,
            Place::Block => self.blocks = true,
            Place::ReadingType => {
                self.count(self.kinds.len(), MAX_TYPES)?;
                self.kinds.push(ReadingType {
                    row: self.row,
                    ..ReadingType::default()
                });
            }
            Place::Reading => {
                self.reading = Draft {
                    row: self.row,
                    ..Draft::default()
                };
            }
            Place::Leaf(_) => self.text.clear(),
            Place::Other if within == Some(Place::Entry) && name.as_ref() == b"link" => {
                self.link(tag)?;
            }
            _ => {}
        }
        self.places.push(place);
        Ok(())
    }

    fn close(&mut self) -> Result<(), SourceError> {
        match self.places.pop() {
            Some(Place::Leaf(leaf)) => self.leaf(leaf),
            Some(Place::Reading) => self.reading(),
            Some(Place::Entry) => self.entry(),
            _ => Ok(()),
        }
    }

    /// Takes text of a value; of other elements none is kept.
    fn text(&mut self, text: &[u8]) -> Result<(), SourceError> {
        let Some(Place::Leaf(leaf)) = self.places.last() else {
            return Ok(());
        };
        self.text
            .extend(text.iter().take(MAX_VALUE.saturating_add(1)));
        if self.text.len() > MAX_VALUE {
            let text = String::from_utf8_lossy(&self.text);
            let why = format!("has more than {MAX_VALUE} bytes");
            return Err(field_error(self.row, leaf.name(), &text, why));
        }
        Ok(())
    }

    fn link(&mut self, tag: &BytesStart<'_>) -> Result<(), SourceError> {
        let (mut rel, mut href) = (String::new(), String::new());
        for attribute in tag.attributes() {
            let fault = |why: String| shape(format!("near row {}: {why}", self.row));
            let attribute = attribute.map_err(|error| fault(error.to_string()))?;
            let slot = match attribute.key.as_ref() {
                b"rel" => &mut rel,
                b"href" => &mut href,
                _ => continue,
            };
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            *slot = value
                .map_err(|error| fault(error.to_string()))?
                .into_owned();
        }
        let link = path(&href);
        self.links = self.links.saturating_add(link.len());
        if self.links > MAX_LINKS {
            return Err(shape(format!("its links have more than {MAX_LINKS} bytes")));
        }
        match rel.as_str() {
            "self" => link.clone_into(&mut self.entry.own),
            "up" => link.clone_into(&mut self.entry.up),
            "related" if self.entry.related.len() >= MAX_RELATED => {
                let why = format!("has more than {MAX_RELATED} related links");
                return Err(field_error(self.row, "link", link, why));
            }
            "related" => self.entry.related.push(link.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: Leaf) -> Result<(), SourceError> {
        let text = String::from_utf8_lossy(&self.text).trim().to_owned();
        let fail = |why: &str| field_error(self.row, leaf.name(), &text, why);
        let twice = "stands twice";
        let number = || whole(&text).map_err(fail);
        let quality = || text.parse::<u8>().map_err(|_| fail("is no code"));
        match leaf {
            Leaf::Start => {
                if self.reading.start.replace(number()?).is_some() {
                    return Err(fail(twice));
                }
            }
            Leaf::Duration => {
                if self.reading.duration.replace(number()?).is_some() {
                    return Err(fail(twice));
                }
            }
            Leaf::Value => {
                if self.reading.value.replace(text.as_str().into()).is_some() {
                    return Err(fail(twice));
                }
            }
            Leaf::Quality => {
                // Several may apply; valid (0) says nothing against another.
                let quality = quality()?;
                let known = self.reading.quality.filter(|known| *known != 0);
                self.reading.quality = known.or(Some(quality));
            }
            _ => {
                let code = (leaf == Leaf::DefaultQuality).then(quality).transpose()?;
                let Some(kind) = self.kinds.last_mut() else {
                    return Ok(());
                };
                let slot = match leaf {
                    Leaf::Uom => &mut kind.uom,
                    Leaf::Multiplier => &mut kind.multiplier,
                    Leaf::Accumulation => &mut kind.accumulation,
                    Leaf::Flow => &mut kind.flow,
                    Leaf::Qualifier => &mut kind.qualifier,
                    _ => {
                        kind.quality = code;
                        return Ok(());
                    }
                };
                if slot.is_some() {
                    return Err(fail(twice));
                }
                *slot = Some(text);
            }
        }
        Ok(())
    }

    fn reading(&mut self) -> Result<(), SourceError> {
        let draft = std::mem::take(&mut self.reading);
        let missing = |field| field_error(draft.row, field, "", "is missing");
        if self.feed.readings.len() >= self.room {
            let why = "is one reading too many: read fewer files at once";
            return Err(field_error(draft.row, "IntervalReading", "", why));
        }
        self.feed.readings.push(Reading {
            row: draft.row,
            block: self.feed.blocks.len(),
            start: draft.start.ok_or_else(|| missing("start"))?,
            duration: draft.duration.ok_or_else(|| missing("duration"))?,
            quality: draft.quality,
            value: draft.value.ok_or_else(|| missing("value"))?,
        });
        Ok(())
    }

    fn entry(&mut self) -> Result<(), SourceError> {
        let entry = std::mem::take(&mut self.entry);
        for kind in std::mem::take(&mut self.kinds) {
            let known = |one: &(String, ReadingType)| !entry.own.is_empty() && one.0 == entry.own;
            if self.feed.types.iter().any(known) {
                return Err(field_error(
                    kind.row,
                    "ReadingType",
                    &entry.own,
                    "stands twice",
                ));
            }
            self.count(self.feed.types.len(), MAX_TYPES)?;
            self.feed.types.push((entry.own.clone(), kind));
        }
        if self.blocks {
            self.count(self.feed.blocks.len(), MAX_ENTRIES)?;
            self.feed.blocks.push(entry);
        } else if self.meter_reading {
            self.count(self.feed.meter_readings.len(), MAX_ENTRIES)?;
            self.feed.meter_readings.push(entry);
        }
        Ok(())
    }

    fn count(&self, known: usize, most: usize) -> Result<(), SourceError> {
        if known < most {
            return Ok(());
        }
        let why = format!(
            "near row {}: it has more than {most} entries of a kind",
            self.row
        );
        Err(shape(why))
    }
}

/// The path of a link, without scheme, host and what slashes follow it.
fn path(href: &str) -> &str {
    let path = match href.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .and_then(|at| rest.get(at..))
            .unwrap_or_default(),
        None => href,
    };
    path.trim().trim_end_matches('/')
}
