//! Bad input on the lab's side: exit code 2, one error, one hint, nothing changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::lab::{END, HALF, LIMIT, Lab, READ};
use crate::sandbox::{Sandbox, repository};

/// Files that no command can use, whatever it expects.
const USELESS: [(&str, &[u8]); 4] = [
    ("empty", b""),
    ("blank", b"\n\n"),
    (
        "binary",
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\xff\xfe\n",
    ),
    ("words", b"this is no such file\n"),
];

/// Puts each useless file, and what is no file at all, in place of `file`, and checks
/// that `typed` is refused.
#[track_caller]
fn refuses_useless(sandbox: &Sandbox, file: &str, typed: &str) {
    let path = sandbox.path(file);
    let kept = fs::read(&path).ok();
    let mode = fs::metadata(&path).map(|metadata| metadata.permissions());
    for (_, bytes) in USELESS {
        fs::write(&path, bytes).unwrap();
        if let Ok(mode) = &mode {
            fs::set_permissions(&path, mode.clone()).unwrap();
        }
        sandbox.refused(typed);
    }
    if let Some(whole) = &kept {
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        sandbox.refused(typed);
    }
    fs::remove_file(&path).unwrap();
    sandbox.refused(typed);
    symlink("nowhere", &path).unwrap();
    sandbox.refused(typed);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    sandbox.refused(typed);
    fs::remove_dir(&path).unwrap();
    if let Some(whole) = kept {
        fs::write(&path, whole).unwrap();
        fs::set_permissions(&path, mode.unwrap()).unwrap();
    }
}

/// A lab with something of everything that a command reads.
pub fn stocked() -> Lab {
    let mut lab = Lab::new();
    lab.pledge(LIMIT);
    lab.report(HALF, "2026-03-10T00:00:00Z");
    let jobs = repository("fixtures/demo/prudent.psv");
    let collect = format!("collect slurm {} {READ} --workspace lab", jobs.display());
    lab.ok(&format!("{collect} --through 2026-03-16T00:00:00Z"));
    lab.ok(&format!(
        "{collect} --through 2026-03-03T00:00:00Z --again 2026-03-02T00:00:00Z"
    ));
    lab
}

const COLLECT: &str = "--workspace lab --tz UTC --through 2026-03-16T00:00:00Z";
const DRAFT: &str = "lab/collected/1-again/2026-03-02T00:00:00Z.usage";

#[test]
fn unreadable_empty_truncated_and_binary_files_are_refused() {
    let lab = stocked();
    let psv = fs::read(repository("fixtures/slurm/sacct-22.05.psv")).unwrap();
    lab.write("sacct.psv", &psv);
    refuses_useless(
        &lab,
        "sacct.psv",
        &format!("collect slurm sacct.psv {COLLECT}"),
    );
    let json = fs::read(repository("fixtures/slurm/sacct-22.05.json")).unwrap();
    lab.write("sacct.json", json);
    refuses_useless(
        &lab,
        "sacct.json",
        &format!("collect slurm sacct.json {COLLECT}"),
    );
    let csv = "job,start,end,accelerators\na,2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,8\n";
    lab.write("jobs.csv", csv);
    refuses_useless(
        &lab,
        "jobs.csv",
        &format!("collect jobs jobs.csv {COLLECT}"),
    );
    lab.write("devices.csv", "serial,model\nA1,h100-sxm\nA2,h100-sxm\n");
    refuses_useless(&lab, "devices.csv", "inventory devices.csv --workspace lab");
    refuses_useless(&lab, "pledge.json", "pledge lint pledge.json");
    refuses_useless(
        &lab,
        "pledge.json",
        "pledge sign pledge.json --workspace lab",
    );
    let correct = format!("correct 2026-03-02T00:00:00Z {DRAFT} --reason x --workspace lab");
    refuses_useless(&lab, DRAFT, &correct);
    refuses_useless(
        &lab,
        "policy",
        &format!(
            "trust new --issuer {} --log {} --policy policy",
            lab.id, lab.key
        ),
    );
    refuses_useless(&lab, "w1/vkey", "init other --witness w1");
    refuses_useless(&lab, "w1/key", "witness cosign w1 lab/log");
}

