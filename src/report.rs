//! Verdicts as text for people, as JSON for programs, and in the formats of others: a SLSA
//! verification summary ([`vsa`]), CycloneDX attestations ([`cyclonedx`]) and attestation
//! results of the IETF ([`ear`]).
//!
//! Specified in `specs/conclusion.md`.

pub mod cyclonedx;
pub mod ear;
mod json;
mod read;
mod text;
pub mod vsa;

pub use json::json;
pub use text::text;
