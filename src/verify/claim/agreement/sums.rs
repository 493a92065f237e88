//! What the lab and somebody else counted alike, by class.

use std::collections::BTreeSet;

use crate::attestation::content::Corroboration;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::verify::claim::limits::Evidence;
use crate::verify::history::Account;
use crate::verify::history::Area;
use crate::verify::history::Gap;

/// What two parties can have counted alike.
pub(super) type Counted = (QuantityKind, Basis, Option<Boundary>);

/// Bounds on an amount; nothing may bound it from above.
pub(super) struct Bounds {
    pub(super) lower: u128,
    pub(super) upper: Option<u128>,
}

impl Bounds {
    /// Returns them as an interval; `None` if nothing bounds it from above.
    pub(super) fn interval(&self) -> Option<Interval> {
        Interval::new(Quantity::new(self.lower)?, Quantity::new(self.upper?)?)
    }
}

/// What somebody counted, by class: a party has a few.
#[derive(Default)]
pub(super) struct Sums {
    classes: Vec<(Class, [u128; 2])>,
    /// What was not seen, of whatever class.
    unseen: u128,
    /// Whether something is not bounded from above.
    open: bool,
    /// Whether some of it may lie outside of the period that is asked for.
    cut: bool,
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

    /// Returns what was said of some classes, and what besides may have been of them: not
    /// seen, or not classified. `None` if nothing bounds it, or it is not of just the period.
    pub(super) fn told(&self, classes: &BTreeSet<Class>) -> Option<(Interval, Quantity)> {
        let (mut lower, mut upper, mut more) = (0_u128, 0_u128, self.unseen);
        for (class, [least, most]) in &self.classes {
            if classes.contains(class) {
                lower = lower.saturating_add(*least);
                upper = upper.saturating_add(*most);
            } else if *class == Class::Unclassified {
                more = more.saturating_add(*most);
            }
        }
        let bounds = Bounds {
            lower,
            upper: (!self.open && !self.cut).then_some(upper),
        };
        bounds.interval().zip(Quantity::new(more))
    }

    /// Whether anything is said of a class.
    pub(super) fn speaks_of(&self, class: Class) -> bool {
        self.classes.iter().any(|(one, _)| *one == class)
    }

    /// Returns the bounds of some classes, or of all. What was not classified, or not seen,
    /// may be of any.
    pub(super) fn bounds(&self, classes: Option<&BTreeSet<Class>>) -> Bounds {
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

/// The hulls of figures that count the same: by the place of the first of them, so that the
/// room for them is used again. A report has a few.
#[derive(Default)]
struct Hulls(Vec<(usize, [u128; 2])>);

impl Hulls {
    /// Adds the figure at a place to those that count the `same`.
    fn add(&mut self, at: usize, value: Interval, same: impl Fn(usize) -> bool) {
        let (lower, upper) = (value.lower().get(), value.upper().get());
        match self.0.iter_mut().find(|(one, _)| same(*one)) {
            Some((_, [least, most])) => {
                *least = lower.min(*least);
                *most = upper.max(*most);
            }
            None => self.0.push((at, [lower, upper])),
        }
    }
}

/// Sums what a statement says.
pub(super) fn stated(said: &Corroboration, key: Counted) -> Sums {
    let (mut hulls, mut sums) = (Hulls::default(), Sums::default());
    let figures = &said.figures;
    for (at, figure) in figures.iter().enumerate() {
        if (figure.quantity, figure.basis, figure.boundary) == key {
            hulls.add(at, figure.value, |one| {
                figures
                    .get(one)
                    .is_some_and(|one| one.class == figure.class && one.model == figure.model)
            });
        }
    }
    for (at, amount) in hulls.0 {
        if let Some(figure) = figures.get(at) {
            sums.add(figure.class, amount);
        }
    }
    sums
}

/// Sums what the lab reports of the areas and the period that a statement speaks of, from
/// below in periods within it, from above in those that touch it. `None` if it reports no
/// such figure.
pub(super) fn reported(
    evidence: &Evidence<'_>,
    said: &Corroboration,
    key: Counted,
) -> Option<Sums> {
    let about = &said.about;
    let mut sums = Sums::default();
    let mut any = false;
    for stream in &about.streams {
        let of_area = evidence.covered.iter();
        let area = of_area
            .filter(|one| one.stream == *stream && one.history.id == about.issuer)
            .map(|one| one.area)
            .next()?;
        any |= add(area, about.period, key, &mut sums);
    }
    any.then_some(sums)
}

fn add(area: &Area, period: Period, key: Counted, sums: &mut Sums) -> bool {
    let (mut any, mut next) = (false, period.start());
    let mut gathered = Gathered::default();
    let mut reports = area.reports.cursor(period.start(), period.end());
    while let Some(report) = reports.next() {
        sums.open |= report.period.start() > next;
        next = report.period.end();
        let mut standing = report.versions.iter().rev().filter(|one| !one.conflicting);
        let account = standing.next().map(|one| &one.account);
        let whole = period.covers(report.period);
        sums.cut |= !whole;
        let told = account.is_some_and(|account| gathered.add(account, key, whole, sums));
        any |= told;
        sums.open |= !told;
    }
    sums.open |= next < period.end();
    any
}

/// What is gathered of one report.
#[derive(Default)]
struct Gathered {
    hulls: Hulls,
    gaps: Vec<(usize, u128)>,
}

impl Gathered {
    /// Adds the figures of a report, from above only if it is not `whole` within the period.
    /// Says whether there are any.
    fn add(&mut self, account: &Account, key: Counted, whole: bool, sums: &mut Sums) -> bool {
        let Self { hulls, gaps } = self;
        hulls.0.clear();
        gaps.clear();
        let figures = &account.figures;
        let kind = |at: usize| figures.get(at).map(|told| &told.kind.key);
        for (at, told) in figures.iter().enumerate() {
            let of = &told.kind.key;
            if (of.quantity, of.basis, of.boundary) != key {
                continue;
            }
            let same_model = |one: usize| kind(one).is_some_and(|one| one.model == of.model);
            match told.gap {
                Gap::Charged(gap) => match gaps.iter_mut().find(|(one, _)| same_model(*one)) {
                    Some((_, known)) => *known = gap.get().max(*known),
                    None => gaps.push((at, gap.get())),
                },
                // As recorded.
                Gap::Unknown => {}
                Gap::Unbounded => sums.open = true,
            }
            hulls.add(at, told.value, |one| {
                kind(one).is_some_and(|one| one.class == of.class && one.model == of.model)
            });
        }
        for (at, [lower, upper]) in &hulls.0 {
            if let Some(of) = kind(*at) {
                sums.add(of.class, [if whole { *lower } else { 0 }, *upper]);
            }
        }
        for (_, gap) in &*gaps {
            sums.unseen = sums.unseen.saturating_add(*gap);
        }
        !hulls.0.is_empty()
    }
}
