//! What can be said: the contents of statements.

use standstill::attestation::content::{
    Action, Area, AreaChange, AreaClose, AreaOpen, Capacity, Inventory, Issuer, KeySet,
    LedgerReference, LogOfRecord, Roles, Usage, Witnesses,
};
use standstill::attestation::figure::{Basis, Class, Coverage, Figure, QuantityKind, Source};
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::catalogue::Catalogue;
use standstill::claim::{
    AreaSelection, Baseline, Level, LimitedQuantity, Perimeter, Pledge, Terms, falsifier,
};
use standstill::hash::sha256;
use standstill::ledger::Kind;
use standstill::quantity::{Interval, Quantity};
use standstill::time::{Cadence, Period};

use super::*;

/// An issuer with the keys of a seed, which heeds so many of three witnesses.
pub fn issuer(seed: u8, quorum: usize) -> Issuer {
    let keys = |seed| KeySet::new(vec![secret(seed).public()], 1).unwrap();
    Issuer {
        root: keys(seed),
        roles: Roles {
            governance: keys(seed + 1),
            operations: keys(seed + 2),
        },
        log: LogOfRecord {
            origin: ORIGIN.to_owned(),
            key: log_key().verifier(),
        },
        witnesses: (quorum > 0).then(|| Witnesses {
            keys: (1..=3)
                .map(|number| witness_key(number).verifier())
                .collect(),
            quorum,
        }),
        earlier: Vec::new(),
        suspected_since: None,
        moved: None,
    }
}

/// An area of days.
pub fn days() -> AreaOpen {
    AreaOpen {
        name: "cluster".to_owned(),
        first: at(START),
        cadence: Some(Cadence::Seconds(DAY.try_into().unwrap())),
        grace: DAY,
        measures: None,
        continues: Vec::new(),
    }
}

/// A day's accelerator-seconds of training, as content.
pub fn usage(period: Period, amount: u64) -> Content {
    Content::Usage(used(period, amount))
}

/// A day's accelerator-seconds of training.
pub fn used(period: Period, amount: u64) -> Usage {
    Usage {
        period,
        inventory: None,
        catalogue: Catalogue::embedded().digest(),
        figures: vec![Figure {
            quantity: QuantityKind::AcceleratorSeconds,
            model: "h100-sxm".to_owned(),
            class: Class::Training,
            basis: Basis::Allocated,
            boundary: None,
            value: Interval::exactly(Quantity::from(amount)),
            method: "scheduler-allocation".to_owned(),
            precision: None,
            coverage: Coverage::Unknown,
            source: Source {
                tool: "test".to_owned(),
                query: None,
                input: None,
            },
        }],
        ledgers: Vec::new(),
        devices_absent: Some("no ledger is kept".to_owned()),
        commitments: Vec::new(),
    }
}

/// A pledge over `days` days from the second on.
pub fn pledge(terms: Terms, first: u64, days: u64, baseline: Option<Baseline>) -> Pledge {
    let mut pledge = Pledge {
        terms,
        perimeter: Perimeter {
            areas: AreaSelection::All,
            affiliates: Vec::new(),
        },
        window: Period::new(at(START + first * DAY), at(START + (first + days) * DAY)).unwrap(),
        scope: vec![Class::Training],
        counted: LimitedQuantity {
            quantity: QuantityKind::AcceleratorSeconds,
            basis: Basis::Allocated,
            boundary: None,
            h100_equivalents: false,
        },
        baseline,
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

pub fn cap(limit: u64, days: u64) -> Pledge {
    let limit = Quantity::from(limit);
    pledge(Terms::Cap { limit }, 0, days, None)
}

/// A cap that breaks no rule but what `change` does to it.
pub fn changed(limit: u64, days: u64, change: impl FnOnce(&mut Pledge)) -> Pledge {
    let mut pledge = cap(limit, days);
    change(&mut pledge);
    pledge.falsifier = falsifier(&pledge);
    pledge
}

/// So many devices of a model from a day on.
pub fn devices(from: u64, model: &str, count: u64) -> Inventory {
    Inventory {
        from: at(START + from * DAY),
        ledger: LedgerReference {
            kind: Kind::Inventory,
            root: sha256(b"devices"),
            count,
            sums: Vec::new(),
        },
        capacity: match count {
            0 => Vec::new(),
            _ => vec![Capacity {
                model: model.to_owned(),
                count: Quantity::from(count),
            }],
        },
        watts: Vec::new(),
        transfers: Vec::new(),
    }
}

/// As [`devices`], of the usual model, as content.
pub fn inventory(from: u64, count: u64) -> Content {
    Content::Inventory(devices(from, "h100-sxm", count))
}

/// New periods of the first area, of so many days, from so many seconds after its start.
pub fn change(after: u64, days: u64) -> Content {
    let change = AreaChange {
        from: at(START + after),
        cadence: Cadence::Seconds((days * DAY).try_into().unwrap()),
        grace: days * DAY,
    };
    area(Action::Change(change))
}

/// The end of the first area at a day's start.
pub fn close(end: u64, inventory: StatementId) -> Content {
    let end = at(START + end * DAY);
    area(Action::Close(AreaClose { end, inventory }))
}

fn area(action: Action) -> Content {
    let stream = StreamId::new(1);
    Content::Area(Area { stream, action })
}
