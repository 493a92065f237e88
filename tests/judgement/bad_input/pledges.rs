//! Pledges that contradict themselves, and pledges of a kind that nobody knows.

use std::collections::BTreeSet;

use standstill::attestation::Envelope;
use standstill::attestation::figure::Class;
use standstill::claim::lint::{Rule, Severity, lint};
use standstill::claim::{AreaSelection, Baseline, Exception, Pledge, Step};
use standstill::hash::sha256 as digest;
use standstill::verify::Judgement;

use super::*;
use crate::fixture::fixtures;

/// Four days, at most 1000 seconds of training; nothing is wrong with it.
fn sound() -> Pledge {
    cap(1000, 4)
}

type Change = fn(&mut Pledge);

/// What makes a sound cap contradict itself, by the rule of lint that says so.
const CONTRADICTIONS: &[(Rule, Change)] = &[
    (Rule::AreaNone, |pledge| {
        pledge.perimeter.areas = AreaSelection::Listed(Vec::new());
    }),
    (Rule::BaselineUnused, |pledge| {
        let period = Period::new(at(START - DAY), at(START)).unwrap();
        let heads = Vec::new();
        pledge.baseline = Some(Baseline { period, heads });
    }),
    (Rule::CadenceLong, |pledge| {
        pledge.cadence = Cadence::Seconds((5 * DAY).try_into().unwrap());
    }),
    (Rule::DeadlineLong, |pledge| pledge.deadline = 5 * DAY),
    (Rule::ExceptionsLarge, |pledge| {
        pledge.exceptions = vec![excepted(1001)];
    }),
    (Rule::ExpiryEarly, |pledge| {
        pledge.expiry = Some(at(START + 4 * DAY - 1));
    }),
    (Rule::LimitBeyond, |pledge| {
        pledge.terms = Terms::Cap {
            limit: Quantity::MAX,
        };
        pledge.exceptions = vec![excepted(1)];
    }),
    (Rule::NoticeNone, |pledge| pledge.notice = 0),
    (Rule::PrecisionUnused, |pledge| {
        pledge.precision = Some("highest-dense".parse().unwrap());
    }),
    (Rule::QuantityMaximum, |pledge| {
        pledge.counted.quantity = QuantityKind::JobSeconds;
    }),
    (Rule::ScheduleWindow, |pledge| {
        let limit = Quantity::from(1000_u64);
        let time = Period::new(day(0).start(), day(2).end()).unwrap();
        pledge.terms = Terms::RampDown {
            schedule: vec![Step { time, limit }],
        };
    }),
    (Rule::ScopeNone, |pledge| pledge.scope = Vec::new()),
    (Rule::SlidingLong, |pledge| {
        pledge.sliding = Some(4 * DAY + 1);
    }),
    (Rule::SlidingShort, |pledge| pledge.sliding = Some(DAY - 1)),
];

fn excepted(amount: u64) -> Exception {
    Exception {
        amount: Quantity::from(amount),
        reason: "a test".to_owned(),
    }
}

/// The verdict on a lab that pledged this and reported four days of almost nothing.
fn kept(pledge: Pledge) -> Verdict {
    reported(pledged(pledge), &[10; 4])
}

// spec: ver-28
#[test]
fn a_contradiction_alone_takes_a_kept_pledge_to_not_shown() {
    assert_eq!(kept(sound()).word, Word::Consistent);
    for (rule, change) in CONTRADICTIONS {
        let mut pledge = changed(1000, 4, change);
        let found: Vec<Rule> = lint(&pledge).into_iter().map(|one| one.rule).collect();
        assert!(found.contains(rule), "{rule}: {found:?}");
        // With the words that it should have, and with words that say something else.
        for falsifier in [pledge.falsifier.clone(), "if pigs fly".to_owned()] {
            pledge.falsifier = falsifier;
            let found = kept(pledge.clone());
            assert!(checks(&found).contains(&"pledge"), "{rule}: {found:#?}");
            assert!(!is_good(found.word), "{rule}: {found:#?}");
        }
    }
}

// spec: ver-28
#[test]
fn words_that_are_not_those_of_the_fields_are_a_contradiction_too() {
    let mut pledge = sound();
    "This pledge is broken if pigs fly.".clone_into(&mut pledge.falsifier);
    let found = kept(pledge);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    let said = found.findings.iter().find(|one| one.check == "pledge");
    assert!(said.unwrap().text.contains("falsifier"), "{found:#?}");
}

// spec: ver-28 ple-14
#[test]
fn every_draft_that_lint_calls_an_error_is_never_good_once_it_is_signed() {
    let mut rules = BTreeSet::new();
    for one in fixtures("pledge") {
        let Ok(pledge) = Pledge::parse_draft(&one.body) else {
            continue;
        };
        let errors = lint(&pledge).into_iter().map(|found| found.rule);
        let errors: Vec<Rule> = errors
            .filter(|rule| rule.severity() == Severity::Error)
            .collect();
        if errors.is_empty() {
            continue;
        }
        let mut lab = Lab::new(100);
        lab.pledge(pledge);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        let told = found.findings.iter().filter(|one| one.check == "pledge");
        assert_eq!(told.count(), errors.len(), "{}", one.path.display());
        assert!(!is_good(found.word), "{}", one.path.display());
        rules.extend(errors);
    }
    for rule in Rule::ALL {
        let error = rule.severity() == Severity::Error;
        assert_eq!(rules.contains(rule), error, "{rule}");
    }
}

