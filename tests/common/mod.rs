//! A lab, its log and its witnesses in memory, honest or not.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    reason = "a test may stop, and not every test uses all of this"
)]

mod auditor;
mod before;
mod challenges;
mod lab;
mod log;
mod outside;
mod words;

pub use auditor::*;
pub use before::*;
pub use challenges::*;
pub use lab::*;
pub use log::*;
pub use outside::*;
pub use words::*;

use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::time::{Period, UnixSeconds};

/// 2026-03-01T00:00:00Z.
pub const START: u64 = 1_772_323_200;

pub const DAY: u64 = 86_400;

pub const ORIGIN: &str = "lab.example/log";

pub fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

pub fn day(number: u64) -> Period {
    Period::new(at(START + number * DAY), at(START + (number + 1) * DAY)).unwrap()
}

pub fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

pub fn log_key() -> SignerKey {
    let name = KeyName::new(ORIGIN).unwrap();
    SignerKey::new(name, Algorithm::Ed25519, secret(10))
}

pub fn witness_key(number: u8) -> SignerKey {
    let name = KeyName::new(format!("witness.example/{number}")).unwrap();
    SignerKey::new(name, Algorithm::CosignatureV1, secret(20 + number))
}
