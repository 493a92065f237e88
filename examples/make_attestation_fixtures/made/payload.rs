//! Payloads: canonical JSON, the statement's members, what ties it to others.

use standstill::attestation::StreamId;
use standstill::attestation::content::Withdrawal;
use standstill::attestation::{Content, StatementId};
use standstill::hash::sha256;

use super::author::{AREA, Author, START, at, day, log_key, usage, witness_key};
use super::{Made, edit, edit_predicate, seal};

fn made(fixture: (&str, &str, &str, &str), body: impl Into<Vec<u8>>) -> Made {
    Made::new("payload", fixture, body)
}

pub fn fixtures() -> Vec<Made> {
    let mut all = json();
    all.extend(values());
    all.extend(members());
    all.extend(links());
    all.extend(extensions());
    all.extend(claims());
    all
}

/// The first usage of an area.
fn good() -> String {
    Author::new().next_text(AREA, usage(day(0), 3600))
}

/// A level of `[` inside an extension, so that the deepest is `depth`.
fn nested(depth: usize) -> String {
    // The payload and its predicate are two.
    let lists = depth - 2;
    let value = format!("{}{}", "[".repeat(lists), "]".repeat(lists));
    extended(&format!("\"x.y\":{value}"))
}

/// Puts a member last in the predicate: names of extensions there begin with `x`.
fn extended(member: &str) -> String {
    let text = good();
    let at = text.rfind("},\"predicateType\"").unwrap();
    seal(&format!("{},{member}{}", &text[..at], &text[at..]))
}

