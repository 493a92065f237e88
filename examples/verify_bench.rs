//! Measures what it takes to verify a whole log, beside the cryptography that nobody can
//! leave out.
//!
//! `cargo run --release --example verify_bench -- make DIR COUNT` makes a log of COUNT
//! attestations and a trust file; `… -- run DIR` judges it and does the raw work in turn,
//! on as many threads as there are cores. The raw work is one `verify_strict` a signature,
//! and SHA-256 of each entry (its leaf), of what was signed (its statement id) and of its
//! predicate (its subject's digest), over bytes that were read and decoded before. What a
//! process that verifies it holds in memory is asked of the system: see `.ci/bench`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::format_push_string,
    reason = "a benchmark may stop, and prints what it found"
)]

use std::fs;
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use standstill::attestation::content::{
    Action, Area, AreaOpen, Issuer, KeySet, LedgerReference, LedgerSum, LogOfRecord, Roles, Usage,
    Witnesses,
};
use standstill::attestation::figure::{Basis, Class, Coverage, Figure, QuantityKind, Source};
use standstill::attestation::statement::first_payload;
use standstill::attestation::{
    Content, Envelope, Head, IssuerId, Link, Statement, StatementId, StreamId, Subject,
};
use standstill::catalogue::Catalogue;
use standstill::claim::{AreaSelection, Level, LimitedQuantity, Perimeter, Pledge, Terms};
use standstill::hash::{Hash, sha256};
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::merkle::leaf_hash;
use standstill::note::Note;
use standstill::quantity::{Interval, Quantity};
use standstill::store::LogFiles as _;
use standstill::store::fs::Directory;
use standstill::store::log::Log;
use standstill::time::{Cadence, Period, UnixSeconds};
use standstill::tlog::cosign;
use standstill::tlog::tile::{Kind, Tile, parse_entries};
use standstill::verify::evidence::Subject as Judged;
use standstill::verify::{Evidence, LogFiles, Trust, judge};

/// The first instant accounted for: 2026-01-01T00:00:00Z.
const FIRST: u64 = 1_767_225_600;

const HOUR: u64 = 3600;

/// Areas that report in turn.
const AREAS: u64 = 8;

/// Attestations between two cosigned checkpoints.
const BATCH: u64 = 2048;

/// How often each of the two is run; the least time counts.
const RUNS: usize = 5;

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", directory, count] => make(Path::new(directory), count.parse().unwrap()),
        ["run", directory] => run(Path::new(directory)),
        _ => panic!("usage: verify_bench make DIR COUNT | run DIR"),
    }
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn log_key() -> SignerKey {
    let name = KeyName::new("bench.example/log").unwrap();
    SignerKey::new(name, Algorithm::Ed25519, key(1))
}

fn witness(number: u8) -> SignerKey {
    let name = KeyName::new(format!("witness.example/{number}")).unwrap();
    SignerKey::new(name, Algorithm::CosignatureV1, key(20 + number))
}

/// The lab, as far as it has spoken.
struct Lab {
    id: IssuerId,
    /// The next sequence and the last statement of each stream.
    streams: Vec<(u64, StatementId)>,
    not_before: Option<String>,
    catalogue: Hash,
    said: u64,
}

