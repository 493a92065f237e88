//! Holds what was reported, and what others measured, against limits.

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::attestation::content::StreamHead;
use crate::claim::Level;
use crate::claim::Pledge;
use crate::claim::Step;
use crate::claim::Terms;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::verify::challenged::Met;
use crate::verify::checks::Check;
use crate::verify::claim::Case;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::claim::WHOLE;
use crate::verify::claim::moved::Moved;
use crate::verify::claim::sum::Breach;
use crate::verify::claim::sum::Fold;
use crate::verify::claim::sum::Reached;
use crate::verify::claim::sum::Sum;
use crate::verify::claim::support::Bounded;
use crate::verify::corroborated::Others;
use crate::verify::corroborated::Supported;
use crate::verify::history::PledgeRecord;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Numbers;

/// What a claim is judged on.
pub(super) struct Evidence<'c> {
    /// With what.
    pub(super) court: &'c Court<'c>,
    /// The areas of the perimeter.
    pub(super) covered: &'c [Covered<'c>],
    /// The claim.
    pub(super) record: &'c PledgeRecord,
    /// What others say of the areas.
    pub(super) others: &'c Others<'c>,
    /// Challenges that were met.
    pub(super) met: &'c [Met],
    /// What left the areas.
    pub(super) moved: &'c Moved,
    /// The time of the claim's window in which the duty ran.
    pub(super) window: Period,
}

/// Returns the length of the stretches in which a claim is judged, if it is so.
pub(super) fn sliding(pledge: &Pledge) -> Option<u64> {
    let slides = matches!(
        pledge.terms,
        Terms::Cap { .. } | Terms::InferenceOnly { .. }
    );
    pledge.sliding.filter(|_| slides)
}

/// Limits the sum of each stretch of time by itself: a cap has one, a ramp its steps.
///
/// The numbers told are of the first that is a breach; else of the first that is not shown
/// to be below its limit; else of the last.
pub(super) fn capped(evidence: &Evidence<'_>, stretches: &[Step], case: &mut Case) {
    let record = evidence.record;
    let pledge = &record.pledge;
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let mut told = None;
    for stretch in stretches {
        // Where the duty ended, no report of the rest is due.
        let Some(due) = stretch.time.intersection(evidence.window) else {
            continue;
        };
        let limit = BigUint::from(stretch.limit.get()) + BigUint::from(allowance);
        let sum = evidence.sum((due, stretch.time), None, Fold::Sum, case);
        // What left stays away: most of it in the last stretch.
        let last = sliding(pledge).and_then(|length| due.last(length));
        let moved = evidence.moved.most(last.unwrap_or(due));
        let mut found = match sliding(pledge) {
            Some(length) => sum.slide(length, record.index, &limit),
            None => Reached {
                lower: sum.lower().clone(),
                upper: sum.upper().cloned(),
                breach: sum.breach(None, record.index, |lower, _| *lower > limit),
            },
        };
        found.upper = found.upper.map(|upper| upper + moved);
        let breach = found.breach;
        let within = found.upper.as_ref().map(|upper| *upper <= limit);
        violated(breach.as_ref(), &limit, stretch.time, pledge, case);
        if breach.is_none() {
            straddles(within, stretch.time, case);
        }
        let others = Compared {
            most: &|amount| *amount <= limit,
            measured: &|amount| *amount > limit,
        };
        outside(evidence, (due, stretch.time), &found.lower, &others, case);
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

/// Limits what was used a second, in parts per million of a baseline.
pub(super) fn reduction(evidence: &Evidence<'_>, limit: u128, case: &mut Case) {
    let (record, window) = (evidence.record, evidence.window);
    let pledge = &record.pledge;
    let Some(baseline) = &pledge.baseline else {
        case.findings.push(Finding::new(
            Check::Baseline,
            "a reduction without a baseline cannot be judged",
        ));
        return;
    };
    // Whatever it names was made up: nobody knew yet what would be used.
    let pledged = evidence.court.clock.times.not_after(record.index);
    if let Some(seen) = pledged.filter(|seen| *seen < baseline.period.end()) {
        case.findings.push(Finding::new(
            Check::Baseline,
            format!(
                "the baseline {} was not over when a quorum saw the pledge ({seen})",
                baseline.period
            ),
        ));
    }
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let limit = BigUint::from(limit) + BigUint::from(allowance);
    let now = evidence.sum((window, pledge.window), None, Fold::Sum, case);
    let then = (baseline.period, baseline.period);
    let moved = evidence.moved.most(window);
    let upper = now.upper().map(|upper| upper + moved);
    let base = evidence.sum(then, Some(&baseline.heads), Fold::Sum, case);
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
        let within = upper
            .as_ref()
            .map(|upper| scaled_now(upper) <= scaled_base(base.least()));
        straddles(within, pledge.window, case);
    }
    // Others must have seen a baseline as high, or the cut is one on paper.
    let others = evidence.others;
    let least = others.least(baseline.period, others.needed());
    let lowest = others.lowest(baseline.period);
    let lowest = lowest
        .as_ref()
        .map_or(base.least(), |one| one.min(base.least()));
    let compared = Compared {
        most: &|amount| {
            let base = least.as_ref();
            base.is_some_and(|base| scaled_now(amount) <= scaled_base(&base.amount))
        },
        measured: &|amount| scaled_now(amount) > scaled_base(lowest),
    };
    outside(
        evidence,
        (window, pledge.window),
        now.lower(),
        &compared,
        case,
    );
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
        upper: upper
            .as_ref()
            .and_then(|upper| ratio(upper, base.least(), true)),
        limit: limit.to_string(),
        unit: pledge.unit().to_owned(),
    });
}

