//! `log/note`: lines that are no note.

use standstill::encoding::base64;

use super::super::{Set, about};
use super::{note_key, signed};

pub(super) fn lines(set: &mut Set) {
    let vkey = note_key().verifier().to_string();
    let good = signed("a\n").to_text();
    let line = good.split_once("\n\n").unwrap().1;
    let (head, base) = line.trim_end().rsplit_once(' ').unwrap();
    for (name, spec, what, note) in [
        ("empty", "log-6", "no bytes", String::new()),
        (
            "blank_none",
            "log-6",
            "no empty line",
            good.replacen("\n\n", "\n", 1),
        ),
        (
            "signature_none",
            "log-6",
            "no signature line",
            "a\n\n".to_owned(),
        ),
        (
            "end_none",
            "log-6",
            "no newline behind the last signature",
            good.trim_end().to_owned(),
        ),
        (
            "end_twice",
            "log-6",
            "an empty line behind the last signature",
            format!("{good}\n"),
        ),
        ("text_tab", "log-6", "a tab", good.replacen('a', "a\tb", 1)),
        (
            "text_zero",
            "log-6",
            "a zero byte",
            good.replacen('a', "a\0b", 1),
        ),
        (
            "text_carriage_return",
            "log-6",
            "lines as Windows ends them",
            good.replace('\n', "\r\n"),
        ),
        (
            "line_twice",
            "log-7",
            "two lines of one key",
            format!("{good}{line}"),
        ),
        (
            "line_twice_other_signature",
            "log-7",
            "two lines of one key that differ",
            format!(
                "{good}{}",
                line.replacen(
                    base,
                    &base64::encode(&[&base64::decode(base).unwrap()[..4], &[7; 64]].concat()),
                    1
                )
            ),
        ),
        (
            "line_hyphen",
            "log-7",
            "a hyphen for the em dash",
            good.replace('\u{2014}', "-"),
        ),
        (
            "line_en_dash",
            "log-7",
            "an en dash for the em dash",
            good.replace('\u{2014}', "\u{2013}"),
        ),
        (
            "line_two_spaces",
            "log-7",
            "two spaces before the signature",
            good.replace(head, &format!("{head} ")),
        ),
        (
            "line_space_at_end",
            "log-7",
            "a space behind the signature",
            good.replace(base, &format!("{base} ")),
        ),
        (
            "name_empty",
            "log-7",
            "no name",
            good.replace("note.example/a", ""),
        ),
        (
            "name_plus",
            "log-2 log-7",
            "a `+` in the name",
            good.replace("note.example/a", "note+a"),
        ),
        (
            "name_no_break_space",
            "log-2 log-7",
            "white space in the name",
            good.replace("note.example/a", "note\u{a0}a"),
        ),
        (
            "base64_unpadded",
            "log-7",
            "no padding",
            good.replace(base, base.trim_end_matches('=')),
        ),
        ("base64_bits", "log-7", "bits set beyond the last byte", {
            // 68 bytes: of the last letter before the padding only two bits count.
            let last = base.trim_end_matches('=').chars().last().unwrap();
            let other = char::from_u32(u32::from(last) + 1).unwrap();
            good.replace(&format!("{last}="), &format!("{other}="))
        }),
        (
            "base64_space",
            "log-7",
            "white space in the signature",
            good.replace(base, &format!("{} {}", &base[..8], &base[8..])),
        ),
        (
            "signature_no_id",
            "log-7",
            "three bytes, fewer than an id has",
            good.replace(base, "AAAA"),
        ),
        (
            "signature_only_id",
            "log-7",
            "four bytes, an id and no signature",
            good.replace(base, "AAAAAA=="),
        ),
    ] {
        let about = about(spec, "malformed", what);
        set.add(&format!("log/note/{name}"), about, &[("key", &vkey)], note);
    }
}
