//! Accepting connections: not too many, none for ever, and none cut off when it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::DRAIN_TIMEOUT;
use super::MAX_CONNECTIONS;
use super::MAX_HEAD;

/// How long to wait where no connection can be accepted, as when no file is left to open.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `stop` is ready, and then those that are being answered.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_buf_size(MAX_HEAD);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Answers are small and whole: none waits for more to be sent with it.
        let _ = stream.set_nodelay(true);
        give_up_after(timeout, &stream);
        let service = TowerToHyperService::new(router.clone());
        // A client that breaks off is no concern of anybody else's.
        if let Some(tls) = &tls {
            let (tls, http, watcher) = (tls.clone(), http.clone(), graceful.watcher());
            tokio::spawn(async move {
                let agreed = tokio::time::timeout(timeout, tls.accept(stream)).await;
                if let Ok(Ok(stream)) = agreed {
                    let connection = http.serve_connection(TokioIo::new(stream), service);
                    let _ = watcher.watch(connection).await;
                }
                drop(place);
            });
        } else {
            let connection = http.serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                let _ = connection.await;
                drop(place);
            });
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await;
}

/// Ends the connection once what was sent to the client is not taken for so long (tcp(7),
/// `TCP_USER_TIMEOUT`).
#[cfg(target_os = "linux")]
fn give_up_after(timeout: Duration, stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(timeout));
}

/// Known gap: on other systems a client that does not read is given up by the system's own
/// time limits only.
#[cfg(not(target_os = "linux"))]
fn give_up_after(_: Duration, _: &TcpStream) {}
