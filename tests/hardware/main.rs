//! Evidence of hardware: what is read, what is refused, and what it does to a verdict.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../fixture/mod.rs"]
mod fixture;
mod hostile;
mod judged;
mod made;
mod read;
mod trusted;
