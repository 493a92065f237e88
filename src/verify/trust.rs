//! The trust file: whom an auditor believes, for what, and how far (formats: part 2).
//!
//! Specified in `specs/verdicts.md`, section "Trust file". It never comes from the lab or
//! in a bundle.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::num::NonZeroU64;

use serde::Deserialize;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::attestation::figure::spelled;
use crate::challenge::Beacon;
use crate::claim::Level;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::tlog::Policy;
use crate::tlog::PolicyError;
use crate::verify::accounting::Parameters;
use crate::verify::hardware::HardwareKey;

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

/// Who is expected to measure what an issuer says of its areas.
#[derive(Clone, Debug)]
pub struct Corroborator {
    /// Its id.
    pub id: IssuerId,
    /// What to call it.
    pub name: String,
    /// Who controls it.
    pub trust_root: String,
    /// The issuer that it measures.
    pub measures: IssuerId,
    /// The key of its log of record; `None` where it publishes in the log of whom it measures.
    pub log: Option<VerifierKey>,
    /// The areas that it is expected to speak of; if none is named, every one of a claim.
    pub areas: Vec<StreamId>,
    /// From when it is believed.
    pub from: Option<UnixSeconds>,
    /// Until when it is believed.
    pub until: Option<UnixSeconds>,
    /// Whether it is the verifier's own: that of whoever wrote the trust file.
    pub own: bool,
}

/// Whose word on hardware is taken: a verifier of accelerators, or the machines themselves.
#[derive(Clone, Debug)]
pub struct HardwareRoot {
    /// What to call it.
    pub name: String,
    /// Who controls it.
    pub trust_root: String,
    /// What it signs.
    pub kind: HardwareKind,
    /// Its keys, at least one; of machines, one each.
    pub keys: Vec<HardwareKey>,
    /// The catalogue's ids of models, by what it calls them.
    pub models: BTreeMap<String, String>,
    /// From when it is believed.
    pub from: Option<UnixSeconds>,
    /// Until when it is believed.
    pub until: Option<UnixSeconds>,
}

spelled! {
    /// What a hardware root signs.
    HardwareKind, "`gpu-attestation` or `tpm-quote`" {
        /// Tokens of accelerators.
        GpuAttestation = "gpu-attestation",
        /// Quotes of TPMs.
        TpmQuote = "tpm-quote",
    }
}

/// An issuer that is judged.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    /// Its id.
    pub id: IssuerId,
    /// What to call it.
    pub name: String,
    /// Who controls it.
    pub trust_root: String,
    /// The key of its log of record, where reading starts.
    pub log: VerifierKey,
    /// The areas that are expected.
    pub areas: Vec<StreamId>,
    /// Earlier ids of the same party.
    pub earlier: Vec<IssuerId>,
    /// Ids of parties under the same control, whose areas a pledge ought to cover.
    pub affiliates: Vec<IssuerId>,
}

#[derive(Clone, Debug)]
struct TrustedWitness {
    key: PublicKey,
    trust_root: String,
    from: Option<UnixSeconds>,
    until: Option<UnixSeconds>,
}

#[derive(Clone, Debug)]
struct Operator {
    log: VerifierKey,
    trust_root: String,
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

impl TrustedIssuer {
    fn read(raw: &RawIssuer) -> Result<Self, TrustError> {
        let areas = raw.areas.iter().map(|area| field("issuer.areas", area));
        let earlier = raw.earlier.iter().map(|id| field("issuer.earlier", id));
        let affiliates = raw.affiliates.iter();
        let affiliates = affiliates.map(|id| field("issuer.affiliates", id));
        Ok(Self {
            id: field("issuer.id", &raw.id)?,
            name: raw.name.clone(),
            trust_root: raw.trust_root.clone(),
            log: field("issuer.log", &raw.log)?,
            areas: areas.collect::<Result<_, _>>()?,
            earlier: earlier.collect::<Result<_, _>>()?,
            affiliates: affiliates.collect::<Result<_, _>>()?,
        })
    }
}

impl Corroborator {
    fn read(raw: &RawCorroborator) -> Result<Self, TrustError> {
        Ok(Self {
            id: field("corroborator.id", &raw.id)?,
            name: raw.name.clone(),
            trust_root: raw.trust_root.clone(),
            measures: field("corroborator.measures", &raw.measures)?,
            log: raw
                .log
                .as_deref()
                .map(|log| field("corroborator.log", log))
                .transpose()?,
            areas: raw
                .areas
                .iter()
                .map(|area| field("corroborator.areas", area))
                .collect::<Result<_, _>>()?,
            from: instant("corroborator.from", raw.from.as_deref())?,
            until: instant("corroborator.until", raw.until.as_deref())?,
            own: raw.own,
        })
    }

