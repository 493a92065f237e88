//! Entries in order, and each after the one before.

use standstill::attestation::{Content, Head, StatementId};
use standstill::hash::sha256;

use super::super::Made;
use super::super::author::{AREA, Author};
use super::{DAYS, cap, made, reported};

pub(super) fn order() -> Vec<Made> {
    let whole = reported(DAYS);
    let mut hole = whole.clone();
    hole.entries.remove(4);
    let mut swapped = whole.clone();
    swapped.entries.swap(4, 5);
    let mut beginning = whole.clone();
    beginning.entries.remove(3);
    let mut governance = whole.clone();
    governance.entries.remove(1);
    let mut previous = reported(1);
    let head = previous.heads[&AREA];
    previous.heads.insert(
        AREA,
        Head {
            statement: StatementId::from(sha256(b"another")),
            ..head
        },
    );
    previous.report(1, 30);
    // The first report follows the pledge, which is the head of stream 0, not the `open`.
    let mut opening = Author::new();
    let pledge = opening.govern(Content::Pledge(Box::new(cap())));
    opening.open = Some(pledge);
    opening.report(0, 30);
    vec![
        made(
            (
                "ok",
                "att-40 att-41 att-42 att-48",
                "ok",
                "a report of every day",
            ),
            &whole,
        ),
        made(
            ("sequence_hole", "att-40", "sequence", "a report left out"),
            &hole,
        ),
        made(
            (
                "sequence_order",
                "att-40",
                "sequence",
                "two reports in the other order",
            ),
            &swapped,
        ),
        made(
            (
                "sequence_first",
                "att-40",
                "sequence",
                "the first report left out",
            ),
            &beginning,
        ),
        made(
            (
                "sequence_governance",
                "att-40",
                "sequence",
                "the opening of the area left out",
            ),
            &governance,
        ),
        made(
            (
                "previous_other",
                "att-41",
                "previous",
                "a report that follows another statement than the one before",
            ),
            &previous,
        ),
        made(
            (
                "previous_not_open",
                "att-41",
                "previous",
                "a first report that follows the head of stream 0, not the opening of its area",
            ),
            &opening,
        ),
    ]
}
