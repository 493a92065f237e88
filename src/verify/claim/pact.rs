//! Claims that bind while others hold theirs.

use std::collections::BTreeMap;

use crate::attestation::IssuerId;
use crate::claim::Conditional;
use crate::claim::Level;
use crate::claim::Terms;
use crate::claim::falsifier;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Case;
use crate::verify::claim::Court;
use crate::verify::claim::judge_pledge;
use crate::verify::claim::limit;
use crate::verify::claim::limits::Evidence;
use crate::verify::history::History;
use crate::verify::history::PledgeRecord;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Verdict;
use crate::verify::verdict::Word;
use crate::verify::witnessed::Times;

/// What each party to each pact comes to, by what its pledge wraps alone.
pub type Parties = BTreeMap<(Hash, IssuerId), Vec<Standing>>;

/// How a party stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    word: Word,
    level: Level,
    /// Where its breach shows, if it is one.
    broken_at: Option<Breach>,
}

/// Where a breach shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Breach {
    log: VerifierKey,
    index: u64,
    /// Who controls whose breach it is.
    trust_root: String,
}

impl Breach {
    /// Whether it was shown before an entry of the log of record of whom `court` judges: by
    /// their order in one log, else only if a quorum saw that log without the entry later.
    fn is_before(&self, index: u64, court: &Court<'_>) -> bool {
        if self.log == court.issuer.log {
            return self.index < index;
        }
        let without = self.times(court, &court.issuer.log);
        let without = without.and_then(|times| times.still(index));
        self.seen(court)
            .zip(without)
            .is_some_and(|(seen, without)| seen <= without)
    }

    /// Returns by when a quorum had seen that entry.
    fn seen(&self, court: &Court<'_>) -> Option<UnixSeconds> {
        self.times(court, &self.log)?.not_after(self.index)
    }

    /// Returns the times of a log by witnesses that belong to neither of the two: each could
    /// date what excuses it.
    fn times(&self, court: &Court<'_>, log: &VerifierKey) -> Option<Times> {
        let read = court.logs.iter().find(|read| read.key == *log)?;
        let roots = [self.trust_root.as_str(), court.issuer.trust_root.as_str()];
        let quorum = court.trust.quorum_apart(&roots, log);
        Some(Times::new(&read.seen, quorum))
    }
}

impl Standing {
    fn of(verdict: &Verdict, court: &Court<'_>) -> Self {
        Self {
            word: verdict.word,
            level: verdict.level,
            broken_at: verdict.broken_at.map(|index| Breach {
                log: court.issuer.log.clone(),
                index,
                trust_root: court.issuer.trust_root.clone(),
            }),
        }
    }

    /// Whether it holds what it pledged, at a level.
    fn holds(&self, level: Level) -> bool {
        matches!(self.word, Word::Holds | Word::Consistent) && self.level >= level
    }
}

/// Judges what the pacts' pledges of one issuer wrap, each alone.
pub fn standings(court: &Court<'_>, history: &History, parties: &mut Parties) {
    for record in &history.pledges {
        if let Some((pact, wrapped)) = wrapped(record) {
            let verdict = judge_pledge(court, history, &wrapped);
            let known = parties.entry((pact, history.id)).or_default();
            known.push(Standing::of(&verdict, court));
        }
    }
}

/// Returns the claim that a conditional one wraps, and the pact.
fn wrapped(record: &PledgeRecord) -> Option<(Hash, PledgeRecord)> {
    let Terms::Conditional(conditional) = &record.pledge.terms else {
        return None;
    };
    let mut alone = record.clone();
    alone.pledge.terms = conditional.wraps.clone();
    alone.pledge.falsifier = falsifier(&alone.pledge);
    Some((conditional.pact, alone))
}

/// Judges what is wrapped, and whether the condition still stands.
pub(super) fn conditional(evidence: &Evidence<'_>, pact: &Conditional, case: &mut Case) {
    let court = evidence.court;
    if !court.pacts.contains(&pact.pact) {
        case.findings.push(Finding::new(
            Check::PactText,
            format!("the text of the pact {} was not given", pact.pact),
        ));
    }
    let one = |history: &History| {
        let named = history
            .pledges
            .iter()
            .filter(|record| wrapped(record).is_some_and(|(named, _)| named == pact.pact));
        named.count()
    };
    let own = court
        .histories
        .iter()
        .filter(|one| one.id == court.issuer.id);
    if own.map(one).any(|count| count > 1) {
        case.findings.push(Finding::new(
            Check::PactTwice,
            format!("more than one pledge names the pact {}", pact.pact),
        ));
    }
    let Some((_, alone)) = wrapped(evidence.record) else {
        return;
    };
    limit(&evidence.of(&alone), case);
    let standing =
        |party: &IssuerId| match court.parties.get(&(pact.pact, *party)).map(Vec::as_slice) {
            // Of several, nobody knows which is meant.
            Some([one]) => Some(one),
            _ => None,
        };
    let known: Vec<Option<&Standing>> = pact.parties.iter().map(standing).collect();
    let holding = known
        .iter()
        .flatten()
        .filter(|one| one.holds(pact.party_level));
    let holding = u64::try_from(holding.count()).unwrap_or(u64::MAX);
    if holding < pact.quorum {
        case.findings.push(Finding::new(
            Check::Condition,
            format!(
                "{holding} of the {} parties are shown at {} to hold theirs; the claim binds while {} do",
                pact.parties.len(),
                pact.party_level,
                pact.quorum
            ),
        ));
    }
    lapse(court, pact, &known, case);
}

/// Where so many parties were shown to have broken theirs that too few are left, what comes
/// after is no breach of this one.
fn lapse(court: &Court<'_>, pact: &Conditional, known: &[Option<&Standing>], case: &mut Case) {
    let mut broken: Vec<&Breach> = known
        .iter()
        .flatten()
        .filter_map(|one| one.broken_at.as_ref())
        .collect();
    // By index in one log; between logs, by when they were seen, the unseen last.
    let elsewhere = broken.iter().any(|one| one.log != court.issuer.log);
    broken.sort_by_cached_key(|one| {
        let seen = elsewhere.then(|| one.seen(court).unwrap_or(UnixSeconds::MAX));
        (seen, one.index)
    });
    let parties = u64::try_from(pact.parties.len()).unwrap_or(u64::MAX);
    let spare = parties.saturating_sub(pact.quorum);
    let spare = usize::try_from(spare).unwrap_or(usize::MAX);
    let Some(last) = broken.get(spare) else {
        return;
    };
    let at = if last.log == court.issuer.log {
        format!("entry {}", last.index)
    } else {
        format!("entry {} of the log `{}`", last.index, last.log.name())
    };
    case.findings.push(Finding::new(
        Check::Lapsed,
        format!(
            "from {at} on too few parties are left that did not break theirs: the claim lapsed"
        ),
    ));
    let before = |own: u64| {
        broken
            .iter()
            .filter(|one| one.is_before(own, court))
            .count()
    };
    if case.broken_at.is_some_and(|own| before(own) > spare) {
        // It was shown only after the others' breach.
        case.breaches.clear();
        case.broken_at = None;
        case.findings.excuse(
            &[Check::Breach, Check::BreachMeasured, Check::SealBroken],
            Check::AfterLapse,
        );
    }
}
