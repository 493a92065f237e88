//! Spot checks by typed commands: asked, drawn, answered, checked, judged.

use blst::min_sig::SecretKey;
use standstill::challenge::BEACON_SUITE;
use standstill::encoding::hex;
use standstill::hash::sha256;

use crate::corroborators::{expect, lab, logged, measuring};
use crate::lab::Lab;

/// 2026-04-02T00:00:00Z, at which the challenge is published.
const ASKED: &str = "2026-04-02T00:00:00Z";
/// An hour later its round comes out: 1,201 rounds of three seconds after.
const ROUND: u64 = 1201;
const OUT: &str = "2026-04-02T01:00:00Z";
const DUE: &str = "2026-04-03T00:00:00Z";
const LATER: &str = "2026-04-04T00:00:00Z";

fn key() -> SecretKey {
    SecretKey::key_gen(&[7; 32], &[]).unwrap()
}

fn chain() -> String {
    sha256(b"a beacon").to_string()
}

/// What drand's service answers of a round.
fn published(round: u64) -> String {
    let message = sha256(&round.to_be_bytes());
    let signature = key().sign(message.as_bytes(), BEACON_SUITE, &[]).compress();
    let (randomness, signature) = (sha256(&signature), hex::encode(&signature));
    format!(r#"{{"round":{round},"randomness":"{randomness}","signature":"{signature}"}}"#)
}

/// A lab with an auditor who may challenge it, and a beacon that both know.
fn challenged() -> Lab {
    let mut lab = lab();
    let auditor = measuring(&lab, "auditor");
    expect(&lab, &[("auditor", &auditor)]);
    let trust = lab.read("trust.toml")
        + &format!(
            "\n[[beacon]]\nchain = \"{}\"\nkey = \"{}\"\ngenesis = \"{ASKED}\"\nperiod = 3\n",
            chain(),
            hex::encode(&key().sk_to_pk().compress())
        );
    lab.write("trust.toml", trust);
    lab.at(ASKED);
    lab
}

/// The statements of a kind that the lab made, newest last.
fn statement(lab: &Lab, kind: &str) -> String {
    let entries = lab.entries();
    let found = entries.iter().rev().find_map(|entry| {
        let envelope = standstill::attestation::Envelope::parse(entry).ok()?;
        let text = String::from_utf8_lossy(envelope.payload()).into_owned();
        let id = envelope.statement_id().to_string();
        text.contains(&format!("attestation/{kind}/v1"))
            .then_some(id)
    });
    found.unwrap()
}

/// Asks, and has it logged; returns the challenge's id.
fn ask(lab: &mut Lab, statement: &str, more: &str) -> String {
    let asked = lab.ok(&format!(
        "challenge ask {statement} --workspace auditor --log lab/log --round {ROUND} --chain {} --due {DUE} {more} --json",
        chain()
    ));
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    logged(lab, &["auditor"]);
    lab.write("round.json", published(ROUND));
    lab.at(OUT);
    asked["challenge"].as_str().unwrap().to_owned()
}

/// What a verdict says of challenges.
fn told(lab: &Lab) -> Vec<String> {
    let found = lab.run("verify lab/log --trust trust.toml --attached lab/evidence --json");
    let found: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    let findings = found["verdicts"][0]["findings"].as_array().unwrap().iter();
    let checks = findings.map(|one| one["check"].as_str().unwrap().to_owned());
    checks
        .filter(|name| name.starts_with("challenge"))
        .collect()
}

#[test]
fn a_draw_is_asked_for_answered_and_judged() {
    let mut lab = challenged();
    let plan = lab.ok("challenge plan --of 40 --share 10");
    assert!(plan.starts_with("21 of 40"), "{plan}");
    let usage = statement(&lab, "usage");
    let id = ask(&mut lab, &usage, "--count 3 --secret");
    std::fs::create_dir_all(lab.path("lab/evidence")).unwrap();
    assert_eq!(told(&lab), ["challenge-open"]);
    // Nobody but the auditor knows the secret.
    let other = lab.run(&format!(
        "challenge draw {id} --log lab/log --round round.json --workspace lab -o no.draw"
    ));
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.err.contains("the auditor's workspace"), "{other:?}");
    lab.ok(&format!(
        "challenge draw {id} --log lab/log --round round.json --workspace auditor -o the.draw"
    ));
    let answered = lab.ok("challenge answer the.draw --trust trust.toml --workspace lab --json");
    let answered: serde_json::Value = serde_json::from_str(&answered).unwrap();
    let file = answered["file"].as_str().unwrap();
    // Only its owner reads it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(lab.path(file)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    lab.ok("publish --workspace lab");
    let checked = lab.ok(&format!("challenge check {file} --trust trust.toml"));
    assert!(checked.contains("3 of "), "{checked}");
    assert!(
        checked.contains(&format!("by the round of {OUT}")),
        "{checked}"
    );
    assert!(checked.contains("accelerator_seconds"), "{checked}");
    assert_eq!(told(&lab), ["challenged"]);
    // Once is enough.
    let again = lab.run("challenge answer the.draw --trust trust.toml --workspace lab");
    assert_eq!(again.code, 2);
    assert!(again.err.contains("was answered before"), "{again:?}");
    // What others make of it is not what was drawn.
    let text = lab
        .read(file)
        .replacen("accelerator_seconds", "accelerator_second", 1);
    lab.write("forged", text);
    let forged = lab.run("challenge check forged --trust trust.toml");
    assert_eq!(forged.code, 2);
    assert!(forged.err.contains("record "), "{forged:?}");
}

