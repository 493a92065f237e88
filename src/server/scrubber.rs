//! The thread that derives the log anew, slowly, again and again.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use super::Event;
use super::Metrics;
use super::Tell;
use crate::key::VerifierKey;
use crate::store::reader::LogReader;
use crate::store::site::Files;

/// The shortest pause before a tile.
const SHORTEST: Duration = Duration::from_millis(1);

/// Starts the thread: each pass takes about `period`. It ends with the process.
pub(super) fn start(
    files: Files,
    key: VerifierKey,
    period: Duration,
    metrics: Arc<Metrics>,
    tell: Tell,
) {
    std::thread::spawn(move || {
        loop {
            let began = Instant::now();
            let tiles = u32::try_from(metrics.size().div_ceil(256)).unwrap_or(u32::MAX);
            let pause = period.checked_div(tiles.max(1)).unwrap_or(period);
            let pace = || {
                std::thread::sleep(pause.max(SHORTEST));
                ControlFlow::Continue(())
            };
            let found = LogReader::new(&files).scrub(&key, pace);
            if let Err(error) = &found {
                let why = error.to_string();
                tell(&Event::Damaged { why });
            }
            metrics.scrubbed(found.is_err());
            std::thread::sleep(period.saturating_sub(began.elapsed()).max(SHORTEST));
        }
    });
}
