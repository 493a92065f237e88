//! Whole logs: entries in order, one a line, and what a verdict on them finds.

use standstill::attestation::content::{
    Action, Area, AreaChange, AreaClose, AreaOpen, Issuer, LogOfRecord, Move, Roles, StreamHead,
    Withdrawal, Witnesses,
};
use standstill::attestation::figure::{Basis, Class, QuantityKind};
use standstill::attestation::{Content, Head, StatementId, StreamId};
use standstill::claim::{
    AreaSelection, Level, LimitedQuantity, Perimeter, Pledge, Terms, falsifier,
};
use standstill::hash::sha256;
use standstill::key::{Algorithm, KeyName, SignerKey};
use standstill::merkle::{leaf_hash, root};
use standstill::note::Note;
use standstill::quantity::Quantity;
use standstill::time::{Cadence, Period};
use standstill::tlog::{Checkpoint, Origin, cosign};

use super::author::{
    AREA, Author, DAY, GOVERNANCE, OPERATIONS, ORIGIN, OTHER, ROOTS, START, THIRD, at, day, issuer,
    keys, log_key, log_of_record, open, secret, sign, usage, witness_key,
};
use super::{Made, edit, edit_predicate};

/// The days that the pledge covers, and that are reported.
const DAYS: u64 = 4;

type About<'a> = (&'a str, &'a str, &'a str, &'a str);

fn made(about: About<'_>, author: &Author) -> Made {
    of(about, &author.entries)
}

fn of(about: About<'_>, entries: &[Vec<u8>]) -> Made {
    Made::new("history", about, entries.join(&b'\n'))
}

pub fn fixtures() -> Vec<Made> {
    let mut all = order();
    all.extend(heads());
    all.extend(twice());
    all.extend(areas());
    all.extend(key_changes());
    all.extend(unread());
    all.extend(not_before());
    all
}

/// At most 1000 accelerator-seconds of training in the window.
fn cap() -> Pledge {
    let mut pledge = Pledge {
        terms: Terms::Cap {
            limit: Quantity::from(1000),
        },
        perimeter: Perimeter {
            areas: AreaSelection::All,
            affiliates: Vec::new(),
        },
        window: Period::new(at(START), at(START + DAYS * DAY)).unwrap(),
        scope: vec![Class::Training],
        counted: LimitedQuantity {
            quantity: QuantityKind::AcceleratorSeconds,
            basis: Basis::Allocated,
            boundary: None,
            h100_equivalents: false,
        },
        baseline: None,
        precision: None,
        level: Level::E1,
        cadence: Cadence::Seconds(DAY.try_into().unwrap()),
        deadline: DAY,
        expiry: None,
        notice: DAY,
        exceptions: Vec::new(),
        trigger: None,
        lift: None,
        adjudicator: None,
        falsifier: String::new(),
        sliding: None,
    };
    pledge.falsifier = falsifier(&pledge);
    pledge
}

/// An issuer with one area, a pledge, and reports of the first days.
fn reported(days: u64) -> Author {
    let mut author = Author::new();
    author.govern(Content::Pledge(Box::new(cap())));
    for number in 0..days {
        author.report(number, 30);
    }
    author
}

fn withdrawal(text: &str) -> Content {
    Content::Withdrawal(Withdrawal {
        pledge: StatementId::from(sha256(b"another pledge")),
        reason: text.to_owned(),
    })
}

fn order() -> Vec<Made> {
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

fn heads() -> Vec<Made> {
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

fn twice() -> Vec<Made> {
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

fn areas() -> Vec<Made> {
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

fn key_changes() -> Vec<Made> {
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

fn unread() -> Vec<Made> {
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

/// A checkpoint of these entries, cosigned by these witnesses.
fn checkpoint(entries: &[Vec<u8>], witnesses: &[u8]) -> Note {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let checkpoint = Checkpoint {
        origin: Origin::new(ORIGIN).unwrap(),
        size: leaves.len().try_into().unwrap(),
        root: root(&leaves),
    };
    let mut note = Note::sign(&checkpoint.to_text(), &log_key()).unwrap();
    for number in witnesses {
        note.put(cosign(note.text(), &witness_key(*number), at(START)).unwrap());
    }
    note
}

fn not_before() -> Vec<Made> {
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
