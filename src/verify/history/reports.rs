//! The reports of an area, packed: a year of hours over a hundred areas is near a
//! million of them, and all must be held until the last pledge was read.
//!
//! What most reports share is written once (its shape); what tells one from the one
//! before it is a few short numbers. Corrections, and second statements for a place, are
//! few and stand beside.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::encoding::Raw;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::history::account::Account;
use crate::verify::history::account::Gap;
use crate::verify::history::account::Kind;
use crate::verify::history::account::Told;

/// Reports in one block, each of which is found and read on its own: little more than a day
/// of hours, for much is asked about a day.
const BLOCK: usize = 32;

/// How many of the newest shapes a new report's is looked for among.
const SHAPES: usize = 32;

/// A `usage` with what became of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    /// What it accounts for.
    pub period: Period,
    /// Its sequence.
    pub sequence: u64,
    /// Itself, and its corrections after it. Never empty.
    pub versions: Vec<Version>,
}

/// One version of a report.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Version {
    /// Where it stands.
    pub index: u64,
    /// What it says.
    pub account: Account,
    /// Whether it was understood; what was not covers nothing and still admits.
    pub understood: bool,
    /// Whether it conflicts with another statement of its place: it counts for a breach
    /// and for nothing else.
    pub conflicting: bool,
}

/// The reports of an area, in the order of their periods.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Reports {
    shapes: Vec<Shape>,
    blocks: Vec<Block>,
    last: Option<Place>,
    count: u64,
    /// Later versions, by the sequence of the report that they are of.
    later: BTreeMap<u64, Vec<Version>>,
}

