//! What statements say: one type for each `predicateType` (formats: 7).
//!
//! Specified in `specs/statements.md`. A closed set: the compiler
//! lists what a new one must touch. What this version cannot read becomes
//! [`NotUnderstood`], which keeps what the statement plainly admits.

use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::is_extension;
use crate::attestation::figure::Figure;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::Subject;
use crate::claim::Pledge;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::time::Period;

mod about;
mod area;
mod challenge;
mod commitment;
mod correction;
mod corroboration;
mod devices;
mod evidence;
mod inventory;
mod issuer;
mod registry;
mod run;
mod usage;

pub use about::{About, Bytes};
pub use area::{Action, Area, AreaChange, AreaClose, AreaOpen, Measured};
pub use challenge::{
    BeaconRound, Challenge, ChallengeKind, ChallengeResponse, Draw, Outcome, Target,
};
pub use commitment::{FigureCommitment, FigureKey, RangeProof};
pub use correction::{Correction, Withdrawal};
pub use corroboration::{Corroboration, CorroborationSource, Cover};
pub use devices::{Direction, Seal, SealAction, SealApplied, Transfer};
pub use evidence::{Evidence, EvidenceKind};
pub use inventory::{Capacity, Inventory, RatedWatts};
pub use issuer::{Issuer, KeySet, LogOfRecord, Move, Roles, StreamHead, Witnesses};
pub use registry::{Lost, Recovery, RecoveryCause, Registration};
pub use run::{
    Ancestor, Architecture, FlopBounds, Held, Inheritance, Origin, OriginKind, Run, RunArea,
    RunEvent, RunStage,
};
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
    /// Asks an issuer to show something.
    Challenge = "challenge",
    /// Answers a challenge.
    ChallengeResponse = "challenge-response",
    /// Replaces what an earlier statement said.
    Correction = "correction",
    /// Vouches for figures of another issuer's areas.
    Corroboration = "corroboration",
    /// Names bytes from elsewhere.
    Evidence = "evidence",
    /// Declares the devices of an area.
    Inventory = "inventory",
    /// Names an issuer's keys, log and witnesses.
    Issuer = "issuer",
    /// Claims something that can be shown false.
    Pledge = "pledge",
    /// Says what a log lost.
    Recovery = "recovery",
    /// Admits issuers to a log.
    Registration = "registration",
    /// Begins, continues or ends a run.
    Run = "run",
    /// Shuts devices away, and confirms it.
    Seal = "seal",
    /// Moves devices between areas.
    Transfer = "transfer",
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

    /// Whether it stands in stream 0; every other type stands in an area's stream.
    pub const fn governs(self) -> bool {
        matches!(
            self,
            Self::Area
                | Self::Issuer
                | Self::Pledge
                | Self::Recovery
                | Self::Registration
                | Self::Withdrawal
        )
    }

    /// Whether a `correction` may replace it.
    pub const fn is_correctable(self) -> bool {
        matches!(
            self,
            Self::Corroboration | Self::Inventory | Self::Run | Self::Usage
        )
    }
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// See [`Area`].
    Area(Area),
    /// See [`Challenge`].
    Challenge(Challenge),
    /// See [`ChallengeResponse`].
    ChallengeResponse(ChallengeResponse),
    /// See [`Correction`].
    Correction(Correction),
    /// See [`Corroboration`].
    Corroboration(Corroboration),
    /// See [`Evidence`].
    Evidence(Evidence),
    /// See [`Inventory`].
    Inventory(Inventory),
    /// See [`Issuer`].
    Issuer(Box<Issuer>),
    /// See [`NotUnderstood`].
    NotUnderstood(NotUnderstood),
    /// See [`Pledge`].
    Pledge(Box<Pledge>),
    /// See [`Recovery`].
    Recovery(Recovery),
    /// See [`Registration`].
    Registration(Registration),
    /// See [`Run`].
    Run(Box<Run>),
    /// See [`Seal`].
    Seal(Seal),
    /// See [`Transfer`].
    Transfer(Transfer),
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
            StatementType::Challenge => Self::Challenge(Challenge::read(fields)?),
            StatementType::ChallengeResponse => {
                Self::ChallengeResponse(ChallengeResponse::read(fields)?)
            }
            StatementType::Correction => Self::Correction(Correction::read(fields)?),
            StatementType::Corroboration => Self::Corroboration(Corroboration::read(fields)?),
            StatementType::Evidence => Self::Evidence(Evidence::read(fields)?),
            StatementType::Inventory => Self::Inventory(Inventory::read(fields)?),
            StatementType::Issuer => Self::Issuer(Box::new(Issuer::read(fields)?)),
            StatementType::Pledge => Self::Pledge(Box::new(Pledge::read(fields)?)),
            StatementType::Recovery => Self::Recovery(Recovery::read(fields)?),
            StatementType::Registration => Self::Registration(Registration::read(fields)?),
            StatementType::Run => Self::Run(Box::new(Run::read(fields)?)),
            StatementType::Seal => Self::Seal(Seal::read(fields)?),
            StatementType::Transfer => Self::Transfer(Transfer::read(fields)?),
            StatementType::Usage => Self::Usage(Usage::read(fields)?),
            StatementType::Withdrawal => Self::Withdrawal(Withdrawal::read(fields)?),
        })
    }

    /// Spells the members of the predicate, but for those of its link; `None` for what
    /// was not understood.
    pub fn write(&self) -> Option<Object<'static>> {
        Some(match self {
            Self::Area(one) => one.write(),
            Self::Challenge(one) => one.write(),
            Self::ChallengeResponse(one) => one.write(),
            Self::Correction(one) => one.write()?,
            Self::Corroboration(one) => one.write(),
            Self::Evidence(one) => one.write(),
            Self::Inventory(one) => one.write(),
            Self::Issuer(one) => one.write(),
            Self::NotUnderstood(_) => return None,
            Self::Pledge(one) => one.write(),
            Self::Recovery(one) => one.write(),
            Self::Registration(one) => one.write(),
            Self::Run(one) => one.write(),
            Self::Seal(one) => one.write(),
            Self::Transfer(one) => one.write(),
            Self::Usage(one) => one.write(),
            Self::Withdrawal(one) => one.write(),
        })
    }

    /// Returns its type, unless it was not understood.
    pub const fn statement_type(&self) -> Option<StatementType> {
        Some(match self {
            Self::Area(_) => StatementType::Area,
            Self::Challenge(_) => StatementType::Challenge,
            Self::ChallengeResponse(_) => StatementType::ChallengeResponse,
            Self::Correction(_) => StatementType::Correction,
            Self::Corroboration(_) => StatementType::Corroboration,
            Self::Evidence(_) => StatementType::Evidence,
            Self::Inventory(_) => StatementType::Inventory,
            Self::Issuer(_) => StatementType::Issuer,
            Self::NotUnderstood(_) => return None,
            Self::Pledge(_) => StatementType::Pledge,
            Self::Recovery(_) => StatementType::Recovery,
            Self::Registration(_) => StatementType::Registration,
            Self::Run(_) => StatementType::Run,
            Self::Seal(_) => StatementType::Seal,
            Self::Transfer(_) => StatementType::Transfer,
            Self::Usage(_) => StatementType::Usage,
            Self::Withdrawal(_) => StatementType::Withdrawal,
        })
    }

    /// Refuses what cannot be said at `subject`, behind `previous`, whoever says it.
    pub(super) fn check_at(
        &self,
        subject: &Subject,
        previous: Option<StatementId>,
    ) -> Result<(), FieldError> {
        let own = |issuer: IssuerId| issuer == subject.issuer;
        let itself = Measured {
            issuer: subject.issuer,
            stream: subject.stream,
        };
        let (member, why) = match self {
            Self::Area(area) => return area.check_in(subject.issuer),
            Self::Issuer(issuer) => return issuer.check_at(subject, previous),
            // Nobody vouches for himself, or poses himself a challenge.
            Self::Corroboration(one) if own(one.about.issuer) => {
                ("issuer", "is the corroborator itself")
            }
            Self::Challenge(one) if own(one.about.issuer) => ("issuer", "is the auditor itself"),
            Self::ChallengeResponse(one) if own(one.auditor) => ("auditor", "is the issuer itself"),
            Self::Correction(one) if one.corrects.sequence >= subject.sequence => {
                ("corrects.sequence", "is not before this statement")
            }
            Self::Correction(one) => match &*one.replacement {
                // Its commitments have the number of a correction, as they must.
                Self::Usage(_) => return Ok(()),
                replacement => return replacement.check_at(subject, previous),
            },
            Self::Run(run) if run.areas.iter().all(|one| one.area != itself) => {
                ("areas", "do not name the area in whose stream this stands")
            }
            Self::Transfer(transfer) if transfer.counterpart == Some(itself) => {
                ("counterpart", "is the area itself")
            }
            Self::Usage(usage) if usage.commitments.iter().any(|one| one.correction != 0) => {
                ("commitments", "has the number of a correction")
            }
            _ => return Ok(()),
        };
        Err(FieldError::new(member, why))
    }

    /// Whether it holds a commitment with the number of an original.
    pub(super) fn commits_as_original(&self) -> bool {
        matches!(self, Self::Usage(usage) if usage.commitments.iter().any(|one| one.correction == 0))
    }

    /// Keeps what a predicate that cannot be read plainly admits.
    pub(super) fn not_understood(
        predicate_type: &str,
        predicate: &Object<'_>,
        why: FieldError,
    ) -> Self {
        // A known type other than these accounts for no period, whatever `period` it
        // names; an unknown one may be a later version of them.
        let accounts = StatementType::from_uri(predicate_type)
            .is_none_or(|kind| matches!(kind, StatementType::Correction | StatementType::Usage));
        let (period, admits) = usage::salvage(predicate);
        let period = period.filter(|_| accounts);
        Self::NotUnderstood(NotUnderstood {
            predicate_type: predicate_type.to_owned(),
            needs_root: needs_root(predicate_type, predicate),
            kind: kind_of(predicate_type, predicate),
            ill_formed: !is_foreign(predicate_type, predicate, &why),
            why,
            period,
            admits,
        })
    }
}

