//! Those who measure, and parties to a pact, that publish in logs of their own.

mod hostile;
mod pacts;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use standstill::attestation::content::{
    AreaOpen, Direction, Issuer, LogOfRecord, Measured, Transfer,
};
use standstill::catalogue::Catalogue;
use standstill::key::{Algorithm, KeyName, SignerKey, VerifierKey};
use standstill::store::Objects as _;
use standstill::verify::{Judgement, LogFiles, judge};

use super::*;

const FAR: &str = "meters.example/log";
const TEXT: &[u8] = b"We slow down together.";

/// The key of the other log.
fn far_key() -> SignerKey {
    let name = KeyName::new(FAR).unwrap();
    SignerKey::new(name, Algorithm::Ed25519, secret(60))
}

/// A party whose log of record is the other one.
fn far(seed: u8) -> Lab {
    let log = LogOfRecord {
        origin: FAR.to_owned(),
        key: far_key().verifier(),
    };
    let issuer = Issuer {
        log,
        ..issuer(seed, 2)
    };
    Lab::new(seed).founded_as(issuer)
}

/// The other log, of which all was seen at a time.
fn far_log(party: &Lab, seen: u64) -> MemoryObjects {
    let (first, rest) = party.entries.split_at(2);
    log_by(far_key(), &[(first, Some(START - DAY)), (rest, Some(seen))])
}

/// Whom the auditor believes: labs by their logs, with what stands after the last.
fn believing(labs: &[(IssuerId, &SignerKey)], more: &str) -> Trust {
    let logs = [log_key(), far_key()].map(|key| key.verifier());
    let labs = labs.iter().map(|(id, key)| (*id, key.verifier()));
    let roots = ["outsider 1", "outsider 2", "outsider 3"];
    trusting(&logs, &labs.collect::<Vec<_>>(), &roots, more)
}

/// As [`believing`], of these logs and of a witness of each of these roots, of whom two are a
/// quorum.
fn trusting(
    logs: &[VerifierKey],
    labs: &[(IssuerId, VerifierKey)],
    roots: &[&str],
    more: &str,
) -> Trust {
    let (mut policy, mut names) = (String::new(), String::new());
    for log in logs {
        writeln!(policy, "log {log}").unwrap();
    }
    let mut text = "policy = \"policy\"\ngreatest_age = 8640000\ngrace = 86400\n".to_owned();
    for (id, log) in labs {
        write!(
            text,
            "[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab {id}\"\nlog = \"{log}\"\n"
        )
        .unwrap();
    }
    text += more;
    for (number, root) in (1..).zip(roots) {
        let key = witness_key(number).verifier();
        writeln!(policy, "witness w{number} {key}").unwrap();
        write!(names, " w{number}").unwrap();
        writeln!(
            text,
            "[[witness]]\nname = \"w{number}\"\ntrust_root = \"{root}\""
        )
        .unwrap();
    }
    writeln!(policy, "group g 2{names}\nquorum g").unwrap();
    Trust::parse(&text, policy.as_bytes()).unwrap()
}

fn judged(files: MemoryObjects, beside: &[&MemoryObjects], trust: &Trust, now: u64) -> Judgement {
    let others: Vec<Files> = beside.iter().map(|one| Files((*one).clone())).collect();
    let beside = others.iter().map(|one| {
        let files: &dyn LogFiles = one;
        ("far".to_owned(), files)
    });
    let files = Files(files);
    let evidence = Evidence {
        beside: beside.collect(),
        pacts: BTreeSet::from([sha256(TEXT)]),
        ..Evidence::of(Subject::Log(&files))
    };
    let found = judge(&evidence, trust, &Catalogue::embedded(), at(now)).unwrap();
    hand_on(&found);
    found
}

