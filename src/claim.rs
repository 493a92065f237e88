//! What a pledge claims, in fields from which somebody else can show it false.
//!
//! Specified in `specs/pledge.md`. A [`Pledge`] is what the `pledge` statement says;
//! [`lint`](lint::lint) refuses one that could not be broken or contradicts itself;
//! whether it held is asked in `verify`.

mod falsifier;
pub mod lint;
mod pledge;
mod preset;
mod terms;

pub use falsifier::falsifier;
pub use pledge::{
    AreaSelection, Baseline, Exception, H100_UNIT, LimitedQuantity, Perimeter, Pledge, PledgeError,
    RATIO_UNIT,
};
pub use preset::Preset;
pub use terms::{Conditional, Counting, Kind, Replacements, Step, Terms};

use crate::attestation::figure::spelled;

spelled! {
    /// In which number format a device's operations are counted.
    Precision, "`bf16`, `fp4`, `fp8`, `highest-dense` or `int8`" {
        /// Sixteen bits.
        Bf16 = "bf16",
        /// Four bits.
        Fp4 = "fp4",
        /// Eight bits, floating.
        Fp8 = "fp8",
        /// Whichever the device is fastest in: the only one in which nothing is hidden.
        HighestDense = "highest-dense",
        /// Eight bits, integer.
        Int8 = "int8",
    }
}

spelled! {
    /// How well a conclusion is supported; the least of its load-bearing steps
    /// (formats: part 2, "Levels").
    Level, "a level from `E0` to `E5`" {
        /// Unwitnessed.
        E0 = "E0",
        /// Signed, chained and cosigned by a quorum.
        E1 = "E1",
        /// Internally reconciled.
        E2 = "E2",
        /// Two or more independent roots.
        E3 = "E3",
        /// Rooted in hardware, or the verifier's own meter.
        E4 = "E4",
        /// Challenge inspection.
        E5 = "E5",
    }
}
