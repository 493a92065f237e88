//! Devices that pods ask for, as kube-state-metrics tells Prometheus.
//!
//! Specified in `specs/collect.md`, section "Kubernetes". A request is what a scheduler set
//! aside: `allocated`, like the jobs of Slurm. Between two scrapes that saw a pod run it
//! ran; before the first one, after the last, and where scrapes are missing, it may have.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::collector::Allocation;
use crate::collector::Job;
use crate::collector::RowOf;
use crate::collector::reading::Millis;
use crate::collector::reading::SECOND;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry::Options;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::whole;
use crate::telemetry::field_error;
use crate::telemetry::prometheus::Asker;
use crate::telemetry::prometheus::Client;
use crate::telemetry::prometheus::RawSeries;
use crate::time::Period;
use crate::time::UnixSeconds;

/// What containers ask for; those that only prepare a pod are a metric of their own, and end
/// before these begin.
const REQUESTS: &str = "kube_pod_container_resource_requests";

/// Which phase a pod is in: one for the phase, zero for the others.
const PHASE: &str = "kube_pod_status_phase";

/// Resources that are accelerators, as the metric spells them.
pub const RESOURCES: &str = "nvidia_com_.*|amd_com_gpu|google_com_tpu|habana_ai_gaudi|aws_amazon_com_neuron.*|gpu_intel_com_.*";

/// Pods of a cluster.
#[derive(Debug)]
pub struct PodRequests {
    asker: Asker,
    resources: String,
    /// Seconds from one scrape to the next, where the user says.
    every: Option<u64>,
    options: Options,
}

impl PodRequests {
    /// Asks `client` for the pods whose labels match `matchers`, for `range` and a margin
    /// around it. `resources` is a regular expression of Prometheus; `every` are the seconds
    /// from one scrape to the next, the median of those found if `None`.
    pub fn new(
        client: Client,
        (matchers, resources): (String, String),
        range: Period,
        every: Option<u64>,
        options: Options,
    ) -> Self {
        Self {
            asker: Asker::new(client, matchers, range),
            resources,
            every,
            options,
        }
    }
}

/// A pod and a resource that it asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    namespace: String,
    pod: String,
    /// A pod of the same name may come after it.
    uid: String,
    resource: String,
}

/// How far one request was followed.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// When it was seen last, and how many devices it was for; none while the pod does not
    /// run.
    at: Millis,
    count: u64,
}

/// A stretch of time in which a pod held devices, more or less.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start: u64,
    end: u64,
    least: u64,
    most: u64,
}

impl Source for PodRequests {
    fn tool(&self) -> &'static str {
        "kube-state-metrics"
    }

    fn query(&self) -> Option<String> {
        Some(self.asker.query())
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let own = format!("resource=~\"{}\"", self.resources);
        let metrics = [(PHASE, "phase=\"Running\""), (REQUESTS, own.as_str())];
        let mut follower = Follower {
            options: &self.options,
            every: self.every.map(|every| every.saturating_mul(SECOND)),
            row: 0,
            seen: BTreeMap::new(),
            open: BTreeMap::new(),
            known: BTreeMap::new(),
        };
        self.asker.each(&metrics, sink, |start, answers, sink| {
            let mut answers = answers.into_iter();
            let phases = answers.next().map(|one| one.series).unwrap_or_default();
            let requests = answers.next().map(|one| one.series).unwrap_or_default();
            follower.window(start.saturating_mul(SECOND), &phases, &requests, sink)
        })?;
        if follower.row == 0 {
            return Err(self.asker.nothing());
        }
        follower.finish(sink)
    }
}

/// Follows requests from window to window.
struct Follower<'o> {
    options: &'o Options,
    every: Option<u64>,
    /// Samples counted, in the order of the answers.
    row: u64,
    seen: BTreeMap<Asked, Seen>,
    /// The stretch that is not over yet.
    open: BTreeMap<Asked, Stretch>,
    known: BTreeMap<(String, u64, u64), Arc<[Allocation]>>,
}

