//! Do opened ledgers give the sums that were attested?

use crate::verify::claim::perimeter::Covered;
use crate::verify::evidence::OpenedLedger;
use crate::verify::verdict::Axis;
use crate::verify::verdict::Finding;

/// Compares every opened ledger with the statement that names its root.
pub(super) fn check(
    ledgers: &[OpenedLedger],
    covered: &[Covered<'_>],
    findings: &mut Vec<Finding>,
) {
    if ledgers.is_empty() {
        return;
    }
    let (mut matched, mut named) = (0_u64, 0_u64);
    for covered in covered {
        for report in &covered.area.reports {
            for reference in report.versions.iter().flat_map(|version| &version.ledgers) {
                named = named.saturating_add(1);
                let Some(opened) = ledgers.iter().find(|one| one.root == reference.root) else {
                    continue;
                };
                matched = matched.saturating_add(1);
                if opened.count != reference.count || opened.sums != reference.sums {
                    findings.push(Finding::not_shown(
                        "ledger-sum",
                        format!(
                            "area {}: the ledger of {} in `{}` does not give the count or sums attested",
                            covered.name, report.period, opened.name
                        ),
                    ));
                }
            }
        }
    }
    findings.push(Finding::note(
        "ledgers",
        Axis::Correctness,
        format!("{matched} of {named} ledgers were opened"),
    ));
}