/// A lab that used 400,000 of 864,000 device-seconds on each of two days.
fn lab() -> Lab {
    let mut lab = pledged(cap(1_000_000, 2));
    for number in 0..2 {
        let usage = accounted(&lab, day(number), 400_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    lab
}

/// One who measures it, in a log of its own.
fn cloud(of: &Lab) -> Lab {
    let mut cloud = far(150);
    cloud.measures(of);
    for number in 0..2 {
        cloud.measure(measured(of, day(number), 390_000, 420_000));
    }
    cloud
}

/// A trust file that expects it there.
fn expecting_far(lab: &Lab, cloud: &Lab) -> Trust {
    let lines = expecting(lab, &[(cloud, "cloud")]);
    let log = format!("log = \"{}\"\n", far_key().verifier());
    believing(&[(lab.id, &log_key())], &(lines + &log))
}

fn headline(found: &Judgement) -> String {
    assert_eq!(found.verdicts.len(), 1, "{found:#?}");
    found.verdicts[0].headline()
}

// spec: ver-97
#[test]
fn what_is_measured_in_another_log_makes_a_claim_hold_if_that_log_is_given() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    let found = judged(near.clone(), &[&away], &trust, END);
    assert_eq!(headline(&found), "HOLDS@E3", "{found:#?}");
    assert_eq!(found.beside.len(), 1);
    assert_eq!(found.beside[0].origin.as_str(), FAR);
    let streams = &found.verdicts[0].used;
    assert!(
        streams.iter().any(|one| one.issuer == cloud.id),
        "{found:#?}"
    );
    // Without it, nobody measured.
    let alone = judged(near, &[], &trust, END);
    assert_eq!(headline(&alone), "NOT-SHOWN", "{alone:#?}");
    assert!(checks(&alone.verdicts[0]).contains(&"corroboration-missing"));
}

// spec: ver-97
#[test]
fn copies_in_the_labs_log_are_not_what_was_measured() {
    // A lab could leave out what was corrected since.
    let lab = lab();
    let cloud = cloud(&lab);
    let copied = log_with(&lab, &[&cloud], END);
    let found = judged(copied, &[], &expecting_far(&lab, &cloud), END);
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
    assert_ne!(headline(&found), "HOLDS@E3", "{found:#?}");
}

// spec: ver-97
#[test]
fn a_log_of_which_an_old_copy_is_shown_is_not_heard() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    // The lab's own log goes on to be seen; that of the cloud is a hundred days old and more.
    let now = END + 101 * DAY;
    let later = log(&[
        (&lab.entries[..4], Some(START - DAY)),
        (&lab.entries[4..], Some(now)),
    ]);
    let found = judged(later, &[&away], &trust, now);
    let told = &found.verdicts[0].findings;
    let missing = told.iter().find(|one| one.check == "corroboration-missing");
    assert!(
        missing.unwrap().text.contains("saw the log last"),
        "{told:#?}"
    );
    assert_eq!(headline(&judged(near, &[&away], &trust, END)), "HOLDS@E3");
}

// spec: ver-5
#[test]
fn whatever_is_lost_of_a_log_beside_no_verdict_is_better() {
    let lab = lab();
    for measured_most in [420_000, 600_000] {
        let mut cloud = far(150);
        cloud.measures(&lab);
        for number in 0..2 {
            cloud.measure(measured(&lab, day(number), 390_000, measured_most));
        }
        let (near, trust) = (log_with(&lab, &[], END), expecting_far(&lab, &cloud));
        let judge = |cloud: &Lab| judged(near.clone(), &[&far_log(cloud, END)], &trust, END);
        let whole = judge(&cloud);
        for at in 0..cloud.entries.len() {
            // Who holds the log's key leaves an entry out, or all from it on.
            let mut without = cloud.clone();
            without.entries.remove(at);
            let mut shorter = cloud.clone();
            shorter.entries.truncate(at.max(2));
            for lost in [without, shorter] {
                let found = judge(&lost);
                assert!(!is_better(&found, &whole), "{at}: {found:#?}");
            }
        }
        let none = judged(near.clone(), &[], &trust, END);
        assert!(!is_better(&none, &whole), "{none:#?}");
    }
}

// spec: ver-97
#[test]
fn a_broken_log_beside_is_not_heard_and_accuses_nobody() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    let path = "tile/entries/000.p/5";
    let bytes = standstill::store::LogFiles::read(&away, path).unwrap();
    let mut bytes = bytes.unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = far_log(&cloud, END);
    damaged.replace(path, &bytes).unwrap();
    let found = judged(near, &[&damaged], &trust, END);
    assert_eq!(headline(&found), "NOT-SHOWN", "{found:#?}");
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
}

// spec: ver-97
#[test]
fn what_was_seen_by_the_labs_own_witnesses_is_not_seen_there_either() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let lines = expecting(&lab, &[(&cloud, "cloud")]);
    let log = format!("log = \"{}\"\n", far_key().verifier());
    // Two of the three belong to the cloud: a quorum would be its own.
    let related =
        "[[related]]\nroots = [\"cloud\", \"outsider 1\", \"outsider 2\"]\nwhy = \"owned\"\n";
    let trust = believing(&[(lab.id, &log_key())], &(lines + &log + related));
    let found = judged(near, &[&away], &trust, END);
    assert!(checks(&found.verdicts[0]).contains(&"corroboration-missing"));
    assert_eq!(headline(&found), "NOT-SHOWN", "{found:#?}");
}

// spec: ver-97
#[test]
fn what_cannot_be_used_beside_is_told() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let trust = expecting_far(&lab, &cloud);
    let told = |beside: &[&MemoryObjects], trust: &Trust| {
        let found = judged(near.clone(), beside, trust, END);
        let unanswered = found
            .findings
            .iter()
            .filter(|one| one.check == "unanswered");
        unanswered.map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&[&away], &trust), Vec::<String>::new());
    assert!(told(&[&near], &trust)[0].contains("is the log that is judged"));
    assert!(told(&[&away, &away], &trust)[0].contains("given already"));
    let unknown = trust_of(&[lab.id], "", "");
    assert!(told(&[&away], &unknown)[0].contains("no log that the trust file names signed"));
}

