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
use crate::store::fs::Directory;
use crate::store::fs::FileLock;
use crate::store::log::Log;
use crate::time::UnixSeconds;

/// A log in directories of this machine.
pub type LocalLog = Log<Directory, FileLock>;

/// How many entries may wait: as many as one batch takes.
const MAX_WAITING: usize = MAX_BATCH;

/// How long a log that failed is left alone before it is opened anew.
const PAUSE: Duration = Duration::from_secs(1);

/// Where many entries of one request are being read, so many are waited for before they are
/// written, at most so long: a batch costs some ten milliseconds, however small.
const WORTHWHILE: usize = MAX_BATCH / 4;
const LONGEST_WAIT: Duration = Duration::from_millis(50);
const SHORT: Duration = Duration::from_millis(1);

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
        log: LocalLog,
        gate: Gate,
        open: impl Fn(UnixSeconds) -> Result<(LocalLog, Gate), String> + Send + 'static,
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

struct Thread<F> {
    /// The log and its gate, or when and why it failed.
    log: Result<(LocalLog, Gate), (Instant, String)>,
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
    /// Who waits for which index, and the room that the entry takes up.
    waiting: Vec<(u64, Answer, Place)>,
}

impl<F: Fn(UnixSeconds) -> Result<(LocalLog, Gate), String>> Thread<F> {
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
            let mut batch = Batch::default();
            let written = self.write(&mut adding, &mut batch);
            self.well.store(written.is_ok(), Ordering::Relaxed);
            for (index, answer, place) in batch.waiting {
                // Who has the answer finds the room.
                drop(place);
                // Who asked may have gone; the entry stays.
                let _ = answer.send(written.clone().map(|()| index));
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
        let (log, _) = self.log.as_mut().map_err(|(_, why)| why.clone())?;
        log.keep_cosigned(note).map_err(|error| error.to_string())
    }

    /// Decides on what waits, and makes what is admitted part of the log.
    fn write(
        &mut self,
        next: &mut Vec<(Submission, Answer)>,
        batch: &mut Batch,
    ) -> Result<(), Refused> {
        let failed = |why: &dyn std::fmt::Display| Refused::Failed(why.to_string());
        let now = (self.clock)().ok_or_else(|| failed(&NO_CLOCK))?;
        if let Some(why) = self.halt.0.get() {
            return Err(failed(why));
        }
        if let Err((when, why)) = &self.log {
            if when.elapsed() < PAUSE {
                return Err(failed(why));
            }
            self.log = (self.open)(now).map_err(|why| (Instant::now(), why));
            (self.tell)(&match &self.log {
                Ok((log, _)) => Event::Reopened { size: log.size() },
                Err((_, why)) => Event::Failed { why: why.clone() },
            });
        }
        let (log, gate) = match &mut self.log {
            Ok(opened) => opened,
            Err((_, why)) => return Err(failed(why)),
        };
        if let Err(why) = decide(next, batch, log, gate, &self.metrics) {
            (self.tell)(&Event::Failed { why: why.clone() });
            // What was decided before is not in the log yet either.
            self.log = Err((Instant::now(), why.clone()));
            return Err(failed(&why));
        }
        if batch.entries.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        let written = log
            .append(&batch.entries, now)
            .map_err(|error| error.to_string());
        if written.is_ok() {
            let count = u64::try_from(batch.entries.len()).unwrap_or(u64::MAX);
            self.metrics.committed(count, log.size(), began.elapsed());
            // Perhaps nobody asks witnesses.
            let _ = self.wake.send(());
        } else {
            self.metrics.failed();
        }
        let indexed = written.clone().and_then(|_| gate.committed(log));
        if let Err(why) = indexed {
            (self.tell)(&Event::Failed { why: why.clone() });
            // The lock must be let go before the log can be opened anew.
            self.log = Err((Instant::now(), why));
        }
        written.map(|_| ()).map_err(|why| failed(&why))
    }
}

/// Decides on each, in order. What is refused is answered at once. Fails where it cannot be
/// told what the log holds.
fn decide(
    next: &mut Vec<(Submission, Answer)>,
    batch: &mut Batch,
    log: &LocalLog,
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
                batch.waiting.push((index, answer, place));
                continue;
            }
            // What is not in the log yet waits with the batch that it is in.
            Decision::Stands(index) if index >= log.size() => {
                batch.waiting.push((index, answer, place));
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
