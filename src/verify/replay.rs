//! Signed by whom, chained to what? Replays the entries of a log in order.
//!
//! What needs nothing but an entry and keys ([`check`]) is done on every core, for one
//! chunk of entries while the one before it is followed in order ([`Replay::follow`]). An
//! entry that is nobody's statement is an anomaly and changes nothing.

mod correction;
mod effect;
mod link;
mod place;
mod report;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::IssuerId;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::identity::Identity;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::KeyId;
use crate::key::VerifierKey;
use crate::verify::checks::Check;
use crate::verify::evidence::OpenedLedger;
use crate::verify::history::History;
use crate::verify::tree::Tree;
use crate::verify::verdict::Finding;
use crate::verify::verdict::plain;

use link::NotBefore;

/// The most anomalies that are told one by one; anybody can make more.
const MAX_ANOMALIES: usize = 100;

/// How many entries are looked at for signatures by keys that have just become known.
const AHEAD: usize = 512;

/// Issuers' histories as far as a log was read.
#[derive(Debug)]
pub struct Replay<'e> {
    log: VerifierKey,
    histories: BTreeMap<IssuerId, History>,
    /// Whether the entries are all that the log holds, in order, or a bundle's.
    whole: bool,
    ledgers: &'e [OpenedLedger],
    anomalies: Vec<String>,
    /// How many anomalies were not told.
    untold: u64,
    unnamed: u64,
    /// The issuers that are not judged, by the root keys of their first statements.
    foundings: BTreeMap<KeyId, IssuerId>,
    not_before: NotBefore,
}

/// The keys of every issuer at some place of the log.
pub type Keys = BTreeMap<IssuerId, Identity>;

/// An entry, read and checked as far as that needs nothing but the entry and keys.
#[derive(Debug)]
pub struct Checked(Result<Entry, (u64, String)>);

#[derive(Debug)]
struct Entry {
    index: u64,
    id: StatementId,
    /// The statement, or what a payload that is ill-formed claims all the same, and why.
    statement: Result<Statement, (Option<Box<Statement>>, String)>,
    /// The digest of its `notBefore`.
    not_before: Option<Hash>,
    signed: Signed,
}

/// What was read of issuers so far, to go on from.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct KeptReplay {
    /// The issuers' histories.
    pub(super) histories: Vec<History>,
    anomalies: Vec<String>,
    untold: u64,
    unnamed: u64,
    foundings: BTreeMap<KeyId, IssuerId>,
    not_before: NotBefore,
}

/// Whether every signature of an entry is valid, whatever keys its issuer has when: a key
/// id is the digest of its key.
#[derive(Debug)]
enum Signed {
    No,
    /// Not all of the keys are known yet, or what is signed cannot be read. Only then the
    /// envelope is kept.
    Unknown(Envelope),
    /// All are, by these keys.
    Yes(Vec<KeyId>),
}

/// Reads an entry and checks its signatures with the keys known so far.
pub fn check(index: u64, entry: &[u8], keys: &Keys) -> Checked {
    let envelope = match Envelope::parse(entry) {
        Ok(envelope) => envelope,
        Err(error) => return Checked(Err((index, error.to_string()))),
    };
    let id = envelope.statement_id();
    let statement = Statement::parse(envelope.payload()).map_err(|error| {
        let claim = Statement::parse_claim(envelope.payload(), &error);
        (claim.map(Box::new), error.to_string())
    });
    let (read, identity) = match &statement {
        Ok(statement) => (Some(statement), keys.get(&statement.subject.issuer)),
        Err((claim, _)) => (claim.as_deref(), None),
    };
    let not_before = read.and_then(|statement| statement.link.not_before.as_ref());
    let unknown = Signed::Unknown(envelope);
    Checked(Ok(Entry {
        index,
        id,
        not_before: not_before.map(|text| sha256(text.as_bytes())),
        signed: match identity {
            Some(identity) => unknown.by(identity),
            None => unknown,
        },
        statement,
    }))
}

impl Signed {
    /// Checks signatures that were not yet, with the keys of their issuer.
    fn by(self, identity: &Identity) -> Self {
        let Self::Unknown(envelope) = self else {
            return self;
        };
        if envelope.key_ids().any(|id| identity.key(id).is_none()) {
            Self::Unknown(envelope)
        } else if envelope.is_signed(|id| identity.key(id)) {
            Self::Yes(envelope.key_ids().collect())
        } else {
            Self::No
        }
    }

    /// Returns what is signed, where that is not known to be so or not.
    const fn open(&self) -> Option<&Envelope> {
        match self {
            Self::Unknown(envelope) => Some(envelope),
            Self::No | Self::Yes(_) => None,
        }
    }
}