#[test]
fn a_workspace_that_is_damaged_is_refused_by_every_command() {
    let lab = stocked();
    for file in ["lab/standstill.toml", "lab/journal"] {
        for typed in [
            "attest --workspace lab",
            "publish --workspace lab",
            "publish --workspace lab --preview",
            "key show --workspace lab",
        ] {
            refuses_useless(&lab, file, typed);
        }
    }
    // A byte of the journal changed, a line of it gone.
    let journal = lab.read("lab/journal");
    lab.write(
        "lab/journal",
        journal.replacen("2026-03-05", "2026-03-06", 1),
    );
    lab.refused("attest --workspace lab");
    let lines: Vec<&str> = journal.lines().collect();
    let gap = [&lines[..4], &lines[5..]].concat().join("\n") + "\n";
    lab.write("lab/journal", gap);
    lab.refused("attest --workspace lab");
    // Another lab's journal.
    lab.ok("init other");
    lab.write("lab/journal", lab.read("other/journal"));
    lab.refused("attest --workspace lab");
    lab.write("lab/journal", journal);
    for file in [
        "lab/collected/1/2026-03-10T00:00:00Z.usage",
        "lab/collected/1/2026-03-11T00:00:00Z.ledger",
    ] {
        let kept = lab.read(file);
        for (_, bytes) in USELESS {
            fs::write(lab.path(file), bytes).unwrap();
            lab.refused("attest --workspace lab");
        }
        fs::write(lab.path(file), kept).unwrap();
    }
    lab.ok("attest --workspace lab");
}

#[test]
fn signed_json_has_no_duplicate_keys_and_no_numbers() {
    let lab = stocked();
    let pledge = lab.read("pledge.json");
    let draft = lab.read(DRAFT);
    let limit = format!("\"limit\": \"{LIMIT}\"");
    assert!(pledge.contains(&limit));
    let value = draft.split("\"value\":\"").nth(1).unwrap();
    let value = format!("\"value\":\"{}\"", value.split('"').next().unwrap());
    let correct = "correct 2026-03-02T00:00:00Z bad.usage --reason x --workspace lab";
    lab.write("bad.ledger", lab.read(&DRAFT.replace("usage", "ledger")));
    for (name, bad) in [
        ("duplicate key", "LIMIT, LIMIT"),
        ("number", "\"NAME\": 18000000"),
        ("float", "\"NAME\": 1.8e7"),
        ("negative", "\"NAME\": \"-1\""),
        ("sign", "\"NAME\": \"+1\""),
        ("leading zero", "\"NAME\": \"018\""),
        ("fraction", "\"NAME\": \"18.0\""),
        ("blank", "\"NAME\": \" 18\""),
        ("empty", "\"NAME\": \"\""),
        (
            "overflow",
            "\"NAME\": \"100000000000000000000000000000000000000\"",
        ),
        ("null", "\"NAME\": null"),
        ("nothing", "\"other\": \"18\""),
    ] {
        let put = |name: &str, whole: &str| bad.replace("LIMIT", whole).replace("NAME", name);
        lab.write(
            "bad.json",
            pledge.replacen(&limit, &put("limit", &limit), 1),
        );
        let said = lab.refused("pledge sign bad.json --workspace lab");
        assert!(said.contains("bad.json"), "{name}: {said}");
        lab.refused("pledge lint bad.json");
        lab.write(
            "bad.usage",
            draft.replacen(&value, &put("value", &value), 1),
        );
        let said = lab.refused(correct);
        assert!(said.contains("bad.usage"), "{name}: {said}");
    }
    // The same draft, whole, is taken.
    lab.write("bad.usage", draft);
    lab.ok(correct);
}

