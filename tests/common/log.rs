//! Logs of what was said, and bundles cut from them.

use standstill::bundle::Bundle;
use standstill::key::{SignerKey, VerifierKey};
use standstill::merkle::prove_set;
use standstill::note::Note;
use standstill::store::log::Log;
use standstill::store::memory::{Faults, MemoryLock, MemoryObjects};
use standstill::store::reader::LogReader;
use standstill::tlog::{SignedCheckpoint, cosign};
use standstill::verify::LogFiles;

use super::*;

/// A log with these batches, each of entries and the time at which all three witnesses
/// cosigned it, if they did.
pub fn log(batches: &[(&[Vec<u8>], Option<u64>)]) -> MemoryObjects {
    log_by(log_key(), batches)
}

/// As [`log`], of the log that has this key.
pub fn log_by(key: SignerKey, batches: &[(&[Vec<u8>], Option<u64>)]) -> MemoryObjects {
    let verifier = key.verifier();
    let faults = Faults::default();
    let public = MemoryObjects::new(&faults);
    let mut log = Log::create(
        public.clone(),
        MemoryObjects::new(&faults),
        MemoryLock::new(&faults),
        key,
        at(START),
    )
    .unwrap();
    for (entries, time) in batches {
        if !entries.is_empty() {
            log.append(entries, at(START)).unwrap();
        }
        if let Some(time) = time {
            let note = log.reader().checkpoint().unwrap().unwrap();
            let cosigned = cosigned_of(&verifier, &note, &[1, 2, 3], *time);
            log.publish_cosigned(&cosigned).unwrap();
        }
    }
    public
}

/// The note of a checkpoint with cosignatures of these witnesses, and no older ones.
pub fn cosigned(note: &[u8], witnesses: &[u8], time: u64) -> Note {
    cosigned_of(&log_key().verifier(), note, witnesses, time)
}

fn cosigned_of(log: &VerifierKey, note: &[u8], witnesses: &[u8], time: u64) -> Note {
    let mut note = Note::parse(note).unwrap();
    note.retain(|line| line.names(log));
    for number in witnesses {
        note.put(cosign(note.text(), &witness_key(*number), at(time)).unwrap());
    }
    note
}

/// A log as most tests want it: founded before the window, the rest seen at `end`.
pub fn seen_log(lab: &Lab, governance: usize, end: u64) -> MemoryObjects {
    let (first, rest) = lab.entries.split_at(governance);
    log(&[(first, Some(START - DAY)), (rest, Some(end))])
}

/// Cuts a bundle of the entries at these indices, with every cosigned checkpoint.
pub fn bundle(files: &MemoryObjects, lab: &Lab, keep: impl Fn(u64) -> bool) -> Bundle {
    let reader = LogReader::new(files);
    let bytes = reader.checkpoint().unwrap().unwrap();
    let signed = SignedCheckpoint::open(&bytes, &log_key().verifier()).unwrap();
    let size = signed.checkpoint().size;
    let entries: Vec<(u64, Vec<u8>)> = (0..size.div_ceil(256))
        .flat_map(|tile| (tile * 256..).zip(reader.entries(tile, size).unwrap()))
        .filter(|(index, _)| keep(*index))
        .collect();
    let indices: Vec<u64> = entries.iter().map(|(index, _)| *index).collect();
    let mut hash_at = |level, index| reader.node(level, index, size);
    let earlier = (0..reader.cosigned_count().unwrap())
        .map(|number| {
            let note = Note::parse(&reader.cosigned(number).unwrap().unwrap()).unwrap();
            let old = SignedCheckpoint::open_note(note.clone(), &log_key().verifier()).unwrap();
            let proof = reader.prove_consistency(old.checkpoint().size, size);
            (note, proof.unwrap())
        })
        .collect();
    Bundle {
        issuer: lab.id,
        window: day(0),
        proof: prove_set(&indices, size, &mut hash_at).unwrap().unwrap(),
        entries,
        earlier,
        checkpoint: signed.note().clone(),
    }
}

pub struct Files(pub MemoryObjects);

impl LogFiles for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        standstill::store::LogFiles::read(&self.0, path).map_err(|error| error.to_string())
    }
}

/// The note of the newest checkpoint.
pub fn checkpoint(files: &MemoryObjects) -> Note {
    let bytes = standstill::store::LogFiles::read(files, "checkpoint");
    Note::parse(&bytes.unwrap().unwrap()).unwrap()
}
