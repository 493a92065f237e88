//! `bundle`: the framing, and what it must prove. The entries mean nothing here.

use standstill::attestation::IssuerId;
use standstill::bundle::Bundle;
use standstill::encoding::base64;
use standstill::hash::Hash;
use standstill::key::Algorithm;
use standstill::merkle::{leaf_hash, prove_consistency, prove_set};
use standstill::note::Note;
use standstill::time::Period;

use super::{LOG, Set, about, checkpoint, entry, key, leaves, log_key, nodes};

/// The tree of every fixture.
const SIZE: u64 = 11;

fn bundle(indices: &[u64], earlier: &[u64]) -> Bundle {
    let proof = prove_set(indices, SIZE, &mut nodes(&leaves(SIZE)))
        .unwrap()
        .unwrap();
    let consistent = |size: &u64| {
        let proof = prove_consistency(*size, SIZE, &mut nodes(&leaves(SIZE)));
        (checkpoint(*size, &[1]), proof.unwrap().unwrap())
    };
    let id: IssuerId = "5f1d7a".repeat(11)[..64].parse().unwrap();
    let instant = |text: &str| text.parse().unwrap();
    let window = Period::new(
        instant("2026-03-01T00:00:00Z"),
        instant("2026-04-01T00:00:00Z"),
    );
    Bundle {
        issuer: id,
        window: window.unwrap(),
        entries: indices
            .iter()
            .map(|index| (*index, entry(*index)))
            .collect(),
        proof,
        earlier: earlier.iter().map(consistent).collect(),
        checkpoint: checkpoint(SIZE, &[1, 2]),
    }
}