/// Signs `text` as the payload of the lab's next statement of stream 0, with the digest that
/// its predicate has.
fn retold(lab: &Lab, text: &str) -> Vec<u8> {
    let start = text.find("\"predicate\":").unwrap() + 12;
    let end = text.rfind(",\"predicateType\"").unwrap();
    let predicate = digest(&text.as_bytes()[start..end]).to_string();
    let at = text.rfind("\"sha256\":\"").unwrap() + 10;
    let mut sealed = text.to_owned();
    sealed.replace_range(at..at + 64, &predicate);
    let envelope = Envelope::sign(sealed.as_bytes(), &[&secret(lab.seed + 1)]).unwrap();
    envelope.to_bytes()
}

/// The lab's next pledge, its kind changed in its signed words.
fn of_kind(lab: &Lab, pledge: Pledge, known: &str, kind: &str) -> Vec<u8> {
    let content = Content::Pledge(Box::new(pledge));
    let (honest, _) = lab.sign_next(StreamId::GOVERNANCE, content);
    let payload = Envelope::parse(&honest).unwrap().payload().to_vec();
    let text = String::from_utf8(payload).unwrap();
    let [known, kind] = [known, kind].map(|kind| format!("\"kind\":\"{kind}\""));
    assert_eq!(text.matches(&known).count(), 1, "{text}");
    retold(lab, &text.replace(&known, &kind))
}

fn judged(lab: &Lab) -> Judgement {
    let files = seen_log(lab, 3, END);
    judge_log(&files, &[lab.id], END, Known::default())
}

// spec: ver-28 ple-8 ver-13
#[test]
fn a_pledge_of_an_unknown_kind_alone_is_not_understood_and_no_pledge() {
    for kind in ["moonshot", "Cap", "cap ", "", "reduction"] {
        let mut lab = Lab::new(100);
        lab.say(StreamId::new(1), inventory(0, DEVICES));
        lab.entries.push(of_kind(&lab, sound(), "cap", kind));
        for number in 0..4 {
            lab.usage(day(number), 10);
        }
        let found = judged(&lab);
        assert!(found.verdicts.is_empty(), "{kind}: {found:#?}");
        let told: Vec<&str> = found.findings.iter().map(|one| one.check).collect();
        assert!(told.contains(&"no-pledge"), "{kind}: {found:#?}");
        assert!(told.contains(&"not-understood"), "{kind}: {found:#?}");
        for level in [None, Some(Level::E0)] {
            assert_eq!(found.outcome(level).code(), 3, "{kind}");
        }
    }
}

// spec: ver-28
#[test]
fn a_pledge_of_an_unknown_kind_lifts_and_lowers_no_other() {
    for (amount, headline) in [(10, "CONSISTENT@E1"), (500, "VIOLATED")] {
        let lab = || pledged(sound());
        let alone = reported(lab(), &[amount; 4]);
        assert_eq!(alone.headline(), headline);
        for kind in ["moonshot", "withdrawal"] {
            let mut beside = lab();
            let unknown = of_kind(&beside, cap(1, 4), "cap", kind);
            for number in 0..4 {
                beside.usage(day(number), amount);
            }
            beside.entries.push(unknown);
            let found = judged(&beside);
            assert_eq!(found.verdicts.len(), 1, "{found:#?}");
            let found = &found.verdicts[0];
            assert_eq!(found.headline(), headline, "{found:#?}");
            assert!(checks(found).contains(&"not-understood"), "{found:#?}");
        }
    }
}

// spec: ver-28 ple-8 ple-11
#[test]
fn a_condition_around_an_unknown_kind_is_not_understood() {
    let lab = Lab::new(100);
    let conditional = changed(0, 4, |pledge| {
        pledge.terms = Terms::Conditional(Box::new(standstill::claim::Conditional {
            wraps: Terms::Cap {
                limit: Quantity::from(1000_u64),
            },
            parties: vec![Lab::new(150).id],
            quorum: 1,
            party_level: Level::E1,
            party_grace: 0,
            pact: sha256(b"a pact"),
        }));
    });
    for kind in ["moonshot", "conditional"] {
        let mut lab = lab.clone();
        let unknown = of_kind(&lab, conditional.clone(), "cap", kind);
        lab.entries.push(unknown);
        let found = judged(&lab);
        assert!(found.verdicts.is_empty(), "{kind}: {found:#?}");
        let told = |check: &str| found.findings.iter().any(|one| one.check == check);
        assert!(
            told("not-understood") && told("no-pledge"),
            "{kind}: {found:#?}"
        );
    }
}

/// Classes that `scope` names twice, or that nobody knows, are no pledge either.
#[test]
fn a_scope_that_names_a_class_twice_or_an_unknown_one_is_not_understood() {
    for (known, other) in [
        (
            "\"scope\":[\"training\"]",
            "\"scope\":[\"training\",\"training\"]",
        ),
        ("\"scope\":[\"training\"]", "\"scope\":[\"thinking\"]"),
    ] {
        let mut lab = Lab::new(100);
        assert_eq!(sound().scope, [Class::Training]);
        let content = Content::Pledge(Box::new(sound()));
        let (honest, _) = lab.sign_next(StreamId::GOVERNANCE, content);
        let payload = Envelope::parse(&honest).unwrap().payload().to_vec();
        let text = String::from_utf8(payload).unwrap();
        assert!(text.contains(known), "{text}");
        let entry = retold(&lab, &text.replace(known, other));
        lab.entries.push(entry);
        let found = judged(&lab);
        assert!(found.verdicts.is_empty(), "{found:#?}");
        assert_eq!(found.outcome(Some(Level::E0)).code(), 3);
    }
}