/// Which figures a report has, and whether it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Shape {
    understood: bool,
    figures: Vec<(Arc<Kind>, Form)>,
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Form {
    /// Whether its value is one number.
    exact: bool,
    gap: GapForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum GapForm {
    Charged,
    None,
    Unbounded,
    Unknown,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Block {
    first: Place,
    count: usize,
    bytes: Raw,
}

/// Where a report stands: in time, in its stream, in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Place {
    period: Period,
    sequence: u64,
    index: u64,
}

impl Reports {
    /// Returns how many there are.
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the end of the last one's period.
    pub fn end(&self) -> Option<UnixSeconds> {
        self.last.map(|last| last.period.end())
    }

    /// Adds a report. Its period must not begin before the last one's end, and its
    /// sequence and index must be larger: otherwise it is handed back.
    pub fn push(
        &mut self,
        period: Period,
        sequence: u64,
        version: Version,
    ) -> Result<(), Box<Report>> {
        let place = Place {
            period,
            sequence,
            index: version.index,
        };
        let follows = |last: Place| {
            last.period.end() <= period.start()
                && last.sequence < sequence
                && last.index < version.index
        };
        if !self.last.is_none_or(follows) || version.conflicting {
            return Err(Box::new(Report {
                period,
                sequence,
                versions: vec![version],
            }));
        }
        let shape = self.shape(&version);
        let previous = match (self.blocks.last(), self.last) {
            (Some(block), Some(last)) if block.count < BLOCK => last,
            _ => {
                // The block before is done: it keeps no more room than it needs.
                if let Some(done) = self.blocks.last_mut() {
                    done.bytes.0.shrink_to_fit();
                }
                self.blocks.push(Block {
                    first: place,
                    count: 0,
                    bytes: Raw::default(),
                });
                place
            }
        };
        if let Some(block) = self.blocks.last_mut() {
            let Raw(bytes) = &mut block.bytes;
            write_place(bytes, previous, place, block.count == 0);
            write(bytes, u128::try_from(shape).unwrap_or(u128::MAX));
            for told in &version.account.figures {
                write_told(bytes, told);
            }
            block.count = block.count.saturating_add(1);
        }
        self.last = Some(place);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// Adds a later version of the report of that sequence and period, or hands it back if
    /// there is none.
    pub fn add_version(
        &mut self,
        sequence: u64,
        period: Period,
        version: Version,
    ) -> Result<(), Box<Version>> {
        if self.period_of(sequence) != Some(period) {
            return Err(Box::new(version));
        }
        self.later.entry(sequence).or_default().push(version);
        Ok(())
    }

    /// Returns the period of the report of that sequence.
    pub fn period_of(&self, sequence: u64) -> Option<Period> {
        self.find(sequence).map(|place| place.period)
    }

    /// Returns what the figures of a late report are of: most often those of the next too.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        let figures = self.shapes.last().map(|shape| shape.figures.as_slice());
        figures.unwrap_or_default().iter().map(|(kind, _)| kind)
    }

    /// Whether any report has a later version.
    pub fn has_later_versions(&self) -> bool {
        !self.later.is_empty()
    }

    /// Returns the reports whose periods end after `from` and begin before `until`.
    pub fn within(&self, from: UnixSeconds, until: UnixSeconds) -> impl Iterator<Item = Report> {
        let mut cursor = self.cursor(from, until);
        std::iter::from_fn(move || cursor.next().cloned())
    }

    /// As [`Self::within`], one after the other in the same place: a year of hours is read
    /// many times, and nothing of it kept.
    pub fn cursor(&self, from: UnixSeconds, until: UnixSeconds) -> Cursor<'_> {
        // The block that holds the first of them, or begins just after it.
        let after = self
            .blocks
            .partition_point(|block| block.first.period.start() <= from);
        let start = after.saturating_sub(1);
        Cursor {
            reports: self,
            blocks: self.blocks.get(start..).unwrap_or_default().iter(),
            block: None,
            from,
            until,
            shape: None,
            report: None,
        }
    }

    /// Returns the number of the shape, which is kept if it is new.
    fn shape(&mut self, version: &Version) -> usize {
        let figures = &version.account.figures;
        let same = |shape: &Shape| {
            shape.understood == version.understood
                && shape.figures.len() == figures.len()
                && shape
                    .figures
                    .iter()
                    .zip(figures)
                    .all(|((kind, form), told)| *kind == told.kind && *form == Form::of(told))
        };
        // Only the newest are looked at: a lab may make every one another.
        let newest = self.shapes.len().saturating_sub(SHAPES);
        let found = self.shapes.get(newest..).unwrap_or_default();
        if let Some(found) = found.iter().rposition(same) {
            return newest.saturating_add(found);
        }
        self.shapes.push(Shape {
            understood: version.understood,
            figures: figures
                .iter()
                .map(|told| (Arc::clone(&told.kind), Form::of(told)))
                .collect(),
        });
        self.shapes.len().saturating_sub(1)
    }

    fn find(&self, sequence: u64) -> Option<Place> {
        let after = self
            .blocks
            .partition_point(|block| block.first.sequence <= sequence);
        let mut places = Places::of(self.blocks.get(after.checked_sub(1)?)?);
        loop {
            let (place, shape) = places.next()?;
            if place.sequence == sequence {
                return Some(place);
            }
            places.skip(self.shapes.get(shape)?)?;
        }
    }
}

/// Reads reports one after the other ([`Reports::cursor`]).
pub struct Cursor<'r> {
    reports: &'r Reports,
    blocks: std::slice::Iter<'r, Block>,
    block: Option<Places<'r>>,
    from: UnixSeconds,
    until: UnixSeconds,
    /// The number of the shape that the figures of `report` have.
    shape: Option<usize>,
    report: Option<Report>,
}

impl std::fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor").finish_non_exhaustive()
    }
}

