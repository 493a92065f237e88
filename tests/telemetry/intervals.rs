//! Energy tables: intervals and readings in a plain CSV.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use standstill::attestation::figure::Boundary;
use standstill::collector::reading::Measure;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::intervals::EnergyTables;

use crate::energy::FEED;
use crate::energy::file;
use crate::energy::fixture;
use crate::energy::read;
use crate::energy::refused;

/// 2026-03-01T00:00:00Z.
const MARCH: u64 = 1_772_323_200;

fn tables(files: Vec<PathBuf>) -> EnergyTables {
    EnergyTables::new(files, BTreeMap::new(), FEED, Clock::default())
}

fn source(name: &str) -> EnergyTables {
    tables(vec![fixture(&format!("intervals/{name}"))])
}

/// Refused, as it is a table of this text.
fn refused_text(text: &str, words: &[&str]) {
    let (_directory, path) = file("m1.csv", text);
    refused(tables(vec![path]), words);
}

fn columns(names: &[(&str, &str)]) -> BTreeMap<String, String> {
    let names = names.iter();
    names
        .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()))
        .collect()
}

// spec: ene-18
#[test]
fn both_forms_are_read_in_their_units() {
    let seen = read(source("intervals.csv")).unwrap();
    let quarter = 900_000;
    let start = MARCH * 1000;
    assert_eq!(
        seen.lots("feed hall-1"),
        [
            (start, start + quarter, "765000000".to_owned()),
            (
                start + quarter,
                start + 2 * quarter - 500,
                "764100000".to_owned()
            ),
            (start + 3 * quarter, start + 4 * quarter, "0".to_owned()),
        ]
    );
    let seen = read(source("readings.csv")).unwrap();
    let power = seen.samples("feed rack-8", Measure::Power);
    assert_eq!(
        power,
        [
            (start, "39000".to_owned()),
            (start + 10_250, "38000.4".to_owned())
        ]
    );
    let energy = seen.samples("feed rack-7", Measure::Energy);
    assert_eq!(energy, [(start, "317243700000".to_owned())]);
    for (unit, value, joules) in [
        ("wh", "0.5", "1800"),
        ("kwh", "1e-3", "3600"),
        ("mwh", "2", "7200000000"),
        (
            "j",
            "9007199254740993.000000001",
            "9007199254740993.000000001",
        ),
    ] {
        let text = format!("start,end,energy_{unit}\n{MARCH},{},{value}\n", MARCH + 60);
        let (_directory, path) = file("m1.csv", &text);
        let seen = read(tables(vec![path])).unwrap();
        assert_eq!(seen.lots("feed m1")[0].2, joules);
    }
}

// spec: ene-18
#[test]
fn columns_of_another_table_are_named_and_units_never_mixed() {
    // As spreadsheets write it: with a byte order mark.
    let text = "\u{feff}Zähler,Von,Bis,Verbrauch (kWh),energy_wh\na,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,2,1\n";
    let (_directory, path) = file("m1.csv", text);
    let names = columns(&[
        ("meter", "Zähler"),
        ("start", "Von"),
        ("end", "Bis"),
        ("energy_kwh", "Verbrauch (kWh)"),
    ]);
    let table = |names| EnergyTables::new(vec![path.clone()], names, FEED, Clock::default());
    let seen = read(table(names)).unwrap();
    assert_eq!(seen.lots("feed a")[0].2, "7200000");
    refused(
        table(columns(&[("energy", "x")])),
        &["`energy` is not a column", "energy_kwh"],
    );
    refused(
        table(columns(&[("start", "from")])),
        &["the column `from` is missing; there are: Zähler"],
    );
    for (header, words) in [
        (
            "start,end,energy_kwh,energy_wh",
            ["`energy_wh` and `energy_kwh`", "one of two units"],
        ),
        (
            "time,power_w,power_kw,x",
            ["`power_w` and `power_kw`", "one of two units"],
        ),
        (
            "start,end,energy,x",
            ["one of energy_wh, energy_kwh", "there are: start"],
        ),
        ("start,energy_wh,x,y", ["`end` is missing", "there are"]),
        ("time,power,x,y", ["one of power_w, power_kw", "there are"]),
        (
            "time,start,end,energy_wh",
            ["`time` and `start`", "an instant or an interval"],
        ),
        ("time,energy_wh,x,y", ["is a counter", "energy_kwh_total"]),
        ("start,end,energy_wh,power_w", ["no power", "beside it"]),
        ("start,start,end,energy_wh", ["`start` twice", "CSV"]),
        ("a,b,c,d", ["start and end, or time", "there are: a, b"]),
    ] {
        refused_text(&format!("{header}\n1,2,3,4\n"), &words);
    }
    let end = MARCH + 60;
    refused_text(
        &format!("start,end,energy_kwh\n{MARCH},{end},12 Wh\n"),
        &[
            "row 2, `energy_kwh`: `12 Wh` has a unit of its own",
            "column is in kWh",
            "convert",
        ],
    );
}

