//! What figures come to.

use super::*;

// spec: ver-28
#[test]
fn a_pledge_that_contradicts_itself_shows_nothing_but_can_be_broken_all_the_same() {
    for (amount, word) in [(10, Word::NotShown), (2000, Word::Violated)] {
        let mut lab = Lab::new(100);
        // A withdrawal would end the duty at once.
        lab.pledge(changed(1000, 1, |pledge| pledge.notice = 0));
        lab.usage(day(0), amount);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{found:#?}");
        assert!(checks(&found).contains(&"pledge"));
    }
}

// spec: ver-18
#[test]
fn maxima_are_never_summed() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(5, 2, |pledge| {
        pledge.counted.quantity = QuantityKind::Accelerators;
    }));
    for number in 0..2 {
        let mut used = used(day(number), 4);
        used.figures[0].quantity = QuantityKind::Accelerators;
        lab.say(StreamId::new(1), Content::Usage(used));
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "4 and 4 are not 8: {found:#?}");
}

// spec: ver-26
#[test]
fn a_period_reported_twice_is_not_counted_twice() {
    for (second, word) in [(600, Word::NotShown), (1200, Word::Violated)] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 1));
        lab.usage(day(0), 600);
        lab.usage(day(0), second);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{second}: {found:#?}");
        assert!(checks(&found).contains(&"contiguous"));
    }
}

// spec: ver-17
#[test]
fn operations_in_two_formats_add_up_and_two_sources_do_not() {
    let flop = |lab: &mut Lab, formats: &[&str]| {
        let mut used = used(day(0), 0);
        for dtype in formats {
            let mut figure = used.figures[0].clone();
            figure.quantity = QuantityKind::Flop;
            figure.value = Interval::exactly(Quantity::from(600));
            figure.precision = Some(Precision {
                dtype: (*dtype).to_owned(),
                sparsity: "dense".to_owned(),
            });
            figure.source.tool = format!("source {}", used.figures.len());
            used.figures.push(figure);
        }
        lab.say(StreamId::new(1), Content::Usage(used));
    };
    for (formats, word) in [
        (["bf16", "fp8"], Word::Violated),
        (["bf16", "bf16"], Word::Consistent),
    ] {
        let mut lab = Lab::new(100);
        lab.pledge(changed(1000, 1, |pledge| {
            pledge.counted.quantity = QuantityKind::Flop;
            pledge.precision = Some(standstill::claim::Precision::HighestDense);
        }));
        flop(&mut lab, &formats);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{formats:?}: {found:#?}");
    }
}

// spec: ver-20
#[test]
fn operations_are_recomputed_from_seconds_at_the_highest_dense_peak() {
    let flop = |model: &str, own: Option<u64>| {
        let mut lab = Lab::new(100);
        lab.pledge(changed(u64::MAX, 1, |pledge| {
            pledge.counted.quantity = QuantityKind::Flop;
            pledge.precision = Some(standstill::claim::Precision::HighestDense);
        }));
        let mut used = used(day(0), 10);
        used.figures[0].model = model.to_owned();
        if let Some(own) = own {
            let mut figure = used.figures[0].clone();
            figure.quantity = QuantityKind::Flop;
            figure.value = Interval::exactly(Quantity::from(own));
            figure.precision = Some(Precision {
                dtype: "bf16".to_owned(),
                sparsity: "dense".to_owned(),
            });
            used.figures.push(figure);
        }
        lab.say(StreamId::new(1), Content::Usage(used));
        verdict(&seen_log(&lab, 3, END), &lab, END)
    };
    let upper = |found: &Verdict| found.numbers.clone().unwrap().upper;
    // Ten seconds at 1979 TFLOP/s, whatever the lab says of less; its own may be more.
    let most = 10_u64 * 1_979_000_000_000_000;
    assert_eq!(upper(&flop("h100-sxm", None)), Some(most.to_string()));
    assert_eq!(upper(&flop("h100-sxm", Some(5))), Some(most.to_string()));
    let more = flop("h100-sxm", Some(most + 1));
    assert_eq!(upper(&more), Some((most + 1).to_string()));
    let unknown = flop("uncatalogued:x", None);
    assert_eq!((upper(&unknown), unknown.word), (None, Word::NotShown));
}

#[test]
fn a_reduction_counts_the_baseline_from_below_for_consistency() {
    // Covered in full by `a_reduction_is_judged_per_unit_of_time_against_its_baseline`; here
    // only that a baseline corrected downward, then up again, takes the least of them.
    let mut lab = Lab::new(100);
    let original = lab.usage(day(0), 100);
    lab.correct(0, original, usage(day(0), 10));
    lab.correct(0, original, usage(day(0), 100));
    let baseline = standstill::claim::Baseline {
        period: day(0),
        heads: vec![lab.head(1)],
    };
    let terms = Terms::Reduction {
        limit: Quantity::from(500_000),
    };
    lab.pledge(pledge(terms, 1, 1, Some(baseline)));
    lab.usage(day(1), 40);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    // 40 of 100 would be within a half; of 10 it is not.
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}
