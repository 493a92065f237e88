//! Areas that overlap: one device in two of them, one area covered twice, pledges that share
//! some.

use standstill::attestation::content::AreaOpen;
use standstill::claim::{AreaSelection, Pledge};
use standstill::verify::{Judgement, judge};

use super::*;

/// A second area of this name.
fn second(lab: &mut Lab, name: &str) {
    let open = AreaOpen {
        name: name.to_owned(),
        ..days()
    };
    lab.open(2, open);
}

/// Devices by their numbers: what a statement says of them, and the ledger that was opened.
fn list(name: &str, numbers: &[u64]) -> (Inventory, OpenedLedger) {
    let count = u64::try_from(numbers.len()).unwrap();
    let mut said = devices(0, "h100-sxm", count);
    said.ledger.root = sha256(name.as_bytes());
    let device = |number: &u64| sha256(&number.to_be_bytes());
    let opened = OpenedLedger {
        name: name.to_owned(),
        root: said.ledger.root,
        count,
        sums: Vec::new(),
        devices: numbers.iter().map(device).collect(),
        series: Vec::new(),
    };
    (said, opened)
}

fn with_ledgers(files: MemoryObjects, labs: &[IssuerId], ledgers: Vec<OpenedLedger>) -> Judgement {
    let files = Files(files);
    let evidence = Evidence {
        ledgers,
        ..Evidence::of(Subject::Log(&files))
    };
    let catalogue = standstill::catalogue::Catalogue::embedded();
    judge(&evidence, &trust(labs), &catalogue, at(END)).unwrap()
}

/// Two areas of these names, each with two devices, one of them in both; four days of reports.
fn shared(names: [&str; 2], opened: bool) -> Verdict {
    let mut lab = Lab::renamed(100, names[0]);
    second(&mut lab, names[1]);
    lab.pledge(cap(1000, 4));
    let mut ledgers = Vec::new();
    for (stream, name, numbers) in [(1, "one", [1, 2]), (2, "two", [2, 3])] {
        let (said, ledger) = list(name, &numbers);
        lab.say(StreamId::new(stream), Content::Inventory(said));
        ledgers.push(ledger);
    }
    for number in 0..4 {
        for stream in [1, 2] {
            lab.say(StreamId::new(stream), usage(day(number), 10 + number));
        }
    }
    if !opened {
        ledgers.clear();
    }
    let found = with_ledgers(seen_log(&lab, 4, END), &[lab.id], ledgers);
    found.verdicts[0].clone()
}

// spec: ver-82
#[test]
fn a_device_in_two_areas_is_found_whatever_the_areas_are_called() {
    for names in [["cluster", "other"], ["cluster", "cluster"], ["a", "a"]] {
        let found = shared(names, true);
        assert_eq!(found.word, Word::NotShown, "{names:?}: {found:#?}");
        let told = found
            .findings
            .iter()
            .find(|one| one.check == "device-twice");
        let told = told.unwrap_or_else(|| panic!("{names:?}: {found:#?}"));
        // Each area by its stream: by its name nobody could tell them apart.
        for area in ["1 \"", "2 \""] {
            assert!(told.text.contains(area), "{told:#?}");
        }
        // Closed, nobody sees it, and more than the lab's own word it never is.
        let closed = shared(names, false);
        assert_eq!(closed.word, Word::Consistent, "{names:?}: {closed:#?}");
        assert!(closed.level <= Level::E2);
    }
}

/// The same in an affiliate's area, which has the same number and the same name.
// spec: ver-82
#[test]
fn a_device_in_an_area_and_in_an_affiliates_is_found() {
    let mut affiliate = Lab::new(150);
    let mut lab = Lab::new(100);
    let id = affiliate.id;
    lab.pledge(changed(1000, 2, |pledge| {
        pledge.perimeter.affiliates = vec![id];
    }));
    let mut ledgers = Vec::new();
    for (who, name, numbers) in [(&mut lab, "one", [1, 2]), (&mut affiliate, "two", [2, 3])] {
        let (said, ledger) = list(name, &numbers);
        who.say(StreamId::new(1), Content::Inventory(said));
        ledgers.push(ledger);
        who.usage(day(0), 10);
        who.usage(day(1), 11);
    }
    let mut all = lab.clone();
    all.entries.splice(3..3, affiliate.entries[..2].to_vec());
    all.entries.extend_from_slice(&affiliate.entries[2..]);
    let found = with_ledgers(seen_log(&all, 5, END), &[lab.id, affiliate.id], ledgers);
    let found = &found.verdicts[0];
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(found).contains(&"device-twice"), "{found:#?}");
}