fn json() -> Vec<Made> {
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

fn values() -> Vec<Made> {
    let text = good();
    let value = |name, what, to: &str| {
        let to = format!("\"value\":\"{to}\"");
        let expect = "not-understood";
        made(
            (name, "att-1", expect, what),
            edit_predicate(&text, "\"value\":\"3600\"", &to),
        )
        .with("admits", 0)
    };
    let sequence = |name, what, to: &str| {
        let expect = "place";
        made(
            (name, "att-2 att-19", expect, what),
            edit(&text, "/1/0\"", &format!("/1/{to}\"")),
        )
    };
    let instant = |name, what, to: &str| {
        let from = "\"start\":\"2026-03-01T00:00:00Z\"";
        let to = format!("\"start\":\"{to}\"");
        made(
            (name, "att-3", "not-understood", what),
            edit_predicate(&text, from, &to),
        )
        .with("admits", 1)
    };
    let catalogue = sha256(b"a catalogue").to_string();
    let digest = |name, what, to: &str| {
        made(
            (name, "att-4", "not-understood", what),
            edit_predicate(&text, &catalogue, to),
        )
        .with("admits", 1)
    };
    vec![
        made(
            ("quantity_38_digits", "att-1", "ok", "the most digits"),
            edit_predicate(&text, "\"3600\"", &format!("\"{}\"", "9".repeat(38))),
        ),
        made(
            ("quantity_zero", "att-1", "ok", "zero is one digit"),
            edit_predicate(&text, "\"3600\"", "\"0\""),
        ),
        value("quantity_39_digits", "a digit too many", &"9".repeat(39)),
        value("quantity_leading_zero", "a leading zero", "03600"),
        value("quantity_negative", "a negative quantity", "-3600"),
        value("quantity_plus", "a plus sign", "+3600"),
        value("quantity_point", "a decimal point", "3600.0"),
        value("quantity_exponent", "an exponent", "36e2"),
        value("quantity_space", "a space", " 3600"),
        value(
            "quantity_other_digits",
            "digits that are not ASCII",
            "\u{663}\u{666}",
        ),
        value("quantity_none", "nothing at all", ""),
        sequence(
            "sequence_leading_zero",
            "a sequence with a leading zero",
            "00",
        ),
        sequence(
            "sequence_2_64",
            "a sequence of 2^64",
            "18446744073709551616",
        ),
        sequence("sequence_negative", "a negative sequence", "-1"),
        made(
            ("sequence_most", "att-2", "ok", "the largest sequence"),
            edit(&text, "/1/0\"", "/1/18446744073709551615\""),
        ),
        instant(
            "instant_offset",
            "an instant with an offset",
            "2026-03-01T00:00:00+00:00",
        ),
        instant(
            "instant_fraction",
            "an instant with a fraction",
            "2026-03-01T00:00:00.000Z",
        ),
        instant(
            "instant_leap_second",
            "a leap second",
            "2016-12-31T23:59:60Z",
        ),
        instant(
            "instant_no_such_day",
            "a day that does not exist",
            "2026-02-29T00:00:00Z",
        ),
        instant(
            "instant_before_1970",
            "an instant before 1970",
            "1969-12-31T23:59:59Z",
        ),
        instant(
            "instant_lower_case",
            "lower-case letters, which RFC 3339 allows",
            "2026-03-01t00:00:00z",
        ),
        digest(
            "digest_upper_case",
            "a digest in capitals",
            &catalogue.to_uppercase(),
        ),
        digest("digest_short", "a digest of 31 bytes", &catalogue[..62]),
        digest(
            "digest_prefixed",
            "a digest with the name of its algorithm",
            &format!("sha256:{catalogue}"),
        ),
    ]
}

fn members() -> Vec<Made> {
    let text = good();
    let issuer = Author::new().id.to_string();
    let digest = {
        let at = text.rfind("\"sha256\":\"").unwrap() + 10;
        text[at..at + 64].to_owned()
    };
    let item = text[text.rfind('[').unwrap() + 1..text.len() - 2].to_owned();
    let bad = |name, spec, what, from: &str, to: &str| {
        made((name, spec, "not-understood", what), edit(&text, from, to))
            .with("place", "1/0")
            .with("admits", 1)
    };
    let place = |name, spec, what, from: &str, to: &str| {
        made((name, spec, "place", what), edit(&text, from, to)).with("place", "none")
    };
    let sealed = |name, spec, what, from: &str, to: &str| {
        made(
            (name, spec, "not-understood", what),
            edit_predicate(&text, from, to),
        )
        .with("place", "1/0")
    };
    vec![
        bad(
            "type_other",
            "att-17",
            "a Statement of version 0.1",
            "Statement/v1\"",
            "Statement/v0.1\"",
        ),
        bad(
            "member_surplus",
            "att-17",
            "a fifth member",
            "\"predicateType\":",
            "\"predicateHint\":\"\",\"predicateType\":",
        ),
        bad(
            "member_extension",
            "att-17 att-21",
            "a reverse-domain name outside the predicate",
            "}]}",
            "}],\"x.y\":\"\"}",
        ),
        made(
            (
                "predicate_text",
                "att-17",
                "not-understood",
                "a predicate that is no object",
            ),
            {
                let start = text.find("\"predicate\":").unwrap() + 12;
                let end = text.rfind(",\"predicateType\":").unwrap();
                seal(&format!("{}\"\"{}", &text[..start], &text[end..]))
            },
        )
        .with("admits", 0),
        made(
            (
                "predicate_type_missing",
                "att-17",
                "not-understood",
                "no predicateType",
            ),
            {
                let start = text.rfind("\"predicateType\":").unwrap();
                let end = text.rfind("\"subject\":").unwrap();
                format!("{}{}", &text[..start], &text[end..])
            },
        )
        .with("admits", 1),
        made(
            ("subject_two", "att-18", "not-understood", "two subjects"),
            edit(&text, &item, &format!("{item},{item}")),
        )
        .with("place", "1/0")
        .with("admits", 1),
        place("subject_none", "att-18", "no subject", &item, ""),
        bad(
            "subject_surplus",
            "att-18",
            "a member of the subject that is not known",
            "/1/0\"}",
            "/1/0\",\"uri\":\"\"}",
        ),
        bad(
            "subject_two_digests",
            "att-18",
            "a second digest",
            &format!("\"sha256\":\"{digest}\""),
            &format!("\"sha256\":\"{digest}\",\"sha512\":\"\""),
        ),
        bad(
            "subject_digest_other",
            "att-20",
            "the digest of something else",
            &format!("\"sha256\":\"{digest}\""),
            &format!("\"sha256\":\"{}\"", sha256(b"")),
        ),
        bad(
            "subject_digest_upper_case",
            "att-4 att-20",
            "the digest in capitals",
            &format!("\"sha256\":\"{digest}\""),
            &format!("\"sha256\":\"{}\"", digest.to_uppercase()),
        ),
        place(
            "name_issuer_upper_case",
            "att-19",
            "an issuer's id in capitals",
            &format!("\"{issuer}/1/0"),
            &format!("\"{}/1/0", issuer.to_uppercase()),
        ),
        place(
            "name_no_sequence",
            "att-19",
            "no sequence",
            "/1/0\"",
            "/1\"",
        ),
        place(
            "name_surplus",
            "att-19",
            "a fourth part",
            "/1/0\"",
            "/1/0/0\"",
        ),
        sealed(
            "type_unknown",
            "att-23 att-63",
            "a type that is not known here",
            "/usage/v1\"",
            "/forecast/v1\"",
        )
        .with("admits", 1)
        .with("period", "yes"),
        sealed(
            "type_later",
            "att-23",
            "a later version of a type",
            "/usage/v1\"",
            "/usage/v2\"",
        )
        .with("admits", 1)
        .with("period", "yes"),
        sealed(
            "type_other_namespace",
            "att-23",
            "a type of somebody else",
            "https://standstill.dev/attestation/usage/v1",
            "https://in-toto.io/attestation/scai/v0.3",
        )
        .with("admits", 1),
        sealed(
            "type_slash",
            "att-23",
            "the name of a type and more",
            "/usage/v1\"",
            "/usage/v1/v1\"",
        ),
        sealed(
            "type_case",
            "att-23",
            "the name of a type in capitals",
            "/usage/v1\"",
            "/Usage/v1\"",
        ),
        sealed(
            "stream_other_kind",
            "att-63",
            "a pledge in an area's stream",
            "/usage/v1\"",
            "/pledge/v1\"",
        ),
        made(
            (
                "stream_usage_in_0",
                "att-63",
                "not-understood",
                "a usage in stream 0",
            ),
            {
                let mut author = Author::new();
                author.open = None;
                author.next_text(StreamId::GOVERNANCE, usage(day(0), 3600))
            },
        )
        .with("place", "0/2")
        .with("admits", 1),
        sealed(
            "member_unknown",
            "att-21",
            "a plain member that the type does not name",
            "\"ledgers\":",
            "\"ledger\":\"\",\"ledgers\":",
        )
        .with("admits", 1)
        .with("period", "yes"),
        sealed(
            "member_missing",
            "att-17",
            "a member of the type is missing",
            "\"ledgers\":[],",
            "",
        )
        .with("admits", 1)
        .with("period", "yes"),
        made(
            (
                "member_predicate_like",
                "att-20",
                "ok",
                "what looks like the predicate's end, inside a string",
            ),
            edit_predicate(
                &text,
                "\"tool\":\"example\"",
                "\"tool\":\"},\\\"predicateType\\\":\\\"\"",
            ),
        ),
    ]
}

fn links() -> Vec<Made> {
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
        origin: Origin::new(super::author::ORIGIN).unwrap(),
        size: 0,
        root: standstill::merkle::empty_root(),
    };
    let mut note = Note::sign(&checkpoint.to_text(), &log_key()).unwrap();
    for number in [1, 2] {
        note.put(cosign(note.text(), &witness_key(number), at(START)).unwrap());
    }
    note.to_text()
}

