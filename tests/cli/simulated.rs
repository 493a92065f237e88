//! Made-up labs, through the program: what an auditor types finds what the seed did.

use standstill::simulate::Cheat;

use crate::sandbox::Sandbox;

/// Makes a world and judges it by the command that was printed.
fn judged(sandbox: &Sandbox, options: &str) -> (i32, String) {
    let made = sandbox.ok(&format!("simulate world {options}"));
    let command = made.lines().last().unwrap();
    let command = command.split_once("standstill ").unwrap().1;
    let done = sandbox.run(command);
    (done.code, done.out)
}

// spec: che-2
#[test]
fn an_honest_lab_that_others_measure_holds() {
    let sandbox = Sandbox::new();
    let (code, out) = judged(&sandbox, "--open-ledgers --areas 2");
    assert!(out.starts_with("lab: HOLDS@E3\n"), "{out}");
    assert_eq!(code, 0);
    assert!(
        sandbox
            .read("world/truth.json")
            .contains("\"broken\": false")
    );
}

#[test]
fn a_hidden_run_is_told_by_those_who_measure() {
    let sandbox = Sandbox::new();
    let (code, out) = judged(&sandbox, "--cheat X4c");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("cloud and the lab disagree"), "{out}");
    assert!(
        sandbox
            .read("world/truth.json")
            .contains("\"broken\": true")
    );
}

#[test]
fn what_an_auditor_kept_and_what_a_lab_opened_is_in_the_command() {
    for (cheat, option, found) in [
        ("X1b", "--seen", "is a checkpoint that the log signed"),
        ("X2b", "--seen", "is a checkpoint that the log signed"),
        ("X15b", "--ledgers", "devices stand in two areas at once"),
        ("X16b", "--ledgers", "devices left and are there again"),
        (
            "X18c",
            "--ledgers",
            "series of readings are of more than one meter",
        ),
    ] {
        let sandbox = Sandbox::new();
        let made = sandbox.ok(&format!("simulate world --cheat {cheat} --others nobody"));
        assert!(made.contains(option), "{made}");
        let command = made
            .lines()
            .last()
            .unwrap()
            .split_once("standstill ")
            .unwrap()
            .1;
        let out = sandbox.run(command).out;
        assert!(out.contains(found), "{cheat}: {out}");
    }
}

// spec: che-1
#[test]
fn the_same_seed_gives_the_same_log_and_another_gives_another() {
    let sandbox = Sandbox::new();
    for (name, seed) in [("one", 5), ("same", 5), ("other", 6)] {
        sandbox.ok(&format!("simulate {name} --seed {seed} --hourly --days 2"));
    }
    let checkpoint = |name: &str| sandbox.read(&format!("{name}/log/checkpoint"));
    assert_eq!(checkpoint("one"), checkpoint("same"));
    assert_ne!(checkpoint("one"), checkpoint("other"));
}

#[test]
fn the_cheats_are_listed_and_what_is_none_is_refused() {
    let sandbox = Sandbox::new();
    let list = sandbox.ok("simulate --list");
    for cheat in Cheat::ALL {
        assert!(list.contains(cheat.what()), "{list}");
    }
    let done = sandbox.run("simulate world --cheat X99");
    assert_eq!(done.code, 2);
    assert!(done.err.contains("`X99` is no cheat"), "{done:?}");
    for (options, why) in [
        ("--areas 0", "0 areas are not between 1 and 1000"),
        ("--days 100001", "100001 periods are not between"),
        ("--devices 0", "0 devices are not between"),
        ("--runs 0", "a run has one period at least"),
    ] {
        let said = sandbox.refused(&format!("simulate world {options}"));
        assert!(said.contains(why), "{said}");
        assert!(!sandbox.path("world").exists());
    }
    sandbox.ok("simulate world");
    let said = sandbox.refused("simulate world");
    assert!(said.contains("is there already"), "{said}");
}
