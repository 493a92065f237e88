//! What a report says, as far as judgement needs it.

use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::Capacity;
use crate::attestation::content::FigureKey;
use crate::attestation::content::RatedWatts;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::Precision;
use crate::attestation::figure::QuantityKind;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;

/// What a figure is of. Many reports have the same ones in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Kind {
    /// What it counts, and how.
    pub key: FigureKey,
    /// The number format, for FLOP.
    pub precision: Option<Precision>,
}

/// What is to be added from above for what a figure did not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Gap {
    /// How much was not seen is not known: nothing is added, and the claim is capped.
    Unknown,
    /// So much at most, in device-seconds or, for energy, in joules.
    Charged(Quantity),
    /// Nothing bounds it.
    Unbounded,
}

/// One figure of a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Told {
    /// What it is of.
    pub kind: Arc<Kind>,
    /// How much.
    pub value: Interval,
    /// What it did not see.
    pub gap: Gap,
}

/// The figures of a report, each with what it did not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Account {
    /// The figures.
    pub figures: Vec<Told>,
}

/// What an inventory holds, to measure coverage against.
#[derive(Clone, Copy, Debug)]
pub struct Held<'i> {
    /// Devices by model.
    pub capacity: &'i [Capacity],
    /// Rated power by boundary.
    pub watts: &'i [RatedWatts],
}

impl Account {
    /// Reads the figures of a report of `period`, made under the inventory `held`. `known`
    /// are the kinds of figures of a report before it: most often they are the same.
    ///
    /// What coverage and gap leave out of the inventory's device-seconds is a gap too
    /// (formats: 8); without an inventory nothing bounds a gap of devices.
    pub fn of<'k>(
        figures: &[Figure],
        period: Period,
        held: Option<Held<'_>>,
        known: impl Iterator<Item = &'k Arc<Kind>>,
    ) -> Self {
        let known = known.map(Some).chain(std::iter::repeat(None));
        let mut account = Self {
            figures: figures
                .iter()
                .zip(known)
                .map(|(figure, known)| Told {
                    kind: match known {
                        Some(known) if known.is_of(figure) => Arc::clone(known),
                        _ => Arc::new(Kind::of(figure)),
                    },
                    value: figure.value,
                    gap: gap(figure, period, held),
                })
                .collect(),
        };
        if let Some(held) = held {
            account.add_unseen_models(period, held);
        }
        account
    }

    /// Charges the models of the inventory that no figure of a kind speaks of, where all
    /// others of that kind say what they saw.
    fn add_unseen_models(&mut self, period: Period, held: Held<'_>) {
        let mut unseen = Vec::new();
        for basis in Basis::ALL {
            let of_kind = |told: &&Told| {
                let key = &told.kind.key;
                key.quantity == QuantityKind::AcceleratorSeconds && key.basis == *basis
            };
            let mut told = self.figures.iter().filter(of_kind).peekable();
            if told.peek().is_none() || told.any(|told| told.gap == Gap::Unknown) {
                continue;
            }
            for capacity in held.capacity {
                let seen = |told: &Told| told.kind.key.model == capacity.model;
                if self.figures.iter().filter(of_kind).any(seen) {
                    continue;
                }
                unseen.push(Told {
                    kind: Arc::new(Kind {
                        key: FigureKey {
                            quantity: QuantityKind::AcceleratorSeconds,
                            model: capacity.model.clone(),
                            class: Class::Unclassified,
                            basis: *basis,
                            boundary: None,
                        },
                        precision: None,
                    }),
                    value: Interval::ZERO,
                    gap: charged(capacity.count.times(period.seconds())),
                });
            }
        }
        self.figures.extend(unseen);
    }

    /// Whether every figure says how much it saw.
    pub fn covers_all(&self) -> bool {
        self.figures.iter().all(|told| told.gap != Gap::Unknown)
    }
}

impl Kind {
    fn of(figure: &Figure) -> Self {
        Self {
            key: FigureKey::of(figure),
            precision: figure.precision.clone(),
        }
    }

    /// Whether [`Self::of`] the figure is this, without copying its texts.
    fn is_of(&self, figure: &Figure) -> bool {
        let Self { key, precision } = self;
        key.is_of(figure) && *precision == figure.precision
    }
}

/// What a figure did not see, in units in which it can be added.
fn gap(figure: &Figure, period: Period, held: Option<Held<'_>>) -> Gap {
    let Coverage::Known { observed, gap, .. } = figure.coverage else {
        return Gap::Unknown;
    };
    // Whatever else saw it, some meter or device was there all the time.
    let whole = Quantity::from(period.seconds());
    let unseen = whole.minus(observed).unwrap_or_default();
    let least = gap.max(unseen);
    match figure.quantity {
        QuantityKind::AcceleratorSeconds => {
            let Some(held) = held else {
                return Gap::Unbounded;
            };
            let of_model = held.capacity.iter().find(|one| one.model == figure.model);
            let count = of_model.map_or(Quantity::ZERO, |one| one.count);
            let Some(all) = count.times(period.seconds()) else {
                return Gap::Unbounded;
            };
            // What was not observed was not seen, whatever the gap is said to be.
            Gap::Charged(all.minus(observed).unwrap_or_default().max(gap))
        }
        _ if least == Quantity::ZERO => Gap::Charged(Quantity::ZERO),
        QuantityKind::EnergyJoules => {
            let rated = held.and_then(|held| {
                let of = held
                    .watts
                    .iter()
                    .find(|one| Some(one.boundary) == figure.boundary);
                of.map(|one| one.watts)
            });
            // Of several meters, not all need have failed at once.
            let seconds = least.get().min(u128::from(period.seconds()));
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            charged(rated.and_then(|watts| watts.times(seconds)))
        }
        _ => Gap::Unbounded,
    }
}

fn charged(quantity: Option<Quantity>) -> Gap {
    quantity.map_or(Gap::Unbounded, Gap::Charged)
}
