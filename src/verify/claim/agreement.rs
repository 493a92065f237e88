//! Do others say what the lab says? Differences of declared and measured figures (IAEA:
//! operator-inspector differences), told and never averaged.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigUint;

use crate::attestation::content::Corroboration;
use crate::attestation::content::Cover;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::quantity::Interval;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::limits::Evidence;
use crate::verify::findings::Findings;
use crate::verify::history::Account;
use crate::verify::history::Area;
use crate::verify::history::Gap;
use crate::verify::verdict::Finding;

/// What two parties can have counted alike.
type Counted = (QuantityKind, Basis, Option<Boundary>);

/// Bounds on an amount; nothing may bound it from above.
struct Bounds {
    lower: BigUint,
    upper: Option<BigUint>,
}

/// Says who measured other than was reported, in what the window holds and the baseline
/// that it is compared with.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let baseline = evidence.record.pledge.baseline.as_ref();
    let baseline = baseline.map(|baseline| baseline.period);
    for (who, statements) in evidence.others.statements() {
        let (mut compared, mut differing): (u64, u64) = (0, 0);
        let mut first = None;
        for said in statements {
            let spoken = |time: Period| said.about.period.intersection(time).is_some();
            let within = spoken(evidence.window) || baseline.is_some_and(spoken);
            let differs = within.then(|| compare(evidence, said)).flatten();
            let Some(differs) = differs else { continue };
            compared = compared.saturating_add(1);
            if let Err(why) = differs {
                differing = differing.saturating_add(1);
                first.get_or_insert(why);
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
    }
}

/// Compares each quantity that both counted; `None` if there is none.
fn compare(evidence: &Evidence<'_>, said: &Corroboration) -> Option<Result<(), String>> {
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
            let Some(own) = reported(evidence, said, key, classes) else {
                continue;
            };
            let theirs = stated(said, key, classes);
            if !agree(said.cover, &theirs, &own) {
                return Some(Err(differing(said, key, classes, &theirs, &own)));
            }
            result = Some(Ok(()));
        }
    }
    result
}

/// Whether both can be true.
fn agree(cover: Cover, theirs: &Bounds, own: &Bounds) -> bool {
    let below = |one: &Bounds, other: &Bounds| {
        let upper = one.upper.as_ref();
        upper.is_some_and(|upper| *upper < other.lower)
    };
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

/// Sums what a statement says of some classes, or of all.
fn stated(said: &Corroboration, key: Counted, classes: Option<&BTreeSet<Class>>) -> Bounds {
    let mut hulls: BTreeMap<(&str, Class), [u128; 2]> = BTreeMap::new();
    for figure in &said.figures {
        let counts = classes.is_none_or(|classes| classes.contains(&figure.class));
        if counts && (figure.quantity, figure.basis, figure.boundary) == key {
            let (lower, upper) = (figure.value.lower().get(), figure.value.upper().get());
            let hull = hulls.entry((&figure.model, figure.class));
            let [least, most] = hull.or_insert([lower, upper]);
            *least = lower.min(*least);
            *most = upper.max(*most);
        }
    }
    let sum = |bound: fn(&[u128; 2]) -> u128| {
        let values = hulls.values();
        values.map(|one| BigUint::from(bound(one))).sum()
    };
    Bounds {
        lower: sum(|[least, _]| *least),
        upper: Some(sum(|[_, most]| *most)),
    }
}

/// Sums what the lab reports of the areas and the period that a statement speaks of, from
/// below in periods within it, from above in those that touch it. `None` if it reports no
/// such figure.
fn reported(
    evidence: &Evidence<'_>,
    said: &Corroboration,
    key: Counted,
    classes: Option<&BTreeSet<Class>>,
) -> Option<Bounds> {
    let about = &said.about;
    let mut sum = Bounds {
        lower: BigUint::ZERO,
        upper: Some(BigUint::ZERO),
    };
    let mut any = false;
    for stream in &about.streams {
        let of_area = evidence.covered.iter();
        let area = of_area
            .filter(|one| one.history.id == about.issuer && one.stream == *stream)
            .map(|one| one.area)
            .next()?;
        any |= add(area, about.period, key, classes, &mut sum);
    }
    any.then_some(sum)
}

fn add(
    area: &Area,
    period: Period,
    key: Counted,
    classes: Option<&BTreeSet<Class>>,
    sum: &mut Bounds,
) -> bool {
    let (mut any, mut next) = (false, period.start());
    for report in area.reports.within(period.start(), period.end()) {
        if report.period.start() > next {
            sum.upper = None;
        }
        next = report.period.end();
        let mut standing = report.versions.iter().rev().filter(|one| !one.conflicting);
        let account = standing.next().map(|one| &one.account);
        let Some(own) = account.and_then(|account| of(account, key, classes)) else {
            sum.upper = None;
            continue;
        };
        any = true;
        if period.covers(report.period) {
            sum.lower += own.lower;
        }
        sum.upper = sum
            .upper
            .take()
            .zip(own.upper)
            .map(|(one, more)| one + more);
    }
    if next < period.end() {
        sum.upper = None;
    }
    any
}

fn of(account: &Account, key: Counted, classes: Option<&BTreeSet<Class>>) -> Option<Bounds> {
    let mut hulls: BTreeMap<(&str, Class), [u128; 2]> = BTreeMap::new();
    let mut gaps: BTreeMap<&str, u128> = BTreeMap::new();
    let mut open = false;
    for told in &account.figures {
        let kind = &told.kind.key;
        if (kind.quantity, kind.basis, kind.boundary) != key {
            continue;
        }
        match told.gap {
            Gap::Charged(gap) => {
                let known = gaps.entry(&kind.model).or_default();
                *known = gap.get().max(*known);
            }
            // As recorded.
            Gap::Unknown => {}
            Gap::Unbounded => open = true,
        }
        let (mut lower, upper) = (told.value.lower().get(), told.value.upper().get());
        if classes.is_some_and(|classes| !classes.contains(&kind.class)) {
            // What the lab did not classify may be of any class.
            if kind.class != Class::Unclassified {
                continue;
            }
            lower = 0;
        }
        let hull = hulls.entry((&kind.model, kind.class));
        let [least, most] = hull.or_insert([lower, upper]);
        *least = lower.min(*least);
        *most = upper.max(*most);
    }
    if gaps.is_empty() && hulls.is_empty() {
        return None;
    }
    let lower = hulls.values().map(|[least, _]| BigUint::from(*least)).sum();
    let upper: BigUint = hulls.values().map(|[_, most]| BigUint::from(*most)).sum();
    let unseen: BigUint = gaps.into_values().map(BigUint::from).sum();
    Some(Bounds {
        lower,
        upper: (!open).then(|| upper + unseen),
    })
}
