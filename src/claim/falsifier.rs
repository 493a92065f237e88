//! The falsifier of a pledge: what observation would show it false, in words.
//!
//! The words are made from the other fields and bind nothing beyond them (formats: 7);
//! they are for people, and `lint` refuses others. Specified in `specs/pledge.md`, section
//! "Falsifier".

use crate::claim::AreaSelection;
use crate::claim::Counting;
use crate::claim::Pledge;
use crate::claim::Replacements;
use crate::claim::Terms;
use crate::quantity::Quantity;

/// The most areas that are listed one by one, so that the words stay readable and within
/// the longest text of a pledge.
const MAX_LISTED: usize = 32;

/// Writes the falsifier of a pledge from its other fields.
pub fn falsifier(pledge: &Pledge) -> String {
    format!(
        "This pledge is broken if {}; and its reports are overdue if a period of {} is not \
         logged {} seconds after its end.",
        broken_if(pledge, &pledge.terms),
        pledge.cadence,
        pledge.deadline
    )
}

fn broken_if(pledge: &Pledge, terms: &Terms) -> String {
    let (areas, window) = (areas(pledge), pledge.window);
    let (what, unit) = (counted(pledge), pledge.unit());
    let beyond = |limit: &Quantity| {
        let allowance = pledge.allowance().unwrap_or(Quantity::MAX);
        format!("is shown to exceed {limit} {unit} plus exceptions of {allowance}")
    };
    let span = pledge.sliding.map_or_else(
        || format!("in {window}"),
        |sliding| format!("in any {sliding} seconds of {window}"),
    );
    match terms {
        Terms::Accelerators { limit, counting } => {
            let counting = match counting {
                Counting::InUse => "in use",
                Counting::Installed => "installed",
            };
            format!(
                "the most accelerators {counting} at once ({}) of class {} over {areas} {span} {}",
                pledge.counted.basis,
                classes(pledge),
                beyond(limit)
            )
        }
        Terms::Cap { limit } => {
            format!("the sum of {what} over {areas} {span} {}", beyond(limit))
        }
        Terms::Conditional(one) => format!(
            "{}, while at least {} of its {} parties are shown at {}, with {} seconds of grace, \
             to hold theirs under the pact {}",
            broken_if(pledge, &one.wraps),
            one.quorum,
            one.parties.len(),
            one.party_level,
            one.party_grace,
            one.pact
        ),
        Terms::Halted {
            limit,
            seal_cadence,
        } => format!(
            "{what} over {areas} in any period of {window} {}, or if a seal is shown broken or \
             not confirmed for {seal_cadence} seconds",
            beyond(limit)
        ),
        Terms::InferenceOnly { limit } => format!(
            "the sum of {what} over {areas} {span} {}, or if use of class training is shown \
             there",
            beyond(limit)
        ),
        Terms::JobSize {
            maximum_accelerators,
            maximum_seconds,
        } => {
            let bound = |limit: &Option<Quantity>, of: &str| {
                limit.map(|limit| format!("more than {limit} {of}"))
            };
            let bounds: Vec<String> = bound(maximum_accelerators, "accelerators")
                .into_iter()
                .chain(bound(maximum_seconds, "seconds"))
                .collect();
            format!(
                "a job of class {} over {areas} in {window} is shown to take {}",
                classes(pledge),
                bounds.join(", or ")
            )
        }
        Terms::NoNewCapacity {
            inventories,
            replacements,
        } => {
            let replacements = match replacements {
                Replacements::Counted => "replacements counted",
                Replacements::Free => "matched replacements aside",
            };
            format!(
                "capacity over {areas} in {window}, {replacements}, is shown to exceed that of \
                 the {} inventories named",
                inventories.len()
            )
        }
        Terms::RampDown { schedule } => {
            let limits = || schedule.iter().map(|step| step.limit);
            let allowance = pledge.allowance().unwrap_or(Quantity::MAX);
            format!(
                "the sum of {what} over {areas} in any of the {} steps of {window} is shown to \
                 exceed that step's limit, from {} down to {} {unit}, plus exceptions of {allowance}",
                schedule.len(),
                limits().max().unwrap_or_default(),
                limits().min().unwrap_or_default(),
            )
        }
        Terms::Reduction { limit } => format!(
            "{what} over {areas}, per unit of time {span}, {} of that in the baseline",
            beyond(limit).replace(unit, "parts per million")
        ),
        Terms::RunCap { limit } => format!(
            "the sum of {what} over the whole lineage of a run in {areas} in {window} {}",
            beyond(limit)
        ),
    }
}

fn counted(pledge: &Pledge) -> String {
    let counted = &pledge.counted;
    let boundary = counted
        .boundary
        .map_or_else(String::new, |boundary| format!(", {boundary}"));
    let precision = pledge
        .precision
        .map_or_else(String::new, |precision| format!(", {precision}"));
    format!(
        "{} ({}{boundary}{precision}) of class {}",
        counted.quantity,
        counted.basis,
        classes(pledge)
    )
}

fn classes(pledge: &Pledge) -> String {
    let scope: Vec<_> = pledge.scope.iter().map(|class| class.as_str()).collect();
    scope.join(", ")
}

fn areas(pledge: &Pledge) -> String {
    let own = match &pledge.perimeter.areas {
        AreaSelection::All => "all areas".to_owned(),
        AreaSelection::Listed(streams) if streams.len() > MAX_LISTED => {
            format!("the {} areas listed", streams.len())
        }
        AreaSelection::Listed(streams) => {
            let streams: Vec<_> = streams.iter().map(ToString::to_string).collect();
            format!("areas {}", streams.join(", "))
        }
    };
    match pledge.perimeter.affiliates.len() {
        0 => own,
        count => format!("{own} and those of {count} affiliates"),
    }
}
