//! What others may try against an honest lab, and what a careless auditor may believe:
//! copies, bundles, what was kept, witnesses.

use standstill::attestation::Statement;
use standstill::time::UnixSeconds;
use standstill::verify::Trust;

use super::*;

/// A lab that has reported for ten days when it pledges the next five.
fn long_standing() -> Lab {
    let mut lab = Lab::new(100);
    let devices = lab.say(StreamId::new(1), inventory(0, 1));
    let under = |number| {
        let mut used = used(day(number), 30);
        used.inventory = Some(devices);
        Content::Usage(used)
    };
    for number in 0..10 {
        lab.say(StreamId::new(1), under(number));
    }
    let mut pledge = pledge(
        Terms::Cap {
            limit: Quantity::from(1000_u64),
        },
        10,
        5,
        None,
    );
    pledge.falsifier = standstill::claim::falsifier(&pledge);
    lab.pledge(pledge);
    for number in 10..15 {
        lab.say(StreamId::new(1), under(number));
    }
    lab
}

/// The statements that a bundle from day 10 on holds.
fn wanted(lab: &Lab, index: u64) -> bool {
    let entry = &lab.entries[usize::try_from(index).unwrap()];
    let payload = Envelope::parse(entry).unwrap().payload().to_vec();
    match Statement::parse(&payload).unwrap().content {
        Content::Usage(usage) => usage.period.start() >= day(10).start(),
        _ => true,
    }
}

// Bundles.

// spec: bun-8 ver-41
#[test]
fn a_bundle_of_a_lab_that_has_long_reported_accuses_it_of_nothing() {
    let lab = long_standing();
    let files = seen_log(&lab, 13, END);
    let bundle = bundle(&files, &lab, |index| wanted(&lab, index));
    let found = judge_bundle(&bundle, &[lab.id], END);
    assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E1", "{found:#?}");
}

// spec: ver-5
#[test]
fn no_statement_left_out_of_such_a_bundle_makes_it_better() {
    let mut lab = long_standing();
    // Admitted where only reports of earlier days stand.
    let mut before = Lab::new(100);
    before.entries.clear();
    lab.usage(day(3), 5000);
    let files = seen_log(&lab, 13, END);
    let whole = bundle(&files, &lab, |index| wanted(&lab, index));
    let base = judge_bundle(&whole, &[lab.id], END);
    for left in 0..size(&lab) {
        let less = bundle(&files, &lab, |index| wanted(&lab, index) && index != left);
        let found = judge_bundle(&less, &[lab.id], END);
        assert!(!is_better(&found, &base), "{left}: {found:#?}");
    }
}

// spec: ver-41
#[test]
fn a_stray_that_stands_before_the_first_report_of_a_bundle_is_missed() {
    let mut lab = Lab::new(100);
    for number in 0..10 {
        lab.usage(day(number), 30);
        if number == 5 {
            // What it admits is of the window, long before its time.
            lab.usage(day(12), 5000);
        }
    }
    let limit = Quantity::from(1000_u64);
    lab.pledge(pledge(Terms::Cap { limit }, 10, 5, None));
    for number in 10..15 {
        lab.usage(day(number), 30);
    }
    let files = seen_log(&lab, 14, END);
    let from = size(&lab) - 5;
    let cut = bundle(&files, &lab, |index| {
        index < 2 || index == from - 1 || index >= from
    });
    let found = judge_bundle(&cut, &[lab.id], END);
    assert_ne!(found.verdicts[0].word, Word::Consistent, "{found:#?}");
}

#[test]
fn a_bundle_says_that_later_governance_is_not_excluded() {
    let lab = lab(DAYS, 30);
    let mut more = lab.clone();
    more.pledge(cap(1, DAYS));
    let files = seen_log(&more, 3, END);
    let last = size(&more) - 1;
    let bundle = bundle(&files, &more, |index| index < last);
    let found = judge_bundle(&bundle, &[lab.id], END);
    let lines = found.verdicts[0].does_not_show.join("\n");
    assert!(lines.contains("stream 0 (sequence 2)"), "{lines}");
}

// spec: ver-11
#[test]
fn an_old_bundle_is_no_fork_of_the_log_that_went_on() {
    let old = lab(DAYS, 30);
    let cut = {
        let files = seen_log(&old, 3, END);
        bundle(&files, &old, |_| true)
    };
    let mut on = old.clone();
    on.usage(day(DAYS), 30);
    let newer = checkpoint(&seen_log(&on, 3, END + DAY));
    for seen in [true, false] {
        let notes = vec![("somewhere".to_owned(), newer.clone())];
        let (seen, witnesses) = if seen {
            (notes, Vec::new())
        } else {
            (Vec::new(), notes)
        };
        let evidence = standstill::verify::Evidence {
            seen,
            witnesses,
            ..standstill::verify::Evidence::of(standstill::verify::evidence::Subject::Bundle(&cut))
        };
        let catalogue = standstill::catalogue::Catalogue::embedded();
        let found = standstill::verify::judge(&evidence, &trust(&[old.id]), &catalogue, at(END));
        let found = found.unwrap();
        assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E1", "{found:#?}");
    }
}

#[test]
fn a_bundle_whose_issuer_is_another_is_judged_by_the_trust_file_alone() {
    let lab = lab(DAYS, 40);
    let mut bundle = bundle(&seen_log(&lab, 3, END), &lab, |_| true);
    bundle.issuer = Lab::new(200).id;
    let found = judge_bundle(&bundle, &[lab.id], END);
    assert_eq!(found.verdicts[0].word, Word::Violated);
}

// What an auditor kept.

// spec: ver-4
#[test]
fn a_kept_checkpoint_of_a_smaller_tree_covers_no_more_whatever_its_file_is_called() {
    let lab = lab(DAYS, 30);
    let files = log(&[(&lab.entries[..3], None), (&lab.entries[3..], None)]);
    let small = checkpoint(&log(&[(&lab.entries[..3], None)]));
    let name = "checkpoint".to_owned();
    let files = Files(files);
    let evidence = standstill::verify::Evidence {
        seen: vec![(name, small)],
        ..standstill::verify::Evidence::of(standstill::verify::evidence::Subject::Log(&files))
    };
    let catalogue = standstill::catalogue::Catalogue::embedded();
    let found = standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END));
    let verdict = found.unwrap().verdicts.remove(0);
    assert!(
        verdict.does_not_show[0].contains("a rewritten history"),
        "{verdict:#?}"
    );
}

