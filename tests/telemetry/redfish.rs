//! Redfish captures: what they show, and what of them is never read together.

use std::path::PathBuf;

use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use standstill::collector::reading::Measure;
use standstill::telemetry::redfish::Redfish;
use standstill::telemetry::redfish::RedfishReading;

use crate::data;
use crate::energy::file;
use crate::energy::fixture;
use crate::energy::read;
use crate::energy::refused;

/// 2026-01-01T00:00:00Z, in milliseconds.
const YEAR: u64 = 1_767_225_600_000;

fn source(name: &str, reading: RedfishReading) -> Redfish {
    Redfish::new(vec![fixture(&format!("redfish/{name}"))], reading)
}

fn chassis(path: PathBuf) -> Redfish {
    Redfish::new(vec![path], RedfishReading::Chassis)
}

/// A real document on one line.
fn real(name: &str) -> Option<String> {
    let text = std::fs::read_to_string(data(&format!("redfish/{name}.json"))?).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    Some(json.to_string())
}

fn captured(documents: &[(&str, &str)]) -> String {
    let line = |(time, document): &(&str, &str)| {
        format!("{{\"time\": \"{time}\", \"resource\": {document}}}\n")
    };
    documents.iter().map(line).collect()
}

#[test]
fn real_documents_are_read_as_they_were_captured() {
    let Some(environment) = real("EnvironmentMetrics") else {
        return;
    };
    let (power, supply) = (real("Power").unwrap(), real("PowerSupplyMetrics").unwrap());
    let text = captured(&[
        ("2026-01-01T00:00:00Z", &power),
        ("2026-01-01T00:00:10Z", &environment),
        ("2026-01-01T00:00:20Z", &supply),
    ]);
    let (_directory, path) = file("bmc-1.jsonl", &text);

    let seen = read(chassis(path.clone())).unwrap();
    assert_eq!(seen.meters(), ["node bmc-1/1U"]);
    assert_eq!(
        seen.samples("node bmc-1/1U", Measure::Power),
        [(YEAR, "344".to_owned()), (YEAR + 10_000, "374".to_owned())]
    );

    let averages = Redfish::new(vec![path.clone()], RedfishReading::ChassisAverages);
    let seen = read(averages).unwrap();
    // 319 W over 30 minutes.
    let joules = 319 * 30 * 60;
    assert_eq!(
        seen.lots("node bmc-1/1U"),
        [(YEAR - 30 * 60_000, YEAR, joules.to_string())]
    );

    let seen = read(Redfish::new(vec![path], RedfishReading::PowerSupplies)).unwrap();
    assert_eq!(seen.meters(), ["node bmc-1/1U/Bay1"]);
    let meter = "node bmc-1/1U/Bay1";
    let at = YEAR + 20_000;
    assert_eq!(
        seen.samples(meter, Measure::Power),
        [(at, "937.4".to_owned())]
    );
    // 325,675 kWh.
    let joules = 325_675_u64 * 3_600_000;
    assert_eq!(
        seen.samples(meter, Measure::Energy),
        [(at, joules.to_string())]
    );
}

// spec: ene-10
#[test]
fn a_document_without_the_time_of_its_capture_is_refused() {
    let bare =
        r##"{"@odata.type": "#Power.v1_7_1.Power", "@odata.id": "/redfish/v1/Chassis/1U/Power"}"##;
    let pretty = bare.replace(", ", ",\n  ");
    let hint = "capture each answer as one line, {\"time\": ";
    for text in [
        format!("{bare}\n"),
        bare.to_owned(),
        pretty,
        format!("{{\"resource\": {bare}}}\n"),
    ] {
        let (_directory, path) = file("power.json", &text);
        refused(chassis(path), &["no time of its own", hint]);
    }
    for (time, why) in [
        ("2026-01-01T00:00:00", "has no zone"),
        ("today", "is not a time"),
    ] {
        let (_directory, path) = file("power.jsonl", &captured(&[(time, bare)]));
        refused(chassis(path), &["row 1, `time`", time, why]);
    }
    for name in ["EnvironmentMetrics", "Power", "PowerSupplyMetrics"] {
        let Some(path) = data(&format!("redfish/{name}.json")) else {
            return;
        };
        refused(chassis(path), &[hint]);
    }
    // Cut off, or no capture at all.
    for (text, why) in [
        (
            captured(&[("2026-01-01T00:00:00Z", bare)]).trim_end(),
            "cut off",
        ),
        ("", "is empty"),
        ("{\"time\": \"2026\n", "row 1, `JSON`"),
        ("[]\n", "row 1, `JSON`"),
    ] {
        let (_directory, path) = file("power.jsonl", text);
        refused(chassis(path), &[why]);
    }
}

