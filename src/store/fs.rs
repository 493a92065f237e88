//! Stores in directories of this machine.

use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use super::Lock;
use super::Objects;
use super::StoreError;

/// Files below a directory.
///
/// A file is written under another name, synced, and renamed or linked to its own; then
/// its directory is synced, and every directory above that was made for it.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// Keeps files below `root`, which is made when the first is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the directory.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes `bytes` durably under a name of their own beside `target`.
    fn stage(&self, target: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let parent = target.parent().unwrap_or(&self.root);
        make(parent)?;
        let mut name = target.file_name().unwrap_or_default().to_owned();
        // One writer at a time, so that one name is enough; an orphan is overwritten.
        name.push(".tmp");
        let staged = parent.join(name);
        let written = File::create(&staged).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        if let Err(source) = written {
            // What is left of it is in nobody's way, but a full disk needs the room.
            let _ = std::fs::remove_file(&staged);
            return Err(error("write", &staged, source));
        }
        Ok(staged)
    }
}

impl Objects for Directory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.root.join(path))
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let target = self.root.join(path);
        if let Some(found) = read(&target)? {
            if found != bytes {
                return Err(StoreError::Differs {
                    path: path.to_owned(),
                });
            }
            // It may stand there from a process that died before it was durable.
            let synced = File::open(&target).and_then(|file| file.sync_all());
            synced.map_err(|source| error("sync", &target, source))?;
            return sync(target.parent().unwrap_or(&self.root));
        }
        let staged = self.stage(&target, bytes)?;
        // A link fails where a rename would replace.
        std::fs::hard_link(&staged, &target).map_err(|source| error("create", &target, source))?;
        std::fs::remove_file(&staged).map_err(|source| error("remove", &staged, source))?;
        sync(target.parent().unwrap_or(&self.root))
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let target = self.root.join(path);
        let staged = self.stage(&target, bytes)?;
        std::fs::rename(&staged, &target).map_err(|source| error("replace", &target, source))?;
        sync(target.parent().unwrap_or(&self.root))
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        let target = self.root.join(path);
        match std::fs::remove_file(&target) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(error("remove", &target, source)),
            Ok(()) => sync(target.parent().unwrap_or(&self.root)),
        }
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
        make(directory.path())?;
        Ok(Self {
            _guard: Guard::acquire(directory.path())?,
            directory,
            name: name.to_owned(),
        })
    }
}

impl Lock for FileLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.directory.read(&self.name)
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
    _file: File,
}

impl Guard {
    /// Holds `directory`, which must be there. Fails if another process holds it.
    pub fn acquire(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| error("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
                path: directory.display().to_string(),
            }),
            Err(TryLockError::Error(source)) => Err(error("lock", &path, source)),
        }
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(source)
            if matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(error("read", path, source)),
    }
}

/// Makes a directory and those above it, durably.
fn make(directory: &Path) -> Result<(), StoreError> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().unwrap_or(Path::new(""));
    make(parent)?;
    match std::fs::create_dir(directory) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(error("create", directory, source))
        }
        _ => sync(parent),
    }
}

/// Makes a directory's entries durable.
fn sync(directory: &Path) -> Result<(), StoreError> {
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(|source| error("sync", directory, source))
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
    fn what_a_dead_process_left_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("tile.tmp"), b"torn").unwrap();
        let store = Directory::new(directory.path());
        store.create("tile", b"whole").unwrap();
        assert_eq!(store.read("tile").unwrap().unwrap(), b"whole");
        assert_eq!(store.read("tile.tmp").unwrap(), None);
    }
}
