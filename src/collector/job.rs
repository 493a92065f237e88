//! Jobs, and what several rows say of one.
//!
//! Specified in `specs/collect.md`: rules col-11, col-17, col-24 and col-25.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::figure::Class;
use crate::collector::CollectError;
use crate::collector::Name;
use crate::quantity::Interval;
use crate::time::Period;
use crate::time::UnixSeconds;

/// One run of a job, from the instant it was given devices to the instant it gave them
/// back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The scheduler's id, or what stands for it. A requeued job has several runs of the
    /// same id.
    pub id: Name,
    /// The cluster whose id it is, where the source tells.
    pub cluster: Option<Arc<str>>,
    /// The job that it is a part of, at the same time as other parts.
    pub whole: Option<Arc<str>>,
    /// When it held the devices.
    pub span: Period,
    /// When the job began: as its span, or before, where it had other devices first.
    pub began: UnixSeconds,
    /// What it held, each model once.
    pub allocations: Arc<[Allocation]>,
    /// What it was for.
    pub class: Class,
    /// The run of training that it was part of, if known.
    pub run: Option<Arc<str>>,
    /// The row of the source that says so.
    pub row: u64,
    /// What the row is.
    pub of: RowOf,
}

/// Devices of one model that a job held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// The catalogue's id of the device, or `uncatalogued:<type>`.
    pub model: Arc<str>,
    /// How many; an interval where the job held shares of unknown size.
    pub accelerators: Interval,
}

/// What a row of a job log says something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum RowOf {
    /// A job of its own, whatever other rows say.
    Job,
    /// All of one run: the same row twice is one.
    Run,
    /// A run up to when it was resized: the row after it goes on from there.
    Resized,
    /// One model of a run, of which other rows name others.
    Model,
}

/// A row of a job, its names where they lie.
#[derive(Clone, Debug)]
pub(super) struct Held<'t> {
    pub(super) id: &'t str,
    pub(super) cluster: Option<&'t Arc<str>>,
    pub(super) whole: Option<&'t str>,
    pub(super) span: Period,
    pub(super) began: UnixSeconds,
    pub(super) allocations: Cow<'t, Arc<[Allocation]>>,
    pub(super) class: Class,
    pub(super) run: Option<&'t Arc<str>>,
    pub(super) row: u64,
    pub(super) of: RowOf,
}

/// What the rows of a job say together, each with when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// Rows that repeat another.
    pub(super) repeated: Vec<(u64, UnixSeconds)>,
    /// Jobs that hold devices in two runs at once.
    pub(super) overlapping: Vec<(Arc<str>, UnixSeconds)>,
}

/// What was noticed of the rows of all periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// How many rows repeat another, and the first of them.
    pub repeated: Option<(u64, u64)>,
    /// Jobs that hold devices in two runs at once, with how often: a sign of a log put
    /// together from several, in which something is counted twice.
    pub overlapping: BTreeMap<Arc<str>, u64>,
}

