//! `area`: opens, changes or closes an area, which is a stream.
//!
//! Specified in `specs/attestation.md`, section "Areas".

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::figure::read_name;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::StreamId;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::UnixSeconds;

/// The most areas that one continues.
const MAX_CONTINUED: usize = 64;

/// The longest period and the longest grace, in seconds: a leap year. What never ends, or
/// is never due, would free an area from all duty.
const MAX_SPAN: u64 = 366 * DAY;

/// What happens to an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its stream; never 0.
    pub stream: StreamId,
    /// What happens to it.
    pub action: Action,
}

/// What happens to an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Its periods or its grace change.
    Change(AreaChange),
    /// It ends.
    Close(AreaClose),
    /// It begins.
    Open(AreaOpen),
}

/// A new area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AreaOpen {
    /// Its name.
    pub name: String,
    /// The first instant that it accounts for.
    pub first: UnixSeconds,
    /// How it cuts time into periods; `None` only for an area that measures others',
    /// in which nothing is due then.
    pub cadence: Option<Cadence>,
    /// The seconds after a period's end within which its `usage` is due.
    pub grace: u64,
    /// What it measures, for a corroborator's or an auditor's area.
    pub measures: Option<Measured>,
    /// The areas that it continues.
    pub continues: Vec<Measured>,
}

/// An area of some issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct Measured {
    /// Whose.
    pub issuer: IssuerId,
    /// Which.
    pub stream: StreamId,
}

/// New periods or a new grace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AreaChange {
    /// The edge from which it applies, in a period not yet published.
    pub from: UnixSeconds,
    /// How time is cut from there on.
    pub cadence: Cadence,
    /// The seconds after a period's end within which its `usage` is due.
    pub grace: u64,
}

/// The end of an area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AreaClose {
    /// The end of its last period, which stays due.
    pub end: UnixSeconds,
    /// The inventory of zero that says where each device went.
    pub inventory: StatementId,
}

impl Area {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let stream: StreamId = fields.parsed("stream")?;
        if stream.is_governance() {
            return Err(FieldError::new("stream", "is 0, which is no area"));
        }
        let action = match fields.text("action")? {
            "open" => Action::Open(AreaOpen::read(fields)?),
            "change" => Action::Change(AreaChange::read(fields)?),
            "close" => Action::Close(AreaClose {
                end: fields.parsed("end")?,
                inventory: fields.parsed("inventory")?,
            }),
            other => {
                let why = format!("is `{other}`, not `open`, `change` or `close`");
                return Err(FieldError::new("action", why));
            }
        };
        Ok(Self { stream, action })
    }

    /// Refuses what an area of `issuer` cannot be: one that measures the issuer's own, for
    /// in such a one nothing may be due; or one that continues itself.
    pub(in crate::attestation) fn check_in(&self, issuer: IssuerId) -> Result<(), FieldError> {
        let Action::Open(open) = &self.action else {
            return Ok(());
        };
        if open
            .measures
            .is_some_and(|measured| measured.issuer == issuer)
        {
            return Err(FieldError::new("measures", "names the issuer itself"));
        }
        let stream = self.stream;
        if open.continues.contains(&Measured { issuer, stream }) {
            return Err(FieldError::new("continues", "names the area itself"));
        }
        Ok(())
    }

    pub(super) fn write(&self) -> Object<'static> {
        let object = Object::new().with("stream", self.stream.to_string());
        match &self.action {
            Action::Change(change) => object
                .with("action", "change")
                .with("from", change.from.to_string())
                .with("cadence", change.cadence.to_string())
                .with("grace", change.grace.to_string()),
            Action::Close(close) => object
                .with("action", "close")
                .with("end", close.end.to_string())
                .with("inventory", close.inventory.to_string()),
            Action::Open(open) => open.write(object.with("action", "open")),
        }
    }
}

impl AreaOpen {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let first = fields.parsed("first")?;
        let cadence: Option<Cadence> = fields.parsed_or_none("cadence")?;
        let measures = fields.nested_or_none("measures", Measured::read)?;
        match cadence {
            Some(cadence) => check_cadence(cadence, first, "first")?,
            None if measures.is_some() => {}
            None => {
                let why = "is `none`, which only an area that measures others' may say";
                return Err(FieldError::new("cadence", why));
            }
        }
        let continues = fields.objects("continues", MAX_CONTINUED, Measured::read)?;
        if !continues.is_sorted_by(|one, next| one < next) {
            return Err(FieldError::new(
                "continues",
                "is not sorted, each area once",
            ));
        }
        Ok(Self {
            name: read_name(fields, "name")?,
            first,
            cadence,
            grace: read_grace(fields)?,
            measures,
            continues,
        })
    }

    fn write(&self, object: Object<'static>) -> Object<'static> {
        let measures = self
            .measures
            .as_ref()
            .map_or_else(|| Value::from(NONE), |measured| measured.write().into());
        let continues: Vec<_> = self.continues.iter().map(Measured::write).collect();
        object
            .with("name", self.name.clone())
            .with("first", self.first.to_string())
            .with("cadence", or_none(self.cadence.as_ref()))
            .with("grace", self.grace.to_string())
            .with("measures", measures)
            .with("continues", continues)
    }
}

impl AreaChange {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (from, cadence) = (fields.parsed("from")?, fields.parsed("cadence")?);
        check_cadence(cadence, from, "from")?;
        Ok(Self {
            from,
            cadence,
            grace: read_grace(fields)?,
        })
    }
}

/// Refuses periods that are too long, and an instant, called `name`, at which none can
/// begin: a month from within one, or past the end of time.
fn check_cadence(
    cadence: Cadence,
    from: UnixSeconds,
    name: &'static str,
) -> Result<(), FieldError> {
    if matches!(cadence, Cadence::Seconds(seconds) if seconds.get() > MAX_SPAN) {
        let why = format!("is `{cadence}`; at most {MAX_SPAN} seconds are allowed");
        return Err(FieldError::new("cadence", why));
    }
    if cadence.period_from(from).is_none() {
        let why = format!("is `{from}`, at which no period of `{cadence}` can begin");
        return Err(FieldError::new(name, why));
    }
    Ok(())
}

fn read_grace(fields: &mut Fields<'_>) -> Result<u64, FieldError> {
    let grace = read_count(fields, "grace")?;
    if grace > MAX_SPAN {
        let why = format!("is `{grace}`; at most {MAX_SPAN} seconds are allowed");
        return Err(FieldError::new("grace", why));
    }
    Ok(grace)
}

impl Measured {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let stream: StreamId = fields.parsed("stream")?;
        if stream.is_governance() {
            return Err(FieldError::new("stream", "is 0, which is no area"));
        }
        Ok(Self {
            issuer: fields.parsed("issuer")?,
            stream,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        Object::new()
            .with("issuer", self.issuer.to_string())
            .with("stream", self.stream.to_string())
    }
}
