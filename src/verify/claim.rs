//! Did the claim hold? Interval arithmetic over what was reported, exact and outward.
//!
//! Specified in `specs/verdicts.md`, section "Claims". This version judges `cap`
//! (fixed or sliding), `ramp-down` and `reduction`; every other kind is NOT-SHOWN.

mod amount;
mod ledger;
mod perimeter;
mod sum;
mod unshown;
mod used;

use num_bigint::BigUint;

use crate::claim::Level;
use crate::claim::Pledge;
use crate::claim::Step;
use crate::claim::Terms;
use crate::claim::lint::Severity;
use crate::claim::lint::lint;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::complete::Clock;
use crate::verify::complete::lateness;
use crate::verify::evidence::OpenedLedger;
use crate::verify::findings::Findings;
use crate::verify::history::History;
use crate::verify::history::PledgeRecord;
use crate::verify::trust::Trust;
use crate::verify::trust::TrustedIssuer;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Numbers;
use crate::verify::verdict::Restated;
use crate::verify::verdict::Verdict;
use crate::verify::verdict::Word;

pub(in crate::verify) use perimeter::Covered;
use sum::Reached;
use sum::Sum;

/// One million parts per million.
const WHOLE: u32 = 1_000_000;

/// Gives the highest dense peak of a model in operations per second.
pub type Peaks<'p> = dyn Fn(&str) -> Option<u128> + 'p;

/// What a claim is judged with.
pub struct Court<'c> {
    /// Every history in the log.
    pub histories: &'c [History],
    /// Whom the auditor believes.
    pub trust: &'c Trust,
    /// The issuer.
    pub issuer: &'c TrustedIssuer,
    /// When entries were seen.
    pub clock: Clock<'c>,
    /// The auditor's catalogue.
    pub peaks: &'c Peaks<'c>,
    /// What is wrong with the log itself.
    pub log_findings: &'c Findings,
    /// Ledgers that were opened.
    pub ledgers: &'c [OpenedLedger],
    /// Whether an earlier checkpoint that the auditor kept covers the whole log.
    pub seen_before: bool,
    /// How old the newest checkpoint is, if that is too old.
    pub stale: Option<String>,
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
    if let Some(window) = window {
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
                capped(court, &covered, record, window, &[whole], &mut case);
            }
            Terms::RampDown { schedule } => {
                capped(court, &covered, record, window, schedule, &mut case);
            }
            Terms::Reduction { limit } => {
                reduction(court, &covered, record, window, limit.get(), &mut case);
            }
            other => case.findings.push(Finding::new(
                Check::Kind,
                format!("a `{}` claim is not judged by this version", other.kind()),
            )),
        }
    }
    for covered in &covered {
        let window = window.unwrap_or(pledge.window);
        let late = lateness(covered, pledge, window, &court.clock);
        case.findings.extend(late);
    }
    ledger::check(court.ledgers, &covered, &mut case.findings);
    conclude(court, history, record, &covered, withdrawn, case)
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

