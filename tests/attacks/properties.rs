//! Random small histories: nothing lost, copied or added makes a verdict better, and a lab
//! that keeps to the rules is never accused.

use proptest::prelude::*;
use standstill::attestation::content::{Action, Area, AreaChange};
use standstill::claim::AreaSelection;
use standstill::time::{Cadence, Period};

use super::*;

/// What a lab does next.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Report(u64),
    Correct(usize, u64),
    Repeat(u64),
    Shift(u64),
    Second(u64),
    Pledge(u64),
    Withdraw,
    Rotate,
    Change(u64),
    SecondArea,
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0..300_u64).prop_map(Act::Report),
        2 => (0..9_usize, 0..900_u64).prop_map(|(which, amount)| Act::Correct(which, amount)),
        1 => (0..900_u64).prop_map(Act::Repeat),
        1 => (0..900_u64).prop_map(Act::Shift),
        1 => (0..900_u64).prop_map(Act::Second),
        1 => (1..2000_u64).prop_map(Act::Pledge),
        1 => Just(Act::Withdraw),
        1 => Just(Act::Rotate),
        1 => (1..9_u64).prop_map(Act::Change),
        1 => Just(Act::SecondArea),
    ]
}

/// A history, with the places of entries that others of their stream follow.
pub(super) struct Told {
    pub(super) lab: Lab,
    followed: Vec<usize>,
}

