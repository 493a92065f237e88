//! The trust file: whom an auditor believes, for what, and how far (formats: part 2).
//!
//! Specified in `specs/verdicts.md`, section "Trust file". It never comes from the lab or
//! in a bundle.

mod file;
mod party;

use std::collections::BTreeSet;

use crate::attestation::IssuerId;
use crate::challenge::Beacon;
use crate::claim::Level;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::time::UnixSeconds;
use crate::tlog::Policy;
use crate::verify::accounting::Parameters;

use file::Raw;
pub use file::TrustError;
use file::field;
use file::read_beacons;
pub use party::Corroborator;
pub use party::HardwareKind;
pub use party::HardwareRoot;
use party::Operator;
pub use party::TrustedIssuer;
use party::TrustedWitness;

/// The fewest roots of trust that HOLDS can rest on (formats: part 2, level E3).
const LEAST_ROOTS: usize = 2;

/// A trust file with the policy that it names.
#[derive(Clone, Debug)]
pub struct Trust {
    digest: Hash,
    first_log: VerifierKey,
    policy: Policy,
    /// What to print on every verdict.
    pub label: Option<String>,
    /// The level that HOLDS needs at least.
    pub required_level: Level,
    /// How many roots of trust must support what HOLDS rests on, the lab's own counted.
    pub required_roots: usize,
    /// Seconds that a silent log is given after a deadline.
    pub grace: u64,
    /// The greatest age of a checkpoint in seconds.
    pub greatest_age: u64,
    /// The digest of the catalogue to be used.
    pub catalogue: Option<Hash>,
    /// How wrong figures may be, and what is looked for.
    pub accounting: Parameters,
    /// The issuers that are judged.
    pub issuers: Vec<TrustedIssuer>,
    /// Who is expected to measure what issuers say.
    pub corroborators: Vec<Corroborator>,
    /// Whose word on hardware is taken.
    pub hardware: Vec<HardwareRoot>,
    /// The beacons by whose rounds challenges may draw.
    pub beacons: Vec<Beacon>,
    witnesses: Vec<TrustedWitness>,
    operators: Vec<Operator>,
    /// Trust roots that belong together: by ownership, or by another interest.
    related: Vec<Vec<String>>,
}

impl Trust {
    /// Returns the path of the policy that a trust file names, as it is written there.
    pub fn policy_path(text: &str) -> Result<String, TrustError> {
        Ok(Raw::parse(text)?.policy)
    }

    /// Parses a trust file and the policy that it names.
    pub fn parse(text: &str, policy: &[u8]) -> Result<Self, TrustError> {
        let raw = Raw::parse(text)?;
        let mut hasher = Hasher::new();
        // Both files whole, each behind its length, so that no byte can change sides.
        for part in [text.as_bytes(), policy] {
            hasher.update(format!("{}\n", part.len()).as_bytes());
            hasher.update(part);
        }
        let policy = Policy::parse(policy)?;
        let issuers = raw
            .issuer
            .iter()
            .map(TrustedIssuer::read)
            .collect::<Result<Vec<_>, _>>()?;
        for (at, issuer) in issuers.iter().enumerate() {
            if issuers
                .iter()
                .skip(at.saturating_add(1))
                .any(|other| other.id == issuer.id)
            {
                let what = format!("the issuer {}", issuer.id);
                return Err(TrustError::Twice { what });
            }
        }
        let first_log = issuers.first().ok_or(TrustError::NoIssuer)?.log.clone();
        for issuer in &issuers {
            named("issuer.log", &issuer.log, &policy)?;
        }
        let witnesses = raw
            .witness
            .iter()
            .map(|witness| TrustedWitness::read(witness, &policy))
            .collect::<Result<Vec<_>, _>>()?;
        for (at, witness) in raw.witness.iter().enumerate() {
            let mut rest = raw.witness.iter().skip(at.saturating_add(1));
            if rest.any(|other| other.name == witness.name) {
                let what = format!("the witness `{}`", witness.name);
                return Err(TrustError::Twice { what });
            }
        }
        let operators = raw
            .operator
            .iter()
            .map(|operator| {
                Ok(Operator {
                    log: field("operator.log", &operator.log)?,
                    trust_root: operator.trust_root.clone(),
                })
            })
            .collect::<Result<Vec<_>, TrustError>>()?;
        let corroborators = raw
            .corroborator
            .iter()
            .map(Corroborator::read)
            .collect::<Result<Vec<_>, _>>()?;
        for log in corroborators.iter().filter_map(|one| one.log.as_ref()) {
            named("corroborator.log", log, &policy)?;
        }
        Ok(Self {
            digest: hasher.finish(),
            first_log,
            policy,
            label: raw.label,
            required_level: field("required_level", &raw.required_level)?,
            required_roots: match raw.required_roots {
                0 | 1 => {
                    return Err(TrustError::Field {
                        field: "required_roots",
                        found: raw.required_roots.to_string(),
                        why: format!("HOLDS needs {LEAST_ROOTS} at least, the lab's own counted"),
                    });
                }
                roots => roots,
            },
            grace: raw.grace,
            greatest_age: raw.greatest_age,
            catalogue: match raw.catalogue.as_str() {
                "embedded" => None,
                digest => Some(field("catalogue", digest)?),
            },
            accounting: raw.accounting,
            issuers,
            corroborators,
            hardware: HardwareRoot::read_all(&raw.hardware_root)?,
            beacons: read_beacons(&raw.beacon)?,
            witnesses,
            operators,
            related: raw.related.into_iter().map(|one| one.roots).collect(),
        })
    }