// spec: ene-11
#[test]
fn the_named_properties_are_read_and_no_other() {
    let seen = read(source("chassis.jsonl", RedfishReading::Chassis)).unwrap();
    let meter = "node chassis/1U";
    assert_eq!(
        seen.samples(meter, Measure::Power),
        [
            (YEAR, "600".to_owned()),
            (YEAR + 60_000, "660.5".to_owned())
        ]
    );
    assert_eq!(
        seen.samples(meter, Measure::Energy),
        [
            (YEAR, "4320900000".to_owned()),
            (YEAR + 60_000, "4320936000".to_owned())
        ]
    );
    let seen = read(source("controls.jsonl", RedfishReading::Chassis)).unwrap();
    let watts = seen.samples("node controls/1U", Measure::Power);
    let watts: Vec<&str> = watts.iter().map(|(_, watts)| watts.as_str()).collect();
    assert_eq!(watts, ["344", "350", "351"]);
    assert_eq!(seen.skipped(), [("power controls after the first", 3)]);

    let seen = read(source("controls.jsonl", RedfishReading::ChassisAverages)).unwrap();
    let half = 30 * 60_000;
    assert_eq!(
        seen.lots("node controls/1U"),
        [
            (YEAR, YEAR + half, "574200".to_owned()),
            (YEAR + half, YEAR + 2 * half, "612900".to_owned()),
        ]
    );
    assert!(
        seen.skipped()
            .contains(&("averages of minutes that were told before", 1))
    );
    let text = std::fs::read_to_string(fixture("redfish/controls.jsonl")).unwrap();
    for minutes in ["0", "-30", "1441", "0.5"] {
        let text = text.replace(
            "\"IntervalInMin\": 30",
            &format!("\"IntervalInMin\": {minutes}"),
        );
        let (_directory, path) = file("a.jsonl", &text);
        let averages = Redfish::new(vec![path], RedfishReading::ChassisAverages);
        refused(averages, &["row 1, `IntervalInMin`", "from 1 to 1440"]);
    }
}

// spec: ene-12
#[test]
fn a_chassis_and_its_power_supplies_are_never_read_together() {
    let seen = read(source("chassis.jsonl", RedfishReading::Chassis)).unwrap();
    assert_eq!(seen.meters(), ["node chassis/1U"]);
    assert_eq!(
        seen.skipped(),
        [
            ("resources that are no chassis or power supply", 1),
            ("resources that tell no power", 1),
            ("resources that were not asked for", 2),
            ("resources without a reading", 1),
        ]
    );
    let seen = read(source("chassis.jsonl", RedfishReading::PowerSupplies)).unwrap();
    assert_eq!(
        seen.meters(),
        ["node chassis/1U/Bay1", "node chassis/1U/Bay2"]
    );
    let watts = seen.samples("node chassis/1U/Bay1", Measure::Power);
    assert_eq!(watts, [(YEAR + 100_000, "350".to_owned())]);

    let two = || source("two_chassis.jsonl", RedfishReading::Chassis);
    refused(
        two(),
        &["row 2, `Chassis`: `HGX` is another than `1U`", "say which"],
    );
    let seen = read(two().of_chassis("HGX".to_owned())).unwrap();
    assert_eq!(seen.meters(), ["node two_chassis/HGX"]);
    assert_eq!(seen.skipped(), [("chassis that were not asked for", 1)]);
}

// spec: ene-13
#[test]
fn a_report_has_times_of_its_own() {
    let seen = read(source("report.json", RedfishReading::Chassis)).unwrap();
    let meter = "node report/1U";
    assert_eq!(
        seen.samples(meter, Measure::Power),
        [
            (YEAR, "400.5".to_owned()),
            (YEAR + 60_000, "420".to_owned())
        ]
    );
    let energy = seen.samples(meter, Measure::Energy);
    assert_eq!(energy, [(YEAR + 250, "37800000".to_owned())]);
    assert_eq!(
        seen.skipped(),
        [
            ("values of a report that are no power or energy", 1),
            ("values of a report that were not asked for", 1),
        ]
    );
    let seen = read(source("report.json", RedfishReading::PowerSupplies)).unwrap();
    assert_eq!(seen.meters(), ["node report/1U/Bay1"]);

    let text = std::fs::read_to_string(fixture("redfish/report.json")).unwrap();
    for (from, to, why) in [
        (
            ", \"Timestamp\": \"2026-01-01T00:01:00Z\"",
            "",
            "`Timestamp`",
        ),
        ("\"420\"", "\"NaN\"", "`NaN` is no number"),
        ("\"420\"", "\"420 W\"", "`420 W` is not a decimal number"),
        ("00:01:00Z", "00:01:00", "has no zone"),
    ] {
        let (_directory, path) = file("report.json", &text.replace(from, to));
        refused(chassis(path), &[why]);
    }
}

