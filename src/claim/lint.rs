//! What is wrong with a pledge before anybody signs it.
//!
//! A pledge that lacks a field does not parse. This finds one that could not be broken,
//! or that contradicts itself.

use crate::claim::AreaSelection;
use crate::claim::Pledge;
use crate::claim::Terms;
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

/// Writes the falsifier of a pledge from its other fields.
pub fn falsifier(pledge: &Pledge) -> String {
    let counted = &pledge.counted;
    let scope: Vec<_> = pledge.scope.iter().map(|class| class.as_str()).collect();
    let what = format!(
        "{} ({}{}) of class {}",
        counted.quantity,
        counted.basis,
        counted
            .boundary
            .map_or_else(String::new, |boundary| format!(", {boundary}")),
        scope.join(", "),
    );
    let areas = match &pledge.perimeter.areas {
        AreaSelection::All => "all areas".to_owned(),
        AreaSelection::Listed(streams) => {
            let streams: Vec<_> = streams.iter().map(ToString::to_string).collect();
            format!("areas {}", streams.join(", "))
        }
    };
    let allowance = pledge.allowance().unwrap_or(Quantity::MAX);
    let window = pledge.window;
    let over = match &pledge.terms {
        Terms::Cap { limit } => format!(
            "the sum of {what} over {areas} in {window} is shown to exceed {limit} {} plus \
             exceptions of {allowance}",
            pledge.unit()
        ),
        Terms::Reduction { limit } => format!(
            "{what} over {areas}, per unit of time in {window}, is shown to exceed {limit} \
             parts per million of that in the baseline"
        ),
        other => format!(
            "{what} over {areas} in {window} is shown to break the terms of this `{}` claim",
            other.kind()
        ),
    };
    format!(
        "This pledge is broken if {over}; and its reports are overdue if a period of {} is not \
         logged {} seconds after its end.",
        pledge.cadence, pledge.deadline
    )
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
            if pledge.counted.quantity.is_maximum() {
                self.error("sliding", "a maximum is not summed, so nothing slides");
            }
        }
    }

    fn terms(&mut self, pledge: &Pledge, terms: &Terms) {
        use crate::attestation::figure::QuantityKind;
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
            Terms::Accelerators { .. } => Some(QuantityKind::Accelerators),
            Terms::Halted { .. } => Some(QuantityKind::EnergyJoules),
            Terms::InferenceOnly { .. } => Some(QuantityKind::InterconnectBytes),
            Terms::RunCap { .. } => Some(QuantityKind::Flop),
            _ => None,
        };
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
            Terms::Cap { limit } | Terms::RunCap { limit } => {
                let allowance = pledge.allowance();
                if limit.plus(allowance.unwrap_or(Quantity::MAX)).is_none() {
                    self.error("limit", "with its exceptions is beyond every quantity");
                } else if *limit > Quantity::ZERO && allowance > Some(*limit) {
                    self.error("exceptions", "allow more than the limit itself");
                }
            }
            Terms::Reduction { limit } => {
                if limit.get() >= WHOLE {
                    self.error(
                        "limit",
                        format!("is {limit} parts per million of the baseline: no reduction"),
                    );
                }
                if !pledge.exceptions.is_empty() {
                    self.warning("exceptions", "are parts per million of the baseline");
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
