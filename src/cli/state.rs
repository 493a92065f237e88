//! What `verify --state` keeps from one time to the next.

use std::io;
use std::io::Write as _;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::verify::State;
use crate::verify::StateError;
use crate::verify::Trust;

/// Reads a state that was kept, if there is one. One that cannot be used is told of, and the
/// log is read anew; what is no state at all is left alone.
pub(super) fn read(
    path: &Path,
    trust: &Trust,
    world: &mut World<'_>,
) -> Result<Option<State>, Failure> {
    if !path
        .try_exists()
        .map_err(|error| Failure::io(path, error))?
    {
        return Ok(None);
    }
    let bytes = failure::read(path)?;
    let mut anew = |why: &str| {
        world.note(format!(
            "note: `{}` {why}: the log is read anew",
            path.display()
        ));
        Ok(None)
    };
    match State::from_bytes(&bytes) {
        Ok(state) if state.is_of(trust) => Ok(Some(state)),
        Ok(_) => anew("was kept with another trust file or policy"),
        Err(error @ StateError::Foreign) => Err(Failure::file(path, error)
            .hint("`--state` names the file that `verify` makes and replaces; give a new name")),
        Err(error) => anew(&error.to_string()),
    }
}

/// Keeps a state in place of the one before. It is not synced: without it, the log is read
/// anew. Where that fails, the verdict stands.
pub(super) fn write(path: &Path, state: &State, world: &mut World<'_>) {
    if let Err(error) = replace(path, state) {
        world.note(format!(
            "warning: `{}` was not kept: {error}",
            path.display()
        ));
    }
}

fn replace(path: &Path, state: &State) -> io::Result<()> {
    let bytes = state.to_bytes().ok_or(io::ErrorKind::InvalidData)?;
    let parent = path.parent().filter(|one| !one.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(parent.unwrap_or(Path::new(".")))?;
    file.write_all(&bytes)?;
    file.persist(path)?;
    Ok(())
}
