//! What others measured, by typed commands: until a claim holds.

use crate::lab::{AFTER, BEFORE, END, LIMIT, Lab};

const WINDOW: &str = "--start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z";

/// Makes a workspace that measures the lab's area.
pub(crate) fn measuring(lab: &Lab, name: &str) -> String {
    let out = lab.ok(&format!(
        "init {name} --measures {}/1 --log {} --first 2026-03-01T00:00:00Z --witness w1 --witness w2 --witness w3",
        lab.id, lab.key
    ));
    let issuer = out.lines().find(|line| line.starts_with("issuer"));
    issuer
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .to_owned()
}

/// Has the lab's log take what others would publish.
pub(crate) fn logged(lab: &Lab, names: &[&str]) {
    let entries: String = names
        .iter()
        .map(|name| lab.ok(&format!("publish --workspace {name} --preview")))
        .collect();
    lab.write("entries", entries);
    lab.ok("publish --workspace lab --also entries");
}

/// Adds corroborators, each its own root, to the auditor's file.
pub(crate) fn expect(lab: &Lab, who: &[(&str, &str)]) {
    let mut trust = lab.read("trust.toml");
    for (name, id) in who {
        trust += &format!(
            "\n[[corroborator]]\nid = \"{id}\"\nname = \"{name}\"\ntrust_root = \"{name}\"\nmeasures = \"{}\"\n",
            lab.id
        );
    }
    lab.write("trust.toml", trust);
}

/// A lab of forty devices that pledged, and reported March.
pub(crate) fn lab() -> Lab {
    let mut lab = Lab::new();
    let mut devices = "serial,model\n".to_owned();
    for number in 0..40 {
        devices += &format!("SN-{number:04},h100-sxm\n");
    }
    lab.write("devices.csv", devices);
    lab.at(BEFORE);
    lab.ok("inventory devices.csv --workspace lab --from 2026-03-01T00:00:00Z");
    lab.pledge(LIMIT);
    lab.report(END, "2026-03-31T00:00:00Z");
    lab
}

#[test]
fn two_roots_beside_a_job_log_make_a_claim_hold() {
    let mut lab = lab();
    let (cloud, colo) = (measuring(&lab, "cloud"), measuring(&lab, "colo"));
    expect(&lab, &[("cloud", &cloud), ("colo", &colo)]);
    let verdict = |lab: &Lab| lab.run("verify lab/log --trust trust.toml");
    let found = verdict(&lab);
    assert_eq!(found.code, 3, "{found:?}");
    assert!(found.out.starts_with("lab: NOT-SHOWN"), "{found:?}");
    assert!(found.out.contains("corroboration-missing"), "{found:?}");
    // One month's bill; and a day's count of each day, in one table.
    lab.ok(&format!(
        "corroborate --workspace cloud --source own-billing --cover all {WINDOW} --accelerator-seconds h100-sxm=17000000..17500000"
    ));
    let mut table = "start,end,quantity,model,lower,upper\n".to_owned();
    for day in 1..=30 {
        table += &format!(
            "2026-03-{day:02}T00:00:00Z,2026-03-{:02}T00:00:00Z,accelerator_seconds,h100-sxm,400000,590000\n",
            day + 1
        );
    }
    lab.write("meter.csv", table);
    lab.ok("corroborate meter.csv --workspace colo --source own-meter --cover all");
    logged(&lab, &["cloud", "colo"]);
    lab.at(AFTER);
    lab.ok("publish --workspace lab");
    let found = verdict(&lab);
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.out.starts_with("lab: HOLDS@E3"), "{found:?}");
    assert!(found.out.contains("cloud, colo"), "{found:?}");
    // Published twice, it is in the log once.
    let size = |lab: &Lab| lab.entries().len();
    let before = size(&lab);
    logged(&lab, &["cloud", "colo"]);
    assert_eq!(size(&lab), before);
    // Handed on, it passes.
    let vkey = lab.ok("key new auditor.key --name auditor.example/judge");
    lab.ok("verify lab/log --trust trust.toml --sign auditor.key --to out");
    let file = std::fs::read_dir(lab.path("out")).unwrap().next().unwrap();
    let file = file.unwrap().file_name().into_string().unwrap();
    let passed = lab.ok(&format!("vsa check out/{file} --key {}", vkey.trim()));
    assert!(passed.starts_with("PASSED"), "{passed}");
    // As JSON.
    let json = lab.run("verify lab/log --trust trust.toml --json");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    // It rests on what all who spoke said.
    let streams = json["verdicts"][0]["streams"].to_string();
    assert!(
        streams.contains(&cloud) && streams.contains(&colo),
        "{streams}"
    );
    assert_eq!(
        json["verdicts"][0]["roots"],
        serde_json::json!(["cloud", "colo"])
    );
}

