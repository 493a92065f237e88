//! Does somebody say the same again and again? A constant load does; so does a series that
//! was copied (X18).

use rayon::prelude::*;

use crate::attestation::content::Corroboration;
use crate::attestation::figure::Class;
use crate::quantity::Interval;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::limits::Evidence;
use crate::verify::findings::Findings;
use crate::verify::history::Account;
use crate::verify::verdict::Finding;

/// So many periods in a row with the same figures are told.
const IN_A_ROW: u64 = 3;

/// Tells who said the same of several periods in a row, figures to the unit.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let window = evidence.window;
    let of_areas = evidence.covered.par_iter().map(|covered| {
        let mut row = Row::default();
        let reports = &covered.area.reports;
        let mut reports = reports.cursor(window.start(), window.end());
        while let Some(report) = reports.next() {
            let account = report.versions.first().map(|version| &version.account);
            row.next(report.period, account.map(figures).filter(varies));
        }
        row.tell(&format!("area {}", covered.name))
    });
    let of_areas: Vec<Option<Finding>> = of_areas.collect();
    findings.extend(of_areas.into_iter().flatten());
    for (who, statements) in evidence.others.statements() {
        let mut row = Row::default();
        for said in statements {
            let time = said.about.period;
            let within = time.intersection(window).is_some();
            row.next(time, within.then(|| stated(said)).filter(varies));
        }
        findings.extend(row.tell(who));
    }
}

/// The figures of one period, each with its class.
type Figures = Vec<(Class, Interval)>;

fn figures(account: &Account) -> Figures {
    let told = account.figures.iter();
    told.map(|told| (told.kind.key.class, told.value)).collect()
}

fn stated(said: &Corroboration) -> Figures {
    let figures = said.figures.iter();
    figures.map(|figure| (figure.class, figure.value)).collect()
}

/// Whether there is anything that chance could have made different: not where one class has
/// everything.
fn varies(figures: &Figures) -> bool {
    let used = figures.iter().filter(|(_, value)| *value != Interval::ZERO);
    used.count() > 1
}

/// The same figures, as often as they came.
#[derive(Default)]
struct Row {
    figures: Option<Figures>,
    first: Option<Period>,
    count: u64,
    longest: Option<(u64, Period)>,
}

impl Row {
    fn next(&mut self, period: Period, figures: Option<Figures>) {
        if figures.is_some() && figures == self.figures {
            self.count = self.count.saturating_add(1);
        } else {
            self.figures = figures;
            self.first = Some(period);
            self.count = 1;
        }
        if self.longest.is_none_or(|(longest, _)| self.count > longest) {
            self.longest = self.first.map(|first| (self.count, first));
        }
    }

    fn tell(self, who: &str) -> Option<Finding> {
        let longest = self.longest.filter(|(count, _)| *count >= IN_A_ROW);
        longest.map(|(count, first)| {
            Finding::new(
                Check::Repeated,
                format!(
                    "{who}: {count} periods in a row, from {first} on, have the same figures to the unit, as a constant load would, or a copy"
                ),
            )
        })
    }
}
