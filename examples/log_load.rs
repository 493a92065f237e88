//! Entries to load a served log with.
//!
//! `cargo run --release --example log_load DIR STREAMS EACH` makes a log whose operator is in
//! `DIR/log`, and in `DIR/entries` statements of so many areas, each entry behind its length
//! in two bytes: first those that found the labs, then so many `usage` of each area, one of
//! every area and then the next. It prints how many statements come before the usages, how
//! many there are in all, and how many signatures a second every core together checks here.
//! The keys are known to everybody.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "an example may stop"
)]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use standstill::attestation::content::{
    Action, Area, AreaOpen, Issuer, KeySet, LogOfRecord, Registration, Roles, Usage,
};
use standstill::attestation::figure::{Basis, Class, Coverage, Figure, QuantityKind, Source};
use standstill::attestation::statement::first_payload;
use standstill::attestation::{
    Content, Envelope, Head, IssuerId, Link, Statement, StatementId, StreamId, Subject,
};
use standstill::catalogue::Catalogue;
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::keystore;
use standstill::quantity::{Interval, Quantity};
use standstill::store::log::Log;
use standstill::time::{Cadence, Period, UnixSeconds};

/// The first instant accounted for: 2026-01-01T00:00:00Z.
const FIRST: u64 = 1_767_225_600;

const HOUR: u64 = 3600;

/// Areas of one lab.
const AREAS: u64 = 64;

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(FIRST + seconds).unwrap()
}

