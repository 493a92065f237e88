//! Runs.

use serde_json::{Value, json};

use super::super::{Case, Changed, drop_member, items};

fn run(name: &str, what: &str) -> Case {
    Case::new("run", name, what)
}

pub fn cases() -> Vec<Case> {
    vec![
        run("progress", "every member there can be").keeps("sta-24 sta-25 sta-26"),
        run("start", "the start of a run made from nothing")
            .keeps("sta-25")
            .edit(start),
        run("end", "the end")
            .keeps("sta-24")
            .set("event", "end")
            .set("architecture", "none")
            .set("lineage", json!([])),
        run("event_unknown", "an event of another version")
            .breaks("sta-25", "event")
            .with("pause"),
        run("areas_none", "a run nowhere")
            .breaks("sta-24", "areas")
            .with(json!([])),
        run(
            "areas_of_others",
            "a run that does not use the area in whose stream it stands",
        )
        .breaks("sta-24", "areas")
        .edit(|p| {
            items(&mut p["areas"]).remove(0);
        })
        .unseen(),
        run("areas_twice", "one area twice")
            .breaks("sta-2", "areas")
            .set("areas[1].stream", "1")
            .unseen(),
        run("figures_of_energy", "energy of a run")
            .breaks("sta-25", "areas[0].figures")
            .edit(|p| {
                let figure = &mut p["areas"][0]["figures"][0];
                figure["quantity"] = json!("energy_joules");
                figure["unit"] = json!("J");
                figure["boundary"] = json!("gpu");
            }),
        run(
            "figures_of_other_class",
            "a run of one class that explains use of another",
        )
        .breaks("sta-25", "areas[0].figures")
        .set("class", "inference")
        .unseen(),
        run("start_with_figures", "a start that covers something")
            .breaks("sta-25", "areas[0].figures")
            .edit(|p| {
                let figures = p["areas"][0]["figures"].clone();
                start(p);
                p["areas"][0]["figures"] = figures;
            }),
        run("start_with_architecture", "operations before the start")
            .breaks("sta-25", "architecture")
            .edit(|p| {
                let architecture = p["architecture"].clone();
                start(p);
                p["architecture"] = architecture;
            }),
        run("flop_reversed", "bounds inside out")
            .breaks("sta-26", "lineage[1].flop.upper")
            .with("1")
            .unseen(),
        run("origin_unknown", "an origin of another version")
            .breaks("sta-26", "lineage[1].origin")
            .with("found"),
        run("gave_unknown", "an inheritance of another version")
            .breaks("sta-26", "lineage[0].gave")
            .with("advice"),
    ]
}

fn start(predicate: &mut Value) {
    drop_member(predicate, "run");
    drop_member(predicate, "period");
    predicate["event"] = json!("start");
    predicate["from"] = json!("2026-03-01T00:00:00Z");
    predicate["architecture"] = json!("none");
    predicate["areas"][0]["figures"] = json!([]);
    predicate["lineage"] = json!([]);
}
