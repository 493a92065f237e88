//! The contents of statements: a story in the words of the formats.

use std::sync::LazyLock;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::About;
use crate::attestation::content::Architecture;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Capacity;
use crate::attestation::content::Corroboration;
use crate::attestation::content::Cover;
use crate::attestation::content::Inventory;
use crate::attestation::content::LedgerReference;
use crate::attestation::content::Measured;
use crate::attestation::content::StreamHead;
use crate::attestation::content::Usage;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::Precision;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::Source;
use crate::catalogue::Catalogue;
use crate::claim::AreaSelection;
use crate::claim::Baseline;
use crate::claim::Level;
use crate::claim::LimitedQuantity;
use crate::claim::Perimeter;
use crate::claim::Pledge;
use crate::claim::Precision as PrecisionBasis;
use crate::claim::Terms;
use crate::claim::falsifier;
use crate::hash::Hash;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::simulate::Impossible;
use crate::simulate::story::Claim;
use crate::simulate::story::LIMIT;
use crate::simulate::story::MODEL;
use crate::simulate::story::Other;
use crate::simulate::story::Site;
use crate::simulate::story::Story;
use crate::simulate::story::Told;
use crate::simulate::story::WHOLE;
use crate::simulate::story::share;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::Period;
use crate::time::UnixSeconds;

/// How much later than the end of a period a report may come.
const GRACE: u64 = DAY;

/// The days of a sliding window.
const SLIDING: u64 = 7 * DAY;

/// What a training run reaches at most in the worlds whose claim is one on runs, in parts
/// per million of what all devices can do in the window.
const RUN_LIMIT: u64 = 200_000;

/// What is left of the baseline where a reduction is claimed, in parts per million.
const REMAINS: u32 = 500_000;

/// An area of the lab.
pub(super) fn area(name: String, first: UnixSeconds, seconds: u64) -> Result<AreaOpen, Impossible> {
    Ok(AreaOpen {
        name,
        first,
        cadence: Some(cadence(seconds)?),
        grace: GRACE,
        measures: None,
        continues: Vec::new(),
    })
}

/// An area in which somebody else speaks of one of the lab's.
pub(super) fn measuring(name: String, first: UnixSeconds, of: Measured) -> AreaOpen {
    AreaOpen {
        name,
        first,
        cadence: None,
        grace: GRACE,
        measures: Some(of),
        continues: Vec::new(),
    }
}

fn cadence(seconds: u64) -> Result<Cadence, Impossible> {
    let seconds = seconds.try_into().map_err(Impossible::of)?;
    Ok(Cadence::Seconds(seconds))
}

pub(super) fn inventory(
    site: &Site,
    from: UnixSeconds,
    ledger: LedgerReference,
    transfers: Vec<StatementId>,
) -> Content {
    Content::Inventory(Inventory {
        from,
        ledger,
        capacity: capacity(site, site.declared),
        watts: Vec::new(),
        transfers,
    })
}

/// So many devices of a site's model.
pub(super) fn capacity(site: &Site, count: u64) -> Vec<Capacity> {
    vec![Capacity {
        model: site.model.clone(),
        count: Quantity::from(count),
    }]
}

/// What the lab reports of a period.
pub(super) fn usage(
    story: &Story,
    site: &Site,
    period: Period,
    told: Told,
    inventory: StatementId,
    ledgers: Vec<LedgerReference>,
) -> Usage {
    let coverage = Coverage::Known {
        observed: Quantity::from(told.seen.total()),
        gap: Quantity::from(told.gap),
        resets: Quantity::ZERO,
    };
    let classes = [
        (Class::Idle, told.seen.idle),
        (Class::Inference, told.seen.inference),
        (Class::Training, told.seen.training),
    ];
    let mut figures: Vec<Figure> = Vec::new();
    for (class, amount) in classes {
        let value = Interval::exactly(Quantity::from(amount));
        figures.push(figure(&site.model, class, story.basis, value, coverage));
    }
    if story.claim == Claim::FlopCap {
        // By the peak of a format that is slower than the fastest.
        let flop = Quantity::from(told.seen.training).times(BF16);
        let value = Interval::exactly(flop.unwrap_or(Quantity::MAX));
        figures.push(Figure {
            quantity: QuantityKind::Flop,
            precision: Some(Precision {
                dtype: "bf16".to_owned(),
                sparsity: "dense".to_owned(),
            }),
            ..figure(&site.model, Class::Training, story.basis, value, coverage)
        });
    }
    Usage {
        period,
        inventory: Some(inventory),
        catalogue: *CATALOGUE,
        figures,
        ledgers,
        devices_absent: Some("a simulation keeps none".to_owned()),
        commitments: Vec::new(),
    }
}

/// The digest of the catalogue: read once, for it is in every statement.
static CATALOGUE: LazyLock<Hash> = LazyLock::new(|| Catalogue::embedded().digest());

/// What an H100 SXM does in a second in BF16 (catalogue).
const BF16: u64 = 989_400_000_000_000;

pub(super) fn figure(
    model: &str,
    class: Class,
    basis: Basis,
    value: Interval,
    coverage: Coverage,
) -> Figure {
    Figure {
        quantity: QuantityKind::AcceleratorSeconds,
        model: model.to_owned(),
        class,
        basis,
        boundary: None,
        value,
        method: "simulated".to_owned(),
        precision: None,
        coverage,
        source: Source {
            tool: "standstill simulate".to_owned(),
            query: None,
            input: None,
        },
    }
}

