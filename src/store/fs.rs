//! Stores in directories of this machine.
//!
//! What is promised holds on a local file system whose `fsync` does what it says. Known
//! gap: where `fsync` of a *directory* fails once and then succeeds, the name it was to
//! keep may still be lost; whoever gets an error from a store opens it anew.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::Lock;
use super::LogFiles;
use super::MAX_FILE;
use super::Objects;
use super::StoreError;
use super::Written;
use crate::durable;

/// Files below a directory.
///
/// A file is written under another name, synced, and renamed or linked to its own; then
/// its directory is synced, and every directory above that was made for it.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
    /// The directories whose own names this process knows to be durable. That one is
    /// there does not say so: a dead process may have made it and not synced its parent.
    durable: Arc<Mutex<BTreeSet<PathBuf>>>,
    /// What was prepared for which file: the bytes that lie beside it, under its other name.
    prepared: Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>,
}

impl Directory {
    /// Keeps files below `root`, which is made when the first is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            durable: Arc::default(),
            prepared: Arc::default(),
        }
    }

    /// Returns the directory.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Makes the directory durably, if it is not there.
    pub fn make_root(&self) -> Result<(), StoreError> {
        self.make(&self.root)
    }

    /// Returns the other name of a file for which these bytes were prepared.
    fn take_prepared(&self, target: &Path, bytes: &[u8]) -> Option<PathBuf> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = prepared.remove(target)?;
        (known == bytes).then(|| other_name(target))
    }

    /// Writes `bytes` under a name of their own beside `target`; that they are durable is
    /// waited for by the caller.
    fn stage(&self, target: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let parent = target.parent().unwrap_or(&self.root);
        self.make(parent)?;
        let staged = other_name(target);
        // What a dead process left may be linked to a finished file already: to write
        // into it would be to write into that.
        durable::remove(&staged).map_err(|source| error("remove", &staged, source))?;
        if let Err(source) = durable::create(&staged, bytes) {
            discard(&[&staged]);
            return Err(error("write", &staged, source));
        }
        Ok(staged)
    }

    /// Makes a directory and those above it durably, those that are there included as
    /// far as `root`.
    fn make(&self, directory: &Path) -> Result<(), StoreError> {
        let known = || self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(directory) {
            return Ok(());
        }
        let inside = directory != self.root && directory.starts_with(&self.root);
        let there = directory.is_dir();
        let parent = directory.parent().unwrap_or(Path::new("."));
        if (inside || !there) && !parent.as_os_str().is_empty() {
            self.make(parent)?;
        }
        if !there {
            durable::make(directory).map_err(|source| error("create", directory, source))?;
        }
        match sync(parent) {
            // A directory that others made, in one that we may pass but not read.
            Err(StoreError::Io { source, .. })
                if there && !inside && source.kind() == io::ErrorKind::PermissionDenied => {}
            result => result?,
        }
        known().insert(directory.to_owned());
        Ok(())
    }

    /// Makes durable what another process may have written and not synced.
    fn confirm(&self, target: &Path) -> Result<(), StoreError> {
        durable::path(target).map_err(|source| error("sync", target, source))?;
        let parent = target.parent().unwrap_or(&self.root);
        self.make(parent)?;
        sync(parent)
    }
}

impl LogFiles for Directory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.root.join(path))
    }
}

impl Objects for Directory {
    fn length(&self, path: &str) -> Result<Option<u64>, StoreError> {
        let path = self.root.join(path);
        match std::fs::metadata(&path) {
            Ok(found) => Ok(found.is_file().then_some(found.len())),
            Err(source) if is_absent(source.kind()) => Ok(None),
            Err(source) => Err(error("read", &path, source)),
        }
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.create_all(&[(path.to_owned(), bytes.to_vec())])
    }

    fn prepare(&self, files: &[(String, Vec<u8>)]) -> Result<Written, StoreError> {
        let mut staged = Vec::new();
        for (path, bytes) in files {
            let target = self.root.join(path);
            match self.stage(&target, bytes) {
                Ok(path) => staged.push(path),
                Err(error) => {
                    discard(&staged);
                    return Err(error);
                }
            }
            let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
            prepared.insert(target, bytes.clone());
        }
        Ok(Written(staged))
    }

    fn abandon(&self) {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        for target in std::mem::take(&mut *prepared).into_keys() {
            discard(&[other_name(&target)]);
        }
    }