/// Limits the sum of each stretch of time by itself: a cap has one, a ramp its steps.
///
/// The numbers told are of the first that is a breach; else of the first that is not shown
/// to be below its limit; else of the last.
fn capped(
    court: &Court<'_>,
    covered: &[Covered<'_>],
    record: &PledgeRecord,
    window: Period,
    stretches: &[Step],
    case: &mut Case,
) {
    let pledge = &record.pledge;
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let mut told = None;
    for stretch in stretches {
        // Where the duty ended, no report of the rest is due.
        let Some(due) = stretch.time.intersection(window) else {
            continue;
        };
        let limit = BigUint::from(stretch.limit.get()) + BigUint::from(allowance);
        let windows = (due, stretch.time);
        let sum = Sum::over(court, covered, record, windows, None, &mut case.findings);
        let found = match sliding(pledge) {
            Some(length) => sum.slide(length, record.index, &limit),
            None => Reached {
                lower: sum.lower().clone(),
                upper: sum.upper().cloned(),
                breach: sum.breach(None, record.index, |lower, _| *lower > limit),
            },
        };
        let breach = found.breach;
        let within = found.upper.as_ref().map(|upper| *upper <= limit);
        violated(breach.as_ref(), &limit, stretch.time, pledge, case);
        if breach.is_none() {
            straddles(within, stretch.time, case);
        }
        case.last_index = case.last_index.max(sum.last_index());
        let rank = match (&breach, within) {
            (Some(_), _) => 0_u8,
            (None, Some(false) | None) => 1,
            (None, Some(true)) => 2,
        };
        if told.is_none_or(|told| rank < told || rank == 2 && told == 2) {
            told = Some(rank);
            case.numbers = Some(Numbers {
                lower: found.lower.to_string(),
                upper: found.upper.map(|upper| upper.to_string()),
                limit: limit.to_string(),
                unit: pledge.unit().to_owned(),
            });
        }
    }
}

/// Returns the length of the stretches in which a claim is judged, if it is so.
fn sliding(pledge: &Pledge) -> Option<u64> {
    let slides = matches!(pledge.terms, Terms::Cap { .. });
    pledge.sliding.filter(|_| slides)
}

fn reduction(
    court: &Court<'_>,
    covered: &[Covered<'_>],
    record: &PledgeRecord,
    window: Period,
    limit: u128,
    case: &mut Case,
) {
    let pledge = &record.pledge;
    let Some(baseline) = &pledge.baseline else {
        case.findings.push(Finding::new(
            Check::Baseline,
            "a reduction without a baseline cannot be judged",
        ));
        return;
    };
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let limit = BigUint::from(limit) + BigUint::from(allowance);
    let windows = (window, pledge.window);
    let now = Sum::over(court, covered, record, windows, None, &mut case.findings);
    let base = Sum::over(
        court,
        covered,
        record,
        (baseline.period, baseline.period),
        Some(&baseline.heads),
        &mut case.findings,
    );
    // now / length <= limit / 1e6 * base / length, multiplied out.
    let scaled_now = |amount: &BigUint| amount * baseline.period.seconds() * WHOLE;
    let scaled_base = |amount: &BigUint| amount * window.seconds() * &limit;
    // From below a period counts whole that the end of the duty cut, and so does its time.
    let longest = |amount: &BigUint| amount * now.seconds() * &limit;
    // Each index is judged with the versions in force there, of window and baseline.
    let breach = now.breach(Some(&base), record.index, |lower, base| {
        base.is_some_and(|base| scaled_now(lower) > longest(base))
    });
    violated(breach.as_ref(), &limit, pledge.window, pledge, case);
    if breach.is_none() {
        let upper = now.upper();
        let within = upper.map(|upper| scaled_now(upper) <= scaled_base(base.least()));
        straddles(within, pledge.window, case);
    }
    case.last_index = now.last_index().max(base.last_index());
    let seconds = now.seconds();
    let ratio = |now: &BigUint, base: &BigUint, up: bool| {
        let over = base * if up { window.seconds() } else { seconds };
        if over == BigUint::ZERO {
            return None;
        }
        let scaled = scaled_now(now);
        let rounded = if up { &scaled + &over - 1_u32 } else { scaled };
        Some((rounded / over).to_string())
    };
    case.numbers = Some(Numbers {
        lower: base
            .upper()
            .and_then(|base| ratio(now.lower(), base, false))
            .unwrap_or_else(|| "0".to_owned()),
        upper: now
            .upper()
            .and_then(|upper| ratio(upper, base.least(), true)),
        limit: limit.to_string(),
        unit: pledge.unit().to_owned(),
    });
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

fn violated(
    breach: Option<&sum::Breach>,
    limit: &BigUint,
    time: Period,
    pledge: &Pledge,
    case: &mut Case,
) {
    let Some(breach) = breach else { return };
    // One that still stands is not restated, whatever became of others.
    case.breaches.push(breach.restated);
    case.findings.push(Finding::new(
        Check::Breach,
        format!(
            "at entry {} the lab's own statements of {time} come to at least {} {}, the limit is {limit} {}",
            breach.index,
            breach.lower,
            pledge.counted.quantity.unit(),
            pledge.unit(),
        ),
    ));
}

fn straddles(within: Option<bool>, time: Period, case: &mut Case) {
    match within {
        Some(true) => {}
        Some(false) => case.findings.push(Finding::new(
            Check::Straddles,
            format!("what was reported of {time} may exceed the limit and may not"),
        )),
        None => case.findings.push(Finding::new(
            Check::Unbounded,
            format!("nothing bounds the quantity in {time} from above"),
        )),
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
    let level = if witnessed { Level::E1 } else { Level::E0 };
    if let Some(stale) = &court.stale {
        case.findings
            .push(Finding::new(Check::Stale, stale.clone()));
    }
    let findings: Vec<Finding> = case.findings.told().collect();
    let mut words: Vec<Word> = findings.iter().filter_map(|one| one.calls_for).collect();
    // What rests on the lab's own statements alone is never more than consistent.
    words.push(Word::Consistent);
    let word = words.into_iter().min().unwrap_or(Word::NotShown);
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
        required: pledge.level.max(court.trust.required_level),
        perimeter: perimeter::describe(pledge, covered),
        window: pledge.window,
        numbers: case.numbers,
        resolution: "none: with the lab's own records alone no hidden run is excluded".to_owned(),
        findings,
        does_not_show: unshown::all(court, history, pledge, covered, level, withdrawn),
        used: used::streams(court, history, pledge),
    }
}