impl Cursor<'_> {
    /// Returns the next report.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not lend what it returns"
    )]
    pub fn next(&mut self) -> Option<&Report> {
        let (place, shape) = self.find()?;
        let places = self.block.as_mut()?;
        let of = self.reports.shapes.get(shape)?;
        let report = self.report.get_or_insert_with(|| Report {
            period: place.period,
            sequence: place.sequence,
            versions: Vec::new(),
        });
        report.period = place.period;
        report.sequence = place.sequence;
        report.versions.truncate(1);
        let known = report.versions.first_mut();
        if let Some(version) = known.filter(|_| self.shape == Some(shape)) {
            // What the figures are of is there already.
            version.index = place.index;
            let figures = version.account.figures.iter_mut();
            for (told, (_, form)) in figures.zip(&of.figures) {
                (told.value, told.gap) = read_amount(&mut places.bytes, *form)?;
            }
        } else {
            let figures = of.figures.iter();
            let figures = figures.map(|(kind, form)| {
                let (value, gap) = read_amount(&mut places.bytes, *form)?;
                let kind = Arc::clone(kind);
                Some(Told { kind, value, gap })
            });
            let figures = figures.collect::<Option<Vec<Told>>>()?;
            report.versions.clear();
            report.versions.push(Version {
                index: place.index,
                account: Account { figures },
                understood: of.understood,
                conflicting: false,
            });
            self.shape = Some(shape);
        }
        if let Some(later) = self.reports.later.get(&place.sequence) {
            report.versions.extend(later.iter().cloned());
        }
        self.report.as_ref()
    }

    /// Goes to the next report that is wanted; its figures are not read yet.
    fn find(&mut self) -> Option<(Place, usize)> {
        loop {
            let places = match &mut self.block {
                Some(places) if !places.bytes.is_empty() => places,
                block => block.insert(Places::of(self.blocks.next()?)),
            };
            let (place, shape) = places.next()?;
            if place.period.start() >= self.until {
                (self.blocks, self.block) = ([].iter(), None);
                return None;
            }
            if place.period.end() > self.from {
                return Some((place, shape));
            }
            places.skip(self.reports.shapes.get(shape)?)?;
        }
    }
}

/// Where the reports of a block stand, one after the other.
struct Places<'r> {
    first: Place,
    previous: Option<Place>,
    bytes: &'r [u8],
}

impl<'r> Places<'r> {
    const fn of(block: &'r Block) -> Self {
        Self {
            first: block.first,
            previous: None,
            bytes: block.bytes.0.as_slice(),
        }
    }

    /// Returns the next place and the number of its shape. Its figures must be read or
    /// skipped before the one after it.
    fn next(&mut self) -> Option<(Place, usize)> {
        if self.bytes.is_empty() {
            return None;
        }
        let place = read_place(&mut self.bytes, self.previous, self.first)?;
        self.previous = Some(place);
        let shape = usize::try_from(read(&mut self.bytes)?).ok()?;
        Some((place, shape))
    }

    fn skip(&mut self, shape: &Shape) -> Option<()> {
        for (_, form) in &shape.figures {
            read_amount(&mut self.bytes, *form)?;
        }
        Some(())
    }
}

impl Form {
    fn of(told: &Told) -> Self {
        Self {
            exact: told.value.lower() == told.value.upper(),
            gap: match told.gap {
                Gap::Charged(Quantity::ZERO) => GapForm::None,
                Gap::Charged(_) => GapForm::Charged,
                Gap::Unbounded => GapForm::Unbounded,
                Gap::Unknown => GapForm::Unknown,
            },
        }
    }
}

/// Writes what tells a place from the one before it; nothing for the first of a block.
fn write_place(bytes: &mut Vec<u8>, previous: Place, place: Place, first: bool) {
    if first {
        return;
    }
    for difference in [
        place.period.start().since(previous.period.end()),
        place.period.seconds(),
        place.sequence.saturating_sub(previous.sequence),
        place.index.saturating_sub(previous.index),
    ] {
        write(bytes, u128::from(difference));
    }
}

fn read_place(bytes: &mut &[u8], previous: Option<Place>, first: Place) -> Option<Place> {
    let Some(previous) = previous else {
        return Some(first);
    };
    let mut next = || u64::try_from(read(bytes)?).ok();
    let start = previous.period.end().plus(next()?)?;
    let period = Period::new(start, start.plus(next()?)?)?;
    Some(Place {
        period,
        sequence: previous.sequence.checked_add(next()?)?,
        index: previous.index.checked_add(next()?)?,
    })
}

