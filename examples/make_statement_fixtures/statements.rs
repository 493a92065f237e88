//! Payloads of every type, and what is wrong with the bad ones.

use serde_json::{Value, json};
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};

use super::{Case, drop_member, made_up};

/// Returns every payload.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(words());
    cases.extend(figures());
    cases.extend(every_word());
    cases.extend(ledgers());
    cases.extend(commitments());
    cases.extend(devices());
    cases.extend(runs());
    cases.extend(others());
    cases.extend(auditors());
    cases.extend(corrections());
    cases.extend(governance());
    cases
}

/// A `usage` with one figure and nothing else.
fn small(predicate: &mut Value) {
    drop_member(predicate, "commitments");
    predicate["figures"].as_array_mut().unwrap().truncate(1);
    predicate["ledgers"] = json!([]);
    predicate["devicesAbsent"] = json!("a job log names no device");
}

/// As [`small`], then changed.
fn small_and(edit: impl FnOnce(&mut Value)) -> impl FnOnce(&mut Value) {
    |predicate| {
        small(predicate);
        edit(predicate);
    }
}

fn usage_ok(case: &str, spec: &str, what: &str, edit: impl FnOnce(&mut Value)) -> Case {
    Case::good("usage", case, spec, what, small_and(edit))
}

fn usage_bad(case: &str, spec: &str, at: &str, what: &str, edit: impl FnOnce(&mut Value)) -> Case {
    Case::bad("usage", case, spec, at, what, small_and(edit))
}

fn words() -> Vec<Case> {
    let usage = |case, spec, what, edit: fn(&mut Value)| usage_ok(case, spec, what, edit);
    let bad = |case, spec, at, what, edit: fn(&mut Value)| usage_bad(case, spec, at, what, edit);
    vec![
        Case::good(
            "usage",
            "full",
            "sta-13 sta-14 sta-15 sta-17 sta-18",
            "every member there can be",
            |_| {},
        ),
        usage("small", "sta-17", "no ledger of devices, and why", |_| {}),
        usage(
            "extension",
            "sta-13",
            "members under reverse-domain names, at two depths",
            |p| {
                p["example.org.note"] = json!({"any": ["thing", true, null]});
                p["figures"][0]["org.example"] = json!("x");
            },
        )
        .extended(),
        bad(
            "member_unknown",
            "sta-6",
            "figure",
            "a plain member that the type does not name",
            |p| p["figure"] = json!([]),
        )
        .admits(1),
        bad("member_missing", "sta-4", "period", "no period", |p| {
            drop_member(p, "period")
        })
        .admits(1),
        bad(
            "critical",
            "sta-38",
            "critical",
            "an extension that must be understood, and an admission",
            |p| {
                p["critical"] = json!(["org.example"]);
                p["org.example"] = json!("x");
            },
        )
        .unseen()
        .admits(1),
        bad(
            "flooded",
            "sta-38",
            "figures",
            "an admission behind more items than a list may have",
            |p| {
                let figure = p["figures"][0].clone();
                let mut items = vec![json!({}); 2000];
                items.push(figure);
                p["figures"] = json!(items);
            },
        )
        .admits(1),
        bad(
            "poisoned",
            "sta-38",
            "figures[1].unit",
            "a figure that cannot be read beside one that can",
            |p| {
                let mut figure = p["figures"][0].clone();
                figure["unit"] = json!("h");
                p["figures"].as_array_mut().unwrap().push(figure);
            },
        )
        .admits(1),
        bad(
            "reason_empty",
            "sta-1",
            "devicesAbsent",
            "free text of no bytes",
            |p| p["devicesAbsent"] = json!(""),
        )
        .admits(1),
        bad(
            "reason_long",
            "sta-1",
            "devicesAbsent",
            "free text of 1025 bytes",
            |p| p["devicesAbsent"] = json!("x".repeat(1025)),
        )
        .admits(1),
        bad(
            "period_empty",
            "sta-4",
            "period.end",
            "a period that ends as it starts",
            |p| p["period"]["end"] = p["period"]["start"].clone(),
        )
        .unseen()
        .admits(1),
        bad(
            "period_reversed",
            "sta-4",
            "period.end",
            "a period that ends before it starts",
            |p| p["period"]["end"] = json!("2026-02-28T00:00:00Z"),
        )
        .unseen()
        .admits(1),
        bad(
            "model_empty",
            "sta-3",
            "figures[0].model",
            "a model of no bytes",
            |p| p["figures"][0]["model"] = json!(""),
        )
        .admits(0),
        bad(
            "model_upper_case",
            "sta-3",
            "figures[0].model",
            "a model that looks like another",
            |p| p["figures"][0]["model"] = json!("H100-SXM"),
        )
        .admits(0),
        bad(
            "model_space",
            "sta-3",
            "figures[0].model",
            "a model with a space behind it",
            |p| p["figures"][0]["model"] = json!("h100-sxm "),
        )
        .admits(0),
        bad(
            "model_hyphens",
            "sta-3",
            "figures[0].model",
            "two hyphens in a row",
            |p| p["figures"][0]["model"] = json!("h100--sxm"),
        )
        .admits(0),
        bad(
            "model_uncatalogued_nothing",
            "sta-3",
            "figures[0].model",
            "uncatalogued, and called nothing",
            |p| p["figures"][0]["model"] = json!("uncatalogued:"),
        )
        .admits(0),
        usage(
            "model_uncatalogued",
            "sta-3",
            "a model that no catalogue has",
            |p| p["figures"][0]["model"] = json!("uncatalogued:gpu v2"),
        ),
        bad("value_number", "sta-5", "payload", "a JSON number", |p| {
            p["figures"][0]["value"] = json!(43200)
        })
        .admits(0),
        bad(
            "value_leading_zero",
            "sta-5",
            "figures[0].value",
            "a leading zero",
            |p| p["figures"][0]["value"] = json!("043200"),
        )
        .admits(0),
        bad(
            "value_negative",
            "sta-5",
            "figures[0].value",
            "a sign",
            |p| p["figures"][0]["value"] = json!("-1"),
        )
        .admits(0),
        bad(
            "value_long",
            "sta-5",
            "figures[0].value",
            "39 digits",
            |p| p["figures"][0]["value"] = json!("9".repeat(39)),
        )
        .admits(0),
        bad(
            "value_and_interval",
            "sta-5",
            "figures[0].interval",
            "a value and an interval",
            |p| p["figures"][0]["interval"] = json!({"lower": "1", "upper": "2"}),
        )
        .admits(0),
        bad(
            "value_none",
            "sta-5",
            "figures[0].interval",
            "neither value nor interval",
            |p| drop_member(&mut p["figures"][0], "value"),
        )
        .admits(0),
        bad(
            "interval_reversed",
            "sta-5",
            "figures[0].interval.upper",
            "an interval inside out",
            |p| interval(p, "2", "1"),
        )
        .unseen()
        .admits(0),
        bad(
            "interval_of_one",
            "sta-5",
            "figures[0].interval.upper",
            "an interval that is a value",
            |p| interval(p, "1", "1"),
        )
        .unseen()
        .admits(0),
    ]
}

