//! Entries: envelopes in their one spelling, and in others.

use standstill::attestation::{Envelope, MAX_ENTRY};
use standstill::encoding::base64;
use standstill::key::SecretKey;

use super::author::{public, secret, sign};
use super::{Made, edit};

/// What is signed: its base64 needs `+`, `/` and one `=`.
const PAYLOAD: &[u8] = b"{\"~\":\"\xc3\xbf?\xc3\xbe>\"}";

fn text(payload: &[u8], signers: &[u8]) -> String {
    String::from_utf8(sign(payload, signers)).unwrap()
}

pub fn fixtures() -> Vec<Made> {
    let mut all = spellings();
    all.extend(encodings());
    all.extend(signatures());
    all.extend(lengths());
    all
}

fn made(fixture: (&str, &str, &str, &str), body: impl Into<Vec<u8>>) -> Made {
    let keys = [public(1), public(2)].join(" ");
    Made::new("entry", fixture, body).with("keys", keys)
}

fn spellings() -> Vec<Made> {
    let good = text(PAYLOAD, &[1]);
    let encoded = base64::encode(PAYLOAD);
    let payload = format!("\"payload\":\"{encoded}\"");
    let kind = "\"payloadType\":\"application/vnd.in-toto+json\"";
    let spelling = |name, what, body: String| made((name, "att-10", "spelling", what), body);
    let bad = |name, what, from: &str, to: &str| spelling(name, what, edit(&good, from, to));
    let sig_at = good.find("\"sig\":").unwrap();
    let (key_id, sig) = (
        &good[good.find("\"keyid\":").unwrap()..sig_at - 1],
        &good[sig_at..good.len() - 3],
    );
    vec![
        made(
            ("ok", "att-10 att-11 att-12 att-15", "ok", "one signature"),
            good.clone(),
        ),
        spelling("spelling_empty", "no byte at all", String::new()),
        spelling(
            "spelling_newline",
            "a newline at the end",
            format!("{good}\n"),
        ),
        spelling(
            "spelling_leading_space",
            "a space before",
            format!(" {good}"),
        ),
        spelling(
            "spelling_bom",
            "a byte order mark",
            format!("\u{feff}{good}"),
        ),
        spelling(
            "spelling_spaced",
            "as Python's json.dumps spells it",
            good.replace("\":", "\": ").replace(",\"", ", \""),
        ),
        bad(
            "spelling_order",
            "the members in another order",
            &format!("{payload},{kind}"),
            &format!("{kind},{payload}"),
        ),
        bad(
            "spelling_signature_order",
            "the members of a signature in another order",
            &format!("{key_id},{sig}"),
            &format!("{sig},{key_id}"),
        ),
        bad(
            "spelling_twice",
            "a member twice",
            &payload,
            &format!("{payload},{payload}"),
        ),
        bad(
            "spelling_surplus",
            "a member that is not known",
            "]}",
            "],\"x\":\"\"}",
        ),
        bad(
            "spelling_signature_surplus",
            "a member of a signature that is not known",
            "\"sig\":",
            "\"cert\":\"\",\"sig\":",
        ),
        bad(
            "spelling_no_type",
            "no payloadType",
            &format!("{kind},"),
            "",
        ),
        bad(
            "spelling_other_type",
            "another payloadType",
            "in-toto+json",
            "in-toto.v2+json",
        ),
        bad(
            "spelling_escaped_slash",
            "an escaped slash, as PHP spells it",
            "application/",
            "application\\/",
        ),
        bad(
            "spelling_escaped_letter",
            "an escape where none is needed",
            "in-toto+json",
            "in-toto\\u002bjson",
        ),
        bad(
            "spelling_member_case",
            "a member in capitals",
            "\"payload\"",
            "\"Payload\"",
        ),
        bad(
            "spelling_null",
            "no signatures but null",
            &good[good.find('[').unwrap()..good.len() - 1],
            "null",
        ),
        bad(
            "spelling_signature_text",
            "a signature that is no object",
            &format!("{{{key_id},{sig}}}"),
            "\"\"",
        ),
        spelling(
            "spelling_cut",
            "the last byte is missing",
            good[..good.len() - 1].to_owned(),
        ),
        made(
            (
                "spelling_utf8",
                "att-10",
                "spelling",
                "bytes that are not UTF-8",
            ),
            good.as_bytes()
                .iter()
                .map(|byte| if *byte == b'~' { 0xff } else { *byte })
                .chain([0xff])
                .collect::<Vec<u8>>(),
        ),
    ]
}

