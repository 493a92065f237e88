//! What a validly signed statement changes, where it stands (formats: 4).

use std::collections::btree_map::Entry;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Action;
use crate::attestation::content::Area as AreaStatement;
use crate::attestation::content::ChallengeResponse;
use crate::attestation::content::Evidence;
use crate::attestation::content::EvidenceKind;
use crate::attestation::content::Inventory;
use crate::attestation::content::RunEvent;
use crate::attestation::content::Seal;
use crate::attestation::content::StatementType;
use crate::attestation::identity::Identity;
use crate::verify::checks::Check;
use crate::verify::history::Area;
use crate::verify::history::ChallengeRecord;
use crate::verify::history::EvidenceRecord;
use crate::verify::history::History;
use crate::verify::history::InventoryRecord;
use crate::verify::history::PledgeRecord;
use crate::verify::history::ResponseRecord;
use crate::verify::history::SealRecord;
use crate::verify::history::Testimony;
use crate::verify::history::TransferRecord;
use crate::verify::replay::correction::correct;
use crate::verify::replay::place::Said;
use crate::verify::replay::report::check_inventory;
use crate::verify::replay::report::report;
use crate::verify::replay::report::tally;
use crate::verify::replay::report::unread;
use crate::verify::replay::report::version;
use crate::verify::verdict::Finding;

/// Lets a statement take effect.
pub(super) fn apply(history: &mut History, said: &Said<'_>) {
    let (statement, id, index) = (said.statement, said.id, said.index);
    let subject = &statement.subject;
    let governs = subject.stream.is_governance();
    match &statement.content {
        Content::Issuer(issuer) if governs => {
            if let Some(identity) = &mut history.identity {
                if issuer.log != identity.current().log || issuer.moved.is_some() {
                    history.findings.push(Finding::new(
                        Check::Moved,
                        format!(
                            "at entry {index} the issuer moved to the log `{}`",
                            issuer.log.origin
                        ),
                    ));
                }
                identity.succeed((**issuer).clone());
                // The first is there already.
                if subject.sequence > 0 {
                    history.issuers.push((subject.sequence, (**issuer).clone()));
                }
            }
        }
        Content::Area(area) if governs => govern_area(history, area, id, index),
        Content::Pledge(pledge) if governs => history.pledges.push(PledgeRecord {
            id,
            sequence: subject.sequence,
            index,
            pledge: (**pledge).clone(),
        }),
        Content::Withdrawal(withdrawal) if governs => {
            let places = history.withdrawals.entry(withdrawal.pledge);
            places.or_default().push(index);
        }
        Content::Usage(usage) => {
            check_inventory(history, subject, index, usage);
            let version = version(history, subject, index, usage, false);
            report(history, said, usage.period, version);
            tally(history, subject, usage, said.ledgers);
        }
        Content::NotUnderstood(content) if !governs => {
            if content.is_of(StatementType::Inventory)
                && let Some(area) = history.areas.get_mut(&subject.stream)
            {
                area.add_unread_inventory(index);
            }
            if let Some(period) = content.period {
                let version = unread(index, period, &content.admits);
                report(history, said, period, version);
            }
        }
        Content::Inventory(inventory) => {
            if let Some(area) = history.areas.get_mut(&subject.stream) {
                area.add_inventory(inventory_record(id, index, inventory, false));
            }
        }
        Content::Correction(correction) => correct(history, said, correction),
        Content::Run(run) => {
            let of = match run.event {
                RunEvent::Start { .. } => id,
                RunEvent::Progress { run, .. } | RunEvent::End { run, .. } => run,
            };
            let place = (subject.stream, subject.sequence);
            history.run_places.insert(place, of);
            let record = history.runs.entry(of).or_default();
            record
                .statements
                .insert(place, vec![(index, (**run).clone())]);
        }
        Content::Transfer(transfer) => {
            if let Some(area) = history.areas.get_mut(&subject.stream) {
                area.transfers.push(TransferRecord {
                    edge: transfer.edge,
                    direction: transfer.direction,
                    index,
                    counterpart: transfer.counterpart,
                    ledger: transfer.ledger.root,
                });
            }
        }
        Content::Seal(seal) => apply_seal(history, subject.stream, seal, id, index),
        Content::Corroboration(corroboration) => {
            let versions = vec![(index, corroboration.clone())];
            let place = (subject.stream, subject.sequence);
            history.testimonies.insert(place, Testimony { versions });
        }
        Content::Challenge(challenge) => history.challenges.push(ChallengeRecord {
            id,
            index,
            challenge: challenge.clone(),
        }),
        Content::ChallengeResponse(response) => respond(history, response, index),
        Content::Evidence(evidence) => attest(history, said, evidence),
        Content::Area(_)
        | Content::Issuer(_)
        | Content::NotUnderstood(_)
        | Content::Pledge(_)
        | Content::Recovery(_)
        | Content::Registration(_)
        | Content::Withdrawal(_) => {}
    }
}

