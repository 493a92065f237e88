//! Durable stores, cut by what they promise and not by who sells them.
//!
//! [`Objects`] keeps files: what a call has written is durable once it returns. [`Lock`]
//! keeps one value: it is read as it was last written, by whichever process, and changed
//! only by who knows what it was. Every implementation runs [`contract`]'s tests.
//! [`LogFiles`] is the part of it that a reader of somebody's log needs.
//!
//! [`log`] and [`witness`] run the machines of `sequencer` and `cosigner` on them.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::durable;

pub mod contract;
pub mod fs;
mod fsck;
#[cfg(feature = "server")]
pub mod index;
pub mod log;
pub mod memory;
#[cfg(feature = "object")]
pub mod object;
pub mod reader;
pub mod site;
pub mod witness;

/// The longest file that is read: a bundle of 256 entries of 65,535 bytes, each with its
/// length (C2SP tlog-tiles). Whose log it is may be anybody's.
pub const MAX_FILE: u64 = 256 * (2 + 65_535);

/// Files that can be read: the public files of a log, wherever they are.
///
/// - A file is seen whole or not at all.
/// - One longer than [`MAX_FILE`] is an error, and so is anything but a file.
pub trait LogFiles {
    /// Returns the bytes of the file at that path under the log's prefix, or `None` if
    /// there is no such file.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

impl<F: LogFiles + ?Sized> LogFiles for &F {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).read(path)
    }
}

impl<F: LogFiles + ?Sized> LogFiles for Box<F> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).read(path)
    }
}

impl<F: LogFiles + ?Sized> LogFiles for Arc<F> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).read(path)
    }
}

/// Files under one prefix.
///
/// - A write is durable once it has returned: it survives loss of power.
/// - A file is seen whole or not at all, whenever the writer stops.
/// - A read after a write by the same process sees that write.
/// - One process writes at a time; any number may read. Where a [`Lock`] is shared, the
///   files that it settles are too: then a read sees what any process has written.
pub trait Objects: LogFiles + fmt::Debug {
    /// Returns the length of a file in bytes, or `None` if there is no such file.
    fn length(&self, path: &str) -> Result<Option<u64>, StoreError> {
        let length = |bytes: Vec<u8>| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(self.read(path)?.map(length))
    }

    /// Creates a file that never changes. Where it is there already with the same bytes,
    /// this makes it durable and succeeds; with other bytes it fails.
    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Creates many files, as [`Self::create`] does, in any order.
    fn create_all(&self, files: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        files
            .iter()
            .try_for_each(|(path, bytes)| self.create(path, bytes))
    }

    /// Writes, where nobody reads it, what is about to be created or replaced, so that it is
    /// waited for together with others; whoever then creates or replaces the same file with
    /// the same bytes waits less. To do nothing is right as well.
    fn prepare(&self, _files: &[(String, Vec<u8>)]) -> Result<Written, StoreError> {
        Ok(Written::nothing())
    }

    /// Gives up what was prepared and not used: a full disk needs the room.
    fn abandon(&self) {}

    /// As [`Self::overwrite`], but for the wait.
    fn begin_overwrite(&self, path: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        self.overwrite(path, bytes).map(|()| Written::nothing())
    }

    /// Writes a file that no other process reads, and that may be found torn where the
    /// writer stopped.
    fn overwrite(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.replace(path, bytes)
    }

    /// Empties a file, if it is there; where power is lost, it may be found as it was.
    fn clear(&self, path: &str) -> Result<(), StoreError> {
        self.remove(path)
    }

    /// Creates a file, or replaces it whole.
    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// As [`Self::replace`], but for a file that `stays` says is as new. Where other
    /// processes write, what one of them puts there meanwhile is asked about as well; where
    /// none does, nothing need be asked.
    fn renew(
        &self,
        path: &str,
        bytes: &[u8],
        _stays: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.replace(path, bytes)
    }

    /// Removes a file, if there is one.
    fn remove(&self, path: &str) -> Result<(), StoreError>;

