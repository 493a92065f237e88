//! `issuer` statements: what their predicates may hold. Who signs them is in `identity`.

use standstill::attestation::content::{Issuer, LogOfRecord, Move, StreamHead};
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::hash::sha256;
use standstill::key::{Algorithm, KeyName, SignerKey};

use super::author::{
    AREA, Author, GOVERNANCE, OPERATIONS, OTHER, ROOTS, THIRD, at, issuer, keys, log_of_record,
    public, secret, witness_key,
};
use super::{Made, edit_predicate};

fn made(fixture: (&str, &str, &str, &str), body: impl Into<Vec<u8>>) -> Made {
    Made::new("issuer", fixture, body)
}

/// What would be said next in stream 0.
fn later(issuer: Issuer) -> String {
    Author::new().next_text(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer)))
}

pub fn fixtures() -> Vec<Made> {
    let mut all = key_sets();
    all.extend(others());
    all.extend(moves());
    all
}

fn key_sets() -> Vec<Made> {
    let text = later(issuer());
    let set = |seeds: &[u8]| {
        let keys: Vec<String> = seeds
            .iter()
            .map(|seed| format!("\"{}\"", public(*seed)))
            .collect();
        format!("\"keys\":[{}]", keys.join(","))
    };
    let governance = format!("{{{},\"threshold\":\"1\"}}", set(&[GOVERNANCE]));
    let mut sorted = vec![GOVERNANCE, OTHER, THIRD];
    sorted.sort_by_key(|seed| secret(*seed).public().key_id());
    let with = |seeds: &[u8], threshold: &str| {
        edit_predicate(
            &text,
            &governance,
            &format!("{{{},\"threshold\":\"{threshold}\"}}", set(seeds)),
        )
    };
    let bad = |name, what, body| made((name, "att-28", "not-understood", what), body);
    let reversed: Vec<u8> = sorted.iter().rev().copied().collect();
    let mut many: Vec<u8> = (120..137).collect();
    many.sort_by_key(|seed| secret(*seed).public().key_id());
    vec![
        made(
            (
                "ok",
                "att-28 att-29 att-30 att-31",
                "ok",
                "two root keys, a key for each role, a quorum of two witnesses",
            ),
            text.clone(),
        ),
        made(
            ("keys_two_of_three", "att-28", "ok", "two of three keys"),
            with(&sorted, "2"),
        ),
        made(
            ("keys_16", "att-28", "ok", "the most keys"),
            with(&many[..16], "16"),
        ),
        bad("keys_17", "more keys than there may be", with(&many, "1")),
        bad("keys_none", "no key", with(&[], "0")),
        bad(
            "keys_not_sorted",
            "keys that are not sorted by key id",
            with(&reversed, "2"),
        ),
        bad(
            "keys_twice",
            "a key twice",
            with(&[GOVERNANCE, GOVERNANCE], "1"),
        ),
        bad(
            "threshold_0",
            "a threshold that is met by nobody",
            with(&[GOVERNANCE], "0"),
        ),
        bad(
            "threshold_above",
            "a threshold above the number of keys",
            with(&[GOVERNANCE], "2"),
        ),
        bad(
            "threshold_leading_zero",
            "a threshold with a leading zero",
            with(&[GOVERNANCE], "01"),
        ),
        made(
            (
                "key_small_order",
                "att-4",
                "not-understood",
                "a key of small order, which fits any message",
            ),
            edit_predicate(&text, &public(GOVERNANCE), &format!("01{}", "0".repeat(62))),
        ),
        made(
            (
                "key_not_canonical",
                "att-4",
                "not-understood",
                "a key whose coordinate is not reduced",
            ),
            edit_predicate(
                &text,
                &public(GOVERNANCE),
                &format!("f0{}7f", "f".repeat(60)),
            ),
        ),
        made(
            (
                "key_no_point",
                "att-4",
                "not-understood",
                "bytes that are no point of the curve",
            ),
            edit_predicate(&text, &public(GOVERNANCE), &format!("02{}", "0".repeat(62))),
        ),
        made(
            (
                "key_upper_case",
                "att-4",
                "not-understood",
                "a key in capitals",
            ),
            edit_predicate(
                &text,
                &public(GOVERNANCE),
                &public(GOVERNANCE).to_uppercase(),
            ),
        ),
        made(
            (
                "root_signs_a_role",
                "att-29",
                "not-understood",
                "a root key that is a signing key too, and could revoke itself",
            ),
            with(&[ROOTS[0]], "1"),
        ),
        made(
            (
                "root_among_a_role",
                "att-29",
                "not-understood",
                "a root key among the keys of a role",
            ),
            {
                let mut seeds = [OPERATIONS, ROOTS[1]];
                seeds.sort_by_key(|seed| secret(*seed).public().key_id());
                edit_predicate(
                    &text,
                    &format!("{{{},\"threshold\":\"1\"}}", set(&[OPERATIONS])),
                    &format!("{{{},\"threshold\":\"1\"}}", set(&seeds)),
                )
            },
        ),
        made(
            ("roles_share_a_key", "att-29", "ok", "one key in both roles"),
            with(&[OPERATIONS], "1"),
        ),
        made(
            (
                "role_missing",
                "att-28",
                "not-understood",
                "a role that is missing",
            ),
            edit_predicate(&text, &format!("\"governance\":{governance},"), ""),
        ),
        made(
            (
                "role_unknown",
                "att-21",
                "not-understood",
                "a role that is not known",
            ),
            edit_predicate(
                &text,
                "\"operations\":",
                "\"observers\":\"\",\"operations\":",
            ),
        ),
    ]
}

