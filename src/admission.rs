//! What a log admits: signed statements, each the next of its stream.
//!
//! Specified in `specs/log.md`, section "Admission". An [`Admission`] knows of each issuer
//! its keys and where its streams have come to, as of some size of the log. Reading an
//! entry and checking its signatures needs nothing of that ([`Candidate`]), so that it can
//! be done beforehand and on every core; what is left to [`Admission::consider`] is to
//! compare. What it admits is what `verify` finds nothing wrong with.
//!
//! Freshness is no rule: an outage must not force a lab into a fork.

mod candidate;
mod issuer;
mod refusal;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::attestation::content::LogOfRecord;
use crate::attestation::content::Registration;
use crate::attestation::identity::Identity;
use crate::key::PublicKey;

pub use candidate::Candidate;
pub use refusal::Fault;
pub use refusal::Help;
pub use refusal::Refusal;
pub use refusal::Rule;
pub use refusal::StreamState;

use issuer::Known;

/// What a log knows of its issuers, as of some size.
#[derive(Debug)]
pub struct Admission {
    log: LogOfRecord,
    /// Whose first statement is entry 0.
    operator: Option<IssuerId>,
    registered: BTreeSet<IssuerId>,
    issuers: BTreeMap<IssuerId, Known>,
}

/// Where a candidate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the next of its stream.
    Next,
    /// Its place is taken, perhaps by itself: the log tells.
    Taken,
}

impl Admission {
    /// Starts with an empty log.
    pub const fn new(log: LogOfRecord) -> Self {
        Self {
            log,
            operator: None,
            registered: BTreeSet::new(),
            issuers: BTreeMap::new(),
        }
    }

    /// Returns the operator, if the log has one.
    pub const fn operator(&self) -> Option<IssuerId> {
        self.operator
    }

