//! What evidence that is missing, doubtful or contradictory does to a verdict.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

mod common;

use std::fmt::Write as _;

use common::*;
use standstill::attestation::content::{
    Action, Area, AreaChange, Capacity, Inventory, LedgerReference, RatedWatts,
};
use standstill::attestation::figure::{Basis, Boundary, Coverage, QuantityKind};
use standstill::attestation::{Content, IssuerId, StatementId, StreamId};
use standstill::claim::{Pledge, Terms};
use standstill::hash::sha256;
use standstill::quantity::Quantity;
use standstill::time::Cadence;
use standstill::verify::{Trust, Verdict, Word};

const END: u64 = START + 40 * DAY;

fn quantity(units: u64) -> Quantity {
    Quantity::from(units)
}

fn checks(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().map(|one| one.check).collect()
}

/// A pledge that breaks no rule but what `change` does to it.
fn changed(limit: u64, days: u64, change: impl FnOnce(&mut Pledge)) -> Pledge {
    let mut pledge = cap(limit, days);
    change(&mut pledge);
    pledge.falsifier = standstill::claim::falsifier(&pledge);
    pledge
}

// Whose claims a finding touches.

#[test]
fn an_issuer_without_a_pledge_is_missing_evidence_and_no_fault_of_another() {
    let mut one = Lab::new(100);
    one.pledge(cap(1000, 2));
    one.usage(day(0), 10);
    one.usage(day(1), 10);
    let other = Lab::new(200);
    let mut both = one.clone();
    both.entries.extend(other.entries.iter().cloned());
    let files = seen_log(&both, 3, END);
    for labs in [[one.id, other.id], [other.id, one.id]] {
        let found = judge_log(&files, &labs, END, Known::default());
        assert_eq!(found.verdicts.len(), 1);
        assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E1", "{found:#?}");
        assert!(!checks(&found.verdicts[0]).contains(&"no-pledge"));
        let code = found.outcome(Some(standstill::claim::Level::E1)).code();
        assert_eq!(code, 3, "an expected claim is not there: {found:#?}");
    }
}

#[test]
fn equivocation_is_a_failure_of_that_issuers_claims_and_nobody_elses() {
    let mut honest = Lab::new(100);
    honest.pledge(cap(1000, 1));
    honest.usage(day(0), 10);
    let mut other = Lab::new(200);
    other.pledge(cap(1000, 1));
    let (second, _) = other.sign_next(StreamId::new(1), usage(day(0), 11));
    other.usage(day(0), 10);
    let mut both = honest.clone();
    both.entries.extend(other.entries.iter().cloned());
    both.entries.push(second);
    let files = seen_log(&both, 3, END);
    let found = judge_log(&files, &[honest.id, other.id], END, Known::default());
    let word = |id: IssuerId| {
        let of = found.verdicts.iter().find(|verdict| verdict.issuer == id);
        of.unwrap().word
    };
    assert_eq!(word(honest.id), Word::Consistent);
    assert_eq!(word(other.id), Word::LogIntegrityFailure);
}

#[test]
fn two_first_statements_that_share_a_root_key_are_equivocation_of_both() {
    let mut one = Lab::new(100);
    one.pledge(cap(1000, 1));
    one.usage(day(0), 10);
    // The same keys under another log's origin make another first statement.
    let mut twin = Lab::renamed(100, "twin");
    twin.pledge(cap(1000, 1));
    twin.usage(day(0), 10);
    assert_ne!(one.id, twin.id);
    let mut both = one.clone();
    both.entries.extend(twin.entries.iter().cloned());
    let files = seen_log(&both, 3, END);
    let found = judge_log(&files, &[one.id, twin.id], END, Known::default());
    for verdict in &found.verdicts {
        assert_eq!(verdict.word, Word::LogIntegrityFailure, "{verdict:#?}");
        assert!(checks(verdict).contains(&"shared-root"));
    }
}

// Pledges that nothing could break.

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

#[test]
fn maxima_are_never_summed() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(5, 2, |pledge| {
        pledge.counted.quantity = QuantityKind::Accelerators;
    }));
    for number in 0..2 {
        let Content::Usage(mut used) = usage(day(number), 4) else {
            panic!("a usage")
        };
        used.figures[0].quantity = QuantityKind::Accelerators;
        lab.say(StreamId::new(1), Content::Usage(used));
    }
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "4 and 4 are not 8: {found:#?}");
}

