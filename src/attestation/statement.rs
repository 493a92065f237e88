//! Payloads: in-toto Statements v1, and how one stands in its stream.
//!
//! Specified in `specs/attestation.md`, sections "Payload" and "Streams".

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

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

/// The longest `notBefore` (att-56).
pub const MAX_NOT_BEFORE: usize = 12 * 1024;

/// The bytes of a drand signature: a point of BLS12-381's first or second group.
const BEACON_SIGNATURES: [usize; 2] = [48, 96];

/// Names an issuer: the digest of the predicate of its first statement (att-26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
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

/// A stream of one issuer: 0 governs, every other is one area (att-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct StreamId(u64);

impl StreamId {
    /// The stream that governs all others of its issuer.
    pub const GOVERNANCE: Self = Self(0);

    /// The stream of the first area.
    pub const FIRST_AREA: Self = Self(1);

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
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
    fn read(fields: &mut Fields<'_>, subject: Subject) -> Result<Self, FieldError> {
        let governance = if subject.stream.is_governance() {
            None
        } else {
            Some(fields.nested("governance", Head::read)?)
        };
        let previous: Option<StatementId> = fields.parsed_or_none("previous")?;
        let first = subject.stream.is_governance() && subject.sequence == 0;
        if previous.is_none() != first {
            let why = "is `none` at the first statement of stream 0, and only there";
            return Err(FieldError::new("previous", why));
        }
        Ok(Self {
            previous,
            governance,
            not_before: read_not_before(fields)?,
            beacon: read_beacon(fields)?,
        })
    }

