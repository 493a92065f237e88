//! The one thread that writes the log.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::Metrics;
use super::room::Place;
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
}

struct Waiting {
    entry: Vec<u8>,
    /// Taken up until it is written, also where nobody waits for the answer any more.
    place: Place,
    answer: oneshot::Sender<Result<u64, Refused>>,
}

/// Hands entries to the thread that writes. It ends, after what waits, when the last copy
/// of this is dropped.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
    well: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread on a log. Where a write fails, `open` opens it anew; `clock` tells
    /// the present time, or `None` if it cannot.
    pub fn start(
        log: LocalLog,
        open: impl Fn(UnixSeconds) -> Result<LocalLog, String> + Send + 'static,
        clock: fn() -> Option<UnixSeconds>,
        metrics: Arc<Metrics>,
    ) -> (Self, std::thread::JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let well = Arc::new(AtomicBool::new(true));
        metrics.opened(log.size());
        let mut thread = Thread {
            log: Ok(log),
            open,
            clock,
            waiting,
            well: Arc::clone(&well),
            metrics,
        };
        let thread = std::thread::spawn(move || thread.run());
        (Self { queue, well }, thread)
    }

    /// Makes an entry, of at most [`MAX_ENTRY`](crate::attestation::MAX_ENTRY) bytes, part of
    /// the log and returns its index, once it is durable and published.
    pub(super) async fn add(&self, entry: Vec<u8>, place: Place) -> Result<u64, Refused> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            entry,
            place,
            answer,
        };
        self.queue.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => ended(),
        })?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Whether the last batch was written.
    pub fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed) && !self.queue.is_closed()
    }
}

fn ended() -> Refused {
    Refused::Failed("the writer has ended".to_owned())
}

struct Thread<F> {
    /// The log, or when and why it failed.
    log: Result<LocalLog, (Instant, String)>,
    open: F,
    clock: fn() -> Option<UnixSeconds>,
    waiting: mpsc::Receiver<Waiting>,
    well: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

impl<F: Fn(UnixSeconds) -> Result<LocalLog, String>> Thread<F> {
    fn run(&mut self) {
        let mut batch = Vec::new();
        while self.waiting.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
            let (mut entries, mut waiting) = (Vec::new(), Vec::new());
            for one in batch.drain(..) {
                entries.push(one.entry);
                waiting.push((one.answer, one.place));
            }
            let written = self.write(&entries);
            self.well.store(written.is_ok(), Ordering::Relaxed);
            for ((answer, place), number) in waiting.into_iter().zip(0_u64..) {
                // Who has the answer finds the room.
                drop(place);
                let index = written.clone().map(|first| first.saturating_add(number));
                // Who asked may have gone; the entry stays.
                let _ = answer.send(index);
            }
        }
    }

    /// Makes a batch part of the log and returns the index of its first entry.
    fn write(&mut self, entries: &[Vec<u8>]) -> Result<u64, Refused> {
        let failed = |why: &dyn std::fmt::Display| Refused::Failed(why.to_string());
        let now = (self.clock)().ok_or_else(|| failed(&NO_CLOCK))?;
        if let Err((when, why)) = &self.log {
            if when.elapsed() < PAUSE {
                return Err(failed(why));
            }
            self.log = (self.open)(now).map_err(|why| (Instant::now(), why));
        }
        let log = match &mut self.log {
            Ok(log) => log,
            Err((_, why)) => return Err(failed(why)),
        };
        let began = Instant::now();
        match log.append(entries, now) {
            Ok(first) => {
                let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
                let size = log.size();
                self.metrics.committed(count, size, began.elapsed());
                Ok(first)
            }
            Err(error) => {
                self.metrics.failed();
                // The lock must be let go before the log can be opened anew.
                self.log = Err((Instant::now(), error.to_string()));
                Err(failed(&error))
            }
        }
    }
}
