//! The command line as people meet it: every test here runs the program itself.
//!
//! One file a topic. `--simulated-time` gives each run its clock; everything else is as a
//! user types it.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::format_push_string,
    missing_docs,
    reason = "a test may stop"
)]

mod agent;
mod auditor;
mod bad_input;
mod challenges;
mod conclusion;
mod corroborators;
mod full_disk;
mod hardware;
mod help;
mod hostile;
mod inventory;
mod lab;
mod outbox;
mod pledges;
mod promises;
mod readings;
mod readme;
mod run_file;
mod runs;
mod sandbox;
mod simulated;
mod state;
mod tampering;
mod witnesses;
