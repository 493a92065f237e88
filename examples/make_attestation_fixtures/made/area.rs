//! `area` statements.

use standstill::attestation::content::{Action, Area, AreaChange, AreaClose, AreaOpen, Measured};
use standstill::attestation::{Content, IssuerId, StatementId, StreamId};
use standstill::hash::sha256;
use standstill::time::Cadence;

use super::author::{Author, DAY, START, at, open};
use super::{Made, edit_predicate};

fn made(fixture: (&str, &str, &str, &str), body: impl Into<Vec<u8>>) -> Made {
    Made::new("area", fixture, body)
}

fn says(stream: u64, action: Action) -> String {
    let area = Area {
        stream: StreamId::new(stream),
        action,
    };
    Author::new().next_text(StreamId::GOVERNANCE, Content::Area(area))
}

fn opens(open: AreaOpen) -> String {
    says(2, Action::Open(open))
}

fn seconds(seconds: u64) -> Cadence {
    Cadence::Seconds(seconds.try_into().unwrap())
}

fn somebody() -> IssuerId {
    IssuerId::from(sha256(b"somebody"))
}

pub fn fixtures() -> Vec<Made> {
    let mut all = opened();
    all.extend(measuring());
    all.extend(changed());
    all
}

/// The longest period and grace: a leap year.
const YEAR: u64 = 31_622_400;

