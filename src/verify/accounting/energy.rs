//! What energy can compute at most, and what power a halt may draw.

use num_bigint::BigUint;

use crate::catalogue::Catalogue;
use crate::verify::accounting::Ppm;
use crate::verify::accounting::spread::MILLION;
use crate::verify::accounting::spread::ratio_up;

/// How efficient a device can be at most.
///
/// A device is more efficient at a lower clock than at the one it is rated for, so its
/// peak over its rated power is no maximum: `kappa` says how much more to allow for. Of
/// several models, the one with most operations a joule bounds all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rating {
    /// The highest dense peak, in operations a second.
    pub peak: u128,
    /// The thermal design power in watts.
    pub watts: u128,
    /// How far beyond peak over power.
    pub kappa: Ppm,
}

impl Rating {
    /// Returns that of the most efficient model of a catalogue, at its highest dense peak and
    /// the lowest power that any source gives; `None` if none has a rated power.
    ///
    /// Whoever holds energy against operations need not believe which models an area says
    /// that it has.
    pub fn best(catalogue: &Catalogue, kappa: Ppm) -> Option<Self> {
        let rated = catalogue.iter().filter_map(|model| {
            let watts = model.tdp()?.watts().lower().get();
            (watts > 0).then(|| Self {
                peak: model.peak_any().get(),
                watts,
                kappa,
            })
        });
        rated.max_by(|one, other| {
            let scaled = |one: &Self, other: &Self| BigUint::from(one.peak) * other.watts;
            scaled(one, other).cmp(&scaled(other, one))
        })
    }

    /// Returns the most operations that so many joules can do, rounded up; `None` if the
    /// model has no rated power, because then nothing bounds them.
    ///
    /// From below, energy bounds nothing: it may have been wasted.
    pub fn most_flop(&self, joules: u128) -> Option<BigUint> {
        let work = BigUint::from(joules) * self.peak * self.kappa.get();
        let cost = self.cost();
        (cost != BigUint::ZERO).then(|| ratio_up(&work, &cost))
    }

    /// Returns the least joules that so many operations take, rounded down; `None` if the
    /// model does none.
    ///
    /// Where less was metered, more was declared than can have run.
    pub fn least_joules(&self, flop: u128) -> Option<BigUint> {
        let rate = self.rate();
        (rate != BigUint::ZERO).then(|| BigUint::from(flop) * self.cost() / rate)
    }

    /// Returns the watts above true zero at and below which a run of `goal` operations
    /// within `seconds` is excluded, rounded down; `None` if no power excludes it.
    pub fn halted_watts(&self, goal: u128, seconds: u64) -> Option<BigUint> {
        let rate = self.rate() * seconds;
        if rate == BigUint::ZERO || self.watts == 0 {
            return None;
        }
        // At this power the run would just be possible: below it, it is not.
        let just = ratio_up(&(BigUint::from(goal) * self.cost()), &rate);
        (just != BigUint::ZERO).then(|| just - 1_u32)
    }

    fn rate(&self) -> BigUint {
        BigUint::from(self.peak) * self.kappa.get()
    }

    fn cost(&self) -> BigUint {
        BigUint::from(self.watts) * MILLION
    }
}

/// Returns the most energy that accelerators can have had of a facility's, in joules,
/// rounded up; `None` if `least_pue` is less than one, which no facility has.
///
/// `other` is what is known to have gone elsewhere behind the meters of the equipment;
/// nothing, if nothing is known.
pub fn accelerator_joules(facility: u128, least_pue: Ppm, other: u128) -> Option<BigUint> {
    if least_pue < Ppm::ONE {
        return None;
    }
    let most = ratio_up(
        &(BigUint::from(facility) * MILLION),
        &least_pue.get().into(),
    );
    let other = BigUint::from(other);
    Some(if other < most {
        most - other
    } else {
        BigUint::ZERO
    })
}
