//! `standstill log fsck` and `scrub`: derive a log anew.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use super::LogPlace;
use crate::cli::Failure;
use crate::cli::World;
use crate::key::VerifierKey;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::tlog::SignedCheckpoint;

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

pub(super) fn scrub(
    place: &LogPlace,
    period: Duration,
    once: bool,
    world: &mut World<'_>,
) -> Result<u8, Failure> {
    let files = place.files();
    let reader = LogReader::new(&files);
    loop {
        let began = Instant::now();
        let checkpoint = reader.checkpoint()?;
        let checkpoint =
            checkpoint.and_then(|note| SignedCheckpoint::open(&note, &place.log_key).ok());
        let size = checkpoint.map_or(0, |signed| signed.checkpoint().size);
        let tiles = u32::try_from(size.div_ceil(256)).unwrap_or(u32::MAX);
        let pause = period.checked_div(tiles.max(1)).unwrap_or_default();
        let wait = || {
            std::thread::sleep(pause);
            ControlFlow::Continue(())
        };
        match reader.scrub(&place.log_key, wait) {
            Ok(checkpoint) => {
                let size = checkpoint.map_or(0, |one| one.size);
                world.note(format!("{size} entries are as they must be"));
            }
            Err(error @ (ReadError::NoCheckpoint | ReadError::Store(_))) => {
                return Err(Failure::file(&place.log, error).hint(
                    "LOG is the directory that has `checkpoint` and `tile`, or its address",
                ));
            }
            Err(error) => {
                let failure = Failure::file(&place.log, error)
                    .hint("if it is a copy, fetch that file anew; else bring it back from one");
                world.note(failure.to_string());
                return Ok(1);
            }
        }
        if once {
            return Ok(0);
        }
        std::thread::sleep(period.saturating_sub(began.elapsed()));
    }
}