impl NotUnderstood {
    /// Whether it is of that type, in whatever version, or a correction of such a one.
    pub fn is_of(&self, kind: StatementType) -> bool {
        self.kind.as_deref() == Some(kind.name())
    }
}

/// Returns the name of a type of ours, of any version; of a correction, what it corrects.
fn kind_of(predicate_type: &str, predicate: &Object<'_>) -> Option<String> {
    let rest = predicate_type.strip_prefix(NAMESPACE)?;
    let (name, _) = rest.split_once('/')?;
    if name == StatementType::Correction.name() {
        return predicate.get("type")?.as_text().map(str::to_owned);
    }
    Some(name.to_owned())
}

/// Whether all that keeps a predicate from being read is its type, or an extension that it
/// requires.
fn is_foreign(predicate_type: &str, predicate: &Object<'_>, why: &FieldError) -> bool {
    match why.path() {
        "predicateType" => StatementType::from_uri(predicate_type).is_none(),
        "critical" => {
            let names = predicate.get("critical").and_then(Value::as_list);
            names.is_some_and(|names| {
                let extension = |name: &Value<'_>| name.as_text().is_some_and(is_extension);
                !names.is_empty() && names.iter().all(extension)
            })
        }
        _ => false,
    }
}

/// Whether this is an `issuer` statement or the closing of an area, of any version.
fn needs_root(predicate_type: &str, predicate: &Object<'_>) -> bool {
    let name = predicate_type.strip_prefix(NAMESPACE);
    let name = name
        .and_then(|rest| rest.split_once('/'))
        .map(|(name, _)| name);
    let action = predicate.get("action").and_then(Value::as_text);
    match name {
        Some("issuer") => true,
        Some("area") => action == Some("close"),
        _ => false,
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
    /// Whether its type and action are such that the root keys must sign it. Told by these
    /// alone: else who must sign would depend on how much a reader understands.
    pub needs_root: bool,
    /// The name of its type, if it is of ours; of a correction, that of what it corrects.
    pub kind: Option<String>,
    /// Whether it breaks a rule that this version knows. If not, it is of a type, or needs
    /// an extension, that only others know.
    pub ill_formed: bool,
    /// What could not be read.
    pub why: FieldError,
    /// The period that it accounts for, if it may account for one and names it.
    pub period: Option<Period>,
    /// The figures that can be read on their own.
    pub admits: Vec<Figure>,
}
