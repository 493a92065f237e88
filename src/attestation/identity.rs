//! Who may sign for an issuer, and until when: identity and the life of its keys.
//!
//! Specified in `specs/attestation.md`, sections "Identity" and "Signatures". An
//! [`Identity`] holds the keys valid at one place of the log of record. Whoever replays
//! the log feeds it each later `issuer` statement at that statement's own index; this
//! module does not know where an entry stands.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::Action;
use crate::attestation::content::Content;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::attestation::envelope::Envelope;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::Statement;
use crate::encoding::json;
use crate::hash::Hash;
use crate::key::KeyId;
use crate::key::PublicKey;

/// An issuer's id with its keys as of some place in its log of record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Identity {
    id: IssuerId,
    current: Issuer,
}

impl Identity {
    /// Opens an issuer's first statement, which every root key that it names must have
    /// signed and whose predicate's digest is the issuer's id.
    pub fn establish(envelope: &Envelope, statement: &Statement) -> Result<Self, IdentityError> {
        let Content::Issuer(issuer) = &statement.content else {
            return Err(IdentityError::NotIssuer);
        };
        let subject = &statement.subject;
        if !subject.stream.is_governance() || subject.sequence != 0 {
            return Err(IdentityError::NotFirst);
        }
        if statement.link.previous.is_some() {
            return Err(IdentityError::NotFirst);
        }
        let digest = predicate_digest(envelope).ok_or(IdentityError::NotIssuer)?;
        if digest != *subject.issuer.hash() {
            return Err(IdentityError::Id {
                claimed: subject.issuer,
                found: digest,
            });
        }
        let root = issuer.root.keys();
        if envelope.key_ids().len() != root.len() || !envelope.is_signed_by(root) {
            return Err(IdentityError::Signatures);
        }
        Ok(Self {
            id: subject.issuer,
            current: (**issuer).clone(),
        })
    }

    /// Returns the issuer's id.
    pub const fn id(&self) -> IssuerId {
        self.id
    }

    /// Returns the issuer's statement in force.
    pub const fn current(&self) -> &Issuer {
        &self.current
    }

    /// Returns the key of that id, if it is one of the issuer's now.
    pub fn key(&self, key_id: KeyId) -> Option<&PublicKey> {
        self.sets()
            .into_iter()
            .flat_map(KeySet::keys)
            .find(|key| key.key_id() == key_id)
    }

    /// Whether signatures by exactly these keys are what `statement` needs now: as many
    /// as the threshold of its role, each by another key of it, or as many as that of
    /// the root keys, and none surplus. That they are valid is asked of the envelope.
    pub fn permits(&self, key_ids: &[KeyId], statement: &Statement) -> bool {
        statement.subject.issuer == self.id
            && [self.role_of(statement), &self.current.root]
                .into_iter()
                .any(|set| is_met(set, key_ids))
    }

    /// Whether signatures by exactly these keys are what some statement of this issuer
    /// needs: asked where the payload cannot be read and names no place.
    pub fn permits_some(&self, key_ids: &[KeyId]) -> bool {
        self.sets().into_iter().any(|set| is_met(set, key_ids))
    }

    fn sets(&self) -> [&KeySet; 3] {
        let roles = &self.current.roles;
        [&roles.governance, &roles.operations, &self.current.root]
    }

    /// Puts a later `issuer` statement into force. Its signatures were checked by
    /// [`Self::permits`] under the keys before it.
    pub fn succeed(&mut self, next: Issuer) {
        self.current = next;
    }

    /// The keys that must sign a statement, if the root keys do not (att-38).
    fn role_of(&self, statement: &Statement) -> &KeySet {
        match &statement.content {
            Content::Issuer(_) => &self.current.root,
            Content::Area(area) if matches!(area.action, Action::Close(_)) => &self.current.root,
            Content::NotUnderstood(content) if content.needs_root => &self.current.root,
            _ if statement.subject.stream.is_governance() => &self.current.roles.governance,
            _ => &self.current.roles.operations,
        }
    }
}

/// Why a statement founds no issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The id is not the digest of the predicate.
    #[error("the issuer is named `{claimed}`, but its predicate's digest is `{found}`")]
    Id {
        /// The id in the subject.
        claimed: IssuerId,
        /// The digest.
        found: Hash,
    },
    /// Not the first of stream 0.
    #[error("the statement is not the first of stream 0")]
    NotFirst,
    /// Another type of statement.
    #[error("the statement is no `issuer` statement")]
    NotIssuer,
    /// Not signed by exactly every root key that it names.
    #[error("the statement is not signed by every root key that it names, and no other")]
    Signatures,
}

/// Whether these are as many keys of the set as its threshold. Key ids of an envelope
/// are sorted and differ.
fn is_met(set: &KeySet, key_ids: &[KeyId]) -> bool {
    let member = |key_id: &KeyId| set.keys().iter().any(|key| key.key_id() == *key_id);
    key_ids.len() == set.threshold() && key_ids.iter().all(member)
}

fn predicate_digest(envelope: &Envelope) -> Option<Hash> {
    let value = json::parse(envelope.payload()).ok()?;
    let text = value.as_object()?.get("predicate")?.to_canonical();
    Some(crate::hash::sha256(text.as_bytes()))
}
