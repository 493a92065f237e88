//! Payloads: in-toto Statements v1, and how one stands in its stream.
//!
//! Specified in `specs/attestation.md`, sections "Payload" and "Streams".

use std::fmt;
use std::str::FromStr;

use crate::attestation::content::Content;
use crate::attestation::content::StatementType;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::is_extension;
use crate::attestation::fields::or_none;
use crate::encoding::hex;
use crate::encoding::json;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::hash::sha256;

/// The `_type` of every payload (in-toto Statement v1).
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The longest `notBefore` (formats: 6).
pub const MAX_NOT_BEFORE: usize = 12 * 1024;

/// The longest `beacon` signature in hexadecimal digits: a drand signature on BLS12-381
/// has 48 or 96 bytes.
const MAX_BEACON_SIGNATURE: usize = 192;

/// Names an issuer: the digest of the predicate of its first statement (formats: 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(Hash);

impl IssuerId {
    /// Returns the digest.
    pub const fn hash(&self) -> &Hash {
        &self.0
    }
}

impl From<Hash> for IssuerId {
    fn from(hash: Hash) -> Self {
        Self(hash)
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for IssuerId {
    type Err = <Hash as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A stream of one issuer: 0 governs, every other is one area (formats: 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

impl StreamId {
    /// The stream that governs all others of its issuer.
    pub const GOVERNANCE: Self = Self(0);

    /// Returns the stream of that number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether this is stream 0.
    pub const fn is_governance(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for StreamId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        count(text).map(Self)
    }
}

/// Whose statement it is and where it stands: `<issuer id>/<stream>/<sequence>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The issuer.
    pub issuer: IssuerId,
    /// The stream.
    pub stream: StreamId,
    /// The number of statements before it in the stream.
    pub sequence: u64,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.issuer, self.stream, self.sequence)
    }
}

impl FromStr for Subject {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let why = "is not `<issuer id>/<stream>/<sequence>`";
        let mut parts = text.splitn(3, '/');
        let (Some(issuer), Some(stream), Some(sequence)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(why);
        };
        Ok(Self {
            issuer: issuer.parse().map_err(|_| why)?,
            stream: stream.parse().map_err(|_| why)?,
            sequence: count(sequence).map_err(|_| why)?,
        })
    }
}

/// One statement of a stream, by place and by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// The number of statements before it in the stream.
    pub sequence: u64,
    /// What it says.
    pub statement: StatementId,
}

impl Head {
    /// Reads `{sequence, statement}`.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            sequence: read_count(fields, "sequence")?,
            statement: fields.parsed("statement")?,
        })
    }

    /// Spells `{sequence, statement}`.
    pub fn write(&self) -> Object<'static> {
        Object::new()
            .with("sequence", self.sequence.to_string())
            .with("statement", self.statement.to_string())
    }
}

/// A round of a drand beacon: nobody could know its signature before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The hash of the chain.
    pub chain: Hash,
    /// The round.
    pub round: u64,
    /// The beacon's signature over the round.
    pub signature: Vec<u8>,
}

/// What ties a statement to those before it and to the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The statement before it; for the first of an area's stream, the `open` that
    /// declared it; `None` only for the first of stream 0.
    pub previous: Option<StatementId>,
    /// The head of stream 0 that it was made under; `None` only in stream 0.
    pub governance: Option<Head>,
    /// The text of a cosigned checkpoint that existed before it.
    pub not_before: Option<String>,
    /// A beacon round that existed before it.
    pub beacon: Option<Beacon>,
}

impl Link {
    fn read(fields: &mut Fields<'_>, stream: StreamId) -> Result<Self, FieldError> {
        let governance = if stream.is_governance() {
            None
        } else {
            Some(fields.nested("governance", Head::read)?)
        };
        let not_before = fields.text("notBefore")?;
        if not_before.len() > MAX_NOT_BEFORE {
            let why = format!("has {} bytes; at most {MAX_NOT_BEFORE}", not_before.len());
            return Err(FieldError::new("notBefore", why));
        }
        Ok(Self {
            previous: fields.parsed_or_none("previous")?,
            governance,
            not_before: (not_before != NONE).then(|| not_before.to_owned()),
            beacon: read_beacon(fields)?,
        })
    }

