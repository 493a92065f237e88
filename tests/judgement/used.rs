//! What a verdict says that it rests on.

use std::collections::BTreeMap;

use standstill::attestation::{Envelope, Statement};
use standstill::claim::AreaSelection;
use standstill::verify::UsedStream;

use super::*;

/// The runs of every stream of these issuers, found one statement at a time.
fn runs<'e>(entries: impl IntoIterator<Item = &'e Vec<u8>>, of: &[IssuerId]) -> Vec<UsedStream> {
    let mut known: BTreeMap<(IssuerId, StreamId, u64), StatementId> = BTreeMap::new();
    for entry in entries {
        let envelope = Envelope::parse(entry).unwrap();
        let subject = Statement::parse(envelope.payload()).unwrap().subject;
        let place = (subject.issuer, subject.stream, subject.sequence);
        known.entry(place).or_insert(envelope.statement_id());
    }
    let mut runs: Vec<UsedStream> = Vec::new();
    for ((issuer, stream, sequence), statement) in known {
        let next = UsedStream {
            issuer,
            stream,
            first: sequence,
            last: sequence,
            statement,
        };
        match runs.last_mut() {
            Some(run)
                if (run.issuer, run.stream) == (issuer, stream) && run.last + 1 == sequence =>
            {
                let first = run.first;
                *run = UsedStream { first, ..next };
            }
            _ => runs.push(next),
        }
    }
    runs.retain(|run| of.contains(&run.issuer));
    runs
}

// spec: con-7
#[test]
fn a_verdict_names_every_stream_of_its_issuer_and_of_affiliates_it_covers() {
    let mut affiliate = Lab::new(150);
    affiliate.usage(day(0), 5);
    let mut stranger = Lab::new(200);
    stranger.pledge(cap(1000, 1));
    stranger.usage(day(0), 5);
    let mut lab = Lab::new(100);
    lab.open(2, days());
    lab.open(3, days());
    let both = affiliate.id;
    lab.pledge(changed(1000, 2, |pledge| {
        pledge.perimeter.affiliates = vec![both];
    }));
    lab.pledge(changed(1000, 2, |pledge| {
        pledge.perimeter.areas = AreaSelection::Listed(vec![StreamId::new(1)]);
    }));
    lab.usage(day(0), 10);
    lab.usage(day(1), 10);
    lab.say(StreamId::new(2), usage(day(0), 1));
    let mut all = lab.clone();
    all.entries.extend(affiliate.entries.iter().cloned());
    all.entries.extend(stranger.entries.iter().cloned());
    let files = seen_log(&all, 6, END);
    let labs = [lab.id, affiliate.id, stranger.id];
    let found = judge_log(&files, &labs, END, Known::default());
    let used = |at: usize| found.verdicts[at].used.clone();
    assert_eq!(found.verdicts.len(), 3);
    assert_eq!(used(0), runs(&all.entries, &[lab.id, affiliate.id]));
    // Area 2 is not listed, and a second statement in it would count all the same. Area 3
    // has none.
    assert_eq!(used(1), runs(&all.entries, &[lab.id]));
    assert_eq!(used(1).len(), 3);
    assert_eq!(used(2), runs(&all.entries, &[stranger.id]));
}

// spec: con-7
#[test]
fn whoever_is_trusted_to_measure_the_issuer_is_among_them_and_nobody_else_is() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let utility = Lab::new(200);
    let other = Lab::new(220);
    let mut all = lab.clone();
    all.entries.extend(utility.entries.iter().cloned());
    all.entries.extend(other.entries.iter().cloned());
    // Both are read, as issuers of their own; one measures the lab.
    let party = |id: IssuerId, measures: IssuerId| {
        let vkey = log_key().verifier();
        format!(
            "[[issuer]]\nid = \"{id}\"\nname = \"{id}\"\ntrust_root = \"utility\"\nlog = \"{vkey}\"\n\
             [[corroborator]]\nid = \"{id}\"\nname = \"{id}\"\ntrust_root = \"utility\"\nmeasures = \"{measures}\"\n"
        )
    };
    let more = party(utility.id, lab.id) + &party(other.id, utility.id);
    let trust = trust_with(&[lab.id], &more);
    let found = judge_with(&seen_log(&all, 3, END), &trust, END, Known::default());
    let used = &found.verdicts[0].used;
    assert_eq!(*used, runs(&all.entries, &[lab.id, utility.id]));
}

// spec: con-7
#[test]
fn what_a_bundle_leaves_out_is_not_said_to_be_used() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 9));
    lab.say(
        StreamId::new(1),
        Content::Inventory(devices(0, "h100-sxm", 8)),
    );
    for number in 0..9 {
        lab.usage(day(number), 10);
    }
    let files = seen_log(&lab, 3, END);
    // Stream 0, the inventory, and the reports from the fifth day on.
    let keep = |index: u64| !(4..8).contains(&index);
    let found = judge_bundle(&bundle(&files, &lab, keep), &[lab.id], END);
    let kept = (0_u64..)
        .zip(&lab.entries)
        .filter(|(index, _)| keep(*index));
    let used = &found.verdicts[0].used;
    assert_eq!(*used, runs(kept.map(|(_, entry)| entry), &[lab.id]));
    let told: Vec<(u64, u64, u64)> = used
        .iter()
        .map(|one| (one.stream.get(), one.first, one.last))
        .collect();
    assert_eq!(told, [(0, 0, 2), (1, 0, 0), (1, 5, 9)]);
}
