//! What is no pledge, and at which member.

use serde_json::json;

use super::super::{Changed, items};
use super::kinds::draft;
use super::{Draft, of};

pub fn drafts() -> Vec<Draft> {
    let mut drafts = vec![
        of("cap", "kind_unknown", "a kind of another version")
            .breaks("ple-8", "kind")
            .with("promise"),
        of("cap", "kind_of_other_members", "a member of another kind")
            .breaks("ple-8", "counting")
            .with("installed"),
        of(
            "cap",
            "member_unknown",
            "a condition in a member of its own",
        )
        .breaks("ple-1", "unless")
        .with("rain"),
        of(
            "cap",
            "member_extension",
            "a member that would not be signed",
        )
        .breaks("ple-13", "the draft")
        .edit(|p| p["org.example"] = json!("x")),
        of(
            "cap",
            "member_extension_nested",
            "a member that would not be signed, deeper",
        )
        .breaks("ple-13", "the draft")
        .edit(|p| p["window"]["org.example"] = json!("x")),
        of("cap", "text_empty", "words of no bytes")
            .breaks("ple-2", "adjudicator")
            .with(""),
        of("cap", "text_long", "words of 2049 bytes")
            .breaks("ple-2", "lift")
            .with("x".repeat(2049)),
        of("cap", "exception_unbounded", "an exception in words alone")
            .lacks("ple-1", "exceptions[0].amount"),
        of("cap", "scope_unsorted", "classes that do not ascend")
            .breaks("ple-3", "scope")
            .edit(|p| items(&mut p["scope"]).swap(0, 1)),
        of("cap", "scope_unknown", "a class of another version")
            .breaks("ple-3", "scope[0]")
            .set("scope", json!(["chat"])),
        of("cap", "level_unknown", "a level that there is not")
            .breaks("ple-3", "level")
            .with("E6"),
        of("halted", "boundary_missing", "energy without a boundary")
            .breaks("ple-3", "boundary")
            .with("none"),
        of(
            "cap",
            "boundary_surplus",
            "accelerator-seconds with a boundary",
        )
        .breaks("ple-3", "boundary")
        .with("gpu"),
        of("cap", "unit_other", "hours for seconds")
            .breaks("ple-4", "unit")
            .with("h"),
        of("reduction", "unit_of_reduction", "a reduction in seconds")
            .breaks("ple-4", "unit")
            .with("s"),
        of("cap", "unit_h100_seconds", "seconds in H100-equivalents")
            .breaks("ple-4", "unit")
            .with("m{H100}"),
        of(
            "run-cap",
            "precision_unknown",
            "a format that no catalogue has",
        )
        .breaks("ple-5", "precision")
        .with("fp6"),
        of("cap", "window_empty", "a window that ends as it starts")
            .breaks("ple-6", "window.end")
            .edit(|p| p["window"]["end"] = p["window"]["start"].clone()),
        of("cap", "sliding_zero", "a window of no length that slides")
            .breaks("ple-6", "sliding")
            .with("0"),
        of("halted", "seals_zero", "heartbeats that are never due")
            .breaks("ple-6", "sealCadence")
            .with("0"),
        of("halted", "areas_unsorted", "areas that do not ascend")
            .breaks("ple-7", "perimeter.areas")
            .with(json!(["2", "1"])),
        of("halted", "areas_governance", "stream 0 as an area")
            .breaks("ple-7", "perimeter.areas")
            .with(json!(["0"])),
        of("cap", "affiliates_twice", "an affiliate twice")
            .breaks("ple-7", "perimeter.affiliates")
            .edit(|p| {
                let one = p["perimeter"]["affiliates"][0].clone();
                p["perimeter"]["affiliates"] = json!([one, one]);
            }),
        of("reduction", "heads_twice", "a head of a stream twice")
            .breaks("ple-7", "baseline.heads")
            .edit(|p| {
                let one = p["baseline"]["heads"][0].clone();
                p["baseline"]["heads"] = json!([one, one]);
            }),
        of("reduction", "heads_governance", "a head of stream 0")
            .breaks("ple-7", "baseline.heads")
            .set("baseline.heads[0].stream", "0"),
        of("job-size", "job_size_unbounded", "jobs of any size")
            .set("maximumSeconds", "none")
            .breaks("ple-9", "maximumAccelerators")
            .with("none"),
        of("ramp-down", "ramp_rising", "a ramp that rises")
            .breaks("ple-10", "schedule")
            .set("schedule[1].limit", "901"),
        of("ramp-down", "ramp_open", "a ramp with a hole")
            .breaks("ple-10", "schedule")
            .set("schedule[1].start", "2026-05-02T00:00:00Z"),
        of("ramp-down", "ramp_empty", "a ramp without a step")
            .breaks("ple-10", "schedule")
            .with(json!([])),
        of(
            "no-new-capacity",
            "inventories_none",
            "nothing to start from",
        )
        .breaks("ple-8", "inventories")
        .with(json!([])),
        of(
            "conditional",
            "conditional_twice",
            "a condition on a condition",
        )
        .breaks("ple-11", "wraps.kind")
        .with("conditional"),
        of(
            "conditional",
            "quorum_zero",
            "while none of the others hold theirs",
        )
        .breaks("ple-11", "quorum")
        .with("0"),
        of("conditional", "quorum_above", "more parties than there are")
            .breaks("ple-11", "quorum")
            .with("3"),
        of("conditional", "parties_twice", "a party that counts twice")
            .breaks("ple-11", "parties")
            .edit(|p| p["parties"][1] = p["parties"][0].clone()),
        of("cap", "number", "a JSON number")
            .breaks("ple-6", "")
            .set("limit", 100),
    ];
    for member in draft("cap").as_object().unwrap().keys() {
        let name = format!("without_{member}");
        drafts.push(of("cap", &name, "a pledge that leaves this open").lacks("ple-1", member));
    }
    drafts
}