fn encodings() -> Vec<Made> {
    let good = text(PAYLOAD, &[1]);
    let encoded = base64::encode(PAYLOAD);
    assert!(encoded.contains('+') && encoded.contains('/') && encoded.ends_with('='));
    let bad =
        |name, what, to: &str| made((name, "att-11", "base64", what), edit(&good, &encoded, to));
    let sig = |name, what, to: &dyn Fn(&str) -> String| {
        let at = good.find("\"sig\":\"").unwrap() + 7;
        let found = &good[at..good.len() - 4];
        made(
            (name, "att-11", "base64", what),
            edit(&good, found, &to(found)),
        )
    };
    let url_safe = encoded.replace('+', "-").replace('/', "_");
    // The last character before the padding carries unused bits.
    let slack = |text: &str| {
        let end = text.find('=').unwrap();
        let last = char::from(text.as_bytes()[end - 1] + 1);
        format!("{}{last}{}", &text[..end - 1], &text[end..])
    };
    vec![
        bad(
            "base64_url_safe",
            "the URL-safe alphabet, which DSSE allows",
            &url_safe,
        ),
        bad(
            "base64_unpadded",
            "no padding",
            encoded.trim_end_matches('='),
        ),
        bad("base64_slack", "unused bits that are set", &slack(&encoded)),
        bad(
            "base64_surplus_padding",
            "more padding",
            &format!("{encoded}==="),
        ),
        bad(
            "base64_line_break",
            "a line break inside, escaped",
            &format!("{}\\n{}", &encoded[..4], &encoded[4..]),
        ),
        bad(
            "base64_space",
            "a space inside",
            &format!("{} {}", &encoded[..4], &encoded[4..]),
        ),
        sig(
            "base64_signature_slack",
            "unused bits of a signature that are set",
            &slack,
        ),
        sig(
            "base64_signature_short",
            "a signature of 63 bytes",
            &|text| base64::encode(&base64::decode(text).unwrap()[..63]),
        ),
        sig(
            "base64_signature_long",
            "a signature of 65 bytes, as another algorithm might have",
            &|text| base64::encode(&[base64::decode(text).unwrap(), vec![0]].concat()),
        ),
        sig("base64_signature_empty", "a signature of no bytes", &|_| {
            String::new()
        }),
    ]
}

