//! Areas: opened, changed and closed, and whether their periods follow each other.

use standstill::attestation::content::{Action, Area, AreaChange, AreaClose, AreaOpen};
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::hash::sha256;
use standstill::time::{Cadence, Period};

use super::super::Made;
use super::super::author::{AREA, Author, DAY, OPERATIONS, ROOTS, START, at, day, open, usage};
use super::{DAYS, cap, made, reported};

pub(super) fn areas() -> Vec<Made> {
    let report = |author: &mut Author, period: Period| {
        let payload = author.next(AREA, usage(period, 30));
        author.take(AREA, &payload, &[OPERATIONS]);
    };
    let period = |from: u64, to: u64| Period::new(at(START + from), at(START + to)).unwrap();
    let mut skipped = reported(1);
    report(&mut skipped, day(2));
    let mut again = reported(2);
    report(&mut again, day(1));
    let mut long = reported(1);
    report(&mut long, period(DAY, 3 * DAY));
    let mut short = reported(1);
    report(&mut short, period(DAY, DAY + 3600));
    let mut reopened = reported(DAYS);
    let first = reopened.open;
    reopened.open_area(AreaOpen {
        first: at(START + DAYS * DAY),
        ..open()
    });
    reopened.open = first;
    let mut undeclared = reported(DAYS);
    let payload = undeclared.next(StreamId::new(7), usage(day(0), 30));
    undeclared.take(StreamId::new(7), &payload, &[OPERATIONS]);
    let change = |author: &mut Author, from: u64, cadence: Cadence| {
        let change = AreaChange {
            from: at(START + from),
            cadence,
            grace: DAY,
        };
        author.govern(Content::Area(Area {
            stream: AREA,
            action: Action::Change(change),
        }));
    };
    let half = Cadence::Seconds((DAY / 2).try_into().unwrap());
    let mut changed = reported(2);
    change(&mut changed, 2 * DAY, half);
    for number in 4..8 {
        report(
            &mut changed,
            period(number * DAY / 2, (number + 1) * DAY / 2),
        );
    }
    let mut not_followed = reported(2);
    change(&mut not_followed, 2 * DAY, half);
    report(&mut not_followed, day(2));
    let mut too_late = reported(3);
    change(&mut too_late, DAY, half);
    report(&mut too_late, day(3));
    // Were it taken, no period could ever begin from there on, and none be due.
    let mut month = reported(2);
    change(&mut month, 2 * DAY, Cadence::Month);
    let mut between = reported(2);
    change(
        &mut between,
        2 * DAY + 3600,
        Cadence::Seconds(3600.try_into().unwrap()),
    );
    let mut silent = reported(2);
    change(
        &mut silent,
        2 * DAY,
        Cadence::Seconds((300 * DAY).try_into().unwrap()),
    );
    let mut closed = reported(1);
    closed.report(1, 5000);
    let close = AreaClose {
        end: at(START),
        inventory: StatementId::from(sha256(b"an inventory of zero")),
    };
    let payload = closed.next(
        StreamId::GOVERNANCE,
        Content::Area(Area {
            stream: AREA,
            action: Action::Close(close),
        }),
    );
    closed.take(StreamId::GOVERNANCE, &payload, &ROOTS);
    let mut forever = Author::new();
    forever.govern(Content::Area(Area {
        stream: StreamId::new(2),
        action: Action::Open(AreaOpen {
            cadence: Some(Cadence::Seconds(u64::MAX.try_into().unwrap())),
            ..open()
        }),
    }));
    forever.govern(Content::Pledge(Box::new(cap())));
    for number in 0..DAYS {
        forever.report(number, 30);
    }
    vec![
        made(
            ("area_skipped", "att-48", "contiguous", "a day left out"),
            &skipped,
        ),
        made(
            ("area_again", "att-48", "contiguous", "a day reported again"),
            &again,
        ),
        made(
            (
                "area_long",
                "att-48",
                "contiguous",
                "two days in one report",
            ),
            &long,
        ),
        made(
            (
                "area_short",
                "att-48",
                "contiguous",
                "an hour in a report of its own",
            ),
            &short,
        ),
        made(
            (
                "area_reopened",
                "att-45",
                "area-reopened",
                "an area opened again",
            ),
            &reopened,
        ),
        made(
            (
                "area_undeclared",
                "att-45",
                "area-missing",
                "a report in an area that was not opened",
            ),
            &undeclared,
        ),
        made(
            ("area_changed", "att-49", "ok", "half days from an edge on"),
            &changed,
        )
        .with("seen", "4@2"),
        made(
            (
                "area_change_late",
                "att-49",
                "change-late",
                "half days from an edge on, which a quorum saw only later",
            ),
            &changed,
        ),
        made(
            (
                "area_change_not_followed",
                "att-49",
                "contiguous",
                "a change that the next report does not follow",
            ),
            &not_followed,
        ),
        made(
            (
                "area_change_too_late",
                "att-49",
                "area-change",
                "a change in a period already published",
            ),
            &too_late,
        ),
        made(
            (
                "area_change_month_inside",
                "att-46",
                "overdue",
                "months from within one: the days stay due",
            ),
            &month,
        ),
        made(
            (
                "area_change_between",
                "att-49",
                "area-change",
                "a change from within a period",
            ),
            &between,
        ),
        made(
            (
                "area_change_silent",
                "att-49",
                "overdue",
                "days that were due, made one long period afterwards",
            ),
            &silent,
        ),
        made(
            (
                "area_closed_breach",
                "att-50",
                "breach",
                "a breach, and then a closing as of before it",
            ),
            &closed,
        ),
        made(
            (
                "area_forever",
                "att-46",
                "not-understood",
                "a second area with a period that never ends",
            ),
            &forever,
        ),
    ]
}