pub fn make(set: &mut Set) {
    let vkey = log_key().verifier().to_string();
    let mut add = |name: &str, spec, expect, what, text: &str| {
        set.add(
            &format!("bundle/{name}"),
            about(spec, expect, what),
            &[("key", &vkey)],
            text,
        );
    };
    let text = |bundle: &Bundle| String::from_utf8(bundle.to_bytes()).unwrap();
    let whole = bundle(&[0, 3, 4, 9], &[0, 4, 7]);
    let good = text(&whole);
    add(
        "good",
        "bun-1 bun-3 bun-4",
        "ok",
        "four entries of eleven, three earlier checkpoints",
        &good,
    );
    add(
        "entries_all",
        "bun-3",
        "ok",
        "every entry: the proof is empty",
        &text(&bundle(&(0..SIZE).collect::<Vec<_>>(), &[])),
    );
    add(
        "entry_last",
        "bun-3",
        "ok",
        "the last entry alone",
        &text(&bundle(&[SIZE - 1], &[])),
    );
    add(
        "entries_none",
        "bun-3",
        "ok",
        "no entry: the proof is the root",
        &text(&bundle(&[], &[])),
    );
    add(
        "earlier_same_size",
        "bun-4",
        "ok",
        "a refreshed checkpoint of one size",
        &{
            let mut one = bundle(&[3], &[7]);
            let again = checkpoint(7, &[1, 2]);
            one.earlier.push((again, one.earlier[0].1.clone()));
            text(&one)
        },
    );
    add(
        "issuer_other",
        "bun-2",
        "ok",
        "another lab's id: nobody signed the line",
        &good.replacen("5f1d", "0000", 1),
    );
    add(
        "window_other",
        "bun-2",
        "ok",
        "another window: nobody signed the line",
        &good.replacen("2026-04-01", "2026-05-01", 1),
    );

    let line = |start: &str| {
        let found = good.lines().find(|line| line.starts_with(start));
        found.unwrap().to_owned()
    };
    let (zero, three, four) = (line("0 "), line("3 "), line("4 "));
    let proof = line("proof ");
    let hash = proof.split(' ').nth(1).unwrap();
    for (name, what, text) in [
        ("empty", "no bytes", String::new()),
        (
            "header_other",
            "another version",
            good.replacen("v1", "v2", 1),
        ),
        (
            "header_space",
            "a space behind the first line",
            good.replacen("v1\n", "v1 \n", 1),
        ),
        (
            "issuer_upper_case",
            "hexadecimal is in lower case",
            good.replacen("5f1d", "5F1D", 1),
        ),
        (
            "issuer_missing",
            "no issuer line",
            good.replacen(&format!("{}\n", line("issuer ")), "", 1),
        ),
        (
            "window_reversed",
            "a window that ends before it starts",
            good.replacen("2026-04-01", "2026-02-01", 1),
        ),
        (
            "window_empty",
            "a window of no time",
            good.replacen("2026-04-01", "2026-03-01", 1),
        ),
        (
            "window_offset",
            "an instant in another spelling",
            good.replacen("00Z ", "00+00:00 ", 1),
        ),
        (
            "entries_count_short",
            "fewer entries than there are",
            good.replacen("entries 4", "entries 3", 1),
        ),
        (
            "entries_count_long",
            "more entries than there are",
            good.replacen("entries 4", "entries 5", 1),
        ),
        (
            "entries_count_huge",
            "a count that no file could hold",
            good.replacen("entries 4", "entries 9223372036854775807", 1),
        ),
        (
            "entries_count_leading_zero",
            "a leading zero",
            good.replacen("entries 4", "entries 04", 1),
        ),
        (
            "index_falling",
            "entries out of order",
            good.replacen(&format!("{three}\n{four}"), &format!("{four}\n{three}"), 1),
        ),
        (
            "index_twice",
            "one entry twice",
            good.replacen(&format!("{four}\n"), &format!("{three}\n"), 1),
        ),
        (
            "index_leading_zero",
            "a leading zero",
            good.replacen("\n3 ", "\n03 ", 1),
        ),
        (
            "index_too_large",
            "2^63",
            good.replacen("\n9 ", "\n9223372036854775808 ", 1),
        ),
        (
            "entry_unpadded",
            "no padding",
            good.replacen(&three, three.trim_end_matches('='), 1),
        ),
        (
            "entry_two_spaces",
            "two spaces before an entry",
            good.replacen("\n3 ", "\n3  ", 1),
        ),
        (
            "proof_missing",
            "no proof line",
            good.replacen(&format!("{proof}\n"), "", 1),
        ),
        (
            "proof_two_spaces",
            "two spaces before a hash",
            good.replacen("proof ", "proof  ", 1),
        ),
        (
            "proof_space_at_end",
            "a space behind the last hash",
            good.replacen(&format!("{proof}\n"), &format!("{proof} \n"), 1),
        ),
        (
            "proof_hexadecimal",
            "a hash in hexadecimal",
            good.replacen(hash, &"07".repeat(32), 1),
        ),
        (
            "checkpoints_count_short",
            "fewer checkpoints than there are",
            good.replacen("checkpoints 3", "checkpoints 2", 1),
        ),
        (
            "checkpoints_count_long",
            "more checkpoints than there are",
            good.replacen("checkpoints 3", "checkpoints 4", 1),
        ),
        ("earlier_falling", "a smaller tree behind a larger one", {
            let mut one = whole.clone();
            one.earlier.swap(1, 2);
            text_of(&one)
        }),
        ("earlier_twice", "one checkpoint twice", {
            let mut one = whole.clone();
            one.earlier[0] = one.earlier[1].clone();
            text_of(&one)
        }),
        ("earlier_no_checkpoint", "a note that is no checkpoint", {
            let mut one = whole.clone();
            one.earlier[0].0 = Note::sign("a\n", &log_key()).unwrap();
            text_of(&one)
        }),
        ("earlier_no_note", "base64 that is no note", {
            let note = base64::encode(whole.earlier[1].0.to_text().as_bytes());
            good.replacen(&note, "AAAA", 1)
        }),
        (
            "blank_before_entries",
            "an empty line inside",
            good.replacen(&zero, &format!("\n{zero}"), 1),
        ),
        (
            "blank_none",
            "no empty line before the checkpoint",
            good.replacen("\n\n", "\n", 1),
        ),
        (
            "line_surplus",
            "a line before the checkpoint",
            good.replacen("\n\n", "\nmore\n\n", 1),
        ),
        (
            "checkpoint_none",
            "no checkpoint",
            good.split_once("\n\n")
                .map(|(head, _)| format!("{head}\n\n"))
                .unwrap(),
        ),
        (
            "checkpoint_newline",
            "an empty line behind the checkpoint",
            format!("{good}\n"),
        ),
        (
            "carriage_returns",
            "lines as Windows ends them",
            good.replace('\n', "\r\n"),
        ),
    ] {
        add(name, "bun-1", "framing", what, &text);
    }
    changed(&mut add, &whole);
}

