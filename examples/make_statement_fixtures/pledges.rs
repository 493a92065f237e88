//! Pledges, as people write them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use standstill::claim::{Pledge, falsifier};

use super::{Case, drop_member, example, made_up, print};

/// Returns every draft by its name.
pub fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let all = [
        kinds_as_drafts(),
        unread(),
        found_by_lint(),
        found_by_lint_in_time(),
    ];
    for draft in all.into_iter().flatten() {
        let text = serde_json::to_string_pretty(&draft.members).unwrap() + "\n";
        let bytes = print(&draft.header, text.as_bytes());
        let twice = files.insert(draft.name.clone(), bytes).is_some();
        assert!(!twice, "{} twice", draft.name);
    }
    files
}

/// Returns a payload with a pledge of each kind.
pub fn payloads() -> Vec<Case> {
    let of_kind = |(kind, draft): (&str, Value)| {
        let what = "a pledge of this kind";
        Case::good(
            "pledge",
            &kind.replace('-', "_"),
            "ple-1 ple-8",
            what,
            |p| {
                let (previous, before) = (p["previous"].take(), p["notBefore"].take());
                *p = draft;
                p["previous"] = previous;
                p["notBefore"] = before;
            },
        )
    };
    let mut cases: Vec<Case> = kinds().into_iter().map(of_kind).collect();
    cases.push(
        Case::bad(
            "pledge",
            "critical",
            "ple-1",
            "critical",
            "a pledge with a condition that must be understood",
            |p| {
                p["critical"] = json!(["org.example.unless"]);
                p["org.example.unless"] = json!("somebody else is faster");
            },
        )
        .unseen(),
    );
    cases.push(Case::bad(
        "pledge",
        "kind_unknown",
        "ple-8",
        "kind",
        "a kind of another version",
        |p| {
            p["kind"] = json!("promise");
        },
    ));
    cases.push(
        Case::bad(
            "pledge",
            "in_area",
            "ple-1",
            "predicateType",
            "a pledge outside stream 0",
            |p| {
                p["governance"] = json!({"sequence": "1", "statement": made_up("area")});
            },
        )
        .at(1, 4),
    );
    cases
}

struct Draft {
    name: String,
    members: Value,
    header: Vec<(&'static str, String)>,
}

impl Draft {
    fn new(name: &str, spec: &str, expect: &str, what: &str, members: Value) -> Self {
        Self {
            name: name.to_owned(),
            members,
            header: vec![
                ("spec", spec.to_owned()),
                ("expect", expect.to_owned()),
                ("what", what.to_owned()),
            ],
        }
    }

    /// Something that is no pledge, at a member.
    fn unread(case: (&str, &str, &str, &str), base: &str, edit: fn(&mut Value)) -> Self {
        let (name, spec, at, what) = case;
        let mut members = kind(base);
        edit(&mut members);
        let mut draft = Self::new(name, spec, "parse", what, members);
        draft.header.push(("at", at.to_owned()));
        draft
    }

