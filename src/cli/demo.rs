//! `standstill demo`: four labs, four verdicts, on shipped input and a simulated clock.

mod others;

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::StreamId;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::attest::AttestArgs;
use crate::cli::collect::JobLogArgs;
use crate::cli::collect::PeriodArgs;
use crate::cli::collect::SlurmArgs;
use crate::cli::collect::slurm;
use crate::cli::conclusion::HandOnArgs;
use crate::cli::failure;
use crate::cli::init::InitArgs;
use crate::cli::models::Models;
use crate::cli::pledge::NewArgs;
use crate::cli::pledge::SignArgs;
use crate::cli::pledge::TermsArgs;
use crate::cli::publish::PublishArgs;
use crate::cli::site::StoreArgs;
use crate::cli::verify::VerifyArgs;
use crate::cli::witness;
use crate::cli::workspace::AreaArgs;
use crate::durable;
use crate::key::KeyName;
use crate::quantity::Quantity;
use crate::report;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::store::witness::WitnessDirectory;
use crate::telemetry::Ambiguous;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::UnixSeconds;

/// A directory with this file was made by the demo, and is made anew.
const MARKER: &str = ".standstill-demo";

/// Printed on every verdict.
const LABEL: &str = "simulated time, simulated witnesses";

/// 2026-03-01T00:00:00Z, where the window begins.
const START: u64 = 1_772_323_200;

const DAYS: u64 = 30;

/// Seconds after a period's end at which its usage is due: over a day, because it is
/// published daily.
const GRACE: u64 = 129_600;

/// Accelerator-seconds of training that each lab pledges to stay below.
const LIMIT: u64 = 18_000_000;

struct Lab {
    name: &'static str,
    jobs: &'static str,
    /// The days on which it reports.
    reports: u64,
    /// Whether others measure it.
    measured: bool,
    /// What the verdict must be.
    expected: &'static str,
}

const LABS: [Lab; 4] = [
    Lab {
        name: "prudent",
        jobs: include_str!("../../fixtures/demo/prudent.psv"),
        reports: DAYS,
        measured: false,
        expected: "CONSISTENT@E1",
    },
    Lab {
        name: "measured",
        jobs: include_str!("../../fixtures/demo/prudent.psv"),
        reports: DAYS,
        measured: true,
        expected: "HOLDS@E3",
    },
    Lab {
        name: "brash",
        jobs: include_str!("../../fixtures/demo/brash.psv"),
        reports: DAYS,
        measured: false,
        expected: "VIOLATED",
    },
    Lab {
        name: "silent",
        jobs: include_str!("../../fixtures/demo/silent.psv"),
        reports: 19,
        measured: false,
        expected: "OVERDUE",
    },
];

/// Show four labs and their verdicts, on shipped input and a simulated clock
///
/// One lab's own records are consistent with its pledge, those of one are borne out by
/// others, one breaks it, one falls silent.
/// Runs the real commands, leaves everything on disk, and exits with 0 if the verdicts
/// are the announced ones.
#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// Directory to be made; one that an earlier demo made is made anew
    #[arg(value_name = "DIR", default_value = "standstill-demo")]
    directory: PathBuf,
}

impl DemoArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        let path = &self.directory;
        make_anew(path)?;
        let mut demo = Demo {
            path: path.clone(),
            world,
        };
        durable::simulate(|| demo.run())
    }
}

struct Demo<'d, 'w> {
    path: PathBuf,
    world: &'d mut World<'w>,
}

impl Demo<'_, '_> {
    fn run(&mut self) -> Result<u8, Failure> {
        self.world.say(
            "Four labs pledge at most 18,000,000 accelerator-seconds of training in 30 days.",
        )?;
        self.world.say(format!(
            "All times are simulated, and so are the witnesses; so the demo waits for no disk. `standstill` is this program.\n\n$ cd {}",
            self.path.display()
        ))?;
        self.begin()?;
        self.report()?;
        self.after_the_deadline()?;
        self.judge()
    }

