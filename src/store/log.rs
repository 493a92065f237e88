//! A log in a store: runs the steps of the `sequencer`.
//!
//! The public files are what anybody may copy. The private ones and the lock are the
//! log's own and lie elsewhere, so that no copy of the public files brings an older lock
//! along.
//!
//! Where the lock is shared, several processes may have the log open. Whoever loses a swap
//! opens it anew, finishes what the winner began, and tries again. So each batch is staged
//! under a name of its own, that of the lock's record that it is for, and nobody forgets one
//! that a swap may still settle: a request that was given up may yet arrive.

use std::fmt;
use std::path::Path;

use crate::encoding::hex;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::merkle::leaf_hash;
use crate::note::Note;
use crate::sequencer::Commit;
use crate::sequencer::LockRecord;
use crate::sequencer::NewFile;
use crate::sequencer::Refusal;
use crate::sequencer::Sequencer;
use crate::sequencer::Step;
use crate::sequencer::Stored;
use crate::sequencer::fitting;
use crate::sequencer::read_batch;
use crate::store::Lock;
use crate::store::Objects;
use crate::store::StoreError;
use crate::store::Written;
use crate::store::fs::Directory;
use crate::store::fs::FileLock;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::checkpoint::Origin;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::edge::Edge;
use crate::tlog::edge::EdgeError;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::TILE_WIDTH;
use crate::tlog::tile::Tile;
use crate::tlog::tile::cosigned_path;

/// Where the staged batch lies in the log's private store; where the lock is shared, the
/// directory of the staged batches.
const STAGE_PATH: &str = "stage";

/// How often what is there is read again because the lock was swapped meanwhile.
const LOADS: usize = 10;

/// The name of the lock's file in the log's private directory.
pub(super) const LOCK_FILE: &str = "lock";

/// How far the clocks of processes that write one log may be apart, in seconds: as Kerberos
/// recommends (RFC 4120, 5.2.3 and 8.2).
pub const MAX_SKEW: u64 = 300;

/// Has witnesses cosign a checkpoint before it is published, whose tiles are there already:
/// returns its note with their cosignatures, or why it has no quorum.
pub type Quorum = Box<dyn Fn(&SignedCheckpoint) -> Result<Note, String> + Send + Sync>;

/// A log: its public files, the private ones, and the lock that settles them.
pub struct Log<O, L> {
    public: O,
    private: O,
    lock: L,
    key: SignerKey,
    sequencer: Sequencer,
    /// Asked before anything is published.
    quorum: Option<Quorum>,
    /// Set when a step failed: what the stores hold is then unknown until reopened.
    failed: bool,
}

impl Log<Directory, FileLock> {
    /// Makes a log of this key, whose name is the log's origin, with its public files in
    /// the directory `public`, and its private ones in `private`, which has nothing else.
    ///
    /// Fails if either holds a log, or another process has it.
    pub fn create_in(
        public: &Path,
        private: &Path,
        key: SignerKey,
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        let lock = FileLock::acquire(private, LOCK_FILE)?;
        let (public, private) = (Directory::new(public), Directory::new(private));
        Self::create(public, private, lock, key, now)
    }

    /// Opens the log in these directories, as [`Log::open`] does.
    pub fn open_in(
        public: &Path,
        private: &Path,
        key: SignerKey,
        remembered: &[Checkpoint],
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        if !private.is_dir() {
            return Err(Refusal::NoLock.into());
        }
        let lock = FileLock::acquire(private, LOCK_FILE)?;
        let (public, private) = (Directory::new(public), Directory::new(private));
        Self::open(public, private, lock, key, remembered, now)
    }
}

impl<O: Objects, L: Lock> Log<O, L> {
    /// Makes a log where there is none. Its origin is the name of `key`.
    pub fn create(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        let stored = load(&public, &private, &lock)?;
        let origin = Origin::new(key.verifier().name().as_str()).map_err(Refusal::from)?;
        let commit = Sequencer::create(origin, &key, &stored, now)?;
        Self::start(public, private, lock, key, None, commit)
    }

