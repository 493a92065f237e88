//! Where a validly signed statement stands (formats: 4).

use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::hash::Hash;
use crate::verify::checks::Check;
use crate::verify::evidence::OpenedLedger;
use crate::verify::history::History;
use crate::verify::history::Ids;
use crate::verify::history::Stream;
use crate::verify::replay::correction::conflict;
use crate::verify::replay::effect::apply;
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
    let area = history.areas.get(&subject.stream);
    // What a bundle may leave out is reports: where none is due, nothing.
    let due = area.is_none_or(|area| area.schedule.open.measures.is_none());
    let Some(stream) = history.streams.get(&subject.stream) else {
        // A bundle may begin within a stream.
        return match subject.sequence {
            0 => Place::Next,
            count if !whole && due => Place::Left(count),
            _ => Place::Skips(0),
        };
    };
    if let Some(count) = subject.sequence.checked_sub(stream.next) {
        let begins = due && area.is_some_and(|area| area.reports.is_empty());
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
