//! The formats of the log: every fixture is answered as it says (`specs/log.md`).
//!
//! One folder a format, one scenario a file. A new file is run without touching this one;
//! those that need keys or hashes are made by `examples/make_log_fixtures`, and are held
//! to be what it makes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

mod fixture;
#[path = "../examples/make_log_fixtures/make.rs"]
mod make;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::str::FromStr;

use fixture::Fixture;
use standstill::bundle::Bundle;
use standstill::hash::Hash;
use standstill::key::{NoteKeyError, PublicKey, SignerKey, VerifierKey};
use standstill::merkle::{
    ProofError, empty_root, leaf_hash, root, verify_consistency, verify_inclusion,
};
use standstill::note::{MAX_NOTE, Note, NoteError};
use standstill::store::LogFiles;
use standstill::store::StoreError;
use standstill::store::reader::LogReader;
use standstill::tlog::checkpoint::CheckpointError;
use standstill::tlog::proof::ProofFileError;
use standstill::tlog::tile::{
    Kind, Tile, cosigned_path, parse_entries, parse_hashes, print_hashes, push_entry,
};
use standstill::tlog::{Cosignature, Policy, Proof, SignedCheckpoint};

#[test]
fn the_fixtures_are_what_their_program_makes() {
    for (name, bytes) in make::files() {
        let found = fs::read(fixture::root().join("fixtures").join(&name));
        assert!(
            found.is_ok_and(|found| found == bytes),
            "{name}: run `cargo run --example make_log_fixtures` and look at what changed"
        );
    }
}

