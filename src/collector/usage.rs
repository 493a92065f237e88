//! One period: who held what, how much in all, how much at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::collector::Allocation;
use crate::collector::CollectError;
use crate::collector::Job;
use crate::ledger::Amount;
use crate::ledger::JobRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// What jobs were given in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodUsage {
    /// The period.
    pub period: Period,
    /// By model and class, sorted; empty if no job ran.
    pub uses: BTreeMap<(Arc<str>, Class), Usage>,
    /// The most accelerators at once, by model, whatever the class.
    pub accelerators: BTreeMap<Arc<str>, Interval>,
    /// All models and classes together. Its `accelerators` is the most at once, which is
    /// at most the sum of those by model; its `job_accelerators` counts a job's devices
    /// of every model.
    pub all: Usage,
    /// The jobs' shares, in the order of a `jobs` ledger.
    pub shares: Vec<Share>,
}

/// Totals and maxima of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Seconds times devices allocated.
    pub accelerator_seconds: Interval,
    /// The most devices at once.
    pub accelerators: Interval,
    /// The devices of the largest job.
    pub job_accelerators: Interval,
    /// The seconds of the longest job up to the period's end, those before the period
    /// included.
    pub job_seconds: u64,
}

impl Usage {
    /// Nothing.
    pub const ZERO: Self = Self {
        accelerator_seconds: Interval::ZERO,
        accelerators: Interval::ZERO,
        job_accelerators: Interval::ZERO,
        job_seconds: 0,
    };
}

/// What one job held of one model in a period, clipped to it: a record of the `jobs`
/// ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The job.
    pub job: Arc<str>,
    /// When, within the period.
    pub span: Period,
    /// The model and how many.
    pub allocation: Allocation,
    /// What for.
    pub class: Class,
    /// The run of training.
    pub run: Option<Arc<str>>,
    /// Its seconds up to the end of `span`, those before the period included.
    pub job_seconds: u64,
}

impl PeriodUsage {
    pub(super) fn of<'j>(
        period: Period,
        jobs: impl Iterator<Item = &'j Job>,
    ) -> Result<Self, CollectError> {
        let mut usage = Self {
            period,
            uses: BTreeMap::new(),
            accelerators: BTreeMap::new(),
            all: Usage::ZERO,
            shares: Vec::new(),
        };
        let mut edges = Edges::default();
        let mut parts = Parts::new();
        for job in jobs {
            usage
                .add(job, &mut edges, &mut parts)
                .ok_or(CollectError::Overflow { period })?;
        }
        // Jobs come in order of start: a sort that finds runs has little to move.
        usage.shares.sort_by(|one, next| {
            let key = |share: &Share| (share.span.start(), share.span.end());
            let order = one.span.start().cmp(&next.span.start());
            order
                .then_with(|| one.job.cmp(&next.job))
                .then_with(|| one.allocation.model.cmp(&next.allocation.model))
                .then_with(|| key(one).cmp(&key(next)))
        });
        usage
            .put_together(parts)
            .and_then(|()| usage.sweep(edges))
            .ok_or(CollectError::Overflow { period })?;
        Ok(usage)
    }

    /// Returns the `jobs` ledger of the period.
    pub fn ledger(&self, secret: Secret) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::new(Kind::Jobs, secret);
        let figures: Vec<[Amount; 2]> = self.shares.iter().map(Share::figures).collect();
        let shares = self.shares.iter().zip(&figures);
        ledger.extend_jobs(shares.map(|(share, figures)| share.record(figures)))?;
        Ok(ledger)
    }

    /// Counts `job`; `None` beyond the range of quantities.
    fn add(&mut self, job: &Job, edges: &mut Edges, parts: &mut Parts) -> Option<()> {
        let Some(span) = job.span.intersection(self.period) else {
            return Some(());
        };
        let job_seconds = span.end().since(job.began);
        let mut whole = Interval::ZERO;
        for allocation in job.allocations.iter() {
            let count = allocation.accelerators;
            let seconds = product(count, span.seconds())?;
            whole = whole.plus(count)?;
            let key = (allocation.model.clone(), job.class);
            let own = self.uses.entry(key).or_insert(Usage::ZERO);
            for usage in [own, &mut self.all] {
                usage.accelerator_seconds = usage.accelerator_seconds.plus(seconds)?;
                usage.job_accelerators = larger(usage.job_accelerators, count);
                usage.job_seconds = usage.job_seconds.max(job_seconds);
            }
            edges.add(span, &allocation.model, job.class, count);
            self.shares.push(Share {
                job: job.id.clone(),
                span,
                allocation: allocation.clone(),
                class: job.class,
                run: job.run.clone(),
                job_seconds,
            });
        }
        if let Some(all) = &job.whole {
            let key = (job.cluster.clone(), all.clone());
            parts.entry(key).or_default().push((span, whole));
        }
        self.all.job_accelerators = larger(self.all.job_accelerators, whole);
        Some(())
    }

    /// Finds the most devices that a job of several parts held at once.
    fn put_together(&mut self, parts: Parts) -> Option<()> {
        for held in parts.into_values() {
            let edges = held.iter().flat_map(|(span, count)| {
                let (start, end) = (span.start(), span.end());
                [(end, false, *count), (start, true, *count)]
            });
            let mut edges: Vec<(UnixSeconds, bool, Interval)> = edges.collect();
            edges.sort_by_key(|(at, begins, _)| (*at, *begins));
            let mut level = Level::default();
            for (_, begins, count) in edges {
                level.step(begins, count)?;
            }
            self.all.job_accelerators = larger(self.all.job_accelerators, level.most);
        }
        Some(())
    }

    /// Finds the most devices held at once, of each model and class, of each model, and
    /// of all.
    fn sweep(&mut self, edges: Edges) -> Option<()> {
        let mut models: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        let model_of: Vec<usize> = edges
            .held
            .iter()
            .map(|(model, _)| {
                let next = models.len();
                *models.entry(model).or_insert(next)
            })
            .collect();
        let mut by_use = vec![Level::default(); edges.held.len()];
        let mut by_model = vec![Level::default(); models.len()];
        let mut all = Level::default();
        let mut steps = edges.steps;
        steps.sort_unstable();
        for step in steps {
            let (count, held) = *edges.counts.get(step.count)?;
            all.step(step.begins, count)?;
            by_use.get_mut(held)?.step(step.begins, count)?;
            let model = *model_of.get(held)?;
            by_model.get_mut(model)?.step(step.begins, count)?;
        }
        self.all.accelerators = all.most;
        for (key, level) in edges.held.iter().zip(by_use) {
            if let Some(usage) = self.uses.get_mut(key) {
                usage.accelerators = level.most;
            }
        }
        self.accelerators = models
            .into_iter()
            .filter_map(|(model, at)| Some((model.clone(), by_model.get(at)?.most)))
            .collect();
        Some(())
    }
}