    /// Returns the digest of both files.
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// Returns the policy, its quorum not yet cut down to independent witnesses.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the policy without the witnesses that do not count for this issuer and
    /// its log: those of the issuer's or the operator's own trust root, or of none.
    pub fn quorum_for(&self, issuer: &TrustedIssuer) -> Policy {
        self.quorum_apart(&[&issuer.trust_root], &issuer.log)
    }

    /// Returns the policy without the witnesses that belong to one of these trust roots or to
    /// the log's operator, or to none.
    pub(super) fn quorum_apart(&self, roots: &[&str], log: &VerifierKey) -> Policy {
        let operator = self.operators.iter().find(|one| one.log == *log);
        let operator = operator.map(|one| one.trust_root.as_str());
        self.policy.retain(|key| {
            self.witnesses.iter().any(|witness| {
                let root = &witness.trust_root;
                let mut others = roots.iter().copied().chain(operator);
                witness.key == *key
                    && !root.is_empty()
                    && !others.any(|other| self.is_related(root, other))
            })
        })
    }

    /// Whether two trust roots are one, or belong together.
    fn is_related(&self, one: &str, other: &str) -> bool {
        self.party_of(one).contains(other)
    }

    /// Returns a trust root and all that belong with it, directly or through others.
    pub fn party_of<'t>(&'t self, root: &'t str) -> BTreeSet<&'t str> {
        let mut party = BTreeSet::from([root]);
        loop {
            let before = party.len();
            for roots in &self.related {
                if roots.iter().any(|root| party.contains(root.as_str())) {
                    party.extend(roots.iter().map(String::as_str));
                }
            }
            if party.len() == before {
                return party;
            }
        }
    }

    /// Whether a cosignature by `key` at `time` is within the witness's validity.
    pub fn is_valid(&self, key: &PublicKey, time: UnixSeconds) -> bool {
        self.witnesses.iter().any(|witness| {
            witness.key == *key
                && witness.from.is_none_or(|from| from <= time)
                && witness.until.is_none_or(|until| time < until)
        })
    }

    /// Returns the issuers whose log of record this is.
    pub fn issuers_of(&self, log: &VerifierKey) -> impl Iterator<Item = &TrustedIssuer> {
        self.issuers.iter().filter(move |one| one.log == *log)
    }

    /// Returns the key of the first issuer's log of record.
    pub const fn first_log(&self) -> &VerifierKey {
        &self.first_log
    }

    /// Returns the keys of the issuers' logs of record, each once.
    pub fn logs(&self) -> Vec<VerifierKey> {
        once(self.issuers.iter().map(|one| &one.log))
    }

    /// Returns the keys of the logs of record of issuers and corroborators, each once.
    pub fn all_logs(&self) -> Vec<VerifierKey> {
        let issuers = self.issuers.iter().map(|one| &one.log);
        let corroborators = self.corroborators.iter();
        once(issuers.chain(corroborators.filter_map(|one| one.log.as_ref())))
    }

    /// Returns the key of the log of record of an issuer or a corroborator.
    pub(super) fn log_of(&self, id: &IssuerId) -> Option<&VerifierKey> {
        let of_issuer = |id: &IssuerId| self.issuers.iter().find(|one| one.id == *id);
        let mut corroborators = self.corroborators.iter().filter(|one| one.id == *id);
        let own = of_issuer(id).map(|one| &one.log);
        own.or_else(|| {
            corroborators.find_map(|one| {
                let of_measured = || of_issuer(&one.measures).map(|one| &one.log);
                one.log.as_ref().or_else(of_measured)
            })
        })
    }

    /// Returns the ids of everybody who may be heard in a log.
    pub(super) fn heard_in(&self, log: &VerifierKey) -> impl Iterator<Item = IssuerId> {
        let issuers = self.issuers_of(log).map(|one| one.id);
        let corroborators = self.corroborators.iter().filter(move |one| {
            let own = one.log.as_ref();
            own.is_none_or(|own| own == log)
        });
        issuers.chain(corroborators.map(|one| one.id))
    }
}

/// A policy that names logs trusts no other (C2SP tlog-policy).
fn named(field: &'static str, log: &VerifierKey, policy: &Policy) -> Result<(), TrustError> {
    let mut named = policy.logs().peekable();
    if named.peek().is_none() || named.any(|one| one == log) {
        return Ok(());
    }
    Err(TrustError::Field {
        field,
        found: log.to_string(),
        why: "is not a log of the policy, which trusts no other: a line `log …` adds it".to_owned(),
    })
}

/// Returns each key once, in order.
fn once<'k>(keys: impl Iterator<Item = &'k VerifierKey>) -> Vec<VerifierKey> {
    let mut logs: Vec<VerifierKey> = Vec::new();
    for key in keys {
        if !logs.contains(key) {
            logs.push(key.clone());
        }
    }
    logs
}
