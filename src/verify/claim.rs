//! Did the claim hold? Interval arithmetic over what was reported, exact and outward.
//!
//! Specified in `specs/verdicts.md`, section "Claims".

mod agreement;
mod amount;
mod balance;
mod capacity;
mod count;
mod each;
mod hardware;
mod held;
mod ledger;
mod limits;
mod lineage;
mod moved;
mod opened;
mod pact;
mod perimeter;
mod repeated;
mod seals;
mod singly;
mod sum;
mod support;
mod timely;
mod transfers;
mod unshown;
mod used;
mod word;
mod worth;

use std::collections::BTreeSet;

use crate::claim::Level;
use crate::claim::Pledge;
use crate::claim::Step;
use crate::claim::Terms;
use crate::claim::lint::Severity;
use crate::claim::lint::lint;
use crate::hash::Hash;
use crate::time::Period;
use crate::verify::abroad::Abroad;
use crate::verify::accounting::Rating;
use crate::verify::challenged;
use crate::verify::challenged::Answers;
use crate::verify::checks::Check;
use crate::verify::complete::Clock;
use crate::verify::corroborated::Hearing;
use crate::verify::corroborated::Others;
use crate::verify::evidence::OpenedLedger;
use crate::verify::findings::Findings;
use crate::verify::hardware::Witnessed;
use crate::verify::history::History;
use crate::verify::history::PledgeRecord;
use crate::verify::reading::Read;
use crate::verify::trust::Trust;
use crate::verify::trust::TrustedIssuer;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Numbers;
use crate::verify::verdict::Restated;
use crate::verify::verdict::Verdict;

use limits::Evidence;
use limits::sliding;
pub use pact::Parties;
pub use pact::Standing;
pub use pact::standings;
pub(in crate::verify) use perimeter::Covered;
use support::Support;

/// The device in whose thousandths equivalents are counted (formats: 7), and in whose days
/// hidden runs are told.
pub(in crate::verify) const H100: &str = "h100-sxm";

/// Thousandths in one device.
pub(in crate::verify) const MILLI: u32 = 1000;

/// One million parts per million.
const WHOLE: u32 = 1_000_000;

/// What a verdict says of hidden runs that rests on the lab's own records.
const UNRESOLVED: &str = "none: with the lab's own records alone no hidden run is excluded";

/// What keeps a claim from HOLDS, whatever its level (formats: part 2, "Pledges that cannot
/// be broken are worth nothing").
const NEVER_HOLDS: &[&str] = &[
    Check::PledgedLate.name(),
    Check::Trigger.name(),
    Check::Withdrawn.name(),
    Check::Worth.name(),
];

/// Gives the highest dense peak of a model in operations per second.
pub type Peaks<'p> = dyn Fn(&str) -> Option<u128> + Sync + 'p;

/// What a claim is judged with.
pub struct Court<'c> {
    /// Every history in the log.
    pub histories: &'c [History],
    /// All logs that were read.
    pub(in crate::verify) logs: &'c [&'c Read],
    /// Those who measure, and publish in another log.
    pub(in crate::verify) abroad: &'c [Abroad<'c>],
    /// Whom the auditor believes.
    pub trust: &'c Trust,
    /// The issuer.
    pub issuer: &'c TrustedIssuer,
    /// When entries were seen.
    pub clock: Clock<'c>,
    /// The auditor's catalogue.
    pub peaks: &'c Peaks<'c>,
    /// How efficient any device of it can be at most; `None` if none has a rated power.
    pub efficiency: Option<Rating>,
    /// The digests of the texts of pacts that were given.
    pub pacts: &'c BTreeSet<Hash>,
    /// How the parties to pacts stand.
    pub parties: &'c Parties,
    /// What is wrong with the log itself.
    pub log_findings: &'c Findings,
    /// Ledgers that were opened.
    pub ledgers: &'c [OpenedLedger],
    /// Answers to challenges that were given.
    pub(in crate::verify) answers: &'c Answers,
    /// What hardware shows.
    pub hardware: &'c [Witnessed],
    /// Whether an earlier checkpoint that the auditor kept covers the whole log.
    pub seen_before: bool,
    /// How old the newest checkpoint is, if that is too old.
    pub stale: Option<String>,
}

impl<'c> Court<'c> {
    /// Returns what everybody said in the log of record, and that log: others hold copies.
    fn recorded(&self) -> impl Iterator<Item = (&'c History, &'c Read)> {
        let all = self.logs.iter();
        let all = all.flat_map(|read| read.histories.iter().map(|history| (history, *read)));
        all.filter(|(history, read)| {
            let log = self.trust.log_of(&history.id);
            *log.unwrap_or(&self.issuer.log) == read.key
        })
    }
}

