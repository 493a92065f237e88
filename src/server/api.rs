//! `/v1`: entries in and receipts out, many at once, and what a log of tiles cannot tell.
//!
//! Described in `specs/openapi.json`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use hyper::body::Frame;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;

use super::Shared;
use super::intake;
use super::intake::MAX_ENTRIES;
use super::problem::Problem;
use super::room::holding;
use crate::attestation::IssuerId;
use crate::attestation::MAX_ENTRY;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::statement::count;
use crate::merkle::verify_inclusion;
use crate::server::gate::stored;
use crate::store::index::Lookup;
use crate::store::reader::LogReader;
use crate::tlog::Proof;
use crate::tlog::SignedCheckpoint;

const TEXT: &str = "text/plain; charset=utf-8";
/// One JSON value a line.
const LINES: &str = "application/x-ndjson";

/// The most entries of a stream that are listed at once.
const MAX_LISTED: usize = 1000;

/// The longest receipt: 63 hashes, and a checkpoint with the signatures of 100 witnesses.
const MAX_RECEIPT: usize = 64 * 1024;

/// How many requests of many entries are answered at once: each may hold an answer of some
/// hundred bytes for every entry.
pub(super) const MAX_BATCHES: usize = 16;

pub(super) fn router() -> Router<Shared> {
    let one = post(add).layer(DefaultBodyLimit::max(MAX_ENTRY));
    Router::new()
        .route("/v1/entries", one.get(entries))
        .route("/v1/batch", post(batch).layer(DefaultBodyLimit::disable()))
        .route("/v1/receipts/{index}", get(receipt))
        .route("/v1/issuers", get(issuers))
        .route("/v1/streams/{issuer}/{stream}", get(stream))
}

/// Takes the body as an entry, and answers with its receipt.
async fn add(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Result<Response, Problem> {
    let wait = Wait::read(&shared, &query)?;
    let refused = |problem| {
        shared.metrics.refused();
        problem
    };
    let submission = intake::one(&shared, request).await.map_err(refused)?;
    let index = shared.writer.add(submission).await.map_err(Problem::from)?;
    if wait == Wait::Cosigned {
        wait_for_quorum(&shared, index).await?;
    }
    prove(shared, index).await
}

/// What an entry is waited for to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Cosigned,
    Published,
}

impl Wait {
    /// Reads `wait`; without it, what the log can have of the two.
    fn read(shared: &Shared, query: &BTreeMap<String, String>) -> Result<Self, Problem> {
        let wrong = |why: String| Err(Problem::new(StatusCode::BAD_REQUEST, why));
        if let Some(other) = query.keys().find(|name| *name != "wait") {
            return wrong(format!("`{other}` is no parameter; there is: wait"));
        }
        match (query.get("wait").map(String::as_str), &shared.cosigned) {
            (None | Some("cosigned"), Some(_)) => Ok(Self::Cosigned),
            (Some("cosigned"), None) => wrong("this log asks no witness".to_owned()),
            (None | Some("published"), _) => Ok(Self::Published),
            (Some(other), _) => wrong(format!(
                "`wait` is `{other}`, not `published` or `cosigned`"
            )),
        }
    }
}

/// Waits until a quorum cosigned a tree that has the entry.
async fn wait_for_quorum(shared: &Shared, index: u64) -> Result<(), Problem> {
    let Some(mut cosigned) = shared.cosigned.clone() else {
        return Ok(());
    };
    let has = |tree: &Option<SignedCheckpoint>| {
        let size = tree.as_ref().map_or(0, |tree| tree.checkpoint().size);
        size > index
    };
    match tokio::time::timeout(shared.timeout, cosigned.wait_for(has)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                "entry {index} is published, and no quorum of witnesses has cosigned it yet: ask again, with the same entry"
            ),
        )),
    }
}

/// Takes the body as many entries, and answers with what became of each, one a line.
async fn batch(State(shared): State<Shared>, request: Request) -> Result<Response, Problem> {
    let place = Arc::clone(&shared.batches).try_acquire_owned();
    let place = place.map_err(|_| {
        let why = format!("{MAX_BATCHES} requests of many entries are being answered");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, why)
    })?;
    let (outcomes, lines) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        intake::many(shared, request.into_body(), outcomes).await;
        drop(place);
    });
    let kind = [(header::CONTENT_TYPE, LINES)];
    Ok((kind, Body::new(Lines(lines))).into_response())
}

/// Outcomes, as they come.
struct Lines(mpsc::UnboundedReceiver<intake::Outcome>);

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut ready = Vec::new();
        let polled = self.0.poll_recv_many(context, &mut ready, MAX_ENTRIES);
        polled.map(|count| {
            let lines: String = ready.into_iter().map(line).collect();
            (count > 0).then(|| Ok(Frame::data(Bytes::from(lines))))
        })
    }
}

fn line(outcome: intake::Outcome) -> String {
    match outcome {
        Ok(index) => format!("{{\"index\":{index}}}\n"),
        Err(problem) => format!("{}\n", json!({ "problem": problem.to_json() })),
    }
}

async fn receipt(
    State(shared): State<Shared>,
    Path(index): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let (index, wait) = (number("index", &index)?, Wait::read(&shared, &query)?);
    if wait == Wait::Cosigned {
        let files = shared.files.clone();
        let of = shared.clone();
        let size = blocking(move || {
            let newest = published(&of, &LogReader::new(&files))?;
            Ok(newest.checkpoint().size)
        });
        // What is not there is not waited for.
        if index < size.await? {
            wait_for_quorum(&shared, index).await?;
        }
    }
    prove(shared, index).await
}

