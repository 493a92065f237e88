//! What a provider billed, cut into periods.
//!
//! Specified in `specs/focus.md`, section "Periods". A [`Billing`] takes charges, each for
//! a stretch of time of which it does not say which seconds: what lies in a period is then
//! bounded by how many devices there were.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::collector::CollectError;
use crate::ledger::Amount;
use crate::ledger::JobRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Cadence;
use crate::time::Period;

/// Parts of a second that charges are counted in: 10^-12 s.
const PARTS: u128 = 1_000_000_000_000;

/// Seconds that something was consumed, or that a correction takes back: the bounds that
/// 10^-12 s leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumed {
    taken_back: bool,
    least: u128,
    most: u128,
}

impl Consumed {
    /// What no charge exceeds, in seconds: 10^15, the time of a million devices for 30
    /// years.
    pub const MAX: u128 = 1_000_000_000_000_000;

    /// Returns `digits` times ten to the `ten`, in units of so many seconds; `None` beyond
    /// [`Self::MAX`].
    pub fn new(taken_back: bool, digits: u128, ten: i32, unit: u64) -> Option<Self> {
        let whole = digits.checked_mul(u128::from(unit))?;
        let shift = ten.checked_add(12)?;
        let power = 10_u128.checked_pow(shift.unsigned_abs());
        let (least, most) = match (shift >= 0, power) {
            (true, power) => {
                let parts = whole.checked_mul(power?)?;
                (parts, parts)
            }
            (false, Some(power)) => (whole.checked_div(power)?, whole.div_ceil(power)),
            // Less than one part, whatever it is.
            (false, None) => (0, 1),
        };
        (most <= Self::MAX.checked_mul(PARTS)?).then_some(Self {
            taken_back,
            least,
            most,
        })
    }
}

/// A charge for the use of instances with accelerators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The row that it stands in.
    pub row: u64,
    /// What was used; a charge without one may be for any number of instances.
    pub resource: Option<String>,
    /// The catalogue's id of the devices, or `uncatalogued:<type>`.
    pub model: Arc<str>,
    /// When, more or less.
    pub span: Period,
    /// The devices of one instance; an interval where it has a part of one.
    pub devices: Interval,
    /// For how long instances were used.
    pub consumed: Consumed,
    /// Whether it was held and not used, so that none of it may have been.
    pub idle: bool,
}

/// What one charge comes to in a period: a record of the `jobs` ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledShare {
    /// The resource, or `row-<number>`.
    pub resource: Arc<str>,
    /// The part of the charge's span in the period.
    pub span: Period,
    /// The model.
    pub model: Arc<str>,
    /// How many devices were billed at once.
    pub accelerators: Interval,
    /// Seconds times devices.
    pub accelerator_seconds: Interval,
    /// The row.
    pub row: u64,
}

/// What was billed in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledPeriod {
    /// The period.
    pub period: Period,
    /// By model.
    pub models: BTreeMap<Arc<str>, Interval>,
    /// In the order of a `jobs` ledger.
    pub shares: Vec<BilledShare>,
    /// Accelerator-seconds that corrections take back beyond what is billed here.
    pub uncorrected: Quantity,
}

/// Cuts charges into periods.
#[derive(Debug)]
pub struct Billing {
    periods: Vec<Period>,
    shares: Vec<Vec<BilledShare>>,
    /// What corrections take back: period, resource, model, whole accelerator-seconds.
    corrections: Vec<(usize, Arc<str>, Arc<str>, u128)>,
    names: BTreeMap<String, Arc<str>>,
    outside: Interval,
    range: Period,
}

impl Billing {
    /// Readies the periods of `range`, whole ones of `cadence` counted from its start.
    pub fn new(cadence: Cadence, range: Period) -> Result<Self, CollectError> {
        let periods = cadence.periods_of(range);
        let periods = periods.ok_or(CollectError::Range { range, cadence })?;
        Ok(Self {
            shares: vec![Vec::new(); periods.len()],
            periods,
            corrections: Vec::new(),
            names: BTreeMap::new(),
            outside: Interval::ZERO,
            range,
        })
    }

    /// Takes a charge.
    pub fn take(&mut self, charge: &Charge) -> Result<(), CollectError> {
        self.add(charge).ok_or(CollectError::Overflow {
            period: charge.span,
        })
    }

    fn add(&mut self, charge: &Charge) -> Option<()> {
        let instances = instances(charge)?;
        let at_once = Interval::new(
            charge.devices.lower().times(instances)?,
            charge.devices.upper().times(instances)?,
        )?;
        let inside = charge.span.intersection(self.range);
        if inside != Some(charge.span) {
            let beyond = outside(charge, at_once, inside)?;
            self.outside = self.outside.plus(beyond)?;
        }
        let resource = match &charge.resource {
            Some(resource) => self.name(resource),
            None => format!("row-{}", charge.row).into(),
        };
        let first = self
            .periods
            .partition_point(|period| period.end() <= charge.span.start());
        for (at, period) in self.periods.iter().enumerate().skip(first) {
            let Some(span) = charge.span.intersection(*period) else {
                break;
            };
            let seconds = bounded(charge, at_once, span.seconds())?;
            if charge.consumed.taken_back {
                let back = seconds.upper().get();
                self.corrections
                    .push((at, resource.clone(), charge.model.clone(), back));
                continue;
            }
            let shares = self.shares.get_mut(at)?;
            shares.push(BilledShare {
                resource: resource.clone(),
                span,
                model: charge.model.clone(),
                accelerators: at_once,
                accelerator_seconds: seconds,
                row: charge.row,
            });
        }
        Some(())
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let shared: Arc<str> = name.into();
        self.names.insert(name.to_owned(), shared.clone());
        shared
    }

