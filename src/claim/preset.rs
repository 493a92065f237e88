//! Limits on one run that laws and proposals name.

use crate::attestation::figure::spelled;
use crate::quantity::Quantity;

spelled! {
    /// A limit on the operations of one run, with where it comes from.
    Preset, "`eu-gpai`, `eu-systemic-risk`, `miri` or `us-ca-sb53`" {
        /// From where on a model is taken for one of general purpose: Guidelines of the European
        /// Commission on the scope of obligations, 18 July 2025.
        EuGpai = "eu-gpai",
        /// From where on systemic risk is presumed: Regulation (EU) 2024/1689 (AI Act),
        /// Art. 51(2).
        EuSystemicRisk = "eu-systemic-risk",
        /// What a proposed international agreement would prohibit (arXiv:2511.10783).
        Miri = "miri",
        /// From where on a model is a frontier model: California SB 53 (Business and
        /// Professions Code, chapter 25.1).
        UsCaSb53 = "us-ca-sb53",
    }
}

impl Preset {
    /// Returns the limit, in operations.
    pub const fn limit(self) -> Quantity {
        let power = match self {
            Self::EuGpai => 23,
            Self::Miri => 24,
            Self::EuSystemicRisk => 25,
            Self::UsCaSb53 => 26,
        };
        // No power of ten up to the 37th is too large.
        match Quantity::new(10_u128.pow(power)) {
            Some(limit) => limit,
            None => Quantity::MAX,
        }
    }

    /// Returns where it comes from.
    pub const fn source(self) -> &'static str {
        match self {
            Self::EuGpai => {
                "European Commission, guidelines on general-purpose AI models, 18 July 2025: indicative"
            }
            Self::EuSystemicRisk => "Regulation (EU) 2024/1689 (AI Act), Art. 51(2)",
            Self::Miri => "a proposed international agreement, arXiv:2511.10783: no law",
            Self::UsCaSb53 => "California SB 53 (2025)",
        }
    }
}
