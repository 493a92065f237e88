//! What one corroboration says of the quantity that a pledge limits.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::attestation::content::Corroboration;
use crate::attestation::content::CorroborationSource;
use crate::attestation::content::Cover;
use crate::attestation::fields::NONE;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::claim::Pledge;
use crate::verify::accounting::Rating;
use crate::verify::claim::H100;
use crate::verify::claim::MILLI;
use crate::verify::claim::Peaks;

/// What a statement comes to, in the unit of the quantity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    /// What its areas used at most; `None` where it bounds nothing from above.
    pub(super) most: Option<BigUint>,
    /// What was measured within its areas, from below and from above; `None` where the
    /// quantity itself was not measured, or more than the areas.
    pub(super) measured: Option<[BigUint; 2]>,
    /// Whether that is of all of its areas.
    pub(super) whole: bool,
}

/// Classes in which nothing is computed: what is not classified may be one of them.
const RESTING: [Class; 3] = [Class::Idle, Class::Maintenance, Class::Down];

/// Weighs one statement; `models` are those that its areas held in its period.
pub(super) fn of(
    said: &Corroboration,
    pledge: &Pledge,
    models: &BTreeSet<&str>,
    (peaks, efficiency): (&Peaks<'_>, Option<Rating>),
) -> Stated {
    let mut groups: BTreeMap<_, Vec<&Figure>> = BTreeMap::new();
    for figure in &said.figures {
        let group = (figure.quantity, figure.basis, figure.boundary);
        groups.entry(group).or_default().push(figure);
    }
    let mut stated = Stated::default();
    for figures in groups.values() {
        let weighed = Group {
            said,
            pledge,
            figures,
        };
        if said.cover != Cover::Part
            && let Some(most) = weighed
                .most(models, peaks)
                .or_else(|| weighed.most_of_energy(efficiency?))
        {
            let least = stated.most.get_or_insert_with(|| most.clone());
            *least = most.min(std::mem::take(least));
        }
        if said.cover != Cover::More
            && let Some(measured) = weighed.measured(peaks)
        {
            // Of energy at several boundaries within, the most is nearest.
            stated.measured = Some(match stated.measured.take() {
                None => measured,
                Some([least, most]) => {
                    let [new_least, new_most] = measured;
                    [least.max(new_least), most.max(new_most)]
                }
            });
            stated.whole = said.cover == Cover::All;
        }
    }
    stated
}

/// The figures of one quantity, basis and boundary.
struct Group<'f> {
    said: &'f Corroboration,
    pledge: &'f Pledge,
    figures: &'f [&'f Figure],
}

