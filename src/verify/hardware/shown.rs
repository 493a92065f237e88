//! Opens what statements of evidence name, if it was given.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::content::About;
use crate::attestation::content::Bytes;
use crate::attestation::content::EvidenceKind;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::PublicKey;
use crate::ledger::Salt;
use crate::ledger::commitment;
use crate::verify::checks::Check;
use crate::verify::hardware::nonce;
use crate::verify::hardware::quote::Quote;
use crate::verify::hardware::token;
use crate::verify::hardware::token::Demand;
use crate::verify::history::EvidenceRecord;
use crate::verify::history::History;
use crate::verify::trust::HardwareKind;
use crate::verify::trust::HardwareRoot;
use crate::verify::trust::Trust;

/// The field of a salted commitment to evidence (`ledger.md`, led-10).
pub(in crate::verify) const FIELD: &str = "evidence";

/// A file that was given with a log (`--attached`).
#[derive(Clone, Debug)]
pub struct Attached {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The salt of the commitment to it, where it has one.
    pub salt: Option<Salt>,
}

/// A statement of evidence, and what came of it.
#[derive(Clone, Debug)]
pub struct Witnessed {
    /// What it bears on.
    pub about: About,
    /// Where it stands, for people.
    pub place: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a statement of evidence.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Devices were there.
    Devices {
        /// The hardware root.
        root: String,
        /// Their identities, each with the catalogue's id of its model, if the root says it.
        devices: BTreeMap<String, Option<String>>,
        /// How many did not pass.
        failed: usize,
    },
    /// A machine answered.
    Machine(Box<Machine>),
    /// It shows nothing, and why.
    Nothing(Check, String),
}

/// A machine that answered.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The hardware root.
    pub root: String,
    /// Its identity.
    pub id: Hash,
    /// The key that is bound to it.
    pub bound: Option<PublicKey>,
    /// The digest of the registers that it quoted.
    pub registers: Vec<u8>,
}

/// Opens all evidence of hardware that a lab gives of its own areas, or whoever the trust
/// file names of those that he measures.
pub fn open_all(histories: &[History], trust: &Trust, attached: &[Attached]) -> Vec<Witnessed> {
    let mut files = BTreeMap::new();
    for Attached { bytes, salt } in attached {
        let digest = sha256(bytes);
        files.insert(digest, File { bytes, digest });
        if let Some(salt) = salt {
            files.insert(commitment(FIELD, salt, bytes), File { bytes, digest });
        }
    }
    let mut all = Vec::new();
    for history in histories {
        // Each of the files is opened once for each issuer: signatures are dear, and a
        // statement that names one costs its signer nothing.
        let mut opened = BTreeSet::new();
        for record in &history.evidence {
            let about = &record.evidence.about;
            let measures = trust
                .corroborators
                .iter()
                .any(|who| who.id == history.id && who.measures == about.issuer);
            if about.issuer != history.id && !measures {
                continue;
            }
            let opening = Opening {
                histories,
                trust,
                history,
                record,
            };
            all.push(Witnessed {
                about: about.clone(),
                place: format!(
                    "{}/{}/{} (entry {})",
                    history.id, record.stream, record.sequence, record.index
                ),
                outcome: opening.outcome(&files, &mut opened),
            });
        }
    }
    all
}

/// A file that was given, under each digest that may name it.
struct File<'f> {
    bytes: &'f [u8],
    digest: Hash,
}

/// One statement, and what it is judged with.
struct Opening<'o> {
    histories: &'o [History],
    trust: &'o Trust,
    history: &'o History,
    record: &'o EvidenceRecord,
}

