//! What a log knows of one issuer: its keys, and where each of its streams has come to.

use std::collections::BTreeMap;

use crate::admission::candidate::Candidate;
use crate::admission::refusal::Refusal;
use crate::admission::refusal::Rule;
use crate::admission::refusal::StreamState;
use crate::attestation::Content;
use crate::attestation::Head;
use crate::attestation::Schedule;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::content::Action;
use crate::attestation::content::Area;
use crate::attestation::content::Issuer;
use crate::attestation::content::LogOfRecord;
use crate::attestation::content::Move;
use crate::attestation::content::Usage;
use crate::attestation::fields::or_none;
use crate::attestation::identity::Identity;
use crate::time::UnixSeconds;
use crate::tlog::SignedCheckpoint;

/// One issuer, as of some place in the log.
#[derive(Debug)]
pub(super) struct Known {
    identity: Identity,
    /// The statements of stream 0, by sequence.
    governance: Vec<StatementId>,
    areas: BTreeMap<StreamId, Stream>,
}

/// One area's stream.
#[derive(Debug)]
struct Stream {
    schedule: Schedule,
    /// The sequence that comes next.
    next: u64,
    /// The statement before it; of the first, the one that opened the area.
    previous: StatementId,
    /// The sequence of the head of stream 0 that the last statement named.
    head: u64,
    /// Where the next period begins; `None` where it was accounted for in another log.
    start: Option<UnixSeconds>,
}

impl Known {
    pub(super) const fn new(identity: Identity) -> Self {
        Self {
            identity,
            governance: Vec::new(),
            areas: BTreeMap::new(),
        }
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) const fn current(&self) -> &Issuer {
        self.identity.current()
    }

    /// Returns the statement at a place of stream 0.
    pub(super) fn governance(&self, sequence: u64) -> Option<StatementId> {
        let at = usize::try_from(sequence).ok()?;
        self.governance.get(at).copied()
    }

    /// Returns what is held of a stream.
    pub(super) fn state(&self, stream: StreamId) -> StreamState {
        let governance = self.governance.last().map(|last| Head {
            sequence: count(&self.governance).saturating_sub(1),
            statement: *last,
        });
        let (next, previous) = if stream.is_governance() {
            (count(&self.governance), self.governance.last().copied())
        } else {
            let known = self.areas.get(&stream);
            known.map_or((0, None), |one| (one.next, Some(one.previous)))
        };
        StreamState {
            stream,
            next,
            previous,
            governance,
        }
    }

    /// Says whether the next statement of its stream may be `candidate`: signed, chained
    /// and, as far as periods and areas go, in its place.
    pub(super) fn consider(&self, candidate: &Candidate, log: &LogOfRecord) -> Result<(), Refusal> {
        let statement = &candidate.statement;
        let subject = &statement.subject;
        if !candidate.is_signed_by(&self.identity) {
            let why = format!(
                "{subject} does not have exactly the signatures that its role requires, by the keys valid now"
            );
            return Err(Refusal::new(Rule::Signatures, why));
        }
        if !subject.stream.is_governance() {
            self.check_at_home(subject, log)?;
        }
        let state = self.state(subject.stream);
        if !subject.stream.is_governance() && state.previous.is_none() {
            let why = format!("{subject} is of an area that no statement of stream 0 opened");
            return Err(Refusal::new(Rule::Area, why));
        }
        if statement.link.previous != state.previous {
            let why = format!(
                "{subject} names {} as the statement before it",
                or_none(statement.link.previous.as_ref())
            );
            let expected = or_none(state.previous.as_ref());
            return Err(Refusal::new(Rule::Previous, why).expecting(expected));
        }
        self.check_head(candidate)?;
        match &statement.content {
            Content::Issuer(issuer) => self.check_issuer(subject, issuer, log),
            Content::Area(area) => self.check_area(subject, area),
            Content::Usage(usage) => self.check_usage(subject, usage),
            _ => Ok(()),
        }
    }

