//! What was drawn, and the records that a lab opens for it: one file that shows by itself
//! whether they are those.
//!
//! Specified in `specs/challenge.md`, section "An answer".

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::Subject;
use crate::attestation::content::Challenge;
use crate::attestation::content::ChallengeKind;
use crate::attestation::content::Draw;
use crate::attestation::content::Target;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::figure::QuantityKind;
use crate::challenge::beacon::Beacon;
use crate::challenge::beacon::BeaconError;
use crate::challenge::draw::MAX_DRAWN;
use crate::challenge::draw::draw;
use crate::challenge::draw::seed;
use crate::encoding::hex;
use crate::encoding::json;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::Opening;
use crate::ledger::OpeningError;
use crate::ledger::Salt;
use crate::ledger::commitment;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most bytes of an answer: of [`MAX_DRAWN`] records, 3 KiB each.
pub const MAX_ANSWER: usize = 32 << 20;

/// What the file of a draw says that it is.
const DRAW_FORMAT: &str = "standstill/draw/v1";

/// The same of an answer.
const ANSWER_FORMAT: &str = "standstill/answer/v1";

/// The field of a commitment to an auditor's secret (`ledger.md`, led-10).
const SECRET: &str = "secret";

/// Returns the commitment to an auditor's secret.
pub fn committed(secret: &Salt, salt: &Salt) -> Hash {
    commitment(SECRET, salt, secret.as_bytes())
}

/// What was drawn: the challenge, and what its draw waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The payload of the `challenge` statement.
    pub challenge: String,
    /// What nobody knew before.
    pub reveal: Reveal,
}

/// What a draw waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reveal {
    /// The beacon's signature of the round, where the challenge names one.
    pub signature: Option<Vec<u8>>,
    /// The auditor's secret, and the salt of the commitment to it, where there is one.
    pub secret: Option<(Salt, Salt)>,
}

/// A challenge that draws from a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The statement.
    pub id: StatementId,
    /// Who asks.
    pub auditor: IssuerId,
    /// What for.
    pub challenge: Challenge,
    /// The ledger that is drawn from.
    pub target: Target,
}

/// The records that a lab opens for a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    drawn: Drawn,
    /// The payload of the statement that names the ledger.
    target: String,
    openings: Vec<Opening>,
}

/// What an answer shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The challenge.
    pub challenge: StatementId,
    /// What it asks for.
    pub asked: Challenge,
    /// Where the statement that names the ledger stands.
    pub target: Subject,
    /// The period that it accounts for; `None` of an inventory.
    pub period: Option<Period>,
    /// What the records are of.
    pub kind: Kind,
    /// When the beacon's round came out, if the beacon is known and signed it.
    pub round: Option<UnixSeconds>,
    /// The records that were drawn, rising.
    pub indices: Vec<u64>,
    /// The devices among what was opened of an inventory or a transfer.
    pub devices: Vec<Hash>,
}

impl Drawn {
    /// Reads the challenge, if it draws from a ledger.
    pub fn asked(&self) -> Result<Asked, AnswerError> {
        let payload = self.challenge.as_bytes();
        let statement =
            Statement::parse(payload).map_err(|error| AnswerError::Challenge(error.to_string()))?;
        let Content::Challenge(challenge) = statement.content else {
            let why = "it is no challenge".to_owned();
            return Err(AnswerError::Challenge(why));
        };
        let draws = challenge.kind.draws();
        let Some(target) = challenge.target.filter(|_| draws) else {
            let why = format!("`{}` is drawn from no ledger", challenge.kind);
            return Err(AnswerError::Challenge(why));
        };
        if challenge.draw.count > MAX_DRAWN {
            let why = format!(
                "it draws {} records; {MAX_DRAWN} are allowed",
                challenge.draw.count
            );
            return Err(AnswerError::Challenge(why));
        }
        Ok(Asked {
            id: StatementId::of(payload),
            auditor: statement.subject.issuer,
            challenge,
            target,
        })
    }