fn interval(predicate: &mut Value, lower: &str, upper: &str) {
    let figure = &mut predicate["figures"][0];
    drop_member(figure, "value");
    figure["interval"] = json!({"lower": lower, "upper": upper});
}

fn figures() -> Vec<Case> {
    let usage = |case, spec, what, edit: fn(&mut Value)| usage_ok(case, spec, what, edit);
    let bad = |case, spec, at, what, edit: fn(&mut Value)| usage_bad(case, spec, at, what, edit);
    vec![
        bad(
            "quantity_unknown",
            "sta-6",
            "figures[0].quantity",
            "a quantity of another version",
            |p| p["figures"][0]["quantity"] = json!("gpu_hours"),
        )
        .admits(0),
        bad(
            "unit_other",
            "sta-6",
            "figures[0].unit",
            "hours for seconds",
            |p| p["figures"][0]["unit"] = json!("h"),
        )
        .admits(0),
        bad(
            "class_unknown",
            "sta-6",
            "figures[0].class",
            "a class of another version",
            |p| p["figures"][0]["class"] = json!("pretraining"),
        )
        .admits(0),
        bad(
            "basis_unknown",
            "sta-6",
            "figures[0].basis",
            "a basis of another version",
            |p| p["figures"][0]["basis"] = json!("reserved"),
        )
        .admits(0),
        bad(
            "boundary_unknown",
            "sta-6",
            "figures[0].boundary",
            "a boundary of another version",
            |p| {
                energy(p);
                p["figures"][0]["boundary"] = json!("chip");
            },
        )
        .admits(0),
        usage("energy", "sta-7", "energy, with its boundary", energy),
        bad(
            "energy_boundary_none",
            "sta-7",
            "figures[0].boundary",
            "energy without a boundary",
            |p| {
                energy(p);
                p["figures"][0]["boundary"] = json!("none");
            },
        )
        .admits(0),
        bad(
            "boundary_surplus",
            "sta-7",
            "figures[0].boundary",
            "accelerator-seconds with a boundary",
            |p| p["figures"][0]["boundary"] = json!("gpu"),
        )
        .admits(0),
        usage("flop", "sta-8", "operations between two bounds", flop),
        bad(
            "flop_dtype_missing",
            "sta-8",
            "figures[0].dtype",
            "operations of no number format",
            |p| {
                flop(p);
                drop_member(&mut p["figures"][0], "dtype");
            },
        )
        .admits(0),
        bad(
            "flop_sparsity_missing",
            "sta-8",
            "figures[0].sparsity",
            "operations that may be of zeros",
            |p| {
                flop(p);
                drop_member(&mut p["figures"][0], "sparsity");
            },
        )
        .admits(0),
        bad(
            "dtype_surplus",
            "sta-8",
            "figures[0].dtype",
            "accelerator-seconds with a number format",
            |p| p["figures"][0]["dtype"] = json!("bf16"),
        )
        .admits(0),
        usage(
            "coverage_unknown",
            "sta-9",
            "a job log, which does not show what ran beside it",
            |p| p["figures"][0]["coverage"] = json!("unknown"),
        ),
        bad(
            "coverage_full",
            "sta-9",
            "figures[0].coverage",
            "another word for coverage",
            |p| p["figures"][0]["coverage"] = json!("full"),
        )
        .admits(0),
        bad(
            "coverage_gap_missing",
            "sta-9",
            "figures[0].coverage.gap",
            "coverage without a gap",
            |p| drop_member(&mut p["figures"][0]["coverage"], "gap"),
        )
        .admits(0),
        bad(
            "figure_twice",
            "sta-10",
            "figures",
            "the same from one source twice",
            |p| {
                let mut figure = p["figures"][0].clone();
                figure["value"] = json!("1");
                p["figures"].as_array_mut().unwrap().push(figure);
            },
        )
        .unseen()
        .admits(2),
        usage(
            "figure_two_sources",
            "sta-10",
            "the same from two sources, which disagree",
            |p| {
                let mut figure = p["figures"][0].clone();
                figure["value"] = json!("40000");
                figure["source"]["tool"] = json!("dcgm 4.2");
                p["figures"].as_array_mut().unwrap().push(figure);
            },
        ),
        usage(
            "gap_whole",
            "sta-9",
            "an outage: nothing was seen, and it is said",
            |p| {
                p["figures"][0]["value"] = json!("0");
                p["figures"][0]["coverage"] =
                    json!({"gap": "57600", "observed": "0", "resets": "0"});
            },
        ),
        bad(
            "counted_unseen",
            "sta-11",
            "figures",
            "more accelerator-seconds than were observed, over two classes",
            |p| {
                let mut figure = p["figures"][0].clone();
                figure["class"] = json!("inference");
                figure["value"] = json!("14401");
                p["figures"].as_array_mut().unwrap().push(figure);
            },
        )
        .unseen()
        .admits(2),
        usage(
            "counted_billed",
            "sta-11",
            "a provider that rounds up to the hour",
            |p| {
                p["figures"][0]["basis"] = json!("billed");
                p["figures"][0]["value"] = json!("60000");
            },
        ),
        usage(
            "slices",
            "sta-12",
            "three slices of one device, of unknown shares: from 0 to the device",
            |p| {
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
            },
        ),
        bad(
            "source_query_plain",
            "sta-6",
            "figures[0].source.query",
            "a query in clear, where a commitment stands",
            |p| p["figures"][0]["source"]["query"] = json!("SELECT 1"),
        )
        .admits(0),
    ]
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

/// A figure for every word that one can have.
fn every_word() -> Vec<Case> {
    let every = |case, what, member: &'static str, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        usage_ok(case, "sta-6", what, move |p| {
            p["figures"][0]["coverage"] = json!("unknown");
            let figure = p["figures"][0].clone();
            let with = |word: &String| {
                let mut figure = figure.clone();
                figure[member] = json!(word);
                figure
            };
            p["figures"] = json!(words.iter().map(with).collect::<Vec<_>>());
        })
    };
    let quantities = usage_ok("quantities", "sta-6", "every quantity in its unit", |p| {
        p["figures"][0]["coverage"] = json!("unknown");
        let figure = p["figures"][0].clone();
        let with = |(quantity, unit): &(&str, &str)| {
            let mut figure = figure.clone();
            figure["quantity"] = json!(quantity);
            figure["unit"] = json!(unit);
            if *unit == "J" {
                figure["boundary"] = json!("feed");
            }
            if *unit == "{FLOP}" {
                figure["dtype"] = json!("fp8");
                figure["sparsity"] = json!("2:4");
            }
            figure
        };
        let quantities = [
            ("accelerator_seconds", "s"),
            ("accelerators", "{accelerator}"),
            ("energy_joules", "J"),
            ("flop", "{FLOP}"),
            ("interconnect_bytes", "By"),
            ("job_accelerators", "{accelerator}"),
            ("job_seconds", "s"),
        ];
        p["figures"] = json!(quantities.iter().map(with).collect::<Vec<_>>());
    });
    let boundaries = usage_ok("boundaries", "sta-7", "energy at every boundary", |p| {
        energy(p);
        let figure = p["figures"][0].clone();
        let with = |word: &&str| {
            let mut figure = figure.clone();
            figure["boundary"] = json!(word);
            figure
        };
        let words = ["gpu", "node", "rack", "facility", "feed"];
        p["figures"] = json!(words.iter().map(with).collect::<Vec<_>>());
    });
    vec![
        every(
            "bases",
            "every basis",
            "basis",
            &["active", "allocated", "billed", "present"],
        ),
        every(
            "classes",
            "every class",
            "class",
            &[
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
            ],
        ),
        quantities,
        boundaries,
    ]
}

