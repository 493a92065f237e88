//! Answers, true and false.

use proptest::prelude::*;
use standstill::attestation::content::{Challenge, ChallengeKind};
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::challenge::{Answer, AnswerError, Beacon, Drawn, Shown};
use standstill::ledger::{Kind, Ledger, Salt, commitment};

use super::common::*;

const COUNT: u64 = 40;

/// A lab with a ledger of devices, and an auditor who draws from it.
struct World {
    lab: Lab,
    auditor: Lab,
    ledger: Ledger,
    target: StatementId,
    round: u64,
}

impl World {
    fn new() -> Self {
        Self::of(each_device(day(0), COUNT, 40_000))
    }

    fn of(ledger: Ledger) -> Self {
        let mut lab = Lab::new(100);
        lab.say(StreamId::new(1), inventory(0, COUNT));
        let seconds = ledger.sums().unwrap()[0].value.lower().get();
        let mut usage = used(day(0), seconds.try_into().unwrap());
        usage.inventory = Some(lab.inventory());
        usage.ledgers = vec![ledger.reference().unwrap()];
        usage.devices_absent = (ledger.kind() != Kind::Devices).then(|| "none".to_owned());
        let target = lab.say(StreamId::new(1), Content::Usage(usage));
        let auditor = corroborator(200, &lab);
        Self {
            lab,
            auditor,
            ledger,
            target,
            round: round_at(START + 3 * DAY),
        }
    }

    fn asked(&self) -> Challenge {
        let target = (self.target, &self.ledger);
        challenge(&self.lab, target, 5, self.round, START + 4 * DAY)
    }

    /// What is drawn for a challenge as `change` makes it.
    fn drawn(&mut self, change: impl FnOnce(&mut Challenge)) -> Drawn {
        let mut asked = self.asked();
        change(&mut asked);
        let id = self
            .auditor
            .say(StreamId::new(2), Content::Challenge(asked));
        drawn(&self.auditor, id, self.round)
    }

    fn target(&self) -> String {
        payload(&self.lab, self.target)
    }

    fn answer(&mut self) -> Answer {
        let drawn = self.drawn(|_| {});
        Answer::open(drawn, self.target(), &self.ledger).unwrap()
    }
}

/// The beacon of the tests.
fn beacons() -> Vec<Beacon> {
    trust_with(&[Lab::new(100).id], &beacon_lines()).beacons
}

fn check(text: &str) -> Result<Shown, AnswerError> {
    Answer::parse(text.as_bytes())?.check(&beacons())
}

/// An answer with one text in the place of another.
fn replaced(answer: &Answer, from: &str, to: &str) -> Result<Shown, AnswerError> {
    let text = answer.print();
    assert!(text.contains(from), "{from}");
    check(&text.replacen(from, to, 1))
}

// spec: cha-8 cha-9 cha-10
#[test]
fn an_answer_shows_what_was_drawn() {
    let mut world = World::new();
    let answer = world.answer();
    let text = answer.print();
    assert_eq!(Answer::parse(text.as_bytes()).unwrap(), answer);
    let shown = check(&text).unwrap();
    assert_eq!(shown.indices.len(), 5);
    assert!(shown.indices.is_sorted());
    assert_eq!(shown.kind, Kind::Devices);
    assert_eq!(shown.period, Some(day(0)));
    assert_eq!(shown.round, Some(at(START + 3 * DAY)));
    assert_eq!((shown.target.stream.get(), shown.target.sequence), (1, 1));
    // A beacon that nobody told of shows no time.
    assert_eq!(answer.check(&[]).unwrap().round, None);
    let drawn = answer.drawn();
    assert_eq!(Drawn::parse(drawn.print().as_bytes()).unwrap(), *drawn);
}

// spec: cha-2 cha-9 cha-10
#[test]
fn another_round_draws_others_and_its_signature_is_refused() {
    let mut world = World::new();
    let drawn = world.drawn(|_| {});
    let mut other = drawn.clone();
    other.reveal.signature = Some(signature(world.round + 1));
    // Whoever knows the beacon is told; who does not draws other records by it.
    let refused = Answer::open(other.clone(), world.target(), &world.ledger).unwrap();
    let found = refused.check(&beacons());
    assert!(matches!(found, Err(AnswerError::Beacon(_))), "{found:?}");
    assert_ne!(drawn.indices(&[]).unwrap(), other.indices(&[]).unwrap());
    let mut none = drawn;
    none.reveal.signature = None;
    let found = none.indices(&[]);
    assert!(matches!(found, Err(AnswerError::Reveal(_))), "{found:?}");
}