#[test]
fn who_measures_may_keep_a_log_of_its_own() {
    let lab = lab();
    // A job log says of no second that it was seen: two others must speak.
    let mut trust = lab.read("trust.toml");
    let mut keys = String::new();
    for name in ["cloud", "colo"] {
        let out = lab.ok(&format!(
            "init {name} --measures {}/1 --origin {name}.example/log --first 2026-03-01T00:00:00Z --witness w1 --witness w2 --witness w3",
            lab.id
        ));
        let printed = |what: &str| {
            let line = out.lines().find(|line| line.starts_with(what)).unwrap();
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        let (id, key) = (printed("issuer"), printed("log"));
        lab.ok(&format!(
            "corroborate --workspace {name} --source own-billing --cover all {WINDOW} --accelerator-seconds h100-sxm=17000000..17500000"
        ));
        lab.ok(&format!("publish --workspace {name}"));
        trust += &format!(
            "\n[[corroborator]]\nid = \"{id}\"\nname = \"{name}\"\ntrust_root = \"{name}\"\nmeasures = \"{}\"\nlog = \"{key}\"\n",
            lab.id
        );
        keys += &format!("log {key}\n");
    }
    lab.write("trust.toml", trust);
    // A policy that names logs trusts no other.
    let refused = lab.run("verify lab/log --trust trust.toml --beside cloud/log");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.err.contains("is not a log of the policy"),
        "{refused:?}"
    );
    let policy = lab.read("policy");
    lab.write("policy", keys + &policy);
    let alone = lab.run("verify lab/log --trust trust.toml");
    assert!(alone.out.starts_with("lab: NOT-SHOWN"), "{alone:?}");
    let all = "verify lab/log --trust trust.toml --beside cloud/log --beside colo/log";
    let one = lab.run("verify lab/log --trust trust.toml --beside cloud/log");
    assert!(one.out.starts_with("lab: NOT-SHOWN"), "{one:?}");
    let found = lab.run(&format!("{all} --witness w1 --witness w2"));
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.out.starts_with("lab: HOLDS@E3"), "{found:?}");
    assert!(
        found.out.contains("beside      cloud.example/log with"),
        "{found:?}"
    );
    // What was read of the lab's log before is not read again; the other log is.
    for _ in 0..2 {
        let kept = lab.run(&format!("{all} --state kept"));
        assert!(kept.out.starts_with("lab: HOLDS@E3"), "{kept:?}");
    }
    // Handed on, it names both trees.
    let vkey = lab.ok("key new auditor.key --name auditor.example/judge");
    lab.ok(&format!("{all} --sign auditor.key --to out"));
    let file = std::fs::read_dir(lab.path("out")).unwrap().next().unwrap();
    let file = file.unwrap().file_name().into_string().unwrap();
    let passed = lab.ok(&format!("vsa check out/{file} --key {}", vkey.trim()));
    assert!(passed.contains("cloud.example/log"), "{passed}");
    let wrong = lab.run("verify lab/log --trust trust.toml --beside trust.toml");
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("is no log"), "{wrong:?}");
    let again = lab.run("verify lab/log --trust trust.toml --beside lab/log");
    assert!(again.out.contains("is the log that is judged"), "{again:?}");
}