#[test]
fn devices_are_drawn_of_an_inventory() {
    let mut lab = challenged();
    let inventory = statement(&lab, "inventory");
    let window = "--from 2026-03-01T00:00:00Z --to 2026-03-31T00:00:00Z";
    let id = ask(&mut lab, &inventory, &format!("--count 5 {window}"));
    lab.ok(&format!(
        "challenge draw {id} --log lab/log --round round.json -o the.draw"
    ));
    lab.ok("challenge answer the.draw --trust trust.toml --workspace lab");
    lab.ok("publish --workspace lab");
    assert_eq!(told(&lab), ["challenged"]);
}

#[test]
fn who_does_not_answer_or_will_not_is_told() {
    let mut lab = challenged();
    let usage = statement(&lab, "usage");
    let id = ask(&mut lab, &usage, "--count 3");
    lab.at(LATER);
    lab.ok("publish --workspace lab");
    std::fs::create_dir_all(lab.path("lab/evidence")).unwrap();
    assert_eq!(told(&lab), ["challenge-overdue"]);
    let found = lab.run("verify lab/log --trust trust.toml");
    assert!(found.out.starts_with("lab: OVERDUE"), "{found:?}");
    let entries = lab.entries();
    let auditor = entries.iter().find_map(|entry| {
        let envelope = standstill::attestation::Envelope::parse(entry).ok()?;
        let statement = standstill::attestation::Statement::parse(envelope.payload()).ok()?;
        (envelope.statement_id().to_string() == id).then(|| statement.subject.issuer.to_string())
    });
    let auditor = auditor.unwrap();
    lab.ok(&format!(
        "challenge refuse {id} --auditor {auditor} --unable --reason lost --workspace lab"
    ));
    lab.ok("publish --workspace lab");
    assert_eq!(told(&lab), ["challenge-late", "challenge-refused"]);
}