    /// Whether it is believed in what a quorum saw at `time`.
    pub fn is_believed_at(&self, time: UnixSeconds) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }

    /// Returns the part of a window of which it is expected to speak.
    pub fn expected_within(&self, window: Period) -> Option<Period> {
        let start = self.from.unwrap_or(window.start()).max(window.start());
        let end = self.until.unwrap_or(window.end()).min(window.end());
        Period::new(start, end)
    }
}

impl HardwareRoot {
    fn read_all(raw: &[RawHardwareRoot]) -> Result<Vec<Self>, TrustError> {
        let mut all: Vec<Self> = Vec::new();
        for one in raw {
            let root = Self::read(one)?;
            if all.iter().any(|known| known.name == root.name) {
                let what = format!("the hardware root `{}`", root.name);
                return Err(TrustError::Twice { what });
            }
            all.push(root);
        }
        Ok(all)
    }

    fn read(raw: &RawHardwareRoot) -> Result<Self, TrustError> {
        let kind: HardwareKind = field("hardware_root.kind", &raw.kind)?;
        let wrong = |field, found: &str, why: String| TrustError::Field {
            field,
            found: found.to_owned(),
            why,
        };
        if raw.trust_root.is_empty() || raw.keys.is_empty() {
            let why = "has no key, or no trust root".to_owned();
            return Err(wrong("hardware_root.name", &raw.name, why));
        }
        let mut keys = Vec::new();
        for pem in &raw.keys {
            let key = HardwareKey::from_pem(pem)
                .map_err(|error| wrong("hardware_root.keys", pem, error.to_string()))?;
            let able = match kind {
                HardwareKind::GpuAttestation => key.token_algorithm().is_some(),
                HardwareKind::TpmQuote => key.signs_quotes(),
            };
            if !able || keys.contains(&key) {
                let why = format!("is there twice, or signs no `{kind}`");
                return Err(wrong("hardware_root.keys", pem, why));
            }
            keys.push(key);
        }
        Ok(Self {
            name: raw.name.clone(),
            trust_root: raw.trust_root.clone(),
            kind,
            keys,
            models: raw.models.clone(),
            from: instant("hardware_root.from", raw.from.as_deref())?,
            until: instant("hardware_root.until", raw.until.as_deref())?,
        })
    }

    /// Whether it is believed in all of a period.
    pub fn is_valid_in(&self, period: Period) -> bool {
        self.from.is_none_or(|from| from <= period.start())
            && self.until.is_none_or(|until| period.end() <= until)
    }
}

/// Reads the beacons; where none is named, it is drand's `quicknet`.
fn read_beacons(raw: &[RawBeacon]) -> Result<Vec<Beacon>, TrustError> {
    if raw.is_empty() {
        return Ok(Beacon::quicknet().into_iter().collect());
    }
    let mut beacons: Vec<Beacon> = Vec::new();
    for one in raw {
        let genesis = field("beacon.genesis", &one.genesis)?;
        let chain = field("beacon.chain", &one.chain)?;
        if beacons.iter().any(|known| *known.chain() == chain) {
            let what = format!("the beacon {chain}");
            return Err(TrustError::Twice { what });
        }
        let beacon = Beacon::new(chain, &one.key, genesis, one.period);
        beacons.push(beacon.map_err(|error| TrustError::Field {
            field: "beacon.key",
            found: one.key.clone(),
            why: error.to_string(),
        })?);
    }
    Ok(beacons)
}