/// Keeps the first answer to a challenge: nobody answers until one suits.
fn respond(history: &mut History, response: &ChallengeResponse, index: u64) {
    let of = (response.auditor, response.challenge);
    history.responses.entry(of).or_insert(ResponseRecord {
        index,
        outcome: response.outcome,
        shown: response.shown,
    });
}

/// Keeps what is said of hardware; nothing else that is evidence is opened.
fn attest(history: &mut History, said: &Said<'_>, evidence: &Evidence) {
    let of_hardware = matches!(
        evidence.kind,
        EvidenceKind::GpuAttestation | EvidenceKind::TpmQuote
    );
    if !of_hardware {
        return;
    }
    let current = history.identity.as_ref().map(Identity::current);
    let operations = current.map_or_else(Vec::new, |one| one.roles.operations.keys().to_vec());
    history.evidence.push(EvidenceRecord {
        stream: said.statement.subject.stream,
        sequence: said.statement.subject.sequence,
        index: said.index,
        evidence: evidence.clone(),
        not_before: said.not_before,
        operations,
    });
}

/// Puts seals on, confirms or breaks them. What names seals that are not there says nothing.
fn apply_seal(history: &mut History, stream: StreamId, seal: &Seal, id: StatementId, index: u64) {
    let Some(area) = history.areas.get_mut(&stream) else {
        return;
    };
    match seal {
        Seal::Apply(applied) => {
            let record = SealRecord {
                applied: applied.clone(),
                heartbeats: Vec::new(),
                broken: Vec::new(),
            };
            area.seals.insert(id, record);
        }
        Seal::Heartbeat { seal, period, .. } => {
            if let Some(known) = area.seals.get_mut(seal) {
                known.heartbeats.push((*period, index));
            }
        }
        Seal::Break { seal, at, .. } => {
            if let Some(known) = area.seals.get_mut(seal) {
                known.broken.push((*at, index));
            }
        }
    }
}

/// Opens, changes or closes an area.
fn govern_area(history: &mut History, area: &AreaStatement, id: StatementId, index: u64) {
    match &area.action {
        Action::Open(open) => match history.areas.entry(area.stream) {
            Entry::Vacant(place) => {
                place.insert(Area::new(open.clone(), id, index));
            }
            // What was said in it before, it admits.
            Entry::Occupied(mut place) if !place.get().is_declared() => {
                let strays = std::mem::take(&mut place.get_mut().strays);
                place.insert(Area {
                    strays,
                    ..Area::new(open.clone(), id, index)
                });
            }
            Entry::Occupied(_) => history.findings.push(Finding::new(
                Check::AreaReopened,
                format!("entry {index} opens area {} again", area.stream),
            )),
        },
        Action::Change(change) => {
            let known = history.areas.get_mut(&area.stream);
            if let Some(known) = known.filter(|known| known.is_declared()) {
                let next = known.next_start();
                if let Err(why) = known.schedule.change(change, index, next) {
                    history.findings.push(Finding::new(
                        Check::AreaChange,
                        format!(
                            "entry {index} changes area {} from {} on, {why}: not applied",
                            area.stream, change.from
                        ),
                    ));
                }
            }
        }
        Action::Close(close) => {
            let known = history.areas.get_mut(&area.stream);
            if let Some(known) = known.filter(|known| known.is_declared()) {
                known.schedule.close = Some((close.clone(), index));
            }
        }
    }
}

pub(super) fn inventory_record(
    id: StatementId,
    index: u64,
    inventory: &Inventory,
    corrects: bool,
) -> InventoryRecord {
    InventoryRecord {
        id,
        index,
        from: inventory.from,
        devices: inventory.ledger.count,
        capacity: inventory.capacity.clone(),
        watts: inventory.watts.clone(),
        ledger: inventory.ledger.root,
        corrects,
    }
}