    fn check_at_home(&self, subject: &Subject, log: &LogOfRecord) -> Result<(), Refusal> {
        if self.current().log == *log {
            return Ok(());
        }
        let why = format!(
            "{subject}: its issuer's log of record is `{}`; here only copies of its stream 0 are taken, and then its move",
            self.current().log.origin
        );
        Err(Refusal::new(Rule::LogOfRecord, why).expecting(&log.origin))
    }

    /// The head of stream 0 is in the log, and not older than the predecessor's.
    fn check_head(&self, candidate: &Candidate) -> Result<(), Refusal> {
        let subject = candidate.subject();
        let Some(stream) = self.areas.get(&subject.stream) else {
            return Ok(());
        };
        let now = count(&self.governance).saturating_sub(1);
        let Some(head) = candidate.statement.link.governance else {
            let why = format!("{subject} names no head of stream 0");
            return Err(Refusal::new(Rule::Head, why).expecting(now));
        };
        let Some(known) = self.governance(head.sequence) else {
            let why = format!(
                "{subject} was made under statement {} of stream 0, which is not in the log",
                head.sequence
            );
            return Err(Refusal::new(Rule::Head, why).expecting(now));
        };
        if known != head.statement {
            let why = format!(
                "{subject} was made under {} at sequence {} of stream 0",
                head.statement, head.sequence
            );
            return Err(Refusal::new(Rule::Head, why).expecting(known));
        }
        if head.sequence < stream.head {
            let why = format!(
                "{subject} was made under statement {} of stream 0, its predecessor under {}",
                head.sequence, stream.head
            );
            return Err(Refusal::new(Rule::Head, why).expecting(stream.head));
        }
        Ok(())
    }

    /// An `issuer` statement stands in one log of record; the first in a new one is a move.
    fn check_issuer(
        &self,
        subject: &Subject,
        issuer: &Issuer,
        log: &LogOfRecord,
    ) -> Result<(), Refusal> {
        let here = self.current().log == *log;
        let refuse = |why: String| Err(Refusal::new(Rule::LogOfRecord, why));
        match &issuer.moved {
            _ if here && issuer.log != *log => refuse(format!(
                "{subject} moves to the log `{}`: it is to be the first statement there, not here",
                issuer.log.origin
            )),
            None if issuer.log == *log && !here => refuse(format!(
                "{subject} moves from the log `{}` and does not say what it leaves there: `moved` is missing",
                self.current().log.origin
            )),
            Some(moved) if issuer.log == *log => {
                if here || moved.from != self.current().log {
                    return refuse(format!(
                        "{subject} moves from the log `{}`, but its log of record is `{}`",
                        moved.from.origin,
                        self.current().log.origin
                    ));
                }
                self.check_move(subject, moved)
            }
            // A copy of what was said in another log.
            None | Some(_) => Ok(()),
        }
    }

