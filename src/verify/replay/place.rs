//! Where a validly signed statement stands, and what it changes (formats: 4).

use std::collections::btree_map::Entry;

use crate::attestation::Content;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::content::Action;
use crate::attestation::content::Area as AreaStatement;
use crate::attestation::content::Correction;
use crate::attestation::content::Evidence;
use crate::attestation::content::EvidenceKind;
use crate::attestation::content::Inventory;
use crate::attestation::content::RunEvent;
use crate::attestation::content::Seal;
use crate::attestation::content::StatementType;
use crate::attestation::content::Usage;
use crate::attestation::figure::Figure;
use crate::attestation::identity::Identity;
use crate::hash::Hash;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::evidence::OpenedLedger;
use crate::verify::history::Account;
use crate::verify::history::Area;
use crate::verify::history::EvidenceRecord;
use crate::verify::history::Held;
use crate::verify::history::History;
use crate::verify::history::Ids;
use crate::verify::history::InventoryRecord;
use crate::verify::history::MAX_COUNTED;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::history::SealRecord;
use crate::verify::history::SeriesRead;
use crate::verify::history::Stream;
use crate::verify::history::Testimony;
use crate::verify::history::TransferRecord;
use crate::verify::history::Version;
use crate::verify::replay::link::Bound;
use crate::verify::verdict::Finding;

/// How a statement's place relates to those before it.
enum Place {
    /// The same statement stood there before: a copy.
    Copy,
    /// Another statement stands there: equivocation.
    Conflict(StatementId),
    /// It is the next, or the first shown of its stream.
    Next,
    /// So many before it are not in a bundle, which leaves out reports of before its window.
    Left(u64),
    /// It is not the next: statements before it are not in the log.
    Skips(u64),
}

/// A statement whose signatures are valid, and where it stands.
pub(super) struct Said<'s> {
    pub(super) statement: &'s Statement,
    pub(super) id: StatementId,
    pub(super) index: u64,
    /// The ledgers that were opened.
    pub(super) ledgers: &'s [OpenedLedger],
    /// Whether every entry of the log comes, or those of a bundle.
    pub(super) whole: bool,
    /// The root of its `notBefore`, if that is a prefix of the log.
    pub(super) not_before: Option<Hash>,
}

/// Puts a statement, whose signatures are valid, into its issuer's history.
pub(super) fn accept(history: &mut History, said: &Said<'_>, not_before: &Bound) {
    let (statement, id, index, whole) = (said.statement, said.id, said.index, said.whole);
    let subject = &statement.subject;
    let mut left_out = 0;
    fill(history, statement);
    match place(history, subject, id, whole) {
        Place::Copy => return,
        Place::Conflict(known) => {
            history.findings.push(Finding::new(
                Check::Equivocation,
                format!(
                    "issuer {} signed two statements for {}/{}: {known} and, at entry {index}, {id}",
                    subject.issuer, subject.stream, subject.sequence
                ),
            ));
            conflict(history, said);
            return;
        }
        Place::Next => {}
        Place::Left(count) => left_out = count,
        Place::Skips(expected) => history.findings.push(Finding::new(
            Check::Sequence,
            format!(
                "entry {index} is {subject}, but {expected} is next: statements before it are not in the log"
            ),
        )),
    }
    check_previous(history, statement, index);
    let not_before = check_not_before(history, statement, index, not_before);
    check_head(history, statement, index, whole);
    remember(history, statement, id);
    if let Some(stream) = history.streams.get_mut(&subject.stream) {
        stream.not_before = not_before;
        stream.left_out = stream.left_out.saturating_add(left_out);
    }
    apply(history, said);
}

/// Lets what nobody can read stand where the statement after it says that it does: it is a
/// gap, and no hole in the log.
fn fill(history: &mut History, statement: &Statement) {
    let subject = &statement.subject;
    let Some(previous) = statement.link.previous else {
        return;
    };
    let Some(stream) = history.streams.get_mut(&subject.stream) else {
        return;
    };
    let after = stream.next.checked_add(1) == Some(subject.sequence);
    if after && history.unread.remove(&previous) {
        stream.ids.set(stream.next, previous);
        stream.next = subject.sequence;
        stream.last = previous;
    }
}

fn place(history: &History, subject: &Subject, id: StatementId, whole: bool) -> Place {
    let Some(stream) = history.streams.get(&subject.stream) else {
        // A bundle may begin within a stream.
        return match subject.sequence {
            0 => Place::Next,
            count if !whole => Place::Left(count),
            _ => Place::Skips(0),
        };
    };
    if let Some(count) = subject.sequence.checked_sub(stream.next) {
        let area = history.areas.get(&subject.stream);
        let begins = area.is_some_and(|area| area.reports.is_empty());
        return match count {
            0 => Place::Next,
            _ if !whole && begins => Place::Left(count),
            _ => Place::Skips(stream.next),
        };
    }
    match stream.ids.get(subject.sequence) {
        Some(known) if known == id => Place::Copy,
        Some(known) => Place::Conflict(known),
        // It comes after those that follow it: the order is broken.
        None => Place::Skips(stream.next),
    }
}

