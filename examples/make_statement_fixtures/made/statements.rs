//! Payloads of every type, and what is wrong with the bad ones.

mod auditors;
mod corrections;
mod corroboration;
mod devices;
mod figures;
mod governance;
mod ledgers;
mod runs;
mod usage;

use serde_json::{Value, json};

use super::{Case, Changed, drop_member, items};

/// Returns every payload.
pub fn cases() -> Vec<Case> {
    [
        usage::cases(),
        figures::cases(),
        ledgers::cases(),
        devices::cases(),
        runs::cases(),
        corroboration::cases(),
        auditors::cases(),
        corrections::cases(),
        governance::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The whole example of a usage.
fn full(name: &str, what: &str) -> Case {
    Case::new("usage", name, what)
}

/// A usage with one figure and nothing else.
fn small(name: &str, what: &str) -> Case {
    full(name, what).edit(|p| {
        drop_member(p, "commitments");
        items(&mut p["figures"]).truncate(1);
        p["ledgers"] = json!([]);
        p["devicesAbsent"] = json!("a job log names no device");
    })
}

/// Gives the first figure an interval in place of its value.
fn interval(predicate: &mut Value, lower: &str, upper: &str) {
    let figure = &mut predicate["figures"][0];
    drop_member(figure, "value");
    figure["interval"] = json!({"lower": lower, "upper": upper});
}
