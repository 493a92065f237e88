//! What is concluded, and in which words (formats: part 2).

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::figure::spelled;
use crate::claim::Level;
use crate::hash::Hash;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::tlog::Checkpoint;
use crate::verify::checks::Check;

spelled! {
    /// The word of a verdict, in the order in which the first that applies is taken.
    Word, "the word of a verdict" {
        /// A breach is shown.
        Violated = "VIOLATED",
        /// The log, or the issuer's history in it, is broken.
        LogIntegrityFailure = "LOG-INTEGRITY-FAILURE",
        /// A report is missing past its deadline.
        Overdue = "OVERDUE",
        /// Nothing else was shown.
        NotShown = "NOT-SHOWN",
        /// With the lab's own records, not independently checked.
        Consistent = "CONSISTENT",
        /// Shown by independent evidence.
        Holds = "HOLDS",
    }
}

spelled! {
    /// What a finding is about.
    Axis, "an axis" {
        /// Whether everything that ran was declared.
        Completeness = "completeness",
        /// Whether what was declared is what the claim allows.
        Correctness = "correctness",
        /// Whether the log is what was signed and seen.
        Integrity = "integrity",
    }
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The check that found it.
    pub check: &'static str,
    /// What it is about.
    pub axis: Axis,
    /// The word that it calls for; `None` where it only informs.
    pub calls_for: Option<Word>,
    /// What was found, with the values.
    pub text: String,
}

impl Finding {
    /// What a check found. What that does to a verdict, the check alone decides.
    pub fn new(check: Check, text: impl Into<String>) -> Self {
        Self {
            check: check.name(),
            axis: check.axis(),
            calls_for: check.calls_for(),
            text: plain(text.into()),
        }
    }
}

/// Spells out what would break a line, move the cursor or turn the direction of writing:
/// texts quote what labs and strangers wrote. (A lab that writes its own verdict.)
pub(crate) fn plain(text: String) -> String {
    let hidden = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if !text.contains(hidden) {
        return text;
    }
    let mut out = String::new();
    for char in text.chars() {
        if hidden(char) {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

/// How a breach was restated afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restated {
    /// It was not.
    No,
    /// By a correction.
    Yes,
}

/// A run of statements of one stream that a verdict rests on: all that were read of it, if
/// the log or the bundle leaves none out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedStream {
    /// Whose.
    pub issuer: IssuerId,
    /// Which.
    pub stream: StreamId,
    /// The sequence of the first statement.
    pub first: u64,
    /// The sequence of the last.
    pub last: u64,
    /// The last. Each statement names the one before it, so it binds them all.
    pub statement: StatementId,
}

/// What is concluded of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whose claim.
    pub issuer: IssuerId,
    /// What the trust file calls the issuer.
    pub name: String,
    /// The pledge.
    pub pledge: StatementId,
    /// The sequence of the pledge in stream 0.
    pub sequence: u64,
    /// What it claims, in a few words.
    pub claim: String,
    /// The conclusion.
    pub word: Word,
    /// Whether a breach was restated.
    pub restated: Restated,
    /// How well it is supported.
    pub level: Level,
    /// The level that HOLDS would need.
    pub required: Level,
    /// Which areas.
    pub perimeter: String,
    /// When.
    pub window: Period,
    /// What is known of the quantity, the limit, and the unit.
    pub numbers: Option<Numbers>,
    /// The smallest hidden run that the evidence could not exclude.
    pub resolution: String,
    /// The roots of trust beside the lab's own that the level rests on.
    pub roots: Vec<String>,
    /// Where a breach of the lab's own shows first; `None` if there is none.
    pub broken_at: Option<u64>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the verdict does not show.
    pub does_not_show: Vec<String>,
    /// The streams that it rests on, each once in the order of issuer, stream and sequence.
    pub used: Vec<UsedStream>,
}

/// The figures that a verdict compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The least that it can be.
    pub lower: String,
    /// The most that it can be; `None` where nothing bounds it.
    pub upper: Option<String>,
    /// The limit, exceptions included.
    pub limit: String,
    /// The unit of all three.
    pub unit: String,
}

/// All that is concluded from a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The checkpoint that everything is judged as of; `None` where there was none and
    /// witnesses answered for the log.
    pub checkpoint: Option<Checkpoint>,
    /// The checkpoints of the logs that were read beside it.
    pub beside: Vec<Checkpoint>,
    /// The time at which staleness and expiry were judged.
    pub at: UnixSeconds,
    /// The digest of the trust file and of the policy that it names.
    pub trust: Hash,
    /// What the auditor asks to be printed on every verdict.
    pub label: Option<String>,
    /// One a claim.
    pub verdicts: Vec<Verdict>,
    /// What was found of the log, whoever's claims.
    pub findings: Vec<Finding>,
    /// What is nobody's statement: reported, and changes no verdict.
    pub anomalies: Vec<String>,
}

/// What every verdict leaves open, whatever the evidence (design, "What it can and
/// cannot show").
pub const NEVER_SHOWN: &[&str] = &[
    "that the records are true: a log proves who said what, not that it is so",
    "undeclared sites, and compute outside the perimeter",
    "collusion of all roots of trust, and progress in algorithms",
];

/// The exit codes of `verify` (formats: part 2, "Exit codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 0: every judged claim holds, or is consistent at the level asked for.
    Holds,
    /// 1: a violation or a broken log.
    Broken,
    /// 3: not shown, overdue, or consistent only.
    NotShown,
}

impl Outcome {
    /// Returns the exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Broken => 1,
            Self::NotShown => 3,
        }
    }
}

impl Verdict {
    /// Returns the exit code's meaning, CONSISTENT counting from `required` on.
    pub fn outcome(&self, required: Option<Level>) -> Outcome {
        let broken = |word: &Word| matches!(word, Word::Violated | Word::LogIntegrityFailure);
        let called: Vec<Word> = self
            .findings
            .iter()
            .filter_map(|one| one.calls_for)
            .collect();
        if broken(&self.word) || called.iter().any(broken) {
            return Outcome::Broken;
        }
        let enough = required.is_some_and(|required| self.level >= required);
        match self.word {
            Word::Holds => Outcome::Holds,
            Word::Consistent if enough => Outcome::Holds,
            _ => Outcome::NotShown,
        }
    }

    /// Returns the word with its level and what qualifies it.
    pub fn headline(&self) -> String {
        match (self.word, self.restated) {
            (Word::Holds | Word::Consistent, _) => format!("{}@{}", self.word, self.level),
            (Word::Violated, Restated::Yes) => "VIOLATED (restated)".to_owned(),
            (word, _) => word.to_string(),
        }
    }
}

impl Judgement {
    /// Returns the exit code's meaning over all claims and the log itself.
    pub fn outcome(&self, required: Option<Level>) -> Outcome {
        let log_broken = self
            .findings
            .iter()
            .any(|one| one.calls_for == Some(Word::LogIntegrityFailure));
        let outcomes: Vec<Outcome> = self
            .verdicts
            .iter()
            .map(|verdict| verdict.outcome(required))
            .collect();
        if log_broken || outcomes.contains(&Outcome::Broken) {
            return Outcome::Broken;
        }
        // Where no claim was judged, nothing holds; nor where one that was expected is not
        // there to be judged.
        let missing = self.findings.iter().any(|one| one.calls_for.is_some());
        if missing || outcomes.is_empty() || outcomes.contains(&Outcome::NotShown) {
            return Outcome::NotShown;
        }
        Outcome::Holds
    }
}
