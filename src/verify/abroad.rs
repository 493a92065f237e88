//! Those who measure, and publish in a log of their own.

use crate::time::UnixSeconds;
use crate::verify::history::History;
use crate::verify::reading::Read;
use crate::verify::trust::Corroborator;
use crate::verify::trust::Trust;
use crate::verify::trust::TrustedIssuer;
use crate::verify::verdict::Finding;
use crate::verify::witnessed::Times;

/// What somebody who measures says in another log than that of whom it measures.
pub(in crate::verify) struct Abroad<'c> {
    /// What it said.
    pub(in crate::verify) history: &'c History,
    /// When its statements were seen.
    pub(in crate::verify) times: Times,
    /// What is wrong with that log.
    pub(in crate::verify) findings: Vec<Finding>,
    /// How old its newest checkpoint is, if that is too old: what it shows, it shows all the
    /// same.
    pub(in crate::verify) stale: Option<String>,
}

impl<'c> Abroad<'c> {
    /// Finds what `who` says in a log that was read; `None` if it says nothing.
    ///
    /// Witnesses of the issuer's own root of trust do not count for that log either, nor do
    /// those of whoever speaks in it.
    pub(in crate::verify) fn of(
        who: &Corroborator,
        read: &'c Read,
        issuer: &TrustedIssuer,
        trust: &Trust,
        at: UnixSeconds,
    ) -> Option<Self> {
        let history = read.histories.iter().find(|one| one.id == who.id)?;
        let roots = [who.trust_root.as_str(), issuer.trust_root.as_str()];
        let times = Times::new(&read.seen, trust.quorum_apart(&roots, &read.key));
        let broken = read.findings.told().filter(|one| one.calls_for.is_some());
        Some(Self {
            history,
            findings: broken.collect(),
            stale: stale(&times, trust, at),
            times,
        })
    }
}

/// Says how old the newest checkpoint of a log is, if that is too old.
pub(in crate::verify) fn stale(times: &Times, trust: &Trust, at: UnixSeconds) -> Option<String> {
    let newest = times.newest()?;
    (at.since(newest) > trust.greatest_age).then(|| {
        format!(
            "a quorum saw the log last at {newest}, more than {} seconds before {at}",
            trust.greatest_age
        )
    })
}
