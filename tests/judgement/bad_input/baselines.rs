//! Baselines that were committed after the agreement, or never.

use standstill::attestation::content::StreamHead;
use standstill::claim::Baseline;

use super::*;

/// At most half of a baseline, a second.
const HALF: u64 = 500_000;

/// Half of what was used in days of which these are the heads, over the two days after.
fn halved(days: u64, heads: Vec<StreamHead>) -> standstill::claim::Pledge {
    let period = Period::new(at(START), at(START + days * DAY)).unwrap();
    let limit = Quantity::from(HALF);
    let baseline = Baseline { period, heads };
    pledge(Terms::Reduction { limit }, days, 2, Some(baseline))
}

/// Two days of use after the first `days`, from a lab that has that pledge.
fn after(lab: &mut Lab, days: u64) {
    for number in days..days + 2 {
        lab.usage(day(number), 400);
    }
}

/// Judges a lab of which so many entries were seen at `agreed`, the rest at the end.
fn judged(lab: &Lab, first: usize, agreed: u64) -> Verdict {
    let (first, rest) = lab.entries.split_at(first);
    let files = log(&[(first, Some(agreed)), (rest, Some(END))]);
    verdict(&files, lab, END)
}

/// A lab that used 1000 on each of two days, then pledged to halve that, and did.
fn honest() -> Lab {
    let mut lab = Lab::new(100);
    lab.usage(day(0), 1000);
    lab.usage(day(1), 1000);
    let heads = vec![lab.head(1)];
    lab.pledge(halved(2, heads));
    lab
}

/// How many statements [`honest`] makes.
const AGREED: usize = 5;

// spec: ver-16
#[test]
fn a_baseline_committed_before_the_agreement_is_consistent() {
    let mut lab = honest();
    after(&mut lab, 2);
    let found = judged(&lab, AGREED, START + 2 * DAY);
    assert_eq!(found.headline(), "CONSISTENT@E1", "{found:#?}");
}

// spec: ver-28
#[test]
fn a_baseline_without_a_commitment_shows_nothing() {
    let mut lab = Lab::new(100);
    lab.pledge(halved(2, Vec::new()));
    lab.usage(day(0), 1000);
    lab.usage(day(1), 1000);
    after(&mut lab, 2);
    let found = judged(&lab, 3, START - DAY);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(&found).contains(&"pledge"), "{found:#?}");
    assert!(checks(&found).contains(&"baseline-head"), "{found:#?}");
}

/// The second day of the baseline is said after the agreement: nobody had committed to it.
#[test]
fn a_report_of_the_baseline_that_came_after_the_agreement_is_missing() {
    for late in [1000, 1_000_000] {
        let mut lab = Lab::new(100);
        lab.usage(day(0), 1000);
        let heads = vec![lab.head(1)];
        lab.pledge(halved(2, heads));
        lab.usage(day(1), late);
        after(&mut lab, 2);
        let found = judged(&lab, 4, START + 2 * DAY);
        assert_eq!(found.word, Word::NotShown, "{found:#?}");
        assert!(checks(&found).contains(&"baseline-missing"), "{found:#?}");
    }
}

/// A correction after the agreement raises no baseline, and one that lowers it counts.
#[test]
fn a_baseline_corrected_after_the_agreement_only_ever_gets_smaller() {
    for (corrected, word) in [
        (1_000_000, Word::Consistent),
        (1000, Word::Consistent),
        (600, Word::Consistent),
        (599, Word::Violated),
    ] {
        let mut lab = honest();
        let head = lab.head(1);
        lab.correct(head.sequence, head.statement, usage(day(1), corrected));
        after(&mut lab, 2);
        let found = judged(&lab, AGREED, START + 2 * DAY);
        assert_eq!(found.word, word, "{corrected}: {found:#?}");
        let numbers = found.numbers.unwrap();
        let least = 1000 + corrected.min(1000);
        let most = (800 * 1_000_000_u64).div_ceil(least);
        assert_eq!(numbers.upper, Some(most.to_string()));
    }
}

/// A head that stands in no stream, or is another statement than the one that does.
#[test]
fn a_head_that_is_not_in_its_stream_shows_nothing() {
    let other = StatementId::of(b"nothing");
    let cases: [fn(&Lab, StatementId) -> StreamHead; 3] = [
        |lab, other| StreamHead {
            statement: other,
            ..lab.head(1)
        },
        |lab, _| StreamHead {
            sequence: u64::MAX,
            ..lab.head(1)
        },
        |lab, _| StreamHead {
            sequence: 0,
            ..lab.head(1)
        },
    ];
    for head in cases {
        let mut lab = Lab::new(100);
        lab.usage(day(0), 1000);
        lab.usage(day(1), 1000);
        let heads = vec![head(&lab, other)];
        lab.pledge(halved(2, heads));
        after(&mut lab, 2);
        let found = judged(&lab, AGREED, START + 2 * DAY);
        assert_eq!(found.word, Word::NotShown, "{found:#?}");
        assert!(checks(&found).contains(&"baseline-head"), "{found:#?}");
    }
}

/// The report is signed first and logged last: the pledge names it, and others see the pledge
/// before the time that the report speaks of is over. It was made up.
// spec: ver-91
#[test]
fn a_baseline_that_was_told_before_its_time_was_over_shows_no_cut() {
    let made_up = |agreed: u64| {
        let mut lab = Lab::new(100);
        let mut ahead = lab.clone();
        ahead.usage(day(0), 1000);
        let last = ahead.usage(day(1), 1_000_000);
        lab.pledge(halved(2, vec![ahead.head(1)]));
        lab.entries.extend_from_slice(&ahead.entries[2..]);
        let mut previous = last;
        for number in 2..4 {
            let stream = StreamId::new(1);
            let said = usage(day(number), 400);
            let (entry, id) = lab.sign_at(stream, number, Some(previous), said);
            lab.entries.push(entry);
            previous = id;
        }
        judged(&lab, 3, agreed)
    };
    // Of a pledge that was seen when the baseline was over, whatever was logged first.
    let after = made_up(START + 2 * DAY);
    assert_eq!(after.word, Word::Consistent, "{after:#?}");
    for agreed in [START - DAY, START + DAY, START + 2 * DAY - 1] {
        let found = made_up(agreed);
        assert_eq!(found.word, Word::NotShown, "{found:#?}");
        assert!(checks(&found).contains(&"baseline"), "{found:#?}");
    }
}
