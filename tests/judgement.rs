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
use standstill::note::Note;
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

// spec: ver-13
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

// spec: ver-12
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
            kind: standstill::ledger::Kind::Inventory,
            root: sha256(b"devices"),
            count,
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
        let inventory = inventory(&mut lab, "h100-sxm", 1, &[]);
        lab.say(
            StreamId::new(1),
            covered(100, Some(inventory), observed, gap),
        );
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{observed} {gap}: {found:#?}");
    }
}

// spec: ver-21
#[test]
fn a_model_that_no_figure_speaks_of_was_not_seen() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let inventory = inventory(&mut lab, "b200", 1, &[]);
    // The device that is there is another than the one that was seen.
    lab.say(StreamId::new(1), covered(0, Some(inventory), 0, 0));
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert_eq!(found.numbers.unwrap().upper.unwrap(), DAY.to_string());
}

// spec: ver-21
#[test]
fn coverage_of_devices_that_nobody_declared_bounds_nothing() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.say(StreamId::new(1), covered(100, None, DAY, 0));
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

// spec: ver-27
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
            pledge.precision = Some(standstill::claim::Precision::HighestDense);
        }));
        flop(&mut lab, &formats);
        let found = verdict(&seen_log(&lab, 3, END), &lab, END);
        assert_eq!(found.word, word, "{formats:?}: {found:#?}");
    }
}

// Areas whose periods change.

// spec: ver-34
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

// spec: ver-34
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

// spec: ver-30
#[test]
fn a_closing_dated_back_frees_nothing_that_was_due() {
    for (seen, word) in [
        // Seen while the first report after the end was not due yet.
        (START + 2 * DAY, Word::NotShown),
        // Seen days later: what ran until then was to be reported.
        (START + 9 * DAY, Word::Overdue),
    ] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 30));
        lab.usage(day(0), 10);
        let nothing = inventory(&mut lab, "h100-sxm", 0, &[]);
        let close = Area {
            stream: StreamId::new(1),
            action: Action::Close(standstill::attestation::content::AreaClose {
                end: at(START + DAY),
                inventory: nothing,
            }),
        };
        lab.say(StreamId::GOVERNANCE, Content::Area(close));
        let (before, closing) = lab.entries.split_at(5);
        let files = log(&[
            (before, Some(START + DAY)),
            (closing, Some(seen)),
            (&[], Some(END)),
        ]);
        let found = verdict(&files, &lab, END);
        assert!(checks(&found).contains(&"area-closed"), "{found:#?}");
        assert_eq!(found.word, word, "{seen}: {found:#?}");
    }
}

// Hostile logs.

// spec: ver-14
#[test]
fn a_server_without_an_end_and_a_size_without_a_log_do_not_hold_an_auditor_up() {
    /// Answers every path with the same bytes, or none but its checkpoint.
    struct Endless(Vec<u8>, bool);
    impl standstill::verify::LogFiles for Endless {
        fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
            Ok((self.1 || path == "checkpoint").then(|| self.0.clone()))
        }
    }
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let page = b"<html>not found</html>".to_vec();
    let bytes = standstill::store::LogFiles::read(&files, "checkpoint")
        .unwrap()
        .unwrap();
    let from = std::time::Instant::now();
    for endless in [page, bytes] {
        let _ = judge_files(&Endless(endless, true), &trust(&[lab.id]));
    }
    let huge = standstill::tlog::Checkpoint {
        origin: standstill::tlog::Origin::new(ORIGIN).unwrap(),
        size: 1 << 62,
        root: sha256(b"whatever"),
    };
    let note = Note::sign(&huge.to_text(), &log_key()).unwrap();
    let bytes = note.to_text().into_bytes();
    let found = judge_files(&Endless(bytes, false), &trust(&[lab.id])).unwrap();
    let broken = |one: &standstill::verify::Finding| one.check == "missing";
    assert!(found.findings.iter().any(broken), "{found:#?}");
    assert!(from.elapsed().as_secs() < 60, "{:?}", from.elapsed());
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

// spec: ver-7
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

/// What is told by one log, or by nobody.
fn refused(text: &str, policy: &str) -> String {
    Trust::parse(text, policy.as_bytes())
        .unwrap_err()
        .to_string()
}

