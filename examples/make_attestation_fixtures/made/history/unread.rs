//! What cannot be read or is not understood, and what it admits all the same.

use standstill::attestation::Head;
use standstill::hash::sha256;

use super::super::author::{AREA, GOVERNANCE, OPERATIONS, day, sign, usage};
use super::super::{Made, edit, edit_predicate};
use super::{DAYS, made, reported};

pub(super) fn unread() -> Vec<Made> {
    let author = reported(DAYS - 1);
    let breach = author.next_text(AREA, usage(day(DAYS - 1), 5000));
    let honest = author.next_text(AREA, usage(day(DAYS - 1), 30));
    let and = |payload: &str| {
        let mut author = author.clone();
        author.entries.push(sign(payload.as_bytes(), &[OPERATIONS]));
        author
    };
    let digest = {
        let at = breach.rfind("\"sha256\":\"").unwrap() + 10;
        breach[at..at + 64].to_owned()
    };
    let long = "x".repeat(12_289);
    // A stolen key of one role does not fill a place of the other.
    let mut by_governance = author.clone();
    let spaced = honest.replacen("\":", "\": ", 1);
    by_governance
        .entries
        .push(sign(spaced.as_bytes(), &[GOVERNANCE]));
    by_governance.report(DAYS - 1, 30);
    // Another statement follows one that cannot be read.
    let mut followed = and(&honest.replacen("\":", "\": ", 1));
    let unread =
        standstill::attestation::Envelope::parse(followed.entries.last().unwrap()).unwrap();
    let head = Head {
        sequence: DAYS - 1,
        statement: unread.statement_id(),
    };
    followed.heads.insert(AREA, head);
    followed.report(DAYS, 30);
    vec![
        made(
            (
                "unread_critical",
                "att-22 att-23",
                "not-understood",
                "a report that requires what is not known",
            ),
            &and(&edit_predicate(
                &honest,
                "\"devicesAbsent\":",
                "\"critical\":[\"x.y\"],\"devicesAbsent\":",
            )),
        )
        .with("word", "not-shown"),
        made(
            (
                "unread_json",
                "att-23",
                "ill-formed",
                "a report that is not canonical JSON",
            ),
            &followed,
        ),
        made(
            (
                "unread_json_admits",
                "att-24 att-25",
                "breach",
                "a breach that is not canonical JSON",
            ),
            &and(&breach.replacen("\":", "\": ", 1)),
        ),
        made(
            (
                "unread_number_admits",
                "att-6 att-25",
                "breach",
                "a breach behind a JSON number",
            ),
            &and(&edit_predicate(&breach, "\"figures\":[", "\"figures\":[5,")),
        ),
        made(
            (
                "unread_json_by_governance",
                "att-37 att-39",
                "anomaly",
                "one that is not canonical JSON, by a key of another role",
            ),
            &by_governance,
        )
        .with("word", "consistent"),
        made(
            (
                "unread_critical_admits",
                "att-24",
                "breach",
                "a breach behind `critical`",
            ),
            &and(&edit_predicate(
                &breach,
                "\"devicesAbsent\":",
                "\"critical\":[\"x.y\"],\"devicesAbsent\":",
            )),
        ),
        made(
            (
                "unread_digest_admits",
                "att-20 att-24",
                "breach",
                "a breach behind a wrong digest",
            ),
            &and(&edit(&breach, &digest, &sha256(b"").to_string())),
        ),
        made(
            (
                "unread_link_admits",
                "att-24 att-56",
                "breach",
                "a breach behind a `notBefore` that is too long",
            ),
            &and(&edit_predicate(
                &breach,
                "\"notBefore\":\"none\"",
                &format!("\"notBefore\":\"{long}\""),
            )),
        ),
        made(
            (
                "unread_subject_admits",
                "att-17 att-24",
                "breach",
                "a breach behind a surplus member",
            ),
            &and(&edit(&breach, "}]}", "}],\"x.y\":\"\"}")),
        ),
        made(
            (
                "unread_figure_admits",
                "att-24",
                "breach",
                "a breach beside a poisoned figure",
            ),
            &and(&edit_predicate(
                &breach,
                "\"figures\":[",
                "\"figures\":[{},",
            )),
        ),
    ]
}
