//! Changing files, and waiting until what was changed survives a loss of power.
//!
//! Every `fsync` of the program goes through here: so a simulation, which nobody needs
//! after a loss of power, can do without. What the stores change goes through here too, so
//! that a test can take down what was changed and what was waited for ([`trace`]), and
//! replay it with a disk that loses the rest.

pub mod trace;

use std::cell::Cell;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use trace::Event;

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

/// Creates a file that is not there, with these bytes; waits for nothing.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    trace::note(|| Event::Create(path.to_owned(), bytes.to_vec()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

/// Writes a file anew in its place, which may be seen torn until it was waited for; waits
/// for nothing.
pub fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    trace::note(|| Event::Overwrite(path.to_owned(), bytes.to_vec()));
    std::fs::write(path, bytes)
}

/// Gives a file another name, from which what was there is gone; waits for nothing.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    trace::note(|| Event::Rename(from.to_owned(), to.to_owned()));
    std::fs::rename(from, to)
}

/// Gives a file one more name, which must be free; waits for nothing.
pub fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to)?;
    trace::note(|| Event::Link(from.to_owned(), to.to_owned()));
    Ok(())
}

/// Takes a name away, if it is there; waits for nothing.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => {
            trace::note(|| Event::Remove(path.to_owned()));
            removed
        }
    }
}

/// Makes a directory, if it is not there; waits for nothing.
pub fn make(path: &Path) -> io::Result<()> {
    match std::fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => {
            trace::note(|| Event::Make(path.to_owned()));
            made
        }
    }
}

/// Waits for a file's bytes and length.
pub fn file(file: &File) -> io::Result<()> {
    if SIMULATED.get() {
        return Ok(());
    }
    file.sync_all()
}

/// Waits for the file at `path`, or for the names in the directory there.
#[track_caller]
pub fn path(path: &Path) -> io::Result<()> {
    trace::synced(path)?;
    open_and_wait(path)
}

fn open_and_wait(path: &Path) -> io::Result<()> {
    let here = path.as_os_str().is_empty();
    file(&File::open(if here { Path::new(".") } else { path })?)
}

/// Waits for the name of the file at `path`.
#[track_caller]
pub fn name(of: &Path) -> io::Result<()> {
    path(of.parent().unwrap_or(Path::new("")))
}

/// Waits for many files, not one after the other.
///
/// Names the first that failed, after all have been tried.
#[track_caller]
pub fn files<P: AsRef<Path> + Sync>(paths: &[P]) -> Result<(), (&Path, io::Error)> {
    for one in paths {
        trace::synced(one.as_ref()).map_err(|error| (one.as_ref(), error))?;
    }
    if SIMULATED.get() {
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Ok(());
        while let Some(one) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let synced = open_and_wait(one.as_ref()).map_err(|error| (one.as_ref(), error));
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
