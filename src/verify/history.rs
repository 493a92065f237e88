//! What an issuer's entries come to: streams, areas, reports, pledges.

pub mod account;
mod ids;
pub mod reports;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Bytes;
use crate::attestation::content::Capacity;
use crate::attestation::content::Challenge;
use crate::attestation::content::Corroboration;
use crate::attestation::content::Direction;
use crate::attestation::content::Evidence;
use crate::attestation::content::Issuer;
use crate::attestation::content::Measured;
use crate::attestation::content::Outcome;
use crate::attestation::content::RatedWatts;
use crate::attestation::content::Run;
use crate::attestation::content::SealApplied;
use crate::attestation::identity::Identity;
use crate::attestation::schedule::Schedule;
use crate::claim::Pledge;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::findings::Findings;

pub use account::{Account, Gap, Held, Kind, Told};
pub use ids::Ids;
pub use reports::{Report, Reports, Version};

/// The most periods that are counted one by one: a cadence may be a second.
pub const MAX_COUNTED: u64 = 100_000;

/// One issuer's history in its log of record.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    /// Its runs, by the statement that started each.
    pub runs: BTreeMap<StatementId, RunRecord>,
    /// Which of them each statement is of.
    pub run_places: BTreeMap<(StreamId, u64), StatementId>,
    /// What it signed and nobody can read, not even its place: the statement after it may
    /// say where it stands.
    pub unread: BTreeSet<StatementId>,
    /// What it says of others' areas, by stream and sequence.
    pub testimonies: BTreeMap<(StreamId, u64), Testimony>,
    /// What it shows of hardware, in the order of the log.
    pub evidence: Vec<EvidenceRecord>,
    /// What it asked to see, in the order of the log.
    pub challenges: Vec<ChallengeRecord>,
    /// Its first answer to each challenge, by who asked and the challenge.
    pub responses: BTreeMap<(IssuerId, StatementId), ResponseRecord>,
    /// What is wrong with it.
    pub findings: Findings,
}

/// A `challenge`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ChallengeRecord {
    /// The statement.
    pub id: StatementId,
    /// Where it stands.
    pub index: u64,
    /// What it asks for.
    pub challenge: Challenge,
}

/// A `challenge-response`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct ResponseRecord {
    /// Where it stands.
    pub index: u64,
    /// How the challenge was met.
    pub outcome: Outcome,
    /// What was shown.
    pub shown: Option<Bytes>,
}

/// An `evidence` statement of hardware.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EvidenceRecord {
    /// The stream that it is in.
    pub stream: StreamId,
    /// Its sequence there.
    pub sequence: u64,
    /// Where it stands.
    pub index: u64,
    /// What it says.
    pub evidence: Evidence,
    /// The root of its `notBefore`, if that is a prefix of the log.
    pub not_before: Option<Hash>,
    /// The operations keys of its issuer then.
    pub operations: Vec<PublicKey>,
}

/// What was said of one run.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct RunRecord {
    /// By stream and sequence; each with its corrections after it, and where they stand.
    pub statements: BTreeMap<(StreamId, u64), Vec<(u64, Run)>>,
}

/// A `corroboration`, and its corrections after it: where each stands. Never empty.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Testimony {
    /// In the order of the log; all speak of the same areas and period.
    pub versions: Vec<(u64, Corroboration)>,
}

/// One stream.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Area {
    /// How it began, changed and ended; made up of its first report where nothing opened
    /// it.
    pub schedule: Schedule,
    /// The statement that opened it; `None` if it was only reported in.
    pub opened: Option<StatementId>,
    /// Where that stands, or the first report.
    pub open_index: u64,
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
    /// What came and left by transfers.
    pub transfers: Vec<TransferRecord>,
    /// The ledgers that its reports name.
    pub ledgers: LedgerTally,
    /// Its seals, by the statement that put each on.
    pub seals: BTreeMap<StatementId, SealRecord>,
}

