//! Asking witnesses over HTTP to cosign a log's checkpoint (C2SP tlog-witness).

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use crate::hash::Hash;
use crate::key::PublicKey;
use crate::note::Note;
use crate::note::SignatureLine;
use crate::tlog::Policy;
use crate::tlog::SignedCheckpoint;
use crate::witnessing::Alarm;
use crate::witnessing::Answer;
use crate::witnessing::MAX_ANSWER;
use crate::witnessing::Meaning;
use crate::witnessing::Witnessed;

/// How long one request may take: a witness waits for its disk, and perhaps for others.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long those that are late are waited for once there is a quorum.
const GRACE: Duration = Duration::from_millis(500);

/// The shortest and the longest pause before a witness that is busy is asked again, unless
/// it asks for a longer one.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Proves that the tree of so many leaves is a prefix of another.
pub type Prove = Arc<dyn Fn(u64, u64) -> Result<Vec<Hash>, String> + Send + Sync>;

/// Until when witnesses are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until all have answered.
    All,
    /// Not much longer than until there is a quorum.
    Quorum,
}

/// The witnesses of a policy that can be asked.
#[derive(Debug)]
pub struct Witnesses {
    policy: Policy,
    asked: Vec<Asked>,
}

/// A witness, where it is, and what it is believed to remember.
#[derive(Clone, Debug)]
struct Asked {
    name: String,
    address: String,
    agent: ureq::Agent,
    /// Locked while it is being asked: nobody is asked twice at once.
    known: Arc<Mutex<Witnessed>>,
}

/// What came of asking them all.
#[derive(Debug)]
pub struct Outcome {
    /// The note with the log's line and every cosignature that came.
    pub note: Note,
    /// Whether they are the policy's quorum.
    pub met: bool,
    /// Whether those that were heard are the policy's quorum.
    pub heard: bool,
    /// Who was heard: cosigned, or raised an alarm.
    pub from: Vec<PublicKey>,
    /// Why the others did not cosign: their names, and what they said.
    pub others: Vec<(String, String)>,
    /// What witnesses remember and this log does not have.
    pub alarms: Vec<Alarm>,
}

type Told = (usize, Result<SignatureLine, Silence>);

enum Silence {
    Alarm(Alarm),
    Other(String),
}

impl Witnesses {
    /// Takes those of a policy that have an address. Fails where these can be no quorum.
    pub fn new(policy: &Policy) -> Result<Self, String> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        let agent = ureq::Agent::from(config);
        let asked: Vec<Asked> = policy
            .witnesses()
            .iter()
            .filter_map(|witness| {
                Some(Asked {
                    name: witness.name().to_owned(),
                    address: witness.url()?.trim_end_matches('/').to_owned(),
                    agent: agent.clone(),
                    known: Arc::new(Mutex::new(Witnessed::new(witness.key().clone()))),
                })
            })
            .collect();
        let witnesses = Self {
            policy: policy.clone(),
            asked,
        };
        let all: Vec<PublicKey> = witnesses.asked.iter().map(Asked::key).collect();
        if !policy.met_by(&all.iter().collect::<Vec<_>>()) {
            return Err("the witnesses that have an address are no quorum".to_owned());
        }
        Ok(witnesses)
    }

    /// Returns the policy.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Shows a checkpoint to every witness, all at once, for at most `patience`.
    pub fn cosign(
        &self,
        checkpoint: &SignedCheckpoint,
        prove: &Prove,
        enough: Until,
        patience: Duration,
    ) -> Outcome {
        let (tell, told) = mpsc::channel();
        let until = Instant::now().checked_add(patience);
        for (number, one) in self.asked.iter().enumerate() {
            let (one, checkpoint) = (one.clone(), checkpoint.clone());
            let (prove, tell) = (Arc::clone(prove), tell.clone());
            std::thread::spawn(move || {
                // Who asked may have what it needs already.
                let _ = tell.send((number, one.ask(&checkpoint, &prove, enough, until)));
            });
        }
        drop(tell);
        self.collect(checkpoint, &told, enough, until)
    }

    fn collect(
        &self,
        checkpoint: &SignedCheckpoint,
        told: &mpsc::Receiver<Told>,
        enough: Until,
        mut until: Option<Instant>,
    ) -> Outcome {
        let mut note = checkpoint.note().clone();
        let (mut cosigned, mut heard) = (Vec::new(), Vec::new());
        let mut silent: Vec<bool> = self.asked.iter().map(|_| true).collect();
        let (mut others, mut alarms) = (Vec::new(), Vec::new());
        let mut met = false;
        let is_quorum = |keys: &[PublicKey]| self.policy.met_by(&keys.iter().collect::<Vec<_>>());
        loop {
            let left = until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            });
            let Ok((number, answer)) = told.recv_timeout(left) else {
                break;
            };
            let Some(one) = self.asked.get(number) else {
                continue;
            };
            if let Some(silent) = silent.get_mut(number) {
                *silent = false;
            }
            match answer {
                Ok(line) => {
                    note.put(line);
                    cosigned.push(one.key());
                    heard.push(one.key());
                }
                Err(Silence::Alarm(alarm)) => {
                    heard.push(one.key());
                    others.push((one.name.clone(), alarm.to_string()));
                    alarms.push(alarm);
                }
                Err(Silence::Other(why)) => others.push((one.name.clone(), why)),
            }
            if !met && is_quorum(&cosigned) {
                met = true;
                if enough == Until::Quorum {
                    let soon = Instant::now().checked_add(GRACE);
                    until = until.min(soon);
                }
            }
        }
        for (one, silent) in self.asked.iter().zip(silent) {
            if silent {
                others.push((one.name.clone(), "no answer in time".to_owned()));
            }
        }
        Outcome {
            note,
            met: is_quorum(&cosigned),
            heard: is_quorum(&heard),
            from: heard,
            others,
            alarms,
        }
    }
}

