//! Stores in memory that fail when told to: for tests of what runs on them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::Lock;
use super::LogFiles;
use super::MAX_FILE;
use super::Objects;
use super::StoreError;

/// How a write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It did not happen.
    Before,
    /// It happened, and the answer was lost.
    After,
}

/// When the next write fails, counted over all stores that share this.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Option<(usize, Failure)>>>);

impl Faults {
    /// Lets `writes` writes succeed and the one after them, and all later ones, fail.
    pub fn fail_after(&self, writes: usize, failure: Failure) {
        *held(&self.0) = Some((writes, failure));
    }

    /// Lets every write succeed again.
    pub fn clear(&self) {
        *held(&self.0) = None;
    }

    fn write(&self, path: &str, write: impl FnOnce()) -> Result<(), StoreError> {
        let failed = || StoreError::Io {
            doing: "write",
            path: path.to_owned(),
            source: io::Error::other("told to fail"),
        };
        let mut next = held(&self.0);
        match *next {
            Some((0, failure)) => {
                // The process is dead from here on: nothing more is written.
                *next = Some((0, Failure::Before));
                if failure == Failure::After {
                    write();
                }
                return Err(failed());
            }
            Some((writes, failure)) => *next = Some((writes.saturating_sub(1), failure)),
            None => {}
        }
        write();
        Ok(())
    }
}

/// Files in memory. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryObjects {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    faults: Faults,
}

impl MemoryObjects {
    /// Starts with no files.
    pub fn new(faults: &Faults) -> Self {
        Self {
            files: Arc::default(),
            faults: faults.clone(),
        }
    }

    /// Returns another store with the same files, as a backup would hold.
    #[must_use]
    pub fn backup(&self) -> Self {
        Self {
            files: Arc::new(Mutex::new(held(&self.files).clone())),
            faults: self.faults.clone(),
        }
    }

    /// Returns every path.
    pub fn paths(&self) -> Vec<String> {
        held(&self.files).keys().cloned().collect()
    }
}

impl LogFiles for MemoryObjects {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let file = held(&self.files).get(path).cloned();
        let long = |file: &Vec<u8>| u64::try_from(file.len()).map_or(true, |len| len > MAX_FILE);
        if file.as_ref().is_some_and(long) {
            return Err(StoreError::TooLong {
                path: path.to_owned(),
            });
        }
        Ok(file)
    }
}

impl Objects for MemoryObjects {
    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match self.read(path)? {
            Some(found) if found == bytes => Ok(()),
            Some(_) => Err(StoreError::Differs {
                path: path.to_owned(),
            }),
            None => self.replace(path, bytes),
        }
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.faults.write(path, || {
            held(&self.files).insert(path.to_owned(), bytes.to_vec());
        })
    }

    fn renew(
        &self,
        path: &str,
        bytes: &[u8],
        stays: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        match self.read(path)? {
            Some(found) if stays(&found) => Ok(()),
            _ => self.replace(path, bytes),
        }
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.faults.write(path, || {
            held(&self.files).remove(path);
        })
    }

    fn sweep(&self, directory: &str, old: &dyn Fn(&str) -> bool) -> Result<(), StoreError> {
        let within = format!("{directory}/");
        let paths = self.paths();
        let names = paths.iter().filter_map(|path| path.strip_prefix(&within));
        names
            .filter(|name| !name.contains('/') && old(name))
            .try_for_each(|name| self.remove(&format!("{within}{name}")))
    }
}

/// A value in memory. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLock {
    value: Arc<Mutex<Option<Vec<u8>>>>,
    faults: Faults,
}

impl MemoryLock {
    /// Starts with no value.
    pub fn new(faults: &Faults) -> Self {
        Self {
            value: Arc::default(),
            faults: faults.clone(),
        }
    }

    /// Returns another lock with the same value, as a backup would hold.
    #[must_use]
    pub fn backup(&self) -> Self {
        Self {
            value: Arc::new(Mutex::new(held(&self.value).clone())),
            faults: self.faults.clone(),
        }
    }
}

impl Lock for MemoryLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(held(&self.value).clone())
    }

    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        if self.load()?.as_deref() != old {
            return Err(StoreError::Swapped);
        }
        self.faults
            .write("lock", || *held(&self.value) = Some(new.to_vec()))
    }
}

/// Whoever panicked while holding it left it whole.
fn held<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[test]
    fn memory_keeps_the_contracts() {
        let faults = Faults::default();
        contract::objects(&MemoryObjects::new(&faults));
        let lock = MemoryLock::new(&faults);
        contract::lock(|| lock.clone());
    }
}
