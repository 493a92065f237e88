//! Help and output, as somebody meets them who has never seen the program.

use crate::lab::{HALF, LIMIT, Lab};
use crate::sandbox::Sandbox;

/// Every command, with what it is asked in the tests of its own.
const COMMANDS: [&str; 32] = [
    "",
    "attest",
    "bundle",
    "collect",
    "collect slurm",
    "collect jobs",
    "correct",
    "demo",
    "evidence",
    "evidence nonce",
    "evidence state",
    "init",
    "inventory",
    "key",
    "key new",
    "key show",
    "key rotate",
    "key revoke",
    "pledge",
    "pledge new",
    "pledge lint",
    "pledge sign",
    "publish",
    "trust",
    "trust new",
    "verify",
    "vsa",
    "vsa check",
    "withdraw",
    "witness",
    "witness init",
    "witness cosign",
];

#[test]
fn every_command_and_every_argument_explains_itself() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        let help = sandbox.ok(&format!("{command} --help"));
        assert!(help.contains("Usage: standstill"), "{command}: {help}");
        assert!(!help.starts_with("Usage"), "{command} has no words: {help}");
        assert!(!help.contains("simulated-time"), "{command}: {help}");
        for line in help.lines().filter(|line| !line.starts_with("Usage: ")) {
            assert!(line.chars().count() <= 100, "{command}: {line}");
        }
        // An option without words is followed by nothing but the next one.
        let lines: Vec<&str> = help.lines().collect();
        for pair in lines.windows(2) {
            let option = pair[0].trim_start().starts_with("--");
            let long = option && pair[0].split("  ").count() < 3;
            let bare = long && pair[1].trim().is_empty();
            assert!(!bare, "{command}: no words for {}", pair[0]);
        }
    }
    // What the program cannot show is said where it is first met.
    let help = sandbox.ok("--help");
    assert!(help.contains("never compliance"), "{help}");
    let version = sandbox.ok("--version");
    assert!(version.starts_with("standstill "), "{version}");
}

#[test]
fn every_command_speaks_json() {
    let mut lab = Lab::new();
    let jobs = "job,start,end,accelerators\na,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,8\n";
    lab.write("jobs.csv", jobs);
    lab.write("devices.csv", "serial,model\nA1,h100-sxm\n");
    let draft = lab.ok(&format!(
        "pledge new --kind cap --start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z --limit {LIMIT} --workspace lab"
    ));
    lab.write("pledge.json", draft);
    lab.at(HALF);
    let bundle = format!(
        "bundle lab/log --issuer {} --from 2026-03-01T00:00:00Z --to 2026-03-31T00:00:00Z -o b",
        lab.id
    );
    let mut pledge = String::new();
    for typed in [
        "init other",
        "witness init w4 --name witness.example/4",
        "key new auditor.key --name auditor.example/judge",
        "key show --workspace lab",
        "pledge lint pledge.json",
        "pledge sign pledge.json --workspace lab",
        "inventory devices.csv --workspace lab",
        "collect jobs jobs.csv --workspace lab --through 2026-03-03T00:00:00Z",
        "attest --workspace lab",
        "key rotate --role operations --workspace lab",
        "publish --workspace lab --preview",
        "publish --workspace lab",
        "witness cosign w1 lab/log",
        "collect jobs jobs.csv --workspace lab --through 2026-03-03T00:00:00Z --again 2026-03-01T00:00:00Z",
        "correct 2026-03-01T00:00:00Z lab/collected/1-again/2026-03-01T00:00:00Z.usage --reason x --workspace lab",
        &bundle,
    ] {
        let out = lab.ok(&format!("{typed} --json"));
        let shown: Result<serde_json::Value, _> = serde_json::from_str(&out);
        let shown = shown.unwrap_or_else(|error| panic!("{typed}: {error}: {out}"));
        if let Some(id) = shown["pledge"].as_str() {
            id.clone_into(&mut pledge);
        }
    }
    let out = lab.ok(&format!(
        "withdraw {pledge} --reason x --workspace lab --json"
    ));
    assert!(
        serde_json::from_str::<serde_json::Value>(&out).is_ok(),
        "{out}"
    );
}

#[test]
fn standard_output_carries_only_what_was_asked_for() {
    let lab = Lab::new();
    // A reader that goes away early is no failure.
    let done = lab.shell("standstill key show --workspace lab | head -n 1");
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let done = lab.run("pledge new --kind cap --start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z --limit 1 --workspace lab");
    assert!(serde_json::from_str::<serde_json::Value>(&done.out).is_ok());
    // Output that cannot be written is one.
    let done = lab.shell("standstill key show --workspace lab > /dev/full");
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.err.starts_with("error: cannot write the output"),
        "{done:?}"
    );
}
