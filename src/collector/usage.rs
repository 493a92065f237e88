//! One period: who held what, how much in all, how much at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attestation::figure::Basis;
use crate::attestation::figure::Class;
use crate::attestation::figure::QuantityKind;
use crate::collector::Allocation;
use crate::collector::CollectError;
use crate::collector::Name;
use crate::collector::job::Held;
use crate::collector::job::Settled;
use crate::collector::shelf::Taken;
use crate::ledger::Amount;
use crate::ledger::JobRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::Secret;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// What jobs were given in one period.
#[derive(Clone, Debug)]
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
    /// The jobs, of which not everybody wants to know.
    jobs: Taken,
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
    pub job: Name,
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
    /// Counts the jobs of a period, and says what was noticed of their rows.
    pub(super) fn of(period: Period, taken: Taken) -> Result<(Self, Settled), CollectError> {
        let (jobs, settled) = taken.jobs()?;
        let count = Count::of(period, &jobs).ok_or(CollectError::Overflow { period })?;
        let usage = Self {
            period,
            uses: count.uses(),
            accelerators: count.accelerators(),
            all: count.all.usage(),
            jobs: taken,
        };
        Ok((usage, settled))
    }

    /// Returns the jobs' shares, in the order of a `jobs` ledger.
    pub fn shares(&self) -> Result<Vec<Share>, CollectError> {
        let (jobs, _) = self.jobs.jobs()?;
        let of_several_clusters = self.jobs.of_several_clusters();
        let mut shares = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let Some(span) = job.span.intersection(self.period) else {
                continue;
            };
            let name = job.name(of_several_clusters);
            shares.extend(job.allocations.iter().map(|allocation| Share {
                job: name.clone(),
                span,
                allocation: allocation.clone(),
                class: job.class,
                run: job.run.cloned(),
                job_seconds: span.end().since(job.began),
            }));
        }
        // Jobs come in order of start: a sort that finds runs has little to move.
        shares.sort_by(|one, next| {
            let key = |share: &Share| (share.span.start(), share.span.end());
            let order = one.span.start().cmp(&next.span.start());
            order
                .then_with(|| one.job.cmp(&next.job))
                .then_with(|| one.allocation.model.cmp(&next.allocation.model))
                .then_with(|| key(one).cmp(&key(next)))
        });
        Ok(shares)
    }

    /// Returns the `jobs` ledger of the period.
    pub fn ledger(&self, secret: Secret) -> Result<Ledger, CollectError> {
        let mut ledger = Ledger::new(Kind::Jobs, secret);
        let shares = self.shares()?;
        let figures: Vec<[Amount; 2]> = shares.iter().map(Share::figures).collect();
        let shares = shares.iter().zip(&figures);
        ledger.extend_jobs(shares.map(|(share, figures)| share.record(figures)))?;
        Ok(ledger)
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
type Parts<'j> = BTreeMap<(Option<&'j Arc<str>>, &'j str), Vec<(Period, Interval)>>;

/// What the jobs of a period come to, while they are counted.
struct Count<'j> {
    period: Period,
    /// By model and class, of which there are few.
    uses: Vec<Use<'j>>,
    /// How many devices of each model are held.
    models: Vec<(&'j Arc<str>, Level)>,
    all: Tally,
    parts: Parts<'j>,
    /// What begins within the period, and what ends there: when, how many devices and of
    /// which of `uses`.
    begins: Vec<Step<'j>>,
    ends: Vec<Step<'j>>,
}

/// What is counted of a model and class.
struct Use<'j> {
    model: &'j Arc<str>,
    class: Class,
    /// Which of the models it is.
    at: usize,
    tally: Tally,
}

/// What is counted of whatever it is.
#[derive(Clone, Copy)]
struct Tally {
    accelerator_seconds: Interval,
    job_accelerators: Interval,
    job_seconds: u64,
    level: Level,
}

/// Devices that begin or end to be held.
#[derive(Clone, Copy)]
struct Step<'j> {
    at: UnixSeconds,
    count: &'j Interval,
    /// Which of the uses.
    of: usize,
}

