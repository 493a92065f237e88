//! What hardware says: which devices were there, and which machine holds a meter's key.
//!
//! Specified in `specs/hardware.md`. Evidence binds from below only: a device that was shown
//! was there, each once however often it is shown. How much it computed, and what was not
//! shown, no attestation tells.

mod key;
pub mod nonce;
pub mod quote;
mod shown;
pub mod token;

pub use key::{HardwareKey, KeyError, Scheme};
pub(in crate::verify) use shown::FIELD;
pub use shown::{Attached, Machine, Outcome, Witnessed, open_all};
