//! Which streams a verdict rests on, so that whoever is handed it can ask for the same.
//!
//! Specified in `specs/conclusion.md`, section "Inputs".

use crate::attestation::IssuerId;
use crate::claim::Pledge;
use crate::claim::Terms;
use crate::verify::claim::Court;
use crate::verify::history::History;
use crate::verify::verdict::UsedStream;

/// Returns every stream of everybody whose statements can change a verdict on `pledge`:
/// the issuer, the affiliates that the pledge covers, and whoever is trusted to measure one
/// of them. All of their streams: a fork in one that is not covered counts as well.
pub(super) fn streams(court: &Court<'_>, history: &History, pledge: &Pledge) -> Vec<UsedStream> {
    let mut ids: Vec<IssuerId> = pledge.perimeter.affiliates.clone();
    ids.push(history.id);
    match &pledge.terms {
        // Whoever is party to the pact, and whoever's runs others may be made from.
        Terms::Conditional(pact) => ids.extend(&pact.parties),
        Terms::RunCap { .. } => ids.extend(court.histories.iter().map(|one| one.id)),
        _ => {}
    }
    let corroborators = court.trust.corroborators.iter();
    let corroborators = corroborators.filter(|one| ids.contains(&one.measures));
    let measuring: Vec<IssuerId> = corroborators.map(|one| one.id).collect();
    ids.extend(measuring);
    let mut used: Vec<UsedStream> = court
        .recorded()
        .map(|(history, _)| history)
        .filter(|one| ids.contains(&one.id))
        .flat_map(of_history)
        .collect();
    used.sort_by_key(|one| (one.issuer, one.stream, one.first));
    used
}

fn of_history(history: &History) -> impl Iterator<Item = UsedStream> {
    history.streams.iter().flat_map(|(stream, read)| {
        read.ids.runs().filter_map(|(first, last)| {
            Some(UsedStream {
                issuer: history.id,
                stream: *stream,
                first,
                last,
                statement: read.ids.get(last)?,
            })
        })
    })
}
