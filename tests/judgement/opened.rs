//! Ledgers that were opened, held against each other; figures that repeat; classes that
//! others tell apart.

use standstill::attestation::content::{AreaOpen, Corroboration, Direction, Measured, Transfer};
use standstill::attestation::figure::Class;
use standstill::claim::Baseline;
use standstill::hash::Hash;
use standstill::ledger::{Kind, Ledger, MeterRecord, Secret};
use standstill::verify::Judgement;
use standstill::verify::evidence::Subject as Judged;

use super::*;

/// A device, by its number.
fn device(number: u64) -> Hash {
    sha256(&number.to_be_bytes())
}

/// A list of devices that was opened, and what a statement says of it.
fn list(name: &str, devices: &[u64]) -> (OpenedLedger, LedgerReference) {
    let root = sha256(name.as_bytes());
    let count = u64::try_from(devices.len()).unwrap();
    let opened = OpenedLedger {
        name: name.to_owned(),
        root,
        count,
        sums: Vec::new(),
        devices: devices.iter().map(|number| device(*number)).collect(),
        series: Vec::new(),
    };
    let reference = LedgerReference {
        kind: Kind::Inventory,
        root,
        count,
        sums: Vec::new(),
    };
    (opened, reference)
}

/// A lab with two areas of days, and what it opens.
struct Opening {
    lab: Lab,
    opened: Vec<OpenedLedger>,
}

impl Opening {
    fn new() -> Self {
        let mut lab = Lab::new(100);
        let open = AreaOpen {
            name: "other".to_owned(),
            ..days()
        };
        lab.open(2, open);
        lab.pledge(cap(1000, 4));
        Self {
            lab,
            opened: Vec::new(),
        }
    }

    /// States what an area holds from a day on.
    fn inventory(&mut self, area: u64, from: u64, devices: &[u64]) {
        let (opened, ledger) = list(&format!("inventory {area} {from}"), devices);
        let mut said = super::devices(from, "h100-sxm", ledger.count);
        said.ledger = ledger;
        self.lab.say(StreamId::new(area), Content::Inventory(said));
        self.opened.push(opened);
    }

    fn transfer(&mut self, area: u64, day: u64, direction: Direction, devices: &[u64]) {
        let name = format!("transfer {area} {day} {direction}");
        let (opened, ledger) = list(&name, devices);
        let capacity = super::devices(0, "h100-sxm", ledger.count).capacity;
        let said = Transfer {
            direction,
            counterpart: None,
            edge: at(START + day * DAY),
            ledger,
            capacity,
        };
        self.lab.say(StreamId::new(area), Content::Transfer(said));
        self.opened.push(opened);
    }

    /// Reports four days of both areas, and has them judged.
    fn judged(mut self) -> Vec<String> {
        for number in 0..4 {
            for area in [1, 2] {
                let said = usage(day(number), 1 + number);
                self.lab.say(StreamId::new(area), said);
            }
        }
        let files = seen_log(&self.lab, 4, END);
        told(&with_ledgers(&files, &self.lab, self.opened))
    }
}

fn with_ledgers(files: &MemoryObjects, lab: &Lab, ledgers: Vec<OpenedLedger>) -> Judgement {
    let files = Files(files.clone());
    let evidence = Evidence {
        ledgers,
        ..Evidence::of(Judged::Log(&files))
    };
    let catalogue = standstill::catalogue::Catalogue::embedded();
    standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END)).unwrap()
}

/// What the questions of this file found.
fn told(judgement: &Judgement) -> Vec<String> {
    let names = [
        "device-twice",
        "device-returned",
        "series-repeated",
        "repeated",
    ];
    let findings = judgement.verdicts[0].findings.iter();
    let found = findings.filter(|one| names.contains(&one.check));
    found
        .map(|one| format!("{}: {}", one.check, one.text))
        .collect()
}

