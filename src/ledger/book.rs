//! A ledger in memory: its records, its root, its totals.
//!
//! Specified in `specs/ledger.md`, sections "Order", "Root" and "Sums".

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::attestation::content::LedgerReference;
use crate::attestation::content::LedgerSum;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::hash::HASH_SIZE;
use crate::hash::Hash;
use crate::ledger::Kind;
use crate::ledger::file::MAX_RECORDS;
use crate::ledger::record::Amount;
use crate::ledger::record::DeviceRecord;
use crate::ledger::record::InventoryRecord;
use crate::ledger::record::JobRecord;
use crate::ledger::record::LedgerError;
use crate::ledger::record::MeterRecord;
use crate::ledger::record::RecordError;
use crate::ledger::record::Sheet;
use crate::ledger::record::check;
use crate::ledger::record::check_figures;
use crate::ledger::record::check_length;
use crate::ledger::record::parse_amounts;
use crate::ledger::suite::Salts;
use crate::ledger::suite::Secret;
use crate::ledger::suite::field_digest;
use crate::ledger::suite::leaf_data;
use crate::merkle;
use crate::quantity::Interval;

/// Records hashed by one task at least: fewer are not worth handing over.
const RECORDS_A_TASK: usize = 256;

/// The records of one kind, in order, with the secret that salts them.
///
/// The text of all fields lies in one allocation: a record costs four bytes a field
/// beside its text.
#[derive(Clone, Debug)]
pub struct Ledger {
    kind: Kind,
    secret: Secret,
    text: String,
    ends: Vec<u32>,
    /// The totals of the records, kept as they come: reading every record's figures
    /// again would take longer than hashing them.
    sums: BTreeMap<Key, Interval>,
}

/// What a sum is of.
type Key = (QuantityKind, Basis, Option<Boundary>);

impl Ledger {
    /// Starts a ledger without records.
    pub const fn new(kind: Kind, secret: Secret) -> Self {
        Self {
            kind,
            secret,
            text: String::new(),
            ends: Vec::new(),
            sums: BTreeMap::new(),
        }
    }

    /// Returns what the records are of.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the secret.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Returns the number of records.
    pub fn count(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    /// Returns the record of that index, from 0.
    pub fn record(&self, index: u64) -> Option<Record<'_>> {
        let index = usize::try_from(index).ok()?;
        let width = self.kind.fields().len();
        let first = index.checked_mul(width)?;
        let ends = self.ends.get(first..first.checked_add(width)?)?;
        let start = match first.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        Some(Record {
            kind: self.kind,
            text: &self.text,
            start,
            ends,
        })
    }

