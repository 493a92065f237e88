//! Prometheus and what speaks as it does: VictoriaMetrics, Thanos, Mimir.
//!
//! Specified in `specs/readings.md`, section "Prometheus". Only raw samples are asked for,
//! by instant queries of range selectors: `query_range` would fill gaps with the last
//! value it knew. Windows are read as open on the left, whichever way the server counts
//! (2.x and 3.x differ).

mod ask;
mod client;
mod map;
mod series;

use std::collections::BTreeMap;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::SECOND;
use crate::collector::reading::Sample;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::prometheus::client::Answer;
use crate::telemetry::prometheus::map::Asked;
use crate::telemetry::prometheus::series::merge;
use crate::time::Period;

pub(super) use ask::Asker;
pub(super) use client::RawSeries;
pub use client::{Client, ClientError, Login};
pub use map::MetricMap;

/// A server, and what is asked of it.
#[derive(Debug)]
pub struct Prometheus {
    asker: Asker,
    map: MetricMap,
}

impl Prometheus {
    /// Asks `client` for the metrics of `map` whose labels match `matchers`, for `range`
    /// and a margin around it.
    pub fn new(client: Client, map: MetricMap, matchers: String, range: Period) -> Self {
        Self {
            asker: Asker::new(client, matchers, range),
            map,
        }
    }

    /// Asks for one metric window by window.
    fn metric(
        &mut self,
        asked: &Asked,
        boundary: Boundary,
        found: &mut Found,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        let map = &self.map;
        self.asker
            .each(&[(&asked.name, "")], sink, |start, answers, sink| {
                let start = start.saturating_mul(SECOND);
                answers
                    .into_iter()
                    .try_for_each(|answer| take(map, asked, boundary, start, answer, found, sink))
            })
    }
}

/// Gives the samples of one window.
fn take(
    map: &MetricMap,
    asked: &Asked,
    boundary: Boundary,
    start: u64,
    answer: Answer,
    found: &mut Found,
    sink: &mut dyn Sink,
) -> Result<(), SourceError> {
    let mut devices: BTreeMap<String, Vec<series::Series>> = BTreeMap::new();
    for one in answer.series {
        let label = |names: &[String]| {
            let known = names.iter().find_map(|name| one.labels.get(name));
            known.filter(|value| !value.is_empty()).cloned()
        };
        let Some(device) = label(&map.device) else {
            let labels: Vec<&str> = one.labels.keys().map(String::as_str).collect();
            return Err(SourceError::Shape {
                expected: "a series of a device",
                why: format!(
                    "`{}` has none of the labels {}, but: {}",
                    asked.name,
                    map.device.join(", "),
                    labels.join(", ")
                ),
            });
        };
        let model = label(&map.model);
        let part = label(&map.instance);
        let samples = found.samples(asked, one.samples, start, sink)?;
        devices.entry(device).or_default().push(series::Series {
            model,
            part,
            samples,
        });
    }
    for (device, series) in devices {
        let parts = series
            .iter()
            .any(|one| one.part.as_deref().is_some_and(|part| part != "0"));
        // The activity of a part is a share of the part: of the device, unknown.
        if parts && asked.measure.is_share() {
            sink.skip(
                "activity of parts of a device, whose share is not known",
                found.row,
            );
            continue;
        }
        let model = series.iter().find_map(|one| one.model.clone());
        let samples = merge(series, parts, sink);
        if samples.is_empty() {
            continue;
        }
        let meter = found.meter(&device, boundary, model, sink)?;
        let last = found.last.entry((meter, asked.measure)).or_insert(None);
        for sample in samples {
            // Where two spellings of a metric are both there, each instant is one.
            if last.is_some_and(|last| sample.at <= last) {
                continue;
            }
            *last = Some(sample.at);
            sink.sample(meter, asked.measure, sample)?;
        }
    }
    Ok(())
}

impl Source for Prometheus {
    fn tool(&self) -> &'static str {
        "prometheus"
    }

    fn query(&self) -> Option<String> {
        Some(self.asker.query())
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let wrong = |why| SourceError::Shape {
            expected: "a map of metrics",
            why,
        };
        let boundary = self.map.boundary().map_err(wrong)?;
        let mut found = Found::default();
        let mut measures: BTreeMap<Measure, Vec<Asked>> = BTreeMap::new();
        for asked in self.map.asked().map_err(wrong)? {
            measures.entry(asked.measure).or_default().push(asked);
        }
        for spellings in measures.values() {
            // The oldest spelling first: where an exporter was changed within the range, the
            // newer one goes on where the older ends.
            for asked in spellings {
                self.metric(asked, boundary, &mut found, sink)?;
            }
        }
        if found.row == 0 {
            return Err(self.asker.nothing());
        }
        Ok(())
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// Samples counted, in the order of the answers.
    row: u64,
    meters: BTreeMap<String, MeterId>,
    last: BTreeMap<(MeterId, Measure), Option<Millis>>,
}

impl Found {
    fn meter(
        &mut self,
        device: &str,
        boundary: Boundary,
        model: Option<String>,
        sink: &mut dyn Sink,
    ) -> Result<MeterId, SourceError> {
        if let Some(meter) = self.meters.get(device) {
            return Ok(*meter);
        }
        let meter = sink.meter(&Meter {
            name: device.to_owned(),
            boundary,
            model,
        })?;
        self.meters.insert(device.to_owned(), meter);
        Ok(meter)
    }

    /// Reads the samples after `start`, in milliseconds; those that stand for nothing are
    /// left out, and so are gaps.
    fn samples(
        &mut self,
        asked: &Asked,
        raw: Vec<(Millis, String)>,
        start: u64,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Sample>, SourceError> {
        let mut samples = Vec::with_capacity(raw.len());
        for (at, text) in raw {
            self.row = self.row.saturating_add(1);
            if at.get() <= start {
                continue;
            }
            if let Some(why) = series::blank(&text) {
                sink.skip(why, self.row);
                continue;
            }
            let value = crate::telemetry::decimal::billionths(&text, asked.unit)
                .map_err(|why| crate::telemetry::field_error(self.row, &asked.name, &text, why))?;
            samples.push(Sample {
                at,
                value,
                row: self.row,
            });
        }
        Ok(samples)
    }
}
