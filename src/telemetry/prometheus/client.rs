//! The HTTP API of Prometheus: one instant query, its errors, retries, and who asks.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Number;
use ureq::tls::Certificate;
use ureq::tls::ClientCert;
use ureq::tls::PrivateKey;
use ureq::tls::RootCerts;
use ureq::tls::TlsConfig;

use crate::collector::reading::Millis;
use crate::hash::Hash;
use crate::hash::sha256;

/// The most bytes of an answer: an hour of ten thousand devices read every ten seconds has
/// some 100 MB.
const MAX_ANSWER: u64 = 256 << 20;

/// Bytes of an error that are read.
const MAX_ERROR: u64 = 1 << 16;

/// How often a query is sent, at most, and the wait before the second time; it doubles.
const TRIES: u32 = 4;
const WAIT: Duration = Duration::from_secs(1);

/// How long one answer may take: twice the limit that Prometheus has by default.
const TIMEOUT: Duration = Duration::from_mins(4);

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The `Authorization` header: `Bearer …` or `Basic …`.
    pub authorization: Option<String>,
    /// PEM of the certificates to trust, instead of the public ones.
    pub roots: Option<Vec<u8>>,
    /// PEM of the client's certificate and of its key.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// A server.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    address: String,
    authorization: Option<String>,
    wait: Duration,
    /// Whether an answer counts that may lack a part.
    partial: bool,
}

/// What a query gave.
pub(in crate::telemetry) struct Answer {
    pub(in crate::telemetry) series: Vec<RawSeries>,
    pub(in crate::telemetry) warnings: Vec<String>,
    /// The SHA-256 of the body.
    pub(in crate::telemetry) digest: Hash,
}

/// A series as the server gave it.
pub(in crate::telemetry) struct RawSeries {
    pub(in crate::telemetry) labels: BTreeMap<String, String>,
    pub(in crate::telemetry) samples: Vec<(Millis, String)>,
}

/// The body of an answer.
#[derive(Deserialize)]
struct Body {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    warnings: Vec<String>,
    /// VictoriaMetrics' word for an answer that lacks a part.
    #[serde(rename = "isPartial", default)]
    is_partial: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Matrix>,
}

#[derive(Deserialize)]
struct Matrix {
    metric: BTreeMap<String, String>,
    values: Vec<(Number, String)>,
}

/// The body of an error.
#[derive(Deserialize)]
struct Failed {
    #[serde(rename = "errorType", default)]
    kind: String,
    #[serde(default)]
    error: String,
}

/// Why a query gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// What is to be sent is no such thing.
    #[error("{0}")]
    Login(String),
    /// The server did not answer, or not so that it could be read.
    #[error("{0}")]
    Answer(String),
    /// The server warned: its answer may lack a part.
    #[error("the answer may lack a part: {0}")]
    Partial(String),
    /// The server will not answer this query.
    #[error("{kind}: {why}")]
    Refused {
        /// Its word for the error.
        kind: String,
        /// What it says.
        why: String,
    },
}

impl Client {
    /// A server at `address`, with or without a path before `/api/v1`.
    pub fn new(address: &str, login: Login) -> Result<Self, ClientError> {
        let wrong = |what: &str| ClientError::Login(format!("the {what} is no PEM"));
        let mut tls = TlsConfig::builder();
        if let Some(roots) = &login.roots {
            let roots: Vec<Certificate<'static>> = certificates(roots);
            if roots.is_empty() {
                return Err(wrong("certificate of the authority"));
            }
            tls = tls.root_certs(RootCerts::from(roots));
        }
        if let Some((chain, key)) = &login.client {
            let chain = certificates(chain);
            let key = PrivateKey::from_pem(key).map_err(|_| wrong("client's key"))?;
            if chain.is_empty() {
                return Err(wrong("client's certificate"));
            }
            tls = tls.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
        }
        let config = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Ok(Self {
            agent: config.into(),
            address: address.trim_end_matches('/').to_owned(),
            authorization: login.authorization,
            wait: WAIT,
            partial: false,
        })
    }

