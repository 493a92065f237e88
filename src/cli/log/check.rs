//! `standstill log fsck`: derive a log anew.

use std::path::Path;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::World;
use crate::key::VerifierKey;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;

pub(super) fn fsck(log: &Path, key: &VerifierKey, world: &mut World<'_>) -> Result<u8, Failure> {
    let files = Directory::new(log);
    match LogReader::new(&files).check(key) {
        Ok(checkpoint) => {
            let (size, root) = (checkpoint.size, checkpoint.root);
            world.answer(
                &json!({ "size": size, "root": root.to_string() }),
                &format!("{size} entries, root {root}"),
            )?;
            Ok(0)
        }
        Err(error @ (ReadError::NoCheckpoint | ReadError::Store(_))) => {
            Err(Failure::file(log, error)
                .hint("LOG is the directory that has `checkpoint` and `tile`"))
        }
        Err(error) => {
            let failure = Failure::file(log, error)
                .hint("if it is a copy, fetch that file anew; else bring it back from one");
            world.note(failure.to_string());
            Ok(1)
        }
    }
}