// spec: ene-19
#[test]
fn times_need_a_zone_unless_they_have_one() {
    refused(
        source("local.csv"),
        &["row 2, `time`: `2026-07-01 12:00:00` has no zone"],
    );
    let clock = Clock::new(Some("Europe/Paris"), Ambiguous::Refuse).unwrap();
    let files = vec![fixture("intervals/local.csv")];
    let table = EnergyTables::new(files, BTreeMap::new(), Boundary::Node, clock.clone());
    let seen = read(table).unwrap();
    // 10:00 UTC.
    let at = 1_782_900_000_000;
    assert_eq!(
        seen.samples("node local", Measure::Power),
        [(at, "100".to_owned()), (at + 10_000, "110".to_owned())]
    );
    let (_directory, path) = file("m1.csv", "time,power_w\n2026-10-25 02:30:00.5,1\n");
    let table = EnergyTables::new(vec![path], BTreeMap::new(), FEED, clock);
    refused(table, &["ambiguous", "row 2 time `2026-10-25 02:30:00.5`"]);
}

// spec: ene-20
#[test]
fn meters_at_two_boundaries_are_two_meters() {
    let seen = read(source("intervals.csv")).unwrap();
    assert_eq!(seen.meters(), ["facility hall-1", "feed hall-1"]);
    assert_eq!(
        seen.lots("facility hall-1"),
        [(MARCH * 1000, (MARCH + 900) * 1000, "3600000".to_owned())]
    );
    refused_text(
        &format!("boundary,time,power_w\nroom,{MARCH},1\n"),
        &["row 2, `boundary`: `room`", "energy boundary"],
    );
}

// spec: ene-21
#[test]
fn rows_that_cannot_be_are_refused() {
    let seen = read(source("intervals.csv")).unwrap();
    assert_eq!(seen.skipped(), [("intervals without a value", 1)]);
    // 00:30 to 00:45 and half a second before it are gaps.
    let totals = seen.totals();
    let (_, observed) = totals[&("feed hall-1".to_owned(), Measure::Energy)];
    assert_eq!(observed, 3 * 900_000 - 500);
    let seen = read(source("readings.csv")).unwrap();
    assert_eq!(seen.skipped(), [("readings without a value", 1)]);

    let interval =
        |from: u64, to: u64, value: &str| format!("{},{},{value}\n", MARCH + from, MARCH + to);
    for (rows, words) in [
        (
            interval(60, 60, "1"),
            ["row 2, `end`: `1772323260`", "not after the start"],
        ),
        (
            interval(60, 0, "1"),
            ["row 2, `end`: `1772323200`", "not after the start"],
        ),
        (
            interval(0, 60, "-1"),
            ["row 2, `energy_wh`: `-1`", "is negative"],
        ),
        (
            interval(0, 60, "NaN"),
            ["row 2, `energy_wh`: `NaN`", "is no number"],
        ),
        (
            interval(0, 60, "inf"),
            ["row 2, `energy_wh`: `inf`", "is no number"],
        ),
        (
            interval(0, 60, "1,5"),
            ["row 2", "has 4 columns, the header 3"],
        ),
        (
            interval(0, 60, "\"1,5\""),
            ["row 2, `energy_wh`: `1,5`", "is not a decimal"],
        ),
        (
            interval(0, 60, "1e30"),
            ["row 2, `energy_wh`: `1e30`", "is too large"],
        ),
        (
            interval(0, 60, "1") + &interval(30, 90, "1"),
            ["row 3: `m1` has energy", "before row 2 ends"],
        ),
        (
            interval(60, 120, "1") + &interval(0, 60, "1"),
            ["row 3: `m1` has energy", "before row 2 ends"],
        ),
        (
            interval(0, 60, "1") + &interval(0, 60, "2"),
            ["row 3: `m1` has energy", "before row 2 ends"],
        ),
    ] {
        refused_text(&format!("start,end,energy_wh\n{rows}"), &words);
    }
    let twice = interval(0, 60, "1").repeat(2);
    let (_directory, path) = file("m1.csv", &format!("start,end,energy_wh\n{twice}"));
    let totals = read(tables(vec![path])).unwrap().totals();
    let total = totals[&("feed m1".to_owned(), Measure::Energy)];
    assert_eq!(total, (3600 * 1_000_000_000_000, 60_000));
    for (rows, words) in [
        (
            format!("{MARCH},1\n{MARCH},2\n"),
            [
                "row 3: `m1` has power 2",
                "row 2 says 1 of the same instant",
            ],
        ),
        (
            format!("{},1\n{MARCH},2\n", MARCH + 1),
            ["row 3: `m1` has power", "out of order"],
        ),
        (
            format!("{MARCH}.0004,1\nnow,2\n"),
            ["row 3, `time`: `now`", "is not a time"],
        ),
    ] {
        refused_text(&format!("time,power_w\n{rows}"), &words);
    }
}

