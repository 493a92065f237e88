//! What the commands of a lab promise.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use standstill::attestation::Content;
use standstill::attestation::figure::Coverage;
use standstill::key::VerifierKey;
use standstill::merkle::leaf_hash;
use standstill::tlog::Proof;

use crate::lab::{AFTER, END, HALF, LIMIT, Lab, READ};
use crate::sandbox::{Sandbox, difference, repository};

#[test]
fn init_makes_keys_apart_that_only_their_owner_can_read() {
    let lab = Lab::new();
    let mut secrets = BTreeSet::new();
    for name in ["root", "governance", "operations", "log"] {
        let path = lab.path(format!("lab/keys/{name}.key"));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        secrets.insert(fs::read_to_string(path).unwrap());
    }
    assert_eq!(secrets.len(), 4, "no two keys are alike");
    let keys = fs::metadata(lab.path("lab/keys")).unwrap().permissions();
    assert_eq!(keys.mode() & 0o777, 0o700);
    // It makes no witness: those that it was given are its only ones.
    assert!(!lab.path("lab/w1").exists());
    let sandbox = Sandbox::new();
    let done = sandbox.run("init alone");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.err.contains("a rewritten history is not excluded"));
    assert!(
        sandbox
            .read("alone/standstill.toml")
            .contains("witness = []")
    );
}

#[test]
fn a_lab_with_several_areas_accounts_for_each_apart() {
    let mut lab = Lab::with(
        "--area north --area south --period 86400 --grace 2500000 --first 2026-03-01T00:00:00Z",
    );
    lab.attest(HALF, "2026-03-03T00:00:00Z");
    let jobs = repository("fixtures/demo/brash.psv");
    lab.ok(&format!(
        "collect slurm {} {READ} --workspace lab --area 2 --through 2026-03-05T00:00:00Z",
        jobs.display()
    ));
    lab.ok("attest --workspace lab --area 2");
    lab.refused("attest --workspace lab --area 3");
    lab.ok("publish --workspace lab");
    let count = |stream: u64| {
        let statements = lab.statements();
        let of = statements
            .iter()
            .filter(|one| one.subject.stream.get() == stream);
        of.count()
    };
    assert_eq!((count(0), count(1), count(2)), (3, 2, 4));
    lab.refused("init twice --area \"\"");
}

#[test]
fn an_init_that_was_cut_short_is_told_and_never_mixed_with_another() {
    let sandbox = Sandbox::new();
    sandbox.ok("init lab");
    // The configuration is its last file.
    fs::remove_file(sandbox.path("lab/standstill.toml")).unwrap();
    let said = sandbox.refused("init lab");
    assert!(said.contains("cut short"), "{said}");
    sandbox.refused("publish --workspace lab");
    sandbox.ok("witness init w1 --name witness.example/1");
    fs::remove_file(sandbox.path("w1/vkey")).unwrap();
    let said = sandbox.refused("witness init w1 --name witness.example/1");
    assert!(said.contains("cut short"), "{said}");
}