    /// Witnesses, workspaces and pledges, half a day before the window.
    fn begin(&mut self) -> Result<(), Failure> {
        let before = at(START.saturating_sub(DAY / 2))?;
        for number in 1..=3 {
            let name = KeyName::new(format!("witness.example/{number}"))?;
            self.show(&format!(
                "standstill witness init witness-{number} --name {name}"
            ))?;
            let directory = self.witness(number);
            quietly(before, |world| witness::init(&directory, &name, world))?;
        }
        for lab in &LABS {
            let name = lab.name;
            self.show(&format!(
                "standstill init {name} --origin {name}.example/log --first 2026-03-01T00:00:00Z --grace {GRACE} --witness witness-1 --witness witness-2 --witness witness-3"
            ))?;
            let init = self.init(name)?;
            quietly(before, |world| init.run(world))?;
            failure::create(&self.path.join(name).join("sacct.psv"), lab.jobs.as_bytes())?;
            if lab.measured {
                self.declare(lab, before)?;
            }
            self.pledge(lab, before)?;
            self.publish(lab, before)?;
            if lab.measured {
                self.found_others(lab, before)?;
            }
        }
        Ok(())
    }

    /// A workspace whose log three witnesses cosign.
    fn init(&self, name: &str) -> Result<InitArgs, Failure> {
        Ok(InitArgs {
            directory: self.path.join(name),
            origin: format!("{name}.example/log"),
            area: vec!["cluster".to_owned()],
            measures: Vec::new(),
            first: Some(at(START)?),
            period: "3600".parse::<Cadence>()?,
            grace: GRACE,
            witness: (1..=3).map(|number| self.witness(number)).collect(),
            quorum: None,
            policy: None,
            log: None,
            submit: None,
            store: StoreArgs::default(),
        })
    }

    fn pledge(&mut self, lab: &Lab, now: UnixSeconds) -> Result<(), Failure> {
        let workspace = self.path.join(lab.name);
        let new = NewArgs {
            terms: TermsArgs::cap(Quantity::from(LIMIT)),
            start: at(START)?,
            end: at(START.saturating_add(DAYS.saturating_mul(DAY)))?,
            baseline_start: None,
            baseline_end: None,
            workspace: workspace.clone(),
        };
        let name = lab.name;
        self.show(&format!(
            "standstill pledge new --kind cap --start {} --end {} --limit {LIMIT} --workspace {name} > {name}/pledge.json",
            new.start, new.end
        ))?;
        let file = workspace.join("pledge.json");
        failure::create(&file, new.draft()?.as_bytes())?;
        self.show(&format!(
            "standstill pledge sign {name}/pledge.json --workspace {name}"
        ))?;
        let sign = SignArgs { file, workspace };
        quietly(now, |world| sign.run(world))
    }

    /// Thirty days of collecting, attesting and publishing, an hour after midnight.
    fn report(&mut self) -> Result<(), Failure> {
        self.world
            .say("# Once a day, for the day before; the first time:")?;
        for day in 1..=DAYS {
            let midnight = at(START.saturating_add(day.saturating_mul(DAY)))?;
            let now = at(midnight.get().saturating_add(3600))?;
            for lab in LABS.iter().filter(|lab| day <= lab.reports) {
                let (name, workspace) = (lab.name, self.path.join(lab.name));
                let place = AreaArgs {
                    workspace: workspace.clone(),
                    area: StreamId::new(1),
                };
                let log = JobLogArgs {
                    periods: PeriodArgs {
                        place: place.clone(),
                        through: midnight,
                        tz: Some("UTC".to_owned()),
                        ambiguous: Ambiguous::Refuse,
                        again: None,
                        explain: None,
                    },
                    models: Models {
                        model: vec![("h100".to_owned(), "h100-sxm".to_owned())],
                    },
                    class: vec![
                        ("train".to_owned(), "training".to_owned()),
                        ("infer".to_owned(), "inference".to_owned()),
                    ],
                };
                let collect = SlurmArgs {
                    file: Some(workspace.join("sacct.psv")),
                    run: false,
                    sacct: "sacct".into(),
                    log,
                };
                if day == 1 {
                    self.show(&format!(
                        "standstill collect slurm {name}/sacct.psv --workspace {name} --tz UTC --through {midnight} --model h100=h100-sxm --class train=training --class infer=inference"
                    ))?;
                    self.show(&format!("standstill attest --workspace {name}"))?;
                }
                quietly(now, |world| slurm(&collect, world))?;
                let attest = AttestArgs { place };
                quietly(now, |world| attest.run(world))?;
                if day == 1 {
                    self.publish(lab, now)?;
                } else {
                    self.publish_quietly(lab, now)?;
                }
            }
        }
        self.world.say(format!(
            "# … and so on, {DAYS} times. `silent` stops after {} days.",
            LABS.last().map_or(0, |lab| lab.reports)
        ))
    }