    /// Reads those members of a predicate that can be read on their own.
    fn claimed(predicate: &Object<'_>) -> Self {
        let mut fields = Fields::new(predicate);
        Self {
            previous: fields.parsed_or_none("previous").unwrap_or_default(),
            governance: fields.nested("governance", Head::read).ok(),
            not_before: read_not_before(&mut fields).unwrap_or_default(),
            beacon: read_beacon(&mut fields).unwrap_or_default(),
        }
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
    /// Fails only where the payload is not canonical JSON or names no place in a stream.
    /// Whatever else is wrong with it, it becomes [`Content::NotUnderstood`], which keeps
    /// what it plainly admits.
    pub fn parse(payload: &[u8]) -> Result<Self, StatementError> {
        let value = json::parse(payload).map_err(StatementError::Json)?;
        let subject = place_in(&value).ok_or(StatementError::Subject)?;
        Ok(Self::read(payload, subject, &value)
            .unwrap_or_else(|why| Self::not_understood(subject, &value, why)))
    }

    /// Reads what a payload that [`Self::parse`] refused plainly claims: where it stands,
    /// and what it admits. `None` if it is not JSON, or names no place.
    ///
    /// It never says more than that: its content is [`Content::NotUnderstood`].
    pub fn parse_claim(payload: &[u8], why: &StatementError) -> Option<Self> {
        let value = json::parse_claim(payload).ok()?;
        let subject = place_in(&value)?;
        let why = FieldError::new("payload", why);
        Some(Self::not_understood(subject, &value, why))
    }

    fn read(payload: &[u8], subject: Subject, value: &Value<'_>) -> Result<Self, FieldError> {
        let mut fields = Fields::of(value)?;
        let kind = fields.text("_type")?;
        if kind != STATEMENT_TYPE {
            return Err(FieldError::new("_type", format!("is `{kind}`")));
        }
        let predicate_type = fields.text("predicateType")?;
        let predicate = fields.required("predicate")?;
        let digests = fields.list("subject", 1, read_digest)?;
        fields.finish_exactly()?;
        let found = sha256(predicate_text(payload));
        if digests != [found] {
            let why = format!("is not `{found}`, the predicate's digest");
            return Err(FieldError::new("subject[0].digest.sha256", why));
        }
        let Some(predicate) = predicate.as_object() else {
            return Err(FieldError::new("predicate", "is not an object"));
        };
        Self::read_predicate(subject, predicate_type, predicate)
    }

    fn read_predicate(
        subject: Subject,
        predicate_type: &str,
        predicate: &Object<'_>,
    ) -> Result<Self, FieldError> {
        let mut fields = Fields::new(predicate);
        let link = Link::read(&mut fields, subject)?;
        read_critical(&mut fields)?;
        let kind = StatementType::from_uri(predicate_type)
            .ok_or_else(|| FieldError::new("predicateType", "is not known"))?;
        if kind.governs() != subject.stream.is_governance() {
            let why = format!("does not stand in stream {}", subject.stream);
            return Err(FieldError::new("predicateType", why));
        }
        let content = Content::read(kind, &mut fields)?;
        fields.finish()?;
        content.check_at(&subject, link.previous)?;
        Ok(Self {
            subject,
            link,
            content,
        })
    }

    fn not_understood(subject: Subject, value: &Value<'_>, why: FieldError) -> Self {
        let none = Object::new();
        let member = |name| value.as_object().and_then(|object| object.get(name));
        let predicate_type = member("predicateType").and_then(Value::as_text);
        let predicate = member("predicate")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let predicate_type = predicate_type.unwrap_or_default();
        Self {
            subject,
            link: Link::claimed(predicate),
            content: Content::not_understood(predicate_type, predicate, why),
        }
    }

    /// Spells the payload.
    ///
    /// Returns `None` for content that was not understood: it is kept as it came, never
    /// written anew. Members under reverse-domain names are not part of a [`Statement`]:
    /// they stand in the entry, and are not written anew either.
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
    let payload = payload(&subject, kind, predicate);
    // What nobody could read founds no issuer.
    let read = Statement::parse(&payload).ok()?;
    read.content.statement_type().map(|_| (issuer, payload))
}

/// Finds whose statement a payload claims to be although it cannot be parsed.
///
/// Such a statement still fills its place in the stream, as one that nobody understands.
pub fn claimed_subject(payload: &[u8]) -> Option<Subject> {
    place_in(&json::parse_claim(payload).ok()?)
}

/// Why a payload is not a statement of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not canonical JSON without numbers.
    #[error("not canonical JSON: {0}")]
    Json(json::JsonError),
    /// No subject that names a place in a stream.
    #[error("`subject[0].name` is not `<issuer id>/<stream>/<sequence>`")]
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

/// The place that the first subject names.
fn place_in(value: &Value<'_>) -> Option<Subject> {
    let subjects = value.as_object()?.get("subject")?.as_list()?;
    let name = subjects.first()?.as_object()?.get("name")?;
    name.as_text()?.parse().ok()
}

/// Reads the digest of a subject, whose name was read by [`place_in`].
fn read_digest(value: &Value<'_>) -> Result<Hash, FieldError> {
    let mut fields = Fields::of(value)?;
    fields.required("name")?;
    let digest = fields.required("digest")?;
    fields.finish_exactly()?;
    let mut fields = Fields::of(digest)?;
    let digest = fields.parsed("sha256")?;
    fields.finish_exactly()?;
    Ok(digest)
}

fn read_not_before(fields: &mut Fields<'_>) -> Result<Option<String>, FieldError> {
    let text = fields.text("notBefore")?;
    if text.len() > MAX_NOT_BEFORE {
        let why = format!("has {} bytes; at most {MAX_NOT_BEFORE}", text.len());
        return Err(FieldError::new("notBefore", why));
    }
    Ok((text != NONE).then(|| text.to_owned()))
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

/// Reads `critical`, which lists members that must be understood. This version knows none
/// of them, so that whatever stands there, the statement is not understood.
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
    if fields.optional("beacon").is_none() {
        return Ok(None);
    }
    let read = |fields: &mut Fields<'_>| {
        let round = read_count(fields, "round")?;
        if round == 0 {
            return Err(FieldError::new("round", "is 0; a beacon's first is 1"));
        }
        let signature = hex::decode(fields.text("signature")?)
            .filter(|bytes| BEACON_SIGNATURES.contains(&bytes.len()))
            .ok_or_else(|| {
                let why = "is not 48 or 96 bytes in lower-case hexadecimal";
                FieldError::new("signature", why)
            })?;
        Ok(Beacon {
            chain: fields.parsed("chain")?,
            round,
            signature,
        })
    };
    fields.nested("beacon", read).map(Some)
}
