//! What went wrong, as RFC 9457 tells it, with what a client needs to go on.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Refused;
use crate::admission::Fault;
use crate::admission::Refusal;
use crate::admission::StreamState;

/// The media type (RFC 9457, 3).
const KIND: &str = "application/problem+json";

/// Seconds after which to ask again.
const AGAIN: HeaderValue = HeaderValue::from_static("1");

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    detail: String,
    refusal: Option<Refusal>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl std::fmt::Display) -> Self {
        Self {
            status,
            detail: detail.to_string(),
            refusal: None,
        }
    }

    /// Spells it as text, the status apart.
    pub(super) fn into_text(self) -> Response {
        let text = match &self.refusal {
            Some(refusal) => match &refusal.help.expected {
                Some(expected) => {
                    format!("{}: {}; expected {expected}\n", refusal.rule, self.detail)
                }
                None => format!("{}: {}\n", refusal.rule, self.detail),
            },
            None => format!("{}\n", self.detail),
        };
        again(self.status, (self.status, text).into_response())
    }

    /// Spells it as JSON.
    pub(super) fn to_json(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("status", json!(self.status.as_u16()));
        let title = self.status.canonical_reason().unwrap_or_default();
        put("title", json!(title));
        put("detail", json!(self.detail));
        if let Some(refusal) = &self.refusal {
            put("rule", json!(refusal.rule.name()));
            if let Some(expected) = &refusal.help.expected {
                put("expected", json!(expected));
            }
            if let Some(index) = refusal.help.index {
                put("index", json!(index));
            }
            if let Some(state) = &refusal.help.state {
                put("stream", stream_to_json(state));
            }
        }
        Value::Object(members)
    }
}

/// What the log holds of a stream.
fn stream_to_json(state: &StreamState) -> Value {
    let governance = state
        .governance
        .map(|head| json!({ "sequence": head.sequence, "statement": head.statement.to_string() }));
    json!({
        "stream": state.stream.get(),
        "next": state.next,
        "previous": state.previous.map(|id| id.to_string()),
        "governance": governance,
    })
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.rule.fault() {
            Fault::Conflict => StatusCode::CONFLICT,
            Fault::Forbidden => StatusCode::FORBIDDEN,
            Fault::Malformed => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            detail: refusal.why.clone(),
            refusal: Some(refusal),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused {
            Refused::Busy => StatusCode::TOO_MANY_REQUESTS,
            Refused::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refused::NotAdmitted(refusal) => return refusal.into(),
        };
        Self::new(status, refused)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = format!("{}\n", self.to_json());
        let kind = [(header::CONTENT_TYPE, KIND)];
        again(self.status, (self.status, kind, body).into_response())
    }
}

/// The same answer, with when to ask again if that may help.
fn again(status: StatusCode, mut response: Response) -> Response {
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        response.headers_mut().insert(header::RETRY_AFTER, AGAIN);
    }
    response
}
