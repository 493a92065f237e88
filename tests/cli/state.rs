//! `verify --state`: what was read is kept, and not read again.

use std::fs;

use crate::sandbox::Sandbox;

/// Makes a world, and returns the command that judges it.
fn world(sandbox: &Sandbox, options: &str) -> String {
    let made = sandbox.ok(&format!("simulate world {options}"));
    let command = made.lines().last().unwrap();
    command.split_once("standstill ").unwrap().1.to_owned()
}

// spec: ver-93
#[test]
fn the_second_time_no_entry_is_read_again() {
    let sandbox = Sandbox::new();
    let command = world(&sandbox, "--areas 2") + " --state kept";
    let first = sandbox.run(&command);
    assert!(first.out.starts_with("lab: HOLDS@E3\n"), "{}", first.out);
    fs::remove_dir_all(sandbox.path("world/log/tile/entries")).unwrap();
    let second = sandbox.run(&command);
    let said = "entries were read before, and not again: that they are still served is not shown";
    assert!(second.out.contains(said), "{}", second.out);
    let verdict = |out: &str| out.split("\n\n").next().unwrap().to_owned();
    assert_eq!(
        (second.code, verdict(&second.out)),
        (first.code, verdict(&first.out))
    );
    // Without it they are.
    let anew = sandbox.run(command.trim_end_matches(" --state kept"));
    assert_eq!(anew.code, 1, "{}", anew.out);
}

// spec: ver-95
#[test]
fn what_is_no_state_of_this_log_is_told_of_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let command = world(&sandbox, "");
    let policy = sandbox.read("world/trust.toml");
    let done = sandbox.run(&format!("{command} --state world/trust.toml"));
    assert_eq!(done.code, 2);
    assert!(done.err.contains("is no saved state"), "{}", done.err);
    assert!(done.err.contains("hint: "), "{}", done.err);
    assert_eq!(sandbox.read("world/trust.toml"), policy);
    // Another trust file, by as little as a comment; a damaged state.
    let first = sandbox.run(&format!("{command} --state kept"));
    sandbox.write("world/trust.toml", format!("{policy}\n# changed\n"));
    let second = sandbox.run(&format!("{command} --state kept"));
    assert_eq!(second.code, first.code);
    assert!(second.err.contains("another trust file"), "{}", second.err);
    let path = sandbox.path("kept");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let third = sandbox.run(&format!("{command} --state kept"));
    assert!(third.err.contains("is damaged"), "{}", third.err);
    assert_eq!(third.out, second.out);
    let fourth = sandbox.run(&format!("{command} --state kept"));
    assert!(!fourth.err.contains("anew"), "{}", fourth.err);
    // A verdict is not lost with its state.
    let unkept = sandbox.run(&format!("{command} --state nowhere/kept"));
    assert_eq!((unkept.code, &unkept.out), (first.code, &second.out));
    assert!(unkept.err.contains("was not kept"), "{}", unkept.err);
    // What holds entries against something else reads them.
    let done = sandbox.run(&format!("{command} --state kept --ledgers world"));
    assert_eq!(done.code, 2);
}