/// Proves that an entry is in the tree of the newest checkpoint that a quorum cosigned; if
/// it is not there yet, in that of the published one.
async fn prove(shared: Shared, index: u64) -> Result<Response, Problem> {
    let room = shared.answers.take(MAX_RECEIPT);
    let room = room.ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, SENDING))?;
    let receipt = blocking(move || {
        let reader = LogReader::new(&shared.files);
        let cosigned = shared
            .cosigned
            .as_ref()
            .and_then(|one| one.borrow().clone());
        let signed = match cosigned.filter(|one| one.checkpoint().size > index) {
            Some(cosigned) => cosigned,
            None => published(&shared, &reader)?,
        };
        let tree = signed.checkpoint();
        let size = tree.size;
        if index >= size {
            let why = format!("there is no entry {index}: the log has {size}");
            return Err(Problem::new(StatusCode::NOT_FOUND, why));
        }
        let path = reader.prove(index, size).map_err(unreadable)?;
        let leaf = reader.node(0, index, size).map_err(unreadable)?;
        verify_inclusion(&leaf, index, size, &path, &tree.root).map_err(unreadable)?;
        let proof = Proof {
            extra: None,
            index,
            path,
            note: signed.note().clone(),
        };
        Ok(proof.to_text())
    });
    let receipt = receipt.await?;
    let kind = [(header::CONTENT_TYPE, TEXT)];
    Ok((kind, holding(receipt.into_bytes(), room)).into_response())
}

const SENDING: &str = "too many files are being sent";

fn unreadable(why: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, why)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error))?
}

async fn issuers(State(shared): State<Shared>) -> Result<Json<Value>, Problem> {
    let roster = shared.roster.as_ref().ok_or_else(unread)?;
    let (operator, issuers) = roster.issuers();
    let issuers: Vec<Value> = issuers
        .into_iter()
        .map(|(id, admitted)| json!({ "issuer": id.to_string(), "admitted": admitted }))
        .collect();
    let operator = operator.map(|id| id.to_string());
    Ok(Json(json!({ "operator": operator, "issuers": issuers })))
}

async fn stream(
    State(shared): State<Shared>,
    Path((issuer, stream)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let (issuer, stream) = place(&issuer, &stream)?;
    let lookup = lookup(&shared)?;
    blocking(move || {
        let known = lookup.stream(issuer, stream).map_err(unreadable)?;
        let Some(known) = known else {
            let why = format!("nothing of stream {stream} of {issuer} is here");
            return Err(Problem::new(StatusCode::NOT_FOUND, why));
        };
        let reader = LogReader::new(&shared.files);
        let subject = Subject {
            issuer,
            stream,
            sequence: known.next.saturating_sub(1),
        };
        let size = published(&shared, &reader)?.checkpoint().size;
        let last = stored(&lookup, &subject, &reader, size).map_err(unreadable)?;
        let (index, entry) = last.ok_or_else(|| unreadable("the index is damaged"))?;
        let id = crate::attestation::Envelope::parse(&entry).map_err(unreadable)?;
        Ok(Json(json!({
            "issuer": issuer.to_string(),
            "stream": stream.get(),
            "first": known.first,
            "next": known.next,
            "last": {
                "sequence": subject.sequence,
                "statement": id.statement_id().to_string(),
                "index": index,
            },
        })))
    })
    .await
}

fn published(
    shared: &Shared,
    reader: &LogReader<'_, crate::store::site::Files>,
) -> Result<SignedCheckpoint, Problem> {
    let note = reader.checkpoint().map_err(unreadable)?;
    let note = note.ok_or_else(|| unreadable("there is no checkpoint"))?;
    SignedCheckpoint::open(&note, &shared.key).map_err(unreadable)
}

/// Lists where the statements of a stream are said to stand.
async fn entries(
    State(shared): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<Value>, Problem> {
    let known = ["issuer", "stream", "from", "to"];
    if let Some(other) = query.keys().find(|name| !known.contains(&name.as_str())) {
        let why = format!("`{other}` is no parameter; there are: {}", known.join(", "));
        return Err(Problem::new(StatusCode::BAD_REQUEST, why));
    }
    let required = |name: &str| {
        let value = query.get(name);
        value.ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, format!("`{name}` is missing")))
    };
    let (issuer, stream) = place(required("issuer")?, required("stream")?)?;
    let bound = |name: &str, default: u64| match query.get(name) {
        Some(text) => number(name, text),
        None => Ok(default),
    };
    let (from, to) = (bound("from", 0)?, bound("to", u64::MAX)?);
    let lookup = lookup(&shared)?;
    blocking(move || {
        let found = lookup.range(issuer, stream, from, to, MAX_LISTED);
        let found = found.map_err(unreadable)?;
        let more = (found.len() == MAX_LISTED)
            .then(|| found.last().map(|(sequence, _)| sequence.saturating_add(1)))
            .flatten();
        let entries: Vec<Value> = found
            .into_iter()
            .map(|(sequence, index)| json!({ "sequence": sequence, "index": index }))
            .collect();
        Ok(Json(json!({ "entries": entries, "more": more })))
    })
    .await
}

fn lookup(shared: &Shared) -> Result<Lookup, Problem> {
    let roster = shared.roster.as_ref().ok_or_else(unread)?;
    let lookup = roster.lookup();
    lookup.ok_or_else(|| unreadable("the index is being made"))
}

fn unread() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "this log takes whatever comes and does not read it",
    )
}

fn place(issuer: &str, stream: &str) -> Result<(IssuerId, StreamId), Problem> {
    let issuer = issuer
        .parse()
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the issuer: {error}")))?;
    Ok((issuer, StreamId::new(number("stream", stream)?)))
}

fn number(name: &str, text: &str) -> Result<u64, Problem> {
    count(text).map_err(|why| Problem::new(StatusCode::BAD_REQUEST, format!("`{name}` {why}")))
}
