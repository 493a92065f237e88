//! What a verdict does not show, whatever its word: the limits of the evidence at hand.
//!
//! Specified in `specs/verdicts.md`.

use crate::attestation::StreamId;
use crate::claim::Level;
use crate::claim::Pledge;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::claim::hardware;
use crate::verify::history::History;
use crate::verify::verdict::NEVER_SHOWN;

/// Returns a line for each thing that a verdict on `pledge` leaves open.
pub(super) fn all(
    court: &Court<'_>,
    history: &History,
    pledge: &Pledge,
    covered: &[Covered<'_>],
    (level, roots): (Level, &[String]),
    withdrawn: bool,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if level == Level::E0 && !court.seen_before {
        lines.push("a rewritten history is not excluded: no quorum saw all of it".to_owned());
    }
    lines.push(if roots.is_empty() {
        "independent evidence: these are the lab's own records, not independently checked"
            .to_owned()
    } else {
        format!(
            "what others could not see either: collusion of the lab with {}",
            roots.join(" and ")
        )
    });
    if hardware::is_heard(court, pledge, covered) {
        lines.push(
            "how much was computed, and how many other devices there are: attestation shows which firmware ran on which chip"
                .to_owned(),
        );
    }
    lines.extend(later_measurements(court, covered));
    lines.extend(parties(court, pledge));
    if court.clock.bundle {
        lines.extend(later_statements(history, covered));
    }
    if withdrawn {
        lines.push("the time after the pledge was withdrawn".to_owned());
    }
    lines.extend(NEVER_SHOWN.iter().map(|line| (*line).to_owned()));
    lines
}

/// Whom the auditor expects to hear of and this verdict does not speak of.
fn parties(court: &Court<'_>, pledge: &Pledge) -> Vec<String> {
    let affiliates = court.issuer.affiliates.iter();
    let left_out = affiliates.filter(|id| !pledge.perimeter.affiliates.contains(id));
    left_out
        .map(|id| format!("the affiliate {id}, which the pledge leaves out"))
        .collect()
}

/// What whoever measures may have said last, and the log did not take: where what it said
/// before covers the window, nothing misses it.
fn later_measurements(court: &Court<'_>, covered: &[Covered<'_>]) -> Vec<String> {
    let others = court.trust.corroborators.iter();
    let others = others.filter(|one| covered.iter().any(|own| own.history.id == one.measures));
    let last = others.filter_map(|one| {
        let (history, read) = court.recorded().find(|(history, _)| history.id == one.id)?;
        let (stream, sequence) = history.testimonies.keys().next_back()?;
        let place = if read.key == court.issuer.log {
            "here"
        } else {
            "in its log"
        };
        Some(format!(
            "what {} said after its last statement {place} (stream {stream}, sequence {sequence})",
            one.name
        ))
    });
    last.collect()
}

/// What a bundle cannot exclude: it ends somewhere, and proves no absence after that.
fn later_statements(history: &History, covered: &[Covered<'_>]) -> Vec<String> {
    let mut shown: Vec<&History> = covered.iter().map(|covered| covered.history).collect();
    shown.push(history);
    shown.sort_by_key(|history| history.id);
    shown.dedup_by_key(|history| history.id);
    let governance = shown.into_iter().map(|of| {
        let whose = if of.id == history.id {
            String::new()
        } else {
            format!(" of {}", of.id)
        };
        let last = of.streams.get(&StreamId::GOVERNANCE);
        let last = last.map_or(0, |stream| stream.next.saturating_sub(1));
        format!(
            "statements after the last one shown of stream 0 (sequence {last}){whose}: pledges, withdrawals, areas, keys"
        )
    });
    let areas = covered.iter().map(|covered| {
        format!(
            "statements after the last one shown of area {} ({}), or second ones",
            covered.name,
            covered.last()
        )
    });
    governance.chain(areas).collect()
}
