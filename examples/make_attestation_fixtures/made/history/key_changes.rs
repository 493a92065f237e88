//! Changes of keys and of the log, and what is signed by which keys.

use standstill::attestation::content::{Issuer, LogOfRecord, Move, Roles, StreamHead};
use standstill::attestation::{Content, Head, StreamId};
use standstill::key::{Algorithm, KeyName, SignerKey};

use super::super::author::{
    AREA, Author, GOVERNANCE, OPERATIONS, OTHER, ROOTS, START, at, day, issuer, keys,
    log_of_record, secret, sign, usage,
};
use super::super::{Made, edit_predicate};
use super::{DAYS, checkpoint, made, reported};

pub(super) fn key_changes() -> Vec<Made> {
    let changed = || Issuer {
        roles: Roles {
            governance: keys(&[GOVERNANCE], 1),
            operations: keys(&[OTHER], 1),
        },
        suspected_since: Some(at(START)),
        ..issuer()
    };
    let rotate = |author: &mut Author| {
        let payload = author.next(StreamId::GOVERNANCE, Content::Issuer(Box::new(changed())));
        author.take(StreamId::GOVERNANCE, &payload, &ROOTS);
    };
    let report = |author: &mut Author, number: u64, signer: u8| {
        let payload = author.next(AREA, usage(day(number), 30));
        author.take(AREA, &payload, &[signer]);
    };
    let mut rotated = reported(2);
    rotate(&mut rotated);
    let mut queued = rotated.clone();
    report(&mut rotated, 2, OTHER);
    report(&mut rotated, 3, OTHER);
    let mut thief = rotated.clone();
    let stolen = thief.next(AREA, usage(day(4), 30));
    thief.entries.push(sign(&stolen, &[OPERATIONS]));

    // Made before the change, under the head of then, and signed by the keys of now.
    let mut before = reported(2);
    let payload = before.next(AREA, usage(day(2), 30));
    let mut late = queued.clone();
    queued.take(AREA, &payload, &[OTHER]);
    report(&mut queued, 3, OTHER);
    // Sent under the old key first: too late, nobody's; then signed anew.
    late.entries.push(sign(&payload, &[OPERATIONS]));
    late.take(AREA, &payload, &[OTHER]);
    report(&mut late, 3, OTHER);
    // Logged in time, and once more under the new key.
    before.take(AREA, &payload, &[OPERATIONS]);
    let mut both = before.clone();
    rotate(&mut both);
    both.entries.push(sign(&payload, &[OTHER]));
    report(&mut both, 3, OTHER);

    // What the old key admitted stays admitted, whatever is suspected of it now.
    let mut admitted = reported(2);
    admitted.report(2, 5000);
    rotate(&mut admitted);
    let mut moved = reported(DAYS);
    let stream_head = |(stream, head): (&StreamId, &Head)| StreamHead {
        stream: *stream,
        sequence: head.sequence,
        statement: head.statement,
    };
    let name = KeyName::new("new.example/log").unwrap();
    let to = Issuer {
        log: LogOfRecord {
            origin: name.to_string(),
            key: SignerKey::new(name, Algorithm::Ed25519, secret(11)).verifier(),
        },
        moved: Some(Move {
            from: log_of_record(),
            checkpoint: checkpoint(&moved.entries, &[1, 2]).to_text(),
            heads: moved.heads.iter().map(stream_head).collect(),
        }),
        ..issuer()
    };
    let payload = moved.next(StreamId::GOVERNANCE, Content::Issuer(Box::new(to)));
    moved.take(StreamId::GOVERNANCE, &payload, &ROOTS);
    let mut own = reported(DAYS);
    let payload = own.next(StreamId::GOVERNANCE, Content::Issuer(Box::new(changed())));
    own.entries.push(sign(&payload, &[GOVERNANCE]));
    let mut not_understood = reported(DAYS);
    let payload =
        not_understood.next_text(StreamId::GOVERNANCE, Content::Issuer(Box::new(changed())));
    let payload = edit_predicate(
        &payload,
        "\"earlier\":",
        "\"critical\":[\"x.y\"],\"earlier\":",
    );
    not_understood
        .entries
        .push(sign(payload.as_bytes(), &[GOVERNANCE]));
    let mut surplus = reported(DAYS);
    let payload = surplus.next(AREA, usage(day(DAYS), 5000));
    surplus
        .entries
        .push(sign(&payload, &[OPERATIONS, GOVERNANCE]));
    vec![
        made(
            (
                "keys_changed",
                "att-32",
                "ok",
                "reports under the keys of their index",
            ),
            &rotated,
        ),
        made(
            (
                "keys_stolen",
                "att-32 att-39",
                "anomaly",
                "a report under a key that was taken away",
            ),
            &thief,
        ),
        made(
            (
                "keys_queued",
                "att-54",
                "ok",
                "a report queued before a change of keys, signed by the keys of now",
            ),
            &queued,
        ),
        made(
            (
                "keys_queued_late",
                "att-44 att-54",
                "anomaly",
                "the same, after it was sent in vain under the old key",
            ),
            &late,
        )
        .with("word", "consistent"),
        made(
            (
                "keys_queued_twice",
                "att-44 att-54",
                "ok",
                "the same statement under the old key in time, and under the new one",
            ),
            &both,
        ),
        made(
            (
                "keys_suspected",
                "att-32",
                "breach",
                "a breach under a key that is suspected afterwards",
            ),
            &admitted,
        ),
        made(
            (
                "moved",
                "att-34 att-36",
                "moved",
                "a move to a log that nobody named",
            ),
            &moved,
        )
        .with("word", "not-shown"),
        made(
            (
                "keys_by_signing_key",
                "att-32",
                "anomaly",
                "a signing key that changes keys",
            ),
            &own,
        )
        .with("word", "consistent"),
        made(
            (
                "keys_by_signing_key_critical",
                "att-38",
                "anomaly",
                "the same in a statement that is not understood",
            ),
            &not_understood,
        )
        .with("word", "consistent"),
        made(
            (
                "keys_surplus",
                "att-37 att-39",
                "anomaly",
                "a breach under a surplus signature, which is nobody's statement",
            ),
            &surplus,
        )
        .with("word", "consistent"),
    ]
}