/// As [`measured`], and as much inference.
fn classified(of: &Lab, period: Period, lower: u64, upper: u64) -> Corroboration {
    let mut said = measured(of, period, lower, upper);
    let mut inference = said.figures[0].clone();
    inference.class = Class::Inference;
    said.figures.insert(0, inference);
    said
}

// spec: ver-82
#[test]
fn a_device_in_two_areas_is_told_unless_it_moves() {
    let mut honest = Opening::new();
    honest.inventory(1, 0, &[1, 2]);
    honest.inventory(2, 0, &[3, 4]);
    assert!(honest.judged().is_empty());

    let mut phantom = Opening::new();
    phantom.inventory(1, 0, &[1, 2]);
    phantom.inventory(2, 0, &[2, 3]);
    let found = phantom.judged();
    assert!(found[0].starts_with("device-twice: 1 devices"), "{found:?}");
    assert!(found[0].contains(&device(2).to_string()), "{found:?}");

    // In the second day it stands in both lists: one period is what a move takes.
    for (leaves, found) in [(2, 0), (3, 1)] {
        let mut moves = Opening::new();
        moves.inventory(1, 0, &[1, 2]);
        moves.inventory(1, leaves, &[1]);
        moves.inventory(2, 0, &[3]);
        moves.inventory(2, 1, &[2, 3]);
        let told = moves.judged();
        assert_eq!(told.len(), found, "{told:?}");
    }
}

// spec: ver-83
#[test]
fn a_device_that_left_is_not_back_unless_it_was_brought() {
    let scenario = |bring: Option<u64>| {
        let mut lab = Opening::new();
        lab.inventory(1, 0, &[1, 2]);
        lab.transfer(1, 1, Direction::Out, &[2]);
        lab.inventory(1, 1, &[1]);
        if let Some(day) = bring {
            lab.transfer(1, day, Direction::In, &[2]);
        }
        lab.inventory(1, 3, &[1, 2]);
        lab.judged()
    };
    let found = scenario(None);
    assert!(
        found[0].starts_with("device-returned: 1 devices"),
        "{found:?}"
    );
    assert!(scenario(Some(3)).is_empty());
    // Brought in before it left is not brought back.
    assert_eq!(scenario(Some(0)).len(), 1);
}

// spec: ver-89
#[test]
fn both_sides_of_a_transfer_say_the_same() {
    let scenario = |answer: Option<(u64, &[u64])>| {
        let mut lab = Opening::new();
        lab.inventory(1, 0, &[1, 2]);
        lab.inventory(2, 0, &[3]);
        let mut say = |area: u64, other: u64, day: u64, direction, devices: &[u64]| {
            // One list, whoever names it.
            let (_, ledger) = list(&format!("{devices:?}"), devices);
            let capacity = super::devices(0, "h100-sxm", ledger.count).capacity;
            let said = Transfer {
                direction,
                counterpart: Some(Measured {
                    issuer: lab.lab.id,
                    stream: StreamId::new(other),
                }),
                edge: at(START + day * DAY),
                ledger,
                capacity,
            };
            lab.lab.say(StreamId::new(area), Content::Transfer(said));
        };
        say(1, 2, 1, Direction::Out, &[2]);
        if let Some((day, devices)) = answer {
            say(2, 1, day, Direction::In, devices);
        }
        for number in 0..4 {
            for area in [1, 2] {
                lab.lab
                    .say(StreamId::new(area), usage(day(number), 1 + number));
            }
        }
        let files = seen_log(&lab.lab, 4, END);
        let judged = judge_log(&files, &[lab.lab.id], END, Known::default());
        let found = checks(&judged.verdicts[0]);
        found
            .iter()
            .filter(|one| **one == "transfer-unmatched")
            .count()
    };
    assert_eq!(scenario(Some((1, &[2]))), 0);
    assert_eq!(scenario(None), 1);
    // Then neither is matched; of one kind one is told, with how many more.
    assert!(scenario(Some((2, &[2]))) >= 1);
    assert!(scenario(Some((1, &[3]))) >= 1);
}