fn signatures() -> Vec<Made> {
    let good = text(PAYLOAD, &[1]);
    let two = text(PAYLOAD, &[1, 2]);
    let items: Vec<&str> = two[two.find('[').unwrap() + 1..two.len() - 2]
        .split_inclusive("\"}")
        .map(|item| item.trim_start_matches(','))
        .collect();
    let key_id = secret(1).public().key_id().to_string();
    let with =
        |items: &[&str]| format!("{}[{}]}}", &two[..two.find('[').unwrap()], items.join(","));
    let thirty_three: Vec<SecretKey> = (1..=33).map(secret).collect();
    let thirty_two: Vec<&SecretKey> = thirty_three.iter().take(32).collect();
    let most = Envelope::sign(PAYLOAD, &thirty_two).unwrap().to_bytes();
    let surplus = String::from_utf8(most.clone())
        .unwrap()
        .replace("]}", &format!(",{}]}}", items[1]));
    let key =
        |name, what, to: &str| made((name, "att-12", "key-id", what), edit(&good, &key_id, to));
    let forged = |name, what, body: String| made((name, "att-15", "signature", what), body);
    let put = |signature: &[u8]| {
        let at = good.find("\"sig\":\"").unwrap() + 7;
        edit(&good, &good[at..good.len() - 4], &base64::encode(signature))
    };
    vec![
        made(
            ("signatures_two", "att-13", "ok", "two signatures, sorted"),
            two.clone(),
        ),
        made(
            (
                "order_reversed",
                "att-13",
                "order",
                "two signatures, not sorted",
            ),
            with(&[items[1], items[0]]),
        ),
        made(
            ("order_twice", "att-13", "order", "a signature twice"),
            with(&[items[0], items[0]]),
        ),
        made(
            ("count_none", "att-13", "spelling", "no signature"),
            with(&[]),
        ),
        made(("count_33", "att-13", "count", "33 signatures"), surplus),
        key(
            "key_id_upper_case",
            "a key id in capitals",
            &key_id.to_uppercase(),
        ),
        key("key_id_short", "a key id of 31 bytes", &key_id[..62]),
        key("key_id_empty", "no key id, which DSSE allows", ""),
        made(
            (
                "signature_key_as_id",
                "att-12",
                "signature",
                "the public key in place of its id",
            ),
            edit(&good, &key_id, &public(1)),
        ),
        forged(
            "signature_other_key",
            "a valid signature by another key than the key id says",
            edit(
                &text(PAYLOAD, &[3]),
                &secret(3).public().key_id().to_string(),
                &key_id,
            ),
        ),
        forged(
            "signature_payload",
            "a signature over the payload alone",
            put(&secret(1).sign(PAYLOAD).to_bytes()),
        ),
        forged(
            "signature_other_payload",
            "a signature over another payload",
            edit(&good, &base64::encode(PAYLOAD), &base64::encode(b"{}")),
        ),
        forged(
            "signature_malleable",
            "the same signature with the group's order added to S",
            put(&malleable(&good)),
        ),
        forged(
            "signature_one_of_two",
            "a valid signature and one that is not",
            {
                let at = items[1].find("\"sig\":\"").unwrap() + 7;
                let wrong = format!("{}{}{}", &items[1][..at], base64::encode(&[7; 64]), "\"}");
                with(&[items[0], &wrong])
            },
        ),
    ]
}

/// Adds the order of the group to the scalar of the one signature.
fn malleable(entry: &str) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let at = entry.find("\"sig\":\"").unwrap() + 7;
    let mut signature = base64::decode(&entry[at..entry.len() - 4]).unwrap();
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    signature
}

fn lengths() -> Vec<Made> {
    let of = |length: usize, signers: &[u8]| {
        let secrets: Vec<SecretKey> = signers.iter().map(|seed| secret(*seed)).collect();
        let secrets: Vec<&SecretKey> = secrets.iter().collect();
        Envelope::sign(&vec![b' '; length], &secrets).map(|one| one.to_bytes())
    };
    // Base64 grows by four bytes, and signatures by an even number: none is longer.
    let most = [&[1][..], &[1, 2]]
        .into_iter()
        .filter_map(|signers| {
            let mut lengths = (48_000..49_152).rev().step_by(3);
            lengths.find_map(|length| of(length, signers).ok())
        })
        .max_by_key(Vec::len)
        .unwrap();
    assert_eq!(most.len(), MAX_ENTRY - 1);
    let longer = |more: &[u8]| [&most[..], more].concat();
    let over = String::from_utf8(most.clone()).unwrap();
    let over = edit(&over, "\",\"payloadType\"", "ICAg\",\"payloadType\"");
    let too_long = |name, what, body: Vec<u8>| made((name, "att-14", "too-long", what), body);
    vec![
        made(
            (
                "length_65534",
                "att-14",
                "ok",
                "as long as an envelope can be",
            ),
            most.clone(),
        ),
        made(
            (
                "length_65535",
                "att-14 att-10",
                "spelling",
                "as long as an entry may be, its last byte surplus",
            ),
            longer(b"\n"),
        ),
        too_long("length_65536", "a byte longer", longer(b"\n\n")),
        too_long(
            "length_65538",
            "an envelope in its one spelling that is too long",
            over.into_bytes(),
        ),
    ]
}