impl<'e> Replay<'e> {
    /// Starts with these issuers, whose log of record is that of `log`.
    ///
    /// `whole` says whether every entry of the log will come; `ledgers` are those that
    /// were opened, to be held against the statements that name them.
    pub fn new(
        log: VerifierKey,
        issuers: impl Iterator<Item = IssuerId>,
        whole: bool,
        ledgers: &'e [OpenedLedger],
    ) -> Self {
        Self {
            log,
            histories: issuers.map(|id| (id, History::new(id))).collect(),
            whole,
            ledgers,
            anomalies: Vec::new(),
            untold: 0,
            unnamed: 0,
            foundings: BTreeMap::new(),
            not_before: NotBefore::default(),
        }
    }

    /// Goes on from what was kept, of the same issuers of the same log.
    pub(super) fn resume(log: VerifierKey, kept: KeptReplay) -> Self {
        let histories = kept.histories.into_iter();
        Self {
            log,
            histories: histories.map(|history| (history.id, history)).collect(),
            whole: true,
            ledgers: &[],
            anomalies: kept.anomalies,
            untold: kept.untold,
            unnamed: kept.unnamed,
            foundings: kept.foundings,
            not_before: kept.not_before,
        }
    }

    /// Returns what can be gone on from, but for the histories: they are judged first.
    pub(super) fn keep(&self) -> KeptReplay {
        KeptReplay {
            histories: Vec::new(),
            anomalies: self.anomalies.clone(),
            untold: self.untold,
            unnamed: self.unnamed,
            foundings: self.foundings.clone(),
            not_before: self.not_before.clone(),
        }
    }

    /// Returns the keys known so far, to check what comes next with.
    pub fn keys(&self) -> Keys {
        let known = self.histories.iter();
        known
            .filter_map(|(id, history)| Some((*id, history.identity.clone()?)))
            .collect()
    }

    /// Follows the next entries, which stand in the tree already.
    pub fn follow(&mut self, mut entries: Vec<Checked>, tree: &Tree<'_>) {
        let statements = entries.iter().filter_map(|entry| match &entry.0 {
            Ok(entry) => Some((entry.statement.as_ref().ok()?, entry.not_before)),
            Err(_) => None,
        });
        self.not_before
            .open_all(statements, &self.histories, &self.log);
        for at in 0..entries.len() {
            self.look_ahead(&mut entries, at);
            match entries.get(at).map(|entry| &entry.0) {
                Some(Ok(entry)) => self.entry(entry, tree),
                Some(Err((index, why))) => {
                    let text = format!("entry {index} is nobody's statement: {why}");
                    self.anomaly(text);
                }
                None => {}
            }
        }
    }

    /// Returns the issuers that are not judged, by the root keys of their first statements:
    /// one of those keys may be another's too.
    pub fn take_foundings(&mut self) -> BTreeMap<KeyId, IssuerId> {
        std::mem::take(&mut self.foundings)
    }

    fn founding(&mut self, entry: &Entry, statement: &Statement) {
        if statement.subject.sequence != 0 || !statement.subject.stream.is_governance() {
            return;
        }
        let Some(envelope) = entry.signed.open() else {
            return;
        };
        if let Ok(identity) = Identity::establish(envelope, statement) {
            for key in identity.current().root.keys() {
                self.foundings
                    .entry(key.key_id())
                    .or_insert(statement.subject.issuer);
            }
        }
    }

    /// Ends the reading: returns the histories, what was nobody's, and how many entries
    /// were of issuers that are not judged.
    pub fn finish(mut self) -> (Vec<History>, Vec<String>, u64) {
        if self.untold > 0 {
            self.anomalies
                .push(format!("and {} more like these", self.untold));
        }
        (
            self.histories.into_values().collect(),
            self.anomalies,
            self.unnamed,
        )
    }

    /// Checks, on every core, signatures by keys that were not known when the entry at
    /// `at` and those behind it were read.
    fn look_ahead(&self, entries: &mut [Checked], at: usize) {
        let unknown = |entry: &Checked| match &entry.0 {
            Ok(entry) if entry.signed.open().is_some() => {
                let statement = entry.statement.as_ref().ok()?;
                let history = self.histories.get(&statement.subject.issuer)?;
                history.identity.as_ref()
            }
            _ => None,
        };
        if entries.get(at).and_then(&unknown).is_none() {
            return;
        }
        let end = at.saturating_add(AHEAD).min(entries.len());
        let ahead = entries.get_mut(at..end).unwrap_or_default();
        ahead.par_iter_mut().for_each(|entry| {
            if let Some(identity) = unknown(entry)
                && let Ok(entry) = &mut entry.0
            {
                let signed = std::mem::replace(&mut entry.signed, Signed::No);
                entry.signed = signed.by(identity);
            }
        });
    }

    fn entry(&mut self, entry: &Entry, tree: &Tree<'_>) {
        match &entry.statement {
            Ok(statement) => {
                let issuer = statement.subject.issuer;
                if !self.histories.contains_key(&issuer) {
                    self.unnamed = self.unnamed.saturating_add(1);
                    self.founding(entry, statement);
                } else if self.is_established(issuer) {
                    self.statement(entry, statement, tree);
                } else if self.whole || statement.subject.sequence == 0 {
                    self.establish(entry, statement, tree);
                }
            }
            Err((claim, why)) => self.unread(entry, claim.as_deref(), why, tree),
        }
    }

