//! What is said a second time: corrections, and statements that conflict with others
//! (formats: 4 and 7).

use crate::attestation::Content;
use crate::attestation::content::Correction;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::history::Area;
use crate::verify::history::History;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::history::Version;
use crate::verify::replay::effect::inventory_record;
use crate::verify::replay::place::Said;
use crate::verify::replay::report::tally;
use crate::verify::replay::report::unread;
use crate::verify::replay::report::version;
use crate::verify::verdict::Finding;

pub(super) fn correct(history: &mut History, said: &Said<'_>, correction: &Correction) {
    let (subject, index) = (&said.statement.subject, said.index);
    let sequence = correction.corrects.sequence;
    let stands = history
        .streams
        .get(&subject.stream)
        .and_then(|stream| stream.ids.get(sequence));
    let refused = if stands == Some(correction.corrects.statement) {
        match &*correction.replacement {
            Content::Usage(usage) => {
                let version = version(history, subject, index, usage, false);
                tally(history, subject, usage, said.ledgers);
                let area = history.areas.get_mut(&subject.stream);
                area.and_then(|area| add_version(area, sequence, usage.period, version).ok())
                    .is_none()
                    .then_some("what it names is no `usage` of that period")
            }
            Content::Inventory(inventory) => {
                let area = history.areas.get_mut(&subject.stream);
                area.and_then(|area| {
                    let named = correction.corrects.statement;
                    let original = area.inventory_of(named)?;
                    if original.from != inventory.from || original.corrects {
                        return None;
                    }
                    let record = inventory_record(said.id, index, inventory, true);
                    area.add_inventory(record);
                    Some(())
                })
                .is_none()
                .then_some("what it names is no `inventory` from that edge")
            }
            Content::Run(new) => {
                let place = (subject.stream, sequence);
                let of = history.run_places.get(&place);
                let record = of.and_then(|of| history.runs.get_mut(of));
                let known = record.and_then(|record| record.statements.get_mut(&place));
                let same = known.filter(|known| {
                    let mut versions = known.iter();
                    versions.all(|(_, version)| version.event == new.event)
                });
                same.map(|known| known.push((index, (**new).clone())))
                    .is_none()
                    .then_some("what it names is no statement of that run and that time")
            }
            Content::Corroboration(new) => {
                let place = (subject.stream, sequence);
                let known = history.testimonies.get_mut(&place);
                let same = known.filter(|known| {
                    let mut versions = known.versions.iter();
                    versions.all(|(_, version)| version.about == new.about)
                });
                same.map(|known| known.versions.push((index, new.clone())))
                    .is_none()
                    .then_some("what it names is no `corroboration` of those areas and that period")
            }
            _ => None,
        }
    } else {
        Some("no such statement stands in its stream")
    };
    if let Some(why) = refused {
        // What it says of a time, it admits, whatever it was to correct.
        if let Content::Usage(usage) = &*correction.replacement {
            let version = version(history, subject, index, usage, false);
            if let Some(area) = history.areas.get_mut(&subject.stream) {
                area.add_stray(Report {
                    period: usage.period,
                    sequence: subject.sequence,
                    versions: vec![version],
                });
            }
        }
        history.findings.push(Finding::new(
            Check::Correction,
            format!("{subject} (entry {index}) corrects nothing: {why}"),
        ));
    }
}

/// Adds a version to the report of that sequence and period, wherever it stands, or hands
/// it back.
pub(super) fn add_version(
    area: &mut Area,
    sequence: u64,
    period: Period,
    version: Version,
) -> Result<(), Box<Version>> {
    if let Some(stray) = area.strays.get_mut(&(sequence, period)) {
        stray.versions.push(version);
        return Ok(());
    }
    area.reports.add_version(sequence, period, version)
}

/// Keeps what a conflicting statement admits, of its own period.
pub(super) fn conflict(history: &mut History, said: &Said<'_>) {
    let (statement, index) = (said.statement, said.index);
    let subject = &statement.subject;
    let (sequence, period, version) = match &statement.content {
        Content::Usage(usage) => {
            let version = version(history, subject, index, usage, true);
            (subject.sequence, usage.period, version)
        }
        Content::Correction(correction) => {
            let Content::Usage(usage) = &*correction.replacement else {
                return;
            };
            let version = version(history, subject, index, usage, true);
            (correction.corrects.sequence, usage.period, version)
        }
        Content::NotUnderstood(content) => {
            let area = history.areas.get(&subject.stream);
            let period = content
                .period
                .or_else(|| area?.reports.period_of(subject.sequence));
            let Some(period) = period else { return };
            let version = Version {
                conflicting: true,
                ..unread(index, period, &content.admits)
            };
            (subject.sequence, period, version)
        }
        // Of a run, either of two may be what was used.
        Content::Run(run) => {
            let place = (subject.stream, subject.sequence);
            let of = history.run_places.get(&place);
            let record = of.and_then(|of| history.runs.get_mut(of));
            let known = record.and_then(|record| record.statements.get_mut(&place));
            if let Some(known) = known {
                known.push((index, (**run).clone()));
            }
            return;
        }
        // Whichever of two pledges was meant, a breach of either is one.
        Content::Pledge(pledge) => {
            history.pledges.push(PledgeRecord {
                id: said.id,
                sequence: subject.sequence,
                index,
                pledge: (**pledge).clone(),
            });
            return;
        }
        _ => return,
    };
    if let Some(area) = history.areas.get_mut(&subject.stream)
        && let Err(version) = add_version(area, sequence, period, version)
    {
        area.add_stray(Report {
            period,
            sequence: subject.sequence,
            versions: vec![*version],
        });
    }
}
