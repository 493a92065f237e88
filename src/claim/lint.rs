//! What is wrong with a pledge before anybody signs it.
//!
//! Specified in `specs/pledge.md`, section "Lint". A pledge that lacks a field does not
//! parse. This finds one that could not be broken, or that contradicts itself.

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::spelled;
use crate::claim::AreaSelection;
use crate::claim::Conditional;
use crate::claim::Counting;
use crate::claim::Level;
use crate::claim::Pledge;
use crate::claim::Precision;
use crate::claim::Step;
use crate::claim::Terms;
use crate::claim::falsifier::falsifier;
use crate::quantity::Quantity;
use crate::time::Period;

/// One million parts per million.
const WHOLE: u128 = 1_000_000;

spelled! {
    /// The rules.
    Rule, "a rule of lint" {
        /// No area is covered.
        AreaNone = "area-none",
        /// Only some areas are covered.
        AreasListed = "areas-listed",
        /// Nobody decides in a dispute.
        AdjudicatorNone = "adjudicator-none",
        /// A baseline without a reduction.
        BaselineUnused = "baseline-unused",
        /// A reduction without a baseline.
        BaselineMissing = "baseline-missing",
        /// The baseline overlaps the window.
        BaselineOverlaps = "baseline-overlaps",
        /// The baseline holds no whole period.
        BaselineShort = "baseline-short",
        /// The baseline names no head of an area.
        BaselineUncommitted = "baseline-uncommitted",
        /// The window holds no whole period.
        CadenceLong = "cadence-long",
        /// What counts contradicts the basis.
        CountingBasis = "counting-basis",
        /// A report is due only after the window.
        DeadlineLong = "deadline-long",
        /// Exceptions allow more than the limit.
        ExceptionsLarge = "exceptions-large",
        /// There is no limit for exceptions to be added to.
        ExceptionsUnbound = "exceptions-unbound",
        /// Exceptions to a limit of nothing.
        ExceptionsToNothing = "exceptions-to-nothing",
        /// It expires within its window.
        ExpiryEarly = "expiry-early",
        /// The words are not those that the fields make.
        FalsifierOther = "falsifier-other",
        /// What it requires of itself is nothing.
        LevelNone = "level-none",
        /// Words that lift it.
        LiftWords = "lift-words",
        /// The limit is beyond every quantity.
        LimitBeyond = "limit-beyond",
        /// A withdrawal would end the duty at once.
        NoticeNone = "notice-none",
        /// The notice is shorter than the deadline.
        NoticeShort = "notice-short",
        /// FLOP without a number format.
        PrecisionMissing = "precision-missing",
        /// Devices may be faster in another format.
        PrecisionNarrow = "precision-narrow",
        /// A number format without FLOP.
        PrecisionUnused = "precision-unused",
        /// Not what this kind limits.
        QuantityKind = "quantity-kind",
        /// A maximum is not summed.
        QuantityMaximum = "quantity-maximum",
        /// It allows as much as before.
        ReductionNone = "reduction-none",
        /// The schedule is not of the window.
        ScheduleWindow = "schedule-window",
        /// A step holds no whole period.
        ScheduleShort = "schedule-short",
        /// No class counts.
        ScopeNone = "scope-none",
        /// `unclassified` counts although it is not named.
        ScopeUnclassified = "scope-unclassified",
        /// Seals are never due.
        SealsNever = "seals-never",
        /// This kind is not summed over a window.
        SlidingKind = "sliding-kind",
        /// Longer than the window.
        SlidingLong = "sliding-long",
        /// Shorter than a period, of which then none counts from below.
        SlidingShort = "sliding-short",
        /// A trigger that was not shown.
        TriggerWords = "trigger-words",
    }
}