    fn begin_overwrite(&self, path: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        let target = self.root.join(path);
        if !target.is_file() {
            return self.replace(path, bytes).map(|()| Written::nothing());
        }
        let parent = target.parent().unwrap_or(&self.root);
        self.make(parent)?;
        durable::overwrite(&target, bytes).map_err(|source| error("write", &target, source))?;
        // Its name too: it may be another process's, and not durable yet.
        Ok(Written(vec![parent.to_owned(), target]))
    }

    /// Many files wait for the disk together.
    fn create_all(&self, files: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let mut fresh = Vec::new();
        let mut parents = BTreeSet::new();
        for (path, bytes) in files {
            let target = self.root.join(path);
            match read(&target)? {
                Some(found) if found != *bytes => {
                    return Err(StoreError::Differs { path: path.clone() });
                }
                Some(_) => self.confirm(&target)?,
                None => {
                    parents.insert(target.parent().unwrap_or(&self.root).to_owned());
                    fresh.push((target, bytes));
                }
            }
        }
        let (mut staged, mut written) = (Vec::new(), Vec::new());
        let done = fresh.iter().try_for_each(|(target, bytes)| {
            let prepared = self.take_prepared(target, bytes);
            if prepared.is_none() {
                written.push(self.stage(target, bytes)?);
            }
            staged.push(prepared.unwrap_or_else(|| other_name(target)));
            Ok(())
        });
        let durable = done.and_then(|()| {
            durable::files(&written).map_err(|(path, source)| error("sync", path, source))
        });
        if let Err(error) = durable {
            discard(&staged);
            return Err(error);
        }
        for ((target, _), staged) in fresh.iter().zip(&staged) {
            // A link fails where a rename would replace.
            let linked = durable::link(staged, target);
            durable::remove(staged).map_err(|source| error("remove", staged, source))?;
            linked.map_err(|source| error("create", target, source))?;
        }
        let parents: Vec<PathBuf> = parents.into_iter().collect();
        durable::files(&parents).map_err(|(path, source)| error("sync", path, source))
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let target = self.root.join(path);
        let staged = if let Some(prepared) = self.take_prepared(&target, bytes) {
            prepared
        } else {
            let staged = self.stage(&target, bytes)?;
            if let Err(source) = durable::path(&staged) {
                discard(&[&staged]);
                return Err(error("sync", &staged, source));
            }
            staged
        };
        durable::rename(&staged, &target).map_err(|source| error("replace", &target, source))?;
        sync(target.parent().unwrap_or(&self.root))
    }

    fn overwrite(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let target = self.root.join(path);
        if !target.is_file() {
            return self.replace(path, bytes);
        }
        durable::overwrite(&target, bytes).map_err(|source| error("write", &target, source))?;
        // Its name too: it may be another process's, and not durable yet.
        self.confirm(&target)
    }

    fn clear(&self, path: &str) -> Result<(), StoreError> {
        let target = self.root.join(path);
        if target.is_file() {
            durable::overwrite(&target, b"").map_err(|source| error("empty", &target, source))?;
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        let target = self.root.join(path);
        let there = target.exists();
        durable::remove(&target).map_err(|source| error("remove", &target, source))?;
        if there {
            sync(target.parent().unwrap_or(&self.root))?;
        }
        Ok(())
    }
}

/// A value in a file of a directory that one process holds at a time.
#[derive(Debug)]
pub struct FileLock {
    directory: Directory,
    name: String,
    _guard: Guard,
}

impl FileLock {
    /// Holds `directory`, making it if it is not there; its value is in the file `name`.
    ///
    /// Fails if another process holds it.
    pub fn acquire(directory: impl Into<PathBuf>, name: &str) -> Result<Self, StoreError> {
        let directory = Directory::new(directory);
        directory.make_root()?;
        let guard = Guard::acquire(directory.path())?;
        // The value may be visible without being durable, from a process that died in a
        // swap. What is built on it must not outlive it.
        let value = directory.path().join(name);
        if value.exists() {
            directory.confirm(&value)?;
        }
        Ok(Self {
            _guard: guard,
            directory,
            name: name.to_owned(),
        })
    }
}

impl Lock for FileLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.directory.read(&self.name)
    }

    fn prepare(&self, new: &[u8]) -> Result<Written, StoreError> {
        self.directory.prepare(&[(self.name.clone(), new.to_vec())])
    }

    fn abandon(&self) {
        self.directory.abandon();
    }

    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        if self.load()?.as_deref() != old {
            return Err(StoreError::Swapped);
        }
        self.directory.replace(&self.name, new)
    }
}

/// Keeps other processes out of a directory until it is dropped or the process ends.
#[derive(Debug)]
pub struct Guard {
    file: File,
}

