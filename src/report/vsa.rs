//! What an auditor concluded of one claim, signed: a SLSA Verification Summary Attestation
//! in an in-toto Statement in a DSSE envelope of its own.
//!
//! Specified in `specs/conclusion.md`, section "The summary", after SLSA 1.1,
//! "Verification Summary Attestation".
//!
//! It says who concluded what of which pledge, from which statements, by which trust file.
//! That the conclusion is right it does not show: that takes the log and `verify`.

mod outcome;
mod signed;

use crate::attestation::FieldError;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::fields::Fields;
use crate::encoding::json;
use crate::encoding::json::JsonError;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::encoding::uri;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::KeyName;
use crate::report::json::checkpoint;
use crate::report::json::or_null;
use crate::report::json::said;
use crate::report::json::verdict;
use crate::report::json::with_beside;
use crate::report::read;
use crate::time::UnixSeconds;
use crate::tlog::Checkpoint;
use crate::verify::Judgement;
use crate::verify::UsedStream;
use crate::verify::Verdict;

pub use outcome::{Inconsistent, Outcome, Shown};
pub use signed::{MAX_BYTES, SignedError, open, sign};

/// The type of the predicate (SLSA, "Verification Summary Attestation").
pub const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// The member of the predicate that holds the verdict itself.
pub const MEMBER: &str = "dev.standstill.verdict";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const SLSA_VERSION: &str = "1.1";
const TRUST_FILE: &str = "https://standstill.dev/trust-file/v1";
const NAMESPACE: &str = "https://standstill.dev/";

/// The most characters of a value that an error shows.
const MAX_SHOWN: usize = 120;

/// A conclusion on one claim, of a verdict that agrees with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    verifier: KeyName,
    program: String,
    at: UnixSeconds,
    trust: Hash,
    label: Option<String>,
    checkpoint: Checkpoint,
    beside: Vec<Checkpoint>,
    verdict: Verdict,
    outcome: Outcome,
}

impl Summary {
    /// Concludes one verdict of a judgement, in the name of `verifier`; `program` is what
    /// judged, with its version.
    ///
    /// Fails if the verdict contradicts itself, or if nothing says as of which tree it is.
    pub fn new(
        judgement: &Judgement,
        verdict: &Verdict,
        verifier: &KeyName,
        program: &str,
    ) -> Result<Self, SummaryError> {
        let checkpoint = judgement.checkpoint.clone();
        Ok(Self {
            verifier: verifier.clone(),
            program: program.to_owned(),
            at: judgement.at,
            trust: judgement.trust,
            label: judgement.label.clone(),
            checkpoint: checkpoint.ok_or(SummaryError::NoCheckpoint)?,
            beside: judgement.beside.clone(),
            outcome: Outcome::of(verdict)?,
            verdict: verdict.clone(),
        })
    }

    /// Returns whether the claim was shown to hold.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns the verdict.
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Returns who concluded it.
    pub const fn verifier(&self) -> &KeyName {
        &self.verifier
    }

    /// Returns the digest of the trust file that it was judged with.
    pub const fn trust(&self) -> Hash {
        self.trust
    }

    /// Returns the judgement of which this was handed on: one verdict of it, and nothing of
    /// what was found of others.
    pub fn judgement(&self) -> Judgement {
        Judgement {
            checkpoint: Some(self.checkpoint.clone()),
            beside: self.beside.clone(),
            at: self.at,
            trust: self.trust,
            label: self.label.clone(),
            verdicts: vec![self.verdict.clone()],
            findings: Vec::new(),
            anomalies: Vec::new(),
        }
    }

    /// Spells the in-toto Statement that is signed.
    pub fn to_payload(&self) -> String {
        self.statement().to_canonical()
    }

    /// Reads the payload of an envelope that `verifier` signed.
    ///
    /// Nothing in it is taken on trust that something else in it decides: the statement is
    /// written anew from the verdict, and must be the same to the byte.
    pub fn parse(payload: &[u8], verifier: &KeyName) -> Result<Self, SummaryError> {
        let found = json::parse(payload)?;
        let mut fields = Fields::of(&found)?;
        let kind = fields.text("predicateType")?;
        if kind != PREDICATE_TYPE {
            let found = kind.to_owned();
            return Err(SummaryError::Type { found });
        }
        let predicate = Fields::of(fields.required("predicate")?);
        let mut predicate = predicate.map_err(|error| error.within("predicate"))?;
        let summary = Self::read(&mut predicate, verifier)?;
        let expected = summary.statement().into();
        differ("", Some(&found), Some(&expected)).map_or(Ok(summary), Err)
    }