impl Share {
    /// Returns its figures: accelerator-seconds, and the job's seconds so far.
    pub fn figures(&self) -> [Amount; 2] {
        let allocated = |quantity, value| Amount {
            quantity,
            basis: Basis::Allocated,
            value,
        };
        let seconds = product(self.allocation.accelerators, self.span.seconds());
        [
            // It was counted, so it is in range.
            allocated(
                QuantityKind::AcceleratorSeconds,
                seconds.unwrap_or(Interval::ZERO),
            ),
            allocated(
                QuantityKind::JobSeconds,
                Interval::exactly(Quantity::from(self.job_seconds)),
            ),
        ]
    }

    /// Returns the record of the `jobs` ledger.
    pub fn record<'r>(&'r self, figures: &'r [Amount]) -> JobRecord<'r> {
        JobRecord {
            job: &self.job,
            span: self.span,
            accelerators: self.allocation.accelerators,
            model: &self.allocation.model,
            class: self.class,
            run: self.run.as_deref(),
            figures,
        }
    }
}

/// When the parts of a job held how many devices, by cluster and job.
type Parts = BTreeMap<(Option<Arc<str>>, Arc<str>), Vec<(Period, Interval)>>;

/// Where jobs begin and end to hold devices.
#[derive(Default)]
struct Edges {
    /// The models and classes that there are: few.
    held: Vec<(Arc<str>, Class)>,
    /// How many devices, and of which of `held`.
    counts: Vec<(Interval, usize)>,
    steps: Vec<Step>,
}

/// One edge. Spans are half-open, so at one instant what ends goes before what begins:
/// `false` sorts before `true`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    at: UnixSeconds,
    begins: bool,
    /// Which of the counts.
    count: usize,
}

impl Edges {
    fn add(&mut self, span: Period, model: &Arc<str>, class: Class, count: Interval) {
        let known = |(other, one): &(Arc<str>, Class)| *one == class && *other == *model;
        let held = self.held.iter().position(known).unwrap_or_else(|| {
            self.held.push((model.clone(), class));
            self.held.len().saturating_sub(1)
        });
        let number = self.counts.len();
        self.counts.push((count, held));
        for (at, begins) in [(span.start(), true), (span.end(), false)] {
            self.steps.push(Step {
                at,
                begins,
                count: number,
            });
        }
    }
}

/// How many devices are held now, and the most so far.
#[derive(Clone, Copy)]
struct Level {
    now: Interval,
    most: Interval,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            now: Interval::ZERO,
            most: Interval::ZERO,
        }
    }
}

impl Level {
    fn step(&mut self, begins: bool, count: Interval) -> Option<()> {
        self.now = if begins {
            self.now.plus(count)?
        } else {
            Interval::new(
                self.now.lower().minus(count.lower())?,
                self.now.upper().minus(count.upper())?,
            )?
        };
        self.most = larger(self.most, self.now);
        Some(())
    }
}

/// The larger of two, bound by bound.
fn larger(one: Interval, other: Interval) -> Interval {
    let (lower, upper) = (
        one.lower().max(other.lower()),
        one.upper().max(other.upper()),
    );
    Interval::new(lower, upper).unwrap_or(one)
}

/// Returns `count` devices times `seconds`, or `None` beyond the range of quantities.
pub(super) fn product(count: Interval, seconds: u64) -> Option<Interval> {
    Interval::new(count.lower().times(seconds)?, count.upper().times(seconds)?)
}