    /// Once everything is due, the witnesses look at every log again.
    fn after_the_deadline(&mut self) -> Result<(), Failure> {
        let now = at(deadline().saturating_add(DAY / 2))?;
        for lab in LABS.iter().filter(|lab| lab.measured) {
            self.measure(lab, now)?;
        }
        self.world
            .say(format!("# After the last deadline, at {now}:"))?;
        for lab in &LABS {
            for number in 1..=3 {
                self.show(&format!(
                    "standstill witness cosign witness-{number} {}/log",
                    lab.name
                ))?;
                let witness = WitnessDirectory::open(&self.witness(number))?;
                let files = Directory::new(self.path.join(lab.name).join("log"));
                witness.cosign(&LogReader::new(&files), None, now)?;
            }
        }
        Ok(())
    }

    fn judge(&mut self) -> Result<u8, Failure> {
        let now = at(deadline().saturating_add(DAY))?;
        let mut announced = true;
        self.world.say(
            "# An auditor writes a trust file by hand, and its policy; here the demo wrote them.",
        )?;
        self.world
            .say("# `--at` is the simulated time: as of today these logs are stale. `--witness` asks what")?;
        self.world
            .say("# each witness saw last: without it, that `silent` is overdue is not shown.\n")?;
        for lab in &LABS {
            let trust = self.trust(lab)?;
            let verify = VerifyArgs {
                log: self.path.join(lab.name).join("log").display().to_string(),
                trust,
                at: Some(now),
                require_level: None,
                ledgers: None,
                attached: Vec::new(),
                beside: Vec::new(),
                pact: Vec::new(),
                seen: Vec::new(),
                witness: (1..=3)
                    .map(|number| self.witness(number).display().to_string())
                    .collect(),
                state: None,
                hand_on: HandOnArgs::default(),
            };
            self.show(&format!(
                "standstill verify {0}/log --trust {0}.trust.toml --at {now} --witness witness-1 --witness witness-2 --witness witness-3",
                lab.name
            ))?;
            let judgement = verify.judge(self.world)?;
            self.world.say(report::text(&judgement))?;
            let found: Vec<String> = judgement
                .verdicts
                .iter()
                .map(crate::verify::Verdict::headline)
                .collect();
            if found != [lab.expected] {
                announced = false;
                self.world.note(format!(
                    "error: `{}` was announced as {}, and is {}",
                    lab.name,
                    lab.expected,
                    found.join(", ")
                ));
            }
        }
        if announced {
            self.world.say("The four verdicts are the announced ones. Verify them by hand: the four `standstill verify` above. The other commands, run again, go by the real time.")?;
        }
        Ok(u8::from(!announced))
    }

