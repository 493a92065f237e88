//! All questions in their order, for a whole log.

use rayon::prelude::*;

use crate::catalogue::Catalogue;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::time::UnixSeconds;
use crate::tlog::tile::cosigned_path;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::judge_pledge;
use crate::verify::complete::Clock;
use crate::verify::evidence::Evidence;
use crate::verify::evidence::Subject;
use crate::verify::findings::Findings;
use crate::verify::history::History;
use crate::verify::logged::BROKEN_CHECKPOINT;
use crate::verify::logged::Order;
use crate::verify::logged::Reader;
use crate::verify::replay::Keys;
use crate::verify::replay::Replay;
use crate::verify::replay::check;
use crate::verify::tree::Tree;
use crate::verify::tree::Whole;
use crate::verify::trust::Trust;
use crate::verify::trust::TrustedIssuer;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Judgement;
use crate::verify::witnessed::Seen;
use crate::verify::witnessed::Times;

/// The log as a whole cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    why: String,
}

/// Judges every claim of every issuer of the trust file whose log of record this is.
///
/// `at` decides staleness and expiry only; it never hides evidence. Fails only if there
/// is no log to judge.
pub fn judge(
    evidence: &Evidence<'_>,
    trust: &Trust,
    catalogue: &Catalogue,
    at: UnixSeconds,
) -> Result<Judgement, Unreadable> {
    let mut judgement = Judgement {
        checkpoint: None,
        at,
        trust: trust.digest(),
        label: trust.label.clone(),
        verdicts: Vec::new(),
        findings: Vec::new(),
        anomalies: Vec::new(),
    };
    if trust
        .catalogue
        .is_some_and(|digest| digest != catalogue.digest())
    {
        let why = "the trust file names another catalogue than the one given".to_owned();
        return Err(Unreadable { why });
    }
    let key = log_key(evidence, trust);
    let opened = match &evidence.subject {
        Subject::Bundle(bundle) => {
            Reader::bundle(bundle, &key).map(|(reader, tree)| (reader, Some(tree)))
        }
        Subject::Log(files) => Reader::log(*files, &key).map(|reader| (reader, None)),
    };
    let (mut reader, proven) = match opened {
        Ok(opened) => opened,
        Err(why) if why.starts_with(BROKEN_CHECKPOINT) => {
            judgement
                .findings
                .push(Finding::new(Check::Checkpoint, why));
            return Ok(judgement);
        }
        Err(why) if !answered(evidence, trust, &key) => return Err(Unreadable { why }),
        Err(why) => {
            judgement.findings.push(Finding::new(Check::NoLog, why));
            return Ok(judgement);
        }
    };
    judgement.checkpoint = Some(reader.checkpoint().clone());
    let seen = seen(evidence, &reader, &key, trust);
    let size = reader.checkpoint().size;
    let mut tree = match (proven, reader.files()) {
        (None, Some(files)) => {
            let wanted = seen.iter().map(|one| one.checkpoint.size).collect();
            Tree::Whole(Box::new(Whole::new(files, size, wanted)))
        }
        (proven, _) => proven.unwrap_or(Tree::Proven(Vec::new())),
    };

    let whole = matches!(evidence.subject, Subject::Log(_));
    let issuers: Vec<_> = trust.issuers_of(&key).collect();
    let ids = issuers.iter().map(|issuer| issuer.id);
    let mut replay = Replay::new(key.clone(), ids, whole, &evidence.ledgers);
    read(&mut reader, &mut tree, &mut replay);
    let readable = reader.is_readable();
    let mut log_findings = reader.finish(&mut tree);
    let (seen, seen_before) = compare(evidence, seen, &tree, size, &mut log_findings);
    let (mut histories, anomalies, unnamed) = replay.finish();
    if !readable {
        let everybodys = histories.iter_mut().map(|history| &mut history.findings);
        for findings in everybodys.chain([&mut log_findings]) {
            findings.excuse(UNREAD);
        }
    }
    judgement.anomalies = anomalies;
    if unnamed > 0 {
        judgement.anomalies.push(format!(
            "{unnamed} entries are of issuers that the trust file does not name"
        ));
    }
    judgement.findings = log_findings.told().collect();
    for issuer in trust.issuers.iter().filter(|one| one.log != key) {
        judgement.anomalies.push(format!(
            "{} is not judged here: its log of record is `{}`",
            issuer.name,
            issuer.log.name()
        ));
    }
    let peaks = |model: &str| catalogue.peak_any(model);
    for issuer in issuers {
        let times = Times::new(&seen, trust.quorum_for(issuer));
        let Some(history) = histories.iter().find(|history| history.id == issuer.id) else {
            continue;
        };
        if history.pledges.is_empty() {
            judgement.findings.extend(no_pledge(issuer, history));
        }
        let mut findings = log_findings.clone();
        shared_roots(history, &histories, &mut findings);
        earlier_ids(issuer, history, &mut findings);
        let court = Court {
            histories: &histories,
            trust,
            issuer,
            clock: Clock {
                times: &times,
                at,
                asked_now: evidence.asked_now,
                bundle: !whole,
            },
            peaks: &peaks,
            log_findings: &findings,
            ledgers: &evidence.ledgers,
            seen_before,
            stale: stale(&times, trust, at),
        };
        let verdicts = history
            .pledges
            .iter()
            .map(|record| judge_pledge(&court, history, record));
        judgement.verdicts.extend(verdicts);
    }
    Ok(judgement)
}

