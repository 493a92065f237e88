//! Which word? The first that applies (formats: part 2, "Words" and "Levels").

use crate::claim::Level;
use crate::verify::verdict::Word;

/// What the choice of a word rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grounds {
    /// The first word that a finding calls for.
    pub(super) called: Option<Word>,
    /// The level reached.
    pub(super) level: Level,
    /// The higher of the levels that the pledge and the trust file require.
    pub(super) required: Level,
    /// Whether the pledge is one that never holds.
    pub(super) never: bool,
    /// Whether a bundle is judged: it cannot exclude what is not in it.
    pub(super) bundle: bool,
}

/// Returns the word: HOLDS only where nothing else applies, at E3 and the level required.
pub(super) fn word(grounds: Grounds) -> Word {
    let holds = grounds.level >= Level::E3
        && grounds.level >= grounds.required
        && !grounds.bundle
        && !grounds.never;
    let best = if holds { Word::Holds } else { Word::Consistent };
    // Words are in the order in which they apply.
    grounds.called.map_or(best, |called| called.min(best))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]
mod tests {
    use super::*;
    use crate::attestation::IssuerId;
    use crate::attestation::StatementId;
    use crate::hash::sha256;
    use crate::time::Period;
    use crate::time::UnixSeconds;
    use crate::verify::Check;
    use crate::verify::Finding;
    use crate::verify::Judgement;
    use crate::verify::Verdict;
    use crate::verify::verdict::Restated;

    /// A check for each word that a finding can call for.
    const CALLING: [Check; 4] = [
        Check::Breach,
        Check::Equivocation,
        Check::Overdue,
        Check::ReportMissing,
    ];

    /// What the words of `formats.md`, part 2, say, one sentence at a time.
    fn oracle(called: [bool; 4], grounds: Grounds) -> Word {
        let [breach, broken, overdue, missing] = called;
        // "the first that applies in the order VIOLATED, LOG-INTEGRITY-FAILURE, OVERDUE,
        // NOT-SHOWN, CONSISTENT, HOLDS"
        if breach {
            return Word::Violated;
        }
        if broken {
            return Word::LogIntegrityFailure;
        }
        if overdue {
            return Word::Overdue;
        }
        if missing {
            return Word::NotShown;
        }
        // "Below it, and always below E3, the word is CONSISTENT, never HOLDS."
        if grounds.level < grounds.required || grounds.level < Level::E3 {
            return Word::Consistent;
        }
        // "its word is at most CONSISTENT, HOLDS needs the log"
        if grounds.bundle {
            return Word::Consistent;
        }
        // "is never HOLDS"
        if grounds.never {
            return Word::Consistent;
        }
        Word::Holds
    }

    /// The exit code: "0 every judged claim HOLDS (or is CONSISTENT at or above
    /// `--require-level`); 1 readable evidence shows a violation or a broken log; 3 not shown,
    /// overdue, or consistent only. Precedence 1, 2, 3, 0."
    fn code(called: [bool; 4], word: Word, level: Level, asked: Option<Level>) -> u8 {
        if called[0] || called[1] {
            return 1;
        }
        match word {
            Word::Holds => 0,
            Word::Consistent if asked.is_some_and(|asked| level >= asked) => 0,
            _ => 3,
        }
    }

    fn verdict(word: Word, level: Level, required: Level, findings: Vec<Finding>) -> Verdict {
        let at = |seconds| UnixSeconds::new(seconds).unwrap();
        Verdict {
            issuer: sha256(b"issuer").to_string().parse::<IssuerId>().unwrap(),
            name: "lab".to_owned(),
            pledge: StatementId::of(b"pledge"),
            sequence: 0,
            claim: String::new(),
            word,
            restated: Restated::No,
            level,
            required,
            perimeter: String::new(),
            window: Period::new(at(0), at(1)).unwrap(),
            numbers: None,
            resolution: String::new(),
            roots: Vec::new(),
            broken_at: None,
            findings,
            does_not_show: Vec::new(),
            used: Vec::new(),
        }
    }

    fn judgement(verdicts: Vec<Verdict>) -> Judgement {
        Judgement {
            checkpoint: None,
            beside: Vec::new(),
            at: UnixSeconds::new(0).unwrap(),
            trust: sha256(b"trust"),
            label: None,
            verdicts,
            findings: Vec::new(),
            anomalies: Vec::new(),
        }
    }

    // Every subset of what can be called for, every level, every level required, every bar to
    // HOLDS and every level asked for.
    #[test]
    fn the_whole_table() {
        let mut cases = 0;
        for subset in 0_u8..16 {
            let called: [bool; 4] = std::array::from_fn(|at| subset >> at & 1 == 1);
            let findings: Vec<Finding> = CALLING
                .iter()
                .zip(called)
                .filter(|(_, called)| *called)
                .map(|(check, _)| Finding::new(*check, "a test"))
                .collect();
            for (level, required) in pairs() {
                for bars in 0..4 {
                    let grounds = Grounds {
                        called: findings.iter().filter_map(|one| one.calls_for).min(),
                        level,
                        required,
                        never: bars & 1 == 1,
                        bundle: bars & 2 == 2,
                    };
                    let found = word(grounds);
                    assert_eq!(found, oracle(called, grounds), "{called:?} {grounds:?}");
                    for asked in Level::ALL.iter().copied().map(Some).chain([None]) {
                        let one = verdict(found, level, required, findings.clone());
                        let expected = code(called, found, level, asked);
                        assert_eq!(one.outcome(asked).code(), expected, "{grounds:?} {asked:?}");
                        cases += 1;
                        // Beside a claim that holds, and in any order, the worse one tells.
                        let holds = verdict(Word::Holds, Level::E3, Level::E3, Vec::new());
                        for both in [[one.clone(), holds.clone()], [holds, one]] {
                            let all = judgement(both.to_vec());
                            assert_eq!(all.outcome(asked).code(), expected);
                        }
                    }
                }
            }
        }
        assert_eq!(cases, 16 * 36 * 4 * 7);
    }

    fn pairs() -> impl Iterator<Item = (Level, Level)> {
        let levels = Level::ALL.iter();
        levels.flat_map(|level| Level::ALL.iter().map(|required| (*level, *required)))
    }

    // Each check by itself, on what would hold: the word that it calls for, and no other.
    #[test]
    fn each_check_does_what_it_calls_for() {
        for check in Check::ALL {
            let finding = Finding::new(*check, "a test");
            let grounds = Grounds {
                called: finding.calls_for,
                level: Level::E3,
                required: Level::E3,
                never: false,
                bundle: false,
            };
            let found = word(grounds);
            assert_eq!(found, check.calls_for().unwrap_or(Word::Holds), "{check:?}");
            let one = verdict(found, Level::E3, Level::E3, vec![finding.clone()]);
            let expected = match found {
                Word::Holds => 0,
                Word::Violated | Word::LogIntegrityFailure => 1,
                _ => 3,
            };
            assert_eq!(one.outcome(None).code(), expected, "{check:?}");
            // Found of the log itself, beside a claim that holds.
            let holds = verdict(Word::Holds, Level::E3, Level::E3, Vec::new());
            let mut all = judgement(vec![holds]);
            all.findings.push(finding);
            let expected = match found {
                Word::Holds => 0,
                Word::LogIntegrityFailure => 1,
                // No breach is one of a log.
                _ => 3,
            };
            assert_eq!(all.outcome(None).code(), expected, "{check:?}");
        }
        // Nothing judged is nothing held.
        assert_eq!(judgement(Vec::new()).outcome(None).code(), 3);
    }
}
