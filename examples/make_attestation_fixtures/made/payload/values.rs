//! Quantities, sequences, instants and digests.

use standstill::hash::sha256;

use super::super::{Made, edit, edit_predicate};
use super::{good, made};

pub(super) fn values() -> Vec<Made> {
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