#[test]
fn no_command_and_no_error_shows_a_secret() {
    let mut lab = Lab::new();
    let mut secrets: Vec<String> = ["root", "governance", "operations", "log"]
        .map(|name| lab.read(&format!("lab/keys/{name}.key")))
        .to_vec();
    secrets.push(lab.read("lab/keys/devices.secret"));
    secrets.push(lab.read("w1/key"));
    let parts: Vec<String> = secrets
        .iter()
        .map(|secret| {
            // `standstill-key-v1 <hex>`, `PRIVATE+KEY+<name>+<hash>+<base64>`, or bare.
            let secret = secret.trim().trim_start_matches("standstill-key-v1 ");
            let part = secret.splitn(5, '+').last().unwrap();
            part[4..36].to_owned()
        })
        .collect();
    let mut said = String::new();
    let mut hear = |lab: &Sandbox, typed: &str| {
        let done = lab.run(typed);
        said.push_str(&done.out);
        said.push_str(&done.err);
    };
    lab.write("devices.csv", "serial,model\nA1,h100-sxm\n");
    lab.at(HALF);
    for typed in [
        "key show --workspace lab",
        "key show --workspace lab --json",
        "inventory devices.csv --workspace lab",
        "key rotate --role operations --workspace lab",
        "publish --workspace lab --preview --json",
        "publish --workspace lab",
        "witness cosign w1 lab/log",
        "init lab",
        "witness init w1 --name witness.example/1",
    ] {
        hear(&lab, typed);
    }
    // Damaged or readable key files are named, never shown.
    for name in ["operations", "log", "root"] {
        let path = lab.path(format!("lab/keys/{name}.key"));
        let whole = fs::read_to_string(&path).unwrap();
        for damaged in [
            whole.replace(' ', "  "),
            whole.repeat(2),
            whole[..40].to_owned(),
        ] {
            fs::write(&path, damaged).unwrap();
            hear(&lab, "publish --workspace lab");
        }
        fs::write(&path, whole).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        hear(&lab, "publish --workspace lab");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    for part in parts {
        assert!(!said.contains(&part), "a secret was shown");
    }
    // Nor does anything public hold one.
    let log = lab.entries().concat();
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(!log.contains("standstill-key"));
}

#[test]
fn slurm_captures_become_usage_with_unknown_coverage() {
    let mut lab = Lab::with("--period 3600 --grace 2500000 --first 2026-11-22T00:00:00Z");
    lab.at("2026-11-23T01:00:00Z");
    for file in [
        "sacct-22.05.psv",
        "sacct-22.05-steps.psv",
        "sacct-22.05.json",
    ] {
        let path = repository("fixtures/slurm").join(file);
        let done = lab.run(&format!(
            "collect slurm {} --workspace lab --tz UTC --through 2026-11-23T00:00:00Z --model h100=h100-sxm",
            path.display()
        ));
        assert_eq!(done.code, 0, "{done:?}");
        assert!(
            done.out.starts_with("24 periods from 2026-11-22"),
            "{done:?}"
        );
    }
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let mut usages = 0;
    for statement in lab.statements() {
        if let Content::Usage(usage) = statement.content {
            usages += 1;
            for figure in usage.figures {
                assert_eq!(figure.coverage, Coverage::Unknown);
            }
            assert_eq!(usage.ledgers.len(), 1);
        }
    }
    assert_eq!(usages, 24);
}

#[test]
fn what_no_mapping_names_is_counted_before_it_is_attested() {
    let mut lab = Lab::new();
    lab.at(HALF);
    let jobs = repository("fixtures/demo/prudent.psv");
    let collect = |mapped: &str| {
        let done = lab.run(&format!(
            "collect slurm {} --workspace lab --tz UTC --through 2026-03-02T00:00:00Z {mapped}",
            jobs.display()
        ));
        assert_eq!(done.code, 0, "{done:?}");
        done.err
    };
    let said = collect("");
    assert!(said.contains("`uncatalogued:h100`"), "{said}");
    assert!(said.contains("`unclassified`"), "{said}");
    let mapped = collect("--model h100=h100-sxm --class train=training --class infer=inference");
    for word in ["uncatalogued", "unclassified"] {
        assert!(!mapped.contains(word), "{mapped}");
    }
}

#[test]
fn key_show_names_the_issuer() {
    let lab = Lab::new();
    let done = lab.run("key show --workspace lab");
    assert!(
        done.out.contains(&format!("issuer     {}", lab.id)),
        "{done:?}"
    );
    let done = lab.run("key show --workspace lab --json");
    let shown: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(shown["issuer"], lab.id);
}

#[test]
fn a_table_of_jobs_is_collected_by_month() {
    let mut lab = Lab::with("--period month --grace 2500000 --first 2026-03-01T00:00:00Z");
    lab.write(
        "jobs.csv",
        "job,start,end,accelerators,model,class\n\
         a,2026-03-31T23:00:00Z,2026-04-01T01:00:00Z,8,h100,training\n\
         b,2026-04-01T00:00:00Z,2026-04-02T00:00:00Z,2.0,h100,inference\n",
    );
    lab.at("2026-05-02T00:00:00Z");
    let out = lab.ok("collect jobs jobs.csv --workspace lab --through 2026-05-01T00:00:00Z --model h100=h100-sxm --json");
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["periods"], 2);
    assert_eq!(
        shown["accelerator_seconds"],
        (8 * 7200 + 2 * 86_400).to_string()
    );
    assert_eq!(shown["outside"], "0");
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let totals: Vec<String> = lab
        .statements()
        .iter()
        .filter_map(|statement| match &statement.content {
            Content::Usage(usage) => Some(usage.ledgers[0].sums[0].value.lower().to_string()),
            _ => None,
        })
        .collect();
    // The job over the edge is clipped to the second.
    assert_eq!(totals, ["28800", "201600"]);
}