fn write_told(bytes: &mut Vec<u8>, told: &Told) {
    let (lower, upper) = (told.value.lower().get(), told.value.upper().get());
    write(bytes, lower);
    if lower != upper {
        write(bytes, upper.saturating_sub(lower));
    }
    match told.gap {
        Gap::Charged(Quantity::ZERO) | Gap::Unbounded | Gap::Unknown => {}
        Gap::Charged(gap) => write(bytes, gap.get()),
    }
}

/// Reads the value of a figure and what it did not see.
fn read_amount(bytes: &mut &[u8], form: Form) -> Option<(Interval, Gap)> {
    let lower = Quantity::new(read(bytes)?)?;
    let upper = if form.exact {
        lower
    } else {
        lower.plus(Quantity::new(read(bytes)?)?)?
    };
    let gap = match form.gap {
        GapForm::Charged => Gap::Charged(Quantity::new(read(bytes)?)?),
        GapForm::None => Gap::Charged(Quantity::ZERO),
        GapForm::Unbounded => Gap::Unbounded,
        GapForm::Unknown => Gap::Unknown,
    };
    Some((Interval::new(lower, upper)?, gap))
}

/// Writes a number in groups of seven bits, the lowest first (LEB128).
fn write(bytes: &mut Vec<u8>, mut number: u128) {
    loop {
        let group = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(group);
            return;
        }
        bytes.push(group | 0x80);
    }
}

#[inline]
fn read(bytes: &mut &[u8]) -> Option<u128> {
    match bytes.split_first() {
        Some((byte, rest)) if *byte < 0x80 => {
            *bytes = rest;
            Some(u128::from(*byte))
        }
        _ => read_long(bytes),
    }
}

/// As [`read_wide`]: most have at most eight groups, which are put together at once.
#[inline]
fn read_long(bytes: &mut &[u8]) -> Option<u128> {
    let Some(word) = bytes.first_chunk().copied().map(u64::from_le_bytes) else {
        return read_wide(bytes);
    };
    // The last group is the first byte whose highest bit is not set.
    let ends = !word & 0x8080_8080_8080_8080;
    let Some(below) = ends.checked_sub(1) else {
        return read_wide(bytes);
    };
    let last = usize::try_from(ends.trailing_zeros() / 8).ok()?;
    let groups = word & (ends ^ below) & 0x7f7f_7f7f_7f7f_7f7f;
    // Groups of 7 bits stand 8 apart: pairs of them, pairs of pairs, and both halves.
    let pairs = (groups & 0x007f_007f_007f_007f) | ((groups & 0x7f00_7f00_7f00_7f00) >> 1);
    let fours = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
    let all = (fours & 0x0000_0000_0fff_ffff) | ((fours & 0x0fff_ffff_0000_0000) >> 4);
    *bytes = bytes.get(last.saturating_add(1)..)?;
    Some(u128::from(all))
}

