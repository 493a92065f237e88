//! `standstill log`: run a log.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::drafts;
use crate::cli::failure;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::keystore;
use crate::server::LocalLog;
use crate::server::Metrics;
use crate::server::TIMEOUT;
use crate::server::Writer;
use crate::store::fs::Directory;
use crate::store::log::Log;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::time::UnixSeconds;
use crate::tlog::Origin;

/// Run a log, or check one
#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LogCommand {
    /// Make an empty log in a directory, with a key of its own
    Init {
        /// Directory, which must not exist or be empty
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Name of the log, like an address without its scheme
        #[arg(long)]
        origin: KeyName,
    },
    /// Serve a log over HTTP: `POST /add`, and the files of C2SP tlog-tiles
    ///
    /// An entry that is acknowledged is durable, part of the tree and published. Ends, after
    /// what was begun, on SIGTERM or SIGINT.
    Serve {
        /// Directory that `standstill log init` made
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Address and port
        #[arg(long, default_value = "127.0.0.1:2025")]
        listen: SocketAddr,
        /// Which entries are taken: `any` is a plain log, which understands none of them
        #[arg(long, value_parser = ["any"])]
        admit: String,
        /// Seconds after which a client that says nothing, or reads nothing, is given up
        #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs(),
            value_parser = clap::value_parser!(u64).range(1..=3600))]
        timeout: u64,
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
            LogCommand::Init { directory, origin } => init(directory, origin, world).map(|()| 0),
            LogCommand::Serve {
                directory,
                listen,
                timeout,
                ..
            } => serve(directory, *listen, Duration::from_secs(*timeout), world).map(|()| 0),
            LogCommand::Fsck { log, log_key } => fsck(log, log_key, world),
        }
    }
}

fn init(directory: &Path, origin: &KeyName, world: &mut World<'_>) -> Result<(), Failure> {
    Origin::new(origin.as_str())?;
    let there = directory.exists();
    if there
        && std::fs::read_dir(directory)
            .map_err(|error| Failure::io(directory, error))?
            .next()
            .is_some()
    {
        return Err(Failure::file(directory, "is not empty")
            .hint("nothing is overwritten: name a directory that is not there"));
    }
    let key = SignerKey::new(origin.clone(), Algorithm::Ed25519, keystore::generate()?);
    let vkey = key.verifier().to_string();
    let make = || -> Result<(), Failure> {
        failure::make_directory(&directory.join("keys"))?;
        keystore::write_note_key(&directory.join("keys/log.key"), &key)?;
        Log::create_in(
            &directory.join("log"),
            &directory.join("state"),
            key,
            world.now,
        )?;
        Ok(())
    };
    if let Err(failure) = make() {
        // A key without a log is no log, and would be in the way of one.
        for name in ["keys", "log", "state"] {
            let _ = drafts::remove(&directory.join(name));
        }
        if !there {
            let _ = drafts::remove(directory);
        }
        return Err(failure);
    }
    world.answer(&json!({ "vkey": vkey, "directory": directory }), &vkey)
}

fn serve(
    directory: &Path,
    listen: SocketAddr,
    timeout: Duration,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let directory = directory.to_owned();
    let (public, private) = (directory.join("log"), directory.join("state"));
    let path = directory.join("keys/log.key");
    if !path.exists() {
        return Err(Failure::file(&directory, "has no log to be served")
            .hint("`standstill log init DIR` makes one"));
    }
    let files = Directory::new(&public);
    let open = move |now: UnixSeconds| -> Result<LocalLog, Failure> {
        let key = keystore::read_note_key(&path)?;
        Ok(Log::open_in(&public, &private, key, &[], now)?)
    };
    let log = open(world.now)?;
    let size = log.size();
    let metrics = Arc::new(Metrics::default());
    let reopen = move |now| open(now).map_err(|failure| failure.to_string());
    let (writer, thread) = Writer::start(log, reopen, super::system_time, Arc::clone(&metrics));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!("cannot listen on {listen}: {error}"))
                .hint("`--listen ADDRESS:PORT` names another; port 0 takes any that is free")
        })?;
        let address = listener.local_addr()?;
        let mut term = signal(SignalKind::terminate())?;
        world.note(format!("serving {size} entries on http://{address}"));
        let stop = async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        };
        crate::server::serve(listener, writer, files, metrics, timeout, stop).await;
        Ok::<(), Failure>(())
    })?;
    // Connections that would not end hold copies of the writer.
    runtime.shutdown_background();
    let _ = thread.join();
    world.note("stopped: all that was acknowledged is in the log");
    Ok(())
}

fn fsck(log: &Path, key: &VerifierKey, world: &mut World<'_>) -> Result<u8, Failure> {
    let files = Directory::new(log);
    match LogReader::new(&files).check(key) {
        Ok(checkpoint) => {
            let (size, root) = (checkpoint.size, checkpoint.root);
            world.answer(
                &json!({ "size": size, "root": root.to_string() }),
                &format!("{size} entries, root {root}"),
            )?;
            Ok(0)
        }
        Err(error @ (ReadError::NoCheckpoint | ReadError::Store(_))) => {
            Err(Failure::file(log, error)
                .hint("LOG is the directory that has `checkpoint` and `tile`"))
        }
        Err(error) => {
            let failure = Failure::file(log, error)
                .hint("if it is a copy, fetch that file anew; else bring it back from one");
            world.note(failure.to_string());
            Ok(1)
        }
    }
}
