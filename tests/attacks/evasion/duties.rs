//! Duties dodged: deadlines, withdrawals, witnesses.

use super::*;

// spec: ver-34
#[test]
fn a_change_of_periods_said_twice_leaves_the_old_deadlines_as_one_does() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 30, |pledge| pledge.deadline = 30 * DAY));
    lab.usage(day(0), 10);
    for _ in 0..2 {
        lab.say(StreamId::GOVERNANCE, change(DAY, 30));
    }
    // Both were seen long after the report of day 1 was due.
    let files = seen_at(&lab, 3, &[(1, START + 2 * DAY), (2, START + 20 * DAY)]);
    let found = verdict(&files, &lab, START + 20 * DAY);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
}

#[test]
fn a_change_of_a_far_day_lends_no_later_change_its_grace() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 30, |pledge| pledge.deadline = 30 * DAY));
    lab.usage(day(0), 10);
    lab.say(StreamId::GOVERNANCE, change(300 * DAY, 30));
    lab.say(StreamId::GOVERNANCE, change(DAY, 30));
    let files = seen_at(&lab, 3, &[(2, START + 2 * DAY), (1, START + 20 * DAY)]);
    let found = verdict(&files, &lab, START + 20 * DAY);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
}

// spec: ver-33
#[test]
fn a_lab_that_drops_its_witnesses_after_the_pledge_is_overdue_all_the_same() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    lab.usage(day(0), 10);
    let blind = issuer(lab.seed, 0);
    lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(blind)));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
}

#[test]
fn a_pledge_with_a_slower_cadence_loosens_no_area_and_one_with_a_faster_binds_it() {
    // The area's own deadline, where the pledge would wait for weeks.
    let mut slow = Lab::new(100);
    slow.pledge(changed(1000, DAYS, |pledge| {
        pledge.cadence = seconds(15 * DAY);
        pledge.deadline = 15 * DAY;
    }));
    slow.usage(day(0), 10);
    let early = START + 5 * DAY;
    let found = verdict(&seen_log(&slow, 3, early), &slow, early);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
    // The pledge's, where the area reports once a year.
    let mut fast = Lab::new(100);
    fast.open(
        2,
        AreaOpen {
            cadence: Some(seconds(366 * DAY)),
            grace: 366 * DAY,
            ..days()
        },
    );
    fast.pledge(changed(1000, 2, |_| {}));
    fast.usage(day(0), 10);
    fast.usage(day(1), 10);
    let found = verdict(&seen_log(&fast, 4, END), &fast, END);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
}

// spec: ver-29
#[test]
fn a_withdrawal_does_not_free_the_period_in_which_its_notice_ends() {
    let mut lab = Lab::new(100);
    let pledge = lab.pledge(changed(1000, 30, |pledge| pledge.notice = DAY));
    for number in 0..3 {
        lab.usage(day(number), 10);
    }
    let reason = "a change of mind".to_owned();
    let withdrawal = Content::Withdrawal(Withdrawal { pledge, reason });
    lab.say(StreamId::GOVERNANCE, withdrawal);
    lab.usage(day(3), 10);
    lab.usage(day(4), 5000);
    // Seen at noon of the third day: the duty runs until noon of the fourth.
    let files = seen_at(&lab, 3, &[(4, START + 3 * DAY + DAY / 2)]);
    let found = verdict(&files, &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
}

#[test]
fn a_withdrawal_within_a_period_makes_no_rate_of_an_honest_lab_too_high() {
    let mut lab = Lab::new(100);
    for number in 0..10 {
        lab.usage(day(number), 100);
    }
    let baseline = Baseline {
        period: day(0).hull(day(9)),
        heads: vec![lab.head(1)],
    };
    let limit = Quantity::from(700_000);
    let terms = Terms::Reduction { limit };
    let mut claim = pledge(terms, 11, 5, Some(baseline));
    claim.notice = DAY;
    claim.falsifier = standstill::claim::falsifier(&claim);
    let pledge = lab.pledge(claim);
    lab.usage(day(10), 70);
    lab.usage(day(11), 70);
    let reason = "a change of mind".to_owned();
    lab.say(
        StreamId::GOVERNANCE,
        Content::Withdrawal(Withdrawal { pledge, reason }),
    );
    for number in 12..16 {
        lab.usage(day(number), 70);
    }
    let files = log(&[
        (&lab.entries[..13], Some(START + 10 * DAY + 1)),
        (&lab.entries[13..16], Some(START + 12 * DAY + DAY / 4)),
        (&lab.entries[16..], Some(END)),
    ]);
    let found = verdict(&files, &lab, END);
    assert_ne!(found.word, Word::Violated, "{found:#?}");
}

#[test]
fn of_two_pledges_the_one_that_was_not_withdrawn_still_binds() {
    let mut lab = Lab::new(100);
    let first = lab.pledge(changed(1000, 2, |pledge| pledge.notice = DAY));
    lab.pledge(cap(20, 2));
    let reason = "a change of mind".to_owned();
    lab.say(
        StreamId::GOVERNANCE,
        Content::Withdrawal(Withdrawal {
            pledge: first,
            reason,
        }),
    );
    lab.usage(day(0), 15);
    lab.usage(day(1), 15);
    let found = judged(&seen_log(&lab, 5, END), &lab);
    let words: Vec<Word> = found.verdicts.iter().map(|one| one.word).collect();
    assert!(words.contains(&Word::Violated), "{found:#?}");
    assert_eq!(found.outcome(Some(Level::E1)).code(), 1);
}

#[test]
fn a_withdrawal_logged_before_its_pledge_ends_nothing() {
    let mut lab = Lab::new(100);
    let (_, later) = lab.sign_at(
        StreamId::GOVERNANCE,
        3,
        None,
        Content::Pledge(Box::new(cap(1000, 1))),
    );
    let reason = "in advance".to_owned();
    lab.say(
        StreamId::GOVERNANCE,
        Content::Withdrawal(Withdrawal {
            pledge: later,
            reason,
        }),
    );
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 5000);
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
}

#[test]
fn periods_of_a_second_with_a_hole_behind_each_hold_no_auditor_up() {
    let mut lab = Lab::new(100);
    lab.open(
        2,
        AreaOpen {
            cadence: Some(seconds(1)),
            ..days()
        },
    );
    lab.pledge(cap(1000, 3650));
    for number in 0..1000 {
        let start = START + number * DAY * 3;
        let period = Period::new(at(start), at(start + 1)).unwrap();
        lab.say(OTHER, usage(period, 1));
    }
    let from = std::time::Instant::now();
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::Overdue);
    assert!(from.elapsed().as_secs() < 5, "{:?}", from.elapsed());
}