// spec: ver-89
#[test]
fn a_transfer_to_a_lab_with_a_log_of_its_own_is_matched_there() {
    let transfer = |to: IssuerId, direction| {
        let kept = devices(0, "h100-sxm", 2);
        Content::Transfer(Transfer {
            direction,
            counterpart: Some(Measured {
                issuer: to,
                stream: StreamId::new(1),
            }),
            edge: at(START + DAY),
            ledger: kept.ledger,
            capacity: kept.capacity,
        })
    };
    let mut lab = lab();
    let mut taker = far(120);
    lab.say(StreamId::new(1), transfer(taker.id, Direction::Out));
    let issuers = [(lab.id, &log_key()), (taker.id, &far_key())];
    let trust = believing(&issuers, "");
    let near = log_with(&lab, &[], END);
    let unmatched = |taker: &Lab| {
        let away = far_log(taker, END);
        let found = judged(near.clone(), &[&away], &trust, END);
        checks(&found.verdicts[0]).contains(&"transfer-unmatched")
    };
    assert!(unmatched(&taker), "nobody says that they came");
    taker.say(StreamId::new(1), transfer(lab.id, Direction::In));
    assert!(!unmatched(&taker));
    let alone = judged(near.clone(), &[], &trust, END);
    assert!(checks(&alone.verdicts[0]).contains(&"transfer-unmatched"));
}

// spec: con-7
#[test]
fn who_measures_two_labs_from_a_log_of_its_own_is_named_once() {
    let lab = lab();
    let mut cloud = cloud(&lab);
    let second = Lab::new(180);
    let open = AreaOpen {
        cadence: None,
        measures: Some(Measured {
            issuer: second.id,
            stream: StreamId::new(1),
        }),
        ..days()
    };
    cloud.open(3, open);
    let (near, away) = (log_with(&lab, &[&second], END), far_log(&cloud, END));
    let log = format!("log = \"{}\"\n", far_key().verifier());
    let lines = expecting(&lab, &[(&cloud, "cloud")]) + &log;
    let lines = lines + &expecting(&second, &[(&cloud, "cloud")]) + &log;
    let labs = [(lab.id, &log_key()), (second.id, &log_key())];
    let trust = believing(&labs, &lines);
    // `judged` hands the verdict on, as a summary too.
    let found = judged(near, &[&away], &trust, END);
    let used = &found.verdicts[0].used;
    let mut once = used.clone();
    once.dedup();
    assert_eq!(*used, once);
}

// spec: ver-45
#[test]
fn what_was_said_after_the_copy_that_was_shown_is_not_excluded() {
    let lab = lab();
    let cloud = cloud(&lab);
    let said = |found: &Judgement| {
        let open = found.verdicts[0].does_not_show.iter();
        open.filter(|line| line.contains("what cloud said after its last statement"))
            .count()
    };
    // In the lab's log it is said.
    let mut near = corroborator(150, &lab);
    for number in 0..2 {
        near.measure(measured(&lab, day(number), 390_000, 420_000));
    }
    let trust = believing(
        &[(lab.id, &log_key())],
        &expecting(&lab, &[(&near, "cloud")]),
    );
    let found = judged(log_with(&lab, &[&near], END), &[], &trust, END);
    assert_eq!(said(&found), 1, "{found:#?}");
    // The lab chooses which copy of the other log it shows.
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    let found = judged(near, &[&away], &expecting_far(&lab, &cloud), END);
    assert_eq!(headline(&found), "HOLDS@E3");
    assert_eq!(said(&found), 1, "{:#?}", found.verdicts[0].does_not_show);
}

// spec: ver-15
#[test]
fn an_old_copy_still_shows_the_breach_that_others_measured() {
    let lab = lab();
    let others: Vec<Lab> = [150, 170]
        .map(|seed| {
            let mut other = far(seed);
            other.measures(&lab);
            for number in 0..2 {
                other.measure(measured(&lab, day(number), 700_000, 720_000));
            }
            other
        })
        .into();
    let mut both = others[0].clone();
    both.entries.extend(others[1].entries.iter().cloned());
    let away = log_by(far_key(), &[(&both.entries, Some(END))]);
    let log = format!("log = \"{}\"\n", far_key().verifier());
    let lines = expecting(&lab, &[(&others[0], "cloud")]) + &log;
    let lines = lines + &expecting(&lab, &[(&others[1], "utility")]) + &log;
    let trust = believing(&[(lab.id, &log_key())], &lines);
    for now in [END, END + 101 * DAY] {
        let near = common::log(&[
            (&lab.entries[..4], Some(START - DAY)),
            (&lab.entries[4..], Some(now)),
        ]);
        let found = judged(near, &[&away], &trust, now);
        assert_eq!(headline(&found), "VIOLATED", "at {now}: {found:#?}");
    }
}