impl Follower<'_> {
    fn window(
        &mut self,
        start: u64,
        phases: &[RawSeries],
        requests: &[RawSeries],
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        let label = |one: &RawSeries, name: &str| one.labels.get(name).cloned().unwrap_or_default();
        let pod = |one: &RawSeries| {
            (
                label(one, "namespace"),
                label(one, "pod"),
                label(one, "uid"),
            )
        };
        let mut running: BTreeMap<(String, String, String), BTreeSet<Millis>> = BTreeMap::new();
        for one in phases {
            let times = running.entry(pod(one)).or_default();
            for (at, value) in &one.samples {
                self.row = self.row.saturating_add(1);
                if value == "1" {
                    times.insert(*at);
                }
            }
        }
        // By container: two servers that scraped the same at one instant tell it twice.
        let mut asked: BTreeMap<Asked, BTreeMap<Millis, BTreeMap<String, u64>>> = BTreeMap::new();
        for one in requests {
            let (namespace, pod, uid) = pod(one);
            if pod.is_empty() {
                let labels: Vec<&str> = one.labels.keys().map(String::as_str).collect();
                return Err(SourceError::Shape {
                    expected: "a series of a pod",
                    why: format!(
                        "`{REQUESTS}` has no label `pod`, but: {}",
                        labels.join(", ")
                    ),
                });
            }
            let key = Asked {
                namespace,
                pod,
                uid,
                resource: label(one, "resource"),
            };
            let container = label(one, "container");
            let times = asked.entry(key).or_default();
            for (at, value) in &one.samples {
                self.row = self.row.saturating_add(1);
                if at.get() <= start {
                    continue;
                }
                let count =
                    whole(value).map_err(|why| field_error(self.row, REQUESTS, value, why))?;
                times
                    .entry(*at)
                    .or_default()
                    .insert(container.clone(), count);
            }
        }
        self.settle(&asked);
        for (key, times) in asked {
            let pod = (key.namespace.clone(), key.pod.clone(), key.uid.clone());
            let runs = running.get(&pod);
            for (at, containers) in times {
                let runs = runs.is_some_and(|times| times.contains(&at));
                let count = if runs {
                    containers
                        .values()
                        .fold(0, |sum: u64, one| sum.saturating_add(*one))
                } else {
                    0
                };
                self.take(&key, at, count, sink)?;
            }
        }
        Ok(())
    }

    /// Finds how far scrapes lie apart: the median of the first window that has some.
    fn settle(&mut self, asked: &BTreeMap<Asked, BTreeMap<Millis, BTreeMap<String, u64>>>) {
        if self.every.is_some() {
            return;
        }
        let mut apart: Vec<u64> = asked
            .values()
            .flat_map(|times| {
                let next = times.keys().skip(1);
                times.keys().zip(next).map(|(one, next)| next.since(*one))
            })
            .collect();
        apart.sort_unstable();
        self.every = apart.get(apart.len() / 2).copied();
    }

    /// Takes one sample of a request.
    fn take(
        &mut self,
        key: &Asked,
        at: Millis,
        count: u64,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        let every = self.every.unwrap_or(0);
        let before = self.seen.insert(key.clone(), Seen { at, count });
        let Some(before) = before else {
            // It may have begun right after the scrape before.
            let start = at.get().saturating_sub(every);
            return self.extend(key, (start, at.get()), (0, count), sink);
        };
        if at <= before.at {
            return Ok(());
        }
        let near = at.since(before.at) <= every.saturating_add(every / 2);
        let (one, other) = (before.count, count);
        let least = if near { one.min(other) } else { 0 };
        self.extend(
            key,
            (before.at.get(), at.get()),
            (least, one.max(other)),
            sink,
        )
    }

    /// Goes on with the stretch that is open, or ends it and opens another.
    fn extend(
        &mut self,
        key: &Asked,
        (start, end): (u64, u64),
        (least, most): (u64, u64),
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        if let Some(open) = self.open.get_mut(key) {
            if open.end == start && (open.least, open.most) == (least, most) {
                open.end = end;
                return Ok(());
            }
            let over = *open;
            self.open.remove(key);
            self.give(key, over, sink)?;
        }
        if most > 0 {
            let stretch = Stretch {
                start,
                end,
                least,
                most,
            };
            self.open.insert(key.clone(), stretch);
        }
        Ok(())
    }

    /// Ends what is still open: after its last scrape a pod may have run until the next.
    fn finish(mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let every = self.every.unwrap_or(0);
        for (key, seen) in std::mem::take(&mut self.seen) {
            let end = seen.at.get().saturating_add(every);
            self.extend(&key, (seen.at.get(), end), (0, seen.count), sink)?;
        }
        for (key, stretch) in std::mem::take(&mut self.open) {
            self.give(&key, stretch, sink)?;
        }
        Ok(())
    }

    fn give(&mut self, key: &Asked, one: Stretch, sink: &mut dyn Sink) -> Result<(), SourceError> {
        // Edges between stretches are cut to the second before, so that each second is in one.
        let second = |millis: u64| UnixSeconds::new(millis / SECOND);
        let span = second(one.start).zip(second(one.end));
        let Some(span) = span.and_then(|(start, end)| Period::new(start, end)) else {
            return Ok(());
        };
        // A slice or a share of a device is from none to one.
        let shared = key.resource.contains("_mig_") || key.resource.ends_with("_shared");
        let least = if shared { 0 } else { one.least };
        let model = self.options.model(&key.resource);
        let allocations = self
            .known
            .entry((key.resource.clone(), least, one.most))
            .or_insert_with(|| {
                let bounds = Interval::new(Quantity::from(least), Quantity::from(one.most));
                Arc::new([Allocation {
                    model: model.into(),
                    accelerators: bounds.unwrap_or(Interval::ZERO),
                }])
            })
            .clone();
        sink.job(&Job {
            id: format!("{}/{}", key.namespace, key.pod).into(),
            cluster: None,
            whole: None,
            span,
            began: span.start(),
            allocations,
            class: self.options.class(&[&key.namespace]),
            run: None,
            row: self.row,
            of: RowOf::Job,
        })
    }
}
