//! `pledge`: a lab's claim, field by field (formats: 7).

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

use crate::attestation::IssuerId;
use crate::attestation::content::StreamHead;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::attestation::statement::StreamId;
use crate::attestation::statement::read_count;
use crate::claim::Level;
use crate::claim::Precision;
use crate::claim::Terms;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::quantity::Quantity;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most areas, affiliates, heads and exceptions of one pledge.
const MAX_ITEMS: usize = 512;

/// The longest free text of a pledge, in bytes.
const MAX_TEXT: usize = 2048;

/// The unit of H100-equivalents: thousandths of one H100 SXM at its highest dense peak.
pub const H100_UNIT: &str = "m{H100}";

/// The unit of a ratio.
pub const RATIO_UNIT: &str = "[ppm]";

/// A lab's claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pledge {
    /// What it limits.
    pub terms: Terms,
    /// Which areas it covers.
    pub perimeter: Perimeter,
    /// When it binds.
    pub window: Period,
    /// Which classes count, sorted.
    pub scope: Vec<Class>,
    /// What is counted, and how.
    pub counted: LimitedQuantity,
    /// What a reduction is measured against.
    pub baseline: Option<Baseline>,
    /// The number format of FLOP; `None` where none are counted.
    pub precision: Option<Precision>,
    /// The level that the lab itself requires.
    pub level: Level,
    /// The period at which reports are due.
    pub cadence: Cadence,
    /// Seconds after the end of a period of `cadence` at which its report is due.
    pub deadline: u64,
    /// Until when it can be relied on.
    pub expiry: Option<UnixSeconds>,
    /// Seconds from a withdrawal until the duty ends.
    pub notice: u64,
    /// What may come on top of the limit.
    pub exceptions: Vec<Exception>,
    /// What sets it in force; `None` for nothing.
    pub trigger: Option<String>,
    /// What lifts it; `None` for nothing.
    pub lift: Option<String>,
    /// Who decides in a dispute; `None` for nobody.
    pub adjudicator: Option<String>,
    /// What observation would show it false, in words made from the other fields.
    pub falsifier: String,
    /// The length in seconds of a window that slides through [`Self::window`].
    pub sliding: Option<u64>,
}

/// Which areas a pledge covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perimeter {
    /// The issuer's own.
    pub areas: AreaSelection,
    /// Affiliates, of which every area is covered.
    pub affiliates: Vec<IssuerId>,
}

/// Which of an issuer's areas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AreaSelection {
    /// Every area declared before or during the window.
    All,
    /// These streams, sorted.
    Listed(Vec<StreamId>),
}

/// What is counted, the same for baseline and window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitedQuantity {
    /// What.
    pub quantity: QuantityKind,
    /// How.
    pub basis: Basis,
    /// Where, for energy.
    pub boundary: Option<Boundary>,
    /// Whether in thousandths of an H100 SXM.
    pub h100_equivalents: bool,
}

/// What a reduction is measured against, committed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// When.
    pub period: Period,
    /// The heads of the streams that hold it.
    pub heads: Vec<StreamHead>,
}

/// An amount that is added to the limit. The words bind nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// In the pledge's unit.
    pub amount: Quantity,
    /// What for.
    pub reason: String,
}

/// Why a file is not a pledge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PledgeError {
    /// A member is missing, ill-formed or not known.
    #[error("the pledge's member {0}")]
    Field(#[from] FieldError),
    /// Not JSON as pledges are written in.
    #[error("the pledge is not JSON: {0}")]
    Json(#[from] crate::encoding::json::JsonError),
}

/// As the text that is signed, so that whoever reads it back holds to the rules of a pledge.
impl Serialize for Pledge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Value::from(self.write()).to_canonical())
    }
}

impl<'de> Deserialize<'de> for Pledge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_draft(text.as_bytes()).map_err(D::Error::custom)
    }
}

impl Pledge {
    /// Parses a pledge that people wrote: the members of the statement's predicate but
    /// for its link, in any order and layout, and no others.
    pub fn parse_draft(bytes: &[u8]) -> Result<Self, PledgeError> {
        let value = crate::encoding::json::parse_draft(bytes)?;
        let pledge = crate::attestation::fields::read_all(&value, Self::read)?;
        // What is signed is written from what was read: nothing may get lost between.
        if Value::from(pledge.write()).to_canonical() != value.to_canonical() {
            let why = "holds members that would not be signed";
            return Err(FieldError::new("the draft", why).into());
        }
        Ok(pledge)
    }