    /// Returns every issuer that has begun here, and whether it is admitted now.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerId, &Issuer, bool)> {
        let known = self.issuers.iter();
        known.map(|(id, one)| (*id, one.current(), self.is_registered(*id)))
    }

    /// Returns what the log holds of a stream.
    pub fn state(&self, issuer: IssuerId, stream: StreamId) -> Option<StreamState> {
        Some(self.issuers.get(&issuer)?.state(stream))
    }

    /// Whether the operator registered the issuer, itself always.
    pub fn is_registered(&self, issuer: IssuerId) -> bool {
        self.operator == Some(issuer) || self.registered.contains(&issuer)
    }

    /// Returns the keys that an issuer has now.
    pub fn keys(&self, issuer: IssuerId) -> impl Iterator<Item = &PublicKey> {
        let current = self.issuers.get(&issuer).map(Known::current);
        current.into_iter().flat_map(|issuer| {
            let roles = &issuer.roles;
            [&issuer.root, &roles.governance, &roles.operations]
                .into_iter()
                .flat_map(KeySet::keys)
        })
    }

    /// Says where a candidate stands, or why it is not admitted.
    pub fn consider(&self, candidate: &Candidate) -> Result<Standing, Refusal> {
        let subject = candidate.subject();
        let Some(known) = self.issuers.get(&subject.issuer) else {
            return self.consider_first(candidate).map(|()| Standing::Next);
        };
        let state = known.state(subject.stream);
        let told = |mut refusal: Refusal| {
            refusal.help.state = Some(state);
            refusal
        };
        // What is there already stays there, whatever became of its issuer.
        if subject.sequence < state.next {
            return Ok(Standing::Taken);
        }
        self.check_registered(subject.issuer).map_err(told)?;
        if let Content::NotUnderstood(content) = candidate.content()
            && content.ill_formed
        {
            let why = format!("{subject} is ill-formed: {}", content.why);
            return Err(told(Refusal::new(Rule::Payload, why)));
        }
        if subject.sequence > state.next {
            let why = format!("{subject} is not the next of its stream");
            return Err(told(
                Refusal::new(Rule::Sequence, why).expecting(state.next),
            ));
        }
        self.check_operator(candidate).map_err(told)?;
        known.consider(candidate, &self.log).map_err(told)?;
        Ok(Standing::Next)
    }

    /// Says why a candidate whose place is taken by another statement is refused; or, if
    /// what is there is `itself`, with other signatures. With whether it is evidence: a
    /// second statement that its issuer did sign.
    pub fn taken(&self, candidate: &Candidate, by: StatementId, index: u64) -> (Refusal, bool) {
        let subject = candidate.subject();
        let known = self.issuers.get(&subject.issuer);
        let identity = known.map(Known::identity);
        let itself = by == candidate.id;
        let signed = !itself && identity.is_some_and(|identity| candidate.is_signed_by(identity));
        let (rule, why) = if itself {
            let why = format!("{subject} stands at entry {index}, with other signatures");
            (Rule::Copy, why)
        } else {
            let why = format!("{subject} is {by}, at entry {index}: there is no second one");
            (Rule::Taken, why)
        };
        let mut refusal = Refusal::new(rule, why).expecting(by);
        refusal.help.state = known.map(|known| known.state(subject.stream));
        refusal.help.index = Some(index);
        (refusal, signed)
    }

    /// Lets a candidate that is the next of its stream take effect at an index.
    pub fn admit(&mut self, candidate: &Candidate, index: u64) {
        let issuer = candidate.subject().issuer;
        if let Content::Registration(registration) = candidate.content()
            && self.operator == Some(issuer)
            && registration.log == self.log
        {
            self.register(registration);
        }
        if let Some(known) = self.issuers.get_mut(&issuer) {
            known.admit(candidate, index, &self.log);
            return;
        }
        let founded = Identity::establish(&candidate.envelope, &candidate.statement);
        if let Ok(identity) = founded {
            if index == 0 {
                self.operator = Some(issuer);
            }
            let mut known = Known::new(identity);
            known.admit(candidate, index, &self.log);
            self.issuers.insert(issuer, known);
        }
    }

    /// Lets the last statement of an area's stream, and its last `usage`, take effect on
    /// what stream 0 told: what [`Self::admit`] did with all that were before them.
    pub fn restore(&mut self, usage: Option<&Candidate>, last: &Candidate) {
        for candidate in usage.into_iter().chain([last]) {
            self.admit(candidate, 0);
        }
    }

    /// Says that a candidate's place was taken in the log that its issuer left.
    pub fn elsewhere(&self, candidate: &Candidate) -> Refusal {
        let subject = candidate.subject();
        let why = format!("{subject} stands in the log that its issuer left");
        let mut refusal = Refusal::new(Rule::Taken, why);
        refusal.help.state = self.state(subject.issuer, subject.stream);
        refusal
    }

    fn register(&mut self, registration: &Registration) {
        self.registered.extend(&registration.admits);
        for issuer in &registration.removes {
            self.registered.remove(issuer);
        }
    }

    fn check_registered(&self, issuer: IssuerId) -> Result<(), Refusal> {
        if self.is_registered(issuer) {
            return Ok(());
        }
        let why = format!("the operator has not registered issuer {issuer}");
        Err(Refusal::new(Rule::Registration, why))
    }

    /// What is said of this log in its operator's name is the operator's to say.
    fn check_operator(&self, candidate: &Candidate) -> Result<(), Refusal> {
        let of = match candidate.content() {
            Content::Registration(registration) => &registration.log,
            Content::Recovery(recovery) => &recovery.log,
            _ => return Ok(()),
        };
        let subject = candidate.subject();
        let (here, operator) = (*of == self.log, self.operator == Some(subject.issuer));
        let why = match (here, operator) {
            // The operator's own; or a copy, from the log that its issuer operates.
            (true, true) | (false, false) => return Ok(()),
            (true, false) => format!("{subject} speaks of this log, whose operator it is not"),
            (false, true) => format!("{subject} speaks of the log `{}`", of.origin),
        };
        Err(Refusal::new(Rule::Operator, why))
    }

    /// The first statement of an issuer; the first of all is the operator's.
    fn consider_first(&self, candidate: &Candidate) -> Result<(), Refusal> {
        let subject = candidate.subject();
        if self.operator.is_some() {
            self.check_registered(subject.issuer)?;
        }
        let identity = Identity::establish(&candidate.envelope, &candidate.statement);
        let identity = identity.map_err(|error| {
            let why = format!("{subject}: its issuer has not begun here: {error}");
            Refusal::new(Rule::Identity, why).expecting(format!("{}/0/0", subject.issuer))
        })?;
        let root = identity.current().root.keys();
        let shares = |known: &&Known| {
            known
                .current()
                .root
                .keys()
                .iter()
                .any(|key| root.contains(key))
        };
        if let Some(other) = self.issuers.values().find(shares) {
            let why = format!(
                "{subject}: a root key is that of issuer {} too: a party has one first statement",
                other.identity().id()
            );
            return Err(Refusal::new(Rule::Identity, why));
        }
        if self.operator.is_none() && identity.current().log != self.log {
            let why = format!(
                "{subject}: the first entry is the operator's, whose log of record this is, not `{}`",
                identity.current().log.origin
            );
            return Err(Refusal::new(Rule::LogOfRecord, why).expecting(&self.log.origin));
        }
        Ok(())
    }
}
