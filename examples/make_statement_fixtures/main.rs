//! Makes `fixtures/statements` and `fixtures/pledge` from the examples in `specs`:
//! `cargo run --example make_statement_fixtures` writes them anew. `tests/statements.rs`
//! compares what is there.

#![allow(clippy::unwrap_used, reason = "an example may stop")]

mod made;

use std::fs;
use std::path::Path;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = made::files();
    for folder in ["statements", "pledge"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    for (name, bytes) in files {
        fs::write(root.join(name), bytes).unwrap();
    }
}
