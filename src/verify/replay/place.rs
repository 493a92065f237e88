//! Where a validly signed statement stands, and what it changes (formats: 4).

use std::collections::btree_map::Entry;

use crate::attestation::Content;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::content::Action;
use crate::attestation::content::Correction;
use crate::attestation::content::Usage;
use crate::attestation::figure::Figure;
use crate::time::Period;
use crate::verify::history::Area;
use crate::verify::history::History;
use crate::verify::history::InventoryRecord;
use crate::verify::history::PledgeRecord;
use crate::verify::history::Report;
use crate::verify::history::Stream;
use crate::verify::history::Version;
use crate::verify::replay::link::Bound;
use crate::verify::verdict::Axis;
use crate::verify::verdict::Finding;

/// How a statement's place relates to those before it.
enum Place {
    /// The same statement stood there before: a copy.
    Copy,
    /// Another statement stands there: equivocation.
    Conflict(StatementId),
    /// It is the next, or the first shown of its stream.
    Next,
    /// It is not the next: statements before it are not in the log.
    Skips(u64),
}

/// Puts a statement, whose signatures are valid, into its issuer's history.
pub(super) fn accept(
    history: &mut History,
    statement: &Statement,
    id: StatementId,
    index: u64,
    whole: bool,
    not_before: Option<Bound>,
) {
    let subject = &statement.subject;
    match place(history, subject, id, whole) {
        Place::Copy => return,
        Place::Conflict(known) => {
            history.findings.push(Finding::integrity(
                "equivocation",
                format!(
                    "issuer {} signed two statements for {}/{}: {known} and, at entry {index}, {id}",
                    subject.issuer, subject.stream, subject.sequence
                ),
            ));
            conflict(history, statement, index);
            return;
        }
        Place::Next => {}
        Place::Skips(expected) => history.findings.push(Finding::integrity(
            "sequence",
            format!(
                "entry {index} is {subject}, but {expected} is next: statements before it are not in the log"
            ),
        )),
    }
    check_previous(history, statement, index);
    if let Some(bound) = not_before {
        check_not_before(history, statement, index, &bound);
    }
    check_head(history, statement, index, whole);
    remember(history, statement, id, index);
    apply(history, statement, id, index);
}

/// Fills the place of a signed statement that nobody can read.
pub(super) fn fill_unread(history: &mut History, subject: &Subject, id: StatementId, index: u64) {
    let stream = history
        .streams
        .entry(subject.stream)
        .or_insert_with(|| new_stream(id));
    if subject.sequence == stream.next {
        stream.ids.push(Some(id));
        stream.next = stream.next.saturating_add(1);
        stream.last = id;
        stream.last_index = index;
    }
}

fn place(history: &History, subject: &Subject, id: StatementId, whole: bool) -> Place {
    let Some(stream) = history.streams.get(&subject.stream) else {
        // A bundle may begin within a stream.
        return if subject.sequence == 0 || !whole {
            Place::Next
        } else {
            Place::Skips(0)
        };
    };
    if subject.sequence >= stream.next {
        return if subject.sequence == stream.next {
            Place::Next
        } else {
            Place::Skips(stream.next)
        };
    }
    let at = usize::try_from(subject.sequence).unwrap_or(usize::MAX);
    match stream.ids.get(at).copied().flatten() {
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
                Some(area) => area_open_id(history, area.open_index),
                None => None,
            }
        }
        None if subject.sequence == 0 => None,
        // What is missing before it was said already.
        _ => return,
    };
    if statement.link.previous != expected {
        history.findings.push(Finding::integrity(
            "previous",
            format!(
                "entry {index}, {subject}, does not follow the statement before it: it names {}",
                crate::attestation::fields::or_none(statement.link.previous.as_ref())
            ),
        ));
    }
}

fn area_open_id(history: &History, index: u64) -> Option<StatementId> {
    history
        .open_ids
        .iter()
        .find(|(at, _)| *at == index)
        .map(|(_, id)| *id)
}

fn check_not_before(history: &mut History, statement: &Statement, index: u64, bound: &Bound) {
    let subject = &statement.subject;
    match bound {
        Bound::None => {}
        Bound::Size(size) => {
            let before = history
                .streams
                .get(&subject.stream)
                .map(|one| one.not_before);
            if let Some(before) = before.filter(|before| before > size) {
                history.findings.push(Finding::note(
                    "not-before-order",
                    Axis::Integrity,
                    format!("{subject} (entry {index}): its `notBefore` goes back from {before} to {size} entries"),
                ));
            }
            if let Some(stream) = history.streams.get_mut(&subject.stream) {
                stream.not_before = stream.not_before.max(*size);
            }
        }
        Bound::Unverified(why) => history.findings.push(Finding::note(
            "not-before",
            Axis::Integrity,
            format!("{subject} (entry {index}): its `notBefore` gives no bound: {why}"),
        )),
        Bound::Fork(why) => history.findings.push(Finding::integrity(
            "not-before-fork",
            format!("{subject} (entry {index}): {why}"),
        )),
    }
}