    /// Opens a log and finishes what a dead process began.
    ///
    /// `remembered` is what witnesses last saw of the log, their cosignatures checked.
    /// Fails where the sequencer refuses, see [`Sequencer::resume`], and if a tree that
    /// a witness remembers is not a prefix of the log's.
    pub fn open(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        remembered: &[Checkpoint],
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        Self::resume(public, private, lock, key, remembered, None, now)
    }

    /// As [`Self::open`]; nothing is published from here on, not even what a dead process
    /// left to be, that `quorum` was not asked about.
    pub fn resume(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        remembered: &[Checkpoint],
        quorum: Option<Quorum>,
        now: UnixSeconds,
    ) -> Result<Self, LogError> {
        let mut stored = load(&public, &private, &lock)?;
        let now = agreed(&lock, stored.lock.as_ref(), now);
        let verifier = key.verifier();
        let origin = Origin::new(verifier.name().as_str()).map_err(Refusal::from)?;
        let size = Sequencer::published_size(&stored, &verifier)?;
        let mut edge = Edge::load(size, |path| public.read(path).map_err(LogError::from))?;
        let mut again = None;
        if lock.is_shared()
            && let Some((whole, note)) = apply_again(&public, &edge, &stored, &verifier)?
        {
            edge = whole;
            stored.published = Some(note.clone());
            again = Some(Step::Publish(note));
        }
        let mut commit = Sequencer::resume(origin, &verifier, &stored, edge, remembered, now)?;
        commit.steps.splice(0..0, again);
        let log = Self::start(public, private, lock, key, quorum, commit)?;
        log.sweep();
        for seen in remembered {
            if log.reader().root(seen.size, log.size())? != seen.root {
                return Err(Refusal::Remembered {
                    witness: seen.size,
                    lock: log.size(),
                }
                .into());
            }
        }
        log.serve_last_cosigned()?;
        Ok(log)
    }

    fn start(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        quorum: Option<Quorum>,
        commit: Commit,
    ) -> Result<Self, LogError> {
        let log = Self {
            public,
            private,
            lock,
            key,
            sequencer: commit.next,
            quorum,
            failed: false,
        };
        let stage = log.stage_path(log.sequencer.record());
        for step in &commit.steps {
            log.run(step, &stage)?;
        }
        Ok(log)
    }

    /// Goes on from what is published where [`Self::open`] refuses, and returns what the
    /// lock held. What it had settled beyond that is lost.
    ///
    /// Fails if the tiles are not those of the published checkpoint.
    pub fn recover(
        public: O,
        private: O,
        lock: L,
        key: SignerKey,
        now: UnixSeconds,
    ) -> Result<(Self, Option<LockRecord>), LogError> {
        let stored = load(&public, &private, &lock)?;
        let verifier = key.verifier();
        let origin = Origin::new(verifier.name().as_str()).map_err(Refusal::from)?;
        let size = Sequencer::published_size(&stored, &verifier)?;
        let edge = Edge::load(size, |path| public.read(path).map_err(LogError::from))?;
        let commit = Sequencer::recover(origin, &verifier, &stored, edge, now)?;
        let log = Self::start(public, private, lock, key, None, commit)?;
        Ok((log, stored.lock))
    }

    /// Whether another process has written the log since this one opened it, or wrote it last.
    pub fn is_behind(&self) -> Result<bool, LogError> {
        if !self.lock.is_shared() {
            return Ok(false);
        }
        let ours = self.sequencer.record().to_text();
        Ok(self.lock.load()?.as_deref() != Some(ours.as_bytes()))
    }

