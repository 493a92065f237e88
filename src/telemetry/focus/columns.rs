//! The columns of FOCUS 1.0 to 1.2, and what the specification says of their cells.
//!
//! Facts of the `FinOps` Open Cost and Usage Specification, tags v1.0, v1.1 and v1.2,
//! chapters "Columns" and "Attributes".

use crate::telemetry::clock::Clock;
use crate::telemetry::focus::rules::Rules;
use crate::telemetry::focus::violations::Violations;

use Type::{Currency, Decimal, Json, OneOf, Text, Time};
use Version::{V1_1, V1_2};

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    /// Any text.
    Text,
    /// "Numeric Format".
    Decimal,
    /// "Date/Time Format".
    Time,
    /// "Currency Code Format": ISO 4217.
    Currency,
    /// "Key-Value Format".
    Json,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// A version of the specification, by its minor number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V1_0,
    V1_1,
    V1_2,
}

impl Version {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

/// A column of the specification.
struct Column {
    name: &'static str,
    since: Version,
    /// Feature level "Mandatory": it must be there whatever the provider supports.
    mandatory: bool,
    nulls: bool,
    of: Type,
}

const fn column(name: &'static str, mandatory: bool, nulls: bool, of: Type) -> Column {
    Column {
        name,
        since: Version::V1_0,
        mandatory,
        nulls,
        of,
    }
}

const fn later(name: &'static str, since: Version, nulls: bool, of: Type) -> Column {
    Column {
        name,
        since,
        mandatory: false,
        nulls,
        of,
    }
}

const USED: Type = OneOf(&["Unused", "Used"]);

const CATEGORIES: Type = OneOf(&["Adjustment", "Credit", "Purchase", "Tax", "Usage"]);

const SERVICES: Type = OneOf(&[
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Multicloud",
    "Networking",
    "Other",
    "Security",
    "Storage",
    "Web",
]);

const COLUMNS: &[Column] = &[
    column("AvailabilityZone", false, true, Text),
    column("BilledCost", true, false, Decimal),
    column("BillingAccountId", true, false, Text),
    column("BillingAccountName", true, true, Text),
    later("BillingAccountType", V1_2, false, Text),
    column("BillingCurrency", true, false, Currency),
    column("BillingPeriodEnd", true, false, Time),
    column("BillingPeriodStart", true, false, Time),
    later("CapacityReservationId", V1_1, true, Text),
    later("CapacityReservationStatus", V1_1, true, USED),
    column("ChargeCategory", true, false, CATEGORIES),
    column("ChargeClass", true, true, OneOf(&["Correction"])),
    column("ChargeDescription", true, true, Text),
    column(
        "ChargeFrequency",
        false,
        false,
        OneOf(&["One-Time", "Recurring", "Usage-Based"]),
    ),
    column("ChargePeriodEnd", true, false, Time),
    column("ChargePeriodStart", true, false, Time),
    column(
        "CommitmentDiscountCategory",
        false,
        true,
        OneOf(&["Spend", "Usage"]),
    ),
    column("CommitmentDiscountId", false, true, Text),
    column("CommitmentDiscountName", false, true, Text),
    later("CommitmentDiscountQuantity", V1_1, true, Decimal),
    column("CommitmentDiscountStatus", false, true, USED),
    column("CommitmentDiscountType", false, true, Text),
    later("CommitmentDiscountUnit", V1_1, true, Text),
    column("ConsumedQuantity", false, true, Decimal),
    column("ConsumedUnit", false, true, Text),
    column("ContractedCost", true, false, Decimal),
    column("ContractedUnitPrice", false, true, Decimal),
    column("EffectiveCost", true, false, Decimal),
    later("InvoiceId", V1_2, true, Text),
    column("InvoiceIssuerName", true, false, Text),
    column("ListCost", true, false, Decimal),
    column("ListUnitPrice", false, true, Decimal),
    column(
        "PricingCategory",
        false,
        true,
        OneOf(&["Committed", "Dynamic", "Other", "Standard"]),
    ),
    later("PricingCurrency", V1_2, true, Text),
    later("PricingCurrencyContractedUnitPrice", V1_2, true, Decimal),
    later("PricingCurrencyEffectiveCost", V1_2, true, Decimal),
    later("PricingCurrencyListUnitPrice", V1_2, true, Decimal),
    column("PricingQuantity", true, true, Decimal),
    column("PricingUnit", true, true, Text),
    column("ProviderName", true, false, Text),
    column("PublisherName", true, false, Text),
    column("RegionId", false, true, Text),
    column("RegionName", false, true, Text),
    column("ResourceId", false, true, Text),
    column("ResourceName", false, true, Text),
    column("ResourceType", false, true, Text),
    column("ServiceCategory", true, false, SERVICES),
    column("ServiceName", true, false, Text),
    later("ServiceSubcategory", V1_1, false, Text),
    column("SkuId", false, true, Text),
    later("SkuMeter", V1_1, true, Text),
    later("SkuPriceDetails", V1_1, true, Json),
    column("SkuPriceId", false, true, Text),
    column("SubAccountId", false, true, Text),
    column("SubAccountName", false, true, Text),
    later("SubAccountType", V1_2, true, Text),
    column("Tags", false, true, Json),
];

/// Columns without which no use of accelerators can be told.
pub(super) const NEEDED: [&str; 5] = [
    "ChargeCategory",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ConsumedQuantity",
    "ConsumedUnit",
];

/// Words that exports put where there is no value.
const NULLS: [&str; 4] = ["NULL", "null", "Null", "\\N"];

/// Returns a cell's value, or `None` where there is none or a word says so.
pub(super) fn value(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && !NULLS.contains(&text)).then_some(text)
}

