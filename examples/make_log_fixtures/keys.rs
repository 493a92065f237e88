//! `log/key`: verifier keys, and signer keys where `kind` is `secret`.

use standstill::encoding::{base64, hex};
use standstill::hash::sha256;
use standstill::key::Algorithm;

use super::{Set, about, key};

const C2SP: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const GO: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

/// A vkey of any type and bytes, its id computed as it should be.
fn vkey(name: &str, kind: u8, public: &[u8]) -> String {
    let typed = [&[kind], public].concat();
    let digest = sha256(&[name.as_bytes(), b"\n", &typed].concat());
    let id = hex::encode(&digest.as_bytes()[..4]);
    format!("{name}+{id}+{}", base64::encode(&typed))
}

pub fn make(set: &mut Set) {
    let public = |seed| {
        *key("k", Algorithm::Ed25519, seed)
            .verifier()
            .public()
            .as_bytes()
    };
    let mut add = |name: &str, spec, expect, what, text: &str| {
        set.add(
            &format!("log/key/{name}"),
            about(spec, expect, what),
            &[],
            text,
        );
    };
    add(
        "c2sp",
        "log-3",
        "ok",
        "the worked example of C2SP signed-note",
        C2SP,
    );
    add(
        "go",
        "log-3",
        "ok",
        "the verifier key that the examples of Go's note package show",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    );
    add(
        "type_4",
        "log-4",
        "ok",
        "a witness's key",
        &vkey("w", 4, &public(1)),
    );
    let plus = (1..=255)
        .map(|seed| vkey("k", 1, &public(seed)))
        .find(|text| text.matches('+').count() > 2)
        .unwrap();
    add(
        "plus_in_base64",
        "log-3",
        "ok",
        "split at the first two `+`, no more",
        &plus,
    );
    let long = "n".repeat(255);
    add(
        "name_longest",
        "log-2",
        "ok",
        "a name of 255 bytes",
        &vkey(&long, 1, &public(1)),
    );
    add(
        "name_utf8",
        "log-2",
        "ok",
        "a name beyond ASCII",
        &vkey("zeuge.example/ü", 1, &public(1)),
    );

    let long = "n".repeat(256);
    for (name, what, text) in [
        ("name_too_long", "256 bytes", long.as_str()),
        ("name_empty", "no name", ""),
        ("name_space", "a space", "a b"),
        (
            "name_no_break_space",
            "U+00A0 is white space in Unicode",
            "a\u{a0}b",
        ),
        (
            "name_line_separator",
            "U+2028 is white space in Unicode",
            "a\u{2028}b",
        ),
        ("name_control", "U+007F is a control character", "a\u{7f}b"),
        ("name_plus", "a `+`, so that the id is another part", "a+b"),
    ] {
        add(name, "log-2", "spelling", what, &vkey(text, 1, &public(1)));
    }

    let good = vkey("k", 1, &public(1));
    let (head, base) = good.rsplit_once('+').unwrap();
    let (_, id) = head.split_once('+').unwrap();
    for (name, spec, expect, what, text) in [
        (
            "id_upper_case",
            "log-3",
            "spelling",
            "hexadecimal is in lower case",
            good.replace(id, &id.to_uppercase()),
        ),
        (
            "id_short",
            "log-3",
            "spelling",
            "seven digits",
            good.replace(id, &id[1..]),
        ),
        (
            "id_of_other_name",
            "log-3",
            "id",
            "the id of the same key under another name",
            good.replace("k+", "l+"),
        ),
        (
            "id_of_other_type",
            "log-4",
            "id",
            "a log's key called a witness's",
            {
                let typed = [&[4][..], &public(1)].concat();
                format!("{head}+{}", base64::encode(&typed))
            },
        ),
        (
            "base64_unpadded",
            "log-3",
            "spelling",
            "33 bytes need no padding, 34 do",
            format!("{good}AA"),
        ),
        (
            "base64_url",
            "log-3",
            "spelling",
            "the alphabet of URLs",
            plus.replacen('/', "_", 9)
                .rsplit_once('+')
                .map(|(head, tail)| format!("{head}-{tail}"))
                .unwrap(),
        ),
        (
            "base64_space",
            "log-3",
            "spelling",
            "white space in base64",
            format!("{head}+{} {}", &base[..8], &base[8..]),
        ),
        (
            "parts_two",
            "log-3",
            "spelling",
            "no id",
            good.replacen('+', "", 1),
        ),
        (
            "newline",
            "log-3",
            "spelling",
            "a newline behind the key",
            format!("{good}\n"),
        ),
        (
            "type_0",
            "log-4",
            "algorithm",
            "no such type",
            vkey("k", 0, &public(1)),
        ),
        (
            "type_2",
            "log-4",
            "algorithm",
            "ECDSA",
            vkey("k", 2, &public(1)),
        ),
        (
            "type_5",
            "log-4",
            "algorithm",
            "RFC 6962 tree heads",
            vkey("k", 5, &public(1)),
        ),
        (
            "type_6",
            "log-4",
            "algorithm",
            "ML-DSA-44",
            vkey("k", 6, &[7; 1312]),
        ),
        (
            "type_255",
            "log-4",
            "algorithm",
            "private types",
            vkey("k", 255, &public(1)),
        ),
        (
            "key_short",
            "log-3",
            "key",
            "31 bytes",
            vkey("k", 1, &public(1)[..31]),
        ),
        (
            "key_long",
            "log-3",
            "key",
            "33 bytes",
            vkey("k", 1, &[&public(1)[..], &[0]].concat()),
        ),
        (
            "key_identity",
            "log-1",
            "key",
            "the point of order 1, whose signatures verify anything",
            {
                let mut identity = [0; 32];
                identity[0] = 1;
                vkey("k", 1, &identity)
            },
        ),
        (
            "key_order_8",
            "log-1",
            "key",
            "a point of order 8",
            vkey(
                "k",
                1,
                &hex::decode("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
                    .unwrap(),
            ),
        ),
        (
            "key_not_canonical",
            "log-1",
            "key",
            "y is p + 3: another spelling of a point of large order",
            {
                let mut other = [0xff; 32];
                (other[0], other[31]) = (0xf0, 0x7f);
                vkey("k", 1, &other)
            },
        ),
        ("key_no_point", "log-1", "key", "no point has y = 2", {
            let mut none = [0; 32];
            none[0] = 2;
            vkey("k", 1, &none)
        }),
    ] {
        add(name, spec, expect, what, &text);
    }

    let mut secret = |name: &str, expect, what, text: &str| {
        let about = about("log-5", expect, what);
        set.add(
            &format!("log/key/secret_{name}"),
            about,
            &[("kind", "secret")],
            text,
        );
    };
    secret(
        "go",
        "ok",
        "the signer key that the examples of Go's note package show",
        GO,
    );
    let ours = key("k", Algorithm::CosignatureV1, 3).to_secret_text();
    secret("type_4", "ok", "a witness's key", &ours);
    secret(
        "id_other",
        "id",
        "the id is that of the public key",
        &GO.replace("c74f20a3", "c74f20a4"),
    );
    secret(
        "prefix_none",
        "spelling",
        "a signer key without its prefix",
        &GO["PRIVATE+KEY+".len()..],
    );
    secret(
        "prefix_lower_case",
        "spelling",
        "the prefix in lower case",
        &GO.replacen("PRIVATE", "private", 1),
    );
    secret("type_6", "algorithm", "a type that is not ours", &{
        format!("PRIVATE+KEY+k+00000000+{}", base64::encode(&[6; 33]))
    });
    secret("seed_short", "key", "31 bytes", &{
        format!("PRIVATE+KEY+k+00000000+{}", base64::encode(&[1; 32]))
    });
}
