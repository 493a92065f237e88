//! Two statements for one place, a statement twice, and root keys of two issuers.

use standstill::attestation::content::{Issuer, Roles};
use standstill::attestation::{Content, StreamId};

use super::super::author::{
    AREA, Author, OPERATIONS, OTHER, ROOTS, THIRD, day, issuer, keys, sign, usage,
};
use super::super::{Made, edit_predicate};
use super::{DAYS, made, reported};

pub(super) fn twice() -> Vec<Made> {
    let mut author = reported(DAYS - 1);
    let second = author.next_text(AREA, usage(day(DAYS - 1), 31));
    let breach = author.next_text(AREA, usage(day(DAYS - 1), 5000));
    author.report(DAYS - 1, 30);
    let and = |payload: &str| {
        let mut author = author.clone();
        author.entries.push(sign(payload.as_bytes(), &[OPERATIONS]));
        author
    };
    let critical = edit_predicate(
        &second,
        "\"devicesAbsent\":",
        "\"critical\":[\"x.y\"],\"devicesAbsent\":",
    );
    let mut copied = author.clone();
    copied.entries.push(author.entries[4].clone());
    let mut by_root = author.clone();
    let payload = standstill::attestation::Envelope::parse(&author.entries[4]).unwrap();
    by_root.entries.push(sign(payload.payload(), &ROOTS));
    let mut same_root = author.clone();
    let other = Author::found(
        Issuer {
            roles: Roles {
                governance: keys(&[OTHER], 1),
                operations: keys(&[THIRD], 1),
            },
            ..issuer()
        },
        &ROOTS,
    );
    let mut changed_root = same_root.clone();
    let mut after = other.clone();
    let payload = after.next(
        StreamId::GOVERNANCE,
        Content::Issuer(Box::new(Issuer {
            root: keys(&[120], 1),
            roles: Roles {
                governance: keys(&[OTHER], 1),
                operations: keys(&[THIRD], 1),
            },
            ..issuer()
        })),
    );
    after.take(StreamId::GOVERNANCE, &payload, &ROOTS);
    changed_root.entries.extend(after.entries);
    same_root.entries.extend(other.entries);
    vec![
        made(
            (
                "equivocation",
                "att-43",
                "equivocation",
                "two reports for one place",
            ),
            &and(&second),
        ),
        made(
            (
                "equivocation_breach",
                "att-43",
                "breach",
                "two reports for one place, of which one admits a breach",
            ),
            &and(&breach),
        ),
        made(
            (
                "equivocation_not_understood",
                "att-43",
                "equivocation",
                "two reports for one place, of which one is not understood",
            ),
            &and(&critical),
        ),
        made(("copy", "att-44", "ok", "a report once more"), &copied),
        made(
            (
                "copy_by_root",
                "att-44",
                "ok",
                "a report once more, signed by the root keys",
            ),
            &by_root,
        ),
        made(
            (
                "shared_root_changed",
                "att-33",
                "shared-root",
                "the same, after one of them changed its root keys",
            ),
            &changed_root,
        ),
        made(
            (
                "equivocation_ill_formed",
                "att-25 att-43",
                "breach",
                "two reports for one place, of which one is not canonical JSON and admits a breach",
            ),
            &and(&breach.replacen("\":", "\": ", 1)),
        ),
        made(
            (
                "shared_root",
                "att-33",
                "shared-root",
                "two first statements that share root keys",
            ),
            &same_root,
        ),
    ]
}
