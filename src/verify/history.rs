//! What an issuer's entries come to: streams, areas, reports, pledges.

pub mod account;
mod ids;
pub mod reports;

use std::collections::BTreeMap;

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::AreaChange;
use crate::attestation::content::AreaClose;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Capacity;
use crate::attestation::content::Issuer;
use crate::attestation::content::RatedWatts;
use crate::attestation::identity::Identity;
use crate::claim::Pledge;
use crate::quantity::Quantity;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::findings::Findings;

pub use account::{Account, Gap, Held, Kind, Told};
pub use ids::Ids;
pub use reports::{Report, Reports, Version};

/// The most periods that are counted one by one: a cadence may be a second.
pub const MAX_COUNTED: u64 = 100_000;

/// The most changes of an area's periods that are applied: each is looked at for each
/// deadline (`specs/verdicts.md`, ver-14).
pub const MAX_CHANGES: usize = 1000;

/// One issuer's history in its log of record.
#[derive(Clone, Debug)]
pub struct History {
    /// Its id.
    pub id: IssuerId,
    /// Its keys now; `None` until its first statement was found.
    pub identity: Option<Identity>,
    /// Its `issuer` statements, each with its sequence in stream 0, rising.
    pub issuers: Vec<(u64, Issuer)>,
    /// Its streams.
    pub streams: BTreeMap<StreamId, Stream>,
    /// Its areas.
    pub areas: BTreeMap<StreamId, Area>,
    /// Its pledges, in order.
    pub pledges: Vec<PledgeRecord>,
    /// Its withdrawals: of which pledge, and where each stands.
    pub withdrawals: BTreeMap<StatementId, Vec<u64>>,
    /// What is wrong with it.
    pub findings: Findings,
}

/// One stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The sequence number that comes next.
    pub next: u64,
    /// How many statements a bundle leaves out before its first report of an area.
    pub left_out: u64,
    /// The last statement.
    pub last: StatementId,
    /// The ids of all statements, by sequence.
    pub ids: Ids,
    /// The sequence of the head of stream 0 that the last statement named.
    pub head: u64,
    /// The size of the tree in the last `notBefore`; `None` before the first.
    pub not_before: Option<u64>,
}

/// One area.
#[derive(Clone, Debug)]
pub struct Area {
    /// How it began; made up of its first report where nothing opened it.
    pub open: AreaOpen,
    /// The statement that opened it; `None` if it was only reported in.
    pub opened: Option<StatementId>,
    /// Where that stands, or the first report.
    pub open_index: u64,
    /// Its changes, and where each stands.
    pub changes: Vec<(AreaChange, u64)>,
    /// How it ended, and where that stands.
    pub close: Option<(AreaClose, u64)>,
    /// Its reports, in the order of their periods.
    pub reports: Reports,
    /// Reports of periods that were not the next, by sequence and period: they cover
    /// nothing and still admit.
    pub strays: BTreeMap<(u64, Period), Report>,
    /// Its inventories and their corrections, by the edge from which each is in force and
    /// where it stands.
    pub inventories: BTreeMap<(UnixSeconds, u64), InventoryRecord>,
    /// Which of them each statement is.
    pub inventory_ids: BTreeMap<StatementId, (UnixSeconds, u64)>,
    /// Where the last inventory stands that nobody can read.
    pub unread_inventory: Option<u64>,
    /// The times of which more devices were declared after they were reported, and where.
    pub recounted: Vec<(Period, u64)>,
    /// The ledgers that its reports name.
    pub ledgers: LedgerTally,
}

/// What an area has declared of its periods.
#[derive(Clone, Copy, Debug)]
pub struct AreaTerms {
    /// From where they count.
    pub from: UnixSeconds,
    /// How long a period is, if that was stated.
    pub cadence: Option<Cadence>,
    /// How many seconds after a period's end its report is due.
    pub grace: u64,
}

/// The ledgers that the reports of an area name, beside those that were opened.
#[derive(Clone, Debug, Default)]
pub struct LedgerTally {
    /// How many are named.
    pub named: u64,
    /// How many of them were opened.
    pub opened: u64,
    /// Those that do not give the count or the sums attested: of when, and from where.
    pub differing: Vec<(Period, String)>,
}

