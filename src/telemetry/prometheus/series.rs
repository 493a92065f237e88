//! The series of one device: copies, parts, and values that stand for nothing.

use crate::collector::reading::Sample;
use crate::telemetry::Sink;

/// What DCGM writes where it has no number: `DCGM_FP64_BLANK` and the 15 after it that say
/// why (`dcgm_structs.h`).
const BLANK_FP64: u64 = 140_737_488_355_328;

/// The same for integers, `DCGM_INT64_BLANK`: as a float, every one of them is 2^63.
const BLANK_INT64: &str = "9.223372036854776e+18";

/// A series with its labels read.
pub(super) struct Series {
    pub(super) model: Option<String>,
    /// Which part of the device it is of.
    pub(super) part: Option<String>,
    /// In order of time.
    pub(super) samples: Vec<Sample>,
}

/// Says why a value stands for nothing.
pub(super) fn blank(text: &str) -> Option<&'static str> {
    if ["NaN", "+Inf", "-Inf", "Inf"].contains(&text) {
        return Some("samples that are no number");
    }
    let reason = "values by which DCGM says that it has none";
    if text.eq_ignore_ascii_case(BLANK_INT64) {
        return Some(reason);
    }
    let whole = text.strip_suffix(".0").unwrap_or(text);
    match whole.parse::<u64>() {
        Ok(number) if number >> 4 == BLANK_FP64 >> 4 => Some(reason),
        Ok(number) if number >= 0x7fff_ffff_ffff_fff0 => Some(reason),
        _ => None,
    }
}

/// Makes one series of those of a device: where several were read at once, as by two
/// exporters or two servers, the one with the most samples stands, and the others fill
/// only where it has none. `parts` says that they are of parts of one device, of which
/// each repeats what is the device's.
pub(super) fn merge(mut series: Vec<Series>, parts: bool, sink: &mut dyn Sink) -> Vec<Sample> {
    // The most samples first; of as many, the first to begin.
    series.sort_by_key(|one| {
        let first = one.samples.first().map(|sample| sample.at);
        (
            std::cmp::Reverse(one.samples.len()),
            first,
            one.part.clone(),
        )
    });
    let mut series = series.into_iter();
    let Some(base) = series.next() else {
        return Vec::new();
    };
    let every = median(&base.samples);
    // Nearer than one interval to what is there, it tells nothing more.
    let near = every;
    let mut samples = base.samples;
    for other in series {
        let mut kept = Vec::new();
        for sample in other.samples {
            let at = samples.partition_point(|one| one.at < sample.at);
            let before = at.checked_sub(1).and_then(|at| samples.get(at));
            let after = samples.get(at);
            let beside = before.is_some_and(|one| sample.at.since(one.at) < near)
                || after.is_some_and(|one| one.at.since(sample.at) < near);
            if beside {
                // Each part of a device repeats what is the device's: no copy.
                if !parts {
                    sink.skip(
                        "samples of a device that another series read too",
                        sample.row,
                    );
                }
            } else {
                kept.push(sample);
            }
        }
        samples.extend(kept);
        samples.sort_by_key(|sample| sample.at);
    }
    samples
}

/// The median time between samples, in milliseconds.
fn median(samples: &[Sample]) -> u64 {
    let next = samples.iter().skip(1);
    let mut apart: Vec<u64> = samples
        .iter()
        .zip(next)
        .map(|(one, next)| next.at.since(one.at))
        .collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).copied().unwrap_or(0)
}
