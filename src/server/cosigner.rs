//! The thread that asks witnesses, whenever the log has grown, and again where it has not.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::watch;

use super::Event;
use super::Metrics;
use super::Tell;
use super::writer::Keeper;
use super::writer::Writer;
use crate::http::Outcome;
use crate::http::Prove;
use crate::http::Witnesses;
use crate::key::VerifierKey;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::tlog::SignedCheckpoint;

/// How long witnesses are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shortest time from one checkpoint that is shown to them to the next.
const PACE: Duration = Duration::from_millis(100);

/// The pause after witnesses were no quorum; each is twice the one before it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The newest checkpoint that a quorum cosigned.
pub(super) type Cosigned = watch::Receiver<Option<SignedCheckpoint>>;

/// Asks the witnesses of a log.
pub struct Cosigner {
    witnesses: Witnesses,
    refresh: Duration,
    files: Directory,
    key: VerifierKey,
    metrics: Arc<Metrics>,
    tell: Tell,
}

impl Cosigner {
    /// Asks these witnesses of the log whose public files these are; where it does not grow,
    /// again after `refresh`.
    pub fn new(
        witnesses: Witnesses,
        refresh: Duration,
        files: Directory,
        key: VerifierKey,
        metrics: Arc<Metrics>,
        tell: Tell,
    ) -> Self {
        Self {
            witnesses,
            refresh,
            files,
            key,
            metrics,
            tell,
        }
    }

    /// Shows the published checkpoint to the witnesses, once.
    pub fn ask(&self) -> Result<Outcome, String> {
        let reader = LogReader::new(&self.files);
        let note = reader.checkpoint().map_err(|error| error.to_string())?;
        let note = note.ok_or("there is no checkpoint")?;
        let checkpoint =
            SignedCheckpoint::open(&note, &self.key).map_err(|error| error.to_string())?;
        let files = self.files.clone();
        let prove: Prove = Arc::new(move |old, new| {
            let reader = LogReader::new(&files);
            reader
                .prove_consistency(old, new)
                .map_err(|error| error.to_string())
        });
        Ok(self.witnesses.cosign(&checkpoint, &prove, PATIENCE))
    }

    /// Returns the newest of the cosigned checkpoints that are kept which a quorum cosigned.
    fn newest(&self) -> Option<SignedCheckpoint> {
        let reader = LogReader::new(&self.files);
        let (_, note) = reader.last_cosigned().ok()??;
        let checkpoint = SignedCheckpoint::open(&note, &self.key).ok()?;
        let keys: Vec<_> = self
            .witnesses
            .policy()
            .witnesses()
            .iter()
            .map(crate::tlog::Witness::key)
            .filter(|key| {
                let cosigned = crate::tlog::Cosignature::open(checkpoint.note(), key);
                cosigned.is_ok_and(|one| one.is_some())
            })
            .map(VerifierKey::public)
            .collect();
        self.witnesses.policy().met_by(&keys).then_some(checkpoint)
    }

    /// Starts the thread. It ends when the writer, which wakes it, has ended.
    pub(super) fn start(self, writer: &Writer, woken: mpsc::Receiver<()>) -> Cosigned {
        let keeper = writer.keeper();
        let halt = writer.halt();
        let (told, cosigned) = watch::channel(self.newest());
        std::thread::spawn(move || {
            let mut pause = FIRST_PAUSE;
            // At first, what was published before.
            let mut next = Duration::ZERO;
            loop {
                match woken.recv_timeout(next) {
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                    Ok(()) | Err(mpsc::RecvTimeoutError::Timeout) => {}
                }
                while woken.try_recv().is_ok() {}
                let began = Instant::now();
                match self.round(&keeper) {
                    Ok(Some(checkpoint)) => {
                        let _ = told.send(Some(checkpoint));
                        pause = FIRST_PAUSE;
                        next = self.refresh;
                        std::thread::sleep(PACE.saturating_sub(began.elapsed()));
                    }
                    Ok(None) => {
                        std::thread::sleep(pause);
                        next = Duration::ZERO;
                        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    }
                    Err(alarm) => {
                        halt.stop(alarm);
                        return;
                    }
                }
            }
        });
        cosigned
    }

    /// Asks once, and keeps what a quorum cosigned. Fails on an alarm.
    fn round(&self, keeper: &Keeper) -> Result<Option<SignedCheckpoint>, String> {
        let outcome = match self.ask() {
            Ok(outcome) => outcome,
            Err(why) => {
                (self.tell)(&Event::NotCosigned { why });
                return Ok(None);
            }
        };
        for (witness, why) in &outcome.others {
            (self.tell)(&Event::Silent {
                witness: witness.clone(),
                why: why.clone(),
            });
        }
        if let Some(alarm) = outcome.alarms.first() {
            self.metrics.alarm();
            let why = alarm.to_string();
            (self.tell)(&Event::Alarm { why: why.clone() });
            return Err(why);
        }
        if !outcome.met {
            self.metrics.uncosigned();
            return Ok(None);
        }
        let checkpoint = SignedCheckpoint::open_note(outcome.note.clone(), &self.key);
        match (keeper.keep(outcome.note), checkpoint) {
            (Some(Ok(number)), Ok(checkpoint)) => {
                let size = checkpoint.checkpoint().size;
                self.metrics.cosigned(size);
                (self.tell)(&Event::Cosigned { size, number });
                Ok(Some(checkpoint))
            }
            (Some(Err(why)), _) => {
                (self.tell)(&Event::NotCosigned { why });
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}
