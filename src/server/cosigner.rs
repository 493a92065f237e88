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
use crate::http::Until;
use crate::http::Witnesses;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::store::reader::LogReader;
use crate::store::site::Files;
use crate::tlog::Cosignature;
use crate::tlog::SignedCheckpoint;
use crate::tlog::Witness;

/// How long witnesses are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shortest time from one checkpoint that is shown to them to the next.
const PACE: Duration = Duration::from_millis(100);

/// The pause after witnesses were no quorum; each is twice the one before it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The newest checkpoint that a quorum cosigned.
pub(super) type Cosigned = watch::Receiver<Option<SignedCheckpoint>>;

/// The witnesses of a log, and the log's files, from which they are shown the way.
#[derive(Debug)]
pub struct Asker {
    witnesses: Witnesses,
    files: Files,
    key: VerifierKey,
}

/// Asks the witnesses of a log.
pub struct Cosigner {
    asker: Arc<Asker>,
    refresh: Duration,
    metrics: Arc<Metrics>,
    tell: Tell,
}

impl Asker {
    /// Asks these witnesses of the log of that key, whose public files these are.
    pub const fn new(witnesses: Witnesses, files: Files, key: VerifierKey) -> Self {
        Self {
            witnesses,
            files,
            key,
        }
    }

    /// Shows the published checkpoint to the witnesses, once.
    pub fn ask(&self) -> Result<Outcome, String> {
        Ok(self.show(&self.published()?))
    }

    /// Has a quorum cosign a checkpoint that is not published yet, unless it has.
    pub fn before_publication(&self, checkpoint: &SignedCheckpoint) -> Result<Note, String> {
        if self.has_quorum(checkpoint) {
            return Ok(checkpoint.note().clone());
        }
        let outcome = self.show(checkpoint);
        if let Some(alarm) = outcome.alarms.first() {
            return Err(alarm.to_string());
        }
        if outcome.met {
            return Ok(outcome.note);
        }
        let others = outcome.others.iter();
        let others: Vec<String> = others
            .map(|(name, why)| format!("`{name}` {why}"))
            .collect();
        Err(others.join("; "))
    }

    fn show(&self, checkpoint: &SignedCheckpoint) -> Outcome {
        let files = self.files.clone();
        let prove: Prove = Arc::new(move |old, new| {
            let reader = LogReader::new(&files);
            let proof = reader.prove_consistency(old, new);
            proof.map_err(|error| error.to_string())
        });
        self.witnesses
            .cosign(checkpoint, &prove, Until::Quorum, PATIENCE)
    }

    fn published(&self) -> Result<SignedCheckpoint, String> {
        let note = LogReader::new(&self.files).checkpoint();
        let note = note.map_err(|error| error.to_string())?;
        let note = note.ok_or("there is no checkpoint")?;
        SignedCheckpoint::open(&note, &self.key).map_err(|error| error.to_string())
    }

    fn has_quorum(&self, checkpoint: &SignedCheckpoint) -> bool {
        let policy = self.witnesses.policy();
        let cosigned = |key: &&VerifierKey| {
            let cosignature = Cosignature::open(checkpoint.note(), key);
            cosignature.is_ok_and(|one| one.is_some())
        };
        let keys = policy.witnesses().iter().map(Witness::key);
        let keys: Vec<_> = keys.filter(cosigned).map(VerifierKey::public).collect();
        policy.met_by(&keys)
    }

    /// Returns the newest of the cosigned checkpoints that are kept, if a quorum did.
    fn newest(&self) -> Option<SignedCheckpoint> {
        let (_, note) = LogReader::new(&self.files).last_cosigned().ok()??;
        let checkpoint = SignedCheckpoint::open(&note, &self.key).ok()?;
        self.has_quorum(&checkpoint).then_some(checkpoint)
    }
}

impl Cosigner {
    /// Asks whenever the log has grown and, where it does not grow, again after `refresh`.
    pub const fn new(
        asker: Arc<Asker>,
        refresh: Duration,
        metrics: Arc<Metrics>,
        tell: Tell,
    ) -> Self {
        Self {
            asker,
            refresh,
            metrics,
            tell,
        }
    }

    /// Starts the thread. It ends when the writer, which wakes it, has ended.
    pub(super) fn start(self, writer: &Writer, woken: mpsc::Receiver<()>) -> Cosigned {
        let keeper = writer.keeper();
        let halt = writer.halt();
        let (told, cosigned) = watch::channel(self.asker.newest());
        std::thread::spawn(move || {
            let mut pause = FIRST_PAUSE;
            // At first, what was published before.
            let mut next = Duration::ZERO;
            loop {
                let grown = match woken.recv_timeout(next) {
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                    Err(mpsc::RecvTimeoutError::Timeout) => false,
                    Ok(()) => true,
                };
                while woken.try_recv().is_ok() {}
                // It may have been published with its quorum.
                if grown && let Some(newest) = self.cosigned_already() {
                    let size = newest.checkpoint().size;
                    self.metrics.cosigned(size);
                    let _ = told.send(Some(newest));
                    next = self.refresh;
                    continue;
                }
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

    fn cosigned_already(&self) -> Option<SignedCheckpoint> {
        let published = self.asker.published().ok()?;
        self.asker.has_quorum(&published).then_some(published)
    }

    /// Asks once, and keeps what a quorum cosigned. Fails on an alarm.
    fn round(&self, keeper: &Keeper) -> Result<Option<SignedCheckpoint>, String> {
        let outcome = match self.asker.ask() {
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
        let checkpoint = SignedCheckpoint::open_note(outcome.note.clone(), &self.asker.key);
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
