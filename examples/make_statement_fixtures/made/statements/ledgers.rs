//! Usage: ledgers, their sums, and commitments to figures.

use serde_json::json;

use super::super::{Case, Changed, drop_member, items};
use super::{full, small};

pub fn cases() -> Vec<Case> {
    let mut cases = ledgers();
    cases.extend(commitments());
    cases
}

/// Ledgers beside six figures that are admitted.
fn bad(name: &str, what: &str) -> Case {
    full(name, what).admits(6)
}

fn ledgers() -> Vec<Case> {
    vec![
        bad("ledger_kind", "a kind of another version")
            .breaks("sta-13", "ledgers[0].kind")
            .with("racks"),
        bad("ledger_order", "jobs in an order of the issuer's choice")
            .breaks("sta-13", "ledgers[1].order")
            .with("end"),
        bad("ledger_of_inventory", "an inventory's list in a usage")
            .set("ledgers[0].sums", json!([]))
            .breaks("sta-13", "ledgers[0].order")
            .with("serial")
            .unseen(),
        bad("ledger_suite", "a suite of another version")
            .breaks("sta-13", "ledgers[0].suite")
            .with("2"),
        bad("ledger_twice", "two ledgers of one kind")
            .breaks("sta-13", "ledgers")
            .edit(|p| p["ledgers"][1] = p["ledgers"][2].clone())
            .unseen(),
        bad("ledger_unsorted", "ledgers that do not ascend by kind")
            .breaks("sta-13", "ledgers")
            .edit(|p| items(&mut p["ledgers"]).swap(0, 1))
            .unseen(),
        bad("sum_of_maximum", "the sum of a maximum")
            .breaks("sta-14", "ledgers[1].sums[0].quantity")
            .edit(|p| {
                let sum = &mut p["ledgers"][1]["sums"][0];
                sum["quantity"] = json!("job_seconds");
                drop_member(sum, "clipped");
            }),
        bad("sum_of_energy_nowhere", "energy summed across boundaries")
            .breaks("sta-14", "ledgers[2].sums[0].boundary")
            .with("none"),
        bad(
            "sum_of_jobs_at_node",
            "energy of jobs at a boundary that their records do not name",
        )
        .breaks("sta-14", "ledgers[1].sums[1].boundary")
        .edit(|p| {
            let sum = p["ledgers"][2]["sums"][0].clone();
            items(&mut p["ledgers"][1]["sums"]).push(sum);
        })
        .unseen(),
        bad("sums_unsorted", "a sum twice")
            .breaks("sta-14", "ledgers[1].sums")
            .edit(|p| {
                let sum = p["ledgers"][1]["sums"][0].clone();
                items(&mut p["ledgers"][1]["sums"]).push(sum);
            })
            .unseen(),
        bad(
            "sum_above_figures",
            "records that come to more than the figures",
        )
        .breaks("sta-15", "ledgers[0].sums")
        .set("ledgers[0].sums[0].value", "30001")
        .unseen(),
        bad(
            "sum_below_figures",
            "records that come to less than the figures",
        )
        .breaks("sta-15", "ledgers[2].sums")
        .set("ledgers[2].sums[0].value", "34559999")
        .unseen(),
        bad("sum_of_no_figure", "a sum of a basis that no figure has")
            .breaks("sta-15", "ledgers[0].sums")
            .set("ledgers[0].sums[0].basis", "present")
            .unseen(),
        full(
            "sum_over_two_sources",
            "records that come to the figures of two sources together",
        )
        .breaks("sta-15", "ledgers[0].sums")
        .edit(|p| {
            let mut figure = p["figures"][2].clone();
            figure["source"]["tool"] = json!("another");
            items(&mut p["figures"]).push(figure);
            p["ledgers"][0]["sums"][0]["value"] = json!("60000");
        })
        .unseen()
        .admits(7),
        full(
            "sum_of_one_source",
            "records of one of two sources that disagree",
        )
        .keeps("sta-15")
        .edit(|p| {
            let mut figure = p["figures"][2].clone();
            figure["source"]["tool"] = json!("another");
            figure["value"] = json!("20000");
            items(&mut p["figures"]).push(figure);
        }),
        bad("sum_unclipped", "what was clipped is not stated")
            .breaks("sta-15", "ledgers[1].sums")
            .without("ledgers[1].sums[0].clipped")
            .unseen(),
        bad("clipped_nothing", "nothing that was clipped")
            .breaks("sta-16", "ledgers[1].sums[0].clipped")
            .with(json!({"value": "0"}))
            .unseen(),
        bad("clipped_devices", "something clipped of whole devices")
            .set("ledgers[0].sums[0].value", "30001")
            .breaks("sta-16", "ledgers[0].sums[0].clipped")
            .with(json!({"value": "1"}))
            .unseen(),
        small(
            "devices_unexplained",
            "no ledger of devices, and no word why",
        )
        .lacks("sta-17", "devicesAbsent")
        .admits(1),
        bad(
            "devices_and_absent",
            "a ledger of devices, and why there is none",
        )
        .breaks("sta-17", "devicesAbsent")
        .with("lost"),
        bad(
            "devices_of_no_inventory",
            "devices of an inventory that is not named",
        )
        .breaks("sta-17", "inventory")
        .with("none")
        .unseen(),
    ]
}

fn commitments() -> Vec<Case> {
    vec![
        full("proof_inline", "a proof that stands in the statement")
            .keeps("sta-21")
            .edit(|p| {
                let one = &mut p["commitments"][0];
                drop_member(one, "proofDigest");
                one["proof"] = json!("00ff".repeat(336));
            }),
        bad("commitments_empty", "an empty list, which is left out")
            .breaks("sta-18", "commitments")
            .with(json!([])),
        bad("commitment_twice", "one figure committed to twice")
            .breaks("sta-18", "commitments")
            .edit(|p| {
                let one = p["commitments"][0].clone();
                items(&mut p["commitments"]).push(one);
            })
            .unseen(),
        bad(
            "commitment_beside_figure",
            "a commitment to a figure that stands beside it",
        )
        .breaks("sta-18", "commitments")
        .edit(|p| {
            let one = &mut p["commitments"][0];
            one["quantity"] = json!("accelerator_seconds");
            one["unit"] = json!("s");
            one["model"] = json!("h100-sxm");
            one["class"] = json!("training");
        })
        .unseen(),
        bad("commitment_given_away", "a sum over what is committed to")
            .breaks("sta-19", "ledgers[1].sums")
            .edit(|p| {
                let one = &mut p["commitments"][0];
                one["quantity"] = json!("accelerator_seconds");
                one["unit"] = json!("s");
            })
            .unseen(),
        bad(
            "commitment_corrected",
            "an original with the number of a correction",
        )
        .breaks("sta-20", "commitments")
        .set("commitments[0].correction", "1")
        .unseen(),
        bad("proof_twice", "a proof and its digest")
            .breaks("sta-21", "commitments[0].proof")
            .with("00"),
        bad("proof_none", "neither a proof nor its digest")
            .breaks("sta-21", "commitments[0].proof")
            .without("commitments[0].proofDigest"),
        bad("proof_long", "a proof of 1025 bytes")
            .breaks("sta-21", "commitments[0].proof")
            .edit(|p| {
                let one = &mut p["commitments"][0];
                drop_member(one, "proofDigest");
                one["proof"] = json!("00".repeat(1025));
            }),
    ]
}