#[test]
fn a_bundle_or_a_receipt_that_was_kept_remembers_as_its_checkpoint_does() {
    let old = lab(DAYS, 40);
    let files = seen_log(&old, 3, END);
    let kept = bundle(&files, &old, |index| index < 3);
    let note = standstill::verify::open_seen(&kept.to_bytes()).unwrap();
    assert_eq!(note.to_text(), checkpoint(&files).to_text());
    let rebuilt = log(&[(&lab(DAYS, 30).entries, None)]);
    let known = Known {
        seen: vec![note],
        ..Known::default()
    };
    let found = judge_log(&rebuilt, &[old.id], END, known);
    assert_eq!(found.verdicts[0].word, Word::LogIntegrityFailure);
}

// Witnesses.

#[test]
fn a_refresh_of_a_smaller_tree_after_a_deadline_accuses_nobody_whose_report_is_there() {
    let lab = lab(DAYS, 30);
    // The witnesses refresh what they saw first, long after everything was due.
    let small = checkpoint(&log(&[(&lab.entries[..3], Some(END))]));
    let files = log(&[
        (&lab.entries[..3], Some(START - DAY)),
        (&lab.entries[3..], None),
    ]);
    let known = Known {
        witnesses: vec![small],
        ..Known::default()
    };
    let found = judge_log(&files, &[lab.id], END, known);
    assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E0", "{found:#?}");
}

#[test]
fn cosignatures_outside_of_a_witnesss_validity_are_none() {
    let lab = lab(DAYS, 30);
    let files = seen_log(&lab, 3, END);
    let vkey = log_key().verifier();
    let until = |time: u64| UnixSeconds::new(time).unwrap();
    let trust = |time: u64| {
        let mut policy = format!("log {vkey}\n");
        let mut text = format!(
            "policy = \"policy\"\ngreatest_age = 8640000\n[[issuer]]\nid = \"{}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n",
            lab.id
        );
        for number in 1..=3 {
            policy += &format!("witness w{number} {}\n", witness_key(number).verifier());
            text += &format!(
                "[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\"\nuntil = \"{}\"\n",
                until(time)
            );
        }
        policy += "group g 2 w1 w2 w3\nquorum g\n";
        Trust::parse(&text, policy.as_bytes()).unwrap()
    };
    for (time, headline) in [(END + 1, "CONSISTENT@E1"), (END, "CONSISTENT@E0")] {
        let found = judge_with(&files, &trust(time), END, Known::default());
        assert_eq!(found.verdicts[0].headline(), headline);
    }
}

// Copies.

#[test]
fn a_copy_signed_by_keys_that_were_retired_is_nobodys_and_the_first_stands() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let next = issuer(110, 2);
    lab.say(StreamId::GOVERNANCE, Content::Issuer(Box::new(next)));
    // A thief of the old key repeats what was said, and says what was not.
    let (second, _) = lab.sign_at(StreamId::new(1), 0, None, usage(day(0), 5000));
    lab.entries.push(lab.entries[3].clone());
    lab.entries.push(second);
    let found = judged(&seen_log(&lab, 3, END), &lab);
    assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E1", "{found:#?}");
    assert_eq!(found.anomalies.len(), 2, "{found:#?}");
}
