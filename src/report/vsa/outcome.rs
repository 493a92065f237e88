//! What may be called PASSED.

use std::collections::BTreeMap;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::claim::Level;
use crate::verify::Verdict;
use crate::verify::Word;
use crate::verify::verdict::Restated;

/// The level from which on a claim can be shown to hold: two or more independent roots.
const LEAST: Level = Level::E3;

/// That a claim was shown to hold by independent evidence.
///
/// There is no other way to one than a verdict of HOLDS, at E3 or more, at the level
/// required or more, with no finding that calls for another word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown(Level);

/// The result of a verification summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every verdict but HOLDS at E3 or more.
    Failed,
    /// The claim was shown to hold.
    Passed(Shown),
}

impl Outcome {
    /// Returns what a verdict comes to, if it agrees with itself.
    pub fn of(verdict: &Verdict) -> Result<Self, Inconsistent> {
        check(verdict)?;
        Ok(Shown::of(verdict).map_or(Self::Failed, Self::Passed))
    }

    /// Returns its spelling (SLSA, `verificationResult`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Passed(_) => "PASSED",
        }
    }

    /// Returns the level that was verified (SLSA, `verifiedLevels`).
    pub fn verified_level(self) -> String {
        match self {
            Self::Failed => "FAILED".to_owned(),
            Self::Passed(Shown(level)) => format!("STANDSTILL_{level}"),
        }
    }
}

impl Shown {
    fn of(verdict: &Verdict) -> Option<Self> {
        let level = verdict.level;
        let enough = level >= LEAST && level >= verdict.required;
        let undisputed = verdict.findings.iter().all(|one| one.calls_for.is_none());
        (verdict.word == Word::Holds && enough && undisputed).then_some(Self(level))
    }
}

/// Whether the word is the one that findings and level allow, and the streams are told as
/// they must be.
fn check(verdict: &Verdict) -> Result<(), Inconsistent> {
    let (word, level) = (verdict.word, verdict.level);
    let called = verdict.findings.iter().filter_map(|one| one.calls_for);
    if let Some(called) = called.min()
        && word != called
    {
        return Err(Inconsistent::Word { word, called });
    }
    let called = !verdict.findings.iter().all(|one| one.calls_for.is_none());
    if !called && !matches!(word, Word::Consistent | Word::Holds) {
        return Err(Inconsistent::Uncalled { word });
    }
    if word == Word::Holds && Shown::of(verdict).is_none() {
        let required = verdict.required.max(LEAST);
        return Err(Inconsistent::Level { level, required });
    }
    if verdict.restated == Restated::Yes && word != Word::Violated {
        return Err(Inconsistent::Restated { word });
    }
    check_streams(verdict)
}

fn check_streams(verdict: &Verdict) -> Result<(), Inconsistent> {
    let used = &verdict.used;
    let governed = |one: &IssuerId| {
        let of = |stream: &StreamId| stream.is_governance();
        used.iter()
            .any(|used| used.issuer == *one && of(&used.stream))
    };
    if !governed(&verdict.issuer) {
        let issuer = verdict.issuer;
        return Err(Inconsistent::Ungoverned { issuer });
    }
    let mut ends: BTreeMap<(IssuerId, StreamId), u64> = BTreeMap::new();
    let sorted = used.is_sorted_by_key(|one| (one.issuer, one.stream, one.first));
    let apart = used.iter().all(|one| {
        let before = ends.insert((one.issuer, one.stream), one.last);
        one.first <= one.last && before.is_none_or(|before| before < one.first)
    });
    if sorted && apart {
        Ok(())
    } else {
        Err(Inconsistent::Streams)
    }
}

/// How a verdict contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inconsistent {
    /// HOLDS, on less than that takes.
    #[error("the verdict is HOLDS at {level}; that takes {required}")]
    Level {
        /// The level of the verdict.
        level: Level,
        /// The level that it needs.
        required: Level,
    },
    /// A breach restated where there is none.
    #[error("the verdict is {word} and speaks of a breach restated")]
    Restated {
        /// The word of the verdict.
        word: Word,
    },
    /// The streams are not in order, or overlap.
    #[error("the streams that the verdict rests on are not sorted, each statement once")]
    Streams,
    /// A word that no finding calls for.
    #[error("the verdict is {word}, and no finding calls for it")]
    Uncalled {
        /// The word of the verdict.
        word: Word,
    },
    /// The stream in which the pledge stands was not used.
    #[error("the verdict rests on nothing in stream 0 of {issuer}, in which the pledge stands")]
    Ungoverned {
        /// The issuer.
        issuer: IssuerId,
    },
    /// Another word than the first that a finding calls for.
    #[error("the verdict is {word}, but a finding calls for {called}")]
    Word {
        /// The word of the verdict.
        word: Word,
        /// The first word that is called for.
        called: Word,
    },
}
