//! Whole logs: entries in order, one a line, and what a verdict on them finds.

mod areas;
mod heads;
mod key_changes;
mod not_before;
mod order;
mod twice;
mod unread;

use standstill::attestation::Content;
use standstill::attestation::figure::{Basis, Class, QuantityKind};
use standstill::claim::{
    AreaSelection, Level, LimitedQuantity, Perimeter, Pledge, Terms, falsifier,
};
use standstill::merkle::{leaf_hash, root};
use standstill::note::Note;
use standstill::quantity::Quantity;
use standstill::time::{Cadence, Period};
use standstill::tlog::{Checkpoint, Origin, cosign};

use super::Made;
use super::author::{Author, DAY, ORIGIN, START, at, log_key, witness_key};
use areas::areas;
use heads::heads;
use key_changes::key_changes;
use not_before::not_before;
use order::order;
use twice::twice;
use unread::unread;

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