    /// Opens the log anew, as [`Self::open`] does, with the same quorum.
    pub fn reopen(self, now: UnixSeconds) -> Result<Self, LogError> {
        let Self {
            public,
            private,
            lock,
            key,
            quorum,
            ..
        } = self;
        Self::resume(public, private, lock, key, &[], quorum, now)
    }

    /// Makes `entries` part of the log and returns the index of the first; the others
    /// follow it. When this has returned they are durable and published.
    ///
    /// What is already there is added again: ask [`LogReader::find`] first. Many entries
    /// become several batches. After a failure the log must be opened anew, and may then
    /// hold any number of the first entries.
    pub fn append(&mut self, entries: &[Vec<u8>], now: UnixSeconds) -> Result<u64, LogError> {
        if self.failed {
            return Err(LogError::Failed);
        }
        if entries
            .iter()
            .any(|entry| u16::try_from(entry.len()).is_err())
        {
            return Err(Refusal::TooLong.into());
        }
        let first = self.size();
        let mut rest = entries;
        loop {
            let (batch, more) = rest.split_at_checked(fitting(rest)).unwrap_or((rest, &[]));
            self.append_batch(batch, now)?;
            if more.is_empty() {
                return Ok(first);
            }
            rest = more;
        }
    }

    fn append_batch(&mut self, entries: &[Vec<u8>], now: UnixSeconds) -> Result<(), LogError> {
        let now = agreed(&self.lock, Some(self.sequencer.record()), now);
        let commit = self.sequencer.commit(entries, &self.key, now)?;
        // What would be written must not be there: before anything is signed, for once
        // the lock is swapped there is no way back.
        for step in &commit.steps {
            let Step::Create(files) = step else { continue };
            if let Some(path) = self.public.other(files)? {
                self.failed = self.lock.is_shared();
                return Err(self.overtaken(path)?);
            }
        }
        let stage = self.stage_path(commit.next.record());
        let prepared = self.prepare(&commit.steps, &stage).inspect_err(|_| {
            // Nothing is settled yet, and a full disk needs the room.
            self.public.abandon();
            self.lock.abandon();
            // What is staged under a record's name may be another's.
            if !self.lock.is_shared() {
                let _ = self.private.clear(&stage);
            }
        });
        let done = prepared.and_then(|staged| {
            let steps = commit.steps.iter();
            let mut rest = steps.filter(|step| !(staged && matches!(step, Step::Stage(_))));
            rest.try_for_each(|step| self.run(step, &stage))
        });
        if let Err(error) = done {
            self.failed = true;
            return Err(error);
        }
        self.sequencer = commit.next;
        Ok(())
    }

    /// Keeps a cosigned checkpoint for ever, serves it as the newest and returns its
    /// number. Its text must be that of the newest signed one, and the log's signature
    /// must be on it; the cosignatures are the caller's to check.
    ///
    /// The one that was kept last is not kept again, so that this can be repeated after
    /// a failure.
    pub fn publish_cosigned(&mut self, note: &Note) -> Result<u64, LogError> {
        if self.failed {
            return Err(LogError::Failed);
        }
        if !self.is_newest(note.text()) {
            return Err(LogError::Stale);
        }
        self.keep_cosigned(note)
    }

    /// As [`Self::publish_cosigned`], also where the log has grown since it signed that
    /// checkpoint: then it is kept, and `checkpoint` stays the newest.
    pub fn keep_cosigned(&mut self, note: &Note) -> Result<u64, LogError> {
        if self.failed {
            return Err(LogError::Failed);
        }
        SignedCheckpoint::open_note(note.clone(), &self.verifier()).map_err(Refusal::from)?;
        let bytes = note.to_text().into_bytes();
        let number = self.keep(&bytes)?;
        if self.is_newest(note.text()) {
            self.show(&bytes)?;
        }
        Ok(number)
    }

