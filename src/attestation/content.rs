//! What statements say: one type for each `predicateType` (formats: 7).
//!
//! Specified in `specs/attestation.md`, section "Statements". A closed set: the compiler
//! lists what a new one must touch. What this version cannot read becomes
//! [`NotUnderstood`], which keeps what the statement plainly admits.

use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::figure::Figure;
use crate::claim::Pledge;
use crate::encoding::json::Object;
use crate::time::Period;

mod area;
mod correction;
mod inventory;
mod issuer;
mod usage;

pub use area::{Action, Area, AreaChange, AreaClose, AreaOpen, Measured};
pub use correction::{Correction, Withdrawal};
pub use inventory::{Capacity, Inventory, RatedWatts};
pub use issuer::{Issuer, KeySet, LogOfRecord, Move, Roles, StreamHead, Witnesses};
pub use usage::{LedgerReference, LedgerSum, Usage, read_period, write_period};

/// Where all predicate types live; the version of each is its last part.
const NAMESPACE: &str = "https://standstill.dev/attestation/";

/// Declares the statement types: variant, name in the URI.
macro_rules! statement_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The types of statements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum StatementType {
            $($(#[$doc])* $variant,)*
        }

        impl StatementType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns its name, the part of the URI that tells it from the others.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns its `predicateType`.
            pub const fn uri(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(
                        "https://standstill.dev/attestation/", $name, "/v1"
                    ),)*
                }
            }
        }
    };
}

statement_types! {
    /// Opens, changes or closes an area.
    Area = "area",
    /// Replaces what an earlier statement said.
    Correction = "correction",
    /// Declares the devices of an area.
    Inventory = "inventory",
    /// Names an issuer's keys, log and witnesses.
    Issuer = "issuer",
    /// Claims something that can be shown false.
    Pledge = "pledge",
    /// Accounts for one period of an area.
    Usage = "usage",
    /// Ends the duty of a pledge.
    Withdrawal = "withdrawal",
}

impl StatementType {
    /// Returns the type with that `predicateType`.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let name = uri.strip_prefix(NAMESPACE)?.strip_suffix("/v1")?;
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether a `correction` may replace it.
    pub const fn is_correctable(self) -> bool {
        matches!(self, Self::Inventory | Self::Usage)
    }
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// See [`Area`].
    Area(Area),
    /// See [`Correction`].
    Correction(Correction),
    /// See [`Inventory`].
    Inventory(Inventory),
    /// See [`Issuer`].
    Issuer(Box<Issuer>),
    /// See [`NotUnderstood`].
    NotUnderstood(NotUnderstood),
    /// See [`Pledge`].
    Pledge(Box<Pledge>),
    /// See [`Usage`].
    Usage(Usage),
    /// See [`Withdrawal`].
    Withdrawal(Withdrawal),
}

impl Content {
    /// Reads the members of a predicate that belong to `kind`.
    pub fn read(kind: StatementType, fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(match kind {
            StatementType::Area => Self::Area(Area::read(fields)?),
            StatementType::Correction => Self::Correction(Correction::read(fields)?),
            StatementType::Inventory => Self::Inventory(Inventory::read(fields)?),
            StatementType::Issuer => Self::Issuer(Box::new(Issuer::read(fields)?)),
            StatementType::Pledge => Self::Pledge(Box::new(Pledge::read(fields)?)),
            StatementType::Usage => Self::Usage(Usage::read(fields)?),
            StatementType::Withdrawal => Self::Withdrawal(Withdrawal::read(fields)?),
        })
    }

    /// Spells the members of the predicate, but for those of its link; `None` for what
    /// was not understood.
    pub fn write(&self) -> Option<Object<'static>> {
        Some(match self {
            Self::Area(area) => area.write(),
            Self::Correction(correction) => correction.write()?,
            Self::Inventory(inventory) => inventory.write(),
            Self::Issuer(issuer) => issuer.write(),
            Self::NotUnderstood(_) => return None,
            Self::Pledge(pledge) => pledge.write(),
            Self::Usage(usage) => usage.write(),
            Self::Withdrawal(withdrawal) => withdrawal.write(),
        })
    }

    /// Returns its type, unless it was not understood.
    pub const fn statement_type(&self) -> Option<StatementType> {
        Some(match self {
            Self::Area(_) => StatementType::Area,
            Self::Correction(_) => StatementType::Correction,
            Self::Inventory(_) => StatementType::Inventory,
            Self::Issuer(_) => StatementType::Issuer,
            Self::NotUnderstood(_) => return None,
            Self::Pledge(_) => StatementType::Pledge,
            Self::Usage(_) => StatementType::Usage,
            Self::Withdrawal(_) => StatementType::Withdrawal,
        })
    }

    /// Keeps what a predicate that cannot be read plainly admits.
    pub(super) fn not_understood(
        predicate_type: &str,
        predicate: &Object<'_>,
        why: FieldError,
    ) -> Self {
        let (period, admits) = usage::salvage(predicate);
        Self::NotUnderstood(NotUnderstood {
            predicate_type: predicate_type.to_owned(),
            why,
            period,
            admits,
        })
    }
}

/// A predicate that this version cannot read, or that is ill-formed.
///
/// It stands in its stream and fills no period. What it admits still counts against its
/// issuer: otherwise an admission could be hidden behind `critical` or one bad figure.
#[derive(Clone, Debug, PartialEq)]
pub struct NotUnderstood {
    /// The `predicateType`, whatever it is.
    pub predicate_type: String,
    /// What could not be read.
    pub why: FieldError,
    /// The period that it names, if it names one.
    pub period: Option<Period>,
    /// The figures that can be read on their own.
    pub admits: Vec<Figure>,
}
