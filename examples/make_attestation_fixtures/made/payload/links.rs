//! What ties a statement to others: `previous`, `governance`, `notBefore`, `beacon`.

use standstill::hash::sha256;

use super::super::author::{Author, START, at, log_key, witness_key};
use super::super::{Made, edit_predicate};
use super::{good, made};

pub(super) fn links() -> Vec<Made> {
    let author = Author::new();
    let text = good();
    let open = format!("\"previous\":\"{}\"", author.open.unwrap());
    let governance = {
        let at = text.find("\"governance\":").unwrap();
        let end = text[at..].find("},").unwrap() + at + 2;
        text[at..end].to_owned()
    };
    let bad = |name, spec, what, from: &str, to: &str| {
        made(
            (name, spec, "not-understood", what),
            edit_predicate(&text, from, to),
        )
        .with("admits", 1)
        .with("period", "yes")
    };
    let note = |length: usize| {
        let note = checkpoint();
        format!("{}{note}", "x".repeat(length - note.len()))
    };
    let spelled = |text: &str| text.replace('\n', "\\n");
    let not_before = |length| {
        edit_predicate(
            &text,
            "\"notBefore\":\"none\"",
            &format!("\"notBefore\":\"{}\"", spelled(&note(length))),
        )
    };
    let chain = sha256(b"a chain of drand");
    let beacon = |round: &str, signature: &str| {
        let beacon = format!(
            "\"beacon\":{{\"chain\":\"{chain}\",\"round\":\"{round}\",\"signature\":\"{signature}\"}}"
        );
        edit_predicate(
            &text,
            "\"predicate\":{",
            &format!("\"predicate\":{{{beacon},"),
        )
    };
    let ill = |name, spec, what, body: String| {
        made((name, spec, "not-understood", what), body)
            .with("admits", 1)
            .with("period", "yes")
    };
    vec![
        bad(
            "previous_none",
            "att-41",
            "no predecessor, but not the first of stream 0",
            &open,
            "\"previous\":\"none\"",
        ),
        bad(
            "previous_missing",
            "att-41",
            "previous is missing",
            &format!(",{open}"),
            "",
        ),
        bad(
            "previous_null",
            "att-41",
            "previous is null",
            &open,
            "\"previous\":null",
        ),
        made(
            (
                "previous_of_first",
                "att-41",
                "not-understood",
                "a predecessor of the first of stream 0",
            ),
            {
                let first = String::from_utf8(first_payload()).unwrap();
                edit_predicate(&first, "\"previous\":\"none\"", &open)
            },
        ),
        bad(
            "governance_missing",
            "att-42",
            "no head of stream 0",
            &governance,
            "",
        ),
        bad(
            "governance_text",
            "att-42",
            "a head of stream 0 that is no object",
            &governance,
            "\"governance\":\"none\",",
        ),
        made(
            (
                "governance_in_0",
                "att-42",
                "not-understood",
                "a head of stream 0 in stream 0",
            ),
            {
                let first = String::from_utf8(first_payload()).unwrap();
                edit_predicate(&first, "\"log\":", &format!("{governance}\"log\":"))
            },
        ),
        made(
            (
                "not_before_note",
                "att-56",
                "ok",
                "a checkpoint's note, cosigned by two",
            ),
            {
                edit_predicate(
                    &text,
                    "\"notBefore\":\"none\"",
                    &format!("\"notBefore\":\"{}\"", spelled(&checkpoint())),
                )
            },
        ),
        bad(
            "not_before_missing",
            "att-56",
            "notBefore is missing",
            "\"notBefore\":\"none\",",
            "",
        ),
        made(
            (
                "not_before_12288",
                "att-56",
                "ok",
                "as long as it may be; whether it verifies is asked elsewhere",
            ),
            not_before(12_288),
        ),
        ill(
            "not_before_12289",
            "att-56",
            "a byte longer",
            not_before(12_289),
        ),
        made(
            (
                "beacon_48",
                "att-60",
                "ok",
                "a round with a signature of 48 bytes",
            ),
            beacon("4102444", &"ab".repeat(48)),
        ),
        made(
            (
                "beacon_96",
                "att-60",
                "ok",
                "a round with a signature of 96 bytes",
            ),
            beacon("1", &"ab".repeat(96)),
        ),
        ill(
            "beacon_no_signature",
            "att-60",
            "a round without its signature, known long before",
            beacon("4102444", ""),
        ),
        ill(
            "beacon_47",
            "att-60",
            "a signature of 47 bytes",
            beacon("4102444", &"ab".repeat(47)),
        ),
        ill(
            "beacon_upper_case",
            "att-60",
            "a signature in capitals",
            beacon("4102444", &"AB".repeat(48)),
        ),
        ill(
            "beacon_round_0",
            "att-60",
            "a round that does not exist",
            beacon("0", &"ab".repeat(48)),
        ),
        ill(
            "beacon_surplus",
            "att-60 att-21",
            "a member of the beacon that is not known",
            edit_predicate(
                &beacon("1", &"ab".repeat(48)),
                "\"round\":",
                "\"randomness\":\"\",\"round\":",
            ),
        ),
    ]
}

fn first_payload() -> Vec<u8> {
    let entry = &Author::new().entries[0];
    standstill::attestation::Envelope::parse(entry)
        .unwrap()
        .payload()
        .to_vec()
}

/// A checkpoint of an empty log, with the lines of two witnesses.
fn checkpoint() -> String {
    use standstill::note::Note;
    use standstill::tlog::{Checkpoint, Origin, cosign};
    let checkpoint = Checkpoint {
        origin: Origin::new(super::super::author::ORIGIN).unwrap(),
        size: 0,
        root: standstill::merkle::empty_root(),
    };
    let mut note = Note::sign(&checkpoint.to_text(), &log_key()).unwrap();
    for number in [1, 2] {
        note.put(cosign(note.text(), &witness_key(number), at(START)).unwrap());
    }
    note.to_text()
}
