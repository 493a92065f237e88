//! `standstill log serve`: a log over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::cli::Failure;
use crate::cli::World;
use crate::keystore;
use crate::server::Gate;
use crate::server::LocalLog;
use crate::server::Metrics;
use crate::server::Places;
use crate::server::Roster;
use crate::server::Service;
use crate::server::Statements;
use crate::server::TIMEOUT;
use crate::server::Writer;
use crate::store::fs::Directory;
use crate::store::log::Log;
use crate::time::UnixSeconds;

/// Serve a log over HTTP: takes entries, and serves the files of C2SP tlog-tiles
///
/// An entry that is acknowledged is durable, part of the tree and published. Taken is the
/// next statement of a stream, as the issuers that the operator registered signed it. Ends,
/// after what was begun, on SIGTERM or SIGINT.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Directory that `standstill log init` made
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Address and port
    #[arg(long, default_value = "127.0.0.1:2025")]
    listen: SocketAddr,

    /// Which entries are taken
    #[arg(long, value_enum, default_value_t = Admit::Statements)]
    admit: Admit,

    /// Seconds after which a client that says nothing, or reads nothing, is given up
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Admit {
    /// Statements of registered issuers, each the next of its stream
    Statements,
    /// Whatever comes: a plain log, which understands none of it
    Any,
}

impl ServeArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let path = self.directory.join("keys/log.key");
        if !path.exists() {
            return Err(Failure::file(&self.directory, "has no log to be served")
                .hint("`standstill log init DIR` makes one"));
        }
        let roster = match self.admit {
            Admit::Statements => Some(Arc::new(Roster::default())),
            Admit::Any => None,
        };
        let open = self.opener(roster.clone());
        let (log, gate) = open(world.now)?;
        let (size, key) = (log.size(), log.verifier());
        let metrics = Arc::new(Metrics::default());
        let reopen = move |now| open(now).map_err(|failure| failure.to_string());
        let clock = super::super::system_time;
        let (writer, thread) = Writer::start(log, gate, reopen, clock, Arc::clone(&metrics));
        let service = Service {
            writer,
            files: Directory::new(self.directory.join("log")),
            key,
            roster,
            metrics,
            timeout: Duration::from_secs(self.timeout),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.listen(service, size, world))?;
        // Connections that would not end hold copies of the writer.
        runtime.shutdown_background();
        let _ = thread.join();
        world.note("stopped: all that was acknowledged is in the log");
        Ok(())
    }

    /// Returns what opens the log and its gate, at first and after a failure.
    fn opener(
        &self,
        roster: Option<Arc<Roster>>,
    ) -> impl Fn(UnixSeconds) -> Result<(LocalLog, Gate), Failure> + use<> {
        let directory = self.directory.clone();
        let places = Places {
            index: directory.join("state/index"),
            evidence: directory.join("evidence"),
        };
        move |now| {
            let key = keystore::read_note_key(&directory.join("keys/log.key"))?;
            let (public, private) = (directory.join("log"), directory.join("state/log"));
            let log = Log::open_in(&public, &private, key, &[], now)?;
            let gate = match &roster {
                Some(roster) => {
                    let gate = Statements::load(&log, &places, Arc::clone(roster));
                    Gate::Statements(Box::new(gate.map_err(Failure::new)?))
                }
                None => Gate::Any,
            };
            Ok((log, gate))
        }
    }

    async fn listen(
        &self,
        service: Service,
        size: u64,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let listen = self.listen;
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
        crate::server::serve(listener, service, stop).await;
        Ok(())
    }
}
