//! Usage: quantities, boundaries, coverage, and a figure for every word.

use serde_json::{Value, json};

use super::super::{Case, Changed, items, made_up};
use super::{interval, small};

pub fn cases() -> Vec<Case> {
    let mut cases = figures();
    cases.extend(every_word());
    cases
}

fn figures() -> Vec<Case> {
    vec![
        small("quantity_unknown", "a quantity of another version")
            .breaks("sta-6", "figures[0].quantity")
            .with("gpu_hours")
            .admits(0),
        small("unit_other", "hours for seconds")
            .breaks("sta-6", "figures[0].unit")
            .with("h")
            .admits(0),
        small("class_unknown", "a class of another version")
            .breaks("sta-6", "figures[0].class")
            .with("pretraining")
            .admits(0),
        small("basis_unknown", "a basis of another version")
            .breaks("sta-6", "figures[0].basis")
            .with("reserved")
            .admits(0),
        small("boundary_unknown", "a boundary of another version")
            .edit(energy)
            .breaks("sta-6", "figures[0].boundary")
            .with("chip")
            .admits(0),
        small("energy", "energy, with its boundary")
            .keeps("sta-7")
            .edit(energy),
        small("energy_boundary_none", "energy without a boundary")
            .edit(energy)
            .breaks("sta-7", "figures[0].boundary")
            .with("none")
            .admits(0),
        small("boundary_surplus", "accelerator-seconds with a boundary")
            .breaks("sta-7", "figures[0].boundary")
            .with("gpu")
            .admits(0),
        small("flop", "operations between two bounds")
            .keeps("sta-8")
            .edit(flop),
        small("flop_dtype_missing", "operations of no number format")
            .edit(flop)
            .lacks("sta-8", "figures[0].dtype")
            .admits(0),
        small("flop_sparsity_missing", "operations that may be of zeros")
            .edit(flop)
            .lacks("sta-8", "figures[0].sparsity")
            .admits(0),
        small("dtype_surplus", "accelerator-seconds with a number format")
            .breaks("sta-8", "figures[0].dtype")
            .with("bf16")
            .admits(0),
        small(
            "coverage_unknown",
            "a job log, which does not show what ran beside it",
        )
        .keeps("sta-9")
        .set("figures[0].coverage", "unknown"),
        small("coverage_full", "another word for coverage")
            .breaks("sta-9", "figures[0].coverage")
            .with("full")
            .admits(0),
        small("coverage_gap_missing", "coverage without a gap")
            .lacks("sta-9", "figures[0].coverage.gap")
            .admits(0),
        small("figure_twice", "the same from one source twice")
            .breaks("sta-10", "figures")
            .edit(|p| {
                let mut figure = p["figures"][0].clone();
                figure["value"] = json!("1");
                items(&mut p["figures"]).push(figure);
            })
            .unseen()
            .admits(2),
        small(
            "figure_two_sources",
            "the same from two sources, which disagree",
        )
        .keeps("sta-10")
        .edit(|p| {
            let mut figure = p["figures"][0].clone();
            figure["value"] = json!("40000");
            figure["source"]["tool"] = json!("dcgm 4.2");
            items(&mut p["figures"]).push(figure);
        }),
        small("gap_whole", "an outage: nothing was seen, and it is said")
            .keeps("sta-9")
            .set("figures[0].value", "0")
            .set(
                "figures[0].coverage",
                json!({"gap": "57600", "observed": "0", "resets": "0"}),
            ),
        small(
            "counted_unseen",
            "more accelerator-seconds than were observed, over two classes",
        )
        .breaks("sta-11", "figures")
        .edit(|p| {
            let mut figure = p["figures"][0].clone();
            figure["class"] = json!("inference");
            figure["value"] = json!("14401");
            items(&mut p["figures"]).push(figure);
        })
        .unseen()
        .admits(2),
        small("counted_billed", "a provider that rounds up to the hour")
            .keeps("sta-11")
            .set("figures[0].basis", "billed")
            .set("figures[0].value", "60000"),
        small(
            "slices",
            "three slices of one device, of unknown shares: from 0 to the device",
        )
        .keeps("sta-12")
        .edit(|p| {
            interval(p, "0", "3600");
            p["figures"][0]["coverage"] = json!("unknown");
            p["ledgers"] = json!([{
                "count": "3",
                "kind": "jobs",
                "order": "start,job,model",
                "root": made_up("slices"),
                "suite": "1",
                "sums": [{
                    "basis": "allocated",
                    "boundary": "none",
                    "clipped": {"interval": {"lower": "0", "upper": "7200"}},
                    "interval": {"lower": "0", "upper": "10800"},
                    "quantity": "accelerator_seconds",
                }],
            }]);
        }),
        small(
            "source_query_plain",
            "a query in clear, where a commitment stands",
        )
        .breaks("sta-6", "figures[0].source.query")
        .with("SELECT 1")
        .admits(0),
    ]
}