    /// An entry that is ill-formed, but perhaps validly signed by an issuer that is
    /// judged. By the keys that its place asks for, if it claims one: else whoever holds
    /// a key of one role could fill the places of another.
    fn unread(&mut self, entry: &Entry, claim: Option<&Statement>, why: &str, tree: &Tree<'_>) {
        let Some(envelope) = entry.signed.open() else {
            return;
        };
        let key_ids: Vec<KeyId> = envelope.key_ids().collect();
        let index = entry.index;
        let signs = |identity: &Identity| {
            let may = match claim {
                Some(claim) => identity.permits(&key_ids, claim),
                None => identity.permits_some(&key_ids),
            };
            may && envelope.is_signed(|id| identity.key(id))
        };
        let signer = self
            .histories
            .values_mut()
            .find(|history| history.identity.as_ref().is_some_and(signs));
        let Some(history) = signer else {
            self.anomaly(format!("entry {index} is nobody's statement: {why}"));
            return;
        };
        history.findings.push(Finding::new(
            Check::IllFormed,
            format!("entry {index} is signed and cannot be read: {why}"),
        ));
        if let Some(claim) = claim {
            let bound = self.bound(entry, claim, tree);
            self.place(entry, claim, &bound);
        } else {
            history.unread.insert(entry.id);
        }
    }

    fn is_established(&self, issuer: IssuerId) -> bool {
        let history = self.histories.get(&issuer);
        history.is_some_and(|history| history.identity.is_some())
    }

    fn establish(&mut self, entry: &Entry, statement: &Statement, tree: &Tree<'_>) {
        let issuer = statement.subject.issuer;
        let Some(envelope) = entry.signed.open() else {
            return;
        };
        match Identity::establish(envelope, statement) {
            Ok(identity) => {
                let Some(history) = self.histories.get_mut(&issuer) else {
                    return;
                };
                if identity.current().log.key != self.log {
                    history.findings.push(Finding::new(
                        Check::LogOfRecord,
                        format!("entry {}: its log of record is another", entry.index),
                    ));
                }
                history.issuers.push((0, identity.current().clone()));
                history.identity = Some(identity);
                let bound = self.bound(entry, statement, tree);
                self.accept(entry, statement, &bound);
            }
            Err(error) => self.anomaly(format!(
                "entry {} names issuer {issuer}, which has not begun: {error}",
                entry.index
            )),
        }
    }

    fn statement(&mut self, entry: &Entry, statement: &Statement, tree: &Tree<'_>) {
        let issuer = statement.subject.issuer;
        let Some(history) = self.histories.get(&issuer) else {
            return;
        };
        let Some(identity) = &history.identity else {
            return;
        };
        // Which keys may sign is asked here, where it stands.
        let permitted = match &entry.signed {
            Signed::Yes(key_ids) => identity.permits(key_ids, statement),
            Signed::No | Signed::Unknown(_) => false,
        };
        if !permitted {
            self.anomaly(format!(
                "entry {} names {} without its issuer's valid signatures",
                entry.index, statement.subject
            ));
            return;
        }
        let bound = self.bound(entry, statement, tree);
        self.accept(entry, statement, &bound);
    }

    fn bound(&mut self, entry: &Entry, statement: &Statement, tree: &Tree<'_>) -> link::Bound {
        let Some(history) = self.histories.get(&statement.subject.issuer) else {
            return link::Bound::None;
        };
        let (digest, index) = (entry.not_before, entry.index);
        self.not_before
            .check(statement, digest, history, &self.log, tree, index)
    }

    fn accept(&mut self, entry: &Entry, statement: &Statement, bound: &link::Bound) {
        self.place(entry, statement, bound);
        let Some(history) = self.histories.get_mut(&statement.subject.issuer) else {
            return;
        };
        if let Content::NotUnderstood(content) = &statement.content {
            history.findings.push(Finding::new(
                Check::NotUnderstood,
                format!(
                    "{} of type `{}` is not understood: {}",
                    statement.subject, content.predicate_type, content.why
                ),
            ));
        }
    }

    fn place(&mut self, entry: &Entry, statement: &Statement, bound: &link::Bound) {
        let Some(history) = self.histories.get_mut(&statement.subject.issuer) else {
            return;
        };
        let said = place::Said {
            statement,
            id: entry.id,
            index: entry.index,
            ledgers: self.ledgers,
            whole: self.whole,
            not_before: match bound {
                link::Bound::Size(_, root) => Some(*root),
                _ => None,
            },
        };
        place::accept(history, &said, bound);
    }

    fn anomaly(&mut self, text: String) {
        if self.anomalies.len() < MAX_ANOMALIES {
            // It quotes what strangers wrote.
            self.anomalies.push(plain(text));
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }
}