impl Lab {
    fn found() -> (Self, Vec<Vec<u8>>) {
        let one = |seed| KeySet::new(vec![key(seed).public()], 1).unwrap();
        let verifier = log_key().verifier();
        let issuer = Issuer {
            root: one(2),
            roles: Roles {
                governance: one(3),
                operations: one(4),
            },
            log: LogOfRecord {
                origin: verifier.name().to_string(),
                key: verifier,
            },
            witnesses: Some(Witnesses {
                keys: (1..=3).map(|number| witness(number).verifier()).collect(),
                quorum: 2,
            }),
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
        let mut lab = Self {
            id,
            streams: vec![(1, StatementId::of(&payload))],
            not_before: None,
            catalogue: Catalogue::embedded().digest(),
            said: 0,
        };
        let mut entries = vec![sign(&payload, 2)];
        for number in 1..=AREAS {
            let area = Area {
                stream: StreamId::new(number),
                action: Action::Open(AreaOpen {
                    name: format!("hall {number}"),
                    first: at(FIRST),
                    cadence: Some(Cadence::Seconds(HOUR.try_into().unwrap())),
                    grace: 48 * HOUR,
                    measures: None,
                    continues: Vec::new(),
                }),
            };
            let payload = lab.next(0, Content::Area(area));
            lab.streams.push((0, StatementId::of(&payload)));
            entries.push(sign(&payload, 3));
        }
        (lab, entries)
    }

    fn next(&mut self, stream: u64, content: Content) -> Vec<u8> {
        let governance = self.streams[0];
        let place = &mut self.streams[usize::try_from(stream).unwrap()];
        let statement = Statement {
            subject: Subject {
                issuer: self.id,
                stream: StreamId::new(stream),
                sequence: place.0,
            },
            link: Link {
                previous: Some(place.1),
                governance: (stream > 0).then_some(Head {
                    sequence: governance.0 - 1,
                    statement: governance.1,
                }),
                not_before: self.not_before.clone(),
                beacon: None,
            },
            content,
        };
        let payload = statement.to_payload().unwrap();
        *place = (place.0 + 1, StatementId::of(&payload));
        payload
    }

    /// The next usage: of each area in turn.
    fn attest(&mut self) -> Vec<u8> {
        let (area, hour) = (self.said % AREAS + 1, self.said / AREAS);
        self.said += 1;
        self.next(area, Content::Usage(usage(hour, self.catalogue)))
    }
}

fn sign(payload: &[u8], seed: u8) -> Vec<u8> {
    Envelope::sign(payload, &[&key(seed)]).unwrap().to_bytes()
}

/// What `collect slurm` makes of an hour.
fn usage(hour: u64, catalogue: Hash) -> Usage {
    let figure = |quantity, model: &str, class, value| Figure {
        quantity,
        model: model.to_owned(),
        class,
        basis: Basis::Allocated,
        boundary: None,
        value: Interval::exactly(Quantity::from(value)),
        method: "scheduler-allocation".to_owned(),
        precision: None,
        coverage: Coverage::Unknown,
        source: Source {
            tool: "sacct, standstill 0.1.0".to_owned(),
            query: None,
            input: Some(sha256(&hour.to_be_bytes())),
        },
    };
    let seconds = 3_000_000 + hour % 1000;
    let none = Class::Unclassified;
    Usage {
        period: Period::new(at(FIRST + hour * HOUR), at(FIRST + (hour + 1) * HOUR)).unwrap(),
        inventory: None,
        catalogue,
        commitments: Vec::new(),
        figures: vec![
            figure(
                QuantityKind::AcceleratorSeconds,
                "h100-sxm",
                Class::Training,
                seconds,
            ),
            figure(
                QuantityKind::AcceleratorSeconds,
                "h100-sxm",
                Class::Inference,
                seconds / 4,
            ),
            figure(QuantityKind::Accelerators, "none", none, 1024),
            figure(QuantityKind::JobAccelerators, "none", none, 512),
            figure(QuantityKind::JobSeconds, "none", none, 86_000 + hour),
        ],
        ledgers: vec![LedgerReference {
            kind: standstill::ledger::Kind::Jobs,
            root: sha256(&(hour + 1).to_be_bytes()),
            count: 40,
            sums: vec![LedgerSum {
                quantity: QuantityKind::AcceleratorSeconds,
                basis: Basis::Allocated,
                boundary: None,
                value: Interval::exactly(Quantity::from(seconds + seconds / 4)),
                clipped: Interval::ZERO,
            }],
        }],
        devices_absent: Some("a job log names no device".to_owned()),
    }
}

/// A cap over the first two years.
fn pledge() -> Pledge {
    let mut pledge = Pledge {
        terms: Terms::Cap {
            limit: Quantity::from(u64::MAX),
        },
        perimeter: Perimeter {
            areas: AreaSelection::All,
            affiliates: Vec::new(),
        },
        window: Period::new(at(FIRST), at(FIRST + 1000 * HOUR)).unwrap(),
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
        cadence: Cadence::Seconds(HOUR.try_into().unwrap()),
        deadline: 48 * HOUR,
        expiry: None,
        notice: 30 * 24 * HOUR,
        exceptions: Vec::new(),
        trigger: None,
        lift: None,
        adjudicator: None,
        falsifier: String::new(),
        sliding: None,
    };
    pledge.falsifier = standstill::claim::falsifier(&pledge);
    pledge
}

fn make(directory: &Path, count: u64) {
    let (mut lab, mut entries) = Lab::found();
    let payload = lab.next(0, Content::Pledge(Box::new(pledge())));
    entries.push(sign(&payload, 3));
    let public = directory.join("log");
    let mut log = Log::create_in(
        &public,
        &directory.join("state"),
        log_key(),
        at(FIRST - HOUR),
    )
    .unwrap();
    let mut now = FIRST - HOUR;
    publish(&mut log, &mut lab, &entries, now);
    while lab.said < count {
        let batch: Vec<Vec<u8>> = (0..BATCH.min(count - lab.said))
            .map(|_| lab.attest())
            .collect();
        let entries: Vec<Vec<u8>> = batch
            .into_par_iter()
            .map(|payload| sign(&payload, 4))
            .collect();
        now = FIRST + (lab.said / AREAS + 2) * HOUR;
        publish(&mut log, &mut lab, &entries, now);
    }
    trust(directory, lab.id, now);
    println!(
        "{count} attestations, {} entries in {}",
        log.size(),
        public.display()
    );
}

fn publish<O, L>(log: &mut Log<O, L>, lab: &mut Lab, entries: &[Vec<u8>], now: u64)
where
    O: standstill::store::Objects,
    L: standstill::store::Lock,
{
    log.append(entries, at(now)).unwrap();
    let bytes = log.reader().checkpoint().unwrap().unwrap();
    let mut note = Note::parse(&bytes).unwrap();
    let key = log.verifier();
    note.retain(|line| line.names(&key));
    for number in 1..=3 {
        note.put(cosign(note.text(), &witness(number), at(now)).unwrap());
    }
    log.publish_cosigned(&note).unwrap();
    lab.not_before = Some(note.to_text());
}

fn trust(directory: &Path, id: IssuerId, now: u64) {
    let vkey = log_key().verifier();
    let mut policy = format!("log {vkey}\n");
    let mut text = format!(
        "policy = \"policy\"\ngreatest_age = 604800\n\n[[issuer]]\nid = \"{id}\"\n\
         name = \"bench\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n"
    );
    for number in 1..=3 {
        policy += &format!("witness w{number} {}\n", witness(number).verifier());
        text += &format!("[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\"\n");
    }
    policy += "group outsiders 2 w1 w2 w3\nquorum outsiders\n";
    fs::write(directory.join("policy"), policy).unwrap();
    fs::write(directory.join("trust.toml"), text).unwrap();
    fs::write(directory.join("at"), format!("{}\n", at(now))).unwrap();
}

struct Files(Directory);

impl LogFiles for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.read(path).map_err(|error| error.to_string())
    }
}

