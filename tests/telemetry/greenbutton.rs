//! Green Button feeds: what their readings come to, and what is not counted.

use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use standstill::collector::reading::Measure;
use standstill::hash::sha256;
use standstill::telemetry::greenbutton::GreenButton;

use crate::data;
use crate::energy::FEED;
use crate::energy::Seen;
use crate::energy::file;
use crate::energy::fixture;
use crate::energy::read;
use crate::energy::refused;

/// 2026-01-01T00:00:00Z.
const YEAR: u64 = 1_767_225_600;

fn source(name: &str) -> GreenButton {
    GreenButton::new(vec![fixture(&format!("greenbutton/{name}"))], FEED)
}

fn feeds(files: Vec<PathBuf>) -> Seen {
    read(GreenButton::new(files, FEED)).unwrap()
}

/// A feed with one type, whose block has these readings: start, duration, value.
fn feed(readings: &[(u64, u64, u64)]) -> String {
    let text = std::fs::read_to_string(fixture("greenbutton/overlap.xml")).unwrap();
    let start = text.find("        <IntervalReading>").unwrap();
    let end = text.find("      </IntervalBlock>").unwrap();
    let mut block = String::new();
    for (start, duration, value) in readings {
        writeln!(
            block,
            "<IntervalReading><timePeriod><duration>{duration}</duration><start>{start}</start>\
             </timePeriod><value>{value}</value></IntervalReading>"
        )
        .unwrap();
    }
    format!("{}{block}{}", &text[..start], &text[end..])
}

/// The total of a meter, in joules, and the seconds that it saw.
fn total(seen: Seen, meter: &str) -> (u128, u64) {
    let totals = seen.totals();
    let (joules, observed) = totals[&(meter.to_owned(), Measure::Energy)];
    let joule = 1_000_000_000_000;
    assert_eq!(joules % joule, 0);
    (joules / joule, observed / 1000)
}

#[test]
fn real_feeds_come_to_the_sum_of_their_readings() {
    // Summed with another parser: `sum(int(r.find('value').text) for r in
    // tree.iter('IntervalReading'))` of xml.etree, in watt-hours.
    for (name, readings, watt_hours) in [
        ("greenbutton/test_usage_data_01.xml", 96, 93_846),
        ("greenbutton/test_usage_data.xml", 1340, 1_391_666),
    ] {
        let Some(path) = data(name) else { return };
        let bytes = std::fs::read(&path).unwrap();
        let seen = feeds(vec![path]);
        assert_eq!(seen.inputs, [sha256(&bytes)]);
        assert_eq!(seen.meters(), ["feed 5446AF3F/07"]);
        assert_eq!(seen.lots("feed 5446AF3F/07").len(), readings);
        // Of the two readings with a quality, one was edited and one estimated.
        let warnings = &seen.gathered.intake.warnings;
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].ends_with("its quality is 8 (estimated from a reference day)"));
        assert!(warnings[1].ends_with("its quality is 7 (manually edited)"));
        let (joules, seconds) = total(seen, "feed 5446AF3F/07");
        assert_eq!(joules, watt_hours * 3600);
        // In the larger one, the day on which clocks went forward has 92 readings.
        assert_eq!(seconds, u64::try_from(readings).unwrap() * 900);
    }
}

// spec: ene-1
#[test]
fn powers_of_ten_and_average_power_are_applied_exactly() {
    let seen = read(source("three_types.xml")).unwrap();
    let lots = seen.lots("feed A1/07");
    assert_eq!(lots.len(), 4);
    let start = YEAR * 1000;
    // 100 kWh.
    assert_eq!(lots[0], (start, start + 900_000, "360000000".to_owned()));

    let seen = read(source("average_power.xml")).unwrap();
    let lots = seen.lots("feed A1/07");
    // 40 kW for 900 s, 12.5 kW for 300 s.
    assert_eq!(lots[0].2, "36000000");
    assert_eq!(lots[1].2, "3750000");
    refused(
        source("peak_power.xml"),
        &["`dataQualifier`: `8` is not 2 (average)"],
    );
}

// spec: ene-1
#[test]
fn days_of_23_and_25_hours_are_as_long_as_they_are() {
    // In New York clocks went forward on 2026-03-08 and back on 2026-11-01.
    for (start, quarters) in [(1_772_946_000, 92_u64), (1_793_505_600, 100)] {
        let readings: Vec<_> = (0..quarters).map(|at| (start + at * 900, 900, 1)).collect();
        let (_directory, path) = file("day.xml", &feed(&readings));
        let seen = feeds(vec![path]);
        assert_eq!(
            total(seen, "feed A1/07"),
            (u128::from(quarters) * 3600, quarters * 900)
        );
    }
}

