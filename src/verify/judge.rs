//! All questions in their order, for a whole log.

use std::collections::BTreeSet;

use crate::attestation::IssuerId;
use crate::catalogue::Catalogue;
use crate::key::VerifierKey;
use crate::time::UnixSeconds;
use crate::verify::abroad::Abroad;
use crate::verify::abroad::stale;
use crate::verify::accounting::Rating;
use crate::verify::challenged;
use crate::verify::challenged::Answers;
use crate::verify::checkpoints::answered;
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
use crate::verify::reading::Opened;
use crate::verify::reading::Read;
use crate::verify::state::State;
use crate::verify::trust::Trust;
use crate::verify::trust::TrustedIssuer;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Judgement;
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
        beside: Vec::new(),
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
    let signed = log_key(&evidence.subject, &trust.logs());
    // What none of them signed is malformed, or a forgery of the first.
    let key = signed.unwrap_or_else(|_| trust.first_log().clone());
    let mut findings = Findings::new();
    for what in &evidence.unanswered {
        findings.push(Finding::new(Check::Unanswered, what));
    }
    let beside = beside(evidence, trust, &key, &mut findings);
    let before;
    let read = match Opened::open(evidence.subject, key.clone()) {
        Ok(opened) => {
            let checkpoint = opened.reader.checkpoint().clone();
            let state = state.filter(|state| {
                let reaches = checkpoint.size >= state.size();
                let whole = opened.is_whole() && evidence.ledgers.is_empty();
                whole && reaches && state.is_of(trust) && state.is_of_log(&key)
            });
            before = state.as_ref().map_or(0, State::size);
            judgement.checkpoint = Some(checkpoint);
            opened.read(evidence, trust, findings, state)
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
    for other in &beside {
        judgement.beside.push(other.checkpoint.clone());
        let log = other.key.name();
        let anomalies = other.anomalies.iter();
        let anomalies = anomalies.map(|what| format!("of the log `{log}`: {what}"));
        judgement.anomalies.extend(anomalies);
    }
    for issuer in trust.issuers.iter().filter(|one| one.log != key) {
        judgement.anomalies.push(format!(
            "{} is not judged here: its log of record is `{}`",
            issuer.name,
            issuer.log.name()
        ));
    }
    let hardware = hardware::open_all(&read.histories, trust, &evidence.attached);
    let logs: Vec<&Read> = [&read].into_iter().chain(&beside).collect();
    let answers = challenged::open_all(logs.iter().copied(), trust, &evidence.attached);
    let bench = Bench {
        evidence,
        trust,
        catalogue,
        logs,
        answers: &answers,
        hardware: &hardware,
        at,
    };
    bench.judge_all(&mut judgement);
    Ok((judgement, read.into_state()))
}

/// Reads the logs beside the one of this key that is judged: each once, and only those that
/// the trust file names. What cannot be read is said.
fn beside(
    evidence: &Evidence<'_>,
    trust: &Trust,
    judged: &VerifierKey,
    findings: &mut Findings,
) -> Vec<Read> {
    let mut logs: Vec<Read> = Vec::new();
    for (name, files) in &evidence.beside {
        let subject = Subject::Log(*files);
        let read = match log_key(&subject, &trust.all_logs()) {
            Err(why) => Err(why),
            Ok(key) if key == *judged => Err("it is the log that is judged".to_owned()),
            Ok(key) if logs.iter().any(|one| one.key == key) => {
                Err("it is of a log that was given already".to_owned())
            }
            Ok(key) => Opened::open(subject, key),
        };
        match read {
            Ok(opened) => logs.push(opened.read(evidence, trust, Findings::new(), None)),
            Err(why) => findings.push(Finding::new(
                Check::Unanswered,
                format!("the log `{name}` was not read: {why}"),
            )),
        }
    }
    logs
}

/// All that is judged with.
struct Bench<'b> {
    evidence: &'b Evidence<'b>,
    trust: &'b Trust,
    catalogue: &'b Catalogue,
    /// What was read: first of the log that is judged.
    logs: Vec<&'b Read>,
    answers: &'b Answers,
    hardware: &'b [Witnessed],
    at: UnixSeconds,
}

impl Bench<'_> {
    /// Judges every claim of every issuer whose log of record is the one that is judged.
    fn judge_all(&self, judgement: &mut Judgement) {
        // What the pledges of pacts come to alone, before any is judged as what it depends on.
        let mut parties = Parties::new();
        for log in &self.logs {
            for issuer in self.trust.issuers_of(&log.key) {
                self.with_court(log, issuer, &Parties::new(), |court, history| {
                    standings(court, history, &mut parties);
                });
            }
        }
        let Some(judged) = self.logs.first() else {
            return;
        };
        for issuer in self.trust.issuers_of(&judged.key) {
            self.with_court(judged, issuer, &parties, |court, history| {
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
    }

    /// Has an issuer judged by what its log of record holds, if there is anything of it.
    fn with_court(
        &self,
        read: &Read,
        issuer: &TrustedIssuer,
        parties: &Parties,
        judge: impl FnOnce(&Court<'_>, &History),
    ) {
        let (evidence, trust) = (self.evidence, self.trust);
        let histories = &read.histories;
        let Some(history) = histories.iter().find(|history| history.id == issuer.id) else {
            return;
        };
        let times = Times::new(&read.seen, trust.quorum_for(issuer));
        let clock = Clock {
            times: &times,
            at: self.at,
            asked_now: answered(evidence, trust, issuer),
            bundle: !read.whole,
        };
        let mut findings = read.findings.clone();
        shared_roots(history, read, &mut findings);
        earlier_ids(issuer, history, &mut findings);
        let abroad = trust.corroborators.iter().filter_map(|who| {
            let log = who.log.as_ref().filter(|log| **log != issuer.log)?;
            let read = self
                .logs
                .iter()
                .find(|read| read.key == *log && read.whole)?;
            Abroad::of(who, read, issuer, trust, self.at)
        });
        let abroad: Vec<Abroad<'_>> = abroad.collect();
        let court = Court {
            histories,
            logs: &self.logs,
            abroad: &abroad,
            trust,
            issuer,
            clock,
            peaks: &|model| self.catalogue.peak_any(model),
            efficiency: Rating::best(self.catalogue, trust.accounting.kappa),
            pacts: &evidence.pacts,
            parties,
            log_findings: &findings,
            ledgers: &evidence.ledgers,
            answers: self.answers,
            hardware: self.hardware,
            seen_before: read.seen_before,
            stale: stale(clock.times, trust, self.at),
        };
        judge(&court, history);
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
