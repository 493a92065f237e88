//! Taking the entries of a request, one or many, within the room that there is.

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::FromRequest as _;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header;
use http_body_util::BodyExt as _;
use rayon::prelude::*;
use tokio::sync::mpsc;

use super::Shared;
use super::problem::Problem;
use super::room::Place;
use super::writer::Refused;
use super::writer::Submission;
use super::writer::settled;
use crate::attestation::MAX_ENTRY;

/// The most entries of one request: those of one batch.
pub(super) const MAX_ENTRIES: usize = crate::sequencer::MAX_BATCH;

/// How many entries are read at once, on every core.
const CHUNK: usize = 512;

/// The bytes of an entry's length (C2SP tlog-tiles, entry bundles).
const LENGTH: usize = 2;

/// How many bytes of a request may wait to be parted into entries.
const MAX_UNREAD: usize = 4 * 1024 * 1024;

/// Takes the body as one entry, and reads it if that is asked here.
pub(super) async fn one(shared: &Shared, request: Request) -> Result<Submission, Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    // One that does not say how long it is may be as long as any.
    let length = length.unwrap_or(MAX_ENTRY).min(MAX_ENTRY);
    let place = shared.entries.take(length).ok_or(Refused::Busy)?;
    let body = tokio::time::timeout(shared.timeout, Bytes::from_request(request, &())).await;
    let entry = body
        .map_err(|_| late(shared))?
        .map_err(|error| Problem::new(error.status(), error.body_text()))?;
    read(shared, entry.into(), place)
}

fn late(shared: &Shared) -> Problem {
    let why = format!("the body did not come within {:?}", shared.timeout);
    Problem::new(StatusCode::REQUEST_TIMEOUT, why)
}

fn read(shared: &Shared, entry: Vec<u8>, place: Place) -> Result<Submission, Problem> {
    let candidate = match &shared.roster {
        Some(roster) => Some(Box::new(roster.read(&entry)?)),
        None => None,
    };
    Ok(Submission {
        entry,
        candidate,
        place,
    })
}

/// What became of one of many entries, in their order.
pub(super) type Outcome = Result<u64, Problem>;

/// Takes the body as many entries, each behind its length in two bytes, big-endian, as in an
/// entry bundle. Sends what became of each to `outcomes`, in their order; ends, after what
/// went wrong, where the body cannot be read further.
pub(super) async fn many(shared: Shared, body: Body, outcomes: mpsc::UnboundedSender<Outcome>) {
    let (queued, waiting) = mpsc::unbounded_channel();
    let answers = tokio::spawn(answer(waiting, outcomes));
    if let Err(problem) = take(&shared, body, &queued).await {
        let _ = queued.send(Err(problem));
    }
    drop(queued);
    let _ = answers.await;
}

type Queued = Result<super::writer::Answered, Problem>;

async fn answer(
    mut waiting: mpsc::UnboundedReceiver<Queued>,
    outcomes: mpsc::UnboundedSender<Outcome>,
) {
    while let Some(queued) = waiting.recv().await {
        let outcome = match queued {
            Ok(answered) => settled(answered).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        };
        if outcomes.send(outcome).is_err() {
            return;
        }
    }
}

async fn take(
    shared: &Shared,
    mut body: Body,
    queued: &mpsc::UnboundedSender<Queued>,
) -> Result<(), Problem> {
    let mut unread = Vec::new();
    let mut count = 0_usize;
    let mut ended = false;
    loop {
        let (entries, used) = split(&unread);
        if entries.is_empty() && ended {
            return if unread.is_empty() {
                Ok(())
            } else {
                Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "the body ends within an entry",
                ))
            };
        }
        count = count.saturating_add(entries.len());
        if count > MAX_ENTRIES {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "a request has at most {MAX_ENTRIES} entries; these were not read: send them in another"
                ),
            ));
        }
        let full = entries.len() == CHUNK;
        submit(shared, entries, queued).await?;
        unread.drain(..used);
        if full || ended {
            continue;
        }
        let frame = tokio::time::timeout(shared.timeout, body.frame()).await;
        match frame.map_err(|_| late(shared))? {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    if unread.len().saturating_add(data.len()) > MAX_UNREAD {
                        let why = format!("more than {MAX_UNREAD} bytes came at once");
                        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, why));
                    }
                    unread.extend_from_slice(&data);
                }
            }
            Some(Err(error)) => return Err(Problem::new(StatusCode::BAD_REQUEST, error)),
            None => ended = true,
        }
    }
}

/// Splits off whole entries, at most [`CHUNK`]; returns them and how many bytes they took.
fn split(bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let mut entries = Vec::new();
    let mut used = 0_usize;
    while entries.len() < CHUNK {
        let rest = bytes.get(used..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH>() else {
            break;
        };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(entry) = rest.get(..length) else {
            break;
        };
        entries.push(entry.to_vec());
        used = used.saturating_add(LENGTH).saturating_add(length);
    }
    (entries, used)
}

/// Reads entries on every core and puts them into the queue, waiting for room.
async fn submit(
    shared: &Shared,
    entries: Vec<Vec<u8>>,
    queued: &mpsc::UnboundedSender<Queued>,
) -> Result<(), Problem> {
    if entries.is_empty() {
        return Ok(());
    }
    let coming = shared.writer.coming();
    let mut placed = Vec::new();
    for entry in entries {
        let place = shared.entries.wait(entry.len(), shared.timeout).await;
        placed.push((entry, place.ok_or(Refused::Busy)?));
    }
    let read = {
        let shared = shared.clone();
        let all = move || -> Vec<Result<Submission, Problem>> {
            let one = |(entry, place)| read(&shared, entry, place);
            if shared.roster.is_some() {
                placed.into_par_iter().map(one).collect()
            } else {
                placed.into_iter().map(one).collect()
            }
        };
        tokio::task::spawn_blocking(all).await
    };
    let read = read.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    for submission in read {
        let answered = match submission {
            Ok(submission) => Ok(shared.writer.enqueue(submission).await),
            Err(problem) => {
                shared.metrics.refused();
                Err(problem)
            }
        };
        if queued.send(answered).is_err() {
            break;
        }
    }
    drop(coming);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_parted_wherever_the_bytes_are_cut() {
        let mut bytes = Vec::new();
        for entry in [&b"one"[..], b"", &[7; 300]] {
            bytes.extend(u16::try_from(entry.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        for end in 0..=bytes.len() {
            let (entries, used) = split(&bytes[..end]);
            let expected = usize::from(end >= 5) + usize::from(end >= 7) + usize::from(end >= 309);
            assert_eq!(entries.len(), expected, "{end}");
            assert!(used <= end);
        }
    }
}
