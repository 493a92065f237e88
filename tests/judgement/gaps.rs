//! What was not seen is unknown, never zero.

use super::*;

/// Declares devices and watts from the first day on.
fn declare(lab: &mut Lab, model: &str, count: u64, watts: &[u64]) -> StatementId {
    let watts = watts.iter().map(|watts| RatedWatts {
        boundary: Boundary::Node,
        watts: Quantity::from(*watts),
    });
    let inventory = Inventory {
        watts: watts.collect(),
        ..devices(0, model, count)
    };
    lab.say(StreamId::new(1), Content::Inventory(inventory))
}

/// A day's usage with known coverage.
fn covered(amount: u64, inventory: Option<StatementId>, observed: u64, gap: u64) -> Usage {
    let mut used = used(day(0), amount);
    used.inventory = inventory;
    used.figures[0].coverage = Coverage::Known {
        observed: Quantity::from(observed),
        gap: Quantity::from(gap),
        resets: Quantity::ZERO,
    };
    used
}

// spec: ver-21
#[test]
fn what_was_not_seen_is_charged_whole() {
    // One device for a day; a cap of 1000 seconds.
    for (observed, gap, word) in [
        (DAY, 0, Word::Consistent),
        (DAY - 900, 900, Word::Consistent),
        (DAY - 901, 901, Word::NotShown),
        // A gap that is not owned up to is one all the same.
        (DAY - 901, 0, Word::NotShown),
        (0, 0, Word::NotShown),
    ] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 1));
        let inventory = declare(&mut lab, "h100-sxm", 1, &[]);
        let used = covered(100, Some(inventory), observed, gap);
        lab.say(StreamId::new(1), Content::Usage(used));
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{observed} {gap}: {found:#?}");
    }
}

// spec: ver-21
#[test]
fn a_model_that_no_figure_speaks_of_was_not_seen() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let inventory = declare(&mut lab, "b200", 1, &[]);
    // The device that is there is another than the one that was seen.
    lab.say(
        StreamId::new(1),
        Content::Usage(covered(0, Some(inventory), 0, 0)),
    );
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert_eq!(found.numbers.unwrap().upper.unwrap(), DAY.to_string());
}

// spec: ver-21
#[test]
fn coverage_of_devices_that_nobody_declared_bounds_nothing() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.say(StreamId::new(1), Content::Usage(covered(100, None, DAY, 0)));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

// spec: ver-21
#[test]
fn gaps_of_energy_are_charged_at_rated_watts_and_without_them_bound_nothing() {
    for (watts, upper) in [(vec![700], Some("70100")), (vec![], None)] {
        let mut lab = Lab::new(100);
        lab.pledge(changed(80_000, 1, |pledge| {
            pledge.counted.quantity = QuantityKind::EnergyJoules;
            pledge.counted.basis = Basis::Present;
            pledge.counted.boundary = Some(Boundary::Node);
        }));
        let inventory = declare(&mut lab, "h100-sxm", 1, &watts);
        let mut used = covered(100, Some(inventory), DAY - 100, 100);
        used.figures[0].quantity = QuantityKind::EnergyJoules;
        used.figures[0].basis = Basis::Present;
        used.figures[0].boundary = Some(Boundary::Node);
        lab.say(StreamId::new(1), Content::Usage(used));
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.numbers.unwrap().upper.as_deref(), upper);
        let expected = upper.map_or(Word::NotShown, |_| Word::Consistent);
        assert_eq!(found.word, expected);
    }
}

// spec: ver-27
#[test]
fn an_inventory_corrected_upward_leaves_what_ran_on_the_rest_unknown() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let first = declare(&mut lab, "h100-sxm", 1, &[]);
    lab.say(
        StreamId::new(1),
        Content::Usage(covered(100, Some(first), DAY, 0)),
    );
    let before = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(before.word, Word::Consistent, "{before:#?}");
    lab.correct(0, first, inventory(0, 2));
    let after = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(after.word, Word::NotShown, "{after:#?}");
    assert!(checks(&after).contains(&"inventory-corrected"));
}