impl Opening<'_> {
    fn outcome(&self, files: &BTreeMap<Hash, File<'_>>, opened: &mut BTreeSet<Hash>) -> Outcome {
        let evidence = &self.record.evidence;
        let (Bytes::Plain(digest) | Bytes::Salted(digest)) = evidence.bytes;
        let Some(File { bytes, digest }) = files.get(&digest) else {
            let why = "its bytes were not given".to_owned();
            return Outcome::Nothing(Check::EvidenceUnopened, why);
        };
        let nonce = match &evidence.nonce {
            Some(nonce) if self.is_fresh(nonce) => nonce,
            _ => {
                let why = "its nonce is neither of its `notBefore` nor of a challenge before it";
                return Outcome::Nothing(Check::EvidenceStale, why.to_owned());
            }
        };
        if !opened.insert(*digest) {
            let why = "its bytes were opened for a statement before it".to_owned();
            return Outcome::Nothing(Check::EvidenceRefused, why);
        }
        let kind = match evidence.kind {
            EvidenceKind::TpmQuote => HardwareKind::TpmQuote,
            _ => HardwareKind::GpuAttestation,
        };
        let mut why = "the trust file names no root of its kind and time".to_owned();
        let period = evidence.about.period;
        let roots = self.trust.hardware.iter();
        for root in roots.filter(|root| root.kind == kind && root.is_valid_in(period)) {
            let opened = match kind {
                HardwareKind::GpuAttestation => self.devices(root, bytes, nonce),
                HardwareKind::TpmQuote => self.machine(root, bytes, nonce),
            };
            match opened {
                Ok(outcome) => return outcome,
                Err(refused) => why = format!("for {}: {refused}", root.name),
            }
        }
        Outcome::Nothing(Check::EvidenceRefused, why)
    }

    /// Whether nobody could know a nonce before what it is derived from was there.
    fn is_fresh(&self, nonce: &[u8]) -> bool {
        let record = self.record;
        let issuer = self.history.id;
        let own = record.not_before.as_ref().is_some_and(|root| {
            nonce::of_checkpoint(issuer, record.stream, root)
                .as_bytes()
                .as_slice()
                == nonce
        });
        own || self.challenges(nonce)
    }

    /// Whether somebody whom the auditor names challenged the areas with this nonce.
    fn challenges(&self, nonce: &[u8]) -> bool {
        let about = &self.record.evidence.about;
        let auditors = self.trust.corroborators.iter();
        let auditors = auditors.filter(|who| who.measures == about.issuer);
        let histories = auditors.filter_map(|who| {
            let mut all = self.histories.iter();
            all.find(|history| history.id == who.id)
        });
        histories
            .flat_map(|history| &history.challenges)
            .any(|one| {
                let asked = &one.challenge.about;
                one.index < self.record.index
                    && asked.issuer == about.issuer
                    && about.streams.iter().all(|one| asked.streams.contains(one))
                    && nonce::of_challenge(one.id).as_bytes().as_slice() == nonce
            })
    }

    fn devices(&self, root: &HardwareRoot, bytes: &[u8], nonce: &[u8]) -> Result<Outcome, String> {
        let demand = Demand {
            keys: &root.keys,
            nonce,
            period: self.record.evidence.about.period,
        };
        let shown = token::open(bytes, &demand).map_err(|error| error.to_string())?;
        let devices = shown.devices();
        let devices = devices.map(|one| (one.ueid, root.models.get(&one.model).cloned()));
        Ok(Outcome::Devices {
            root: root.name.clone(),
            devices: devices.collect(),
            failed: shown.failed(),
        })
    }

    fn machine(&self, root: &HardwareRoot, bytes: &[u8], nonce: &[u8]) -> Result<Outcome, String> {
        let quote = Quote::open(bytes, &root.keys).map_err(|error| error.to_string())?;
        let mut keys = self.record.operations.iter();
        let bound = keys.find(|key| quote.extra() == nonce::binding(key, nonce).as_bytes());
        if bound.is_none() && quote.extra() != nonce {
            return Err("the machine quoted neither the nonce nor a binding to it".to_owned());
        }
        Ok(Outcome::Machine(Box::new(Machine {
            root: root.name.clone(),
            id: quote.machine(),
            bound: bound.cloned(),
            registers: quote.digest().to_vec(),
        })))
    }
}
