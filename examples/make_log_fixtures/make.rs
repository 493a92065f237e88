//! The fixtures, by path under `fixtures/`. A test includes this file too.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::too_many_lines,
    unreachable_pub,
    reason = "makes fixed files, or stops; a list of scenarios is as long as it is"
)]

mod bundles;
mod keys;
mod notes;
mod policies;
mod proofs;
mod trees;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;

use standstill::hash::Hash;
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::merkle::{leaf_hash, root};
use standstill::note::Note;
use standstill::time::UnixSeconds;
use standstill::tlog::cosign;

/// The log of all fixtures.
pub const LOG: &str = "log.example/lab";

/// When its witnesses saw it: 2026-03-01T00:00:00Z.
pub const SEEN: u64 = 1_772_323_200;

/// Returns every file with its bytes.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut set = Set::default();
    keys::make(&mut set);
    notes::make(&mut set);
    proofs::make(&mut set);
    policies::make(&mut set);
    trees::make(&mut set);
    bundles::make(&mut set);
    set.0
}

/// The files of the fixtures.
#[derive(Default)]
pub struct Set(BTreeMap<String, Vec<u8>>);

/// What a header says before what is particular to its folder.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub spec: &'a str,
    pub expect: &'a str,
    pub what: &'a str,
}

pub const fn about<'a>(spec: &'a str, expect: &'a str, what: &'a str) -> About<'a> {
    About { spec, expect, what }
}

impl Set {
    pub fn add(
        &mut self,
        name: &str,
        about: About<'_>,
        more: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) {
        let About { spec, expect, what } = about;
        let mut header = format!("spec: {spec}\nexpect: {expect}\nwhat: {what}\n");
        for (key, value) in more {
            writeln!(header, "{key}: {value}").unwrap();
        }
        let bytes = [header.as_bytes(), b"\n", body.as_ref()].concat();
        let before = self.0.insert(format!("{name}.txt"), bytes);
        assert!(before.is_none(), "{name} is made twice");
    }
}

pub fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
    let name = KeyName::new(name).unwrap();
    SignerKey::new(name, algorithm, SecretKey::from_seed([seed; 32]))
}

pub fn log_key() -> SignerKey {
    key(LOG, Algorithm::Ed25519, 1)
}

/// A witness, from 1.
pub fn witness(number: u8) -> SignerKey {
    let name = format!("witness.example/w{number}");
    key(&name, Algorithm::CosignatureV1, 10 + number)
}

/// The entries of the log, of which a tree has the first few.
pub fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}\n").into_bytes()
}

pub fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|number| leaf_hash(&entry(number))).collect()
}

/// The nodes of a tree over these leaves.
pub fn nodes(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
    let leaves = leaves.to_vec();
    move |level, index| {
        let (width, index) = (1_usize << level, usize::try_from(index).unwrap());
        Ok(root(&leaves[index * width..(index + 1) * width]))
    }
}

pub fn checkpoint_text(size: u64) -> String {
    format!("{LOG}\n{size}\n{}\n", root(&leaves(size)).to_base64())
}

/// The log's checkpoint, cosigned by these witnesses an hour apart.
pub fn checkpoint(size: u64, witnesses: &[u8]) -> Note {
    let mut note = Note::sign(&checkpoint_text(size), &log_key()).unwrap();
    for number in witnesses {
        let time = UnixSeconds::new(SEEN + 3600 * u64::from(*number)).unwrap();
        note.put(cosign(note.text(), &witness(*number), time).unwrap());
    }
    note
}

pub fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| hash.to_base64() + "\n").collect()
}