// spec: ver-8
#[test]
fn a_trust_file_that_names_somebody_twice_or_nobody_is_refused() {
    let vkey = log_key().verifier();
    let witness = witness_key(1).verifier();
    let policy = format!("log {vkey}\nwitness w1 {witness}\nquorum w1\n");
    let id = sha256(b"an issuer");
    let head = "policy = \"policy\"\ngreatest_age = 1\n";
    let issuer = format!(
        "[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n"
    );
    let one = "[[witness]]\nname = \"w1\"\ntrust_root = \"x\"\n";
    Trust::parse(&format!("{head}{issuer}{one}"), policy.as_bytes()).unwrap();
    for (text, expected) in [
        (head.to_owned(), "no issuer"),
        (format!("{head}{issuer}{issuer}"), "twice"),
        (format!("{head}{issuer}{one}{one}"), "twice"),
        (
            format!("{head}{issuer}{}", one.replace("w1", "w2")),
            "not a witness",
        ),
        (format!("{head}surplus = 1\n{issuer}"), "surplus"),
        (
            format!("{head}{issuer}").replace(&id.to_string(), "x"),
            "issuer.id",
        ),
    ] {
        let why = refused(&text, &policy);
        assert!(why.contains(expected), "{why}");
    }
}

// spec: ver-6
#[test]
fn the_digest_of_a_trust_file_is_over_it_and_its_policy_and_tells_them_apart() {
    let vkey = log_key().verifier();
    let id = sha256(b"an issuer");
    let text = format!(
        "policy = \"policy\"\ngreatest_age = 1\n[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n"
    );
    let policy = format!("log {vkey}\nquorum none\n");
    let trust = Trust::parse(&text, policy.as_bytes()).unwrap();
    let framed = format!("{}\n{text}{}\n{policy}", text.len(), policy.len());
    assert_eq!(trust.digest(), sha256(framed.as_bytes()));
}

// spec: ver-3
#[test]
fn every_verdict_says_what_it_is_of_and_what_it_does_not_show() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let found = judge_log(&seen_log(&lab, 3, END), &[lab.id], END, Known::default());
    let text = standstill::report::text(&found);
    for part in [
        "perimeter   all areas: 1 \"cluster\"",
        "window      [2026-03-01T00:00:00Z, 2026-03-02T00:00:00Z)",
        "as of       lab.example/log with 4 entries",
        "level       E1, HOLDS needs E3",
        "resolution  none",
        "does not show",
        "undeclared sites",
        &found.trust.to_string(),
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

// spec: ver-10
#[test]
fn a_file_that_could_not_be_read_this_time_is_no_accusation() {
    struct Failing<'f>(&'f Files, &'static str);
    impl standstill::verify::LogFiles for Failing<'_> {
        fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
            if path.starts_with(self.1) {
                return Err("timed out".to_owned());
            }
            self.0.read(path)
        }
    }
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = Files(seen_log(&lab, 3, END));
    for failing in ["tile/entries", "tile/0", "tile"] {
        let found = judge_files(&Failing(&files, failing), &trust(&[lab.id])).unwrap();
        let broken =
            |one: &standstill::verify::Finding| one.calls_for == Some(Word::LogIntegrityFailure);
        assert!(!found.findings.iter().any(broken), "{failing}: {found:#?}");
        assert_eq!(found.outcome(Some(standstill::claim::Level::E0)).code(), 3);
    }
}

fn judge_files(
    files: &dyn standstill::verify::LogFiles,
    trust: &Trust,
) -> Result<standstill::verify::Judgement, standstill::verify::Unreadable> {
    let evidence = standstill::verify::Evidence {
        subject: standstill::verify::evidence::Subject::Log(files),
        seen: Vec::new(),
        witnesses: Vec::new(),
        asked_now: false,
        unanswered: Vec::new(),
        ledgers: Vec::new(),
    };
    let catalogue = standstill::catalogue::Catalogue::embedded();
    standstill::verify::judge(&evidence, trust, &catalogue, at(END))
}

