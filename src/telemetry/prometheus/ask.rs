//! What a server is asked, window by window.

use crate::telemetry::Sink;
use crate::telemetry::SourceError;
use crate::telemetry::prometheus::client::Answer;
use crate::telemetry::prometheus::client::Client;
use crate::telemetry::prometheus::client::ClientError;
use crate::time::Period;

/// Seconds asked for at once, at most: an hour of ten thousand devices read every ten
/// seconds is within what a server answers by default (50 million samples).
const WINDOW: u64 = 3600;

/// The least window that is tried where a server refuses a longer one.
const LEAST_WINDOW: u64 = 60;

/// Seconds asked for before and after the periods, so that the readings around an edge are
/// there: five minutes, the longest scrape interval that Prometheus advises.
const MARGIN: u64 = 300;

/// A server, what its series are narrowed to, and what it was asked.
#[derive(Debug)]
pub(in crate::telemetry) struct Asker {
    client: Client,
    /// Label matchers, as within braces: `cluster="north"`.
    matchers: String,
    range: Period,
    /// What was asked, a line a query.
    asked: Vec<String>,
}

impl Asker {
    pub(in crate::telemetry) const fn new(client: Client, matchers: String, range: Period) -> Self {
        Self {
            client,
            matchers,
            range,
            asked: Vec::new(),
        }
    }

    /// Returns what was asked.
    pub(in crate::telemetry) fn query(&self) -> String {
        self.asked.join("\n")
    }

    /// Says that the server has nothing of what was asked for.
    pub(in crate::telemetry) fn nothing(&self) -> SourceError {
        SourceError::Shape {
            expected: "samples",
            why: format!(
                "{} has none of the metrics for {} with {{{}}}",
                self.client.name(),
                self.range,
                self.matchers
            ),
        }
    }

    /// Asks for metrics, each a name and matchers of its own, and gives the answers of one
    /// window after the other to `take`, with the second after which they are, in the order
    /// of the metrics.
    pub(in crate::telemetry) fn each(
        &mut self,
        metrics: &[(&str, &str)],
        sink: &mut dyn Sink,
        mut take: impl FnMut(u64, Vec<Answer>, &mut dyn Sink) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let end = self.range.end().get().saturating_add(MARGIN);
        let mut start = self.range.start().get().saturating_sub(MARGIN);
        let mut window = WINDOW;
        while start < end {
            let stop = start.saturating_add(window).min(end);
            let length = stop.saturating_sub(start);
            let queries: Vec<String> = metrics
                .iter()
                .map(|(name, own)| {
                    let both = [*own, self.matchers.as_str()];
                    let both: Vec<&str> = both.into_iter().filter(|one| !one.is_empty()).collect();
                    format!("{name}{{{}}}[{length}s]", both.join(","))
                })
                .collect();
            let answers = queries.iter().map(|query| self.client.query(query, stop));
            let answers = match answers.collect::<Result<Vec<Answer>, ClientError>>() {
                // A server that holds such a query too large may answer a smaller one.
                Err(ClientError::Refused { .. }) if window > LEAST_WINDOW => {
                    window = (window / 2).max(LEAST_WINDOW);
                    continue;
                }
                answers => answers.map_err(|error| SourceError::Read {
                    name: self.client.name().to_owned(),
                    why: error.to_string(),
                })?,
            };
            for (query, answer) in queries.iter().zip(&answers) {
                self.asked.push(format!("{query} @ {stop}"));
                sink.input(answer.digest);
                for warning in &answer.warnings {
                    sink.warn(0, warning);
                }
            }
            take(start, answers, sink)?;
            start = stop;
        }
        Ok(())
    }
}