fn ledgers() -> Vec<Case> {
    let bad = |case, spec, at, what, edit: fn(&mut Value)| {
        Case::bad("usage", case, spec, at, what, edit).admits(6)
    };
    let small = |case, spec, at, what, edit: fn(&mut Value)| {
        usage_bad(case, spec, at, what, edit).admits(1)
    };
    vec![
        bad(
            "ledger_kind",
            "sta-13",
            "ledgers[0].kind",
            "a kind of another version",
            |p| p["ledgers"][0]["kind"] = json!("racks"),
        ),
        bad(
            "ledger_order",
            "sta-13",
            "ledgers[1].order",
            "jobs in an order of the issuer's choice",
            |p| p["ledgers"][1]["order"] = json!("end"),
        ),
        bad(
            "ledger_of_inventory",
            "sta-13",
            "ledgers[0].order",
            "an inventory's list in a usage",
            |p| {
                p["ledgers"][0]["order"] = json!("serial");
                p["ledgers"][0]["sums"] = json!([]);
            },
        )
        .unseen(),
        bad(
            "ledger_suite",
            "sta-13",
            "ledgers[0].suite",
            "a suite of another version",
            |p| p["ledgers"][0]["suite"] = json!("2"),
        ),
        bad(
            "ledger_twice",
            "sta-13",
            "ledgers",
            "two ledgers of one kind",
            |p| p["ledgers"][1] = p["ledgers"][2].clone(),
        )
        .unseen(),
        bad(
            "ledger_unsorted",
            "sta-13",
            "ledgers",
            "ledgers that do not ascend by kind",
            |p| p["ledgers"].as_array_mut().unwrap().swap(0, 1),
        )
        .unseen(),
        bad(
            "sum_of_maximum",
            "sta-14",
            "ledgers[1].sums[0].quantity",
            "the sum of a maximum",
            |p| {
                let sum = &mut p["ledgers"][1]["sums"][0];
                sum["quantity"] = json!("job_seconds");
                drop_member(sum, "clipped");
            },
        ),
        bad(
            "sum_of_energy_nowhere",
            "sta-14",
            "ledgers[2].sums[0].boundary",
            "energy summed across boundaries",
            |p| p["ledgers"][2]["sums"][0]["boundary"] = json!("none"),
        ),
        bad(
            "sum_of_jobs_at_node",
            "sta-14",
            "ledgers[1].sums[1].boundary",
            "energy of jobs at a boundary that their records do not name",
            |p| {
                let sum = p["ledgers"][2]["sums"][0].clone();
                p["ledgers"][1]["sums"].as_array_mut().unwrap().push(sum);
            },
        )
        .unseen(),
        bad(
            "sums_unsorted",
            "sta-14",
            "ledgers[1].sums",
            "a sum twice",
            |p| {
                let sum = p["ledgers"][1]["sums"][0].clone();
                p["ledgers"][1]["sums"].as_array_mut().unwrap().push(sum);
            },
        )
        .unseen(),
        bad(
            "sum_above_figures",
            "sta-15",
            "ledgers[0].sums",
            "records that come to more than the figures",
            |p| p["ledgers"][0]["sums"][0]["value"] = json!("30001"),
        )
        .unseen(),
        bad(
            "sum_below_figures",
            "sta-15",
            "ledgers[2].sums",
            "records that come to less than the figures",
            |p| p["ledgers"][2]["sums"][0]["value"] = json!("34559999"),
        )
        .unseen(),
        bad(
            "sum_of_no_figure",
            "sta-15",
            "ledgers[0].sums",
            "a sum of a basis that no figure has",
            |p| p["ledgers"][0]["sums"][0]["basis"] = json!("present"),
        )
        .unseen(),
        Case::bad(
            "usage",
            "sum_over_two_sources",
            "sta-15",
            "ledgers[0].sums",
            "records that come to the figures of two sources together",
            |p| {
                let mut figure = p["figures"][2].clone();
                figure["source"]["tool"] = json!("another");
                p["figures"].as_array_mut().unwrap().push(figure);
                p["ledgers"][0]["sums"][0]["value"] = json!("60000");
            },
        )
        .unseen()
        .admits(7),
        Case::good(
            "usage",
            "sum_of_one_source",
            "sta-15",
            "records of one of two sources that disagree",
            |p| {
                let mut figure = p["figures"][2].clone();
                figure["source"]["tool"] = json!("another");
                figure["value"] = json!("20000");
                p["figures"].as_array_mut().unwrap().push(figure);
            },
        ),
        bad(
            "sum_unclipped",
            "sta-15",
            "ledgers[1].sums",
            "what was clipped is not stated",
            |p| drop_member(&mut p["ledgers"][1]["sums"][0], "clipped"),
        )
        .unseen(),
        bad(
            "clipped_nothing",
            "sta-16",
            "ledgers[1].sums[0].clipped",
            "nothing that was clipped",
            |p| p["ledgers"][1]["sums"][0]["clipped"] = json!({"value": "0"}),
        )
        .unseen(),
        bad(
            "clipped_devices",
            "sta-16",
            "ledgers[0].sums[0].clipped",
            "something clipped of whole devices",
            |p| {
                p["ledgers"][0]["sums"][0]["clipped"] = json!({"value": "1"});
                p["ledgers"][0]["sums"][0]["value"] = json!("30001");
            },
        )
        .unseen(),
        small(
            "devices_unexplained",
            "sta-17",
            "devicesAbsent",
            "no ledger of devices, and no word why",
            |p| drop_member(p, "devicesAbsent"),
        ),
        bad(
            "devices_and_absent",
            "sta-17",
            "devicesAbsent",
            "a ledger of devices, and why there is none",
            |p| p["devicesAbsent"] = json!("lost"),
        ),
        bad(
            "devices_of_no_inventory",
            "sta-17",
            "inventory",
            "devices of an inventory that is not named",
            |p| p["inventory"] = json!("none"),
        )
        .unseen(),
    ]
}

