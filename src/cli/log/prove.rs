//! `standstill log checkpoint` and `prove`: what a log says of itself, checked.

use std::path::PathBuf;

use serde_json::json;

use super::LogPlace;
use crate::cli::Failure;
use crate::cli::World;
use crate::hash::Hash;
use crate::http::Remote;
use crate::merkle::leaf_hash;
use crate::merkle::verify_consistency;
use crate::merkle::verify_inclusion;
use crate::store::LogFiles;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::tlog::Proof;
use crate::tlog::SignedCheckpoint;

/// Prove that an entry is in a log, or that an older tree is a prefix of it
///
/// Prints a receipt (C2SP tlog-proof) for an entry; for an older size the hashes of the
/// consistency proof (RFC 9162, 2.1.4), one a line. Each is verified before it is printed.
#[derive(Debug, clap::Args)]
pub(super) struct ProveArgs {
    #[command(flatten)]
    place: LogPlace,

    /// Index of the entry
    #[arg(long, value_name = "N", required_unless_present_any = ["entry", "from"])]
    index: Option<u64>,

    /// File of the entry: where it stands is looked for
    #[arg(long, value_name = "FILE", conflicts_with = "index")]
    entry: Option<PathBuf>,

    /// Size of the older tree
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["index", "entry"])]
    from: Option<u64>,
}

pub(super) type Files = Box<dyn LogFiles>;

impl LogPlace {
    /// Opens the log for reading.
    pub(super) fn files(&self) -> Files {
        match self.log.to_str() {
            Some(address) if Remote::is_address(address) => Box::new(Remote::new(address)),
            _ => Box::new(Directory::new(&self.log)),
        }
    }

    /// Reads the newest checkpoint, which the log's key must have signed.
    fn checkpoint(&self, files: &Files) -> Result<SignedCheckpoint, Failure> {
        let note = LogReader::new(files).checkpoint()?;
        let note = note.ok_or_else(|| {
            Failure::file(&self.log, "has no `checkpoint`")
                .hint("LOG is the directory that has `checkpoint` and `tile`, or its address")
        })?;
        SignedCheckpoint::open(&note, &self.log_key)
            .map_err(|error| Failure::file(&self.log, format!("`checkpoint`: {error}")))
    }
}

pub(super) fn checkpoint(place: &LogPlace, world: &mut World<'_>) -> Result<(), Failure> {
    let signed = place.checkpoint(&place.files())?;
    let tree = signed.checkpoint();
    let text = signed.note().to_text();
    world.answer(
        &json!({
            "origin": tree.origin.as_str(),
            "size": tree.size,
            "root": tree.root.to_string(),
            "note": text,
        }),
        text.trim_end_matches('\n'),
    )
}

impl ProveArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let files = self.place.files();
        let reader = LogReader::new(&files);
        let signed = self.place.checkpoint(&files)?;
        let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
        if let Some(old) = self.from {
            let path = reader.prove_consistency(old, size)?;
            verify_consistency(old, &reader.root(old, size)?, size, &root, &path)?;
            let hashes: Vec<String> = path.iter().map(Hash::to_base64).collect();
            let lines = hashes.join("\n");
            return world.answer(&json!({ "from": old, "to": size, "proof": hashes }), &lines);
        }
        let index = self.find(&reader, size)?;
        let leaf = match &self.entry {
            Some(path) => {
                leaf_hash(&std::fs::read(path).map_err(|error| Failure::io(path, error))?)
            }
            None if index < size => leaf_hash(&reader.entry(index, size)?),
            None => {
                return Err(
                    Failure::new(format!("there is no entry {index}: the log has {size}"))
                        .hint("the first is 0"),
                );
            }
        };
        let path = reader.prove(index, size)?;
        verify_inclusion(&leaf, index, size, &path, &root)?;
        let proof = Proof {
            extra: None,
            index,
            path,
            note: signed.note().clone(),
        };
        let text = proof.to_text();
        world.answer(
            &json!({ "index": index, "receipt": text }),
            text.trim_end_matches('\n'),
        )
    }

    fn find(&self, reader: &LogReader<'_, Files>, size: u64) -> Result<u64, Failure> {
        let Some(path) = &self.entry else {
            return Ok(self.index.unwrap_or_default());
        };
        let entry = std::fs::read(path).map_err(|error| Failure::io(path, error))?;
        let found = reader.find(&[&entry], size)?;
        found.first().copied().flatten().ok_or_else(|| {
            Failure::file(path, format!("is none of the log's {size} entries"))
                .hint("an entry is its exact bytes, without a newline behind them")
        })
    }
}
