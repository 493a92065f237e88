//! The head of stream 0 that a report is made under.

use standstill::attestation::content::Withdrawal;
use standstill::attestation::{Content, Head, StatementId, StreamId};
use standstill::hash::sha256;

use super::super::Made;
use super::{made, reported};

fn withdrawal(text: &str) -> Content {
    Content::Withdrawal(Withdrawal {
        pledge: StatementId::from(sha256(b"another pledge")),
        reason: text.to_owned(),
    })
}

pub(super) fn heads() -> Vec<Made> {
    let mut older = reported(1);
    let first = older.heads[&StreamId::GOVERNANCE];
    older.govern(withdrawal("a later statement"));
    older.report(1, 30);
    let mut newer = older.clone();
    newer.report(2, 30);
    newer.report(3, 30);
    let last = older.heads[&StreamId::GOVERNANCE];
    older.heads.insert(StreamId::GOVERNANCE, first);
    older.report(2, 30);
    let with = |head: Head| {
        let mut author = reported(1);
        author.heads.insert(StreamId::GOVERNANCE, head);
        author.report(1, 30);
        author
    };
    let other = StatementId::from(sha256(b"another"));
    vec![
        made(
            (
                "head_older",
                "att-42",
                "head-order",
                "a report made under an older head of stream 0 than the one before",
            ),
            &older,
        ),
        made(
            (
                "head_newer",
                "att-42",
                "ok",
                "reports made under a newer head of stream 0",
            ),
            &newer,
        ),
        made(
            (
                "head_later",
                "att-42",
                "head-missing",
                "a report made under a statement of stream 0 that is not there yet",
            ),
            &with(last),
        ),
        made(
            (
                "head_other",
                "att-42",
                "head",
                "a report made under a statement of stream 0 that is another",
            ),
            &with(Head {
                statement: other,
                ..first
            }),
        ),
    ]
}
