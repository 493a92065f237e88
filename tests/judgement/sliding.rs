//! A sum over every stretch of a window, held against caps over each of the stretches.

use super::*;
use proptest::prelude::*;
use standstill::claim::Pledge;

const DAYS: u64 = 7;

/// What a lab says of one day.
#[derive(Clone, Debug)]
struct Said {
    lower: u64,
    more: u64,
    /// A later version of it.
    corrected: Option<u64>,
    /// Another statement for the same place.
    conflicting: Option<u64>,
}

fn said() -> impl Strategy<Value = Said> {
    let rarely = || prop::option::weighted(0.2, 0_u64..100);
    let never = prop::option::weighted(0.1, 0_u64..100);
    (0_u64..100, 0_u64..20, rarely(), never).prop_map(|(lower, more, corrected, conflicting)| {
        Said {
            lower,
            more,
            corrected,
            conflicting,
        }
    })
}

fn sliding(limit: u64, length: u64) -> Pledge {
    changed(limit, DAYS, |pledge| pledge.sliding = Some(length))
}

fn judge(pledges: &[Pledge], days: &[Said]) -> Vec<Verdict> {
    let mut lab = Lab::new(100);
    let ids: Vec<StatementId> = pledges.iter().map(|one| lab.pledge(one.clone())).collect();
    let stream = StreamId::new(1);
    for (number, said) in (0..).zip(days) {
        let mut told = used(day(number), 0);
        let bound = |amount: u64| Quantity::from(amount);
        told.figures[0].value =
            Interval::new(bound(said.lower), bound(said.lower + said.more)).unwrap();
        if let Some(other) = said.conflicting {
            lab.entries
                .push(lab.sign_next(stream, usage(day(number), other)).0);
        }
        let sequence = lab.next_sequence(stream);
        let id = lab.say(stream, Content::Usage(told));
        if let Some(corrected) = said.corrected {
            lab.correct(sequence, id, usage(day(number), corrected));
        }
    }
    let files = seen_log(&lab, 2 + pledges.len(), END);
    let judged = judge_log(&files, &[lab.id], END, Known::default()).verdicts;
    let of = |id: &StatementId| judged.iter().find(|one| one.pledge == *id).unwrap().clone();
    ids.iter().map(of).collect()
}

/// A cap over each stretch of the window at which an edge of a report meets one of its own.
fn stretches(limit: u64, length: u64) -> Vec<Pledge> {
    let (start, end) = (START, START + DAYS * DAY);
    let edges = (0..=DAYS).map(|number| START + number * DAY);
    let mut starts: Vec<u64> = edges
        .flat_map(|edge| [edge, edge - 1, (edge - length), (edge - length) + 1])
        .filter(|at| (start..=end - length).contains(at))
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let cap = |at: &u64| {
        changed(limit, DAYS, |pledge| {
            pledge.window = Period::new(super::at(*at), super::at(at + length)).unwrap();
        })
    };
    starts.iter().map(cap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 48 } else { 400 }))]

    // spec: ver-43
    #[test]
    fn it_is_a_breach_where_a_cap_over_some_stretch_is(
        days in prop::collection::vec(said(), 7),
        length in prop_oneof![
            (1..=DAYS).prop_map(|days| days * DAY),
            (1..DAYS).prop_map(|days| days * DAY + 1),
            (2..=DAYS).prop_map(|days| days * DAY - 1),
            DAY..=DAYS * DAY,
        ],
        limit in 0_u64..500,
    ) {
        let pledges: Vec<Pledge> =
            [sliding(limit, length)].into_iter().chain(stretches(limit, length)).collect();
        let found = judge(&pledges, &days);
        let (slid, caps) = found.split_first().unwrap();
        let broken = |one: &Verdict| one.word == Word::Violated;
        prop_assert_eq!(broken(slid), caps.iter().any(broken), "{:#?}", slid);
        let numbers = |one: &Verdict| one.numbers.clone().unwrap();
        let amount = |text: &str| text.parse::<u64>().unwrap();
        let lower = |one: &Verdict| amount(&numbers(one).lower);
        prop_assert_eq!(lower(slid), caps.iter().map(lower).max().unwrap());
        if let Some(upper) = numbers(slid).upper {
            let most = caps.iter().map(|one| amount(&numbers(one).upper.unwrap())).max();
            prop_assert_eq!(amount(&upper), most.unwrap());
        }
        // One that still stands is not restated.
        let stands = |one: &Verdict| broken(one) && one.headline() == "VIOLATED";
        if caps.iter().any(stands) {
            prop_assert_eq!(slid.headline(), "VIOLATED");
        }
    }
}

// spec: ver-43
#[test]
fn a_run_over_the_edge_of_calendar_weeks_is_seen() {
    // Two weeks, each with less than the limit; the week between has more.
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 14, |pledge| pledge.sliding = Some(7 * DAY)));
    for number in 0..14 {
        lab.usage(day(number), if (5..9).contains(&number) { 300 } else { 0 });
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
    assert_eq!(found.numbers.unwrap().lower, "1200");
}