/// A figure for every word that one can have.
fn every_word() -> Vec<Case> {
    const BASES: [&str; 4] = ["active", "allocated", "billed", "present"];
    const BOUNDARIES: [&str; 5] = ["gpu", "node", "rack", "facility", "feed"];
    const CLASSES: [&str; 11] = [
        "training",
        "post-training",
        "experiment",
        "data-generation",
        "evaluation",
        "inference",
        "other",
        "idle",
        "maintenance",
        "down",
        "unclassified",
    ];
    const QUANTITIES: [(&str, &str); 7] = [
        ("accelerator_seconds", "s"),
        ("accelerators", "{accelerator}"),
        ("energy_joules", "J"),
        ("flop", "{FLOP}"),
        ("interconnect_bytes", "By"),
        ("job_accelerators", "{accelerator}"),
        ("job_seconds", "s"),
    ];
    vec![
        small("bases", "every basis")
            .keeps("sta-6")
            .set("figures[0].coverage", "unknown")
            .edit(|p| one_each(p, &BASES, |figure, word| figure["basis"] = json!(word))),
        small("classes", "every class")
            .keeps("sta-6")
            .set("figures[0].coverage", "unknown")
            .edit(|p| one_each(p, &CLASSES, |figure, word| figure["class"] = json!(word))),
        small("quantities", "every quantity in its unit")
            .keeps("sta-6")
            .set("figures[0].coverage", "unknown")
            .edit(|p| {
                one_each(p, &QUANTITIES, |figure, (quantity, unit)| {
                    figure["quantity"] = json!(quantity);
                    figure["unit"] = json!(unit);
                    if *unit == "J" {
                        figure["boundary"] = json!("feed");
                    }
                    if *unit == "{FLOP}" {
                        figure["dtype"] = json!("fp8");
                        figure["sparsity"] = json!("2:4");
                    }
                });
            }),
        small("boundaries", "energy at every boundary")
            .keeps("sta-7")
            .edit(energy)
            .edit(|p| {
                one_each(p, &BOUNDARIES, |figure, word| {
                    figure["boundary"] = json!(word);
                });
            }),
    ]
}

/// Puts a figure for each of these in place of the first.
fn one_each<T>(predicate: &mut Value, each: &[T], change: impl Fn(&mut Value, &T)) {
    let figure = predicate["figures"][0].clone();
    let with = |one: &T| {
        let mut figure = figure.clone();
        change(&mut figure, one);
        figure
    };
    predicate["figures"] = each.iter().map(with).collect();
}

fn energy(predicate: &mut Value) {
    let figure = &mut predicate["figures"][0];
    figure["quantity"] = json!("energy_joules");
    figure["unit"] = json!("J");
    figure["boundary"] = json!("node");
}

fn flop(predicate: &mut Value) {
    interval(predicate, "1", "99999999999999999999999999999999999999");
    let figure = &mut predicate["figures"][0];
    figure["quantity"] = json!("flop");
    figure["unit"] = json!("{FLOP}");
    figure["dtype"] = json!("bf16");
    figure["sparsity"] = json!("dense");
}