fn run(directory: &Path) {
    let files = Files(Directory::new(directory.join("log")));
    let text = fs::read_to_string(directory.join("trust.toml")).unwrap();
    let trust = Trust::parse(&text, &fs::read(directory.join("policy")).unwrap()).unwrap();
    let now = fs::read_to_string(directory.join("at")).unwrap();
    let now: UnixSeconds = now.trim_end().parse().unwrap();
    let entries = entries(&files);
    let decoded: Vec<Raw> = entries.par_iter().map(|entry| Raw::of(entry)).collect();
    let (mut raws, mut judged) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        raws.push(seconds(|| raw(&entries, &decoded)));
        judged.push(seconds(|| {
            let evidence = Evidence::of(Judged::Log(&files));
            let found = judge(&evidence, &trust, &Catalogue::embedded(), now).unwrap();
            assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E1", "{found:#?}");
        }));
    }
    let least = |times: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        times.iter().map(of).fold(f64::INFINITY, f64::min)
    };
    println!(
        "{} entries, {} bytes, {} threads",
        entries.len(),
        entries.iter().map(Vec::len).sum::<usize>(),
        rayon::current_num_threads(),
    );
    for (name, of) in [
        ("wall", (|one| one.0) as fn(&(f64, f64)) -> f64),
        ("processor", |one| one.1),
    ] {
        let (raw, judged) = (least(&raws, of), least(&judged, of));
        println!(
            "{name}: raw {raw:.3} s, judged {judged:.3} s, ratio {:.3}",
            judged / raw
        );
    }
}

