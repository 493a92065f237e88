//! Canonical JSON, and what is not.

use standstill::attestation::content::Withdrawal;
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::hash::sha256;

use super::super::author::Author;
use super::super::{Made, edit_predicate};
use super::{extended, good, made};

/// A level of `[` inside an extension, so that the deepest is `depth`.
fn nested(depth: usize) -> String {
    // The payload and its predicate are two.
    let lists = depth - 2;
    let value = format!("{}{}", "[".repeat(lists), "]".repeat(lists));
    extended(&format!("\"x.y\":{value}"))
}

pub(super) fn json() -> Vec<Made> {
    let text = good();
    let bad = |name, spec, what, from: &str, to: &str| {
        made((name, spec, "json", what), edit_predicate(&text, from, to))
    };
    let value = |name, spec, what, to: &str| bad(name, spec, what, "\"value\":\"3600\"", to);
    let extension = |name, spec, expect, what, member: &str| {
        made((name, spec, expect, what), extended(member)).with("extension", "yes")
    };
    let stream_zero = Author::new();
    vec![
        made(
            (
                "ok",
                "att-5 att-16 att-17 att-18 att-19 att-20",
                "ok",
                "a usage",
            ),
            text.clone(),
        )
        .with("place", "1/0")
        .with("statement", StatementId::of(text.as_bytes())),
        made(
            (
                "ok_governance",
                "att-41 att-63",
                "ok",
                "a statement of stream 0",
            ),
            {
                let pledge = StatementId::from(sha256(b"a pledge"));
                let reason =
                    "caf\u{e9} \u{2028}\u{1f600}\u{7f}\u{1}\u{8}\t\n\u{c}\r\"\\/".to_owned();
                stream_zero.next_text(
                    StreamId::GOVERNANCE,
                    Content::Withdrawal(Withdrawal { pledge, reason }),
                )
            },
        ),
        made(
            ("json_newline", "att-5", "json", "a newline at the end"),
            format!("{text}\n"),
        )
        .with("admits", 1),
        made(
            ("json_spaced", "att-5", "json", "a space behind a colon"),
            text.replacen("\":", "\": ", 1),
        )
        .with("admits", 1),
        made(
            ("json_bom", "att-5", "json", "a byte order mark"),
            format!("\u{feff}{text}"),
        )
        .with("place", "none"),
        made(
            ("json_utf8", "att-5", "json", "bytes that are not UTF-8"),
            {
                let at = text.find("h100").unwrap();
                let mut bytes = text.clone().into_bytes();
                bytes[at] = 0xff;
                bytes
            },
        )
        .with("place", "none"),
        made(
            ("json_cut", "att-5", "json", "the last byte is missing"),
            text[..text.len() - 1].to_owned(),
        )
        .with("place", "none"),
        made(("json_empty", "att-5", "json", "no byte at all"), "").with("place", "none"),
        bad(
            "json_order",
            "att-5",
            "members of a figure in another order",
            "\"basis\":\"allocated\",\"boundary\":\"none\"",
            "\"boundary\":\"none\",\"basis\":\"allocated\"",
        )
        .with("admits", 1),
        bad(
            "json_escaped_slash",
            "att-5",
            "an escaped slash",
            "scheduler-allocation",
            "scheduler\\/allocation",
        ),
        bad(
            "json_escaped_letter",
            "att-5",
            "an escape where none is needed",
            "h100-sxm",
            "h\\u003100-sxm",
        ),
        bad(
            "json_escape_case",
            "att-5",
            "a control character escaped in capitals",
            "h100-sxm",
            "h\\u001F",
        ),
        bad(
            "json_escape_long",
            "att-5",
            "a newline escaped by its number",
            "h100-sxm",
            "h\\u000a",
        ),
        bad(
            "json_control",
            "att-5",
            "a control character that is not escaped",
            "h100-sxm",
            "h\u{1}",
        ),
        value(
            "number_integer",
            "att-6 att-25",
            "a number where a decimal string belongs",
            "\"value\":3600",
        )
        .with("place", "1/0")
        .with("admits", 0),
        value(
            "number_float",
            "att-6",
            "a floating-point number",
            "\"value\":3600.0",
        ),
        value(
            "number_negative_zero",
            "att-6",
            "a number that is no other number",
            "\"value\":-0",
        ),
        value(
            "name_twice",
            "att-7 att-25",
            "a name twice: which value counts?",
            "\"value\":\"3600\",\"value\":\"0\"",
        )
        .with("place", "none"),
        value(
            "name_twice_escaped",
            "att-7",
            "a name twice, once in escapes",
            "\"value\":\"3600\",\"valu\\u0065\":\"0\"",
        )
        .with("place", "none"),
        extension(
            "name_not_ascii",
            "att-8",
            "json",
            "a name that is not ASCII",
            "\"x.\u{e9}\":\"\"",
        )
        .with("admits", 1),
        extension(
            "name_utf16",
            "att-8",
            "json",
            "two names whose order by UTF-16 code units is not that of bytes",
            "\"x.\u{1f600}\":\"\",\"x.\u{e000}\":\"\"",
        ),
        extension(
            "string_lone_surrogate",
            "att-8 att-25",
            "json",
            "an escaped half of a surrogate pair",
            "\"x.y\":\"\\ud83d\"",
        )
        .with("place", "none"),
        extension(
            "string_pair_escaped",
            "att-5",
            "json",
            "a character outside the basic plane, in escapes",
            "\"x.y\":\"\\ud83d\\ude00\"",
        )
        .with("admits", 1),
        extension(
            "string_not_normalised",
            "att-8",
            "ok",
            "two spellings of one letter are two strings",
            "\"x.y\":\"e\u{301}\u{e9}\"",
        ),
        extension(
            "string_noncharacter",
            "att-8",
            "ok",
            "scalar values that are no characters",
            "\"x.y\":\"\u{fffe}\u{10ffff}\"",
        ),
        extension(
            "literals",
            "att-6",
            "ok",
            "true, false and null are JSON",
            "\"x.y\":[true,false,null,{}]",
        ),
        made(("nesting_16", "att-9", "ok", "sixteen levels"), nested(16)).with("extension", "yes"),
        made(
            ("nesting_17", "att-9", "json", "seventeen levels"),
            nested(17),
        )
        .with("admits", 1),
        made(
            (
                "nesting_127",
                "att-25",
                "json",
                "as deep as a claim is read",
            ),
            nested(127),
        )
        .with("admits", 1),
        made(
            (
                "nesting_128",
                "att-25",
                "json",
                "deeper than a claim is read",
            ),
            nested(128),
        )
        .with("place", "none"),
        made(
            (
                "nesting_hostile",
                "att-9",
                "json",
                "ten thousand levels, never closed",
            ),
            "[".repeat(10_000),
        )
        .with("place", "none"),
    ]
}
