//! What `verify --state` keeps from one time to the next.

use std::io::Write as _;
use std::path::Path;

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
/// anew.
pub(super) fn write(path: &Path, state: &State) -> Result<(), Failure> {
    let failed = |error| Failure::io(path, error);
    let parent = path.parent().filter(|one| !one.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(failed)?;
    let bytes = state.to_bytes().unwrap_or_default();
    file.write_all(&bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
