//! What was changed on a disk, and what was waited for, in order: for tests that lose power.

use std::cell::Cell;
use std::cell::RefCell;
use std::io;
use std::panic::Location;
use std::path::Path;
use std::path::PathBuf;

/// One change, or one wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A file was created with these bytes.
    Create(PathBuf, Vec<u8>),
    /// A file got one more name.
    Link(PathBuf, PathBuf),
    /// A directory was made.
    Make(PathBuf),
    /// Whoever takes the trace says something.
    Mark(String),
    /// A file was written anew in its place.
    Overwrite(PathBuf, Vec<u8>),
    /// A name was taken away.
    Remove(PathBuf),
    /// A file got another name.
    Rename(PathBuf, PathBuf),
    /// A file, or the names in a directory, were waited for; where in the program.
    Sync(PathBuf, &'static Location<'static>),
    /// The same, and the disk failed.
    SyncFailed(PathBuf),
}

thread_local! {
    static TAKEN: RefCell<Option<Vec<Event>>> = const { RefCell::new(None) };
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Lets this thread wait so many times, and the disk fail at the next.
pub fn fail_after(waits: usize) {
    LEFT.set(Some(waits));
}

/// Runs something and returns what this thread changed and waited for meanwhile.
pub fn take<T>(run: impl FnOnce() -> T) -> (T, Vec<Event>) {
    TAKEN.set(Some(Vec::new()));
    let done = run();
    (done, TAKEN.take().unwrap_or_default())
}

/// Takes down a remark, if a trace is being taken.
pub fn mark(text: impl Into<String>) {
    note(|| Event::Mark(text.into()));
}

/// Takes down an event, if a trace is being taken.
pub(super) fn note(event: impl FnOnce() -> Event) {
    TAKEN.with_borrow_mut(|taken| {
        if let Some(taken) = taken {
            taken.push(event());
        }
    });
}

/// Takes down a wait. Fails, once, where [`fail_after`] says so.
#[track_caller]
pub(super) fn synced(path: &Path) -> io::Result<()> {
    let left = LEFT.get();
    LEFT.set(left.and_then(|left| left.checked_sub(1)));
    if left == Some(0) {
        note(|| Event::SyncFailed(path.to_owned()));
        return Err(io::Error::other("the disk failed, as it was told to"));
    }
    let caller = Location::caller();
    note(|| Event::Sync(path.to_owned(), caller));
    Ok(())
}
