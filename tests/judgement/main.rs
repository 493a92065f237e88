//! What evidence that is missing, doubtful or contradictory does to a verdict.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

mod abroad;
mod bad_input;
mod challenged;
#[path = "../common/mod.rs"]
mod common;
mod corroborated;
mod drift;
mod each;
mod figures;
mod files;
#[path = "../fixture/mod.rs"]
mod fixture;
mod gaps;
mod issuers;
mod kinds;
mod lineage;
mod moved;
mod opened;
mod pact;
mod periods;
mod sliding;
mod state;
mod used;
mod words;

use common::*;
use standstill::attestation::content::{Inventory, LedgerReference, RatedWatts, Usage, Withdrawal};
use standstill::attestation::figure::{Basis, Boundary, Coverage, Precision, QuantityKind};
use standstill::attestation::{Content, IssuerId, StatementId, StreamId};
use standstill::claim::{Level, Terms};
use standstill::hash::sha256;
use standstill::note::Note;
use standstill::quantity::{Interval, Quantity};
use standstill::store::memory::{Faults, MemoryObjects};
use standstill::time::{Cadence, Period};
use standstill::verify::evidence::{OpenedLedger, Subject};
use standstill::verify::{Evidence, Finding, Trust, Verdict, Word};

const END: u64 = START + 40 * DAY;