/// Checks the head of stream 0 that a statement of an area was made under.
fn check_head(history: &mut History, statement: &Statement, index: u64, whole: bool) {
    let Some(head) = statement.link.governance else {
        return;
    };
    let subject = statement.subject;
    let at = usize::try_from(head.sequence).unwrap_or(usize::MAX);
    let known = history
        .streams
        .get(&StreamId::GOVERNANCE)
        .and_then(|stream| stream.ids.get(at).copied().flatten());
    let finding = match known {
        Some(known) if known == head.statement => None,
        Some(known) => Some(Finding::integrity(
            "head",
            format!(
                "{subject} (entry {index}) was made under {} at sequence {} of stream 0, where {known} stands",
                head.statement, head.sequence
            ),
        )),
        None => Some(Finding::not_shown(
            "head-missing",
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
        history.findings.push(Finding::integrity(
            "head-order",
            format!(
                "{subject} (entry {index}) was made under statement {} of stream 0, its predecessor under {before}",
                head.sequence
            ),
        ));
    }
}

fn remember(history: &mut History, statement: &Statement, id: StatementId, index: u64) {
    let subject = &statement.subject;
    let stream = history
        .streams
        .entry(subject.stream)
        .or_insert_with(|| new_stream(id));
    let at = usize::try_from(subject.sequence).unwrap_or(usize::MAX);
    // Holes are bounded: an adversary may claim any sequence.
    if at <= stream.ids.len().saturating_add(MAX_HOLE) {
        if stream.ids.len() <= at {
            stream.ids.resize(at.saturating_add(1), None);
        }
        if let Some(place) = stream.ids.get_mut(at) {
            *place = Some(id);
        }
    }
    stream.next = stream.next.max(subject.sequence.saturating_add(1));
    stream.last = id;
    stream.last_index = index;
    if let Some(head) = statement.link.governance {
        stream.head = stream.head.max(head.sequence);
    }
}

/// The most statements that may be missing in one place before ids are no longer kept.
const MAX_HOLE: usize = 1 << 20;

const fn new_stream(id: StatementId) -> Stream {
    Stream {
        next: 0,
        last: id,
        last_index: 0,
        ids: Vec::new(),
        head: 0,
        not_before: 0,
    }
}

/// Lets a statement take effect.
fn apply(history: &mut History, statement: &Statement, id: StatementId, index: u64) {
    let subject = &statement.subject;
    let governs = subject.stream.is_governance();
    match &statement.content {
        Content::Issuer(issuer) if governs => {
            if let Some(identity) = &mut history.identity {
                if issuer.log != identity.current().log || issuer.moved.is_some() {
                    history.findings.push(Finding::not_shown(
                        "moved",
                        format!(
                            "at entry {index} the issuer moved to the log `{}`",
                            issuer.log.origin
                        ),
                    ));
                }
                identity.succeed((**issuer).clone());
            }
        }
        Content::Area(area) if governs => match &area.action {
            Action::Open(open) => {
                history.open_ids.push((index, id));
                match history.areas.entry(area.stream) {
                    Entry::Vacant(place) => {
                        place.insert(Area::new(open.clone(), index));
                    }
                    Entry::Occupied(_) => history.findings.push(Finding::integrity(
                        "area-reopened",
                        format!("entry {index} opens area {} again", area.stream),
                    )),
                }
            }
            Action::Change(change) => {
                if let Some(known) = history.areas.get_mut(&area.stream) {
                    if change.from >= known.next_start() {
                        known.changes.push((change.clone(), index));
                    } else {
                        history.findings.push(Finding::note(
                            "area-change",
                            Axis::Completeness,
                            format!("entry {index} changes area {} in a period already published: not applied", area.stream),
                        ));
                    }
                }
            }
            Action::Close(close) => {
                if let Some(known) = history.areas.get_mut(&area.stream) {
                    known.close = Some((close.clone(), index));
                }
            }
        },
        Content::Pledge(pledge) if governs => history.pledges.push(PledgeRecord {
            id,
            index,
            pledge: (**pledge).clone(),
        }),
        Content::Withdrawal(withdrawal) if governs => {
            history.withdrawals.push((withdrawal.pledge, index));
        }
        Content::Usage(usage) => {
            let version = version(index, usage, true, false);
            report(history, subject, usage.period, version);
        }
        Content::NotUnderstood(content) if !governs => {
            if let Some(period) = content.period {
                let version = unread(index, content.admits.clone());
                report(history, subject, period, version);
            }
        }
        Content::Inventory(inventory) => {
            if let Some(area) = history.areas.get_mut(&subject.stream) {
                area.inventories.push(InventoryRecord {
                    index,
                    from: inventory.from,
                    capacity: inventory.capacity.clone(),
                });
            }
        }
        Content::Correction(correction) => correct(history, subject, correction, index),
        Content::Area(_)
        | Content::Challenge(_)
        | Content::ChallengeResponse(_)
        | Content::Corroboration(_)
        | Content::Evidence(_)
        | Content::Issuer(_)
        | Content::NotUnderstood(_)
        | Content::Pledge(_)
        | Content::Recovery(_)
        | Content::Registration(_)
        | Content::Run(_)
        | Content::Seal(_)
        | Content::Transfer(_)
        | Content::Withdrawal(_) => {}
    }
}

fn version(index: u64, usage: &Usage, understood: bool, conflicting: bool) -> Version {
    Version {
        index,
        figures: usage.figures.clone(),
        ledgers: usage.ledgers.clone(),
        // A committed figure that nobody opened bounds nothing from above.
        understood: understood && usage.commitments.is_empty(),
        conflicting,
    }
}

const fn unread(index: u64, admits: Vec<Figure>) -> Version {
    Version {
        index,
        figures: admits,
        ledgers: Vec::new(),
        understood: false,
        conflicting: false,
    }
}

/// Takes a report, which must be of exactly the next period.
fn report(history: &mut History, subject: &Subject, period: Period, version: Version) {
    let index = version.index;
    let Some(area) = history.areas.get_mut(&subject.stream) else {
        history.findings.push(Finding::not_shown(
            "area-missing",
            format!("{subject} (entry {index}) is of an area that was not declared before it"),
        ));
        return;
    };
    let report = Report {
        period,
        sequence: subject.sequence,
        versions: vec![version],
    };
    let next = area.next_start();
    let exact = area.period_from(period.start()) == Some(period);
    if period.start() == next && exact {
        area.reports.push(report);
        return;
    }
    let expected = area
        .period_from(next)
        .map_or_else(|| "nothing".to_owned(), |period| period.to_string());
    history.findings.push(Finding::not_shown(
        "contiguous",
        format!(
            "{subject} (entry {index}) accounts for {period}, but the next period is {expected}"
        ),
    ));
    // What follows a skipped period is still a report of its own period.
    if period.start() > next && exact {
        area.reports.push(report);
    } else {
        area.strays.push(report);
    }
}

fn correct(history: &mut History, subject: &Subject, correction: &Correction, index: u64) {
    let stands = history.streams.get(&subject.stream).and_then(|stream| {
        let at = usize::try_from(correction.corrects.sequence).ok()?;
        stream.ids.get(at).copied().flatten()
    });
    let mut refuse = |why: &str| {
        history.findings.push(Finding::note(
            "correction",
            Axis::Correctness,
            format!("{subject} (entry {index}) corrects nothing: {why}"),
        ));
    };
    if stands != Some(correction.corrects.statement) {
        refuse("no such statement stands in its stream");
        return;
    }
    let Content::Usage(usage) = &*correction.replacement else {
        return;
    };
    let sequence = correction.corrects.sequence;
    let found = history.areas.get_mut(&subject.stream).and_then(|area| {
        area.reports
            .iter_mut()
            .chain(&mut area.strays)
            .find(|report| report.sequence == sequence)
    });
    match found {
        Some(report) if report.period == usage.period => {
            report.versions.push(version(index, usage, true, false));
        }
        Some(_) => refuse("its period is another"),
        None => refuse("what it names is no `usage`"),
    }
}

/// Keeps what a conflicting statement admits.
fn conflict(history: &mut History, statement: &Statement, index: u64) {
    let subject = &statement.subject;
    let version = match &statement.content {
        Content::Usage(usage) => version(index, usage, true, true),
        Content::NotUnderstood(content) => Version {
            conflicting: true,
            ..unread(index, content.admits.clone())
        },
        Content::Pledge(pledge) => {
            // Whichever of two pledges was meant, a breach of either is one.
            let id = statement
                .to_payload()
                .map(|payload| StatementId::of(&payload));
            history.pledges.extend(id.map(|id| PledgeRecord {
                id,
                index,
                pledge: (**pledge).clone(),
            }));
            return;
        }
        _ => return,
    };
    let Some(area) = history.areas.get_mut(&subject.stream) else {
        return;
    };
    let known = area.reports.iter_mut().chain(&mut area.strays);
    let mut same = known.filter(|report| report.sequence == subject.sequence);
    if let Some(report) = same.next() {
        report.versions.push(version);
    }
}
