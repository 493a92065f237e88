//! What a server tells its operator while it runs.

use std::sync::Arc;

/// Takes what is told.
pub type Tell = Arc<dyn Fn(&Event) + Send + Sync>;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A witness remembers what the log does not have: no more is taken.
    Alarm {
        /// What it remembers.
        why: String,
    },
    /// A quorum cosigned.
    Cosigned {
        /// The tree's size.
        size: u64,
        /// The number of the cosigned checkpoint.
        number: u64,
    },
    /// What is stored is not what it must be.
    Damaged {
        /// Which file, and what was expected.
        why: String,
    },
    /// A batch could not be written.
    Failed {
        /// Why.
        why: String,
    },
    /// A cosigned checkpoint could not be had or kept.
    NotCosigned {
        /// Why.
        why: String,
    },
    /// The log was opened anew after a failure.
    Reopened {
        /// Its size.
        size: u64,
    },
    /// A witness did not cosign.
    Silent {
        /// The witness.
        witness: String,
        /// Why.
        why: String,
    },
}

impl Event {
    /// Returns its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Alarm { .. } => "alarm",
            Self::Cosigned { .. } => "cosigned",
            Self::Damaged { .. } => "damaged",
            Self::Failed { .. } => "failed",
            Self::NotCosigned { .. } => "not-cosigned",
            Self::Reopened { .. } => "reopened",
            Self::Silent { .. } => "silent",
        }
    }

    /// Spells its members, for a log of one JSON object a line.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Alarm { why }
            | Self::Damaged { why }
            | Self::Failed { why }
            | Self::NotCosigned { why } => {
                json!({ "event": self.name(), "why": why })
            }
            Self::Cosigned { size, number } => {
                json!({ "event": self.name(), "size": size, "number": number })
            }
            Self::Reopened { size } => json!({ "event": self.name(), "size": size }),
            Self::Silent { witness, why } => {
                json!({ "event": self.name(), "witness": witness, "why": why })
            }
        }
    }
}
