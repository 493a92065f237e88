//! Do opened ledgers give the sums that were attested?

use crate::verify::checks::Check;
use crate::verify::claim::perimeter::Covered;
use crate::verify::evidence::OpenedLedger;
use crate::verify::findings::Findings;
use crate::verify::verdict::Finding;

/// Says which of the ledgers that the areas' reports name were opened, and which of those
/// give another count or other sums.
pub(super) fn check(ledgers: &[OpenedLedger], covered: &[Covered<'_>], findings: &mut Findings) {
    if ledgers.is_empty() {
        return;
    }
    let tallies = || covered.iter().map(|covered| &covered.area.ledgers);
    for covered in covered {
        for (period, place) in &covered.area.ledgers.differing {
            findings.push(Finding::new(
                Check::LedgerSum,
                format!(
                    "area {}: the ledger of {period} in `{place}` does not give the count or sums attested",
                    covered.name
                ),
            ));
        }
    }
    let (named, opened) = tallies().fold((0_u64, 0_u64), |(named, opened), tally| {
        (
            named.saturating_add(tally.named),
            opened.saturating_add(tally.opened),
        )
    });
    findings.push(Finding::new(
        Check::Ledgers,
        format!("{opened} of {named} ledgers were opened"),
    ));
}