/// What others say of an amount.
pub(super) struct Compared<'f> {
    /// Whether an amount that nothing exceeded is within the limit.
    pub(super) most: &'f dyn Fn(&BigUint) -> bool,
    /// Whether an amount that was measured is beyond it.
    pub(super) measured: &'f dyn Fn(&BigUint) -> bool,
}

/// Holds what others measured of a stretch of time, or of every stretch in it as long as the
/// claim says, against its limit. `due` is the part of it in which the duty ran.
pub(super) fn outside(
    evidence: &Evidence<'_>,
    (due, whole): (Period, Period),
    lower: &BigUint,
    compared: &Compared<'_>,
    case: &mut Case,
) {
    let (others, pledge) = (evidence.others, &evidence.record.pledge);
    let length = sliding(pledge);
    if pledge.sliding.is_some() && length.is_none() {
        // Not judged for this kind, as was said.
        case.support.add(None);
        return;
    }
    let stretches = |time: Period| match length {
        Some(length) => others.stretches(time, length),
        None => vec![time],
    };
    let roots = evidence.court.trust.required_roots;
    against(evidence, &stretches(whole), roots, compared, case);
    // A root that does not say how much it saw is none: the claim must not rest on it.
    let blind = case.findings.has(Check::CoverageUnknown);
    let needed = others.needed().saturating_add(usize::from(blind));
    let due = stretches(due);
    // What they bound is what ran in the areas: what left them is charged on top.
    let charged = |most: Option<Supported>, time: Period| {
        most.map(|most| Supported {
            amount: most.amount + evidence.moved.most(time),
            ..most
        })
    };
    let most = bounded(&due, |time| charged(others.most(time, needed), time));
    let most = most.filter(|(most, time)| {
        let within = (compared.most)(&most.amount);
        if !within {
            case.findings.push(Finding::new(
                Check::Corroborated,
                format!(
                    "others bound what was used in {time} at {} {}, which is not within the limit",
                    most.amount,
                    pledge.counted.quantity.unit()
                ),
            ));
        }
        within
    });
    let kept = |most: Option<(Supported, Period)>| {
        most.is_some_and(|(most, _)| (compared.most)(&most.amount))
    };
    let metered = kept(bounded(&due, |time| {
        charged(others.most_by_verifier(time), time)
    }));
    let level = if !metered {
        Level::E3
    } else if kept(bounded(&due, |time| {
        charged(others.most_by_inspection(time, evidence.met), time)
    })) {
        Level::E5
    } else {
        Level::E4
    };
    let parameters = &evidence.court.trust.accounting;
    let errors = BigUint::from(others.error(parameters)) * parameters.quantiles().millionths();
    case.support.add(most.map(|(most, _)| {
        // Parts per million of millionths, rounded up.
        let scale = BigUint::from(WHOLE) * WHOLE;
        let wrong = (&most.amount * &errors + &scale - 1_u32) / scale;
        // Of the stretch in which they bound most the lab may have reported nothing.
        let reported = match length {
            Some(_) => BigUint::ZERO,
            None => lower.min(&most.amount).clone(),
        };
        Bounded {
            hidden: &most.amount + wrong - reported,
            roots: most.roots,
            level,
        }
    }));
}