#[test]
fn what_is_not_over_waits_and_bad_input_changes_nothing() {
    let mut lab = Lab::new();
    measuring(&lab, "utility");
    let refused = |lab: &Lab, rest: &str, why: &[&str]| {
        let said = lab.refused(&format!(
            "corroborate --workspace utility --cover all {rest}"
        ));
        for why in why {
            assert!(said.contains(why), "{rest}: {said}");
        }
    };
    let meter = "--source own-meter";
    refused(&lab, meter, &["nothing is stated"]);
    refused(&lab, &format!("{meter} {WINDOW}"), &["no figure is stated"]);
    let reversed = "--start 2026-03-02T00:00:00Z --end 2026-03-01T00:00:00Z --energy 1";
    refused(
        &lab,
        &format!("{meter} {reversed}"),
        &["is not after the start"],
    );
    let unknown = format!("{meter} {WINDOW} --accelerators h100=1");
    refused(&lab, &unknown, &["no model `h100`", "catalogue"]);
    let range = format!("{meter} {WINDOW} --energy 5..4");
    let done = lab.run(&format!(
        "corroborate --workspace utility --cover all {range}"
    ));
    assert!(
        done.code == 2 && done.err.contains("ends before it begins"),
        "{done:?}"
    );
    let large = "9".repeat(39);
    let done = lab.run(&format!(
        "corroborate --workspace utility --cover all {meter} {WINDOW} --energy {large}"
    ));
    assert!(done.code == 2 && done.err.contains("38"), "{done:?}");
    // A table says where.
    let line = |text: &str| format!("start,end,quantity,lower,boundary\n{text}");
    let day = "2026-03-01T00:00:00Z,2026-03-02T00:00:00Z";
    for (text, why) in [
        (
            line(&format!(
                "{day},energy_joules,10,feed\n{day},energy_joules,x,feed\n"
            )),
            "line 3: `lower` is `x`",
        ),
        (
            line(&format!("{day},energy_joules,,feed\n")),
            "line 2: `lower` is missing",
        ),
        (
            line(&format!("{day},accelerator_seconds,10,feed\n")),
            "line 2: `accelerator_seconds` and a boundary",
        ),
        (line(&format!("{day},energy_joules,10,feed")), "is cut off"),
        (line(""), "states nothing"),
        ("begin,end\n".to_owned(), "a column `begin`"),
    ] {
        lab.write("bad.csv", text);
        refused(&lab, &format!("{meter} bad.csv"), &["bad.csv", why]);
    }
    // One's own area is measured by others.
    let own = lab.refused(&format!(
        "corroborate --workspace lab {meter} --cover all {WINDOW} --energy 1"
    ));
    assert!(own.contains("measures nobody"), "{own}");
    // The window is not over: nothing of it becomes public yet.
    lab.ok(&format!(
        "corroborate --workspace utility {meter} --cover more {WINDOW} --energy 1000..2000"
    ));
    let early = lab.run("publish --workspace utility --preview");
    assert!(!early.err.contains("1 corroboration"), "{early:?}");
    lab.at(END);
    let over = lab.run("publish --workspace utility --preview");
    assert!(over.err.contains("1 corroboration of stream 1"), "{over:?}");
    // Without an address, it says how.
    let alone = lab.refused("publish --workspace utility");
    assert!(
        alone.contains("somebody else's") && alone.contains("--also"),
        "{alone}"
    );
    // Others' entries must be entries.
    let mut entries = lab.ok("publish --workspace utility --preview");
    entries.insert(1, ' ');
    lab.write("entries", entries);
    let before = lab.listing("lab");
    let mangled = lab.run("publish --workspace lab --also entries");
    assert!(
        mangled.code == 2 && mangled.err.contains("line 1"),
        "{mangled:?}"
    );
    assert_eq!(lab.listing("lab"), before);
}