/// Seconds by the clock, and of processors.
fn seconds(work: impl FnOnce()) -> (f64, f64) {
    let (from, used) = (Instant::now(), processor());
    work();
    (from.elapsed().as_secs_f64(), processor() - used)
}

/// Seconds of processors that this process has used: fields 14 and 15 of proc(5)'s
/// `stat`, in hundredths.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn entries(files: &Files) -> Vec<Vec<u8>> {
    let checkpoint = files.read("checkpoint").unwrap().unwrap();
    let size = String::from_utf8(checkpoint).unwrap();
    let size: u64 = size.lines().nth(1).unwrap().parse().unwrap();
    let mut entries = Vec::new();
    for index in 0..size.div_ceil(256) {
        let tile = Tile::in_tree(Kind::Entries, index, size).unwrap();
        let bytes = files.read(&tile.path()).unwrap().unwrap();
        let bundle = parse_entries(&bytes, tile.width()).unwrap();
        entries.extend(bundle.into_iter().map(<[u8]>::to_vec));
    }
    entries
}

/// An entry, decoded.
struct Raw {
    payload: Vec<u8>,
    message: Vec<u8>,
    predicate: std::ops::Range<usize>,
    signature: ed25519_dalek::Signature,
    key: ed25519_dalek::VerifyingKey,
}

impl Raw {
    fn of(entry: &[u8]) -> Self {
        let json: serde_json::Value = serde_json::from_slice(entry).unwrap();
        let decode = |text: &serde_json::Value| {
            standstill::encoding::base64::decode(text.as_str().unwrap()).unwrap()
        };
        let payload = decode(&json["payload"]);
        let kind = json["payloadType"].as_str().unwrap();
        let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        message.extend_from_slice(&payload);
        let signature = decode(&json["signatures"][0]["sig"]);
        let id = json["signatures"][0]["keyid"].as_str().unwrap().to_owned();
        let signer = (2..=4)
            .map(|seed| key(seed).public())
            .find(|key| key.key_id().to_string() == id)
            .unwrap();
        let text = String::from_utf8(payload.clone()).unwrap();
        let start = text.find("\"predicate\":").unwrap() + 12;
        Self {
            predicate: start..text.rfind(",\"predicateType\"").unwrap(),
            payload,
            message,
            signature: ed25519_dalek::Signature::from_slice(&signature).unwrap(),
            key: ed25519_dalek::VerifyingKey::from_bytes(signer.as_bytes()).unwrap(),
        }
    }
}

/// What nobody can leave out.
fn raw(entries: &[Vec<u8>], decoded: &[Raw]) {
    let good = entries.par_iter().zip(decoded).all(|(entry, raw)| {
        std::hint::black_box(leaf_hash(entry));
        std::hint::black_box(sha256(&raw.message));
        std::hint::black_box(sha256(&raw.payload[raw.predicate.clone()]));
        raw.key.verify_strict(&raw.message, &raw.signature).is_ok()
    });
    assert!(good);
}
