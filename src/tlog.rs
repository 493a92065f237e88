//! The log's formats, as C2SP defines them.
