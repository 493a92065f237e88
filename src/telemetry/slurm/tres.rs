//! Trackable resources: how many devices of which type a job was given.

use std::collections::BTreeMap;

use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::telemetry::decimal::whole;

/// What a job was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Allocated {
    /// Devices by the scheduler's name of their type, which is empty where it has none:
    /// of slices and shares from none to one each.
    pub(super) devices: Vec<(String, Interval)>,
    /// What does not fit together.
    pub(super) warning: Option<String>,
    /// Generic resources that are not counted, by name.
    pub(super) uncounted: Vec<String>,
}

/// Parses `billing=1,cpu=1,gres/gpu:h100=4,gres/gpu=4,node=1`.
pub(super) fn parse(text: &str) -> Result<Allocated, String> {
    let mut counts = BTreeMap::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (name, count) = part
            .split_once('=')
            .ok_or_else(|| format!("has `{part}`, which is not `<name>=<count>`"))?;
        if let Some(resource) = name.strip_prefix("gres/") {
            let count = whole(count).map_err(|why| format!("has `{part}`, whose count {why}"))?;
            add(&mut counts, resource, count)?;
        }
    }
    Ok(allocated(&counts))
}

/// Adds a resource, of which each may stand there once.
pub(super) fn add(
    counts: &mut BTreeMap<String, u64>,
    name: &str,
    count: u64,
) -> Result<(), String> {
    match counts.insert(name.to_owned(), count) {
        None => Ok(()),
        Some(_) => Err(format!("has `gres/{name}` twice")),
    }
}

/// Puts together what is counted twice: `gpu` holds what every `gpu:<type>` holds.
pub(super) fn allocated(counts: &BTreeMap<String, u64>) -> Allocated {
    let mut allocated = Allocated::default();
    for resource in ["gpu", "shard", "mps"] {
        count(resource, counts, &mut allocated);
    }
    let known = |name: &str| matches!(name.split(':').next(), Some("gpu" | "shard" | "mps"));
    let uncounted = counts
        .iter()
        .filter(|(name, count)| **count > 0 && !known(name));
    allocated.uncounted = uncounted.map(|(name, _)| name.clone()).collect();
    allocated
}

fn count(resource: &str, counts: &BTreeMap<String, u64>, allocated: &mut Allocated) {
    let shared = resource != "gpu";
    let mut sum = 0_u64;
    for (name, count) in counts.iter().filter(|(_, count)| **count > 0) {
        let Some((_, kind)) = name.split_once(':').filter(|(of, _)| *of == resource) else {
            continue;
        };
        sum = sum.saturating_add(*count);
        let devices = if shared {
            share(*count)
        } else {
            devices(kind, *count)
        };
        allocated.devices.push((kind.to_owned(), devices));
    }
    let total = counts.get(resource).copied().unwrap_or(sum);
    let rest = total.saturating_sub(sum);
    if rest > 0 {
        let devices = if shared {
            share(rest)
        } else {
            Interval::exactly(Quantity::from(rest))
        };
        allocated.devices.push((String::new(), devices));
    }
    if sum > 0 && total != sum {
        allocated.warning = Some(format!(
            "`gres/{resource}` is {total}, but {sum} by type: the larger counts"
        ));
    }
}

fn devices(name: &str, count: u64) -> Interval {
    if is_slice(name) {
        share(count)
    } else {
        Interval::exactly(Quantity::from(count))
    }
}

/// What part of a device a slice is, is not known here: from nothing to all of it.
fn share(count: u64) -> Interval {
    Interval::new(Quantity::ZERO, Quantity::from(count)).unwrap_or(Interval::ZERO)
}

/// Whether a type is a slice of a device, such as `1g.10gb`, `a100_3g.20gb` or
/// `1c.2g.10gb`: a part between `_` and `.` that counts compute slices, then memory.
fn is_slice(name: &str) -> bool {
    let counts = |text: &str, unit: &str| {
        let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
        rest.len() < text.len() && rest.strip_prefix(unit).is_some()
    };
    let parts: Vec<&str> = name.split(['_', '.']).collect();
    parts.windows(2).any(|pair| match pair {
        [slices, memory] => slices.ends_with('g') && counts(slices, "g") && counts(memory, "gb"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> (Vec<(String, u128, u128)>, bool) {
        let allocated = parse(text).unwrap();
        let devices = allocated.devices.into_iter();
        let rows = devices.map(|(name, devices)| {
            let (lower, upper) = (devices.lower().get(), devices.upper().get());
            (name, lower, upper)
        });
        (rows.collect(), allocated.warning.is_some())
    }

    fn row(name: &str, lower: u128, upper: u128) -> (String, u128, u128) {
        (name.to_owned(), lower, upper)
    }

    #[test]
    fn typed_and_untyped_are_never_summed() {
        let text = "billing=1,cpu=1,gres/gpu:h100=4,gres/gpu=4,node=1";
        assert_eq!(counted(text), (vec![row("h100", 4, 4)], false));
        let mixed = "gres/gpu:a=2,gres/gpu:b=1,gres/gpu=3";
        assert_eq!(
            counted(mixed),
            (vec![row("a", 2, 2), row("b", 1, 1)], false)
        );
        assert_eq!(counted("gres/gpu:a=2"), (vec![row("a", 2, 2)], false));
        assert_eq!(counted("gres/gpu=4"), (vec![row("", 4, 4)], false));
        assert_eq!(counted("cpu=1,mem=0,node=1"), (vec![], false));
        assert_eq!(counted("gres/gpu:h100=0,gres/gpu=0"), (vec![], false));
    }

    #[test]
    fn where_typed_and_untyped_disagree_the_larger_counts_and_it_is_said() {
        assert_eq!(
            counted("gres/gpu:a=2,gres/gpu=3"),
            (vec![row("a", 2, 2), row("", 1, 1)], true)
        );
        assert_eq!(
            counted("gres/gpu:a=2,gres/gpu=1"),
            (vec![row("a", 2, 2)], true)
        );
    }

    #[test]
    fn a_slice_or_share_is_from_none_to_all_of_a_device() {
        for name in [
            "1g.10gb",
            "a100_3g.20gb",
            "nvidia_h100_1g.10gb+me",
            "1c.2g.10gb",
        ] {
            let text = format!("gres/gpu:{name}=3");
            assert_eq!(counted(&text), (vec![row(name, 0, 3)], false));
        }
        for name in [
            "h100",
            "a100-80gb",
            "rtx_a6000_48gb",
            "mi300x",
            "5g",
            "g.gb",
        ] {
            let text = format!("gres/gpu:{name}=3");
            assert_eq!(counted(&text), (vec![row(name, 3, 3)], false));
        }
        assert_eq!(counted("gres/shard=2"), (vec![row("", 0, 2)], false));
        assert_eq!(
            counted("gres/shard:h100=2,gres/shard=2"),
            (vec![row("h100", 0, 2)], false)
        );
        assert_eq!(counted("gres/mps=100"), (vec![row("", 0, 100)], false));
    }

    #[test]
    fn a_resource_that_is_not_counted_is_named() {
        let allocated = parse("cpu=4,gres/tpu=8,gres/nic=0").unwrap();
        assert_eq!(allocated.uncounted, ["tpu"]);
        assert!(allocated.devices.is_empty());
    }

    #[test]
    fn a_broken_or_repeated_count_is_refused() {
        for text in [
            "gres/gpu=-1",
            "gres/gpu=x",
            "gres/gpu",
            "gres/gpu=1.5",
            "gres/gpu=1,gres/gpu=1",
            "gres/gpu=18446744073709551616",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
