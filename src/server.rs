//! A log over HTTP: takes entries, and serves the files of C2SP tlog-tiles.
//!
//! One thread writes ([`Writer`]); what waits while it does becomes the next batch, so that
//! many share one wait for the disk and one alone waits for nobody. An answer of 200 means
//! that the entry is durable, part of the tree and published.

mod connections;
mod metrics;
mod room;
mod routes;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::store::fs::Directory;
use room::Room;

pub use metrics::Metrics;
pub use writer::LocalLog;
pub use writer::Refused;
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
#[derive(Clone, Debug)]
struct Shared {
    writer: Writer,
    files: Directory,
    metrics: Arc<Metrics>,
    timeout: Duration,
    /// For entries that are received or wait.
    entries: Room,
    /// For files that are sent.
    answers: Room,
}

/// Serves until `stop` is ready; then answers what was begun, and returns. A client that
/// takes longer than `timeout` to say or to read something is given up.
///
/// The writer outlives it: [`Writer`] ends when its last copy is dropped.
pub async fn serve(
    listener: TcpListener,
    writer: Writer,
    files: Directory,
    metrics: Arc<Metrics>,
    timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let shared = Shared {
        writer,
        files,
        metrics,
        timeout,
        entries: Room::new(MAX_HELD),
        answers: Room::new(MAX_HELD),
    };
    connections::accept(listener, routes::router(shared), timeout, stop).await;
}