/// What may be found only because a file could not be read.
const UNREAD: &[Check] = &[Check::Head, Check::Previous, Check::Root, Check::Sequence];

/// Whether a quorum of the witnesses that were asked answers for a log.
fn answered(evidence: &Evidence<'_>, trust: &Trust, key: &VerifierKey) -> bool {
    let notes = evidence.witnesses.iter();
    let seen: Vec<Seen> = notes
        .filter_map(|(name, note)| Seen::open(name, note, key, trust))
        .collect();
    trust.issuers_of(key).any(|issuer| {
        let times = Times::new(&seen, trust.quorum_for(issuer));
        times.can_be_witnessed() && times.newest().is_some()
    })
}

/// Reads every entry: while one chunk is followed in order, the next is read and checked
/// on the other cores.
fn read<'e>(reader: &mut Reader<'e>, tree: &mut Tree<'e>, replay: &mut Replay<'_>) {
    let read = |order: Order<'e>, keys: &Keys| order.read(|index, entry| check(index, entry, keys));
    let Some(first) = reader.order() else { return };
    let mut chunk = read(first, &replay.keys());
    loop {
        let next = reader.order();
        let keys = replay.keys();
        let (_, after) = rayon::join(
            || {
                let entries = reader.take(chunk, tree);
                replay.follow(entries, tree);
            },
            || next.map(|next| read(next, &keys)),
        );
        match after {
            Some(after) => chunk = after,
            None => return,
        }
    }
}

/// An issuer of the trust file of whom there is nothing to judge is missing evidence.
fn no_pledge(issuer: &TrustedIssuer, history: &History) -> Vec<Finding> {
    let what = if history.identity.is_some() {
        "has no pledge in this log"
    } else {
        "has no statement in this log"
    };
    let mut findings = vec![Finding::new(
        Check::NoPledge,
        format!("{} {what}", issuer.name),
    )];
    findings.extend(history.findings.told());
    findings
}

/// Returns the key of the log of record that signed what is judged, or the first.
fn log_key(evidence: &Evidence<'_>, trust: &Trust) -> VerifierKey {
    let note = match &evidence.subject {
        Subject::Bundle(bundle) => Some(bundle.checkpoint.clone()),
        Subject::Log(files) => files
            .read(crate::tlog::tile::CHECKPOINT_PATH)
            .ok()
            .flatten()
            .and_then(|bytes| Note::parse(&bytes).ok()),
    };
    let logs = trust.logs();
    let signed = logs.iter().find(|key| {
        note.as_ref()
            .is_some_and(|note| note.signatures().iter().any(|line| line.names(key)))
    });
    signed.unwrap_or(trust.first_log()).clone()
}