// spec: ver-84
#[test]
fn meters_with_one_series_are_named() {
    for (second, copied) in [(b"other", false), (b"first", true)] {
        let mut lab = Lab::new(100);
        lab.pledge(cap(1000, 1));
        let mut said = used(day(0), 10);
        let root = sha256(b"meters");
        said.ledgers.push(LedgerReference {
            kind: Kind::Meters,
            root,
            count: 2,
            sums: Vec::new(),
        });
        lab.say(StreamId::new(1), Content::Usage(said));
        let opened = OpenedLedger {
            name: "a file".to_owned(),
            root,
            count: 2,
            sums: Vec::new(),
            devices: Vec::new(),
            series: vec![
                ("node-1".to_owned(), sha256(b"first")),
                ("node-2".to_owned(), sha256(second)),
            ],
        };
        let files = seen_log(&lab, 3, END);
        let found = told(&with_ledgers(&files, &lab, vec![opened]));
        assert_eq!(found.len(), usize::from(copied), "{found:?}");
        for finding in found {
            assert!(finding.contains("`node-2`") && finding.contains("`node-1`"));
        }
    }
}

// spec: ver-84
#[test]
fn no_meters_name_fills_a_verdict() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let mut ledger = Ledger::new(Kind::Meters, Secret::from_bytes([7; 32]));
    for number in 0..200 {
        let record = MeterRecord {
            meter: &format!("{number:03}{}", "x".repeat(60_000)),
            boundary: Boundary::Node,
            figures: &[],
            coverage: seen(DAY, 0),
            series: sha256(b"one"),
        };
        ledger.push_meter(&record).unwrap();
    }
    let mut said = used(day(0), 10);
    said.ledgers.push(ledger.reference().unwrap());
    lab.say(StreamId::new(1), Content::Usage(said));
    let files = seen_log(&lab, 3, END);
    let opened = OpenedLedger::of("long", &ledger).unwrap();
    let judged = with_ledgers(&files, &lab, vec![opened]);
    hand_on(&judged);
    let found = told(&judged);
    assert!(found[0].starts_with("series-repeated: 199 series"));
    assert!(found[0].len() < 65_536, "{}", found[0].len());
}

// spec: ver-84
#[test]
fn the_copied_power_logs_of_a_real_submission_are_all_named() {
    let Some(data) = std::env::var_os("STANDSTILL_DATA") else {
        eprintln!("not run: STANDSTILL_DATA names no folder of real data");
        return;
    };
    let directory = std::path::Path::new(&data).join("mlperf-gpt3-512xh100/power");
    let mut series: Vec<(String, Hash)> = std::fs::read_dir(directory)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, sha256(&std::fs::read(path).unwrap()))
        })
        .collect();
    series.sort();
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let mut ledger = Ledger::new(Kind::Meters, Secret::from_bytes([7; 32]));
    for (meter, series) in &series {
        let record = MeterRecord {
            meter,
            boundary: Boundary::Node,
            figures: &[],
            coverage: seen(DAY, 0),
            series: *series,
        };
        ledger.push_meter(&record).unwrap();
    }
    let mut said = used(day(0), 10);
    said.ledgers.push(ledger.reference().unwrap());
    lab.say(StreamId::new(1), Content::Usage(said));
    let files = seen_log(&lab, 3, END);
    let opened = OpenedLedger::of("power", &ledger).unwrap();
    let found = told(&with_ledgers(&files, &lab, vec![opened]));
    assert!(
        found[0].starts_with("series-repeated: 30 series"),
        "{found:?}"
    );
    let named = series
        .iter()
        .filter(|(name, _)| found[0].contains(&format!("`{name}`")));
    assert_eq!(named.count(), 60, "{found:?}");
}

