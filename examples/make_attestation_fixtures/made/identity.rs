//! Who founds an issuer, and who signs for one.

use standstill::attestation::content::{Action, Area, AreaClose, Issuer, Withdrawal};
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::encoding::hex;
use standstill::hash::sha256;

use super::author::{
    AREA, Author, DAY, GOVERNANCE, OPERATIONS, OTHER, ROOTS, START, THIRD, at, day, issuer, keys,
    sign, usage,
};
use super::{Made, edit_predicate, seal};

fn payload_of(entry: &[u8]) -> String {
    let envelope = standstill::attestation::Envelope::parse(entry).unwrap();
    String::from_utf8(envelope.payload().to_vec()).unwrap()
}

/// First statements.
pub fn founding() -> Vec<Made> {
    let author = Author::new();
    let first = payload_of(&author.entries[0]);
    let made = |name, spec, expect, what, body: Vec<u8>| {
        Made::new("founding", (name, spec, expect, what), body)
    };
    let by = |name, what, signers: &[u8]| {
        made(
            name,
            "att-27",
            "signatures",
            what,
            sign(first.as_bytes(), signers),
        )
    };
    // Two of three root keys would be the threshold.
    let three = Issuer {
        root: keys(&[ROOTS[0], ROOTS[1], OTHER], 2),
        ..issuer()
    };
    let three = payload_of(&Author::found(three, &[ROOTS[0], ROOTS[1], OTHER]).entries[0]);
    let later = author.next_text(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer())));
    let named = |id: &str| format!("\"name\":\"{id}/0/0\"");
    let another = sha256(b"another").to_string();
    let renamed = super::edit(&first, &named(&author.id.to_string()), &named(&another));
    let extended = edit_predicate(&first, "\"roles\":", "\"quota.example\":\"\",\"roles\":");
    let re_sealed = |text: &str, id: &str| {
        let at = text.rfind("\"sha256\":\"").unwrap() + 10;
        seal(&text.replace(&author.id.to_string(), id)).replace(&text[at..at + 64].to_owned(), id)
    };
    let extended_id = {
        let at = extended.rfind("\"sha256\":\"").unwrap() + 10;
        extended[at..at + 64].to_owned()
    };
    vec![
        made(
            "ok",
            "att-26 att-27",
            "ok",
            "signed by both root keys",
            author.entries[0].clone(),
        )
        .with("issuer", author.id),
        by(
            "signed_by_one",
            "signed by one of two root keys",
            &ROOTS[..1],
        ),
        by("signed_by_role", "signed by a signing key", &[GOVERNANCE]),
        by(
            "signed_surplus",
            "signed by both root keys and a signing key",
            &[ROOTS[0], ROOTS[1], GOVERNANCE],
        ),
        by(
            "signed_by_outsider",
            "signed by a root key and somebody",
            &[ROOTS[0], OTHER],
        ),
        made(
            "signed_by_threshold",
            "att-27",
            "signatures",
            "signed by as many as the threshold, not by every root key: the third may be anybody's",
            sign(three.as_bytes(), &ROOTS),
        ),
        made(
            "signed_by_three",
            "att-27",
            "ok",
            "signed by all three root keys, of which two are the threshold",
            sign(three.as_bytes(), &[ROOTS[0], ROOTS[1], OTHER]),
        ),
        made(
            "id_other",
            "att-26",
            "id",
            "in the name of another id",
            sign(renamed.as_bytes(), &ROOTS),
        ),
        made(
            "id_of_extension",
            "att-26 att-21",
            "ok",
            "an extension is part of what the id is the digest of",
            sign(re_sealed(&extended, &extended_id).as_bytes(), &ROOTS),
        )
        .with("issuer", &extended_id),
        made(
            "id_without_extension",
            "att-26",
            "id",
            "an extension added to a predicate under the old id",
            sign(extended.as_bytes(), &ROOTS),
        ),
        made(
            "not_first",
            "att-26",
            "not-first",
            "a later statement",
            sign(later.as_bytes(), &ROOTS),
        ),
        made(
            "not_issuer",
            "att-26",
            "not-issuer",
            "another type of statement",
            author.entries[1].clone(),
        ),
        made(
            "not_understood",
            "att-26 att-22",
            "not-issuer",
            "a first statement that requires what is not known",
            {
                let text = edit_predicate(
                    &first,
                    "\"earlier\":",
                    "\"critical\":[\"x.y\"],\"earlier\":",
                );
                sign(text.as_bytes(), &ROOTS)
            },
        ),
    ]
}

