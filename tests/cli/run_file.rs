//! Runs told by a file beside the job, and by the ledgers that were attested.

use crate::lab::{END, Lab};

/// Two weeks of a run on 64 devices, and a job of another run.
const JOBS: &str = "job,start,end,accelerators,model,class,run\n\
    a-1,2026-03-01T00:00:00Z,2026-03-08T00:00:00Z,64,h100,training,north\n\
    a-2,2026-03-08T00:00:00Z,2026-03-15T00:00:00Z,64,h100,training,north\n\
    b-1,2026-03-01T00:00:00Z,2026-03-15T00:00:00Z,8,h100,training,south\n\
    b-2,2026-03-01T00:00:00Z,2026-03-02T00:00:00Z,8,h100,inference,\n";

/// A week of 64 devices, in seconds.
const WEEK: u64 = 64 * 7 * 86_400;

const FILE: &str = "name: north\nclass: training\nfrom: 2026-03-01T00:00:00Z\n\
    end: 2026-03-15T00:00:00Z\n";

/// A lab that attested its jobs up to an instant.
fn lab(through: &str) -> Lab {
    let mut lab = Lab::new();
    lab.write("jobs.csv", JOBS);
    lab.at(END);
    lab.ok(&format!(
        "collect jobs jobs.csv --model h100=h100-sxm --workspace lab --through {through}"
    ));
    lab.ok("attest --workspace lab");
    lab
}

/// Tells of the run in `run.yaml`; returns what was answered, as JSON.
fn tell(lab: &Lab, text: &str, through: &str) -> serde_json::Value {
    lab.write("run.yaml", text);
    let answer = lab.ok(&format!(
        "declare run file run.yaml --workspace lab --json {through}"
    ));
    serde_json::from_str(&answer).unwrap()
}

fn refused(lab: &Lab, text: &str) -> String {
    lab.write("run.yaml", text);
    let run = lab.run("declare run file run.yaml --workspace lab");
    assert_ne!(run.code, 0, "{text}");
    assert_ne!(run.code, 101, "{text}");
    run.err
}

fn statements(lab: &Lab) -> usize {
    lab.read("lab/journal").lines().count()
}

// spec: run-6 run-7
#[test]
fn a_run_is_told_as_it_goes_on_and_never_twice() {
    let lab = lab("2026-03-31T00:00:00Z");
    let half = tell(&lab, FILE, "--through 2026-03-08T00:00:00Z");
    assert_eq!(half["ended"], false);
    assert_eq!(half["accelerator_seconds"]["h100-sxm"], WEEK.to_string());
    let told = statements(&lab);
    // Nothing new, nothing told.
    tell(&lab, FILE, "--through 2026-03-08T00:00:00Z");
    assert_eq!(statements(&lab), told);
    let end = tell(&lab, FILE, "");
    assert_eq!(end["ended"], true);
    assert_eq!(end["run"], half["run"]);
    assert_eq!(
        end["accelerator_seconds"]["h100-sxm"],
        (2 * WEEK).to_string()
    );
    assert_eq!(statements(&lab), told + 1);
    tell(&lab, FILE, "");
    assert_eq!(statements(&lab), told + 1);
    // Jobs by their ids, where the log names no runs.
    let by_id = FILE.replace("north", "east") + "jobs: [b-1]\n";
    let told = tell(&lab, &by_id, "");
    assert_eq!(
        told["accelerator_seconds"]["h100-sxm"],
        (2 * WEEK / 8).to_string()
    );
}

// spec: run-6
#[test]
fn an_attempt_that_died_makes_no_second_start() {
    let lab = lab("2026-03-31T00:00:00Z");
    let first = tell(&lab, FILE, "--through 2026-03-08T00:00:00Z");
    // As if it had died before it could keep the name.
    std::fs::remove_file(lab.path("lab/runs/north")).unwrap();
    let next = tell(&lab, FILE, "");
    assert_eq!(first["run"], next["run"]);
    // Another run of the same kind is another run.
    let other = tell(&lab, &FILE.replace("north", "south"), "");
    assert_ne!(other["run"], next["run"]);
}

// spec: run-4 run-5
#[test]
fn operations_by_architecture_stand_beside_those_of_the_hardware() {
    let lab = lab("2026-03-31T00:00:00Z");
    let dense = "tokens: 1000000000000\nparameters: 8000000000\ndtype: bf16\n";
    let told = tell(
        &lab,
        &format!("{FILE}{dense}"),
        "--through 2026-03-08T00:00:00Z",
    );
    assert_eq!(told["flop_by_architecture"], "48000000000000000000000");
    // 989.4 TFLOP/s dense in BF16, twice that in FP8.
    let bf16 = u128::from(WEEK) * 989_400_000_000_000;
    assert_eq!(told["flop_by_hardware"], bf16.to_string());
    let peak: u128 = told["flop_of_peak"].as_str().unwrap().parse().unwrap();
    assert!(peak > bf16 * 19 / 10, "{peak}");
    // A mixture of experts counts what takes part; attention is at most so much more.
    let experts = "tokens: 2000000000000\nparameters: 400000000000\nactive: 8000000000\n\
        dtype: fp8\nattention: {layers: 2, width: 10, context: 100}\n";
    let told = tell(&lab, &format!("{FILE}{experts}"), "");
    let least = 96_000_000_000_000_000_000_000_u128;
    let most = least + 12 * 2 * 10 * 100 * 2_000_000_000_000;
    assert_eq!(told["flop_by_architecture"], format!("{least} to {most}"));
}

