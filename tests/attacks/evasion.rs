//! What a lab may try that holds its own keys and its log's: each statement is validly
//! signed, and none may make the verdict kinder.

mod admissions;
mod duties;
mod places;
mod thinned;

use standstill::attestation::content::{AreaOpen, Measured, StreamHead};
use standstill::attestation::figure::{Basis, Boundary, Coverage, QuantityKind};
use standstill::attestation::{Head, Statement, StatementId};
use standstill::claim::AreaSelection;
use standstill::time::{Cadence, Period};

use super::*;

const OTHER: StreamId = StreamId::new(2);

fn seconds(count: u64) -> Cadence {
    Cadence::Seconds(count.try_into().unwrap())
}

fn seen_whole(number: u64, count: u64, inventory: Option<StatementId>) -> Content {
    let mut used = used(day(number), 10);
    used.inventory = inventory;
    used.figures[0].coverage = Coverage::Known {
        observed: Quantity::from(count * DAY),
        gap: Quantity::ZERO,
        resets: Quantity::ZERO,
    };
    Content::Usage(used)
}

/// What a statement says, made one that nobody understands by an unknown `critical`.
fn behind_critical(lab: &Lab, stream: StreamId, content: Content) -> Vec<u8> {
    let (entry, _) = lab.sign_next(stream, content);
    let payload = Envelope::parse(&entry).unwrap().payload().to_vec();
    let text = String::from_utf8(payload).unwrap();
    let before = text.find("\"predicate\":{").unwrap() + 13;
    let end = text.rfind("},\"predicateType\"").unwrap();
    let value = format!("{{{}", &text[before..end]) + ",\"x.y\":\"\"}";
    // Sorted anew, as canonical JSON is.
    let value = value.replacen('{', "{\"critical\":[\"x.y\"],", 1);
    let value: serde_json::Value = serde_json::from_str(&value).unwrap();
    let mut members: Vec<(String, serde_json::Value)> =
        value.as_object().unwrap().clone().into_iter().collect();
    members.sort_by(|one, other| one.0.cmp(&other.0));
    let sorted: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let text = format!("{}{}{}", &text[..before], sorted.join(","), &text[end..]);
    let payload = resealed(&text);
    let role = if stream.is_governance() { 1 } else { 2 };
    let envelope = Envelope::sign(&payload, &[&secret(lab.seed + role)]).unwrap();
    assert!(Statement::parse(&payload).is_ok_and(|one| one.content.statement_type().is_none()));
    envelope.to_bytes()
}

fn seen_at(lab: &Lab, first: usize, times: &[(usize, u64)]) -> MemoryObjects {
    let (founding, mut rest) = lab.entries.split_at(first);
    let mut batches = vec![(founding, Some(START - DAY))];
    for (count, time) in times {
        let (batch, behind) = rest.split_at(*count);
        batches.push((batch, Some(*time)));
        rest = behind;
    }
    if !rest.is_empty() {
        batches.push((rest, Some(END)));
    }
    log(&batches)
}

// spec: ver-90
#[test]
fn what_nobody_can_read_is_a_gap_where_the_next_statement_says_that_it_stands() {
    let scenario = |named: bool| {
        let mut lab = lab(1, 10);
        let (entry, _) = lab.sign_next(StreamId::new(1), usage(day(1), 10));
        let envelope = Envelope::parse(&entry).unwrap();
        let text = String::from_utf8(envelope.payload().to_vec()).unwrap();
        // Which of the two counts would depend on the reader.
        let text = text.replacen("\"predicate\":{", "\"predicate\":{},\"predicate\":{", 1);
        let poison = Envelope::sign(text.as_bytes(), &[&secret(102)]).unwrap();
        let previous = if named {
            poison.statement_id()
        } else {
            lab.head(1).statement
        };
        lab.entries.push(poison.to_bytes());
        let sequence = lab.next_sequence(StreamId::new(1)) + 1;
        let next = usage(day(2), 10);
        let (entry, _) = lab.sign_at(StreamId::new(1), sequence, Some(previous), next);
        lab.entries.push(entry);
        verdict(&seen_log(&lab, 3, END), &lab, END)
    };
    let found = scenario(true);
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
    assert!(checks(&found).contains(&"ill-formed"), "{found:#?}");
    let broken = |verdict: &Verdict| {
        let called = verdict.findings.iter().filter_map(|one| one.calls_for);
        called
            .filter(|word| *word == Word::LogIntegrityFailure)
            .count()
    };
    assert_eq!(broken(&found), 0, "{found:#?}");
    assert!(broken(&scenario(false)) > 0);
}
