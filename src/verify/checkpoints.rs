//! Every checkpoint in hand that the log signed: its own, the witnesses', the auditor's.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::time::UnixSeconds;
use crate::tlog::Checkpoint;
use crate::tlog::Cosignature;
use crate::tlog::SignedCheckpoint;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::cosigned_path;
use crate::verify::checks::Check;
use crate::verify::evidence::Evidence;
use crate::verify::evidence::LogFiles;
use crate::verify::evidence::Subject;
use crate::verify::findings::Findings;
use crate::verify::logged::Reader;
use crate::verify::tree::Tree;
use crate::verify::trust::Trust;
use crate::verify::trust::TrustedIssuer;
use crate::verify::verdict::Finding;
use crate::verify::witnessed::Seen;
use crate::verify::witnessed::Times;

/// Returns which of some logs' keys signed a log's checkpoint, and no other that a line in it
/// only names: anybody can put one there.
pub(super) fn log_key(subject: &Subject<'_>, logs: &[VerifierKey]) -> Result<VerifierKey, String> {
    let note = match subject {
        Subject::Bundle(bundle) => bundle.checkpoint.clone(),
        Subject::Log(files) => {
            let bytes = files.read(CHECKPOINT_PATH)?;
            let bytes = bytes.ok_or("it has no checkpoint")?;
            Note::parse(&bytes).map_err(|error| error.to_string())?
        }
    };
    let signs = |key: &&VerifierKey| SignedCheckpoint::open_note(note.clone(), key).is_ok();
    let signed = logs.iter().find(signs).cloned();
    signed.ok_or_else(|| "no log that the trust file names signed its checkpoint".to_owned())
}

/// The cosigned checkpoints that a log keeps.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(try_from = "Spelled", into = "Spelled")]
pub(super) struct KeptByLog {
    /// Those that the log signed.
    pub(super) seen: Vec<Seen>,
    /// The number of the next.
    pub(super) next: u64,
}

/// What a saved state holds of them: few witnesses sign many, and to read a key takes as long
/// as a tenth of a signature.
#[derive(Deserialize, Serialize)]
struct Spelled {
    witnesses: Vec<PublicKey>,
    seen: Vec<SpelledSeen>,
    next: u64,
}

#[derive(Deserialize, Serialize)]
struct SpelledSeen {
    name: String,
    checkpoint: Checkpoint,
    /// The place of each witness, and when it cosigned.
    by: Vec<(usize, UnixSeconds)>,
}

impl From<KeptByLog> for Spelled {
    fn from(kept: KeptByLog) -> Self {
        let mut witnesses: Vec<PublicKey> = Vec::new();
        let mut place = |key: &PublicKey| {
            let known = witnesses.iter().position(|one| one == key);
            known.unwrap_or_else(|| {
                witnesses.push(key.clone());
                witnesses.len().saturating_sub(1)
            })
        };
        let seen = kept.seen.into_iter().map(|seen| {
            let by = seen.cosignatures.iter();
            SpelledSeen {
                by: by.map(|one| (place(one.key()), one.time())).collect(),
                name: seen.name,
                checkpoint: seen.checkpoint,
            }
        });
        Self {
            seen: seen.collect(),
            witnesses,
            next: kept.next,
        }
    }
}

impl TryFrom<Spelled> for KeptByLog {
    type Error = &'static str;

    fn try_from(spelled: Spelled) -> Result<Self, Self::Error> {
        let witness = |(place, time): (usize, UnixSeconds)| {
            let key = spelled.witnesses.get(place)?;
            Some(Cosignature::kept(key.clone(), time))
        };
        let seen = spelled.seen.into_iter().map(|one| {
            Some(Seen {
                name: one.name,
                checkpoint: one.checkpoint,
                cosignatures: one.by.into_iter().map(witness).collect::<Option<_>>()?,
            })
        });
        Ok(Self {
            seen: seen
                .collect::<Option<_>>()
                .ok_or("a cosignature of nobody")?,
            next: spelled.next,
        })
    }
}

/// Returns every checkpoint in hand that the log signed, and those that it keeps from the
/// number `known` on.
pub(super) fn gather(
    evidence: &Evidence<'_>,
    (subject, reader): (&Subject<'_>, &Reader<'_>),
    (key, trust): (&VerifierKey, &Trust),
    known: u64,
    findings: &mut Findings,
) -> (Vec<Seen>, KeptByLog) {
    let size = reader.checkpoint().size;
    let bundled: Vec<(String, Note)> = match subject {
        Subject::Bundle(bundle) => bundle
            .earlier
            .iter()
            .map(|(note, _)| ("the bundle".to_owned(), note.clone()))
            .collect(),
        Subject::Log(_) => Vec::new(),
    };
    let newest = [("checkpoint".to_owned(), reader.note().clone())];
    let seen: Vec<Seen> = newest
        .into_iter()
        .chain(bundled)
        .chain(evidence.witnesses.iter().cloned())
        .chain(evidence.seen.iter().cloned())
        .filter_map(|(name, note)| Seen::open(&name, &note, key, trust))
        .collect();
    let mut kept = KeptByLog {
        seen: Vec::new(),
        next: known,
    };
    if let Some(files) = reader.files() {
        let mut foreign = Vec::new();
        let lists = (&mut kept, &mut foreign);
        read_kept(files, size, (key, trust), lists, findings);
        if let [first, more @ ..] = foreign.as_slice() {
            let more = match more.len() {
                0 => String::new(),
                more => format!(", nor are {more} others"),
            };
            findings.push(Finding::new(
                Check::Unanswered,
                format!("`{first}` is no checkpoint that the log signed{more}: it tells nothing"),
            ));
        }
    }
    (seen, kept)
}

