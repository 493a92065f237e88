//! `log/checkpoint`.

use standstill::encoding::base64;
use standstill::key::Algorithm;
use standstill::note::Note;
use standstill::time::UnixSeconds;
use standstill::tlog::cosign;

use super::super::{LOG, SEEN, Set, about, checkpoint, checkpoint_text, key, log_key};

pub(super) fn checkpoints(set: &mut Set) {
    let vkey = log_key().verifier().to_string();
    let mut add = |name: &str, spec, expect, what, note: &str| {
        let about = about(spec, expect, what);
        set.add(
            &format!("log/checkpoint/{name}"),
            about,
            &[("key", &vkey)],
            note,
        );
    };
    let sign = |text: &str| Note::sign(text, &log_key()).unwrap().to_text();
    let good = checkpoint(5, &[1, 2]).to_text();
    let root = checkpoint_text(5).lines().nth(2).unwrap().to_owned();
    let of = |size: &str| sign(&format!("{LOG}\n{size}\n{root}\n"));
    let rooted = |root: &str| sign(&format!("{LOG}\n5\n{root}\n"));
    add(
        "good",
        "log-9",
        "ok",
        "three lines, a signature, two cosignatures",
        &good,
    );
    add(
        "size_0",
        "log-11",
        "ok",
        "the empty tree",
        &checkpoint(0, &[]).to_text(),
    );
    add(
        "size_largest",
        "log-11",
        "ok",
        "2^63 - 1",
        &of("9223372036854775807"),
    );
    add(
        "extension",
        "log-9",
        "ok",
        "another log's extension lines are passed over",
        &sign(&format!("{}more\nand more\n", checkpoint_text(5))),
    );
    for (name, what, size) in [
        ("size_too_large", "2^63", "9223372036854775808"),
        ("size_beyond_64_bits", "2^64", "18446744073709551616"),
        ("size_leading_zero", "a leading zero", "05"),
        ("size_00", "zero in two digits", "00"),
        ("size_plus", "a sign", "+5"),
        ("size_minus_0", "a sign", "-0"),
        ("size_space", "a space", "5 "),
        ("size_hexadecimal", "not decimal", "0x5"),
        ("size_arabic_indic", "a digit beyond ASCII", "\u{665}"),
    ] {
        add(name, "log-11", "size", what, &of(size));
    }
    for (name, what, root) in [
        ("root_short", "31 bytes", base64::encode(&[7; 31])),
        ("root_long", "33 bytes", base64::encode(&[7; 33])),
        (
            "root_unpadded",
            "no padding",
            root.trim_end_matches('=').to_owned(),
        ),
        ("root_hexadecimal", "not base64", "07".repeat(32)),
        ("root_space", "a space behind it", format!("{root} ")),
    ] {
        add(name, "log-11", "root", what, &rooted(&root));
    }
    for (name, what, origin) in [
        ("origin_empty", "an empty first line", ""),
        ("origin_space", "a space", "log.example/l b"),
        ("origin_plus", "a `+`", "log.example/l+b"),
    ] {
        add(
            name,
            "log-10",
            "origin",
            what,
            &sign(&format!("{origin}\n5\n{root}\n")),
        );
    }
    add(
        "origin_other",
        "log-10",
        "other-log",
        "the log's key on another log's checkpoint",
        &sign(&format!("log.example/other\n5\n{root}\n")),
    );
    add(
        "lines_two",
        "log-9",
        "lines",
        "no root",
        &sign(&format!("{LOG}\n5\n")),
    );
    add(
        "lines_one",
        "log-9",
        "lines",
        "an origin alone",
        &sign(&format!("{LOG}\n")),
    );
    add(
        "line_empty",
        "log-9",
        "lines",
        "an empty extension line",
        &sign(&format!("{}\nmore\n", checkpoint_text(5))),
    );
    add(
        "line_empty_at_end",
        "log-9",
        "lines",
        "an empty last line",
        &sign(&format!("{}\n", checkpoint_text(5))),
    );
    add(
        "unsigned",
        "log-8",
        "unsigned",
        "cosigned, but not signed by the log",
        &{
            let mut note = checkpoint(5, &[1]);
            note.retain(|line| !line.names(&log_key().verifier()));
            note.to_text()
        },
    );
    add(
        "size_changed",
        "log-8",
        "bad-signature",
        "another size than was signed",
        &good.replacen("\n5\n", "\n6\n", 1),
    );
    add(
        "signed_as_witness",
        "log-4",
        "unsigned",
        "a cosignature by the log's own key is not its signature",
        &{
            let own = key(LOG, Algorithm::CosignatureV1, 1);
            let mut note = checkpoint(5, &[]);
            note.put(cosign(note.text(), &own, UnixSeconds::new(SEEN).unwrap()).unwrap());
            note.retain(|line| line.names(&own.verifier()));
            note.to_text()
        },
    );
}