impl std::fmt::Debug for Court<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Court").finish_non_exhaustive()
    }
}

/// What a claim comes to, before words are put to it.
#[derive(Debug, Default)]
struct Case {
    findings: Findings,
    numbers: Option<Numbers>,
    /// Of each breach, whether it was restated.
    breaches: Vec<bool>,
    /// The last index of a report that counts.
    last_index: Option<u64>,
    /// Where the first breach shows.
    broken_at: Option<u64>,
    /// How far others support it.
    support: Support,
}

/// Judges one pledge.
pub fn judge_pledge(court: &Court<'_>, history: &History, record: &PledgeRecord) -> Verdict {
    let pledge = &record.pledge;
    let mut case = Case::default();
    case.findings.extend(court.log_findings.told());
    case.findings.extend(history.findings.told());
    unbreakable(pledge, &mut case.findings);
    let (window, withdrawn) = bound_window(court, history, record, &mut case);
    let covered = perimeter::areas(court, history, pledge, &mut case.findings);
    let hearing = Hearing {
        histories: court.histories,
        abroad: court.abroad,
        trust: court.trust,
        times: court.clock.times,
        peaks: court.peaks,
        efficiency: court.efficiency,
    };
    let others = Others::hear(
        &hearing,
        pledge,
        &covered,
        window.unwrap_or(pledge.window),
        &mut case.findings,
    );
    let moved = moved::Moved::of(court, record, &covered, &mut case.findings);
    let met = challenged::check(
        court,
        &hearing,
        &covered,
        window.unwrap_or(pledge.window),
        &mut case.findings,
    );
    let singly = singly::read(court, pledge, &covered, window.unwrap_or(pledge.window));
    if let Some(window) = window {
        let evidence = Evidence {
            court,
            covered: &covered,
            record,
            others: &others,
            met: &met,
            moved: &moved,
            window,
        };
        limit(&evidence, &mut case);
        worth::check(&evidence, &mut case.findings);
        case.findings.extend(singly.unbalanced);
        agreement::check(&evidence, &mut case.findings);
        case.findings.extend(singly.repeated);
        repeated::check(&evidence, &mut case.findings);
        opened::check(court, &covered, window, &mut case.findings);
        timely::check(&evidence, &mut case.findings);
    }
    case.findings.extend(singly.late);
    transfers::check(court, &covered, &mut case.findings);
    ledger::check(court.ledgers, &covered, &mut case.findings);
    hardware::check(court, pledge, &covered, &mut case.findings);
    conclude(court, history, record, &covered, withdrawn, case)
}

/// Holds the evidence against what the claim's kind limits.
fn limit(evidence: &Evidence<'_>, case: &mut Case) {
    let pledge = &evidence.record.pledge;
    match &pledge.terms {
        Terms::Cap { .. } | Terms::RampDown { .. } | Terms::Reduction { .. }
            if pledge.counted.quantity.is_maximum() =>
        {
            // Said already: maxima of periods are never summed.
        }
        Terms::Cap { limit } => {
            let whole = Step {
                time: pledge.window,
                limit: *limit,
            };
            limits::capped(evidence, &[whole], case);
        }
        Terms::RampDown { schedule } => limits::capped(evidence, schedule, case),
        Terms::Reduction { limit } => limits::reduction(evidence, limit.get(), case),
        Terms::Accelerators { limit, counting } => {
            count::accelerators(evidence, *limit, *counting, case);
        }
        Terms::Halted {
            limit,
            seal_cadence,
        } => each::halted(evidence, *limit, *seal_cadence, case),
        Terms::InferenceOnly { limit } => each::inference_only(evidence, *limit, case),
        Terms::JobSize {
            maximum_accelerators,
            maximum_seconds,
        } => each::job_size(evidence, *maximum_accelerators, *maximum_seconds, case),
        Terms::NoNewCapacity {
            inventories,
            replacements,
        } => capacity::no_new_capacity(evidence, inventories, *replacements, case),
        Terms::RunCap { limit } => lineage::run_cap(evidence, *limit, case),
        Terms::Conditional(terms) => pact::conditional(evidence, terms, case),
    }
}

