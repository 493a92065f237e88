//! Accounting: its scenarios, the figures that its document works out, properties against
//! a naive computation, run lengths by simulation, and a month of a real fleet.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test may stop"
)]

mod changes;
mod figures;
mod philly;
mod properties;
mod run_lengths;
mod scenarios;
