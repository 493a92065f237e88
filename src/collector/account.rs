//! What meters showed of one period, as figures and as the records of ledgers.
//!
//! Specified in `specs/readings.md`, section "Figures". Devices are those of the
//! inventory, every one of them, whether it was seen or not; other meters stand for
//! themselves. Seconds and joules are whole: what was seen is rounded down, what bounds
//! from above is rounded up.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::QuantityKind;
use crate::catalogue::Accelerator;
use crate::catalogue::Catalogue;
use crate::catalogue::Format;
use crate::collector::Cell;
use crate::collector::MeterPeriod;
use crate::collector::reading::Measure;
use crate::collector::reading::SECOND;
use crate::hash::Hash;
use crate::ledger::Amount;
use crate::ledger::DeviceRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::MeterRecord;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;

/// What sums are counted in: 10^-12 of a base unit, or a billionth times a millisecond.
const PICO: u128 = 1_000_000_000_000;

/// A device of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its commitment, as the inventory has it.
    pub commitment: Hash,
    /// The catalogue's id, or `uncatalogued:<type>`.
    pub model: String,
    /// What sources may call it: its serial number, its UUID. The serial first.
    pub names: Vec<String>,
}

/// The devices of an inventory, by commitment and by name.
#[derive(Clone, Debug)]
pub struct Roll {
    listed: Vec<Listed>,
    names: BTreeMap<String, usize>,
}

impl Roll {
    /// Takes the devices of an inventory; fails with a name that two of them have.
    pub fn new(mut listed: Vec<Listed>) -> Result<Self, String> {
        listed.sort_by_key(|one| one.commitment);
        let mut names = BTreeMap::new();
        for (at, one) in listed.iter().enumerate() {
            for name in &one.names {
                let before = names.insert(name.clone(), at);
                if before.is_some_and(|before| before != at) {
                    return Err(name.clone());
                }
            }
        }
        Ok(Self { listed, names })
    }

    /// Returns the devices, in order of their commitments.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// Returns the device of a name.
    pub fn get(&self, name: &str) -> Option<&Listed> {
        self.listed.get(*self.names.get(name)?)
    }
}

/// What is known of some quantity in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// How much, of what was seen.
    pub value: Interval,
    /// How much was seen and how much not, in seconds of devices or meters.
    pub coverage: Coverage,
}

impl Measured {
    /// Nothing seen of `seconds`.
    fn unseen(seconds: u64) -> Self {
        Self {
            value: Interval::ZERO,
            coverage: coverage(0, seconds, 0),
        }
    }

    fn plus(self, other: Self) -> Option<Self> {
        let coverage = match (self.coverage, other.coverage) {
            (
                Coverage::Known {
                    observed,
                    gap,
                    resets,
                },
                Coverage::Known {
                    observed: seen,
                    gap: unseen,
                    resets: again,
                },
            ) => Coverage::Known {
                observed: observed.plus(seen)?,
                gap: gap.plus(unseen)?,
                resets: resets.plus(again)?,
            },
            _ => Coverage::Unknown,
        };
        Some(Self {
            value: self.value.plus(other.value)?,
            coverage,
        })
    }
}

/// Operations a second of the catalogue's models, dense: in one number format at least, in
/// their fastest at most.
#[derive(Clone, Debug, Default)]
pub struct Rates(BTreeMap<String, (u64, u64)>);

impl Rates {
    /// Takes those of the models that know `format`.
    pub fn of(catalogue: &Catalogue, format: Format) -> Self {
        let whole = |rate: Quantity| u64::try_from(rate.get()).ok();
        let rate = |model: &Accelerator| {
            let least = whole(model.peak(format)?.lower())?;
            Some((model.id().to_owned(), (least, whole(model.peak_any())?)))
        };
        Self(catalogue.iter().filter_map(rate).collect())
    }

    /// Returns the operations of `seconds` at the full rate of a model.
    fn operations(&self, model: &str, seconds: Measured) -> Option<Measured> {
        let (least, most) = self.0.get(model)?;
        let (lower, upper) = (seconds.value.lower(), seconds.value.upper());
        Some(Measured {
            value: Interval::new(lower.times(*least)?, upper.times(*most)?)?,
            coverage: seconds.coverage,
        })
    }
}

/// What one device did in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row<'r> {
    device: &'r Listed,
    present: Measured,
    active: Option<Measured>,
    energy: Option<Measured>,
    flop: Option<Measured>,
}

