//! Amounts as people type them.

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source;
use crate::catalogue::Catalogue;
use crate::cli::Failure;
use crate::quantity::Interval;
use crate::quantity::Quantity;

/// `N`, or `N..M`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range(pub(super) Interval);

impl std::str::FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (lower, upper) = text.split_once("..").unwrap_or((text, text));
        let bound = |text: &str| -> Result<Quantity, String> {
            text.parse().map_err(|error| format!("`{text}`: {error}"))
        };
        let (lower, upper) = (bound(lower)?, bound(upper)?);
        Interval::new(lower, upper)
            .map(Self)
            .ok_or_else(|| format!("`{text}` ends before it begins"))
    }
}

/// Reads the amount of `MODEL=AMOUNT`.
pub(super) fn amount(model: &str, text: &str) -> Result<Interval, Failure> {
    let range: Range = text.parse().map_err(|why| {
        let failure = Failure::new(format!("`{model}={text}`: {why}"));
        failure.hint("say `N`, or `N..M` from the least to the most")
    })?;
    Ok(range.0)
}

/// Adds to a sum of what people are told.
pub(super) fn add(sum: &mut Interval, more: Interval) -> Result<(), Failure> {
    let total = sum.plus(more);
    *sum = total.ok_or_else(|| Failure::new("the total is beyond every quantity"))?;
    Ok(())
}

/// Spells an interval for people: one number where its ends are the same.
pub(super) fn spell(value: Interval) -> String {
    if value.lower() == value.upper() {
        value.lower().to_string()
    } else {
        format!("{} to {}", value.lower(), value.upper())
    }
}

/// Whether a model can be named in a figure: one of the catalogue's, one that says that it is
/// not, or `none`.
pub(super) fn is_model(model: &str) -> bool {
    model == "none"
        || model.starts_with("uncatalogued:")
        || Catalogue::embedded().get(model).is_some()
}

/// What may help where a model is not known.
pub(super) const MODEL_HINT: &str = "say the catalogue's id, `uncatalogued:NAME`, or `none`";

/// Accelerator-seconds of a class that a scheduler gave, of which nobody says how much was
/// seen.
pub(super) fn allocated(model: &str, class: Class, value: Interval) -> Figure {
    Figure {
        quantity: QuantityKind::AcceleratorSeconds,
        model: model.to_owned(),
        class,
        basis: Basis::Allocated,
        boundary: None,
        value,
        method: "scheduler-allocation".to_owned(),
        precision: None,
        coverage: Coverage::Unknown,
        source: Source {
            tool: format!("standstill {}", env!("CARGO_PKG_VERSION")),
            query: None,
            input: None,
        },
    }
}
