//! Verdicts as text for people, as JSON for programs, and signed for others.

mod json;
mod text;
mod vsa;

pub use json::json;
pub use text::text;
pub use vsa::vsa;