    /// Removes the files right below `directory` whose names `old` picks. To do nothing is
    /// right as well.
    fn sweep(&self, _directory: &str, _old: &dyn Fn(&str) -> bool) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns the path of a file that is there with other bytes than in `files`.
    fn other(&self, files: &[(String, Vec<u8>)]) -> Result<Option<String>, StoreError> {
        for (path, bytes) in files {
            if self.read(path)?.is_some_and(|found| found != *bytes) {
                return Ok(Some(path.clone()));
            }
        }
        Ok(None)
    }
}

impl<O: Objects + ?Sized> Objects for Arc<O> {
    fn length(&self, path: &str) -> Result<Option<u64>, StoreError> {
        (**self).length(path)
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        (**self).create(path, bytes)
    }

    fn create_all(&self, files: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        (**self).create_all(files)
    }

    fn prepare(&self, files: &[(String, Vec<u8>)]) -> Result<Written, StoreError> {
        (**self).prepare(files)
    }

    fn abandon(&self) {
        (**self).abandon();
    }

    fn begin_overwrite(&self, path: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        (**self).begin_overwrite(path, bytes)
    }

    fn overwrite(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        (**self).overwrite(path, bytes)
    }

    fn clear(&self, path: &str) -> Result<(), StoreError> {
        (**self).clear(path)
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        (**self).replace(path, bytes)
    }

    fn renew(
        &self,
        path: &str,
        bytes: &[u8],
        stays: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        (**self).renew(path, bytes, stays)
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        (**self).remove(path)
    }

    fn sweep(&self, directory: &str, old: &dyn Fn(&str) -> bool) -> Result<(), StoreError> {
        (**self).sweep(directory, old)
    }

    fn other(&self, files: &[(String, Vec<u8>)]) -> Result<Option<String>, StoreError> {
        (**self).other(files)
    }
}

/// What was written and is not durable yet.
#[derive(Debug, Default)]
#[must_use = "nothing is durable before it was waited for"]
pub struct Written(Vec<PathBuf>);

impl Written {
    /// Nothing.
    pub const fn nothing() -> Self {
        Self(Vec::new())
    }

    /// This and more, to be waited for together.
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Waits until all of it is durable.
    #[track_caller]
    pub fn wait(self) -> Result<(), StoreError> {
        durable::files(&self.0).map_err(|(path, source)| StoreError::Io {
            doing: "sync",
            path: path.display().to_string(),
            source,
        })
    }
}

/// One value, kept apart from the files that it settles.
///
/// - A swap that has returned is durable, and every later read by any process sees it.
/// - Of two swaps from the same value, one succeeds.
/// - A swap that failed may have happened all the same, unless it failed with
///   [`StoreError::Swapped`].
pub trait Lock: fmt::Debug {
    /// Returns the value, or `None` if there was never one.
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// As [`Objects::prepare`], for a swap to `new`.
    fn prepare(&self, _new: &[u8]) -> Result<Written, StoreError> {
        Ok(Written::nothing())
    }

    /// As [`Objects::abandon`].
    fn abandon(&self) {}

    /// Changes the value from `old`, `None` for none, to `new`.
    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError>;

    /// Whether another process may swap it while this one has it open.
    fn is_shared(&self) -> bool {
        false
    }
}

impl<L: Lock + ?Sized> Lock for Box<L> {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).load()
    }

    fn prepare(&self, new: &[u8]) -> Result<Written, StoreError> {
        (**self).prepare(new)
    }

    fn abandon(&self) {
        (**self).abandon();
    }

    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        (**self).swap(old, new)
    }

    fn is_shared(&self) -> bool {
        (**self).is_shared()
    }
}

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file that never changes is there with other bytes.
    #[error("`{path}` is there already, with other content")]
    Differs {
        /// Its path.
        path: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} `{path}`: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// Another process has the directory.
    #[error("another process is writing to `{path}`")]
    Locked {
        /// The directory.
        path: String,
    },
    /// The value is not what the caller thought.
    #[error("the lock holds another value than expected: another process has written it")]
    Swapped,
    /// A file is longer than any that a log has.
    #[error("`{path}` has more than {MAX_FILE} bytes")]
    TooLong {
        /// Its path.
        path: String,
    },
}