/// Returns every checkpoint in hand that the log signed.
fn seen(
    evidence: &Evidence<'_>,
    reader: &Reader<'_>,
    key: &VerifierKey,
    trust: &Trust,
) -> Vec<Seen> {
    let bundled: Vec<(String, Note)> = match &evidence.subject {
        Subject::Bundle(bundle) => bundle
            .earlier
            .iter()
            .map(|(note, _)| ("the bundle".to_owned(), note.clone()))
            .collect(),
        Subject::Log(_) => Vec::new(),
    };
    let newest = [("checkpoint".to_owned(), reader.note().clone())];
    let mut seen: Vec<Seen> = newest
        .into_iter()
        .chain(bundled)
        .chain(evidence.witnesses.iter().cloned())
        .chain(evidence.seen.iter().cloned())
        .filter_map(|(name, note)| Seen::open(&name, &note, key, trust))
        .collect();
    let Some(files) = reader.files() else {
        return seen;
    };
    for first in (0_u64..).step_by(NOTES) {
        let numbers = first..first.saturating_add(u64::try_from(NOTES).unwrap_or(1));
        let kept: Vec<Option<Option<Seen>>> = numbers
            .into_par_iter()
            .map(|number| {
                let bytes = files.read(&cosigned_path(number)).ok().flatten()?;
                let name = format!("cosigned/{number}");
                let note = Note::parse(&bytes).ok();
                Some(note.and_then(|note| Seen::open(&name, &note, key, trust)))
            })
            .collect();
        let there = kept.iter().take_while(|one| one.is_some()).count();
        seen.extend(kept.into_iter().take(there).flatten().flatten());
        if there < NOTES {
            break;
        }
    }
    seen
}

/// How many of the cosigned checkpoints that a log keeps are read at once.
const NOTES: usize = 256;

/// Drops the checkpoints that are no prefix of the log, each with a finding, and says
/// whether one that the auditor kept covers the whole log.
fn compare(
    evidence: &Evidence<'_>,
    seen: Vec<Seen>,
    tree: &Tree<'_>,
    size: u64,
    findings: &mut Findings,
) -> (Vec<Seen>, bool) {
    let kept: Vec<&str> = evidence
        .seen
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let mut covered = false;
    let consistent = seen
        .into_iter()
        .filter(|one| {
            let checkpoint = &one.checkpoint;
            let known = tree.root_at(checkpoint.size);
            if known == Some(checkpoint.root) {
                covered |= checkpoint.size == size && kept.contains(&one.name.as_str());
                return true;
            }
            let proven_only = matches!(tree, Tree::Proven(_)) && known.is_none();
            if proven_only && checkpoint.size <= size {
                // A bundle does not show every prefix.
                return false;
            }
            // What was read does not tell.
            if known.is_none() && tree.is_lost() {
                return false;
            }
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

/// Two first statements that share a root key are equivocation (formats: 3).
fn shared_roots(history: &History, histories: &[History], findings: &mut Findings) {
    // Of the first statements: keys that were changed since are shared all the same.
    let keys = |history: &History| {
        let first = history.issuers.first();
        first.map_or_else(Vec::new, |(_, issuer)| issuer.root.keys().to_vec())
    };
    let own = keys(history);
    for other in histories.iter().filter(|other| other.id != history.id) {
        if keys(other).iter().any(|key| own.contains(key)) {
            findings.push(Finding::new(
                Check::SharedRoot,
                format!(
                    "the issuers {} and {} share a root key",
                    history.id, other.id
                ),
            ));
        }
    }
}

/// A party that begins anew must say what it was called before, and an auditor must have
/// been told (formats: 3).
fn earlier_ids(issuer: &TrustedIssuer, history: &History, findings: &mut Findings) {
    let Some(identity) = &history.identity else {
        return;
    };
    let named = &identity.current().earlier;
    for id in named.iter().filter(|id| !issuer.earlier.contains(id)) {
        findings.push(Finding::new(
            Check::EarlierId,
            format!(
                "{} says that it was {id} before, which the trust file does not name",
                issuer.name
            ),
        ));
    }
    for id in issuer.earlier.iter().filter(|id| !named.contains(id)) {
        findings.push(Finding::new(
            Check::EarlierId,
            format!(
                "{} was {id} before, which its own statement does not say",
                issuer.name
            ),
        ));
    }
}

fn stale(times: &Times, trust: &Trust, at: UnixSeconds) -> Option<String> {
    let newest = times.newest()?;
    (at.since(newest) > trust.greatest_age).then(|| {
        format!(
            "a quorum saw the log last at {newest}, more than {} seconds before {at}",
            trust.greatest_age
        )
    })
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
