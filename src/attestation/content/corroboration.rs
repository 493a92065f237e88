//! `corroboration`: what another party measured of an issuer's areas (formats: 7).

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::About;
use crate::attestation::content::about::sorted;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::or_none;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Figure;
use crate::attestation::figure::read_figures;
use crate::attestation::figure::spelled;
use crate::encoding::json::Object;
use crate::hash::Hash;

/// The most statements; an entry of 64 KiB holds fewer.
const MAX_ITEMS: usize = 1024;

/// Figures of an issuer's areas that somebody else vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Corroboration {
    /// What it speaks of.
    pub about: About,
    /// Where was measured, if energy was.
    pub boundary: Option<Boundary>,
    /// How the corroborator knows.
    pub source: CorroborationSource,
    /// How what was measured relates to the areas.
    pub cover: Cover,
    /// The statements of the issuer that it looked at, sorted.
    pub examined: Vec<StatementId>,
    /// The digest of the catalogue that the models' ids are of.
    pub catalogue: Hash,
    /// The figures; at least one.
    pub figures: Vec<Figure>,
}

spelled! {
    /// How a corroborator knows.
    CorroborationSource, "a source of a corroboration" {
        /// It went and looked.
        Inspection = "inspection",
        /// What it charged.
        OwnBilling = "own-billing",
        /// Its own meter.
        OwnMeter = "own-meter",
        /// It computed the figures again from records that it was given.
        Recomputation = "recomputation",
        /// The lab showed it: this adds no root.
        ShownByLab = "shown-by-lab",
    }
}

spelled! {
    /// How what was measured relates to the areas spoken of.
    Cover, "`all`, `more` or `part`" {
        /// Exactly them.
        All = "all",
        /// Them and more: bounds from above only.
        More = "more",
        /// Some of them: bounds from below only.
        Part = "part",
    }
}

impl Corroboration {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let examined: Vec<StatementId> = fields.parsed_list("examined", MAX_ITEMS)?;
        sorted(&examined, "examined")?;
        let boundary: Option<Boundary> = fields.parsed_or_none("boundary")?;
        let figures = read_figures(fields)?;
        if figures.is_empty() {
            return Err(FieldError::new("figures", "is empty: nothing is said"));
        }
        let elsewhere = figures
            .iter()
            .filter_map(|figure| figure.boundary)
            .find(|other| Some(*other) != boundary);
        if let Some(other) = elsewhere {
            let why = format!("holds energy at `{other}`, which `boundary` does not name");
            return Err(FieldError::new("figures", why));
        }
        if boundary.is_some() && figures.iter().all(|figure| figure.boundary.is_none()) {
            let why = "is given, but no energy: write `none`";
            return Err(FieldError::new("boundary", why));
        }
        Ok(Self {
            about: About::read(fields)?,
            boundary,
            source: fields.parsed("source")?,
            cover: fields.parsed("cover")?,
            examined,
            catalogue: fields.parsed("catalogue")?,
            figures,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let figures: Vec<_> = self.figures.iter().map(Figure::write).collect();
        let examined: Vec<_> = self.examined.iter().map(ToString::to_string).collect();
        self.about
            .write(Object::new())
            .with("boundary", or_none(self.boundary.as_ref()))
            .with("source", self.source.as_str())
            .with("cover", self.cover.as_str())
            .with("examined", examined)
            .with("catalogue", self.catalogue.to_string())
            .with("figures", figures)
    }
}
