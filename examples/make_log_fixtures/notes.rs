//! `log/note`, `log/checkpoint` and `log/cosignature`.

mod checkpoints;
mod cosignatures;
mod lines;
mod signatures;

use standstill::key::Algorithm;
use standstill::note::Note;

use super::{Set, key};
use checkpoints::checkpoints;
use cosignatures::cosignatures;
use lines::lines;
use signatures::notes;

pub fn make(set: &mut Set) {
    notes(set);
    lines(set);
    checkpoints(set);
    cosignatures(set);
}

fn note_key() -> standstill::key::SignerKey {
    key("note.example/a", Algorithm::Ed25519, 2)
}

/// A note of one line of text, signed.
fn signed(text: &str) -> Note {
    Note::sign(text, &note_key()).unwrap()
}
