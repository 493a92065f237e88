//! Usage that was collected and not yet attested, each with its ledger.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::StreamId;
use crate::attestation::content::StatementType;
use crate::attestation::content::Usage;
use crate::attestation::fields::Fields;
use crate::cli::Failure;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::encoding::json;
use crate::keystore;
use crate::ledger::Ledger;
use crate::time::UnixSeconds;

/// Drafts being collected, apart from those that they will replace.
#[derive(Debug)]
pub(super) struct Drafts {
    staged: PathBuf,
    place: PathBuf,
}

impl Drafts {
    /// Begins: what a dead process left is removed.
    pub(super) fn stage(
        workspace: &Workspace,
        area: StreamId,
        again: bool,
    ) -> Result<Self, Failure> {
        let name = if again {
            format!("{area}-again")
        } else {
            area.to_string()
        };
        let collected = workspace.join("collected");
        let drafts = Self {
            staged: collected.join(format!(".{name}")),
            place: collected.join(name),
        };
        remove(&drafts.staged)?;
        failure::make_directory(&drafts.staged)?;
        Ok(drafts)
    }

    /// Adds the usage of a period and its ledger, printed.
    pub(super) fn add(&self, usage: Usage, ledger: &str) -> Result<(), Failure> {
        let start = usage.period.start();
        let draft = Content::Usage(usage).write().unwrap_or_default();
        let path = draft_in(&self.staged, start);
        std::fs::write(&path, draft.to_canonical()).map_err(|error| Failure::io(&path, error))?;
        // Not durable: until it is attested it can be collected again.
        keystore::write_private(&ledger_of(&path), ledger)?;
        Ok(())
    }

    /// Puts them in the place of what was collected before.
    pub(super) fn keep(self) -> Result<PathBuf, Failure> {
        remove(&self.place)?;
        let moved = std::fs::rename(&self.staged, &self.place);
        moved.map_err(|error| Failure::io(&self.place, error))?;
        Ok(self.place.clone())
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        // Nothing is there once they were kept; of a failed attempt nothing stays.
        let _ = std::fs::remove_dir_all(&self.staged);
    }
}

/// Returns the draft of the period that begins at `start`.
pub(super) fn draft_path(workspace: &Workspace, area: StreamId, start: UnixSeconds) -> PathBuf {
    draft_in(&workspace.join(format!("collected/{area}")), start)
}

fn draft_in(directory: &Path, start: UnixSeconds) -> PathBuf {
    directory.join(format!("{start}.usage"))
}

/// Returns the ledger that was collected with a draft.
pub(super) fn ledger_of(draft: &Path) -> PathBuf {
    draft.with_extension("ledger")
}

/// Reads a draft.
pub(super) fn read_usage(path: &Path) -> Result<Usage, Failure> {
    let fail = |why: String| {
        Failure::file(path, why)
            .hint("nothing was attested; `standstill collect` writes such files")
    };
    let bytes = failure::read(path)?;
    let value = json::parse_draft(&bytes).map_err(|error| fail(error.to_string()))?;
    let mut fields = Fields::of(&value).map_err(|error| fail(error.to_string()))?;
    let content = Content::read(StatementType::Usage, &mut fields)
        .and_then(|content| fields.finish().map(|()| content))
        .map_err(|error| fail(error.to_string()))?;
    match content {
        Content::Usage(usage) => Ok(usage),
        _ => Err(fail("is no usage".to_owned())),
    }
}

/// Keeps the ledger of a draft among those of its area: a challenge may come later, and
/// what is attested names its root. The draft stays as it is.
///
/// Returns the ledger, which must be made durable before anything is attested, and be
/// removed if it is not attested after all.
pub(super) fn keep_ledger(
    workspace: &Workspace,
    draft: &Path,
    area: StreamId,
    name: &str,
    usage: &Usage,
) -> Result<PathBuf, Failure> {
    let from = ledger_of(draft);
    let ledger = Ledger::parse(&failure::read(&from)?).map_err(|error| Failure::file(&from, error));
    let ledger = ledger.map_err(|failure| failure.hint("collect again"))?;
    let known = usage.ledgers.iter().any(|one| one.root == ledger.root());
    if !known {
        return Err(
            Failure::file(&from, "is not the ledger whose root the usage names")
                .hint("collect again"),
        );
    }
    let kept = workspace.join(format!("ledgers/{area}/{name}.ledger"));
    // What a failed attempt left there belongs to no statement.
    remove(&kept)?;
    let linked = match std::fs::hard_link(&from, &kept) {
        // A draft that lies on another disk.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            keystore::create_private(&kept, &ledger.print())?;
            Ok(())
        }
        linked => linked,
    };
    linked.map_err(|error| Failure::io(&kept, error))?;
    Ok(kept)
}

/// Removes a draft and its ledger from where they were collected.
pub(super) fn discard(draft: &Path) -> Result<(), Failure> {
    remove(draft)?;
    remove(&ledger_of(draft))
}

/// Removes a file or directory, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::io(path, error)),
        _ => Ok(()),
    }
}
