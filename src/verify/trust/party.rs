//! Whom a trust file names, and for what.

use std::collections::BTreeMap;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::attestation::figure::spelled;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::tlog::Policy;
use crate::verify::hardware::HardwareKey;
use crate::verify::trust::file::RawCorroborator;
use crate::verify::trust::file::RawHardwareRoot;
use crate::verify::trust::file::RawIssuer;
use crate::verify::trust::file::RawWitness;
use crate::verify::trust::file::TrustError;
use crate::verify::trust::file::field;
use crate::verify::trust::file::instant;

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
pub(super) struct TrustedWitness {
    pub(super) key: PublicKey,
    pub(super) trust_root: String,
    pub(super) from: Option<UnixSeconds>,
    pub(super) until: Option<UnixSeconds>,
}

#[derive(Clone, Debug)]
pub(super) struct Operator {
    pub(super) log: VerifierKey,
    pub(super) trust_root: String,
}

impl TrustedIssuer {
    pub(super) fn read(raw: &RawIssuer) -> Result<Self, TrustError> {
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
    pub(super) fn read(raw: &RawCorroborator) -> Result<Self, TrustError> {
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
    pub(super) fn read_all(raw: &[RawHardwareRoot]) -> Result<Vec<Self>, TrustError> {
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

    pub(super) fn read(raw: &RawHardwareRoot) -> Result<Self, TrustError> {
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

impl TrustedWitness {
    pub(super) fn read(raw: &RawWitness, policy: &Policy) -> Result<Self, TrustError> {
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
