//! Spot checks: what is asked for is drawn so that nobody can steer it, and what is answered
//! either is what was drawn or is not.
//!
//! Specified in `specs/challenge.md`. An auditor's `challenge` names a ledger and a round of
//! a beacon that is still to come; once the round is out, anybody derives the same records
//! from it ([`draw`]). The lab opens them in one file, the [`Answer`], that shows by itself
//! what was asked, what was drawn and what was opened: an auditor reads it alone and offline.
//!
//! A record that opens is what the lab committed to before it could know what would be drawn,
//! and no more: that it is true is for whoever compares it with the world to say.

mod answer;
mod beacon;
mod draw;
mod plan;

pub use answer::{Answer, AnswerError, Asked, Drawn, MAX_ANSWER, Reveal, Shown, committed};
pub use beacon::{BEACON_SUITE, Beacon, BeaconError, LEAD, NOTICE};
pub use draw::{MAX_DRAWN, draw, seed};
pub use plan::{Share, missed, size, undetected};
