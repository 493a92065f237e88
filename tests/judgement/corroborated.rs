//! What others measure does to a verdict.

use standstill::attestation::content::{Corroboration, CorroborationSource, Cover};
use standstill::attestation::figure::Class;

use super::*;

const LIMIT: u64 = 1_000_000;

/// A lab that used 400,000 of 864,000 device-seconds on each of two days.
fn lab() -> Lab {
    let mut lab = pledged(cap(LIMIT, 2));
    for number in 0..2 {
        let usage = accounted(&lab, day(number), 400_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    lab
}

/// One who measured as much on both days, but for what `change` does to it.
fn cloud(lab: &Lab, seed: u8, change: impl Fn(&mut Corroboration)) -> Lab {
    let mut cloud = corroborator(seed, lab);
    for number in 0..2 {
        let mut said = measured(lab, day(number), 390_000, 420_000);
        change(&mut said);
        cloud.measure(said);
    }
    cloud
}

fn judged(lab: &Lab, others: &[(&Lab, &str)], more: &str) -> Verdict {
    let logged: Vec<&Lab> = others.iter().map(|(other, _)| *other).collect();
    let files = log_with(lab, &logged, END);
    let lines = expecting(lab, others) + more;
    let trust = trust_with(&[lab.id], &lines);
    let found = judge_with(&files, &trust, END, Known::default());
    assert_eq!(found.verdicts.len(), 1, "{found:#?}");
    found.verdicts[0].clone()
}

/// With one other root, "cloud".
fn with(lab: &Lab, other: &Lab) -> Verdict {
    judged(lab, &[(other, "cloud")], "")
}

// spec: ver-2 ver-44 ver-50
#[test]
fn what_another_root_measured_makes_a_claim_hold() {
    let lab = lab();
    let found = with(&lab, &cloud(&lab, 200, |_| {}));
    assert_eq!(found.headline(), "HOLDS@E3", "{found:#?}");
    assert_eq!(found.roots, ["cloud"]);
    // 840,000 at most by the cloud's meter, 800,000 reported; and 3.289708 standard deviations
    // of 2 % of the first: 55,267.1.
    assert!(found.resolution.contains("95268 s"), "{}", found.resolution);
    assert_eq!(found.outcome(None).code(), 0);
}

// spec: ver-51
#[test]
fn records_that_balance_are_reconciled_and_no_more() {
    let mut lab = lab();
    let alone = judged(&lab, &[], "");
    assert_eq!(alone.headline(), "CONSISTENT@E2", "{alone:#?}");
    let mut short = accounted(&lab, day(2), 400_000);
    short.figures.remove(0);
    lab.say(StreamId::new(1), Content::Usage(short));
    // The third day is outside the window.
    assert_eq!(judged(&lab, &[], "").headline(), "CONSISTENT@E2");
    let mut lab = pledged(cap(LIMIT, 2));
    for number in 0..2 {
        let mut usage = accounted(&lab, day(number), 400_000);
        // One second that nobody accounts for, then two.
        let rest = 864_000 - 400_000 - 1 - number;
        usage.figures[0].value = Interval::exactly(Quantity::from(rest));
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    let found = judged(&lab, &[], "");
    assert_eq!(found.headline(), "CONSISTENT@E1", "{found:#?}");
    let told = found.findings.iter().find(|one| one.check == "unbalanced");
    let told = &told.unwrap().text;
    assert!(
        told.contains("2 reports") && told.contains("1 of 864000"),
        "{told}"
    );
}

// spec: ver-45
#[test]
fn who_is_expected_and_says_nothing_leaves_it_not_shown() {
    let lab = lab();
    let whole = cloud(&lab, 200, |_| {});
    // Not one, not the first, not the last.
    for dropped in [2..4, 2..3, 3..4] {
        let mut partly = whole.clone();
        partly.entries.drain(dropped);
        let found = with(&lab, &partly);
        assert_eq!(found.word, Word::NotShown, "{found:#?}");
        assert!(checks(&found).contains(&"corroboration-missing"));
    }
    // Others do not stand in for it.
    let absent = corroborator(220, &lab);
    let found = judged(&lab, &[(&whole, "cloud"), (&absent, "utility")], "");
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    // It may be expected of other areas only.
    let elsewhere = judged(
        &lab,
        &[(&whole, "cloud"), (&absent, "utility")],
        "areas = [\"2\"]\n",
    );
    assert_eq!(elsewhere.headline(), "HOLDS@E3", "{elsewhere:#?}");
}

// spec: ver-46
#[test]
fn documents_of_one_root_are_one_root() {
    let lab = lab();
    let (one, two) = (cloud(&lab, 200, |_| {}), cloud(&lab, 220, |_| {}));
    let both = [(&one, "cloud"), (&two, "colo")];
    let three = |related: &str| {
        let files = log_with(&lab, &[&one, &two], END);
        let lines = expecting(&lab, &both) + related;
        let trust = trust_of(&[lab.id], "required_roots = 3\n", &lines);
        judge_with(&files, &trust, END, Known::default()).verdicts[0].headline()
    };
    assert_eq!(three(""), "HOLDS@E3");
    let related = |roots: &str| format!("[[related]]\nroots = [{roots}]\nwhy = \"one owner\"\n");
    assert_eq!(three(&related("\"cloud\", \"colo\"")), "CONSISTENT@E2");
    // Through a third.
    let chain = related("\"cloud\", \"fund\"") + &related("\"fund\", \"colo\"");
    assert_eq!(three(&chain), "CONSISTENT@E2");
    // The lab's own root adds none.
    let own = judged(&lab, &[(&one, "lab")], "");
    assert_eq!(own.headline(), "CONSISTENT@E2", "{own:#?}");
    let own = judged(&lab, &[(&one, "cloud")], &related("\"cloud\", \"lab\""));
    assert_eq!(own.headline(), "CONSISTENT@E2", "{own:#?}");
    let unnamed = judged(&lab, &[(&one, "")], "");
    assert_eq!(unnamed.headline(), "CONSISTENT@E2", "{unnamed:#?}");
}

// spec: ver-47
#[test]
fn what_does_not_bound_from_above_supports_nothing() {
    let lab = lab();
    let level = |change: &dyn Fn(&mut Corroboration)| {
        let found = with(&lab, &cloud(&lab, 200, change));
        found.headline()
    };
    assert_eq!(level(&|said| said.cover = Cover::More), "HOLDS@E3");
    assert_eq!(level(&|said| said.cover = Cover::Part), "CONSISTENT@E2");
    assert_eq!(
        level(&|said| said.source = CorroborationSource::ShownByLab),
        "CONSISTENT@E2"
    );
    assert_eq!(
        level(&|said| said.figures[0].coverage = Coverage::Unknown),
        "CONSISTENT@E2"
    );
    // Nobody looked all the time.
    let glimpse = |said: &mut Corroboration| {
        *said = measured(&lab, said.about.period, 10, 20);
        said.figures[0].coverage = seen(DAY - 1, 0);
    };
    assert_eq!(level(&glimpse), "CONSISTENT@E2");
    // What was not seen counts whole: 2 * (420,000 + 80,000) is the limit.
    assert_eq!(
        level(&|said| said.figures[0].coverage = seen(784_000, 80_000)),
        "HOLDS@E3"
    );
    assert_eq!(
        level(&|said| said.figures[0].coverage = seen(784_000, 80_001)),
        "CONSISTENT@E2"
    );
    // Another class, model or basis says nothing of this one.
    assert_eq!(
        level(&|said| said.figures[0].class = Class::Inference),
        "CONSISTENT@E2"
    );
    assert_eq!(
        level(&|said| said.figures[0].model = "a100-sxm-80".to_owned()),
        "CONSISTENT@E2"
    );
    assert_eq!(
        level(&|said| said.figures[0].basis = Basis::Active),
        "CONSISTENT@E2"
    );
    // What was not classified is at least as much; so is what was there, and what was billed.
    assert_eq!(
        level(&|said| said.figures[0].class = Class::Unclassified),
        "HOLDS@E3"
    );
    assert_eq!(
        level(&|said| said.figures[0].basis = Basis::Present),
        "HOLDS@E3"
    );
    assert_eq!(
        level(&|said| said.figures[0].basis = Basis::Billed),
        "CONSISTENT@E2"
    );
    let billed = |said: &mut Corroboration| {
        said.figures[0].basis = Basis::Billed;
        said.source = CorroborationSource::OwnBilling;
    };
    assert_eq!(level(&billed), "HOLDS@E3");
    // Five devices are at most so many seconds; six are more than the limit.
    let count = |number: u64| {
        move |said: &mut Corroboration| {
            said.figures[0].quantity = QuantityKind::Accelerators;
            said.figures[0].basis = Basis::Present;
            said.figures[0].class = Class::Unclassified;
            said.figures[0].value = Interval::exactly(Quantity::from(number));
        }
    };
    assert_eq!(level(&count(5)), "HOLDS@E3");
    assert_eq!(level(&count(6)), "CONSISTENT@E2");
}

// spec: ver-48
#[test]
fn what_may_be_beyond_the_limit_contradicts_and_two_roots_show_a_breach() {
    let lab = lab();
    let much = |lower: u64, upper: u64| {
        let lab = lab.clone();
        move |said: &mut Corroboration| {
            *said = measured(&lab, said.about.period, lower, upper);
        }
    };
    // It may be more than the limit, and may not.
    let found = with(&lab, &cloud(&lab, 200, much(400_000, 500_001)));
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(&found).contains(&"contradicted"));
    // One root against the lab shows no breach, two do.
    let one = cloud(&lab, 200, much(500_001, 600_000));
    assert_eq!(with(&lab, &one).word, Word::NotShown);
    let two = cloud(&lab, 220, much(500_001, 700_000));
    let both = judged(&lab, &[(&one, "cloud"), (&two, "colo")], "");
    assert_eq!(both.headline(), "VIOLATED", "{both:#?}");
    assert!(checks(&both).contains(&"breach-measured"));
    let same = judged(&lab, &[(&one, "cloud"), (&two, "cloud")], "");
    assert_eq!(same.word, Word::NotShown, "{same:#?}");
    // What nobody classified is no training that somebody saw.
    let unclassified = |said: &mut Corroboration| {
        much(500_001, 600_000)(said);
        said.figures[0].class = Class::Unclassified;
    };
    let (one, two) = (
        cloud(&lab, 200, unclassified),
        cloud(&lab, 220, unclassified),
    );
    let found = judged(&lab, &[(&one, "cloud"), (&two, "colo")], "");
    assert_eq!(found.headline(), "CONSISTENT@E2", "{found:#?}");
}

// spec: ver-49
#[test]
fn disagreement_is_told() {
    let lab = lab();
    let found = with(
        &lab,
        &cloud(&lab, 200, |said| {
            said.figures[0].value =
                Interval::new(Quantity::from(401_000_u64), Quantity::from(402_000_u64)).unwrap();
        }),
    );
    assert_eq!(found.headline(), "HOLDS@E3");
    let told = found
        .findings
        .iter()
        .find(|one| one.check == "disagreement");
    let told = &told.unwrap().text;
    assert!(told.contains("2 of 2") && told.contains("401000"), "{told}");
}

// spec: ver-52
#[test]
fn a_limit_that_could_not_be_exceeded_never_holds() {
    let able = 2 * DEVICES * DAY;
    let headline = |limit: u64| {
        let mut lab = pledged(cap(limit, 2));
        for number in 0..2 {
            let usage = accounted(&lab, day(number), 400_000);
            lab.say(StreamId::new(1), Content::Usage(usage));
        }
        with(&lab, &cloud(&lab, 200, |_| {})).headline()
    };
    assert_eq!(headline(able - 1), "HOLDS@E3");
    assert_eq!(headline(able), "CONSISTENT@E3");
    // Nor does one that was seen when its window had begun.
    let lab = lab();
    let other = cloud(&lab, 200, |_| {});
    let mut all = lab.clone();
    all.entries.extend(other.entries.iter().cloned());
    let files = seen_log(&all, FOUNDED - 1, END);
    let trust = trust_with(&[lab.id], &expecting(&lab, &[(&other, "cloud")]));
    let found = judge_with(&files, &trust, END, Known::default());
    assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E3");
}

#[test]
fn a_corroborator_that_equivocates_is_not_heard() {
    let lab = lab();
    let mut other = cloud(&lab, 200, |_| {});
    let said = Content::Corroboration(measured(&lab, day(1), 1, 2));
    let at = other.head(2);
    let (entry, _) = other.sign_at(StreamId::new(2), at.sequence, None, said);
    other.entries.push(entry);
    let found = with(&lab, &other);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn what_was_seen_before_its_period_ended_covers_nothing() {
    let lab = lab();
    let other = cloud(&lab, 200, |_| {});
    // The last statement of the corroborator, seen within the second day.
    let mut all = lab.clone();
    all.entries.extend(other.entries.iter().cloned());
    let (first, rest) = all.entries.split_at(FOUNDED);
    let files = log(&[
        (first, Some(START - DAY)),
        (rest, Some(START + 2 * DAY - 1)),
    ]);
    let trust = trust_with(&[lab.id], &expecting(&lab, &[(&other, "cloud")]));
    let found = judge_with(&files, &trust, START + 2 * DAY, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown, "{found:#?}");
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
}

// spec: ver-53
#[test]
fn a_baseline_that_nobody_else_saw_makes_no_cut() {
    let mut lab = Lab::new(100);
    lab.say(StreamId::new(1), inventory(0, DEVICES));
    for number in 0..2 {
        let usage = accounted(&lab, day(number), 800_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    let baseline = standstill::claim::Baseline {
        period: Period::new(day(0).start(), day(1).end()).unwrap(),
        heads: vec![lab.head(1)],
    };
    let terms = Terms::Reduction {
        limit: Quantity::from(600_000_u64),
    };
    lab.pledge(pledge(terms, 3, 1, Some(baseline)));
    let founded = lab.entries.len();
    for number in 2..4 {
        let usage = accounted(&lab, day(number), 400_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    let headline = |then: (u64, u64), now: (u64, u64)| {
        let mut cloud = corroborator(200, &lab);
        for number in 0..4 {
            let (lower, upper) = if number < 2 { then } else { now };
            cloud.measure(measured(&lab, day(number), lower, upper));
        }
        let mut all = lab.clone();
        all.entries.extend(cloud.entries.iter().cloned());
        let files = early_log(&all, founded);
        let trust = trust_with(&[lab.id], &expecting(&lab, &[(&cloud, "cloud")]));
        let found = judge_with(&files, &trust, END, Known::default());
        found.verdicts[0].headline()
    };
    // At most 420,000 of at least 700,000 is six tenths.
    assert_eq!(headline((700_000, 820_000), (390_000, 420_000)), "HOLDS@E3");
    // The lab's own baseline may be right, and theirs may be lower.
    assert_eq!(
        headline((699_999, 820_000), (390_000, 420_000)),
        "NOT-SHOWN"
    );
    // It was not as high as the lab says.
    assert_eq!(
        headline((500_000, 600_000), (390_000, 400_000)),
        "NOT-SHOWN"
    );
}

/// A log of which the first entries were seen when the second day had ended, and the rest
/// at the end.
fn early_log(lab: &Lab, governance: usize) -> MemoryObjects {
    let (first, rest) = lab.entries.split_at(governance);
    log(&[(first, Some(START + 2 * DAY)), (rest, Some(END))])
}

// spec: ver-44 ver-58
#[test]
fn counts_of_devices_are_not_summed_over_days() {
    let headline = |limit: u64, most: u64, h100: bool| {
        let mut lab = pledged(changed(0, 2, |pledge| {
            pledge.counted.quantity = QuantityKind::Accelerators;
            pledge.counted.basis = Basis::Present;
            pledge.counted.h100_equivalents = h100;
            pledge.terms = Terms::Accelerators {
                limit: Quantity::from(limit),
                counting: standstill::claim::Counting::Installed,
            };
        }));
        for number in 0..2 {
            let usage = accounted(&lab, day(number), 400_000);
            lab.say(StreamId::new(1), Content::Usage(usage));
        }
        with(
            &lab,
            &cloud(&lab, 200, |said| {
                let figure = &mut said.figures[0];
                figure.quantity = QuantityKind::Accelerators;
                figure.basis = Basis::Present;
                figure.class = Class::Unclassified;
                figure.value = Interval::new(Quantity::from(9_u64), Quantity::from(most)).unwrap();
            }),
        )
        .headline()
    };
    assert_eq!(headline(11, 11, false), "HOLDS@E3");
    assert_eq!(headline(11_000, 11, true), "HOLDS@E3");
    assert_eq!(headline(10, 11, false), "CONSISTENT@E2");
    assert_eq!(headline(10_999, 11, true), "CONSISTENT@E2");
}

// spec: ver-22 ver-44
#[test]
fn a_lab_that_does_not_say_what_it_saw_is_no_root() {
    let mut lab = pledged(cap(LIMIT, 2));
    for number in 0..2 {
        lab.usage(day(number), 400_000);
    }
    let (one, two) = (cloud(&lab, 200, |_| {}), cloud(&lab, 220, |_| {}));
    assert_eq!(judged(&lab, &[], "").headline(), "CONSISTENT@E1");
    assert_eq!(with(&lab, &one).headline(), "CONSISTENT@E1");
    let both = judged(&lab, &[(&one, "cloud"), (&two, "colo")], "");
    assert_eq!(both.headline(), "HOLDS@E3", "{both:#?}");
    assert_eq!(both.roots, ["cloud", "colo"]);
}

// spec: ver-66
#[test]
fn reports_that_come_later_than_a_run_could_be_done_are_too_slow() {
    let lab = lab();
    let files = log_with(&lab, &[], END);
    // Ten devices at half of their peak; a day, and a day's deadline after it.
    let rate = 10 * 1_979_000_000_000_000 / 2;
    let slow = |seconds: u128| {
        let keys = format!(
            "[accounting]\ngoal_flop = \"{}\"\nutilisation_ppm = 500000\n",
            rate * seconds
        );
        let trust = trust_of(&[lab.id], &keys, "");
        let found = judge_with(&files, &trust, END, Known::default());
        checks(&found.verdicts[0]).contains(&"too-slow")
    };
    let half: u128 = (2 * DAY).into();
    assert!(!slow(2 * half + 1));
    assert!(slow(2 * half));
    // By default 1e25 is far beyond ten devices.
    assert!(!checks(&judged(&lab, &[], "")).contains(&"too-slow"));
}

// spec: ver-48
#[test]
fn what_others_did_not_classify_convicts_nobody() {
    // The pledge counts what the lab itself leaves unclassified, as `pledge new` writes it.
    let mut lab = pledged(changed(LIMIT, 2, |pledge| {
        pledge.scope.push(Class::Unclassified);
    }));
    for number in 0..2 {
        let usage = accounted(&lab, day(number), 400_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    let much = |said: &mut Corroboration| {
        said.figures[0].class = Class::Unclassified;
        said.figures[0].value = Interval::exactly(Quantity::from(600_000_u64));
    };
    let (one, two) = (cloud(&lab, 200, much), cloud(&lab, 220, much));
    let found = judged(&lab, &[(&one, "cloud"), (&two, "colo")], "");
    assert_eq!(found.headline(), "CONSISTENT@E2", "{found:#?}");
    // Of the class itself they bound it, without a word of what is unclassified.
    assert_eq!(with(&lab, &cloud(&lab, 200, |_| {})).headline(), "HOLDS@E3");
}

// spec: ver-86
#[test]
fn what_errors_do_not_explain_is_told_and_what_they_do_is_not() {
    // One per cent of the bill and a thousandth of the record, both systematic, at 1.645
    // standard deviations: some 1.8 % in all.
    for (billed, found) in [
        (1_000_000, None),
        (1_015_000, None),
        (1_022_000, Some("declared-less")),
        (985_000, None),
        (978_000, Some("declared-more")),
    ] {
        let mut lab = pledged(cap(100_000_000, 4));
        let mut other = corroborator(150, &lab);
        for number in 0..4 {
            // No two days are alike.
            let (own, theirs) = (250_000 + number, billed / 4 + number);
            let said = accounted(&lab, day(number), own);
            lab.say(StreamId::new(1), Content::Usage(said));
            let mut said = measured(&lab, day(number), theirs, theirs);
            said.source = CorroborationSource::OwnBilling;
            other.measure(said);
        }
        let files = log_with(&lab, &[&other], END);
        let trust = trust_of(&[lab.id], "", &expecting(&lab, &[(&other, "cloud")]));
        let judged = judge_with(&files, &trust, END, Known::default());
        let alarms: Vec<&str> = checks(&judged.verdicts[0])
            .into_iter()
            .filter(|check| check.starts_with("declared-"))
            .collect();
        assert_eq!(alarms, found.into_iter().collect::<Vec<_>>(), "{billed}");
        let apart = checks(&judged.verdicts[0]).contains(&"disagreement");
        assert_eq!(apart, billed != 1_000_000, "{billed}");
    }
}

// spec: ver-87
#[test]
fn the_verifiers_own_meter_makes_e4_and_nothing_else_does() {
    let scenario = |source, own: bool, upper: u64| {
        let mut lab = pledged(cap(1000, 1));
        let said = accounted(&lab, day(0), 900);
        lab.say(StreamId::new(1), Content::Usage(said));
        let mut cloud = corroborator(150, &lab);
        cloud.measure(measured(&lab, day(0), 880, 950));
        let mut meter = corroborator(160, &lab);
        let mut said = measured(&lab, day(0), 850, upper);
        said.source = source;
        meter.measure(said);
        let files = log_with(&lab, &[&cloud, &meter], END);
        let mut text = expecting(&lab, &[(&cloud, "cloud"), (&meter, "meter")]);
        text.extend(["own = ", if own { "true" } else { "false" }, "\n"]);
        let trust = trust_of(&[lab.id], "", &text);
        let judged = judge_with(&files, &trust, END, Known::default());
        judged.verdicts[0].headline()
    };
    let meter = CorroborationSource::OwnMeter;
    assert_eq!(scenario(meter, true, 990), "HOLDS@E4");
    assert_eq!(scenario(meter, false, 990), "HOLDS@E3");
    assert_eq!(
        scenario(CorroborationSource::OwnBilling, true, 990),
        "HOLDS@E3"
    );
    // Beyond the limit it contradicts, whoever's it is.
    assert_eq!(scenario(meter, true, 1010), "NOT-SHOWN");
}

/// A lab that pledges for any two of six days, what it reports of each, and what a cloud and
/// a meter state of each.
fn any_two_days(limit: u64, reported: [u64; 6], stated: [[(u64, u64); 6]; 2]) -> Verdict {
    let mut lab = pledged(changed(limit, 6, |pledge| pledge.sliding = Some(2 * DAY)));
    for (number, amount) in (0..).zip(reported) {
        let said = accounted(&lab, day(number), amount);
        lab.say(StreamId::new(1), Content::Usage(said));
    }
    let mut others = [corroborator(150, &lab), corroborator(160, &lab)];
    for (other, stated) in others.iter_mut().zip(stated) {
        for (number, (lower, upper)) in (0..).zip(stated) {
            other.measure(measured(&lab, day(number), lower, upper));
        }
    }
    let [cloud, meter] = &others;
    let files = log_with(&lab, &[cloud, meter], END);
    let text = expecting(&lab, &[(cloud, "cloud"), (meter, "meter")]);
    let trust = trust_of(&[lab.id], "", &text);
    let judged = judge_with(&files, &trust, END, Known::default());
    judged.verdicts[0].clone()
}

// spec: ver-54
#[test]
fn a_sliding_cap_holds_by_others_if_every_stretch_does() {
    // A stretch of two days that begins within one touches three: each counts whole.
    let low = [100, 100, 100, 100, 100, 100];
    let exactly = |amounts: [u64; 6]| amounts.map(|amount| (amount - 10, amount));
    let all = [exactly(low), exactly(low)];
    assert_eq!(any_two_days(300, low, all).headline(), "HOLDS@E3");
    let found = any_two_days(299, low, all);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(&found).contains(&"corroborated"), "{found:#?}");
    // Two others who each saw more in some two days, whatever the lab reported.
    let burst = exactly([100, 100, 250, 250, 100, 100]);
    let found = any_two_days(450, low, [burst, burst]);
    assert_eq!(found.word, Word::Violated, "{found:#?}");
    // One of them alone convicts nobody.
    let found = any_two_days(450, low, [burst, exactly(low)]);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(60))]

    // spec: ver-54
    #[test]
    fn no_offset_of_a_stretch_is_forgotten(
        uppers in proptest::array::uniform6(1_u64..200),
        limit in 200_u64..600,
    ) {
        let stated = uppers.map(|upper| (0, upper));
        let found = any_two_days(limit, [0; 6], [stated, stated]);
        // By the hour: what the days that a stretch touches come to.
        let hours = (0..=4 * 24_usize).map(|from| {
            let days = (from / 24)..(from + 48).div_ceil(24);
            days.map(|day| uppers[day]).sum::<u64>()
        });
        let within = hours.max().unwrap() <= limit;
        let bounded = !checks(&found).contains(&"corroborated");
        proptest::prop_assert_eq!(bounded, within, "{:#?}", found);
    }
}

/// What any device can make of a joule at most: a B300 does 14 PFLOP/s at 1,100 W; kappa is 2.
const FLOP_A_JOULE: u128 = 25_454_545_454_546;

// spec: ver-88
#[test]
fn what_a_utility_feeds_bounds_operations_and_nothing_else() {
    // Ten devices at their highest peak for a day would be 1.7e21.
    let limit = 1_000_000_000_000_000_000_000_u128;
    let scenario = |flop: bool, joules: u64, change: fn(&mut Corroboration)| {
        let mut lab = pledged(changed(800_000, 1, |pledge| {
            if flop {
                pledge.counted.quantity = QuantityKind::Flop;
                pledge.precision = Some("highest-dense".parse().unwrap());
                pledge.terms = Terms::Cap {
                    limit: Quantity::new(limit).unwrap(),
                };
            }
        }));
        let said = accounted(&lab, day(0), 100_000);
        lab.say(StreamId::new(1), Content::Usage(said));
        let mut utility = corroborator(200, &lab);
        let mut said = measured(&lab, day(0), 0, 0);
        said.boundary = Some(Boundary::Feed);
        said.cover = Cover::More;
        said.figures = vec![energy(day(0), Boundary::Feed, joules, joules)];
        change(&mut said);
        utility.measure(said);
        with(&lab, &utility).headline()
    };
    let most = u64::try_from(limit / FLOP_A_JOULE).unwrap();
    let nothing = |_: &mut Corroboration| {};
    assert_eq!(scenario(true, most, nothing), "HOLDS@E3");
    assert_eq!(scenario(true, most + 1, nothing), "CONSISTENT@E2");
    // Seconds of devices take no energy that anybody knows.
    assert_eq!(scenario(false, most, nothing), "CONSISTENT@E2");
    // Part of the areas, or part of the time, is not all.
    let changes: [fn(&mut Corroboration); 4] = [
        |said| said.cover = Cover::Part,
        |said| said.figures[0].coverage = seen(DAY - 1, 1),
        |said| said.figures[0].coverage = Coverage::Unknown,
        |said| said.figures[0].class = Class::Training,
    ];
    for change in changes {
        assert_eq!(scenario(true, most, change), "CONSISTENT@E2");
    }
}
