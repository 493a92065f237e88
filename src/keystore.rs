//! Secret keys in files.
