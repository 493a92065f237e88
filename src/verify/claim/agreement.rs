//! Do others say what the lab says? Differences of declared and measured figures (IAEA:
//! operator-inspector differences), told and never averaged.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rayon::prelude::*;

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
    lower: u128,
    upper: Option<u128>,
}

/// What somebody counted, by class: a party has a few.
#[derive(Default)]
struct Sums {
    classes: Vec<(Class, [u128; 2])>,
    /// What was not seen, of whatever class.
    unseen: u128,
    /// Whether something is not bounded from above.
    open: bool,
}

impl Sums {
    fn add(&mut self, class: Class, [lower, upper]: [u128; 2]) {
        match self.classes.iter_mut().find(|(one, _)| *one == class) {
            Some((_, [least, most])) => {
                *least = least.saturating_add(lower);
                *most = most.saturating_add(upper);
            }
            None => self.classes.push((class, [lower, upper])),
        }
    }

    /// Returns the bounds of some classes, or of all. What was not classified, or not seen,
    /// may be of any.
    fn bounds(&self, classes: Option<&BTreeSet<Class>>) -> Bounds {
        let (mut lower, mut upper) = (0_u128, self.unseen);
        for (class, [least, most]) in &self.classes {
            let counts = classes.is_none_or(|classes| classes.contains(class));
            if counts {
                lower = lower.saturating_add(*least);
            }
            if counts || *class == Class::Unclassified {
                upper = upper.saturating_add(*most);
            }
        }
        // What is beyond the numbers, nothing bounds.
        let bounded = !self.open && upper < u128::MAX;
        Bounds {
            lower,
            upper: bounded.then_some(upper),
        }
    }
}

/// The hulls of figures of one model and class.
#[derive(Default)]
struct Hulls<'f>(Vec<(&'f str, Class, [u128; 2])>);

impl<'f> Hulls<'f> {
    fn add(&mut self, model: &'f str, class: Class, value: Interval) {
        let (lower, upper) = (value.lower().get(), value.upper().get());
        let mut known = self.0.iter_mut();
        match known.find(|(one, of, _)| *one == model && *of == class) {
            Some((_, _, [least, most])) => {
                *least = lower.min(*least);
                *most = upper.max(*most);
            }
            None => self.0.push((model, class, [lower, upper])),
        }
    }
}

/// Says who measured other than was reported, in what the window holds and the baseline
/// that it is compared with.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let baseline = evidence.record.pledge.baseline.as_ref();
    let baseline = baseline.map(|baseline| baseline.period);
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
        for differs in results {
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
        let Some(reported) = reported(evidence, said, key) else {
            continue;
        };
        let stated = stated(said, key);
        for classes in sets {
            let classes = classes.as_ref();
            let (own, theirs) = (reported.bounds(classes), stated.bounds(classes));
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

/// Sums what a statement says.
fn stated(said: &Corroboration, key: Counted) -> Sums {
    let mut hulls = Hulls::default();
    for figure in &said.figures {
        if (figure.quantity, figure.basis, figure.boundary) == key {
            hulls.add(&figure.model, figure.class, figure.value);
        }
    }
    let mut sums = Sums::default();
    for (_, class, amount) in hulls.0 {
        sums.add(class, amount);
    }
    sums
}

/// Sums what the lab reports of the areas and the period that a statement speaks of, from
/// below in periods within it, from above in those that touch it. `None` if it reports no
/// such figure.
fn reported(evidence: &Evidence<'_>, said: &Corroboration, key: Counted) -> Option<Sums> {
    let about = &said.about;
    let mut sums = Sums::default();
    let mut any = false;
    for stream in &about.streams {
        let of_area = evidence.covered.iter();
        let area = of_area
            .filter(|one| one.history.id == about.issuer && one.stream == *stream)
            .map(|one| one.area)
            .next()?;
        any |= add(area, about.period, key, &mut sums);
    }
    any.then_some(sums)
}

fn add(area: &Area, period: Period, key: Counted, sums: &mut Sums) -> bool {
    let (mut any, mut next) = (false, period.start());
    for report in area.reports.within(period.start(), period.end()) {
        sums.open |= report.period.start() > next;
        next = report.period.end();
        let mut standing = report.versions.iter().rev().filter(|one| !one.conflicting);
        let account = standing.next().map(|one| &one.account);
        let whole = period.covers(report.period);
        let told = account.is_some_and(|account| add_report(account, key, whole, sums));
        any |= told;
        sums.open |= !told;
    }
    sums.open |= next < period.end();
    any
}

/// Adds the figures of a report, from above only if it is not `whole` within the period.
/// Says whether there are any.
fn add_report(account: &Account, key: Counted, whole: bool, sums: &mut Sums) -> bool {
    let mut hulls = Hulls::default();
    let mut gaps: Vec<(&str, u128)> = Vec::new();
    for told in &account.figures {
        let kind = &told.kind.key;
        if (kind.quantity, kind.basis, kind.boundary) != key {
            continue;
        }
        match told.gap {
            Gap::Charged(gap) => match gaps.iter_mut().find(|(model, _)| *model == kind.model) {
                Some((_, known)) => *known = gap.get().max(*known),
                None => gaps.push((&kind.model, gap.get())),
            },
            // As recorded.
            Gap::Unknown => {}
            Gap::Unbounded => sums.open = true,
        }
        hulls.add(&kind.model, kind.class, told.value);
    }
    let told = !hulls.0.is_empty();
    for (_, class, [lower, upper]) in hulls.0 {
        sums.add(class, [if whole { lower } else { 0 }, upper]);
    }
    for (_, gap) in gaps {
        sums.unseen = sums.unseen.saturating_add(gap);
    }
    told
}