#[test]
fn collecting_again_replaces_what_was_not_attested_and_nothing_else() {
    let mut lab = Lab::new();
    lab.attest(HALF, "2026-03-03T00:00:00Z");
    let attested = lab.listing("lab/ledgers");
    let jobs = repository("fixtures/demo/prudent.psv");
    let collect = format!("collect slurm {} {READ} --workspace lab", jobs.display());
    let out = lab.ok(&format!("{collect} --through 2026-03-10T00:00:00Z"));
    assert!(
        out.starts_with("7 periods from 2026-03-03T00:00:00Z to 2026-03-10"),
        "{out}"
    );
    // A shorter log in its place: what it does not reach is not attested.
    let out = lab.ok(&format!("{collect} --through 2026-03-05T00:00:00Z"));
    assert!(out.starts_with("2 periods"), "{out}");
    let out = lab.ok("attest --workspace lab");
    assert_eq!(out, "2 periods attested, up to 2026-03-05T00:00:00Z\n");
    let changed = difference(&attested, &lab.listing("lab/ledgers"));
    assert!(
        changed.iter().all(|path| !path.contains("03-02")),
        "{changed:?}"
    );
    // What was attested is not collected again, and what is to come is not known.
    lab.refused(&format!("{collect} --through 2026-03-05T00:00:00Z"));
    let done = lab.run(&format!("{collect} --through 2027-01-01T00:00:00Z"));
    assert!(done.out.contains("to 2026-03-16T00:00:00Z"), "{done:?}");
    assert!(done.err.contains("up to now"), "{done:?}");
    lab.refused("attest --workspace lab --area 2");
}

#[test]
fn a_statement_is_never_made_before_its_ledger_is_kept() {
    let mut lab = Lab::new();
    lab.attest(HALF, "2026-03-16T00:00:00Z");
    lab.ok("publish --workspace lab");
    let ledgers = fs::read_dir(lab.path("lab/ledgers/1")).unwrap().count();
    assert_eq!(ledgers, 15);
    for entry in fs::read_dir(lab.path("lab/ledgers/1")).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(
        fs::read_dir(lab.path("lab/collected/1")).unwrap().count(),
        0
    );
    // Opened to an auditor, they are found below the directory.
    let done = lab.run("verify lab/log --trust trust.toml --ledgers lab/ledgers");
    assert_eq!(done.code, 3, "{done:?}");
    assert!(!done.err.contains("warning"), "{done:?}");
}

#[test]
fn receipts_are_proofs_that_anybody_can_check() {
    let mut lab = Lab::new();
    lab.report(HALF, "2026-03-16T00:00:00Z");
    let key: VerifierKey = lab.key.parse().unwrap();
    let entries = lab.entries();
    let mut indices = BTreeSet::new();
    for entry in fs::read_dir(lab.path("lab/receipts")).unwrap() {
        let path = entry.unwrap().path();
        let proof = Proof::parse(&fs::read(&path).unwrap()).unwrap();
        let at = usize::try_from(proof.index).unwrap();
        proof.verify(&leaf_hash(&entries[at]), &key).unwrap();
        // The log's line, and one of each witness.
        assert_eq!(proof.note.signatures().len(), 4, "{path:?}");
        indices.insert(proof.index);
    }
    assert_eq!(indices.len(), entries.len());
}

#[test]
fn a_reduction_is_measured_against_a_committed_baseline() {
    let mut lab = Lab::with("--period 86400 --grace 1200000 --first 2026-03-01T00:00:00Z");
    let new = "pledge new --kind reduction --limit 700000 --baseline-start 2026-03-01T00:00:00Z --baseline-end 2026-03-16T00:00:00Z --start 2026-03-17T00:00:00Z --end 2026-03-31T00:00:00Z --workspace lab";
    lab.ok("publish --workspace lab");
    lab.attest(HALF, "2026-03-16T00:00:00Z");
    // Attested is not published: nobody could have seen it.
    lab.refused(new);
    lab.ok("publish --workspace lab");
    let draft = lab.ok(new);
    lab.write("pledge.json", &draft);
    let lint = lab.run("pledge lint pledge.json");
    assert_eq!(
        (lint.code, lint.out.as_str()),
        (0, "no errors\n"),
        "{lint:?}"
    );
    // A head that was never published is no baseline.
    let head = draft.split("\"statement\": \"").nth(1).unwrap()[..64].to_owned();
    lab.write("forged.json", draft.replace(&head, &"0".repeat(64)));
    let said = lab.refused("pledge sign forged.json --workspace lab");
    assert!(said.contains("was not published"), "{said}");
    lab.ok("pledge sign pledge.json --workspace lab");
    let said = lab.refused("pledge sign pledge.json --workspace lab");
    assert!(said.contains("was pledged before"), "{said}");
    lab.ok("publish --workspace lab");
    lab.report(END, "2026-03-31T00:00:00Z");
    lab.cosign("lab/log");
    let done = lab.run("verify lab/log --trust trust.toml --at 2026-03-31T02:00:00Z");
    assert!(
        done.out.contains("reduction on accelerator_seconds"),
        "{done:?}"
    );
    // `prudent` does not reduce by three tenths from one half of March to the other.
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.starts_with("lab: VIOLATED"), "{done:?}");
}

