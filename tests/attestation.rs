//! Entries, payloads, identities and histories: the fixtures of `specs/attestation.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    reason = "a test may stop"
)]

mod common;
mod fixture;
#[path = "../examples/make_attestation_fixtures/made/mod.rs"]
mod made;

use std::collections::BTreeSet;

use common::{DAY, Known, START, at, cosigned, judge_log, log, witness_key};
use fixture::Fixture;
use standstill::attestation::identity::{Identity, IdentityError};
use standstill::attestation::statement::{StatementError, claimed_subject};
use standstill::attestation::{
    Content, Envelope, EnvelopeError, IssuerId, MAX_ENTRY, Statement, StatementId,
};
use standstill::encoding::json;
use standstill::hash::Hash;
use standstill::key::PublicKey;
use standstill::note::Note;
use standstill::store::fs::Directory;
use standstill::store::reader::LogReader;
use standstill::tlog::{Checkpoint, Cosignature, Policy};
use standstill::verify::witnessed::{Seen, Times};
use standstill::verify::{Judgement, Word};

#[test]
fn fixtures_are_what_the_generator_makes() {
    let mut folders = BTreeSet::new();
    let mut names = BTreeSet::new();
    for one in made::fixtures() {
        let path = fixture::root().join("fixtures").join(&one.path);
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(
            found == one.to_bytes(),
            "{}: `cargo run --example make_attestation_fixtures` makes another",
            one.path
        );
        folders.insert(one.path.split_once('/').unwrap().0.to_owned());
        assert!(names.insert(one.path.clone()), "{} is made twice", one.path);
    }
    for folder in folders {
        for one in fixture::fixtures(&folder) {
            let path = one.path.strip_prefix("fixtures").unwrap();
            assert!(names.contains(path.to_str().unwrap()), "{}", path.display());
        }
    }
}

