//! What is drawn, and what answers show: against values worked out elsewhere, and against who
//! would rather show something else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    reason = "a test may stop"
)]

mod answers;
#[path = "../common/mod.rs"]
mod common;
mod draws;
