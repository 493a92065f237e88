//! Makes the fixtures of `specs/log.md` and `specs/bundle.md` that need keys or hashes.
//!
//! `cargo run --example make_log_fixtures` writes them under `fixtures/`; the tests
//! compare what they find there with what this makes. Keys are fixed and known to
//! everybody. The worked examples of others are constants: nothing here made them.

#![allow(clippy::unwrap_used, reason = "an example may stop")]

#[path = "make.rs"]
mod make;

use std::fs;
use std::path::Path;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (name, bytes) in make::files() {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
