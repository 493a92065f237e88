//! A witness as a machine.
