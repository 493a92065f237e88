//! `standstill simulate`: a made-up lab, honest or not, to try a verifier on.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::World as Terminal;
use crate::cli::progress;
use crate::simulate::Act;
use crate::simulate::Cheat;
use crate::simulate::Claim;
use crate::simulate::Flaw;
use crate::simulate::Lineage;
use crate::simulate::Others;
use crate::simulate::Scenario;
use crate::simulate::World;
use crate::time::DAY;

/// Seconds of an hour.
const HOUR: u64 = 3600;

/// Make the log of a lab that never was, honest or cheating
///
/// Writes what an auditor would have in hand: the log, a trust file, checkpoints that he
/// kept, ledgers that were opened; and beside it, in `truth.json`, what really ran. The same
/// options give the same bytes. What every cheat comes to is in the README.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is typed"
)]
pub(super) struct SimulateArgs {
    /// Directory to make
    #[arg(value_name = "DIR", required_unless_present = "list")]
    directory: Option<PathBuf>,

    /// List the cheats, and make nothing
    #[arg(long)]
    list: bool,

    /// How the lab cheats, by its name in the list (default: not at all)
    #[arg(long, value_name = "NAME")]
    cheat: Option<Cheat>,

    /// What all chance comes from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Who else measures: `nobody`, `meter` or `cloud-and-meter`
    #[arg(long, value_name = "WHO", default_value_t = Others::CloudAndMeter)]
    others: Others,

    /// Areas of the lab
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    areas: usize,

    /// Devices of each area
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    devices: u64,

    /// Days that are reported
    #[arg(long, value_name = "NUMBER", default_value_t = 14)]
    days: usize,

    /// Report every hour, not every day
    #[arg(long)]
    hourly: bool,

    /// Tell of training as runs of so many periods each, and pledge that none is too large
    #[arg(long, value_name = "PERIODS", conflicts_with_all = ["cheat", "open_ledgers"])]
    runs: Option<usize>,

    /// Tell that each run was made from the one before it
    #[arg(long, requires = "runs")]
    linked: bool,

    /// Keep ledgers, and open them
    #[arg(long, conflicts_with = "cheat")]
    open_ledgers: bool,
}

impl SimulateArgs {
    pub(super) fn run(&self, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
        let Some(directory) = self.directory.as_ref().filter(|_| !self.list) else {
            return list(terminal);
        };
        if directory.exists() {
            return Err(Failure::file(directory, "is there already")
                .hint("name a directory that is not: what was made before stays"));
        }
        let bar = progress::spinner("simulating");
        let made = self.scenario().and_then(|scenario| {
            let world = scenario.simulate().map_err(|error| {
                Failure::new(error.to_string()).hint("`--help` says what each option takes")
            })?;
            write(directory, &world)?;
            Ok(world)
        });
        bar.finish_and_clear();
        let world = made?;
        let command = command(directory, &world);
        let shown = json!({
            "directory": directory.display().to_string(),
            "broken": world.story.is_broken(),
            "verify": command,
        });
        let so = if world.story.is_broken() {
            "what the lab pledged is not so"
        } else {
            "what the lab pledged is so"
        };
        terminal.answer(
            &shown,
            &format!("{}: {so}\nto judge it: {command}", directory.display()),
        )
    }

    fn scenario(&self) -> Result<Scenario, Failure> {
        let seconds = if self.hourly { HOUR } else { DAY };
        let a_day = if self.hourly { 24 } else { 1 };
        let periods = self.days.checked_mul(a_day);
        let mut scenario = Scenario {
            others: self.others,
            areas: self.areas,
            devices: self.devices,
            periods: periods.ok_or_else(|| Failure::new("too many days"))?,
            seconds,
            ..Scenario::new(self.seed)
        };
        if let Some(each) = self.runs {
            if each == 0 {
                return Err(Failure::new("a run has one period at least").hint("`--runs 24`"));
            }
            scenario.claim = Claim::RunCap;
            scenario.act = Act::Runs {
                each,
                from: if self.linked {
                    Lineage::Each
                } else {
                    Lineage::Nothing
                },
            };
        }
        if self.open_ledgers {
            scenario.act = Act::Ledgers {
                flaw: Flaw::Nothing,
                opened: true,
            };
        }
        Ok(match self.cheat {
            Some(cheat) => scenario.with(cheat),
            None => scenario,
        })
    }
}

