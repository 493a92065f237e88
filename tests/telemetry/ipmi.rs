//! DCMI power readings as two tools print them.

use std::path::PathBuf;

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use standstill::collector::reading::Measure;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::ipmi::DcmiPower;

use crate::energy::file;
use crate::energy::fixture;
use crate::energy::read;
use crate::energy::refused;

/// 2024-02-15T13:00:00Z, 14:00 in Paris, in milliseconds.
const TIME: u64 = 1_708_002_000_000;

fn paris() -> Clock {
    Clock::new(Some("Europe/Paris"), Ambiguous::Refuse).unwrap()
}

fn source(name: &str) -> DcmiPower {
    DcmiPower::new(vec![fixture(&format!("ipmi/{name}"))], None, paris())
}

fn named(files: Vec<PathBuf>) -> DcmiPower {
    DcmiPower::new(files, Some("n1".to_owned()), paris())
}

// spec: ene-15
#[test]
fn captures_of_both_tools_are_power_of_a_machine() {
    let seen = read(source("ipmitool.txt")).unwrap();
    assert_eq!(seen.meters(), ["node ipmitool"]);
    let watts = seen.samples("node ipmitool", Measure::Power);
    let expected = [(0, "332"), (60_000, "340"), (120_000, "336")];
    assert_eq!(
        watts,
        expected.map(|(at, watts)| (TIME + at, watts.to_owned()))
    );

    let seen = read(named(vec![fixture("ipmi/freeipmi.txt")])).unwrap();
    assert_eq!(seen.meters(), ["node n1"]);
    let watts = seen.samples("node n1", Measure::Power);
    let expected = [(0, "332"), (60_000, "340")];
    assert_eq!(
        watts,
        expected.map(|(at, watts)| (TIME + at, watts.to_owned()))
    );
    assert_eq!(
        seen.skipped(),
        [("captures of a controller that does not measure", 1)]
    );
}

// spec: ene-16
#[test]
fn a_timestamp_needs_a_zone_and_a_clock_that_was_set() {
    let without = |name: &str| {
        DcmiPower::new(
            vec![fixture(&format!("ipmi/{name}"))],
            None,
            Clock::default(),
        )
    };
    refused(
        without("ipmitool.txt"),
        &["row 6, `timestamp`: `Thu Feb 15 14:00:00 2024` has no zone"],
    );
    let seen = read(without("utc.txt")).unwrap();
    let watts = seen.samples("node utc", Measure::Power);
    assert_eq!(watts, [(TIME + 3_600_000, "332".to_owned())]);
    refused(
        source("unset_clock.txt"),
        &["row 6", "its clock is not set"],
    );
    refused(
        source("repeated_hour.txt"),
        &["ambiguous", "row 6", "Oct 27 02:30:00"],
    );
    let text = std::fs::read_to_string(fixture("ipmi/utc.txt")).unwrap();
    for time in [
        "15/02/2024 14:00:00",
        "02/15/24 14:00:00",
        "02/15/2024 14:00:00 CET",
        "Thu Foo 15 14:00:00 2024",
        "Unspecified",
        "",
    ] {
        let (_directory, path) = file("n1.txt", &text.replace("02/15/2024 14:00:00 UTC", time));
        refused(named(vec![path]), &["row 6, `timestamp`", "not a time"]);
    }
}

// spec: ene-17
#[test]
fn a_capture_without_a_timestamp_is_refused() {
    refused(
        source("no_timestamp.txt"),
        &["row 2, `power reading`: `332` comes without a timestamp: keep the whole output"],
    );
    let seen = read(source("ipmitool.txt")).unwrap();
    assert_eq!(
        seen.skipped(),
        [("captures of a controller that does not measure", 1)]
    );
    let text = std::fs::read_to_string(fixture("ipmi/utc.txt")).unwrap();
    let line = "    IPMI timestamp:                           02/15/2024 14:00:00 UTC\n";
    for (from, to, why) in [
        (line, line.repeat(2), "row 7, `IPMI timestamp`"),
        (
            "\n    Instantaneous",
            format!("{line}    Instantaneous"),
            "no part of a capture",
        ),
        (
            "332 Watts",
            "332 BTU".to_owned(),
            "`332 BTU` is not in watts",
        ),
        ("332 Watts", "-1 Watts".to_owned(), "is negative"),
        ("332 Watts", "nan Watts".to_owned(), "is no number"),
        (
            "Instantaneous power reading",
            "Reading".to_owned(),
            "no part of a capture",
        ),
        ("activated\n\n\n", "activated".to_owned(), "cut off"),
    ] {
        let changed = text.replacen(from, &to, 1);
        assert_ne!(changed, text, "{from}");
        let (_directory, path) = file("n1.txt", &changed);
        refused(named(vec![path]), &[why]);
    }
    let (_directory, path) = file("n1.txt", "ipmitool: not found\n");
    refused(named(vec![path]), &["is not a DCMI power reading"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    // spec: ene-15
    #[test]
    fn captures_that_are_split_show_the_same(
        watts in proptest::collection::vec(0_u32..5000, 2..40),
        cut in any::<proptest::sample::Index>(),
    ) {
        let captures: Vec<String> = watts
            .iter()
            .enumerate()
            .map(|(at, watts)| {
                format!(
                    "Current Power                        : {watts} Watts\n\
                     Time Stamp                           : 02/15/2024 - 14:{at:02}:00\n\n"
                )
            })
            .collect();
        let (_whole, path) = file("a.txt", &captures.concat());
        let whole = read(named(vec![path])).unwrap().totals();
        let at = cut.index(captures.len() - 1) + 1;
        let (_one, one) = file("a.txt", &captures[..at].concat());
        // Files are read in order of their names.
        let other = one.with_file_name("b.txt");
        std::fs::write(&other, captures[at..].concat()).unwrap();
        prop_assert_eq!(read(named(vec![other, one])).unwrap().totals(), whole);
    }

    // spec: ene-17
    #[test]
    fn no_text_stops_the_reader(text in "(Current Power|Time Stamp|[ -~]){0,3}(:| |\n){0,3}[ -~\n]{0,60}\n") {
        let (_directory, path) = file("n1.txt", &text);
        let _ = read(named(vec![path]));
    }
}
