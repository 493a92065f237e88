//! The one thread that writes the log.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::Event;
use super::Metrics;
use super::Tell;
use super::gate::Decision;
use super::gate::Gate;
use super::room::Place;
use crate::admission::Candidate;
use crate::admission::Refusal;
use crate::note::Note;
use crate::sequencer::MAX_BATCH;
use crate::store::StoreError;
use crate::store::log::LogError;
use crate::store::site::SitedLog;
use crate::time::UnixSeconds;

/// How many entries may wait: as many as one batch takes.
const MAX_WAITING: usize = MAX_BATCH;

/// How long a log that failed is left alone before it is opened anew.
const PAUSE: Duration = Duration::from_secs(1);

/// Where many entries of one request are being read, so many are waited for before they are
/// written, at most so long: a batch costs some ten milliseconds, however small.
const WORTHWHILE: usize = MAX_BATCH / 4;
const LONGEST_WAIT: Duration = Duration::from_millis(50);
const SHORT: Duration = Duration::from_millis(1);

/// How often a batch is tried again because another process wrote the log first.
const ATTEMPTS: usize = 10;

const NO_CLOCK: &str = "the clock is not between 1970 and 9999";

/// Why an entry did not become part of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Too many wait.
    #[error("too many entries wait to be written")]
    Busy,
    /// The store failed, and what it holds is not known: the entry may be in the log.
    #[error("the log could not be written: {0}")]
    Failed(String),
    /// It breaks a rule of admission.
    #[error("{0}")]
    NotAdmitted(Refusal),
}

/// An entry on its way into the log.
#[derive(Debug)]
pub(super) struct Submission {
    /// Its bytes, at most [`MAX_ENTRY`](crate::attestation::MAX_ENTRY).
    pub(super) entry: Vec<u8>,
    /// What it says, where that is asked before it is admitted.
    pub(super) candidate: Option<Box<Candidate>>,
    /// Taken up until it is written, also where nobody waits for the answer any more.
    pub(super) place: Place,
}

/// What the thread is asked to do.
#[derive(Debug)]
enum Job {
    Add(Submission, Answer),
    /// Keep a cosigned checkpoint.
    Keep(Box<Note>, std::sync::mpsc::Sender<Result<u64, String>>),
}

type Answer = oneshot::Sender<Result<u64, Refused>>;

/// An answer to come: the index of an entry, once it is durable and published.
pub(super) type Answered = oneshot::Receiver<Result<u64, Refused>>;

/// Hands entries to the thread that writes. It ends, after what waits, when the last copy
/// of this is dropped.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
    well: Arc<AtomicBool>,
    coming: Arc<AtomicUsize>,
    halt: Halt,
}

/// Stops a log from growing, for good.
#[derive(Clone, Debug, Default)]
pub(super) struct Halt(Arc<OnceLock<String>>);

impl Halt {
    /// No more is taken from now on, for this reason.
    pub(super) fn stop(&self, why: String) {
        let _ = self.0.set(why);
    }
}

/// A writer that was started.
#[derive(Debug)]
pub struct Started {
    /// Hands entries to the thread.
    pub writer: Writer,
    /// The thread.
    pub thread: std::thread::JoinHandle<()>,
    /// Is told of each batch, and disconnected when the thread ends.
    pub woken: std::sync::mpsc::Receiver<()>,
}

/// Says that entries of one request are being read, until it is dropped.
#[derive(Debug)]
pub(super) struct Coming(Arc<AtomicUsize>);

/// Hands cosigned checkpoints to the thread that writes, and does not keep it from ending.
#[derive(Debug)]
pub(super) struct Keeper(mpsc::WeakSender<Job>);

