//! `registration` and `recovery`.

use standstill::attestation::content::{Lost, Recovery, RecoveryCause, Registration};
use standstill::attestation::{Content, IssuerId, StreamId};
use standstill::hash::sha256;

use super::author::{Author, log_of_record};
use super::{Made, edit_predicate};

fn made(fixture: (&str, &str, &str, &str), body: impl Into<Vec<u8>>) -> Made {
    Made::new("registry", fixture, body)
}

fn says(content: Content) -> String {
    Author::new().next_text(StreamId::GOVERNANCE, content)
}

fn registers(admits: Vec<IssuerId>, removes: Vec<IssuerId>) -> String {
    says(Content::Registration(Registration {
        log: log_of_record(),
        admits,
        removes,
    }))
}

pub fn fixtures() -> Vec<Made> {
    let mut ids = [&b"one"[..], b"two"].map(|name| IssuerId::from(sha256(name)));
    ids.sort();
    let [one, two] = ids;
    let bad = |name, what, body| made((name, "att-51", "not-understood", what), body);
    let recovery = says(Content::Recovery(Recovery {
        log: log_of_record(),
        cause: RecoveryCause::WitnessAhead,
        latest: None,
        size: 7,
        root: sha256(b"a root"),
        lost: Some(Lost { first: 7, count: 2 }),
        report: "A backup of the day before was put back.".to_owned(),
    }));
    let ill = |name, what, from: &str, to: &str| {
        made(
            (name, "att-52", "not-understood", what),
            edit_predicate(&recovery, from, to),
        )
    };
    vec![
        made(
            ("registration", "att-51", "ok", "two issuers are admitted"),
            registers(vec![one, two], vec![]),
        ),
        made(
            (
                "registration_removes",
                "att-51",
                "ok",
                "one is admitted, one no longer",
            ),
            registers(vec![one], vec![two]),
        ),
        bad(
            "registration_empty",
            "nobody is named",
            registers(vec![], vec![]),
        ),
        bad(
            "registration_both",
            "one is admitted and is not",
            registers(vec![one], vec![one]),
        ),
        bad(
            "registration_not_sorted",
            "ids that are not sorted",
            registers(vec![two, one], vec![]),
        ),
        bad(
            "registration_twice",
            "an id twice",
            registers(vec![one, one], vec![]),
        ),
        bad(
            "registration_513",
            "more ids than fit",
            registers(
                (0_u64..513)
                    .map(|number| IssuerId::from(sha256(&number.to_be_bytes())))
                    .collect::<std::collections::BTreeSet<_>>()
                    .into_iter()
                    .collect(),
                vec![],
            ),
        ),
        made(
            (
                "recovery",
                "att-52",
                "ok",
                "two entries lost to an old backup",
            ),
            recovery.clone(),
        ),
        made(
            ("recovery_nothing_lost", "att-52", "ok", "nothing was lost"),
            edit_predicate(
                &recovery,
                "\"lost\":{\"count\":\"2\",\"first\":\"7\"}",
                "\"lost\":\"none\"",
            ),
        ),
        ill(
            "recovery_cause",
            "a cause that is not known",
            "witness-ahead",
            "cosmic-ray",
        ),
        ill(
            "recovery_lost_0",
            "a loss of nothing",
            "\"count\":\"2\"",
            "\"count\":\"0\"",
        ),
        ill(
            "recovery_lost_overflow",
            "a loss beyond what can be counted",
            "\"first\":\"7\"",
            "\"first\":\"18446744073709551615\"",
        ),
        ill(
            "recovery_report_long",
            "a report of more than 1024 bytes",
            "A backup",
            &"A backup ".repeat(128),
        ),
    ]
}
