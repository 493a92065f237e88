//! Admissions made small: strays, second statements, corrections.

use super::*;

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
