//! Stores in memory that fail when told to: for tests of what runs on them.

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

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
pub struct Faults(Rc<Cell<Option<(usize, Failure)>>>);

impl Faults {
    /// Lets `writes` writes succeed and the one after them, and all later ones, fail.
    pub fn fail_after(&self, writes: usize, failure: Failure) {
        self.0.set(Some((writes, failure)));
    }

    /// Lets every write succeed again.
    pub fn clear(&self) {
        self.0.set(None);
    }

    fn write(&self, path: &str, write: impl FnOnce()) -> Result<(), StoreError> {
        let failed = || StoreError::Io {
            doing: "write",
            path: path.to_owned(),
            source: io::Error::other("told to fail"),
        };
        match self.0.get() {
            Some((0, failure)) => {
                // The process is dead from here on: nothing more is written.
                self.0.set(Some((0, Failure::Before)));
                if failure == Failure::After {
                    write();
                }
                return Err(failed());
            }
            Some((writes, failure)) => self.0.set(Some((writes.saturating_sub(1), failure))),
            None => {}
        }
        write();
        Ok(())
    }
}

/// Files in memory. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryObjects {
    files: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    faults: Faults,
}

impl MemoryObjects {
    /// Starts with no files.
    pub fn new(faults: &Faults) -> Self {
        Self {
            files: Rc::default(),
            faults: faults.clone(),
        }
    }

    /// Returns another store with the same files, as a backup would hold.
    #[must_use]
    pub fn backup(&self) -> Self {
        Self {
            files: Rc::new(RefCell::new(self.files.borrow().clone())),
            faults: self.faults.clone(),
        }
    }

    /// Returns every path.
    pub fn paths(&self) -> Vec<String> {
        self.files.borrow().keys().cloned().collect()
    }
}

impl LogFiles for MemoryObjects {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.files.borrow().get(path).cloned();
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
            self.files
                .borrow_mut()
                .insert(path.to_owned(), bytes.to_vec());
        })
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.faults.write(path, || {
            self.files.borrow_mut().remove(path);
        })
    }
}

/// A value in memory. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLock {
    value: Rc<RefCell<Option<Vec<u8>>>>,
    faults: Faults,
}

impl MemoryLock {
    /// Starts with no value.
    pub fn new(faults: &Faults) -> Self {
        Self {
            value: Rc::default(),
            faults: faults.clone(),
        }
    }

    /// Returns another lock with the same value, as a backup would hold.
    #[must_use]
    pub fn backup(&self) -> Self {
        Self {
            value: Rc::new(RefCell::new(self.value.borrow().clone())),
            faults: self.faults.clone(),
        }
    }
}

impl Lock for MemoryLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.value.borrow().clone())
    }

    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        if self.load()?.as_deref() != old {
            return Err(StoreError::Swapped);
        }
        self.faults
            .write("lock", || *self.value.borrow_mut() = Some(new.to_vec()))
    }
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
