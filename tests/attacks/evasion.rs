//! What a lab may try that holds its own keys and its log's: each statement is validly
//! signed, and none may make the verdict kinder.

use standstill::attestation::content::{
    Action, Area, AreaChange, AreaOpen, Capacity, Inventory, LedgerReference, Measured, StreamHead,
};
use standstill::attestation::figure::{Basis, Boundary, Coverage, QuantityKind};
use standstill::attestation::{Head, Statement, StatementId};
use standstill::claim::{AreaSelection, Pledge};
use standstill::hash::sha256;
use standstill::time::{Cadence, Period};

use super::*;

const OTHER: StreamId = StreamId::new(2);

fn seconds(count: u64) -> Cadence {
    Cadence::Seconds(count.try_into().unwrap())
}

fn changed(limit: u64, days: u64, change: impl FnOnce(&mut Pledge)) -> Pledge {
    let mut pledge = cap(limit, days);
    change(&mut pledge);
    pledge.falsifier = standstill::claim::falsifier(&pledge);
    pledge
}

fn change(lab: &mut Lab, from: u64, days: u64) {
    let change = AreaChange {
        from: at(START + from * DAY),
        cadence: seconds(days * DAY),
        grace: days * DAY,
    };
    let (stream, action) = (StreamId::new(1), Action::Change(change));
    let area = Content::Area(Area { stream, action });
    lab.say(StreamId::GOVERNANCE, area);
}

fn holding(from: u64, count: u64) -> Content {
    Content::Inventory(Inventory {
        from: at(START + from * DAY),
        ledger: LedgerReference {
            kind: standstill::ledger::Kind::Inventory,
            root: sha256(b"devices"),
            count,
            sums: Vec::new(),
        },
        capacity: vec![Capacity {
            model: "h100-sxm".to_owned(),
            count: Quantity::from(count),
        }],
        watts: Vec::new(),
        transfers: Vec::new(),
    })
}

fn seen_whole(number: u64, count: u64, inventory: Option<StatementId>) -> Content {
    let Content::Usage(mut used) = usage(day(number), 10) else {
        panic!("a usage")
    };
    used.inventory = inventory;
    used.figures[0].coverage = Coverage::Known {
        observed: Quantity::from(count * DAY),
        gap: Quantity::ZERO,
        resets: Quantity::ZERO,
    };
    Content::Usage(used)
}

/// What a statement says, made one that nobody understands by an unknown `critical`.
fn behind_critical(lab: &Lab, stream: StreamId, content: Content) -> Vec<u8> {
    let (entry, _) = lab.sign_next(stream, content);
    let payload = Envelope::parse(&entry).unwrap().payload().to_vec();
    let text = String::from_utf8(payload).unwrap();
    let before = text.find("\"predicate\":{").unwrap() + 13;
    let end = text.rfind("},\"predicateType\"").unwrap();
    let value = format!("{{{}", &text[before..end]) + ",\"x.y\":\"\"}";
    // Sorted anew, as canonical JSON is.
    let value = value.replacen('{', "{\"critical\":[\"x.y\"],", 1);
    let value: serde_json::Value = serde_json::from_str(&value).unwrap();
    let mut members: Vec<(String, serde_json::Value)> =
        value.as_object().unwrap().clone().into_iter().collect();
    members.sort_by(|one, other| one.0.cmp(&other.0));
    let sorted: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let text = format!("{}{}{}", &text[..before], sorted.join(","), &text[end..]);
    let payload = resealed(&text);
    let role = if stream.is_governance() { 1 } else { 2 };
    let envelope = Envelope::sign(&payload, &[&secret(lab.seed + role)]).unwrap();
    assert!(Statement::parse(&payload).is_ok_and(|one| one.content.statement_type().is_none()));
    envelope.to_bytes()
}

fn seen_at(lab: &Lab, first: usize, times: &[(usize, u64)]) -> MemoryObjects {
    let (founding, mut rest) = lab.entries.split_at(first);
    let mut batches = vec![(founding, Some(START - DAY))];
    for (count, time) in times {
        let (batch, behind) = rest.split_at(*count);
        batches.push((batch, Some(*time)));
        rest = behind;
    }
    if !rest.is_empty() {
        batches.push((rest, Some(END)));
    }
    log(&batches)
}

// Duties.

