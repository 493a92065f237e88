//! Whatever is said in a lab's favour once it broke its pledge, it broke it; and in which
//! order parties were heard between two checkpoints, nobody can tell from a verdict.

use proptest::prelude::*;
use standstill::attestation::content::{Corroboration, Withdrawal};
use standstill::verify::Trust;

use super::*;

const LIMIT: u64 = 1_000_000;

/// What may be said for a lab.
#[derive(Clone, Copy, Debug)]
enum Plea {
    /// A day's report corrected to so many hundredths of it.
    Corrected { day: u64, hundredths: u64 },
    /// Somebody else, of whose root there is no doubt, measured little.
    Measured { who: u8, lower: u64, upper: u64 },
    /// The pledge is withdrawn.
    Withdrawn,
    /// Another pledge, wide enough.
    Pledged,
    /// Days after the window in which nothing ran.
    Rested { days: u64 },
}

fn plea() -> impl Strategy<Value = Plea> {
    prop_oneof![
        (0_u64..3, 0_u64..100).prop_map(|(day, hundredths)| Plea::Corrected { day, hundredths }),
        (0_u8..2, 0_u64..100_000, 0_u64..200_000).prop_map(|(who, lower, more)| Plea::Measured {
            who,
            lower,
            upper: lower + more,
        }),
        Just(Plea::Withdrawn),
        Just(Plea::Pledged),
        (1_u64..4).prop_map(|days| Plea::Rested { days }),
    ]
}

/// A lab that used too much in three days, and two others, with what is said for it.
fn told(used: [u64; 3], pleas: &[Plea]) -> (Lab, [Lab; 2]) {
    let mut lab = pledged(cap(LIMIT, 3));
    let pledge = lab.head(0).statement;
    let mut reports = Vec::new();
    for (number, amount) in (0..).zip(used) {
        let said = accounted(&lab, day(number), amount);
        reports.push(lab.say(StreamId::new(1), Content::Usage(said)));
    }
    let mut others = [corroborator(150, &lab), corroborator(160, &lab)];
    let mut next = 3;
    for plea in pleas {
        match *plea {
            Plea::Corrected {
                day: number,
                hundredths,
            } => {
                let at = usize::try_from(number).unwrap();
                let amount = used[at] * hundredths / 100;
                let said = accounted(&lab, day(number), amount);
                lab.correct(1 + number, reports[at], Content::Usage(said));
            }
            Plea::Measured { who, lower, upper } => {
                let said: Vec<Corroboration> = (0..3)
                    .map(|number| measured(&lab, day(number), lower, upper))
                    .collect();
                for said in said {
                    others[usize::from(who)].measure(said);
                }
            }
            Plea::Withdrawn => {
                let said = Withdrawal {
                    pledge,
                    reason: "a test".to_owned(),
                };
                lab.say(StreamId::GOVERNANCE, Content::Withdrawal(said));
            }
            Plea::Pledged => {
                lab.pledge(cap(100 * LIMIT, 3));
            }
            Plea::Rested { days } => {
                for _ in 0..days {
                    let said = accounted(&lab, day(next), 0);
                    lab.say(StreamId::new(1), Content::Usage(said));
                    next += 1;
                }
            }
        }
    }
    (lab, others)
}

fn judged(files: &MemoryObjects, lab: &Lab, others: &[Lab; 2]) -> Judgement {
    let [cloud, meter] = others;
    let text = expecting(lab, &[(cloud, "cloud"), (meter, "meter")]);
    let trust: Trust = trust_of(&[lab.id], "", &text);
    judge_with(files, &trust, END, Known::default())
}

/// What of a verdict does not say where in the log something stands.
fn told_apart(judgement: &Judgement) -> Vec<String> {
    let verdicts = judgement.verdicts.iter().map(|verdict| {
        let numbers = verdict.numbers.as_ref();
        let numbers = numbers.map(|one| (&one.lower, &one.upper, &one.limit));
        let findings: Vec<_> = verdict.findings.iter().map(|one| one.check).collect();
        format!(
            "{} {} {numbers:?} {} {:?} {findings:?}",
            verdict.headline(),
            verdict.level,
            verdict.resolution,
            verdict.roots
        )
    });
    verdicts.collect()
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    // spec: ver-25
    #[test]
    fn no_plea_lifts_a_breach(
        used in prop::array::uniform3(340_000_u64..600_000),
        pleas in prop::collection::vec(plea(), 0..6),
    ) {
        let (lab, others) = told(used, &pleas);
        let files = log_with(&lab, &[&others[0], &others[1]], END);
        let found = judged(&files, &lab, &others);
        let first = &found.verdicts[0];
        prop_assert_eq!(first.word, Word::Violated, "{:#?}", first);
        prop_assert_eq!(found.outcome(Some(Level::E0)).code(), 1);
    }

    // spec: ver-5
    #[test]
    fn the_order_in_which_parties_were_heard_changes_nothing(
        used in prop::array::uniform3(100_000_u64..500_000),
        pleas in prop::collection::vec(plea(), 0..6),
        picks in prop::collection::vec(0_usize..3, 64),
    ) {
        let (lab, others) = told(used, &pleas);
        let one = judged(&log_with(&lab, &[&others[0], &others[1]], END), &lab, &others);
        // The same entries between the same two checkpoints, each party's in its own order.
        let mut rest = [
            lab.entries[FOUNDED..].to_vec(),
            others[0].entries.clone(),
            others[1].entries.clone(),
        ];
        for entries in &mut rest {
            entries.reverse();
        }
        let mut mixed = lab.clone();
        mixed.entries.truncate(FOUNDED);
        let mut picks = picks.into_iter().cycle();
        while rest.iter().any(|entries| !entries.is_empty()) {
            mixed.entries.extend(rest[picks.next().unwrap()].pop());
            if picks.clone().take(64).all(|pick| rest[pick].is_empty()) {
                for entries in &mut rest {
                    mixed.entries.extend(entries.drain(..).rev());
                }
            }
        }
        let other = judged(&seen_log(&mixed, FOUNDED, END), &lab, &others);
        prop_assert_eq!(told_apart(&one), told_apart(&other));
    }
}