fn opened() -> Vec<Made> {
    let text = opens(open());
    let bad = |name, spec, what, from: &str, to: &str| {
        made(
            (name, spec, "not-understood", what),
            edit_predicate(&text, from, to),
        )
    };
    let cadence = |name, what, to: &str| {
        bad(
            name,
            "att-46",
            what,
            "\"cadence\":\"86400\"",
            &format!("\"cadence\":\"{to}\""),
        )
    };
    vec![
        made(
            ("open", "att-46 att-47", "ok", "an area of days"),
            text.clone(),
        ),
        made(
            ("open_months", "att-46", "ok", "an area of months"),
            opens(AreaOpen {
                cadence: Some(Cadence::Month),
                ..open()
            }),
        ),
        made(
            ("open_year", "att-46", "ok", "the longest period and grace"),
            opens(AreaOpen {
                cadence: Some(seconds(YEAR)),
                grace: YEAR,
                ..open()
            }),
        ),
        made(
            (
                "open_month_inside",
                "att-46",
                "not-understood",
                "months from within one",
            ),
            opens(AreaOpen {
                cadence: Some(Cadence::Month),
                first: at(START + DAY),
                ..open()
            }),
        ),
        made(
            (
                "open_end_of_time",
                "att-46",
                "not-understood",
                "a first instant at which no period can begin",
            ),
            edit_predicate(&text, "2026-03-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ),
        cadence(
            "open_cadence_forever",
            "a period that never ends, so that nothing is ever due",
            "18446744073709551615",
        ),
        cadence(
            "open_cadence_long",
            "a second more than a leap year",
            "31622401",
        ),
        cadence("open_cadence_0", "a period of no time", "0"),
        cadence(
            "open_cadence_leading_zero",
            "a period with a leading zero",
            "086400",
        ),
        cadence("open_cadence_week", "a cadence that is not known", "week"),
        bad(
            "open_grace_forever",
            "att-46",
            "a report that is never due",
            "\"grace\":\"86400\"",
            "\"grace\":\"18446744073709551615\"",
        ),
        bad(
            "open_grace_negative",
            "att-46",
            "due before its period ends",
            "\"grace\":\"86400\"",
            "\"grace\":\"-1\"",
        ),
        bad(
            "open_stream_0",
            "att-45",
            "stream 0 as an area",
            "\"stream\":\"2\"",
            "\"stream\":\"0\"",
        ),
        bad(
            "open_stream_leading_zero",
            "att-45",
            "a stream with a leading zero",
            "\"stream\":\"2\"",
            "\"stream\":\"02\"",
        ),
        bad(
            "open_name_empty",
            "att-45",
            "an area without a name",
            "\"name\":\"cluster\"",
            "\"name\":\"\"",
        ),
        bad(
            "open_measures_missing",
            "att-47",
            "measures is missing",
            "\"measures\":\"none\",",
            "",
        ),
        bad(
            "action_unknown",
            "att-45",
            "an action that is not known",
            "\"action\":\"open\"",
            "\"action\":\"merge\"",
        ),
        bad(
            "action_other_members",
            "att-45",
            "a change with the members of an opening",
            "\"action\":\"open\"",
            "\"action\":\"change\"",
        ),
    ]
}

fn measuring() -> Vec<Made> {
    let own = Author::new().id;
    let of = |issuer, stream| Measured {
        issuer,
        stream: StreamId::new(stream),
    };
    let measured = |issuer, cadence| AreaOpen {
        measures: Some(of(issuer, 1)),
        cadence,
        ..open()
    };
    let continues = |continues| AreaOpen {
        continues,
        ..open()
    };
    let bad = |name, what, area| made((name, "att-47", "not-understood", what), opens(area));
    vec![
        made(
            (
                "measures_other",
                "att-47",
                "ok",
                "an area that measures another issuer's, in which nothing is due",
            ),
            opens(measured(somebody(), None)),
        ),
        made(
            (
                "measures_with_cadence",
                "att-47",
                "ok",
                "one in which something is due",
            ),
            opens(measured(somebody(), Some(seconds(DAY)))),
        ),
        bad(
            "measures_itself",
            "an issuer that measures itself, and so owes nothing",
            measured(own, None),
        ),
        bad(
            "measures_itself_with_cadence",
            "an issuer that measures itself",
            measured(own, Some(seconds(DAY))),
        ),
        bad(
            "cadence_none",
            "an area of its own in which nothing is due",
            AreaOpen {
                cadence: None,
                ..open()
            },
        ),
        made(
            ("continues_two", "att-47", "ok", "what was in two areas"),
            opens(continues(vec![of(own, 1), of(own, 3)])),
        ),
        bad(
            "continues_not_sorted",
            "two areas, not sorted",
            continues(vec![of(own, 3), of(own, 1)]),
        ),
        bad(
            "continues_twice",
            "an area twice",
            continues(vec![of(own, 1), of(own, 1)]),
        ),
        bad(
            "continues_itself",
            "an area that continues itself",
            continues(vec![of(own, 2)]),
        ),
        bad(
            "continues_stream_0",
            "stream 0",
            continues(vec![of(own, 0)]),
        ),
    ]
}

fn changed() -> Vec<Made> {
    let change = |from, cadence| {
        Action::Change(AreaChange {
            from: at(from),
            cadence,
            grace: DAY,
        })
    };
    let close = says(
        1,
        Action::Close(AreaClose {
            end: at(START + 30 * DAY),
            inventory: StatementId::from(sha256(b"an inventory of zero")),
        }),
    );
    let hours = says(1, change(START + 7 * DAY, seconds(3600)));
    vec![
        made(
            (
                "change",
                "att-49",
                "ok",
                "hours instead of days, from an edge on",
            ),
            hours.clone(),
        ),
        made(
            (
                "change_months",
                "att-46",
                "ok",
                "months, from the first of one on",
            ),
            says(1, change(START + 31 * DAY, Cadence::Month)),
        ),
        made(
            (
                "change_month_inside",
                "att-46",
                "not-understood",
                "months from within one, so that no period can ever begin",
            ),
            says(1, change(START + 7 * DAY, Cadence::Month)),
        ),
        made(
            (
                "change_cadence_forever",
                "att-46",
                "not-understood",
                "a period that never ends",
            ),
            edit_predicate(
                &hours,
                "\"cadence\":\"3600\"",
                "\"cadence\":\"18446744073709551615\"",
            ),
        ),
        made(
            (
                "change_grace_forever",
                "att-46",
                "not-understood",
                "a report that is never due",
            ),
            edit_predicate(&hours, "\"grace\":\"86400\"", "\"grace\":\"31622401\""),
        ),
        made(
            (
                "change_cadence_none",
                "att-47",
                "not-understood",
                "nothing is due from there on",
            ),
            edit_predicate(&hours, "\"cadence\":\"3600\"", "\"cadence\":\"none\""),
        ),
        made(
            ("close", "att-50", "ok", "the end of an area"),
            close.clone(),
        ),
        made(
            (
                "close_no_inventory",
                "att-50",
                "not-understood",
                "an end that does not say where the devices went",
            ),
            {
                let at = close.find("\"inventory\":").unwrap();
                let member = close[at..at + 79].to_owned();
                edit_predicate(&close, &member, "")
            },
        ),
        made(
            (
                "close_inventory_none",
                "att-50",
                "not-understood",
                "an end without an inventory",
            ),
            {
                let at = close.find("\"inventory\":").unwrap();
                let member = close[at..at + 78].to_owned();
                edit_predicate(&close, &member, "\"inventory\":\"none\"")
            },
        ),
    ]
}