    fn write(&self, predicate: Object<'static>) -> Object<'static> {
        let beacon = self.beacon.as_ref().map(|beacon| {
            Object::new()
                .with("chain", beacon.chain.to_string())
                .with("round", beacon.round.to_string())
                .with("signature", hex::encode(&beacon.signature))
        });
        predicate
            .with("previous", or_none(self.previous.as_ref()))
            .with("notBefore", or_none(self.not_before.as_ref()))
            .with_some("governance", self.governance.as_ref().map(Head::write))
            .with_some("beacon", beacon)
    }
}

/// What one issuer said, once, at one place of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Whose it is and where it stands.
    pub subject: Subject,
    /// What it follows.
    pub link: Link,
    /// What it says.
    pub content: Content,
}

impl Statement {
    /// Parses a payload.
    ///
    /// Fails only where the payload is no statement of ours at all. A predicate that is
    /// not understood becomes [`Content::NotUnderstood`], which keeps what it admits.
    pub fn parse(payload: &[u8]) -> Result<Self, StatementError> {
        let value = json::parse(payload).map_err(StatementError::Json)?;
        let mut fields = Fields::of(&value)?;
        let kind = fields.text("_type")?;
        if kind != STATEMENT_TYPE {
            return Err(FieldError::new("_type", format!("is `{kind}`")).into());
        }
        let predicate_type = fields.text("predicateType")?;
        let predicate = fields.required("predicate")?;
        let mut subjects = fields.list("subject", 1, read_subject)?.into_iter();
        fields.finish_exactly()?;
        let (subject, digest) = subjects.next().ok_or(StatementError::Subject)?;
        let Some(predicate) = predicate.as_object() else {
            return Err(FieldError::new("predicate", "is not an object").into());
        };
        let found = sha256(predicate_text(payload));
        if found != digest {
            return Err(StatementError::Digest { digest, found });
        }
        Ok(Self::read(subject, predicate_type, predicate)?)
    }

    fn read(
        subject: Subject,
        predicate_type: &str,
        predicate: &Object<'_>,
    ) -> Result<Self, FieldError> {
        let mut fields = Fields::new(predicate);
        let link =
            Link::read(&mut fields, subject.stream).map_err(|error| error.within("predicate"))?;
        let read = |fields: &mut Fields<'_>| {
            read_critical(fields)?;
            let kind = StatementType::from_uri(predicate_type)
                .ok_or_else(|| FieldError::new("predicateType", "is not known"))?;
            if kind.governs() != subject.stream.is_governance() {
                let why = format!("does not stand in stream {}", subject.stream);
                return Err(FieldError::new("predicateType", why));
            }
            let content = Content::read(kind, fields)?;
            fields.finish()?;
            match content.misplaced(&subject) {
                Some(why) => Err(why),
                None => Ok(content),
            }
        };
        let content = read(&mut fields)
            .unwrap_or_else(|why| Content::not_understood(predicate_type, predicate, why));
        Ok(Self {
            subject,
            link,
            content,
        })
    }

    /// Spells the payload.
    ///
    /// Returns `None` for content that was not understood: it is kept as it came, never
    /// written anew.
    pub fn to_payload(&self) -> Option<Vec<u8>> {
        let kind = self.content.statement_type()?;
        let predicate = self.link.write(self.content.write()?);
        Some(payload(&self.subject, kind, predicate))
    }
}

/// Spells a payload from a predicate that already holds its link.
fn payload(subject: &Subject, kind: StatementType, predicate: Object<'static>) -> Vec<u8> {
    let digest = sha256(predicate.to_canonical().as_bytes());
    let subject = Object::new()
        .with("digest", Object::new().with("sha256", digest.to_string()))
        .with("name", subject.to_string());
    Object::new()
        .with("_type", STATEMENT_TYPE)
        .with("predicate", predicate)
        .with("predicateType", kind.uri())
        .with("subject", vec![subject])
        .to_canonical()
        .into_bytes()
}