fn extensions() -> Vec<Made> {
    let text = good();
    let kept = |name, what, body: String| {
        made((name, "att-21", "ok", what), body).with("extension", "yes")
    };
    let critical = |name, spec, what, list: &str, member: &str| {
        let body = edit_predicate(
            &text,
            "\"devicesAbsent\":",
            &format!("\"critical\":{list},\"devicesAbsent\":"),
        );
        let at = body.rfind("},\"predicateType\"").unwrap();
        let body = seal(&format!("{}{member}{}", &body[..at], &body[at..]));
        made((name, spec, "not-understood", what), body)
            .with("admits", 1)
            .with("period", "yes")
    };
    let bad = |name, what, body: String| {
        made((name, "att-21", "not-understood", what), body).with("period", "yes")
    };
    vec![
        kept(
            "extension_top",
            "a member under a reverse-domain name",
            extended("\"xyz.example.note\":{\"any\":[\"thing\"]}"),
        ),
        kept(
            "extension_deep",
            "one inside a figure",
            edit_predicate(&text, "\"quantity\":", "\"org.example\":\"\",\"quantity\":"),
        ),
        bad(
            "extension_one_label",
            "a name of one label",
            extended("\"xyz\":\"\""),
        ),
        bad(
            "extension_empty_label",
            "a name with an empty label",
            extended("\"xyz.\":\"\""),
        ),
        bad(
            "extension_space",
            "a name with a space",
            extended("\"xyz.a b\":\"\""),
        ),
        critical(
            "critical_present",
            "att-22 att-24",
            "an extension that must be known",
            "[\"x.y\"]",
            ",\"x.y\":\"\"",
        ),
        critical(
            "critical_absent",
            "att-22",
            "a critical name that is not there",
            "[\"x.y\"]",
            "",
        ),
        critical("critical_empty", "att-22", "an empty list", "[]", ""),
        critical(
            "critical_plain",
            "att-22",
            "a plain member",
            "[\"figures\"]",
            "",
        ),
        critical(
            "critical_text",
            "att-22",
            "no list",
            "\"x.y\"",
            ",\"x.y\":\"\"",
        ),
    ]
}

/// What admits although it cannot be read.
fn claims() -> Vec<Made> {
    let text = good();
    let figure = {
        let at = text.find("\"figures\":[").unwrap() + 11;
        let end = text[at..].find("],").unwrap() + at;
        text[at..end].to_owned()
    };
    let interval = "\"interval\":{\"lower\":\"2\",\"upper\":\"1\"},\"method\":";
    let inside_out = edit(&figure, ",\"value\":\"3600\"", "");
    let inside_out = edit(&inside_out, "\"method\":", interval);
    let poison = |name, what, to: &str, admits: usize| {
        let body = edit_predicate(&text, &figure, to);
        made((name, "att-24", "not-understood", what), body)
            .with("admits", admits)
            .with("period", "yes")
    };
    vec![
        poison(
            "claim_poisoned_figure",
            "one figure that is ill-formed beside one that is not",
            &format!("{{}},{figure}"),
            1,
        ),
        poison(
            "claim_poisoned_type",
            "a text among the figures",
            &format!("{figure},\"\""),
            1,
        ),
        poison(
            "claim_inside_out",
            "an interval that is inside out beside a figure",
            &format!("{figure},{inside_out}"),
            1,
        ),
        made(
            (
                "claim_number",
                "att-24 att-25",
                "json",
                "a number in one figure, a good one beside it",
            ),
            edit_predicate(
                &text,
                &figure,
                &format!("{figure},{}", edit(&figure, "\"3600\"", "3600")),
            ),
        )
        .with("place", "1/0")
        .with("admits", 1)
        .with("period", "yes"),
    ]
}