    /// Returns which records were drawn, rising, and when the beacon's round came out, if the
    /// beacon is one of those that are known.
    pub fn indices(
        &self,
        beacons: &[Beacon],
    ) -> Result<(Vec<u64>, Option<UnixSeconds>), AnswerError> {
        self.indices_of(&self.asked()?, beacons)
    }

    fn indices_of(
        &self,
        asked: &Asked,
        beacons: &[Beacon],
    ) -> Result<(Vec<u64>, Option<UnixSeconds>), AnswerError> {
        let Draw {
            beacon,
            commitment,
            count,
        } = asked.challenge.draw;
        let Reveal { signature, secret } = &self.reveal;
        if signature.is_some() != beacon.is_some() {
            return Err(AnswerError::Reveal("the signature of the beacon's round"));
        }
        let opened = secret
            .as_ref()
            .map(|(secret, salt)| committed(secret, salt));
        if opened != commitment {
            return Err(AnswerError::Reveal("the secret that was committed to"));
        }
        let mut came = None;
        if let (Some(round), Some(signature)) = (beacon, signature) {
            let mut known = beacons.iter();
            if let Some(beacon) = known.find(|beacon| *beacon.chain() == round.chain) {
                beacon.verify(round.round, signature)?;
                came = beacon.time_of(round.round);
            }
        }
        let secret = secret.as_ref().map(|(secret, _)| secret);
        let seed = seed(asked.id, signature.as_deref(), secret);
        let mut indices = draw(&seed, asked.target.count, count);
        indices.sort_unstable();
        Ok((indices, came))
    }

    /// Reads the file of a draw.
    pub fn parse(bytes: &[u8]) -> Result<Self, AnswerError> {
        let value = json::parse(bytes).map_err(|error| AnswerError::Form(error.to_string()))?;
        Ok(Self::read(&value)?)
    }

    /// Spells the file of a draw.
    pub fn print(&self) -> String {
        Value::from(self.write()).to_canonical()
    }

    fn read(value: &Value<'_>) -> Result<Self, FieldError> {
        let mut fields = Fields::of(value)?;
        format(&mut fields, DRAW_FORMAT)?;
        let secret = fields.parsed_or_none("secret")?;
        let salt = fields.parsed_or_none("salt")?;
        let signature = fields.text("signature")?;
        let signature = match signature {
            NONE => None,
            text => Some(
                hex::decode(text)
                    .ok_or_else(|| FieldError::new("signature", "is not lower-case hexadecimal"))?,
            ),
        };
        let drawn = Self {
            challenge: fields.text("challenge")?.to_owned(),
            reveal: Reveal {
                signature,
                secret: match (secret, salt) {
                    (Some(secret), Some(salt)) => Some((secret, salt)),
                    (None, None) => None,
                    _ => {
                        return Err(FieldError::new(
                            "salt",
                            "is there without `secret`, or it without `salt`",
                        ));
                    }
                },
            },
        };
        fields.finish_exactly()?;
        Ok(drawn)
    }

    fn write(&self) -> Object<'static> {
        let Reveal { signature, secret } = &self.reveal;
        let signature = signature.as_ref().map(|bytes| hex::encode(bytes));
        Object::new()
            .with("challenge", self.challenge.clone())
            .with("format", DRAW_FORMAT)
            .with("salt", or_none(secret.as_ref().map(|(_, salt)| salt)))
            .with("secret", or_none(secret.as_ref().map(|(secret, _)| secret)))
            .with("signature", or_none(signature.as_ref()))
    }
}