/// Reads the cosigned checkpoints that a log keeps; `foreign` are those that it did not sign.
fn read_kept(
    files: &dyn LogFiles,
    size: u64,
    (key, trust): (&VerifierKey, &Trust),
    (kept_by_log, foreign): (&mut KeptByLog, &mut Vec<String>),
    findings: &mut Findings,
) {
    // A refresh of the same size is a checkpoint too; a server may have no end of them.
    let most = size.saturating_add(MAX_REFRESHES);
    let mut known = BTreeSet::new();
    for first in (kept_by_log.next..most).step_by(NOTES) {
        let numbers = first..first.saturating_add(u64::try_from(NOTES).unwrap_or(1));
        let kept: Vec<Kept> = numbers
            .into_par_iter()
            .map(|number| kept(files, number, key, trust))
            .collect();
        let mut news = false;
        for one in kept {
            let KeptByLog { seen, next } = &mut *kept_by_log;
            match one {
                Kept::Absent => return,
                Kept::Foreign(path) => foreign.push(path),
                Kept::Seen(one) => {
                    let told = seen.last().is_some_and(|last| last.tells_as(&one));
                    // What was told before is no news, whatever came between.
                    news |= known.insert(one.told());
                    seen.extend((!told).then_some(*one));
                }
                Kept::Unreadable(why) => {
                    findings.push(Finding::new(Check::Unreadable, why));
                    return;
                }
            }
            *next = next.saturating_add(1);
        }
        // A server that answers every path, with one page or with some in turn.
        if !news {
            return;
        }
    }
    findings.push(Finding::new(
        Check::Unreadable,
        format!("the log has more than {most} cosigned checkpoints: the rest was not read"),
    ));
}

/// What is kept under a number.
enum Kept {
    Absent,
    /// No checkpoint that this log signed: it tells nothing.
    Foreign(String),
    Seen(Box<Seen>),
    Unreadable(String),
}

fn kept(files: &dyn LogFiles, number: u64, key: &VerifierKey, trust: &Trust) -> Kept {
    let path = cosigned_path(number);
    match files.read(&path) {
        Ok(None) => Kept::Absent,
        Err(error) => Kept::Unreadable(format!("`{path}`: {error}")),
        Ok(Some(bytes)) => Note::parse(&bytes)
            .ok()
            .and_then(|note| Seen::open(&path, &note, key, trust))
            .map_or_else(
                || Kept::Foreign(path.clone()),
                |seen| Kept::Seen(Box::new(seen)),
            ),
    }
}

/// How many of the cosigned checkpoints that a log keeps are read at once.
const NOTES: usize = 256;

/// How many more cosigned checkpoints a log may have than entries: one an hour for a
/// hundred years.
const MAX_REFRESHES: u64 = 876_000;

/// Drops the checkpoints that are no prefix of the log, each with a finding, and says
/// whether one that the auditor kept covers the whole log.
pub(super) fn compare(
    evidence: &Evidence<'_>,
    seen: Vec<Seen>,
    tree: &Tree<'_>,
    own: &Checkpoint,
    findings: &mut Findings,
) -> (Vec<Seen>, bool) {
    let size = own.size;
    // A copy that is not what its own checkpoint says tells nothing of other trees: it may
    // have been damaged on its way.
    let sound = tree.root_at(size) == Some(own.root);
    // By what they are: a lab may call its files what an auditor calls his.
    let kept: Vec<&str> = evidence.seen.iter().map(|(_, note)| note.text()).collect();
    let mut covered = false;
    let consistent = seen
        .into_iter()
        .filter(|one| {
            let checkpoint = &one.checkpoint;
            let known = tree.root_at(checkpoint.size);
            if known == Some(checkpoint.root) {
                covered |= checkpoint.size == size && kept.contains(&checkpoint.to_text().as_str());
                return true;
            }
            // A bundle does not show every prefix, nor what came after it.
            if matches!(tree, Tree::Proven(_)) && known.is_none() {
                return false;
            }
            // What was read does not tell.
            if known.is_none() && tree.is_lost() {
                return false;
            }
            let same_size = checkpoint.size == size && checkpoint.root != own.root;
            if known.is_some() && !sound && !same_size {
                return false;
            }
            let known = if same_size { Some(own.root) } else { known };
            findings.push(Finding::new(
                Check::Fork,
                format!(
                    "`{}` is a checkpoint that the log signed, of {} entries with the root {}; this log, of {size} entries, {}",
                    one.name,
                    checkpoint.size,
                    checkpoint.root,
                    known.map_or_else(
                        || "does not reach it".to_owned(),
                        |known| format!("has the root {known} there"),
                    ),
                ),
            ));
            false
        })
        .collect();
    (consistent, covered)
}

/// Whether a quorum of the witnesses that were asked answers for an issuer's log.
pub(super) fn answered(evidence: &Evidence<'_>, trust: &Trust, issuer: &TrustedIssuer) -> bool {
    let notes = evidence.witnesses.iter();
    let seen: Vec<Seen> = notes
        .filter_map(|(name, note)| Seen::open(name, note, &issuer.log, trust))
        .collect();
    let times = Times::new(&seen, trust.quorum_for(issuer));
    times.can_be_witnessed() && times.newest().is_some()
}

/// Opens the note of an earlier checkpoint, receipt or bundle that an auditor kept.
pub fn open_seen(bytes: &[u8]) -> Option<Note> {
    if crate::bundle::Bundle::is_bundle(bytes) {
        return Some(crate::bundle::Bundle::parse(bytes).ok()?.checkpoint);
    }
    if let Ok(proof) = crate::tlog::Proof::parse(bytes) {
        return Some(proof.note);
    }
    Note::parse(bytes).ok()
}
