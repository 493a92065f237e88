//! When something was due, seen, or over.

use super::*;

// spec: ver-34
#[test]
fn a_change_seen_late_leaves_the_deadlines_before_it() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 2, |pledge| pledge.deadline = DAY));
    lab.usage(day(0), 10);
    lab.usage(day(1), 10);
    lab.say(StreamId::GOVERNANCE, change(2 * DAY, 30));
    lab.pledge(changed(1000, 30, |pledge| {
        pledge.window = Period::new(at(START + 2 * DAY), at(START + 32 * DAY)).unwrap();
        pledge.cadence = Cadence::Seconds((30 * DAY).try_into().unwrap());
        pledge.deadline = 30 * DAY;
    }));
    let (first, rest) = lab.entries.split_at(5);
    // A quorum saw the change only ten days after the edge from which it says it applies.
    let late = log(&[
        (first, Some(START + 2 * DAY)),
        (rest, Some(START + 12 * DAY)),
    ]);
    let found = judge_log(&late, &[lab.id], START + 12 * DAY, Known::default());
    let of = |start: u64| {
        let one = found
            .verdicts
            .iter()
            .find(|one| one.window.start() == at(start));
        one.unwrap()
    };
    assert_eq!(of(START + 2 * DAY).word, Word::Overdue, "{found:#?}");
    assert!(checks(of(START + 2 * DAY)).contains(&"change-late"));
    // Seen in time, nothing is due yet.
    let in_time = log(&[
        (&lab.entries, Some(START + 2 * DAY)),
        (&[], Some(START + 12 * DAY)),
    ]);
    let found = judge_log(&in_time, &[lab.id], START + 12 * DAY, Known::default());
    let of = found
        .verdicts
        .iter()
        .find(|one| one.window.start() == at(START + 2 * DAY));
    assert_eq!(of.unwrap().word, Word::NotShown, "{found:#?}");
}

// spec: ver-34
#[test]
fn a_change_from_within_a_period_is_not_applied() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 2));
    lab.say(StreamId::GOVERNANCE, change(DAY / 2, 30));
    lab.usage(day(0), 10);
    lab.usage(day(1), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Consistent, "{found:#?}");
    assert!(checks(&found).contains(&"area-change"));
}

// spec: ver-34
#[test]
fn no_more_than_a_thousand_changes_are_applied() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 2));
    for _ in 0..1000 {
        lab.say(StreamId::GOVERNANCE, change(0, 1));
    }
    let good = seen_log(&lab, 3, END);
    assert!(!checks(&verdict(&good, &lab, END)).contains(&"area-change"));
    lab.say(StreamId::GOVERNANCE, change(DAY, 1));
    lab.usage(day(0), 10);
    lab.usage(day(1), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Consistent, "{found:#?}");
    let told = found.findings.iter().find(|one| one.check == "area-change");
    let text = &told.unwrap().text;
    assert!(text.contains("after 1000 others: not applied"), "{text}");
}

// spec: ver-30
#[test]
fn a_closing_dated_back_frees_nothing_that_was_due() {
    for (seen, word) in [
        // Seen while the first report after the end was not due yet.
        (START + 2 * DAY, Word::NotShown),
        // Seen days later: what ran until then was to be reported.
        (START + 9 * DAY, Word::Overdue),
    ] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 30));
        lab.usage(day(0), 10);
        let nothing = lab.say(StreamId::new(1), inventory(0, 0));
        lab.say(StreamId::GOVERNANCE, close(1, nothing));
        let (before, closing) = lab.entries.split_at(5);
        let files = log(&[
            (before, Some(START + DAY)),
            (closing, Some(seen)),
            (&[], Some(END)),
        ]);
        let found = verdict(&files, &lab, END);
        assert!(checks(&found).contains(&"area-closed"), "{found:#?}");
        assert_eq!(found.word, word, "{seen}: {found:#?}");
    }
}

// spec: ver-15
#[test]
fn an_old_copy_is_stale_and_the_time_of_judgement_hides_no_breach() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let year = END + 365 * DAY;
    let found = judge_log(&files, &[lab.id], year, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown);
    assert!(checks(&found.verdicts[0]).contains(&"stale"));
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 2000);
    let files = seen_log(&lab, 3, END);
    for time in [0, START, END, year] {
        let found = judge_log(&files, &[lab.id], time, Known::default());
        assert_eq!(found.verdicts[0].word, Word::Violated, "{time}");
    }
}

