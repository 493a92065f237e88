//! `challenge` and `challenge-response`: spot checks that nobody can steer, and their
//! answers (formats: 7).

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::About;
use crate::attestation::content::about::Bytes;
use crate::attestation::content::about::read_text;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::figure::spelled;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::time::UnixSeconds;

/// What an auditor asks to see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Challenge {
    /// What kind of check.
    pub kind: ChallengeKind,
    /// Whose areas, and when.
    pub about: About,
    /// The statement whose ledger is drawn from; `None` where none is.
    pub target: Option<Target>,
    /// How the items are drawn.
    pub draw: Draw,
    /// When the answer is due.
    pub due: UnixSeconds,
}

spelled! {
    /// What kind of spot check.
    ChallengeKind, "a kind of challenge" {
        /// A load that the auditor runs and looks for in the figures.
        CanaryLoad = "canary-load",
        /// A visit.
        Inspection = "inspection",
        /// Figures computed again from records.
        Recomputation = "recomputation",
        /// Records of a ledger to be opened.
        Records = "records",
        /// Devices to be shown by their serial numbers.
        Serials = "serials",
    }
}

impl ChallengeKind {
    /// Whether records of a ledger are drawn.
    pub const fn draws(self) -> bool {
        matches!(self, Self::Records | Self::Serials)
    }
}

/// The ledger that is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Target {
    /// The statement that names it.
    pub statement: StatementId,
    /// Its root.
    pub root: Hash,
    /// The number of its records.
    pub count: u64,
}

/// How items are drawn: by a beacon that nobody can foresee, by a secret that the
/// auditor committed to, or by both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Draw {
    /// A beacon's round that is still to come.
    pub beacon: Option<BeaconRound>,
    /// A salted commitment to the auditor's secret.
    pub commitment: Option<Hash>,
    /// How many items.
    pub count: u64,
}

/// A round of a drand beacon, without its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct BeaconRound {
    /// The hash of the chain.
    pub chain: Hash,
    /// The round.
    pub round: u64,
}

/// What a lab answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeResponse {
    /// The auditor.
    pub auditor: IssuerId,
    /// The challenge.
    pub challenge: StatementId,
    /// How it was met.
    pub outcome: Outcome,
    /// What was shown; `None` unless something was.
    pub shown: Option<Bytes>,
    /// What is to be said of it, in words.
    pub reason: String,
}

spelled! {
    /// How a challenge was met.
    Outcome, "`answered`, `refused` or `unable`" {
        /// What was asked for was shown.
        Answered = "answered",
        /// The lab would not.
        Refused = "refused",
        /// The lab could not.
        Unable = "unable",
    }
}

impl Challenge {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let kind: ChallengeKind = fields.parsed("kind")?;
        let target = fields.nested_or_none("target", Target::read)?;
        if kind.draws() && target.is_none() {
            let why = format!("is `{NONE}`, but `{kind}` are drawn from a ledger");
            return Err(FieldError::new("target", why));
        }
        let draw = fields.nested("draw", Draw::read)?;
        if let Some(target) = target.filter(|target| draw.count > target.count) {
            let why = format!("is {} of {} records", draw.count, target.count);
            return Err(FieldError::new("draw.count", why));
        }
        Ok(Self {
            kind,
            about: About::read(fields)?,
            target,
            draw,
            due: fields.parsed("due")?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let target = self
            .target
            .as_ref()
            .map_or_else(|| Value::from(NONE), |target| target.write().into());
        self.about
            .write(Object::new())
            .with("kind", self.kind.as_str())
            .with("target", target)
            .with("draw", self.draw.write())
            .with("due", self.due.to_string())
    }
}

impl Target {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            statement: fields.parsed("statement")?,
            root: fields.parsed("root")?,
            count: read_count(fields, "count")?,
        })
    }

    fn write(&self) -> Object<'static> {
        Object::new()
            .with("statement", self.statement.to_string())
            .with("root", self.root.to_string())
            .with("count", self.count.to_string())
    }
}

impl Draw {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let beacon = fields.nested_or_none("beacon", |fields| {
            Ok(BeaconRound {
                chain: fields.parsed("chain")?,
                round: read_count(fields, "round")?,
            })
        })?;
        let commitment: Option<Hash> = fields.parsed_or_none("commitment")?;
        let count = read_count(fields, "count")?;
        if beacon.is_none() && commitment.is_none() {
            let why = "and `commitment` are both `none`: the draw could be steered";
            return Err(FieldError::new("beacon", why));
        }
        if count == 0 {
            return Err(FieldError::new("count", "is 0: nothing is drawn"));
        }
        Ok(Self {
            beacon,
            commitment,
            count,
        })
    }

    fn write(&self) -> Object<'static> {
        let beacon = self.beacon.map_or_else(
            || Value::from(NONE),
            |beacon| {
                Object::new()
                    .with("chain", beacon.chain.to_string())
                    .with("round", beacon.round.to_string())
                    .into()
            },
        );
        Object::new()
            .with("beacon", beacon)
            .with("commitment", or_none(self.commitment.as_ref()))
            .with("count", self.count.to_string())
    }
}

impl ChallengeResponse {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let outcome = fields.parsed("outcome")?;
        let shown = match outcome {
            Outcome::Answered => Some(Bytes::read(fields)?),
            Outcome::Refused | Outcome::Unable => None,
        };
        Ok(Self {
            auditor: fields.parsed("auditor")?,
            challenge: fields.parsed("challenge")?,
            outcome,
            shown,
            reason: read_text(fields, "reason")?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let object = Object::new()
            .with("auditor", self.auditor.to_string())
            .with("challenge", self.challenge.to_string())
            .with("outcome", self.outcome.as_str())
            .with("reason", self.reason.clone());
        match self.shown {
            Some(bytes) => bytes.write(object),
            None => object,
        }
    }
}
