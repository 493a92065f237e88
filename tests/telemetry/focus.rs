//! Bills of clouds: which rows are for accelerators, and for how many seconds of a period.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;

use standstill::collector::billed::BilledPeriod;
use standstill::quantity::Interval;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Billed;
use standstill::telemetry::Clock;
use standstill::telemetry::Source as _;
use standstill::telemetry::SourceError;
use standstill::telemetry::focus::Focus;
use standstill::telemetry::focus::FocusOptions;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

use crate::data;

/// 2026-03-01T00:00:00Z.
const START: u64 = 1_772_323_200;
const HOUR: u64 = 3600;

/// A valid row of FOCUS 1.2: an hour of an instance with eight devices.
const ROW: &[(&str, &str)] = &[
    ("BilledCost", "98.32"),
    ("BillingAccountId", "1"),
    ("BillingAccountName", "lab"),
    ("BillingAccountType", "Account"),
    ("BillingCurrency", "USD"),
    ("BillingPeriodEnd", "2026-04-01T00:00:00Z"),
    ("BillingPeriodStart", "2026-03-01T00:00:00Z"),
    ("CapacityReservationId", ""),
    ("CapacityReservationStatus", ""),
    ("ChargeCategory", "Usage"),
    ("ChargeClass", ""),
    ("ChargeDescription", "an hour of p5.48xlarge"),
    ("ChargePeriodEnd", "2026-03-01T01:00:00Z"),
    ("ChargePeriodStart", "2026-03-01T00:00:00Z"),
    ("CommitmentDiscountCategory", ""),
    ("CommitmentDiscountId", ""),
    ("CommitmentDiscountStatus", ""),
    ("CommitmentDiscountType", ""),
    ("ConsumedQuantity", "1"),
    ("ConsumedUnit", "Hours"),
    ("ContractedCost", "98.32"),
    ("EffectiveCost", "98.32"),
    ("InvoiceIssuerName", "cloud"),
    ("ListCost", "98.32"),
    ("PricingQuantity", "1"),
    ("PricingUnit", "Hours"),
    ("ProviderName", "cloud"),
    ("PublisherName", "cloud"),
    ("ResourceId", "i-1"),
    ("ResourceType", "instance"),
    ("ServiceCategory", "Compute"),
    ("ServiceName", "Virtual machines"),
    ("SkuId", "S1"),
    ("SkuPriceDetails", ""),
    ("SkuPriceId", "P1"),
    ("Tags", r#"{"team": "a, b"}"#),
];

type Changes<'c> = &'c [(&'c str, &'c str)];

/// Returns an export with a row for each item, which says what is otherwise there. A
/// column that only the first one has is new.
fn export(rows: &[Changes<'_>]) -> String {
    let mut header: Vec<&str> = ROW.iter().map(|(name, _)| *name).collect();
    for (name, _) in rows.iter().flat_map(|row| row.iter()) {
        if !header.contains(name) {
            header.push(name);
        }
    }
    let mut text = header.join(",");
    text.push('\n');
    for changes in rows {
        let cells: Vec<String> = header
            .iter()
            .map(|name| {
                let find = |all: Changes<'_>| {
                    let found = all.iter().find(|(one, _)| one == name);
                    found.map(|(_, value)| (*value).to_owned())
                };
                let value = find(changes).or_else(|| find(ROW)).unwrap_or_default();
                format!("\"{}\"", value.replace('"', "\"\""))
            })
            .collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// Reads an export over so many periods of an hour.
fn read_over(text: &str, hours: u64, options: FocusOptions) -> Result<Billed, SourceError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("export.csv");
    std::fs::write(&file, text).unwrap();
    read_files(vec![file], hours, options)
}

fn read_files(
    files: Vec<PathBuf>,
    hours: u64,
    options: FocusOptions,
) -> Result<Billed, SourceError> {
    let [start, end] = [START, START + hours * HOUR].map(|at| UnixSeconds::new(at).unwrap());
    let range = Period::new(start, end).unwrap();
    let cadence = Cadence::Seconds(NonZeroU64::new(HOUR).unwrap());
    let mut billed = Billed::new(cadence, range).unwrap();
    Focus::new(files, options).read(&mut billed)?;
    Ok(billed)
}

fn lenient() -> FocusOptions {
    FocusOptions {
        lenient: true,
        clock: Clock::new(Some("UTC"), Ambiguous::Refuse).unwrap(),
        ..FocusOptions::default()
    }
}

/// What each period is billed for, one after the other.
fn billed(rows: &[Changes<'_>], hours: u64) -> Vec<BilledPeriod> {
    let read = read_over(&export(rows), hours, FocusOptions::default()).unwrap();
    read.billing.finish().unwrap()
}

/// The accelerator-seconds of a period by model.
fn seconds(period: &BilledPeriod) -> BTreeMap<String, (u128, u128)> {
    let bounds = |value: &Interval| (value.lower().get(), value.upper().get());
    let models = period.models.iter();
    models
        .map(|(model, value)| (model.to_string(), bounds(value)))
        .collect()
}

fn one(rows: &[Changes<'_>]) -> BTreeMap<String, (u128, u128)> {
    seconds(&billed(rows, 1)[0])
}

fn refused(rows: &[Changes<'_>]) -> String {
    let read = read_over(&export(rows), 1, FocusOptions::default());
    read.unwrap_err().to_string()
}

fn only(model: &str, lower: u128, upper: u128) -> BTreeMap<String, (u128, u128)> {
    BTreeMap::from([(model.to_owned(), (lower, upper))])
}

// spec: foc-1 foc-14
#[test]
fn an_hour_of_an_instance_is_an_hour_of_its_devices() {
    let all = billed(&[&[]], 2);
    assert_eq!(seconds(&all[0]), only("h100-sxm", 28_800, 28_800));
    assert!(all[1].models.is_empty());
    let share = &all[0].shares[0];
    assert_eq!((&*share.resource, share.row), ("i-1", 2));
    let without = export(&[&[]]).replace("ConsumedUnit", "x_Unit");
    let error = read_over(&without, 1, FocusOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("`ConsumedUnit` is missing"),
        "{error}"
    );
    let mut cut = export(&[&[]]);
    cut.pop();
    let error = read_over(&cut, 1, FocusOptions::default()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

// spec: foc-2
#[test]
fn every_way_in_which_an_export_breaks_its_specification_is_told() {
    for (change, told) in [
        (("BilledCost", "1,5"), "row 2: `BilledCost` is no number"),
        (("BilledCost", "+1"), "row 2: `BilledCost` is no number"),
        (("BilledCost", "1e+7"), "row 2: `BilledCost` is no number"),
        (("BilledCost", ""), "row 2: `BilledCost` may not be null"),
        (("ResourceName", "NULL"), "row 2: `ResourceName` spells out"),
        (
            ("BillingCurrency", "usd"),
            "row 2: `BillingCurrency` is no code",
        ),
        (
            ("ChargePeriodEnd", "2026-03-01 01:00:00"),
            "`ChargePeriodEnd` is no time",
        ),
        (
            ("ChargePeriodEnd", "2026-03-01T00:00:00Z"),
            "`ChargePeriodEnd` is not after",
        ),
        (
            ("ChargeCategory", "Use"),
            "`ChargeCategory` is none of the allowed values (`Use`)",
        ),
        (
            ("ChargeClass", "correction"),
            "`ChargeClass` is none of the allowed",
        ),
        (("Tags", "{team}"), "`Tags` is no JSON"),
        (("Id", "7"), "row 1: `Id` is no column of the specification"),
        (
            ("ChargeCategory", "Tax"),
            "`ConsumedQuantity` must be null where nothing is used",
        ),
        (
            ("ConsumedQuantity", ""),
            "`ConsumedQuantity` may not be null for usage",
        ),
        (
            ("ConsumedUnit", ""),
            "`ConsumedUnit` must be null exactly where",
        ),
        (
            ("CommitmentDiscountId", "c"),
            "`CommitmentDiscountStatus` may not be null for usage",
        ),
        (
            ("PricingQuantity", ""),
            "`PricingQuantity` may not be null for usage and purchases",
        ),
        (
            ("ResourceId", ""),
            "`ResourceType` must be null exactly where",
        ),
    ] {
        let error = refused(&[&[change]]);
        assert!(error.contains(told), "{change:?}: {error}");
        assert!(error.contains("FOCUS 1.2"), "{error}");
    }
    // All are told at once, each with how often.
    let two: Changes<'_> = &[("BilledCost", "x"), ("Tags", "y")];
    let error = refused(&[two, two]);
    assert!(error.contains("in 2 ways"), "{error}");
    assert!(error.contains("(`x`), in 2 rows"), "{error}");
    let without = export(&[&[]]).replace("ListCost", "x_ListCost");
    let error = read_over(&without, 1, FocusOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`ListCost` is mandatory, and missing")
    );
    let twice = export(&[&[]]).replace("PublisherName", "ProviderName");
    let error = read_over(&twice, 1, FocusOptions::default()).unwrap_err();
    assert!(error.to_string().contains("`ProviderName` is there twice"));
    // What a custom column holds is nobody's business.
    assert!(!one(&[&[("x_Anything", "a b")]]).is_empty());
}

// spec: foc-3
#[test]
fn with_lenience_what_can_be_understood_is_used() {
    let times: Changes<'_> = &[
        ("ChargePeriodStart", "2026-03-01 00:00:00"),
        ("ChargePeriodEnd", "2026-03-01 01:00:00"),
        ("ChargeClass", "NULL"),
        ("ConsumedUnit", "Hrs"),
    ];
    let broken: Changes<'_> = &[("ConsumedQuantity", "one")];
    let read = read_over(&export(&[times, broken]), 1, lenient()).unwrap();
    let warnings = read.intake.warnings.join("\n");
    assert!(
        warnings.contains("row 3: refused: row 3, `ConsumedQuantity`: `one`"),
        "{warnings}"
    );
    assert!(warnings.contains("`ChargeClass` spells out"), "{warnings}");
    let refusals = read.intake.skipped["rows that cannot be understood"];
    assert_eq!(refusals, (1, 3));
    let all = read.billing.finish().unwrap();
    assert_eq!(seconds(&all[0]), only("h100-sxm", 28_800, 28_800));
}

// spec: foc-4
#[test]
fn only_what_was_used_is_use() {
    let purchase: Changes<'_> = &[
        ("ChargeCategory", "Purchase"),
        ("ConsumedQuantity", ""),
        ("ConsumedUnit", ""),
    ];
    let unused: Changes<'_> = &[
        ("CommitmentDiscountId", "c"),
        ("CommitmentDiscountCategory", "Usage"),
        ("CommitmentDiscountType", "Plan"),
        ("CommitmentDiscountStatus", "Unused"),
        ("ConsumedQuantity", ""),
        ("ConsumedUnit", ""),
    ];
    let correction: Changes<'_> = &[
        ("ChargeClass", "Correction"),
        ("ConsumedQuantity", ""),
        ("ConsumedUnit", ""),
    ];
    let storage: Changes<'_> = &[
        ("ConsumedUnit", "GB-Months"),
        ("ChargeDescription", "disks of p5.48xlarge"),
    ];
    let rows = [purchase, unused, correction, storage, &[]];
    let read = read_over(&export(&rows), 1, FocusOptions::default()).unwrap();
    let skipped: Vec<(&str, u64)> = read
        .intake
        .skipped
        .iter()
        .map(|(reason, (count, _))| (*reason, *count))
        .collect();
    assert_eq!(
        skipped,
        [
            ("charges for other things", 2),
            ("charges that are no usage", 1),
            ("unused commitments", 1)
        ]
    );
    let all = read.billing.finish().unwrap();
    assert_eq!(seconds(&all[0]), only("h100-sxm", 28_800, 28_800));
}

// spec: foc-5
#[test]
fn time_is_told_in_many_units() {
    for (unit, quantity, lower) in [
        ("Hours", "0.5", 14_400),
        ("Hour", "0.5", 14_400),
        ("Minutes", "30", 14_400),
        ("Seconds", "1800", 14_400),
        ("Days", "0.0208333333333333333333", 14_399),
        ("100 Hours", "0.005", 14_400),
        ("Instance-Hours", "0.5", 14_400),
        ("GPU-Hours", "0.5", 1_800),
        ("GPU Hours", "5e-1", 1_800),
    ] {
        let found = one(&[&[("ConsumedUnit", unit), ("ConsumedQuantity", quantity)]]);
        assert_eq!(found["h100-sxm"].0, lower, "{quantity} {unit}");
    }
    // Others' spellings are no time, unless that was allowed.
    let hours: Changes<'_> = &[("ConsumedUnit", "GPU Per hour")];
    assert!(one(&[hours]).is_empty());
    let read = read_over(&export(&[hours]), 1, lenient()).unwrap();
    let all = read.billing.finish().unwrap();
    assert_eq!(seconds(&all[0]), only("h100-sxm", 3600, 3600));
}

// spec: foc-6 foc-8
#[test]
fn devices_come_from_what_says_most() {
    let details = |text: &'static str| [("SkuPriceDetails", text), ("ChargeDescription", "")];
    let found = |text| one(&[&details(text)]);
    let named = r#"{"InstanceType": "Standard_ND96isr_H200_v5", "GpuCount": 8}"#;
    assert_eq!(found(named), only("h200-sxm", 28_800, 28_800));
    let unnamed = r#"{"InstanceSeries": "Q9", "GpuCount": 2}"#;
    assert_eq!(found(unnamed), only("uncatalogued:q9", 7200, 7200));
    let part = r#"{"InstanceType": "Q9-s", "GpuCount": "0.5"}"#;
    assert_eq!(found(part), only("uncatalogued:q9-s", 0, 3600));
    assert!(found(r#"{"InstanceType": "p5.48xlarge", "GpuCount": 0}"#).is_empty());
    assert!(found(r#"{"InstanceType": "m7i.large", "CoreCount": 2}"#).is_empty());
    // A text of the row, in whatever words it stands.
    for (text, model) in [
        (
            "$1 per On Demand Linux p4d.24xlarge Instance Hour",
            "a100-sxm-40",
        ),
        ("USE1-BoxUsage:p4d.24xlarge", "a100-sxm-40"),
        ("ml.p5en.48xlarge for training", "h200-sxm"),
        ("ND96isr H100 v5 Spot", "h100-sxm"),
        ("BM.GPU.H100.8.", "h100-sxm"),
        ("a3-ultragpu-8g", "h200-sxm"),
    ] {
        let found = one(&[&[("ChargeDescription", text)]]);
        assert_eq!(found, only(model, 28_800, 28_800), "{text}");
    }
    let apart: Changes<'_> = &[
        ("ProviderName", "Google Cloud"),
        ("ChargeDescription", "Nvidia H100 80GB GPU running in Iowa"),
    ];
    assert_eq!(one(&[apart]), only("uncatalogued:h100", 3600, 3600));
    let mut options = FocusOptions::default();
    options
        .models
        .insert("h100".to_owned(), "h100-sxm".to_owned());
    let read = read_over(&export(&[apart]), 1, options).unwrap();
    let all = read.billing.finish().unwrap();
    assert_eq!(seconds(&all[0]), only("h100-sxm", 3600, 3600));
    // What the user says goes before the list.
    let mut options = FocusOptions::default();
    options
        .instances
        .insert("p5.48xlarge", "4*b200".parse().unwrap());
    let read = read_over(&export(&[&[]]), 1, options).unwrap();
    let all = read.billing.finish().unwrap();
    assert_eq!(seconds(&all[0]), only("b200", 14_400, 14_400));
}

// spec: foc-7
#[test]
fn an_instance_that_may_have_accelerators_is_not_left_out() {
    for text in [
        "an hour of p9.48xlarge",
        "an hour of g99dn.xlarge",
        "ND512isr X v9",
        "a9-hypergpu-8g",
        "BM.GPU.Z9.8",
        "TPU v9 pod slice",
        "nodes with an NVIDIA device",
    ] {
        let rows: [Changes<'_>; 1] = [&[("ChargeDescription", text)]];
        let error = refused(&rows);
        assert!(error.contains("may have accelerators"), "{text}: {error}");
        // Nor does lenience leave it out.
        assert!(read_over(&export(&rows), 1, lenient()).is_err(), "{text}");
    }
    for text in [
        "an hour of m9.48xlarge",
        "load balancer",
        "gp3 disks",
        "D4s v5",
    ] {
        assert!(one(&[&[("ChargeDescription", text)]]).is_empty(), "{text}");
    }
    let mut options = FocusOptions::default();
    options
        .instances
        .insert("p9.48xlarge", "0".parse().unwrap());
    let rows: [Changes<'_>; 1] = [&[("ChargeDescription", "an hour of p9.48xlarge")]];
    let read = read_over(&export(&rows), 1, options).unwrap();
    assert!(read.billing.finish().unwrap()[0].models.is_empty());
}

// spec: foc-9
#[test]
fn quantities_are_exact() {
    for (quantity, lower, upper) in [
        ("0.333333333333333", 9_599, 9_600),
        ("0.25", 7_200, 7_200),
        ("2.5E-1", 7_200, 7_200),
        ("0.0000000000000000000000001", 0, 1),
    ] {
        let found = one(&[&[("ConsumedQuantity", quantity)]]);
        assert_eq!(found, only("h100-sxm", lower, upper), "{quantity}");
    }
    assert!(one(&[&[("ConsumedQuantity", "0.000")]]).is_empty());
    for quantity in [
        "1e30",
        "999999999999999999999999999",
        "9999999999999999999999999999",
        "1E99999999999",
        "300000000000",
    ] {
        let error = refused(&[&[("ConsumedQuantity", quantity)]]);
        assert!(
            error.contains("row 2, `ConsumedQuantity`"),
            "{quantity}: {error}"
        );
    }
}

// spec: foc-10
#[test]
fn a_charge_over_several_periods_is_bounded_in_each() {
    let day: Changes<'_> = &[
        ("ChargePeriodEnd", "2026-03-02T00:00:00Z"),
        ("ConsumedQuantity", "23.5"),
    ];
    let all = billed(&[day], 24);
    // At least half an hour of each, of one instance that stood still for half an hour.
    for period in &all {
        assert_eq!(seconds(period), only("h100-sxm", 14_400, 28_800));
    }
    // Of nobody knows how many instances, all may have been in one hour.
    let pool: Changes<'_> = &[
        ("ChargePeriodEnd", "2026-03-02T00:00:00Z"),
        ("ConsumedQuantity", "23.5"),
        ("ResourceId", ""),
        ("ResourceType", ""),
    ];
    let all = billed(&[pool], 24);
    assert_eq!(seconds(&all[7]), only("h100-sxm", 0, 676_800));
    assert_eq!(&*all[7].shares[0].resource, "row-2");
    // Of a scale set with three instances at least.
    let set: Changes<'_> = &[
        ("ChargePeriodEnd", "2026-03-01T02:00:00Z"),
        ("ConsumedQuantity", "5"),
    ];
    let all = billed(&[set], 2);
    assert_eq!(seconds(&all[0]), only("h100-sxm", 57_600, 86_400));
    // What lies outside is told.
    let read = read_over(&export(&[day]), 6, FocusOptions::default()).unwrap();
    let outside = read.billing.outside();
    let hours = (
        outside.lower().get() / 28_800,
        outside.upper().get() / 28_800,
    );
    assert_eq!(hours, (17, 18));
}

// spec: foc-11
#[test]
fn reserved_capacity_that_is_unused_may_have_been_used() {
    let unused: Changes<'_> = &[
        ("CapacityReservationId", "r"),
        ("CapacityReservationStatus", "Unused"),
    ];
    assert_eq!(one(&[unused]), only("h100-sxm", 0, 28_800));
}

// spec: foc-12
#[test]
fn a_correction_lowers_no_upper_bound() {
    let back: Changes<'_> = &[("ChargeClass", "Correction"), ("ConsumedQuantity", "-0.5")];
    assert_eq!(one(&[&[], back]), only("h100-sxm", 14_400, 28_800));
    let far: Changes<'_> = &[("ChargeClass", "Correction"), ("ConsumedQuantity", "-2")];
    let all = billed(&[far, &[]], 1);
    assert_eq!(seconds(&all[0]), only("h100-sxm", 0, 28_800));
    assert_eq!(all[0].uncorrected.get(), 28_800);
}

// spec: foc-13
#[test]
fn equal_rows_both_count() {
    let read = read_over(&export(&[&[], &[]]), 1, FocusOptions::default()).unwrap();
    assert_eq!(
        read.intake.warnings,
        ["row 3: says the same as row 2: both count"]
    );
    let all = read.billing.finish().unwrap();
    assert_eq!(seconds(&all[0]), only("h100-sxm", 57_600, 57_600));
}

// spec: foc-3
#[test]
fn the_specifications_own_sample_breaks_it() {
    let Some(file) = data("focus/focus_sample.csv") else {
        return;
    };
    // 2024-09-01 to 2024-10-01.
    let [start, end] = [1_725_148_800, 1_727_740_800].map(|at| UnixSeconds::new(at).unwrap());
    let range = Period::new(start, end).unwrap();
    let read = |options| {
        let mut billed = Billed::new(Cadence::Month, range).unwrap();
        Focus::new(vec![file.clone()], options)
            .read(&mut billed)
            .map(|()| billed)
    };
    let error = read(FocusOptions::default()).unwrap_err().to_string();
    for told in [
        "`Id` is no column",
        "`ChargePeriodStart` is no time as in `2026-03-01T00:00:00Z` (`2024-09-18 22:00:00`), in 1000 rows",
        "`AvailabilityZone` spells out that there is no value (`NULL`), in 893 rows",
        "`ContractedCost` may not be null, in 7 rows",
    ] {
        assert!(error.contains(told), "{error}");
    }
    let all = read(lenient()).unwrap().billing.finish().unwrap();
    assert_eq!(all[0].shares.len(), 10);
    let found = seconds(&all[0]);
    // 5 hours, and 0.296111, 0.683889 and 0.303056 of one; 1 hour and 0.686667 of one.
    assert_eq!(found["uncatalogued:a10g"], (22_618, 22_621));
    assert_eq!(found["uncatalogued:m60"], (6_072, 6_073));
}