fn check_previous(history: &mut History, statement: &Statement, index: u64) {
    let subject = &statement.subject;
    let expected = match history.streams.get(&subject.stream) {
        Some(stream) if stream.next == subject.sequence => Some(stream.last),
        // The first of an area's stream follows the `open` that declared it.
        None if subject.sequence == 0 && !subject.stream.is_governance() => {
            match history.areas.get(&subject.stream) {
                Some(area) if !area.is_declared() => return,
                Some(area) => area.opened,
                None => None,
            }
        }
        None if subject.sequence == 0 => None,
        // What is missing before it was said already.
        _ => return,
    };
    if statement.link.previous != expected {
        history.findings.push(Finding::new(
            Check::Previous,
            format!(
                "entry {index}, {subject}, does not follow the statement before it: it names {}",
                crate::attestation::fields::or_none(statement.link.previous.as_ref())
            ),
        ));
    }
}

/// Returns the size of the tree that the stream's `notBefore` has come to.
fn check_not_before(
    history: &mut History,
    statement: &Statement,
    index: u64,
    bound: &Bound,
) -> Option<u64> {
    let subject = &statement.subject;
    let before = history.streams.get(&subject.stream);
    let before = before.and_then(|stream| stream.not_before);
    match bound {
        Bound::None => {
            if let Some(before) = before {
                history.findings.push(Finding::new(
                    Check::NotBeforeOrder,
                    format!("{subject} (entry {index}): its `notBefore` is `none` after one of {before} entries"),
                ));
            }
        }
        Bound::Size(size, _) => {
            if let Some(before) = before.filter(|before| before > size) {
                history.findings.push(Finding::new(
                    Check::NotBeforeOrder,
                    format!("{subject} (entry {index}): its `notBefore` goes back from {before} to {size} entries"),
                ));
            }
            let known = before.unwrap_or_default().max(*size);
            return Some(known);
        }
        Bound::Unverified(why) => history.findings.push(Finding::new(
            Check::NotBefore,
            format!("{subject} (entry {index}): its `notBefore` gives no bound: {why}"),
        )),
        Bound::Fork(why) => history.findings.push(Finding::new(
            Check::NotBeforeFork,
            format!("{subject} (entry {index}): {why}"),
        )),
    }
    before
}

/// Checks the head of stream 0 that a statement of an area was made under.
fn check_head(history: &mut History, statement: &Statement, index: u64, whole: bool) {
    let Some(head) = statement.link.governance else {
        return;
    };
    let subject = statement.subject;
    let known = history
        .streams
        .get(&StreamId::GOVERNANCE)
        .and_then(|stream| stream.ids.get(head.sequence));
    let finding = match known {
        Some(known) if known == head.statement => None,
        Some(known) => Some(Finding::new(
            Check::Head,
            format!(
                "{subject} (entry {index}) was made under {} at sequence {} of stream 0, where {known} stands",
                head.statement, head.sequence
            ),
        )),
        None => Some(Finding::new(
            Check::HeadMissing,
            format!(
                "{subject} (entry {index}) was made under statement {} of stream 0, which is not {} it",
                head.sequence,
                if whole { "before" } else { "shown with" }
            ),
        )),
    };
    history.findings.extend(finding);
    let before = history
        .streams
        .get(&subject.stream)
        .map_or(0, |one| one.head);
    if head.sequence < before {
        history.findings.push(Finding::new(
            Check::HeadOrder,
            format!(
                "{subject} (entry {index}) was made under statement {} of stream 0, its predecessor under {before}",
                head.sequence
            ),
        ));
    }
}

fn remember(history: &mut History, statement: &Statement, id: StatementId) {
    let subject = &statement.subject;
    let stream = history
        .streams
        .entry(subject.stream)
        .or_insert_with(|| new_stream(id));
    stream.ids.set(subject.sequence, id);
    stream.next = stream.next.max(subject.sequence.saturating_add(1));
    stream.last = id;
    if let Some(head) = statement.link.governance {
        stream.head = stream.head.max(head.sequence);
    }
}

fn new_stream(id: StatementId) -> Stream {
    Stream {
        next: 0,
        left_out: 0,
        last: id,
        ids: Ids::default(),
        head: 0,
        not_before: None,
    }
}

/// Lets a statement take effect.
fn apply(history: &mut History, said: &Said<'_>) {
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
        Content::Challenge(challenge) => {
            let asked = (index, id, challenge.about.clone());
            history.challenges.push(asked);
        }
        Content::Evidence(evidence) => attest(history, said, evidence),
        Content::Area(_)
        | Content::ChallengeResponse(_)
        | Content::Issuer(_)
        | Content::NotUnderstood(_)
        | Content::Pledge(_)
        | Content::Recovery(_)
        | Content::Registration(_)
        | Content::Withdrawal(_) => {}
    }
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

fn version(
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
fn check_inventory(history: &mut History, subject: &Subject, index: u64, usage: &Usage) {
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

fn unread(index: u64, period: Period, admits: &[Figure]) -> Version {
    Version {
        index,
        account: Account::of(admits, period, None, std::iter::empty()),
        understood: false,
        conflicting: false,
    }
}

fn inventory_record(
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

/// Holds the ledgers that a report names against those that were opened.
fn tally(history: &mut History, subject: &Subject, usage: &Usage, opened: &[OpenedLedger]) {
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
fn report(history: &mut History, said: &Said<'_>, period: Period, version: Version) {
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

fn correct(history: &mut History, said: &Said<'_>, correction: &Correction) {
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
fn add_version(
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
fn conflict(history: &mut History, said: &Said<'_>) {
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
