//! The routes: `POST /add` as upstream load tools expect it, and files to read.

use std::io;
use std::io::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Shared;
use super::api;
use super::intake;
use super::problem::Problem;
use super::room::holding;
use crate::attestation::MAX_ENTRY;
use crate::store::LogFiles as _;
use crate::store::Objects as _;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::Kind;
use crate::tlog::tile::Tile;
use crate::tlog::tile::cosigned_path;
use crate::tlog::tile::parse_index_path;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// What never changes once it is there.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What is asked for anew each time.
const NEVER: &str = "no-cache";

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/add", post(add).layer(DefaultBodyLimit::max(MAX_ENTRY)))
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .route("/cosigned/{*path}", get(cosigned))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .merge(api::router())
        .with_state(shared)
}

/// Takes the body as an entry, and answers with its index on the first line.
async fn add(State(shared): State<Shared>, request: Request) -> Response {
    let submission = match intake::one(&shared, request).await {
        Ok(submission) => submission,
        Err(problem) => {
            shared.metrics.refused();
            return problem.into_text();
        }
    };
    match shared.writer.add(submission).await {
        Ok(index) => (StatusCode::OK, format!("{index}\n")).into_response(),
        Err(refused) => Problem::from(refused).into_text(),
    }
}

async fn checkpoint(State(shared): State<Shared>) -> Response {
    file(shared, CHECKPOINT_PATH.to_owned(), TEXT, NEVER).await
}

/// A tile or a bundle, if the path is exactly that of one. Bundles are compressed for who
/// asks for it: hashes cannot be.
async fn tile(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let path = format!("tile/{path}");
    let Some(tile) = Tile::parse(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if tile.kind() != Kind::Entries {
        return file(shared, path, BYTES, FOR_EVER).await;
    }
    let coding = if takes_gzip(&headers) {
        Coding::Gzip
    } else {
        Coding::Identity
    };
    let mut response = coded(shared, path, BYTES, FOR_EVER, coding).await;
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// How an answer is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Identity,
}

/// Whether a client says that it takes gzip (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let codings = values.filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case("gzip")
            && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

async fn cosigned(State(shared): State<Shared>, Path(path): Path<String>) -> Response {
    match parse_index_path(&path) {
        Some(number) => file(shared, cosigned_path(number), TEXT, FOR_EVER).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn file(shared: Shared, path: String, kind: &'static str, caching: &'static str) -> Response {
    coded(shared, path, kind, caching, Coding::Identity).await
}

async fn coded(
    shared: Shared,
    path: String,
    kind: &'static str,
    caching: &'static str,
    coding: Coding,
) -> Response {
    shared.metrics.read();
    let read = move || -> Result<Option<Bytes>, String> {
        let length = shared
            .files
            .length(&path)
            .map_err(|error| error.to_string())?;
        let length = length.unwrap_or_default();
        let place = shared
            .answers
            .take(usize::try_from(length).unwrap_or(usize::MAX));
        let place = place.ok_or("too many files are being sent")?;
        let read = shared
            .files
            .read(&path)
            .map_err(|error| error.to_string())?;
        let bytes = match (read, coding) {
            (Some(bytes), Coding::Gzip) => Some(gzip(&bytes).map_err(|error| error.to_string())?),
            (read, _) => read,
        };
        Ok(bytes.map(|bytes| holding(bytes, place)))
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(Some(bytes))) => {
            let described = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, caching),
            ];
            let mut response = (described, bytes).into_response();
            if coding == Coding::Gzip {
                let gzip = HeaderValue::from_static("gzip");
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, gzip);
            }
            response
        }
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(why)) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).into_text(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn health(State(shared): State<Shared>) -> Response {
    let why = if shared.metrics.is_damaged() {
        "what is stored is damaged\n"
    } else if shared.writer.is_well() {
        return (StatusCode::OK, "ok\n").into_response();
    } else {
        "the last batch could not be written, or no more may be\n"
    };
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}

async fn metrics(State(shared): State<Shared>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.metrics.to_text()).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::body::Body;
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::key::{Algorithm, SecretKey, SignerKey};
    use crate::server::room::Room;
    use crate::server::{Event, Gate, Metrics, Served, Writer};
    use crate::store::site::Site;
    use crate::time::UnixSeconds;

    #[test]
    fn gzip_is_for_who_says_that_it_is_taken() {
        let says = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            takes_gzip(&headers)
        };
        for text in ["gzip", "identity, gzip", "br;q=1, GZIP ; q=0.5", "gzip;q=1"] {
            assert!(says(text), "{text}");
        }
        for text in ["", "identity", "gzip;q=0", "gzip;q=0.0, br", "xgzip", "*"] {
            assert!(!says(text), "{text}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    // spec: log-35
    #[tokio::test]
    async fn where_there_is_no_room_it_says_when_to_ask_again() {
        let directory = tempfile::tempdir().unwrap();
        let (public, private) = (directory.path().join("log"), directory.path().join("state"));
        let secret = SecretKey::from_seed([7; 32]);
        let key = SignerKey::new(
            "log.example/room".parse().unwrap(),
            Algorithm::Ed25519,
            secret,
        );
        let now = || UnixSeconds::new(1_800_000_000);
        let site = Site::directories(public, private);
        let log = site.create(key, now().unwrap()).unwrap();
        let metrics = Arc::new(Metrics::default());
        let never = |_| Err("not again".to_owned());
        let verifier = log.verifier();
        let tell = Arc::new(|_: &Event| {});
        let started = Writer::start(log, Gate::Any, never, now, Arc::clone(&metrics), tell);
        let (writer, thread) = (started.writer, started.thread);
        let service = TowerToHyperService::new(router(Arc::new(Served {
            writer,
            files: site.files(),
            key: verifier,
            roster: None,
            cosigned: None,
            batches: Arc::new(Semaphore::new(1)),
            metrics,
            timeout: Duration::from_secs(20),
            entries: Room::new(8 * 1024),
            answers: Room::new(0),
        })));
        let status = async |path: &str, length: usize| {
            let request = Request::post(path).header(header::CONTENT_LENGTH, length);
            let request = if length == 0 {
                Request::get(path)
            } else {
                request
            };
            let request = request.body(Body::from(vec![b'a'; length])).unwrap();
            let answer = service.call(request).await.unwrap();
            (
                answer.status().as_u16(),
                answer.headers().contains_key(header::RETRY_AFTER),
            )
        };
        assert_eq!(status("/add", 9000).await, (429, true));
        // What was taken is given back.
        for _ in 0..4 {
            assert_eq!(status("/add", 8000).await, (200, false));
        }
        assert_eq!(status("/checkpoint", 0).await, (503, true));
        drop(service);
        thread.join().unwrap();
    }
}
