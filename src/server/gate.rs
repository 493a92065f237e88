//! What stands before the log: nothing, or the rules of `admission`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use rayon::prelude::*;

use crate::admission::Admission;
use crate::admission::Candidate;
use crate::admission::Refusal;
use crate::admission::Standing;
use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::IssuerId;
use crate::attestation::Subject;
use crate::attestation::content::LogOfRecord;
use crate::key::KeyId;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::store::LogFiles;
use crate::store::Objects as _;
use crate::store::fs::Directory;
use crate::store::index::Index;
use crate::store::index::IndexError;
use crate::store::index::Lookup;
use crate::store::index::Row;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::store::site::SitedLog;
use crate::tlog::tile::TILE_WIDTH;

/// How many bundles are read again at once.
const CHUNK: u64 = 16;

const NO_OPERATOR: &str = "entry 0 is not the first statement of an operator whose log of record this is: a plain log is served with `--admit any`";

/// What the routes may know of a gate while the writer has it.
#[derive(Debug, Default)]
pub struct Roster(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    operator: Option<IssuerId>,
    issuers: BTreeMap<IssuerId, bool>,
    keys: BTreeMap<KeyId, PublicKey>,
    lookup: Option<Lookup>,
}

impl Roster {
    /// Reads an entry, and checks its signatures if the keys are known.
    pub(super) fn read(&self, entry: &[u8]) -> Result<Candidate, Refusal> {
        let mut candidate = Candidate::read(entry)?;
        let keys = |id| {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            known.keys.get(&id).cloned()
        };
        candidate.check(keys);
        Ok(candidate)
    }

    /// Returns what reads the index, unless it is being made.
    pub(super) fn lookup(&self) -> Option<Lookup> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.lookup.clone()
    }

    /// Returns the operator, and every issuer that has begun, with whether it is admitted.
    pub(super) fn issuers(&self) -> (Option<IssuerId>, BTreeMap<IssuerId, bool>) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (known.operator, known.issuers.clone())
    }

    fn set(&self, admission: &Admission, lookup: &Lookup) {
        let mut keys = BTreeMap::new();
        let mut issuers = BTreeMap::new();
        for (id, _, registered) in admission.issuers() {
            issuers.insert(id, registered);
            keys.extend(admission.keys(id).map(|key| (key.key_id(), key.clone())));
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Known {
            operator: admission.operator(),
            issuers,
            keys,
            lookup: Some(lookup.clone()),
        };
    }

    fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }
}

/// Decides what becomes part of the log.
#[derive(Debug)]
pub enum Gate {
    /// Whatever comes.
    Any,
    /// Statements, by the rules of `admission`.
    Statements(Box<Statements>),
}

/// What is to be done with an entry.
#[derive(Debug)]
pub(super) enum Decision {
    /// It becomes the next of the log.
    Append,
    /// It is there already.
    Stands(u64),
    /// It breaks a rule.
    Refuse(Refusal),
    /// It cannot be told; why.
    Fail(String),
}

/// Where a gate keeps what it needs.
#[derive(Clone, Debug)]
pub struct Places {
    /// The file of the index.
    pub index: PathBuf,
    /// The directory in which second statements are kept.
    pub evidence: PathBuf,
}

/// The rules of `admission`, and the index.
#[derive(Debug)]
pub struct Statements {
    admission: Admission,
    index: Index,
    /// The index's file.
    path: PathBuf,
    evidence: Directory,
    roster: Arc<Roster>,
    /// What was admitted and is not yet in the log.
    pending: BTreeMap<Subject, (u64, Vec<u8>)>,
    rows: Vec<Row>,
    /// Whether keys or issuers changed among them.
    changed: bool,
}

