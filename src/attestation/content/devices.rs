//! `transfer` and `seal`: devices that change their place or are shut away (formats: 7).

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::read_nonce;
use crate::attestation::content::about::read_text;
use crate::attestation::content::about::sorted;
use crate::attestation::content::about::write_nonce;
use crate::attestation::content::area::Measured;
use crate::attestation::content::inventory::Capacity;
use crate::attestation::content::inventory::read_moved;
use crate::attestation::content::inventory::write_capacity;
use crate::attestation::content::usage::LedgerReference;
use crate::attestation::content::usage::read_period;
use crate::attestation::content::usage::write_period;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::figure::read_name;
use crate::attestation::figure::spelled;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most tamper seals of one statement; an entry of 64 KiB holds fewer.
const MAX_SEALS: usize = 512;

/// What stands for a counterpart that attests nothing.
const OUTSIDE: &str = "outside";

/// Devices that come to an area, or leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whether they come or leave.
    pub direction: Direction,
    /// The area at the other end; `None` outside of all. Its own statement names the
    /// same root.
    pub counterpart: Option<Measured>,
    /// The period's edge at which they change sides.
    pub edge: UnixSeconds,
    /// The devices.
    pub ledger: LedgerReference,
    /// How many of each model.
    pub capacity: Vec<Capacity>,
}

spelled! {
    /// Which way devices go, seen from the stream of the statement.
    Direction, "`in` or `out`" {
        /// They come.
        In = "in",
        /// They leave.
        Out = "out",
    }
}

spelled! {
    /// What is said of tamper seals.
    SealAction, "`apply`, `heartbeat` or `break`" {
        /// They are put on.
        Apply = "apply",
        /// They are taken off, or were found broken.
        Break = "break",
        /// They were looked at and are whole.
        Heartbeat = "heartbeat",
    }
}

/// Devices shut away under tamper seals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Seals are put on.
    Apply(SealApplied),
    /// Seals are taken off, or were found broken.
    Break {
        /// The statement that put them on.
        seal: StatementId,
        /// When.
        at: UnixSeconds,
        /// Why, in words.
        reason: String,
    },
    /// Seals were looked at and are whole.
    Heartbeat {
        /// The statement that put them on.
        seal: StatementId,
        /// The time for which they are confirmed.
        period: Period,
        /// How.
        method: String,
        /// What made the confirmation fresh.
        nonce: Option<Vec<u8>>,
    },
}

/// Seals that are put on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SealApplied {
    /// Since when.
    pub from: UnixSeconds,
    /// Seconds within which each confirmation follows the one before.
    pub cadence: u64,
    /// The devices behind them.
    pub ledger: LedgerReference,
    /// How many of each model.
    pub capacity: Vec<Capacity>,
    /// Salted commitments to the seals' numbers, sorted.
    pub seals: Vec<Hash>,
}

impl Transfer {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let outside = fields.required("counterpart")?.as_text() == Some(OUTSIDE);
        let (ledger, capacity) = read_moved(fields)?;
        Ok(Self {
            direction: fields.parsed("direction")?,
            counterpart: if outside {
                None
            } else {
                Some(fields.nested("counterpart", Measured::read)?)
            },
            edge: fields.parsed("edge")?,
            ledger,
            capacity,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let counterpart = self
            .counterpart
            .as_ref()
            .map_or_else(|| Value::from(OUTSIDE), |area| area.write().into());
        Object::new()
            .with("direction", self.direction.as_str())
            .with("counterpart", counterpart)
            .with("edge", self.edge.to_string())
            .with("ledger", self.ledger.write())
            .with("capacity", write_capacity(&self.capacity))
    }
}

impl Seal {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(match fields.parsed("action")? {
            SealAction::Apply => Self::Apply(SealApplied::read(fields)?),
            SealAction::Break => Self::Break {
                seal: fields.parsed("seal")?,
                at: fields.parsed("at")?,
                reason: read_text(fields, "reason")?,
            },
            SealAction::Heartbeat => Self::Heartbeat {
                seal: fields.parsed("seal")?,
                period: read_period(fields)?,
                method: read_name(fields, "method")?,
                nonce: read_nonce(fields)?,
            },
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        match self {
            Self::Apply(applied) => applied.write(),
            Self::Break { seal, at, reason } => Object::new()
                .with("action", SealAction::Break.as_str())
                .with("seal", seal.to_string())
                .with("at", at.to_string())
                .with("reason", reason.clone()),
            Self::Heartbeat {
                seal,
                period,
                method,
                nonce,
            } => Object::new()
                .with("action", SealAction::Heartbeat.as_str())
                .with("seal", seal.to_string())
                .with("period", write_period(*period))
                .with("method", method.clone())
                .with("nonce", write_nonce(nonce.as_ref())),
        }
    }
}

impl SealApplied {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let seals: Vec<Hash> = fields.parsed_list("seals", MAX_SEALS)?;
        sorted(&seals, "seals")?;
        // Without one, nothing would show that the devices were touched.
        if seals.is_empty() {
            return Err(FieldError::new("seals", "names none"));
        }
        let (ledger, capacity) = read_moved(fields)?;
        let cadence = read_count(fields, "cadence")?;
        if cadence == 0 {
            return Err(FieldError::new("cadence", "is 0: nothing would be due"));
        }
        Ok(Self {
            from: fields.parsed("from")?,
            cadence,
            ledger,
            capacity,
            seals,
        })
    }

    fn write(&self) -> Object<'static> {
        let seals: Vec<_> = self.seals.iter().map(ToString::to_string).collect();
        Object::new()
            .with("action", SealAction::Apply.as_str())
            .with("from", self.from.to_string())
            .with("cadence", self.cadence.to_string())
            .with("ledger", self.ledger.write())
            .with("capacity", write_capacity(&self.capacity))
            .with("seals", seals)
    }
}
