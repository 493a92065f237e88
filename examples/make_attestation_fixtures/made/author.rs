//! An issuer with fixed keys, and what it signs.

use std::collections::BTreeMap;

use standstill::attestation::content::{
    Action, Area, AreaOpen, Issuer, KeySet, LogOfRecord, Roles, Usage, Witnesses,
};
use standstill::attestation::figure::{Basis, Class, Coverage, Figure, QuantityKind, Source};
use standstill::attestation::statement::first_payload;
use standstill::attestation::{
    Content, Envelope, Head, IssuerId, Link, Statement, StatementId, StreamId, Subject,
};
use standstill::hash::sha256;
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey, VerifierKey};
use standstill::quantity::{Interval, Quantity};
use standstill::time::{Cadence, Period, UnixSeconds};

/// 2026-03-01T00:00:00Z.
pub const START: u64 = 1_772_323_200;
pub const DAY: u64 = 86_400;
pub const ORIGIN: &str = "lab.example/log";

/// The stream of the one area.
pub const AREA: StreamId = StreamId::new(1);

/// The seeds of the keys.
pub const ROOTS: [u8; 2] = [100, 110];
pub const GOVERNANCE: u8 = 101;
pub const OPERATIONS: u8 = 102;
/// Keys that are nobody's at first.
pub const OTHER: u8 = 103;
pub const THIRD: u8 = 104;

pub fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

pub fn day(number: u64) -> Period {
    Period::new(at(START + number * DAY), at(START + (number + 1) * DAY)).unwrap()
}

pub fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

pub fn public(seed: u8) -> String {
    secret(seed).public().to_string()
}

pub fn log_key() -> SignerKey {
    let name = KeyName::new(ORIGIN).unwrap();
    SignerKey::new(name, Algorithm::Ed25519, secret(10))
}

/// The key of a witness, as `tests/common` has it too.
pub fn witness_key(number: u8) -> SignerKey {
    let name = KeyName::new(format!("witness.example/{number}")).unwrap();
    SignerKey::new(name, Algorithm::CosignatureV1, secret(20 + number))
}

pub fn keys(seeds: &[u8], threshold: usize) -> KeySet {
    let keys = seeds.iter().map(|seed| secret(*seed).public()).collect();
    KeySet::new(keys, threshold).unwrap()
}

pub fn log_of_record() -> LogOfRecord {
    LogOfRecord {
        origin: ORIGIN.to_owned(),
        key: log_key().verifier(),
    }
}

/// Two root keys of which both sign, a key for each role, and a quorum of two witnesses.
pub fn issuer() -> Issuer {
    Issuer {
        root: keys(&ROOTS, 2),
        roles: Roles {
            governance: keys(&[GOVERNANCE], 1),
            operations: keys(&[OPERATIONS], 1),
        },
        log: log_of_record(),
        witnesses: Some(Witnesses {
            keys: heeded(),
            quorum: 2,
        }),
        earlier: Vec::new(),
        suspected_since: None,
        moved: None,
    }
}

/// The smallest: one root key, one key for each role, one witness.
pub fn small_issuer() -> Issuer {
    Issuer {
        root: keys(&[1], 1),
        roles: Roles {
            governance: keys(&[2], 1),
            operations: keys(&[3], 1),
        },
        log: log_of_record(),
        witnesses: Some(Witnesses {
            keys: vec![witness_key(1).verifier()],
            quorum: 1,
        }),
        earlier: Vec::new(),
        suspected_since: None,
        moved: None,
    }
}

pub fn heeded() -> Vec<VerifierKey> {
    (1..=3)
        .map(|number| witness_key(number).verifier())
        .collect()
}

pub fn open() -> AreaOpen {
    AreaOpen {
        name: "cluster".to_owned(),
        first: at(START),
        cadence: Some(Cadence::Seconds(DAY.try_into().unwrap())),
        grace: DAY,
        measures: None,
        continues: Vec::new(),
    }
}

/// A day's accelerator-seconds of training.
pub fn usage(period: Period, amount: u64) -> Content {
    Content::Usage(Usage {
        period,
        inventory: None,
        catalogue: sha256(b"a catalogue"),
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
                tool: "example".to_owned(),
                query: None,
                input: None,
            },
        }],
        ledgers: Vec::new(),
        devices_absent: Some("no ledger is kept".to_owned()),
        commitments: Vec::new(),
    })
}

/// What an issuer has said so far, and what would come next.
#[derive(Clone)]
pub struct Author {
    pub id: IssuerId,
    pub entries: Vec<Vec<u8>>,
    pub heads: BTreeMap<StreamId, Head>,
    pub open: Option<StatementId>,
    pub not_before: Option<String>,
}

impl Author {
    /// Says the first statement.
    pub fn found(issuer: Issuer, signers: &[u8]) -> Self {
        let link = Link {
            previous: None,
            governance: None,
            not_before: None,
            beacon: None,
        };
        let (id, payload) = first_payload(&Content::Issuer(Box::new(issuer)), &link).unwrap();
        let mut author = Self {
            id,
            entries: Vec::new(),
            heads: BTreeMap::new(),
            open: None,
            not_before: None,
        };
        author.take(StreamId::GOVERNANCE, &payload, signers);
        author
    }

    /// An issuer, and an area of days.
    pub fn new() -> Self {
        let mut author = Self::found(issuer(), &ROOTS);
        author.open_area(open());
        author
    }

    pub fn open_area(&mut self, open: AreaOpen) {
        let area = Area {
            stream: AREA,
            action: Action::Open(open),
        };
        let id = self.govern(Content::Area(area));
        self.open = Some(id);
    }

    /// The payload of what would be next in a stream.
    pub fn next(&self, stream: StreamId, content: Content) -> Vec<u8> {
        let head = self.heads.get(&stream);
        let statement = Statement {
            subject: Subject {
                issuer: self.id,
                stream,
                sequence: head.map_or(0, |head| head.sequence + 1),
            },
            link: Link {
                previous: head.map(|head| head.statement).or(self.open),
                governance: (!stream.is_governance()).then(|| self.heads[&StreamId::GOVERNANCE]),
                not_before: self.not_before.clone(),
                beacon: None,
            },
            content,
        };
        statement.to_payload().unwrap()
    }

    pub fn next_text(&self, stream: StreamId, content: Content) -> String {
        String::from_utf8(self.next(stream, content)).unwrap()
    }

    /// Signs a payload and makes it the next of its stream.
    pub fn take(&mut self, stream: StreamId, payload: &[u8], signers: &[u8]) -> StatementId {
        let sequence = self.heads.get(&stream).map_or(0, |head| head.sequence + 1);
        let statement = StatementId::of(payload);
        let head = Head {
            sequence,
            statement,
        };
        self.heads.insert(stream, head);
        self.entries.push(sign(payload, signers));
        statement
    }

    pub fn govern(&mut self, content: Content) -> StatementId {
        let payload = self.next(StreamId::GOVERNANCE, content);
        self.take(StreamId::GOVERNANCE, &payload, &[GOVERNANCE])
    }

    pub fn report(&mut self, number: u64, amount: u64) -> StatementId {
        let payload = self.next(AREA, usage(day(number), amount));
        self.take(AREA, &payload, &[OPERATIONS])
    }
}

pub fn sign(payload: &[u8], signers: &[u8]) -> Vec<u8> {
    let secrets: Vec<SecretKey> = signers.iter().map(|seed| secret(*seed)).collect();
    let secrets: Vec<&SecretKey> = secrets.iter().collect();
    Envelope::sign(payload, &secrets).unwrap().to_bytes()
}
