//! Trackable resources: how many devices of which type a job was given.

use std::collections::BTreeMap;

use crate::quantity::Interval;
use crate::quantity::Quantity;

/// Devices of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allocation {
    /// The scheduler's name of the type; empty where it has none.
    pub(super) name: String,
    /// How many devices: of a slice or a share, from none to one each.
    pub(super) devices: Interval,
    /// What does not fit together.
    pub(super) warning: Option<String>,
}

/// Parses `billing=1,cpu=1,gres/gpu:h100=4,gres/gpu=4,node=1`.
pub(super) fn parse(text: &str) -> Result<Vec<Allocation>, String> {
    let mut counts = BTreeMap::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (name, count) = part
            .split_once('=')
            .ok_or_else(|| format!("has `{part}`, which is not `<name>=<count>`"))?;
        if let Some(resource) = name.strip_prefix("gres/") {
            let count = super::super::decimal::whole(count)
                .map_err(|why| format!("has `{part}`, whose count {why}"))?;
            counts.insert(resource.to_owned(), count);
        }
    }
    Ok(allocations(&counts))
}

/// Puts together what is counted twice: `gpu` holds what every `gpu:<type>` holds.
pub(super) fn allocations(counts: &BTreeMap<String, u64>) -> Vec<Allocation> {
    let typed: Vec<(&str, u64)> = counts
        .iter()
        .filter_map(|(name, count)| Some((name.strip_prefix("gpu:")?, *count)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let sum = typed
        .iter()
        .fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let total = counts.get("gpu").copied();
    let mut allocations: Vec<Allocation> = typed
        .into_iter()
        .map(|(name, count)| Allocation {
            name: name.to_owned(),
            devices: devices(name, count),
            warning: None,
        })
        .collect();
    let rest = total.unwrap_or(sum).saturating_sub(sum);
    if rest > 0 {
        allocations.push(Allocation {
            name: String::new(),
            devices: Interval::exactly(Quantity::from(rest)),
            warning: (sum > 0).then(|| format!("`gres/gpu` is {sum} by type, and {rest} more")),
        });
    } else if let Some(total) = total.filter(|total| *total < sum)
        && let Some(first) = allocations.first_mut()
    {
        first.warning = Some(format!(
            "`gres/gpu` is {total}, but {sum} by type, which is what counts"
        ));
    }
    if let Some(shards) = counts.get("shard").filter(|count| **count > 0) {
        allocations.push(Allocation {
            name: "shard".to_owned(),
            devices: share(*shards),
            warning: None,
        });
    }
    allocations
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

/// Whether a type is a slice of a device, such as `1g.10gb` or `a100_3g.20gb`.
fn is_slice(name: &str) -> bool {
    let profile = name.rsplit_once('_').map_or(name, |(_, profile)| profile);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    profile.split_once("g.").is_some_and(|(slices, memory)| {
        digits(slices) && memory.strip_suffix("gb").is_some_and(digits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> Vec<(String, u128, u128, bool)> {
        parse(text)
            .unwrap()
            .into_iter()
            .map(|one| {
                let (lower, upper) = (one.devices.lower().get(), one.devices.upper().get());
                (one.name, lower, upper, one.warning.is_some())
            })
            .collect()
    }

    fn row(name: &str, lower: u128, upper: u128, warned: bool) -> (String, u128, u128, bool) {
        (name.to_owned(), lower, upper, warned)
    }

    #[test]
    fn typed_and_untyped_are_never_summed() {
        let text = "billing=1,cpu=1,gres/gpu:h100=4,gres/gpu=4,node=1";
        assert_eq!(counted(text), [row("h100", 4, 4, false)]);
        assert_eq!(counted("gres/gpu=4"), [row("", 4, 4, false)]);
        assert_eq!(counted("cpu=1,mem=0,node=1"), []);
        assert_eq!(counted("gres/gpu:h100=0,gres/gpu=0"), []);
    }

    #[test]
    fn what_does_not_fit_together_is_said() {
        assert_eq!(
            counted("gres/gpu:a=2,gres/gpu=3"),
            [row("a", 2, 2, false), row("", 1, 1, true)]
        );
        assert_eq!(counted("gres/gpu:a=2,gres/gpu=1"), [row("a", 2, 2, true)]);
    }

    #[test]
    fn a_slice_is_from_none_to_all_of_a_device() {
        assert_eq!(counted("gres/gpu:1g.10gb=3"), [row("1g.10gb", 0, 3, false)]);
        assert_eq!(
            counted("gres/gpu:a100_3g.20gb=1"),
            [row("a100_3g.20gb", 0, 1, false)]
        );
        assert_eq!(counted("gres/shard=2"), [row("shard", 0, 2, false)]);
    }

    #[test]
    fn a_broken_count_is_refused() {
        for text in ["gres/gpu=-1", "gres/gpu=x", "gres/gpu", "gres/gpu=1.5"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