impl Keeper {
    /// Keeps a cosigned checkpoint, and returns its number; `None` once the thread has ended.
    pub(super) fn keep(&self, note: Note) -> Option<Result<u64, String>> {
        let (answer, answered) = std::sync::mpsc::channel();
        let job = Job::Keep(Box::new(note), answer);
        self.0.upgrade()?.blocking_send(job).ok()?;
        answered.recv().ok()
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    /// Starts the thread on a log. Where a write fails, `open` opens it anew; `clock` tells
    /// the present time, or `None` if it cannot.
    pub fn start(
        log: SitedLog,
        gate: Gate,
        open: impl Fn(UnixSeconds) -> Result<(SitedLog, Gate), String> + Send + 'static,
        clock: fn() -> Option<UnixSeconds>,
        metrics: Arc<Metrics>,
        tell: Tell,
    ) -> Started {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let well = Arc::new(AtomicBool::new(true));
        metrics.opened(log.size());
        let coming = Arc::new(AtomicUsize::new(0));
        let halt = Halt::default();
        let (wake, woken) = std::sync::mpsc::channel();
        let mut thread = Thread {
            coming: Arc::clone(&coming),
            log: Ok((log, gate)),
            open,
            clock,
            wake,
            waiting,
            well: Arc::clone(&well),
            metrics,
            tell,
            halt: halt.clone(),
        };
        let thread = std::thread::spawn(move || thread.run());
        let writer = Self {
            queue,
            well,
            coming,
            halt,
        };
        Started {
            writer,
            thread,
            woken,
        }
    }

    /// Makes an entry part of the log and returns its index, once it is durable and
    /// published.
    pub(super) async fn add(&self, submission: Submission) -> Result<u64, Refused> {
        let (answer, answered) = oneshot::channel();
        let sent = self.queue.try_send(Job::Add(submission, answer));
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => ended(),
        })?;
        settled(answered).await
    }

    /// Waits until there is room for an entry in the queue, behind those that this caller
    /// put there before.
    pub(super) async fn enqueue(&self, submission: Submission) -> Answered {
        let (answer, answered) = oneshot::channel();
        // Where the writer has ended the answer is dropped, which says so.
        let _ = self.queue.send(Job::Add(submission, answer)).await;
        answered
    }

    /// Says that entries of one request are being read.
    pub(super) fn coming(&self) -> Coming {
        self.coming.fetch_add(1, Ordering::Relaxed);
        Coming(Arc::clone(&self.coming))
    }

    /// Returns what hands cosigned checkpoints over.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper(self.queue.downgrade())
    }

    /// Returns what stops the log.
    pub(super) fn halt(&self) -> Halt {
        self.halt.clone()
    }

    /// Whether the last batch was written, and more are taken.
    pub fn is_well(&self) -> bool {
        self.halt.0.get().is_none() && self.well.load(Ordering::Relaxed) && !self.queue.is_closed()
    }
}

/// Waits for an answer.
pub(super) async fn settled(answered: Answered) -> Result<u64, Refused> {
    answered.await.unwrap_or_else(|_| Err(ended()))
}

fn ended() -> Refused {
    Refused::Failed("the writer has ended".to_owned())
}

/// A log that must be opened anew.
struct Down {
    /// When it failed; not left alone where it was only overtaken.
    since: Option<Instant>,
    why: String,
}

impl Down {
    fn new(why: String) -> Self {
        Self {
            since: Some(Instant::now()),
            why,
        }
    }
}

struct Thread<F> {
    log: Result<(SitedLog, Gate), Down>,
    open: F,
    clock: fn() -> Option<UnixSeconds>,
    wake: std::sync::mpsc::Sender<()>,
    waiting: mpsc::Receiver<Job>,
    well: Arc<AtomicBool>,
    coming: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
    tell: Tell,
    halt: Halt,
}

/// Those who wait for one batch.
#[derive(Default)]
struct Batch {
    entries: Vec<Vec<u8>>,
    waiting: Vec<Waiting>,
}

/// Who waits for which index.
struct Waiting {
    index: u64,
    /// The entry, where it is not one of the batch's own but the same as one.
    again: Option<Vec<u8>>,
    candidate: Option<Box<Candidate>>,
    answer: Answer,
    /// The room that the entry takes up.
    place: Place,
}

impl Waiting {
    fn answer(self, written: Result<(), Refused>) {
        // Who has the answer finds the room.
        drop(self.place);
        // Who asked may have gone; the entry stays.
        let _ = self.answer.send(written.map(|()| self.index));
    }
}

