//! Do both sides of a transfer say the same? (formats: 7)

use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::perimeter::Covered;
use crate::verify::findings::Findings;
use crate::verify::history::TransferRecord;
use crate::verify::verdict::Finding;

/// Says which transfers of the areas between two areas of the logs in hand only one of them
/// tells of: of the same devices, at the same edge.
pub(super) fn check(court: &Court<'_>, covered: &[Covered<'_>], findings: &mut Findings) {
    for one in covered {
        let unmatched = one.area.transfers.iter().filter(|transfer| {
            let other = transfer.counterpart;
            other.is_some() && !matched(court, one, transfer)
        });
        for transfer in unmatched {
            let other = transfer.counterpart;
            let other = other.map_or_else(String::new, |other| {
                format!("area {} of {}", other.stream, other.issuer)
            });
            findings.push(Finding::new(
                Check::TransferUnmatched,
                format!(
                    "area {}: what it says of devices that moved {} at {} is not what {other} says, if it says anything",
                    one.name, transfer.direction, transfer.edge
                ),
            ));
        }
    }
}

fn matched(court: &Court<'_>, own: &Covered<'_>, transfer: &TransferRecord) -> bool {
    let Some(other) = transfer.counterpart else {
        return true;
    };
    let mut recorded = court.recorded();
    let found = recorded.find(|(history, read)| {
        // What is wrong with the log that is judged is told of everything in it.
        history.id == other.issuer && (read.key == court.issuer.log || read.is_sound())
    });
    let area = found.and_then(|(history, _)| history.areas.get(&other.stream));
    area.is_some_and(|area| {
        area.transfers.iter().any(|back| {
            let here = back.counterpart.is_some_and(|counterpart| {
                counterpart.issuer == own.history.id && counterpart.stream == own.stream
            });
            here && back.edge == transfer.edge
                && back.ledger == transfer.ledger
                && back.direction != transfer.direction
        })
    })
}
