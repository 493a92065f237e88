//! The command line: what was typed, and what it does to the world.
//!
//! One file a command. Every effect on the terminal goes through `World`; standard
//! output carries only what was asked for, errors are `error: …` and then `hint: …`.

mod agent;
mod amounts;
mod attached;
mod attest;
mod bundle;
mod challenge;
mod collect;
mod conclusion;
mod correct;
mod corroborate;
mod declare;
mod demo;
mod devices;
mod drafts;
mod evidence;
mod failure;
mod init;
mod inventory;
mod journal;
mod key;
#[cfg(feature = "server")]
mod log;
mod models;
mod pledge;
mod progress;
mod publish;
mod published;
mod receipts;
#[cfg(feature = "nvml")]
mod sample;
mod signing;
mod simulate;
mod site;
mod state;
mod submit;
mod trust;
mod verify;
mod vsa;
mod withdraw;
mod witness;
mod witnesses;
mod workspace;

use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use clap::Subcommand;

use crate::time::UnixSeconds;

use failure::Failure;

/// Attest compute use in a transparency log, and judge a claimed slowdown
///
/// A log signed by its own subject shows who said what and, once independent witnesses
/// have cosigned it, by when, unchanged, and the same to everybody. It does not show that
/// it is true or complete: a lab's own signed statement can establish a breach, never
/// compliance. Undeclared sites, collusion of all roots of trust and progress in
/// algorithms no log can see.
#[derive(Debug, Parser)]
#[command(name = "standstill", version, max_term_width = 100)]
struct Args {
    /// Take this for the present time, e.g. `2026-03-01T02:00:00Z` (simulations only)
    #[arg(long, global = true, hide = true, value_name = "TIME")]
    simulated_time: Option<UnixSeconds>,

    /// Print JSON
    #[arg(long, global = true, display_order = 900)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Agent(agent::AgentArgs),
    Attest(attest::AttestArgs),
    Bundle(bundle::BundleArgs),
    Challenge(challenge::ChallengeArgs),
    Collect(collect::CollectArgs),
    Correct(correct::CorrectArgs),
    Corroborate(corroborate::CorroborateArgs),
    Declare(declare::DeclareArgs),
    Demo(demo::DemoArgs),
    Evidence(evidence::EvidenceArgs),
    Init(init::InitArgs),
    Inventory(inventory::InventoryArgs),
    Key(key::KeyArgs),
    #[cfg(feature = "server")]
    Log(log::LogArgs),
    Pledge(pledge::PledgeArgs),
    Publish(publish::PublishArgs),
    #[cfg(feature = "nvml")]
    Sample(sample::SampleArgs),
    Simulate(simulate::SimulateArgs),
    Trust(trust::TrustArgs),
    Verify(verify::VerifyArgs),
    Vsa(vsa::VsaArgs),
    Withdraw(withdraw::WithdrawArgs),
    Witness(witness::WitnessArgs),
}

/// The terminal and the clock.
pub(crate) struct World<'w> {
    /// Takes what was asked for.
    pub(crate) out: &'w mut dyn Write,
    /// Takes everything else.
    pub(crate) err: &'w mut dyn Write,
    /// The present time.
    pub(crate) now: UnixSeconds,
    /// Whether what was asked for is wanted as JSON.
    pub(crate) json: bool,
}

impl World<'_> {
    /// Writes a line of what was asked for.
    fn say(&mut self, line: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(self.out, "{}", line.as_ref()).map_err(Failure::output)
    }

    /// Writes what was asked for, in the spelling that is wanted.
    fn answer(&mut self, json: &serde_json::Value, text: &str) -> Result<(), Failure> {
        if self.json {
            self.say(serde_json::to_string_pretty(json)?)
        } else {
            self.say(text)
        }
    }

    /// Writes a line about what is being done. A closed terminal is no reason to stop.
    fn note(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.err, "{}", line.as_ref());
    }
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return mistyped(&error),
    };
    // Not locked: a server's threads write there too.
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr());
    let now = args.simulated_time.or_else(system_time);
    let Some(now) = now else {
        let _ = writeln!(err, "error: the clock is not between 1970 and 9999");
        return ExitCode::from(failure::EXIT);
    };
    let mut world = World {
        out: &mut out,
        err: &mut err,
        now,
        json: args.json,
    };
    match args.command.run(&mut world) {
        Ok(code) => ExitCode::from(code),
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            world.note(failure.to_string());
            ExitCode::from(failure::EXIT)
        }
    }
}

/// Says what is wrong with the arguments, or shows the help that they ask for.
fn mistyped(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    // One spelling of advice in all errors; a suggestion of clap's own is better than ours.
    let text = match text.find("\n  tip: ") {
        Some(_) => text
            .replacen("\n  tip: ", "\nhint: ", 1)
            .replace("\n\nFor more information, try '--help'.", ""),
        None => text.replace(
            "For more information, try '--help'.",
            "hint: `--help` says what it takes",
        ),
    };
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
    ExitCode::from(failure::EXIT)
}

impl Command {
    fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        match self {
            Self::Agent(args) => args.run(world).map(|()| 0),
            Self::Attest(args) => args.run(world).map(|()| 0),
            Self::Bundle(args) => args.run(world).map(|()| 0),
            Self::Challenge(args) => args.run(world).map(|()| 0),
            Self::Collect(args) => args.run(world).map(|()| 0),
            Self::Correct(args) => args.run(world).map(|()| 0),
            Self::Corroborate(args) => args.run(world).map(|()| 0),
            Self::Declare(args) => args.run(world).map(|()| 0),
            Self::Demo(args) => args.run(world),
            Self::Evidence(args) => args.run(world).map(|()| 0),
            Self::Init(args) => args.run(world).map(|()| 0),
            Self::Inventory(args) => args.run(world).map(|()| 0),
            Self::Key(args) => args.run(world).map(|()| 0),
            #[cfg(feature = "server")]
            Self::Log(args) => args.run(world),
            Self::Pledge(args) => args.run(world),
            Self::Publish(args) => args.run(world).map(|()| 0),
            #[cfg(feature = "nvml")]
            Self::Sample(args) => args.run(world).map(|()| 0),
            Self::Simulate(args) => args.run(world).map(|()| 0),
            Self::Trust(args) => args.run(world).map(|()| 0),
            Self::Verify(args) => args.run(world),
            Self::Vsa(args) => args.run(world),
            Self::Withdraw(args) => args.run(world).map(|()| 0),
            Self::Witness(args) => args.run(world).map(|()| 0),
        }
    }
}

fn system_time() -> Option<UnixSeconds> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixSeconds::new(since.ok()?.as_secs())
}