/// Seals of one statement, and what became of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SealRecord {
    /// What was put on.
    pub applied: SealApplied,
    /// When they were confirmed whole, and where that stands.
    pub heartbeats: Vec<(Period, u64)>,
    /// When they were taken off or found broken, and where that stands.
    pub broken: Vec<(UnixSeconds, u64)>,
}

/// The ledgers that the reports of an area name, beside those that were opened.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct LedgerTally {
    /// How many are named.
    pub named: u64,
    /// How many of them were opened.
    pub opened: u64,
    /// Those that do not give the count or the sums attested: of when, and from where.
    pub differing: Vec<(Period, String)>,
    /// The series of readings in those that were opened.
    pub series: Vec<SeriesRead>,
}

/// The readings of a meter in a period, by their digest.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SeriesRead {
    /// When.
    pub period: Period,
    /// Of which meter.
    pub meter: String,
    /// The digest.
    pub digest: Hash,
}

/// Devices that came or left.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct TransferRecord {
    /// When.
    pub edge: UnixSeconds,
    /// Which way.
    pub direction: Direction,
    /// Where it stands.
    pub index: u64,
    /// The area at the other end; `None` outside of all.
    pub counterpart: Option<Measured>,
    /// The root of their list.
    pub ledger: Hash,
}

/// An `inventory`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InventoryRecord {
    /// The statement, or the correction of it.
    pub id: StatementId,
    /// Where it stands.
    pub index: u64,
    /// From when it is in force.
    pub from: UnixSeconds,
    /// How many devices it lists, those that were replaced included.
    pub devices: u64,
    /// What it holds.
    pub capacity: Vec<Capacity>,
    /// The rated power, by boundary.
    pub watts: Vec<RatedWatts>,
    /// The root of the list of its devices.
    pub ledger: Hash,
    /// Whether it corrects another.
    pub corrects: bool,
}

/// A `pledge`.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
            runs: BTreeMap::new(),
            run_places: BTreeMap::new(),
            unread: BTreeSet::new(),
            testimonies: BTreeMap::new(),
            evidence: Vec::new(),
            challenges: Vec::new(),
            responses: BTreeMap::new(),
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
            schedule: Schedule::new(open),
            opened,
            open_index,
            reports: Reports::default(),
            strays: BTreeMap::new(),
            inventories: BTreeMap::new(),
            inventory_ids: BTreeMap::new(),
            unread_inventory: None,
            recounted: Vec::new(),
            transfers: Vec::new(),
            ledgers: LedgerTally::default(),
            seals: BTreeMap::new(),
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
        self.schedule.open.measures.is_none()
            || !self.reports.is_empty()
            || !self.strays.is_empty()
            || !self.inventories.is_empty()
    }

    /// Returns the inventory in force at a period's start, as far as the log was read: that
    /// of the latest edge, in its last version.
    pub fn inventory_at(&self, start: UnixSeconds) -> Option<&InventoryRecord> {
        let known = self.inventories.range(..=(start, u64::MAX));
        known.map(|(_, one)| one).next_back()
    }

    /// Returns every inventory in force at some time of a period, each in all its versions
    /// of then.
    pub fn inventories_within(&self, period: Period) -> impl Iterator<Item = &InventoryRecord> {
        let first = self.inventory_at(period.start());
        let first = first.map_or(period.start(), |one| one.from.min(period.start()));
        let known = self.inventories.range((first, 0)..(period.end(), 0));
        known.map(|(_, one)| one)
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
        self.recount(self.schedule.open.first, self.next_start(), index);
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
        let mut periods = self
            .schedule
            .periods(from, until)
            .filter(|one| one.start() >= from);
        let first = periods.next()?;
        let more = (0..MAX_COUNTED).zip(periods).count();
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        Some((first, more.saturating_add(1)))
    }

    /// Returns the start of the period that the next report must account for.
    pub fn next_start(&self) -> UnixSeconds {
        self.reports.end().unwrap_or(self.schedule.open.first)
    }
}