// spec: ver-11
#[test]
fn a_damaged_copy_is_broken_and_accuses_nobody_of_a_fork() {
    use standstill::store::Objects as _;
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 3));
    for number in 0..3 {
        lab.usage(day(number), 10);
    }
    let (first, rest) = lab.entries.split_at(4);
    let files = log(&[(first, Some(START + DAY)), (rest, Some(END))]);
    let path = "tile/entries/000.p/6";
    let mut bytes = standstill::store::LogFiles::read(&files, path)
        .unwrap()
        .unwrap();
    bytes[100] ^= 1;
    files.replace(path, &bytes).unwrap();
    let found = judge_log(&files, &[lab.id], END, Known::default());
    let named = |check: &str| found.findings.iter().any(|one| one.check == check);
    assert!(named("entry-hash") && named("root"), "{found:#?}");
    assert!(!named("fork"), "{found:#?}");
    assert_eq!(found.outcome(None).code(), 1);
    // Another tree of the same size that the log signed is one all the same.
    let mut other = Lab::new(200);
    other.pledge(cap(1000, 3));
    for number in 0..3 {
        other.usage(day(number), 10);
    }
    let other = seen_log(&other, 3, END);
    let bytes = standstill::store::LogFiles::read(&other, "checkpoint")
        .unwrap()
        .unwrap();
    let known = Known {
        seen: vec![Note::parse(&bytes).unwrap()],
        ..Known::default()
    };
    let found = judge_log(&files, &[lab.id], END, known);
    assert!(
        found.findings.iter().any(|one| one.check == "fork"),
        "{found:#?}"
    );
}

// spec: ver-38
#[test]
fn a_log_that_is_not_there_cannot_be_judged_unless_a_quorum_answers_for_it() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let there = seen_log(&lab, 3, END);
    let bytes = standstill::store::LogFiles::read(&there, "checkpoint")
        .unwrap()
        .unwrap();
    let gone = Files(standstill::store::memory::MemoryObjects::new(
        &standstill::store::memory::Faults::default(),
    ));
    assert!(judge_files(&gone, &trust(&[lab.id])).is_err());
    for (witnesses, judged) in [(vec![1], false), (vec![1, 2], true)] {
        let note = cosigned(&bytes, &witnesses, END);
        let evidence = standstill::verify::Evidence {
            subject: standstill::verify::evidence::Subject::Log(&gone),
            seen: Vec::new(),
            witnesses: vec![("witness".to_owned(), note)],
            asked_now: true,
            unanswered: Vec::new(),
            ledgers: Vec::new(),
        };
        let catalogue = standstill::catalogue::Catalogue::embedded();
        let found = standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END));
        assert_eq!(found.is_ok(), judged, "{witnesses:?}");
        if let Ok(found) = found {
            assert_eq!(found.outcome(None).code(), 3);
        }
    }
}

// spec: ver-15
#[test]
fn an_old_copy_is_stale_and_the_time_of_judgement_hides_no_breach() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let year = END + 365 * DAY;
    let found = judge_log(&files, &[lab.id], year, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown);
    assert!(checks(&found.verdicts[0]).contains(&"stale"));
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 2000);
    let files = seen_log(&lab, 3, END);
    for time in [0, START, END, year] {
        let found = judge_log(&files, &[lab.id], time, Known::default());
        assert_eq!(found.verdicts[0].word, Word::Violated, "{time}");
    }
}

