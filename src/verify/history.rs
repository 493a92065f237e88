//! What an issuer's entries come to: streams, areas, reports, pledges.

use std::collections::BTreeMap;

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::AreaChange;
use crate::attestation::content::AreaClose;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Capacity;
use crate::attestation::content::LedgerReference;
use crate::attestation::figure::Figure;
use crate::attestation::identity::Identity;
use crate::claim::Pledge;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::verdict::Finding;

/// One issuer's history in its log of record.
#[derive(Clone, Debug)]
pub struct History {
    /// Its id.
    pub id: IssuerId,
    /// Its keys now; `None` until its first statement was found.
    pub identity: Option<Identity>,
    /// Its streams.
    pub streams: BTreeMap<StreamId, Stream>,
    /// Its areas.
    pub areas: BTreeMap<StreamId, Area>,
    /// Where each `open` stands, and which statement it is.
    pub open_ids: Vec<(u64, StatementId)>,
    /// Its pledges, in order.
    pub pledges: Vec<PledgeRecord>,
    /// Its withdrawals: which pledge, and where.
    pub withdrawals: Vec<(StatementId, u64)>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// One stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The sequence number that comes next.
    pub next: u64,
    /// The last statement.
    pub last: StatementId,
    /// Where the last statement stands.
    pub last_index: u64,
    /// The ids of all statements, by sequence; a hole is `None`.
    pub ids: Vec<Option<StatementId>>,
    /// The sequence of the head of stream 0 that the last statement named.
    pub head: u64,
    /// The size of the tree in the last `notBefore`.
    pub not_before: u64,
}

/// One area.
#[derive(Clone, Debug)]
pub struct Area {
    /// How it began.
    pub open: AreaOpen,
    /// Where that stands.
    pub open_index: u64,
    /// Its changes, and where each stands.
    pub changes: Vec<(AreaChange, u64)>,
    /// How it ended, and where that stands.
    pub close: Option<(AreaClose, u64)>,
    /// Its reports, in the order of their periods.
    pub reports: Vec<Report>,
    /// Reports of periods that were not the next: they cover nothing and still admit.
    pub strays: Vec<Report>,
    /// Its inventories: where each stands, from when, its capacity.
    pub inventories: Vec<InventoryRecord>,
}

/// A `usage` with what became of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it accounts for.
    pub period: Period,
    /// Its sequence.
    pub sequence: u64,
    /// Itself, and its corrections after it. Never empty.
    pub versions: Vec<Version>,
}

/// One version of a report.
#[derive(Clone, Debug)]
pub struct Version {
    /// Where it stands.
    pub index: u64,
    /// What it says.
    pub figures: Vec<Figure>,
    /// The ledgers behind it.
    pub ledgers: Vec<LedgerReference>,
    /// Whether it was understood; what was not covers nothing and still admits.
    pub understood: bool,
    /// Whether it conflicts with another statement of its place: it counts for a breach
    /// and for nothing else.
    pub conflicting: bool,
}

/// An `inventory`.
#[derive(Clone, Debug)]
pub struct InventoryRecord {
    /// Where it stands.
    pub index: u64,
    /// From when it is in force.
    pub from: UnixSeconds,
    /// What it holds.
    pub capacity: Vec<Capacity>,
}

/// A `pledge`.
#[derive(Clone, Debug)]
pub struct PledgeRecord {
    /// The statement.
    pub id: StatementId,
    /// Where it stands.
    pub index: u64,
    /// What it claims.
    pub pledge: Pledge,
}

impl History {
    /// Starts with nothing.
    pub const fn new(id: IssuerId) -> Self {
        Self {
            id,
            identity: None,
            streams: BTreeMap::new(),
            areas: BTreeMap::new(),
            open_ids: Vec::new(),
            pledges: Vec::new(),
            withdrawals: Vec::new(),
            findings: Vec::new(),
        }
    }
}

impl Area {
    /// Starts an area that was opened at an index.
    pub const fn new(open: AreaOpen, open_index: u64) -> Self {
        Self {
            open,
            open_index,
            changes: Vec::new(),
            close: None,
            reports: Vec::new(),
            strays: Vec::new(),
            inventories: Vec::new(),
        }
    }

    /// Returns the cadence, if one was stated, and the grace that hold from `start` on.
    pub fn terms_at(&self, start: UnixSeconds) -> (Option<Cadence>, u64) {
        self.changes
            .iter()
            .rev()
            .find(|(change, _)| change.from <= start)
            .map_or((self.open.cadence, self.open.grace), |(change, _)| {
                (Some(change.cadence), change.grace)
            })
    }

    /// Returns the period that begins at `start`, unless the area has ended or has no
    /// cadence.
    pub fn period_from(&self, start: UnixSeconds) -> Option<Period> {
        let period = self.terms_at(start).0?.period_from(start)?;
        let ended = self
            .close
            .as_ref()
            .is_some_and(|(close, _)| start >= close.end);
        (!ended).then_some(period)
    }

    /// Returns the start of the period that the next report must account for.
    pub fn next_start(&self) -> UnixSeconds {
        self.reports
            .iter()
            .map(|report| report.period.end())
            .max()
            .unwrap_or(self.open.first)
    }

    /// Returns every period from the first that ends after `from` up to the first that
    /// begins at or after `until`.
    pub fn periods(&self, from: UnixSeconds, until: UnixSeconds) -> Vec<Period> {
        let mut periods = Vec::new();
        let mut start = self.open.first;
        while start < until
            && let Some(period) = self.period_from(start)
        {
            if period.end() > from {
                periods.push(period);
            }
            start = period.end();
        }
        periods
    }

    /// Returns the report of a period.
    pub fn report(&self, period: Period) -> Option<&Report> {
        let at = self
            .reports
            .binary_search_by_key(&period.start(), |report| report.period.start());
        at.ok()
            .and_then(|at| self.reports.get(at))
            .filter(|report| report.period == period)
    }
}