/// What the devices of an inventory did in a period.
#[derive(Clone, Debug)]
pub struct DeviceAccount<'r> {
    period: Period,
    rows: Vec<Row<'r>>,
    /// Those that no inventory lists.
    pub unlisted: Vec<String>,
    /// Those that two names of one device were read by, counted once by the first.
    pub doubled: Vec<String>,
    /// How energy was had: by counters, by powers, or both.
    pub energy_method: &'static str,
}

/// Totals of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelAccount {
    /// Accelerator-seconds that devices were there for, as far as seen.
    pub present: Measured,
    /// Those weighted by activity, where a source told it of any device.
    pub active: Option<Measured>,
    /// Joules, where a source told them of any device.
    pub energy: Option<Measured>,
    /// Operations by the activity of tensor units, where a source told that of any device
    /// whose model has a rate.
    pub flop: Option<Measured>,
}

impl<'r> DeviceAccount<'r> {
    /// Accounts for every device of `roll` by what `meters` showed at the boundary `gpu`, and
    /// for operations by `rates`.
    pub fn new(period: Period, roll: &'r Roll, meters: &[MeterPeriod<'_>], rates: &Rates) -> Self {
        let mut seen: BTreeMap<Hash, &MeterPeriod<'_>> = BTreeMap::new();
        let (mut unlisted, mut doubled) = (Vec::new(), Vec::new());
        let devices = meters
            .iter()
            .filter(|one| one.meter.boundary == Boundary::Gpu && !one.cells.is_empty());
        for one in devices {
            let Some(listed) = roll.get(&one.meter.name) else {
                unlisted.push(one.meter.name.clone());
                continue;
            };
            let known = seen.entry(listed.commitment).or_insert(one);
            if known.meter != one.meter {
                doubled.push(one.meter.name.clone());
            }
        }
        let (mut by_counter, mut by_power) = (false, false);
        let rows = roll.listed().iter().map(|device| {
            let Some(one) = seen.get(&device.commitment) else {
                return Row {
                    device,
                    present: Measured::unseen(period.seconds()),
                    active: None,
                    energy: None,
                    flop: None,
                };
            };
            let observed = one.observed() / SECOND;
            let seconds = Quantity::from(observed);
            let (counter, power) = (
                one.cells.get(&Measure::Energy),
                one.cells.get(&Measure::Power),
            );
            by_counter |= counter.is_some();
            by_power |= counter.is_none() && power.is_some();
            Row {
                device,
                present: Measured {
                    value: Interval::exactly(seconds),
                    coverage: coverage(observed, period.seconds(), 0),
                },
                active: one
                    .cells
                    .get(&Measure::Active)
                    .map(|cell| measured(cell, period)),
                energy: counter.or(power).map(|cell| measured(cell, period)),
                flop: one
                    .cells
                    .get(&Measure::Tensor)
                    .and_then(|cell| rates.operations(&device.model, measured(cell, period))),
            }
        });
        let rows = rows.collect();
        Self {
            period,
            rows,
            unlisted,
            doubled,
            energy_method: match (by_counter, by_power) {
                (true, true) => "counter and trapezoid",
                (true, false) => "counter",
                _ => "trapezoid",
            },
        }
    }

    /// Returns the totals by model; `None` beyond the range of quantities.
    pub fn models(&self) -> Option<BTreeMap<&'r str, ModelAccount>> {
        let some = |measured: fn(&Row<'_>) -> Option<Measured>| {
            self.rows.iter().any(|row| measured(row).is_some())
        };
        let (active, energy) = (some(|row| row.active), some(|row| row.energy));
        // A model whose rate is not known has none, whatever others have.
        let rated: BTreeSet<&str> = self
            .rows
            .iter()
            .filter(|row| row.flop.is_some())
            .map(|row| row.device.model.as_str())
            .collect();
        let unseen = Measured::unseen(self.period.seconds());
        let nothing = Measured::unseen(0);
        let mut models = BTreeMap::new();
        for row in &self.rows {
            let total = models
                .entry(row.device.model.as_str())
                .or_insert(ModelAccount {
                    present: nothing,
                    active: active.then_some(nothing),
                    energy: energy.then_some(nothing),
                    flop: rated.contains(row.device.model.as_str()).then_some(nothing),
                });
            total.present = total.present.plus(row.present)?;
            // A device that told nothing of it leaves a gap in the total.
            for (total, one) in [
                (&mut total.active, row.active),
                (&mut total.energy, row.energy),
                (&mut total.flop, row.flop),
            ] {
                if let Some(known) = total {
                    *total = Some(known.plus(one.unwrap_or(unseen))?);
                }
            }
        }
        Some(models)
    }

    /// Returns the `devices` ledger: dense over the inventory, idle devices included.
    pub fn ledger(&self, secret: Secret) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::new(Kind::Devices, secret);
        for row in &self.rows {
            let seconds = QuantityKind::AcceleratorSeconds;
            let amount = |quantity, basis, measured: Measured| Amount {
                quantity,
                basis,
                value: measured.value,
            };
            let figures: Vec<Amount> = row
                .active
                .map(|active| amount(seconds, Basis::Active, active))
                .into_iter()
                .chain([amount(seconds, Basis::Present, row.present)])
                .chain(
                    row.energy
                        .map(|energy| amount(QuantityKind::EnergyJoules, Basis::Present, energy)),
                )
                .chain(
                    row.flop
                        .map(|flop| amount(QuantityKind::Flop, Basis::Active, flop)),
                )
                .collect();
            ledger.push_device(&DeviceRecord {
                device: row.device.commitment,
                model: &row.device.model,
                figures: &figures,
                coverage: row.present.coverage,
            })?;
        }
        Ok(ledger)
    }
}