// spec: ver-19
#[test]
fn a_period_over_the_windows_edge_counts_whole_above_and_not_at_all_below() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 2, |pledge| {
        let window = (at(START + DAY / 2), at(START + 2 * DAY));
        pledge.window = standstill::time::Period::new(window.0, window.1).unwrap();
    }));
    lab.usage(day(0), 990);
    lab.usage(day(1), 20);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    let numbers = found.numbers.unwrap();
    assert_eq!(numbers.lower, "20");
    assert_eq!(numbers.upper.unwrap(), "1010");
    assert_eq!(found.word, Word::NotShown);
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
        let Content::Usage(mut used) = usage(day(0), 10) else {
            panic!("a usage")
        };
        used.figures[0].model = model.to_owned();
        if let Some(own) = own {
            let mut figure = used.figures[0].clone();
            figure.quantity = QuantityKind::Flop;
            figure.value = standstill::quantity::Interval::exactly(quantity(own));
            figure.precision = Some(standstill::attestation::figure::Precision {
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

// spec: ver-23
#[test]
fn an_early_report_covers_nothing_until_it_is_corrected_after_the_end() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let early = lab.usage(day(0), 30);
    let seen = |lab: &Lab| {
        let (first, rest) = lab.entries.split_at(3);
        let (report, rest) = rest.split_at(1);
        log(&[
            (first, Some(START - DAY)),
            (report, Some(START + 100)),
            (rest, Some(END)),
        ])
    };
    let found = verdict(&seen(&lab), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    lab.correct(0, early, usage(day(0), 40));
    let found = verdict(&seen(&lab), &lab, END);
    assert_eq!(found.word, Word::Consistent, "{found:#?}");
    // What it admitted counts, covered or not.
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 3000);
    assert_eq!(verdict(&seen(&lab), &lab, END).word, Word::Violated);
}

// spec: ver-29
#[test]
fn a_withdrawal_that_nobody_saw_ends_nothing() {
    let withdrawal = |pledge| {
        let withdrawal = standstill::attestation::content::Withdrawal {
            pledge,
            reason: "a change of mind".to_owned(),
        };
        Content::Withdrawal(withdrawal)
    };
    // Nothing is reported of the third day: whether it is due hangs on the withdrawal.
    for (seen, word) in [(true, Word::Consistent), (false, Word::NotShown)] {
        let mut lab = Lab::new(100);
        let pledge = lab.pledge(changed(1000, 30, |pledge| pledge.notice = DAY));
        lab.usage(day(0), 30);
        lab.usage(day(1), 30);
        lab.say(StreamId::GOVERNANCE, withdrawal(pledge));
        let (first, rest) = lab.entries.split_at(4);
        let (second, withdrawn) = rest.split_at(1);
        let files = log(&[
            (first, Some(START + DAY)),
            (second, Some(START + 2 * DAY)),
            (withdrawn, seen.then_some(START + 2 * DAY)),
        ]);
        let mut now = START + 3 * DAY;
        if seen {
            // The notice is a day: the third day's report is due as well.
            let found = judge_log(&files, &[lab.id], now, Known::default());
            assert_eq!(found.verdicts[0].word, Word::NotShown, "{found:#?}");
            lab.usage(day(2), 30);
            now += DAY;
        }
        let (before, rest) = lab.entries.split_at(4);
        let files = log(&[
            (before, Some(START + DAY)),
            (&rest[..1], Some(START + 2 * DAY)),
            (&rest[1..2], seen.then_some(START + 2 * DAY)),
            (&rest[2..], seen.then_some(now)),
        ]);
        let found = judge_log(&files, &[lab.id], now, Known::default());
        assert_eq!(found.verdicts[0].word, word, "{seen}: {found:#?}");
    }
}

// spec: ver-30
#[test]
fn an_area_that_begins_late_or_is_not_declared_is_not_shown() {
    let mut lab = Lab::new(100);
    lab.pledge(changed(1000, 1, |pledge| {
        let window = (at(START - DAY), at(START + DAY));
        pledge.window = standstill::time::Period::new(window.0, window.1).unwrap();
    }));
    lab.usage(day(0), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown);
    assert!(checks(&found).contains(&"area-begins"));

    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let trust = trust_with(&[lab.id], "areas = [\"1\", \"2\"]");
    let found = judge_with(&files, &trust, END, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown);
    assert!(checks(&found.verdicts[0]).contains(&"expected-area"));
}

// spec: ver-33
#[test]
fn a_lab_that_heeds_no_witness_is_never_overdue() {
    let mut lab = Lab::unheeding(100);
    lab.pledge(cap(1000, 2));
    lab.usage(day(0), 10);
    let found = verdict(&seen_log(&lab, 3, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
}

// spec: ver-35
#[test]
fn a_bundle_is_judged_as_of_the_last_statement_that_it_holds() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 3));
    for number in 0..3 {
        lab.usage(day(number), 10);
    }
    let files = seen_log(&lab, 3, END);
    let judged = |keep: &dyn Fn(u64) -> bool| {
        let bundle = bundle(&files, &lab, keep);
        let found = judge_bundle(&bundle, &[lab.id], END);
        assert_eq!(found.verdicts.len(), 1, "{found:#?}");
        found.verdicts[0].clone()
    };
    let all = judged(&|_| true);
    assert_eq!(all.headline(), "CONSISTENT@E1", "{all:#?}");
    let names_the_last = |verdict: &Verdict, last: &str| {
        let lines = verdict.does_not_show.join("\n");
        assert!(
            lines.contains("statements after the last one shown of area 1"),
            "{lines}"
        );
        assert!(lines.contains(last), "{lines}");
    };
    names_the_last(&all, "sequence 2");
    // Cut at the end of the stream: as the log was then, and never overdue.
    let cut = judged(&|index| index < 5);
    assert_eq!(cut.word, Word::NotShown, "{cut:#?}");
    assert!(checks(&cut).contains(&"report-missing"));
    names_the_last(&cut, "sequence 1");
    // One left out before the last shown is missed.
    let hole = judged(&|index| index != 4);
    assert_eq!(hole.word, Word::LogIntegrityFailure, "{hole:#?}");
}

// spec: ver-35
#[test]
fn a_governance_statement_that_a_shown_one_was_made_under_is_missed() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    // A second pledge, which the lab would rather not show.
    lab.pledge(cap(1, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 4, END);
    let bundle = bundle(&files, &lab, |index| index != 3);
    let found = judge_bundle(&bundle, &[lab.id], END);
    assert_eq!(found.verdicts[0].word, Word::NotShown, "{found:#?}");
    assert!(checks(&found.verdicts[0]).contains(&"head-missing"));
}

// spec: ver-36
#[test]
fn an_opened_ledger_must_give_what_was_attested() {
    let reference = |count| LedgerReference {
        kind: standstill::ledger::Kind::Jobs,
        root: sha256(b"jobs"),
        count,
        sums: Vec::new(),
    };
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let Content::Usage(mut used) = usage(day(0), 10) else {
        panic!("a usage")
    };
    used.ledgers.push(reference(3));
    lab.say(StreamId::new(1), Content::Usage(used));
    let files = Files(seen_log(&lab, 3, END));
    for (count, word) in [(3, Word::Consistent), (4, Word::NotShown)] {
        let evidence = standstill::verify::Evidence {
            subject: standstill::verify::evidence::Subject::Log(&files),
            seen: Vec::new(),
            witnesses: Vec::new(),
            asked_now: false,
            unanswered: Vec::new(),
            ledgers: vec![standstill::verify::evidence::OpenedLedger {
                name: "a file".to_owned(),
                root: sha256(b"jobs"),
                count,
                sums: Vec::new(),
            }],
        };
        let catalogue = standstill::catalogue::Catalogue::embedded();
        let found =
            standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END)).unwrap();
        assert_eq!(found.verdicts[0].word, word, "{found:#?}");
        let text = &found.verdicts[0].findings.last().unwrap().text;
        assert_eq!(text, "1 of 1 ledgers were opened");
    }
}