    /// Reads the members of the statement.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let scope: Vec<Class> = fields.parsed_list("scope", Class::ALL.len())?;
        if !scope.is_sorted_by(|one, next| one.as_str() < next.as_str()) {
            return Err(FieldError::new("scope", "is not sorted, each class once"));
        }
        let pledge = Self {
            terms: Terms::read(fields)?,
            perimeter: fields.nested("perimeter", Perimeter::read)?,
            window: read_window(fields, "window")?,
            scope,
            counted: LimitedQuantity::read(fields)?,
            baseline: fields.nested_or_none("baseline", Baseline::read)?,
            precision: fields.parsed_or_none("precision")?,
            level: fields.parsed("level")?,
            cadence: fields.parsed("cadence")?,
            deadline: read_count(fields, "deadline")?,
            expiry: fields.parsed_or_none("expiry")?,
            notice: read_count(fields, "notice")?,
            exceptions: fields.objects("exceptions", MAX_ITEMS, Exception::read)?,
            trigger: read_words(fields, "trigger")?,
            lift: read_words(fields, "lift")?,
            adjudicator: read_words(fields, "adjudicator")?,
            falsifier: read_text(fields, "falsifier")?,
            sliding: match fields.text("sliding")? {
                NONE => None,
                _ => Some(read_span(fields, "sliding")?),
            },
        };
        let unit = fields.text("unit")?;
        if unit != pledge.unit() {
            let why = format!("is `{unit}`; this claim is in `{}`", pledge.unit());
            return Err(FieldError::new("unit", why));
        }
        Ok(pledge)
    }

    /// Spells the members of the statement.
    pub fn write(&self) -> Object<'static> {
        let scope: Vec<_> = self.scope.iter().map(|class| class.as_str()).collect();
        let exceptions: Vec<_> = self.exceptions.iter().map(Exception::write).collect();
        let baseline = self
            .baseline
            .as_ref()
            .map_or_else(|| Value::from(NONE), |one| one.write().into());
        let object = Object::new()
            .with("perimeter", self.perimeter.write())
            .with("window", write_window(self.window))
            .with("scope", scope)
            .with("baseline", baseline)
            .with("precision", or_none(self.precision.as_ref()))
            .with("level", self.level.as_str())
            .with("cadence", self.cadence.to_string())
            .with("deadline", self.deadline.to_string())
            .with("expiry", or_none(self.expiry.as_ref()))
            .with("notice", self.notice.to_string())
            .with("exceptions", exceptions)
            .with("trigger", or_none(self.trigger.as_ref()))
            .with("lift", or_none(self.lift.as_ref()))
            .with("adjudicator", or_none(self.adjudicator.as_ref()))
            .with("falsifier", self.falsifier.clone())
            .with("sliding", or_none(self.sliding.as_ref()));
        self.counted.write(self.terms.write(object), self.unit())
    }

    /// Returns what binds: what a conditional claim wraps, or the terms themselves.
    pub fn binding(&self) -> &Terms {
        match &self.terms {
            Terms::Conditional(conditional) => &conditional.wraps,
            terms => terms,
        }
    }

    /// Returns the unit of the limit.
    pub fn unit(&self) -> &'static str {
        match self.binding() {
            Terms::Reduction { .. } => RATIO_UNIT,
            _ if self.counted.h100_equivalents => H100_UNIT,
            _ => self.counted.quantity.unit(),
        }
    }

    /// Returns what exceptions add to the limit, or `None` beyond all quantities.
    pub fn allowance(&self) -> Option<Quantity> {
        self.exceptions
            .iter()
            .try_fold(Quantity::ZERO, |sum, one| sum.plus(one.amount))
    }
}