fn others() -> Vec<Made> {
    let text = later(issuer());
    let (one, two) = (witness_key(1).verifier(), witness_key(2).verifier());
    let bad = |name, spec, what, from: &str, to: &str| {
        made(
            (name, spec, "not-understood", what),
            edit_predicate(&text, from, to),
        )
    };
    let named = |name: &str, algorithm, seed| {
        SignerKey::new(KeyName::new(name).unwrap(), algorithm, secret(seed)).verifier()
    };
    let log = log_of_record();
    let key = format!("\"key\":\"{}\"", log.key);
    let first = sha256(b"an earlier issuer").to_string();
    let second = sha256(b"another").to_string();
    let (low, high) = if first < second {
        (first, second)
    } else {
        (second, first)
    };
    let none = "\"earlier\":\"none\"";
    let witnesses = {
        let at = text.find("\"witnesses\":").unwrap();
        let end = text[at..].find("}}").unwrap() + at + 1;
        text[at..end].to_owned()
    };
    let mut since = issuer();
    since.suspected_since = Some(at(1_700_000_000));
    vec![
        bad(
            "witness_twice",
            "att-30",
            "a witness twice: a quorum alone",
            &format!("\"{two}\""),
            &format!("\"{one}\""),
        ),
        bad(
            "witness_two_names",
            "att-30",
            "a witness's key under two names",
            &format!("\"{two}\""),
            &format!(
                "\"{}\"",
                named("witness.example/alias", Algorithm::CosignatureV1, 21)
            ),
        ),
        bad(
            "witness_type",
            "att-30",
            "a witness's key of the type of a log's",
            &format!("\"{two}\""),
            &format!("\"{}\"", named("witness.example/2", Algorithm::Ed25519, 22)),
        ),
        bad(
            "witness_id",
            "att-30",
            "a witness's key whose id is not its own",
            &format!("+{}+", two.id()),
            "+00000000+",
        ),
        bad(
            "quorum_0",
            "att-30",
            "a quorum of nobody",
            "\"quorum\":\"2\"",
            "\"quorum\":\"0\"",
        ),
        bad(
            "quorum_above",
            "att-30",
            "a quorum above the number of witnesses",
            "\"quorum\":\"2\"",
            "\"quorum\":\"4\"",
        ),
        bad(
            "witnesses_empty",
            "att-30",
            "a list of no witness",
            &witnesses,
            "\"witnesses\":{\"keys\":[],\"quorum\":\"0\"}",
        ),
        made(
            ("witnesses_none", "att-30", "ok", "no witness is heeded"),
            edit_predicate(&text, &witnesses, "\"witnesses\":\"none\""),
        ),
        bad(
            "log_type",
            "att-30",
            "a log's key of the type of a witness's",
            &key,
            &format!(
                "\"key\":\"{}\"",
                named(&log.origin, Algorithm::CosignatureV1, 10)
            ),
        ),
        bad(
            "log_other_name",
            "att-30",
            "a log's key of another origin",
            &key,
            &format!(
                "\"key\":\"{}\"",
                named("other.example/log", Algorithm::Ed25519, 10)
            ),
        ),
        bad(
            "log_missing",
            "att-34",
            "no log of record",
            &format!("\"log\":{{{key},\"origin\":\"{}\"}},", log.origin),
            "",
        ),
        made(
            ("earlier_two", "att-31", "ok", "two earlier ids"),
            edit_predicate(&text, none, &format!("\"earlier\":[\"{low}\",\"{high}\"]")),
        ),
        bad(
            "earlier_itself",
            "att-31",
            "an issuer that is its own earlier one",
            none,
            &format!("\"earlier\":[\"{}\"]", Author::new().id),
        ),
        bad(
            "earlier_empty",
            "att-31",
            "an empty list: a second spelling of none",
            none,
            "\"earlier\":[]",
        ),
        bad(
            "earlier_not_sorted",
            "att-31",
            "two earlier ids, not sorted",
            none,
            &format!("\"earlier\":[\"{high}\",\"{low}\"]"),
        ),
        bad(
            "earlier_twice",
            "att-31",
            "an earlier id twice",
            none,
            &format!("\"earlier\":[\"{low}\",\"{low}\"]"),
        ),
        bad(
            "earlier_missing",
            "att-31",
            "earlier ids are not mentioned",
            &format!("{none},"),
            "",
        ),
        made(
            (
                "suspected_since",
                "att-32",
                "ok",
                "a key may have been in other hands since",
            ),
            later(since),
        ),
    ]
}

