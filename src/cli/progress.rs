//! Progress on standard error, where somebody looks at it.

use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

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

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