fn commitments() -> Vec<Case> {
    let bad = |case, spec, at, what, edit: fn(&mut Value)| {
        Case::bad("usage", case, spec, at, what, edit).admits(6)
    };
    vec![
        Case::good(
            "usage",
            "proof_inline",
            "sta-21",
            "a proof that stands in the statement",
            |p| {
                let one = &mut p["commitments"][0];
                drop_member(one, "proofDigest");
                one["proof"] = json!("00ff".repeat(336));
            },
        ),
        bad(
            "commitments_empty",
            "sta-18",
            "commitments",
            "an empty list, which is left out",
            |p| p["commitments"] = json!([]),
        ),
        bad(
            "commitment_twice",
            "sta-18",
            "commitments",
            "one figure committed to twice",
            |p| {
                let one = p["commitments"][0].clone();
                p["commitments"].as_array_mut().unwrap().push(one);
            },
        )
        .unseen(),
        bad(
            "commitment_beside_figure",
            "sta-18",
            "commitments",
            "a commitment to a figure that stands beside it",
            |p| {
                let one = &mut p["commitments"][0];
                one["quantity"] = json!("accelerator_seconds");
                one["unit"] = json!("s");
                one["model"] = json!("h100-sxm");
                one["class"] = json!("training");
            },
        )
        .unseen(),
        bad(
            "commitment_given_away",
            "sta-19",
            "ledgers[1].sums",
            "a sum over what is committed to",
            |p| {
                let one = &mut p["commitments"][0];
                one["quantity"] = json!("accelerator_seconds");
                one["unit"] = json!("s");
            },
        )
        .unseen(),
        bad(
            "commitment_corrected",
            "sta-20",
            "commitments",
            "an original with the number of a correction",
            |p| p["commitments"][0]["correction"] = json!("1"),
        )
        .unseen(),
        bad(
            "proof_twice",
            "sta-21",
            "commitments[0].proof",
            "a proof and its digest",
            |p| p["commitments"][0]["proof"] = json!("00"),
        ),
        bad(
            "proof_none",
            "sta-21",
            "commitments[0].proof",
            "neither a proof nor its digest",
            |p| drop_member(&mut p["commitments"][0], "proofDigest"),
        ),
        bad(
            "proof_long",
            "sta-21",
            "commitments[0].proof",
            "a proof of 1025 bytes",
            |p| {
                let one = &mut p["commitments"][0];
                drop_member(one, "proofDigest");
                one["proof"] = json!("00".repeat(1025));
            },
        ),
    ]
}

