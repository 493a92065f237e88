//! The checkpoints that reports carry as `notBefore`.

use standstill::attestation::content::{Issuer, Witnesses};
use standstill::attestation::{Content, Head, StreamId};
use standstill::tlog::cosign;

use super::super::Made;
use super::super::author::{AREA, ROOTS, START, at, issuer, witness_key};
use super::{DAYS, checkpoint, made, reported};

pub(super) fn not_before() -> Vec<Made> {
    let base = reported(1);
    // The reports after the first carry one after the other of these.
    let with = |notes: &[String]| {
        let mut author = base.clone();
        for (number, note) in (1..).zip(notes) {
            author.not_before = Some(note.clone());
            author.report(number, 30);
        }
        for number in (1..DAYS).skip(notes.len()) {
            author.report(number, 30);
        }
        author
    };
    let early = checkpoint(&base.entries[..2], &[1, 2]).to_text();
    let good = checkpoint(&base.entries, &[1, 2]).to_text();
    let mut other = base.entries.clone();
    other[3] = b"another".to_vec();
    let mut line = checkpoint(&base.entries, &[1, 2]);
    line.put(cosign(line.text(), &witness_key(4), at(START)).unwrap());
    let mut longer = base.clone();
    for number in 1..DAYS {
        longer.report(number, 30);
    }
    let text = checkpoint(&base.entries, &[1, 2]).text().to_owned();
    let heeding = |note: &str| {
        let mut author = with(std::slice::from_ref(&good));
        author.entries.truncate(base.entries.len() + 1);
        author.heads = base.heads.clone();
        let head = author.entries.last().unwrap();
        let statement = standstill::attestation::Envelope::parse(head)
            .unwrap()
            .statement_id();
        author.heads.insert(
            AREA,
            Head {
                sequence: 1,
                statement,
            },
        );
        author.not_before = Some(good.clone());
        let others = Issuer {
            witnesses: Some(Witnesses {
                keys: vec![witness_key(3).verifier()],
                quorum: 1,
            }),
            ..issuer()
        };
        let payload = author.next(StreamId::GOVERNANCE, Content::Issuer(Box::new(others)));
        author.take(StreamId::GOVERNANCE, &payload, &ROOTS);
        author.not_before = Some(note.to_owned());
        author.report(2, 30);
        author.report(3, 30);
        author
    };
    let mut none_after = base.clone();
    none_after.not_before = Some(early.clone());
    none_after.report(1, 30);
    none_after.not_before = None;
    none_after.report(2, 30);
    let spoiled = good.replace(&format!("\n{}\n", base.entries.len()), "\n2\n");
    assert_ne!(good, spoiled);
    vec![
        made(
            (
                "not_before",
                "att-56",
                "ok",
                "a checkpoint that a quorum had cosigned, then repeated",
            ),
            &with(&[early.clone(), good.clone(), good.clone()]),
        ),
        made(
            (
                "not_before_one_witness",
                "att-56 att-61",
                "not-before",
                "a checkpoint that one of two had cosigned",
            ),
            &with(&[checkpoint(&base.entries, &[1]).to_text()]),
        ),
        made(
            (
                "not_before_other_line",
                "att-56 att-61",
                "not-before",
                "a line of a witness that the issuer does not heed",
            ),
            &with(&[line.to_text()]),
        ),
        made(
            (
                "not_before_text",
                "att-56 att-61",
                "not-before",
                "the text of a checkpoint without signatures",
            ),
            &with(&[text]),
        ),
        made(
            (
                "not_before_spoiled",
                "att-61",
                "not-before",
                "a checkpoint whose size was changed",
            ),
            &with(&[spoiled]),
        ),
        made(
            (
                "not_before_repeated",
                "att-57",
                "ok",
                "the predecessor's, repeated until new witnesses have signed",
            ),
            &heeding(&good),
        ),
        made(
            (
                "not_before_new_witness",
                "att-57",
                "ok",
                "one that the new witness had cosigned",
            ),
            &heeding(&checkpoint(&base.entries, &[3]).to_text()),
        ),
        made(
            (
                "not_before_old_witnesses",
                "att-57",
                "not-before",
                "another that only the old witnesses had cosigned",
            ),
            &heeding(&checkpoint(&base.entries[..3], &[1, 2]).to_text()),
        ),
        made(
            (
                "not_before_back",
                "att-58",
                "not-before-order",
                "back to a smaller tree",
            ),
            &with(&[good, early]),
        ),
        made(
            (
                "not_before_none_after",
                "att-58",
                "not-before-order",
                "none after there was one",
            ),
            &none_after,
        ),
        made(
            (
                "not_before_fork",
                "att-59",
                "not-before-fork",
                "a checkpoint of this log with another entry in it",
            ),
            &with(&[checkpoint(&other, &[1, 2]).to_text()]),
        ),
        made(
            (
                "not_before_beyond",
                "att-59",
                "not-before-fork",
                "a checkpoint of a tree that holds the entry itself",
            ),
            &with(&[checkpoint(&longer.entries, &[1, 2]).to_text()]),
        ),
    ]
}