fn read_wide(bytes: &mut &[u8]) -> Option<u128> {
    let (mut number, mut shift) = (0_u128, 0_u32);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u128::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift = shift.checked_add(7)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::attestation::content::FigureKey;
    use crate::attestation::figure::{Basis, Class, QuantityKind};

    fn told(model: &str, value: (u128, u128), gap: Gap) -> Told {
        let bound = |bound| Quantity::new(bound).unwrap();
        Told {
            kind: Arc::new(Kind {
                key: FigureKey {
                    quantity: QuantityKind::AcceleratorSeconds,
                    model: model.to_owned(),
                    class: Class::Training,
                    basis: Basis::Allocated,
                    boundary: None,
                },
                precision: None,
            }),
            value: Interval::new(bound(value.0), bound(value.0.max(value.1))).unwrap(),
            gap,
        }
    }

    fn gap() -> impl Strategy<Value = Gap> {
        prop_oneof![
            Just(Gap::Unknown),
            Just(Gap::Unbounded),
            (0..=Quantity::MAX.get()).prop_map(|gap| Gap::Charged(Quantity::new(gap).unwrap())),
        ]
    }

    fn figure() -> impl Strategy<Value = Told> {
        let most = Quantity::MAX.get();
        ("[ab]", 0..=most, 0..=most, gap())
            .prop_map(|(model, lower, upper, gap)| told(&model, (lower, upper), gap))
    }

    fn report() -> impl Strategy<Value = (u64, u64, u64, u64, Vec<Told>, bool)> {
        let figures = prop::collection::vec(figure(), 0..4);
        (
            0..9_u64,
            1..9_000_u64,
            1..9_u64,
            1..9_u64,
            figures,
            any::<bool>(),
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_as_it_went_in(
            given in prop::collection::vec(report(), 0..400),
            from in 0..1_000_000_u64,
            length in 1..2_000_000_u64,
        ) {
            let (mut reports, mut expected) = (Reports::default(), Vec::new());
            let (mut time, mut sequence, mut index) = (UnixSeconds::EPOCH, 0, 0);
            for (hole, seconds, later, further, figures, understood) in given {
                let start = time.plus(hole).unwrap();
                time = start.plus(seconds).unwrap();
                let period = Period::new(start, time).unwrap();
                (sequence, index) = (sequence + later, index + further);
                let version = Version {
                    index,
                    account: Account { figures },
                    understood,
                    conflicting: false,
                };
                reports.push(period, sequence, version.clone()).unwrap();
                expected.push((period, sequence, version));
            }
            let (from, until) = (
                UnixSeconds::new(from).unwrap(),
                UnixSeconds::new(from + length).unwrap(),
            );
            let found: Vec<Report> = reports.within(from, until).collect();
            let inside: Vec<_> = expected
                .iter()
                .filter(|(period, _, _)| period.end() > from && period.start() < until)
                .collect();
            prop_assert_eq!(found.len(), inside.len());
            for (found, (period, sequence, version)) in found.iter().zip(inside) {
                prop_assert_eq!(found.period, *period);
                prop_assert_eq!(found.sequence, *sequence);
                prop_assert_eq!(&found.versions[0].account, &version.account);
                prop_assert_eq!(found.versions[0].understood, version.understood);
                prop_assert_eq!(found.versions[0].index, version.index);
            }
            for (period, sequence, _) in &expected {
                prop_assert_eq!(reports.period_of(*sequence), Some(*period));
            }
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_at_once_as_it_is_group_by_group(
            number in any::<u128>(),
            bits in 0_u32..128,
            bytes in prop::collection::vec(any::<u8>(), 0..24),
        ) {
            let mut written = Vec::new();
            write(&mut written, number >> bits);
            written.extend_from_slice(&bytes);
            for bytes in [&written, &bytes] {
                let (mut at_once, mut by_group) = (bytes.as_slice(), bytes.as_slice());
                prop_assert_eq!(read(&mut at_once), read_wide(&mut by_group));
                prop_assert_eq!(at_once, by_group);
            }
            let mut rest = written.as_slice();
            prop_assert_eq!(read(&mut rest), Some(number >> bits));
            prop_assert_eq!(rest, bytes);
        }
    }

    #[test]
    fn an_hour_of_five_figures_takes_less_than_32_bytes() {
        let mut reports = Reports::default();
        let hours = 10_000;
        for hour in 0..hours {
            let start = UnixSeconds::new(hour * 3600).unwrap();
            let period = Period::new(start, start.plus(3600).unwrap()).unwrap();
            let figures = (0..5)
                .map(|number| told(&number.to_string(), (3_000_000, 3_000_000), Gap::Unknown))
                .collect();
            let version = Version {
                index: 100 + 100 * hour,
                account: Account { figures },
                understood: true,
                conflicting: false,
            };
            reports.push(period, hour, version).unwrap();
        }
        let blocks = reports.blocks.capacity() * size_of::<Block>();
        let bytes: usize = reports
            .blocks
            .iter()
            .map(|block| block.bytes.0.capacity())
            .sum();
        let each = (blocks + bytes) as u64 / hours;
        assert!(each < 32, "{each}");
    }
}