    /// Returns the records in order.
    pub fn records(&self) -> Records<'_> {
        Records {
            ledger: self,
            next: 0,
        }
    }

    /// Appends jobs, of which none may come before the last one in the order of the kind.
    /// On an error, those before the one at fault are in the ledger.
    pub fn extend_jobs<'r>(
        &mut self,
        records: impl IntoIterator<Item = JobRecord<'r>>,
    ) -> Result<(), LedgerError> {
        self.expect(Kind::Jobs)?;
        let mut sheet = Sheet::default();
        for record in records {
            check_figures(record.span, record.accelerators, record.figures).map_err(|why| {
                self.at_end(RecordError::Field {
                    name: "figures",
                    value: record.job.to_owned(),
                    why,
                })
            })?;
            sheet.clear();
            sheet.add_job(&record);
            self.append(sheet.fields(), record.figures, None)?;
        }
        Ok(())
    }

    /// Appends a device, in the order of the inventory.
    pub fn push_device(&mut self, record: &DeviceRecord<'_>) -> Result<(), LedgerError> {
        self.expect(Kind::Devices)?;
        let mut sheet = Sheet::default();
        sheet.add_device(record);
        self.push(&sheet.fields().collect::<Vec<_>>())
    }

    /// Appends a device of an inventory; commitments ascend.
    pub fn push_inventory(&mut self, record: &InventoryRecord<'_>) -> Result<(), LedgerError> {
        self.expect(Kind::Inventory)?;
        let mut sheet = Sheet::default();
        sheet.add_inventory(record);
        self.push(&sheet.fields().collect::<Vec<_>>())
    }

    /// Appends a meter; names ascend.
    pub fn push_meter(&mut self, record: &MeterRecord<'_>) -> Result<(), LedgerError> {
        self.expect(Kind::Meters)?;
        let mut sheet = Sheet::default();
        sheet.add_meter(record);
        self.push(&sheet.fields().collect::<Vec<_>>())
    }

    /// Appends a record as fields of text, checked in full.
    pub(super) fn push(&mut self, fields: &[&str]) -> Result<(), LedgerError> {
        let tally = check(self.kind, fields).map_err(|source| self.at_end(source))?;
        self.append(fields.iter().copied(), &tally.figures, tally.boundary)
    }

    /// Returns the root as auditors compute it (RFC 6962 over the leaf data).
    pub fn root(&self) -> Hash {
        merkle::root(&self.leaf_hashes())
    }

    /// Returns the ledger as a statement names it: root, count, order and sums.
    ///
    /// Here `rs_merkle` builds the tree; that [`Self::root`] agrees is tested.
    pub fn reference(&self) -> Result<LedgerReference, LedgerError> {
        Ok(LedgerReference {
            kind: self.kind,
            root: self
                .tree()
                .root()
                .map_or_else(merkle::empty_root, Hash::from_bytes),
            count: self.count(),
            sums: self.sums()?,
        })
    }

    /// Returns the totals of the records by quantity, basis and boundary; maxima have none.
    pub fn sums(&self) -> Result<Vec<LedgerSum>, LedgerError> {
        let sum = |((quantity, basis, boundary), value): (&Key, &Interval)| LedgerSum {
            quantity: *quantity,
            basis: *basis,
            boundary: *boundary,
            value: *value,
            clipped: Interval::ZERO,
        };
        Ok(self.sums.iter().map(sum).collect())
    }

    /// Returns the totals of the records by model, class, boundary, quantity and basis;
    /// maxima have none.
    pub fn totals(&self) -> Result<Vec<Total>, LedgerError> {
        let mut totals = BTreeMap::new();
        let mut models = BTreeMap::new();
        for (index, record) in (0_u64..).zip(self.records()) {
            let fields: Vec<&str> = record.values().collect();
            let tally = check(self.kind, &fields)
                .map_err(|source| LedgerError::Record { index, source })?;
            let next = models.len();
            let model = *models.entry(tally.model).or_insert(next);
            for amount in tally.figures {
                if !amount.quantity.is_maximum() {
                    let whose = (model, tally.class, tally.boundary);
                    let key = (whose, amount.quantity, amount.basis);
                    add(&mut totals, key, amount)?;
                }
            }
        }
        let mut names: Vec<_> = models.into_iter().map(|(name, at)| (at, name)).collect();
        names.sort_unstable();
        let mut totals: Vec<Total> = totals
            .into_iter()
            .map(
                |(((model, class, boundary), quantity, basis), value)| Total {
                    model: names
                        .get(model)
                        .and_then(|(_, name)| *name)
                        .map(str::to_owned),
                    class,
                    boundary,
                    quantity,
                    basis,
                    value,
                },
            )
            .collect();
        totals.sort_by(|one, next| one.model.cmp(&next.model));
        Ok(totals)
    }

    /// The tree of the prover's side.
    pub(super) fn tree(&self) -> rs_merkle::MerkleTree<Rfc6962> {
        let leaves: Vec<_> = self
            .leaf_hashes()
            .iter()
            .map(|leaf| *leaf.as_bytes())
            .collect();
        rs_merkle::MerkleTree::from_leaves(&leaves)
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        let salts = self.secret.salts();
        let leaf = |index: usize| {
            let index = u64::try_from(index).unwrap_or(u64::MAX);
            let record = self.record(index)?;
            Some(merkle::leaf_hash(&leaf_data(record.digests(&salts, index))))
        };
        (0..self.len())
            .into_par_iter()
            .with_min_len(RECORDS_A_TASK)
            .filter_map(leaf)
            .collect()
    }

    /// Appends a record whose figures are `figures`, or leaves the ledger as it was.
    fn append<'f>(
        &mut self,
        fields: impl Iterator<Item = &'f str>,
        figures: &[Amount],
        boundary: Option<Boundary>,
    ) -> Result<(), LedgerError> {
        let (text, ends) = (self.text.len(), self.ends.len());
        let added = self
            .add_fields(fields)
            .and_then(|()| self.add_sums(figures, boundary));
        if added.is_err() {
            self.text.truncate(text);
            self.ends.truncate(ends);
        }
        added
    }

    fn add_fields<'f>(&mut self, fields: impl Iterator<Item = &'f str>) -> Result<(), LedgerError> {
        if self.count() >= MAX_RECORDS {
            return Err(LedgerError::Size);
        }
        for (name, field) in self.kind.fields().iter().zip(fields) {
            check_length(name, field).map_err(|source| self.at_end(source))?;
            self.text.push_str(field);
            let end = u32::try_from(self.text.len()).map_err(|_| LedgerError::Size)?;
            self.ends.push(end);
        }
        if self.in_order() {
            return Ok(());
        }
        Err(LedgerError::Record {
            index: self.count().saturating_sub(1),
            source: RecordError::Order {
                order: self.kind.order(),
            },
        })
    }

    /// Adds the figures to the sums, all of them or, where one total is too large, none.
    fn add_sums(
        &mut self,
        figures: &[Amount],
        boundary: Option<Boundary>,
    ) -> Result<(), LedgerError> {
        // Energy of a job or a device is that device's own.
        let boundary = boundary.unwrap_or(Boundary::Gpu);
        let key = |one: &Amount| {
            let energy = one.quantity == QuantityKind::EnergyJoules;
            (one.quantity, one.basis, energy.then_some(boundary))
        };
        let summed = || figures.iter().filter(|one| !one.quantity.is_maximum());
        // Each quantity and basis is there once, so that no sum here waits for another.
        for one in summed() {
            let known = self.sums.get(&key(one));
            let known = known.copied().unwrap_or(Interval::ZERO);
            known.plus(one.value).ok_or(LedgerError::Total {
                quantity: one.quantity,
            })?;
        }
        for one in summed() {
            add(&mut self.sums, key(one), *one)?;
        }
        Ok(())
    }

    /// Whether the last record does not come before the one before it.
    fn in_order(&self) -> bool {
        let last = self.count().checked_sub(1);
        let (Some(before), Some(last)) = (
            last.and_then(|last| last.checked_sub(1))
                .and_then(|at| self.record(at)),
            last.and_then(|at| self.record(at)),
        ) else {
            return true;
        };
        let key = self.kind.key().iter();
        key.map(|at| before.value_at(*at).cmp(&last.value_at(*at)))
            .find(|order| order.is_ne())
            .is_none_or(Ordering::is_lt)
    }

    fn expect(&self, found: Kind) -> Result<(), LedgerError> {
        if self.kind == found {
            return Ok(());
        }
        Err(LedgerError::Kind {
            expected: self.kind.as_str(),
            found: found.as_str(),
        })
    }

    fn at_end(&self, source: RecordError) -> LedgerError {
        LedgerError::Record {
            index: self.count(),
            source,
        }
    }

    /// About the bytes of all records with quotes and commas, escapes left out.
    pub(super) fn text_size(&self) -> usize {
        let quoted = self.ends.len().saturating_mul(3);
        let more = self.text.len() / 4;
        self.text.len().saturating_add(quoted).saturating_add(more)
    }

    fn len(&self) -> usize {
        self.ends
            .len()
            .checked_div(self.kind.fields().len())
            .unwrap_or_default()
    }
}

