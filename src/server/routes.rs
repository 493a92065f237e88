//! The routes: `POST /add` as upstream load tools expect it, and files to read.

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;

use super::MAX_ENTRY;
use super::Refused;
use super::Shared;
use super::room::holding;
use crate::store::LogFiles as _;
use crate::tlog::tile::CHECKPOINT_PATH;
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
        .route("/add", post(add))
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .route("/cosigned/{*path}", get(cosigned))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

/// Takes the body as an entry, and answers with its index on the first line.
async fn add(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    let answer = |status: StatusCode, text: String| {
        shared.metrics.refused();
        (status, format!("{text}\n")).into_response()
    };
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    // One that does not say how long it is may be as long as any.
    let length = length.unwrap_or(MAX_ENTRY).min(MAX_ENTRY);
    let Some(_place) = shared.entries.take(length) else {
        let why = Refused::Busy.to_string();
        return again(answer(StatusCode::TOO_MANY_REQUESTS, why));
    };
    let body = match tokio::time::timeout(shared.timeout, to_bytes(body, MAX_ENTRY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_too_long(&error) => {
            let why = format!("the entry has more than {MAX_ENTRY} bytes");
            return answer(StatusCode::PAYLOAD_TOO_LARGE, why);
        }
        Ok(Err(error)) => return answer(StatusCode::BAD_REQUEST, error.to_string()),
        Err(_) => {
            let why = format!("the body did not come within {:?}", shared.timeout);
            return answer(StatusCode::REQUEST_TIMEOUT, why);
        }
    };
    match shared.writer.add(body.into()).await {
        Ok(index) => (StatusCode::OK, format!("{index}\n")).into_response(),
        Err(why) => {
            let status = match why {
                Refused::Busy => StatusCode::TOO_MANY_REQUESTS,
                Refused::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
                Refused::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            let response = answer(status, why.to_string());
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                response
            } else {
                again(response)
            }
        }
    }
}

/// The same answer, with when to ask again.
fn again(mut response: Response) -> Response {
    let second = HeaderValue::from_static("1");
    response.headers_mut().insert(header::RETRY_AFTER, second);
    response
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = source {
        if one.to_string().contains("length limit exceeded") {
            return true;
        }
        source = one.source();
    }
    false
}

async fn checkpoint(State(shared): State<Shared>) -> Response {
    file(shared, CHECKPOINT_PATH.to_owned(), TEXT, NEVER).await
}

/// A tile or a bundle, if the path is exactly that of one.
async fn tile(State(shared): State<Shared>, Path(path): Path<String>) -> Response {
    let path = format!("tile/{path}");
    match Tile::parse(&path) {
        Some(_) => file(shared, path, BYTES, FOR_EVER).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn cosigned(State(shared): State<Shared>, Path(path): Path<String>) -> Response {
    match parse_index_path(&path) {
        Some(number) => file(shared, cosigned_path(number), TEXT, FOR_EVER).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn file(shared: Shared, path: String, kind: &'static str, caching: &'static str) -> Response {
    shared.metrics.read();
    let room = shared.answers;
    let files = shared.files;
    let read = move || -> Result<Option<Bytes>, String> {
        let length = std::fs::metadata(files.path().join(&path)).map_or(0, |file| file.len());
        let place = room.take(usize::try_from(length).unwrap_or(usize::MAX));
        let place = place.ok_or("too many files are being sent")?;
        let read = files.read(&path).map_err(|error| error.to_string())?;
        Ok(read.map(|bytes| holding(bytes, place)))
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(Some(bytes))) => (
            [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, caching),
            ],
            bytes,
        )
            .into_response(),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(why)) => {
            again((StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response())
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn health(State(shared): State<Shared>) -> Response {
    if shared.writer.is_well() {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        let why = "the last batch could not be written\n";
        (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    }
}

async fn metrics(State(shared): State<Shared>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.metrics.to_text()).into_response()
}
