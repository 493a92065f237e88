//! Publishing to a log that somebody else runs, or that a server has.

use std::time::Duration;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::journal::Entry;
use crate::cli::progress;
use crate::cli::receipts;
use crate::cli::workspace::Workspace;
use crate::hash::Hash;
use crate::http::Problem;
use crate::http::Remote;
use crate::http::SubmitError;
use crate::http::Submitter;
use crate::key::VerifierKey;
use crate::merkle::leaf_hash;
use crate::merkle::verify_inclusion;
use crate::store::reader::LogReader;
use crate::tlog::Proof;
use crate::tlog::SignedCheckpoint;

/// More entries than this go in requests of many.
const FEW: usize = 8;

/// The most entries of one request.
const MANY: usize = 4096;

/// Hands over what is queued, in order, and keeps a receipt for each.
pub(super) fn submit(
    workspace: &Workspace,
    queue: &[&Entry],
    entries: &[Vec<u8>],
    address: &str,
    patience: Duration,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let log = Submitter::new(address, patience);
    let key = &workspace.identity()?.log.key;
    let mut proofs = Vec::new();
    let taken = hand_over(&log, key, queue, entries, &mut proofs);
    let published = proofs.len();
    let refreshed = match &taken {
        Ok(()) => refresh(workspace, &log, &Remote::new(address), key),
        Err(_) => Ok(Vec::new()),
    };
    // What was taken has its receipt, also where the next was refused.
    proofs.extend(refreshed?);
    receipts::write(workspace, &proofs)?;
    taken?;
    let last = proofs.iter().map(|(_, proof)| proof);
    let size = last
        .filter_map(|proof| {
            Some(
                SignedCheckpoint::open_note(proof.note.clone(), key)
                    .ok()?
                    .checkpoint()
                    .size,
            )
        })
        .max();
    let text = match size {
        Some(size) => format!("{published} statements published, the log has {size}"),
        None => format!("{published} statements published"),
    };
    world.answer(&json!({ "published": published, "size": size }), &text)?;
    if log.is_unwitnessed() {
        world.note(
            "warning: no quorum of witnesses cosigned in time: until it does, nobody can tell by when this was said; `standstill publish` asks again",
        );
    }
    Ok(())
}

/// Hands over entries; each receipt is checked before it counts.
fn hand_over(
    log: &Submitter,
    key: &VerifierKey,
    queue: &[&Entry],
    entries: &[Vec<u8>],
    proofs: &mut Vec<(String, Proof)>,
) -> Result<(), Failure> {
    let bar = progress::bar("published", entries.len());
    let many = entries.len() > FEW;
    for (queue, entries) in queue.chunks(MANY).zip(entries.chunks(MANY)) {
        let mut indices = Vec::new();
        if many {
            for outcome in log.add_all(entries).map_err(refused)? {
                indices.push(outcome);
            }
        }
        let mut indices = indices.into_iter();
        for (entry, bytes) in queue.iter().zip(entries) {
            let receipt = match indices.next() {
                Some(Ok(index)) => log.receipt(index).map_err(refused)?,
                Some(Err(problem)) => return Err(refused_entry(entry, &problem)),
                None => log.add(bytes).map_err(|error| match error {
                    SubmitError::Refused { problem, .. } => refused_entry(entry, &problem),
                    other => refused(other),
                })?,
            };
            proofs.push((entry.receipt(), check(&receipt, bytes, key)?));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Asks anew for the receipts that no quorum had cosigned.
fn refresh(
    workspace: &Workspace,
    log: &Submitter,
    files: &Remote,
    key: &VerifierKey,
) -> Result<Vec<(String, Proof)>, Failure> {
    let mut proofs = Vec::new();
    let Some(witnesses) = &workspace.identity()?.witnesses else {
        return Ok(proofs);
    };
    for (entry, index) in receipts::unwitnessed(workspace, witnesses) {
        let receipt = log.receipt(index).map_err(refused)?;
        let proof = Proof::parse(&receipt).map_err(|error| unproven(&error))?;
        if !receipts::has_quorum(&proof.note, witnesses) {
            continue;
        }
        // The entry is not at hand; that this leaf is its, the kept receipt proves.
        let size = SignedCheckpoint::open_note(proof.note.clone(), key)?
            .checkpoint()
            .size;
        let leaf = LogReader::new(files).node(0, index, size)?;
        let kept = std::fs::read(workspace.join(entry.receipt()))?;
        check_leaf(&Proof::parse(&kept)?, &leaf, index, key)?;
        check_leaf(&proof, &leaf, index, key)?;
        proofs.push((entry.receipt(), proof));
    }
    Ok(proofs)
}

/// Checks that a receipt is one of this entry, in the log of that key.
fn check(receipt: &[u8], entry: &[u8], key: &VerifierKey) -> Result<Proof, Failure> {
    let proof = Proof::parse(receipt).map_err(|error| unproven(&error))?;
    check_leaf(&proof, &leaf_hash(entry), proof.index, key)?;
    Ok(proof)
}

fn check_leaf(proof: &Proof, leaf: &Hash, index: u64, key: &VerifierKey) -> Result<(), Failure> {
    let signed =
        SignedCheckpoint::open_note(proof.note.clone(), key).map_err(|error| unproven(&error))?;
    let checkpoint = signed.checkpoint();
    verify_inclusion(leaf, index, checkpoint.size, &proof.path, &checkpoint.root)
        .map_err(|error| unproven(&error))
}

fn unproven(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("the log's receipt does not verify: {why}")).hint(
        "nothing is lost: the statement stays queued; whoever runs the log must answer for this",
    )
}

fn refused_entry(entry: &Entry, problem: &Problem) -> Failure {
    let failure = Failure::new(format!(
        "the log refuses {}: {problem}",
        entry.statement.subject
    ));
    failure.hint(match problem.rule.as_deref() {
        Some("registration") => {
            "the log's operator registers issuers: send your id, which `standstill init` printed"
        }
        Some("taken") => {
            "another statement stands there: bring the newest copy of the journal back"
        }
        _ => "what was taken before it has its receipt; the rest stays queued",
    })
}

#[expect(clippy::needless_pass_by_value, reason = "handed over by `map_err`")]
fn refused(error: SubmitError) -> Failure {
    let hint = match error {
        SubmitError::Unavailable { .. } => {
            "what was queued stays queued: run it again, or with more `--patience`"
        }
        _ => "is that the address of the log of record?",
    };
    Failure::new(error.to_string()).hint(hint)
}