impl TrustedWitness {
    fn read(raw: &RawWitness, policy: &Policy) -> Result<Self, TrustError> {
        let known = policy
            .witnesses()
            .iter()
            .find(|one| one.name() == raw.name)
            .ok_or_else(|| TrustError::Field {
                field: "witness.name",
                found: raw.name.clone(),
                why: "is not a witness of the policy".to_owned(),
            })?;
        Ok(Self {
            key: known.key().public().clone(),
            trust_root: raw.trust_root.clone(),
            from: instant("witness.from", raw.from.as_deref())?,
            until: instant("witness.until", raw.until.as_deref())?,
        })
    }
}

/// Why a trust file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A value is not what it must be.
    #[error("the trust file's `{field}` is `{found}`: {why}")]
    Field {
        /// The key.
        field: &'static str,
        /// Its value.
        found: String,
        /// What is wrong.
        why: String,
    },
    /// Two witnesses of one key, or an issuer or a hardware root named twice.
    #[error("the trust file names {what} twice")]
    Twice {
        /// What.
        what: String,
    },
    /// It names nobody to judge.
    #[error("the trust file names no issuer")]
    NoIssuer,
    /// The policy cannot be read.
    #[error("the policy cannot be read: {0}")]
    Policy(#[from] PolicyError),
    /// Not TOML, or not of the right keys.
    #[error("the trust file cannot be read: {0}")]
    Toml(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    policy: String,
    label: Option<String>,
    #[serde(default = "default_level")]
    required_level: String,
    #[serde(default = "default_roots")]
    required_roots: usize,
    #[serde(default)]
    grace: u64,
    greatest_age: u64,
    #[serde(default = "default_catalogue")]
    catalogue: String,
    #[serde(default)]
    accounting: Parameters,
    #[serde(default)]
    issuer: Vec<RawIssuer>,
    #[serde(default)]
    witness: Vec<RawWitness>,
    #[serde(default)]
    operator: Vec<RawOperator>,
    #[serde(default)]
    corroborator: Vec<RawCorroborator>,
    #[serde(default)]
    hardware_root: Vec<RawHardwareRoot>,
    #[serde(default)]
    beacon: Vec<RawBeacon>,
    #[serde(default)]
    related: Vec<RawRelated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIssuer {
    id: String,
    name: String,
    trust_root: String,
    log: String,
    #[serde(default)]
    areas: Vec<String>,
    #[serde(default)]
    earlier: Vec<String>,
    #[serde(default)]
    affiliates: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWitness {
    name: String,
    trust_root: String,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOperator {
    log: String,
    trust_root: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCorroborator {
    id: String,
    name: String,
    trust_root: String,
    measures: String,
    log: Option<String>,
    #[serde(default)]
    areas: Vec<String>,
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    own: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHardwareRoot {
    name: String,
    trust_root: String,
    kind: String,
    keys: Vec<String>,
    #[serde(default)]
    models: BTreeMap<String, String>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBeacon {
    chain: String,
    key: String,
    genesis: String,
    period: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelated {
    roots: Vec<String>,
    /// For people.
    #[expect(dead_code, reason = "it is part of the file, whose digest is printed")]
    why: String,
}

impl Raw {
    fn parse(text: &str) -> Result<Self, TrustError> {
        toml::from_str(text).map_err(|error| TrustError::Toml(error.to_string()))
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

fn instant(name: &'static str, text: Option<&str>) -> Result<Option<UnixSeconds>, TrustError> {
    text.map(|text| field(name, text)).transpose()
}

const fn default_roots() -> usize {
    LEAST_ROOTS
}

fn default_level() -> String {
    Level::E3.to_string()
}

fn default_catalogue() -> String {
    "embedded".to_owned()
}

fn field<T: std::str::FromStr<Err: ToString>>(
    name: &'static str,
    text: &str,
) -> Result<T, TrustError> {
    text.parse().map_err(|error: T::Err| TrustError::Field {
        field: name,
        found: text.to_owned(),
        why: error.to_string(),
    })
}