impl Batch {
    /// Answers those whose entries are among the first `size` of the log.
    fn settle(&mut self, first: u64, size: u64) {
        let (done, rest) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.index < size);
        self.waiting = rest;
        let count = usize::try_from(size.saturating_sub(first)).unwrap_or(usize::MAX);
        self.entries.drain(..count.min(self.entries.len()));
        let done: Vec<Waiting> = done;
        for waiting in done {
            waiting.answer(Ok(()));
        }
    }

    /// Lets all of it be decided anew.
    fn take_back(self, next: &mut Vec<(Submission, Answer)>) {
        let mut entries = self.entries.into_iter();
        for waiting in self.waiting {
            let Some(entry) = waiting.again.or_else(|| entries.next()) else {
                continue;
            };
            let submission = Submission {
                entry,
                candidate: waiting.candidate,
                place: waiting.place,
            };
            next.push((submission, waiting.answer));
        }
    }
}

/// Why a batch was not written.
enum Fault {
    /// Another process wrote the log first, and nothing of this batch is in it.
    Overtaken,
    Failed(String),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Failed(match fault {
            Fault::Overtaken => "other processes write to it all the time".to_owned(),
            Fault::Failed(why) => why,
        })
    }
}

impl<F: Fn(UnixSeconds) -> Result<(SitedLog, Gate), String>> Thread<F> {
    fn run(&mut self) {
        let mut next = Vec::new();
        while self.waiting.blocking_recv_many(&mut next, MAX_BATCH) > 0 {
            self.gather(&mut next);
            let (mut adding, mut keeping) = (Vec::new(), Vec::new());
            for job in next.drain(..) {
                match job {
                    Job::Add(submission, answer) => adding.push((submission, answer)),
                    Job::Keep(note, answer) => keeping.push((note, answer)),
                }
            }
            for (note, answer) in keeping {
                let _ = answer.send(self.keep(&note));
            }
            if adding.is_empty() {
                continue;
            }
            let mut attempts = 1..=ATTEMPTS;
            let (batch, written) = loop {
                let mut batch = Batch::default();
                let written = self.write(&mut adding, &mut batch);
                match written {
                    Err(Fault::Overtaken) if attempts.next().is_some() => {
                        batch.take_back(&mut adding);
                    }
                    written => break (batch, written.map_err(Refused::from)),
                }
            };
            self.well.store(written.is_ok(), Ordering::Relaxed);
            for waiting in batch.waiting {
                waiting.answer(written.clone());
            }
            // Where nothing could be decided.
            let why = written.err().unwrap_or_else(ended);
            for (_, answer) in adding.drain(..) {
                let _ = answer.send(Err(why.clone()));
            }
        }
    }

    /// Waits a little for more, where more is being read. Who is alone waits for nobody.
    fn gather(&mut self, next: &mut Vec<Job>) {
        let began = Instant::now();
        while next.len() < WORTHWHILE
            && self.coming.load(Ordering::Relaxed) > 0
            && began.elapsed() < LONGEST_WAIT
        {
            std::thread::sleep(SHORT);
            while next.len() < MAX_BATCH
                && let Ok(one) = self.waiting.try_recv()
            {
                next.push(one);
            }
        }
    }

    fn keep(&mut self, note: &Note) -> Result<u64, String> {
        let (log, _) = self.log.as_mut().map_err(|down| down.why.clone())?;
        log.keep_cosigned(note).map_err(|error| error.to_string())
    }