// Gaps.

/// Declares devices and watts from the first day on.
fn inventory(lab: &mut Lab, model: &str, count: u64, watts: &[u64]) -> StatementId {
    let inventory = Inventory {
        from: at(START),
        ledger: LedgerReference {
            kind: "inventory".to_owned(),
            suite: "1".to_owned(),
            root: sha256(b"devices"),
            count,
            order: "serial".to_owned(),
            sums: Vec::new(),
        },
        capacity: vec![Capacity {
            model: model.to_owned(),
            count: quantity(count),
        }],
        watts: watts
            .iter()
            .map(|watts| RatedWatts {
                boundary: Boundary::Node,
                watts: quantity(*watts),
            })
            .collect(),
        transfers: Vec::new(),
    };
    lab.say(StreamId::new(1), Content::Inventory(inventory))
}

/// A day's usage with known coverage.
fn covered(amount: u64, inventory: Option<StatementId>, observed: u64, gap: u64) -> Content {
    let Content::Usage(mut used) = usage(day(0), amount) else {
        panic!("a usage")
    };
    used.inventory = inventory;
    used.figures[0].coverage = Coverage::Known {
        observed: quantity(observed),
        gap: quantity(gap),
        resets: Quantity::ZERO,
    };
    Content::Usage(used)
}

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
        let inventory = inventory(&mut lab, "h100-sxm", 1, &[]);
        lab.say(
            StreamId::new(1),
            covered(100, Some(inventory), observed, gap),
        );
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{observed} {gap}: {found:#?}");
    }
}

#[test]
fn a_model_that_no_figure_speaks_of_was_not_seen() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let inventory = inventory(&mut lab, "b200", 1, &[]);
    // The device that is there is another than the one that was seen.
    lab.say(StreamId::new(1), covered(100, Some(inventory), 0, 0));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert_eq!(
        found.numbers.unwrap().upper.unwrap(),
        (100 + DAY).to_string()
    );
}

#[test]
fn coverage_of_devices_that_nobody_declared_bounds_nothing() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.say(StreamId::new(1), covered(100, None, DAY, 0));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

