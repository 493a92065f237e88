//! A lab with three witnesses and a pledge, made by typed commands.

use std::fs;
use std::ops::{Deref, DerefMut};

use standstill::attestation::{Envelope, Statement};
use standstill::tlog::tile::parse_entries;

use crate::sandbox::{Sandbox, repository};

/// The day before the window.
pub const BEFORE: &str = "2026-02-28T12:00:00Z";
/// The middle of the window, and a little.
pub const HALF: &str = "2026-03-16T01:00:00Z";
/// The window's end, and a little.
pub const END: &str = "2026-03-31T01:00:00Z";
/// When everything was due.
pub const AFTER: &str = "2026-05-02T00:00:00Z";

/// Below what `prudent.psv` holds for training, and above.
pub const LIMIT: u64 = 18_000_000;
pub const TIGHT: u64 = 12_000_000;

/// How every job log of the fixtures is read.
pub const READ: &str =
    "--tz UTC --model h100=h100-sxm --class train=training --class infer=inference";

/// A lab in a sandbox: `lab`, and the witnesses `w1` to `w3`.
pub struct Lab {
    sandbox: Sandbox,
    /// The issuer's id.
    pub id: String,
    /// The log's key.
    pub key: String,
}

impl Deref for Lab {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl DerefMut for Lab {
    fn deref_mut(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

impl Lab {
    /// Makes a lab that accounts from 1 March 2026 on, day by day; the day before.
    pub fn new() -> Self {
        Self::with("--period 86400 --grace 2500000 --first 2026-03-01T00:00:00Z")
    }

    /// Makes a lab with other options of `init`.
    pub fn with(options: &str) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.at(BEFORE);
        for number in 1..=3 {
            sandbox.ok(&format!(
                "witness init w{number} --name witness.example/{number}"
            ));
        }
        let out = sandbox.ok(&format!(
            "init lab --origin lab.example/log {options} --witness w1 --witness w2 --witness w3"
        ));
        let printed = |name: &str| {
            let line = out.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        let lab = Self {
            id: printed("issuer"),
            key: printed("log"),
            sandbox,
        };
        lab.trust("trust.toml", "lab");
        lab
    }

    /// Makes a lab that pledged and reported all of March, publishing twice.
    pub fn reported(limit: u64) -> Self {
        let mut lab = Self::new();
        lab.pledge(limit);
        lab.report(HALF, "2026-03-16T00:00:00Z");
        lab.report(END, "2026-03-31T00:00:00Z");
        lab
    }

    /// Pledges a cap on training in March, and publishes it.
    pub fn pledge(&self, limit: u64) -> String {
        let draft = self.ok(&format!(
            "pledge new --kind cap --start 2026-03-01T00:00:00Z --end 2026-03-31T00:00:00Z --limit {limit} --workspace lab"
        ));
        self.write("pledge.json", draft);
        let signed = self.ok("pledge sign pledge.json --workspace lab");
        self.ok("publish --workspace lab");
        signed.trim().trim_start_matches("pledge ").to_owned()
    }

    /// Collects and attests up to an instant.
    pub fn attest(&mut self, now: &str, through: &str) {
        let jobs = repository("fixtures/demo/prudent.psv");
        self.at(now);
        self.ok(&format!(
            "collect slurm {} {READ} --workspace lab --through {through}",
            jobs.display()
        ));
        self.ok("attest --workspace lab");
    }

    /// Collects, attests and publishes up to an instant.
    pub fn report(&mut self, now: &str, through: &str) {
        self.attest(now, through);
        self.ok("publish --workspace lab");
    }

    /// Writes the auditor's trust file: three outsiders, of whom two are a quorum.
    pub fn trust(&self, name: &str, workspace: &str) {
        let vkey = |number: u8| self.read(&format!("w{number}/vkey")).trim().to_owned();
        let key = self.read(&format!("{workspace}/log/vkey"));
        let mut policy = format!("log {}\n", key.trim());
        let mut trust = format!(
            "policy = \"policy\"\nrequired_level = \"E3\"\ngrace = 86400\n\
             greatest_age = 604800\n\n[[issuer]]\nid = \"{}\"\nname = \"lab\"\n\
             trust_root = \"lab\"\nlog = \"{}\"\nareas = [\"1\"]\n",
            self.id, self.key
        );
        for number in 1..=3 {
            policy.push_str(&format!("witness w{number} {}\n", vkey(number)));
            trust.push_str(&format!(
                "\n[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\"\n"
            ));
        }
        policy.push_str("group outsiders 2 w1 w2 w3\nquorum outsiders\n");
        self.write("policy", policy);
        self.write(name, trust);
    }

    /// Lets every witness look at the log again.
    pub fn cosign(&self, log: &str) {
        for number in 1..=3 {
            self.ok(&format!("witness cosign w{number} {log}"));
        }
    }

    /// Returns every entry of the log.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        entries(&self.sandbox, "lab/log")
    }

    /// Returns every statement of the log.
    pub fn statements(&self) -> Vec<Statement> {
        let statement = |entry: &Vec<u8>| {
            let envelope = Envelope::parse(entry).unwrap();
            Statement::parse(envelope.payload()).unwrap()
        };
        self.entries().iter().map(statement).collect()
    }
}

/// Returns every entry of a log of at most 256.
pub fn entries(sandbox: &Sandbox, log: &str) -> Vec<Vec<u8>> {
    let checkpoint = sandbox.read(&format!("{log}/checkpoint"));
    let size: u16 = checkpoint.lines().nth(1).unwrap().parse().unwrap();
    let tile = if size == 256 {
        "000".to_owned()
    } else {
        format!("000.p/{size}")
    };
    let bytes = fs::read(sandbox.path(format!("{log}/tile/entries/{tile}"))).unwrap();
    let entries = parse_entries(&bytes, size).unwrap();
    entries.into_iter().map(<[u8]>::to_vec).collect()
}