/// An `inventory`.
#[derive(Clone, Debug)]
pub struct InventoryRecord {
    /// The statement, or the correction of it.
    pub id: StatementId,
    /// Where it stands.
    pub index: u64,
    /// From when it is in force.
    pub from: UnixSeconds,
    /// What it holds.
    pub capacity: Vec<Capacity>,
    /// The rated power, by boundary.
    pub watts: Vec<RatedWatts>,
    /// Whether it corrects another.
    pub corrects: bool,
}

/// A `pledge`.
#[derive(Clone, Debug)]
pub struct PledgeRecord {
    /// The statement.
    pub id: StatementId,
    /// Its sequence in stream 0.
    pub sequence: u64,
    /// Where it stands.
    pub index: u64,
    /// What it claims.
    pub pledge: Pledge,
}

impl InventoryRecord {
    /// Whether it has more devices of some model than another.
    pub fn holds_more_than(&self, other: &Self) -> bool {
        self.capacity.iter().any(|one| {
            let same = other.capacity.iter().find(|held| held.model == one.model);
            one.count > same.map_or(Quantity::ZERO, |held| held.count)
        })
    }
}

impl History {
    /// Starts with nothing.
    pub const fn new(id: IssuerId) -> Self {
        Self {
            id,
            identity: None,
            issuers: Vec::new(),
            streams: BTreeMap::new(),
            areas: BTreeMap::new(),
            pledges: Vec::new(),
            withdrawals: BTreeMap::new(),
            findings: Findings::new(),
        }
    }
}

impl Area {
    /// Starts an area that a statement opened at an index.
    pub fn new(open: AreaOpen, opened: StatementId, open_index: u64) -> Self {
        Self::begun(open, Some(opened), open_index)
    }

    fn begun(open: AreaOpen, opened: Option<StatementId>, open_index: u64) -> Self {
        Self {
            open,
            opened,
            open_index,
            changes: Vec::new(),
            close: None,
            reports: Reports::default(),
            strays: BTreeMap::new(),
            inventories: BTreeMap::new(),
            inventory_ids: BTreeMap::new(),
            unread_inventory: None,
            recounted: Vec::new(),
            ledgers: LedgerTally::default(),
        }
    }

    /// Starts an area that was reported in before it was opened: what is said there, it
    /// admits.
    pub fn undeclared(first: UnixSeconds, index: u64) -> Self {
        let open = AreaOpen {
            name: "undeclared".to_owned(),
            first,
            cadence: None,
            grace: 0,
            measures: None,
            continues: Vec::new(),
        };
        Self::begun(open, None, index)
    }

    /// Whether it was opened, and not only reported in.
    pub const fn is_declared(&self) -> bool {
        self.opened.is_some()
    }

    /// Whether it accounts for compute of its issuer's: one that measures others' does not,
    /// unless it reports or holds something all the same. (A name to hide usage under.)
    pub fn accounts(&self) -> bool {
        self.open.measures.is_none()
            || !self.reports.is_empty()
            || !self.strays.is_empty()
            || !self.inventories.is_empty()
    }

    /// Returns the terms that hold at `start`.
    pub fn terms_at(&self, start: UnixSeconds) -> AreaTerms {
        self.terms_without(self.changes.len(), start)
    }

    /// Returns the terms at `start` as they were before the change of that number, and all
    /// after it, were said.
    pub fn terms_without(&self, change: usize, start: UnixSeconds) -> AreaTerms {
        let mut earlier = self.changes.iter().take(change).rev();
        match earlier.find(|(one, _)| one.from <= start) {
            Some((one, _)) => AreaTerms {
                from: one.from,
                cadence: Some(one.cadence),
                grace: one.grace,
            },
            None => AreaTerms {
                from: self.open.first,
                cadence: self.open.cadence,
                grace: self.open.grace,
            },
        }
    }

    /// Returns the period that begins at `start`, unless the area has ended or has no
    /// cadence.
    pub fn period_from(&self, start: UnixSeconds) -> Option<Period> {
        let period = self.terms_at(start).cadence?.period_from(start)?;
        let ended = self
            .close
            .as_ref()
            .is_some_and(|(close, _)| start >= close.end);
        (!ended).then_some(period)
    }