fn text_of(bundle: &Bundle) -> String {
    String::from_utf8(bundle.to_bytes()).unwrap()
}

/// Well-formed, but what it says is not proved.
fn changed(
    add: &mut impl FnMut(&str, &'static str, &'static str, &'static str, &str),
    whole: &Bundle,
) {
    let mut change = |name: &str, spec, expect, what, change: &dyn Fn(&mut Bundle)| {
        let mut one = whole.clone();
        change(&mut one);
        add(name, spec, expect, what, &text_of(&one));
    };
    let other = || leaf_hash(b"another");
    let proof = "bundle-proof";
    change("entry_changed", "bun-3", proof, "another entry", &|one| {
        one.entries[1].1.push(b'!');
    });
    change(
        "entry_missing",
        "bun-3",
        proof,
        "an entry left out, its proof not",
        &|one| {
            one.entries.remove(1);
        },
    );
    change(
        "entry_surplus",
        "bun-3",
        proof,
        "an entry that the log does not have",
        &|one| one.entries.push((10, b"another".to_vec())),
    );
    change(
        "entry_moved",
        "bun-3",
        proof,
        "an entry at another index",
        &|one| one.entries[3].0 = 8,
    );
    change(
        "entry_beyond",
        "bun-3",
        proof,
        "an index beyond the tree",
        &|one| one.entries[3].0 = SIZE,
    );
    change(
        "entries_swapped",
        "bun-3",
        proof,
        "two entries in each other's place",
        &|one| {
            let first = one.entries[0].1.clone();
            one.entries[0].1 = std::mem::replace(&mut one.entries[1].1, first);
        },
    );
    change("proof_surplus", "bun-3", proof, "a hash too many", &|one| {
        one.proof.push(other());
    });
    change("proof_short", "bun-3", proof, "a hash too few", &|one| {
        one.proof.pop();
    });
    change("proof_changed", "bun-3", proof, "another hash", &|one| {
        one.proof[0] = other();
    });
    let earlier = "bundle-checkpoint";
    change(
        "earlier_fork",
        "bun-4",
        earlier,
        "a checkpoint of a tree that is not continued",
        &|one| {
            let text = format!("{LOG}\n7\n{}\n", other().to_base64());
            one.earlier[2].0 = Note::sign(&text, &log_key()).unwrap();
        },
    );
    change(
        "earlier_proof_changed",
        "bun-4",
        earlier,
        "another hash",
        &|one| one.earlier[2].1[0] = other(),
    );
    change(
        "earlier_proof_surplus",
        "bun-4",
        earlier,
        "a hash too many",
        &|one| one.earlier[2].1.push(other()),
    );
    change(
        "earlier_proof_of_empty",
        "bun-4",
        earlier,
        "the empty tree needs no proof",
        &|one| one.earlier[0].1.push(other()),
    );
    change(
        "earlier_larger",
        "bun-4",
        earlier,
        "a larger tree than the last checkpoint's",
        &|one| {
            one.earlier
                .push((checkpoint(SIZE + 1, &[1]), Vec::<Hash>::new()));
        },
    );
    change(
        "earlier_other_log",
        "bun-4",
        earlier,
        "a checkpoint that another key signed",
        &|one| {
            let text = one.earlier[2].0.text().to_owned();
            one.earlier[2].0 = Note::sign(&text, &key(LOG, Algorithm::Ed25519, 9)).unwrap();
        },
    );
    change(
        "checkpoint_other_log",
        "bun-3",
        "checkpoint",
        "a checkpoint that another key signed",
        &|one| {
            let text = one.checkpoint.text().to_owned();
            one.checkpoint = Note::sign(&text, &key(LOG, Algorithm::Ed25519, 9)).unwrap();
        },
    );
    change(
        "checkpoint_older",
        "bun-3",
        proof,
        "the entries under an earlier tree",
        &|one| one.checkpoint = checkpoint(10, &[1]),
    );
}
