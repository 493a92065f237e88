//! What issuers sign: statements in envelopes, chained into streams.
//!
//! Specified in `specs/attestation.md`. From the outside in: an [`envelope`] carries
//! signatures over a payload; the payload is a [`statement`], whose [`content`] is one
//! of the types of [`content`]; statements of one issuer and stream form a chain that
//! [`identity`] decides who may extend.
//!
//! Nothing here judges: that a statement can be read does not make it true, and that
//! its signatures are valid does not place it in time. See `verify`.

pub mod content;
pub mod envelope;
pub mod fields;
pub mod figure;
pub mod identity;
pub mod schedule;
pub mod statement;

pub use content::Content;
pub use envelope::{Envelope, EnvelopeError, MAX_ENTRY, StatementId};
pub use fields::FieldError;
pub use schedule::Schedule;
pub use statement::{Head, IssuerId, Link, Statement, StreamId, Subject};
