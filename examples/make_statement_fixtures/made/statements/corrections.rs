//! Corrections, withdrawals, and statements that are not of the type of their place.

use serde_json::json;

use super::super::{Case, Changed, drop_member, example, items};
use super::small;

fn correction(name: &str, what: &str) -> Case {
    Case::new("correction", name, what)
}

fn withdrawal(name: &str, what: &str) -> Case {
    Case::new("withdrawal", name, what)
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        correction("usage", "a usage in place of another").keeps("sta-36 sta-37"),
        correction("of_pledge", "a pledge is never corrected")
            .breaks("sta-36", "type")
            .with("pledge")
            .admits(1),
        correction("of_correction", "a correction is never corrected")
            .breaks("sta-36", "type")
            .with("correction")
            .admits(1),
        correction("of_evidence", "evidence is never corrected")
            .breaks("sta-36", "type")
            .with("evidence")
            .admits(1),
        correction("of_later", "a correction of what is not there yet")
            .breaks("sta-37", "corrects.sequence")
            .with("4")
            .unseen()
            .admits(1),
        correction("of_other_type", "a usage in place of an inventory")
            .breaks("sta-36", "replacement")
            .set("type", "inventory")
            .admits(1),
        correction(
            "commitment_original",
            "a replacement with the number of an original",
        )
        .breaks("sta-20", "replacement.commitments")
        .edit(|p| {
            p["replacement"]["commitments"] =
                example("statements.md", "usage")["commitments"].clone();
        })
        .unseen()
        .admits(1),
        correction("commitment", "the first correction of a committed figure")
            .keeps("sta-20")
            .edit(|p| {
                let mut commitments = example("statements.md", "usage")["commitments"].clone();
                commitments[0]["correction"] = json!("1");
                p["replacement"]["commitments"] = commitments;
            }),
        correction("with_link", "a replacement with members common to all")
            .breaks("sta-36", "replacement")
            .set("replacement.notBefore", "none")
            .admits(1),
        correction("reason_empty", "no reason")
            .breaks("sta-1", "reason")
            .with("")
            .admits(1),
        correction("poisoned", "two admissions, one of which cannot be read")
            .breaks("sta-38", "replacement.figures[0].unit")
            .edit(|p| {
                let figure = p["replacement"]["figures"][0].clone();
                p["replacement"]["figures"][0]["unit"] = json!("h");
                items(&mut p["replacement"]["figures"]).push(figure);
            })
            .admits(1),
        small("in_governance", "a usage in stream 0")
            .breaks("sta-6", "predicateType")
            .without("governance")
            .admits(1)
            .at(0, 4),
        small("type_unknown", "a type of another version")
            .breaks("sta-6", "predicateType")
            .admits(1)
            .typed("usage-hourly"),
        withdrawal("full", "the end of a pledge's duty").keeps("sta-36"),
    ];
    for kind in ["inventory", "run", "corroboration"] {
        cases.push(
            correction(kind, "another type that can be corrected")
                .keeps("sta-36")
                .edit(|p| {
                    let mut replacement = example("statements.md", kind);
                    for name in ["governance", "notBefore", "previous"] {
                        drop_member(&mut replacement, name);
                    }
                    p["replacement"] = replacement;
                    p["type"] = json!(kind);
                }),
        );
    }
    cases
}
