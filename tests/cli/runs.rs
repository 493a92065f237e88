//! Runs, declared by typed commands, and a claim on their lineage.

use crate::lab::{AFTER, BEFORE, END, Lab};

const DAYS: &str = "--start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z";

/// Declares a run of all of March; returns its id.
fn declared(lab: &Lab, seconds: &str, lineage: &str) -> String {
    let out = lab.ok(&format!(
        "declare run start --workspace lab --class training --from 2026-03-01T00:00:00Z {lineage}"
    ));
    let id = out.trim().strip_prefix("run ").unwrap().to_owned();
    lab.ok(&format!(
        "declare run end {id} --workspace lab {DAYS} --accelerator-seconds h100-sxm={seconds}"
    ));
    id
}

/// A lab that pledges no run above a limit, and reports March.
fn lab(limit: &str) -> Lab {
    let mut lab = Lab::new();
    lab.at(BEFORE);
    let draft = lab.ok(&format!(
        "pledge new --kind run-cap {DAYS} --limit {limit} --workspace lab"
    ));
    lab.write("draft.json", draft);
    lab.ok("pledge sign draft.json --workspace lab");
    lab.ok("publish --workspace lab");
    lab.report(END, "2026-03-31T00:00:00Z");
    lab
}

fn verdict(lab: &mut Lab) -> String {
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    lab.run("verify lab/log --trust trust.toml").out
}

#[test]
fn a_run_and_what_it_was_made_from_count_together() {
    // 15,261,022 device-seconds of training at 1.979e15 a second are 3.02e22.
    let mut kept = lab("31000000000000000000000");
    let first = declared(&kept, "10000000", "");
    declared(&kept, "5261022", &format!("--parent {first}"));
    let found = verdict(&mut kept);
    assert!(found.starts_with("lab: CONSISTENT@E1"), "{found}");
    let mut over = lab("30000000000000000000000");
    let first = declared(&over, "10000000", "");
    declared(&over, "5261022", &format!("--teacher {first}"));
    let found = verdict(&mut over);
    assert!(found.starts_with("lab: NOT-SHOWN"), "{found}");
    // Apart, neither is as large.
    let mut apart = lab("30000000000000000000000");
    declared(&apart, "10000000", "");
    declared(&apart, "5261022", "");
    let found = verdict(&mut apart);
    assert!(found.starts_with("lab: CONSISTENT@E1"), "{found}");
    // What came from outside may be anything.
    let mut imported = lab("31000000000000000000000");
    declared(&imported, "15261022", "--imported open=0..none");
    let found = verdict(&mut imported);
    assert!(found.starts_with("lab: NOT-SHOWN"), "{found}");
}

#[test]
fn bad_input_declares_nothing() {
    let lab = Lab::new();
    let start = "declare run start --workspace lab --class training";
    let said = lab.refused(&format!("{start} --from 2026-03-01T00:00:01Z"));
    assert!(said.contains("no period of area 1"), "{said}");
    let run = lab.ok(&format!("{start} --from 2026-03-01T00:00:00Z"));
    let run = run.trim().trim_start_matches("run ");
    let end = format!("declare run end {run} --workspace lab");
    let said = lab.refused(&format!(
        "{end} --start 2026-03-02T00:00:00Z --end 2026-03-01T00:00:00Z"
    ));
    assert!(said.contains("is not after the start"), "{said}");
    let said = lab.refused(&format!("{end} {DAYS} --accelerator-seconds h100=1"));
    assert!(said.contains("no model `h100`"), "{said}");
    let said = lab.refused(&format!("{end} {DAYS} --accelerator-seconds h100-sxm=2..1"));
    assert!(said.contains("ends before it begins"), "{said}");
    let other = "0".repeat(64);
    let said = lab.refused(&format!("declare run end {other} --workspace lab {DAYS}"));
    assert!(said.contains("is no run of this workspace"), "{said}");
    let done = lab.run(&format!("{start} --from 2026-03-01T00:00:00Z --parent x"));
    assert!(done.code == 2 && done.err.contains("`x`"), "{done:?}");
}

/// The last payload that would be published, once it may be.
fn said(lab: &mut Lab) -> String {
    lab.at(AFTER);
    let shown = lab.ok("publish --workspace lab --preview");
    let last: serde_json::Value = serde_json::from_str(shown.lines().last().unwrap()).unwrap();
    let payload = last["payload"].as_str().unwrap();
    let payload = standstill::encoding::base64::decode(payload).unwrap();
    String::from_utf8(payload).unwrap()
}

#[test]
fn a_run_uses_several_areas_and_says_what_in_each() {
    let mut lab = Lab::with("--area north --area south");
    let out = lab.ok(
        "declare run start --workspace lab --class training --from 2026-03-01T00:00:00Z --also 2",
    );
    let id = out.trim().strip_prefix("run ").unwrap().to_owned();
    let end = |used: &str| format!("declare run end {id} --workspace lab {DAYS} {used}");
    lab.refused(&end("--accelerator-seconds 3/h100-sxm=5"));
    lab.refused(&end("--accelerator-seconds north/h100-sxm=5"));
    lab.refused(
        "declare run start --workspace lab --class training --from 2026-03-01T00:00:00Z --also 3",
    );
    lab.ok(&end(
        "--accelerator-seconds h100-sxm=1000 --accelerator-seconds 2/h100-sxm=70..80",
    ));
    let shown = said(&mut lab);
    for figures in ["\"lower\":\"70\",\"upper\":\"80\"", "\"1000\""] {
        assert!(shown.contains(figures), "{shown}");
    }
    // A run of one area does not use another.
    let out =
        lab.ok("declare run start --workspace lab --class training --from 2026-03-01T00:00:00Z");
    let id = out.trim().strip_prefix("run ").unwrap();
    lab.refused(&format!(
        "declare run end {id} --workspace lab {DAYS} --accelerator-seconds 2/h100-sxm=5"
    ));
}
