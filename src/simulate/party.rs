//! Whoever signs in a simulated world: one chain a stream, each statement after the last.

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::Head;
use crate::attestation::IssuerId;
use crate::attestation::Link;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::content::Action;
use crate::attestation::content::Area;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::attestation::content::LogOfRecord;
use crate::attestation::content::Roles;
use crate::attestation::content::Witnesses;
use crate::attestation::statement::first_payload;
use crate::key::SecretKey;
use crate::simulate::Impossible;
use crate::simulate::noise::Noise;

/// The keys of an issuer, one for each role.
#[derive(Debug)]
pub(super) struct Keys {
    root: SecretKey,
    governance: SecretKey,
    operations: SecretKey,
}

impl Keys {
    pub(super) fn draw(noise: &mut Noise) -> Self {
        let mut key = || SecretKey::from_seed(noise.bytes());
        Self {
            root: key(),
            governance: key(),
            operations: key(),
        }
    }

    /// Returns what an issuer with these keys says first.
    pub(super) fn issuer(
        &self,
        log: LogOfRecord,
        witnesses: Witnesses,
    ) -> Result<Issuer, Impossible> {
        let one =
            |key: &SecretKey| KeySet::new(vec![key.public()], 1).ok_or_else(Impossible::payload);
        Ok(Issuer {
            root: one(&self.root)?,
            roles: Roles {
                governance: one(&self.governance)?,
                operations: one(&self.operations)?,
            },
            log,
            witnesses: Some(witnesses),
            earlier: Vec::new(),
            suspected_since: None,
            moved: None,
        })
    }
}

impl Keys {
    /// Signs the first statement of an issuer, and returns its id.
    pub(super) fn found(
        &self,
        issuer: Issuer,
        not_before: Option<&str>,
    ) -> Result<(IssuerId, Said), Impossible> {
        let link = Link {
            previous: None,
            governance: None,
            not_before: not_before.map(str::to_owned),
            beacon: None,
        };
        let content = Content::Issuer(Box::new(issuer));
        let (id, payload) = first_payload(&content, &link).ok_or_else(Impossible::payload)?;
        Ok((id, sign(&payload, &self.root)?))
    }
}

/// One stream, as far as it was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) stream: StreamId,
    next: u64,
    previous: StatementId,
}

/// An issuer that speaks.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) id: IssuerId,
    keys: Keys,
    governance: Chain,
    /// Its areas, in the order in which they were opened.
    pub(super) areas: Vec<Chain>,
}

/// A signed statement.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) id: StatementId,
    pub(super) entry: Vec<u8>,
}

impl Party {
    /// Founds an issuer.
    pub(super) fn found(
        keys: Keys,
        issuer: Issuer,
        not_before: Option<&str>,
    ) -> Result<(Self, Said), Impossible> {
        let (id, said) = keys.found(issuer, not_before)?;
        let party = Self {
            id,
            keys,
            governance: Chain {
                stream: StreamId::GOVERNANCE,
                next: 1,
                previous: said.id,
            },
            areas: Vec::new(),
        };
        Ok((party, said))
    }

    /// Opens its next area.
    pub(super) fn open(
        &mut self,
        open: AreaOpen,
        not_before: Option<&str>,
    ) -> Result<Said, Impossible> {
        let number = u64::try_from(self.areas.len()).map_err(Impossible::of)?;
        let stream = StreamId::new(number.saturating_add(1));
        let action = Action::Open(open);
        let said = self.govern(Content::Area(Area { stream, action }), not_before)?;
        self.areas.push(Chain {
            stream,
            next: 0,
            previous: said.id,
        });
        Ok(said)
    }

    /// Says something in stream 0.
    pub(super) fn govern(
        &mut self,
        content: Content,
        not_before: Option<&str>,
    ) -> Result<Said, Impossible> {
        let key = match &content {
            Content::Issuer(_) => &self.keys.root,
            _ => &self.keys.governance,
        };
        let link = Link {
            previous: Some(self.governance.previous),
            governance: None,
            not_before: not_before.map(str::to_owned),
            beacon: None,
        };
        let said = sign(&payload(self.id, &self.governance, link, content)?, key)?;
        self.governance.follow(said.id);
        Ok(said)
    }

    /// Returns how its areas are spoken in, from here on.
    pub(super) const fn voice<'p>(&'p self, not_before: Option<&'p str>) -> Voice<'p> {
        Voice {
            id: self.id,
            key: &self.keys.operations,
            governance: Head {
                sequence: self.governance.next.saturating_sub(1),
                statement: self.governance.previous,
            },
            not_before,
        }
    }

    /// Says something in an area, counted from 0.
    pub(super) fn say(
        &mut self,
        area: usize,
        content: Content,
        not_before: Option<&str>,
    ) -> Result<Said, Impossible> {
        let mut chain = *self.areas.get(area).ok_or_else(Impossible::payload)?;
        let said = self.voice(not_before).say(&mut chain, content)?;
        if let Some(known) = self.areas.get_mut(area) {
            *known = chain;
        }
        Ok(said)
    }
}

/// What all areas of an issuer sign with at one time: they need not wait for each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice<'p> {
    pub(super) id: IssuerId,
    key: &'p SecretKey,
    governance: Head,
    not_before: Option<&'p str>,
}

impl Voice<'_> {
    /// Says the next in an area.
    pub(super) fn say(&self, chain: &mut Chain, content: Content) -> Result<Said, Impossible> {
        let said = self.say_once(chain, content)?;
        chain.follow(said.id);
        Ok(said)
    }

    /// Signs what would be the next, and keeps no record of it.
    pub(super) fn say_once(&self, chain: &Chain, content: Content) -> Result<Said, Impossible> {
        let link = Link {
            previous: Some(chain.previous),
            governance: Some(self.governance),
            not_before: self.not_before.map(str::to_owned),
            beacon: None,
        };
        sign(&payload(self.id, chain, link, content)?, self.key)
    }

    /// Signs, as the next in an area, what nobody must read.
    pub(super) fn mumble(&self, chain: &mut Chain, payload: &[u8]) -> Result<Vec<u8>, Impossible> {
        let said = sign(payload, self.key)?;
        chain.follow(said.id);
        Ok(said.entry)
    }
}

impl Chain {
    const fn follow(&mut self, id: StatementId) {
        self.next = self.next.saturating_add(1);
        self.previous = id;
    }

    /// Returns the sequence and the id of the last statement.
    pub(super) const fn last(&self) -> Head {
        Head {
            sequence: self.next.saturating_sub(1),
            statement: self.previous,
        }
    }
}

fn payload(
    issuer: IssuerId,
    chain: &Chain,
    link: Link,
    content: Content,
) -> Result<Vec<u8>, Impossible> {
    let statement = Statement {
        subject: Subject {
            issuer,
            stream: chain.stream,
            sequence: chain.next,
        },
        link,
        content,
    };
    statement.to_payload().ok_or_else(Impossible::payload)
}

fn sign(payload: &[u8], key: &SecretKey) -> Result<Said, Impossible> {
    let envelope = Envelope::sign(payload, &[key]).map_err(Impossible::of)?;
    Ok(Said {
        id: StatementId::of(payload),
        entry: envelope.to_bytes(),
    })
}