// spec: ver-34
#[test]
fn a_change_of_periods_said_twice_leaves_the_old_deadlines_as_one_does() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 30, |pledge| pledge.deadline = 30 * DAY));
    lab.usage(day(0), 10);
    for _ in 0..2 {
        change(&mut lab, 1, 30);
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
    change(&mut lab, 300, 30);
    change(&mut lab, 1, 30);
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

// Admissions.

#[test]
fn what_strays_admit_of_different_times_adds_up() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    // Each a second short: none is of a period that was next, and none alone is a breach.
    for number in 0..20 {
        let period = Period::new(at(START + number * DAY), at(START + (number + 1) * DAY - 1));
        lab.usage(period.unwrap(), 100);
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
}

// spec: ver-26
#[test]
fn what_second_statements_of_different_days_admit_adds_up() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    for number in 0..20 {
        let (second, _) = lab.sign_next(StreamId::new(1), usage(day(number), 100));
        lab.usage(day(number), 1);
        lab.entries.push(second);
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
    assert!(called(&found, Word::LogIntegrityFailure));
}

#[test]
fn what_a_second_statement_admits_is_not_lifted_by_correcting_what_stands_beside_it() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 2));
    let large = lab.usage(day(0), 900);
    let (second, _) = lab.sign_next(StreamId::new(1), usage(day(1), 200));
    lab.usage(day(1), 1);
    lab.entries.push(second);
    lab.correct(0, large, usage(day(0), 1));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.headline(), "VIOLATED (restated)", "{found:#?}");
}

#[test]
fn overlapping_strays_of_one_time_are_one_admission() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, DAYS));
    for number in 0..20 {
        let period = Period::new(at(START + number), at(START + DAY + number + 1));
        lab.usage(period.unwrap(), 100);
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_ne!(found.word, Word::Violated, "{found:#?}");
}

// spec: ver-24
#[test]
fn a_correction_by_a_wrong_id_or_of_a_correction_admits_what_it_says() {
    for of_a_correction in [false, true] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 2));
        let original = lab.usage(day(0), 10);
        lab.usage(day(1), 10);
        if of_a_correction {
            let content = usage(day(0), 20);
            lab.correct(0, original, content);
            let correction = lab.head(1);
            lab.correct(2, correction.statement, usage(day(0), 5000));
        } else {
            lab.correct(0, lab.head(1).statement, usage(day(0), 5000));
        }
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, Word::Violated, "{found:#?}");
        assert!(has(&found, "correction"));
    }
}

#[test]
fn a_second_statement_that_is_a_correction_or_not_understood_admits_what_it_says() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 2));
    let original = lab.usage(day(0), 10);
    let correction = standstill::attestation::content::Correction {
        corrects: Head {
            sequence: 0,
            statement: original,
        },
        replacement: Box::new(usage(day(0), 5000)),
        reason: "a test".to_owned(),
    };
    let area = StreamId::new(1);
    let (correction, _) = lab.sign_next(area, Content::Correction(correction));
    let elsewhen = behind_critical(&lab, area, usage(day(0), 5000));
    lab.usage(day(1), 10);
    for second in [correction, elsewhen] {
        let mut twice = lab.clone();
        twice.entries.push(second);
        let found = verdict(&seen_log(&twice, 3, END), &twice, END);
        assert_eq!(found.word, Word::Violated, "{found:#?}");
    }
}

