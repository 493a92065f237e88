//! The accelerator catalogue.

use crate::hash::Hash;

/// A catalogue.
#[derive(Clone, Debug)]
pub struct Catalogue;

impl Catalogue {
    /// The catalogue of this version.
    pub fn embedded() -> Self {
        Self
    }

    /// The highest dense peak of a model in operations per second.
    pub fn peak_any(&self, _model: &str) -> Option<u128> {
        None
    }

    /// The digest.
    pub fn digest(&self) -> Hash {
        crate::hash::sha256(b"")
    }
}
