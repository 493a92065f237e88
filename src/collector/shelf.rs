//! Where jobs lie until their period is worked on, in bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::figure::Class;
use crate::collector::CollectError;
use crate::collector::job;
use crate::collector::job::Allocation;
use crate::collector::job::Held;
use crate::collector::job::Job;
use crate::collector::job::RowOf;
use crate::collector::job::Settled;
use crate::time::Period;
use crate::time::UnixSeconds;

/// Holds bytes by period, as many as there are; they may lie on a disk.
pub trait Shelf: Send {
    /// Puts bytes behind those of the period with this number. Errors say what failed.
    fn put(&mut self, period: usize, bytes: &[u8]) -> Result<(), String>;

    /// Takes all bytes of a period, in the order in which they were put there.
    fn take(&mut self, period: usize) -> Result<Vec<u8>, String>;
}

/// A shelf in memory.
#[derive(Debug, Default)]
pub struct Memory(BTreeMap<usize, Vec<u8>>);

impl Shelf for Memory {
    fn put(&mut self, period: usize, bytes: &[u8]) -> Result<(), String> {
        self.0.entry(period).or_default().extend_from_slice(bytes);
        Ok(())
    }

    fn take(&mut self, period: usize) -> Result<Vec<u8>, String> {
        Ok(self.0.remove(&period).unwrap_or_default())
    }
}

/// What many jobs have in common, by number.
#[derive(Debug)]
struct Numbers<T: ?Sized> {
    all: Vec<Arc<T>>,
    known: HashMap<Arc<T>, u64>,
    /// Those that were asked for lately, each where its address says: a source gives the
    /// same again and again, and what is the same need not be compared.
    lately: Vec<Option<(Arc<T>, u64)>>,
}

/// How many are kept of those that were asked for lately: a power of two.
const LATELY: usize = 1024;

impl<T: ?Sized> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            known: HashMap::new(),
            lately: vec![None; LATELY],
        }
    }
}

impl<T: ?Sized + Eq + Hash> Numbers<T> {
    fn number(&mut self, one: &Arc<T>) -> u64 {
        // Addresses are multiples of at least sixteen.
        let place = (Arc::as_ptr(one).cast::<u8>().addr() >> 4) % LATELY;
        if let Some(Some((same, number))) = self.lately.get(place)
            && Arc::ptr_eq(same, one)
        {
            return *number;
        }
        let number = if let Some(known) = self.known.get(one) {
            *known
        } else {
            let number = u64::try_from(self.all.len()).unwrap_or(u64::MAX);
            self.all.push(one.clone());
            self.known.insert(one.clone(), number);
            number
        };
        if let Some(lately) = self.lately.get_mut(place) {
            *lately = Some((one.clone(), number));
        }
        number
    }

    fn get(&self, number: u64) -> Option<&Arc<T>> {
        self.all.get(usize::try_from(number).ok()?)
    }
}

/// What jobs have in common: they are shelved by number.
#[derive(Debug, Default)]
pub(super) struct Common {
    clusters: Numbers<str>,
    allocations: Numbers<[Allocation]>,
    runs: Numbers<str>,
}

/// Bytes of a job on a shelf, at least: to have room for those of a period.
const LAID: usize = 16;

/// Bytes of a job on a shelf beside its names, at most.
const NUMBERS: usize = 128;

/// A job as it lies on a shelf; what it has in common with others by number.
#[derive(Deserialize, Serialize)]
struct Laid<'a> {
    of: RowOf,
    class: u8,
    row: u64,
    id: &'a str,
    cluster: Option<u64>,
    whole: Option<&'a str>,
    start: u64,
    seconds: u64,
    run: Option<u64>,
    allocations: u64,
}

/// Makes bytes of jobs, and jobs of bytes.
impl Common {
    /// Spells a job at the start of `room`, which grows where it must; `None` if it cannot be.
    pub(super) fn write<'r>(&mut self, job: &Job, room: &'r mut Vec<u8>) -> Option<&'r [u8]> {
        let class = Class::ALL.iter().position(|class| *class == job.class)?;
        let laid = Laid {
            of: job.of,
            class: u8::try_from(class).ok()?,
            row: job.row,
            id: &job.id,
            cluster: job.cluster.as_ref().map(|name| self.clusters.number(name)),
            whole: job.whole.as_deref(),
            start: job.span.start().get(),
            seconds: job.span.seconds(),
            run: job.run.as_ref().map(|name| self.runs.number(name)),
            allocations: self.allocations.number(&job.allocations),
        };
        let names = laid.id.len().checked_add(laid.whole.map_or(0, str::len))?;
        room.resize(room.len().max(names.checked_add(NUMBERS)?), 0);
        postcard::to_slice(&laid, room).ok().map(|laid| &*laid)
    }

    /// Reads all jobs; `None` if the bytes are not what was written.
    fn read<'t>(&'t self, mut bytes: &'t [u8]) -> Option<Vec<Held<'t>>> {
        let mut jobs = Vec::with_capacity(bytes.len() / LAID);
        while !bytes.is_empty() {
            let (laid, rest) = postcard::take_from_bytes(bytes).ok()?;
            jobs.push(self.held(&laid)?);
            bytes = rest;
        }
        Some(jobs)
    }

    fn held<'t>(&'t self, laid: &Laid<'t>) -> Option<Held<'t>> {
        let named = |number: Option<u64>, names: &'t Numbers<str>| match number {
            Some(number) => names.get(number).map(Some),
            None => Some(None),
        };
        let start = UnixSeconds::new(laid.start)?;
        Some(Held {
            id: laid.id,
            cluster: named(laid.cluster, &self.clusters)?,
            whole: laid.whole,
            span: Period::new(start, start.plus(laid.seconds)?)?,
            began: start,
            allocations: Cow::Borrowed(self.allocations.get(laid.allocations)?),
            class: *Class::ALL.get(usize::from(laid.class))?,
            run: named(laid.run, &self.runs)?,
            row: laid.row,
            of: laid.of,
        })
    }
}

/// The jobs of a period as they lay on the shelf.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    pub(super) common: Arc<Common>,
}

impl Taken {
    /// Reads them, and puts together what several rows say of one.
    pub(super) fn jobs(&self) -> Result<(Vec<Held<'_>>, Settled), CollectError> {
        let jobs = self.common.read(&self.bytes);
        let mut jobs = jobs.ok_or_else(|| CollectError::Shelf {
            why: "it gave back other bytes than it was given".to_owned(),
        })?;
        let settled = job::settle(&mut jobs)?;
        Ok((jobs, settled))
    }

    /// Whether jobs are of several clusters, of which each numbers its own.
    pub(super) fn of_several_clusters(&self) -> bool {
        self.common.clusters.all.len() > 1
    }
}
