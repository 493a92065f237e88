//! The figures of a corroboration, from options or from a table.

use std::path::Path;
use std::path::PathBuf;

use crate::attestation::content::CorroborationSource;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source;
use crate::cli::Failure;
use crate::cli::amounts;
use crate::cli::amounts::Range;
use crate::cli::failure;
use crate::cli::models::pair;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// What of no one model is called.
const NO_MODEL: &str = "none";

/// The columns of a table.
const COLUMNS: [&str; 11] = [
    "start", "end", "quantity", "model", "class", "basis", "boundary", "lower", "upper",
    "observed", "gap",
];

const HINT: &str = "the first line names the columns: start,end,quantity,lower and, if wanted, upper,model,class,basis,boundary,observed,gap";

/// What was measured: in options for one period, or in a table for many.
#[derive(Debug, clap::Args)]
pub(super) struct FigureArgs {
    /// Table of figures (CSV), one line a figure; lines of one period make one statement
    #[arg(value_name = "FILE", conflicts_with_all = ["start", "end"])]
    table: Option<PathBuf>,

    /// Start of the period
    #[arg(long, value_name = "TIME", requires = "end")]
    start: Option<UnixSeconds>,

    /// End of the period
    #[arg(long, value_name = "TIME", requires = "start")]
    end: Option<UnixSeconds>,

    /// Energy in joules
    #[arg(long, value_name = "N[..M]", requires = "start")]
    energy: Option<Range>,

    /// Where energy was measured: gpu, node, rack, facility or feed
    #[arg(long, value_name = "WHERE", requires = "energy")]
    boundary: Option<Boundary>,

    /// Device-seconds of a model, e.g. `h100-sxm=864000` (can be repeated)
    #[arg(long, value_name = "MODEL=N[..M]", value_parser = pair, requires = "start")]
    accelerator_seconds: Vec<(String, String)>,

    /// The most devices of a model at once, e.g. `h100-sxm=10` (can be repeated)
    #[arg(long, value_name = "MODEL=N[..M]", value_parser = pair, requires = "start")]
    accelerators: Vec<(String, String)>,

    /// What the devices did, if that was seen
    #[arg(long, default_value = "unclassified")]
    class: Class,

    /// How devices were counted: allocated, present, active or billed (default: billed by own
    /// billing, otherwise present)
    #[arg(long)]
    basis: Option<Basis>,

    /// Device-seconds, or for energy meter-seconds, in which nothing was seen
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    gap: Quantity,

    /// Say nothing of how much was seen: the figures bound nothing from above
    #[arg(long, conflicts_with = "gap")]
    unknown_coverage: bool,
}

/// One figure as it was given.
struct Given {
    quantity: QuantityKind,
    model: String,
    class: Class,
    basis: Basis,
    boundary: Option<Boundary>,
    value: Interval,
    /// Seconds seen, if that is said; seconds not seen. `None` if neither is.
    coverage: Option<(Option<Quantity>, Quantity)>,
}

impl FigureArgs {
    /// The figures of a table.
    pub(super) const fn of_table(table: PathBuf) -> Self {
        Self {
            table: Some(table),
            start: None,
            end: None,
            energy: None,
            boundary: None,
            accelerator_seconds: Vec::new(),
            accelerators: Vec::new(),
            class: Class::Unclassified,
            basis: None,
            gap: Quantity::ZERO,
            unknown_coverage: false,
        }
    }

    /// Returns the figures of each period.
    pub(super) fn read(
        &self,
        source: CorroborationSource,
    ) -> Result<Vec<(Period, Vec<Figure>)>, Failure> {
        if let Some(table) = &self.table {
            return read_table(table, source);
        }
        let (Some(start), Some(end)) = (self.start, self.end) else {
            return Err(Failure::new("nothing is stated")
                .hint("give a table, or `--start`, `--end` and what was measured"));
        };
        let period = period(start, end).map_err(|why| {
            Failure::new(why).hint("a period is half-open: say the instant at which it is over")
        })?;
        let mut given = Vec::new();
        if let Some(Range(value)) = self.energy {
            given.push(self.given(QuantityKind::EnergyJoules, NO_MODEL, value, source));
        }
        let devices = [
            (QuantityKind::AcceleratorSeconds, &self.accelerator_seconds),
            (QuantityKind::Accelerators, &self.accelerators),
        ];
        for (quantity, pairs) in devices {
            for (model, range) in pairs {
                let value = amounts::amount(model, range)?;
                given.push(self.given(quantity, model, value, source));
            }
        }
        if given.is_empty() {
            return Err(Failure::new("no figure is stated").hint(
                "say `--energy`, `--accelerator-seconds` or `--accelerators`, or give a table",
            ));
        }
        let figures = given
            .into_iter()
            .map(|given| figure(given, period, source))
            .collect::<Result<_, _>>()
            .map_err(|(why, hint)| Failure::new(why).hint(hint))?;
        Ok(vec![(period, figures)])
    }

    fn given(
        &self,
        quantity: QuantityKind,
        model: &str,
        value: Interval,
        source: CorroborationSource,
    ) -> Given {
        let energy = quantity == QuantityKind::EnergyJoules;
        Given {
            quantity,
            model: model.to_owned(),
            class: self.class,
            basis: self.basis.unwrap_or_else(|| default_basis(source)),
            boundary: energy.then(|| self.boundary.unwrap_or(Boundary::Feed)),
            value,
            coverage: (!self.unknown_coverage).then_some((None, self.gap)),
        }
    }
}

