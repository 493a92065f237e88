//! `issuer`: an issuer's keys, log of record and witnesses.
//!
//! Specified in `specs/attestation.md`, section "Identity".

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::sorted;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::figure::read_name;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::MAX_NOT_BEFORE;
use crate::attestation::statement::StreamId;
use crate::attestation::statement::Subject;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::key::Algorithm;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::time::UnixSeconds;

/// The most keys of a role, witnesses or earlier ids; a bound on an adversary's work
/// that leaves room for C2SP's 16 signatures a note.
const MAX_KEYS: usize = 16;

/// The most streams of which a move names the heads.
const MAX_HEADS: usize = 512;

/// Who an issuer is, from its own entry on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Issuer {
    /// Offline keys, which sign statements like this one.
    pub root: KeySet,
    /// Signing keys.
    pub roles: Roles,
    /// The one log in which the issuer's history is judged.
    pub log: LogOfRecord,
    /// The witnesses that it heeds; `None` if it heeds none.
    pub witnesses: Option<Witnesses>,
    /// Every earlier id of the same party.
    pub earlier: Vec<IssuerId>,
    /// Since when a key that this statement takes away may have been in other hands.
    /// It informs and erases nothing.
    pub suspected_since: Option<UnixSeconds>,
    /// Where the history came from, in the first statement in a new log.
    pub moved: Option<Move>,
}

/// Keys of which a number must sign together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeySet {
    keys: Vec<PublicKey>,
    threshold: usize,
}

/// The keys of each role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Roles {
    /// Signs stream 0, but for `issuer` statements and closings.
    pub governance: KeySet,
    /// Signs every other stream.
    pub operations: KeySet,
}

/// A log by its origin and key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LogOfRecord {
    /// The first line of its checkpoints.
    pub origin: String,
    /// The key of its signatures.
    pub key: VerifierKey,
}

/// Witnesses of which a number is a quorum.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Witnesses {
    /// Their keys.
    pub keys: Vec<VerifierKey>,
    /// How many are enough.
    pub quorum: usize,
}

/// A move from another log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Move {
    /// The log that is left.
    pub from: LogOfRecord,
    /// Its last cosigned checkpoint, as a note.
    pub checkpoint: String,
    /// The last statement of every stream in it.
    pub heads: Vec<StreamHead>,
}

/// The last statement of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct StreamHead {
    /// The stream.
    pub stream: StreamId,
    /// The number of statements before the last.
    pub sequence: u64,
    /// The last.
    pub statement: StatementId,
}

impl Issuer {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let issuer = Self {
            root: fields.nested("root", KeySet::read)?,
            roles: fields.nested("roles", Roles::read)?,
            log: fields.nested("log", LogOfRecord::read)?,
            witnesses: fields.nested_or_none("witnesses", Witnesses::read)?,
            earlier: read_earlier(fields)?,
            suspected_since: fields.parsed_optional("suspectedSince")?,
            moved: match fields.optional("moved") {
                Some(_) => Some(fields.nested("moved", Move::read)?),
                None => None,
            },
        };
        let roles = [&issuer.roles.governance, &issuer.roles.operations];
        let signs = |key| roles.iter().any(|set| set.keys.contains(key));
        if let Some(key) = issuer.root.keys.iter().find(|key| signs(key)) {
            let why = format!("name the root key `{key}`: a signing key could revoke itself");
            return Err(FieldError::new("roles", why));
        }
        if issuer
            .moved
            .as_ref()
            .is_some_and(|one| one.from == issuer.log)
        {
            return Err(FieldError::new("moved", "is from the same log"));
        }
        Ok(issuer)
    }

    /// Refuses an issuer that is its own earlier one, and a move that could not be made at
    /// `subject`: by the first statement, or one that does not name the predecessor as the
    /// head of stream 0.
    pub(in crate::attestation) fn check_at(
        &self,
        subject: &Subject,
        previous: Option<StatementId>,
    ) -> Result<(), FieldError> {
        if self.earlier.contains(&subject.issuer) {
            return Err(FieldError::new("earlier", "names the issuer itself"));
        }
        let Some(moved) = &self.moved else {
            return Ok(());
        };
        let head = moved.heads.first().filter(|head| {
            head.stream.is_governance()
                && Some(head.statement) == previous
                && head.sequence.checked_add(1) == Some(subject.sequence)
        });
        if head.is_none() {
            let why = "does not name the statement before this one as the head of stream 0";
            return Err(FieldError::new("moved.heads", why));
        }
        Ok(())
    }

    pub(super) fn write(&self) -> Object<'static> {
        let earlier: Value<'static> = if self.earlier.is_empty() {
            NONE.into()
        } else {
            let ids: Vec<_> = self.earlier.iter().map(ToString::to_string).collect();
            ids.into()
        };
        let roles = Object::new()
            .with("governance", self.roles.governance.write())
            .with("operations", self.roles.operations.write());
        let witnesses = self
            .witnesses
            .as_ref()
            .map_or_else(|| Value::from(NONE), |one| one.write().into());
        Object::new()
            .with("root", self.root.write())
            .with("roles", roles)
            .with("log", self.log.write())
            .with("witnesses", witnesses)
            .with("earlier", earlier)
            .with_some(
                "suspectedSince",
                self.suspected_since.map(|instant| instant.to_string()),
            )
            .with_some("moved", self.moved.as_ref().map(Move::write))
    }
}

