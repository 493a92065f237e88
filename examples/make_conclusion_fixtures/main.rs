//! Writes the fixtures of `specs/conclusion.md` anew: `cargo run --example
//! make_conclusion_fixtures`. `tests/conclusion.rs` compares what is there.
//!
//! Keys are fixed and known to everybody.

#![allow(clippy::unwrap_used, reason = "an example may stop")]

mod made;

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for one in made::fixtures() {
        let path = root.join(&one.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, one.to_bytes()).unwrap();
    }
}
