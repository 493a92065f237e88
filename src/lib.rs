//! Standstill: signed, hash-chained attestations of compute usage in a Merkle
//! transparency log, and verdicts on a claimed slowdown that do not overreach.
//!
//! The modules below are ordered in layers. A module uses its own layer and those
//! above it in this list, never one below (`tests/layers.rs` holds them to that).
//!
//! What a log signed by its own subject shows: who said what and, once independent
//! witnesses have cosigned it, by when, unchanged, and the same to everybody. It does
//! not show that it is true or complete. See `specs/verdicts.md`.

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "a test may overflow: then it fails"
    )
)]

// Layer 0, values: nothing outside.
pub mod encoding;
pub mod hash;
pub mod key;
pub mod quantity;
pub mod time;

// Layer 1, formats: parse, print, prove; no clock, no randomness, no I/O.
pub mod attestation;
pub mod bundle;
pub mod catalogue;
pub mod challenge;
pub mod claim;
pub mod ledger;
pub mod merkle;
pub mod note;
pub mod tlog;

// Layer 2, judgement: pure functions of evidence, policy and time.
pub mod report;
pub mod verify;

// Layer 3, machines: input to ordered steps, no I/O.
pub mod admission;
pub mod collector;
pub mod cosigner;
pub mod sequencer;
pub mod simulate;
pub mod witnessing;

// Layer 4, effects: files, network, clocks.
#[cfg(feature = "cli")]
pub mod durable;
#[cfg(feature = "cli")]
pub mod http;
#[cfg(feature = "cli")]
pub mod keystore;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "cli")]
pub mod store;
#[cfg(feature = "cli")]
pub mod telemetry;

// Layer 5, program: the only place that prints or exits.
#[cfg(feature = "cli")]
pub mod cli;
