//! All questions in their order, for a whole log.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::IssuerId;
use crate::catalogue::Catalogue;
use crate::key::KeyId;
use crate::key::VerifierKey;
use crate::time::UnixSeconds;
use crate::verify::accounting::Rating;
use crate::verify::checkpoints::KeptByLog;
use crate::verify::checkpoints::answered;
use crate::verify::checkpoints::compare;
use crate::verify::checkpoints::gather;
use crate::verify::checkpoints::log_key;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::Parties;
use crate::verify::claim::judge_pledge;
use crate::verify::claim::standings;
use crate::verify::complete::Clock;
use crate::verify::evidence::Evidence;
use crate::verify::evidence::Subject;
use crate::verify::findings::Findings;
use crate::verify::hardware;
use crate::verify::hardware::Witnessed;
use crate::verify::history::History;
use crate::verify::logged::BROKEN_CHECKPOINT;
use crate::verify::logged::Order;
use crate::verify::logged::Reader;
use crate::verify::replay::Keys;
use crate::verify::replay::Replay;
use crate::verify::replay::check;
use crate::verify::state::State;
use crate::verify::tree::KeptTree;
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
    judge_from(evidence, trust, catalogue, at, None).map(|(judgement, _)| judgement)
}

/// As [`judge`], of a log of which `state` was read before; returns the state to go on from
/// the next time.
///
/// A state of another trust file or log, or one that the log does not reach, is not used,
/// nor is any where ledgers were opened; there is none to go on from where something is
/// wrong with the log.
pub fn judge_from(
    evidence: &Evidence<'_>,
    trust: &Trust,
    catalogue: &Catalogue,
    at: UnixSeconds,
    state: Option<State>,
) -> Result<(Judgement, Option<State>), Unreadable> {
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
    let before;
    let read = match open(evidence, &key) {
        Ok((reader, proven)) => {
            judgement.checkpoint = Some(reader.checkpoint().clone());
            let state = state.filter(|state| {
                let reaches = reader.checkpoint().size >= state.size();
                let whole = is_whole(evidence) && evidence.ledgers.is_empty();
                whole && reaches && state.is_of(trust) && state.is_of_log(&key)
            });
            before = state.as_ref().map_or(0, State::size);
            read(evidence, (trust, &key), reader, proven, state)
        }
        Err(why) if why.starts_with(BROKEN_CHECKPOINT) => {
            judgement
                .findings
                .push(Finding::new(Check::Checkpoint, why));
            return Ok((judgement, None));
        }
        Err(why)
            if !trust
                .issuers_of(&key)
                .any(|issuer| answered(evidence, trust, issuer)) =>
        {
            return Err(Unreadable { why });
        }
        Err(why) => {
            judgement.findings.push(Finding::new(Check::NoLog, why));
            return Ok((judgement, None));
        }
    };
    judgement.findings = read.findings.told().collect();
    judgement.anomalies.clone_from(&read.anomalies);
    if before > 0 {
        judgement.anomalies.push(format!(
            "the first {before} entries were read before, and not again: that they are still served is not shown"
        ));
    }
    for issuer in trust.issuers.iter().filter(|one| one.log != key) {
        judgement.anomalies.push(format!(
            "{} is not judged here: its log of record is `{}`",
            issuer.name,
            issuer.log.name()
        ));
    }
    let hardware = hardware::open_all(&read.histories, trust, &evidence.attached);
    let bench = Bench {
        evidence,
        trust,
        catalogue,
        read: &read,
        hardware: &hardware,
        at,
    };
    // What the pledges of pacts come to alone, before any is judged as what it depends on.
    let mut parties = Parties::new();
    for issuer in trust.issuers_of(&key) {
        bench.with_court(issuer, &Parties::new(), |court, history| {
            standings(court, history, &mut parties);
        });
    }
    for issuer in trust.issuers_of(&key) {
        bench.with_court(issuer, &parties, |court, history| {
            if history.pledges.is_empty() {
                judgement.findings.extend(no_pledge(issuer, history));
            }
            let verdicts = history
                .pledges
                .iter()
                .map(|record| judge_pledge(court, history, record));
            judgement.verdicts.extend(verdicts);
        });
    }
    Ok((judgement, read.into_state()))
}

