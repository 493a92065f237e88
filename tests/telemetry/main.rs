//! Sources of telemetry from their bytes to figures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    reason = "a test may stop"
)]

mod contract;
mod energy;
mod focus;
mod greenbutton;
mod ipmi;
mod job_logs;
mod kubernetes;
mod metering;
mod meters;
mod mlperf;
mod operations;
mod prometheus;
mod redfish;

use std::path::PathBuf;

/// Real input, or `None`, said on stderr, where there is none.
fn data(name: &str) -> Option<PathBuf> {
    let Some(directory) = std::env::var_os("STANDSTILL_DATA") else {
        eprintln!("not tested: STANDSTILL_DATA is not set, so there is no {name}");
        return None;
    };
    let path = PathBuf::from(directory).join(name);
    assert!(path.exists(), "STANDSTILL_DATA has no {name}");
    Some(path)
}