// spec: cha-6 cha-9
#[test]
fn a_secret_is_the_one_that_was_committed_to() {
    let mut world = World::new();
    let salt = |byte| Salt::from_bytes([byte; 32]);
    let committed = commitment("secret", &salt(2), salt(1).as_bytes());
    let plain = world.drawn(|_| {}).indices(&[]).unwrap();
    let mut drawn = world.drawn(|asked| asked.draw.commitment = Some(committed));
    let missing = drawn.indices(&[]);
    assert!(
        matches!(missing, Err(AnswerError::Reveal(_))),
        "{missing:?}"
    );
    drawn.reveal.secret = Some((salt(1), salt(2)));
    assert_ne!(drawn.indices(&[]).unwrap(), plain);
    let answer = Answer::open(drawn.clone(), world.target(), &world.ledger).unwrap();
    check(&answer.print()).unwrap();
    for wrong in [(1, 3), (3, 2)] {
        drawn.reveal.secret = Some((salt(wrong.0), salt(wrong.1)));
        let found = drawn.indices(&[]);
        assert!(matches!(found, Err(AnswerError::Reveal(_))), "{found:?}");
    }
    // None is given where none is waited for.
    let mut unasked = world.drawn(|_| {});
    unasked.reveal.secret = Some((salt(1), salt(2)));
    let found = unasked.indices(&[]);
    assert!(matches!(found, Err(AnswerError::Reveal(_))), "{found:?}");
    // Without a beacon it is the secret alone.
    let mut alone = world.drawn(|asked| {
        asked.draw.beacon = None;
        asked.draw.commitment = Some(committed);
    });
    alone.reveal.signature = None;
    alone.reveal.secret = Some((salt(1), salt(2)));
    let answer = Answer::open(alone, world.target(), &world.ledger).unwrap();
    assert_eq!(check(&answer.print()).unwrap().round, None);
}

// spec: cha-9
#[test]
fn other_records_than_those_drawn_are_no_answer() {
    let mut world = World::new();
    let answer = world.answer();
    let shown = check(&answer.print()).unwrap();
    // One left out, one twice, one that was not drawn; another order.
    let value: serde_json::Value = serde_json::from_str(&answer.print()).unwrap();
    let openings = value["openings"].as_array().unwrap();
    let undrawn = (0..COUNT).find(|at| !shown.indices.contains(at)).unwrap();
    let beside = world.ledger.open(undrawn, Kind::Devices.fields()).unwrap();
    let beside = standstill::encoding::json::Value::from(beside.write()).to_canonical();
    let beside: serde_json::Value = serde_json::from_str(&beside).unwrap();
    let mut twice = openings.clone();
    twice[1] = openings[0].clone();
    let mut swapped = openings.clone();
    swapped.swap(0, 1);
    let mut other = openings.clone();
    other[0] = beside.clone();
    let more = [openings.as_slice(), &[beside]].concat();
    for list in [
        openings[1..].to_vec(),
        Vec::new(),
        twice,
        swapped,
        other,
        more,
    ] {
        let mut value = value.clone();
        value["openings"] = list.into();
        let found = check(&value.to_string());
        assert!(matches!(found, Err(AnswerError::Records(_))), "{found:?}");
    }
}