// spec: ver-23
#[test]
fn corrections_of_an_early_report_cover_only_once_a_quorum_saw_them_after_the_end() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let early = lab.usage(day(0), 0);
    lab.correct(0, early, usage(day(0), 0));
    let files = log(&[
        (&lab.entries[..3], Some(START - DAY)),
        (&lab.entries[3..4], Some(START + 1)),
        (&[], Some(START + 3 * DAY)),
        (&lab.entries[4..], None),
    ]);
    let found = verdict(&files, &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

// Places to hide in.

// spec: ver-30
#[test]
fn an_area_that_says_it_measures_others_hides_no_usage() {
    let mut lab = Lab::new(100);
    lab.open(
        2,
        AreaOpen {
            measures: Some(Measured {
                issuer: Lab::new(200).id,
                stream: StreamId::new(1),
            }),
            ..days()
        },
    );
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    lab.say(OTHER, usage(day(0), 5000));
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
}

#[test]
fn an_area_that_measures_others_and_holds_devices_must_account_for_them() {
    let mut lab = Lab::new(100);
    let measured = Measured {
        issuer: Lab::new(200).id,
        stream: StreamId::new(1),
    };
    let open = AreaOpen {
        measures: Some(measured),
        cadence: None,
        ..days()
    };
    lab.open(2, open);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let honest = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(honest.word, Word::Consistent, "{honest:#?}");
    lab.say(OTHER, holding(0, 1000));
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn a_listed_area_that_begins_after_the_window_accounts_for_nothing_of_it() {
    let mut lab = Lab::new(100);
    lab.open(
        2,
        AreaOpen {
            first: at(START + 10 * DAY),
            ..days()
        },
    );
    lab.pledge(changed(1000, 1, |pledge| {
        let both = vec![StreamId::new(1), OTHER];
        pledge.perimeter.areas = AreaSelection::Listed(both);
    }));
    lab.usage(day(0), 10);
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn usage_in_an_area_that_was_not_opened_or_is_for_later_still_counts() {
    let mut never = Lab::new(100);
    never.pledge(cap(1000, 1));
    never.usage(day(0), 10);
    let mut later = never.clone();
    never.say(OTHER, usage(day(0), 5000));
    let open = AreaOpen {
        first: at(START + 10 * DAY),
        ..days()
    };
    // Opened afterwards, it is not forgotten either.
    let mut afterwards = never.clone();
    afterwards.open(2, open.clone());
    later.open(2, open);
    later.say(OTHER, usage(day(0), 5000));
    for lab in [never, afterwards, later] {
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, Word::Violated, "{found:#?}");
    }
}

#[test]
fn statements_under_an_old_head_are_judged_by_a_newer_pledge_all_the_same() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(100_000, 1));
    // Signed before the pledge that binds it, and published behind it.
    let (old, id) = lab.sign_next(StreamId::new(1), usage(day(0), 5000));
    lab.pledge(cap(1000, 1));
    lab.entries.push(old);
    let found = judged(&seen_log(&lab, 4, END), &lab);
    let words: Vec<Word> = found.verdicts.iter().map(|one| one.word).collect();
    assert_eq!(words, [Word::Consistent, Word::Violated], "{id} {found:#?}");
}

#[test]
fn figures_from_two_sources_are_a_hull_and_no_smaller_one_hides_a_larger() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let Content::Usage(mut used) = usage(day(0), 5000) else {
        panic!("a usage")
    };
    let mut other = used.figures[0].clone();
    other.source.tool = "another".to_owned();
    other.value = standstill::quantity::Interval::ZERO;
    used.figures.push(other);
    used.figures
        .sort_by_key(|figure| figure.source.tool.clone());
    lab.say(StreamId::new(1), Content::Usage(used));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn an_area_opened_late_in_the_window_leaves_a_gap_or_reports_from_its_start() {
    for (first, word) in [(3, Word::NotShown), (0, Word::Violated)] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 5));
        for number in 0..5 {
            lab.usage(day(number), 10);
        }
        let open = AreaOpen {
            first: at(START + first * DAY),
            ..days()
        };
        lab.open(2, open);
        for number in first..5 {
            lab.say(OTHER, usage(day(number), 300));
        }
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{found:#?}");
    }
}

// spec: ver-12
#[test]
fn a_broken_history_of_an_affiliate_shows_nothing_for_who_covers_it() {
    let mut lab = Lab::new(100);
    let mut other = Lab::new(200);
    for number in 0..2 {
        other.usage(day(number), 10);
    }
    lab.pledge(changed(1000, 1, |pledge| {
        pledge.perimeter.affiliates = vec![other.id];
    }));
    lab.usage(day(0), 10);
    let (second, _) = other.sign_at(StreamId::new(1), 0, None, usage(day(0), 11));
    for (more, word) in [(None, Word::Consistent), (Some(second), Word::NotShown)] {
        let mut all = lab.clone();
        let founding = all.entries.len() - 1;
        all.entries
            .splice(founding..founding, other.entries.iter().cloned());
        all.entries.extend(more);
        let files = log(&[
            (&all.entries[..5], Some(START - DAY)),
            (&all.entries[5..], Some(END)),
        ]);
        let found = judge_log(&files, &[lab.id, other.id], END, Known::default());
        let of = found.verdicts.iter().find(|one| one.issuer == lab.id);
        assert_eq!(of.unwrap().word, word, "{found:#?}");
    }
}

// Coverage.

