//! Reading a catalogue's TOML, strictly.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;

use crate::catalogue::Cited;
use crate::catalogue::MAX_ID;
use crate::catalogue::REFERENCE;
use crate::catalogue::entry::{Accelerator, Confidence, Format, Reading, Release, Tdp, TdpBasis};
use crate::quantity::Quantity;
use crate::time::UnixSeconds;

/// What a catalogue holds, by id.
pub(super) struct Entries {
    pub(super) accelerators: BTreeMap<String, Accelerator>,
    pub(super) sources: BTreeMap<String, Cited>,
}

/// Parses the entries of a catalogue.
pub(super) fn parse(text: &str) -> Result<Entries, CatalogueError> {
    let raw: RawCatalogue =
        toml::from_str(text).map_err(|error| CatalogueError::Toml(error.to_string()))?;
    let mut sources = BTreeMap::new();
    for raw in raw.source {
        let source = cited(raw)?;
        let id = source.id.clone();
        if sources.insert(id.clone(), source).is_some() {
            return Err(CatalogueError::DuplicateId { id });
        }
    }
    let mut accelerators = BTreeMap::new();
    for raw in raw.accelerator {
        let one = accelerator(raw, &sources)?;
        let id = one.id.clone();
        if accelerators.insert(id.clone(), one).is_some() {
            return Err(CatalogueError::DuplicateId { id });
        }
    }
    Ok(Entries {
        accelerators,
        sources,
    })
}

fn cited(raw: RawSource) -> Result<Cited, CatalogueError> {
    let at = Place(check_id(raw.id)?);
    at.filled("title", &raw.title)?;
    for (field, text) in [("url", &raw.url), ("licence", &raw.licence)] {
        text.as_ref()
            .map_or(Ok(()), |text| at.filled(field, text))?;
    }
    Ok(Cited {
        id: at.0,
        title: raw.title,
        url: raw.url,
        licence: raw.licence,
    })
}

fn accelerator(
    raw: RawAccelerator,
    sources: &BTreeMap<String, Cited>,
) -> Result<Accelerator, CatalogueError> {
    let at = Place(check_id(raw.id)?);
    let Some(unit_definition) = raw.unit_definition.filter(|unit| !unit.trim().is_empty()) else {
        return Err(CatalogueError::NoUnit { id: at.0 });
    };
    at.filled("unit_definition", &unit_definition)?;
    at.filled("vendor", &raw.vendor)?;
    at.filled("name", &raw.name)?;
    if raw.sparsity != "none" {
        return Err(CatalogueError::Sparse {
            id: at.0,
            found: raw.sparsity,
        });
    }
    for text in &raw.conflicts {
        at.filled("conflicts", text)?;
    }
    let explained = !raw.conflicts.is_empty();
    let peaks = raw
        .peaks
        .into_iter()
        .map(|(format, raw)| at.peak(&format, &raw, explained))
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    if peaks.is_empty() {
        return Err(at.fault("peaks", "", "no peak is given"));
    }
    let tdp = raw.tdp.map(|raw| at.tdp(&raw, explained)).transpose()?;
    let release = at.release(raw.release, explained)?;
    if raw.sources.is_empty() {
        return Err(CatalogueError::NoSource { id: at.0 });
    }
    if let Some(unknown) = raw.sources.iter().find(|one| !sources.contains_key(*one)) {
        return Err(at.fault("sources", unknown, "no such source is listed"));
    }
    Ok(Accelerator {
        vendor: raw.vendor,
        name: raw.name,
        unit_definition,
        dies_per_unit: at.positive("dies_per_unit", &raw.dies_per_unit)?,
        peaks,
        tdp,
        release,
        sources: raw.sources,
        conflicts: raw.conflicts,
        id: at.0,
    })
}

/// The entry that is being read, for errors.
struct Place(String);

