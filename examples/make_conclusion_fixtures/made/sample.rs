//! Verdicts made by hand: what the judge finds is the subject of other fixtures.

use standstill::attestation::{IssuerId, StatementId, StreamId};
use standstill::claim::Level;
use standstill::hash::{Hash, sha256};
use standstill::time::Period;
use standstill::tlog::{Checkpoint, Origin};
use standstill::verify::verdict::{NEVER_SHOWN, Numbers, Restated};
use standstill::verify::{Check, Finding, Judgement, UsedStream, Verdict, Word};

/// What judged. Not this version's name: bytes are pinned.
pub const PROGRAM: &str = "standstill 0.0.0";

/// A judgement with these verdicts.
pub fn judgement(verdicts: Vec<Verdict>) -> Judgement {
    Judgement {
        checkpoint: Some(Checkpoint {
            origin: Origin::new("log.example/shared").unwrap(),
            size: 34,
            root: sha256(b"root"),
        }),
        beside: Vec::new(),
        at: "2026-04-10T00:00:00Z".parse().unwrap(),
        trust: sha256(b"trust file"),
        label: Some("made up".to_owned()),
        verdicts,
        findings: Vec::new(),
        anomalies: vec!["one entry is nobody's".to_owned()],
    }
}

/// A judgement of a lab whose utility has a log of its own.
pub fn beside() -> Judgement {
    Judgement {
        beside: vec![Checkpoint {
            origin: Origin::new("meters.example/log").unwrap(),
            size: 21,
            root: sha256(b"another root"),
        }],
        ..judgement(vec![sample(Word::Holds)])
    }
}

/// A verdict of that word.
pub fn sample(word: Word) -> Verdict {
    let (findings, upper) = match word {
        Word::Violated => (vec![(Check::Breach, "at entry 28 it comes to 1040")], 1040),
        Word::LogIntegrityFailure => (
            vec![
                (Check::Equivocation, "issuer signed two statements for 1/7"),
                (Check::Stale, "a quorum saw the log last long ago"),
            ],
            900,
        ),
        Word::Overdue => (
            vec![
                (Check::Overdue, "area 1: the report of day 21 is missing"),
                (Check::ReportsMissing, "10 reports are missing"),
            ],
            600,
        ),
        Word::NotShown => (
            vec![(Check::Straddles, "it may exceed the limit and may not")],
            1200,
        ),
        Word::Consistent => (vec![(Check::CoverageUnknown, "seen is unknown")], 900),
        Word::Holds => (Vec::new(), 950),
    };
    let holds = word == Word::Holds;
    let first = if holds {
        "what the corroborators could not see"
    } else {
        "independent evidence: these are the lab's own records, not independently checked"
    };
    let mut used = vec![stream(issuer(), 0, 0, 3), stream(issuer(), 1, 0, 29)];
    if holds {
        used.extend([stream(utility(), 0, 0, 1), stream(utility(), 1, 0, 4)]);
        used.sort_by_key(|one| (one.issuer, one.stream, one.first));
    }
    Verdict {
        issuer: issuer(),
        name: "lab".to_owned(),
        pledge: statement(b"pledge"),
        sequence: 2,
        claim: "cap on accelerator_seconds (allocated)".to_owned(),
        word,
        restated: Restated::No,
        level: if holds { Level::E3 } else { Level::E1 },
        required: Level::E3,
        perimeter: "all areas: 1 \"cluster\"".to_owned(),
        window: Period::new(
            "2026-03-01T00:00:00Z".parse().unwrap(),
            "2026-03-31T00:00:00Z".parse().unwrap(),
        )
        .unwrap(),
        numbers: Some(Numbers {
            lower: "900".to_owned(),
            upper: Some(upper.to_string()),
            limit: "1000".to_owned(),
            unit: "s".to_owned(),
        }),
        resolution: if holds {
            "50 s: what two meters together could not exclude".to_owned()
        } else {
            "none: with the lab's own records alone no hidden run is excluded".to_owned()
        },
        roots: if holds {
            vec!["utility".to_owned()]
        } else {
            Vec::new()
        },
        broken_at: None,
        findings: findings
            .into_iter()
            .map(|(check, text)| Finding::new(check, text))
            .collect(),
        does_not_show: std::iter::once(first)
            .chain(NEVER_SHOWN.iter().copied())
            .map(str::to_owned)
            .collect(),
        used,
    }
}

/// A breach that a correction restated.
pub fn restated() -> Verdict {
    Verdict {
        restated: Restated::Yes,
        ..sample(Word::Violated)
    }
}

/// Of a bundle: reports before the window are left out.
pub fn bundle() -> Verdict {
    let mut verdict = sample(Word::Consistent);
    verdict.used = vec![
        stream(issuer(), 0, 0, 3),
        stream(issuer(), 1, 0, 0),
        stream(issuer(), 1, 31, 61),
    ];
    verdict
}

/// Nothing bounds it from above, and its texts quote what is not for terminals.
pub fn unbounded() -> Verdict {
    let mut verdict = sample(Word::NotShown);
    "a \u{202e}lab\u{1b}[2J \"of\" \\ é".clone_into(&mut verdict.name);
    verdict.findings = vec![Finding::new(Check::Unbounded, "nothing bounds it\n")];
    verdict.numbers = verdict.numbers.map(|numbers| Numbers {
        upper: None,
        ..numbers
    });
    verdict
}

pub fn issuer() -> IssuerId {
    sha256(b"issuer").to_string().parse().unwrap()
}

pub fn utility() -> IssuerId {
    sha256(b"utility").to_string().parse().unwrap()
}

pub fn statement(of: &[u8]) -> StatementId {
    StatementId::from(hash(of))
}

fn hash(of: &[u8]) -> Hash {
    sha256(of)
}

fn stream(issuer: IssuerId, stream: u64, first: u64, last: u64) -> UsedStream {
    UsedStream {
        issuer,
        stream: StreamId::new(stream),
        first,
        last,
        statement: statement(format!("{issuer}/{stream}/{last}").as_bytes()),
    }
}