/// Entries in order, of which the last may be signed by the right keys or not.
pub fn signers() -> Vec<Made> {
    let author = Author::new();
    let made = |name, spec, expect, what, author: &Author, last: Vec<u8>| {
        let lines: Vec<Vec<u8>> = author.entries.iter().cloned().chain([last]).collect();
        Made::new("signers", (name, spec, expect, what), lines.join(&b'\n'))
    };
    let report = author.next_text(AREA, usage(day(0), 30));
    let withdrawal = author.next_text(
        StreamId::GOVERNANCE,
        Content::Withdrawal(Withdrawal {
            pledge: StatementId::from(sha256(b"a pledge")),
            reason: "none".to_owned(),
        }),
    );
    let close = author.next_text(
        StreamId::GOVERNANCE,
        Content::Area(Area {
            stream: AREA,
            action: Action::Close(AreaClose {
                end: at(START + DAY),
                inventory: StatementId::from(sha256(b"an inventory")),
            }),
        }),
    );
    let next = Issuer {
        root: keys(&[OTHER], 1),
        roles: standstill::attestation::content::Roles {
            governance: keys(&[GOVERNANCE, THIRD], 2),
            operations: keys(&[OPERATIONS], 1),
        },
        ..issuer()
    };
    let later = author.next_text(
        StreamId::GOVERNANCE,
        Content::Issuer(Box::new(next.clone())),
    );
    let unknown = |payload: &str, kind: &str| {
        let from = format!("/attestation/{kind}/v1\"");
        payload.replace(&from, &format!("/attestation/{kind}/v2\""))
    };
    let critical = |payload: &str, before: &str| {
        edit_predicate(payload, before, &format!("\"critical\":[\"x.y\"],{before}"))
    };
    let by = |name, spec, expect, what, payload: &str, signers: &[u8]| {
        made(
            name,
            spec,
            expect,
            what,
            &author,
            sign(payload.as_bytes(), signers),
        )
    };
    let mut changed = author.clone();
    changed.take(StreamId::GOVERNANCE, later.as_bytes(), &ROOTS);
    let again = changed.next_text(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer())));
    let after = |name, spec, expect, what, payload: &str, signers: &[u8]| {
        made(
            name,
            spec,
            expect,
            what,
            &changed,
            sign(payload.as_bytes(), signers),
        )
    };
    let two = changed.next_text(
        StreamId::GOVERNANCE,
        Content::Withdrawal(Withdrawal {
            pledge: StatementId::from(sha256(b"a pledge")),
            reason: "none".to_owned(),
        }),
    );
    let (ok, bad) = ("ok", "nobodys");
    let invalid = {
        let text = String::from_utf8(sign(report.as_bytes(), &[OPERATIONS])).unwrap();
        let at = text.find("\"sig\":\"").unwrap() + 7;
        let end = text.len() - 4;
        text.replace(
            &text[at..end].to_owned(),
            &standstill::encoding::base64::encode(&[7; 64]),
        )
        .into_bytes()
    };
    vec![
        by(
            "operations",
            "att-37",
            ok,
            "a usage by the operations key",
            &report,
            &[OPERATIONS],
        ),
        by(
            "operations_by_root",
            "att-37",
            ok,
            "a usage by the root threshold",
            &report,
            &ROOTS,
        ),
        by(
            "operations_by_governance",
            "att-37",
            bad,
            "a usage by the governance key",
            &report,
            &[GOVERNANCE],
        ),
        by(
            "operations_by_half_root",
            "att-37",
            bad,
            "a usage by one of two root keys",
            &report,
            &ROOTS[..1],
        ),
        by(
            "operations_surplus",
            "att-37",
            bad,
            "a usage by the operations key and another",
            &report,
            &[OPERATIONS, GOVERNANCE],
        ),
        by(
            "operations_and_root",
            "att-37",
            bad,
            "a usage by the operations key and a root key",
            &report,
            &[OPERATIONS, ROOTS[0]],
        ),
        by(
            "operations_by_outsider",
            "att-39",
            bad,
            "a usage by somebody",
            &report,
            &[OTHER],
        ),
        made(
            "operations_invalid",
            "att-37 att-15",
            bad,
            "a usage whose signature is not valid",
            &author,
            invalid,
        ),
        by(
            "governance",
            "att-37",
            ok,
            "a withdrawal by the governance key",
            &withdrawal,
            &[GOVERNANCE],
        ),
        by(
            "governance_by_root",
            "att-37",
            ok,
            "a withdrawal by the root threshold",
            &withdrawal,
            &ROOTS,
        ),
        by(
            "governance_by_operations",
            "att-37",
            bad,
            "a withdrawal by the operations key",
            &withdrawal,
            &[OPERATIONS],
        ),
        by(
            "close",
            "att-50",
            ok,
            "the closing of an area by the root threshold",
            &close,
            &ROOTS,
        ),
        by(
            "close_by_governance",
            "att-50",
            bad,
            "a stolen key closing an area",
            &close,
            &[GOVERNANCE],
        ),
        by(
            "close_critical_by_governance",
            "att-38",
            bad,
            "a closing that is not understood, by the governance key",
            &critical(&close, "\"end\":"),
            &[GOVERNANCE],
        ),
        by(
            "close_critical",
            "att-38",
            ok,
            "a closing that is not understood, by the root threshold",
            &critical(&close, "\"end\":"),
            &ROOTS,
        ),
        by(
            "issuer",
            "att-32",
            ok,
            "a change of keys by the root threshold",
            &later,
            &ROOTS,
        ),
        by(
            "issuer_by_governance",
            "att-32",
            bad,
            "a change of keys by a signing key",
            &later,
            &[GOVERNANCE],
        ),
        by(
            "issuer_by_new_root",
            "att-32",
            bad,
            "a change of keys by the new root key, and not the old ones",
            &later,
            &[OTHER],
        ),
        by(
            "issuer_by_half_root",
            "att-32",
            bad,
            "a change of keys by one of two root keys",
            &later,
            &ROOTS[..1],
        ),
        by(
            "issuer_critical_by_governance",
            "att-38",
            bad,
            "a change of keys that is not understood, by a signing key",
            &critical(&later, "\"earlier\":"),
            &[GOVERNANCE],
        ),
        by(
            "issuer_later_version_by_governance",
            "att-38",
            bad,
            "a change of keys of a later version, by a signing key",
            &unknown(&later, "issuer"),
            &[GOVERNANCE],
        ),
        by(
            "issuer_later_version",
            "att-38",
            ok,
            "a change of keys of a later version, by the root threshold",
            &unknown(&later, "issuer"),
            &ROOTS,
        ),
        by(
            "unknown_by_governance",
            "att-38",
            ok,
            "a statement of an unknown type in stream 0, by the governance key",
            &unknown(&withdrawal, "withdrawal"),
            &[GOVERNANCE],
        ),
        after(
            "after_change",
            "att-32",
            ok,
            "the next change, by the new root key",
            &again,
            &[OTHER],
        ),
        after(
            "after_change_old_root",
            "att-32",
            bad,
            "the next change, by the old root keys",
            &again,
            &ROOTS,
        ),
        after(
            "after_change_threshold",
            "att-37",
            ok,
            "both keys of the role, as is now its threshold",
            &two,
            &[GOVERNANCE, THIRD],
        ),
        after(
            "after_change_below",
            "att-37",
            bad,
            "one key of the role, as was its threshold",
            &two,
            &[GOVERNANCE],
        ),
        after(
            "after_change_queued",
            "att-54",
            ok,
            "a withdrawal queued before the change, by the root threshold of now",
            &withdrawal,
            &[OTHER],
        ),
    ]
    .into_iter()
    .map(|one| one.with("entries", "one a line; the last is judged"))
    .chain([hex_is_not_the_id()])
    .collect()
}

/// The key itself in place of its id, with a valid signature.
fn hex_is_not_the_id() -> Made {
    let author = Author::new();
    let report = author.next_text(AREA, usage(day(0), 30));
    let key = super::author::secret(OPERATIONS).public();
    let entry = String::from_utf8(sign(report.as_bytes(), &[OPERATIONS])).unwrap();
    let entry = entry.replace(&key.key_id().to_string(), &hex::encode(key.as_bytes()));
    let lines: Vec<Vec<u8>> = author
        .entries
        .iter()
        .cloned()
        .chain([entry.into_bytes()])
        .collect();
    Made::new(
        "signers",
        (
            "operations_key_as_id",
            "att-12 att-39",
            "nobodys",
            "a usage whose key id is the key itself",
        ),
        lines.join(&b'\n'),
    )
    .with("entries", "one a line; the last is judged")
}