// spec: cha-9
#[test]
fn a_record_that_does_not_open_or_is_not_shown_is_no_answer() {
    let mut world = World::new();
    let answer = world.answer();
    let found = replaced(&answer, "40000", "39999");
    assert!(
        matches!(found, Err(AnswerError::Opening { .. })),
        "{found:?}"
    );
    let value: serde_json::Value = serde_json::from_str(&answer.print()).unwrap();
    // Its figures stay closed.
    let index = value["openings"][2]["index"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let shown: Vec<&str> = vec!["device", "model", "coverage"];
    let closed = world.ledger.open(index, &shown).unwrap();
    let closed = standstill::encoding::json::Value::from(closed.write()).to_canonical();
    let mut changed = value;
    changed["openings"][2] = serde_json::from_str(&closed).unwrap();
    let found = check(&changed.to_string()).unwrap_err();
    assert!(
        found.to_string().contains("`figures` is not shown"),
        "{found}"
    );
}

// spec: cha-9
#[test]
fn a_device_that_ran_longer_than_the_day_is_told() {
    let mut world = World::of(each_device(day(0), COUNT, DAY + 1));
    let drawn = world.drawn(|_| {});
    let answer = Answer::open(drawn, world.target(), &world.ledger).unwrap();
    let found = check(&answer.print()).unwrap_err();
    assert!(found.to_string().contains("ran for longer"), "{found}");
    let mut whole = World::of(each_device(day(0), COUNT, DAY));
    check(&whole.answer().print()).unwrap();
}

// spec: cha-4 cha-9
#[test]
fn a_challenge_draws_from_a_ledger_of_its_own_areas() {
    type Change = fn(&mut Challenge);
    let wrong: [(Change, &str); 6] = [
        (|asked| asked.kind = ChallengeKind::Inspection, "no ledger"),
        (
            |asked| asked.kind = ChallengeKind::Serials,
            "what is asked for",
        ),
        (
            |asked| asked.about.streams = vec![StreamId::new(2)],
            "areas",
        ),
        (|asked| asked.about.issuer = Lab::new(220).id, "areas"),
        (
            |asked| asked.target.as_mut().unwrap().root = device(1),
            "root and count",
        ),
        (
            |asked| asked.target.as_mut().unwrap().count += 1,
            "root and count",
        ),
    ];
    for (change, why) in wrong {
        let mut world = World::new();
        let drawn = world.drawn(change);
        let found = Answer::open(drawn, world.target(), &world.ledger).unwrap_err();
        assert!(found.to_string().contains(why), "{found}");
    }
    let mut world = World::new();
    let drawn = world.drawn(|asked| {
        asked.target.as_mut().unwrap().count = 20_000;
        asked.draw.count = 10_001;
    });
    let found = drawn.indices(&[]).unwrap_err();
    assert!(found.to_string().contains("10000 are allowed"), "{found}");
    // Another statement than the one that is named; another ledger than the lab's.
    let mut world = World::new();
    let drawn = world.drawn(|_| {});
    let elsewhere = payload(&world.lab, world.lab.inventory());
    let found = Answer::open(drawn.clone(), elsewhere, &world.ledger).unwrap_err();
    assert!(found.to_string().contains("not the one"), "{found}");
    let other = each_device(day(0), COUNT, 1);
    let found = Answer::open(drawn, world.target(), &other).unwrap_err();
    assert!(found.to_string().contains("another"), "{found}");
}

// spec: cha-4 cha-9
#[test]
fn devices_of_an_inventory_are_drawn_too() {
    let ledger = serials(COUNT);
    let mut lab = Lab::new(100);
    let mut listed = devices(0, "h100-sxm", COUNT);
    listed.ledger = ledger.reference().unwrap();
    let target = lab.say(StreamId::new(1), Content::Inventory(listed));
    let mut auditor = corroborator(200, &lab);
    let round = round_at(START + 3 * DAY);
    let asked = challenge(&lab, (target, &ledger), 7, round, START + 4 * DAY);
    let id = auditor.say(StreamId::new(2), Content::Challenge(asked));
    let answer = Answer::open(drawn(&auditor, id, round), payload(&lab, target), &ledger);
    let shown = check(&answer.unwrap().print()).unwrap();
    assert_eq!(shown.devices.len(), 7);
    let all: Vec<_> = (0..COUNT).map(device).collect();
    assert!(shown.devices.iter().all(|one| all.contains(one)));
    assert_eq!((shown.kind, shown.period), (Kind::Inventory, None));
}

// spec: cha-8
#[test]
fn a_file_of_another_form_is_refused() {
    let mut world = World::new();
    let answer = world.answer();
    let text = answer.print();
    for (from, to) in [
        ("standstill/answer/v1", "standstill/answer/v2"),
        ("standstill/draw/v1", "standstill/draw/v2"),
        ("\"salt\":\"none\"", "\"salt\":\"00\""),
        (
            "\"secret\":\"none\"",
            &format!("\"secret\":\"{}\"", "00".repeat(32)),
        ),
        ("\"signature\":\"", "\"signature\":\"x"),
        ("\"draw\":{", "\"draw\": {"),
        ("\"target\":", "\"targets\":"),
        ("\"format\":", "\"also\":\"x\",\"format\":"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = Answer::parse(text.replacen(from, to, 1).as_bytes());
        assert!(
            matches!(found, Err(AnswerError::Form(_))),
            "{from}: {found:?}"
        );
    }
    let long = vec![b' '; standstill::challenge::MAX_ANSWER + 1];
    let found = Answer::parse(&long).unwrap_err();
    assert!(found.to_string().contains("more than"), "{found}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    // spec: cha-9
    #[test]
    fn no_byte_of_an_answer_can_be_changed_unseen(at in 0_usize..100_000, to in any::<u8>()) {
        let mut world = World::new();
        let mut bytes = world.answer().print().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        let found = Answer::parse(&bytes).and_then(|answer| answer.check(&beacons()));
        prop_assert!(found.is_err(), "byte {at}");
    }
}
