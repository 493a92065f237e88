//! Why an entry is not admitted, told so that its issuer can go on.

use std::fmt;

use crate::attestation::Head;
use crate::attestation::StatementId;
use crate::attestation::StreamId;

/// The rule that an entry breaks (`specs/log.md`, section "Admission").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// An area is declared once, changes at an edge, and ends once.
    Area,
    /// The same statement is logged once, as it was signed then.
    Copy,
    /// An entry is an envelope in its one spelling.
    Envelope,
    /// A head of stream 0 that is in the log, not older than the predecessor's.
    Head,
    /// An issuer's first statement comes first.
    Identity,
    /// An issuer's log of record is this one.
    LogOfRecord,
    /// What the operator says of its log is its own to say.
    Operator,
    /// A payload names its place, and is what its type requires.
    Payload,
    /// A `usage` is of exactly the next period.
    Period,
    /// `previous` is the statement before it.
    Previous,
    /// The operator registered the issuer.
    Registration,
    /// The sequence is the next of its stream.
    Sequence,
    /// Exactly the signatures that its role requires, all valid.
    Signatures,
    /// There is one statement for each sequence.
    Taken,
}

/// What kind of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The entry contradicts what the log holds.
    Conflict,
    /// Whoever sent it may not.
    Forbidden,
    /// The entry is wrong by itself.
    Malformed,
}

impl Rule {
    /// Returns its name, as answers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Copy => "copy",
            Self::Envelope => "envelope",
            Self::Head => "head",
            Self::Identity => "identity",
            Self::LogOfRecord => "log-of-record",
            Self::Operator => "operator",
            Self::Payload => "payload",
            Self::Period => "period",
            Self::Previous => "previous",
            Self::Registration => "registration",
            Self::Sequence => "sequence",
            Self::Signatures => "signatures",
            Self::Taken => "taken",
        }
    }

    /// Returns what kind of mistake breaks it.
    pub const fn fault(self) -> Fault {
        match self {
            Self::Envelope | Self::Payload => Fault::Malformed,
            Self::Operator | Self::Registration | Self::Signatures => Fault::Forbidden,
            Self::Area
            | Self::Copy
            | Self::Head
            | Self::Identity
            | Self::LogOfRecord
            | Self::Period
            | Self::Previous
            | Self::Sequence
            | Self::Taken => Fault::Conflict,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an entry is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// What was wrong, with the values.
    pub why: String,
    /// What helps its issuer to go on.
    pub help: Box<Help>,
}

/// What helps an issuer to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// What would have been right, where there is one such value.
    pub expected: Option<String>,
    /// What the log holds of the stream, where its issuer is known.
    pub state: Option<StreamState>,
    /// Where the log holds the place's statement, if that is why.
    pub index: Option<u64>,
}

/// What a log holds of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// The stream.
    pub stream: StreamId,
    /// The sequence that comes next.
    pub next: u64,
    /// What `previous` of the next statement must be; `None` where nothing comes next.
    pub previous: Option<StatementId>,
    /// The head of stream 0.
    pub governance: Option<Head>,
}

impl Refusal {
    pub(super) fn new(rule: Rule, why: impl Into<String>) -> Self {
        Self {
            rule,
            why: why.into(),
            help: Box::default(),
        }
    }

    pub(super) fn expecting(mut self, expected: impl fmt::Display) -> Self {
        self.help.expected = Some(expected.to_string());
        self
    }
}
