//! Claims that limit what each report says by itself, or what there is at once.

use standstill::attestation::content::{Capacity, Seal, SealApplied};
use standstill::attestation::figure::Class;
use standstill::claim::{Counting, LimitedQuantity, Replacements};

use super::*;

/// A pledge of other terms, on another quantity.
fn on(quantity: QuantityKind, terms: Terms, days: u64) -> standstill::claim::Pledge {
    changed(0, days, |pledge| {
        pledge.counted = LimitedQuantity {
            quantity,
            basis: Basis::Allocated,
            boundary: None,
            h100_equivalents: false,
        };
        pledge.terms = terms;
    })
}

fn of(quantity: QuantityKind, amount: u64) -> standstill::attestation::figure::Figure {
    let mut figure = used(day(0), amount).figures.remove(0);
    figure.quantity = quantity;
    figure
}

/// A lab that says these figures on each day, beside its account of all devices.
fn saying(
    pledge: standstill::claim::Pledge,
    days: &[Vec<standstill::attestation::figure::Figure>],
) -> Lab {
    let mut lab = pledged(pledge);
    for (number, figures) in (0..).zip(days) {
        let mut usage = accounted(&lab, day(number), 400_000);
        usage.figures.extend(figures.iter().cloned());
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    lab
}

fn judged(lab: &Lab) -> Verdict {
    verdict(&seen_log(lab, FOUNDED, END), lab, END)
}

fn jobs(accelerators: Option<u64>, seconds: Option<u64>) -> Terms {
    Terms::JobSize {
        maximum_accelerators: accelerators.map(Quantity::from),
        maximum_seconds: seconds.map(Quantity::from),
    }
}

// spec: ver-55
#[test]
fn the_largest_job_of_any_report_is_limited_and_none_are_summed() {
    let job = |accelerators: u64, seconds: u64| {
        vec![
            of(QuantityKind::JobAccelerators, accelerators),
            of(QuantityKind::JobSeconds, seconds),
        ]
    };
    let headline = |terms: Terms, days: &[Vec<_>]| {
        judged(&saying(on(QuantityKind::JobAccelerators, terms, 2), days)).headline()
    };
    let two = [job(8, 100), job(9, 50)];
    // The figures' own coverage is not known.
    assert_eq!(headline(jobs(Some(9), None), &two), "CONSISTENT@E1");
    assert_eq!(headline(jobs(Some(8), None), &two), "VIOLATED");
    assert_eq!(headline(jobs(Some(9), Some(100)), &two), "CONSISTENT@E1");
    assert_eq!(headline(jobs(Some(9), Some(99)), &two), "VIOLATED");
    // A report that names no largest job bounds none.
    let one = [job(8, 100), Vec::new()];
    assert_eq!(headline(jobs(Some(9), None), &one), "NOT-SHOWN");
    // Of another class, it is not limited.
    let mut other = job(8, 100);
    let mut inference = of(QuantityKind::JobAccelerators, 900);
    inference.class = Class::Inference;
    other.push(inference);
    assert_eq!(
        headline(jobs(Some(9), None), &[other, job(1, 1)]),
        "CONSISTENT@E1"
    );
}

// spec: ver-55
#[test]
fn a_largest_job_that_is_taken_back_was_one_all_the_same() {
    let figures = |accelerators| vec![of(QuantityKind::JobAccelerators, accelerators)];
    let terms = jobs(Some(8), None);
    let mut lab = saying(on(QuantityKind::JobAccelerators, terms, 1), &[figures(9)]);
    let (sequence, statement) = (lab.head(1).sequence, lab.head(1).statement);
    let mut usage = accounted(&lab, day(0), 400_000);
    usage.figures.extend(figures(7));
    lab.correct(sequence, statement, Content::Usage(usage));
    assert_eq!(judged(&lab).headline(), "VIOLATED (restated)");
}

fn halted(limit: u64) -> standstill::claim::Pledge {
    changed(0, 2, |pledge| {
        pledge.counted.quantity = QuantityKind::EnergyJoules;
        pledge.counted.basis = Basis::Present;
        pledge.counted.boundary = Some(Boundary::Facility);
        pledge.scope.push(Class::Unclassified);
        pledge.terms = Terms::Halted {
            limit: Quantity::from(limit),
            seal_cadence: DAY,
        };
    })
}

fn seal(from: u64, count: u64) -> Content {
    let devices = devices(0, "h100-sxm", count);
    Content::Seal(Seal::Apply(SealApplied {
        from: at(from),
        cadence: DAY,
        ledger: devices.ledger,
        capacity: vec![Capacity {
            model: "h100-sxm".to_owned(),
            count: Quantity::from(count),
        }],
        seals: vec![sha256(b"seal")],
    }))
}

fn heartbeat(seal: StatementId, period: Period) -> Content {
    Content::Seal(Seal::Heartbeat {
        seal,
        period,
        method: "photograph".to_owned(),
        nonce: None,
    })
}

/// A lab at rest under seals, which does `more` besides.
fn at_rest(limit: u64, sealed: u64, more: impl Fn(&mut Lab, StatementId)) -> Lab {
    let mut lab = pledged(halted(limit));
    let seal = lab.say(StreamId::new(1), seal(START, sealed));
    for number in 0..2 {
        let mut usage = accounted(&lab, day(number), 0);
        usage
            .figures
            .push(energy(day(number), Boundary::Facility, 900, 1000));
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    more(&mut lab, seal);
    lab
}

// spec: ver-56
#[test]
fn a_halt_is_each_periods_energy_and_seals_that_stay_whole() {
    let whole = |lab: &mut Lab, seal| {
        for number in 0..2 {
            lab.say(StreamId::new(1), heartbeat(seal, day(number)));
        }
    };
    let headline = |limit, sealed, more: &dyn Fn(&mut Lab, StatementId)| {
        judged(&at_rest(limit, sealed, more)).headline()
    };
    assert_eq!(headline(1000, DEVICES, &whole), "CONSISTENT@E2");
    assert_eq!(headline(999, DEVICES, &whole), "NOT-SHOWN");
    assert_eq!(headline(899, DEVICES, &whole), "VIOLATED");
    assert_eq!(headline(1000, DEVICES - 1, &whole), "NOT-SHOWN");
    // One day without confirmation is the pledged cadence, two are not.
    let one = |lab: &mut Lab, seal| {
        lab.say(StreamId::new(1), heartbeat(seal, day(0)));
    };
    assert_eq!(headline(1000, DEVICES, &one), "CONSISTENT@E2");
    assert_eq!(headline(1000, DEVICES, &|_, _| {}), "VIOLATED");
    let broken = |when: u64| {
        move |lab: &mut Lab, seal: StatementId| {
            whole(lab, seal);
            let found = Content::Seal(Seal::Break {
                seal,
                at: at(when),
                reason: "found torn".to_owned(),
            });
            lab.say(StreamId::new(1), found);
        }
    };
    assert_eq!(headline(1000, DEVICES, &broken(START + DAY)), "VIOLATED");
    assert_eq!(
        headline(1000, DEVICES, &broken(START + 2 * DAY)),
        "CONSISTENT@E2"
    );
}

// spec: ver-57
#[test]
fn inference_only_allows_no_training_and_bounds_the_traffic() {
    let headline = |training: u64, bytes: u64| {
        let terms = Terms::InferenceOnly {
            limit: Quantity::from(1000_u64),
        };
        let mut claim = on(QuantityKind::InterconnectBytes, terms, 1);
        claim.scope = vec![Class::Inference, Class::Training];
        claim.falsifier = standstill::claim::falsifier(&claim);
        let mut lab = pledged(claim);
        let mut usage = accounted(&lab, day(0), training);
        let mut traffic = of(QuantityKind::InterconnectBytes, bytes);
        traffic.class = Class::Inference;
        traffic.coverage = seen(DAY, 0);
        usage.figures.push(traffic);
        lab.say(StreamId::new(1), Content::Usage(usage));
        judged(&lab).headline()
    };
    assert_eq!(headline(0, 1000), "CONSISTENT@E2");
    assert_eq!(headline(0, 1001), "VIOLATED");
    assert_eq!(headline(1, 1000), "VIOLATED");
}

fn count(limit: u64, counting: Counting, h100: bool) -> standstill::claim::Pledge {
    changed(0, 1, |pledge| {
        pledge.counted.quantity = QuantityKind::Accelerators;
        pledge.counted.h100_equivalents = h100;
        if counting == Counting::Installed {
            pledge.counted.basis = Basis::Present;
        }
        pledge.terms = Terms::Accelerators {
            limit: Quantity::from(limit),
            counting,
        };
    })
}

// spec: ver-58
#[test]
fn accelerators_are_counted_at_once_over_all_areas() {
    // On average half of ten ran on the first day, and at most six.
    let headline = |limit, at_most: Option<u64>| {
        let figures = at_most.map(|most| {
            let mut figure = of(QuantityKind::Accelerators, most);
            figure.coverage = seen(DAY, 0);
            figure
        });
        let mut lab = pledged(count(limit, Counting::InUse, false));
        let mut usage = accounted(&lab, day(0), 5 * DAY);
        usage.figures.extend(figures);
        lab.say(StreamId::new(1), Content::Usage(usage));
        judged(&lab).headline()
    };
    assert_eq!(headline(6, Some(6)), "CONSISTENT@E2");
    assert_eq!(headline(5, Some(6)), "VIOLATED");
    // Without a count, at least the mean and at most what there is.
    assert_eq!(headline(10, None), "CONSISTENT@E2");
    assert_eq!(headline(9, None), "NOT-SHOWN");
    assert_eq!(headline(5, None), "NOT-SHOWN");
    assert_eq!(headline(4, None), "VIOLATED");
    // Ten of a thousand thousandths each.
    let mut lab = pledged(count(9_999, Counting::Installed, true));
    let usage = accounted(&lab, day(0), 0);
    lab.say(StreamId::new(1), Content::Usage(usage.clone()));
    // In the first period of an inventory some of it may have come, or gone.
    assert_eq!(judged(&lab).word, Word::NotShown);
    let mut lab = pledged(count(10_000, Counting::Installed, true));
    lab.say(StreamId::new(1), Content::Usage(usage));
    assert_eq!(judged(&lab).headline(), "CONSISTENT@E2");
    let mut claim = count(9_999, Counting::Installed, true);
    claim.window = Period::new(day(0).start(), day(1).end()).unwrap();
    claim.falsifier = standstill::claim::falsifier(&claim);
    let mut lab = pledged(claim);
    for number in 0..2 {
        let usage = accounted(&lab, day(number), 0);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    assert_eq!(judged(&lab).headline(), "VIOLATED");
}

// spec: ver-59 ver-60
#[test]
fn nothing_is_added_to_the_inventories_named() {
    let headline = |later: &[(u64, u64)], replacements| {
        let mut lab = Lab::new(100);
        let named = lab.say(StreamId::new(1), inventory(0, DEVICES));
        lab.pledge(changed(0, 2, |pledge| {
            pledge.counted.quantity = QuantityKind::Accelerators;
            pledge.counted.basis = Basis::Present;
            pledge.terms = Terms::NoNewCapacity {
                inventories: vec![named],
                replacements,
            };
        }));
        for (from, count) in later {
            lab.say(StreamId::new(1), inventory(*from, *count));
        }
        for number in 0..2 {
            let mut usage = accounted(&lab, day(number), 0);
            let held = later.iter().rev().find(|(from, _)| *from <= number);
            let held = held.map_or(DEVICES, |(_, count)| *count);
            usage.figures[0].value = Interval::exactly(Quantity::from(held * DAY));
            for figure in &mut usage.figures {
                figure.coverage = seen(held * DAY, 0);
            }
            lab.say(StreamId::new(1), Content::Usage(usage));
        }
        judged(&lab).headline()
    };
    assert_eq!(headline(&[], Replacements::Free), "CONSISTENT@E2");
    assert_eq!(
        headline(&[(1, DEVICES)], Replacements::Free),
        "CONSISTENT@E2"
    );
    assert_eq!(
        headline(&[(1, DEVICES - 1)], Replacements::Free),
        "CONSISTENT@E2"
    );
    assert_eq!(
        headline(&[(0, DEVICES + 1)], Replacements::Free),
        "VIOLATED"
    );
    // On the first day of an inventory a device may stand in two.
    assert_eq!(
        headline(&[(1, DEVICES + 1)], Replacements::Free),
        "NOT-SHOWN"
    );
    // After the window.
    assert_eq!(
        headline(&[(2, DEVICES + 1)], Replacements::Free),
        "CONSISTENT@E2"
    );
    // Replacements are seen in serials only.
    assert_eq!(headline(&[], Replacements::Counted), "NOT-SHOWN");
}
