//! SHA-256 digests.
