//! Files given with a log, which its statements name by their digests.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use crate::challenge::MAX_ANSWER;
use crate::cli::Failure;
use crate::cli::drafts;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::hash::Hash;
use crate::ledger::Salt;
use crate::verify::hardware::Attached;

/// What the name of a salt's file ends with: it lies beside what it salts.
pub(super) const SALT: &str = "salt";

/// Reads files, and those directly in directories. What cannot be read, or is too large to
/// be evidence, stops nothing, and is told.
pub(super) fn read(
    paths: &[PathBuf],
    unanswered: &mut Vec<String>,
) -> Result<Vec<Attached>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let failed = |error| Failure::io(path, error);
            let mut inside = Vec::new();
            for entry in std::fs::read_dir(path).map_err(failed)? {
                inside.push(entry.map_err(failed)?.path());
            }
            inside.sort();
            inside.retain(|file| file.is_file() && !is_salt(file));
            for file in inside {
                match read_one(&file) {
                    Ok(attached) => files.push(attached),
                    Err(why) => unanswered.push(format!("`{}`: {why}", file.display())),
                }
            }
        } else {
            let attached = read_one(path).map_err(|why| {
                Failure::file(path, why).hint("`--attached` takes what a lab's `evidence/` holds")
            });
            files.push(attached?);
        }
    }
    Ok(files)
}

/// Keeps bytes that a statement is to name, under their digest in `evidence/`, as `write` writes
/// them there; returns where.
pub(super) fn keep(
    workspace: &Workspace,
    digest: &Hash,
    write: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let directory = workspace.join("evidence");
    failure::make_directory(&directory)?;
    let kept = directory.join(digest.to_string());
    // What an earlier attempt left may be cut off.
    drafts::remove(&kept)?;
    write(&kept)?;
    failure::sync_directory(&directory)?;
    Ok(kept)
}

fn is_salt(path: &Path) -> bool {
    path.extension().is_some_and(|one| one == SALT)
}

const NO_SALT: &str = "its salt is not 64 digits of lower-case hexadecimal";

fn read_salt(path: &Path, found: &Metadata) -> Option<Salt> {
    // A pipe would be waited for, and nothing as long is a salt.
    if !found.is_file() || found.len() > 1024 {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    text.trim_end().parse().ok()
}

fn read_one(path: &Path) -> Result<Attached, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?;
    let most = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX);
    if size.len() > most {
        return Err(format!("has more than {MAX_ANSWER} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let beside = path.with_added_extension(SALT);
    let salt = match std::fs::metadata(&beside) {
        Ok(found) => Some(read_salt(&beside, &found).ok_or(NO_SALT)?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(format!("its salt: {error}")),
    };
    Ok(Attached { bytes, salt })
}