// spec: ver-19
#[test]
fn a_period_over_the_windows_edge_counts_whole_above_and_not_at_all_below() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 2, |pledge| {
        let window = (at(START + DAY / 2), at(START + 2 * DAY));
        pledge.window = Period::new(window.0, window.1).unwrap();
    }));
    lab.usage(day(0), 990);
    lab.usage(day(1), 20);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    let numbers = found.numbers.unwrap();
    assert_eq!(numbers.lower, "20");
    assert_eq!(numbers.upper.unwrap(), "1010");
    assert_eq!(found.word, Word::NotShown);
}

// spec: ver-23
#[test]
fn an_early_report_covers_nothing_until_it_is_corrected_after_the_end() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let early = lab.usage(day(0), 30);
    let seen = |lab: &Lab| {
        let (first, rest) = lab.entries.split_at(3);
        let (report, rest) = rest.split_at(1);
        log(&[
            (first, Some(START - DAY)),
            (report, Some(START + 100)),
            (rest, Some(END)),
        ])
    };
    let found = verdict(&seen(&lab), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    lab.correct(0, early, usage(day(0), 40));
    let found = verdict(&seen(&lab), &lab, END);
    assert_eq!(found.word, Word::Consistent, "{found:#?}");
    // What it admitted counts, covered or not.
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 3000);
    assert_eq!(verdict(&seen(&lab), &lab, END).word, Word::Violated);
}

// spec: ver-29
#[test]
fn a_withdrawal_that_nobody_saw_ends_nothing() {
    let withdrawal = |pledge| {
        let withdrawal = Withdrawal {
            pledge,
            reason: "a change of mind".to_owned(),
        };
        Content::Withdrawal(withdrawal)
    };
    // Nothing is reported of the third day: whether it is due hangs on the withdrawal.
    for (seen, word) in [(true, Word::Consistent), (false, Word::NotShown)] {
        let mut lab = Lab::new(100);
        let pledge = lab.pledge(changed(1000, 30, |pledge| pledge.notice = DAY));
        lab.usage(day(0), 30);
        lab.usage(day(1), 30);
        lab.say(StreamId::GOVERNANCE, withdrawal(pledge));
        let (first, rest) = lab.entries.split_at(4);
        let (second, withdrawn) = rest.split_at(1);
        let files = log(&[
            (first, Some(START + DAY)),
            (second, Some(START + 2 * DAY)),
            (withdrawn, seen.then_some(START + 2 * DAY)),
        ]);
        let mut now = START + 3 * DAY;
        if seen {
            // The notice is a day: the third day's report is due as well.
            let found = judge_log(&files, &[lab.id], now, Known::default());
            assert_eq!(found.verdicts[0].word, Word::NotShown, "{found:#?}");
            lab.usage(day(2), 30);
            now += DAY;
        }
        let (before, rest) = lab.entries.split_at(4);
        let files = log(&[
            (before, Some(START + DAY)),
            (&rest[..1], Some(START + 2 * DAY)),
            (&rest[1..2], seen.then_some(START + 2 * DAY)),
            (&rest[2..], seen.then_some(now)),
        ]);
        let found = judge_log(&files, &[lab.id], now, Known::default());
        assert_eq!(found.verdicts[0].word, word, "{seen}: {found:#?}");
    }
}

// spec: ver-30
#[test]
fn an_area_that_begins_late_or_is_not_declared_is_not_shown() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 1, |pledge| {
        let window = (at(START - DAY), at(START + DAY));
        pledge.window = Period::new(window.0, window.1).unwrap();
    }));
    lab.usage(day(0), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown);
    assert!(checks(&found).contains(&"area-begins"));

    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let trust = trust_with(&[lab.id], "areas = [\"1\", \"2\"]");
    let found = judge_with(&files, &trust, END, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown);
    assert!(checks(&found.verdicts[0]).contains(&"expected-area"));
}

// spec: ver-33
#[test]
fn a_lab_that_heeds_no_witness_is_never_overdue() {
    let mut lab = Lab::unheeding(100);
    lab.pledge(cap(1000, 2));
    lab.usage(day(0), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}
