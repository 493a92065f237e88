//! Evidence thinned: coverage, inventories, baselines.

use super::*;

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
        let first = lab.say(StreamId::new(1), inventory(0, 1));
        lab.say(StreamId::new(1), seen_whole(0, 1, Some(first)));
        lab.say(StreamId::new(1), inventory(0, more));
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{more}: {found:#?}");
    }
}

#[test]
fn an_inventory_dated_back_and_taken_back_is_remembered() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let first = lab.say(StreamId::new(1), inventory(0, 1));
    lab.say(StreamId::new(1), seen_whole(0, 1, Some(first)));
    lab.say(StreamId::new(1), inventory(0, 1000));
    lab.say(StreamId::new(1), inventory(0, 1));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn an_inventory_behind_critical_holds_what_nobody_knows() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let area = StreamId::new(1);
    let first = lab.say(area, inventory(0, 1));
    let hidden = behind_critical(&lab, area, inventory(0, 1000));
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
    lab.say(StreamId::new(1), inventory(0, 1));
    let (_, unknown) = lab.sign_next(OTHER, inventory(0, 1000));
    lab.say(StreamId::new(1), seen_whole(0, 1, Some(unknown)));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

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