fn secret(number: u64, role: u8) -> SecretKey {
    let mut seed = [role; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_seed(seed)
}

fn main() {
    let mut args = std::env::args().skip(1);
    let usage = "usage: log_load DIR STREAMS EACH";
    let directory = PathBuf::from(args.next().expect(usage));
    let streams: u64 = args.next().expect(usage).parse().expect(usage);
    let each: u64 = args.next().expect(usage).parse().expect(usage);

    let name = KeyName::new("log.example/load").unwrap();
    let log_key = SignerKey::new(name, Algorithm::Ed25519, secret(0, 9));
    let record = LogOfRecord {
        origin: "log.example/load".to_owned(),
        key: log_key.verifier(),
    };
    let mut operator = Party::new(0, &record);
    let mut labs: Vec<Party> = (1..=streams.div_ceil(AREAS))
        .map(|number| Party::new(number, &record))
        .collect();
    let path = directory.join("log");
    fs::create_dir_all(path.join("keys")).unwrap();
    keystore::write_note_key(&path.join("keys/log.key"), &log_key).unwrap();
    let mut log =
        Log::create_in(&path.join("log"), &path.join("state/log"), log_key, at(0)).unwrap();
    log.append(&operator.entries, at(0)).unwrap();
    drop(log);

    let mut entries = Vec::new();
    for some in labs.chunks(512) {
        let mut admits: Vec<IssuerId> = some.iter().map(|lab| lab.id).collect();
        admits.sort_unstable();
        operator.say(
            StreamId::GOVERNANCE,
            Content::Registration(Registration {
                log: record.clone(),
                admits,
                removes: Vec::new(),
            }),
        );
    }
    entries.extend(operator.entries.drain(1..));
    for lab in &mut labs {
        for area in 1..=AREAS {
            lab.open(area);
        }
        entries.append(&mut lab.entries);
    }
    let before = entries.len();
    let said: Vec<Vec<Vec<u8>>> = labs
        .par_iter_mut()
        .map(|lab| {
            for hour in 0..each {
                for area in 1..=AREAS {
                    lab.say(StreamId::new(area), report(hour));
                }
            }
            std::mem::take(&mut lab.entries)
        })
        .collect();
    let areas = usize::try_from(AREAS).unwrap();
    for hour in 0..usize::try_from(each).unwrap() {
        for lab in &said {
            entries.extend_from_slice(&lab[hour * areas..(hour + 1) * areas]);
        }
    }
    let mut file = std::io::BufWriter::new(fs::File::create(directory.join("entries")).unwrap());
    for entry in &entries {
        let length = u16::try_from(entry.len()).unwrap();
        file.write_all(&length.to_be_bytes()).unwrap();
        file.write_all(entry).unwrap();
    }
    file.flush().unwrap();

    let sample: Vec<Envelope> = entries[before..]
        .iter()
        .take(100_000)
        .map(|entry| Envelope::parse(entry).unwrap())
        .collect();
    let keys: std::collections::BTreeMap<_, _> = labs
        .iter()
        .map(|lab| secret(lab.number, 2).public())
        .map(|key| (key.key_id(), key))
        .collect();
    let began = Instant::now();
    assert!(
        sample
            .par_iter()
            .all(|one| one.is_signed(|id| keys.get(&id)))
    );
    let rate = sample.len() as f64 / began.elapsed().as_secs_f64();
    println!("{before} {} {rate:.0}", entries.len());
}

/// An hour's accelerator-seconds.
fn report(hour: u64) -> Content {
    Content::Usage(Usage {
        period: Period::new(at(hour * HOUR), at((hour + 1) * HOUR)).unwrap(),
        inventory: None,
        catalogue: Catalogue::embedded().digest(),
        figures: vec![Figure {
            quantity: QuantityKind::AcceleratorSeconds,
            model: "h100-sxm".to_owned(),
            class: Class::Training,
            basis: Basis::Allocated,
            boundary: None,
            value: Interval::exactly(Quantity::from(1_000_000 + hour)),
            method: "scheduler-allocation".to_owned(),
            precision: None,
            coverage: Coverage::Unknown,
            source: Source {
                tool: "load".to_owned(),
                query: None,
                input: None,
            },
        }],
        ledgers: Vec::new(),
        devices_absent: Some("no ledger is kept".to_owned()),
        commitments: Vec::new(),
    })
}

/// An issuer and what it says.
struct Party {
    number: u64,
    id: IssuerId,
    entries: Vec<Vec<u8>>,
    heads: std::collections::BTreeMap<StreamId, (u64, StatementId)>,
}

impl Party {
    fn new(number: u64, log: &LogOfRecord) -> Self {
        let set = |role| KeySet::new(vec![secret(number, role).public()], 1).unwrap();
        let issuer = Issuer {
            root: set(0),
            roles: Roles {
                governance: set(1),
                operations: set(2),
            },
            log: log.clone(),
            witnesses: None,
            earlier: Vec::new(),
            suspected_since: None,
            moved: None,
        };
        let link = Link {
            previous: None,
            governance: None,
            not_before: None,
            beacon: None,
        };
        let (id, payload) = first_payload(&Content::Issuer(Box::new(issuer)), &link).unwrap();
        let entry = Envelope::sign(&payload, &[&secret(number, 0)]).unwrap();
        let heads = [(StreamId::GOVERNANCE, (0, StatementId::of(&payload)))];
        Self {
            number,
            id,
            entries: vec![entry.to_bytes()],
            heads: heads.into(),
        }
    }

    fn open(&mut self, area: u64) {
        let stream = StreamId::new(area);
        let open = AreaOpen {
            name: format!("area {area}"),
            first: at(0),
            cadence: Some(Cadence::Seconds(HOUR.try_into().unwrap())),
            grace: HOUR,
            measures: None,
            continues: Vec::new(),
        };
        let action = Action::Open(open);
        let id = self.say(StreamId::GOVERNANCE, Content::Area(Area { stream, action }));
        // What the first statement of the area follows.
        self.heads.insert(stream, (u64::MAX, id));
    }

    fn say(&mut self, stream: StreamId, content: Content) -> StatementId {
        let (last, previous) = self.heads[&stream];
        let sequence = last.wrapping_add(1);
        let (head, statement) = self.heads[&StreamId::GOVERNANCE];
        let governs = stream.is_governance();
        let statement = Statement {
            subject: Subject {
                issuer: self.id,
                stream,
                sequence,
            },
            link: Link {
                previous: Some(previous),
                governance: (!governs).then_some(Head {
                    sequence: head,
                    statement,
                }),
                not_before: None,
                beacon: None,
            },
            content,
        };
        let payload = statement.to_payload().unwrap();
        let key = secret(self.number, if governs { 1 } else { 2 });
        let entry = Envelope::sign(&payload, &[&key]).unwrap();
        self.entries.push(entry.to_bytes());
        let id = StatementId::of(&payload);
        self.heads.insert(stream, (sequence, id));
        id
    }
}