/// What was read of a log or a bundle.
struct Read {
    histories: Vec<History>,
    /// Issuers that the trust file does not name, by the root keys of their first
    /// statements.
    foundings: BTreeMap<KeyId, IssuerId>,
    anomalies: Vec<String>,
    /// What is wrong with the log itself.
    findings: Findings,
    /// The checkpoints that are prefixes of it.
    seen: Vec<Seen>,
    /// Whether a checkpoint that the auditor kept covers all of it.
    seen_before: bool,
    /// What to go on from the next time, but for the histories; `None` where something is
    /// wrong with the log.
    state: Option<State>,
}

impl Read {
    fn into_state(self) -> Option<State> {
        let mut state = self.state?;
        state.replay.histories = self.histories;
        Some(state)
    }
}

fn is_whole(evidence: &Evidence<'_>) -> bool {
    matches!(evidence.subject, Subject::Log(_))
}

fn open<'e>(
    evidence: &Evidence<'e>,
    key: &VerifierKey,
) -> Result<(Reader<'e>, Option<Tree<'e>>), String> {
    match &evidence.subject {
        Subject::Bundle(bundle) => {
            Reader::bundle(bundle, key).map(|(reader, tree)| (reader, Some(tree)))
        }
        Subject::Log(files) => Reader::log(*files, key).map(|reader| (reader, None)),
    }
}

/// Reads everything, and compares it with what others saw.
fn read<'e>(
    evidence: &Evidence<'e>,
    (trust, key): (&Trust, &VerifierKey),
    mut reader: Reader<'e>,
    proven: Option<Tree<'e>>,
    state: Option<State>,
) -> Read {
    let mut findings = Findings::new();
    for what in &evidence.unanswered {
        findings.push(Finding::new(Check::Unanswered, what));
    }
    let asked = findings.count();
    let (from, before) = match state {
        Some(state) => (Some((state.tree, state.replay)), state.kept),
        None => (None, KeptByLog::default()),
    };
    let (seen, kept) = gather(evidence, &reader, (key, trust), before.next, &mut findings);
    let own = reader.checkpoint().clone();
    let size = own.size;
    let wanted = || {
        let all = seen.iter().chain(&kept.seen);
        all.map(|one| one.checkpoint.size).collect()
    };
    let (mut tree, mut replay) = match (proven, reader.files(), from) {
        (None, Some(files), Some((tree, replay))) => {
            reader.skip_to(tree.size());
            let whole = Whole::new(files, size, wanted(), tree);
            let tree = Tree::Whole(Box::new(whole));
            (tree, Replay::resume(key.clone(), replay))
        }
        (proven, files, _) => {
            let ids = trust.issuers_of(key).map(|issuer| issuer.id);
            let ids = ids.chain(trust.corroborators.iter().map(|one| one.id));
            let replay = Replay::new(key.clone(), ids, is_whole(evidence), &evidence.ledgers);
            let none = KeptTree::default();
            let whole = |files| Tree::Whole(Box::new(Whole::new(files, size, wanted(), none)));
            let read = proven.or_else(|| files.map(whole));
            (read.unwrap_or(Tree::Proven(Vec::new())), replay)
        }
    };
    replay_all(&mut reader, &mut tree, &mut replay);
    let readable = reader.is_readable();
    let note = reader.note().clone();
    findings.merge(reader.finish(&tree));
    let (mut seen, seen_before) = compare(evidence, seen, &tree, &own, &mut findings);
    let (new, _) = compare(evidence, kept.seen, &tree, &own, &mut findings);
    let kept = KeptByLog {
        seen: [before.seen, new].concat(),
        next: kept.next,
    };
    seen.extend_from_slice(&kept.seen);
    // What is wrong with the log is to be found again the next time.
    let clean = findings.count() == asked && evidence.ledgers.is_empty();
    let to_keep = clean.then(|| (replay.keep(), kept));
    let foundings = replay.take_foundings();
    let (mut histories, mut anomalies, unnamed) = replay.finish();
    if !readable {
        let everybodys = histories.iter_mut().map(|history| &mut history.findings);
        for findings in everybodys.chain([&mut findings]) {
            findings.excuse(UNREAD, Check::Unreadable);
        }
    }
    // What is not its own checkpoint's tree shows no fork of it.
    if tree.root_at(size) != Some(own.root) {
        for history in &mut histories {
            history
                .findings
                .excuse(&[Check::NotBeforeFork], Check::NotBefore);
        }
    }
    let state = to_keep.and_then(|(replay, kept)| {
        let tree = tree.into_kept()?;
        Some(State::new(trust, key.clone(), &note, tree, replay, kept))
    });
    if unnamed > 0 {
        anomalies.push(format!(
            "{unnamed} entries are of issuers that the trust file does not name"
        ));
    }
    Read {
        histories,
        foundings,
        anomalies,
        findings,
        seen,
        seen_before,
        state,
    }
}