impl Rule {
    /// Returns how grave it is to break the rule.
    pub const fn severity(self) -> Severity {
        match self {
            Self::AreasListed
            | Self::AdjudicatorNone
            | Self::ExceptionsToNothing
            | Self::LevelNone
            | Self::LiftWords
            | Self::NoticeShort
            | Self::PrecisionNarrow
            | Self::ScopeUnclassified
            | Self::TriggerWords => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The pledge must not be signed.
    Error,
    /// The pledge can be signed, and will show less than one may think.
    Warning,
}

/// Something wrong with a pledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFinding {
    /// The rule; says how grave it is.
    pub rule: Rule,
    /// The member.
    pub member: &'static str,
    /// What is wrong, and with which values.
    pub why: String,
}

/// Returns what is wrong with a pledge, errors first.
pub fn lint(pledge: &Pledge) -> Vec<LintFinding> {
    let mut lint = Lint {
        pledge,
        found: Vec::new(),
    };
    lint.perimeter();
    lint.time();
    lint.sliding();
    lint.precision();
    lint.terms(pledge.binding());
    if let Terms::Conditional(one) = &pledge.terms {
        lint.conditional(one);
    }
    lint.baseline();
    lint.words();
    lint.found
        .sort_by_key(|finding| finding.rule.severity() == Severity::Warning);
    lint.found
}

struct Lint<'p> {
    pledge: &'p Pledge,
    found: Vec<LintFinding>,
}