    /// Takes answers that may lack a part, each with a warning.
    #[must_use]
    pub const fn with_partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }

    /// Waits so long before a second try.
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Returns its address.
    pub fn name(&self) -> &str {
        &self.address
    }

    /// Asks an instant query of a range selector, as of `at`, in seconds since 1970.
    pub(super) fn query(&self, query: &str, at: u64) -> Result<Answer, ClientError> {
        let mut wait = self.wait;
        let mut tries = 1;
        loop {
            match self.send(query, at) {
                // Busy, or not reached: it may be there again in a moment.
                Err((_, true)) if tries < TRIES => {
                    std::thread::sleep(wait);
                    wait = wait.saturating_mul(2);
                    tries = tries.saturating_add(1);
                }
                answer => return answer.map_err(|(error, _)| error),
            }
        }
    }

    /// Sends it once; an error says whether another try may help.
    fn send(&self, query: &str, at: u64) -> Result<Answer, (ClientError, bool)> {
        let mut request = self.agent.post(format!("{}/api/v1/query", self.address));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let at = at.to_string();
        // Thanos and VictoriaMetrics would else leave out what a store does not answer.
        let (allowed, denied) = if self.partial {
            ("true", "0")
        } else {
            ("false", "1")
        };
        let form = [
            ("query", query),
            ("time", &at),
            ("partial_response", allowed),
            ("deny_partial_response", denied),
        ];
        let sent = request.send_form(form);
        let mut response = sent.map_err(|error| (ClientError::Answer(error.to_string()), true))?;
        let status = response.status();
        let limit = if status.is_success() {
            MAX_ANSWER
        } else {
            MAX_ERROR
        };
        let mut body = Vec::new();
        let mut reader = response
            .body_mut()
            .as_reader()
            .take(limit.saturating_add(1));
        let read = reader.read_to_end(&mut body);
        read.map_err(|error| (ClientError::Answer(error.to_string()), true))?;
        if !status.is_success() {
            let known = serde_json::from_slice::<Failed>(&body);
            let known = known.ok().filter(|known| !known.error.is_empty());
            let failed = known.unwrap_or(Failed {
                kind: format!("HTTP {}", status.as_u16()),
                error: String::from_utf8_lossy(&body).chars().take(200).collect(),
            });
            let busy = status.is_server_error() || status.as_u16() == 429;
            // Of a query that is too large, the same server says so with 422.
            let error = if [422, 413].contains(&status.as_u16()) {
                ClientError::Refused {
                    kind: failed.kind,
                    why: failed.error,
                }
            } else {
                ClientError::Answer(format!("{}: {}", failed.kind, failed.error))
            };
            return Err((error, busy && status.as_u16() != 501));
        }
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > limit {
            let error = ClientError::Refused {
                kind: "answer".to_owned(),
                why: format!("it has more than {limit} bytes"),
            };
            return Err((error, false));
        }
        let answer = parse(&body).map_err(|why| (ClientError::Answer(why), false))?;
        match answer.warnings.first() {
            // Thanos warns of a store that it cannot reach, even where it was asked to fail.
            Some(first) if !self.partial => Err((ClientError::Partial(first.clone()), true)),
            _ => Ok(answer),
        }
    }
}

/// Reads an answer.
fn parse(bytes: &[u8]) -> Result<Answer, String> {
    let body: Body = serde_json::from_slice(bytes)
        .map_err(|error| format!("the answer is not that of Prometheus' API: {error}"))?;
    let data = body.data.filter(|_| body.status == "success");
    let data = data.ok_or_else(|| format!("the answer has the status `{}`", body.status))?;
    if data.result_type != "matrix" {
        return Err(format!(
            "the answer is a `{}`, not a `matrix`",
            data.result_type
        ));
    }
    let mut warnings = body.warnings;
    if body.is_partial && warnings.is_empty() {
        warnings.push("it says `isPartial`".to_owned());
    }
    let mut series = Vec::with_capacity(data.result.len());
    for one in data.result {
        let samples = one.values.into_iter().map(|(time, value)| {
            let at = millis(&time.to_string())
                .ok_or_else(|| format!("the answer has a sample at `{time}`, which is no time"))?;
            Ok((at, value))
        });
        series.push(RawSeries {
            labels: one.metric,
            samples: samples.collect::<Result<_, String>>()?,
        });
    }
    Ok(Answer {
        series,
        warnings,
        digest: sha256(bytes),
    })
}

/// Reads seconds with a fraction, as digits.
fn millis(text: &str) -> Option<Millis> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut part = 0_u64;
    for place in 0..3 {
        let digit = fraction
            .as_bytes()
            .get(place)
            .map_or(0, |digit| digit.wrapping_sub(b'0'));
        part = part.checked_mul(10)?.checked_add(u64::from(digit).min(9))?;
    }
    let seconds: u64 = seconds.parse().ok()?;
    Millis::new(seconds.checked_mul(1000)?.checked_add(part)?)
}

/// Reads the certificates of a PEM file.
fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    let text = String::from_utf8_lossy(pem);
    let end = "-----END CERTIFICATE-----";
    text.split_inclusive(end)
        .filter_map(|one| Certificate::from_pem(one.as_bytes()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_the_millisecond() {
        let body = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"UUID":"GPU-a"},"values":[[1767225600.5,"100"],[1767225630,"NaN"]]}]}}"#;
        let answer = parse(body).unwrap();
        let [series] = answer.series.as_slice() else {
            panic!("{}", answer.series.len());
        };
        assert_eq!(series.samples[0].0.get(), 1_767_225_600_500);
        assert_eq!(series.samples[1].1, "NaN");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for body in [
            r#"{"status":"error","errorType":"bad_data","error":"x"}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[["a","1"]]}]}}"#,
            "<html>",
            "",
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