fn moves() -> Vec<Made> {
    let author = Author::new();
    let head = author.heads[&StreamId::GOVERNANCE];
    let stream_head = |stream, sequence, statement| StreamHead {
        stream,
        sequence,
        statement,
    };
    let governance = stream_head(StreamId::GOVERNANCE, head.sequence, head.statement);
    let area = stream_head(AREA, 7, StatementId::from(sha256(b"the last usage")));
    let to = |heads: Vec<StreamHead>| {
        let name = KeyName::new("new.example/log").unwrap();
        let key = SignerKey::new(name, Algorithm::Ed25519, secret(11)).verifier();
        Issuer {
            log: LogOfRecord {
                origin: "new.example/log".to_owned(),
                key,
            },
            moved: Some(Move {
                from: log_of_record(),
                checkpoint: "lab.example/log\n7\n(the note of a checkpoint)\n".to_owned(),
                heads,
            }),
            ..issuer()
        }
    };
    let text = later(to(vec![governance, area]));
    let bad = |name, what, issuer| made((name, "att-35", "not-understood", what), later(issuer));
    let other = StatementId::from(sha256(b"an older statement"));
    let older = stream_head(StreamId::GOVERNANCE, head.sequence, other);
    let wrong = stream_head(StreamId::GOVERNANCE, head.sequence - 1, head.statement);
    let moved = |text: &str| {
        let at = text.find("\"moved\":").unwrap();
        let end = text.find(",\"notBefore\":").unwrap();
        text[at..=end].to_owned()
    };
    vec![
        made(
            (
                "move",
                "att-35",
                "ok",
                "to another log, from the heads of every stream",
            ),
            text.clone(),
        ),
        bad("move_no_heads", "a move that names no head", to(vec![])),
        bad(
            "move_without_stream_0",
            "a move that does not name the head of stream 0",
            to(vec![area]),
        ),
        bad(
            "move_older_head",
            "a move that names another head of stream 0 than its predecessor",
            to(vec![older, area]),
        ),
        bad(
            "move_older_sequence",
            "a move that names an older sequence of stream 0",
            to(vec![wrong, area]),
        ),
        bad(
            "move_not_sorted",
            "heads that are not sorted",
            to(vec![area, governance]),
        ),
        bad(
            "move_twice",
            "the head of a stream twice",
            to(vec![governance, area, area]),
        ),
        bad(
            "move_same_log",
            "a move from the log itself",
            Issuer {
                log: log_of_record(),
                ..to(vec![governance])
            },
        ),
        bad(
            "move_long_checkpoint",
            "a checkpoint of more than 12 KiB",
            {
                let mut issuer = to(vec![governance]);
                issuer.moved.as_mut().unwrap().checkpoint = "x".repeat(12_289);
                issuer
            },
        ),
        made(
            (
                "move_first",
                "att-35",
                "not-understood",
                "a move in a first statement",
            ),
            {
                let first = String::from_utf8(
                    standstill::attestation::Envelope::parse(&author.entries[0])
                        .unwrap()
                        .payload()
                        .to_vec(),
                )
                .unwrap();
                edit_predicate(
                    &first,
                    "\"notBefore\":",
                    &format!("{}\"notBefore\":", moved(&text)),
                )
            },
        ),
        made(
            ("keys_change", "att-32", "ok", "other keys for every role"),
            later(Issuer {
                root: keys(&[OTHER], 1),
                ..issuer()
            }),
        ),
    ]
}
