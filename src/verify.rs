//! Judgement: pure functions of evidence, trust and time.
//!
//! Specified in `specs/verdicts.md`. [`judge`] reads a log, or a bundle cut from one,
//! once and in order, and answers for every pledge of every issuer that the trust file
//! names. One file for each question: [`logged`] (is this the tree that was signed?),
//! [`witnessed`] (who else saw it, and when?), [`replay`] (signed by whom, chained to
//! what?), [`complete`] (is a report missing that is due?), `corroborated` (what do others
//! say?), [`hardware`] (which devices were there?), [`claim`] (did it hold?). [`accounting`] is the arithmetic of safeguards.
//!
//! Nothing here reads a clock, a file or the network. What a verdict does not show is
//! part of it ([`verdict`]).

mod abroad;
pub mod accounting;
mod challenged;
mod checkpoints;
pub mod checks;
pub mod claim;
pub mod complete;
mod corroborated;
pub mod evidence;
pub mod findings;
pub mod hardware;
pub mod history;
pub mod logged;
mod reading;
pub mod replay;
pub mod state;
pub mod tree;
pub mod trust;
pub mod verdict;
pub mod witnessed;

mod judge;

pub use checkpoints::open_seen;
pub use checks::Check;
pub use evidence::{Evidence, LogFiles};
pub use judge::{Unreadable, judge, judge_from};
pub use state::{State, StateError};
pub use trust::{Trust, TrustError};
pub use verdict::{Finding, Judgement, UsedStream, Verdict, Word};