/// Says who measured more than the limit in some stretch.
fn against(
    evidence: &Evidence<'_>,
    stretches: &[Period],
    roots: usize,
    compared: &Compared<'_>,
    case: &mut Case,
) {
    let others = evidence.others;
    let unit = evidence.record.pledge.counted.quantity.unit();
    let measured = stretches.par_iter().filter_map(|time| {
        let (amount, who) = others.measured(*time)?;
        Some((amount, who, time))
    });
    // Of equals the last, however the work was shared out.
    let measured: Vec<_> = measured.collect();
    let measured = measured.into_iter();
    if let Some((amount, who, time)) = measured.max_by(|one, other| one.0.cmp(&other.0))
        && (compared.measured)(&amount)
    {
        case.findings.push(Finding::new(
            Check::Contradicted,
            format!("what {who} measured of {time} may come to {amount} {unit}: beyond the limit"),
        ));
    }
    let least = stretches.par_iter().filter_map(|time| {
        let least = others.least(*time, roots)?;
        Some((least, time))
    });
    let least: Vec<_> = least.collect();
    let least = least.into_iter();
    if let Some((least, time)) = least.max_by(|one, other| one.0.amount.cmp(&other.0.amount))
        && (compared.measured)(&least.amount)
    {
        case.breaches.push(false);
        let roots: Vec<String> = least.roots.into_iter().collect();
        case.findings.push(Finding::new(
            Check::BreachMeasured,
            format!(
                "{} each measured at least {} {unit} of {time}: beyond the limit",
                roots.join(" and "),
                least.amount
            ),
        ));
    }
}

/// Returns the largest of the bounds on several stretches; `None` if one has none.
fn bounded(
    stretches: &[Period],
    bound: impl Fn(Period) -> Option<Supported> + Sync,
) -> Option<(Supported, Period)> {
    let bounds = stretches
        .par_iter()
        .map(|time| Some((bound(*time)?, *time)));
    let bounds: Option<Vec<(Supported, Period)>> = bounds.collect();
    let mut bounds = bounds?;
    // What each rests on, all rest on.
    let roots = bounds.iter().flat_map(|(bound, _)| bound.roots.clone());
    let roots = roots.collect();
    bounds.sort_by(|one, other| one.0.amount.cmp(&other.0.amount));
    let (mut most, time) = bounds.pop()?;
    most.roots = roots;
    Some((most, time))
}

impl<'c> Evidence<'c> {
    /// Gathers what was reported.
    pub(super) fn sum(
        &self,
        windows: (Period, Period),
        heads: Option<&[StreamHead]>,
        fold: Fold,
        case: &mut Case,
    ) -> Sum<'c> {
        Sum::over(
            self.court,
            self.covered,
            self.record,
            windows,
            heads,
            fold,
            &mut case.findings,
        )
    }

    /// The same evidence, for another claim.
    pub(super) const fn of<'n>(&self, record: &'n PledgeRecord) -> Evidence<'n>
    where
        'c: 'n,
    {
        Evidence {
            court: self.court,
            covered: self.covered,
            record,
            others: self.others,
            met: self.met,
            moved: self.moved,
            window: self.window,
        }
    }
}

pub(super) fn violated(
    breach: Option<&Breach>,
    limit: &BigUint,
    time: Period,
    pledge: &Pledge,
    case: &mut Case,
) {
    let Some(breach) = breach else { return };
    // One that still stands is not restated, whatever became of others.
    case.breaches.push(breach.restated);
    case.broken_at = Some(
        case.broken_at
            .map_or(breach.index, |at| at.min(breach.index)),
    );
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

pub(super) fn straddles(within: Option<bool>, time: Period, case: &mut Case) {
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