impl Answer {
    /// Opens what was drawn of a ledger; `target` is the payload of the statement that names it.
    pub fn open(drawn: Drawn, target: String, ledger: &Ledger) -> Result<Self, AnswerError> {
        let asked = drawn.asked()?;
        let (indices, _) = drawn.indices_of(&asked, &[])?;
        let kind = named_by(&asked, target.as_bytes())?.kind;
        let Target { root, count, .. } = asked.target;
        if (ledger.root(), ledger.count(), ledger.kind()) != (root, count, kind) {
            let why = "the ledger at hand is another".to_owned();
            return Err(AnswerError::Target(why));
        }
        let open = |index| ledger.open(index, kind.fields());
        let openings: Option<Vec<Opening>> = indices.into_iter().map(open).collect();
        Ok(Self {
            drawn,
            target,
            openings: openings.ok_or_else(|| AnswerError::Records("too few records".to_owned()))?,
        })
    }

    /// Shows whether the records are those that were drawn, in the ledger that was named, and
    /// what they are.
    pub fn check(&self, beacons: &[Beacon]) -> Result<Shown, AnswerError> {
        let asked = self.drawn.asked()?;
        let target = asked.target;
        let named = named_by(&asked, self.target.as_bytes())?;
        let (indices, round) = self.drawn.indices_of(&asked, beacons)?;
        let opened: Vec<u64> = self.openings.iter().map(Opening::index).collect();
        if opened != indices {
            let drawn = indices.len();
            let why = format!(
                "{} are opened, and not the {drawn} that were drawn",
                opened.len()
            );
            return Err(AnswerError::Records(why));
        }
        let mut devices = Vec::new();
        for opening in &self.openings {
            let index = opening.index();
            let fault = |source| AnswerError::Opening { index, source };
            if opening.kind() != named.kind {
                return Err(AnswerError::Records(format!(
                    "record {index} is of another kind"
                )));
            }
            let shown = opening.verify(&target.root, target.count).map_err(fault)?;
            let figures = opening.record(may_close(named.kind)).map_err(fault)?;
            let value = |name| {
                let mut shown = shown.iter();
                shown
                    .find(|(field, _)| *field == name)
                    .map(|(_, value)| *value)
            };
            devices.extend(value("serial").and_then(|text| text.parse::<Hash>().ok()));
            let Some(period) = named.period else { continue };
            let beyond = |why: &str| AnswerError::Record {
                index,
                why: format!("{why} {period}"),
            };
            if let (Some(start), Some(end)) = (instant(value("start")), instant(value("end")))
                && (start < period.start() || end > period.end())
            {
                return Err(beyond("the job is told beyond the period"));
            }
            let most = Quantity::from(period.seconds());
            let mut seconds = figures.iter();
            if named.kind == Kind::Devices
                && seconds.any(|one| {
                    one.quantity == QuantityKind::AcceleratorSeconds && one.value.upper() > most
                })
            {
                return Err(beyond("the device ran for longer than the period"));
            }
        }
        Ok(Shown {
            challenge: asked.id,
            asked: asked.challenge,
            target: named.subject,
            period: named.period,
            kind: named.kind,
            round,
            indices,
            devices,
        })
    }

    /// Returns the records that are opened.
    pub fn openings(&self) -> &[Opening] {
        &self.openings
    }

    /// Returns what was drawn.
    pub const fn drawn(&self) -> &Drawn {
        &self.drawn
    }

    /// Reads the file of an answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, AnswerError> {
        if bytes.len() > MAX_ANSWER {
            return Err(AnswerError::Form(format!(
                "it has more than {MAX_ANSWER} bytes"
            )));
        }
        let value = json::parse(bytes).map_err(|error| AnswerError::Form(error.to_string()))?;
        let mut fields = Fields::of(&value)?;
        format(&mut fields, ANSWER_FORMAT)?;
        let most = usize::try_from(MAX_DRAWN).unwrap_or(usize::MAX);
        let drawn = fields.required("draw")?;
        let answer = Self {
            drawn: Drawn::read(drawn).map_err(|error| error.within("draw"))?,
            target: fields.text("target")?.to_owned(),
            openings: fields.list("openings", most, Opening::read)?,
        };
        fields.finish_exactly()?;
        Ok(answer)
    }

    /// Spells the file of an answer.
    pub fn print(&self) -> String {
        let openings: Vec<Object<'static>> = self.openings.iter().map(Opening::write).collect();
        let object = Object::new()
            .with("draw", self.drawn.write())
            .with("format", ANSWER_FORMAT)
            .with("openings", openings)
            .with("target", self.target.clone());
        Value::from(object).to_canonical()
    }
}

