//! Usage: its members, its period, models and values.

use serde_json::json;

use super::super::{Case, Changed, items};
use super::{full, interval, small};

pub fn cases() -> Vec<Case> {
    vec![
        full("full", "every member there can be").keeps("sta-13 sta-14 sta-15 sta-17 sta-18"),
        small("small", "no ledger of devices, and why").keeps("sta-17"),
        small(
            "extension",
            "members under reverse-domain names, at two depths",
        )
        .keeps("sta-13")
        .edit(|p| {
            p["example.org.note"] = json!({"any": ["thing", true, null]});
            p["figures"][0]["org.example"] = json!("x");
        })
        .extended(),
        small(
            "member_unknown",
            "a plain member that the type does not name",
        )
        .breaks("sta-6", "figure")
        .with(json!([]))
        .admits(1),
        small("member_missing", "no period")
            .lacks("sta-4", "period")
            .admits(1),
        small(
            "critical",
            "an extension that must be understood, and an admission",
        )
        .breaks("sta-38", "critical")
        .edit(|p| {
            p["critical"] = json!(["org.example"]);
            p["org.example"] = json!("x");
        })
        .unseen()
        .admits(1),
        small(
            "flooded",
            "an admission behind more items than a list may have",
        )
        .breaks("sta-38", "figures")
        .edit(|p| {
            let figure = p["figures"][0].clone();
            let mut items = vec![json!({}); 2000];
            items.push(figure);
            p["figures"] = json!(items);
        })
        .admits(1),
        small(
            "poisoned",
            "a figure that cannot be read beside one that can",
        )
        .breaks("sta-38", "figures[1].unit")
        .edit(|p| {
            let mut figure = p["figures"][0].clone();
            figure["unit"] = json!("h");
            items(&mut p["figures"]).push(figure);
        })
        .admits(1),
        small("reason_empty", "free text of no bytes")
            .breaks("sta-1", "devicesAbsent")
            .with("")
            .admits(1),
        small("reason_long", "free text of 1025 bytes")
            .breaks("sta-1", "devicesAbsent")
            .with("x".repeat(1025))
            .admits(1),
        small("period_empty", "a period that ends as it starts")
            .breaks("sta-4", "period.end")
            .edit(|p| p["period"]["end"] = p["period"]["start"].clone())
            .unseen()
            .admits(1),
        small("period_reversed", "a period that ends before it starts")
            .breaks("sta-4", "period.end")
            .with("2026-02-28T00:00:00Z")
            .unseen()
            .admits(1),
        small("model_empty", "a model of no bytes")
            .breaks("sta-3", "figures[0].model")
            .with("")
            .admits(0),
        small("model_upper_case", "a model that looks like another")
            .breaks("sta-3", "figures[0].model")
            .with("H100-SXM")
            .admits(0),
        small("model_space", "a model with a space behind it")
            .breaks("sta-3", "figures[0].model")
            .with("h100-sxm ")
            .admits(0),
        small("model_hyphens", "two hyphens in a row")
            .breaks("sta-3", "figures[0].model")
            .with("h100--sxm")
            .admits(0),
        small(
            "model_uncatalogued_nothing",
            "uncatalogued, and called nothing",
        )
        .breaks("sta-3", "figures[0].model")
        .with("uncatalogued:")
        .admits(0),
        small("model_uncatalogued", "a model that no catalogue has")
            .keeps("sta-3")
            .set("figures[0].model", "uncatalogued:gpu v2"),
        small("value_number", "a JSON number")
            .breaks("sta-5", "payload")
            .set("figures[0].value", 43200)
            .admits(0),
        small("value_leading_zero", "a leading zero")
            .breaks("sta-5", "figures[0].value")
            .with("043200")
            .admits(0),
        small("value_negative", "a sign")
            .breaks("sta-5", "figures[0].value")
            .with("-1")
            .admits(0),
        small("value_long", "39 digits")
            .breaks("sta-5", "figures[0].value")
            .with("9".repeat(39))
            .admits(0),
        small("value_and_interval", "a value and an interval")
            .breaks("sta-5", "figures[0].interval")
            .with(json!({"lower": "1", "upper": "2"}))
            .admits(0),
        small("value_none", "neither value nor interval")
            .breaks("sta-5", "figures[0].interval")
            .without("figures[0].value")
            .admits(0),
        small("interval_reversed", "an interval inside out")
            .breaks("sta-5", "figures[0].interval.upper")
            .edit(|p| interval(p, "2", "1"))
            .unseen()
            .admits(0),
        small("interval_of_one", "an interval that is a value")
            .breaks("sta-5", "figures[0].interval.upper")
            .edit(|p| interval(p, "1", "1"))
            .unseen()
            .admits(0),
    ]
}