/// Refused with these words and a hint.
fn wrong(lab: &Lab, command: &str, says: &str) {
    let found = lab.run(command);
    assert_eq!(found.code, 2, "{found:?}");
    assert!(found.err.contains(says), "{command}: {found:?}");
    assert!(found.err.contains("hint:"), "{command}: {found:?}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let lab = challenged();
    let [usage, pledge, inventory] =
        ["usage", "pledge", "inventory"].map(|one| statement(&lab, one));
    let nobody = "00".repeat(32);
    for (what, says) in [
        (format!("{usage} --count 0"), "cannot be drawn"),
        (format!("{usage} --count 1000000"), "cannot be drawn"),
        (
            format!("{usage} --count 1 --ledger meters"),
            "names no ledger",
        ),
        (format!("{usage} --count 1 --round 5"), "could be foreseen"),
        (format!("{usage} --count 1 --after 60"), "could be foreseen"),
        (
            format!("{usage} --count 1 --round 5 --chain {}", chain()),
            "when the answer is due",
        ),
        (format!("{usage} --count 1 --round 0"), "never comes out"),
        (
            format!(
                "{usage} --count 1 --round 5 --chain {} --due {ASKED}",
                chain()
            ),
            "that is too soon",
        ),
        (format!("{usage} --count 1 --due {DUE}"), "that is too soon"),
        (format!("{pledge} --count 1"), "names no ledger"),
        (format!("{inventory} --count 1"), "no period of its own"),
        (format!("{nobody} --count 1"), "has no statement"),
    ] {
        let command = format!("challenge ask --log lab/log --workspace auditor {what}");
        wrong(&lab, &command, says);
    }
    let ask = format!("challenge ask {usage} --count 1");
    wrong(
        &lab,
        &format!("{ask} --log nowhere --workspace auditor"),
        "nowhere",
    );
    wrong(
        &lab,
        &format!("{ask} --log lab/log --workspace lab"),
        "does not measure",
    );
    let plan = "challenge plan --of";
    wrong(
        &lab,
        &format!("{plan} 10 --defects 11"),
        "cannot be found out",
    );
    for many in [
        "1000000000 --defects 1",
        "18446744073709551615 --defects 10000000000",
    ] {
        let says = "can be drawn at once";
        wrong(&lab, &format!("{plan} {many}"), says);
    }
}

#[test]
fn what_cannot_be_drawn_or_answered_is_said() {
    let mut lab = challenged();
    let usage = statement(&lab, "usage");
    let id = ask(&mut lab, &usage, "--count 3");
    let draw = format!("challenge draw {id} --log lab/log -o the.draw");
    wrong(&lab, &draw, "draws by round");
    for (round, says) in [
        (published(ROUND + 1), "is not of round"),
        ("{}".to_owned(), "has no `signature`"),
        ("{".to_owned(), "other.json"),
    ] {
        lab.write("other.json", round);
        wrong(&lab, &format!("{draw} --round other.json"), says);
    }
    lab.write("not.draw", "{}");
    wrong(
        &lab,
        "challenge answer not.draw --workspace lab",
        "not.draw",
    );
    lab.ok(&format!("{draw} --round round.json"));
    // Whoever hands over a draw may have made it up, and the first answer counts.
    let answer = "challenge answer the.draw --workspace lab";
    wrong(&lab, answer, "is not known here");
    let signed: serde_json::Value = serde_json::from_str(&published(ROUND)).unwrap();
    let other: serde_json::Value = serde_json::from_str(&published(ROUND + 1)).unwrap();
    let [signed, other] = [&signed, &other].map(|one| one["signature"].as_str().unwrap());
    lab.write("forged.draw", lab.read("the.draw").replace(signed, other));
    wrong(
        &lab,
        "challenge answer forged.draw --trust trust.toml --workspace lab",
        "did not sign",
    );
    wrong(
        &lab,
        "challenge answer the.draw --trust trust.toml --workspace auditor",
        "no statement of this workspace",
    );
    std::fs::remove_dir_all(lab.path("lab/ledgers/1")).unwrap();
    std::fs::create_dir_all(lab.path("lab/ledgers/1")).unwrap();
    wrong(
        &lab,
        "challenge answer the.draw --trust trust.toml --workspace lab",
        "has no ledger",
    );
}
