//! The statement's members, its subject and its type.

use standstill::attestation::StreamId;
use standstill::hash::sha256;

use super::super::author::{Author, day, usage};
use super::super::{Made, edit, edit_predicate, seal};
use super::{good, made};

pub(super) fn members() -> Vec<Made> {
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
