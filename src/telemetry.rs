//! Sources of telemetry.
