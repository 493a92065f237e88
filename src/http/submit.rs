//! Handing entries to a log that somebody runs (`specs/openapi.json`).
//!
//! A log that cannot be reached, or is busy, is tried again for a while: the same entry
//! again gets the same index, so that nothing is lost and nothing doubled.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;
use std::time::Instant;

use serde::Deserialize;
use ureq::http::Response;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The pause after the first failure; each is twice the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The longest answer: of a request of many entries, with what was wrong with each.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// Hands entries to one log.
#[derive(Debug)]
pub struct Submitter {
    address: String,
    agent: ureq::Agent,
    patience: Duration,
    /// Whether witnesses were waited for in vain.
    unwitnessed: Cell<bool>,
}

/// Why a log does not take an entry, as it tells it (RFC 9457).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Problem {
    /// The status of HTTP.
    pub status: u16,
    /// What was wrong.
    pub detail: String,
    /// The rule that was broken.
    pub rule: Option<String>,
    /// What would have been right.
    pub expected: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rule) = &self.rule {
            write!(f, "{rule}: ")?;
        }
        f.write_str(&self.detail)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        Ok(())
    }
}

/// Why an entry was not handed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The log answered something that is no answer of a log.
    #[error("`{address}` gave an answer that is none of a log's: {why}")]
    Answer {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// The log refuses it.
    #[error("the log at `{address}` refuses it: {problem}")]
    Refused {
        /// The address.
        address: String,
        /// Why.
        problem: Box<Problem>,
    },
    /// It could not be reached, or was busy, for as long as it was tried.
    #[error("`{address}` did not take it in {tries} tries: {why}")]
    Unavailable {
        /// The address.
        address: String,
        /// How often it was tried.
        tries: u32,
        /// What came of the last.
        why: String,
    },
}

impl Submitter {
    /// Hands entries to the log at `address`, trying again for so long.
    pub fn new(address: &str, patience: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        Self {
            address: address.trim_end_matches('/').to_owned(),
            agent: config.into(),
            patience,
            unwitnessed: Cell::new(false),
        }
    }

    /// Whether some receipt was taken without its quorum, after it was waited for.
    pub fn is_unwitnessed(&self) -> bool {
        self.unwitnessed.get()
    }

    /// Hands over one entry and returns its receipt, not yet checked: with a quorum's
    /// cosignatures or, in an outage of witnesses, without.
    pub fn add(&self, entry: &[u8]) -> Result<Vec<u8>, SubmitError> {
        let address = format!("{}/v1/entries", self.address);
        self.with_quorum(&address, |address| self.agent.post(address).send(entry))
    }

    /// Asks for what waits for witnesses; where that takes too long, for what does not.
    fn with_quorum(
        &self,
        address: &str,
        request: impl Fn(&str) -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, SubmitError> {
        if !self.unwitnessed.get() {
            match self.ask(address, || request(address)) {
                Err(SubmitError::Unavailable { .. }) => {}
                told => return told,
            }
        }
        let published = format!("{address}?wait=published");
        let told = Self::ask_for(Duration::ZERO, &published, || request(&published));
        self.unwitnessed.set(told.is_ok());
        told
    }

    /// Hands over many entries, and returns what became of each: its index, or why it was
    /// refused. Those behind the ones that are told were not read.
    pub fn add_all(&self, entries: &[Vec<u8>]) -> Result<Vec<Result<u64, Problem>>, SubmitError> {
        let address = format!("{}/v1/batch", self.address);
        let mut body = Vec::new();
        for entry in entries {
            let length = u16::try_from(entry.len()).map_err(|_| SubmitError::Answer {
                address: address.clone(),
                why: "an entry is longer than 65535 bytes".to_owned(),
            })?;
            body.extend(length.to_be_bytes());
            body.extend_from_slice(entry);
        }
        let answer = self.ask(&address, || self.agent.post(&address).send(&body))?;
        parse_outcomes(&answer).map_err(|why| SubmitError::Answer { address, why })
    }

    /// Returns the receipt of the entry at an index, not yet checked.
    pub fn receipt(&self, index: u64) -> Result<Vec<u8>, SubmitError> {
        let address = format!("{}/v1/receipts/{index}", self.address);
        self.with_quorum(&address, |address| self.agent.get(address).call())
    }

    fn ask(
        &self,
        address: &str,
        request: impl Fn() -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, SubmitError> {
        Self::ask_for(self.patience, address, request)
    }

    fn ask_for(
        patience: Duration,
        address: &str,
        request: impl Fn() -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, SubmitError> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut tries = 0_u32;
        loop {
            tries = tries.saturating_add(1);
            let (why, asked) = match request().and_then(read) {
                Ok(Answer {
                    status: 200, body, ..
                }) => return Ok(body),
                Ok(answer) if matches!(answer.status, 429 | 502 | 503 | 504) => {
                    (answer.problem().to_string(), answer.again)
                }
                Ok(answer) => {
                    return Err(SubmitError::Refused {
                        address: address.to_owned(),
                        problem: Box::new(answer.problem()),
                    });
                }
                Err(error) => (error.to_string(), None),
            };
            // A log that asks for more patience than there is gets what there is.
            let wait = asked.unwrap_or_default().max(pause);
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(SubmitError::Unavailable {
                    address: address.to_owned(),
                    tries,
                    why,
                });
            }
            std::thread::sleep(wait.min(left));
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
}

struct Answer {
    status: u16,
    /// When to ask again.
    again: Option<Duration>,
    body: Vec<u8>,
}

impl Answer {
    fn problem(&self) -> Problem {
        let parsed: Option<Problem> = serde_json::from_slice(&self.body).ok();
        parsed.unwrap_or_else(|| Problem {
            status: self.status,
            detail: format!("status {}", self.status),
            ..Problem::default()
        })
    }
}

fn read(mut response: Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let again = response.headers().get("retry-after");
    let again = again.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        again: again.map(Duration::from_secs),
        body: response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_vec()?,
    })
}

/// What became of one entry: one of the two.
#[derive(Deserialize)]
struct Outcome {
    index: Option<u64>,
    problem: Option<Problem>,
}

fn parse_outcomes(bytes: &[u8]) -> Result<Vec<Result<u64, Problem>>, String> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let outcome: Outcome =
                serde_json::from_slice(line).map_err(|error| error.to_string())?;
            match (outcome.index, outcome.problem) {
                (Some(index), None) => Ok(Ok(index)),
                (None, Some(problem)) => Ok(Err(problem)),
                _ => Err("a line is neither an index nor a problem".to_owned()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_index_or_a_problem() {
        let lines = b"{\"index\":7}\n{\"problem\":{\"status\":409,\"rule\":\"period\",\"detail\":\"no\",\"expected\":\"x\"}}\n";
        let outcomes = parse_outcomes(lines).unwrap();
        assert_eq!(outcomes[0], Ok(7));
        let problem = outcomes[1].clone().unwrap_err();
        assert_eq!(problem.to_string(), "period: no; expected x");
        assert!(parse_outcomes(b"{}\n").is_err());
        assert!(parse_outcomes(b"<html>").is_err());
    }
}