impl<'j> Count<'j> {
    /// Counts jobs; `None` beyond the range of quantities.
    fn of(period: Period, jobs: &'j [Held<'_>]) -> Option<Self> {
        let mut count = Self {
            period,
            uses: Vec::new(),
            models: Vec::new(),
            all: Tally::ZERO,
            parts: Parts::new(),
            begins: Vec::with_capacity(jobs.len()),
            ends: Vec::with_capacity(jobs.len()),
        };
        for job in jobs {
            count.add(job)?;
        }
        count.sum()?;
        count.put_together()?;
        count.sweep()?;
        Some(count)
    }

    fn add(&mut self, job: &'j Held<'_>) -> Option<()> {
        let Some(span) = job.span.intersection(self.period) else {
            return Some(());
        };
        let job_seconds = span.end().since(job.began);
        let mut whole = Interval::ZERO;
        for allocation in job.allocations.iter() {
            let count = allocation.accelerators;
            let seconds = product(count, span.seconds())?;
            whole = whole.plus(count)?;
            let of = self.use_of(&allocation.model, job.class);
            let tally = &mut self.uses.get_mut(of)?.tally;
            tally.accelerator_seconds = tally.accelerator_seconds.plus(seconds)?;
            tally.job_accelerators = larger(tally.job_accelerators, count);
            tally.job_seconds = tally.job_seconds.max(job_seconds);
            let count = &allocation.accelerators;
            let at = |at| Step { at, count, of };
            if span.start() == self.period.start() {
                // Nothing can have ended before.
                self.step(at(span.start()), Level::begin)?;
            } else {
                self.begins.push(at(span.start()));
            }
            if span.end() != self.period.end() {
                self.ends.push(at(span.end()));
            }
        }
        if let Some(all) = job.whole {
            let key = (job.cluster, all);
            self.parts.entry(key).or_default().push((span, whole));
        }
        self.all.job_accelerators = larger(self.all.job_accelerators, whole);
        Some(())
    }

    /// Finds a model and class among the uses, or puts them there.
    fn use_of(&mut self, model: &'j Arc<str>, class: Class) -> usize {
        let known = |one: &Use<'_>| one.class == class && one.model == model;
        if let Some(known) = self.uses.iter().position(known) {
            return known;
        }
        let at = self.models.iter().position(|(one, _)| *one == model);
        let at = at.unwrap_or_else(|| {
            self.models.push((model, Level::ZERO));
            self.models.len().saturating_sub(1)
        });
        self.uses.push(Use {
            model,
            class,
            at,
            tally: Tally::ZERO,
        });
        self.uses.len().saturating_sub(1)
    }

    /// Finds what all uses come to together; how many devices a job held of all models, and how
    /// many are held at once, is counted as jobs come.
    fn sum(&mut self) -> Option<()> {
        for Use { tally, .. } in &self.uses {
            let all = &mut self.all;
            all.accelerator_seconds = all.accelerator_seconds.plus(tally.accelerator_seconds)?;
            all.job_seconds = all.job_seconds.max(tally.job_seconds);
        }
        Some(())
    }

    /// Finds the most devices that a job of several parts held at once.
    fn put_together(&mut self) -> Option<()> {
        for held in std::mem::take(&mut self.parts).into_values() {
            let edges = held.iter().flat_map(|(span, count)| {
                let (start, end) = (span.start(), span.end());
                [(end, false, *count), (start, true, *count)]
            });
            let mut edges: Vec<(UnixSeconds, bool, Interval)> = edges.collect();
            edges.sort_by_key(|(at, begins, _)| (*at, *begins));
            let mut level = Level::ZERO;
            for (_, begins, count) in edges {
                if begins {
                    level.begin(count)?;
                } else {
                    level.end(count)?;
                }
            }
            self.all.job_accelerators = larger(self.all.job_accelerators, level.most);
        }
        Some(())
    }

    /// Finds the most devices held at once, of each model and class, of each model, and
    /// of all. Spans are half-open, so at one instant what ends goes before what begins.
    fn sweep(&mut self) -> Option<()> {
        let mut begins = std::mem::take(&mut self.begins);
        let mut ends = std::mem::take(&mut self.ends);
        begins.sort_by_key(|step| step.at);
        ends.sort_unstable_by_key(|step| step.at);
        let mut ends = ends.into_iter().peekable();
        for begin in begins {
            while let Some(end) = ends.next_if(|end| end.at <= begin.at) {
                self.step(end, Level::end)?;
            }
            self.step(begin, Level::begin)?;
        }
        Some(())
    }

    fn step(&mut self, step: Step<'_>, take: fn(&mut Level, Interval) -> Option<()>) -> Option<()> {
        let one = self.uses.get_mut(step.of)?;
        let (_, model) = self.models.get_mut(one.at)?;
        for level in [&mut self.all.level, &mut one.tally.level, model] {
            take(level, *step.count)?;
        }
        Some(())
    }

    /// Returns what each model and class comes to.
    fn uses(&self) -> BTreeMap<(Arc<str>, Class), Usage> {
        let uses = self.uses.iter();
        uses.map(|one| ((Arc::clone(one.model), one.class), one.tally.usage()))
            .collect()
    }

    /// Returns the most devices of each model at once.
    fn accelerators(&self) -> BTreeMap<Arc<str>, Interval> {
        let models = self.models.iter();
        models
            .map(|(model, level)| (Arc::clone(model), level.most))
            .collect()
    }
}

impl Tally {
    const ZERO: Self = Self {
        accelerator_seconds: Interval::ZERO,
        job_accelerators: Interval::ZERO,
        job_seconds: 0,
        level: Level::ZERO,
    };

    const fn usage(self) -> Usage {
        Usage {
            accelerator_seconds: self.accelerator_seconds,
            accelerators: self.level.most,
            job_accelerators: self.job_accelerators,
            job_seconds: self.job_seconds,
        }
    }
}

/// How many devices are held now, and the most so far.
#[derive(Clone, Copy)]
struct Level {
    now: Interval,
    most: Interval,
}

impl Level {
    const ZERO: Self = Self {
        now: Interval::ZERO,
        most: Interval::ZERO,
    };

    fn begin(&mut self, count: Interval) -> Option<()> {
        self.now = self.now.plus(count)?;
        self.most = larger(self.most, self.now);
        Some(())
    }

    fn end(&mut self, count: Interval) -> Option<()> {
        let (lower, upper) = (self.now.lower(), self.now.upper());
        self.now = Interval::new(lower.minus(count.lower())?, upper.minus(count.upper())?)?;
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
    if count.lower() == count.upper() {
        return Some(Interval::exactly(count.lower().times(seconds)?));
    }
    Interval::new(count.lower().times(seconds)?, count.upper().times(seconds)?)
}
