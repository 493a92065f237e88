//! What others say of a lab's areas.

use standstill::attestation::content::{
    About, Action, Area, AreaOpen, Corroboration, CorroborationSource, Cover, Measured, Usage,
};
use standstill::attestation::figure::{Basis, Boundary, Class, Coverage, Figure, QuantityKind};
use standstill::attestation::{Content, IssuerId, StatementId, StreamId};
use standstill::catalogue::Catalogue;
use standstill::quantity::{Interval, Quantity};
use standstill::store::memory::MemoryObjects;
use standstill::time::Period;

use super::*;

/// So many devices, all of a day.
pub const DEVICES: u64 = 10;

/// A lab of [`DEVICES`] with its inventory and this pledge, founded before the window.
pub fn pledged(pledge: standstill::claim::Pledge) -> Lab {
    let mut lab = Lab::new(100);
    lab.say(StreamId::new(1), inventory(0, DEVICES));
    lab.pledge(pledge);
    lab
}

/// How many statements [`pledged`] makes.
pub const FOUNDED: usize = 4;

/// Reports of a day that account for all devices.
pub fn accounted(lab: &Lab, period: Period, training: u64) -> Usage {
    let all = DEVICES * period.seconds();
    let mut usage = used(period, training);
    usage.inventory = Some(lab.inventory());
    usage.figures[0].coverage = seen(all, 0);
    let mut idle = usage.figures[0].clone();
    idle.class = Class::Idle;
    idle.value = Interval::exactly(Quantity::from(all - training));
    usage.figures.insert(0, idle);
    usage
}

pub fn seen(observed: u64, gap: u64) -> Coverage {
    Coverage::Known {
        observed: Quantity::from(observed),
        gap: Quantity::from(gap),
        resets: Quantity::ZERO,
    }
}

/// A party that measures the first area of a lab, in a stream of its own.
pub fn corroborator(seed: u8, of: &Lab) -> Lab {
    let mut other = Lab::renamed(seed, "meters");
    other.measures(of);
    other
}

impl Lab {
    /// Opens the area in which another's first area is measured.
    pub fn measures(&mut self, of: &Lab) {
        let open = AreaOpen {
            cadence: None,
            measures: Some(Measured {
                issuer: of.id,
                stream: StreamId::new(1),
            }),
            ..days()
        };
        self.open(2, open);
    }
}

/// Training of between so much and so much, and nothing said of other classes.
pub fn measured(of: &Lab, period: Period, lower: u64, upper: u64) -> Corroboration {
    let mut figure = used(period, 0).figures.remove(0);
    figure.value = Interval::new(Quantity::from(lower), Quantity::from(upper)).unwrap();
    figure.coverage = seen(DEVICES * period.seconds(), 0);
    Corroboration {
        about: About {
            issuer: of.id,
            streams: vec![StreamId::new(1)],
            period,
        },
        boundary: None,
        source: CorroborationSource::OwnMeter,
        cover: Cover::All,
        examined: Vec::new(),
        catalogue: Catalogue::embedded().digest(),
        figures: vec![figure],
    }
}

/// Energy at a boundary.
pub fn energy(period: Period, boundary: Boundary, lower: u64, upper: u64) -> Figure {
    let mut figure = used(period, 0).figures.remove(0);
    figure.quantity = QuantityKind::EnergyJoules;
    "none".clone_into(&mut figure.model);
    figure.class = Class::Unclassified;
    figure.basis = Basis::Present;
    figure.boundary = Some(boundary);
    figure.value = Interval::new(Quantity::from(lower), Quantity::from(upper)).unwrap();
    figure.coverage = seen(period.seconds(), 0);
    figure
}

impl Lab {
    /// States what was measured of another.
    pub fn measure(&mut self, said: Corroboration) -> StatementId {
        self.say(StreamId::new(2), Content::Corroboration(said))
    }

    /// The inventory that [`pledged`] states.
    pub fn inventory(&self) -> StatementId {
        let bytes = &self.entries[2];
        standstill::attestation::Envelope::parse(bytes)
            .unwrap()
            .statement_id()
    }
}

/// A log of a lab, founded before the window, and of what others say, all seen at `end`.
pub fn log_with(lab: &Lab, others: &[&Lab], end: u64) -> MemoryObjects {
    let mut all = lab.clone();
    for other in others {
        all.entries.extend(other.entries.iter().cloned());
    }
    seen_log(&all, FOUNDED, end)
}

/// Lines of a trust file that expect others, each with its root.
pub fn expecting(of: &Lab, others: &[(&Lab, &str)]) -> String {
    let line = |(other, root): &(&Lab, &str)| {
        format!(
            "[[corroborator]]\nid = \"{}\"\nname = \"{root}\"\ntrust_root = \"{root}\"\nmeasures = \"{}\"\n",
            other.id, of.id
        )
    };
    others.iter().map(line).collect()
}
