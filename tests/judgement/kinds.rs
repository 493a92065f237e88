//! Kinds of claims beside a cap over one window.

use super::*;
use standstill::claim::{Pledge, Step};

/// A ramp of two steps, of two days each.
fn ramp(limits: [u64; 2]) -> Pledge {
    let step = |number: u64, limit| Step {
        time: day(2 * number).hull(day(2 * number + 1)),
        limit: Quantity::from(limit),
    };
    let schedule = vec![step(0, limits[0]), step(1, limits[1])];
    pledge(Terms::RampDown { schedule }, 0, 4, None)
}

// spec: ver-42
#[test]
fn each_step_of_a_ramp_is_judged_by_itself() {
    for (amounts, word) in [
        ([500, 500, 200, 200], Word::Consistent),
        // Less than both limits together, and more than the second.
        ([10, 10, 300, 300], Word::Violated),
        ([500, 501, 200, 200], Word::Violated),
    ] {
        let mut lab = Lab::new(100);
        lab.pledge(ramp([1000, 500]));
        for (number, amount) in (0..).zip(amounts) {
            lab.usage(day(number), amount);
        }
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{amounts:?}: {found:#?}");
    }
}

// spec: ver-42 ver-25
#[test]
fn a_step_that_was_restated_does_not_speak_for_one_that_was_not() {
    for (second, headline) in [(100, "VIOLATED (restated)"), (600, "VIOLATED")] {
        let mut lab = Lab::new(100);
        lab.pledge(ramp([1000, 500]));
        let id = lab.usage(day(0), 1200);
        lab.usage(day(1), 10);
        lab.correct(0, id, usage(day(0), 900));
        lab.usage(day(2), second);
        lab.usage(day(3), 0);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.headline(), headline, "{found:#?}");
    }
}

// spec: ver-42 ver-29
#[test]
fn a_step_after_a_withdrawal_is_no_duty_and_one_before_it_is_judged() {
    let withdrawn = |amounts: [u64; 2]| {
        let mut lab = Lab::new(100);
        let id = lab.pledge(ramp([1000, 500]));
        lab.say(
            StreamId::GOVERNANCE,
            Content::Withdrawal(Withdrawal {
                pledge: id,
                reason: "a test".to_owned(),
            }),
        );
        lab.usage(day(0), amounts[0]);
        lab.usage(day(1), 0);
        lab.usage(day(2), amounts[1]);
        lab.usage(day(3), 0);
        // With a day's notice the duty ends with the first step.
        let (first, rest) = lab.entries.split_at(4);
        let (pledged, withdrawn) = first.split_at(3);
        let files = log(&[
            (pledged, Some(START - DAY)),
            (withdrawn, Some(START + DAY)),
            (rest, Some(END)),
        ]);
        verdict(&files, &lab, END).word
    };
    assert_eq!(withdrawn([1200, 0]), Word::Violated);
    assert_ne!(withdrawn([10, 600]), Word::Violated);
}
