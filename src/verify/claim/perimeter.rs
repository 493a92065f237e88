//! Which areas a pledge covers.

use std::collections::BTreeSet;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::claim::AreaSelection;
use crate::claim::Pledge;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::findings::Findings;
use crate::verify::history::Area;
use crate::verify::history::History;
use crate::verify::history::PledgeRecord;
use crate::verify::verdict::Finding;

/// An area within the perimeter.
#[derive(Debug)]
pub(in crate::verify) struct Covered<'h> {
    /// Whose.
    pub(in crate::verify) history: &'h History,
    /// Which.
    pub(in crate::verify) stream: StreamId,
    /// The area.
    pub(in crate::verify) area: &'h Area,
    /// What to call it.
    pub(in crate::verify) name: String,
}

impl Covered<'_> {
    /// Whose area it is, and which of theirs: what tells it from all others.
    pub(super) const fn place(&self) -> (IssuerId, StreamId) {
        (self.history.id, self.stream)
    }

    /// Whether its issuer heeded witnesses when it pledged, or at any time since: who
    /// drops them later is still overdue.
    pub(in crate::verify) fn heeded_since(&self, record: &PledgeRecord) -> bool {
        let own = self.history.pledges.iter().any(|one| one.id == record.id);
        // Of an affiliate's pledges, the place tells nothing.
        let pledged = if own { record.sequence } else { 0 };
        let issuers = &self.history.issuers;
        let before = issuers.partition_point(|(sequence, _)| *sequence <= pledged);
        let since = issuers.get(before.saturating_sub(1)..).unwrap_or_default();
        since.iter().any(|(_, issuer)| issuer.witnesses.is_some())
    }

    /// Names the last statement held of the area.
    pub(super) fn last(&self) -> String {
        self.history.streams.get(&self.stream).map_or_else(
            || "no statement".to_owned(),
            |stream| format!("sequence {}", stream.next.saturating_sub(1)),
        )
    }
}

/// Returns the areas that a pledge covers, and says which are missing.
pub(super) fn areas<'h>(
    court: &Court<'h>,
    history: &'h History,
    pledge: &Pledge,
    findings: &mut Findings,
) -> Vec<Covered<'h>> {
    let mut covered = Vec::new();
    match &pledge.perimeter.areas {
        AreaSelection::All => all(history, &mut covered),
        AreaSelection::Listed(streams) => {
            for stream in streams {
                one(history, *stream, &mut covered, findings);
            }
        }
    }
    for id in &pledge.perimeter.affiliates {
        let known = court.histories.iter().find(|one| one.id == *id);
        match known.filter(|history| history.identity.is_some()) {
            Some(affiliate) => {
                // Its claims are its own; what rests on a broken history is not shown.
                let broken = affiliate.findings.told();
                findings.extend(
                    broken
                        .filter(|one| one.calls_for.is_some())
                        .map(|one| Finding::new(Check::Affiliate, format!("{id}: {}", one.text))),
                );
                all(affiliate, &mut covered);
            }
            None => findings.push(Finding::new(
                Check::Affiliate,
                format!("the affiliate {id} is not in the log, or not in the trust file"),
            )),
        }
    }
    for expected in &court.issuer.areas {
        if !history.areas.get(expected).is_some_and(Area::is_declared) {
            findings.push(Finding::new(
                Check::ExpectedArea,
                format!("the trust file expects area {expected}, which was not declared"),
            ));
        }
    }
    // Whoever is its own affiliate has each area once all the same.
    let mut places = BTreeSet::new();
    covered.retain(|covered: &Covered<'_>| places.insert(covered.place()));
    // An area that was opened for later is none of these, unless it is named.
    let named = |covered: &Covered<'_>| match &pledge.perimeter.areas {
        AreaSelection::Listed(streams) if covered.history.id == history.id => {
            streams.contains(&covered.stream)
        }
        _ => covered.history.id == history.id && court.issuer.areas.contains(&covered.stream),
    };
    let admits = |area: &Area| {
        let mut strays = area.strays.values();
        strays.any(|stray| stray.period.start() < pledge.window.end())
    };
    covered.retain(|covered| {
        let begins = covered.area.schedule.open.first < pledge.window.end();
        begins || named(covered) || admits(covered.area)
    });
    if covered.is_empty() {
        findings.push(Finding::new(Check::Perimeter, "no area is covered"));
    }
    for covered in &covered {
        if covered.area.schedule.open.first > pledge.window.start() {
            findings.push(Finding::new(
                Check::AreaBegins,
                format!(
                    "area {} accounts only from {} on",
                    covered.name, covered.area.schedule.open.first
                ),
            ));
        }
        if let Some((close, _)) = &covered.area.schedule.close
            && close.end < pledge.window.end()
        {
            findings.push(Finding::new(
                Check::AreaClosed,
                format!(
                    "area {} was closed at {}; where its devices went is not judged by this version",
                    covered.name, close.end
                ),
            ));
        }
        if let Some(stray) = covered.area.strays.values().next() {
            findings.push(Finding::new(
                Check::Stray,
                format!(
                    "area {}: the report of {} is of no period that was next",
                    covered.name, stray.period
                ),
            ));
        }
    }
    covered
}

/// Says which areas a pledge covers.
pub(super) fn describe(pledge: &Pledge, covered: &[Covered<'_>]) -> String {
    let names: Vec<&str> = covered
        .iter()
        .map(|covered| covered.name.as_str())
        .collect();
    let which = match &pledge.perimeter.areas {
        AreaSelection::All => "all areas",
        AreaSelection::Listed(_) => "listed areas",
    };
    if names.is_empty() {
        format!("{which}: none declared")
    } else {
        format!("{which}: {}", names.join(", "))
    }
}

fn all<'h>(history: &'h History, covered: &mut Vec<Covered<'h>>) {
    let own = history.areas.iter();
    covered.extend(
        own.filter(|(_, area)| area.accounts())
            .map(|(stream, area)| cover(history, *stream, area)),
    );
}

fn one<'h>(
    history: &'h History,
    stream: StreamId,
    covered: &mut Vec<Covered<'h>>,
    findings: &mut Findings,
) {
    let area = history.areas.get(&stream);
    covered.extend(area.map(|area| cover(history, stream, area)));
    if !area.is_some_and(Area::is_declared) {
        findings.push(Finding::new(
            Check::AreaMissing,
            format!("the pledge covers area {stream}, which was not declared"),
        ));
    }
}

fn cover<'h>(history: &'h History, stream: StreamId, area: &'h Area) -> Covered<'h> {
    Covered {
        history,
        stream,
        area,
        name: format!("{stream} \"{}\"", area.schedule.open.name.escape_default()),
    }
}