impl Asked {
    fn key(&self) -> PublicKey {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.key().public().clone()
    }

    fn ask(
        &self,
        checkpoint: &SignedCheckpoint,
        prove: &Prove,
        enough: Until,
        until: Option<Instant>,
    ) -> Result<SignatureLine, Silence> {
        let other = |why: String| Silence::Other(why);
        let mut known = loop {
            if let Ok(known) = self.known.try_lock() {
                break known;
            }
            // Who asks again and again must not have ever more threads wait here.
            if enough == Until::Quorum || until.is_none_or(|until| until <= Instant::now()) {
                return Err(other(
                    "is still being asked for an earlier checkpoint".to_owned(),
                ));
            }
            std::thread::sleep(SHORTEST_PAUSE);
        };
        let size = checkpoint.checkpoint().size;
        // The log's own line: a witness has no use for others'.
        let mut note = checkpoint.note().clone();
        note.retain(|line| !line.names(known.key()));
        let mut pause = SHORTEST_PAUSE;
        let mut tries = 0_u32;
        loop {
            let from = known.show(size);
            let proof = if from == 0 || from == size {
                Vec::new()
            } else {
                prove(from, size).map_err(other)?
            };
            let body = Witnessed::request(from, &proof, &note);
            tries = tries.saturating_add(1);
            let mut wait = pause;
            let why = match self.post(&body) {
                Ok(answer) => match known.answered(&answer, &note, size, from, tries) {
                    Meaning::Cosigned(line) => return Ok(line),
                    Meaning::Alarm(alarm) => return Err(Silence::Alarm(alarm)),
                    Meaning::Refused(why) => return Err(other(why)),
                    Meaning::Stale => continue,
                    Meaning::Later(again) => {
                        wait = pause.max(again.unwrap_or_default());
                        match answer.status {
                            status @ (429 | 503) => format!("is busy (status {status})"),
                            // So omniwitness answers, as of July 2026.
                            500 => "failed (status 500); it may not know this log, or its key"
                                .to_owned(),
                            status => format!("failed (status {status})"),
                        }
                    }
                },
                Err(why) => why,
            };
            let left = until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left <= wait {
                return Err(other(why));
            }
            std::thread::sleep(wait);
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    fn post(&self, body: &[u8]) -> Result<Answer, String> {
        let address = format!("{}/add-checkpoint", self.address);
        let mut response = self
            .agent
            .post(&address)
            .send(body)
            .map_err(|error| error.to_string())?;
        let again = response.headers().get("retry-after");
        let again = again.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let limit = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX);
        let body = response.body_mut().with_config().limit(limit).read_to_vec();
        Ok(Answer {
            status: response.status().as_u16(),
            body: body.map_err(|error| error.to_string())?,
            again: again.map(Duration::from_secs),
        })
    }
}
