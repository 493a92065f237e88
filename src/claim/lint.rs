//! What is wrong with a pledge before anybody signs it.
//!
//! A pledge that lacks a field does not parse. This finds one that could not be broken,
//! or that contradicts itself.

use crate::attestation::fields::NONE;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::claim::AreaSelection;
use crate::claim::Pledge;
use crate::claim::Terms;
use crate::claim::falsifier::falsifier;
use crate::quantity::Quantity;

/// One million parts per million.
const WHOLE: u128 = 1_000_000;

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
    /// The member.
    pub member: &'static str,
    /// What is wrong, and with which values.
    pub why: String,
    /// How grave it is.
    pub severity: Severity,
}

/// Returns what is wrong with a pledge, errors first.
pub fn lint(pledge: &Pledge) -> Vec<LintFinding> {
    let mut lint = Lint(Vec::new());
    lint.perimeter(pledge);
    lint.time(pledge);
    lint.terms(pledge, &pledge.terms);
    lint.baseline(pledge);
    lint.words(pledge);
    lint.0
        .sort_by_key(|finding| finding.severity == Severity::Warning);
    lint.0
}

struct Lint(Vec<LintFinding>);

impl Lint {
    fn error(&mut self, member: &'static str, why: impl Into<String>) {
        self.0.push(LintFinding {
            member,
            why: why.into(),
            severity: Severity::Error,
        });
    }

    fn warning(&mut self, member: &'static str, why: impl Into<String>) {
        self.0.push(LintFinding {
            member,
            why: why.into(),
            severity: Severity::Warning,
        });
    }

    fn perimeter(&mut self, pledge: &Pledge) {
        match &pledge.perimeter.areas {
            AreaSelection::Listed(streams) if streams.is_empty() => {
                self.error("perimeter.areas", "covers no area: it could not be broken");
            }
            AreaSelection::Listed(_) => self.warning(
                "perimeter.areas",
                "a list leaves other areas out; capacity that moves there is charged at peak",
            ),
            AreaSelection::All => {}
        }
        if pledge.scope.contains(&Class::Training) && !pledge.scope.contains(&Class::Unclassified) {
            self.warning(
                "scope",
                "counts `unclassified` too, since it counts `training`",
            );
        }
        if pledge.scope.is_empty() {
            self.error("scope", "counts no class: it could not be broken");
        }
    }

    fn time(&mut self, pledge: &Pledge) {
        let window = pledge.window;
        if let Some(expiry) = pledge.expiry
            && expiry < window.end()
        {
            self.error(
                "expiry",
                format!("is {expiry}, before the window's end, {}", window.end()),
            );
        }
        let first = pledge.cadence.period_from(window.start());
        if first.is_none_or(|first| first.end() > window.end()) {
            self.error(
                "cadence",
                format!(
                    "no period of {} fits into the window {window}",
                    pledge.cadence
                ),
            );
        }
        if pledge.deadline > window.seconds() {
            self.error(
                "deadline",
                format!(
                    "of {} seconds is longer than the window, {}",
                    pledge.deadline,
                    window.seconds()
                ),
            );
        }
        if pledge.notice == 0 {
            self.error("notice", "is 0: a withdrawal would end the duty at once");
        } else if pledge.notice < pledge.deadline {
            self.warning("notice", "is shorter than the deadline of a report");
        }
        if let Some(sliding) = pledge.sliding {
            if sliding == 0 || sliding > window.seconds() {
                self.error(
                    "sliding",
                    format!(
                        "is {sliding}; it must be from 1 to the window's {}",
                        window.seconds()
                    ),
                );
            }
            let terms = match &pledge.terms {
                Terms::Conditional(conditional) => &conditional.wraps,
                terms => terms,
            };
            if !matches!(
                terms,
                Terms::Cap { .. } | Terms::InferenceOnly { .. } | Terms::Reduction { .. }
            ) {
                self.error(
                    "sliding",
                    format!("a `{}` claim is not summed over a window", terms.kind()),
                );
            }
        }
    }