    /// Serves the newest cosigned checkpoint where a dead process kept it and went no
    /// further.
    fn serve_last_cosigned(&self) -> Result<(), LogError> {
        let Some((number, bytes)) = self.reader().last_cosigned()? else {
            return Ok(());
        };
        let newest = Note::parse(&bytes).is_ok_and(|note| self.is_newest(note.text()));
        if newest && self.public.read(CHECKPOINT_PATH)?.as_ref() != Some(&bytes) {
            // It is there, which does not say that it is durable: what is shown must be.
            self.public.create(&cosigned_path(number), &bytes)?;
            self.show(&bytes)?;
        }
        Ok(())
    }

    /// Whether `text` is that of the newest checkpoint signed.
    fn is_newest(&self, text: &str) -> bool {
        Note::parse(self.sequencer.note().as_bytes()).is_ok_and(|newest| newest.text() == text)
    }

    /// Returns the number of entries.
    pub const fn size(&self) -> u64 {
        self.sequencer.size()
    }

    /// Returns the root of its tree.
    pub fn root(&self) -> Hash {
        self.sequencer.root()
    }

    /// Returns the key by which the log's signatures are checked.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Returns a view of the public files.
    pub const fn reader(&self) -> LogReader<'_, O> {
        LogReader::new(&self.public)
    }

    /// Stages the batch and writes, where nobody reads it, whatever the steps will need, to
    /// wait for all of it at once. A full disk is then told before anything is settled.
    fn prepare(&self, steps: &[Step], stage: &str) -> Result<bool, LogError> {
        let mut written = Written::nothing();
        let mut staged = false;
        for step in steps {
            written = written.and(match step {
                Step::Stage(bytes) => {
                    staged = true;
                    self.private.begin_overwrite(stage, bytes)?
                }
                Step::Swap { new, .. } => self.lock.prepare(new.to_text().as_bytes())?,
                Step::Create(files) => self.public.prepare(files)?,
                Step::Publish(bytes) if self.quorum.is_none() => {
                    let file = (CHECKPOINT_PATH.to_owned(), bytes.clone());
                    self.public.prepare(&[file])?
                }
                Step::Publish(_) | Step::Unstage => Written::nothing(),
            });
        }
        written.wait()?;
        Ok(staged)
    }

    /// Serves a checkpoint as the newest: with a quorum's cosignatures, if that is asked for,
    /// kept before it is shown.
    fn publish(&self, note: &[u8]) -> Result<(), LogError> {
        let Some(quorum) = &self.quorum else {
            return self.show(note);
        };
        let signed = SignedCheckpoint::open(note, &self.verifier()).map_err(Refusal::from)?;
        let cosigned = quorum(&signed).map_err(LogError::Unwitnessed)?;
        if cosigned.text() != signed.note().text() {
            return Err(LogError::Stale);
        }
        let bytes = cosigned.to_text().into_bytes();
        self.keep(&bytes)?;
        self.show(&bytes)
    }

    /// Replaces `checkpoint`, but not by an older one, nor a cosigned one by one that is not:
    /// another process may have gone on.
    fn show(&self, note: &[u8]) -> Result<(), LogError> {
        let verifier = self.verifier();
        let rank = |note: &[u8]| {
            let signed = SignedCheckpoint::open(note, &verifier).ok()?;
            Some((
                signed.checkpoint().size,
                signed.note().signatures().len() > 1,
            ))
        };
        let ours = rank(note);
        let stays = |there: &[u8]| rank(there) > ours;
        Ok(self.public.renew(CHECKPOINT_PATH, note, &stays)?)
    }

    /// Keeps a cosigned checkpoint, if it is not the one kept last, and returns its number.
    fn keep(&self, bytes: &[u8]) -> Result<u64, LogError> {
        let mut number = match self.reader().last_cosigned()? {
            Some((number, last)) if last == bytes => number,
            Some((number, _)) => number.saturating_add(1),
            None => 0,
        };
        loop {
            match self.public.create(&cosigned_path(number), bytes) {
                // Another process kept one meanwhile.
                Err(StoreError::Differs { .. }) if self.lock.is_shared() => {
                    number = number.saturating_add(1);
                }
                created => return Ok(created.map(|()| number)?),
            }
        }
    }

    /// Says why there are files of a larger tree than this process knows of.
    fn overtaken(&self, path: String) -> Result<LogError, LogError> {
        if self.is_behind()? {
            return Ok(StoreError::Swapped.into());
        }
        Ok(LogError::Beyond { path })
    }

    fn stage_path(&self, record: &LockRecord) -> String {
        stage_path(self.lock.is_shared(), record)
    }

    /// Forgets batches that no swap can settle any more. What is left of them is in nobody's
    /// way.
    fn sweep(&self) {
        if !self.lock.is_shared() {
            return;
        }
        let record = self.sequencer.record();
        let own = self.stage_path(record);
        let is_old = |name: &str| {
            let number = name
                .split('-')
                .next()
                .and_then(|number| number.parse().ok());
            number.is_some_and(|number: u64| number <= record.number) && !own.ends_with(name)
        };
        let _ = self.private.sweep(STAGE_PATH, &is_old);
    }

    fn run(&self, step: &Step, stage: &str) -> Result<(), LogError> {
        match step {
            Step::Stage(bytes) => self.private.overwrite(stage, bytes)?,
            Step::Swap { old, new } => {
                let old = old.as_ref().map(LockRecord::to_text);
                let old = old.as_deref().map(str::as_bytes);
                self.lock.swap(old, new.to_text().as_bytes())?;
            }
            Step::Create(files) => self.public.create_all(files)?,
            Step::Publish(bytes) => self.publish(bytes)?,
            Step::Unstage => self.private.clear(stage)?,
        }
        Ok(())
    }
}

