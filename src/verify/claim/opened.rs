//! What do opened ledgers show of single devices and meters? One device in two places, one
//! that left and is there, one series of readings of two meters.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::content::Direction;
use crate::hash::Hash;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::challenged;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::perimeter::Covered;
use crate::verify::findings::Findings;
use crate::verify::verdict::Finding;

/// How many of a kind are named: more than a rack has devices.
const NAMED: usize = 128;

/// How much of a meter's name is told: as much as other names have. (A lab that writes so much
/// that no auditor can hand it on.)
const NAME: usize = 128;

/// The devices that were opened, all of a list or those that were drawn of it, by its root.
type Opened = BTreeMap<Hash, BTreeSet<Hash>>;

/// One stay of a device in an area, by an opened inventory.
struct Stay<'c> {
    /// Two may have one name.
    area: &'c Covered<'c>,
    time: Period,
    /// How long the area's periods are: in one, a device that moves stands in two areas.
    period: u64,
}

/// Holds what was opened of the areas' inventories, transfers and meters together.
pub(super) fn check(
    court: &Court<'_>,
    covered: &[Covered<'_>],
    window: Period,
    findings: &mut Findings,
) {
    let mut opened: Opened = challenged::devices(court.answers);
    for ledger in court.ledgers {
        let known = opened.entry(ledger.root).or_default();
        known.extend(&ledger.devices);
    }
    if opened.is_empty() {
        return;
    }
    let stays = stays(&opened, covered, window);
    let twice: Vec<String> = stays
        .iter()
        .filter_map(|(device, stays)| twice(device, stays))
        .collect();
    tell(
        Check::DeviceTwice,
        "devices stand in two areas at once",
        &twice,
        findings,
    );
    let returned = returned(&opened, covered, &stays);
    tell(
        Check::DeviceReturned,
        "devices left and are there again",
        &returned,
        findings,
    );
    tell(
        Check::SeriesRepeated,
        "series of readings are of more than one meter or period, so that fewer than it seems are independent",
        &series(covered),
        findings,
    );
}

fn tell(check: Check, what: &str, found: &[String], findings: &mut Findings) {
    if found.is_empty() {
        return;
    }
    let named = found.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = if found.len() > NAMED { ", …" } else { "" };
    findings.push(Finding::new(
        check,
        format!("{} {what}: {}{more}", found.len(), named.join(", ")),
    ));
}

/// Returns where each device stood in the window, by the inventories that were opened.
fn stays<'c>(
    opened: &Opened,
    covered: &'c [Covered<'c>],
    window: Period,
) -> BTreeMap<Hash, Vec<Stay<'c>>> {
    let mut stays: BTreeMap<Hash, Vec<Stay<'_>>> = BTreeMap::new();
    for one in covered {
        let cadence = one.area.schedule.open.cadence;
        let period = cadence.map_or(0, Cadence::longest);
        let mut within = one.area.inventories_within(window).peekable();
        while let Some(inventory) = within.next() {
            let until = within.peek().map_or(window.end(), |next| next.from);
            // One that was corrected from the same edge has no time of its own.
            let Some(time) = Period::new(inventory.from, until) else {
                continue;
            };
            let devices = opened.get(&inventory.ledger);
            for device in devices.into_iter().flatten() {
                stays.entry(*device).or_default().push(Stay {
                    area: one,
                    time,
                    period,
                });
            }
        }
    }
    stays
}

/// Says of a device that it stands in two areas for longer than a move takes.
fn twice(device: &Hash, stays: &[Stay<'_>]) -> Option<String> {
    stays.iter().enumerate().find_map(|(at, one)| {
        let others = stays.iter().skip(at.saturating_add(1));
        let mut apart = others.filter(|other| other.area.place() != one.area.place());
        apart.find_map(|other| {
            let both = one.time.intersection(other.time)?;
            let longest = one.period.max(other.period);
            (both.seconds() > longest).then(|| {
                let (area, elsewhere) = (&one.area.name, &other.area.name);
                format!("{device} in {area} and {elsewhere} in {both}")
            })
        })
    })
}

/// Says which devices left by a transfer, and stand in a later inventory though no opened
/// transfer brought them.
fn returned(
    opened: &Opened,
    covered: &[Covered<'_>],
    stays: &BTreeMap<Hash, Vec<Stay<'_>>>,
) -> Vec<String> {
    let mut moves: BTreeMap<Hash, Vec<(UnixSeconds, Direction)>> = BTreeMap::new();
    let transfers = covered.iter().flat_map(|one| &one.area.transfers);
    for transfer in transfers {
        let devices = opened.get(&transfer.ledger);
        for device in devices.into_iter().flatten() {
            let of_device = moves.entry(*device).or_default();
            of_device.push((transfer.edge, transfer.direction));
        }
    }
    let found = moves.into_iter().filter_map(|(device, moves)| {
        let left = moves.iter().filter(|(_, way)| *way == Direction::Out);
        left.map(|(edge, _)| *edge).find_map(|edge| {
            let mut stays = stays.get(&device)?.iter();
            let back = stays.find(|stay| {
                let came = |(at, way): &(UnixSeconds, Direction)| {
                    *way == Direction::In && *at >= edge && *at <= stay.time.start()
                };
                stay.time.start() >= edge && !moves.iter().any(came)
            })?;
            Some(format!(
                "{device} left at {edge} and stands in {} from {}",
                back.area.name,
                back.time.start()
            ))
        })
    });
    found.collect()
}

/// Says which meters have the series of another, or of their own in another period.
fn series(covered: &[Covered<'_>]) -> Vec<String> {
    let mut known: BTreeMap<Hash, (&Covered<'_>, &str, Period)> = BTreeMap::new();
    let mut found = Vec::new();
    for one in covered {
        for read in &one.area.ledgers.series {
            let this = (one, read.meter.as_str(), read.period);
            let first = *known.entry(read.digest).or_insert(this);
            let is_this = first.0.place() == one.place() && (first.1, first.2) == (this.1, this.2);
            if !is_this {
                found.push(format!("{} as {}", spell(this), spell(first)));
            }
        }
    }
    found
}

fn spell((area, meter, period): (&Covered<'_>, &str, Period)) -> String {
    let name: String = meter.chars().take(NAME).collect();
    format!("`{name}` of {} in {period}", area.name)
}
