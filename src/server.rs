//! A log over HTTP: takes entries, and serves the files of C2SP tlog-tiles.
//!
//! One thread writes ([`Writer`]); what waits while it does becomes the next batch, so that
//! many share one wait for the disk and one alone waits for nobody. An answer of 200 means
//! that the entry is durable, part of the tree and published.

mod api;
mod connections;
mod cosigner;
mod event;
mod gate;
mod intake;
mod metrics;
mod problem;
mod room;
mod routes;
mod scrubber;
mod tls;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::key::VerifierKey;
use crate::store::site::Files;
use cosigner::Cosigned;
use room::Room;

pub use cosigner::Asker;
pub use cosigner::Cosigner;
pub use event::Event;
pub use event::Tell;
pub use gate::Gate;
pub use gate::Places;
pub use gate::Roster;
pub use gate::Statements;
pub use metrics::Metrics;
pub use tls::Tls;
pub use writer::Refused;
pub use writer::Started;
pub use writer::Writer;

/// How many connections are served at once; others wait to be accepted. 10,000 idle ones took
/// 63 MiB (`benches/README.md`).
pub const MAX_CONNECTIONS: usize = 20_000;

/// How long a head or a body may take to come, and an answer to be taken, unless the
/// operator says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The most bytes of entries that are being received or wait, and of files being sent: what
/// slow clients can make a server hold, of each.
pub const MAX_HELD: usize = 256 * 1024 * 1024;

/// The longest head of a request, in bytes.
pub const MAX_HEAD: usize = 16 * 1024;

/// How long requests that are being answered may take once the server is to stop.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// What the routes share.
type Shared = Arc<Served>;

#[derive(Debug)]
struct Served {
    writer: Writer,
    files: Files,
    /// The key of the log's checkpoints.
    key: VerifierKey,
    /// What the gate knows; `None` where it takes whatever comes.
    roster: Option<Arc<Roster>>,
    /// The newest checkpoint that a quorum cosigned; `None` where nobody is asked.
    cosigned: Option<Cosigned>,
    metrics: Arc<Metrics>,
    timeout: Duration,
    /// For entries that are received or wait.
    entries: Room,
    /// For files that are sent.
    answers: Room,
    /// For requests of many entries.
    batches: Arc<Semaphore>,
}

/// What is served, and how.
pub struct Service {
    /// What takes entries. It ends when its last copy is dropped, after this.
    pub writer: Writer,
    /// Asks witnesses, when it is woken.
    pub cosigner: Option<(Cosigner, std::sync::mpsc::Receiver<()>)>,
    /// The log's public files.
    pub files: Files,
    /// The key of the log's checkpoints.
    pub key: VerifierKey,
    /// What the gate knows; `None` where it takes whatever comes.
    pub roster: Option<Arc<Roster>>,
    /// Certificate and key, where connections are of TLS.
    pub tls: Option<Tls>,
    /// How long a pass over what is stored may take; `None` for none.
    pub scrub: Option<Duration>,
    /// Takes what happens.
    pub tell: Tell,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// A client that takes longer to say or to read something is given up.
    pub timeout: Duration,
}

/// Serves until `stop` is ready; then answers what was begun, and returns.
pub async fn serve(listener: TcpListener, service: Service, stop: impl Future<Output = ()>) {
    let timeout = service.timeout;
    if let Some(period) = service.scrub {
        scrubber::start(
            service.files.clone(),
            service.key.clone(),
            period,
            Arc::clone(&service.metrics),
            service.tell,
        );
    }
    let cosigned = service
        .cosigner
        .map(|(cosigner, woken)| cosigner.start(&service.writer, woken));
    let shared = Arc::new(Served {
        cosigned,
        writer: service.writer,
        files: service.files,
        key: service.key,
        roster: service.roster,
        metrics: service.metrics,
        timeout,
        entries: Room::new(MAX_HELD),
        answers: Room::new(MAX_HELD),
        batches: Arc::new(Semaphore::new(api::MAX_BATCHES)),
    });
    let tls = service.tls.map(Tls::into_acceptor);
    connections::accept(listener, routes::router(shared), tls, timeout, stop).await;
}
