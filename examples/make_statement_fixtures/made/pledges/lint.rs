//! Pledges that break rules of lint.

use serde_json::json;

use super::super::Changed;
use super::kinds::draft;
use super::{Draft, of};

pub fn drafts() -> Vec<Draft> {
    let mut drafts = words_and_limits();
    drafts.extend(times());
    drafts
}

/// A pledge whose words follow its members, so that they are no second fault.
fn rule(base: &str, name: &str, what: &str) -> Draft {
    of(base, name, what).keeps("ple-14").reworded()
}

fn words_and_limits() -> Vec<Draft> {
    vec![
        of(
            "cap",
            "falsifier_other",
            "words that its fields do not make",
        )
        .keeps("ple-14")
        .finds("falsifier-other", "falsifier")
        .with("This pledge cannot be broken."),
        rule("halted", "area_none", "no area is covered")
            .finds("area-none", "perimeter.areas")
            .with(json!([])),
        rule("reduction", "areas_listed", "areas are left out")
            .finds("areas-listed", "perimeter.areas")
            .with(json!(["1"])),
        rule("cap", "adjudicator_none", "nobody decides")
            .finds("adjudicator-none", "adjudicator")
            .with("none"),
        rule("cap", "trigger_words", "words that set it in force")
            .finds("trigger-words", "trigger")
            .with("when it rains"),
        rule("cap", "lift_words", "words that lift it")
            .finds("lift-words", "lift")
            .with("when it rains"),
        rule("cap", "level_none", "what nobody witnessed is enough")
            .finds("level-none", "level")
            .with("E0"),
        rule(
            "conditional",
            "level_none_of_parties",
            "what nobody witnessed of others is enough",
        )
        .finds("level-none", "partyLevel")
        .with("E0"),
        rule("cap", "scope_none", "no class counts")
            .finds("scope-none", "scope")
            .with(json!([])),
        rule(
            "cap",
            "scope_unclassified",
            "what is not classified counts, and is not named",
        )
        .finds("scope-unclassified", "scope")
        .with(json!(["training"])),
        rule(
            "halted",
            "quantity_kind",
            "a kind that limits something else",
        )
        .set("boundary", "none")
        .set("unit", "s")
        .set("perimeter.areas", "all")
        .finds("quantity-kind", "quantity")
        .with("accelerator_seconds"),
        rule(
            "job-size",
            "quantity_kind_of_job_seconds",
            "a bound on seconds in accelerators",
        )
        .finds("quantity-kind", "quantity")
        .set("maximumAccelerators", "none"),
        rule("cap", "quantity_maximum", "the sum of a maximum")
            .set("unit", "{accelerator}")
            .finds("quantity-maximum", "quantity")
            .with("accelerators"),
        rule("run-cap", "precision_missing", "operations of no format")
            .finds("precision-missing", "precision")
            .with("none"),
        rule("run-cap", "precision_narrow", "operations of one format")
            .finds("precision-narrow", "precision")
            .with("bf16"),
        rule("cap", "precision_unused", "seconds in a number format")
            .finds("precision-unused", "precision")
            .with("highest-dense"),
        rule(
            "accelerators",
            "counting_basis",
            "installed ones by what was allocated",
        )
        .finds("counting-basis", "counting")
        .set("basis", "allocated"),
        rule(
            "accelerators",
            "counting_basis_in_use",
            "those in use by what is installed",
        )
        .finds("counting-basis", "counting")
        .with("in-use"),
        rule("cap", "exceptions_large", "exceptions above the limit")
            .finds("exceptions-large", "exceptions")
            .set("exceptions[0].amount", "100000001"),
        rule("cap", "exceptions_to_nothing", "exceptions to nothing")
            .finds("exceptions-to-nothing", "exceptions")
            .set("limit", "0"),
        rule("job-size", "exceptions_unbound", "exceptions to no limit")
            .finds("exceptions-unbound", "exceptions")
            .with(json!([{"amount": "1", "reason": "one"}])),
        rule("cap", "limit_beyond", "a limit that nothing exceeds")
            .finds("limit-beyond", "limit")
            .with("9".repeat(38)),
        rule("reduction", "reduction_none", "all of the baseline")
            .finds("reduction-none", "limit")
            .with("1000000"),
        rule(
            "reduction",
            "reduction_none_by_exceptions",
            "all of the baseline, with its exceptions",
        )
        .finds("reduction-none", "limit")
        .set("exceptions", json!([{"amount": "500000", "reason": "one"}])),
    ]
}

