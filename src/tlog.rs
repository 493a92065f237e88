//! The log's formats, exactly as C2SP defines them.
//!
//! Specified in `specs/log.md`. One module a specification: [`checkpoint`]
//! (tlog-checkpoint), [`cosignature`] (tlog-cosignature), [`policy`] (tlog-policy),
//! [`proof`] (tlog-proof), [`tile`] and [`edge`]
//! (tlog-tiles). The tree's mathematics are in
//! `merkle`; who keeps a log or a witness running, in `sequencer` and `cosigner`.

pub mod checkpoint;
pub mod cosignature;
pub mod edge;
pub mod policy;
pub mod proof;
pub mod tile;

pub use checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
pub use cosignature::{Cosignature, cosign};
pub use policy::{Policy, PolicyError, Witness};
pub use proof::{Proof, ProofFileError};
