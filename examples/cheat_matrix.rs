//! Makes the table of the README that says which cheats are caught.
//!
//! `cargo run --release --example cheat_matrix -- SEEDS` prints it, with so many worlds of
//! each cheat; `.ci/cheats` holds the README to it.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "an example may stop, and reckons chances"
)]

#[path = "../tests/cheats/campaign.rs"]
mod campaign;

use campaign::{Chance, Tally, expectations, honest, tally};
use standstill::simulate::{Others, Scenario};

fn main() {
    let seeds = std::env::args().nth(1);
    let seeds: u64 = seeds.map_or(300, |text| text.parse().unwrap());
    println!(
        "| | what is done | told by | the lab alone | a power meter | a cloud and the meter |"
    );
    println!("|---|---|---|---|---|---|");
    let mut alarms = std::collections::BTreeSet::new();
    let mut apart = Vec::new();
    for (cheat, expected) in expectations() {
        let cells = expected.settings().map(|(others, chance, _)| {
            let base = Scenario {
                others,
                ..Scenario::new(0)
            }
            .with(cheat);
            let tally = tally(&base, 0..seeds, chance, &expected.found_by);
            if !tally.fits() {
                apart.push(format!(
                    "{cheat}, {others}: {} for {:.1}",
                    tally.found, tally.expected
                ));
            }
            cell(&tally)
        });
        let told: Vec<String> = expected
            .found_by
            .iter()
            .map(|check| format!("`{check}`"))
            .collect();
        let told = match &expected.beyond {
            Some(why) if told.is_empty() => format!("nothing: {why}"),
            _ if told.is_empty() => "nothing".to_owned(),
            _ => told.join(", "),
        };
        println!(
            "| {cheat} | {} | {told} | {} |",
            cheat.what(),
            cells.join(" | ")
        );
        alarms.extend(expected.found_by);
    }
    for (name, base) in honest() {
        let cells = [Others::Nobody, Others::Meter, Others::CloudAndMeter].map(|others| {
            let base = Scenario {
                others,
                ..base.clone()
            };
            cell(&tally(&base, 0..seeds, Chance::Never, &alarms))
        });
        println!("| – | An honest lab, {name} | | {} |", cells.join(" | "));
    }
    assert!(apart.is_empty(), "not as often as expected: {apart:#?}");
}

/// How often it was found, how often it should have been, and the best word.
fn cell(tally: &Tally) -> String {
    let part = |found: f64| (1000.0 * found / tally.seeds as f64).round() / 10.0;
    let (found, expected) = (part(tally.found as f64), part(tally.expected));
    let (found, expected) = (format!("{found} %"), format!("{expected} %"));
    let rate = if found == expected {
        found
    } else {
        format!("{found} ({expected})")
    };
    format!("{rate} · {}", tally.best.spell())
}
