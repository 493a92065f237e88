//! An entry that asks to be admitted, read as far as that needs nothing but itself.

use crate::admission::refusal::Refusal;
use crate::admission::refusal::Rule;
use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::Subject;
use crate::attestation::identity::Identity;
use crate::key::KeyId;
use crate::key::PublicKey;

/// An entry, read, and perhaps with its signatures checked.
#[derive(Debug)]
pub struct Candidate {
    pub(super) envelope: Envelope,
    pub(super) statement: Statement,
    pub(super) id: StatementId,
    signed: Signed,
}

/// Whether every signature is valid, by the keys of their ids. A key id is the digest of
/// its key, so that the answer stays true whoever's keys they are by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    No,
    /// Not all of the keys were known.
    Unknown,
    Yes,
}

impl Candidate {
    /// Reads an entry as far as it says whose it is and where it stands.
    pub fn read(entry: &[u8]) -> Result<Self, Refusal> {
        let envelope = Envelope::parse(entry)
            .map_err(|error| Refusal::new(Rule::Envelope, error.to_string()))?;
        let statement = Statement::parse(envelope.payload())
            .map_err(|error| Refusal::new(Rule::Payload, error.to_string()))?;
        Ok(Self {
            id: envelope.statement_id(),
            envelope,
            statement,
            signed: Signed::Unknown,
        })
    }

    /// Checks its signatures beforehand, if `find` knows all of their keys.
    pub fn check(&mut self, find: impl Fn(KeyId) -> Option<PublicKey>) {
        let keys: Option<Vec<PublicKey>> = self.envelope.key_ids().map(find).collect();
        if let Some(keys) = keys {
            self.signed = if self.envelope.is_signed_by(&keys) {
                Signed::Yes
            } else {
                Signed::No
            };
        }
    }

    /// Returns whose it is and where it stands.
    pub const fn subject(&self) -> &Subject {
        &self.statement.subject
    }

    /// Returns the id of what it says.
    pub const fn id(&self) -> StatementId {
        self.id
    }

    /// Returns what it says.
    pub const fn content(&self) -> &Content {
        &self.statement.content
    }

    /// Whether exactly the signatures are on it that it needs by the keys of `identity`.
    pub(super) fn is_signed_by(&self, identity: &Identity) -> bool {
        let key_ids: Vec<KeyId> = self.envelope.key_ids().collect();
        identity.permits(&key_ids, &self.statement)
            && match self.signed {
                Signed::No => false,
                Signed::Unknown => self.envelope.is_signed(|id| identity.key(id)),
                Signed::Yes => true,
            }
    }
}
