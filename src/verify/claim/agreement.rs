//! Do others say what the lab says? Differences of declared and measured figures (IAEA:
//! operator-inspector differences), told and never averaged.

mod drift;
mod sums;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::attestation::content::Corroboration;
use crate::attestation::content::Cover;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::verify::accounting::Difference;
use crate::verify::accounting::Disagreement;
use crate::verify::accounting::Score;
use crate::verify::accounting::Source;
use crate::verify::accounting::Term;
use crate::verify::accounting::Told;
use crate::verify::checks::Check;
use crate::verify::claim::limits::Evidence;
use crate::verify::findings::Findings;
use crate::verify::verdict::Finding;

use drift::Drifts;
use sums::Bounds;
use sums::Counted;
use sums::Sums;
use sums::reported;
use sums::stated;

/// Says who measured other than was reported, in what the window holds and the baseline
/// that it is compared with.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let baseline = evidence.record.pledge.baseline.as_ref();
    let baseline = baseline.map(|baseline| baseline.period);
    let mut drifts = Drifts::default();
    for (who, statements) in evidence.others.statements() {
        let statements: Vec<&Corroboration> = statements
            .filter(|said| {
                let spoken = |time: Period| said.about.period.intersection(time).is_some();
                spoken(evidence.window) || baseline.is_some_and(spoken)
            })
            .collect();
        let results: Vec<_> = statements
            .into_par_iter()
            .filter_map(|said| compare(evidence, said))
            .collect();
        let (mut compared, mut differing): (u64, u64) = (0, 0);
        let mut first = None;
        let mut difference = Difference::default();
        for result in results {
            compared = compared.saturating_add(1);
            if let Some(why) = result.apart {
                differing = differing.saturating_add(1);
                first.get_or_insert(why);
            }
            if let Some(of_claim) = result.difference {
                difference.add(&of_claim);
            }
            if let Some(pair) = result.pair {
                drifts.add(who, pair);
            }
        }
        if let Some(first) = first {
            findings.push(Finding::new(
                Check::Disagreement,
                format!(
                    "{who} and the lab disagree in {differing} of {compared} statements, first {first}"
                ),
            ));
        }
        findings.extend(test(evidence, who, &difference));
    }
    findings.extend(drifts.told(&evidence.court.trust.accounting));
}

/// Tests the sum of all differences against the errors assumed of both sides (the
/// D-statistic; `specs/accounting.md`).
fn test(evidence: &Evidence<'_>, who: &str, difference: &Difference) -> Option<Finding> {
    let parameters = &evidence.court.trust.accounting;
    let (least, most) = difference.bounds();
    let (check, how, between) = match difference.test(parameters.false_alarm) {
        Disagreement::DeclaredLess => (Check::DeclaredLess, "less", [-most, -least]),
        Disagreement::DeclaredMore => (Check::DeclaredMore, "more", [least.clone(), most.clone()]),
        Disagreement::Quiet | Disagreement::Unclear => return None,
    };
    let Score { least, most } = difference.score();
    let nearest = least.saturating_abs().min(most.saturating_abs());
    let [lower, upper] = between;
    Some(Finding::new(
        check,
        format!(
            "the lab reported between {lower} and {upper} {} {how} than {who} measured, all statements together: {}.{:03} standard deviations at least of what both may be wrong by; {} ppm of honest labs come to as much",
            evidence.record.pledge.counted.quantity.unit(),
            nearest / 1000,
            nearest % 1000,
            parameters.false_alarm.probability().get(),
        ),
    ))
}

/// What came of holding a statement against the reports.
struct Compared<'c> {
    /// Which intervals are apart, if any are.
    apart: Option<String>,
    /// By how much what the claim counts differs, where both bound just that.
    difference: Option<Difference>,
    /// Both figures, where they are of just the same time too.
    pair: Option<Pair<'c>>,
}

/// What a lab declared and a statement measured of the same.
struct Pair<'c> {
    said: &'c Corroboration,
    declared: Told,
    measured: Told,
}