/// What power meters showed in a period, those of one boundary apart from another's.
#[derive(Debug)]
pub struct MeterAccount<'m> {
    period: Period,
    rows: Vec<(&'m MeterPeriod<'m>, &'m Cell, Measured)>,
}

impl<'m> MeterAccount<'m> {
    /// Accounts for the energy of every meter of another boundary than `gpu`.
    pub fn new(period: Period, meters: &'m [MeterPeriod<'m>]) -> Self {
        let rows = meters
            .iter()
            .filter(|one| one.meter.boundary != Boundary::Gpu)
            .filter_map(|one| {
                let cell = one.cells.get(&Measure::Energy);
                let cell = *cell.or_else(|| one.cells.get(&Measure::Power))?;
                Some((one, cell, measured(cell, period)))
            });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|one, next| one.0.meter.name.cmp(&next.0.meter.name));
        Self { period, rows }
    }

    /// Whether no meter showed anything.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the energy by boundary, with how many of the `expected` meters of it were
    /// silent: their time is a gap. `None` beyond the range of quantities.
    pub fn boundaries(
        &self,
        expected: &BTreeMap<Boundary, u64>,
    ) -> Option<BTreeMap<Boundary, Measured>> {
        let mut totals = BTreeMap::new();
        let mut counts: BTreeMap<Boundary, u64> = BTreeMap::new();
        for (one, _, measured) in &self.rows {
            let boundary = one.meter.boundary;
            let total = totals.entry(boundary).or_insert(Measured::unseen(0));
            *total = total.plus(*measured)?;
            let count = counts.entry(boundary).or_default();
            *count = count.saturating_add(1);
        }
        for (boundary, expected) in expected {
            let silent = expected.saturating_sub(counts.get(boundary).copied().unwrap_or(0));
            let seconds = self.period.seconds().checked_mul(silent)?;
            let total = totals.entry(*boundary).or_insert(Measured::unseen(0));
            *total = total.plus(Measured::unseen(seconds))?;
        }
        Some(totals)
    }

    /// Returns the `meters` ledger.
    pub fn ledger(&self, secret: Secret) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::new(Kind::Meters, secret);
        for (one, cell, measured) in &self.rows {
            ledger.push_meter(&MeterRecord {
                meter: &one.meter.name,
                boundary: one.meter.boundary,
                figures: &[Amount {
                    quantity: QuantityKind::EnergyJoules,
                    basis: Basis::Present,
                    value: measured.value,
                }],
                coverage: measured.coverage,
                series: cell.series(),
            })?;
        }
        Ok(ledger)
    }
}

/// Whole units of a cell, outward, and whole seconds of its coverage.
fn measured(cell: &Cell, period: Period) -> Measured {
    let lower = Quantity::new(cell.lower / PICO).unwrap_or(Quantity::ZERO);
    let upper = Quantity::new(cell.upper.div_ceil(PICO)).unwrap_or(Quantity::MAX);
    Measured {
        value: Interval::new(lower, upper).unwrap_or(Interval::exactly(upper)),
        coverage: coverage(cell.observed / SECOND, period.seconds(), cell.resets),
    }
}

fn coverage(observed: u64, seconds: u64, resets: u64) -> Coverage {
    Coverage::Known {
        observed: observed.into(),
        gap: seconds.saturating_sub(observed).into(),
        resets: resets.into(),
    }
}
