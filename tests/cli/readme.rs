//! The quick start of README.md, word for word.

use std::fs;
use std::os::unix::fs::symlink;

use crate::sandbox::{Sandbox, repository};

/// The indented blocks of the section that begins with `heading`.
fn blocks(heading: &str) -> Vec<String> {
    let text = fs::read_to_string(repository("README.md")).unwrap();
    let section = text.split_once(heading).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let mut blocks = vec![String::new()];
    for line in section.lines() {
        match line.strip_prefix("    ") {
            Some(line) => {
                let block = blocks.last_mut().unwrap();
                block.push_str(line);
                block.push('\n');
            }
            None if blocks.last().unwrap().is_empty() => {}
            None => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

#[test]
fn the_quick_start_of_the_readme_works_word_for_word() {
    let sandbox = Sandbox::new();
    symlink(repository("fixtures"), sandbox.path("fixtures")).unwrap();
    let blocks = blocks("\n## From a job log to a verdict\n");
    let [path, lab, auditor, meter] = blocks.as_slice() else {
        panic!("four blocks, not {}", blocks.len());
    };
    let done = sandbox.shell(&format!("{path}{lab}"));
    assert_eq!(done.code, 0, "{done:?}");
    let printed = |name: &str| {
        let line = done.out.lines().find(|line| line.starts_with(name));
        line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    let named = |block: &str| {
        block
            .replace("ISSUER-ID", &printed("issuer"))
            .replace("LOG-KEY", &printed("log"))
    };
    let auditor = named(auditor);
    let judged = sandbox.shell(&format!("{path}{auditor}"));
    assert_eq!(judged.code, 3, "{judged:?}");
    assert!(judged.out.starts_with("lab: CONSISTENT@E0\n"), "{judged:?}");
    assert!(judged.out.contains("a rewritten history is not excluded"));
    assert!(
        judged
            .out
            .contains("15261022 to 15261022, limit 18000000 s")
    );
    // What the README says of it.
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    assert!(readme.contains("The verdict is `CONSISTENT@E0`, with exit code 3"));
    // What was previewed is what was published, byte for byte.
    let entries = sandbox.read("entries");
    let log = fs::read(sandbox.path("lab/log/tile/entries/000")).unwrap();
    let log = String::from_utf8_lossy(&log);
    assert_eq!(entries.lines().count(), 721);
    for entry in entries.lines().take(200) {
        assert!(log.contains(entry));
    }
    // Who measures says so in the same log.
    let measured = sandbox.shell(&format!("{path}{}", named(meter)));
    assert_eq!(measured.code, 0, "{measured:?}");
    let entries = sandbox.read("entries");
    assert_eq!(entries.lines().count(), 3);
    let more = measured.out.lines().last().unwrap();
    assert!(more.starts_with("3 statements published"), "{more}");
}

#[test]
fn the_demo_shows_the_verdicts_that_the_readme_announces() {
    let sandbox = Sandbox::new();
    // Made anew over an earlier one, and never over anything else.
    sandbox.write("mine/file", "x");
    sandbox.refused("demo mine");
    if cfg!(debug_assertions) {
        eprintln!("the demo takes long without optimisation: `.ci/run` runs it");
        return;
    }
    let started = std::time::Instant::now();
    let done = sandbox.run("demo");
    assert_eq!(done.code, 0, "{done:?}");
    for verdict in [
        "prudent: CONSISTENT@E1",
        "measured: HOLDS@E3",
        "brash: VIOLATED",
        "silent: OVERDUE",
    ] {
        assert!(done.out.contains(verdict), "{verdict}");
    }
    assert!(
        sandbox
            .path("standstill-demo/silent/log/checkpoint")
            .exists()
    );
    let taken = started.elapsed();
    assert!(taken.as_secs() < 10, "{taken:?}");
    assert_eq!(sandbox.run("demo").code, 0, "made anew");
}

/// A server that is stopped when the test ends.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(feature = "server")]
#[test]
fn the_log_for_others_works_word_for_word() {
    use std::io::BufRead as _;

    let sandbox = Sandbox::new();
    let blocks = blocks("\n## Run a log for others\n");
    let [operator, member] = blocks.as_slice() else {
        panic!("two blocks, not {}", blocks.len());
    };
    let (init, serve) = operator.trim_end().split_once('\n').unwrap();
    let made = sandbox.shell(init);
    assert_eq!(made.code, 0, "{made:?}");
    let printed = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
    };
    let key = printed(&made.out, "log");
    // Any port that is free, for other tests may run beside this one.
    let serve = serve.replace("standstill ", "").replace(":2025", ":0");
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_standstill"))
        .args(serve.split_whitespace())
        .current_dir(sandbox.path("."))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let told = std::io::BufReader::new(server.stderr.take().unwrap());
    let server = Server(server);
    let line = told.lines().next().unwrap().unwrap();
    let address = line.split_once("http://").unwrap().1.to_owned();
    let member = member
        .replace("LOG-KEY", &key)
        .replace("127.0.0.1:2025", &address);
    let (init, rest) = member.split_once('\n').unwrap();
    let made = sandbox.shell(init);
    assert_eq!(made.code, 0, "{made:?}");
    let issuer = printed(&made.out, "issuer");
    let done = sandbox.shell(&rest.replace("ISSUER-ID", &issuer));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.out.contains("2 statements published, the log has 4"),
        "{done:?}"
    );
    assert!(
        sandbox
            .path("member/receipts/0-0000000001.tlog-proof")
            .exists()
    );
    drop(server);
}
