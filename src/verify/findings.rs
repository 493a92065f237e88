//! Findings as they are gathered: each check tells its first ones, and counts the rest.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::verify::checks::Check;
use crate::verify::verdict::Finding;

/// The most findings of one check that are told one by one: whoever writes entries can
/// make any number.
pub const MAX_TOLD: usize = 32;

/// Findings, in the order in which they were made.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Findings {
    told: Vec<Finding>,
    counts: BTreeMap<&'static str, usize>,
}

/// What a saved state holds of them: a check decides what its findings are about.
#[derive(Deserialize, Serialize)]
struct Kept {
    told: Vec<(Check, String)>,
    counts: Vec<(Check, usize)>,
}

impl From<Findings> for Kept {
    fn from(findings: Findings) -> Self {
        let named = |name: &str| Check::ALL.iter().copied().find(|one| one.name() == name);
        let told = findings.told.into_iter();
        let counts = findings.counts.into_iter();
        Self {
            told: told
                .filter_map(|one| Some((named(one.check)?, one.text)))
                .collect(),
            counts: counts
                .filter_map(|(check, count)| Some((named(check)?, count)))
                .collect(),
        }
    }
}

impl From<Kept> for Findings {
    fn from(kept: Kept) -> Self {
        let told = kept.told.into_iter();
        let counts = kept.counts.into_iter();
        Self {
            told: told
                .map(|(check, text)| Finding::new(check, text))
                .collect(),
            counts: counts.map(|(check, count)| (check.name(), count)).collect(),
        }
    }
}

impl Findings {
    /// Starts with none.
    pub const fn new() -> Self {
        Self {
            told: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Adds one, unless it was told already.
    pub fn push(&mut self, finding: Finding) {
        let of_check = self.counts.contains_key(finding.check);
        if of_check && self.told.contains(&finding) {
            return;
        }
        let count = self.counts.entry(finding.check).or_default();
        *count = count.saturating_add(1);
        if *count <= MAX_TOLD {
            self.told.push(finding);
        }
    }

    /// Adds others, and how often those that were only counted were found.
    pub fn merge(&mut self, other: Self) {
        let mut told: BTreeMap<&'static str, usize> = BTreeMap::new();
        for finding in other.told {
            let of_check = told.entry(finding.check).or_default();
            *of_check = of_check.saturating_add(1);
            self.push(finding);
        }
        for (check, count) in other.counts {
            let untold = count.saturating_sub(told.get(check).copied().unwrap_or_default());
            let known = self.counts.entry(check).or_default();
            *known = known.saturating_add(untold);
        }
    }

    /// Returns how many were made, those that are not told one by one included.
    pub fn count(&self) -> usize {
        self.counts
            .values()
            .fold(0, |sum, one| sum.saturating_add(*one))
    }

    /// Whether a check found something.
    pub fn has(&self, check: Check) -> bool {
        self.counts.contains_key(check.name())
    }

    /// Finds with `instead` what was found with `checks`, because the evidence that may
    /// answer it was not had whole: an accusation would say more than was shown.
    pub fn excuse(&mut self, checks: &[Check], instead: Check) {
        let excused = |one: &Finding| checks.iter().any(|check| check.name() == one.check);
        let told = std::mem::take(&mut self.told);
        let (excused, kept): (Vec<_>, Vec<_>) = told.into_iter().partition(excused);
        self.told = kept;
        for check in checks {
            self.counts.remove(check.name());
        }
        self.extend(
            excused
                .into_iter()
                .map(|one| Finding::new(instead, one.text)),
        );
    }

    /// Returns them, those that were only counted in one finding a check.
    pub fn told(&self) -> impl Iterator<Item = Finding> {
        let counted = self.counts.iter().filter(|(_, count)| **count > MAX_TOLD);
        let more = counted.filter_map(|(check, count)| {
            let like = self.told.iter().find(|one| one.check == *check)?;
            Some(Finding {
                text: format!("and {} more like it", count.saturating_sub(MAX_TOLD)),
                ..like.clone()
            })
        });
        self.told.iter().cloned().chain(more)
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        for finding in findings {
            self.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // spec: ver-14
    #[test]
    fn what_is_not_told_is_counted() {
        let mut findings = Findings::new();
        findings.push(Finding::new(Check::Root, "once"));
        findings.extend((0..MAX_TOLD + 5).map(|n| Finding::new(Check::Early, n.to_string())));
        let told: Vec<Finding> = findings.told().collect();
        assert_eq!(told.len(), MAX_TOLD + 2);
        let last = told.last().unwrap();
        assert_eq!(
            (last.check, last.text.as_str()),
            ("early", "and 5 more like it")
        );
        assert_eq!(last.calls_for, told[1].calls_for);
    }

    // spec: ver-14
    #[test]
    fn merging_is_the_same_as_finding_all_in_one_place() {
        let all = |range: std::ops::Range<usize>| {
            let mut findings = Findings::new();
            findings.extend(range.map(|n| Finding::new(Check::Early, (n % 90).to_string())));
            findings
        };
        let mut merged = all(0..50);
        merged.merge(all(50..90));
        merged.push(Finding::new(Check::Root, "once"));
        let mut one = all(0..90);
        one.push(Finding::new(Check::Root, "once"));
        assert!(merged.told().eq(one.told()));
        // What was told already is not told again.
        let told = all(0..3);
        let mut twice = told.clone();
        twice.merge(told.clone());
        assert!(twice.told().eq(told.told()));
    }
}