#[test]
fn gaps_of_energy_are_charged_at_rated_watts_and_without_them_bound_nothing() {
    for (watts, upper) in [(vec![700], Some("70100")), (vec![], None)] {
        let mut lab = Lab::new(100);
        lab.pledge(changed(80_000, 1, |pledge| {
            pledge.counted.quantity = QuantityKind::EnergyJoules;
            pledge.counted.basis = Basis::Present;
            pledge.counted.boundary = Some(Boundary::Node);
        }));
        let inventory = inventory(&mut lab, "h100-sxm", 1, &watts);
        let Content::Usage(mut used) = covered(100, Some(inventory), DAY - 100, 100) else {
            panic!("a usage")
        };
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

#[test]
fn an_inventory_corrected_upward_leaves_what_ran_on_the_rest_unknown() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let first = inventory(&mut lab, "h100-sxm", 1, &[]);
    lab.say(StreamId::new(1), covered(100, Some(first), DAY, 0));
    let before = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(before.word, Word::Consistent, "{before:#?}");
    let replacement = {
        let mut other = lab.clone();
        inventory(&mut other, "h100-sxm", 2, &[]);
        let last = other.entries.last().unwrap();
        let envelope = standstill::attestation::Envelope::parse(last).unwrap();
        let statement = standstill::attestation::Statement::parse(envelope.payload()).unwrap();
        statement.content
    };
    lab.correct(0, first, replacement);
    let after = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(after.word, Word::NotShown, "{after:#?}");
    assert!(checks(&after).contains(&"inventory-corrected"));
}

// Contradictions.

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

#[test]
fn operations_in_two_formats_add_up_and_two_sources_do_not() {
    let flop = |lab: &mut Lab, formats: &[&str]| {
        let Content::Usage(mut used) = usage(day(0), 0) else {
            panic!("a usage")
        };
        for dtype in formats {
            let mut figure = used.figures[0].clone();
            figure.quantity = QuantityKind::Flop;
            figure.value = standstill::quantity::Interval::exactly(quantity(600));
            figure.precision = Some(standstill::attestation::figure::Precision {
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
        }));
        flop(&mut lab, &formats);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{formats:?}: {found:#?}");
    }
}

// Areas whose periods change.

#[test]
fn a_change_seen_late_leaves_the_deadlines_before_it() {
    let change = |lab: &mut Lab| {
        let change = Area {
            stream: StreamId::new(1),
            action: Action::Change(AreaChange {
                from: at(START + 2 * DAY),
                cadence: Cadence::Seconds((30 * DAY).try_into().unwrap()),
                grace: 60 * DAY,
            }),
        };
        lab.say(StreamId::GOVERNANCE, Content::Area(change));
    };
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 2, |pledge| pledge.deadline = DAY));
    lab.usage(day(0), 10);
    lab.usage(day(1), 10);
    change(&mut lab);
    lab.pledge(changed(1000, 30, |pledge| {
        pledge.window =
            standstill::time::Period::new(at(START + 2 * DAY), at(START + 32 * DAY)).unwrap();
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

#[test]
fn a_change_from_within_a_period_is_not_applied() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 2));
    let change = Area {
        stream: StreamId::new(1),
        action: Action::Change(AreaChange {
            from: at(START + DAY / 2),
            cadence: Cadence::Seconds((30 * DAY).try_into().unwrap()),
            grace: 60 * DAY,
        }),
    };
    lab.say(StreamId::GOVERNANCE, Content::Area(change));
    lab.usage(day(0), 10);
    lab.usage(day(1), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::Consistent, "{found:#?}");
    assert!(checks(&found).contains(&"area-change"));
}

// The trust file.

fn trust_with(labs: &[IssuerId], more: &str) -> Trust {
    let vkey = log_key().verifier();
    let mut policy = format!("log {vkey}\n");
    let mut text = "policy = \"policy\"\ngreatest_age = 8640000\n".to_owned();
    for id in labs {
        writeln!(
            text,
            "[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n{more}"
        )
        .unwrap();
    }
    for number in 1..=3 {
        writeln!(
            policy,
            "witness w{number} {}",
            witness_key(number).verifier()
        )
        .unwrap();
        writeln!(
            text,
            "[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\""
        )
        .unwrap();
    }
    policy += "group g 2 w1 w2 w3\nquorum g\n";
    Trust::parse(&text, policy.as_bytes()).unwrap()
}

#[test]
fn witnesses_whose_roots_belong_to_the_labs_do_not_count() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let level = |more: &str| {
        let trust = trust_with(&[lab.id], more);
        let found = judge_with(&files, &trust, END, Known::default());
        found.verdicts[0].headline()
    };
    assert_eq!(level(""), "CONSISTENT@E1");
    let related = |roots: &str| format!("[[related]]\nroots = [{roots}]\nwhy = \"ownership\"");
    assert_eq!(level(&related("\"lab\", \"outsider 1\"")), "CONSISTENT@E1");
    let both = related("\"lab\", \"outsider 1\", \"outsider 2\"");
    assert_eq!(level(&both), "CONSISTENT@E0");
    // Neither do those of the log's operator.
    let vkey = log_key().verifier();
    let operator = format!("[[operator]]\nlog = \"{vkey}\"\ntrust_root = \"outsider 3\"\n");
    assert_eq!(level(&operator), "CONSISTENT@E1");
    let both = format!("{operator}{}", related("\"outsider 3\", \"outsider 2\""));
    assert_eq!(level(&both), "CONSISTENT@E0");
}

#[test]
fn an_earlier_id_that_one_side_leaves_out_is_not_passed_over() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let earlier = sha256(b"what it was called before");
    let trust = trust_with(&[lab.id], &format!("earlier = [\"{earlier}\"]"));
    let found = judge_with(&files, &trust, END, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown);
    assert!(checks(&found.verdicts[0]).contains(&"earlier-id"));
}

#[test]
fn an_affiliate_that_the_pledge_leaves_out_is_named_in_what_is_not_shown() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let affiliate = sha256(b"a daughter company").to_string();
    let trust = trust_with(&[lab.id], &format!("affiliates = [\"{affiliate}\"]"));
    let found = judge_with(&files, &trust, END, Known::default());
    let lines = found.verdicts[0].does_not_show.join("\n");
    assert!(lines.contains(&affiliate), "{lines}");
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
        limit: quantity(500_000),
    };
    lab.pledge(pledge(terms, 1, 1, Some(baseline)));
    lab.usage(day(1), 40);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    // 40 of 100 would be within a half; of 10 it is not.
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}