    /// Writes the auditor's trust file and policy.
    fn trust(&self, lab: &Lab) -> Result<PathBuf, Failure> {
        let text = failure::read_text(&self.path.join(lab.name).join("standstill.toml"))?;
        let config: crate::cli::workspace::Config = toml::from_str(&text)?;
        let log = failure::read_text(&self.path.join(lab.name).join("log/vkey"))?;
        let log = log.trim_end();
        let mut policy = format!("log {log}\n");
        let mut trust = format!(
            "# What the auditor believes. The demo wrote it; an auditor writes it by hand,\n\
             # and takes nothing in it from the lab's log.\n\
             policy = \"{0}.policy\"  # C2SP policy: whose cosignatures are a quorum\n\
             label = \"{LABEL}\"  # printed on every verdict\n\
             required_level = \"E3\"  # HOLDS needs evidence of two independent roots\n\
             grace = 86400  # seconds given to a silent log\n\
             greatest_age = 604800  # seconds after which a checkpoint is stale\n\n\
             [[issuer]]\n\
             id = \"{1}\"  # digest of the lab's first statement\n\
             name = \"{0}\"  # what to call it\n\
             trust_root = \"{0}\"  # who controls it\n\
             log = \"{log}\"  # the one log its history is judged in\n\
             areas = [\"1\"]  # areas that must be there\n",
            lab.name, config.issuer
        );
        for number in 1..=3 {
            let vkey = failure::read_text(&self.witness(number).join("vkey"))?;
            writeln!(policy, "witness w{number} {}", vkey.trim_end())?;
            writeln!(
                trust,
                "\n[[witness]]  # local: stands in for an outsider\n\
                 name = \"w{number}\"  # its name in the policy\n\
                 trust_root = \"stand-in for outsider {number}\"  # who would control it"
            )?;
        }
        if lab.measured {
            self.expect_others(lab, &mut trust)?;
        }
        policy.push_str("group outsiders 2 w1 w2 w3\nquorum outsiders\n");
        let path = self.path.join(format!("{}.trust.toml", lab.name));
        failure::create(
            &self.path.join(format!("{}.policy", lab.name)),
            policy.as_bytes(),
        )?;
        failure::create(&path, trust.as_bytes())?;
        Ok(path)
    }

    fn publish(&mut self, lab: &Lab, now: UnixSeconds) -> Result<(), Failure> {
        self.show(&format!("standstill publish --workspace {}", lab.name))?;
        self.publish_quietly(lab, now)
    }

    fn publish_quietly(&mut self, lab: &Lab, now: UnixSeconds) -> Result<(), Failure> {
        let publish = PublishArgs {
            patience: 0,
            ..PublishArgs::of(self.path.join(lab.name))
        };
        quietly(now, |world| publish.run(world))
    }

    fn show(&mut self, command: &str) -> Result<(), Failure> {
        self.world.say(format!("$ {command}"))
    }

    fn witness(&self, number: u64) -> PathBuf {
        self.path.join(format!("witness-{number}"))
    }
}

/// Runs a command at a simulated time, keeping what it prints to itself.
fn quietly<T>(
    now: UnixSeconds,
    run: impl FnOnce(&mut World<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_output(now, run).map(|(answer, _)| answer)
}

/// As [`quietly`], and returns what was printed.
fn quietly_shown<T>(
    now: UnixSeconds,
    run: impl FnOnce(&mut World<'_>) -> Result<T, Failure>,
) -> Result<Vec<u8>, Failure> {
    with_output(now, run).map(|(_, out)| out)
}

fn with_output<T>(
    now: UnixSeconds,
    run: impl FnOnce(&mut World<'_>) -> Result<T, Failure>,
) -> Result<(T, Vec<u8>), Failure> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let answer = run(&mut World {
        out: &mut out,
        err: &mut err,
        now,
        json: false,
    })?;
    Ok((answer, out))
}

/// When the last usage of the window is due.
const fn deadline() -> u64 {
    START
        .saturating_add(DAYS.saturating_mul(DAY))
        .saturating_add(GRACE)
}

fn at(seconds: u64) -> Result<UnixSeconds, Failure> {
    UnixSeconds::new(seconds).ok_or_else(|| Failure::new("beyond the end of time"))
}

fn make_anew(path: &Path) -> Result<(), Failure> {
    let ours = path.join(MARKER).exists();
    if path.exists() && !ours {
        return Err(Failure::file(path, "is there already, and no demo made it")
            .hint("name another directory: `standstill demo DIR`"));
    }
    if ours {
        std::fs::remove_dir_all(path).map_err(|error| Failure::io(path, error))?;
    }
    failure::make_directory(path)?;
    failure::create(&path.join(MARKER), b"")
}