    /// Reads of the predicate what nothing else in it decides.
    fn read(predicate: &mut Fields<'_>, verifier: &KeyName) -> Result<Self, SummaryError> {
        let member = |fields: &mut Fields<'_>| {
            Ok((
                fields.nested("checkpoint", read::checkpoint)?,
                read::beside(fields)?,
                read::nullable(fields, "label", |fields| read::said(fields, "label"))?,
                read::said(fields, "program")?,
                read::verdict(fields)?,
            ))
        };
        let digest = predicate.nested("policy", |policy| {
            policy.text("uri")?;
            policy.nested("digest", |digest| digest.parsed("sha256"))
        });
        let within = |error: FieldError| error.within("predicate");
        let trust = digest.map_err(within)?;
        let at = predicate.parsed("timeVerified").map_err(within)?;
        let read = predicate.nested(MEMBER, member);
        let (checkpoint, beside, label, program, verdict) = read.map_err(within)?;
        Ok(Self {
            verifier: verifier.clone(),
            program,
            at,
            trust,
            label,
            checkpoint,
            beside,
            outcome: Outcome::of(&verdict)?,
            verdict,
        })
    }

    fn statement(&self) -> Object<'static> {
        let pledge = Subject {
            issuer: self.verdict.issuer,
            stream: StreamId::GOVERNANCE,
            sequence: self.verdict.sequence,
        };
        let subject = Object::new()
            .with("name", pledge.to_string())
            .with("digest", digest(self.verdict.pledge.hash()));
        Object::new()
            .with("_type", STATEMENT_TYPE)
            .with("subject", vec![subject])
            .with("predicateType", PREDICATE_TYPE)
            .with("predicate", self.predicate())
    }

    fn predicate(&self) -> Object<'static> {
        let policy = Object::new()
            .with("uri", TRUST_FILE)
            .with("digest", digest(&self.trust));
        let mut inputs: Vec<Object<'_>> = self.verdict.used.iter().map(input).collect();
        let trees = std::iter::once(&self.checkpoint).chain(&self.beside);
        inputs.extend(trees.map(checkpoint_input));
        let levels = vec![Value::from(self.outcome.verified_level())];
        let member = with_beside(verdict(&self.verdict), &self.beside)
            .with("checkpoint", checkpoint(&self.checkpoint))
            .with("label", or_null(self.label.as_ref().map(said)))
            .with("program", self.program.clone());
        Object::new()
            .with("verifier", Object::new().with("id", id(&self.verifier)))
            .with("timeVerified", self.at.to_string())
            .with("resourceUri", self.resource())
            .with("policy", policy)
            .with("inputAttestations", inputs)
            .with("verificationResult", self.outcome.as_str())
            .with("verifiedLevels", levels)
            .with("slsaVersion", SLSA_VERSION)
            .with(MEMBER, member)
    }

    /// Names issuer, window and checkpoint.
    fn resource(&self) -> String {
        let (issuer, window) = (self.verdict.issuer, self.verdict.window);
        format!(
            "{NAMESPACE}claim/v1/{issuer}/{}/{}/{}",
            window.start(),
            window.end(),
            checkpoint_name(&self.checkpoint)
        )
    }
}

fn checkpoint_name(checkpoint: &Checkpoint) -> String {
    let Checkpoint { origin, size, root } = checkpoint;
    format!("{}/{size}/{root}", uri::escape(origin.as_str(), ""))
}

/// The digest is that of the text that the log and its witnesses signed.
fn checkpoint_input(checkpoint: &Checkpoint) -> Object<'static> {
    let name = checkpoint_name(checkpoint);
    let text = checkpoint.to_text();
    Object::new()
        .with("uri", format!("{NAMESPACE}checkpoint/v1/{name}"))
        .with("name", name)
        .with("digest", digest(&sha256(text.as_bytes())))
}

/// Returns the address by which a summary names the verifier with a key of that name.
pub fn id(verifier: &KeyName) -> String {
    format!("https://{}", uri::escape(verifier.as_str(), "/:"))
}

fn input(used: &UsedStream) -> Object<'static> {
    let UsedStream {
        issuer,
        stream,
        first,
        last,
        statement,
    } = used;
    let name = format!("{issuer}/{stream}/{first}-{last}");
    Object::new()
        .with("uri", format!("{NAMESPACE}stream/v1/{name}"))
        .with("name", name)
        .with("digest", digest(statement.hash()))
}

fn digest(hash: &Hash) -> Object<'static> {
    Object::new().with("sha256", hash.to_string())
}

/// Returns the first place in which two values differ.
fn differ(
    path: &str,
    found: Option<&Value<'_>>,
    expected: Option<&Value<'_>>,
) -> Option<SummaryError> {
    match (found, expected) {
        (Some(found), Some(expected)) if found == expected => None,
        (Some(Value::Object(found)), Some(Value::Object(expected))) => {
            let names = expected.iter().chain(found.iter()).map(|(name, _)| name);
            names.into_iter().find_map(|name| {
                let joint = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{joint}{name}");
                differ(&path, found.get(name), expected.get(name))
            })
        }
        (Some(Value::List(found)), Some(Value::List(expected))) => {
            let most = found.len().max(expected.len());
            (0..most).find_map(|at| {
                let path = format!("{path}[{at}]");
                differ(&path, found.get(at), expected.get(at))
            })
        }
        _ => Some(SummaryError::Member {
            member: path.to_owned(),
            found: shown(found),
            expected: shown(expected),
        }),
    }
}

fn shown(value: Option<&Value<'_>>) -> String {
    let Some(value) = value else {
        return "absent".to_owned();
    };
    let text = value.to_canonical();
    let mut short: String = text.chars().take(MAX_SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{short}`")
}

/// Why a verdict cannot be handed on, or a payload is no summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// A member cannot be read.
    #[error("{0}")]
    Field(#[from] FieldError),
    /// The verdict contradicts itself.
    #[error("{0}")]
    Inconsistent(#[from] Inconsistent),
    /// Not canonical JSON.
    #[error("the payload is not canonical JSON: {0}")]
    Json(#[from] JsonError),
    /// A member is not what the verdict in the same summary makes it.
    #[error("`{member}` is {found}; the verdict beside it makes it {expected}")]
    Member {
        /// Which.
        member: String,
        /// What it is.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// It is not said as of which tree it was judged.
    #[error("the log had no checkpoint: nothing says as of which tree it was judged")]
    NoCheckpoint,
    /// Another kind of statement.
    #[error("the statement is a `{found}`, not a `{PREDICATE_TYPE}`")]
    Type {
        /// What it is.
        found: String,
    },
}
