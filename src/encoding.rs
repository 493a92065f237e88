//! Spellings: base64, hexadecimal, canonical JSON, parts of addresses.
//!
//! Whatever is signed or hashed has one spelling; a reader accepts no other.

pub mod base64;
pub mod hex;
pub mod json;
mod raw;
pub mod uri;

pub(crate) use raw::Raw;
