//! The witnesses of the log in a workspace: directories on this machine, and addresses.
//!
//! What those in directories remember is read before the log is opened. Those at addresses
//! are shown the published checkpoint before anything is added to it, each beginning at old
//! size 0: a witness that knows the log tells what it remembers by refusing that (409), and
//! a new one cosigns. That is no danger: a witness that knows nothing cannot tell an older copy
//! from the newest, and what it cosigns is then the published checkpoint, which the lock has.
//! Their monitoring view is not asked: it may lag (C2SP tlog-witness), and an older copy of
//! the log passes whatever lags behind it; nor does every witness serve it.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::workspace::CONFIG;
use crate::cli::workspace::Workspace;
use crate::http::Outcome;
use crate::http::Prove;
use crate::http::Remote;
use crate::http::Until;
use crate::http::Witnesses;
use crate::key::VerifierKey;
use crate::store::reader::LogReader;
use crate::store::site::SitedLog;
use crate::store::witness::WitnessDirectory;
use crate::store::witness::last_cosigned;
use crate::tlog::Checkpoint;
use crate::tlog::Policy;
use crate::tlog::SignedCheckpoint;

/// How long those at addresses are waited for, each time.
const PATIENCE: Duration = Duration::from_secs(10);

const ALARM_HINT: &str = "bring the newest copy of the log back; to go on from here would be to rewrite what was published. If the witness is at fault, take it out of `standstill.toml`";

/// A witness that `publish` asks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a witness has a `directory`, or a `url` and its `vkey`"
)]
pub(crate) enum WitnessConfig {
    /// On this machine.
    Directory {
        /// Its directory.
        directory: PathBuf,
    },
    /// Elsewhere (C2SP tlog-witness).
    Address {
        /// What `/add-checkpoint` is under.
        url: String,
        /// Its key.
        vkey: String,
    },
}

/// The witnesses of a workspace's own log.
#[derive(Debug)]
pub(super) struct Asked<'w> {
    workspace: &'w Workspace,
    remote: Option<Witnesses>,
}

impl<'w> Asked<'w> {
    /// Takes those that `standstill.toml` names.
    pub(super) fn of(workspace: &'w Workspace) -> Result<Self, Failure> {
        Ok(Self {
            workspace,
            remote: remote(workspace)?,
        })
    }

    /// Returns what those on this machine remember of the log.
    pub(super) fn remembered(&self) -> Result<Vec<Checkpoint>, Failure> {
        let key = &self.workspace.identity()?.log.key;
        let mut remembered = Vec::new();
        for directory in self.directories() {
            if let Ok(Some(note)) = last_cosigned(directory, &self.workspace.config.origin) {
                let signed = SignedCheckpoint::open(&note, key).map_err(|error| {
                    Failure::file(directory, format!("what it remembers: {error}")).hint(
                        "a witness's memory guards against an older copy of the log: mend it, or take the witness out of `standstill.toml`",
                    )
                })?;
                remembered.push(signed.checkpoint().clone());
            }
        }
        Ok(remembered)
    }

    /// Asks those at addresses, before the log grows, whether this is an older copy of it.
    pub(super) fn guard(
        &self,
        log: &SitedLog,
        unguarded: bool,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        let outcome = self.show(remote, &published(log)?, Until::Quorum)?;
        let identity = self.workspace.identity()?;
        let Some(heeded) = &identity.witnesses else {
            return Ok(());
        };
        let here: Vec<VerifierKey> = self
            .directories()
            .filter_map(|directory| {
                let witness = WitnessDirectory::open(directory).ok()?;
                witness.last(&self.workspace.config.origin).ok()?;
                Some(witness.verifier())
            })
            .collect();
        let heard = |key: &&VerifierKey| outcome.from.contains(key.public()) || here.contains(key);
        if heeded.keys.iter().filter(heard).count() >= heeded.quorum {
            return Ok(());
        }
        warn(&outcome, world);
        if unguarded {
            return Ok(());
        }
        Err(Failure::new(
            "too few witnesses could be asked whether this is an older copy of the log",
        )
        .hint("wait for them, or have them add this log (its key is in `log/vkey`); or, if you know that this is the newest copy, `--unguarded`"))
    }

    /// Asks every witness, publishes what they cosigned, and returns how many did.
    pub(super) fn cosign(
        &self,
        log: &mut SitedLog,
        world: &mut World<'_>,
    ) -> Result<usize, Failure> {
        let checkpoint = published(log)?;
        let mut note = checkpoint.note().clone();
        let mut cosigned = 0_usize;
        if let Some(remote) = &self.remote {
            let outcome = self.show(remote, &checkpoint, Until::All)?;
            warn(&outcome, world);
            cosigned = outcome.from.len();
            note = outcome.note;
        }
        let verifier = log.verifier();
        for directory in self.directories() {
            let asked = WitnessDirectory::open(directory)
                .and_then(|one| one.cosign(&log.reader(), Some(&verifier), world.now));
            match asked {
                Ok((_, line)) => {
                    cosigned = cosigned.saturating_add(1);
                    note.put(line);
                }
                Err(error) => world.note(format!(
                    "warning: the witness `{}` did not cosign: {error}",
                    directory.display()
                )),
            }
        }
        if cosigned > 0 {
            log.publish_cosigned(&note)?;
        }
        Ok(cosigned)
    }