// spec: ver-81
#[test]
fn figures_that_repeat_are_told_and_constant_load_of_one_class_is_not() {
    let lab_of = |amounts: [u64; 4]| {
        let mut lab = pledged(cap(1_000_000_000, 4));
        for (number, amount) in (0..).zip(amounts) {
            let said = accounted(&lab, day(number), amount);
            lab.say(StreamId::new(1), Content::Usage(said));
        }
        lab
    };
    let all = DEVICES * DAY;
    for (amounts, found) in [
        ([7, 7, 7, 8], 1),
        ([7, 7, 8, 7], 0),
        ([all, all, all, all], 0),
        ([0, 0, 0, 0], 0),
    ] {
        let lab = lab_of(amounts);
        let judgement = judge_log(
            &seen_log(&lab, FOUNDED, END),
            &[lab.id],
            END,
            Known::default(),
        );
        assert_eq!(told(&judgement).len(), found, "{amounts:?}");
    }
    // Of somebody else as well.
    let lab = lab_of([7, 8, 9, 10]);
    let mut other = corroborator(150, &lab);
    for number in 0..4 {
        other.measure(classified(&lab, day(number), 5, 20));
    }
    let files = log_with(&lab, &[&other], END);
    let trust = trust_of(&[lab.id], "", &expecting(&lab, &[(&other, "cloud")]));
    let judgement = judge_with(&files, &trust, END, Known::default());
    let found = told(&judgement);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("repeated: cloud: 4 periods"),
        "{found:?}"
    );
}

// spec: ver-80 ver-49
#[test]
fn training_told_as_inference_is_a_disagreement_of_classes() {
    for (renamed, unclassified, differs) in [(0, 0, false), (50, 0, true), (0, 50, false)] {
        let mut lab = pledged(cap(1000, 1));
        let mut said = accounted(&lab, day(0), 100 - renamed - unclassified);
        for (class, amount) in [
            (Class::Inference, 100 + renamed),
            (Class::Unclassified, unclassified),
        ] {
            let mut figure = said.figures[0].clone();
            figure.class = class;
            figure.value = Interval::exactly(Quantity::from(amount));
            said.figures.push(figure);
        }
        said.figures.sort_by_key(|one| one.class.as_str());
        lab.say(StreamId::new(1), Content::Usage(said));
        let mut other = corroborator(150, &lab);
        other.measure(classified(&lab, day(0), 100, 100));
        let files = log_with(&lab, &[&other], END);
        let trust = trust_of(&[lab.id], "", &expecting(&lab, &[(&other, "cloud")]));
        let judgement = judge_with(&files, &trust, END, Known::default());
        let found = checks(&judgement.verdicts[0]);
        assert_eq!(
            found.contains(&"disagreement"),
            differs,
            "{renamed} {unclassified}: {found:?}"
        );
    }
}

// spec: ver-85 ver-80
#[test]
fn a_baseline_beyond_what_there_was_does_not_balance() {
    let all = DEVICES * DAY;
    for (training, unbalanced) in [(all / 2, false), (all, false), (all + 1, true)] {
        let mut lab = Lab::new(100);
        lab.say(StreamId::new(1), inventory(0, DEVICES));
        let mut said = accounted(&lab, day(0), training.min(all));
        said.figures.last_mut().unwrap().value = Interval::exactly(Quantity::from(training));
        lab.say(StreamId::new(1), Content::Usage(said));
        let baseline = Baseline {
            period: day(0),
            heads: vec![lab.head(1)],
        };
        let terms = Terms::Reduction {
            limit: Quantity::from(900_000_u64),
        };
        lab.pledge(pledge(terms, 2, 1, Some(baseline)));
        for number in [1, 2] {
            let said = accounted(&lab, day(number), 10);
            lab.say(StreamId::new(1), Content::Usage(said));
        }
        let judgement = judge_log(&seen_log(&lab, 3, END), &[lab.id], END, Known::default());
        let found = checks(&judgement.verdicts[0]);
        assert_eq!(
            found.contains(&"unbalanced"),
            unbalanced,
            "{training}: {found:?}"
        );
    }
}