// spec: ene-2 ene-3
#[test]
fn what_flowed_out_and_what_is_no_energy_is_skipped() {
    let seen = read(source("three_types.xml")).unwrap();
    assert_eq!(seen.meters(), ["feed A1/07"]);
    assert_eq!(
        seen.skipped(),
        [
            (
                "readings of another unit than watt-hours (72) or watts (38)",
                1
            ),
            ("readings of energy that was sent out (flowDirection 19)", 2),
        ]
    );
    // (100 + 101 + 102 + 103) kWh, and nothing taken from it.
    assert_eq!(total(seen, "feed A1/07"), (406_000 * 3600, 3600));
    refused(
        source("net_flow.xml"),
        &["row 6, `flowDirection`: `4` is not 1 (delivered)"],
    );
    refused(
        source("cumulative.xml"),
        &["row 6, `accumulationBehaviour`: `3` is not 4 (delta)"],
    );
}

// spec: ene-4
#[test]
fn the_type_of_a_reading_is_the_one_that_links_name() {
    // Blocks come before what explains them in the one, and name no type in the other.
    assert_eq!(
        read(source("three_types.xml"))
            .unwrap()
            .lots("feed A1/07")
            .len(),
        4
    );
    assert_eq!(
        read(source("newest_first.xml"))
            .unwrap()
            .lots("feed A1/07")
            .len(),
        5
    );
    refused(
        source("type_absent.xml"),
        &["`ReadingType`: `/espi/1_1/resource/ReadingType/08` is not in the feed"],
    );
    refused(
        source("type_unsaid.xml"),
        &["IntervalBlock` names no type, and the feed has several"],
    );
    // Links may be spelled with their host in one place and without it in another.
    let text = std::fs::read_to_string(fixture("greenbutton/overlap.xml")).unwrap();
    let hosted = text
        .replacen("\"/espi", "\"https://utility.example/espi", 3)
        .replace("<duration>900", "<duration>300");
    let (_directory, path) = file("hosted.xml", &hosted);
    assert_eq!(feeds(vec![path]).lots("feed A1/07").len(), 2);
}

// spec: ene-5
#[test]
fn a_meter_is_a_usage_point_and_a_type() {
    let seen = read(source("quality.xml")).unwrap();
    assert_eq!(seen.meters(), ["feed A1/07", "feed A2/08"]);
    refused(
        source("same_name.xml"),
        &[
            "`UsagePoint`",
            "RetailCustomer/2",
            "another meter",
            "RetailCustomer/1",
        ],
    );
}

// spec: ene-6
#[test]
fn readings_are_put_in_order_and_gaps_stay() {
    let seen = read(source("newest_first.xml")).unwrap();
    let starts: Vec<u64> = seen
        .lots("feed A1/07")
        .iter()
        .map(|(start, ..)| start / 1000 - YEAR)
        .collect();
    assert_eq!(starts, [0, 0, 900, 6300, 7200]);
    // The first one stands twice and counts once; from 1800 to 6300 nothing is known.
    assert_eq!(
        total(seen, "feed A1/07"),
        ((10 + 11 + 20 + 30) * 3600, 4 * 900)
    );
    refused(
        source("overlap.xml"),
        &[
            "`A1/07` has energy from 2026-01-01T00:10:00Z, before row",
            "00:15:00Z",
        ],
    );
}

// spec: ene-7
#[test]
fn a_quality_that_is_not_valid_is_warned_of() {
    let seen = read(source("quality.xml")).unwrap();
    let warnings = &seen.gathered.intake.warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].ends_with("its quality is 8 (estimated from a reference day)"));
    assert!(warnings[1].ends_with("its quality is 14 (raw)"));
    assert!(warnings[0].starts_with("row "));
}

