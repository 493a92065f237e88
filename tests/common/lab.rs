//! What a lab says, signed and in order.

use std::collections::BTreeMap;

use standstill::attestation::content::{
    Action, Area, AreaOpen, Correction, Issuer, KeySet, LogOfRecord, Roles, StreamHead, Usage,
    Witnesses,
};
use standstill::attestation::statement::first_payload;
use standstill::attestation::{
    Content, Envelope, Head, IssuerId, Link, Statement, StatementId, StreamId, Subject,
};
use standstill::claim::Pledge;
use standstill::time::{Cadence, Period};

use super::*;

/// What a lab says, in order, with what ties it together.
#[derive(Clone)]
pub struct Lab {
    pub seed: u8,
    pub id: IssuerId,
    pub entries: Vec<Vec<u8>>,
    /// What its next statements say existed before them.
    pub not_before: Option<String>,
    heads: BTreeMap<StreamId, (u64, StatementId)>,
    opens: BTreeMap<StreamId, StatementId>,
}

impl Lab {
    /// Begins with an issuer that heeds two of three witnesses, and one area of days.
    pub fn new(seed: u8) -> Self {
        Self::renamed(seed, "cluster")
    }

    /// As [`Self::new`], suspected of something since a moment that depends on `what`: the
    /// same keys under another id.
    pub fn renamed(seed: u8, what: &str) -> Self {
        Self::found(seed, what, 2)
    }

    /// As [`Self::new`], heeding no witness.
    pub fn unheeding(seed: u8) -> Self {
        Self::found(seed, "cluster", 0)
    }

    /// Begins anew as this issuer, with the same keys.
    pub fn founded_as(&self, issuer: Issuer) -> Self {
        Self::founded(self.seed, "cluster", issuer)
    }

    fn found(seed: u8, what: &str, quorum: usize) -> Self {
        let mut issuer = issuer(seed, quorum);
        issuer.suspected_since = (what != "cluster").then(|| at(what.len().try_into().unwrap()));
        Self::founded(seed, what, issuer)
    }

    fn founded(seed: u8, what: &str, issuer: Issuer) -> Self {
        let link = Link {
            previous: None,
            governance: None,
            not_before: None,
            beacon: None,
        };
        let (id, payload) = first_payload(&Content::Issuer(Box::new(issuer)), &link).unwrap();
        let mut lab = Self {
            seed,
            id,
            entries: Vec::new(),
            not_before: None,
            heads: BTreeMap::new(),
            opens: BTreeMap::new(),
        };
        lab.heads
            .insert(StreamId::GOVERNANCE, (0, StatementId::of(&payload)));
        let entry = Envelope::sign(&payload, &[&secret(seed)]).unwrap();
        lab.entries.push(entry.to_bytes());
        lab.open(
            1,
            AreaOpen {
                name: what.to_owned(),
                ..days()
            },
        );
        lab
    }

    /// Opens an area.
    pub fn open(&mut self, stream: u64, open: AreaOpen) {
        let stream = StreamId::new(stream);
        let action = Action::Open(open);
        let area = Content::Area(Area { stream, action });
        let id = self.say(StreamId::GOVERNANCE, area);
        self.opens.insert(stream, id);
    }

    /// Makes a statement the next of its stream.
    pub fn say(&mut self, stream: StreamId, content: Content) -> StatementId {
        let (entry, id) = self.sign_next(stream, content);
        let sequence = self.next_sequence(stream);
        self.heads.insert(stream, (sequence, id));
        self.entries.push(entry);
        id
    }

    /// Signs what would be next, and keeps no record of it.
    pub fn sign_next(&self, stream: StreamId, content: Content) -> (Vec<u8>, StatementId) {
        let sequence = self.next_sequence(stream);
        let previous = self.heads.get(&stream).map(|(_, id)| *id);
        let previous = previous.or_else(|| self.opens.get(&stream).copied());
        self.sign_at(stream, sequence, previous, content)
    }

    pub fn sign_at(
        &self,
        stream: StreamId,
        sequence: u64,
        previous: Option<StatementId>,
        content: Content,
    ) -> (Vec<u8>, StatementId) {
        let governance = self.heads[&StreamId::GOVERNANCE];
        let head = Head {
            sequence: governance.0,
            statement: governance.1,
        };
        let statement = Statement {
            subject: Subject {
                issuer: self.id,
                stream,
                sequence,
            },
            link: Link {
                previous,
                governance: (!stream.is_governance()).then_some(head),
                not_before: self.not_before.clone(),
                beacon: None,
            },
            content,
        };
        let payload = statement.to_payload().unwrap();
        let id = StatementId::of(&payload);
        let role = match &statement.content {
            Content::Issuer(_) => 0,
            Content::Area(area) if matches!(area.action, Action::Close(_)) => 0,
            _ if stream.is_governance() => 1,
            _ => 2,
        };
        let envelope = Envelope::sign(&payload, &[&secret(self.seed + role)]).unwrap();
        (envelope.to_bytes(), id)
    }

    /// The last statement of an area.
    pub fn head(&self, stream: u64) -> standstill::attestation::content::StreamHead {
        let (sequence, statement) = self.heads[&StreamId::new(stream)];
        standstill::attestation::content::StreamHead {
            stream: StreamId::new(stream),
            sequence,
            statement,
        }
    }

    pub fn next_sequence(&self, stream: StreamId) -> u64 {
        self.heads
            .get(&stream)
            .map_or(0, |(sequence, _)| sequence + 1)
    }

    pub fn usage(&mut self, period: Period, amount: u64) -> StatementId {
        self.say(StreamId::new(1), usage(period, amount))
    }

    pub fn pledge(&mut self, pledge: Pledge) -> StatementId {
        self.say(StreamId::GOVERNANCE, Content::Pledge(Box::new(pledge)))
    }

    pub fn correct(&mut self, sequence: u64, statement: StatementId, content: Content) {
        let correction = Correction {
            corrects: Head {
                sequence,
                statement,
            },
            replacement: Box::new(content),
            reason: "a test".to_owned(),
        };
        self.say(StreamId::new(1), Content::Correction(correction));
    }
}