    fn terms(&mut self, pledge: &Pledge, terms: &Terms) {
        let quantity = pledge.counted.quantity;
        let summed = matches!(
            terms,
            Terms::Cap { .. } | Terms::Reduction { .. } | Terms::RampDown { .. }
        );
        if summed && quantity.is_maximum() {
            self.error(
                "quantity",
                format!("`{quantity}` is a maximum, which is not summed"),
            );
        }
        let needed = match terms {
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
            _ => None,
        };
        if quantity == QuantityKind::Flop && pledge.precision == NONE {
            self.error(
                "precision",
                "is `none`, but operations have a number format",
            );
        }
        if let Some(needed) = needed.filter(|needed| *needed != quantity) {
            self.error(
                "quantity",
                format!(
                    "is `{quantity}`; a `{}` claim limits `{needed}`",
                    terms.kind()
                ),
            );
        }
        match terms {
            Terms::Accelerators { limit, .. }
            | Terms::Cap { limit }
            | Terms::Halted { limit, .. }
            | Terms::InferenceOnly { limit }
            | Terms::RunCap { limit } => self.exceptions(pledge, *limit),
            Terms::Reduction { limit } => {
                self.exceptions(pledge, *limit);
                let allowance = pledge.allowance().unwrap_or(Quantity::MAX);
                if limit.get().saturating_add(allowance.get()) >= WHOLE {
                    self.error(
                        "limit",
                        format!(
                            "is {limit} parts per million of the baseline, with exceptions of \
                             {allowance}: no reduction"
                        ),
                    );
                }
            }
            Terms::RampDown { schedule } => self.schedule(pledge, schedule),
            Terms::JobSize {
                maximum_accelerators: None,
                maximum_seconds: None,
            } => self.error(
                "maximumAccelerators",
                "no maximum is given: it could not be broken",
            ),
            Terms::JobSize { .. } | Terms::NoNewCapacity { .. }
                if !pledge.exceptions.is_empty() =>
            {
                self.error(
                    "exceptions",
                    format!("a `{}` claim has no limit to add them to", terms.kind()),
                );
            }
            Terms::NoNewCapacity { inventories, .. } if inventories.is_empty() => {
                self.error("inventories", "names none to start from");
            }
            Terms::Conditional(conditional) => {
                let parties = u64::try_from(conditional.parties.len()).unwrap_or(u64::MAX);
                if conditional.quorum == 0 || conditional.quorum > parties {
                    self.error(
                        "quorum",
                        format!("is {} of {parties} parties", conditional.quorum),
                    );
                }
                self.terms(pledge, &conditional.wraps);
            }
            _ => {}
        }
    }

    fn exceptions(&mut self, pledge: &Pledge, limit: Quantity) {
        let Some(allowance) = pledge.allowance() else {
            self.error("exceptions", "add up to more than every quantity");
            return;
        };
        if limit.plus(allowance).is_none() {
            self.error("limit", "with its exceptions is beyond every quantity");
        } else if allowance > limit && limit > Quantity::ZERO {
            self.error("exceptions", "allow more than the limit itself");
        } else if allowance > limit {
            self.warning("exceptions", "allow what a limit of 0 seems to rule out");
        }
    }

    fn schedule(&mut self, pledge: &Pledge, schedule: &[crate::claim::Step]) {
        let ends = schedule.first().zip(schedule.last());
        let covered = ends.is_some_and(|(first, last)| {
            first.time.start() == pledge.window.start() && last.time.end() == pledge.window.end()
        });
        if !covered {
            self.error(
                "schedule",
                format!("does not cover the window {}", pledge.window),
            );
        }
        if let Some(least) = schedule.iter().map(|step| step.limit).min() {
            self.exceptions(pledge, least);
        }
        for pair in schedule.windows(2) {
            let [one, next] = pair else { continue };
            if one.time.end() != next.time.start() {
                self.error(
                    "schedule",
                    format!("leaves {} to {} open", one.time.end(), next.time.start()),
                );
            }
            if next.limit > one.limit {
                self.error(
                    "schedule",
                    format!("rises from {} to {}", one.limit, next.limit),
                );
            }
        }
    }

    fn baseline(&mut self, pledge: &Pledge) {
        let reduction = match &pledge.terms {
            Terms::Conditional(conditional) => {
                matches!(conditional.wraps, Terms::Reduction { .. })
            }
            terms => matches!(terms, Terms::Reduction { .. }),
        };
        match &pledge.baseline {
            None if reduction => {
                self.error("baseline", "is `none`; a reduction is measured against one");
            }
            Some(_) if !reduction => {
                self.error("baseline", "is given, but the claim is no reduction");
            }
            Some(baseline) => {
                if baseline.period.intersection(pledge.window).is_some() {
                    self.error(
                        "baseline.period",
                        format!("{} overlaps the window {}", baseline.period, pledge.window),
                    );
                }
                if baseline.heads.is_empty() {
                    self.error(
                        "baseline.heads",
                        "names no stream: nothing was committed before",
                    );
                }
                if let AreaSelection::Listed(streams) = &pledge.perimeter.areas {
                    for stream in streams {
                        if baseline.heads.iter().all(|head| head.stream != *stream) {
                            self.error("baseline.heads", format!("does not name area {stream}"));
                        }
                    }
                }
            }
            None => {}
        }
    }

    fn words(&mut self, pledge: &Pledge) {
        if pledge.falsifier != falsifier(pledge) {
            self.error(
                "falsifier",
                format!("is not the one that its fields make: {}", falsifier(pledge)),
            );
        }
        if pledge.trigger.is_some() {
            self.warning("trigger", "a claim whose trigger was not shown never holds");
        }
        if pledge.lift.is_some() {
            self.warning(
                "lift",
                "words bind nothing: only expiry and withdrawal end the duty",
            );
        }
        if pledge.adjudicator.is_none() {
            self.warning("adjudicator", "is `none`: nobody decides in a dispute");
        }
    }
}
