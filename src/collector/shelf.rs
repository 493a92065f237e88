//! Where jobs lie until their period is worked on, in bytes.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::attestation::figure::Class;
use crate::collector::job::Allocation;
use crate::collector::job::Job;
use crate::collector::job::RowOf;
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
pub(super) struct Numbers<T: ?Sized> {
    all: Vec<Arc<T>>,
    known: HashMap<Arc<T>, u64>,
    /// The one that was asked for last: jobs that follow each other are often alike.
    last: Option<(Arc<T>, u64)>,
}

impl<T: ?Sized> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            known: HashMap::new(),
            last: None,
        }
    }
}

impl<T: ?Sized + Eq + Hash> Numbers<T> {
    fn number(&mut self, one: &Arc<T>) -> u64 {
        if let Some((last, number)) = &self.last
            && (Arc::ptr_eq(last, one) || last == one)
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
        self.last = Some((one.clone(), number));
        number
    }

    fn get(&self, number: u64) -> Option<Arc<T>> {
        let at = usize::try_from(number).ok()?;
        self.all.get(at).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// What jobs have in common: they are shelved by number.
#[derive(Debug, Default)]
pub(super) struct Common {
    pub(super) clusters: Numbers<str>,
    allocations: Numbers<[Allocation]>,
    runs: Numbers<str>,
}

/// Makes bytes of jobs, and jobs of bytes.
impl Common {
    /// Appends a job to `bytes`.
    pub(super) fn write(&mut self, job: &Job, bytes: &mut Vec<u8>) {
        let of = match job.of {
            RowOf::Job => 0,
            RowOf::Run => 1,
            RowOf::Resized => 2,
            RowOf::Model => 3,
        };
        let class = Class::ALL.iter().position(|class| *class == job.class);
        bytes.push(of);
        bytes.push(
            class
                .and_then(|at| u8::try_from(at).ok())
                .unwrap_or(u8::MAX),
        );
        put(bytes, job.row.into());
        put_text(bytes, &job.id);
        let cluster = job.cluster.as_ref().map(|name| self.clusters.number(name));
        put_option(bytes, cluster);
        put_text(bytes, job.whole.as_deref().unwrap_or_default());
        put(bytes, job.span.start().get().into());
        put(bytes, job.span.seconds().into());
        let run = job.run.as_ref().map(|name| self.runs.number(name));
        put_option(bytes, run);
        put(bytes, self.allocations.number(&job.allocations).into());
    }

    /// Reads all jobs; `None` if the bytes are not what was written.
    pub(super) fn read(&self, mut bytes: &[u8]) -> Option<Vec<Job>> {
        let mut jobs = Vec::new();
        while !bytes.is_empty() {
            jobs.push(self.job(&mut bytes)?);
        }
        Some(jobs)
    }

    fn job(&self, bytes: &mut &[u8]) -> Option<Job> {
        let of = match take_byte(bytes)? {
            0 => RowOf::Job,
            1 => RowOf::Run,
            2 => RowOf::Resized,
            3 => RowOf::Model,
            _ => return None,
        };
        let class = *Class::ALL.get(usize::from(take_byte(bytes)?))?;
        let row = take_number(bytes)?;
        let id = take_text(bytes)?.into();
        let cluster = match take_number(bytes)?.checked_sub(1) {
            Some(number) => Some(self.clusters.get(number)?),
            None => None,
        };
        let whole = take_text(bytes)?;
        let start = UnixSeconds::new(take_number(bytes)?)?;
        let end = start.plus(take_number(bytes)?)?;
        let run = match take_number(bytes)?.checked_sub(1) {
            Some(number) => Some(self.runs.get(number)?),
            None => None,
        };
        let allocations = self.allocations.get(take_number(bytes)?)?;
        Some(Job {
            id,
            cluster,
            whole: (!whole.is_empty()).then(|| whole.into()),
            span: Period::new(start, end)?,
            began: start,
            allocations,
            class,
            run,
            row,
            of,
        })
    }
}

/// Appends a number, seven bits a byte, the least first.
fn put(bytes: &mut Vec<u8>, mut number: u128) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0x7f);
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn put_option(bytes: &mut Vec<u8>, number: Option<u64>) {
    put(
        bytes,
        number.map_or(0, |number| u128::from(number).saturating_add(1)),
    );
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, u128::try_from(text.len()).unwrap_or(0));
    bytes.extend_from_slice(text.as_bytes());
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn take(bytes: &mut &[u8]) -> Option<u128> {
    let (mut number, mut shift) = (0_u128, 0_u32);
    loop {
        let byte = take_byte(bytes)?;
        number |= u128::from(byte & 0x7f).checked_shl(shift)?;
        shift = shift.checked_add(7)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    u64::try_from(take(bytes)?).ok()
}

fn take_text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
    let length = usize::try_from(take(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    str::from_utf8(text).ok()
}
