//! What hardware shows of a claim's areas: lower bounds, and nothing more.
//!
//! Specified in `specs/hardware.md`, section "What it does to a verdict".

use std::collections::BTreeMap;

use num_bigint::BigUint;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::claim::Counting;
use crate::claim::Pledge;
use crate::claim::Terms;
use crate::encoding::hex;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::claim::H100;
use crate::verify::claim::MILLI;
use crate::verify::findings::Findings;
use crate::verify::hardware::Machine;
use crate::verify::hardware::Outcome;
use crate::verify::hardware::Witnessed;
use crate::verify::history::Area;
use crate::verify::verdict::Finding;

/// Devices of one root, each once however often it was shown.
type Devices<'c> = BTreeMap<&'c str, BTreeMap<&'c str, Option<&'c str>>>;

/// Says what hardware shows of the areas in the pledge's window, and where that is more
/// than the lab says or pledged.
pub(super) fn check(
    court: &Court<'_>,
    pledge: &Pledge,
    covered: &[Covered<'_>],
    findings: &mut Findings,
) {
    let mut areas: BTreeMap<(IssuerId, &[StreamId], Period), Devices<'_>> = BTreeMap::new();
    let mut times: BTreeMap<Period, Devices<'_>> = BTreeMap::new();
    for one in of_claim(court, pledge, covered) {
        let about = &one.about;
        match &one.outcome {
            Outcome::Devices {
                root,
                devices,
                failed,
            } => {
                findings.push(Finding::new(
                    Check::Hardware,
                    format!(
                        "{}: {root} shows {} devices in {}, and {failed} that did not pass",
                        one.place,
                        devices.len(),
                        about.period
                    ),
                ));
                let devices = || {
                    let each = devices.iter();
                    each.map(|(ueid, model)| (ueid.as_str(), model.as_deref()))
                };
                let place = (about.issuer, about.streams.as_slice(), about.period);
                let known = areas.entry(place).or_default();
                known.entry(root).or_default().extend(devices());
                if is_within(one, covered) {
                    let known = times.entry(about.period).or_default();
                    known.entry(root).or_default().extend(devices());
                }
            }
            Outcome::Machine(machine) => findings.push(answered(one, machine)),
            Outcome::Nothing(check, why) => {
                findings.push(Finding::new(*check, format!("{}: {why}", one.place)));
            }
        }
    }
    for ((issuer, streams, period), shown) in &areas {
        undeclared(covered, (*issuer, streams, *period), shown, findings);
    }
    if let Some(limit) = installed(&pledge.terms) {
        let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
        let limit = BigUint::from(limit.get()) + BigUint::from(allowance);
        for (period, shown) in &times {
            beyond(court, pledge, (*period, shown), &limit, findings);
        }
    }
}

/// Whether hardware shows anything of a claim's areas.
pub(super) fn is_heard(court: &Court<'_>, pledge: &Pledge, covered: &[Covered<'_>]) -> bool {
    let mut heard = of_claim(court, pledge, covered);
    heard.any(|one| !matches!(one.outcome, Outcome::Nothing(..)))
}

fn of_claim<'c>(
    court: &Court<'c>,
    pledge: &Pledge,
    covered: &[Covered<'_>],
) -> impl Iterator<Item = &'c Witnessed> {
    let window = pledge.window;
    court.hardware.iter().filter(move |one| {
        let about = &one.about;
        let of = |area: &Covered<'_>| {
            area.history.id == about.issuer && about.streams.contains(&area.stream)
        };
        about.period.intersection(window).is_some() && covered.iter().any(of)
    })
}

/// Whether all areas that evidence bears on are of the claim: a device may have been in any.
fn is_within(one: &Witnessed, covered: &[Covered<'_>]) -> bool {
    one.about.streams.iter().all(|stream| {
        let of = |area: &Covered<'_>| area.history.id == one.about.issuer && area.stream == *stream;
        covered.iter().any(of)
    })
}

fn answered(one: &Witnessed, machine: &Machine) -> Finding {
    let bound = machine.bound.as_ref().map_or_else(
        || "binds no key".to_owned(),
        |key| format!("binds the key {key}"),
    );
    Finding::new(
        Check::Hardware,
        format!(
            "{}: the machine {} of {} {bound}, its registers {}",
            one.place,
            machine.id,
            machine.root,
            hex::encode(&machine.registers)
        ),
    )
}

/// An inventory lists every device that was there for any part of a period.
fn undeclared(
    covered: &[Covered<'_>],
    (issuer, streams, period): (IssuerId, &[StreamId], Period),
    shown: &Devices<'_>,
    findings: &mut Findings,
) {
    let mut listed = 0_u64;
    for stream in streams {
        let mut own = covered.iter();
        let own = own.find(|one| one.history.id == issuer && one.stream == *stream);
        let held = own.and_then(|own| listed_within(own.area, period));
        // Without an inventory nothing bounds what is there.
        let Some(held) = held else { return };
        listed = listed.saturating_add(held);
    }
    for (root, devices) in shown {
        let count = u64::try_from(devices.len()).unwrap_or(u64::MAX);
        if count > listed {
            let names: Vec<String> = streams.iter().map(ToString::to_string).collect();
            findings.push(Finding::new(
                Check::HardwareUndeclared,
                format!(
                    "{root} shows {count} devices in the areas {} in {period}, of which the inventory lists {listed}",
                    names.join(", ")
                ),
            ));
        }
    }
}

/// Returns how many devices the inventories of a period list: where one follows another in
/// it, both, each in its largest version. `None` without any.
fn listed_within(area: &Area, period: Period) -> Option<u64> {
    let mut largest: BTreeMap<UnixSeconds, u64> = BTreeMap::new();
    for one in area.inventories_within(period) {
        let known = largest.entry(one.from).or_default();
        *known = one.devices.max(*known);
    }
    largest.into_values().reduce(u64::saturating_add)
}

/// Returns the limit of a claim on what is installed.
fn installed(terms: &Terms) -> Option<Quantity> {
    match terms {
        Terms::Accelerators {
            limit,
            counting: Counting::Installed,
        } => Some(*limit),
        Terms::Conditional(conditional) => installed(&conditional.wraps),
        _ => None,
    }
}

/// What was shown at once, against the limit. Of several roots the one counts that shows
/// most: two may spell one device differently.
fn beyond(
    court: &Court<'_>,
    pledge: &Pledge,
    (period, shown): (Period, &Devices<'_>),
    limit: &BigUint,
    findings: &mut Findings,
) {
    for (root, devices) in shown {
        let amount: BigUint = devices.values().map(|one| count(court, pledge, *one)).sum();
        if amount > *limit {
            findings.push(Finding::new(
                Check::Contradicted,
                format!(
                    "{root} shows devices that come to {amount} in {period}, more than {limit}"
                ),
            ));
        }
    }
}

/// Returns what a device counts in the pledge's unit, rounded down; nothing where its model
/// is not known.
fn count(court: &Court<'_>, pledge: &Pledge, model: Option<&str>) -> BigUint {
    if !pledge.counted.h100_equivalents {
        return BigUint::from(1_u32);
    }
    let peak = model.and_then(|model| (court.peaks)(model));
    peak.zip((court.peaks)(H100))
        .map_or(BigUint::ZERO, |(peak, unit)| {
            BigUint::from(peak) * MILLI / unit
        })
}