fn devices() -> Vec<Case> {
    let bad = |kind, case, spec, at, what, edit: fn(&mut Value)| {
        Case::bad(kind, case, spec, at, what, edit)
    };
    let good =
        |kind, case, spec, what, edit: fn(&mut Value)| Case::good(kind, case, spec, what, edit);
    vec![
        good(
            "inventory",
            "full",
            "sta-13 sta-22 sta-23",
            "every member there can be; one device more listed than present at once",
            |_| {},
        ),
        good(
            "inventory",
            "zero",
            "sta-22",
            "no device, as before an area is closed",
            |p| {
                p["capacity"] = json!([]);
                p["watts"] = json!([]);
                p["ledger"]["count"] = json!("0");
            },
        ),
        bad(
            "inventory",
            "capacity_above",
            "sta-22",
            "capacity",
            "capacity of more devices than are listed",
            |p| p["capacity"][0]["count"] = json!("18"),
        )
        .unseen(),
        bad(
            "inventory",
            "capacity_zero",
            "sta-22",
            "capacity",
            "a model without devices",
            |p| p["capacity"][1]["count"] = json!("0"),
        ),
        bad(
            "inventory",
            "capacity_unsorted",
            "sta-2",
            "capacity",
            "models that do not ascend",
            |p| p["capacity"].as_array_mut().unwrap().swap(0, 1),
        )
        .unseen(),
        bad(
            "inventory",
            "capacity_none",
            "sta-3",
            "capacity[0].model",
            "devices of no model",
            |p| p["capacity"][0]["model"] = json!("none"),
        ),
        bad(
            "inventory",
            "capacity_beyond",
            "sta-22",
            "capacity",
            "capacity beyond 38 digits",
            |p| {
                p["capacity"][0]["count"] = json!("9".repeat(38));
            },
        )
        .unseen(),
        bad(
            "inventory",
            "ledger_of_usage",
            "sta-13",
            "ledger.kind",
            "a usage's list of devices",
            |p| p["ledger"]["order"] = json!("inventory"),
        ),
        bad(
            "inventory",
            "ledger_sums",
            "sta-13",
            "ledger.sums[0].quantity",
            "sums of devices that count nothing",
            |p| {
                p["ledger"]["sums"] = json!([{"basis": "present", "boundary": "none", "quantity": "accelerator_seconds", "value": "1"}]);
            },
        ),
        bad(
            "inventory",
            "watts_zero",
            "sta-23",
            "watts",
            "rated at nothing: gaps would be free",
            |p| p["watts"][0]["watts"] = json!("0"),
        ),
        bad(
            "inventory",
            "watts_twice",
            "sta-2",
            "watts",
            "one boundary twice",
            |p| p["watts"][1]["boundary"] = json!("gpu"),
        )
        .unseen(),
        bad(
            "inventory",
            "transfers_twice",
            "sta-2",
            "transfers",
            "one transfer twice",
            |p| {
                let one = p["transfers"][0].clone();
                p["transfers"].as_array_mut().unwrap().push(one);
            },
        ),
        good(
            "transfer",
            "full",
            "sta-31",
            "devices that leave for another issuer's area",
            |_| {},
        ),
        good(
            "transfer",
            "outside",
            "sta-31",
            "devices that come from outside",
            |p| {
                p["direction"] = json!("in");
                p["counterpart"] = json!("outside");
            },
        ),
        bad(
            "transfer",
            "nothing",
            "sta-31",
            "ledger.count",
            "no device",
            |p| {
                p["ledger"]["count"] = json!("0");
                p["capacity"] = json!([]);
            },
        ),
        bad(
            "transfer",
            "capacity_below",
            "sta-31",
            "capacity",
            "more devices listed than counted",
            |p| p["capacity"][0]["count"] = json!("7"),
        )
        .unseen(),
        bad(
            "transfer",
            "to_itself",
            "sta-32",
            "counterpart",
            "a transfer to the area itself",
            |p| {
                p["counterpart"] = json!({"issuer": made_up("lab"), "stream": "1"});
            },
        )
        .unseen(),
        bad(
            "transfer",
            "to_stream_0",
            "sta-32",
            "counterpart.stream",
            "a transfer to a stream that is no area",
            |p| p["counterpart"]["stream"] = json!("0"),
        ),
        bad(
            "transfer",
            "direction_unknown",
            "sta-32",
            "direction",
            "neither in nor out",
            |p| p["direction"] = json!("away"),
        ),
        good("seal", "apply", "sta-33", "seals put on", |_| {}),
        good(
            "seal",
            "heartbeat",
            "sta-33",
            "seals confirmed whole",
            |p| {
                seal(
                    p,
                    json!({
                        "action": "heartbeat",
                        "method": "inspection",
                        "nonce": "00ff",
                        "period": {"end": "2026-03-03T00:00:00Z", "start": "2026-03-02T00:00:00Z"},
                        "seal": made_up("seal"),
                    }),
                );
            },
        ),
        good("seal", "break", "sta-33", "seals taken off", |p| {
            seal(
                p,
                json!({
                    "action": "break",
                    "at": "2026-03-09T12:00:00Z",
                    "reason": "two devices are replaced",
                    "seal": made_up("seal"),
                }),
            );
        }),
        bad(
            "seal",
            "none",
            "sta-33",
            "seals",
            "devices under no seal",
            |p| p["seals"] = json!([]),
        ),
        bad(
            "seal",
            "cadence_zero",
            "sta-33",
            "cadence",
            "heartbeats that are never due",
            |p| p["cadence"] = json!("0"),
        ),
        bad(
            "seal",
            "capacity_above",
            "sta-31",
            "capacity",
            "more devices counted than listed",
            |p| p["capacity"][0]["count"] = json!("9"),
        )
        .unseen(),
        bad(
            "seal",
            "action_unknown",
            "sta-33",
            "action",
            "an action of another version",
            |p| p["action"] = json!("renew"),
        ),
    ]
}

/// Puts members in place of those of the example, but for those common to all types.
fn seal(predicate: &mut Value, members: Value) {
    let common: Vec<(String, Value)> = ["governance", "notBefore", "previous"]
        .map(|name| (name.to_owned(), predicate[name].clone()))
        .into();
    *predicate = members;
    for (name, value) in common {
        predicate[name] = value;
    }
}