impl Lint<'_> {
    fn find(&mut self, rule: Rule, member: &'static str, why: impl Into<String>) {
        self.found.push(LintFinding {
            rule,
            member,
            why: why.into(),
        });
    }

    fn perimeter(&mut self) {
        match &self.pledge.perimeter.areas {
            AreaSelection::Listed(streams)
                if streams.is_empty() && self.pledge.perimeter.affiliates.is_empty() =>
            {
                let why = "covers no area: it could not be broken";
                self.find(Rule::AreaNone, "perimeter.areas", why);
            }
            AreaSelection::Listed(_) => self.find(
                Rule::AreasListed,
                "perimeter.areas",
                "a list leaves other areas out; capacity that moves there is charged at peak",
            ),
            AreaSelection::All => {}
        }
        let scope = &self.pledge.scope;
        if scope.contains(&Class::Training) && !scope.contains(&Class::Unclassified) {
            let why = "counts `unclassified` too, since it counts `training`";
            self.find(Rule::ScopeUnclassified, "scope", why);
        }
        if scope.is_empty() {
            let why = "counts no class: it could not be broken";
            self.find(Rule::ScopeNone, "scope", why);
        }
    }

    fn time(&mut self) {
        let pledge = self.pledge;
        let window = pledge.window;
        if let Some(expiry) = pledge.expiry.filter(|expiry| *expiry < window.end()) {
            let why = format!("is {expiry}, before the window's end, {}", window.end());
            self.find(Rule::ExpiryEarly, "expiry", why);
        }
        if !self.holds_a_period(window) {
            let why = format!(
                "no period of {} fits into the window {window}",
                pledge.cadence
            );
            self.find(Rule::CadenceLong, "cadence", why);
        }
        let (deadline, length) = (pledge.deadline, window.seconds());
        if deadline > length {
            let why = format!("of {deadline} seconds is longer than the window, {length}");
            self.find(Rule::DeadlineLong, "deadline", why);
        }
        if pledge.notice == 0 {
            let why = "is 0: a withdrawal would end the duty at once";
            self.find(Rule::NoticeNone, "notice", why);
        } else if pledge.notice < deadline {
            let why = "is shorter than the deadline of a report";
            self.find(Rule::NoticeShort, "notice", why);
        }
        if pledge.level == Level::E0 {
            let why = "is `E0`: what nobody witnessed would be enough";
            self.find(Rule::LevelNone, "level", why);
        }
    }

    /// Whether some period of the pledge's own lies within `time`: only such a period
    /// counts from below.
    fn holds_a_period(&self, time: Period) -> bool {
        let (cadence, first) = (self.pledge.cadence, self.pledge.window.start());
        let at = cadence.period_at(first.min(time.start()), time.start());
        let period = at.and_then(|period| {
            if period.start() < time.start() {
                cadence.period_from(period.end())
            } else {
                Some(period)
            }
        });
        period.is_some_and(|period| time.covers(period))
    }

    fn sliding(&mut self) {
        let Some(sliding) = self.pledge.sliding else {
            return;
        };
        let (window, cadence) = (self.pledge.window, self.pledge.cadence);
        if sliding > window.seconds() {
            let why = format!("is {sliding}, longer than the window, {}", window.seconds());
            self.find(Rule::SlidingLong, "sliding", why);
        }
        let period = cadence.period_from(window.start());
        if period.is_some_and(|period| sliding < period.seconds()) {
            let why = format!("is {sliding}: no period of {cadence} fits into it");
            self.find(Rule::SlidingShort, "sliding", why);
        }
        let terms = self.pledge.binding();
        if !matches!(
            terms,
            Terms::Cap { .. } | Terms::InferenceOnly { .. } | Terms::Reduction { .. }
        ) {
            let why = format!("a `{}` claim is not summed over a window", terms.kind());
            self.find(Rule::SlidingKind, "sliding", why);
        }
    }

    fn precision(&mut self) {
        let flop = self.pledge.counted.quantity == QuantityKind::Flop;
        match self.pledge.precision {
            None if flop => {
                let why = "is `none`, but operations have a number format";
                self.find(Rule::PrecisionMissing, "precision", why);
            }
            Some(Precision::HighestDense) | None if flop => {}
            Some(other) if flop => {
                let why = format!("is `{other}`; devices may do more in another format");
                self.find(Rule::PrecisionNarrow, "precision", why);
            }
            Some(other) => {
                let why = format!("is `{other}`, but no operations are counted: write `none`");
                self.find(Rule::PrecisionUnused, "precision", why);
            }
            None => {}
        }
    }

    fn terms(&mut self, terms: &Terms) {
        let pledge = self.pledge;
        let quantity = pledge.counted.quantity;
        let summed = matches!(
            terms,
            Terms::Cap { .. } | Terms::Reduction { .. } | Terms::RampDown { .. }
        );
        if summed && quantity.is_maximum() {
            let why = format!("`{quantity}` is a maximum, which is not summed");
            self.find(Rule::QuantityMaximum, "quantity", why);
        }
        if let Some(needed) = needed(terms).filter(|needed| *needed != quantity) {
            let why = format!(
                "is `{quantity}`; a `{}` claim limits `{needed}`",
                terms.kind()
            );
            self.find(Rule::QuantityKind, "quantity", why);
        }
        match terms {
            Terms::Accelerators { limit, counting } => {
                self.exceptions(*limit);
                let basis = pledge.counted.basis;
                let installed = *counting == Counting::Installed;
                if installed != (basis == Basis::Present) {
                    let why = format!("is `{counting}`, but `basis` is `{basis}`");
                    self.find(Rule::CountingBasis, "counting", why);
                }
            }
            Terms::Cap { limit } | Terms::InferenceOnly { limit } | Terms::RunCap { limit } => {
                self.exceptions(*limit);
            }
            Terms::Halted {
                limit,
                seal_cadence,
            } => {
                self.exceptions(*limit);
                if *seal_cadence > pledge.window.seconds() {
                    let why = format!("is {seal_cadence}, longer than the window: never due");
                    self.find(Rule::SealsNever, "sealCadence", why);
                }
            }
            Terms::Reduction { limit } => {
                self.exceptions(*limit);
                let allowance = pledge.allowance().unwrap_or(Quantity::MAX);
                if limit.get().saturating_add(allowance.get()) >= WHOLE {
                    let why = format!(
                        "is {limit} parts per million of the baseline, with exceptions of \
                         {allowance}: no reduction"
                    );
                    self.find(Rule::ReductionNone, "limit", why);
                }
            }
            Terms::RampDown { schedule } => self.schedule(schedule),
            Terms::JobSize { .. } | Terms::NoNewCapacity { .. } => {
                if !pledge.exceptions.is_empty() {
                    let why = format!("a `{}` claim has no limit to add them to", terms.kind());
                    self.find(Rule::ExceptionsUnbound, "exceptions", why);
                }
            }
            // It wraps no other of its kind.
            Terms::Conditional(_) => {}
        }
    }

    fn exceptions(&mut self, limit: Quantity) {
        let allowance = self.pledge.allowance();
        let Some(allowance) = allowance.filter(|allowance| limit.plus(*allowance).is_some()) else {
            let why = "with its exceptions is beyond every quantity";
            self.find(Rule::LimitBeyond, "limit", why);
            return;
        };
        if allowance > limit && limit > Quantity::ZERO {
            let why = "allow more than the limit itself";
            self.find(Rule::ExceptionsLarge, "exceptions", why);
        } else if allowance > limit {
            let why = "allow what a limit of 0 seems to rule out";
            self.find(Rule::ExceptionsToNothing, "exceptions", why);
        }
    }

    fn schedule(&mut self, schedule: &[Step]) {
        let window = self.pledge.window;
        let ends = schedule.first().zip(schedule.last());
        let covered = ends.is_some_and(|(first, last)| {
            first.time.start() == window.start() && last.time.end() == window.end()
        });
        if !covered {
            let why = format!("does not cover the window {window}");
            self.find(Rule::ScheduleWindow, "schedule", why);
        }
        if let Some(short) = schedule.iter().find(|step| !self.holds_a_period(step.time)) {
            let why = format!(
                "no period of {} fits into the step {}",
                self.pledge.cadence, short.time
            );
            self.find(Rule::ScheduleShort, "schedule", why);
        }
        if let Some(least) = schedule.iter().map(|step| step.limit).min() {
            self.exceptions(least);
        }
    }

    fn conditional(&mut self, conditional: &Conditional) {
        if conditional.party_level == Level::E0 {
            let why = "is `E0`: what nobody witnessed would be enough";
            self.find(Rule::LevelNone, "partyLevel", why);
        }
    }

    fn baseline(&mut self) {
        let pledge = self.pledge;
        let reduction = matches!(pledge.binding(), Terms::Reduction { .. });
        let baseline = match &pledge.baseline {
            None if reduction => {
                let why = "is `none`; a reduction is measured against one";
                self.find(Rule::BaselineMissing, "baseline", why);
                return;
            }
            None => return,
            Some(_) if !reduction => {
                let why = "is given, but the claim is no reduction";
                self.find(Rule::BaselineUnused, "baseline", why);
                return;
            }
            Some(baseline) => baseline,
        };
        if baseline.period.intersection(pledge.window).is_some() {
            let why = format!("{} overlaps the window {}", baseline.period, pledge.window);
            self.find(Rule::BaselineOverlaps, "baseline.period", why);
        }
        if !self.holds_a_period(baseline.period) {
            let why = format!("no period of {} fits into it", pledge.cadence);
            self.find(Rule::BaselineShort, "baseline.period", why);
        }
        if baseline.heads.is_empty() {
            let why = "names no stream: nothing was committed before";
            self.find(Rule::BaselineUncommitted, "baseline.heads", why);
        }
        if let AreaSelection::Listed(streams) = &pledge.perimeter.areas {
            for stream in streams {
                if baseline.heads.iter().all(|head| head.stream != *stream) {
                    let why = format!("does not name area {stream}");
                    self.find(Rule::BaselineUncommitted, "baseline.heads", why);
                }
            }
        }
    }

    fn words(&mut self) {
        let pledge = self.pledge;
        let words = falsifier(pledge);
        if pledge.falsifier != words {
            let why = format!("is not the one that its fields make, which is: {words}");
            self.find(Rule::FalsifierOther, "falsifier", why);
        }
        if pledge.trigger.is_some() {
            let why = "a claim whose trigger was not shown never holds";
            self.find(Rule::TriggerWords, "trigger", why);
        }
        if pledge.lift.is_some() {
            let why = "words bind nothing: only expiry and withdrawal end the duty";
            self.find(Rule::LiftWords, "lift", why);
        }
        if pledge.adjudicator.is_none() {
            let why = "is `none`: nobody decides in a dispute";
            self.find(Rule::AdjudicatorNone, "adjudicator", why);
        }
    }
}

/// Returns the one quantity that a kind limits, if there is only one.
const fn needed(terms: &Terms) -> Option<QuantityKind> {
    match terms {
        Terms::Accelerators { .. } | Terms::NoNewCapacity { .. } => {
            Some(QuantityKind::Accelerators)
        }
        Terms::Halted { .. } => Some(QuantityKind::EnergyJoules),
        Terms::InferenceOnly { .. } => Some(QuantityKind::InterconnectBytes),
        Terms::JobSize {
            maximum_accelerators: Some(_),
            ..
        } => Some(QuantityKind::JobAccelerators),
        Terms::JobSize { .. } => Some(QuantityKind::JobSeconds),
        Terms::RunCap { .. } => Some(QuantityKind::Flop),
        Terms::Cap { .. }
        | Terms::Conditional(_)
        | Terms::RampDown { .. }
        | Terms::Reduction { .. } => None,
    }
}
