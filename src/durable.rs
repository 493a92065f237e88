//! Waiting until what was written survives a loss of power.
//!
//! Every `fsync` of the program goes through here: so a simulation, which nobody needs
//! after a loss of power, can do without.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// How many files are waited for at once: a file system writes its journal once for all
/// that wait, and more than this gain no more on the disks that were tried.
const AT_ONCE: usize = 16;

thread_local! {
    static SIMULATED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a simulation: nothing that this thread writes in it is waited for.
pub fn simulate<T>(run: impl FnOnce() -> T) -> T {
    /// Ends the simulation, also where it ends in a panic.
    struct End(bool);
    impl Drop for End {
        fn drop(&mut self) {
            SIMULATED.set(self.0);
        }
    }
    let _end = End(SIMULATED.replace(true));
    run()
}

/// Waits for a file's bytes and length.
pub fn file(file: &File) -> io::Result<()> {
    if SIMULATED.get() {
        return Ok(());
    }
    file.sync_all()
}

/// Waits for the file at `path`, or for the names in the directory there.
pub fn path(path: &Path) -> io::Result<()> {
    let here = path.as_os_str().is_empty();
    file(&File::open(if here { Path::new(".") } else { path })?)
}

/// Waits for the name of the file at `path`.
pub fn name(of: &Path) -> io::Result<()> {
    path(of.parent().unwrap_or(Path::new("")))
}

/// Waits for many files, not one after the other.
///
/// Names the first that failed, after all have been tried.
pub fn files<P: AsRef<Path> + Sync>(paths: &[P]) -> Result<(), (&Path, io::Error)> {
    if SIMULATED.get() {
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Ok(());
        while let Some(one) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let synced = path(one.as_ref()).map_err(|error| (one.as_ref(), error));
            failed = failed.and(synced);
        }
        failed
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..AT_ONCE.min(paths.len()))
            .map(|_| scope.spawn(work))
            .collect();
        others.into_iter().fold(work(), |failed, other| {
            failed.and(other.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_is_not_there_is_named_among_many() {
        let directory = tempfile::tempdir().unwrap();
        let mut paths: Vec<_> = (0..40)
            .map(|number| directory.path().join(number.to_string()))
            .collect();
        for path in &paths {
            std::fs::write(path, "kept").unwrap();
        }
        files(&paths).unwrap();
        files::<&Path>(&[]).unwrap();
        let gone = directory.path().join("gone");
        paths.insert(20, gone.clone());
        let (path, error) = files(&paths).unwrap_err();
        assert_eq!(path, gone);
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_simulation_ends() {
        let directory = tempfile::tempdir().unwrap();
        let gone = [directory.path().join("gone")];
        simulate(|| files(&gone)).unwrap();
        let stopped = std::panic::catch_unwind(|| simulate(|| panic!("stop")));
        assert!(stopped.is_err());
        assert!(files(&gone).is_err());
    }
}