/// The same list of devices in both areas, from one ledger.
// spec: ver-82
#[test]
fn one_ledger_that_is_the_inventory_of_two_areas_is_found() {
    let mut lab = Lab::new(100);
    second(&mut lab, "cluster");
    lab.pledge(cap(1000, 4));
    let (said, ledger) = list("one", &[1, 2]);
    for stream in [1, 2] {
        let said = Content::Inventory(said.clone());
        lab.say(StreamId::new(stream), said);
    }
    for number in 0..4 {
        for stream in [1, 2] {
            lab.say(StreamId::new(stream), usage(day(number), 10 + number));
        }
    }
    let found = with_ledgers(seen_log(&lab, 4, END), &[lab.id], vec![ledger]);
    let found = &found.verdicts[0];
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    let told = found
        .findings
        .iter()
        .find(|one| one.check == "device-twice");
    assert!(told.unwrap().text.starts_with("2 devices"), "{told:#?}");
}

/// A pledge of these areas of the lab, and of the lab as its own affiliate.
fn overlapping(lab: &Lab, areas: AreaSelection, change: impl FnOnce(&mut Pledge)) -> Pledge {
    let id = lab.id;
    changed(1000, 2, |pledge| {
        pledge.perimeter.areas = areas;
        pledge.perimeter.affiliates = vec![id];
        change(pledge);
    })
}

// spec: ver-92
#[test]
fn a_lab_that_is_its_own_affiliate_is_counted_once() {
    let listed = AreaSelection::Listed(vec![StreamId::new(1)]);
    for (areas, used) in [(AreaSelection::All, [300, 200]), (listed, [400, 100])] {
        for (limit, good) in [(1000, true), (999, false)] {
            let mut lab = Lab::new(100);
            second(&mut lab, "other");
            let terms = Terms::Cap {
                limit: Quantity::from(limit),
            };
            let pledge = overlapping(&lab, areas.clone(), |pledge| pledge.terms = terms);
            lab.pledge(pledge);
            for number in 0..2 {
                for (stream, amount) in [1, 2].into_iter().zip(used) {
                    lab.say(StreamId::new(stream), usage(day(number), amount));
                }
            }
            let found = verdict(&seen_log(&lab, 4, END), &lab, END);
            assert_eq!(is_good(found.word), good, "{found:#?}");
            let numbers = found.numbers.unwrap();
            assert_eq!(numbers.lower, "1000");
            assert_eq!(numbers.upper.as_deref(), Some("1000"));
        }
    }
}

/// What there was is counted once too: a limit that it could not have exceeded stays one.
// spec: ver-92
#[test]
fn a_lab_that_is_its_own_affiliate_makes_no_limit_worth_more() {
    let worth = |limit: u64| {
        let mut lab = Lab::new(100);
        lab.say(StreamId::new(1), inventory(0, DEVICES));
        let limit = Quantity::from(limit);
        let pledge = overlapping(&lab, AreaSelection::All, |pledge| {
            pledge.terms = Terms::Cap { limit };
        });
        lab.pledge(pledge);
        for number in 0..2 {
            let said = accounted(&lab, day(number), 10);
            lab.say(StreamId::new(1), Content::Usage(said));
        }
        let found = verdict(&seen_log(&lab, FOUNDED, END), &lab, END);
        checks(&found).contains(&"worth")
    };
    let able = DEVICES * 2 * DAY;
    assert!(!worth(able - 1));
    assert!(worth(able));
    assert!(worth(2 * able - 1));
}