/// Why a log does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// There are files of a larger tree than the lock holds, and of another.
    #[error(
        "`{path}` is there already, with other content: the lock and the checkpoint are older copies"
    )]
    Beyond {
        /// The file that the next batch would make.
        path: String,
    },
    /// The right edge cannot be read.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// An earlier step failed.
    #[error("an earlier write failed: open the log anew")]
    Failed,
    /// The lock's value is not one that a log wrote.
    #[error("the lock is damaged: it does not hold what a log writes there")]
    Lock,
    /// The public files cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The sequencer refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A cosigned checkpoint is not of the newest tree.
    #[error("the cosigned checkpoint is not the newest one that the log signed")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too few witnesses cosigned what was to be published.
    #[error("nothing is published before a quorum of witnesses has cosigned it: {0}")]
    Unwitnessed(String),
}

impl<O: fmt::Debug, L: fmt::Debug> fmt::Debug for Log<O, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("public", &self.public)
            .field("lock", &self.lock)
            .field("sequencer", &self.sequencer)
            .finish_non_exhaustive()
    }
}

/// Reads what is there; where the lock is shared, as of one time.
fn load<O: Objects, L: Lock>(public: &O, private: &O, lock: &L) -> Result<Stored, LogError> {
    for _ in 0..LOADS {
        let bytes = lock.load()?;
        let record = match &bytes {
            Some(bytes) => {
                let text = str::from_utf8(bytes).ok();
                Some(text.and_then(LockRecord::parse).ok_or(LogError::Lock)?)
            }
            None => None,
        };
        let stage = match &record {
            Some(record) => stage_path(lock.is_shared(), record),
            None => STAGE_PATH.to_owned(),
        };
        // In this order: a batch is forgotten only once it was published.
        let staged = private.read(&stage)?.filter(|bytes| !bytes.is_empty());
        let published = public.read(CHECKPOINT_PATH)?;
        // Only what was settled is published: nothing that was read is ahead of the lock, if
        // that has not moved.
        if !lock.is_shared() || lock.load()? == bytes {
            return Ok(Stored {
                lock: record,
                published,
                staged,
            });
        }
    }
    Err(StoreError::Swapped.into())
}