/// What somebody else states of some periods of an area: training and inference as it
/// read them.
pub(super) fn corroboration(
    story: &Story,
    other: &Other,
    of: Measured,
    period: Period,
    (all, readings): (u64, [(Class, u64); 2]),
) -> Content {
    let coverage = Coverage::Known {
        observed: Quantity::from(all),
        gap: Quantity::ZERO,
        resets: Quantity::ZERO,
    };
    let figures = readings.map(|(class, reading)| {
        let value = other.error.state(reading);
        figure(MODEL, class, story.basis, value, coverage)
    });
    Content::Corroboration(Corroboration {
        about: About {
            issuer: of.issuer,
            streams: vec![of.stream],
            period,
        },
        boundary: None,
        source: other.source,
        cover: Cover::All,
        examined: Vec::new(),
        catalogue: *CATALOGUE,
        figures: figures.to_vec(),
    })
}

/// What the lab pledges for `window`.
pub(super) fn pledge(
    story: &Story,
    window: Period,
    seconds: u64,
    baseline: Option<(Period, Vec<StreamHead>)>,
) -> Result<Pledge, Impossible> {
    let capacity = Quantity::from(story.capacity());
    let of_all = |ppm: u64, peak: u64| {
        let all = capacity.times(ppm).and_then(|all| all.times(peak));
        let part = all.map(|all| all.get() / u128::from(WHOLE));
        part.and_then(Quantity::new).ok_or_else(Impossible::payload)
    };
    let limit = of_all(LIMIT, 1)?;
    let terms = match story.claim {
        Claim::Cap => Terms::Cap { limit },
        Claim::SlidingCap => {
            // As much as the whole window's, by the second.
            let limit = limit.times(SLIDING).map(Quantity::get);
            let limit = limit.and_then(|limit| limit.checked_div(window.seconds().into()));
            let limit = limit.and_then(Quantity::new);
            Terms::Cap {
                limit: limit.ok_or_else(Impossible::payload)?,
            }
        }
        Claim::FlopCap => Terms::Cap {
            limit: of_all(LIMIT, BF16)?,
        },
        Claim::Reduction => Terms::Reduction {
            limit: Quantity::from(u64::from(REMAINS)),
        },
        Claim::RunCap => Terms::RunCap {
            limit: of_all(RUN_LIMIT, peak()?)?,
        },
    };
    let quantity = match story.claim {
        Claim::FlopCap | Claim::RunCap => QuantityKind::Flop,
        Claim::Cap | Claim::Reduction | Claim::SlidingCap => QuantityKind::AcceleratorSeconds,
    };
    let mut pledge = Pledge {
        terms,
        perimeter: Perimeter {
            areas: AreaSelection::All,
            affiliates: Vec::new(),
        },
        window,
        scope: vec![Class::Training, Class::Unclassified],
        counted: LimitedQuantity {
            quantity,
            basis: story.basis,
            boundary: None,
            h100_equivalents: false,
        },
        baseline: baseline.map(|(period, heads)| Baseline { period, heads }),
        precision: (quantity == QuantityKind::Flop).then_some(PrecisionBasis::HighestDense),
        level: Level::E1,
        cadence: cadence(seconds)?,
        deadline: GRACE,
        expiry: None,
        notice: GRACE,
        exceptions: Vec::new(),
        trigger: None,
        lift: None,
        adjudicator: None,
        falsifier: String::new(),
        sliding: (story.claim == Claim::SlidingCap).then_some(SLIDING),
    };
    pledge.falsifier = falsifier(&pledge);
    Ok(pledge)
}

/// Returns the highest dense peak of the devices, in operations per second.
pub(super) fn peak() -> Result<u64, Impossible> {
    static PEAK: LazyLock<Option<u64>> = LazyLock::new(|| {
        let peak = Catalogue::embedded().peak_any(MODEL)?;
        u64::try_from(peak).ok()
    });
    PEAK.ok_or_else(Impossible::payload)
}

/// What a run computes by the architecture that it trains, where devices work at 40 % of
/// their peak (facts: 2.2, F2): six operations a parameter and token.
pub(super) fn architecture(seconds: u64) -> Result<Architecture, Impossible> {
    const PARAMETERS: u64 = 70_000_000_000;
    const UTILISATION: u64 = 400_000;
    let flop = Quantity::from(share(seconds, UTILISATION)).times(peak()?);
    let tokens = flop.and_then(|flop| Quantity::new(flop.get() / u128::from(PARAMETERS) / 6));
    let (flop, tokens) = flop.zip(tokens).ok_or_else(Impossible::payload)?;
    Ok(Architecture {
        flop: Interval::exactly(flop),
        tokens,
        parameters: Quantity::from(PARAMETERS),
        dtype: "bf16".to_owned(),
    })
}

/// Returns four times what a run may reach: in operations.
pub(super) fn beyond(story: &Story) -> Result<Quantity, Impossible> {
    let all = Quantity::from(share(story.capacity(), RUN_LIMIT));
    let beyond = all.times(peak()?).and_then(|all| all.times(4));
    beyond.ok_or_else(Impossible::payload)
}

/// An area of an issuer.
pub(super) const fn measured(issuer: IssuerId, stream: StreamId) -> Measured {
    Measured { issuer, stream }
}