const fn default_basis(source: CorroborationSource) -> Basis {
    match source {
        CorroborationSource::OwnBilling => Basis::Billed,
        _ => Basis::Present,
    }
}

fn period(start: UnixSeconds, end: UnixSeconds) -> Result<Period, String> {
    Period::new(start, end)
        .ok_or_else(|| format!("the end `{end}` is not after the start `{start}`"))
}

/// Makes a figure, or says what is wrong with it and what may help.
fn figure(
    given: Given,
    period: Period,
    source: CorroborationSource,
) -> Result<Figure, (String, &'static str)> {
    let energy = given.quantity == QuantityKind::EnergyJoules;
    if energy != given.boundary.is_some() {
        let why = format!("`{}` and a boundary do not go together", given.quantity);
        return Err((why, "energy, and nothing else, is measured at a boundary"));
    }
    if !amounts::is_model(&given.model) {
        let why = format!("the catalogue has no model `{}`", given.model);
        return Err((why, amounts::MODEL_HINT));
    }
    let whole = Quantity::from(period.seconds());
    let coverage = match given.coverage {
        None => Coverage::Unknown,
        Some((observed, gap)) => Coverage::Known {
            // Some device or meter was seen all the time, and as many as were counted.
            observed: observed.unwrap_or_else(|| {
                let least = whole.minus(gap).unwrap_or_default();
                match given.quantity {
                    QuantityKind::AcceleratorSeconds => least.max(given.value.upper()),
                    _ => least,
                }
            }),
            gap,
            resets: Quantity::ZERO,
        },
    };
    Ok(Figure {
        quantity: given.quantity,
        model: given.model,
        class: given.class,
        basis: given.basis,
        boundary: given.boundary,
        value: given.value,
        method: source.as_str().to_owned(),
        precision: None,
        coverage,
        source: Source {
            tool: format!("standstill {}", env!("CARGO_PKG_VERSION")),
            query: None,
            input: None,
        },
    })
}

/// Reads a table; nothing of it is used if a line cannot be.
fn read_table(
    path: &Path,
    source: CorroborationSource,
) -> Result<Vec<(Period, Vec<Figure>)>, Failure> {
    let fail = |why: String| Failure::file(path, why).hint(HINT);
    let bytes = failure::read(path)?;
    if bytes.last().is_some_and(|last| *last != b'\n') {
        return Err(fail("is cut off: its last line does not end".to_owned()));
    }
    let mut table = csv::Reader::from_reader(bytes.as_slice());
    let header = table
        .headers()
        .map_err(|error| fail(error.to_string()))?
        .clone();
    if let Some(other) = header.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(fail(format!("has a column `{other}`, which is not known")));
    }
    let mut stated: Vec<(Period, Vec<Figure>)> = Vec::new();
    for record in table.records() {
        let record = record.map_err(|error| fail(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row {
            header: &header,
            record: &record,
        };
        let wrong = |why: String| fail(format!("line {line}: {why}"));
        let (period, given) = row.read(source).map_err(wrong)?;
        let figure = figure(given, period, source)
            .map_err(|(why, hint)| Failure::file(path, format!("line {line}: {why}")).hint(hint))?;
        match stated.iter_mut().find(|(known, _)| *known == period) {
            Some((_, figures)) => figures.push(figure),
            None => stated.push((period, vec![figure])),
        }
    }
    if stated.is_empty() {
        return Err(fail("states nothing".to_owned()));
    }
    Ok(stated)
}

/// One line of a table.
struct Row<'r> {
    header: &'r csv::StringRecord,
    record: &'r csv::StringRecord,
}

impl Row<'_> {
    fn read(&self, source: CorroborationSource) -> Result<(Period, Given), String> {
        let period = period(self.needed("start")?, self.needed("end")?)?;
        let quantity: QuantityKind = self.needed("quantity")?;
        let lower: Quantity = self.needed("lower")?;
        let upper = self.parsed("upper")?.unwrap_or(lower);
        let value = Interval::new(lower, upper)
            .ok_or_else(|| format!("`upper` is {upper}, below `lower`, {lower}"))?;
        let energy = quantity == QuantityKind::EnergyJoules;
        let boundary = self.parsed("boundary")?;
        let unknown = self.field("gap") == Some("unknown");
        let given = Given {
            quantity,
            model: self.field("model").unwrap_or(NO_MODEL).to_owned(),
            class: self.parsed("class")?.unwrap_or(Class::Unclassified),
            basis: self
                .parsed("basis")?
                .unwrap_or_else(|| default_basis(source)),
            boundary: boundary.or(energy.then_some(Boundary::Feed)),
            value,
            coverage: if unknown {
                None
            } else {
                Some((
                    self.parsed("observed")?,
                    self.parsed("gap")?.unwrap_or(Quantity::ZERO),
                ))
            },
        };
        Ok((period, given))
    }

    /// Returns what stands in a column, if anything does.
    fn field(&self, name: &str) -> Option<&str> {
        let at = self.header.iter().position(|one| one == name)?;
        self.record.get(at).filter(|text| !text.is_empty())
    }

    fn parsed<T: std::str::FromStr<Err: ToString>>(&self, name: &str) -> Result<Option<T>, String> {
        let Some(text) = self.field(name) else {
            return Ok(None);
        };
        let parsed = text.parse().map(Some);
        parsed.map_err(|error: T::Err| format!("`{name}` is `{text}`: {}", error.to_string()))
    }

    fn needed<T: std::str::FromStr<Err: ToString>>(&self, name: &str) -> Result<T, String> {
        self.parsed(name)?
            .ok_or_else(|| format!("`{name}` is missing"))
    }
}