    /// Returns the accelerator-seconds that lie before or after the range.
    pub const fn outside(&self) -> Interval {
        self.outside
    }

    /// Returns the periods, in order, those without a charge too.
    pub fn finish(mut self) -> Result<Vec<BilledPeriod>, CollectError> {
        let corrections = std::mem::take(&mut self.corrections);
        let mut uncorrected = vec![Quantity::ZERO; self.periods.len()];
        for (at, resource, model, back) in corrections {
            let Some(shares) = self.shares.get_mut(at) else {
                continue;
            };
            let left = take_back(shares, &resource, &model, back);
            if let Some(sum) = uncorrected.get_mut(at) {
                let left = Quantity::new(left).and_then(|left| sum.plus(left));
                *sum = left.unwrap_or(Quantity::MAX);
            }
        }
        let mut billed = Vec::new();
        for ((period, mut shares), uncorrected) in
            self.periods.into_iter().zip(self.shares).zip(uncorrected)
        {
            shares.sort_by(|one, next| {
                let key = |share: &BilledShare| (share.span.start(), share.span.end());
                let order = one.span.start().cmp(&next.span.start());
                order
                    .then_with(|| one.resource.cmp(&next.resource))
                    .then_with(|| one.model.cmp(&next.model))
                    .then_with(|| key(one).cmp(&key(next)))
                    .then_with(|| one.row.cmp(&next.row))
            });
            let mut models: BTreeMap<Arc<str>, Interval> = BTreeMap::new();
            for share in &shares {
                let sum = models.entry(share.model.clone()).or_insert(Interval::ZERO);
                *sum = sum
                    .plus(share.accelerator_seconds)
                    .ok_or(CollectError::Overflow { period })?;
            }
            billed.push(BilledPeriod {
                period,
                models,
                shares,
                uncorrected,
            });
        }
        Ok(billed)
    }
}

impl BilledPeriod {
    /// Returns the `jobs` ledger of the period, whose records are of `class`.
    pub fn ledger(&self, class: Class, secret: Secret) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::new(Kind::Jobs, secret);
        let figures: Vec<[Amount; 1]> = self
            .shares
            .iter()
            .map(|share| {
                [Amount {
                    quantity: QuantityKind::AcceleratorSeconds,
                    basis: Basis::Billed,
                    value: share.accelerator_seconds,
                }]
            })
            .collect();
        let shares = self.shares.iter().zip(&figures);
        ledger.extend_jobs(shares.map(|(share, figures)| JobRecord {
            job: &share.resource,
            span: share.span,
            accelerators: share.accelerators,
            model: &share.model,
            class,
            run: None,
            figures,
        }))?;
        Ok(ledger)
    }
}

/// Returns how many instances a charge is for at least: one that is billed for longer than
/// its time is of several.
fn instances(charge: &Charge) -> Option<u64> {
    let span = u128::from(charge.span.seconds()).checked_mul(PARTS)?;
    let count = charge.consumed.most.div_ceil(span);
    Some(u64::try_from(count).ok()?.max(1))
}

/// Returns the accelerator-seconds of a charge in `seconds` of its span.
///
/// Of a known resource as many instances ran at any time as the charge is for at least;
/// without one, all of it may lie anywhere.
fn bounded(charge: &Charge, at_once: Interval, seconds: u64) -> Option<Interval> {
    let consumed = charge.consumed;
    let least = consumed.least.checked_mul(charge.devices.lower().get())?;
    let most = consumed.most.checked_mul(charge.devices.upper().get())?;
    let elsewhere = charge.span.seconds().checked_sub(seconds)?;
    let room = |seconds: u64| {
        let devices = at_once.upper().get();
        devices.checked_mul(u128::from(seconds))?.checked_mul(PARTS)
    };
    let (lower, upper) = match (elsewhere, &charge.resource) {
        (0, _) => (least, most),
        (_, Some(_)) => (
            least.saturating_sub(room(elsewhere)?),
            most.min(room(seconds)?),
        ),
        (_, None) => (0, most),
    };
    let lower = if charge.idle { 0 } else { lower };
    Interval::new(
        Quantity::new(lower.checked_div(PARTS)?)?,
        Quantity::new(upper.div_ceil(PARTS))?,
    )
}

/// Returns what of a charge lies outside the part of its span that is `inside`.
fn outside(charge: &Charge, at_once: Interval, inside: Option<Period>) -> Option<Interval> {
    if charge.consumed.taken_back {
        return Some(Interval::ZERO);
    }
    let inside = inside.map_or(0, Period::seconds);
    bounded(
        charge,
        at_once,
        charge.span.seconds().saturating_sub(inside),
    )
}

/// Takes `back` from the lower bounds of what was billed, first of the same resource; an
/// upper bound never falls. Returns what is left.
fn take_back(shares: &mut [BilledShare], resource: &str, model: &str, mut back: u128) -> u128 {
    for same in [true, false] {
        let others = shares
            .iter_mut()
            .filter(|share| *share.model == *model && (*share.resource == *resource) == same);
        for share in others {
            let (lower, upper) = (
                share.accelerator_seconds.lower(),
                share.accelerator_seconds.upper(),
            );
            let taken = lower.get().min(back);
            back = back.saturating_sub(taken);
            let lower = Quantity::new(lower.get().saturating_sub(taken)).unwrap_or(lower);
            share.accelerator_seconds =
                Interval::new(lower, upper).unwrap_or(share.accelerator_seconds);
        }
    }
    back
}