/// All that is judged with.
struct Bench<'b> {
    evidence: &'b Evidence<'b>,
    trust: &'b Trust,
    catalogue: &'b Catalogue,
    read: &'b Read,
    hardware: &'b [Witnessed],
    at: UnixSeconds,
}

impl Bench<'_> {
    /// Has an issuer judged, if there is anything of it.
    fn with_court(
        &self,
        issuer: &TrustedIssuer,
        parties: &Parties,
        judge: impl FnOnce(&Court<'_>, &History),
    ) {
        let (evidence, trust, read) = (self.evidence, self.trust, self.read);
        let histories = &read.histories;
        let Some(history) = histories.iter().find(|history| history.id == issuer.id) else {
            return;
        };
        let times = Times::new(&read.seen, trust.quorum_for(issuer));
        let clock = Clock {
            times: &times,
            at: self.at,
            asked_now: answered(evidence, trust, issuer),
            bundle: !is_whole(evidence),
        };
        let mut findings = read.findings.clone();
        shared_roots(history, read, &mut findings);
        earlier_ids(issuer, history, &mut findings);
        let court = Court {
            histories,
            trust,
            issuer,
            clock,
            peaks: &|model| self.catalogue.peak_any(model),
            efficiency: Rating::best(self.catalogue, trust.accounting.kappa),
            pacts: &evidence.pacts,
            parties,
            log_findings: &findings,
            ledgers: &evidence.ledgers,
            hardware: self.hardware,
            seen_before: read.seen_before,
            stale: stale(clock.times, trust, self.at),
        };
        judge(&court, history);
    }
}

/// What may be found only because a file could not be read.
const UNREAD: &[Check] = &[Check::Head, Check::Previous, Check::Root, Check::Sequence];

/// Reads every entry: while one chunk is followed in order, the next is read and checked
/// on the other cores.
fn replay_all<'e>(reader: &mut Reader<'e>, tree: &mut Tree<'e>, replay: &mut Replay<'_>) {
    let read = |order: Order<'e>, keys: &Keys| order.read(|index, entry| check(index, entry, keys));
    let Some(first) = reader.order() else { return };
    let mut chunk = read(first, &replay.keys());
    loop {
        let next = reader.order();
        let keys = replay.keys();
        let ((), after) = rayon::join(
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

/// Two first statements that share a root key are equivocation (formats: 3).
fn shared_roots(history: &History, read: &Read, findings: &mut Findings) {
    // Of the first statements: keys that were changed since are shared all the same.
    let keys = |history: &History| {
        let first = history.issuers.first();
        first.map_or_else(Vec::new, |(_, issuer)| issuer.root.keys().to_vec())
    };
    let own = keys(history);
    let others = read.histories.iter().filter(|other| other.id != history.id);
    let sharing = others.filter(|other| keys(other).iter().any(|key| own.contains(key)));
    let named = sharing.map(|other| other.id);
    // Whom an auditor was not told of counts as well: that is what two are for.
    let unnamed = own
        .iter()
        .filter_map(|key| read.foundings.get(&key.key_id()));
    for other in named.chain(unnamed.copied()) {
        findings.push(Finding::new(
            Check::SharedRoot,
            format!("the issuers {} and {other} share a root key", history.id),
        ));
    }
}

/// A party that begins anew must say what it was called before, and an auditor must have
/// been told (formats: 3).
fn earlier_ids(issuer: &TrustedIssuer, history: &History, findings: &mut Findings) {
    let Some(identity) = &history.identity else {
        return;
    };
    let named = &identity.current().earlier;
    // What an earlier statement named, a later one does not take back.
    let ever: BTreeSet<&IssuerId> = history
        .issuers
        .iter()
        .flat_map(|(_, issuer)| &issuer.earlier)
        .collect();
    for id in ever.into_iter().filter(|id| !issuer.earlier.contains(id)) {
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