    /// Decides on what waits, and makes what is admitted part of the log.
    fn write(
        &mut self,
        next: &mut Vec<(Submission, Answer)>,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let now = (self.clock)().ok_or_else(|| Fault::Failed(NO_CLOCK.to_owned()))?;
        if let Some(why) = self.halt.0.get() {
            return Err(Fault::Failed(why.clone()));
        }
        self.refresh(now);
        self.open(now).map_err(Fault::Failed)?;
        let (log, gate) = match &mut self.log {
            Ok(opened) => opened,
            Err(down) => return Err(Fault::Failed(down.why.clone())),
        };
        if let Err(why) = decide(next, batch, log, gate, &self.metrics) {
            // What was decided before is not in the log yet either.
            self.fail(why.clone());
            return Err(Fault::Failed(why));
        }
        if batch.entries.is_empty() {
            return Ok(());
        }
        let (began, first) = (Instant::now(), log.size());
        let count = u64::try_from(batch.entries.len()).unwrap_or(u64::MAX);
        match log.append(&batch.entries, now) {
            Ok(_) => {
                self.metrics.committed(count, log.size(), began.elapsed());
                // Perhaps nobody asks witnesses.
                let _ = self.wake.send(());
                if let Err(why) = gate.committed(log) {
                    self.fail(why);
                }
                Ok(())
            }
            Err(LogError::Store(StoreError::Swapped)) => {
                batch.settle(first, log.size());
                let why = StoreError::Swapped.to_string();
                self.log = Err(Down { since: None, why });
                Err(Fault::Overtaken)
            }
            Err(error) => {
                self.metrics.failed();
                batch.settle(first, log.size());
                let why = error.to_string();
                self.fail(why.clone());
                Err(Fault::Failed(why))
            }
        }
    }

    /// Lets the log go, and the lock with it: it is to be opened anew.
    fn fail(&mut self, why: String) {
        (self.tell)(&Event::Failed { why: why.clone() });
        self.log = Err(Down::new(why));
    }

    /// Opens the log anew where that is due.
    fn open(&mut self, now: UnixSeconds) -> Result<(), String> {
        let Err(down) = &self.log else {
            return Ok(());
        };
        if down.since.is_some_and(|since| since.elapsed() < PAUSE) {
            return Err(down.why.clone());
        }
        match (self.open)(now) {
            Ok((log, gate)) => {
                let size = log.size();
                // Where it was only overtaken there is nothing to tell.
                if down.since.is_some() {
                    (self.tell)(&Event::Reopened { size });
                }
                self.metrics.opened(size);
                self.log = Ok((log, gate));
                Ok(())
            }
            Err(why) => {
                self.fail(why.clone());
                Err(why)
            }
        }
    }

    /// Learns what other processes have written since; where that cannot be told, the log is to be
    /// opened anew.
    fn refresh(&mut self, now: UnixSeconds) {
        let behind = match &self.log {
            Ok((log, _)) => log.is_behind(),
            Err(_) => return,
        };
        if matches!(behind, Ok(false)) {
            return;
        }
        let why = StoreError::Swapped.to_string();
        let down = Err(Down { since: None, why });
        if let Ok((log, mut gate)) = std::mem::replace(&mut self.log, down)
            && let Ok(log) = log.reopen(now)
            && gate.refresh(&log).is_ok()
        {
            self.metrics.opened(log.size());
            self.log = Ok((log, gate));
        }
    }
}

/// Decides on each, in order. What is refused is answered at once. Fails where it cannot be
/// told what the log holds.
fn decide(
    next: &mut Vec<(Submission, Answer)>,
    batch: &mut Batch,
    log: &SitedLog,
    gate: &mut Gate,
    metrics: &Metrics,
) -> Result<(), String> {
    let mut waiting = std::mem::take(next).into_iter();
    while let Some((submission, answer)) = waiting.next() {
        let Submission {
            entry,
            candidate,
            place,
        } = submission;
        let count = u64::try_from(batch.entries.len()).unwrap_or(u64::MAX);
        let index = log.size().saturating_add(count);
        let refused = match gate.decide(candidate.as_deref(), &entry, index, log) {
            Decision::Append => {
                batch.entries.push(entry);
                batch.waiting.push(Waiting {
                    index,
                    again: None,
                    candidate,
                    answer,
                    place,
                });
                continue;
            }
            // What is not in the log yet waits with the batch that it is in.
            Decision::Stands(index) if index >= log.size() => {
                batch.waiting.push(Waiting {
                    index,
                    again: Some(entry),
                    candidate,
                    answer,
                    place,
                });
                continue;
            }
            Decision::Stands(index) => Ok(index),
            Decision::Refuse(refusal) => {
                metrics.refused();
                Err(Refused::NotAdmitted(refusal))
            }
            Decision::Fail(why) => {
                let _ = answer.send(Err(Refused::Failed(why.clone())));
                next.extend(waiting);
                return Err(why);
            }
        };
        drop(place);
        let _ = answer.send(refused);
    }
    Ok(())
}
