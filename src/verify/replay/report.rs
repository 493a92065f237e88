//! What a report accounts for, and whether it is of the next period (formats: 4 and 8).

use crate::attestation::Subject;
use crate::attestation::content::Usage;
use crate::attestation::figure::Figure;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::evidence::OpenedLedger;
use crate::verify::history::Account;
use crate::verify::history::Area;
use crate::verify::history::Held;
use crate::verify::history::History;
use crate::verify::history::MAX_COUNTED;
use crate::verify::history::Report;
use crate::verify::history::SeriesRead;
use crate::verify::history::Version;
use crate::verify::replay::place::Said;
use crate::verify::verdict::Finding;

pub(super) fn version(
    history: &History,
    subject: &Subject,
    index: u64,
    usage: &Usage,
    conflicting: bool,
) -> Version {
    let area = history.areas.get(&subject.stream);
    let inventory =
        area.and_then(|area| area.inventory_known_at(usage.period.start(), usage.inventory));
    let held = inventory.map(|inventory| Held {
        capacity: &inventory.capacity,
        watts: &inventory.watts,
    });
    Version {
        index,
        account: Account::of(
            &usage.figures,
            usage.period,
            held,
            area.into_iter().flat_map(|area| area.reports.kinds()),
        ),
        // A committed figure that nobody opened bounds nothing from above.
        understood: usage.commitments.is_empty(),
        conflicting,
    }
}

/// A report names the inventory in force; what is held is what is in force all the same.
pub(super) fn check_inventory(history: &mut History, subject: &Subject, index: u64, usage: &Usage) {
    let area = history.areas.get(&subject.stream);
    let in_force = area.and_then(|area| area.inventory_at(usage.period.start()));
    let in_force = in_force.map(|inventory| inventory.id);
    if usage.inventory != in_force {
        history.findings.push(Finding::new(
            Check::Inventory,
            format!(
                "{subject} (entry {index}) names the inventory {}, in force is {}",
                crate::attestation::fields::or_none(usage.inventory.as_ref()),
                crate::attestation::fields::or_none(in_force.as_ref()),
            ),
        ));
    }
}

pub(super) fn unread(index: u64, period: Period, admits: &[Figure]) -> Version {
    Version {
        index,
        account: Account::of(admits, period, None, std::iter::empty()),
        understood: false,
        conflicting: false,
    }
}

/// Holds the ledgers that a report names against those that were opened.
pub(super) fn tally(
    history: &mut History,
    subject: &Subject,
    usage: &Usage,
    opened: &[OpenedLedger],
) {
    let Some(area) = history.areas.get_mut(&subject.stream) else {
        return;
    };
    let tally = &mut area.ledgers;
    for reference in &usage.ledgers {
        tally.named = tally.named.saturating_add(1);
        let Some(known) = opened.iter().find(|one| one.root == reference.root) else {
            continue;
        };
        tally.opened = tally.opened.saturating_add(1);
        let period = usage.period;
        tally
            .series
            .extend(known.series.iter().map(|(meter, digest)| SeriesRead {
                period,
                meter: meter.clone(),
                digest: *digest,
            }));
        if known.count != reference.count || known.sums != reference.sums {
            tally.differing.push((usage.period, known.name.clone()));
        }
    }
}

/// Takes a report, which must be of exactly the next period.
pub(super) fn report(history: &mut History, said: &Said<'_>, period: Period, version: Version) {
    let (subject, index) = (&said.statement.subject, version.index);
    let left_out = history.streams.get(&subject.stream);
    let left_out = left_out.map_or(0, |stream| stream.left_out);
    let area = history.areas.entry(subject.stream);
    let area = area.or_insert_with(|| Area::undeclared(period.start(), index));
    if !area.is_declared() {
        history.findings.push(Finding::new(
            Check::AreaMissing,
            format!("{subject} (entry {index}) is of an area that was not declared before it"),
        ));
    }
    let mut next = area.next_start();
    // A bundle's first report follows those that it leaves out, one a period.
    if !said.whole
        && area.reports.is_empty()
        && left_out > 0
        && area.schedule.is_edge(period.start())
    {
        let before = area
            .untold(next, period.start())
            .map_or(0, |(_, count)| count);
        if before == left_out || (before >= MAX_COUNTED && left_out >= MAX_COUNTED) {
            next = period.start();
        } else {
            history.findings.push(Finding::new(
                Check::ReportMissing,
                format!(
                    "{subject} (entry {index}) stands behind {left_out} statements that are not shown; {before} are the reports of the periods before"
                ),
            ));
        }
    }
    let exact = area.schedule.period_from(period.start()) == Some(period);
    let expected = area.schedule.period_from(next);
    // What follows a skipped period is still a report of its own period.
    let refused = if period.start() >= next && exact {
        area.reports.push(period, subject.sequence, version).err()
    } else {
        Some(Box::new(Report {
            period,
            sequence: subject.sequence,
            versions: vec![version],
        }))
    };
    let stray = refused.is_some();
    if let Some(report) = refused {
        area.add_stray(*report);
    }
    if stray || period.start() != next {
        let expected = expected.map_or_else(|| "nothing".to_owned(), |period| period.to_string());
        history.findings.push(Finding::new(
            Check::Contiguous,
            format!(
                "{subject} (entry {index}) accounts for {period}, but the next period is {expected}"
            ),
        ));
    }
}