/// The total of a ledger's records for one model, class, boundary, quantity and basis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The model, where the kind's records name one.
    pub model: Option<String>,
    /// The class, where the kind's records name one.
    pub class: Option<Class>,
    /// The boundary, where the kind's records name one.
    pub boundary: Option<Boundary>,
    /// What is counted.
    pub quantity: QuantityKind,
    /// How it was counted.
    pub basis: Basis,
    /// The total.
    pub value: Interval,
}

/// One record of a ledger.
#[derive(Clone, Copy, Debug)]
pub struct Record<'l> {
    kind: Kind,
    text: &'l str,
    start: u32,
    ends: &'l [u32],
}

impl<'l> Record<'l> {
    /// Returns the text of the field called `name`, if the kind has one.
    pub fn value(&self, name: &str) -> Option<&'l str> {
        let at = self.kind.fields().iter().position(|one| *one == name)?;
        self.value_at(at)
    }

    /// Returns the text of every field, in order.
    pub fn values(&self) -> impl Iterator<Item = &'l str> + use<'l> {
        let record = *self;
        (0..self.ends.len()).filter_map(move |at| record.value_at(at))
    }

    /// Returns its figures; none where the kind has none.
    pub fn figures(&self) -> Vec<Amount> {
        let text = self.value("figures").unwrap_or_default();
        // They were read before, when the record came into its ledger.
        parse_amounts(text).unwrap_or_default()
    }

    fn value_at(&self, at: usize) -> Option<&'l str> {
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => self.start,
        };
        let range = usize::try_from(start).ok()?..usize::try_from(*self.ends.get(at)?).ok()?;
        self.text.get(range)
    }

    /// The field digests of the record, which is the one of that index.
    fn digests(&self, salts: &Salts, index: u64) -> impl Iterator<Item = Hash> {
        let names = self.kind.fields().iter();
        names
            .zip(self.values())
            .map(move |(name, value)| field_digest(&salts.salt(index, name), name, value))
    }
}

/// The records of a ledger, in order.
#[derive(Clone, Debug)]
pub struct Records<'l> {
    ledger: &'l Ledger,
    next: u64,
}

impl<'l> Iterator for Records<'l> {
    type Item = Record<'l>;

    fn next(&mut self) -> Option<Record<'l>> {
        let record = self.ledger.record(self.next)?;
        self.next = self.next.saturating_add(1);
        Some(record)
    }
}

/// The hashes of RFC 6962 for `rs_merkle`, which carries a lone node up unchanged, and so
/// builds the same tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rfc6962;

impl rs_merkle::Hasher for Rfc6962 {
    type Hash = [u8; HASH_SIZE];

    fn hash(data: &[u8]) -> Self::Hash {
        *merkle::leaf_hash(data).as_bytes()
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        right.map_or(*left, |right| {
            let (left, right) = (Hash::from_bytes(*left), Hash::from_bytes(*right));
            *merkle::node_hash(&left, &right).as_bytes()
        })
    }
}

fn add<K: Ord>(
    sums: &mut BTreeMap<K, Interval>,
    key: K,
    amount: Amount,
) -> Result<(), LedgerError> {
    let sum = sums.entry(key).or_insert(Interval::ZERO);
    *sum = sum.plus(amount.value).ok_or(LedgerError::Total {
        quantity: amount.quantity,
    })?;
    Ok(())
}