// spec: ene-8
#[test]
fn values_that_cannot_be_are_refused_with_their_row() {
    refused(
        source("negative.xml"),
        &["row 27, `value`: `-5` is negative"],
    );
    refused(
        source("no_duration.xml"),
        &["row 27, `duration`: `0` is no time"],
    );
    let good = feed(&[(YEAR, 900, 7)]);
    for (from, to, why) in [
        (
            "<value>7</value>",
            "<value>NaN</value>",
            "`NaN` is no number",
        ),
        (
            "<value>7</value>",
            "<value>7&lt;</value>",
            "is not a decimal number",
        ),
        ("<value>7</value>", "", "`value`: `` is missing"),
        (
            "<value>7</value>",
            "<value>7</value><value>8</value>",
            "`8` stands twice",
        ),
        ("<start>1767225600</start>", "", "`start`: `` is missing"),
        (
            "<start>1767225600</start>",
            "<start>-1</start>",
            "`-1` is negative",
        ),
        (
            "<start>1767225600",
            "<start>253402300799",
            "reaches past the year 9999",
        ),
        ("Multiplier>0<", "Multiplier>13<", "`13` is no power of ten"),
        ("Multiplier>0<", "Multiplier>12<", ""),
        ("<uom>72</uom>", "", "`uom`: `` is missing"),
        (
            "<uom>72</uom>",
            "<uom>72</uom><uom>38</uom>",
            "`38` stands twice",
        ),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}");
        let (_directory, path) = file("feed.xml", &text);
        let source = GreenButton::new(vec![path], FEED);
        if why.is_empty() {
            read(source).unwrap();
        } else {
            refused(source, &[why]);
        }
    }
}

// spec: ene-9
#[test]
fn hostile_documents_are_refused() {
    refused(source("document_type.xml"), &["declares a document type"]);
    let good = feed(&[(YEAR, 900, 7)]);
    let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
    let long = "x".repeat((1 << 20) + (1 << 17));
    let links = r#"<link rel="related" href="/a"/>"#.repeat(40);
    let value = format!("<value>{}</value>", "1".repeat(65));
    for (from, to, why) in [
        (
            "  <entry>",
            format!("{deep}<entry>"),
            "more than 32 elements deep",
        ),
        (
            "  <entry>",
            format!("<!--{long}--><entry>"),
            "more than 1048576 bytes",
        ),
        (
            "  <entry>",
            format!("<a b='{long}'/><entry>"),
            "more than 1048576 bytes",
        ),
        (
            "  <entry>",
            format!("<entry>{links}"),
            "more than 32 related links",
        ),
        ("<value>7</value>", value, "has more than 64 bytes"),
        ("  <entry>", "<entry>\0".to_owned(), "zero bytes"),
        ("<feed", "<html".to_owned(), "begins otherwise"),
        ("</feed>", String::new(), "may be cut off"),
        ("</content>", String::new(), "near row"),
    ] {
        let text = good.replacen(from, &to, 1);
        assert_ne!(text, good, "{from}");
        let (_directory, path) = file("feed.xml", &text);
        refused(GreenButton::new(vec![path], FEED), &[why]);
    }
    let (_directory, path) = file("feed.xml", &feed(&[]));
    refused(
        GreenButton::new(vec![path], FEED),
        &["has no interval readings"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // spec: ene-6
    #[test]
    fn two_feeds_in_any_order_come_to_the_same_as_one(
        values in proptest::collection::vec(0_u64..1 << 47, 1..30),
        cut in any::<proptest::sample::Index>(),
        swapped in any::<bool>(),
    ) {
        let readings: Vec<_> = values
            .iter()
            .zip((0..).map(|at| YEAR + at * 900))
            .map(|(value, start)| (start, 900, *value))
            .collect();
        let at = cut.index(readings.len());
        let (_one, whole) = file("feed.xml", &feed(&readings));
        let whole = feeds(vec![whole]).totals();
        let names = if swapped { ["b.xml", "a.xml"] } else { ["a.xml", "b.xml"] };
        let parts = [&readings[..at], &readings[at..]];
        let mut directories = Vec::new();
        let mut files = Vec::new();
        for (name, part) in names.into_iter().zip(parts) {
            if !part.is_empty() {
                let (directory, path) = file(name, &feed(part));
                directories.push(directory);
                files.push(path);
            }
        }
        prop_assert_eq!(feeds(files).totals(), whole);
    }

    // spec: ene-9
    #[test]
    fn no_damage_to_a_feed_stops_the_reader(
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = std::fs::read(fixture("greenbutton/three_types.xml")).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("feed.xml");
        std::fs::write(&path, bytes).unwrap();
        let _ = read(GreenButton::new(vec![path], FEED));
    }
}
