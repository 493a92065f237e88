//! The accelerator catalogue.