// spec: ene-13
#[test]
fn a_report_that_goes_on_repeats_what_was_told() {
    let report = |values: &[(&str, u32)]| {
        let value = |(time, watts): &(&str, u32)| {
            format!(
                "{{\"MetricValue\": \"{watts}\", \"Timestamp\": \"2026-01-01T00:{time}:00Z\", \
                 \"MetricProperty\": \
                 \"/redfish/v1/Chassis/1U/Power#/PowerControl/0/PowerConsumedWatts\"}}"
            )
        };
        let values: Vec<String> = values.iter().map(value).collect();
        format!(
            "{{\"@odata.type\": \"#MetricReport.v1_4_2.MetricReport\", \"MetricValues\": [{}]}}\n",
            values.join(", ")
        )
    };
    let first = report(&[("00", 1), ("01", 2), ("02", 3)]);
    let next = report(&[("01", 2), ("02", 3), ("03", 4)]);
    let (_directory, path) = file("a.jsonl", &format!("{first}{next}"));
    let seen = read(chassis(path)).unwrap();
    let watts = seen.samples("node a/1U", Measure::Power);
    let watts: Vec<&str> = watts.iter().map(|(_, watts)| watts.as_str()).collect();
    assert_eq!(watts, ["1", "2", "3", "3", "4"]);
    assert_eq!(
        seen.skipped(),
        [("values of a report that were told before", 1)]
    );
    let (_directory, path) = file("a.jsonl", &format!("{next}{first}"));
    refused(chassis(path), &["row 2", "out of order"]);
    let other = report(&[("02", 9), ("03", 4)]);
    let (_directory, path) = file("a.jsonl", &format!("{first}{other}"));
    refused(
        chassis(path),
        &["row 2", "has power 9", "row 1 says 3 of the same instant"],
    );
}

// spec: ene-14
#[test]
fn a_member_that_stands_twice_is_refused() {
    let text = std::fs::read_to_string(fixture("redfish/chassis.jsonl")).unwrap();
    for (from, to, words) in [
        (
            "{\"Reading\": 660.5}",
            "{\"Reading\": 660.5, \"Reading\": 1}",
            ["row 2, `JSON`", "duplicate field `Reading`"],
        ),
        (
            "{\"Reading\": 660.5}",
            "{\"Reading\": -660.5}",
            ["row 2, `watts`: `-660.5`", "is negative"],
        ),
        (
            "{\"Reading\": 660.5}",
            "{\"Reading\": \"660.5\"}",
            ["row 2, `JSON`", "invalid type"],
        ),
        (
            "2026-01-01T01:01:00+01:00",
            "2026-01-01T01:00:00+01:00",
            ["row 2", "row 1 says 600 of the same instant"],
        ),
        (
            "2026-01-01T01:01:00+01:00",
            "2026-01-01T00:59:59+01:00",
            ["row 2", "out of order"],
        ),
    ] {
        let (_directory, path) = file("a.jsonl", &text.replace(from, to));
        refused(chassis(path), &words);
    }
    let deep = format!("{}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let (_directory, path) = file("deep.jsonl", &deep);
    refused(chassis(path), &["row 1, `JSON`"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    // spec: ene-11
    #[test]
    fn a_capture_that_is_split_shows_the_same(cut in any::<proptest::sample::Index>()) {
        let text = std::fs::read_to_string(fixture("redfish/chassis.jsonl")).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let cut = cut.index(lines.len() - 1) + 1;
        let directory = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        // Both of one machine, so both of one name.
        for (at, part) in [&lines[..cut], &lines[cut..]].into_iter().enumerate() {
            let path = directory.path().join(at.to_string());
            std::fs::create_dir(&path).unwrap();
            files.push(path.join("chassis.jsonl"));
            std::fs::write(&files[at], part.concat()).unwrap();
        }
        let whole = read(source("chassis.jsonl", RedfishReading::Chassis)).unwrap();
        let parts = read(Redfish::new(files, RedfishReading::Chassis)).unwrap();
        prop_assert_eq!(parts.skipped(), whole.skipped());
        prop_assert_eq!(parts.totals(), whole.totals());
    }
}