    /// Shows a checkpoint to those at addresses. Fails on an alarm.
    fn show(
        &self,
        remote: &Witnesses,
        checkpoint: &SignedCheckpoint,
        enough: Until,
    ) -> Result<Outcome, Failure> {
        let files = self.workspace.log_files();
        let prove: Prove = Arc::new(move |old, new| {
            let proof = LogReader::new(&files).prove_consistency(old, new);
            proof.map_err(|error| error.to_string())
        });
        let outcome = remote.cosign(checkpoint, &prove, enough, PATIENCE);
        match outcome.alarms.first() {
            Some(alarm) => Err(Failure::new(alarm.to_string()).hint(ALARM_HINT)),
            None => Ok(outcome),
        }
    }

    fn directories(&self) -> impl Iterator<Item = &Path> {
        let witnesses = self.workspace.config.witness.iter();
        witnesses.filter_map(|witness| match witness {
            WitnessConfig::Directory { directory } => Some(directory.as_path()),
            WitnessConfig::Address { .. } => None,
        })
    }
}

/// Reads a policy.
pub(super) fn policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::io(path, error))?;
    Policy::parse(&bytes).map_err(|error| {
        Failure::file(path, error).hint(
            "C2SP tlog-policy: `witness NAME VKEY URL`, `group NAME NUMBER MEMBER…`, `quorum NAME`",
        )
    })
}

/// Returns those witnesses of a policy that have an address. Fails where these can be no
/// quorum, or the policy is of some log.
pub(super) fn addressed(path: &Path) -> Result<Vec<WitnessConfig>, Failure> {
    let policy = policy(path)?;
    if policy.logs().next().is_some() {
        return Err(Failure::file(path, "is of other logs")
            .hint("the log of the workspace gets its key now: leave the `log` lines out"));
    }
    let no_addresses = |why| Failure::file(path, why).hint(ADDRESS_HINT);
    Witnesses::new(&policy).map_err(no_addresses)?;
    let witnesses = policy.witnesses().iter();
    let witnesses = witnesses.filter_map(|one| Some((one.url()?, one.key())));
    witnesses
        .map(|(url, key)| {
            if !Remote::is_address(url) {
                return Err(
                    Failure::file(path, format!("`{url}` is no address")).hint(ADDRESS_HINT)
                );
            }
            Ok(WitnessConfig::Address {
                url: url.to_owned(),
                vkey: key.to_string(),
            })
        })
        .collect()
}

const ADDRESS_HINT: &str =
    "`witness NAME VKEY URL`: the address, with `https://` or `http://`, is to be there";

/// Returns the witnesses at addresses, which are a quorum where with those in directories
/// they are.
fn remote(workspace: &Workspace) -> Result<Option<Witnesses>, Failure> {
    let witnesses = &workspace.config.witness;
    let mut policy = String::new();
    let mut names = Vec::new();
    for witness in witnesses {
        if let WitnessConfig::Address { url, vkey } = witness {
            policy.extend(["witness ", url, " ", vkey, " ", url, "\n"]);
            names.push(url.as_str());
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let quorum = workspace.identity()?.witnesses.as_ref();
    let quorum = quorum.map_or(1, |heeded| heeded.quorum);
    let elsewhere = witnesses.len().saturating_sub(names.len());
    let needed = quorum.saturating_sub(elsewhere).clamp(1, names.len());
    let members = names.join(" ");
    policy = format!("{policy}group asked {needed} {members}\nquorum asked\n");
    let refused = |why: String| {
        Failure::file(&workspace.join(CONFIG), format!("its witnesses: {why}"))
            .hint("each has a `url` of its own, without spaces, and the `vkey` of a witness")
    };
    let policy = Policy::parse(policy.as_bytes()).map_err(|error| refused(error.to_string()))?;
    Witnesses::new(&policy).map(Some).map_err(refused)
}

fn published(log: &SitedLog) -> Result<SignedCheckpoint, Failure> {
    let note = log.reader().checkpoint()?;
    let note = note.ok_or_else(|| Failure::new("the log has no checkpoint"))?;
    Ok(SignedCheckpoint::open(&note, &log.verifier())?)
}

fn warn(outcome: &Outcome, world: &mut World<'_>) {
    for (witness, why) in &outcome.others {
        world.note(format!(
            "warning: the witness `{witness}` did not cosign: {why}"
        ));
    }
}
