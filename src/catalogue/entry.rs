//! One model of accelerator: its unit, its peaks, and how sure they are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::encoding::json::Object;
use crate::quantity::Quantity;

/// A model of accelerator.
///
/// Its id never changes its unit, because published figures count in that unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accelerator {
    pub(super) id: String,
    pub(super) vendor: String,
    pub(super) name: String,
    pub(super) unit_definition: String,
    pub(super) dies_per_unit: Quantity,
    /// Never empty.
    pub(super) peaks: BTreeMap<Format, Reading>,
    pub(super) tdp: Option<Tdp>,
    pub(super) release: Release,
    /// Never empty.
    pub(super) sources: Vec<String>,
    pub(super) conflicts: Vec<String>,
}

impl Accelerator {
    /// Returns the id by which statements name the model.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns who makes it.
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// Returns what people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what counts as one: a GPU, a package, a chip.
    pub fn unit_definition(&self) -> &str {
        &self.unit_definition
    }

    /// Returns how many compute dies one unit has. For people only: no figure uses it.
    pub const fn dies_per_unit(&self) -> Quantity {
        self.dies_per_unit
    }

    /// Returns the dense peak of one unit in a format, in operations a second, or `None`
    /// where the model does not compute in it or no source says.
    pub fn peak(&self, format: Format) -> Option<&Reading> {
        self.peaks.get(&format)
    }

    /// Returns the dense peaks by format.
    pub fn peaks(&self) -> impl Iterator<Item = (Format, &Reading)> {
        self.peaks.iter().map(|(format, peak)| (*format, peak))
    }

    /// Returns the highest dense peak over all formats, in operations a second, the
    /// highest reading where sources differ: what bounds from above.
    pub fn peak_any(&self) -> Quantity {
        self.peaks
            .values()
            .map(Reading::upper)
            .fold(Quantity::ZERO, Quantity::max)
    }

    /// As [`Self::peak_any`], but by the lowest reading of each format.
    pub fn least_peak_any(&self) -> Quantity {
        self.peaks
            .values()
            .map(Reading::lower)
            .fold(Quantity::ZERO, Quantity::max)
    }

    /// Returns the thermal design power of one unit, where a source gives one.
    pub const fn tdp(&self) -> Option<&Tdp> {
        self.tdp.as_ref()
    }

    /// Returns when it was first to be had.
    pub const fn release(&self) -> &Release {
        &self.release
    }

    /// Returns the ids of the sources of its values. Never empty.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// Returns where sources differ, in words.
    pub fn conflicts(&self) -> impl Iterator<Item = &str> {
        self.conflicts.iter().map(String::as_str)
    }

    pub(super) fn to_json(&self) -> Object<'_> {
        let peaks = self
            .peaks
            .iter()
            .fold(Object::new(), |peaks, (format, peak)| {
                peaks.with(format.name(), peak.to_json("flops"))
            });
        Object::new()
            .with("conflicts", self.conflicts.clone())
            .with("diesPerUnit", self.dies_per_unit.to_string())
            .with("id", self.id.as_str())
            .with("name", self.name.as_str())
            .with("peaks", peaks)
            .with(
                "release",
                Object::new()
                    .with("confidence", self.release.confidence.name())
                    .with("date", self.release.date.as_str()),
            )
            .with("sources", self.sources.clone())
            .with("sparsity", "none")
            .with_some("tdp", self.tdp.as_ref().map(Tdp::to_json))
            .with("unitDefinition", self.unit_definition.as_str())
            .with("vendor", self.vendor.as_str())
    }
}

/// A number format that a model computes in, dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Sixteen bits, BF16 or FP16: matrix units do both at one rate.
    Bf16,
    /// Eight bits, floating.
    Fp8,
    /// Four bits, floating.
    Fp4,
    /// Eight bits, integer: operations, not floating-point ones, but they bound.
    Int8,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Bf16, Self::Fp8, Self::Fp4, Self::Int8];

    /// Returns the format's name in catalogues.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Fp4 => "fp4",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or("is none of `bf16`, `fp8`, `fp4`, `int8`")
    }
}

/// How sure a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confidence {
    /// Given by the main source, which names a data sheet.
    Sourced,
    /// Given by one other source only, or not confirmed.
    Unconfirmed,
    /// Sources differ: see [`Accelerator::conflicts`].
    Conflict,
}

impl Confidence {
    /// Returns the mark's name in catalogues.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sourced => "sourced",
            Self::Unconfirmed => "unconfirmed",
            Self::Conflict => "conflict",
        }
    }

    /// Returns the sign that stands behind a value in tables.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Sourced => "",
            Self::Unconfirmed => "†",
            Self::Conflict => "‡",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Confidence {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Sourced, Self::Unconfirmed, Self::Conflict]
            .into_iter()
            .find(|confidence| confidence.name() == text)
            .ok_or("is none of `sourced`, `unconfirmed`, `conflict`")
    }
}

/// A value as sources give it, never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub(super) stated: Quantity,
    pub(super) also: Vec<Quantity>,
    pub(super) confidence: Confidence,
}

impl Reading {
    /// Returns the value that the main source gives.
    pub const fn stated(&self) -> Quantity {
        self.stated
    }

    /// Returns what other sources give, where they differ and are not rejected.
    pub fn also(&self) -> &[Quantity] {
        &self.also
    }

    /// Returns the lowest reading.
    pub fn lower(&self) -> Quantity {
        self.also.iter().copied().fold(self.stated, Quantity::min)
    }

    /// Returns the highest reading.
    pub fn upper(&self) -> Quantity {
        self.also.iter().copied().fold(self.stated, Quantity::max)
    }

    /// Returns how sure it is.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    fn to_json(&self, unit: &'static str) -> Object<'static> {
        let also: Vec<String> = self.also.iter().map(Quantity::to_string).collect();
        Object::new()
            .with("also", also)
            .with("confidence", self.confidence.name())
            .with(unit, self.stated.to_string())
    }
}

/// The thermal design power of one unit, in watts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tdp {
    pub(super) watts: Reading,
    pub(super) basis: TdpBasis,
}

impl Tdp {
    /// Returns the watts.
    pub const fn watts(&self) -> &Reading {
        &self.watts
    }

    /// Returns who says so.
    pub const fn basis(&self) -> TdpBasis {
        self.basis
    }

    fn to_json(&self) -> Object<'static> {
        self.watts.to_json("watts").with("basis", self.basis.name())
    }
}

/// Who says what power a unit takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TdpBasis {
    /// Its maker.
    Datasheet,
    /// Somebody else.
    Estimate,
}

impl TdpBasis {
    /// Returns the basis's name in catalogues.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Datasheet => "datasheet",
            Self::Estimate => "estimate",
        }
    }
}

impl FromStr for TdpBasis {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Datasheet, Self::Estimate]
            .into_iter()
            .find(|basis| basis.name() == text)
            .ok_or("is neither `datasheet` nor `estimate`")
    }
}

/// When a model was first to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub(super) date: String,
    pub(super) confidence: Confidence,
}

impl Release {
    /// Returns the date, `YYYY` or `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Returns how sure it is.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }
}