#[test]
fn bad_rows_of_a_job_log_are_refused_whole() {
    let lab = stocked();
    let head = "JobIDRaw|State|Start|End|AllocTRES|JobName\n";
    let good = "1|COMPLETED|2026-03-01T00:00:00|2026-03-01T01:00:00|gres/gpu=2|a\n";
    for bad in [
        "2|COMPLETED|2026-03-01T00:00:00|2026-03-01T01:00:00|gres/gpu=-2|a\n",
        "2|COMPLETED|2026-03-01T00:00:00|2026-03-01T01:00:00|gres/gpu=99999999999999999999|a\n",
        "2|COMPLETED|2026-03-01T00:00:00|2026-03-01T01:00:00|gres/gpu=1.5|a\n",
        "2|COMPLETED|2026-03-01T02:00:00|2026-03-01T01:00:00|gres/gpu=1|a\n",
        "2|COMPLETED|2026-02-30T00:00:00|2026-03-01T01:00:00|gres/gpu=1|a\n",
        "2|COMPLETED|yesterday|2026-03-01T01:00:00|gres/gpu=1|a\n",
        "2|COMPLETED|2026-03-01T00:00:00|2026-03-01T01:00:00\n",
        "2|COMPLETED|2026-03-01T00:00:00|2026-03-01T01:00:00|gres/gpu=1|a",
    ] {
        lab.write("bad.psv", format!("{head}{good}{bad}"));
        lab.refused(&format!("collect slurm bad.psv {COLLECT}"));
    }
    lab.write("good.psv", format!("{head}{good}"));
    let collect = "collect slurm good.psv --workspace lab --through 2026-03-16T00:00:00Z";
    let said = lab.refused(collect);
    assert!(said.contains("hint: say with `--tz`"), "{said}");
    for wrong in [
        "--tz Nowhere/City",
        "--tz UTC --model h100=h1oo-sxm",
        "--tz UTC --class train=play",
        "--tz UTC --ambiguous perhaps",
        "--tz UTC --area 7",
        "--tz UTC --area x",
    ] {
        lab.refused(&format!("{collect} {wrong}"));
    }
    // Twice and skipped local times name their rows.
    let dst = "2|COMPLETED|2026-03-29T02:30:00|2026-03-29T04:00:00|gres/gpu=1|a\n";
    lab.write("dst.psv", format!("{head}{dst}"));
    let said = lab.refused(
        "collect slurm dst.psv --workspace lab --tz Europe/Paris --through 2026-03-16T00:00:00Z",
    );
    assert!(
        said.contains("row 2") && said.contains("--ambiguous"),
        "{said}"
    );
}

#[test]
fn bad_tables_of_devices_are_refused() {
    let mut lab = stocked();
    for bad in [
        "serial,model\n",
        "serial\nA1\n",
        "serial,model\nA1,h100-sxm\nA1,h100-sxm\n",
        "serial,model\nA1\n",
        "serial,model\n,h100-sxm\n",
        "serial,model\nA1,\n",
        "serial,model\nA1,h100-sxm",
        "serial,model\nA1,\"h100\n",
    ] {
        lab.write("bad.csv", bad);
        lab.refused("inventory bad.csv --workspace lab");
    }
    lab.write("good.csv", "serial,model\nA1,h100-sxm\n");
    lab.refused("inventory good.csv --none --workspace lab");
    lab.refused("inventory --workspace lab");
    // From a period that was attested, between two edges, or in an area that is not there.
    lab.refused("inventory good.csv --workspace lab --from 2026-03-05T00:00:00Z");
    lab.refused("inventory good.csv --workspace lab --from 2026-03-20T00:00:01Z");
    lab.refused("inventory good.csv --workspace lab --area 2");
    lab.ok("inventory good.csv --workspace lab");
    let said = lab.refused("inventory good.csv --workspace lab");
    assert!(said.contains("correct 9 FILE"), "{said}");
    // Without the secret that devices are known by, none is declared under another.
    fs::remove_file(lab.path("lab/keys/devices.secret")).unwrap();
    lab.at(END);
    lab.refused("inventory good.csv --workspace lab --from 2026-03-20T00:00:00Z");
}

