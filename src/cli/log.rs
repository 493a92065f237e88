//! `standstill log`: run a log.

mod check;
mod init;
mod register;
mod serve;

use std::path::PathBuf;

use crate::attestation::IssuerId;
use crate::cli::Failure;
use crate::cli::World;
use crate::key::VerifierKey;

use init::LogInitArgs;
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
            LogCommand::Fsck { log, log_key } => check::fsck(log, log_key, world),
        }
    }
}
