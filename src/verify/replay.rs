//! Signed by whom, chained to what? Replays the entries of a log in order.
//!
//! A [`Replay`] is fed chunks of entries. Signatures are checked on every core, with
//! the keys known before the chunk; the order is then followed on one. An entry that is
//! nobody's statement is an anomaly and changes nothing.

mod link;
mod place;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::IssuerId;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::Subject;
use crate::attestation::identity::Identity;
use crate::attestation::statement::claimed_subject;
use crate::key::KeyId;
use crate::key::VerifierKey;
use crate::verify::history::History;
use crate::verify::logged::Indexed;
use crate::verify::logged::Tree;
use crate::verify::verdict::Axis;
use crate::verify::verdict::Finding;

use link::NotBefore;

/// The most anomalies that are told one by one; anybody can make more.
const MAX_ANOMALIES: usize = 100;

/// Issuers' histories as far as a log was read.
#[derive(Debug)]
pub struct Replay {
    log: VerifierKey,
    histories: BTreeMap<IssuerId, History>,
    /// Whether the entries are all that the log holds, in order, or a bundle's.
    whole: bool,
    anomalies: Vec<String>,
    unnamed: u64,
    not_before: NotBefore,
}

/// An entry, read and checked as far as that needs nothing but the entry and keys.
struct Checked {
    index: u64,
    key_ids: Vec<KeyId>,
    id: StatementId,
    envelope: Envelope,
    statement: Result<Statement, (Option<Subject>, String)>,
    signed: bool,
}

impl Replay {
    /// Starts with these issuers, whose log of record is that of `log`.
    ///
    /// `whole` says whether every entry of the log will come.
    pub fn new(log: VerifierKey, issuers: impl Iterator<Item = IssuerId>, whole: bool) -> Self {
        Self {
            log,
            histories: issuers.map(|id| (id, History::new(id))).collect(),
            whole,
            anomalies: Vec::new(),
            unnamed: 0,
            not_before: NotBefore::default(),
        }
    }

    /// Takes the next entries.
    pub fn take(&mut self, chunk: Vec<Indexed>, tree: &Tree) {
        let histories = &self.histories;
        let checked: Vec<Result<Checked, (u64, String)>> = chunk
            .into_par_iter()
            .map(|(index, entry)| check(index, &entry, histories))
            .collect();
        for entry in checked {
            match entry {
                Ok(checked) => self.follow(&checked, tree),
                Err((index, why)) => {
                    self.anomaly(format!("entry {index} is nobody's statement: {why}"));
                }
            }
        }
    }

    /// Ends the reading: returns the histories, what was nobody's, and how many entries
    /// were of issuers that are not judged.
    pub fn finish(self) -> (Vec<History>, Vec<String>, u64) {
        (
            self.histories.into_values().collect(),
            self.anomalies,
            self.unnamed,
        )
    }

    fn follow(&mut self, entry: &Checked, tree: &Tree) {
        let index = entry.index;
        match &entry.statement {
            Ok(statement) => {
                let issuer = statement.subject.issuer;
                if !self.histories.contains_key(&issuer) {
                    self.unnamed = self.unnamed.saturating_add(1);
                } else if self.is_established(issuer) {
                    self.statement(entry, statement, tree);
                } else if self.whole || statement.subject.sequence == 0 {
                    self.establish(entry, statement);
                }
            }
            Err((subject, why)) => {
                // Ill-formed, but perhaps validly signed by an issuer that is judged.
                let signer = self.histories.values_mut().find(|history| {
                    let signs = |identity: &Identity| {
                        identity.permits_some(&entry.key_ids)
                            && entry.envelope.is_signed(|id| identity.key(id))
                    };
                    history.identity.as_ref().is_some_and(signs)
                });
                match signer {
                    Some(history) => {
                        history.findings.push(Finding::not_shown(
                            "ill-formed",
                            format!("entry {index} is signed and cannot be read: {why}"),
                        ));
                        if let Some(subject) =
                            subject.filter(|subject| subject.issuer == history.id)
                        {
                            place::fill_unread(history, &subject, entry.id, index);
                        }
                    }
                    None => self.anomaly(format!("entry {index} is nobody's statement: {why}")),
                }
            }
        }
    }

    fn is_established(&self, issuer: IssuerId) -> bool {
        let history = self.histories.get(&issuer);
        history.is_some_and(|history| history.identity.is_some())
    }

    fn establish(&mut self, entry: &Checked, statement: &Statement) {
        let issuer = statement.subject.issuer;
        match Identity::establish(&entry.envelope, statement) {
            Ok(identity) => {
                let Some(history) = self.histories.get_mut(&issuer) else {
                    return;
                };
                if identity.current().log.key != self.log {
                    history.findings.push(Finding::not_shown(
                        "log-of-record",
                        format!("entry {}: its log of record is another", entry.index),
                    ));
                }
                history.identity = Some(identity);
                self.statement_accepted(entry, statement, None);
            }
            Err(error) => self.anomaly(format!(
                "entry {} names issuer {issuer}, which has not begun: {error}",
                entry.index
            )),
        }
    }

    fn statement(&mut self, entry: &Checked, statement: &Statement, tree: &Tree) {
        let issuer = statement.subject.issuer;
        let Some(history) = self.histories.get(&issuer) else {
            return;
        };
        let Some(identity) = &history.identity else {
            return;
        };
        // What was checked with the keys before the chunk is checked again if keys
        // changed within it.
        let signed = identity.permits(&entry.key_ids, statement)
            && (entry.signed || entry.envelope.is_signed(|id| identity.key(id)));
        if !signed {
            self.anomaly(format!(
                "entry {} names {} without its issuer's valid signatures",
                entry.index, statement.subject
            ));
            return;
        }
        let faults = self
            .not_before
            .check(statement, identity, &self.log, tree, entry.index);
        self.statement_accepted(entry, statement, Some(faults));
    }

    fn statement_accepted(
        &mut self,
        entry: &Checked,
        statement: &Statement,
        not_before: Option<link::Bound>,
    ) {
        let Some(history) = self.histories.get_mut(&statement.subject.issuer) else {
            return;
        };
        place::accept(
            history,
            statement,
            entry.id,
            entry.index,
            self.whole,
            not_before,
        );
        if let Content::NotUnderstood(content) = &statement.content {
            history.findings.push(Finding::note(
                "not-understood",
                Axis::Correctness,
                format!(
                    "{} of type `{}` is not understood: {}",
                    statement.subject, content.predicate_type, content.why
                ),
            ));
        }
    }

    fn anomaly(&mut self, text: String) {
        if self.anomalies.len() < MAX_ANOMALIES {
            self.anomalies.push(text);
        }
    }
}

fn check(
    index: u64,
    entry: &[u8],
    histories: &BTreeMap<IssuerId, History>,
) -> Result<Checked, (u64, String)> {
    let envelope = Envelope::parse(entry).map_err(|error| (index, error.to_string()))?;
    let id = envelope.statement_id();
    let statement = Statement::parse(envelope.payload())
        .map_err(|error| (claimed_subject(envelope.payload()), error.to_string()));
    let identity = match &statement {
        Ok(statement) => histories
            .get(&statement.subject.issuer)
            .and_then(|history| history.identity.as_ref()),
        Err(_) => None,
    };
    let signed = identity.is_some_and(|identity| envelope.is_signed(|key_id| identity.key(key_id)));
    Ok(Checked {
        index,
        key_ids: envelope.key_ids().collect(),
        id,
        envelope,
        statement,
        signed,
    })
}