// spec: ver-21
#[test]
fn an_energy_meter_that_saw_nothing_is_no_full_coverage() {
    for (observed, word) in [(DAY, Word::Consistent), (0, Word::NotShown)] {
        let mut lab = Lab::new(100);
        lab.pledge(changed(80_000, 1, |pledge| {
            pledge.counted.quantity = QuantityKind::EnergyJoules;
            pledge.counted.basis = Basis::Present;
            pledge.counted.boundary = Some(Boundary::Node);
        }));
        let Content::Usage(mut used) = seen_whole(0, 0, None) else {
            panic!("a usage")
        };
        used.figures[0].quantity = QuantityKind::EnergyJoules;
        used.figures[0].basis = Basis::Present;
        used.figures[0].boundary = Some(Boundary::Node);
        used.figures[0].coverage = Coverage::Known {
            observed: Quantity::from(observed),
            gap: Quantity::ZERO,
            resets: Quantity::ZERO,
        };
        lab.say(StreamId::new(1), Content::Usage(used));
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{observed}: {found:#?}");
    }
}

// spec: ver-27
#[test]
fn an_inventory_dated_back_is_no_better_than_a_correction() {
    for (more, word) in [(1, Word::Consistent), (1000, Word::NotShown)] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 1));
        let first = lab.say(StreamId::new(1), holding(0, 1));
        lab.say(StreamId::new(1), seen_whole(0, 1, Some(first)));
        lab.say(StreamId::new(1), holding(0, more));
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{more}: {found:#?}");
    }
}

#[test]
fn an_inventory_dated_back_and_taken_back_is_remembered() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let first = lab.say(StreamId::new(1), holding(0, 1));
    lab.say(StreamId::new(1), seen_whole(0, 1, Some(first)));
    lab.say(StreamId::new(1), holding(0, 1000));
    lab.say(StreamId::new(1), holding(0, 1));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn an_inventory_behind_critical_holds_what_nobody_knows() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let area = StreamId::new(1);
    let first = lab.say(area, holding(0, 1));
    let hidden = behind_critical(&lab, area, holding(0, 1000));
    lab.entries.push(hidden);
    let id = Envelope::parse(lab.entries.last().unwrap()).unwrap();
    let (usage, _) = lab.sign_at(
        area,
        2,
        Some(id.statement_id()),
        seen_whole(0, 1, Some(first)),
    );
    lab.entries.push(usage);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn a_report_made_under_an_inventory_that_is_not_there_is_bounded_by_nothing() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.say(StreamId::new(1), holding(0, 1));
    let (_, unknown) = lab.sign_next(OTHER, holding(0, 1000));
    lab.say(StreamId::new(1), seen_whole(0, 1, Some(unknown)));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

// Baselines.

fn reduced_by(lab: &mut Lab, statement: StatementId) {
    let sequence = lab.head(1).sequence;
    let baseline = Baseline {
        period: day(0),
        heads: vec![StreamHead {
            stream: StreamId::new(1),
            sequence,
            statement,
        }],
    };
    let limit = Quantity::from(500_000);
    lab.pledge(pledge(Terms::Reduction { limit }, 1, 1, Some(baseline)));
}

#[test]
fn a_baseline_raised_after_the_pledge_makes_no_cut() {
    let mut lab = Lab::new(100);
    let original = lab.usage(day(0), 100);
    reduced_by(&mut lab, original);
    // The lab knows what it will use, and raises the baseline before it says so.
    lab.correct(0, original, usage(day(0), 1000));
    lab.usage(day(1), 400);
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    // Said the other way round, the breach stands.
    let mut lab = Lab::new(100);
    let original = lab.usage(day(0), 100);
    reduced_by(&mut lab, original);
    lab.usage(day(1), 400);
    lab.correct(0, original, usage(day(0), 1000));
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.headline(), "VIOLATED (restated)", "{found:#?}");
}

