//! A log as a machine.