/// The time to go by. Where other processes write, the clock of one may be ahead of ours.
fn agreed<L: Lock>(lock: &L, record: Option<&LockRecord>, now: UnixSeconds) -> UnixSeconds {
    let Some(last) = record.map(|record| record.time) else {
        return now;
    };
    let latest = now.plus(MAX_SKEW).unwrap_or(now);
    if lock.is_shared() && last > now && last <= latest {
        last
    } else {
        now
    }
}

/// Where the batch is staged that leads to this record of the lock. Who has the same record
/// has the same batch: its checkpoint binds the entries.
fn stage_path(is_shared: bool, record: &LockRecord) -> String {
    if !is_shared {
        return STAGE_PATH.to_owned();
    }
    let digest = sha256(record.to_text().as_bytes());
    format!(
        "{STAGE_PATH}/{}-{}",
        record.number,
        hex::encode(digest.as_bytes())
    )
}

/// Makes the tree that the lock settled out of the published one, of entries that lie in
/// bundles already, and of the staged batch, if any: so it is where a checkpoint was replaced
/// by an older one. Returns its edge and its note, or `None` if there is no such gap, or if
/// they do not lead there.
fn apply_again<O: Objects>(
    public: &O,
    edge: &Edge,
    stored: &Stored,
    key: &VerifierKey,
) -> Result<Option<(Edge, Vec<u8>)>, LogError> {
    let Some(record) = &stored.lock else {
        return Ok(None);
    };
    let note = record.note.as_bytes();
    let settled = SignedCheckpoint::open(note, key).map_err(Refusal::from)?;
    let settled = settled.checkpoint();
    let (start, batch) = match &stored.staged {
        Some(bytes) => read_batch(bytes).unwrap_or_default(),
        None => (settled.size, Vec::new()),
    };
    if start <= edge.size() {
        return Ok(None);
    }
    // Nothing is written before all of it is known to be right.
    let found = replay(public, edge.clone(), start, &batch, |_| Ok(()))?;
    if found.is_none_or(|edge| edge.root() != settled.root || edge.size() != settled.size) {
        return Ok(None);
    }
    let edge = replay(public, edge.clone(), start, &batch, |files| {
        Ok(public.create_all(files)?)
    })?;
    Ok(edge.map(|edge| (edge, note.to_vec())))
}

/// Appends the entries that lie in bundles, from the edge's size on up to `start`, and then a
/// batch, and says which files that makes; `None` where a bundle is not there.
fn replay<O: Objects>(
    public: &O,
    mut edge: Edge,
    start: u64,
    batch: &[Vec<u8>],
    made: impl Fn(&[NewFile]) -> Result<(), LogError>,
) -> Result<Option<Edge>, LogError> {
    let (first, width) = (edge.size(), u64::from(TILE_WIDTH));
    let add = |edge: &mut Edge, entries: &[Vec<u8>]| {
        let mut files = Vec::new();
        for entry in entries {
            files.extend(edge.push(entry, leaf_hash(entry)).ok_or(Refusal::TooLong)?);
        }
        made(&named(files))
    };
    while edge.size() < start {
        let within = usize::try_from(edge.size().rem_euclid(width)).unwrap_or_default();
        let entries = match LogReader::new(public).entries(edge.size().div_euclid(width), start) {
            Ok(entries) => entries,
            Err(ReadError::Store(error)) => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let Some(entries) = entries.get(within..).filter(|entries| !entries.is_empty()) else {
            return Ok(None);
        };
        add(&mut edge, entries)?;
    }
    add(&mut edge, batch)?;
    made(&named(edge.partial_since(first)))?;
    Ok(Some(edge))
}

fn named(files: Vec<(Tile, Vec<u8>)>) -> Vec<NewFile> {
    let named = |(tile, bytes): (Tile, Vec<u8>)| (tile.path(), bytes);
    files.into_iter().map(named).collect()
}
