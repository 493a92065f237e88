//! A log with a lab's statements in it, for others' programs to check.
//!
//! `cargo run --example small_log DIR` makes `DIR/log`, in the layout of C2SP tlog-tiles,
//! `DIR/log.vkey` and `DIR/keys`, the lab's public keys in hexadecimal, one a line. The
//! keys are fixed and known to everybody: it is an example.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "an example may stop"
)]

use std::fs;
use std::num::NonZeroU64;
use std::path::PathBuf;

use standstill::attestation::content::{
    Action, Area, AreaOpen, Issuer, KeySet, LogOfRecord, Roles, Usage,
};
use standstill::attestation::figure::{
    Basis, Class, Coverage, Figure, Precision, QuantityKind, Source,
};
use standstill::attestation::statement::first_payload;
use standstill::attestation::{Content, Envelope, Head, Link, Statement, StatementId};
use standstill::attestation::{StreamId, Subject};
use standstill::catalogue::Catalogue;
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::quantity::{Interval, Quantity};
use standstill::store::log::Log;
use standstill::time::{Cadence, Period, UnixSeconds};

/// Enough periods for a full tile, a full bundle and partial ones behind them.
const PERIODS: u64 = 300;

/// The first instant accounted for: 2026-01-01T00:00:00Z.
const FIRST: u64 = 1_767_225_600;

const HOUR: u64 = 3600;

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(FIRST + seconds).unwrap()
}

fn main() {
    let directory = PathBuf::from(std::env::args_os().nth(1).expect("usage: small_log DIR"));
    let name = KeyName::new("log.example/small").unwrap();
    let log_key = SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed([1; 32]));
    let lab = Lab::new(&log_key);
    let entries = lab.entries();

    let (public, private) = (directory.join("log"), directory.join("state"));
    let mut log = Log::create_in(&public, &private, log_key, at(0)).unwrap();
    // In two batches, so that the second starts inside a tile.
    let (first, second) = entries.split_at(100);
    log.append(first, at(1)).unwrap();
    log.append(second, at(2)).unwrap();

    fs::write(directory.join("log.vkey"), format!("{}\n", log.verifier())).unwrap();
    let keys: Vec<String> = lab.keys().map(|key| key.public().to_string()).collect();
    fs::write(directory.join("keys"), keys.join("\n") + "\n").unwrap();
    println!("{} entries in {}", log.size(), public.display());
}

/// An issuer with two root keys and one key for each role.
struct Lab {
    roots: [SecretKey; 2],
    governance: SecretKey,
    operations: SecretKey,
    identity: Issuer,
}

impl Lab {
    fn new(log_key: &SignerKey) -> Self {
        let roots = [SecretKey::from_seed([2; 32]), SecretKey::from_seed([3; 32])];
        let governance = SecretKey::from_seed([4; 32]);
        let operations = SecretKey::from_seed([5; 32]);
        let one = |key: &SecretKey| KeySet::new(vec![key.public()], 1).unwrap();
        let verifier = log_key.verifier();
        let identity = Issuer {
            root: KeySet::new(roots.iter().map(SecretKey::public).collect(), 2).unwrap(),
            roles: Roles {
                governance: one(&governance),
                operations: one(&operations),
            },
            log: LogOfRecord {
                origin: verifier.name().to_string(),
                key: verifier,
            },
            witnesses: None,
            earlier: Vec::new(),
            suspected_since: None,
            moved: None,
        };
        Self {
            roots,
            governance,
            operations,
            identity,
        }
    }

    fn keys(&self) -> impl Iterator<Item = &SecretKey> {
        self.roots
            .iter()
            .chain([&self.governance, &self.operations])
    }

    /// Signs an `issuer` statement, an `area`, and a `usage` for each period.
    fn entries(&self) -> Vec<Vec<u8>> {
        let (issuer, payload) = first_payload(
            &Content::Issuer(Box::new(self.identity.clone())),
            &link(None, None),
        )
        .unwrap();
        let mut last = StatementId::of(&payload);
        let roots: Vec<&SecretKey> = self.roots.iter().collect();
        let mut entries = vec![sign(&payload, &roots)];
        let subject = |stream, sequence| Subject {
            issuer,
            stream: StreamId::new(stream),
            sequence,
        };

        let open = Statement {
            subject: subject(0, 1),
            link: link(Some(last), None),
            content: Content::Area(area()),
        };
        let payload = open.to_payload().unwrap();
        last = StatementId::of(&payload);
        let governance = Head {
            sequence: 1,
            statement: last,
        };
        entries.push(sign(&payload, &[&self.governance]));

        for number in 0..PERIODS {
            let statement = Statement {
                subject: subject(1, number),
                link: link(Some(last), Some(governance)),
                content: Content::Usage(usage(number)),
            };
            let payload = statement.to_payload().unwrap();
            last = StatementId::of(&payload);
            entries.push(sign(&payload, &[&self.operations]));
        }
        entries
    }
}

fn sign(payload: &[u8], keys: &[&SecretKey]) -> Vec<u8> {
    Envelope::sign(payload, keys).unwrap().to_bytes()
}

fn link(previous: Option<StatementId>, governance: Option<Head>) -> Link {
    Link {
        previous,
        governance,
        not_before: None,
        beacon: None,
    }
}

/// An area whose name needs every kind of escape.
fn area() -> Area {
    Area {
        stream: StreamId::new(1),
        action: Action::Open(AreaOpen {
            name: "Süd \"A\" \\ 電算機 😀 </script> \u{7f}".to_owned(),
            first: at(0),
            cadence: NonZeroU64::new(HOUR).map(Cadence::Seconds),
            grace: 2 * HOUR,
            measures: None,
            continues: Vec::new(),
        }),
    }
}

/// Figures that no double holds: beyond 2^53, and with as many digits as there may be.
fn usage(number: u64) -> Usage {
    let seconds = Quantity::from(9_007_199_254_740_993 + number);
    let figure = |quantity, value, precision| Figure {
        quantity,
        model: "h100-sxm".to_owned(),
        class: Class::Training,
        basis: Basis::Allocated,
        boundary: None,
        value,
        method: "example".to_owned(),
        precision,
        coverage: Coverage::Unknown,
        source: Source {
            tool: "small_log".to_owned(),
            query: None,
            input: None,
        },
    };
    let dense = Precision {
        dtype: "bf16".to_owned(),
        sparsity: "dense".to_owned(),
    };
    Usage {
        period: Period::new(at(number * HOUR), at((number + 1) * HOUR)).unwrap(),
        inventory: None,
        catalogue: Catalogue::embedded().digest(),
        commitments: Vec::new(),
        figures: vec![
            figure(
                QuantityKind::AcceleratorSeconds,
                Interval::exactly(seconds),
                None,
            ),
            figure(
                QuantityKind::Flop,
                Interval::new(seconds, Quantity::MAX).unwrap(),
                Some(dense),
            ),
        ],
        ledgers: Vec::new(),
        devices_absent: Some("no ledger is kept".to_owned()),
    }
}