// spec: run-5
#[test]
fn operations_that_the_hardware_cannot_have_done_are_warned_of() {
    let lab = lab("2026-03-31T00:00:00Z");
    for (name, tokens, warned) in [
        ("north", "1000000000000", false),
        ("south", "1000000000000000", true),
    ] {
        let text = format!(
            "{}tokens: {tokens}\nparameters: 8000000000\ndtype: bf16\n",
            FILE.replace("north", name)
        );
        lab.write("run.yaml", text);
        let run = lab.run("declare run file run.yaml --workspace lab");
        assert_eq!(run.code, 0, "{}", run.err);
        assert_eq!(
            run.err.contains("more than these devices could do"),
            warned,
            "{}",
            run.err
        );
    }
}

/// A list that names the list before ten times over, nine times.
fn laughs() -> String {
    let mut text = "[&a0 [x, x]".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!(
            ", &a{level} [{}]",
            [before.as_str(); 10].join(", ")
        ));
    }
    text.push_str("]\n");
    text
}

// spec: run-1 run-2 run-3
#[test]
fn a_bad_file_is_refused_and_nothing_is_told() {
    let lab = lab("2026-03-31T00:00:00Z");
    let told = statements(&lab);
    let counted = "tokens: 10\nparameters: 5\ndtype: bf16\n";
    for (text, says) in [
        ("", "run.yaml"),
        ("name: north\n", "class"),
        (&format!("{FILE}colour: red\n"), "colour"),
        (&format!("{FILE}name: south\n"), "name"),
        (&format!("{FILE}tokens: 5\n"), "stand together"),
        (
            &format!("{FILE}attention: {{layers: 1, width: 1, context: 1}}\n"),
            "stand together",
        ),
        (&format!("{FILE}{counted}active: 6\n"), "more than the 5"),
        (
            &format!("{FILE}tokens: 1.5\nparameters: 5\ndtype: x\n"),
            "tokens",
        ),
        (
            &format!("{FILE}tokens: -1\nparameters: 5\ndtype: x\n"),
            "tokens",
        ),
        (&FILE.replace("north", "../north"), "`../north`"),
        (&FILE.replace("north", ".north"), "begin with a point"),
        (&FILE.replace("training", "fun"), "`class`"),
        (&FILE.replace("03-01T00", "03-01T01"), "begins or ends"),
        (
            &FILE.replace("from: 2026-03-01T00:00:00Z", "from: yesterday"),
            "`from`",
        ),
        (&format!("{FILE}parents: [someone]\n"), "`parents`"),
        (&format!("{FILE}imported: [weights]\n"), "`imported`"),
        (&format!("{FILE}areas: [7]\n"), "7"),
        (&format!("{FILE}areas: []\n"), "`areas` names none"),
        (
            &format!("{FILE}jobs: {}1{}\n", "[".repeat(5000), "]".repeat(5000)),
            "run.yaml",
        ),
        (&format!("{FILE}jobs: {}", laughs()), "run.yaml"),
        (&"#".repeat(1 << 21), "more than"),
        (&FILE.replace("north", "west"), "no job of run `west`"),
        (&FILE.replace("training", "inference"), "is of class"),
        (&FILE.replace("03-15", "05-15"), "not attested"),
    ] {
        let error = refused(&lab, text);
        assert!(error.contains(says), "{text}: {error}");
    }
    assert_eq!(statements(&lab), told);
}

// spec: run-3 run-8
#[test]
fn what_was_told_of_a_run_stays() {
    let lab = lab("2026-03-31T00:00:00Z");
    let counted = |tokens: u64| format!("{FILE}tokens: {tokens}\nparameters: 5\ndtype: bf16\n");
    tell(&lab, &counted(100), "--through 2026-03-08T00:00:00Z");
    let error = refused(&lab, &counted(99));
    assert!(error.contains("100 were told before"), "{error}");
    let other = format!("{}imported: [open=1..2]\n", counted(100));
    let error = refused(&lab, &other);
    assert!(error.contains("was declared to start otherwise"), "{error}");
    assert_eq!(tell(&lab, &counted(101), "")["ended"], true);
}