#[test]
fn lint_refuses_a_pledge_that_could_not_be_broken() {
    let lab = Lab::new();
    let draft = lab.ok(&format!(
        "pledge new --kind cap --start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z --limit {LIMIT} --workspace lab"
    ));
    let notice = draft.replace("\"notice\": \"2592000\"", "\"notice\": \"0\"");
    assert_ne!(notice, draft);
    lab.write("pledge.json", notice);
    let done = lab.run("pledge lint pledge.json");
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
    assert!(done.err.contains("wrong: `notice`"), "{done:?}");
    let done = lab.run("pledge lint pledge.json --json");
    let shown: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert!(
        shown
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["member"] == "notice")
    );
    lab.refused("pledge sign pledge.json --workspace lab");
    // One that lacks a field does not even parse.
    let lacking = draft.replace("  \"falsifier\"", "  \"x.example\"");
    lab.write("lacking.json", lacking);
    lab.refused("pledge lint lacking.json");
    lab.refused("pledge new --kind cap --start 2026-03-31T00:00:00Z --end 2026-03-01T00:00:00Z --limit 1 --workspace lab");
    lab.refused("pledge new --kind vow --start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z --limit 1 --workspace lab");
}

#[test]
fn a_correction_and_a_withdrawal_stand_beside_what_they_are_about() {
    let mut lab = Lab::new();
    let pledge = lab.pledge(LIMIT);
    lab.report(HALF, "2026-03-16T00:00:00Z");
    let jobs = repository("fixtures/demo/prudent.psv");
    let read = "--tz UTC --model h100=h100-sxm --class train=inference --class infer=inference";
    lab.ok(&format!(
        "collect slurm {} {read} --workspace lab --again 2026-03-02T00:00:00Z --through 2026-03-04T00:00:00Z",
        jobs.display()
    ));
    let draft = "lab/collected/1-again/2026-03-03T00:00:00Z.usage";
    lab.refused(&format!(
        "correct 2026-03-05T00:00:00Z {draft} --reason x --workspace lab"
    ));
    lab.refused(&format!("correct 99 {draft} --reason x --workspace lab"));
    lab.ok(&format!(
        "correct 2026-03-03T00:00:00Z {draft} --reason \"wrong class\" --workspace lab"
    ));
    // The original is named, never a correction of it.
    let said = lab.refused(&format!("correct 15 {draft} --reason x --workspace lab"));
    assert!(said.contains("can not be corrected"), "{said}");
    lab.refused(&format!(
        "withdraw {} --reason x --workspace lab",
        "0".repeat(64)
    ));
    lab.ok(&format!(
        "withdraw {pledge} --reason \"no longer\" --workspace lab"
    ));
    lab.refused(&format!("withdraw {pledge} --reason again --workspace lab"));
    lab.ok("publish --workspace lab");
    let statements = lab.statements();
    let corrections: Vec<_> = statements
        .iter()
        .filter_map(|statement| match &statement.content {
            Content::Correction(correction) => Some(correction.corrects.sequence),
            _ => None,
        })
        .collect();
    assert_eq!(corrections, [2]);
    assert!(
        lab.path("lab/ledgers/1/2026-03-03T00:00:00Z.correction-15.ledger")
            .exists()
    );
    let withdrawn = |content: &Content| matches!(content, Content::Withdrawal(_));
    assert!(
        statements
            .iter()
            .any(|statement| withdrawn(&statement.content))
    );
    lab.at(AFTER);
    let done = lab.run("verify lab/log --trust trust.toml");
    assert_eq!(done.code, 3, "{done:?}");
}

#[test]
fn the_clock_of_a_log_never_goes_back() {
    let mut lab = Lab::new();
    lab.at(HALF);
    lab.ok("publish --workspace lab");
    lab.at("2026-03-01T00:00:00Z");
    let said = lab.refused("publish --workspace lab");
    assert!(said.contains("hint: set the clock"), "{said}");
}

#[test]
fn usage_is_not_published_before_its_period_has_ended_for_everybody() {
    let mut lab = Lab::new();
    lab.attest("2026-03-02T00:00:30Z", "2026-03-02T00:00:00Z");
    let done = lab.run("publish --workspace lab");
    assert!(
        done.err.contains("1 wait until 60 seconds after"),
        "{done:?}"
    );
    lab.at("2026-03-02T00:01:00Z");
    let out = lab.ok("publish --workspace lab");
    assert!(out.starts_with("1 statements published"), "{out}");
}
