//! `log/note`, `log/checkpoint` and `log/cosignature`.

use standstill::encoding::base64;
use standstill::key::{Algorithm, SIGNATURE_SIZE};
use standstill::note::{Note, SignatureLine};
use standstill::time::UnixSeconds;
use standstill::tlog::cosign;

use super::{LOG, SEEN, Set, about, checkpoint, checkpoint_text, key, log_key, witness};

const C2SP_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The order of the group, little-endian (RFC 8032, 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

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

/// A line of some other key.
fn stranger(number: u8, bytes: usize) -> SignatureLine {
    let name = format!("stranger.example/{number}");
    SignatureLine::new(
        &key(&name, Algorithm::Ed25519, number).verifier(),
        vec![7; bytes],
    )
}

/// S + L for S: the same signature for who does not compare S with L.
fn malleated(signature: &[u8]) -> Vec<u8> {
    let mut other = signature.to_vec();
    let mut carry = 0_u16;
    for (byte, add) in other[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    other
}

fn notes(set: &mut Set) {
    let vkey = note_key().verifier();
    let mut add = |name: &str, spec, expect, what, key: &str, body: &[u8]| {
        set.add(
            &format!("log/note/{name}"),
            about(spec, expect, what),
            &[("key", key)],
            body,
        );
    };
    add(
        "example_c2sp",
        "log-6 log-8",
        "signed",
        "the worked example of C2SP signed-note",
        C2SP_KEY,
        C2SP_NOTE.as_bytes(),
    );
    add(
        "example_go",
        "log-6 log-8",
        "signed",
        "the worked example of Go's note package",
        GO_KEY,
        GO_NOTE.as_bytes(),
    );

    let ours = vkey.to_string();
    let good = signed("a\n");
    let text = good.to_text();
    let own = good.signatures()[0].bytes().to_vec();
    let with = |bytes: Vec<u8>| {
        let mut note = good.clone();
        note.put(SignatureLine::new(&vkey, bytes));
        note.to_text()
    };
    let many = |count: u8| {
        let mut note = good.clone();
        (1..count).for_each(|number| note.put(stranger(number, 64)));
        note.to_text()
    };
    let other = key("note.example/b", Algorithm::Ed25519, 2).verifier();
    let same_name = key("note.example/a", Algorithm::Ed25519, 3).verifier();
    // Another name over the same id: no key has it, but a line may.
    let same_id = text.replace("note.example/a", "note.example/z");
    for (name, spec, expect, what, note) in [
        (
            "text_blank_lines",
            "log-6",
            "signed",
            "text and signatures part at the last empty line",
            signed("a\n\nb\n\n").to_text(),
        ),
        (
            "signatures_16",
            "log-6 log-8",
            "signed",
            "as many as C2SP asks for",
            many(16),
        ),
        (
            "signatures_100",
            "log-6",
            "signed",
            "as many as Go reads",
            many(100),
        ),
        (
            "signatures_101",
            "log-6",
            "malformed",
            "one more",
            many(101),
        ),
        (
            "stranger_post_quantum",
            "log-8",
            "signed",
            "a stranger's line of 2,428 bytes is passed over",
            {
                let mut note = good.clone();
                note.put(stranger(1, 2428));
                note.to_text()
            },
        ),
        (
            "stranger_first",
            "log-8",
            "signed",
            "the order of lines means nothing",
            {
                let mut note = good.clone();
                note.retain(|_| false);
                note.put(stranger(1, 1));
                note.put(good.signatures()[0].clone());
                note.to_text()
            },
        ),
        (
            "name_same_id_other",
            "log-8",
            "unsigned",
            "another key of the same name is another key",
            {
                let mut note = good.clone();
                note.retain(|_| false);
                note.put(SignatureLine::new(&same_name, own.clone()));
                note.to_text()
            },
        ),
        (
            "name_other_id_same",
            "log-8",
            "unsigned",
            "another name with the same id is another key",
            same_id,
        ),
        (
            "name_other",
            "log-8",
            "unsigned",
            "the same public key under another name is another key",
            {
                let mut note = good.clone();
                note.retain(|_| false);
                note.put(SignatureLine::new(&other, own.clone()));
                note.to_text()
            },
        ),
        (
            "text_changed",
            "log-8",
            "bad-signature",
            "a letter of the text",
            text.replacen('a', "b", 1),
        ),
        (
            "text_longer",
            "log-8",
            "bad-signature",
            "a line put before the signed text",
            format!("b\n{text}"),
        ),
        (
            "signature_zero",
            "log-1 log-8",
            "bad-signature",
            "all zeros",
            with(vec![0; SIGNATURE_SIZE]),
        ),
        (
            "signature_short",
            "log-8",
            "bad-signature",
            "63 bytes",
            with(own[..63].to_vec()),
        ),
        (
            "signature_long",
            "log-8",
            "bad-signature",
            "65 bytes",
            with([&own[..], &[0]].concat()),
        ),
        (
            "signature_malleated",
            "log-1",
            "bad-signature",
            "S + L in place of S",
            with(malleated(&own)),
        ),
        (
            "signature_bad_beside_good",
            "log-8",
            "bad-signature",
            "a stranger's line does not heal the known one",
            {
                let mut note = Note::parse(with(vec![0; SIGNATURE_SIZE]).as_bytes()).unwrap();
                note.put(stranger(1, 64));
                note.to_text()
            },
        ),
    ] {
        add(name, spec, expect, what, &ours, note.as_bytes());
    }
    add(
        "text_not_utf8",
        "log-6",
        "malformed",
        "a byte that is no UTF-8",
        &ours,
        &[b"\xff", text.as_bytes()].concat(),
    );
}

fn lines(set: &mut Set) {
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

fn checkpoints(set: &mut Set) {
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

fn cosignatures(set: &mut Set) {
    let one = witness(1).verifier();
    let base = checkpoint(5, &[]);
    let line =
        |seconds| cosign(base.text(), &witness(1), UnixSeconds::new(seconds).unwrap()).unwrap();
    let good = line(SEEN).bytes().to_vec();
    let with = |bytes: Vec<u8>| {
        let mut note = base.clone();
        note.put(SignatureLine::new(&one, bytes));
        note.to_text()
    };
    // A time that this library does not spell, signed as it stands.
    let at = |time: u64| {
        let message = format!("cosignature/v1\ntime {time}\n{}", base.text());
        let signature = witness(1).secret().sign(message.as_bytes());
        with([&time.to_be_bytes()[..], &signature.to_bytes()].concat())
    };
    let mut refreshed = base.clone();
    refreshed.put(line(SEEN));
    let twice = format!("{}{}\n", refreshed.to_text(), line(SEEN + 60).to_line());
    let seen = SEEN.to_string();
    for (name, spec, expect, what, time, note) in [
        (
            "good",
            "log-13",
            "ok",
            "a time and a signature",
            seen.as_str(),
            with(good.clone()),
        ),
        (
            "time_least",
            "log-13",
            "ok",
            "the least time there is",
            "1",
            at(1),
        ),
        (
            "time_greatest",
            "log-13",
            "ok",
            "the end of year 9999",
            "253402300799",
            at(253_402_300_799),
        ),
        (
            "time_zero",
            "log-13",
            "bad-signature",
            "a time of zero says no time",
            "none",
            at(0),
        ),
        (
            "time_too_great",
            "log-13",
            "bad-signature",
            "year 10000",
            "none",
            at(253_402_300_800),
        ),
        (
            "time_largest",
            "log-13",
            "bad-signature",
            "2^64 - 1",
            "none",
            at(u64::MAX),
        ),
        (
            "time_changed",
            "log-13",
            "bad-signature",
            "a second later than was signed",
            "none",
            {
                let mut bytes = good.clone();
                bytes[7] += 1;
                with(bytes)
            },
        ),
        (
            "text_changed",
            "log-13",
            "bad-signature",
            "another size than was cosigned",
            "none",
            with(good.clone()).replacen("\n5\n", "\n6\n", 1),
        ),
        (
            "length_64",
            "log-13",
            "bad-signature",
            "a signature without its time",
            "none",
            with(good[8..].to_vec()),
        ),
        (
            "length_71",
            "log-13",
            "bad-signature",
            "a byte too few",
            "none",
            with(good[..71].to_vec()),
        ),
        (
            "length_73",
            "log-13",
            "bad-signature",
            "a byte too many",
            "none",
            with([&good[..], &[0]].concat()),
        ),
        (
            "length_7",
            "log-13",
            "bad-signature",
            "less than a time",
            "none",
            with(good[..7].to_vec()),
        ),
        (
            "header_none",
            "log-13",
            "bad-signature",
            "a signature over the checkpoint's text alone",
            "none",
            {
                let signature = witness(1).secret().sign(base.text().as_bytes());
                with([&SEEN.to_be_bytes()[..], &signature.to_bytes()].concat())
            },
        ),
        (
            "absent",
            "log-13",
            "absent",
            "no line of the witness",
            "none",
            checkpoint(5, &[2]).to_text(),
        ),
        (
            "name_other",
            "log-15",
            "absent",
            "the same public key under another name",
            "none",
            {
                let other = key("witness.example/other", Algorithm::CosignatureV1, 11);
                let mut note = base.clone();
                note.put(cosign(base.text(), &other, UnixSeconds::new(SEEN).unwrap()).unwrap());
                note.to_text()
            },
        ),
        (
            "type_1",
            "log-4",
            "absent",
            "a note signature by the witness's key",
            "none",
            {
                let plain = key("witness.example/w1", Algorithm::Ed25519, 11);
                let mut note = base.clone();
                note.put(Note::sign(base.text(), &plain).unwrap().signatures()[0].clone());
                note.to_text()
            },
        ),
        (
            "other_bad",
            "log-14",
            "ok",
            "another witness's line is not valid; this one stands",
            seen.as_str(),
            {
                let mut note = Note::parse(with(good.clone()).as_bytes()).unwrap();
                note.put(SignatureLine::new(&witness(2).verifier(), vec![7; 72]));
                note.to_text()
            },
        ),
        (
            "extension",
            "log-13",
            "ok",
            "extension lines are part of what is cosigned",
            seen.as_str(),
            {
                let mut note = Note::sign(&format!("{}more\n", base.text()), &log_key()).unwrap();
                note.put(
                    cosign(note.text(), &witness(1), UnixSeconds::new(SEEN).unwrap()).unwrap(),
                );
                note.to_text()
            },
        ),
        (
            "line_twice",
            "log-7",
            "malformed",
            "a refreshed line beside the older one",
            "none",
            twice,
        ),
    ] {
        let about = about(spec, expect, what);
        let more = [("key", &*one.to_string()), ("time", time)];
        set.add(&format!("log/cosignature/{name}"), about, &more, note);
    }
    let about = about("log-4", "type", "a key of type 0x01 cannot cosign");
    let wrong = key("witness.example/w1", Algorithm::Ed25519, 11).verifier();
    let more = [("key", &*wrong.to_string()), ("time", "none")];
    set.add("log/cosignature/key_of_type_1", about, &more, with(good));
}