impl Noticed {
    /// Adds what lies in `period`; of what began before all periods, that in the first.
    pub(super) fn add(&mut self, settled: Settled, period: Period, is_first: bool) {
        let here = |at: UnixSeconds| period.contains(at) || (is_first && at < period.start());
        for (row, _) in settled.repeated.into_iter().filter(|(_, at)| here(*at)) {
            let (count, first) = self.repeated.unwrap_or((0, row));
            self.repeated = Some((count.saturating_add(1), first.min(row)));
        }
        for (id, _) in settled.overlapping.into_iter().filter(|(_, at)| here(*at)) {
            let count = self.overlapping.entry(id).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// Puts the rows of `jobs` together: the same run twice is one, models of one run are one
/// job, and what was resized goes on with what it was resized to. Their order stays.
pub(super) fn settle(jobs: &mut Vec<Held<'_>>) -> Result<Settled, CollectError> {
    let mut settled = Settled::default();
    let order = of_several_rows(jobs);
    if order.is_empty() {
        return Ok(settled);
    }
    let mut gone = BTreeSet::new();
    let mut before: Option<usize> = None;
    // When the run before, which began at that instant, was resized.
    let mut resized: Option<(UnixSeconds, UnixSeconds)> = None;
    // Up to when the job held devices.
    let mut latest: Option<UnixSeconds> = None;
    for at in order {
        let Some((one, first)) = pair(jobs, at, before) else {
            continue;
        };
        if let Some(first) = first {
            if first.span.end() == one.span.end() && first.began == one.began {
                if merge(first, one)? {
                    settled.repeated.push((one.row, one.span.start()));
                }
                gone.insert(at);
                continue;
            }
        } else {
            (resized, latest) = (None, None);
        }
        let (began, end) = (one.began, one.span.end());
        if let Some((_, when)) = resized.filter(|(start, _)| *start == began)
            && let Some(span) = Period::new(when, end)
        {
            one.span = span;
        }
        if one.of == RowOf::Resized {
            resized = Some((began, end));
        }
        let start = one.span.start();
        if latest.is_some_and(|latest| start < latest) {
            settled.overlapping.push((one.id.into(), start));
        }
        latest = latest.max(Some(end));
        before = Some(at);
    }
    let mut at = 0_usize;
    jobs.retain(|_| {
        let stays = !gone.contains(&at);
        at = at.saturating_add(1);
        stays
    });
    Ok(settled)
}

/// Finds the rows whose id others have too, each job's one after the other: few.
fn of_several_rows(jobs: &[Held<'_>]) -> Vec<usize> {
    // Schedulers count up: where every id comes after the one before, no two are alike.
    if jobs.is_sorted_by(|one, next| (one.id.len(), one.id) < (next.id.len(), next.id)) {
        return Vec::new();
    }
    let mut rows: Vec<(usize, &str, usize)> = Vec::with_capacity(jobs.len());
    let held = (0_usize..)
        .zip(jobs)
        .filter(|(_, job)| job.of != RowOf::Job);
    rows.extend(held.map(|(at, job)| (job.id.len(), job.id, at)));
    // They nearly lie in this order: a sort that finds runs has little to move.
    rows.sort_by_key(|(length, id, _)| (*length, *id));
    let alike = rows.chunk_by(|(_, one, _), (_, next, _)| one == next);
    let several = alike.filter(|rows| rows.len() > 1).flatten();
    let mut order: Vec<usize> = several.map(|(.., at)| *at).collect();
    order.sort_by(|one, next| match (jobs.get(*one), jobs.get(*next)) {
        (Some(one), Some(next)) => one.key().cmp(&next.key()),
        _ => one.cmp(next),
    });
    order
}

/// Returns the job at `at`, and the one before it if that is of the same id.
fn pair<'j, 't>(
    jobs: &'j mut [Held<'t>],
    at: usize,
    before: Option<usize>,
) -> Option<(&'j mut Held<'t>, Option<&'j mut Held<'t>>)> {
    let Some(before) = before.filter(|before| *before != at) else {
        return Some((jobs.get_mut(at)?, None));
    };
    let [one, first] = jobs.get_disjoint_mut([at, before]).ok()?;
    let same = one.id == first.id && one.cluster == first.cluster;
    Some((one, same.then_some(first)))
}

/// Adds to `first` what a row of the same run says; `true` if it says nothing new.
fn merge(first: &mut Held<'_>, other: &Held<'_>) -> Result<bool, CollectError> {
    let alike = first.of == other.of
        && first.class == other.class
        && first.run == other.run
        && first.whole == other.whole;
    let conflict = CollectError::Conflict {
        row: other.row,
        first: first.row,
        job: first.id.to_string(),
    };
    if !alike {
        return Err(conflict);
    }
    if first.of != RowOf::Model {
        let same = first.allocations == other.allocations;
        return if same { Ok(true) } else { Err(conflict) };
    }
    let known = |one: &Allocation| {
        first
            .allocations
            .iter()
            .any(|other| one.model == other.model)
    };
    if !other.allocations.iter().any(known) {
        let both = first.allocations.iter().chain(other.allocations.iter());
        first.allocations = Cow::Owned(both.cloned().collect());
        return Ok(false);
    }
    let repeated = |one: &Allocation| first.allocations.contains(one);
    if other.allocations.iter().all(repeated) {
        Ok(true)
    } else {
        Err(conflict)
    }
}

impl Job {
    /// Returns what it says, its names where they lie.
    pub(super) fn held(&self) -> Held<'_> {
        Held {
            id: &self.id,
            cluster: self.cluster.as_ref(),
            whole: self.whole.as_deref(),
            span: self.span,
            began: self.began,
            allocations: Cow::Borrowed(&self.allocations),
            class: self.class,
            run: self.run.as_ref(),
            row: self.row,
            of: self.of,
        }
    }
}

impl Held<'_> {
    /// Returns it with names of its own.
    pub(super) fn job(&self) -> Job {
        Job {
            id: self.id.into(),
            cluster: self.cluster.cloned(),
            whole: self.whole.map(Into::into),
            span: self.span,
            began: self.began,
            allocations: Arc::clone(&self.allocations),
            class: self.class,
            run: self.run.cloned(),
            row: self.row,
            of: self.of,
        }
    }

    /// Returns its name; of several clusters, each numbers its own.
    pub(super) fn name(&self, of_several_clusters: bool) -> Name {
        match self.cluster {
            Some(cluster) if of_several_clusters => format!("{cluster}/{}", self.id).into(),
            _ => self.id.into(),
        }
    }

    fn key(&self) -> impl Ord + '_ {
        let end = self.span.end();
        (self.cluster, self.id, self.began, end, self.row)
    }
}