#[test]
fn a_baseline_of_strays_or_of_early_reports_shows_no_cut() {
    let mut strays = Lab::new(100);
    let period = Period::new(at(START + 1), at(START + DAY)).unwrap();
    let stray = strays.usage(period, 1_000_000);
    reduced_by(&mut strays, stray);
    strays.usage(day(0), 1);
    strays.usage(day(1), 1);
    let found = verdict(&seen_log(&strays, 4, END), &strays, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");

    let mut early = Lab::new(100);
    let before = early.usage(day(0), 1_000_000);
    reduced_by(&mut early, before);
    early.usage(day(1), 1);
    let files = log(&[
        (&early.entries[..4], Some(START + 1)),
        (&early.entries[4..], Some(END)),
    ]);
    let found = verdict(&files, &early, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

// Identities.

#[test]
fn equivocation_across_a_change_of_keys_is_equivocation() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let (old, _) = lab.sign_next(StreamId::new(1), usage(day(0), 20));
    let (breach, _) = lab.sign_next(StreamId::new(1), usage(day(0), 2000));
    lab.usage(day(0), 10);
    let next = issuer(110, 2);
    lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(next)));
    // Signed again by the keys after the change.
    for (second, word) in [(old, Word::LogIntegrityFailure), (breach, Word::Violated)] {
        let payload = Envelope::parse(&second).unwrap().payload().to_vec();
        let envelope = Envelope::sign(&payload, &[&secret(112)]).unwrap();
        let mut twice = lab.clone();
        twice.entries.push(envelope.to_bytes());
        let found = verdict(&seen_log(&twice, 3, END), &twice, END);
        assert_eq!(found.word, word, "{found:#?}");
    }
}

#[test]
fn a_key_that_is_taken_away_takes_nothing_that_it_signed_with_it() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 5000);
    let mut next = issuer(110, 2);
    next.suspected_since = Some(at(START - 30 * DAY));
    lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(next)));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
}

#[test]
fn a_log_of_record_that_changes_and_changes_back_is_a_move_all_the_same() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let mut elsewhere = issuer(lab.seed, 2);
    let name = standstill::key::KeyName::new("other.example/log").unwrap();
    let algorithm = standstill::key::Algorithm::Ed25519;
    let key = standstill::key::SignerKey::new(name, algorithm, secret(11));
    elsewhere.log = standstill::attestation::content::LogOfRecord {
        origin: "other.example/log".to_owned(),
        key: key.verifier(),
    };
    let back = issuer(lab.seed, 2);
    for issuer in [elsewhere, back] {
        lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer)));
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(has(&found, "moved"));
}

#[test]
fn an_earlier_id_that_a_later_statement_drops_is_not_forgotten() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let mut honest = issuer(lab.seed, 2);
    honest.earlier = vec![Lab::new(200).id];
    let clean = issuer(lab.seed, 2);
    for issuer in [honest, clean] {
        lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer)));
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(has(&found, "earlier-id"));
}

#[test]
fn a_first_statement_said_again_changes_nothing() {
    let mut lab = lab(DAYS, 30);
    lab.entries.push(lab.entries[0].clone());
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.headline(), "CONSISTENT@E1", "{found:#?}");
}

// Floods, and words.

#[test]
fn floods_of_anomalies_and_findings_hide_no_word() {
    let mut lab = lab(DAYS, 40);
    for number in 0..300 {
        let second = usage(day(1), 1000 + number);
        let (second, _) = lab.sign_at(StreamId::new(1), 1, None, second);
        lab.entries.push(second);
        lab.entries.push(format!("junk {number}").into_bytes());
    }
    let found = judged(&seen_log(&lab, 3, END), &lab);
    assert_eq!(found.verdicts[0].word, Word::Violated);
    assert!(called(&found.verdicts[0], Word::LogIntegrityFailure));
    assert!(found.anomalies.len() <= 101);
    assert!(found.verdicts[0].findings.len() < 100);
}

// spec: ver-40
#[test]
fn what_a_lab_calls_things_writes_no_line_of_a_report() {
    let mut lab = lab(DAYS, 30);
    let (entry, _) = lab.sign_next(StreamId::new(1), usage(day(DAYS), 30));
    let payload = Envelope::parse(&entry).unwrap().payload().to_vec();
    let text = String::from_utf8(payload).unwrap();
    let kind = "https://standstill.dev/attestation/usage/v1";
    let text = text.replace(kind, "x\\n\\nlab 0: HOLDS@E5\\u001b[2J");
    let envelope = Envelope::sign(text.as_bytes(), &[&secret(lab.seed + 2)]).unwrap();
    lab.entries.push(envelope.to_bytes());
    let found = judged(&seen_log(&lab, 3, END), &lab);
    assert!(has(&found.verdicts[0], "not-understood"), "{found:#?}");
    let text = standstill::report::text(&found);
    assert!(!text.contains("\nlab 0: HOLDS"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
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