// spec: ver-37
#[test]
fn the_exit_code_is_that_of_all_findings() {
    use standstill::claim::Level;
    let code = |files, lab: &Lab, level| {
        let found = judge_log(files, &[lab.id], END, Known::default());
        found.outcome(level).code()
    };
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    assert_eq!(code(&files, &lab, None), 3);
    assert_eq!(code(&files, &lab, Some(Level::E1)), 0);
    assert_eq!(code(&files, &lab, Some(Level::E3)), 3);
    // A second pledge that is broken outweighs the first.
    lab.pledge(cap(1, 1));
    assert_eq!(code(&seen_log(&lab, 3, END), &lab, Some(Level::E1)), 1);
}

// spec: ver-39
#[test]
fn the_table_of_checks_is_that_of_the_document() {
    let document = std::fs::read_to_string("specs/verdicts.md").unwrap();
    let rows: Vec<Vec<&str>> = document
        .lines()
        .skip_while(|line| !line.starts_with("| check "))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let expected: Vec<Vec<String>> = standstill::verify::Check::ALL
        .iter()
        .map(|check| {
            let word = check.calls_for();
            let code = match word {
                Some(Word::Violated | Word::LogIntegrityFailure) => "1",
                Some(_) => "3",
                None => "–",
            };
            vec![
                format!("`{}`", check.name()),
                check.axis().to_string(),
                word.map_or_else(|| "–".to_owned(), |word| word.to_string()),
                code.to_owned(),
            ]
        })
        .collect();
    let found: Vec<Vec<String>> = rows
        .iter()
        .map(|row| [0, 2, 3, 4].map(|at| row[at].to_owned()).to_vec())
        .collect();
    assert_eq!(found, expected);
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