fn runs() -> Vec<Case> {
    let bad =
        |case, spec, at, what, edit: fn(&mut Value)| Case::bad("run", case, spec, at, what, edit);
    let good = |case, spec, what, edit: fn(&mut Value)| Case::good("run", case, spec, what, edit);
    vec![
        good(
            "progress",
            "sta-24 sta-25 sta-26",
            "every member there can be",
            |_| {},
        ),
        good(
            "start",
            "sta-25",
            "the start of a run made from nothing",
            start,
        ),
        good("end", "sta-24", "the end", |p| {
            p["event"] = json!("end");
            p["architecture"] = json!("none");
            p["lineage"] = json!([]);
        }),
        bad(
            "event_unknown",
            "sta-25",
            "event",
            "an event of another version",
            |p| p["event"] = json!("pause"),
        ),
        bad("areas_none", "sta-24", "areas", "a run nowhere", |p| {
            p["areas"] = json!([])
        }),
        bad(
            "areas_of_others",
            "sta-24",
            "areas",
            "a run that does not use the area in whose stream it stands",
            |p| {
                p["areas"].as_array_mut().unwrap().remove(0);
            },
        )
        .unseen(),
        bad("areas_twice", "sta-2", "areas", "one area twice", |p| {
            p["areas"][1]["stream"] = json!("1")
        })
        .unseen(),
        bad(
            "figures_of_energy",
            "sta-25",
            "areas[0].figures",
            "energy of a run",
            |p| {
                let figure = &mut p["areas"][0]["figures"][0];
                figure["quantity"] = json!("energy_joules");
                figure["unit"] = json!("J");
                figure["boundary"] = json!("gpu");
            },
        ),
        bad(
            "figures_of_other_class",
            "sta-25",
            "areas[0].figures",
            "a run of one class that explains use of another",
            |p| p["class"] = json!("inference"),
        )
        .unseen(),
        bad(
            "start_with_figures",
            "sta-25",
            "areas[0].figures",
            "a start that covers something",
            |p| {
                let figures = p["areas"][0]["figures"].clone();
                start(p);
                p["areas"][0]["figures"] = figures;
            },
        ),
        bad(
            "start_with_architecture",
            "sta-25",
            "architecture",
            "operations before the start",
            |p| {
                let architecture = p["architecture"].clone();
                start(p);
                p["architecture"] = architecture;
            },
        ),
        bad(
            "flop_reversed",
            "sta-26",
            "lineage[1].flop.upper",
            "bounds inside out",
            |p| p["lineage"][1]["flop"]["upper"] = json!("1"),
        )
        .unseen(),
        bad(
            "origin_unknown",
            "sta-26",
            "lineage[1].origin",
            "an origin of another version",
            |p| p["lineage"][1]["origin"] = json!("found"),
        ),
        bad(
            "gave_unknown",
            "sta-26",
            "lineage[0].gave",
            "an inheritance of another version",
            |p| p["lineage"][0]["gave"] = json!("advice"),
        ),
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

fn others() -> Vec<Case> {
    let bad = |kind, case, spec, at, what, edit: fn(&mut Value)| {
        Case::bad(kind, case, spec, at, what, edit)
    };
    let good =
        |kind, case, spec, what, edit: fn(&mut Value)| Case::good(kind, case, spec, what, edit);
    let mut cases = vec![
        good(
            "corroboration",
            "full",
            "sta-27 sta-28",
            "a campus feed, and devices counted",
            |_| {},
        ),
        bad(
            "corroboration",
            "figures_none",
            "sta-27",
            "figures",
            "nothing measured",
            |p| p["figures"] = json!([]),
        ),
        bad(
            "corroboration",
            "boundary_other",
            "sta-27",
            "figures",
            "energy at another boundary",
            |p| p["boundary"] = json!("rack"),
        )
        .unseen()
        .admits(2),
        bad(
            "corroboration",
            "boundary_unused",
            "sta-27",
            "boundary",
            "a boundary without energy",
            |p| {
                p["figures"].as_array_mut().unwrap().remove(0);
            },
        )
        .unseen()
        .admits(1),
        bad(
            "corroboration",
            "of_itself",
            "sta-28",
            "issuer",
            "a lab that vouches for itself",
            |p| p["issuer"] = json!(made_up("lab")),
        )
        .unseen(),
        bad(
            "corroboration",
            "of_stream_0",
            "sta-28",
            "streams",
            "a stream that is no area",
            |p| p["streams"][0] = json!("0"),
        ),
        bad(
            "corroboration",
            "streams_unsorted",
            "sta-2",
            "streams",
            "streams that do not ascend as numbers",
            |p| p["streams"] = json!(["10", "2"]),
        )
        .unseen(),
        good(
            "corroboration",
            "streams_sorted",
            "sta-2",
            "streams that ascend as numbers and not as text",
            |p| p["streams"] = json!(["2", "10"]),
        ),
        bad(
            "corroboration",
            "source_unknown",
            "sta-27",
            "source",
            "a source of another version",
            |p| p["source"] = json!("hearsay"),
        ),
        bad(
            "corroboration",
            "cover_unknown",
            "sta-27",
            "cover",
            "a cover of another version",
            |p| p["cover"] = json!("most"),
        ),
        good(
            "evidence",
            "full",
            "sta-29 sta-30",
            "an inspector's report that could be guessed",
            |_| {},
        ),
        good(
            "evidence",
            "digest",
            "sta-29 sta-30",
            "a quote that nobody could guess, and no figure",
            |p| {
                drop_member(p, "commitment");
                p["digest"] = json!(made_up("quote"));
                p["kind"] = json!("tpm-quote");
                p["catalogue"] = json!("none");
                p["figures"] = json!([]);
            },
        ),
        bad(
            "evidence",
            "digest_twice",
            "sta-29",
            "digest",
            "a digest and a commitment",
            |p| p["digest"] = json!(made_up("quote")),
        ),
        bad(
            "evidence",
            "digest_none",
            "sta-29",
            "digest",
            "bytes that are not named",
            |p| drop_member(p, "commitment"),
        ),
        bad(
            "evidence",
            "catalogue_unused",
            "sta-30",
            "catalogue",
            "a catalogue without figures",
            |p| p["figures"] = json!([]),
        ),
        bad(
            "evidence",
            "catalogue_missing",
            "sta-30",
            "catalogue",
            "figures of no catalogue",
            |p| p["catalogue"] = json!("none"),
        ),
        bad(
            "evidence",
            "kind_unknown",
            "sta-29",
            "kind",
            "a kind of another version",
            |p| p["kind"] = json!("rumour"),
        ),
        bad(
            "evidence",
            "nonce_long",
            "sta-29",
            "nonce",
            "a nonce of 65 bytes",
            |p| p["nonce"] = json!("00".repeat(65)),
        ),
    ];
    for source in [
        "own-meter",
        "own-billing",
        "inspection",
        "recomputation",
        "shown-by-lab",
    ] {
        cases.push(Case::good(
            "corroboration",
            &format!("from_{}", source.replace('-', "_")),
            "sta-27",
            "a source",
            |p| p["source"] = json!(source),
        ));
    }
    for cover in ["all", "part"] {
        cases.push(Case::good(
            "corroboration",
            &format!("cover_{cover}"),
            "sta-27",
            "a cover",
            |p| p["cover"] = json!(cover),
        ));
    }
    for kind in ["gpu-attestation", "external"] {
        cases.push(Case::good(
            "evidence",
            &kind.replace('-', "_"),
            "sta-29",
            "a kind",
            |p| p["kind"] = json!(kind),
        ));
    }
    cases
}

fn auditors() -> Vec<Case> {
    let bad = |kind, case, spec, at, what, edit: fn(&mut Value)| {
        Case::bad(kind, case, spec, at, what, edit)
    };
    let good =
        |kind, case, spec, what, edit: fn(&mut Value)| Case::good(kind, case, spec, what, edit);
    let mut cases = vec![
        good(
            "challenge",
            "full",
            "sta-34",
            "records drawn by a beacon and a secret",
            |_| {},
        ),
        good(
            "challenge",
            "inspection",
            "sta-34",
            "a visit, drawn by a secret alone",
            |p| {
                p["kind"] = json!("inspection");
                p["target"] = json!("none");
                p["draw"]["beacon"] = json!("none");
            },
        ),
        bad(
            "challenge",
            "target_none",
            "sta-34",
            "target",
            "records of no ledger",
            |p| p["target"] = json!("none"),
        ),
        bad(
            "challenge",
            "steered",
            "sta-34",
            "draw.beacon",
            "a draw that the auditor chooses",
            |p| {
                p["draw"]["beacon"] = json!("none");
                p["draw"]["commitment"] = json!("none");
            },
        ),
        bad(
            "challenge",
            "count_zero",
            "sta-34",
            "draw.count",
            "nothing drawn",
            |p| p["draw"]["count"] = json!("0"),
        ),
        bad(
            "challenge",
            "count_above",
            "sta-34",
            "draw.count",
            "more records drawn than there are",
            |p| p["draw"]["count"] = json!("17"),
        )
        .unseen(),
        bad(
            "challenge",
            "of_itself",
            "sta-28",
            "issuer",
            "a challenge to oneself",
            |p| p["issuer"] = json!(made_up("lab")),
        )
        .unseen(),
        bad(
            "challenge",
            "kind_unknown",
            "sta-34",
            "kind",
            "a kind of another version",
            |p| p["kind"] = json!("interview"),
        ),
        good(
            "challenge-response",
            "answered",
            "sta-35",
            "an answer",
            |_| {},
        ),
        good(
            "challenge-response",
            "refused",
            "sta-35",
            "a refusal",
            |p| {
                drop_member(p, "commitment");
                p["outcome"] = json!("refused");
            },
        ),
        good(
            "challenge-response",
            "unable",
            "sta-35",
            "records that were lost",
            |p| {
                drop_member(p, "commitment");
                p["outcome"] = json!("unable");
            },
        ),
        bad(
            "challenge-response",
            "answered_nothing",
            "sta-35",
            "digest",
            "an answer that shows nothing",
            |p| drop_member(p, "commitment"),
        ),
        bad(
            "challenge-response",
            "refused_something",
            "sta-35",
            "commitment",
            "a refusal that shows something",
            |p| p["outcome"] = json!("refused"),
        ),
        bad(
            "challenge-response",
            "to_itself",
            "sta-28",
            "auditor",
            "an answer to oneself",
            |p| p["auditor"] = json!(made_up("lab")),
        )
        .unseen(),
        bad(
            "challenge-response",
            "outcome_unknown",
            "sta-35",
            "outcome",
            "an outcome of another version",
            |p| p["outcome"] = json!("pending"),
        ),
    ];
    for kind in ["serials", "canary-load", "recomputation"] {
        cases.push(Case::good(
            "challenge",
            &kind.replace('-', "_"),
            "sta-34",
            "a kind",
            |p| p["kind"] = json!(kind),
        ));
    }
    cases
}

fn corrections() -> Vec<Case> {
    let bad = |case, spec, at, what, edit: fn(&mut Value)| {
        Case::bad("correction", case, spec, at, what, edit)
    };
    let mut cases = vec![
        Case::good(
            "correction",
            "usage",
            "sta-36 sta-37",
            "a usage in place of another",
            |_| {},
        ),
        bad(
            "of_pledge",
            "sta-36",
            "type",
            "a pledge is never corrected",
            |p| p["type"] = json!("pledge"),
        )
        .admits(1),
        bad(
            "of_correction",
            "sta-36",
            "type",
            "a correction is never corrected",
            |p| p["type"] = json!("correction"),
        )
        .admits(1),
        bad(
            "of_evidence",
            "sta-36",
            "type",
            "evidence is never corrected",
            |p| p["type"] = json!("evidence"),
        )
        .admits(1),
        bad(
            "of_later",
            "sta-37",
            "corrects.sequence",
            "a correction of what is not there yet",
            |p| p["corrects"]["sequence"] = json!("4"),
        )
        .unseen()
        .admits(1),
        bad(
            "of_other_type",
            "sta-36",
            "replacement",
            "a usage in place of an inventory",
            |p| p["type"] = json!("inventory"),
        )
        .admits(1),
        bad(
            "commitment_original",
            "sta-20",
            "replacement.commitments",
            "a replacement with the number of an original",
            |p| {
                p["replacement"]["commitments"] =
                    super::example("statements.md", "usage")["commitments"].clone();
            },
        )
        .unseen()
        .admits(1),
        Case::good(
            "correction",
            "commitment",
            "sta-20",
            "the first correction of a committed figure",
            |p| {
                let mut commitments =
                    super::example("statements.md", "usage")["commitments"].clone();
                commitments[0]["correction"] = json!("1");
                p["replacement"]["commitments"] = commitments;
            },
        ),
        bad(
            "with_link",
            "sta-36",
            "replacement",
            "a replacement with members common to all",
            |p| p["replacement"]["notBefore"] = json!("none"),
        )
        .admits(1),
        bad("reason_empty", "sta-1", "reason", "no reason", |p| {
            p["reason"] = json!("")
        })
        .admits(1),
        bad(
            "poisoned",
            "sta-38",
            "replacement.figures[0].unit",
            "two admissions, one of which cannot be read",
            |p| {
                let figure = p["replacement"]["figures"][0].clone();
                p["replacement"]["figures"][0]["unit"] = json!("h");
                p["replacement"]["figures"]
                    .as_array_mut()
                    .unwrap()
                    .push(figure);
            },
        )
        .admits(1),
        Case::bad(
            "usage",
            "in_governance",
            "sta-6",
            "predicateType",
            "a usage in stream 0",
            |p| {
                small(p);
                drop_member(p, "governance");
            },
        )
        .admits(1)
        .at(0, 4),
        Case::bad(
            "usage",
            "type_unknown",
            "sta-6",
            "predicateType",
            "a type of another version",
            small,
        )
        .admits(1)
        .typed("usage-hourly"),
        Case::good(
            "withdrawal",
            "full",
            "sta-36",
            "the end of a pledge's duty",
            |_| {},
        ),
    ];
    for kind in ["inventory", "run", "corroboration"] {
        cases.push(Case::good(
            "correction",
            kind,
            "sta-36",
            "another type that can be corrected",
            |p| {
                let mut replacement = super::example("statements.md", kind);
                for name in ["governance", "notBefore", "previous"] {
                    drop_member(&mut replacement, name);
                }
                p["replacement"] = replacement;
                p["type"] = json!(kind);
            },
        ));
    }
    cases
}

/// A witness's key, of type 0x04.
fn witness(name: &str, seed: u8) -> String {
    let key = SecretKey::from_seed([seed; 32]);
    let name = KeyName::new(name).unwrap();
    SignerKey::new(name, Algorithm::CosignatureV1, key)
        .verifier()
        .to_string()
}

fn governance() -> Vec<Case> {
    let good = |kind, case, what, edit: fn(&mut Value)| Case::good(kind, case, "sta-2", what, edit);
    vec![
        good("area", "open", "an area of hours", |_| {}),
        good(
            "area",
            "open_measuring",
            "a corroborator's area, in which nothing is due",
            |p| {
                p["cadence"] = json!("none");
                p["continues"] = json!([]);
                p["measures"] = json!({"issuer": made_up("another lab"), "stream": "1"});
            },
        ),
        good("area", "change", "months from an edge on", |p| {
            for name in ["name", "first", "measures", "continues"] {
                drop_member(p, name);
            }
            p["action"] = json!("change");
            p["cadence"] = json!("month");
            p["from"] = json!("2026-04-01T00:00:00Z");
        }),
        good("area", "close", "the end of an area", |p| {
            for name in ["name", "first", "measures", "continues", "cadence", "grace"] {
                drop_member(p, name);
            }
            p["action"] = json!("close");
            p["end"] = json!("2026-04-01T00:00:00Z");
            p["inventory"] = json!(made_up("inventory of zero"));
        }),
        good("issuer", "first", "a first statement", |_| {}),
        good(
            "issuer",
            "moved",
            "every member there can be: a move to this log",
            |p| {
                p["previous"] = json!(made_up("issuer"));
                p["witnesses"] = json!({
                    "keys": [witness("one.example/w", 11), witness("two.example/w", 12)],
                    "quorum": "1",
                });
                let old = SignerKey::new(
                    KeyName::new("log.example/old").unwrap(),
                    Algorithm::Ed25519,
                    SecretKey::from_seed([13; 32]),
                );
                p["moved"] = json!({
                    "checkpoint": "log.example/old\n7\nrcCI5ue4hwW8Qd1qWZ4jL3s1MWr7R4Q0uSWWQPn0bRs=\n",
                    "from": {"key": old.verifier().to_string(), "origin": "log.example/old"},
                    "heads": [
                        {"sequence": "3", "statement": made_up("issuer"), "stream": "0"},
                        {"sequence": "9", "statement": made_up("usage"), "stream": "1"},
                    ],
                });
            },
        ),
        good("registration", "admits", "an issuer admitted", |_| {}),
        good(
            "registration",
            "removes",
            "an issuer admitted no longer",
            |p| {
                p["removes"] = p["admits"].take();
                p["admits"] = json!([]);
            },
        ),
        good("recovery", "full", "entries that were lost", |_| {}),
        good("recovery", "nothing_lost", "a clock that went back", |p| {
            p["cause"] = json!("clock-went-back");
            p["lost"] = json!("none");
            p["latest"] =
                json!("log.example/small\n297\nrcCI5ue4hwW8Qd1qWZ4jL3s1MWr7R4Q0uSWWQPn0bRs=\n");
        }),
    ]
}