impl Statements {
    /// Learns what a log holds: from the index as far as that goes, and from the log.
    ///
    /// An index that is damaged, or of another log, is made anew.
    pub fn load(log: &SitedLog, places: &Places, roster: Arc<Roster>) -> Result<Self, String> {
        roster.clear();
        let kept = Index::open(&places.index).ok().and_then(|index| {
            let admission = restore(&index, log)?;
            Some((index, admission))
        });
        let (index, admission) = if let Some(kept) = kept {
            kept
        } else {
            match std::fs::remove_file(&places.index) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(format!("{}: {error}", places.index.display()));
                }
                _ => {}
            }
            let index = Index::open(&places.index).map_err(|error| error.to_string())?;
            (index, Admission::new(log_of(&log.verifier())))
        };
        let mut gate = Self {
            admission,
            index,
            path: places.index.clone(),
            evidence: Directory::new(&places.evidence),
            roster,
            pending: BTreeMap::new(),
            rows: Vec::new(),
            changed: true,
        };
        gate.catch_up(log)?;
        Ok(gate)
    }

    /// Reads what the log has beyond the index.
    fn catch_up(&mut self, log: &SitedLog) -> Result<(), String> {
        let (size, reader) = (log.size(), log.reader());
        let width = u64::from(TILE_WIDTH);
        loop {
            let (from, _) = self.index.tree();
            if from >= size {
                // In an empty log, whoever came first would be the operator.
                if self.admission.operator().is_none() {
                    return Err(NO_OPERATOR.to_owned());
                }
                self.publish();
                return Ok(());
            }
            let first = from.div_euclid(width);
            let end = first.saturating_add(CHUNK).min(size.div_ceil(width));
            let mut entries = Vec::new();
            for tile in first..end {
                let read = reader
                    .entries(tile, size)
                    .map_err(|error| error.to_string())?;
                entries.extend((tile.saturating_mul(width)..).zip(read));
            }
            let keys = self.known_keys();
            let read: Vec<_> = entries
                .into_par_iter()
                .filter(|(index, _)| *index >= from)
                .map(|(index, entry)| {
                    let mut candidate = Candidate::read(&entry).ok();
                    if let Some(candidate) = &mut candidate {
                        candidate.check(|id| keys.get(&id).cloned());
                    }
                    (index, candidate)
                })
                .collect();
            for (index, candidate) in read {
                // What is not admitted is nobody's statement here.
                if let Some(candidate) = candidate
                    && matches!(self.admission.consider(&candidate), Ok(Standing::Next))
                {
                    self.admit(&candidate, index);
                }
                if self.admission.operator().is_none() {
                    return Err(NO_OPERATOR.to_owned());
                }
            }
            let reached = end.saturating_mul(width).min(size);
            let root = reader
                .root(reached, size)
                .map_err(|error| error.to_string())?;
            self.extend(reached, root)?;
        }
    }

    /// Reads what other processes added to the log since.
    fn refresh(&mut self, log: &SitedLog) -> Result<(), String> {
        let (size, root) = self.index.tree();
        let found = log.reader().root(size, log.size());
        if found.map_err(|error| error.to_string())? != root {
            return Err("the index is of another tree".to_owned());
        }
        self.catch_up(log)
    }

    fn known_keys(&self) -> BTreeMap<KeyId, PublicKey> {
        let issuers = self.admission.issuers().map(|(id, _, _)| id);
        issuers
            .flat_map(|id| self.admission.keys(id))
            .map(|key| (key.key_id(), key.clone()))
            .collect()
    }

    /// Decides on an entry that would stand at `index`; if it is to be appended, it takes
    /// effect for those behind it.
    fn decide(
        &mut self,
        candidate: &Candidate,
        entry: &[u8],
        index: u64,
        log: &SitedLog,
    ) -> Decision {
        match self.admission.consider(candidate) {
            Ok(Standing::Next) => {
                self.admit(candidate, index);
                self.pending
                    .insert(*candidate.subject(), (index, entry.to_vec()));
                Decision::Append
            }
            Ok(Standing::Taken) => self.taken(candidate, entry, log),
            Err(refusal) => Decision::Refuse(refusal),
        }
    }

    fn admit(&mut self, candidate: &Candidate, index: u64) {
        self.admission.admit(candidate, index);
        self.changed |= matches!(
            candidate.content(),
            Content::Issuer(_) | Content::Registration(_)
        );
        self.rows.push(Row {
            subject: *candidate.subject(),
            index,
            is_usage: matches!(candidate.content(), Content::Usage(_)),
        });
    }

    /// Finds what stands in a candidate's place.
    fn taken(&self, candidate: &Candidate, entry: &[u8], log: &SitedLog) -> Decision {
        let subject = candidate.subject();
        let known = match self.pending.get(subject) {
            Some((index, known)) => Ok(Some((*index, known.clone()))),
            None => stored(self.index.lookup(), subject, &log.reader(), log.size()),
        };
        let (index, known) = match known {
            Ok(Some(known)) => known,
            Ok(None) => return Decision::Refuse(self.admission.elsewhere(candidate)),
            Err(unfit) => return self.unfit(&unfit),
        };
        if known == entry {
            return Decision::Stands(index);
        }
        let Ok(envelope) = Envelope::parse(&known) else {
            return self.unfit(&Unfit::Damaged(index, *subject));
        };
        let (refusal, is_evidence) =
            self.admission
                .taken(candidate, envelope.statement_id(), index);
        if is_evidence && let Err(why) = self.keep(candidate, entry) {
            return Decision::Fail(why);
        }
        Decision::Refuse(refusal)
    }

    /// An index that is wrong is made anew when the log is opened next.
    fn unfit(&self, unfit: &Unfit) -> Decision {
        if matches!(unfit, Unfit::Damaged(..) | Unfit::Index(_)) {
            let _ = std::fs::remove_file(&self.path);
        }
        Decision::Fail(unfit.to_string())
    }

    /// Keeps a second statement; one for each place is enough.
    fn keep(&self, candidate: &Candidate, entry: &[u8]) -> Result<(), String> {
        let path = candidate.subject().to_string();
        match self
            .evidence
            .read(&path)
            .map_err(|error| error.to_string())?
        {
            Some(_) => Ok(()),
            None => self
                .evidence
                .create(&path, entry)
                .map_err(|error| error.to_string()),
        }
    }

    /// What was admitted is in the log.
    fn extend(&mut self, size: u64, root: crate::hash::Hash) -> Result<(), String> {
        let rows = std::mem::take(&mut self.rows);
        self.pending.clear();
        self.index
            .extend(&rows, size, root)
            .map_err(|error| error.to_string())?;
        if self.changed {
            self.publish();
        }
        Ok(())
    }

    fn publish(&mut self) {
        self.changed = false;
        self.roster.set(&self.admission, self.index.lookup());
    }
}