#[test]
fn a_wrong_key_or_one_that_others_can_read_is_refused() {
    let mut lab = stocked();
    lab.ok("attest --workspace lab");
    lab.ok("init other");
    // Where it belongs: it may sign in place of every other.
    fs::rename(lab.path("lab/keys/root.key"), lab.path("root.key")).unwrap();
    for name in ["operations", "log"] {
        let path = lab.path(format!("lab/keys/{name}.key"));
        let kept = fs::read(&path).unwrap();
        for mode in [0o640, 0o604, 0o644, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let said = lab.refused("publish --workspace lab");
            assert!(said.contains("hint: `chmod 600"), "{said}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        // Another lab's key.
        fs::write(&path, lab.read(&format!("other/keys/{name}.key"))).unwrap();
        lab.refused("publish --workspace lab");
        fs::write(&path, kept).unwrap();
        refuses_useless(
            &lab,
            &format!("lab/keys/{name}.key"),
            "publish --workspace lab",
        );
    }
    // A witness that was made anew is another one.
    fs::remove_dir_all(lab.path("w1")).unwrap();
    lab.ok("witness init w1 --name witness.example/1");
    let vkey = lab.read("w1/vkey");
    assert!(!lab.read("lab/journal").contains(vkey.trim()));
    lab.at(END);
    lab.ok("publish --workspace lab");
}

#[test]
fn a_second_writer_is_refused() {
    let lab = stocked();
    let lock = fs::File::open(lab.path("lab/state/.lock")).unwrap();
    lock.try_lock().unwrap();
    for typed in [
        "attest --workspace lab",
        "publish --workspace lab",
        "pledge sign pledge.json --workspace lab",
        "key rotate --role operations --workspace lab",
    ] {
        let said = lab.refused(typed);
        assert!(said.contains("another process is writing"), "{said}");
        assert!(said.contains("hint: wait until"), "{said}");
    }
    drop(lock);
    let lock = fs::File::open(lab.path("w1/.lock")).unwrap();
    lock.try_lock().unwrap();
    lab.refused("witness cosign w1 lab/log");
    drop(lock);
    lab.ok("attest --workspace lab");
}

#[test]
fn a_statement_that_would_be_too_long_an_entry_never_takes_its_place() {
    let mut lab = stocked();
    let mut table = "job,start,end,accelerators,model,class\n".to_owned();
    for model in 0..150 {
        table.push_str(&format!(
            "j{model},2026-03-10T00:00:00Z,2026-03-10T01:00:00Z,1,kind-{model},training\n"
        ));
    }
    lab.write("jobs.csv", table);
    lab.ok("collect jobs jobs.csv --workspace lab --through 2026-03-12T00:00:00Z");
    let said = lab.refused("attest --workspace lab");
    assert!(said.contains("at most 65535"), "{said}");
    // The stream goes on: collected with fewer models, it is attested and published. What
    // another source said stands beside it until it is taken out.
    lab.ok("collect forget jobs-csv --workspace lab");
    lab.at(END);
    lab.report(END, "2026-03-31T00:00:00Z");
    // So is a pledge.
    let pledge = lab.read("pledge.json");
    let exception = |number: u32| {
        format!("{{\"reason\": \"{number:0>1900}\", \"bound\": \"1\", \"unit\": \"s\"}}")
    };
    let many: Vec<String> = (0..40).map(exception).collect();
    lab.write(
        "pledge.json",
        pledge.replace(
            "\"exceptions\": []",
            &format!("\"exceptions\": [{}]", many.join(",")),
        ),
    );
    lab.refused("pledge sign pledge.json --workspace lab");
}

#[test]
fn mistyped_arguments_are_refused_with_a_hint() {
    let lab = stocked();
    for typed in [
        "",
        "publsh",
        "publish --worksapce lab",
        "publish --workspace nowhere",
        "publish --workspace lab/log",
        "init",
        "init lab",
        "init new --period 0",
        "init new --period -1",
        "init new --period week",
        "init new --period month --first 2026-03-02T00:00:00Z",
        "init new --first 2026-03-02",
        "init new --grace 30",
        "init new --quorum 1",
        "init new --witness w1 --witness w1",
        "init new --witness w1 --quorum 2",
        "init new --witness w1 --quorum 0",
        "init new --witness lab",
        "init new --origin \"two words\"",
        "key rotate --role king --workspace lab",
        "key revoke --role operations --workspace lab",
        "collect slurm x --workspace lab",
        "correct x y --reason z --workspace lab",
        "withdraw x --reason y --workspace lab",
        "witness init w1 --name witness.example/1",
        "witness cosign w9 lab/log",
        "witness cosign w1 nowhere",
        "bundle nowhere --issuer 00 --from x --to y -o z",
        "trust new --policy policy",
        "verify",
        "verify lab/log",
        "verify lab/log --trust nowhere",
        "verify nowhere --trust trust.toml",
        "verify pledge.json --trust trust.toml",
        "verify lab/log --trust trust.toml --seen nowhere",
        "verify lab/log --trust trust.toml --seen pledge.json",
        "verify lab/log --trust trust.toml --witness nowhere",
        "verify lab/log --trust trust.toml --ledgers nowhere",
        "verify lab/log --trust trust.toml --at noon",
        "verify lab/log --trust trust.toml --require-level E9",
    ] {
        lab.refused(typed);
    }
}