    /// Returns the inventory in force at a period's start, as far as the log was read: that
    /// of the latest edge, in its last version.
    pub fn inventory_at(&self, start: UnixSeconds) -> Option<&InventoryRecord> {
        let known = self.inventories.range(..=(start, u64::MAX));
        known.map(|(_, one)| one).next_back()
    }

    /// As [`Self::inventory_at`], unless another than the one named may be in force: one
    /// that is not here, or that nobody can read.
    pub fn inventory_known_at(
        &self,
        start: UnixSeconds,
        named: Option<StatementId>,
    ) -> Option<&InventoryRecord> {
        let in_force = self.inventory_at(start)?;
        let here = named.is_none_or(|id| self.inventory_ids.contains_key(&id));
        let read = self.unread_inventory.is_none_or(|at| at < in_force.index);
        (here && read).then_some(in_force)
    }

    /// Adds a report that covers nothing.
    pub fn add_stray(&mut self, report: Report) {
        let known = self.strays.entry((report.sequence, report.period));
        let known = known.or_insert_with(|| Report {
            versions: Vec::new(),
            ..report
        });
        known.versions.extend(report.versions);
    }

    /// Adds an inventory, or the correction of one. If it is of a time that was reported
    /// already and has more than was known then, what ran on the rest is not known.
    pub fn add_inventory(&mut self, record: InventoryRecord) {
        let place = (record.from, record.index);
        let was = self.inventory_at(record.from);
        let more = was.is_none_or(|was| record.holds_more_than(was));
        if record.corrects || more {
            let after = self.inventories.range(place..).next();
            let until = after.map_or(self.next_start(), |((from, _), _)| *from);
            self.recount(record.from, until.min(self.next_start()), record.index);
        }
        self.inventory_ids.insert(record.id, place);
        self.inventories.insert(place, record);
    }

    /// Notes an inventory that nobody can read: it may hold anything, from any time on.
    pub fn add_unread_inventory(&mut self, index: u64) {
        self.unread_inventory = Some(index);
        self.recount(self.open.first, self.next_start(), index);
    }

    fn recount(&mut self, from: UnixSeconds, until: UnixSeconds, index: u64) {
        self.recounted
            .extend(Period::new(from, until).map(|time| (time, index)));
    }

    /// Returns the inventory that a statement is.
    pub fn inventory_of(&self, id: StatementId) -> Option<&InventoryRecord> {
        self.inventories.get(self.inventory_ids.get(&id)?)
    }

    /// Returns the first period from `from` on of which nothing is told before `until`, and
    /// how many there are, counted up to [`MAX_COUNTED`].
    pub fn untold(&self, from: UnixSeconds, until: UnixSeconds) -> Option<(Period, u64)> {
        let mut periods = self.periods(from, until).filter(|one| one.start() >= from);
        let first = periods.next()?;
        let more = (0..MAX_COUNTED).zip(periods).count();
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        Some((first, more.saturating_add(1)))
    }

    /// Returns the start of the period that the next report must account for.
    pub fn next_start(&self) -> UnixSeconds {
        self.reports.end().unwrap_or(self.open.first)
    }

    /// Returns every period from the first that ends after `from` up to the last that
    /// begins before `until`.
    pub fn periods(&self, from: UnixSeconds, until: UnixSeconds) -> impl Iterator<Item = Period> {
        let mut start = self.skip_to(from);
        std::iter::from_fn(move || {
            let period = self.period_from(start).filter(|_| start < until)?;
            start = period.end();
            Some(period)
        })
        .filter(move |period| period.end() > from)
    }

    /// Whether a period of the area begins at an instant.
    pub fn is_edge(&self, instant: UnixSeconds) -> bool {
        self.skip_to(instant) == instant
    }

    /// Returns the start of the period that holds `instant`, or of the first.
    pub fn skip_to(&self, instant: UnixSeconds) -> UnixSeconds {
        let AreaTerms { from, cadence, .. } = self.terms_at(instant);
        cadence
            .and_then(|cadence| cadence.period_at(from, instant))
            .map_or(from, Period::start)
    }
}