    /// A pledge that breaks these rules of lint, the first of them at a member.
    fn linted(case: (&str, &str, &str), base: &str, edit: fn(&mut Value)) -> Self {
        let (rules, member, what) = case;
        let mut members = kind(base);
        edit(&mut members);
        // Its words are made anew, so that they are no second fault.
        let text = members.to_string();
        let pledge = Pledge::parse_draft(text.as_bytes());
        let pledge = pledge.unwrap_or_else(|error| panic!("{rules}: {error}"));
        members["falsifier"] = json!(falsifier(&pledge));
        let name = rules.split(' ').next().unwrap().replace('-', "_");
        let expect = format!("lint:{member}");
        let mut draft = Self::new(&name, "ple-14", &expect, what, members);
        draft.header.push(("rules", rules.to_owned()));
        draft
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

/// The example of the specification, as a draft.
fn cap() -> Value {
    let mut draft = example("pledge.md", "pledge");
    drop_member(&mut draft, "previous");
    drop_member(&mut draft, "notBefore");
    draft
}

/// A draft of that kind in the simplest form.
fn kind(name: &str) -> Value {
    let found = kinds().into_iter().find(|(kind, _)| *kind == name);
    found.unwrap_or_else(|| panic!("no kind `{name}`")).1
}

/// A pledge of every kind. Their words are written out, so that they are not those of the
/// program because it made them.
fn kinds() -> Vec<(&'static str, Value)> {
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

fn kinds_as_drafts() -> Vec<Draft> {
    let what = "a pledge of this kind, with the words that its fields make";
    let draft = |(kind, members): (&str, Value)| {
        let name = format!("kind_{}", kind.replace('-', "_"));
        // It leaves areas out, which is said.
        if kind == "halted" {
            let expect = "lint:perimeter.areas";
            let mut draft = Draft::new(&name, "ple-8", expect, what, members);
            draft.header.push(("rules", "areas-listed".to_owned()));
            return draft;
        }
        Draft::new(&name, "ple-8", "ok", what, members)
    };
    kinds().into_iter().map(draft).collect()
}

fn unread() -> Vec<Draft> {
    let bad = Draft::unread;
    let mut drafts = vec![
        bad(
            ("kind_unknown", "ple-8", "kind", "a kind of another version"),
            "cap",
            |p| p["kind"] = json!("promise"),
        ),
        bad(
            (
                "kind_of_other_members",
                "ple-8",
                "counting",
                "a member of another kind",
            ),
            "cap",
            |p| p["counting"] = json!("installed"),
        ),
        bad(
            (
                "member_unknown",
                "ple-1",
                "unless",
                "a condition in a member of its own",
            ),
            "cap",
            |p| p["unless"] = json!("rain"),
        ),
        bad(
            (
                "member_extension",
                "ple-13",
                "the draft",
                "a member that would not be signed",
            ),
            "cap",
            |p| p["org.example"] = json!("x"),
        ),
        bad(
            (
                "member_extension_nested",
                "ple-13",
                "the draft",
                "a member that would not be signed, deeper",
            ),
            "cap",
            |p| p["window"]["org.example"] = json!("x"),
        ),
        bad(
            ("text_empty", "ple-2", "adjudicator", "words of no bytes"),
            "cap",
            |p| p["adjudicator"] = json!(""),
        ),
        bad(
            ("text_long", "ple-2", "lift", "words of 2049 bytes"),
            "cap",
            |p| p["lift"] = json!("x".repeat(2049)),
        ),
        bad(
            (
                "exception_unbounded",
                "ple-1",
                "exceptions[0].amount",
                "an exception in words alone",
            ),
            "cap",
            |p| drop_member(&mut p["exceptions"][0], "amount"),
        ),
        bad(
            (
                "scope_unsorted",
                "ple-3",
                "scope",
                "classes that do not ascend",
            ),
            "cap",
            |p| p["scope"].as_array_mut().unwrap().swap(0, 1),
        ),
        bad(
            (
                "scope_unknown",
                "ple-3",
                "scope[0]",
                "a class of another version",
            ),
            "cap",
            |p| p["scope"] = json!(["chat"]),
        ),
        bad(
            (
                "level_unknown",
                "ple-3",
                "level",
                "a level that there is not",
            ),
            "cap",
            |p| p["level"] = json!("E6"),
        ),
        bad(
            (
                "boundary_missing",
                "ple-3",
                "boundary",
                "energy without a boundary",
            ),
            "halted",
            |p| p["boundary"] = json!("none"),
        ),
        bad(
            (
                "boundary_surplus",
                "ple-3",
                "boundary",
                "accelerator-seconds with a boundary",
            ),
            "cap",
            |p| p["boundary"] = json!("gpu"),
        ),
        bad(
            ("unit_other", "ple-4", "unit", "hours for seconds"),
            "cap",
            |p| p["unit"] = json!("h"),
        ),
        bad(
            (
                "unit_of_reduction",
                "ple-4",
                "unit",
                "a reduction in seconds",
            ),
            "reduction",
            |p| p["unit"] = json!("s"),
        ),
        bad(
            (
                "unit_h100_seconds",
                "ple-4",
                "unit",
                "seconds in H100-equivalents",
            ),
            "cap",
            |p| p["unit"] = json!("m{H100}"),
        ),
        bad(
            (
                "precision_unknown",
                "ple-5",
                "precision",
                "a format that no catalogue has",
            ),
            "run-cap",
            |p| p["precision"] = json!("fp6"),
        ),
        bad(
            (
                "window_empty",
                "ple-6",
                "window.end",
                "a window that ends as it starts",
            ),
            "cap",
            |p| p["window"]["end"] = p["window"]["start"].clone(),
        ),
        bad(
            (
                "sliding_zero",
                "ple-6",
                "sliding",
                "a window of no length that slides",
            ),
            "cap",
            |p| p["sliding"] = json!("0"),
        ),
        bad(
            (
                "seals_zero",
                "ple-6",
                "sealCadence",
                "heartbeats that are never due",
            ),
            "halted",
            |p| p["sealCadence"] = json!("0"),
        ),
        bad(
            (
                "areas_unsorted",
                "ple-7",
                "perimeter.areas",
                "areas that do not ascend",
            ),
            "halted",
            |p| p["perimeter"]["areas"] = json!(["2", "1"]),
        ),
        bad(
            (
                "areas_governance",
                "ple-7",
                "perimeter.areas",
                "stream 0 as an area",
            ),
            "halted",
            |p| p["perimeter"]["areas"] = json!(["0"]),
        ),
        bad(
            (
                "affiliates_twice",
                "ple-7",
                "perimeter.affiliates",
                "an affiliate twice",
            ),
            "cap",
            |p| {
                let one = p["perimeter"]["affiliates"][0].clone();
                p["perimeter"]["affiliates"] = json!([one, one]);
            },
        ),
        bad(
            (
                "heads_twice",
                "ple-7",
                "baseline.heads",
                "a head of a stream twice",
            ),
            "reduction",
            |p| {
                let one = p["baseline"]["heads"][0].clone();
                p["baseline"]["heads"] = json!([one, one]);
            },
        ),
        bad(
            (
                "heads_governance",
                "ple-7",
                "baseline.heads",
                "a head of stream 0",
            ),
            "reduction",
            |p| p["baseline"]["heads"][0]["stream"] = json!("0"),
        ),
        bad(
            (
                "job_size_unbounded",
                "ple-9",
                "maximumAccelerators",
                "jobs of any size",
            ),
            "job-size",
            |p| {
                p["maximumAccelerators"] = json!("none");
                p["maximumSeconds"] = json!("none");
            },
        ),
        bad(
            ("ramp_rising", "ple-10", "schedule", "a ramp that rises"),
            "ramp-down",
            |p| p["schedule"][1]["limit"] = json!("901"),
        ),
        bad(
            ("ramp_open", "ple-10", "schedule", "a ramp with a hole"),
            "ramp-down",
            |p| p["schedule"][1]["start"] = json!("2026-05-02T00:00:00Z"),
        ),
        bad(
            ("ramp_empty", "ple-10", "schedule", "a ramp without a step"),
            "ramp-down",
            |p| p["schedule"] = json!([]),
        ),
        bad(
            (
                "inventories_none",
                "ple-8",
                "inventories",
                "nothing to start from",
            ),
            "no-new-capacity",
            |p| p["inventories"] = json!([]),
        ),
        bad(
            (
                "conditional_twice",
                "ple-11",
                "wraps.kind",
                "a condition on a condition",
            ),
            "conditional",
            |p| p["wraps"]["kind"] = json!("conditional"),
        ),
        bad(
            (
                "quorum_zero",
                "ple-11",
                "quorum",
                "while none of the others hold theirs",
            ),
            "conditional",
            |p| p["quorum"] = json!("0"),
        ),
        bad(
            (
                "quorum_above",
                "ple-11",
                "quorum",
                "more parties than there are",
            ),
            "conditional",
            |p| p["quorum"] = json!("3"),
        ),
        bad(
            (
                "parties_twice",
                "ple-11",
                "parties",
                "a party that counts twice",
            ),
            "conditional",
            |p| p["parties"][1] = p["parties"][0].clone(),
        ),
        bad(("number", "ple-6", "", "a JSON number"), "cap", |p| {
            p["limit"] = json!(100)
        }),
    ];
    for member in cap().as_object().unwrap().keys() {
        let mut members = cap();
        drop_member(&mut members, member);
        let what = "a pledge that leaves this open";
        let mut draft = Draft::new(
            &format!("without_{member}"),
            "ple-1",
            "parse",
            what,
            members,
        );
        draft.header.push(("at", member.clone()));
        drafts.push(draft);
    }
    drafts
}

fn found_by_lint() -> Vec<Draft> {
    let bad = Draft::linted;
    let mut words = cap();
    words["falsifier"] = json!("This pledge cannot be broken.");
    let mut other = Draft::new(
        "falsifier_other",
        "ple-14",
        "lint:falsifier",
        "words that its fields do not make",
        words,
    );
    other.header.push(("rules", "falsifier-other".to_owned()));
    vec![
        other,
        bad(
            (
                "area-none areas-listed",
                "perimeter.areas",
                "no area is covered",
            ),
            "halted",
            |p| p["perimeter"]["areas"] = json!([]),
        )
        .rules("area-none"),
        bad(
            ("areas-listed", "perimeter.areas", "areas are left out"),
            "reduction",
            |p| p["perimeter"]["areas"] = json!(["1"]),
        ),
        bad(
            ("adjudicator-none", "adjudicator", "nobody decides"),
            "cap",
            |p| p["adjudicator"] = json!("none"),
        ),
        bad(
            ("trigger-words", "trigger", "words that set it in force"),
            "cap",
            |p| p["trigger"] = json!("when it rains"),
        ),
        bad(("lift-words", "lift", "words that lift it"), "cap", |p| {
            p["lift"] = json!("when it rains")
        }),
        bad(
            ("level-none", "level", "what nobody witnessed is enough"),
            "cap",
            |p| p["level"] = json!("E0"),
        ),
        bad(
            (
                "level-none",
                "partyLevel",
                "what nobody witnessed of others is enough",
            ),
            "conditional",
            |p| p["partyLevel"] = json!("E0"),
        )
        .named("level_none_of_parties"),
        bad(("scope-none", "scope", "no class counts"), "cap", |p| {
            p["scope"] = json!([])
        }),
        bad(
            (
                "scope-unclassified",
                "scope",
                "what is not classified counts, and is not named",
            ),
            "cap",
            |p| p["scope"] = json!(["training"]),
        ),
        bad(
            (
                "quantity-kind",
                "quantity",
                "a kind that limits something else",
            ),
            "halted",
            |p| {
                p["boundary"] = json!("none");
                p["quantity"] = json!("accelerator_seconds");
                p["unit"] = json!("s");
                p["perimeter"]["areas"] = json!("all");
            },
        ),
        bad(
            (
                "quantity-kind",
                "quantity",
                "a bound on seconds in accelerators",
            ),
            "job-size",
            |p| p["maximumAccelerators"] = json!("none"),
        )
        .named("quantity_kind_of_job_seconds"),
        bad(
            ("quantity-maximum", "quantity", "the sum of a maximum"),
            "cap",
            |p| {
                p["quantity"] = json!("accelerators");
                p["unit"] = json!("{accelerator}");
            },
        ),
        bad(
            ("precision-missing", "precision", "operations of no format"),
            "run-cap",
            |p| p["precision"] = json!("none"),
        ),
        bad(
            ("precision-narrow", "precision", "operations of one format"),
            "run-cap",
            |p| p["precision"] = json!("bf16"),
        ),
        bad(
            (
                "precision-unused",
                "precision",
                "seconds in a number format",
            ),
            "cap",
            |p| p["precision"] = json!("highest-dense"),
        ),
        bad(
            (
                "counting-basis",
                "counting",
                "installed ones by what was allocated",
            ),
            "accelerators",
            |p| p["basis"] = json!("allocated"),
        ),
        bad(
            (
                "counting-basis",
                "counting",
                "those in use by what is installed",
            ),
            "accelerators",
            |p| p["counting"] = json!("in-use"),
        )
        .named("counting_basis_in_use"),
        bad(
            (
                "exceptions-large",
                "exceptions",
                "exceptions above the limit",
            ),
            "cap",
            |p| p["exceptions"][0]["amount"] = json!("100000001"),
        ),
        bad(
            (
                "exceptions-to-nothing",
                "exceptions",
                "exceptions to nothing",
            ),
            "cap",
            |p| p["limit"] = json!("0"),
        ),
        bad(
            ("exceptions-unbound", "exceptions", "exceptions to no limit"),
            "job-size",
            |p| p["exceptions"] = json!([{"amount": "1", "reason": "one"}]),
        ),
        bad(
            ("limit-beyond", "limit", "a limit that nothing exceeds"),
            "cap",
            |p| p["limit"] = json!("9".repeat(38)),
        ),
        bad(
            ("reduction-none", "limit", "all of the baseline"),
            "reduction",
            |p| p["limit"] = json!("1000000"),
        ),
        bad(
            (
                "reduction-none",
                "limit",
                "all of the baseline, with its exceptions",
            ),
            "reduction",
            |p| p["exceptions"] = json!([{"amount": "500000", "reason": "one"}]),
        )
        .named("reduction_none_by_exceptions"),
    ]
}

fn found_by_lint_in_time() -> Vec<Draft> {
    let bad = Draft::linted;
    vec![
        bad(
            ("expiry-early", "expiry", "it expires within its window"),
            "cap",
            |p| p["expiry"] = json!("2026-06-30T23:59:59Z"),
        ),
        bad(
            ("cadence-long", "cadence", "no period lies in the window"),
            "accelerators",
            |p| p["cadence"] = json!("7862401"),
        ),
        bad(
            (
                "cadence-long sliding-short",
                "cadence",
                "no month lies in the window",
            ),
            "cap",
            |p| {
                p["cadence"] = json!("month");
                p["window"] =
                    json!({"end": "2026-05-31T00:00:00Z", "start": "2026-04-02T00:00:00Z"});
            },
        )
        .rules("cadence-long")
        .named("cadence_long_of_months"),
        bad(
            (
                "deadline-long notice-short",
                "deadline",
                "nothing is overdue within the window",
            ),
            "cap",
            |p| p["deadline"] = json!("7862401"),
        ),
        bad(
            ("notice-none", "notice", "the duty ends at once"),
            "cap",
            |p| p["notice"] = json!("0"),
        ),
        bad(
            (
                "notice-short",
                "notice",
                "the duty ends before the last report is due",
            ),
            "cap",
            |p| p["notice"] = json!("172799"),
        ),
        bad(
            ("sliding-long", "sliding", "longer than the window"),
            "cap",
            |p| p["sliding"] = json!("7862401"),
        ),
        bad(
            (
                "sliding-short",
                "sliding",
                "shorter than a period: none would count from below",
            ),
            "cap",
            |p| p["sliding"] = json!("3599"),
        ),
        bad(
            (
                "sliding-kind",
                "sliding",
                "a maximum over a window that slides",
            ),
            "accelerators",
            |p| p["sliding"] = json!("86400"),
        ),
        bad(
            (
                "seals-never areas-listed",
                "sealCadence",
                "heartbeats after the window",
            ),
            "halted",
            |p| p["sealCadence"] = json!("7862401"),
        ),
        bad(
            (
                "schedule-window",
                "schedule",
                "a ramp that ends before the window",
            ),
            "ramp-down",
            |p| p["schedule"][1]["end"] = json!("2026-06-30T00:00:00Z"),
        ),
        bad(
            ("schedule-short", "schedule", "a step shorter than a period"),
            "ramp-down",
            |p| {
                p["schedule"][0]["end"] = json!("2026-04-01T00:59:59Z");
                p["schedule"][1]["start"] = json!("2026-04-01T00:59:59Z");
            },
        ),
        bad(
            ("baseline-missing", "baseline", "a reduction of nothing"),
            "reduction",
            |p| p["baseline"] = json!("none"),
        ),
        bad(
            ("baseline-unused", "baseline", "a baseline of a cap"),
            "cap",
            |p| p["baseline"] = kind("reduction")["baseline"].clone(),
        ),
        bad(
            (
                "baseline-overlaps",
                "baseline.period",
                "a baseline that can still be raised",
            ),
            "reduction",
            |p| p["baseline"]["period"]["end"] = json!("2026-04-01T00:00:01Z"),
        ),
        bad(
            (
                "baseline-short",
                "baseline.period",
                "a baseline of less than a period",
            ),
            "reduction",
            |p| p["baseline"]["period"]["end"] = json!("2026-01-01T00:59:59Z"),
        ),
        bad(
            (
                "baseline-uncommitted",
                "baseline.heads",
                "a baseline that can still be written",
            ),
            "reduction",
            |p| p["baseline"]["heads"] = json!([]),
        ),
        bad(
            (
                "baseline-uncommitted areas-listed",
                "baseline.heads",
                "a baseline without one of the areas",
            ),
            "reduction",
            |p| p["perimeter"]["areas"] = json!(["1", "2"]),
        )
        .named("baseline_uncommitted_of_an_area"),
    ]
}

impl Draft {
    /// Says which rules are broken, where they are not those that name it.
    fn rules(mut self, rules: &str) -> Self {
        for line in &mut self.header {
            if line.0 == "rules" {
                rules.clone_into(&mut line.1);
            }
        }
        self
    }
}