impl Guard {
    /// Holds `directory`, which must be there. Fails if another process holds it.
    pub fn acquire(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(".lock");
        // Held open for reading: a disk that is to become read-only may then do so.
        let file = match File::open(&path) {
            Err(source) if is_absent(source.kind()) => OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .and_then(|_| File::open(&path)),
            opened => opened,
        };
        let file = file.map_err(|source| error("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
                path: directory.display().to_string(),
            }),
            Err(TryLockError::Error(source)) => Err(error("lock", &path, source)),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Closing the file would not do: a child that this process has forked, and that
        // has not yet become another program, holds the same lock (flock(2)). If this
        // fails, the lock lasts until the process ends.
        let _ = self.file.unlock();
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match read_file(path) {
        Ok(Some(bytes)) if u64::try_from(bytes.len()).map_or(true, |len| len > MAX_FILE) => {
            Err(StoreError::TooLong {
                path: path.display().to_string(),
            })
        }
        Ok(bytes) => Ok(bytes),
        Err(source) => Err(error("read", path, source)),
    }
}

/// Reads a file, and no more of it than shows that it is too long.
fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Asked before it is opened: to open a pipe is to wait for who writes into it.
    let metadata = match std::fs::metadata(path) {
        Err(error) if is_absent(error.kind()) => return Ok(None),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    let file = match File::open(path) {
        Err(error) if is_absent(error.kind()) => return Ok(None),
        file => file?,
    };
    let length = metadata.len().min(MAX_FILE);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(MAX_FILE.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

const fn is_absent(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The name under which a file is written before it has its own. One writer at a time, so
/// that one is enough.
fn other_name(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    target.with_file_name(name)
}

/// What is left of a failed attempt is in nobody's way, but a full disk needs the room.
fn discard<P: AsRef<Path>>(staged: &[P]) {
    for path in staged {
        let _ = durable::remove(path.as_ref());
    }
}

/// Makes a directory's entries durable.
#[track_caller]
fn sync(directory: &Path) -> Result<(), StoreError> {
    durable::path(directory).map_err(|source| error("sync", directory, source))
}

fn error(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        doing,
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[test]
    fn the_directory_keeps_the_contract() {
        let directory = tempfile::tempdir().unwrap();
        contract::objects(&Directory::new(directory.path().join("a/b")));
    }

    #[test]
    fn the_file_keeps_the_contract() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        contract::lock(|| FileLock::acquire(&path, "lock").unwrap());
    }

    #[test]
    fn a_second_holder_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let held = FileLock::acquire(directory.path(), "lock").unwrap();
        let second = FileLock::acquire(directory.path(), "lock");
        assert!(matches!(second, Err(StoreError::Locked { .. })));
        drop(held);
        assert!(FileLock::acquire(directory.path(), "lock").is_ok());
    }

    #[test]
    fn a_child_that_inherited_the_file_does_not_keep_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let held = Guard::acquire(directory.path()).unwrap();
        // What a fork does to the file.
        let _inherited = held.file.try_clone().unwrap();
        drop(held);
        assert!(Guard::acquire(directory.path()).is_ok());
    }

    #[test]
    fn a_name_left_by_a_dead_process_is_not_written_through() {
        let directory = tempfile::tempdir().unwrap();
        let store = Directory::new(directory.path());
        store.create("tile", b"whole").unwrap();
        // It died after the link and before it removed the other name.
        let left = directory.path().join("tile.tmp");
        std::fs::hard_link(directory.path().join("tile"), &left).unwrap();
        let seen = File::open(directory.path().join("tile")).unwrap();
        store.replace("tile", b"new").unwrap();
        let text = io::read_to_string(seen).unwrap();
        assert_eq!(text, "whole", "a reader saw its file change");
        assert!(!left.exists());
    }

    #[test]
    fn what_is_no_file_is_an_error_and_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("checkpoint")).unwrap();
        let store = Directory::new(directory.path());
        let error = store.read("checkpoint").unwrap_err().to_string();
        assert!(error.contains("is not a file"), "{error}");
        let pipe = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(store.read("pipe").is_err());
        }
    }

    #[test]
    fn what_a_dead_process_left_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("tile.tmp"), b"torn").unwrap();
        let store = Directory::new(directory.path());
        store.create("tile", b"whole").unwrap();
        assert_eq!(store.read("tile").unwrap().unwrap(), b"whole");
        assert_eq!(store.read("tile.tmp").unwrap(), None);
    }
}