impl Perimeter {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let areas = if fields.required("areas")?.as_text() == Some("all") {
            AreaSelection::All
        } else {
            let streams: Vec<StreamId> = fields.parsed_list("areas", MAX_ITEMS)?;
            if !streams.is_sorted_by(|one, next| one < next) {
                return Err(FieldError::new("areas", "is not sorted, each area once"));
            }
            if streams.iter().any(|stream| stream.is_governance()) {
                return Err(FieldError::new("areas", "names stream 0, which is no area"));
            }
            AreaSelection::Listed(streams)
        };
        let affiliates: Vec<IssuerId> = fields.parsed_list("affiliates", MAX_ITEMS)?;
        if !affiliates.is_sorted_by(|one, next| one < next) {
            return Err(FieldError::new(
                "affiliates",
                "is not sorted, each issuer once",
            ));
        }
        Ok(Self { areas, affiliates })
    }

    fn write(&self) -> Object<'static> {
        let areas: Value<'static> = match &self.areas {
            AreaSelection::All => "all".into(),
            AreaSelection::Listed(streams) => {
                let streams: Vec<_> = streams.iter().map(ToString::to_string).collect();
                streams.into()
            }
        };
        let affiliates: Vec<_> = self.affiliates.iter().map(ToString::to_string).collect();
        Object::new()
            .with("areas", areas)
            .with("affiliates", affiliates)
    }
}

impl LimitedQuantity {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let quantity: QuantityKind = fields.parsed("quantity")?;
        let h100_equivalents =
            quantity == QuantityKind::Accelerators && fields.text("unit")? == H100_UNIT;
        let boundary = fields.parsed_or_none("boundary")?;
        if boundary.is_some() != (quantity == QuantityKind::EnergyJoules) {
            let why = "a limit on energy, and no other, has a boundary";
            return Err(FieldError::new("boundary", why));
        }
        Ok(Self {
            quantity,
            basis: fields.parsed("basis")?,
            boundary,
            h100_equivalents,
        })
    }

    fn write(self, object: Object<'static>, unit: &'static str) -> Object<'static> {
        object
            .with("quantity", self.quantity.as_str())
            .with("unit", unit)
            .with("basis", self.basis.as_str())
            .with("boundary", or_none(self.boundary.as_ref()))
    }
}

impl Baseline {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let heads = fields.objects("heads", MAX_ITEMS, |fields| {
            Ok(StreamHead {
                stream: fields.parsed("stream")?,
                sequence: read_count(fields, "sequence")?,
                statement: fields.parsed("statement")?,
            })
        })?;
        if !heads.is_sorted_by(|one, next| one.stream < next.stream) {
            return Err(FieldError::new("heads", "is not sorted, each stream once"));
        }
        if heads.iter().any(|head| head.stream.is_governance()) {
            return Err(FieldError::new("heads", "names stream 0, which is no area"));
        }
        Ok(Self {
            period: read_window(fields, "period")?,
            heads,
        })
    }

    fn write(&self) -> Object<'static> {
        let heads: Vec<_> = self
            .heads
            .iter()
            .map(|head| {
                Object::new()
                    .with("stream", head.stream.to_string())
                    .with("sequence", head.sequence.to_string())
                    .with("statement", head.statement.to_string())
            })
            .collect();
        Object::new()
            .with("period", write_window(self.period))
            .with("heads", heads)
    }
}

impl Exception {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            amount: fields.parsed("amount")?,
            reason: read_text(fields, "reason")?,
        })
    }

    fn write(&self) -> Object<'static> {
        Object::new()
            .with("amount", self.amount.to_string())
            .with("reason", self.reason.clone())
    }
}

fn read_window(fields: &mut Fields<'_>, name: &'static str) -> Result<Period, FieldError> {
    fields.nested(name, |fields| {
        let (start, end): (UnixSeconds, UnixSeconds) =
            (fields.parsed("start")?, fields.parsed("end")?);
        Period::new(start, end)
            .ok_or_else(|| FieldError::new("end", format!("is `{end}`, not after `{start}`")))
    })
}

fn write_window(period: Period) -> Object<'static> {
    Object::new()
        .with("start", period.start().to_string())
        .with("end", period.end().to_string())
}

/// Takes a number of seconds, not 0.
pub(super) fn read_span(fields: &mut Fields<'_>, name: &'static str) -> Result<u64, FieldError> {
    match read_count(fields, name)? {
        0 => Err(FieldError::new(name, "is 0 seconds")),
        seconds => Ok(seconds),
    }
}

/// Takes free text, `none` standing for nothing.
fn read_words(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<String>, FieldError> {
    let text = read_text(fields, name)?;
    Ok((text != NONE).then_some(text))
}

/// Takes free text of 1 to [`MAX_TEXT`] bytes.
fn read_text(fields: &mut Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    let text = fields.text(name)?;
    if text.is_empty() || text.len() > MAX_TEXT {
        let why = format!("has {} bytes; 1 to {MAX_TEXT} are allowed", text.len());
        return Err(FieldError::new(name, why));
    }
    Ok(text.to_owned())
}
