//! The cheats of `specs/cheats.md` against the real judge: each is found as often as the
//! formulas say, comes to no better word than is published, and honest labs are not accused.
//!
//! With `STANDSTILL_SEEDS` set, so many worlds of each; `.ci/cheats` makes the table of the
//! README with more.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test may stop, and reckons chances"
)]

mod campaign;

use campaign::{Best, Chance, Tally, expectations, honest, tally};
use standstill::simulate::{Others, Scenario};
use standstill::verify::Word;

/// Worlds of each cheat, alone and measured.
fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var("STANDSTILL_SEEDS");
    0..asked.map_or(6, |text| text.parse().unwrap())
}

/// What must be so in every world.
fn sound(what: &str, tally: &Tally, deceived: bool) {
    for outcome in &tally.outcomes {
        let convicted = outcome.words.contains(&Word::Violated);
        assert!(
            outcome.broken || !convicted,
            "{what}: VIOLATED, and it is not so"
        );
        let held = outcome.words.contains(&Word::Holds);
        assert!(
            !(outcome.broken && held) || deceived,
            "{what}: HOLDS, and it is not so"
        );
    }
}

// spec: che-3 che-4 che-5
#[test]
fn every_cheat_is_found_as_often_as_expected_and_comes_to_no_more() {
    for (cheat, expected) in expectations() {
        for (others, chance, best) in expected.settings() {
            let what = format!("{cheat}, {others}");
            let base = Scenario {
                others,
                ..Scenario::new(0)
            }
            .with(cheat);
            let tally = tally(&base, seeds(), chance, &expected.found_by);
            println!(
                "{what}: found in {} of {}, expected {:.2}; at best {}",
                tally.found,
                tally.seeds,
                tally.expected,
                tally.best.spell()
            );
            assert!(
                tally.fits(),
                "{what}: found {}, expected {}",
                tally.found,
                tally.expected
            );
            assert!(
                tally.best <= *best,
                "{what}: came to {}",
                tally.best.spell()
            );
            let beyond = *best >= Best::HOLDS;
            assert!(
                !beyond || expected.beyond.is_some(),
                "{what}: no reason is given"
            );
            sound(&what, &tally, beyond);
            // What fools the judge, he says that he does not show.
            for outcome in tally.outcomes.iter().filter(|one| one.is_fooled()) {
                let named = expected.does_not_show.as_ref();
                let named = named.unwrap_or_else(|| panic!("{what}: nothing names it"));
                let lines = &outcome.does_not_show;
                let told = lines.iter().any(|line| line.contains(named.as_str()));
                assert!(told, "{what}: `{named}` is not in {lines:#?}");
            }
        }
    }
}

// spec: che-6
#[test]
fn no_honest_lab_is_accused() {
    let alarms = expectations()
        .into_iter()
        .flat_map(|(_, one)| one.found_by)
        .collect();
    for (name, base) in honest() {
        for others in Others::ALL.iter().copied() {
            let base = Scenario {
                others,
                ..base.clone()
            };
            let tally = tally(&base, seeds(), Chance::Never, &alarms);
            println!(
                "honest, {name}: {} of {} accused; at best {}",
                tally.found,
                tally.seeds,
                tally.best.spell()
            );
            assert!(tally.fits(), "{name}: accused");
            assert!(tally.outcomes.iter().all(|one| !one.broken));
            sound(name, &tally, false);
        }
    }
}