/// The ledger that a challenge draws from, as the statement that names it has it.
struct Named {
    subject: Subject,
    kind: Kind,
    period: Option<Period>,
}

/// Finds the ledger that is drawn from in the statement that the challenge names.
fn named_by(asked: &Asked, payload: &[u8]) -> Result<Named, AnswerError> {
    let (challenge, target) = (&asked.challenge, &asked.target);
    let wrong = |why: &str| AnswerError::Target(why.to_owned());
    if StatementId::of(payload) != target.statement {
        return Err(wrong("it is not the one that the challenge names"));
    }
    let statement =
        Statement::parse(payload).map_err(|error| AnswerError::Target(error.to_string()))?;
    let about = &challenge.about;
    let subject = statement.subject;
    if subject.issuer != about.issuer || !about.streams.contains(&subject.stream) {
        return Err(wrong("it is not of the areas that are challenged"));
    }
    let (references, period) = match (&statement.content, challenge.kind) {
        (Content::Usage(usage), ChallengeKind::Records) => {
            (usage.ledgers.as_slice(), Some(usage.period))
        }
        (Content::Inventory(inventory), ChallengeKind::Serials) => {
            (std::slice::from_ref(&inventory.ledger), None)
        }
        (Content::Transfer(transfer), ChallengeKind::Serials) => {
            (std::slice::from_ref(&transfer.ledger), None)
        }
        _ => return Err(wrong("it names no ledger of what is asked for")),
    };
    let mut references = references.iter();
    let reference = references
        .find(|one| one.root == target.root && one.count == target.count)
        .ok_or_else(|| wrong("it names no ledger of this root and count"))?;
    Ok(Named {
        subject,
        kind: reference.kind,
        period,
    })
}

/// The fields that may stay closed: names, which bind nothing.
const fn may_close(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Devices => &[],
        Kind::Inventory => &["vendor"],
        Kind::Jobs => &["job", "run"],
        Kind::Meters => &["meter"],
    }
}

fn instant(text: Option<&str>) -> Option<UnixSeconds> {
    text?.parse().ok()
}

/// Takes `format`, which must be the one expected.
fn format(fields: &mut Fields<'_>, expected: &str) -> Result<(), FieldError> {
    match fields.text("format")? {
        found if found == expected => Ok(()),
        found => Err(FieldError::new(
            "format",
            format!("is `{found}`, not `{expected}`"),
        )),
    }
}

/// Why an answer does not show what was drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Not such a file.
    #[error("not a file of a draw or an answer: {0}")]
    Form(String),
    /// Not a challenge that draws from a ledger.
    #[error("the challenge: {0}")]
    Challenge(String),
    /// The statement that names the ledger is another, or names another.
    #[error("the statement that names the ledger: {0}")]
    Target(String),
    /// What the draw waited for is missing, is not asked for, or is something else.
    #[error("{0} is missing, is not what the challenge waits for, or is not waited for")]
    Reveal(&'static str),
    /// The beacon did not sign it.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// Other records than those that were drawn.
    #[error("the records: {0}")]
    Records(String),
    /// A record that does not open.
    #[error("record {index}: {source}")]
    Opening {
        /// The record.
        index: u64,
        /// Why not.
        source: OpeningError,
    },
    /// A record that contradicts the statement.
    #[error("record {index}: {why}")]
    Record {
        /// The record.
        index: u64,
        /// What is wrong.
        why: String,
    },
}

impl From<FieldError> for AnswerError {
    fn from(error: FieldError) -> Self {
        Self::Form(error.to_string())
    }
}