pub(super) fn tell(acts: &[Act]) -> Told {
    let mut lab = Lab::new(100);
    let mut stream_of = vec![Some(0), Some(0)];
    let mut pledges = vec![lab.pledge(cap(1000, 6))];
    stream_of.push(Some(0));
    let mut reports = Vec::new();
    let (mut sequence, mut next, mut areas) = (0_u64, 0_u64, 1);
    for act in acts {
        let stream = match act {
            Act::Report(amount) => {
                reports.push((sequence, lab.usage(day(next), *amount), next));
                (sequence, next) = (sequence + 1, next + 1);
                Some(1)
            }
            Act::Correct(which, amount) => {
                let Some((at, id, number)) = reports.get(*which).copied() else {
                    continue;
                };
                lab.correct(at, id, usage(day(number), *amount));
                sequence += 1;
                Some(1)
            }
            Act::Repeat(amount) if next > 0 => {
                lab.usage(day(next - 1), *amount);
                sequence += 1;
                Some(1)
            }
            Act::Shift(amount) => {
                let (from, to) = (START + next * DAY + 7, START + (next + 1) * DAY + 7);
                lab.usage(Period::new(at(from), at(to)).unwrap(), *amount);
                sequence += 1;
                Some(1)
            }
            Act::Second(amount) if sequence > 0 => {
                let content = usage(day(next.saturating_sub(1)), *amount);
                let place = lab.sign_at(StreamId::new(1), sequence - 1, None, content);
                lab.entries.push(place.0);
                None
            }
            Act::Pledge(limit) => {
                pledges.push(lab.pledge(cap(*limit, 6)));
                Some(0)
            }
            Act::Withdraw => {
                let pledge = pledges[pledges.len() - 1];
                let reason = "a test".to_owned();
                let content = Content::Withdrawal(Withdrawal { pledge, reason });
                lab.say(StreamId::GOVERNANCE, content);
                Some(0)
            }
            Act::Rotate => {
                let seed = if lab.seed == 100 { 110 } else { 100 };
                let next = Content::Issuer(Box::new(issuer(seed, 2)));
                lab.say(StreamId::GOVERNANCE, next);
                lab.seed = seed;
                Some(0)
            }
            Act::Change(days) => {
                let change = AreaChange {
                    from: at(START + (next + days) * DAY),
                    cadence: Cadence::Seconds((days * DAY).try_into().unwrap()),
                    grace: days * DAY,
                };
                let (stream, action) = (StreamId::new(1), Action::Change(change));
                lab.say(StreamId::GOVERNANCE, Content::Area(Area { stream, action }));
                Some(0)
            }
            Act::SecondArea => {
                areas += 1;
                lab.open(areas, days());
                Some(0)
            }
            Act::Repeat(_) | Act::Second(_) => continue,
        };
        stream_of.push(stream);
    }
    assert_eq!(stream_of.len(), lab.entries.len());
    let followed = (0..stream_of.len())
        .filter(|at| stream_of[*at].is_some() && stream_of[at + 1..].contains(&stream_of[*at]))
        .collect();
    Told { lab, followed }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // spec: ver-5 ver-9
    #[test]
    fn nothing_lost_copied_or_added_makes_a_verdict_better(
        acts in prop::collection::vec(act(), 0..16),
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
    ) {
        let Told { lab, followed } = tell(&acts);
        let base = judged(&seen_log(&lab, 3, END), &lab);

        let mut less = lab.clone();
        less.entries.remove(followed[which.index(followed.len())]);
        let found = judged(&seen_log(&less, 2, END), &less);
        prop_assert!(!is_better(&found, &base), "{found:#?}\nafter\n{base:#?}");

        let mut copied = lab.clone();
        let copy = copied.entries[which.index(copied.entries.len())].clone();
        copied.entries.insert(place.index(copied.entries.len() + 1), copy);
        let found = judged(&seen_log(&copied, 3, END), &copied);
        prop_assert!(!is_better(&found, &base), "{found:#?}\nafter\n{base:#?}");

        let mut junk = lab.clone();
        junk.entries.insert(place.index(junk.entries.len() + 1), b"junk".to_vec());
        let found = judged(&seen_log(&junk, 4, END), &junk);
        prop_assert_eq!(found.anomalies.len(), base.anomalies.len() + 1);
        prop_assert!(!is_better(&found, &base), "{found:#?}\nafter\n{base:#?}");

        let mut swapped = lab.clone();
        let at = place.index(swapped.entries.len() - 1);
        swapped.entries.swap(at, at + 1);
        let found = judged(&seen_log(&swapped, 3, END), &swapped);
        prop_assert!(!is_better(&found, &base), "{found:#?}\nafter\n{base:#?}");
    }

    // spec: ver-5 ver-35
    #[test]
    fn no_bundle_is_better_than_the_log_as_of_the_same_last_statements(
        acts in prop::collection::vec(act(), 0..16),
        left in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let Told { lab, followed } = tell(&acts);
        let files = seen_log(&lab, 3, END);
        let base = judged(&files, &lab);
        let left: Vec<u64> = left
            .iter()
            .map(|one| place(followed[one.index(followed.len())]))
            .collect();
        let cut = bundle(&files, &lab, |index| !left.contains(&index));
        let found = judge_bundle(&cut, &[lab.id], END);
        prop_assert!(!is_better(&found, &base), "{found:#?}\nafter\n{base:#?}");
    }

    #[test]
    fn a_lab_that_keeps_to_the_rules_is_never_accused(
        amounts in prop::collection::vec(0..33_u64, 30),
        corrected in prop::collection::vec((0..30_u64, 0..33_u64), 0..4),
        rotated in prop::option::of(0..30_u64),
        withdrawn in prop::option::of(0..30_u64),
        second in any::<bool>(),
        changed in prop::option::of(1..5_u64),
        hours in 1..20_u64,
        outage in prop::option::of(0..30_u64),
        cut in any::<bool>(),
    ) {
        let mut lab = Lab::new(100);
        if second {
            lab.open(2, days());
        }
        let mut promise = cap(2000, 30);
        if second {
            promise.perimeter.areas = AreaSelection::Listed(vec![StreamId::new(1), StreamId::new(2)]);
        }
        promise.deadline = 5 * DAY;
        promise.notice = 5 * DAY;
        promise.falsifier = standstill::claim::falsifier(&promise);
        let pledge = lab.pledge(promise);
        if let Some(days) = changed {
            let change = AreaChange {
                from: at(START + 10 * DAY),
                cadence: Cadence::Seconds((days * DAY).try_into().unwrap()),
                grace: DAY,
            };
            let (stream, action) = (StreamId::new(1), Action::Change(change));
            lab.say(StreamId::GOVERNANCE, Content::Area(Area { stream, action }));
        }
        let founding = lab.entries.len();
        let mut batches: Vec<(Vec<Vec<u8>>, Option<u64>)> = vec![(lab.entries.clone(), Some(START - DAY))];
        let (mut told, mut reports, mut sequence) = (founding, Vec::new(), 0);
        let mut start = START;
        for number in 0..30_u64 {
            let length = changed.filter(|_| start >= START + 10 * DAY).unwrap_or(1);
            let ends = START + (number + 1) * DAY;
            if start + length * DAY == ends {
                let period = Period::new(at(start), at(ends)).unwrap();
                let amount = amounts[usize::try_from(number).unwrap()];
                reports.push((sequence, lab.usage(period, amount), period));
                sequence += 1;
                start = ends;
            }
            if second {
                lab.say(StreamId::new(2), usage(day(number), 1));
            }
            for (of, amount) in corrected.iter().filter(|(of, _)| *of == number) {
                let of = usize::try_from(*of).unwrap() % reports.len().max(1);
                if let Some((place, id, period)) = reports.get(of).copied() {
                    lab.correct(place, id, usage(period, *amount));
                    sequence += 1;
                }
            }
            if rotated == Some(number) {
                lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer(110, 2))));
                lab.seed = 110;
            }
            if withdrawn == Some(number) {
                let reason = "a test".to_owned();
                lab.say(StreamId::GOVERNANCE, Content::Withdrawal(Withdrawal { pledge, reason }));
            }
            // Seen some hours after, but for a day on which no witness answers.
            let seen = (outage != Some(number)).then_some(ends + hours * 3600);
            batches.push((lab.entries[told..].to_vec(), seen));
            told = lab.entries.len();
        }
        let batches: Vec<(&[Vec<u8>], Option<u64>)> =
            batches.iter().map(|(entries, time)| (entries.as_slice(), *time)).collect();
        let files = log(&batches);
        let now = START + 31 * DAY;
        let found = if cut {
            let bundle = bundle(&files, &lab, |_| true);
            judge_bundle(&bundle, &[lab.id], now)
        } else {
            judge_log(&files, &[lab.id], now, Known::default())
        };
        let accused = [Word::Violated, Word::LogIntegrityFailure, Word::Overdue];
        let called = found.verdicts.iter().flat_map(|one| &one.findings).chain(&found.findings);
        let called: Vec<_> = called.filter(|one| one.calls_for.is_some_and(|word| accused.contains(&word))).collect();
        prop_assert!(called.is_empty(), "{called:#?}");
        prop_assert!(found.anomalies.is_empty(), "{:#?}", found.anomalies);
    }
}
