//! Places to hide in: areas, affiliates, other identities; floods.

use super::*;

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
    lab.say(OTHER, inventory(0, 1000));
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
    let mut used = used(day(0), 5000);
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
