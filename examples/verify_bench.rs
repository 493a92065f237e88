//! Measures what it takes to verify a whole log, beside the cryptography that nobody can
//! leave out.
//!
//! `cargo run --release --example verify_bench -- DIR TIME` judges what `standstill simulate`
//! made and does the raw work in turn, on as many threads as there are cores. The raw work is
//! one `verify_strict` a signature, and SHA-256 of each entry (its leaf), of what was signed
//! (its statement id) and of its predicate (its subject's digest), over bytes that were read
//! and decoded before. What a process that verifies it holds in memory is asked of the
//! system: see `.ci/bench`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a benchmark may stop, and prints what it found"
)]

#[allow(unreachable_pub, reason = "tests share it")]
#[path = "../tests/common/before.rs"]
mod before;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use standstill::attestation::{Content, Envelope, Statement};
use standstill::catalogue::Catalogue;
use standstill::hash::sha256;
use standstill::key::PublicKey;
use standstill::merkle::leaf_hash;
use standstill::store::LogFiles as _;
use standstill::store::fs::Directory;
use standstill::time::UnixSeconds;
use standstill::tlog::tile::{Kind, Tile, cosigned_path, parse_entries};
use standstill::verify::evidence::Subject as Judged;
use standstill::verify::{Evidence, LogFiles, State, Trust, judge, judge_from};

use before::Before;

/// How often each of the two is run; the least time counts.
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [directory, now] => run(Path::new(directory), now.parse().unwrap()),
        _ => panic!("usage: verify_bench DIR TIME"),
    }
}

struct Files(Directory);

impl LogFiles for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.read(path).map_err(|error| error.to_string())
    }
}

fn run(directory: &Path, now: UnixSeconds) {
    let files = Files(Directory::new(directory.join("log")));
    let text = fs::read_to_string(directory.join("trust.toml")).unwrap();
    let trust = Trust::parse(&text, &fs::read(directory.join("policy")).unwrap()).unwrap();
    let entries = entries(&files);
    let keys = keys(&entries);
    let decoded: Vec<Raw> = entries
        .par_iter()
        .map(|entry| Raw::of(entry, &keys))
        .collect();
    let mut headline = String::new();
    let (mut raws, mut judged) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        raws.push(seconds(|| raw(&entries, &decoded)));
        judged.push(seconds(|| {
            let evidence = Evidence::of(Judged::Log(&files));
            let found = judge(&evidence, &trust, &Catalogue::embedded(), now).unwrap();
            headline = found.verdicts[0].headline();
        }));
    }
    let again = Again::of(&files, &trust, now, &headline);
    let least = |times: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        times.iter().map(of).fold(f64::INFINITY, f64::min)
    };
    println!(
        "{} entries, {} bytes, {} threads: {headline}",
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
    println!("{again}");
}

/// What it takes to judge again when an hour has come.
struct Again {
    entries: u64,
    bytes: usize,
    seconds: f64,
}

impl Again {
    fn of(files: &Files, trust: &Trust, now: UnixSeconds, headline: &str) -> Self {
        let size = |note: &[u8]| {
            let text = str::from_utf8(note).unwrap();
            text.lines().nth(1).unwrap().parse::<u64>().unwrap()
        };
        let whole = size(&files.read("checkpoint").unwrap().unwrap());
        let kept = |number| files.read(&cosigned_path(number)).unwrap();
        let (number, note) = (0..)
            .map_while(|number| Some((number, kept(number)?)))
            .filter(|(_, note)| size(note) < whole)
            .last()
            .unwrap();
        let entries = whole - size(&note);
        let before = Before(files, note, number);
        let judged = |files: &dyn LogFiles, state| {
            let evidence = Evidence::of(Judged::Log(files));
            judge_from(&evidence, trust, &Catalogue::embedded(), now, state).unwrap()
        };
        let (_, state) = judged(&before, None);
        let state = state.expect("nothing is wrong with the log");
        let bytes = state.to_bytes().unwrap();
        let mut least = f64::INFINITY;
        for _ in 0..RUNS {
            let (seconds, _) = seconds(|| {
                let state = State::from_bytes(&bytes).unwrap();
                let (found, state) = judged(files, Some(state));
                assert_eq!(found.verdicts[0].headline(), headline);
                state.unwrap().to_bytes().unwrap();
            });
            least = least.min(seconds);
        }
        Self {
            entries,
            bytes: bytes.len(),
            seconds: least,
        }
    }
}

impl std::fmt::Display for Again {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "again, with {} new entries, from a state of {} bytes and to the next: {:.3} s",
            self.entries, self.bytes, self.seconds
        )
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

/// Every key of every issuer, by its id.
fn keys(entries: &[Vec<u8>]) -> BTreeMap<String, PublicKey> {
    let issuers = entries.par_iter().filter_map(|entry| {
        let envelope = Envelope::parse(entry).ok()?;
        match Statement::parse(envelope.payload()).ok()?.content {
            Content::Issuer(issuer) => Some(issuer),
            _ => None,
        }
    });
    let issuers: Vec<_> = issuers.collect();
    let keys = issuers.iter().flat_map(|issuer| {
        let roles = &issuer.roles;
        let sets = [&issuer.root, &roles.governance, &roles.operations];
        sets.into_iter().flat_map(|set| set.keys().to_vec())
    });
    keys.map(|key| (key.key_id().to_string(), key)).collect()
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
    fn of(entry: &[u8], keys: &BTreeMap<String, PublicKey>) -> Self {
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
        let signer = &keys[&id];
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
