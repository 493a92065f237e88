//! A log over HTTP: takes entries, and serves the files of C2SP tlog-tiles.
//!
//! One thread writes ([`Writer`]); what waits while it does becomes the next batch, so that
//! many share one wait for the disk and one alone waits for nobody. An answer of 200 means
//! that the entry is durable, part of the tree and published.

mod connections;
mod metrics;
mod routes;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::store::fs::Directory;

pub use metrics::Metrics;
pub use writer::LocalLog;
pub use writer::Refused;
pub use writer::Writer;

/// The longest entry: its length is two bytes in a bundle (C2SP tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;

/// How many connections are served at once; others wait to be accepted. A connection takes
/// about 10 KiB while idle.
pub const MAX_CONNECTIONS: usize = 20_000;

/// How long the head of a request may take to come.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the body of a request may take to come.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(20);

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
}

/// Serves until `stop` is ready; then answers what was begun, and returns.
///
/// The writer outlives it: [`Writer`] ends when its last copy is dropped.
pub async fn serve(
    listener: TcpListener,
    writer: Writer,
    files: Directory,
    metrics: Arc<Metrics>,
    stop: impl Future<Output = ()>,
) {
    let shared = Shared {
        writer,
        files,
        metrics,
    };
    connections::accept(listener, routes::router(shared), stop).await;
}