// spec: ene-22
#[test]
fn tables_are_read_in_bounded_memory() {
    let head = "meter,time,power_w\n";
    refused_text(head, &["there are no rows in it"]);
    refused_text("", &["is missing"]);
    refused_text(&format!("{head}a,{MARCH},1"), &["cut off"]);
    refused_text(&format!("{head}a,{MARCH}\n"), &["row 2 has 2 columns"]);
    refused_text(&format!("{head}a,{MARCH},1\0\n"), &["zero bytes"]);
    refused_text(
        &format!("{head},{MARCH},1\n"),
        &["row 2, `meter`: `` names no meter"],
    );
    let long = "x".repeat(257);
    refused_text(
        &format!("{head}{long},{MARCH},1\n"),
        &["more than 256 bytes"],
    );
    let line = format!("a,{MARCH},1\n").repeat(1 << 17);
    refused_text(&format!("{head}\"{line}"), &["more than 1048576 bytes"]);
    let mut many = head.to_owned();
    for at in 0..=(1 << 17) {
        writeln!(many, "{at},{MARCH},1").unwrap();
    }
    refused_text(
        &many,
        &["row 131074, `meter`: `131072` is one of more than 131072 meters"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // spec: ene-22
    #[test]
    fn a_table_that_is_split_at_any_line_comes_to_the_same(
        rows in proptest::collection::vec((0_u8..3, 0_u64..1000, 0_u64..1_000_000), 2..60),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut ends = [MARCH; 3];
        let mut lines = Vec::new();
        for (meter, pause, value) in rows {
            let end = &mut ends[usize::from(meter)];
            let start = *end + pause;
            *end = start + 900;
            lines.push(format!("m{meter},{start},{end},{value}.25\n"));
        }
        let table = |lines: &[String]| format!("meter,start,end,energy_wh\n{}", lines.concat());
        let at = cut.index(lines.len() - 1) + 1;
        let (_whole, whole) = file("whole.csv", &table(&lines));
        let (_one, one) = file("one.csv", &table(&lines[..at]));
        let (_two, two) = file("two.csv", &table(&lines[at..]));
        let whole = read(tables(vec![whole])).unwrap().totals();
        prop_assert_eq!(read(tables(vec![one, two])).unwrap().totals(), whole);
    }

    // spec: ene-21
    #[test]
    fn no_bytes_stop_the_reader(
        head in "(meter,)?(time|start,end),(power_w|energy_wh|energy_j_total)\n",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m1.csv");
        std::fs::write(&path, [head.as_bytes(), &body, b"\n"].concat()).unwrap();
        let _ = read(tables(vec![path]));
    }
}