impl Place {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand over an error that they have just made"
    )]
    fn fault(&self, field: &str, found: &str, why: impl ToString) -> CatalogueError {
        CatalogueError::Value {
            id: self.0.clone(),
            field: field.to_owned(),
            found: found.to_owned(),
            why: why.to_string(),
        }
    }

    fn filled(&self, field: &str, text: &str) -> Result<(), CatalogueError> {
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(self.fault(field, text, "must be words on one line"));
        }
        Ok(())
    }

    fn parsed<T: FromStr<Err: ToString>>(
        &self,
        field: &str,
        text: &str,
    ) -> Result<T, CatalogueError> {
        text.parse()
            .map_err(|error: T::Err| self.fault(field, text, error))
    }

    fn positive(&self, field: &str, text: &str) -> Result<Quantity, CatalogueError> {
        let value = self.parsed(field, text)?;
        if value == Quantity::ZERO {
            return Err(self.fault(field, text, "must not be zero"));
        }
        Ok(value)
    }

    fn confidence(
        &self,
        field: &str,
        mark: Option<&str>,
        explained: bool,
    ) -> Result<Confidence, CatalogueError> {
        let confidence = mark.map_or(Ok(Confidence::Sourced), |mark| self.parsed(field, mark))?;
        if confidence == Confidence::Conflict && !explained {
            return Err(CatalogueError::Unexplained {
                id: self.0.clone(),
                field: field.to_owned(),
            });
        }
        Ok(confidence)
    }

    fn reading(
        &self,
        field: &str,
        (stated, confidence, also): (&str, Option<&str>, &[String]),
        explained: bool,
    ) -> Result<Reading, CatalogueError> {
        let confidence = self.confidence(field, confidence, explained)?;
        if confidence != Confidence::Conflict && !also.is_empty() {
            return Err(self.fault(field, confidence.name(), "other readings make a conflict"));
        }
        Ok(Reading {
            stated: self.positive(field, stated)?,
            also: also
                .iter()
                .map(|one| self.positive(field, one))
                .collect::<Result<_, _>>()?,
            confidence,
        })
    }

    fn peak(
        &self,
        format: &str,
        raw: &RawPeak,
        explained: bool,
    ) -> Result<(Format, Reading), CatalogueError> {
        if format.contains("spars") {
            return Err(CatalogueError::Sparse {
                id: self.0.clone(),
                found: format.to_owned(),
            });
        }
        let field = format!("peaks.{format}");
        let parts = (raw.flops.as_str(), raw.confidence.as_deref(), &*raw.also);
        Ok((
            self.parsed("peaks", format)?,
            self.reading(&field, parts, explained)?,
        ))
    }

    fn tdp(&self, raw: &RawTdp, explained: bool) -> Result<Tdp, CatalogueError> {
        let parts = (raw.watts.as_str(), raw.confidence.as_deref(), &*raw.also);
        Ok(Tdp {
            watts: self.reading("tdp", parts, explained)?,
            basis: self.parsed::<TdpBasis>("tdp.basis", &raw.basis)?,
        })
    }

    fn release(&self, raw: RawRelease, explained: bool) -> Result<Release, CatalogueError> {
        let year = raw.date.len() == 4 && raw.date.bytes().all(|byte| byte.is_ascii_digit());
        if !year {
            format!("{}T00:00:00Z", raw.date)
                .parse::<UnixSeconds>()
                .map_err(|_| self.fault("release", &raw.date, "is no `YYYY` or `YYYY-MM-DD`"))?;
        }
        Ok(Release {
            confidence: self.confidence("release", raw.confidence.as_deref(), explained)?,
            date: raw.date,
        })
    }
}

/// Ids are lower-case letters, digits and single hyphens between them; `none` is taken.
fn check_id(id: String) -> Result<String, CatalogueError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let spelled = id.len() <= MAX_ID
        && id
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(plain));
    if spelled && id != "none" {
        Ok(id)
    } else {
        Err(CatalogueError::Id { id })
    }
}

/// Why a text is not a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Two entries, or two sources, have one id.
    #[error("the id `{id}` is given twice")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// An id is not spelled as ids are.
    #[error(
        "`{id}` is not an id: at most 64 lower-case letters, digits and single hyphens, \
         and not `none`"
    )]
    Id {
        /// What was found.
        id: String,
    },
    /// The model that H100-equivalents refer to is missing.
    #[error("there is no `{REFERENCE}`, which H100-equivalents refer to")]
    NoReference,
    /// An entry names no source.
    #[error("`{id}` names no source")]
    NoSource {
        /// The entry.
        id: String,
    },
    /// An entry does not say what one unit is.
    #[error("`{id}` does not say what one unit is")]
    NoUnit {
        /// The entry.
        id: String,
    },
    /// A peak counts operations that sparsity saves.
    #[error("`{id}` has a sparse peak (`{found}`): only dense ones bound")]
    Sparse {
        /// The entry.
        id: String,
        /// What was found.
        found: String,
    },
    /// Not TOML, an unknown key, a missing one, or a number where a string belongs.
    #[error("the catalogue cannot be read: {0}")]
    Toml(String),
    /// A value is marked as a conflict, and no words say which.
    #[error("`{field}` of `{id}` is a conflict that no words explain")]
    Unexplained {
        /// The entry.
        id: String,
        /// The value.
        field: String,
    },
    /// A value is not what it must be.
    #[error("`{field}` of `{id}` is `{found}`: {why}")]
    Value {
        /// The entry.
        id: String,
        /// The value.
        field: String,
        /// What was found.
        found: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCatalogue {
    #[serde(default)]
    accelerator: Vec<RawAccelerator>,
    #[serde(default)]
    source: Vec<RawSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    id: String,
    title: String,
    url: Option<String>,
    licence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccelerator {
    id: String,
    vendor: String,
    name: String,
    unit_definition: Option<String>,
    dies_per_unit: String,
    sparsity: String,
    peaks: BTreeMap<String, RawPeak>,
    tdp: Option<RawTdp>,
    release: RawRelease,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    conflicts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeak {
    flops: String,
    confidence: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTdp {
    watts: String,
    basis: String,
    confidence: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelease {
    date: String,
    confidence: Option<String>,
}