    fn check_move(&self, subject: &Subject, moved: &Move) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal::new(Rule::LogOfRecord, why));
        let left = SignedCheckpoint::open(moved.checkpoint.as_bytes(), &moved.from.key);
        if let Err(error) = left {
            return refuse(format!(
                "{subject}: the checkpoint of the log that it leaves: {error}"
            ));
        }
        let areas = moved
            .heads
            .iter()
            .filter(|head| !head.stream.is_governance());
        for head in areas {
            if !self.areas.contains_key(&head.stream) {
                return refuse(format!(
                    "{subject} names the head of stream {}, which its stream 0 did not open",
                    head.stream
                ));
            }
        }
        Ok(())
    }

    fn check_area(&self, subject: &Subject, area: &Area) -> Result<(), Refusal> {
        let refuse = |why: String| Err(Refusal::new(Rule::Area, why));
        match (&area.action, self.areas.get(&area.stream)) {
            (Action::Open(_), None) => Ok(()),
            (Action::Open(_), Some(_)) => {
                refuse(format!("{subject} opens area {} again", area.stream))
            }
            (_, None) => refuse(format!(
                "{subject} is of area {}, which was not opened",
                area.stream
            )),
            (_, Some(known)) if known.schedule.close.is_some() => refuse(format!(
                "{subject} is of area {}, which is closed",
                area.stream
            )),
            (Action::Close(_), Some(_)) => Ok(()),
            (Action::Change(change), Some(known)) => {
                let next = known.start.unwrap_or(change.from);
                let applies = known.schedule.check_change(change, next);
                applies.map_err(|why| {
                    let why = format!(
                        "{subject} changes area {} from {} on, {why}",
                        area.stream, change.from
                    );
                    Refusal::new(Rule::Area, why).expecting(next)
                })
            }
        }
    }

    /// A `usage` accounts for exactly the next period.
    fn check_usage(&self, subject: &Subject, usage: &Usage) -> Result<(), Refusal> {
        let Some(stream) = self.areas.get(&subject.stream) else {
            return Ok(());
        };
        // After a move, any edge: what came before is judged in the other log.
        let begins = usage.period.start();
        let start = match stream.start {
            Some(start) => start,
            None if stream.schedule.is_edge(begins) => begins,
            None => stream.schedule.skip_to(begins),
        };
        let expected = stream.schedule.period_from(start);
        if expected == Some(usage.period) {
            return Ok(());
        }
        let why = format!("{subject} accounts for {}", usage.period);
        let refusal = Refusal::new(Rule::Period, why);
        Err(match expected {
            Some(period) => refusal.expecting(period),
            None => refusal.expecting("no further period: the area is closed, or has none"),
        })
    }

    /// Lets a statement that was admitted take effect.
    pub(super) fn admit(&mut self, candidate: &Candidate, index: u64, log: &LogOfRecord) {
        let subject = candidate.subject();
        if subject.stream.is_governance() {
            self.govern(candidate, index, log);
        } else if let Some(stream) = self.areas.get_mut(&subject.stream) {
            stream.next = subject.sequence.saturating_add(1);
            stream.previous = candidate.id;
            if let Some(head) = candidate.statement.link.governance {
                stream.head = head.sequence;
            }
            if let Content::Usage(usage) = &candidate.statement.content {
                stream.start = Some(usage.period.end());
            }
        }
    }

    fn govern(&mut self, candidate: &Candidate, index: u64, log: &LogOfRecord) {
        self.governance.push(candidate.id);
        match &candidate.statement.content {
            Content::Issuer(issuer) => {
                // The first is there already.
                if candidate.subject().sequence > 0 {
                    self.identity.succeed((**issuer).clone());
                }
                if let Some(moved) = issuer.moved.as_ref().filter(|_| issuer.log == *log) {
                    self.arrive(moved);
                }
            }
            Content::Area(area) => self.apply(area, candidate.id, index, log),
            _ => {}
        }
    }

    /// Takes up every stream where another log left it.
    fn arrive(&mut self, moved: &Move) {
        for stream in self.areas.values_mut() {
            stream.start = Some(stream.schedule.open.first);
        }
        for head in &moved.heads {
            if let Some(stream) = self.areas.get_mut(&head.stream) {
                stream.next = head.sequence.saturating_add(1);
                stream.previous = head.statement;
                stream.start = None;
            }
        }
    }

    fn apply(&mut self, area: &Area, id: StatementId, index: u64, log: &LogOfRecord) {
        let home = self.current().log == *log;
        match (&area.action, self.areas.get_mut(&area.stream)) {
            (Action::Open(open), None) => {
                let stream = Stream {
                    start: home.then_some(open.first),
                    schedule: Schedule::new(open.clone()),
                    next: 0,
                    previous: id,
                    head: 0,
                };
                self.areas.insert(area.stream, stream);
            }
            (Action::Change(change), Some(known)) => {
                known.schedule.changes.push((change.clone(), index));
            }
            (Action::Close(close), Some(known)) => {
                known.schedule.close = Some((close.clone(), index));
            }
            (Action::Open(_), Some(_)) | (_, None) => {}
        }
    }
}

fn count(ids: &[StatementId]) -> u64 {
    u64::try_from(ids.len()).unwrap_or(u64::MAX)
}