impl Gate {
    /// Decides on an entry that would stand at `index`.
    pub(super) fn decide(
        &mut self,
        candidate: Option<&Candidate>,
        entry: &[u8],
        index: u64,
        log: &SitedLog,
    ) -> Decision {
        match (self, candidate) {
            (Self::Any, _) => Decision::Append,
            (Self::Statements(gate), Some(candidate)) => gate.decide(candidate, entry, index, log),
            (Self::Statements(_), None) => Decision::Fail("the entry was not read".to_owned()),
        }
    }

    /// Learns what other processes added to the log, while nothing waits to be appended.
    pub(super) fn refresh(&mut self, log: &SitedLog) -> Result<(), String> {
        match self {
            Self::Any => Ok(()),
            Self::Statements(gate) => gate.refresh(log),
        }
    }

    /// What was decided to be appended is in the log.
    pub(super) fn committed(&mut self, log: &SitedLog) -> Result<(), String> {
        match self {
            Self::Any => Ok(()),
            Self::Statements(gate) => gate.extend(log.size(), log.root()),
        }
    }
}

/// Finds where the index says that a statement stands, and reads it there.
pub(super) fn stored<F: LogFiles>(
    lookup: &Lookup,
    subject: &Subject,
    reader: &LogReader<'_, F>,
    size: u64,
) -> Result<Option<(u64, Vec<u8>)>, Unfit> {
    let Some(index) = lookup.find(subject)? else {
        return Ok(None);
    };
    let entry = reader.entry(index, size)?;
    let stands = Candidate::read(&entry).is_ok_and(|one| one.subject() == subject);
    if !stands {
        return Err(Unfit::Damaged(index, *subject));
    }
    Ok(Some((index, entry)))
}

/// Why it cannot be told where a statement stands.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("entry {0} is not {1}: the index is damaged")]
    Damaged(u64, Subject),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Learns from the index, and the entries that it names, what its tree holds; `None` where
/// it is of no tree of this log, or damaged.
fn restore(index: &Index, log: &SitedLog) -> Option<Admission> {
    let (size, root) = index.tree();
    let (of, reader, lookup) = (log.size(), log.reader(), index.lookup());
    if size > of || reader.root(size, of).ok()? != root {
        return None;
    }
    let mut admission = Admission::new(log_of(&log.verifier()));
    let mut bundle = (u64::MAX, Vec::new());
    let width = u64::from(TILE_WIDTH);
    let mut read = |subject: &Subject, index: u64| {
        if bundle.0 != index.div_euclid(width) {
            let tile = index.div_euclid(width);
            bundle = (tile, reader.entries(tile, of).ok()?);
        }
        let at = usize::try_from(index.rem_euclid(width)).ok()?;
        let candidate = Candidate::read(bundle.1.get(at)?).ok()?;
        (candidate.subject() == subject).then_some(candidate)
    };
    for (issuer, stream, extent) in lookup.streams().ok()? {
        let place = |sequence| Subject {
            issuer,
            stream,
            sequence,
        };
        if stream.is_governance() {
            let most = usize::try_from(extent.next).ok()?;
            for (sequence, index) in lookup.range(issuer, stream, 0, extent.next, most).ok()? {
                admission.admit(&read(&place(sequence), index)?, index);
            }
            continue;
        }
        let mut last = |sequence: u64| {
            let subject = place(sequence);
            read(&subject, lookup.find(&subject).ok()??)
        };
        let usage = match extent.usage {
            Some(sequence) => Some(last(sequence)?),
            None => None,
        };
        let last = last(extent.next.checked_sub(1)?)?;
        admission.restore(usage.as_ref(), &last);
    }
    (size == 0 || admission.operator().is_some()).then_some(admission)
}

fn log_of(key: &VerifierKey) -> LogOfRecord {
    LogOfRecord {
        origin: key.name().as_str().to_owned(),
        key: key.clone(),
    }
}
