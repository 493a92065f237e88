//! `standstill log serve`: a log over HTTP.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::site::site;
use crate::http::Witnesses;
use crate::key::VerifierKey;
use crate::keystore;
use crate::server::Asker;
use crate::server::Cosigner;
use crate::server::Event;
use crate::server::Gate;
use crate::server::Metrics;
use crate::server::Places;
use crate::server::Roster;
use crate::server::Service;
use crate::server::Started;
use crate::server::Statements;
use crate::server::TIMEOUT;
use crate::server::Tell;
use crate::server::Tls;
use crate::server::Writer;
use crate::store::log::Quorum;
use crate::store::site::Site;
use crate::store::site::SitedLog;
use crate::time::UnixSeconds;
use crate::tlog::Policy;

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

    /// Certificate chain of the server, in PEM: connections are then of TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,

    /// Key of that certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,

    /// Which entries are taken
    #[arg(long, value_enum, default_value_t = Admit::Statements)]
    admit: Admit,

    /// Seconds after which a client that says nothing, or reads nothing, is given up
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// C2SP policy of the witnesses that are asked, each with its address, and the quorum
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// When a checkpoint is published: at once, or only with its quorum's cosignatures
    #[arg(long, value_enum, default_value_t = Publish::Signed, requires = "policy")]
    publish: Publish,

    /// Seconds after which witnesses are asked again where the log has not grown
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "policy",
        value_parser = clap::value_parser!(u64).range(1..))]
    refresh: u64,

    /// Seconds that a pass over all that is stored takes, which derives it anew; 0 for none
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    scrub: u64,

    /// Start although too few witnesses can be asked whether this is an older copy of the
    /// log
    #[arg(long, requires = "policy")]
    unguarded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Admit {
    /// Statements of registered issuers, each the next of its stream
    Statements,
    /// Whatever comes: a plain log, which understands none of it
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Publish {
    /// At once; cosignatures come after it
    Signed,
    /// Once a quorum has cosigned it: in an outage of witnesses nothing is acknowledged
    Cosigned,
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
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(chain), Some(key)) => Some(Tls::read(chain, key).map_err(|why| {
                Failure::new(why).hint("both are PEM files, as `openssl` and ACME clients make")
            })?),
            _ => None,
        };
        let key = keystore::read_note_key(&path)?.verifier();
        let place = site(&self.directory)?;
        let files = place.files();
        let asker = match &self.policy {
            Some(path) => {
                let witnesses = witnesses(path, &key)?;
                Some(Arc::new(Asker::new(witnesses, files.clone(), key.clone())))
            }
            None => None,
        };
        let before = asker.clone().filter(|_| self.publish == Publish::Cosigned);
        let open = self.opener(place, roster.clone(), before);
        let (mut log, gate) = open(world.now)?;
        let entries = log.size();
        let metrics = Arc::new(Metrics::default());
        let tell: Tell = Arc::new(tell);
        if let Some(asker) = &asker {
            self.guard(asker, &mut log, world)?;
        }
        let cosigner = asker.map(|asker| {
            let refresh = Duration::from_secs(self.refresh);
            Cosigner::new(asker, refresh, Arc::clone(&metrics), Arc::clone(&tell))
        });
        let reopen = move |now| open(now).map_err(|failure| failure.to_string());
        let clock = super::super::system_time;
        let Started {
            writer,
            thread,
            woken,
        } = Writer::start(
            log,
            gate,
            reopen,
            clock,
            Arc::clone(&metrics),
            Arc::clone(&tell),
        );
        let service = Service {
            writer,
            cosigner: cosigner.map(|cosigner| (cosigner, woken)),
            files,
            key,
            roster,
            tls,
            scrub: (self.scrub > 0).then(|| Duration::from_secs(self.scrub)),
            tell,
            metrics,
            timeout: Duration::from_secs(self.timeout),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.listen(service, entries, world))?;
        // Connections that would not end hold copies of the writer.
        runtime.shutdown_background();
        let _ = thread.join();
        world.note("stopped: all that was acknowledged is in the log");
        Ok(())
    }

    /// Asks the witnesses, before anything is taken, whether this is an older copy.
    fn guard(
        &self,
        asker: &Asker,
        log: &mut SitedLog,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let outcome = asker.ask().map_err(Failure::new)?;
        if let Some(alarm) = outcome.alarms.first() {
            return Err(Failure::new(alarm.to_string()).hint(
                "bring the newest copy of the log back; to go on from here would be to rewrite what was published",
            ));
        }
        for (witness, why) in &outcome.others {
            world.note(format!(
                "warning: the witness `{witness}` did not cosign: {why}"
            ));
        }
        if outcome.met {
            log.keep_cosigned(&outcome.note)?;
        } else if !outcome.heard && !self.unguarded {
            return Err(Failure::new(
                "too few witnesses could be asked whether this is an older copy of the log",
            )
            .hint("wait for them; or, if you know that it is the newest, `--unguarded`"));
        }
        Ok(())
    }

    /// Returns what opens the log and its gate, at first and after a failure.
    fn opener(
        &self,
        site: Site,
        roster: Option<Arc<Roster>>,
        before: Option<Arc<Asker>>,
    ) -> impl Fn(UnixSeconds) -> Result<(SitedLog, Gate), Failure> + use<> {
        let directory = self.directory.clone();
        let places = Places {
            index: directory.join("state/index"),
            evidence: directory.join("evidence"),
        };
        move |now| {
            let key = keystore::read_note_key(&directory.join("keys/log.key"))?;
            let quorum = before.clone().map(|asker| -> Quorum {
                Box::new(move |checkpoint| asker.before_publication(checkpoint))
            });
            let log = site.open(key, &[], quorum, now)?;
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
        entries: u64,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let listen = self.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!("cannot listen on {listen}: {error}"))
                .hint("`--listen ADDRESS:PORT` names another; port 0 takes any that is free")
        })?;
        let address = listener.local_addr()?;
        let mut term = signal(SignalKind::terminate())?;
        let scheme = if service.tls.is_some() {
            "https"
        } else {
            "http"
        };
        world.note(format!("serving {entries} entries on {scheme}://{address}"));
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

/// Reads the policy of the witnesses of the log of that key.
fn witnesses(path: &Path, key: &VerifierKey) -> Result<Witnesses, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::io(path, error))?;
    let policy = Policy::parse(&bytes).map_err(|error| Failure::file(path, error))?;
    if policy.logs().next().is_some() && !policy.logs().any(|log| log == key) {
        return Err(Failure::file(path, "is of other logs").hint(format!(
            "its `log` line is to have the key of this one, {key}"
        )));
    }
    if policy.needs_no_witness() {
        return Err(Failure::file(path, "needs no witness")
            .hint("name witnesses and their quorum, or leave `--policy` out"));
    }
    Witnesses::new(&policy).map_err(|why| {
        Failure::file(path, why).hint("`witness NAME VKEY URL`: the address is to be there")
    })
}

/// Writes an event on standard error, one JSON object a line.
fn tell(event: &Event) {
    let mut line = event.to_json();
    if let (Some(members), Some(now)) = (line.as_object_mut(), super::super::system_time()) {
        members.insert("time".to_owned(), now.to_string().into());
    }
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