impl Group<'_> {
    /// Returns what the pledge's quantity can be at most, if these figures bound it.
    fn most(&self, models: &BTreeSet<&str>, peaks: &Peaks<'_>) -> Option<BigUint> {
        let seconds = self.said.about.period.seconds();
        let first = self.figures.first()?;
        let counted = self.pledge.counted;
        // From device-seconds, or from how many there were.
        let of_devices = match counted.quantity {
            QuantityKind::AcceleratorSeconds => Some(false),
            QuantityKind::Flop => Some(true),
            _ => None,
        };
        let per_unit = match (first.quantity, of_devices) {
            (QuantityKind::AcceleratorSeconds, Some(_)) => 1,
            (QuantityKind::Accelerators, Some(_)) => seconds,
            _ if first.quantity == counted.quantity => 1,
            _ => return None,
        };
        let bounds = match first.quantity {
            QuantityKind::EnergyJoules => holds(first.boundary, counted.boundary),
            QuantityKind::AcceleratorSeconds | QuantityKind::Accelerators => {
                bounds(first.basis, counted.basis, self.said.source)
            }
            _ => first.basis == counted.basis,
        };
        if !bounds {
            return None;
        }
        let mut spoken: BTreeMap<&str, BTreeMap<Class, BigUint>> = BTreeMap::new();
        let mut gaps: BTreeMap<&str, BigUint> = BTreeMap::new();
        for figure in self.figures {
            let gap = unseen(figure, seconds)?;
            let known = gaps.entry(&figure.model).or_default();
            *known = gap.max(std::mem::take(known));
            let classes = spoken.entry(&figure.model).or_default();
            let value = BigUint::from(figure.value.upper().get());
            // Figures that differ in their source only: the largest.
            let known = classes.entry(figure.class).or_default();
            *known = value.max(std::mem::take(known));
        }
        // Models that nobody speaks of are not known to have rested.
        let together = spoken.contains_key(NONE);
        let device = of_devices.is_some() && first.quantity != QuantityKind::Flop;
        if device && !together && !models.iter().all(|model| spoken.contains_key(model)) {
            return None;
        }
        let mut sum = BigUint::ZERO;
        for (model, classes) in spoken {
            let scope = &self.pledge.scope;
            let mut needed = scope.iter().filter(|class| **class != Class::Unclassified);
            let complete = needed.all(|class| classes.contains_key(class));
            if !complete && !classes.contains_key(&Class::Unclassified) {
                return None;
            }
            let counted = classes
                .iter()
                .filter(|(class, _)| scope.contains(class) || **class == Class::Unclassified);
            let mut units: BigUint = counted.map(|(_, value)| value).sum();
            // A gap of a count is no count: `unseen` knows none.
            units += gaps.remove(model).unwrap_or_default();
            units *= per_unit;
            if device && of_devices == Some(true) && units != BigUint::ZERO {
                units *= peaks(model)?;
            }
            if self.pledge.counted.h100_equivalents && units != BigUint::ZERO {
                units = equivalents(units, model, peaks, true)?;
            }
            sum += units;
        }
        Some(sum)
    }

    /// Returns what operations these joules can have made at most, if operations are what the
    /// pledge limits: whatever they were used for, and however little of it in computing.
    fn most_of_energy(&self, efficiency: Rating) -> Option<BigUint> {
        let seconds = self.said.about.period.seconds();
        let first = self.figures.first()?;
        let energy = first.quantity == QuantityKind::EnergyJoules;
        if !energy || self.pledge.counted.quantity != QuantityKind::Flop {
            return None;
        }
        let mut joules: BTreeMap<(&str, Class), BigUint> = BTreeMap::new();
        for figure in self.figures {
            unseen(figure, seconds)?;
            let value = BigUint::from(figure.value.upper().get());
            let known = joules.entry((&figure.model, figure.class)).or_default();
            *known = value.max(std::mem::take(known));
        }
        // What computed is of one class or another: whoever did not say of all of them must
        // have said of what is not classified.
        let unclassified = joules
            .keys()
            .any(|(_, class)| *class == Class::Unclassified);
        let every = Class::ALL
            .iter()
            .filter(|class| !RESTING.contains(class) && **class != Class::Unclassified)
            .all(|class| joules.keys().any(|(_, one)| one == class));
        if !unclassified && !every {
            return None;
        }
        let joules: BigUint = joules.into_values().sum();
        efficiency.most_flop(u128::try_from(&joules).ok()?)
    }

    /// Returns what was measured of the very quantity, from below and from above.
    fn measured(&self, peaks: &Peaks<'_>) -> Option<[BigUint; 2]> {
        let first = self.figures.first()?;
        let counted = self.pledge.counted;
        let same = first.quantity == counted.quantity
            && match first.quantity {
                QuantityKind::EnergyJoules => holds(counted.boundary, first.boundary),
                _ => first.basis == counted.basis,
            };
        if !same {
            return None;
        }
        // What they did not classify is of the scope only if the scope is all that runs,
        // whatever the pledge says of what the lab itself does not classify.
        let scope = &self.pledge.scope;
        let rests = |class: &Class| {
            *class == Class::Unclassified
                || RESTING.contains(class) && first.quantity != QuantityKind::EnergyJoules
        };
        let everything = Class::ALL
            .iter()
            .all(|class| rests(class) || scope.contains(class));
        let mut hulls: BTreeMap<(&str, Class, Option<&_>), [u128; 2]> = BTreeMap::new();
        for figure in self.figures {
            let counts = match figure.class {
                Class::Unclassified => everything,
                class => scope.contains(&class),
            };
            if !counts {
                continue;
            }
            let (lower, upper) = (figure.value.lower().get(), figure.value.upper().get());
            let key = (
                figure.model.as_str(),
                figure.class,
                figure.precision.as_ref(),
            );
            let [least, most] = hulls.entry(key).or_insert([lower, upper]);
            *least = lower.min(*least);
            *most = upper.max(*most);
        }
        let mut measured = [BigUint::ZERO, BigUint::ZERO];
        for ((model, ..), bounds) in hulls {
            for ((sum, bound), up) in measured.iter_mut().zip(bounds).zip([false, true]) {
                let bound = BigUint::from(bound);
                *sum += if counted.h100_equivalents {
                    // Without a peak it is something, and nobody knows how much.
                    equivalents(bound, model, peaks, up)?
                } else {
                    bound
                };
            }
        }
        Some(measured)
    }
}

/// Returns devices in thousandths of an H100 SXM.
fn equivalents(count: BigUint, model: &str, peaks: &Peaks<'_>, up: bool) -> Option<BigUint> {
    let (peak, unit) = (peaks(model)?, peaks(H100)?);
    let scaled = count * peak * MILLI;
    Some(if up {
        (scaled + unit - 1_u32) / unit
    } else {
        scaled / unit
    })
}

/// Returns what a figure did not see, if that can be added to it.
fn unseen(figure: &Figure, seconds: u64) -> Option<BigUint> {
    let Coverage::Known { observed, gap, .. } = figure.coverage else {
        return None;
    };
    // Some meter or device was there all the time.
    if observed.get().saturating_add(gap.get()) < u128::from(seconds) {
        return None;
    }
    let additive = figure.quantity == QuantityKind::AcceleratorSeconds;
    (additive || gap.get() == 0).then(|| BigUint::from(gap.get()))
}

/// Whether what is counted on one basis is at least what is on another.
fn bounds(basis: Basis, other: Basis, source: CorroborationSource) -> bool {
    basis == other
        || match basis {
            Basis::Present => other != Basis::Billed,
            Basis::Allocated => other == Basis::Active,
            // Whoever bills for devices bills for them whether or not they are used.
            Basis::Billed => other != Basis::Present && source == CorroborationSource::OwnBilling,
            Basis::Active => false,
        }
}

/// Whether energy at one boundary holds that at another.
fn holds(outer: Option<Boundary>, inner: Option<Boundary>) -> bool {
    let extent = |boundary| match boundary {
        Boundary::Gpu => 0_u8,
        Boundary::Node => 1,
        Boundary::Rack => 2,
        Boundary::Facility => 3,
        Boundary::Feed => 4,
    };
    matches!((outer, inner), (Some(outer), Some(inner)) if extent(outer) >= extent(inner))
}