/// Spells the first statement of an issuer, whose id is the digest of its predicate.
///
/// `content` is its `issuer` statement; `link` has no `previous` and no `governance`.
/// Returns the id and the payload, or `None` if `content` cannot be written.
pub fn first_payload(content: &Content, link: &Link) -> Option<(IssuerId, Vec<u8>)> {
    let kind = content.statement_type()?;
    let predicate = link.write(content.write()?);
    let issuer = IssuerId(sha256(predicate.to_canonical().as_bytes()));
    let subject = Subject {
        issuer,
        stream: StreamId::GOVERNANCE,
        sequence: 0,
    };
    Some((issuer, payload(&subject, kind, predicate)))
}

/// Finds whose statement a payload claims to be although it cannot be parsed.
///
/// Such a statement still fills its place in the stream, as one that nobody understands.
pub fn claimed_subject(payload: &[u8]) -> Option<Subject> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    value.pointer("/subject/0/name")?.as_str()?.parse().ok()
}

/// Why a payload is not a statement of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The subject's digest is not that of the predicate.
    #[error("`subject[0].digest.sha256` is `{digest}`, but the predicate's is `{found}`")]
    Digest {
        /// What the subject says.
        digest: Hash,
        /// What it is.
        found: Hash,
    },
    /// A member is missing, ill-formed or not known.
    #[error("the statement's member {0}")]
    Field(#[from] FieldError),
    /// Not canonical JSON without numbers.
    #[error("not canonical JSON: {0}")]
    Json(json::JsonError),
    /// Not exactly one subject.
    #[error("`subject` must have exactly one item")]
    Subject,
}

/// Parses a canonical decimal that counts something.
pub fn count(text: &str) -> Result<u64, &'static str> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not a decimal number without sign or leading zero");
    }
    text.parse()
        .map_err(|_| "is not a number of at most 64 bits")
}

/// Takes a member that counts something.
pub fn read_count(fields: &mut Fields<'_>, name: &'static str) -> Result<u64, FieldError> {
    count(fields.text(name)?).map_err(|why| FieldError::new(name, why))
}

fn read_subject(value: &Value<'_>) -> Result<(Subject, Hash), FieldError> {
    let mut fields = Fields::of(value)?;
    let name = fields.parsed("name")?;
    let digest = fields.required("digest")?;
    fields.finish_exactly()?;
    let mut fields = Fields::of(digest)?;
    let digest = fields.parsed("sha256")?;
    fields.finish_exactly()?;
    Ok((name, digest))
}

/// The canonical text of the predicate inside the canonical text of a statement.
///
/// Members are sorted, so `predicate` stands between `_type` and `predicateType`; within
/// a string a quotation mark is escaped, and what follows `predicateType` was read.
fn predicate_text(payload: &[u8]) -> &[u8] {
    const BEFORE: &[u8] = b"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":";
    const AFTER: &[u8] = b",\"predicateType\":\"";
    let rest = payload.strip_prefix(BEFORE).unwrap_or_default();
    let end = rest
        .windows(AFTER.len())
        .rposition(|window| window == AFTER)
        .unwrap_or_default();
    rest.get(..end).unwrap_or_default()
}

/// Reads `critical`, whose names must be present and of which this version knows none.
fn read_critical(fields: &mut Fields<'_>) -> Result<(), FieldError> {
    let Some(value) = fields.optional("critical") else {
        return Ok(());
    };
    let names = value
        .as_list()
        .ok_or_else(|| FieldError::new("critical", "is not an array"))?;
    let name = names.first().and_then(Value::as_text).unwrap_or_default();
    let why = if is_extension(name) {
        format!("requires `{name}`, which is not known here")
    } else {
        "must list reverse-domain names of members".to_owned()
    };
    Err(FieldError::new("critical", why))
}

fn read_beacon(fields: &mut Fields<'_>) -> Result<Option<Beacon>, FieldError> {
    let Some(value) = fields.optional("beacon") else {
        return Ok(None);
    };
    crate::attestation::fields::read_all(value, |fields| {
        let signature = fields.text("signature")?;
        let bytes = Some(signature)
            .filter(|text| text.len() <= MAX_BEACON_SIGNATURE)
            .and_then(hex::decode)
            .ok_or_else(|| FieldError::new("signature", "is not a signature in hexadecimal"))?;
        Ok(Beacon {
            chain: fields.parsed("chain")?,
            round: read_count(fields, "round")?,
            signature: bytes,
        })
    })
    .map(Some)
    .map_err(|error| error.within("beacon"))
}