fn times() -> Vec<Draft> {
    vec![
        rule("cap", "expiry_early", "it expires within its window")
            .finds("expiry-early", "expiry")
            .with("2026-06-30T23:59:59Z"),
        rule(
            "accelerators",
            "cadence_long",
            "no period lies in the window",
        )
        .finds("cadence-long", "cadence")
        .with("7862401"),
        rule(
            "cap",
            "cadence_long_of_months",
            "no month lies in the window",
        )
        .set(
            "window",
            json!({"end": "2026-05-31T00:00:00Z", "start": "2026-04-02T00:00:00Z"}),
        )
        .finds("cadence-long", "cadence")
        .with("month"),
        rule(
            "cap",
            "deadline_long",
            "nothing is overdue within the window",
        )
        .finds("deadline-long notice-short", "deadline")
        .with("7862401"),
        rule("cap", "notice_none", "the duty ends at once")
            .finds("notice-none", "notice")
            .with("0"),
        rule(
            "cap",
            "notice_short",
            "the duty ends before the last report is due",
        )
        .finds("notice-short", "notice")
        .with("172799"),
        rule("cap", "sliding_long", "longer than the window")
            .finds("sliding-long", "sliding")
            .with("7862401"),
        rule(
            "cap",
            "sliding_short",
            "shorter than a period: none would count from below",
        )
        .finds("sliding-short", "sliding")
        .with("3599"),
        rule(
            "accelerators",
            "sliding_kind",
            "a maximum over a window that slides",
        )
        .finds("sliding-kind", "sliding")
        .with("86400"),
        rule("halted", "seals_never", "heartbeats after the window")
            .finds("seals-never areas-listed", "sealCadence")
            .with("7862401"),
        rule(
            "ramp-down",
            "schedule_window",
            "a ramp that ends before the window",
        )
        .finds("schedule-window", "schedule")
        .set("schedule[1].end", "2026-06-30T00:00:00Z"),
        rule(
            "ramp-down",
            "schedule_short",
            "a step shorter than a period",
        )
        .finds("schedule-short", "schedule")
        .set("schedule[0].end", "2026-04-01T00:59:59Z")
        .set("schedule[1].start", "2026-04-01T00:59:59Z"),
        rule("reduction", "baseline_missing", "a reduction of nothing")
            .finds("baseline-missing", "baseline")
            .with("none"),
        rule("cap", "baseline_unused", "a baseline of a cap")
            .finds("baseline-unused", "baseline")
            .edit(|p| p["baseline"] = draft("reduction")["baseline"].clone()),
        rule(
            "reduction",
            "baseline_overlaps",
            "a baseline that can still be raised",
        )
        .finds("baseline-overlaps", "baseline.period")
        .set("baseline.period.end", "2026-04-01T00:00:01Z"),
        rule(
            "reduction",
            "baseline_short",
            "a baseline of less than a period",
        )
        .finds("baseline-short", "baseline.period")
        .set("baseline.period.end", "2026-01-01T00:59:59Z"),
        rule(
            "reduction",
            "baseline_uncommitted",
            "a baseline that can still be written",
        )
        .finds("baseline-uncommitted", "baseline.heads")
        .with(json!([])),
        rule(
            "reduction",
            "baseline_uncommitted_of_an_area",
            "a baseline without one of the areas",
        )
        .finds("baseline-uncommitted areas-listed", "baseline.heads")
        .set("perimeter.areas", json!(["1", "2"])),
    ]
}
