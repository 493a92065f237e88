//! The accelerator catalogue: what one unit of a model is, and what it can do at most.
//!
//! Specified in `specs/catalogue.md`. An auditor recomputes FLOP from accelerator-seconds
//! with one catalogue, his own, for baseline and window alike (verdicts: absent is
//! unknown). The one that comes with this program is data, `catalogue/accelerators.toml`;
//! a [`Catalogue`] can be had only by checking such data.
//!
//! A peak is what a data sheet promises, dense, and so bounds from above. What a device
//! did do no catalogue knows.

mod entry;
mod read;

use std::collections::BTreeMap;

use crate::encoding::json::Object;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::quantity::Interval;
use crate::quantity::Quantity;

use read::Entries;

pub use entry::{Accelerator, Confidence, Format, Reading, Release, Tdp, TdpBasis};
pub use read::CatalogueError;

/// The longest id of a model or a source, in bytes (catalogue: "Accelerators").
pub const MAX_ID: usize = 64;

/// The model whose highest dense peak is one H100-equivalent (formats: 7).
pub const REFERENCE: &str = "h100-sxm";

/// What the canonical form names itself, so that a later form cannot be taken for it.
const FORMAT: &str = "standstill/catalogue/v1";

/// Thousandths in one H100-equivalent (formats: 7).
const THOUSANDTHS: u64 = 1000;

/// The data that comes with this program.
const EMBEDDED: &str = include_str!("catalogue/accelerators.toml");

/// Accelerators with their sources, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    accelerators: BTreeMap<String, Accelerator>,
    sources: BTreeMap<String, Cited>,
    reference: Quantity,
    digest: Hash,
}

impl Catalogue {
    /// Returns the catalogue that comes with this program.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a constant, and `tests/catalogue.rs` parses it"
    )]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded catalogue is valid")
    }

    /// Parses and checks a catalogue (catalogue: "Verifying a catalogue").
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let Entries {
            accelerators,
            sources,
        } = read::parse(text)?;
        let reference = accelerators
            .get(REFERENCE)
            .ok_or(CatalogueError::NoReference)?
            .peak_any();
        let digest = sha256(canonical(&accelerators, &sources).as_bytes());
        Ok(Self {
            accelerators,
            sources,
            reference,
            digest,
        })
    }

    /// Returns the model of that id.
    pub fn get(&self, model: &str) -> Option<&Accelerator> {
        self.accelerators.get(model)
    }

    /// Returns the models, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Accelerator> {
        self.accelerators.values()
    }

    /// Returns the sources, sorted by id.
    pub fn sources(&self) -> impl Iterator<Item = &Cited> {
        self.sources.values()
    }

    /// Returns the highest dense peak of one unit of a model over all formats, in
    /// operations a second, or `None` if the catalogue lacks the model: then there is no
    /// upper bound (verdicts: absent is unknown).
    pub fn peak_any(&self, model: &str) -> Option<u128> {
        self.get(model).map(|model| model.peak_any().get())
    }

    /// Returns how many thousandths of one H100 SXM so many units of a model are, at
    /// their highest dense peaks, rounded outward; or `None` if the catalogue lacks the
    /// model or the number is out of range.
    ///
    /// Where sources differ, the lower bound takes the lowest reading of each format.
    pub fn h100_equivalents(&self, model: &str, units: u64) -> Option<Interval> {
        let model = self.get(model)?;
        let reference = self.reference.get();
        let scaled = |peak: Quantity| peak.times(units)?.times(THOUSANDTHS);
        let lower = scaled(model.least_peak_any())?
            .get()
            .checked_div(reference)?;
        let upper = scaled(model.peak_any())?.get();
        let upper = upper
            .checked_div(reference)?
            .checked_add(u128::from(upper.checked_rem(reference)? != 0))?;
        Interval::new(Quantity::new(lower)?, Quantity::new(upper)?)
    }

    /// Returns the digest by which `usage` statements and trust files name a catalogue:
    /// SHA-256 of the canonical form (catalogue: "Digest").
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// Spells the canonical form, of which [`Self::digest`] is the digest.
    pub fn to_canonical(&self) -> String {
        canonical(&self.accelerators, &self.sources)
    }
}

fn canonical(
    accelerators: &BTreeMap<String, Accelerator>,
    sources: &BTreeMap<String, Cited>,
) -> String {
    let accelerators: Vec<Object<'_>> = accelerators.values().map(Accelerator::to_json).collect();
    let sources: Vec<Object<'_>> = sources.values().map(Cited::to_json).collect();
    Object::new()
        .with("accelerators", accelerators)
        .with("format", FORMAT)
        .with("sources", sources)
        .to_canonical()
}

/// Where values of a catalogue come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    id: String,
    title: String,
    url: Option<String>,
    licence: Option<String>,
}

impl Cited {
    /// Returns the name by which entries cite it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns who says it, and where.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Returns where it can be read, where that is known.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Returns the licence of the data taken from it, where there is one.
    pub fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    fn to_json(&self) -> Object<'_> {
        Object::new()
            .with("id", self.id.as_str())
            .with_some("licence", self.licence.as_deref())
            .with("title", self.title.as_str())
            .with_some("url", self.url.as_deref())
    }
}