/// Two pledges of one lab whose areas overlap are two claims, each on all of its own areas.
#[test]
fn pledges_that_share_an_area_are_judged_each_by_itself() {
    let listed = |areas: &[u64]| {
        let areas = areas.iter().copied().map(StreamId::new).collect();
        AreaSelection::Listed(areas)
    };
    let words = |used: [u64; 3]| {
        let mut lab = Lab::new(100);
        for stream in [2, 3] {
            lab.open(stream, days());
        }
        for areas in [listed(&[1, 2]), listed(&[2, 3]), listed(&[1, 2, 3])] {
            lab.pledge(changed(1000, 1, |pledge| pledge.perimeter.areas = areas));
        }
        for (stream, amount) in [1, 2, 3].into_iter().zip(used) {
            lab.say(StreamId::new(stream), usage(day(0), amount));
        }
        let files = seen_log(&lab, 7, END);
        let found = judge_log(&files, &[lab.id], END, Known::default());
        let mut verdicts: Vec<_> = found.verdicts.iter().collect();
        verdicts.sort_by_key(|one| one.sequence);
        let words: Vec<Word> = verdicts.iter().map(|one| one.word).collect();
        words
    };
    let (kept, broken) = (Word::Consistent, Word::Violated);
    assert_eq!(words([500, 0, 500]), [kept, kept, kept]);
    assert_eq!(words([500, 500, 500]), [kept, kept, broken]);
    assert_eq!(words([0, 1001, 0]), [broken, broken, broken]);
    assert_eq!(words([900, 200, 0]), [broken, kept, broken]);
}

/// Two areas with devices of which nobody can say that they are others: all that both could
/// do is charged where it was not seen.
// spec: ver-21
#[test]
fn what_overlaps_is_charged_in_both_areas() {
    let mut lab = Lab::new(100);
    second(&mut lab, "cluster");
    lab.pledge(cap(1000, 1));
    let mut inventories = Vec::new();
    for stream in [1, 2] {
        let held = lab.say(StreamId::new(stream), inventory(0, 1));
        inventories.push(held);
    }
    for (stream, held) in [1, 2].into_iter().zip(inventories) {
        let stream = StreamId::new(stream);
        let mut said = used(day(0), 10);
        said.inventory = Some(held);
        let most = Quantity::from(10_u64);
        said.figures[0].value = Interval::new(Quantity::ZERO, most).unwrap();
        said.figures[0].coverage = seen(0, DAY);
        lab.say(stream, Content::Usage(said));
    }
    let found = verdict(&seen_log(&lab, 4, END), &lab, END);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    let upper = found.numbers.clone().unwrap().upper;
    let most = (2 * (DAY + 10)).to_string();
    assert_eq!(upper, Some(most), "{found:#?}");
}

/// Meters of one name, in two areas of one name, with one series of readings: they are two.
// spec: ver-84
#[test]
fn one_series_in_two_areas_of_one_name_is_found() {
    for (other, found) in [("first", 1), ("second", 0)] {
        let mut lab = Lab::new(100);
        second(&mut lab, "cluster");
        lab.pledge(cap(1000, 1));
        let mut ledgers = Vec::new();
        for (stream, series) in [(1, "first"), (2, other)] {
            let name = format!("meters of {stream}");
            let root = sha256(name.as_bytes());
            let mut said = used(day(0), 10);
            said.ledgers.push(LedgerReference {
                kind: standstill::ledger::Kind::Meters,
                root,
                count: 1,
                sums: Vec::new(),
            });
            lab.say(StreamId::new(stream), Content::Usage(said));
            ledgers.push(OpenedLedger {
                name,
                root,
                count: 1,
                sums: Vec::new(),
                devices: Vec::new(),
                series: vec![("meter".to_owned(), sha256(series.as_bytes()))],
            });
        }
        let judged = with_ledgers(seen_log(&lab, 4, END), &[lab.id], ledgers);
        let told = checks(&judged.verdicts[0]);
        let told = told.iter().filter(|one| **one == "series-repeated");
        assert_eq!(told.count(), found, "{other}");
    }
}