/// Runs every fixture of a folder, of which there are at least `least`.
fn run(folder: &str, least: usize, class: impl Fn(&Fixture) -> &'static str) {
    let fixtures = fixture::fixtures(folder);
    assert!(fixtures.len() >= least, "only {} fixtures", fixtures.len());
    let wrong: Vec<String> = fixtures
        .iter()
        .filter_map(|one| {
            let (found, expected) = (class(one), one.get("expect"));
            let place = one.path.display();
            (found != expected).then(|| format!("{place}: {found}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn parsed<T: FromStr<Err: std::fmt::Debug>>(one: &Fixture, name: &str) -> T {
    one.get(name).parse().unwrap()
}

#[test]
fn keys() {
    run("log/key", 35, |one| {
        let text = one.text();
        let read = if one.header.contains_key("kind") {
            SignerKey::from_secret_text(text).map(|key| key.to_secret_text().to_string())
        } else {
            text.parse().map(|key: VerifierKey| key.to_string())
        };
        match read {
            Ok(again) => {
                assert_eq!(again, text, "{}", one.path.display());
                "ok"
            }
            Err(NoteKeyError::Algorithm) => "algorithm",
            Err(NoteKeyError::Id { .. }) => "id",
            Err(NoteKeyError::Key) => "key",
            Err(NoteKeyError::Spelling) => "spelling",
            Err(_) => "unknown",
        }
    });
}

#[test]
fn notes() {
    run("log/note", 35, |one| {
        let Ok(note) = Note::parse(&one.body) else {
            return "malformed";
        };
        assert_eq!(
            note.to_text().as_bytes(),
            one.body,
            "{}",
            one.path.display()
        );
        match note.signed_by(&parsed(one, "key")) {
            Ok(true) => "signed",
            Ok(false) => "unsigned",
            Err(NoteError::Signature { .. }) => "bad-signature",
            Err(_) => "unknown",
        }
    });
}

// spec: log-6
#[test]
fn a_note_has_at_most_131072_bytes() {
    let tail = "\n\u{2014} a AAAAAAA=\n";
    let filled = |size: usize| format!("{}\n{tail}", "a".repeat(size - tail.len() - 1));
    assert!(Note::parse(filled(MAX_NOTE).as_bytes()).is_ok());
    let longer = Note::parse(filled(MAX_NOTE + 1).as_bytes());
    assert!(matches!(longer, Err(NoteError::TooLong { .. })));
}

#[test]
fn checkpoints() {
    run("log/checkpoint", 25, |one| {
        match SignedCheckpoint::open(&one.body, &parsed(one, "key")) {
            Ok(_) => "ok",
            Err(CheckpointError::Lines) => "lines",
            Err(CheckpointError::Note(NoteError::Signature { .. })) => "bad-signature",
            Err(CheckpointError::Note(_)) => "malformed",
            Err(CheckpointError::Origin { .. }) => "origin",
            Err(CheckpointError::OtherLog { .. }) => "other-log",
            Err(CheckpointError::Root { .. }) => "root",
            Err(CheckpointError::Size { .. }) => "size",
            Err(CheckpointError::Unsigned { .. }) => "unsigned",
            Err(_) => "unknown",
        }
    });
}

#[test]
fn cosignatures() {
    run("log/cosignature", 18, |one| {
        let Ok(note) = Note::parse(&one.body) else {
            return "malformed";
        };
        match Cosignature::open(&note, &parsed(one, "key")) {
            Ok(Some(cosignature)) => {
                let time = cosignature.time().get().to_string();
                assert_eq!(time, one.get("time"), "{}", one.path.display());
                "ok"
            }
            Ok(None) => "absent",
            Err(NoteError::Signature { .. }) => "bad-signature",
            Err(NoteError::Type) => "type",
            Err(_) => "unknown",
        }
    });
}

#[test]
fn proofs() {
    run("log/proof", 28, |one| {
        let read = Proof::parse(&one.body).and_then(|proof| {
            assert_eq!(
                proof.to_text().as_bytes(),
                one.body,
                "{}",
                one.path.display()
            );
            proof.verify(&parsed(one, "leaf"), &parsed(one, "key"))
        });
        match read {
            Ok(_) => "ok",
            Err(ProofFileError::Checkpoint(_)) => "checkpoint",
            Err(ProofFileError::Malformed(_)) => "malformed",
            Err(ProofFileError::Note(_)) => "note",
            Err(ProofFileError::Proof(_)) => "proof",
            Err(_) => "unknown",
        }
    });
}

#[test]
fn policies() {
    run("log/policy", 55, |one| {
        let Ok(policy) = Policy::parse(&one.body) else {
            return "refused";
        };
        let met = |names: &str| {
            let key = |name: &&str| -> Option<PublicKey> {
                let mut witnesses = policy.witnesses().iter();
                let found = witnesses.find(|witness| witness.name() == *name);
                found.map(|witness| witness.key().public().clone())
            };
            let names: Vec<&str> = names.split_whitespace().collect();
            let keys: Vec<PublicKey> = names.iter().filter_map(key).collect();
            assert!(names == ["nobody"] || keys.len() == names.len());
            policy.met_by(&keys.iter().collect::<Vec<_>>())
        };
        let sets = |name| {
            one.get(name)
                .split(';')
                .filter(|names| !names.trim().is_empty())
        };
        for (name, expected) in [("met", true), ("unmet", false)] {
            for names in sets(name) {
                assert_eq!(met(names), expected, "{}: {names}", one.path.display());
            }
        }
        "ok"
    });
}

#[test]
fn tiles() {
    run("log/tile", 38, |one| {
        let Some(tile) = Tile::parse(one.get("path")) else {
            return "path";
        };
        let framed = match tile.kind() {
            Kind::Entries => parse_entries(&one.body, tile.width()).is_some(),
            Kind::Hashes(_) => parse_hashes(&one.body, tile.width()).is_some(),
        };
        if !framed {
            return "content";
        }
        if let Ok(size) = one.get("size").parse() {
            let of_tree = Tile::in_tree(tile.kind(), tile.index(), size);
            assert_eq!(of_tree, Some(tile), "{}", one.path.display());
        }
        "ok"
    });
}

/// Changes every byte of the good fixtures of a folder, in two ways, and asks `again`
/// for what was read, printed.
fn mangle(folder: &str, again: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    for one in fixture::fixtures(folder) {
        if again(&one.body).is_none() || one.body.len() > 4096 {
            continue;
        }
        for at in 0..one.body.len() {
            for change in [1, 0x80] {
                let mut mangled = one.body.clone();
                mangled[at] ^= change;
                if let Some(printed) = again(&mangled) {
                    assert_eq!(printed, mangled, "{}: byte {at}", one.path.display());
                }
            }
        }
    }
}

// spec: log-6 log-7 log-26
#[test]
fn what_is_read_has_one_spelling_whatever_byte_is_changed() {
    mangle("log/note", |bytes| {
        let note = Note::parse(bytes).ok()?;
        Some(note.to_text().into_bytes())
    });
    mangle("log/proof", |bytes| {
        let proof = Proof::parse(bytes).ok()?;
        Some(proof.to_text().into_bytes())
    });
    mangle("log/key", |bytes| {
        let key: VerifierKey = str::from_utf8(bytes).ok()?.parse().ok()?;
        Some(key.to_string().into_bytes())
    });
    mangle("bundle", |bytes| {
        Some(Bundle::parse(bytes).ok()?.to_bytes())
    });
}

fn hashes(one: &Fixture) -> Vec<Hash> {
    let hash = |line: &str| Hash::from_base64(line).unwrap();
    one.text().lines().map(hash).collect()
}

fn proof_class(answer: &Result<(), ProofError>) -> &'static str {
    match answer {
        Ok(()) => "ok",
        Err(ProofError::Index { .. }) => "index",
        Err(ProofError::Length { .. }) => "length",
        Err(ProofError::Root { .. }) => "root",
        Err(ProofError::Shrunk { .. }) => "shrunk",
        Err(_) => "unknown",
    }
}

#[test]
fn inclusion() {
    run("log/inclusion", 28, |one| {
        let (leaf, root): (Hash, Hash) = (parsed(one, "leaf"), parsed(one, "root"));
        let (index, size) = (parsed(one, "index"), parsed(one, "size"));
        proof_class(&verify_inclusion(&leaf, index, size, &hashes(one), &root))
    });
}

#[test]
fn consistency() {
    run("log/consistency", 30, |one| {
        let (old_root, new_root): (Hash, Hash) = (parsed(one, "old-root"), parsed(one, "new-root"));
        let (old, new) = (parsed(one, "old"), parsed(one, "new"));
        proof_class(&verify_consistency(
            old,
            &old_root,
            new,
            &new_root,
            &hashes(one),
        ))
    });
}

/// The roots of Certificate Transparency's reference tree, of 1 to 8 leaves.
const KNOWN_ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

// spec: log-16
#[test]
fn the_known_answers_of_rfc_6962() {
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    for (size, known) in (1..).zip(KNOWN_ROOTS) {
        assert_eq!(root(&leaves[..size]).to_string(), known, "{size}");
    }
    assert_eq!(
        empty_root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    // And the trees of the fixtures are these.
    for folder in ["log/inclusion", "log/consistency"] {
        let last = |one: &Fixture| {
            let root = one
                .header
                .get("root")
                .or(one.header.get("new-root"))
                .cloned();
            root.filter(|_| one.get("expect") == "ok")
        };
        for root in fixture::fixtures(folder).iter().filter_map(last) {
            let empty = empty_root().to_string();
            assert!(KNOWN_ROOTS.contains(&&*root) || root == empty, "{root}");
        }
    }
}

/// Files by path, and how many were asked for.
#[derive(Default)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    asked: Cell<u64>,
}

impl LogFiles for Served {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.asked.set(self.asked.get() + 1);
        Ok(self.files.get(path).cloned())
    }
}

// spec: log-24 log-25
#[test]
fn the_last_cosigned_checkpoint_is_found_by_doubling_and_halving() {
    assert_eq!(cosigned_path(0), "cosigned/000");
    assert_eq!(cosigned_path(1_234_067), "cosigned/x001/x234/067");
    let mut served = Served::default();
    for count in 0..300_u64 {
        let reader = LogReader::new(&served);
        assert_eq!(reader.cosigned_count().unwrap(), count);
        let number = reader.last_cosigned().unwrap().map(|(number, _)| number);
        assert_eq!(number, count.checked_sub(1));
        served.files.insert(cosigned_path(count), vec![0]);
    }
    served.asked.set(0);
    LogReader::new(&served).cosigned_count().unwrap();
    // 0, 1, 2, 4, … 512, then eight halvings.
    assert_eq!(served.asked.get(), 19);
}

// spec: log-23
#[test]
fn a_full_tile_stands_in_for_a_partial_one_that_is_gone() {
    let mut served = Served::default();
    let leaves = make::leaves(256);
    let mut bundle = Vec::new();
    for number in 0..256 {
        push_entry(&mut bundle, &make::entry(number)).unwrap();
    }
    let full = [
        ("tile/0/000", print_hashes(&leaves)),
        ("tile/entries/000", bundle),
    ];
    served.files = full.map(|(path, bytes)| (path.to_owned(), bytes)).into();
    let reader = LogReader::new(&served);
    for size in [1, 2, 100, 255] {
        let width = usize::try_from(size).unwrap();
        assert_eq!(reader.hashes(0, 0, size).unwrap(), leaves[..width]);
        let entries = reader.entries(0, size).unwrap();
        assert_eq!(entries.len(), width);
        assert_eq!(entries[width - 1], make::entry(size - 1));
        assert_eq!(reader.root(size, size).unwrap(), root(&leaves[..width]));
    }
    // A full tile that is cut is not one.
    served
        .files
        .insert("tile/0/000".to_owned(), print_hashes(&leaves[..254]));
    assert!(LogReader::new(&served).hashes(0, 0, 255).is_err());
}
