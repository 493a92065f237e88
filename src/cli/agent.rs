//! `standstill agent`: collect, attest and publish, period after period.
//!
//! Specified in `specs/agent.md`. It keeps no state of its own: what is next follows from
//! the workspace's journal, whose statements are durable before they are signed, so that a
//! process killed at any point goes on where the journal ends.

mod config;

use std::fs::File;
use std::fs::OpenOptions;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;

use crate::attestation::StreamId;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::agent::config::AreaConfig;
use crate::cli::agent::config::Config;
use crate::cli::attest::AttestArgs;
use crate::cli::collect::CollectArgs;
use crate::cli::collect::next_start;
use crate::cli::failure;
use crate::cli::publish::PublishArgs;
use crate::cli::system_time;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The longest sleep, in seconds: a clock that was set is noticed by then.
const MAX_SLEEP: u64 = 900;

/// Seconds after which a source that failed is asked again; it doubles up to the longest
/// sleep.
const RETRY: u64 = 30;

/// Collect, attest and publish every period, from one configuration
///
/// What is next follows from the workspace: after a time in which it did not run, it
/// catches up, and what comes late is late for everybody to see. A source that fails is
/// asked again; once the patience that the configuration states has run out, the period is
/// attested by what the others say, or as an outage: a gap, never a period left out.
#[derive(Debug, clap::Args)]
pub(super) struct AgentArgs {
    /// Configuration
    #[arg(value_name = "FILE")]
    config: PathBuf,

    /// Do what is due now, and stop, as from cron
    #[arg(long)]
    once: bool,

    /// Read the configuration, say what it means, and stop
    #[arg(long, conflicts_with = "once")]
    check: bool,
}

/// One `collect`, as the configuration spells it.
#[derive(clap::Parser)]
#[command(name = "collect", no_binary_name = true)]
struct Collect {
    #[command(flatten)]
    args: CollectArgs,
}

/// What a turn came to.
#[derive(Debug)]
struct Turn {
    /// When there is something to do again.
    next: UnixSeconds,
    /// What failed and will be tried again.
    failed: Vec<String>,
}

impl AgentArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let config = Config::read(&self.config)?;
        if let Some(directory) = self
            .config
            .parent()
            .filter(|one| !one.as_os_str().is_empty())
        {
            // Paths in the configuration are relative to it.
            std::env::set_current_dir(directory).map_err(|error| Failure::io(directory, error))?;
        }
        let workspace = Workspace::open(&config.workspace)?;
        for area in &config.area {
            let stream = area.stream()?;
            workspace.area(stream)?;
            for command in &area.collect {
                parse(command, &config.workspace, stream, world.now)?;
            }
        }
        drop(workspace);
        world.note(config.describe());
        if self.check {
            return Ok(());
        }
        let _lock = lock(&config.workspace)?;
        let mut wait = RETRY;
        loop {
            let turn = turn(&config, world)?;
            for one in &turn.failed {
                world.note(format!("{}: {one}", world.now));
            }
            if self.once {
                return match turn.failed.first() {
                    Some(first) => Err(Failure::new(format!(
                        "{} things failed, the first: {first}",
                        turn.failed.len()
                    ))
                    .hint("what was attested stays; run it again")),
                    None => Ok(()),
                };
            }
            let sleep = if turn.failed.is_empty() {
                wait = RETRY;
                turn.next.since(world.now).clamp(1, MAX_SLEEP)
            } else {
                let sleep = wait;
                wait = wait.saturating_mul(2).min(MAX_SLEEP);
                sleep
            };
            std::thread::sleep(Duration::from_secs(sleep));
            world.now = system_time()
                .ok_or_else(|| Failure::new("the clock is not between 1970 and 9999"))?;
        }
    }
}

/// Holds the workspace against a second agent, as long as it lives.
fn lock(workspace: &Path) -> Result<File, Failure> {
    let path = workspace.join("agent.lock");
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = opened.map_err(|error| Failure::io(&path, error))?;
    file.try_lock().map_err(|_| {
        Failure::file(&path, "is held by another agent")
            .hint("one agent serves all areas of a workspace")
    })?;
    Ok(file)
}

/// Does all that is due.
fn turn(config: &Config, world: &mut World<'_>) -> Result<Turn, Failure> {
    let mut turn = Turn {
        next: world.now.plus(MAX_SLEEP).unwrap_or(UnixSeconds::MAX),
        failed: Vec::new(),
    };
    for area in &config.area {
        let stream = area.stream()?;
        if let Err(failure) = serve(config, area, stream, &mut turn, world) {
            turn.failed
                .push(format!("area {stream}: {}", line(&failure)));
        }
    }
    let publish = PublishArgs::of(config.workspace.clone());
    if let Err(failure) = told(world, |world| publish.run(world)) {
        turn.failed.push(format!("publishing: {}", line(&failure)));
    }
    config.prune(world)?;
    Ok(turn)
}