impl Roles {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            governance: fields.nested("governance", KeySet::read)?,
            operations: fields.nested("operations", KeySet::read)?,
        })
    }
}

impl KeySet {
    /// Returns the set, its keys sorted by key id, or `None` unless all keys differ and
    /// `1 <= threshold <= keys`.
    pub fn new(mut keys: Vec<PublicKey>, threshold: usize) -> Option<Self> {
        keys.sort_by_key(PublicKey::key_id);
        let distinct = keys.is_sorted_by(|one, next| one.key_id() < next.key_id());
        let fits = threshold >= 1 && threshold <= keys.len() && keys.len() <= MAX_KEYS;
        (distinct && fits).then_some(Self { keys, threshold })
    }

    /// Returns the keys, sorted by key id.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Returns how many must sign.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let keys: Vec<PublicKey> = fields.parsed_list("keys", MAX_KEYS)?;
        let threshold = read_small(fields, "threshold")?;
        let sorted = keys.clone();
        let set = Self::new(keys, threshold).ok_or_else(|| {
            FieldError::new(
                "threshold",
                "must be from 1 to the number of keys, all different",
            )
        })?;
        if set.keys != sorted {
            return Err(FieldError::new("keys", "are not sorted by key id"));
        }
        Ok(set)
    }

    fn write(&self) -> Object<'static> {
        let keys: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
        Object::new()
            .with("keys", keys)
            .with("threshold", self.threshold.to_string())
    }
}

impl LogOfRecord {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let origin = read_name(fields, "origin")?;
        let key: VerifierKey = fields.parsed("key")?;
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(FieldError::new(
                "key",
                "is not of type 0x01, which logs sign by",
            ));
        }
        if key.name().as_str() != origin {
            let why = format!("is of `{}`, and not of the origin", key.name());
            return Err(FieldError::new("key", why));
        }
        Ok(Self { origin, key })
    }

    pub(super) fn write(&self) -> Object<'static> {
        Object::new()
            .with("origin", self.origin.clone())
            .with("key", self.key.to_string())
    }
}

impl Witnesses {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let keys: Vec<VerifierKey> = fields.parsed_list("keys", MAX_KEYS)?;
        let quorum = read_small(fields, "quorum")?;
        if quorum == 0 || quorum > keys.len() {
            let why = format!("is {quorum} of {} witnesses", keys.len());
            return Err(FieldError::new("quorum", why));
        }
        for (at, key) in keys.iter().enumerate() {
            if key.algorithm() != Algorithm::CosignatureV1 {
                let why = format!("has `{key}`, which is not of type 0x04");
                return Err(FieldError::new("keys", why));
            }
            // Whatever it is called, one key is one witness.
            let same = |other: &VerifierKey| other.public() == key.public();
            if keys.iter().take(at).any(same) {
                let why = format!("has the key of `{}` twice", key.name());
                return Err(FieldError::new("keys", why));
            }
        }
        Ok(Self { keys, quorum })
    }

    fn write(&self) -> Object<'static> {
        let keys: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
        Object::new()
            .with("keys", keys)
            .with("quorum", self.quorum.to_string())
    }
}

impl Move {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let checkpoint = fields.text("checkpoint")?;
        if checkpoint.len() > MAX_NOT_BEFORE {
            return Err(FieldError::new("checkpoint", "is longer than 12 KiB"));
        }
        let heads = fields.objects("heads", MAX_HEADS, |fields| {
            Ok(StreamHead {
                stream: fields.parsed("stream")?,
                sequence: read_count(fields, "sequence")?,
                statement: fields.parsed("statement")?,
            })
        })?;
        if !heads.is_sorted_by(|one, next| one.stream < next.stream) {
            return Err(FieldError::new("heads", "is not sorted, each stream once"));
        }
        Ok(Self {
            from: fields.nested("from", LogOfRecord::read)?,
            checkpoint: checkpoint.to_owned(),
            heads,
        })
    }

    fn write(&self) -> Object<'static> {
        let heads: Vec<_> = self
            .heads
            .iter()
            .map(|head| {
                Object::new()
                    .with("stream", head.stream.to_string())
                    .with("sequence", head.sequence.to_string())
                    .with("statement", head.statement.to_string())
            })
            .collect();
        Object::new()
            .with("from", self.from.write())
            .with("checkpoint", self.checkpoint.clone())
            .with("heads", heads)
    }
}

/// Reads `none`, or a sorted list of at least one id: one spelling each.
fn read_earlier(fields: &mut Fields<'_>) -> Result<Vec<IssuerId>, FieldError> {
    if fields.required("earlier")?.as_text() == Some(NONE) {
        return Ok(Vec::new());
    }
    let earlier: Vec<IssuerId> = fields.parsed_list("earlier", MAX_KEYS)?;
    if earlier.is_empty() {
        let why = format!("is empty; write `{NONE}`");
        return Err(FieldError::new("earlier", why));
    }
    sorted(&earlier, "earlier")?;
    Ok(earlier)
}

fn read_small(fields: &mut Fields<'_>, name: &'static str) -> Result<usize, FieldError> {
    usize::try_from(read_count(fields, name)?).map_err(|_| FieldError::new(name, "is too large"))
}
