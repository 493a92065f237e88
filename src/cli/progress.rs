//! Progress on standard error, where somebody looks at it.

use std::fmt::Write;
use std::time::Duration;

use indicatif::HumanBytes;
use indicatif::ProgressBar;
use indicatif::ProgressState;
use indicatif::ProgressStyle;

use crate::telemetry::bytes_read;
use crate::tlog::Checkpoint;

/// How often a spinner moves.
const TICK: Duration = Duration::from_millis(100);

/// Counts up to `length`. Shows nothing where standard error is no terminal.
pub(super) fn bar(what: &str, length: usize) -> ProgressBar {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(length).with_message(what.to_owned());
    styled(bar, "{msg} [{bar:30}] {pos}/{len}")
}

/// Shows that something is going on whose length is not known.
pub(super) fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    styled(bar, "{spinner} {msg}")
}

/// Shows how many entries of which log were read, once it is told; until then, that something
/// is going on.
pub(super) fn entries(what: &str) -> ProgressBar {
    let bar = spinner(what);
    styled(bar, "{spinner} {msg} {pos}/{len}")
}

/// Says how far reading a log is.
pub(super) fn reached(bar: &ProgressBar, checkpoint: &Checkpoint, entries: u64) {
    if bar.length() != Some(checkpoint.size) {
        bar.set_length(checkpoint.size);
        bar.set_message(format!("reading `{}`", checkpoint.origin));
    }
    bar.set_position(entries);
    if entries == checkpoint.size {
        bar.set_message("judging");
    }
}

/// Shows how much was read of a source, of how much where that is known.
pub(super) fn reading(size: Option<u64>) -> ProgressBar {
    let before = bytes_read();
    let done = move |_: &ProgressState, out: &mut dyn Write| {
        let read = bytes_read().saturating_sub(before);
        let _ = write!(out, "{}", HumanBytes(read));
        let percent = size.and_then(|size| read.saturating_mul(100).checked_div(size));
        if let Some((size, percent)) = size.zip(percent) {
            let _ = write!(out, " of {} ({} %)", HumanBytes(size), percent.min(100));
        }
    };
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(TICK);
    match ProgressStyle::with_template("{spinner} reading {done}") {
        Ok(style) => bar.with_style(style.with_key("done", done)),
        Err(_) => bar,
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
