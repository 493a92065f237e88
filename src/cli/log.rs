//! `standstill log`: run a log.

mod check;
mod init;
mod prove;
mod recover;
mod register;
mod serve;

use std::path::PathBuf;
use std::time::Duration;

use crate::attestation::IssuerId;
use crate::cli::Failure;
use crate::cli::World;
use crate::key::VerifierKey;

use init::LogInitArgs;
use prove::ProveArgs;
use recover::RecoverArgs;
use serve::ServeArgs;

/// Run a log, or check one
#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LogCommand {
    Init(LogInitArgs),
    Serve(ServeArgs),
    /// Say which issuers a log admits from now on
    ///
    /// Makes and publishes a `registration`, which the log's operator signs.
    Register {
        /// Directory that `standstill log init` made
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// An issuer to be admitted (can be repeated)
        #[arg(long, value_name = "ISSUER-ID", required_unless_present = "remove")]
        admit: Vec<IssuerId>,
        /// An issuer to be admitted no longer; what it logged stays (can be repeated)
        #[arg(long, value_name = "ISSUER-ID")]
        remove: Vec<IssuerId>,
        /// Address of the server that has the log; without it, no server may have it
        #[arg(long, value_name = "URL")]
        to: Option<String>,
    },
    Recover(RecoverArgs),
    /// Print the newest checkpoint of a log, if its key signed it
    Checkpoint(LogPlace),
    Prove(ProveArgs),
    /// Derive a whole log anew, slowly, and again and again until a fault is found
    Scrub {
        #[command(flatten)]
        place: LogPlace,
        /// Seconds that a pass takes
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        period: u64,
        /// End after one pass
        #[arg(long)]
        once: bool,
    },
    /// Derive a whole log anew from its entries, and compare every tile and the checkpoint
    Fsck {
        /// Directory of the public files
        #[arg(value_name = "LOG")]
        log: PathBuf,
        /// Key of the log
        #[arg(long, value_name = "VKEY", value_parser = super::witness::boxed)]
        log_key: Box<VerifierKey>,
    },
}

/// A log that somebody serves, or a directory of its public files.
#[derive(Debug, clap::Args)]
struct LogPlace {
    /// Directory of the public files, or an `http(s)` address
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// Key of the log
    #[arg(long, value_name = "VKEY", value_parser = super::witness::boxed)]
    log_key: Box<VerifierKey>,
}

impl LogArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        match &self.command {
            LogCommand::Init(args) => args.run(world).map(|()| 0),
            LogCommand::Serve(args) => args.run(world).map(|()| 0),
            LogCommand::Register {
                directory,
                admit,
                remove,
                to,
            } => register::register(directory, admit, remove, to.as_deref(), world).map(|()| 0),
            LogCommand::Recover(args) => args.run(world).map(|()| 0),
            LogCommand::Checkpoint(place) => prove::checkpoint(place, world).map(|()| 0),
            LogCommand::Prove(args) => args.run(world).map(|()| 0),
            LogCommand::Scrub {
                place,
                period,
                once,
            } => check::scrub(place, Duration::from_secs(*period), *once, world),
            LogCommand::Fsck { log, log_key } => check::fsck(log, log_key, world),
        }
    }
}
