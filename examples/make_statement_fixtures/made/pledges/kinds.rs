//! A pledge of each kind.

use serde_json::{Value, json};

use super::super::{drop_member, example, made_up};

/// A draft of that kind in the simplest form.
pub fn draft(kind: &str) -> Value {
    let found = kinds().into_iter().find(|(name, _)| *name == kind);
    found.unwrap_or_else(|| panic!("no kind `{kind}`")).1
}

/// The example of the specification, as a draft.
fn cap() -> Value {
    let mut draft = example("pledge.md", "pledge");
    drop_member(&mut draft, "previous");
    drop_member(&mut draft, "notBefore");
    draft
}

/// A pledge of every kind. Their words are written out, so that they are not those of the
/// program because it made them.
pub fn kinds() -> Vec<(&'static str, Value)> {
    const WINDOW: &str = "[2026-04-01T00:00:00Z, 2026-07-01T00:00:00Z)";
    const CLASSES: &str = "data-generation, experiment, post-training, training, unclassified";
    let words = |breach: String| {
        json!(format!(
            "This pledge is broken if {breach}; and its reports are overdue if a period of 3600 \
             is not logged 172800 seconds after its end."
        ))
    };
    let simple = |kind: &str, breach: String| {
        let mut draft = cap();
        draft["kind"] = json!(kind);
        draft["perimeter"] = json!({"affiliates": [], "areas": "all"});
        draft["exceptions"] = json!([]);
        draft["sliding"] = json!("none");
        draft["falsifier"] = words(breach);
        draft
    };
    let unlimited = |kind: &str, breach: String| {
        let mut draft = simple(kind, breach);
        drop_member(&mut draft, "limit");
        draft
    };
    let counting = |draft: &mut Value, quantity: &str, unit: &str, basis: &str| {
        draft["quantity"] = json!(quantity);
        draft["unit"] = json!(unit);
        draft["basis"] = json!(basis);
    };

    let mut accelerators = simple(
        "accelerators",
        format!(
            "the most accelerators installed at once (present) of class {CLASSES} over all areas \
             in {WINDOW} is shown to exceed 5000000 m{{H100}} plus exceptions of 0"
        ),
    );
    counting(&mut accelerators, "accelerators", "m{H100}", "present");
    accelerators["counting"] = json!("installed");
    accelerators["limit"] = json!("5000000");

    let mut conditional = unlimited(
        "conditional",
        format!(
            "the sum of accelerator_seconds (allocated) of class {CLASSES} over all areas in \
             {WINDOW} is shown to exceed 7 s plus exceptions of 0, while at least 1 of its 2 \
             parties are shown at E3, with 604800 seconds of grace, to hold theirs under the \
             pact {}",
            made_up("pact")
        ),
    );
    let mut parties = [made_up("another lab"), made_up("a third lab")];
    parties.sort();
    conditional["pact"] = json!(made_up("pact"));
    conditional["parties"] = json!(parties);
    conditional["partyGrace"] = json!("604800");
    conditional["partyLevel"] = json!("E3");
    conditional["quorum"] = json!("1");
    conditional["wraps"] = json!({"kind": "cap", "limit": "7"});

    let mut halted = simple(
        "halted",
        format!(
            "energy_joules (present, facility) of class {CLASSES} over areas 1, 2 in any period of \
             {WINDOW} is shown to exceed 90000 J plus exceptions of 0, or if a seal is shown \
             broken or not confirmed for 86400 seconds"
        ),
    );
    counting(&mut halted, "energy_joules", "J", "present");
    halted["boundary"] = json!("facility");
    halted["limit"] = json!("90000");
    halted["perimeter"]["areas"] = json!(["1", "2"]);
    halted["sealCadence"] = json!("86400");

    let mut inference = simple(
        "inference-only",
        format!(
            "the sum of interconnect_bytes (active) of class {CLASSES} over all areas in {WINDOW} \
             is shown to exceed 8 By plus exceptions of 0, or if use of class training is shown \
             there"
        ),
    );
    counting(&mut inference, "interconnect_bytes", "By", "active");
    inference["limit"] = json!("8");

    let mut job_size = unlimited(
        "job-size",
        format!(
            "a job of class {CLASSES} over all areas in {WINDOW} is shown to take more than 1024 \
             accelerators, or more than 604800 seconds"
        ),
    );
    counting(
        &mut job_size,
        "job_accelerators",
        "{accelerator}",
        "allocated",
    );
    job_size["maximumAccelerators"] = json!("1024");
    job_size["maximumSeconds"] = json!("604800");

    let mut no_new = unlimited(
        "no-new-capacity",
        format!(
            "capacity over all areas in {WINDOW}, matched replacements aside, is shown to exceed \
             that of the 1 inventories named"
        ),
    );
    counting(&mut no_new, "accelerators", "{accelerator}", "present");
    no_new["inventories"] = json!([made_up("inventory")]);
    no_new["replacements"] = json!("free");

    let mut ramp = unlimited(
        "ramp-down",
        format!(
            "the sum of accelerator_seconds (allocated) of class {CLASSES} over all areas in any \
             of the 2 steps of {WINDOW} is shown to exceed that step's limit, from 900 down to \
             300 s, plus exceptions of 5"
        ),
    );
    ramp["exceptions"] =
        json!([{"amount": "2", "reason": "one"}, {"amount": "3", "reason": "two"}]);
    ramp["schedule"] = json!([
        {"end": "2026-05-01T00:00:00Z", "limit": "900", "start": "2026-04-01T00:00:00Z"},
        {"end": "2026-07-01T00:00:00Z", "limit": "300", "start": "2026-05-01T00:00:00Z"},
    ]);

    let mut reduction = simple(
        "reduction",
        format!(
            "accelerator_seconds (allocated) of class {CLASSES} over all areas, per unit of time \
             in {WINDOW}, is shown to exceed 500000 parts per million plus exceptions of 0 of \
             that in the baseline"
        ),
    );
    reduction["baseline"] = json!({
        "heads": [{"sequence": "2160", "statement": made_up("usage"), "stream": "1"}],
        "period": {"end": "2026-04-01T00:00:00Z", "start": "2026-01-01T00:00:00Z"},
    });
    reduction["limit"] = json!("500000");
    reduction["unit"] = json!("[ppm]");

    let mut run_cap = simple(
        "run-cap",
        format!(
            "the sum of flop (allocated, highest-dense) of class {CLASSES} over the whole lineage \
             of a run in all areas in {WINDOW} is shown to exceed 100000000000000000000000000 \
             {{FLOP}} plus exceptions of 0"
        ),
    );
    counting(&mut run_cap, "flop", "{FLOP}", "allocated");
    run_cap["limit"] = json!("100000000000000000000000000");
    run_cap["precision"] = json!("highest-dense");

    vec![
        ("accelerators", accelerators),
        ("cap", cap()),
        ("conditional", conditional),
        ("halted", halted),
        ("inference-only", inference),
        ("job-size", job_size),
        ("no-new-capacity", no_new),
        ("ramp-down", ramp),
        ("reduction", reduction),
        ("run-cap", run_cap),
    ]
}