/// Checks every fixture of a folder, and tells of all that are answered otherwise.
fn each(folder: &str, check: impl Fn(&Fixture) -> Result<(), String>) {
    let faults: Vec<String> = fixture::fixtures(folder)
        .iter()
        .filter_map(|one| {
            let fault = check(one).err()?;
            Some(format!("{}: {fault}", one.path.display()))
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Compares what was found with what is expected.
fn same(what: &str, found: impl ToString, expected: impl ToString) -> Result<(), String> {
    let (found, expected) = (found.to_string(), expected.to_string());
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found `{found}`, expected `{expected}`"))
}

fn envelope_class(error: &EnvelopeError) -> &'static str {
    match error {
        EnvelopeError::Base64(_) => "base64",
        EnvelopeError::Count { .. } => "count",
        EnvelopeError::KeyId => "key-id",
        EnvelopeError::Order => "order",
        EnvelopeError::Spelling(_) => "spelling",
        EnvelopeError::TooLong { .. } => "too-long",
        _ => "unknown",
    }
}

#[test]
fn every_entry_is_answered_as_its_fixture_says() {
    each("entry", |one| {
        let keys: Vec<PublicKey> = one
            .get("keys")
            .split(' ')
            .map(|key| key.parse().unwrap())
            .collect();
        let class = match Envelope::parse(&one.body) {
            Ok(envelope) => {
                assert_eq!(envelope.to_bytes(), one.body);
                is_canonical(one)?;
                let signed = envelope.is_signed_by(&keys);
                if signed { "ok" } else { "signature" }
            }
            Err(error) => envelope_class(&error),
        };
        same("class", class, one.get("expect"))
    });
}

/// Asks another program: `serde_json` sorts and spaces as RFC 8785 does where there is no
/// number.
fn is_canonical(one: &Fixture) -> Result<(), String> {
    let theirs: serde_json::Value = serde_json::from_slice(&one.body).unwrap();
    same("serde_json", theirs, one.text())
}

#[test]
fn every_payload_is_answered_as_its_fixture_says() {
    each("payload", payload);
}

#[test]
fn every_issuer_statement_is_answered_as_its_fixture_says() {
    each("issuer", payload);
}

#[test]
fn every_area_statement_is_answered_as_its_fixture_says() {
    each("area", payload);
}

#[test]
fn every_statement_of_a_logs_operator_is_answered_as_its_fixture_says() {
    each("registry", payload);
}

fn payload(one: &Fixture) -> Result<(), String> {
    let parsed = Statement::parse(&one.body);
    let (class, why) = match &parsed {
        Ok(statement) => match &statement.content {
            Content::NotUnderstood(content) => ("not-understood", content.why.to_string()),
            _ => ("ok", String::new()),
        },
        Err(error @ StatementError::Json(_)) => ("json", error.to_string()),
        Err(error @ StatementError::Subject) => ("place", error.to_string()),
        Err(error) => ("unknown", error.to_string()),
    };
    same(&format!("class ({why})"), class, one.get("expect"))?;
    same("canonical", json::parse(&one.body).is_ok(), class != "json")?;
    if let Ok(statement) = &parsed
        && class == "ok"
    {
        is_canonical(one)?;
        let written = String::from_utf8(statement.to_payload().unwrap()).unwrap();
        // An extension stands in the entry, and is not written anew.
        if !one.header.contains_key("extension") {
            same("written", written, one.text())?;
        }
    }
    let read = match parsed {
        Ok(statement) => Some(statement),
        Err(error) => Statement::parse_claim(&one.body, &error),
    };
    let place = read.as_ref().map(|statement| statement.subject);
    assert_eq!(place, claimed_subject(&one.body));
    if let Some(expected) = one.header.get("place") {
        let spelled = place.map(|place| format!("{}/{}", place.stream, place.sequence));
        same("place", spelled.as_deref().unwrap_or("none"), expected)?;
    }
    if let Some(id) = one.header.get("statement") {
        same("statement id", StatementId::of(&one.body), id)?;
    }
    if let Some(admits) = one.header.get("admits") {
        let Some(Content::NotUnderstood(content)) = read.map(|statement| statement.content) else {
            return Err("it does not claim anything".to_owned());
        };
        same("admits", content.admits.len(), admits)?;
        if one.header.contains_key("period") {
            same("period", content.period.is_some(), true)?;
        }
    }
    Ok(())
}

#[test]
fn every_first_statement_founds_what_its_fixture_says() {
    each("founding", |one| {
        let envelope = Envelope::parse(&one.body).unwrap();
        let statement = Statement::parse(envelope.payload()).unwrap();
        let founded = Identity::establish(&envelope, &statement);
        let class = match &founded {
            Ok(_) => "ok",
            Err(IdentityError::Id { .. }) => "id",
            Err(IdentityError::NotFirst) => "not-first",
            Err(IdentityError::NotIssuer) => "not-issuer",
            Err(IdentityError::Signatures) => "signatures",
            Err(_) => "unknown",
        };
        same("class", class, one.get("expect"))?;
        match one.header.get("issuer") {
            Some(issuer) => same("issuer", founded.unwrap().id(), issuer),
            None => Ok(()),
        }
    });
}

fn lines(one: &Fixture) -> Vec<Vec<u8>> {
    one.body
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn every_last_entry_is_signed_or_not_as_its_fixture_says() {
    each("signers", |one| {
        let entries = lines(one);
        let mut identity: Option<Identity> = None;
        let mut signed = false;
        for entry in &entries {
            let envelope = Envelope::parse(entry).unwrap();
            let statement = Statement::parse(envelope.payload()).unwrap();
            let Some(identity) = &mut identity else {
                identity = Some(Identity::establish(&envelope, &statement).unwrap());
                continue;
            };
            let key_ids: Vec<_> = envelope.key_ids().collect();
            signed = identity.permits(&key_ids, &statement)
                && envelope.is_signed(|key_id| identity.key(key_id));
            if let (true, Content::Issuer(issuer)) = (signed, statement.content) {
                identity.succeed(*issuer);
            }
        }
        same(
            "class",
            if signed { "ok" } else { "nobodys" },
            one.get("expect"),
        )
    });
}

/// What every verdict on these logs says: they rest on a lab's own job log, and all but
/// the first two entries were seen a week after the window began.
const ORDINARY: &[&str] = &[
    "coverage-unknown",
    "late",
    "pledged-late",
    "unbalanced",
    "worth",
];

fn judged(one: &Fixture) -> Judgement {
    let entries = lines(one);
    let issuers: Vec<IssuerId> = entries
        .iter()
        .filter_map(|entry| claimed_subject(Envelope::parse(entry).ok()?.payload()))
        .filter(|place| place.stream.is_governance() && place.sequence == 0)
        .map(|place| place.issuer)
        .collect();
    let end = START + 8 * DAY;
    // How many more a quorum saw, and on which day; the rest it saw at the end.
    let (first, mut rest) = entries.split_at(2);
    let mut batches = vec![(first, Some(START - DAY))];
    for batch in one.header.get("seen").iter().flat_map(|all| all.split(' ')) {
        let (count, day) = batch.split_once('@').unwrap();
        let (batch, behind) = rest.split_at(count.parse().unwrap());
        batches.push((batch, Some(START + day.parse::<u64>().unwrap() * DAY)));
        rest = behind;
    }
    batches.push((rest, Some(end)));
    let files = log(&batches);
    judge_log(&files, &issuers, end, Known::default())
}

fn word(word: Word) -> &'static str {
    match word {
        Word::Consistent => "consistent",
        Word::Overdue => "overdue",
        Word::Violated => "violated",
        Word::LogIntegrityFailure => "log-integrity-failure",
        Word::NotShown => "not-shown",
        Word::Holds => "holds",
    }
}

#[test]
fn every_history_is_judged_as_its_fixture_says() {
    each("history", |one| {
        let judgement = judged(one);
        let mut checks: BTreeSet<&str> = judgement
            .verdicts
            .iter()
            .flat_map(|verdict| &verdict.findings)
            .chain(&judgement.findings)
            .map(|finding| finding.check)
            .filter(|check| !ORDINARY.contains(check))
            .collect();
        if !judgement.anomalies.is_empty() {
            checks.insert("anomaly");
        }
        let found = judgement
            .verdicts
            .first()
            .map_or("none", |one| word(one.word));
        let expect = one.get("expect");
        if expect == "ok" {
            same("checks", checks.len(), 0).map_err(|fault| format!("{fault}: {checks:?}"))?;
            same("word", found, "consistent")?;
        } else if !checks.contains(expect) {
            return Err(format!("{found}, found {checks:?}, expected `{expect}`"));
        }
        match one.header.get("word") {
            Some(expected) => same("word", found, expected),
            None => Ok(()),
        }
    });
}

// spec: att-14
#[test]
fn an_entry_is_never_longer_than_a_bundle_can_say() {
    assert_eq!(MAX_ENTRY, usize::from(u16::MAX));
}

/// A fixture of the worked example.
fn example(name: &str) -> Fixture {
    Fixture::read(&fixture::root().join("fixtures/example").join(name))
}

#[test]
fn the_worked_example_of_the_document_is_what_it_says() {
    let document = std::fs::read_to_string(fixture::root().join("specs/attestation.md")).unwrap();
    let blocks: BTreeSet<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .collect();
    let entry = example("entry.txt");
    let envelope = Envelope::parse(&entry.body).unwrap();
    let statement = Statement::parse(envelope.payload()).unwrap();
    let payload = std::str::from_utf8(envelope.payload()).unwrap();
    let issuer = Identity::establish(&envelope, &statement).unwrap().id();
    let value: serde_json::Value = serde_json::from_str(payload).unwrap();
    let length = payload.len();
    for block in [
        value["predicate"].to_string(),
        issuer.to_string(),
        payload.to_owned(),
        format!("DSSEv1 28 application/vnd.in-toto+json {length} {payload}"),
        envelope.statement_id().to_string(),
        entry.text().to_owned(),
        standstill::merkle::leaf_hash(&entry.body).to_string(),
    ] {
        assert!(
            blocks.contains(block.as_str()),
            "not in the document: {block}"
        );
    }
}

/// A lab whose key is pinned in place of its id.
// spec: att-33
#[test]
fn a_bare_key_is_no_identity() {
    let entries = lines(&Fixture::read(
        &fixture::root().join("fixtures/history/ok.txt"),
    ));
    let envelope = Envelope::parse(&entries[0]).unwrap();
    let statement = Statement::parse(envelope.payload()).unwrap();
    let Content::Issuer(issuer) = statement.content else {
        panic!("the first entry is not an `issuer` statement");
    };
    for key in issuer.root.keys() {
        let pinned = IssuerId::from(Hash::from_bytes(*key.as_bytes()));
        let files = log(&[(&entries, Some(START + DAY))]);
        let judgement = judge_log(&files, &[pinned], START + DAY, Known::default());
        assert!(judgement.verdicts.is_empty(), "{judgement:#?}");
        assert_eq!(judgement.outcome(None).code(), 3);
    }
}

// spec: att-55
#[test]
fn a_log_takes_an_entry_however_late_it_is() {
    let one = Fixture::read(&fixture::root().join("fixtures/history/ok.txt"));
    let entries = lines(&one);
    // Years behind every deadline.
    let late = START + 4000 * DAY;
    let files = log(&[
        (&entries[..2], Some(START - DAY)),
        (&entries[2..], Some(late)),
    ]);
    let issuer = claimed_subject(Envelope::parse(&entries[0]).unwrap().payload()).unwrap();
    let judgement = judge_log(&files, &[issuer.issuer], late, Known::default());
    let verdict = &judgement.verdicts[0];
    assert_eq!(verdict.word, Word::Consistent, "{judgement:#?}");
    assert!(
        verdict
            .findings
            .iter()
            .any(|finding| finding.check == "late")
    );
}

/// Two of three witnesses, by the names that `tests/common` gives them.
fn policy() -> Policy {
    let mut text = format!("log {}\n", common::log_key().verifier());
    for number in 1..=3 {
        text += &format!("witness w{number} {}\n", witness_key(number).verifier());
    }
    text += "group g 2 w1 w2 w3\nquorum g\n";
    Policy::parse(text.as_bytes()).unwrap()
}

// spec: att-62
#[test]
fn times_are_those_of_a_quorum_and_of_nobody_else() {
    let seen = |size: u64, lines: &[(u8, u64)]| {
        let checkpoint = Checkpoint {
            origin: standstill::tlog::Origin::new(common::ORIGIN).unwrap(),
            size,
            root: standstill::merkle::empty_root(),
        };
        let note = Note::sign(&checkpoint.to_text(), &common::log_key()).unwrap();
        let cosignatures = lines.iter().map(|(witness, time)| {
            let note = cosigned(note.to_text().as_bytes(), &[*witness], *time);
            let key = witness_key(*witness).verifier();
            Cosignature::open(&note, &key).unwrap().unwrap()
        });
        Seen {
            name: "test".to_owned(),
            checkpoint: checkpoint.clone(),
            cosignatures: cosignatures.collect(),
        }
    };
    // A tree of three entries, and a larger one that a second witness saw earlier than
    // another saw the smaller.
    let all = [
        seen(3, &[(1, START), (2, START + 50)]),
        seen(5, &[(2, START + 30), (4, START + 1)]),
        seen(5, &[(3, START + 90)]),
    ];
    let times = Times::new(&all, policy());
    assert_eq!(times.not_after(0), Some(at(START + 30)));
    assert_eq!(times.not_after(2), Some(at(START + 30)));
    assert_eq!(times.not_after(3), Some(at(START + 90)));
    assert_eq!(times.not_after(5), None);
    let lines: Vec<Cosignature> = all
        .iter()
        .flat_map(|one| one.cosignatures.clone())
        .collect();
    // The latest time at or after which two of the three had signed.
    assert_eq!(policy().not_before(&lines), Some(at(START + 50)));
}

/// Runs the program in a workspace.
fn standstill(directory: &std::path::Path, arguments: &[&str]) {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_standstill"))
        .current_dir(directory)
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
}

// spec: att-53 att-54
#[test]
fn a_second_payload_is_never_signed_for_a_place() {
    let directory = tempfile::tempdir().unwrap();
    standstill(directory.path(), &["init", "lab"]);
    let lab = directory.path().join("lab");
    let journal = || std::fs::read(lab.join("journal")).unwrap();
    let queued = journal();
    standstill(&lab, &["publish"]);
    // As if the process had died between the log and the receipts.
    let forget = || {
        std::fs::remove_dir_all(lab.join("receipts")).unwrap();
        std::fs::create_dir(lab.join("receipts")).unwrap();
    };
    forget();
    standstill(&lab, &["publish"]);
    forget();
    standstill(&lab, &["key", "rotate", "--role", "governance"]);
    let rotated = journal();
    standstill(&lab, &["publish"]);
    standstill(&lab, &["publish"]);
    assert!(rotated.starts_with(&queued), "the journal only grows");
    assert_eq!(journal(), rotated);

    let files = Directory::new(lab.join("log"));
    let reader = LogReader::new(&files);
    let key = std::fs::read_to_string(lab.join("log/vkey")).unwrap();
    let size = reader.check(&key.trim_end().parse().unwrap()).unwrap().size;
    let entries = reader.entries(0, size).unwrap();
    let payloads: Vec<Vec<u8>> = entries
        .iter()
        .map(|entry| Envelope::parse(entry).unwrap().payload().to_vec())
        .collect();
    let said: Vec<&[u8]> = rotated.split_inclusive(|byte| *byte == b'\n').collect();
    let said: Vec<&[u8]> = said.iter().map(|line| &line[..line.len() - 1]).collect();
    assert_eq!(
        payloads, said,
        "each payload of the journal once, in its order"
    );
}

/// What an adversary changes is refused, or is read for what it is.
#[test]
fn any_single_byte_of_an_entry_changed_is_refused_or_spelled_anew_as_it_is() {
    let entry = example("entry.txt").body;
    for at in 0..entry.len() {
        for mask in [1, 0x20, 0x80] {
            let mut changed = entry.clone();
            changed[at] ^= mask;
            if let Ok(envelope) = Envelope::parse(&changed) {
                assert_eq!(envelope.to_bytes(), changed);
                let statement = Statement::parse(envelope.payload());
                let founded = statement
                    .is_ok_and(|statement| Identity::establish(&envelope, &statement).is_ok());
                assert!(!founded, "byte {at}");
            }
        }
    }
}

#[test]
fn any_single_byte_of_a_payload_changed_is_refused_or_written_again_as_it_is() {
    for name in ["payload/ok.txt", "issuer/move.txt", "area/open.txt"] {
        let payload = Fixture::read(&fixture::root().join("fixtures").join(name)).body;
        let place = claimed_subject(&payload).unwrap();
        for at in 0..payload.len() {
            for mask in [1, 2, 0x20, 0x80] {
                let mut changed = payload.clone();
                changed[at] ^= mask;
                match Statement::parse(&changed) {
                    Ok(statement) => {
                        let written = statement.to_payload();
                        assert!(written.is_none_or(|again| again == changed), "{name} {at}");
                    }
                    Err(error) => {
                        let claim = Statement::parse_claim(&changed, &error);
                        let understood = claim.is_some_and(|claim| {
                            claim.content.statement_type().is_some() && claim.subject == place
                        });
                        assert!(!understood, "{name} {at}");
                    }
                }
            }
        }
    }
}