/// Collects and attests what is due of an area.
fn serve(
    config: &Config,
    area: &AreaConfig,
    stream: StreamId,
    turn: &mut Turn,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let workspace = Workspace::open(&config.workspace)?;
    let state = workspace.area(stream)?;
    let next = next_start(&workspace, stream, &state);
    // The workspace has a lock of its own, which each step takes for itself.
    drop(workspace);
    let now = world.now;
    let ended = |wait: u64| -> Option<Period> {
        let through = now.get().checked_sub(wait).and_then(UnixSeconds::new)?;
        let periods = state.schedule.periods(next, through);
        periods
            .filter(|period| period.start() >= next && period.end() <= through)
            .last()
    };
    let Some(last) = ended(config.wait) else {
        let coming = state
            .schedule
            .period_from(next)
            .and_then(|period| period.end().plus(config.wait));
        turn.next = turn.next.min(coming.unwrap_or(UnixSeconds::MAX));
        return Ok(());
    };
    let mut failed = collect(config, area, stream, last.end(), world);
    if !failed.is_empty() {
        let grace = state.schedule.terms_at(next).grace;
        let Some(overdue) = ended(config.patience.unwrap_or(grace / 2)) else {
            turn.failed.append(&mut failed);
            return Ok(());
        };
        // Patience has run out for these, and for these alone.
        world.note(format!(
            "{}: the periods of area {stream} up to {} are attested without a source that failed",
            world.now,
            overdue.end()
        ));
        let again = collect(config, area, stream, overdue.end(), world);
        if again.len() == area.collect.len() {
            command(&["outage".to_owned()], config, stream, overdue.end(), world)?;
        }
        turn.failed.extend(again);
    }
    let place = AreaArgs {
        workspace: config.workspace.clone(),
        area: stream,
    };
    let attest = AttestArgs { place };
    told(world, |world| attest.run(world))
}

/// Collects from every source, and says which failed.
fn collect(
    config: &Config,
    area: &AreaConfig,
    stream: StreamId,
    through: UnixSeconds,
    world: &mut World<'_>,
) -> Vec<String> {
    let mut failed = Vec::new();
    for words in &area.collect {
        if let Err(failure) = command(words, config, stream, through, world) {
            let name = words.first().map_or("", String::as_str);
            failed.push(format!("collect {name}: {}", line(&failure)));
        }
    }
    failed
}

/// Runs one `collect`.
fn command(
    words: &[String],
    config: &Config,
    stream: StreamId,
    through: UnixSeconds,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let collect = parse(words, &config.workspace, stream, through)?;
    told(world, |world| collect.run(world))
}

/// Runs a step, whose answer becomes a line of the agent's own account.
fn told(
    world: &mut World<'_>,
    run: impl FnOnce(&mut World<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut out = Vec::new();
    let done = run(&mut World {
        out: &mut out,
        err: world.err,
        now: world.now,
        json: false,
    });
    for line in String::from_utf8_lossy(&out).lines() {
        world.note(format!("{}: {line}", world.now));
    }
    done
}

/// Understands one `collect` of the configuration, for periods up to `through`.
fn parse(
    words: &[String],
    workspace: &Path,
    stream: StreamId,
    through: UnixSeconds,
) -> Result<CollectArgs, Failure> {
    let more = [
        "--workspace".to_owned(),
        workspace.display().to_string(),
        "--area".to_owned(),
        stream.to_string(),
        "--through".to_owned(),
        through.to_string(),
    ];
    let typed = words.iter().cloned().chain(more);
    Collect::try_parse_from(typed).map(|one| one.args).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.trim_start_matches("error: ");
        Failure::new(format!("`collect = [{words:?}]`: {first}"))
            .hint("the words are those of `standstill collect`, without --workspace, --area and --through")
    })
}

/// A failure as one line.
fn line(failure: &Failure) -> String {
    let text = failure.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.join("; ").replacen("error: ", "", 1)
}

/// Removes a ledger whose term is over, if it is one.
fn expired(path: &Path, before: UnixSeconds) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let start = name
        .as_deref()
        .and_then(|name| name.get(..20)?.parse::<UnixSeconds>().ok());
    // Inventories name devices for as long as they stand, and are kept.
    start.is_some_and(|start| start < before)
}

impl Config {
    /// Removes ledgers, with their salts, of periods that began before the term that the
    /// configuration states: after it nothing of them can be opened.
    fn prune(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let Some(days) = self.retain_days else {
            return Ok(());
        };
        let term = u64::from(days).saturating_mul(crate::time::DAY);
        let Some(before) = world.now.get().checked_sub(term).and_then(UnixSeconds::new) else {
            return Ok(());
        };
        for area in &self.area {
            let place = self.workspace.join(format!("ledgers/{}", area.stream()?));
            let Ok(listing) = std::fs::read_dir(&place) else {
                continue;
            };
            let mut removed = 0_u64;
            for file in listing {
                let path = file.map_err(|error| Failure::io(&place, error))?.path();
                if expired(&path, before) {
                    std::fs::remove_file(&path).map_err(|error| Failure::io(&path, error))?;
                    removed = removed.saturating_add(1);
                }
            }
            if removed > 0 {
                failure::sync_directory(&place)?;
                world.note(format!(
                    "{}: {removed} ledgers of area {} from before {before} are past their term of {days} days and were removed",
                    world.now, area.area
                ));
            }
        }
        Ok(())
    }
}
