//! A disk that is full, and a write that is refused halfway: nothing is changed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::bad_input::stocked;
use crate::lab::{HALF, LIMIT, Lab, READ};
use crate::sandbox::{Listing, PROGRAM, difference, repository};

/// The commands that write, each with what it needs.
const WRITERS: [&str; 8] = [
    "init new",
    "collect jobs jobs.csv --workspace lab --through 2026-03-16T00:00:00Z",
    "attest --workspace lab",
    "inventory devices.csv --workspace lab",
    "pledge sign other.json --workspace lab",
    "key rotate --role operations --workspace lab",
    "publish --workspace lab",
    "witness init new --name witness.example/4",
];

fn ready_to_write() -> Lab {
    let mut lab = stocked();
    lab.attest(HALF, "2026-03-15T00:00:00Z");
    let jobs = repository("fixtures/demo/prudent.psv");
    lab.ok(&format!(
        "collect slurm {} {READ} --workspace lab --through 2026-03-16T00:00:00Z",
        jobs.display()
    ));
    let csv = "job,start,end,accelerators\na,2026-03-15T00:00:00Z,2026-03-15T01:00:00Z,8\n";
    lab.write("jobs.csv", csv);
    lab.write("devices.csv", "serial,model\nA1,h100-sxm\n");
    let pledge = lab.read("pledge.json");
    lab.write("other.json", pledge.replace(&LIMIT.to_string(), "19000000"));
    lab
}

#[test]
fn a_disk_that_is_full_changes_nothing() {
    let lab = ready_to_write();
    // Everything lies on a small disk of its own, which is filled to the last byte.
    let script = |typed: &str| {
        format!(
            "mkdir disk && mount -t tmpfs -o size=4m tmpfs disk && cp -a lab w1 w2 w3 *.csv *.json disk/ \
             && cd disk && {{ dd if=/dev/zero of=filler bs=4096 2>/dev/null || true; }} \
             && code=0 && {{ \"{PROGRAM}\" --simulated-time {HALF} {typed} || code=$?; }} \
             && rm -f filler && cp -a . ../after && exit $code"
        )
    };
    let (mut mounted, mut felt) = (false, 0);
    for typed in WRITERS {
        let output = Command::new("unshare")
            .args(["-rm", "sh", "-c", &script(typed)])
            .current_dir(lab.path("."))
            .output();
        let Some(output) = output.ok().filter(|_| lab.path("after").exists()) else {
            eprintln!("no small disk can be mounted here: `{typed}` on a full disk was not tried");
            let _ = fs::remove_dir(lab.path("disk"));
            continue;
        };
        mounted = true;
        let err = String::from_utf8(output.stderr).unwrap();
        if output.status.code() == Some(0) {
            // It went into what was left of the last block of the journal.
            fs::remove_dir_all(lab.path("after")).unwrap();
            fs::remove_dir(lab.path("disk")).unwrap();
            continue;
        }
        felt += 1;
        assert_eq!(output.status.code(), Some(2), "{typed}: {err}");
        assert!(err.contains("No space left"), "{typed}: {err}");
        assert!(err.contains("\nhint: make room"), "{typed}: {err}");
        for name in ["lab", "w1", "w2", "w3", "new"] {
            let listing = |at: &str| -> Listing {
                let root = lab.path(at);
                let mut found = Listing::new();
                if root.exists() {
                    found = lab.listing(at);
                }
                let below = |path: PathBuf| path.strip_prefix(&root).unwrap().to_owned();
                found
                    .into_iter()
                    .map(|(path, what)| (below(path), what))
                    .collect()
            };
            let changed = difference(&listing(name), &listing(&format!("after/{name}")));
            assert!(changed.is_empty(), "{typed} changed {changed:?} of {name}");
        }
        fs::remove_dir_all(lab.path("after")).unwrap();
        fs::remove_dir(lab.path("disk")).unwrap();
    }
    assert!(!mounted || felt >= 6, "{felt}");
    eprintln!("{felt} of {} commands met a full disk", WRITERS.len());
}

#[test]
fn a_write_that_is_refused_halfway_changes_nothing() {
    let lab = ready_to_write();
    lab.shell("true");
    let mut felt = 0;
    for typed in WRITERS {
        // No file may grow beyond so many blocks: the journal is longer by then.
        for blocks in [0, 1] {
            let before = lab.listing(".");
            let done = lab.shell(&format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec \"{PROGRAM}\" --simulated-time {HALF} {typed} 2>&1"
            ));
            if done.code == 0 {
                // It was small enough: it is done, and the lab is as it should be.
                assert!(!done.out.contains("error: "), "{done:?}");
                continue;
            }
            felt += 1;
            let changed = difference(&before, &lab.listing("."));
            // What a log staged and did not sign is no part of it, and is written over.
            let changed: Vec<_> = changed
                .iter()
                .filter(|path| !path.ends_with("state/log/stage"))
                .collect();
            assert!(changed.is_empty(), "{typed} changed {changed:?}: {done:?}");
            assert_eq!(done.code, 2, "{done:?}");
            assert!(done.out.contains("\nhint: make room"), "{typed}: {done:?}");
        }
    }
    assert!(felt >= WRITERS.len(), "{felt}");
}