fn list(terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let all: Vec<_> = Cheat::ALL
        .iter()
        .map(|cheat| json!({"cheat": cheat.name(), "what": cheat.what()}))
        .collect();
    let lines: Vec<String> = Cheat::ALL
        .iter()
        .map(|cheat| format!("{:5} {}", cheat.name(), cheat.what()))
        .collect();
    terminal.answer(&all.into(), &lines.join("\n"))
}

/// Where what the auditor kept lies, and what a witness answered.
const SEEN: &str = "seen";
const ASKED: &str = "asked";
const LEDGERS: &str = "ledgers";
const ANSWERS: &str = "answers";

fn write(directory: &Path, world: &World) -> Result<(), Failure> {
    let put = |path: PathBuf, bytes: &[u8]| {
        let parent = path.parent().unwrap_or(directory);
        std::fs::create_dir_all(parent).map_err(|error| Failure::io(parent, error))?;
        std::fs::write(&path, bytes).map_err(|error| Failure::io(&path, error))
    };
    for (path, bytes) in &world.files {
        put(directory.join("log").join(path), bytes)?;
    }
    put(directory.join("trust.toml"), world.trust.as_bytes())?;
    put(directory.join("policy"), world.policy.as_bytes())?;
    for (name, notes) in [(SEEN, &world.seen), (ASKED, &world.witnesses)] {
        for note in notes {
            put(directory.join(name), note.to_text().as_bytes())?;
        }
    }
    for (number, ledger) in world.ledgers.iter().enumerate() {
        let path = directory.join(LEDGERS).join(format!("{number:06}.ledger"));
        put(path, ledger.print().as_bytes())?;
    }
    for (number, answer) in world.answers.iter().enumerate() {
        let path = directory.join(ANSWERS).join(format!("{number:06}"));
        put(path, answer.as_bytes())?;
    }
    let truth = truth(world);
    let truth = serde_json::to_string_pretty(&truth)?;
    put(directory.join("truth.json"), truth.as_bytes())
}

/// What really ran, area by area and period by period.
fn truth(world: &World) -> serde_json::Value {
    let areas = world.story.sites.iter().map(|site| {
        let days = site.days.iter().map(|day| {
            let told = day.said.map(|told| {
                json!({
                    "training": told.seen.training,
                    "inference": told.seen.inference,
                    "idle": told.seen.idle,
                    "gap": told.gap,
                })
            });
            json!({
                "training": day.real.training,
                "inference": day.real.inference,
                "idle": day.real.idle,
                "told": told,
            })
        });
        days.collect::<Vec<_>>()
    });
    json!({
        "unit": "device-seconds",
        "broken": world.story.is_broken(),
        "areas": areas.collect::<Vec<_>>(),
    })
}

/// What an auditor types.
fn command(directory: &Path, world: &World) -> String {
    let at = |name: &str| directory.join(name).display().to_string();
    let mut command = format!(
        "standstill verify {} --trust {} --at {}",
        at("log"),
        at("trust.toml"),
        world.at
    );
    let options = [
        ("--seen", SEEN, world.seen.is_empty()),
        ("--seen", ASKED, world.witnesses.is_empty()),
        ("--ledgers", LEDGERS, world.ledgers.is_empty()),
        ("--attached", ANSWERS, world.answers.is_empty()),
    ];
    for (option, name, _) in options.iter().filter(|(_, _, none)| !none) {
        command.extend([" ", option, " ", &at(name)]);
    }
    command
}