/// Compares each quantity that both counted; `None` if there is none.
fn compare<'c>(evidence: &Evidence<'_>, said: &'c Corroboration) -> Option<Compared<'c>> {
    let mut counted: BTreeMap<Counted, BTreeSet<Class>> = BTreeMap::new();
    for figure in &said.figures {
        let key = (figure.quantity, figure.basis, figure.boundary);
        // To have left nothing unclassified is to have classified everything.
        if figure.class == Class::Unclassified && figure.value == Interval::ZERO {
            continue;
        }
        if !figure.quantity.is_maximum() && figure.quantity != QuantityKind::Flop {
            counted.entry(key).or_default().insert(figure.class);
        }
    }
    let mut result = None;
    for (key, classes) in counted {
        let Some(reported) = reported(evidence, said, key) else {
            continue;
        };
        let stated = stated(said, key);
        let of = result.get_or_insert(Compared {
            apart: None,
            difference: None,
            pair: None,
        });
        if let Some(scope) = counted_alike(evidence, said, key, &stated) {
            let both = [&reported, &stated];
            of.difference = difference(evidence, said, &scope, both);
            of.pair = pair(evidence, said, &scope, both);
        }
        // Whoever does not classify speaks of all classes; whoever does, of each and of all
        // of them. (Training told as inference leaves the sum as it was.)
        let mut sets = Vec::new();
        if classes.contains(&Class::Unclassified) {
            sets.push(None);
        } else {
            if classes.len() > 1 {
                sets.extend(classes.iter().map(|class| Some(BTreeSet::from([*class]))));
            }
            sets.push(Some(classes));
        }
        for classes in sets {
            let classes = classes.as_ref();
            let (own, theirs) = (reported.bounds(classes), stated.bounds(classes));
            if of.apart.is_none() && !agree(said.cover, &theirs, &own) {
                of.apart = Some(differing(said, key, classes, &theirs, &own));
            }
        }
    }
    result
}

/// Returns the classified classes of the claim's scope if the statement is of just what the
/// claim counts: its quantity, basis and boundary, each of those classes, no more and no less
/// than the areas, within the window.
fn counted_alike(
    evidence: &Evidence<'_>,
    said: &Corroboration,
    key: Counted,
    stated: &Sums,
) -> Option<BTreeSet<Class>> {
    let pledge = &evidence.record.pledge;
    let counted = &pledge.counted;
    let scope = pledge.scope.iter().copied();
    let scope: BTreeSet<Class> = scope.filter(|one| *one != Class::Unclassified).collect();
    let alike = (counted.quantity, counted.basis, counted.boundary) == key
        && said.cover == Cover::All
        && scope.iter().all(|class| stated.speaks_of(*class))
        && evidence.window.covers(said.about.period);
    alike.then_some(scope)
}

/// Returns by how much what the claim counts differs, where both bound it.
fn difference(
    evidence: &Evidence<'_>,
    said: &Corroboration,
    scope: &BTreeSet<Class>,
    [reported, stated]: [&Sums; 2],
) -> Option<Difference> {
    let term = |sums: &Sums, source| {
        let amount = sums.bounds(Some(scope)).interval()?;
        Some(term(evidence, amount, source))
    };
    let declared = term(reported, Source::LabRecord)?;
    Some(Difference::of(declared, term(stated, said.source.into())?))
}

/// Returns both figures, where they are of just the statement's period, all of which was seen.
fn pair<'c>(
    evidence: &Evidence<'_>,
    said: &'c Corroboration,
    scope: &BTreeSet<Class>,
    [reported, stated]: [&Sums; 2],
) -> Option<Pair<'c>> {
    let blind = |figure: &Figure| matches!(figure.coverage, Coverage::Known { gap, .. } if gap != Quantity::ZERO);
    if said.figures.iter().any(blind) {
        return None;
    }
    let told = |sums: &Sums, source| {
        let (amount, more) = sums.told(scope)?;
        let term = term(evidence, amount, source);
        Some(Told { term, more })
    };
    Some(Pair {
        said,
        declared: told(reported, Source::LabRecord)?,
        measured: told(stated, said.source.into())?,
    })
}

/// Returns an amount with how wrong the auditor holds figures of its source to be.
fn term(evidence: &Evidence<'_>, amount: Interval, source: Source) -> Term {
    let error = evidence.court.trust.accounting.error(source);
    Term { amount, error }
}

/// Whether both can be true.
fn agree(cover: Cover, theirs: &Bounds, own: &Bounds) -> bool {
    let below = |one: &Bounds, other: &Bounds| one.upper.is_some_and(|upper| upper < other.lower);
    let (more, less) = (below(theirs, own), below(own, theirs));
    match cover {
        Cover::All => !more && !less,
        Cover::More => !more,
        Cover::Part => !less,
    }
}

fn differing(
    said: &Corroboration,
    (quantity, ..): Counted,
    classes: Option<&BTreeSet<Class>>,
    theirs: &Bounds,
    own: &Bounds,
) -> String {
    let spell = |one: &Bounds| {
        let upper = one.upper.as_ref();
        let upper = upper.map_or_else(|| "unbounded".to_owned(), ToString::to_string);
        format!("{} to {upper}", one.lower)
    };
    let names: Vec<&str> = classes
        .into_iter()
        .flatten()
        .map(|one| one.as_str())
        .collect();
    let of = if names.is_empty() {
        String::new()
    } else {
        format!(" of {}", names.join(" and "))
    };
    format!(
        "of {}: {} {quantity}{of} measured, {} reported",
        said.about.period,
        spell(theirs),
        spell(own)
    )
}
