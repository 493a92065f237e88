//! `standstill log recover`: go on after a loss, and say so in the log.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StreamId;
use crate::attestation::content::Lost;
use crate::attestation::content::Recovery;
use crate::attestation::content::RecoveryCause;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::publish;
use crate::cli::site::site;
use crate::cli::workspace::CONFIG;
use crate::cli::workspace::Workspace;
use crate::keystore;
use crate::sequencer::LockRecord;
use crate::sequencer::Refusal;
use crate::store::log::LogError;
use crate::tlog::Checkpoint;
use crate::tlog::SignedCheckpoint;

/// Go on from what is published where a log does not open, and say so in the log
///
/// For a lock or tiles that came back from an older copy, and for a clock that went back. What
/// was acknowledged beyond the published checkpoint is lost, and the operator's `recovery`
/// statement, the next entry, says which entries and why. Witnesses that cosigned more than
/// is here will not cosign what follows: bring the newest copy back if there is one.
#[derive(Debug, clap::Args)]
pub(super) struct RecoverArgs {
    /// Directory that `standstill log init` made
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// What happened and what was done, in words that everybody will read
    #[arg(long, value_name = "WORDS")]
    report: String,
}

impl RecoverArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let path = &self.directory;
        let place = site(path)?;
        let key = || keystore::read_note_key(&path.join("keys/log.key"));
        let cause = match place.open(key()?, &[], None, world.now) {
            Ok(_) => {
                return Err(
                    Failure::file(path, "is a log that opens: nothing is to be recovered")
                        .hint("`standstill log fsck` checks what it holds"),
                );
            }
            Err(LogError::Refused(refusal)) => cause(&refusal).ok_or(refusal)?,
            Err(other) => return Err(other.into()),
        };
        // Nobody goes on from tiles that are not what was signed.
        if !path.join(CONFIG).exists() {
            return Err(
                Failure::file(path, "has no operator who could say what was lost")
                    .hint("a log of `--plain` cannot be recovered: bring the newest copy back"),
            );
        }
        let (log, lock) = place.recover(key()?, world.now)?;
        let (size, root, verifier) = (log.size(), log.root(), log.verifier());
        drop(log);
        drop(place.open(key()?, &[], None, world.now)?);
        let latest = lock.as_ref().and_then(|lock| settled(lock, &verifier));
        let lost = latest.as_ref().and_then(|latest| {
            let count = latest.size.checked_sub(size).filter(|count| *count > 0)?;
            Some(Lost { first: size, count })
        });
        let mut workspace = Workspace::open(path)?;
        let recovery = Recovery {
            log: workspace.identity()?.log.clone(),
            cause,
            latest: latest.map(|latest| latest.to_text()),
            size,
            root,
            lost,
            report: self.report.clone(),
        };
        workspace.append(StreamId::GOVERNANCE, Content::Recovery(recovery))?;
        publish::publish(&workspace, world)?;
        let lost = lost.map_or(0, |lost| lost.count);
        world.answer(
            &json!({ "size": size, "lost": lost, "cause": cause.as_str() }),
            &format!(
                "the log goes on from {size} entries; {lost} are lost ({})",
                cause.as_str()
            ),
        )?;
        hint_lost(lost, path, world);
        Ok(())
    }
}

fn hint_lost(lost: u64, path: &Path, world: &mut World<'_>) {
    if lost > 0 {
        world.note(format!(
            "whoever has a receipt for a lost entry can show that it was logged: tell the issuers of `{}` to submit them again",
            path.display()
        ));
    }
}

/// What the lock had settled.
fn settled(lock: &LockRecord, key: &crate::key::VerifierKey) -> Option<Checkpoint> {
    let signed = SignedCheckpoint::open(lock.note.as_bytes(), key).ok()?;
    Some(signed.checkpoint().clone())
}

/// What a refusal to open tells of its cause; `None` where going on would be to make
/// something up.
const fn cause(refusal: &Refusal) -> Option<RecoveryCause> {
    match refusal {
        Refusal::Ahead { .. } => Some(RecoveryCause::StorageAhead),
        Refusal::Clock { .. } => Some(RecoveryCause::ClockWentBack),
        Refusal::NoBatch => Some(RecoveryCause::StorageBehind),
        Refusal::NoLock => Some(RecoveryCause::Other),
        Refusal::OtherRoot { .. } => Some(RecoveryCause::RootDiffers),
        _ => None,
    }
}