/// Cuts the window where a withdrawal or an expiry ends the duty.
fn bound_window(
    court: &Court<'_>,
    history: &History,
    record: &PledgeRecord,
    case: &mut Case,
) -> (Option<Period>, bool) {
    let pledge = &record.pledge;
    let withdrawn = history
        .withdrawals
        .get(&record.id)
        .and_then(|places| places.iter().find(|index| **index > record.index));
    let mut end = pledge.window.end();
    if let Some(index) = withdrawn {
        // The duty goes on for the notice after others saw the withdrawal.
        let seen = court.clock.times.not_after(*index);
        let until = seen.and_then(|seen| seen.plus(pledge.notice));
        case.findings.push(Finding::new(
            Check::Withdrawn,
            format!(
                "the pledge was withdrawn at entry {index}; the duty runs {}",
                until.map_or_else(
                    || "on: nobody saw it".to_owned(),
                    |until| format!("until {until}")
                )
            ),
        ));
        if let Some(until) = until {
            // A period that began before still counts whole.
            end = end.min(until);
        }
    }
    if let Some(expiry) = pledge.expiry {
        end = end.min(expiry);
    }
    let window = Period::new(pledge.window.start(), end);
    if window.is_none() {
        case.findings.push(Finding::new(
            Check::Window,
            "the duty ended before the window began",
        ));
    }
    if pledge.sliding.is_some() && sliding(pledge).is_none() {
        case.findings.push(Finding::new(
            Check::Sliding,
            "a sliding window of this kind of claim is judged only as one window",
        ));
    }
    if pledge.trigger.is_some() {
        case.findings.push(Finding::new(
            Check::Trigger,
            "the pledge has a trigger, which was not shown to have come",
        ));
    }
    match court.clock.times.not_after(record.index) {
        Some(seen) if seen > pledge.window.start() => case.findings.push(Finding::new(
            Check::PledgedLate,
            format!(
                "the window began at {}, but a quorum saw the pledge only at {seen}: never HOLDS",
                pledge.window.start()
            ),
        )),
        _ => {}
    }
    (window, withdrawn.is_some())
}

/// A pledge that contradicts itself, or that nothing could break, shows nothing: a lab
/// need not have used our `lint` before it signed.
fn unbreakable(pledge: &Pledge, findings: &mut Findings) {
    let errors = lint(pledge).into_iter();
    findings.extend(
        errors
            .filter(|one| one.rule.severity() == Severity::Error)
            .map(|one| {
                Finding::new(
                    Check::Pledge,
                    format!("the pledge's `{}` {}", one.member, one.why),
                )
            }),
    );
}

/// Returns the level that the evidence reaches: the least over what the claim rests on.
fn reached(case: &Case, findings: &[Finding], witnessed: bool) -> Level {
    let found = |check: Check| findings.iter().any(|one| one.check == check.name());
    let lifted = case.support.level();
    let lifted = lifted.filter(|_| !found(Check::CorroborationMissing));
    if !witnessed {
        Level::E0
    } else if let Some(level) = lifted {
        level
    } else if found(Check::CoverageUnknown) {
        Level::E1
    } else if case.numbers.is_some() && !found(Check::Unbalanced) {
        Level::E2
    } else {
        Level::E1
    }
}

/// Puts words to what was found: the first that applies, everything else a finding.
fn conclude(
    court: &Court<'_>,
    history: &History,
    record: &PledgeRecord,
    covered: &[Covered<'_>],
    withdrawn: bool,
    mut case: Case,
) -> Verdict {
    let pledge = &record.pledge;
    // Whoever saw the last of them saw all.
    let last = case.last_index.max(Some(record.index));
    let witnessed = last.is_some_and(|last| court.clock.times.not_after(last).is_some());
    if let Some(stale) = &court.stale {
        case.findings
            .push(Finding::new(Check::Stale, stale.clone()));
    }
    let findings: Vec<Finding> = case.findings.told().collect();
    let required = pledge.level.max(court.trust.required_level);
    let level = reached(&case, &findings, witnessed);
    let word = word::word(word::Grounds {
        called: findings.iter().filter_map(|one| one.calls_for).min(),
        level,
        required,
        never: findings.iter().any(|one| NEVER_HOLDS.contains(&one.check)),
        bundle: court.clock.bundle,
    });
    let roots = match level {
        Level::E0 | Level::E1 | Level::E2 => Vec::new(),
        _ => case.support.roots(),
    };
    Verdict {
        issuer: court.issuer.id,
        name: court.issuer.name.clone(),
        pledge: record.id,
        sequence: record.sequence,
        claim: format!(
            "{} on {} ({})",
            pledge.terms.kind(),
            pledge.counted.quantity,
            pledge.counted.basis
        ),
        word,
        restated: match &*case.breaches {
            [] => Restated::No,
            breaches if breaches.contains(&false) => Restated::No,
            _ => Restated::Yes,
        },
        level,
        required,
        perimeter: perimeter::describe(pledge, covered),
        window: pledge.window,
        numbers: case.numbers,
        resolution: if roots.is_empty() {
            UNRESOLVED.to_owned()
        } else {
            case.support.resolution(court, pledge, covered)
        },
        broken_at: case.broken_at,
        findings,
        does_not_show: unshown::all(court, history, pledge, covered, (level, &roots), withdrawn),
        roots,
        used: used::streams(court, history, pledge),
    }
}
