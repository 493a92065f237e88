//! `--explain`: the readings behind the figures of one device or meter.

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::readings::explain;
use crate::collector::MeterId;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::SECOND;
use crate::collector::reading::Sample;
use crate::telemetry::Gathered;
use crate::telemetry::Intake;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;

/// The most rows that are shown: a week of minutes.
const MAX_ROWS: usize = 10_080;

/// 10^-12 units in a thousandth.
const MILLI: u128 = 1_000_000_000;

/// Takes what a source gives, and keeps the rows of one meter.
struct Kept<'k> {
    name: &'k str,
    gathered: Gathered,
    /// The meters of that name, of whatever boundary.
    meters: Vec<MeterId>,
    rows: Vec<String>,
    more: u64,
}

impl Kept<'_> {
    fn keep(&mut self, meter: MeterId, row: impl FnOnce() -> String) {
        if !self.meters.contains(&meter) {
            return;
        }
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row());
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

/// Shows the readings of a meter, and what they come to in each period.
pub(super) fn show(
    name: &str,
    source: &mut dyn Source,
    gathered: Gathered,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let mut kept = Kept {
        name,
        gathered,
        meters: Vec::new(),
        rows: Vec::new(),
        more: 0,
    };
    source.read(&mut kept).map_err(explain)?;
    if kept.rows.is_empty() {
        return Err(Failure::new(format!("`{name}` has no readings"))
            .hint("devices and meters are called as in the source"));
    }
    for row in &kept.rows {
        world.say(row)?;
    }
    if kept.more > 0 {
        world.note(format!("and {} rows more", kept.more));
    }
    let metered = kept.gathered.metering.finish();
    let metered = metered.map_err(|error| explain(error.into()))?;
    for (index, period) in metered.periods().iter().enumerate() {
        for one in metered.period(index) {
            if one.meter.name != name {
                continue;
            }
            for (measure, cell) in &one.cells {
                let gap = period.seconds().saturating_sub(cell.observed / SECOND);
                world.say(format!(
                    "{period}: {} {measure} from {} to {} {}, {} s seen, {gap} s not, {} resets",
                    one.meter.boundary,
                    thousandths(cell.lower),
                    thousandths(cell.upper),
                    if measure.is_share() { "s" } else { "J" },
                    cell.observed / SECOND,
                    cell.resets
                ))?;
            }
        }
    }
    Ok(())
}

/// A sum in 10^-12 units, to the thousandth.
fn thousandths(sum: u128) -> String {
    let milli = sum / MILLI;
    format!("{}.{:03}", milli / 1000, milli % 1000)
}

impl Sink for Kept<'_> {
    fn intake(&mut self) -> &mut Intake {
        &mut self.gathered.intake
    }

    fn meter(&mut self, meter: &Meter) -> Result<MeterId, SourceError> {
        let id = self.gathered.meter(meter)?;
        if meter.name == self.name && !self.meters.contains(&id) {
            self.meters.push(id);
        }
        Ok(id)
    }

    fn sample(
        &mut self,
        meter: MeterId,
        measure: Measure,
        sample: Sample,
    ) -> Result<(), SourceError> {
        self.keep(meter, || {
            format!(
                "row {}: {} {measure} {}",
                sample.row, sample.at, sample.value
            )
        });
        self.gathered.sample(meter, measure, sample)
    }

    fn lot(&mut self, meter: MeterId, lot: Lot) -> Result<(), SourceError> {
        self.keep(meter, || {
            format!(
                "row {}: from {} to {} {} J",
                lot.row, lot.start, lot.end, lot.joules
            )
        });
        self.gathered.lot(meter, lot)
    }
}