/// Holds an export to the specification, cell by cell.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) version: Version,
    names: Vec<String>,
    /// Of each column of the export, its place in [`COLUMNS`].
    known: Vec<Option<usize>>,
    rules: Rules,
    utc: Clock,
}

impl Checked {
    /// Takes the header, whose faults are added to `violations`.
    pub(super) fn new(header: &[&str], violations: &mut Violations) -> Self {
        let known: Vec<Option<usize>> = header
            .iter()
            .map(|name| COLUMNS.iter().position(|column| column.name == *name))
            .collect();
        let column_at = |at: usize| COLUMNS.get(at);
        let version = known
            .iter()
            .flatten()
            .filter_map(|at| column_at(*at))
            .map(|column| column.since)
            .max()
            .unwrap_or(Version::V1_0);
        for (place, name) in header.iter().enumerate() {
            if header.iter().position(|other| other == name) != Some(place) {
                violations.add(name, "is there twice", 1, "");
            } else if known.get(place) == Some(&None) && !name.starts_with("x_") {
                let rule = "is no column of the specification, and does not begin with `x_`";
                violations.add(name, rule, 1, "");
            }
        }
        for column in COLUMNS.iter().filter(|column| column.mandatory) {
            if !header.contains(&column.name) {
                violations.add(column.name, "is mandatory, and missing", 1, "");
            }
        }
        Self {
            version,
            names: header.iter().map(|name| (*name).to_owned()).collect(),
            rules: Rules::new(header, version),
            known,
            utc: Clock::default(),
        }
    }

    /// Adds what breaks the specification in a row.
    pub(super) fn row<'r>(
        &self,
        cells: impl Iterator<Item = &'r str> + Clone,
        row: u64,
        violations: &mut Violations,
    ) {
        self.rules.row(cells.clone(), row, violations);
        for ((text, known), name) in cells.zip(&self.known).zip(&self.names) {
            if NULLS.contains(&text) {
                let rule = "spells out that there is no value";
                violations.add(name, rule, row, text);
            }
            let Some(column) = known.and_then(|at| COLUMNS.get(at)) else {
                continue;
            };
            match value(text) {
                None if !column.nulls => {
                    violations.add(name, "may not be null", row, "");
                }
                None => {}
                Some(text) => {
                    if let Some(rule) = self.fault(column.of, text) {
                        violations.add(name, rule, row, text);
                    }
                }
            }
        }
    }

    fn fault(&self, of: Type, text: &str) -> Option<&'static str> {
        let right = match of {
            Text => true,
            Decimal => is_numeric(text),
            Time => text.len() == 20 && text.ends_with('Z') && self.utc.instant(text).is_ok(),
            Currency => text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
            Json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
            OneOf(values) => values.contains(&text),
        };
        let rule = match of {
            Text | Decimal => "is no number as \"Numeric Format\" has them",
            Time => "is no time as in `2026-03-01T00:00:00Z`",
            Currency => "is no code of a currency",
            Json => "is no JSON",
            OneOf(_) => "is none of the allowed values",
        };
        (!right).then_some(rule)
    }
}

/// Whether it is `mEn` or `m`: no plus signs, no other characters.
fn is_numeric(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str| {
        text.strip_prefix('-')
            .map_or(text.to_owned(), str::to_owned)
    };
    let mantissa = unsigned(mantissa);
    let whole = match mantissa.split_once('.') {
        Some((integer, fraction)) => digits(integer) && digits(fraction),
        None => digits(&mantissa),
    };
    whole && exponent.is_none_or(|exponent| digits(&unsigned(exponent)))
}
