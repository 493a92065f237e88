//! Does somebody say the same again and again? A constant load does; so does a series that
//! was copied (X18).

use crate::attestation::content::Corroboration;
use crate::attestation::figure::Class;
use crate::quantity::Interval;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::Covered;
use crate::verify::claim::limits::Evidence;
use crate::verify::findings::Findings;
use crate::verify::history::Account;
use crate::verify::history::Report;
use crate::verify::verdict::Finding;

/// So many periods in a row with the same figures are told.
const IN_A_ROW: u64 = 3;

/// Tells who of those that measure said the same of several periods in a row, figures to the
/// unit.
pub(super) fn check(evidence: &Evidence<'_>, findings: &mut Findings) {
    let window = evidence.window;
    for (who, statements) in evidence.others.statements() {
        let mut row = Row::default();
        for said in statements {
            let time = said.about.period;
            let within = time.intersection(window).map(|_| stated(said));
            row.next(time, within.into_iter().flatten());
        }
        findings.extend(row.tell(who));
    }
}

/// The figures of one period, each with its class.
type Figures = Vec<(Class, Interval)>;

fn figures(account: &Account) -> impl Iterator<Item = (Class, Interval)> {
    let told = account.figures.iter();
    told.map(|told| (told.kind.key.class, told.value))
}

fn stated(said: &Corroboration) -> impl Iterator<Item = (Class, Interval)> {
    let figures = said.figures.iter();
    figures.map(|figure| (figure.class, figure.value))
}

/// Whether there is anything that chance could have made different: not where one class has
/// everything.
fn varies(figures: &Figures) -> bool {
    let used = figures.iter().filter(|(_, value)| *value != Interval::ZERO);
    used.count() > 1
}

/// The same figures, as often as they came.
#[derive(Default)]
pub(super) struct Row {
    figures: Figures,
    /// The room for those of the next period.
    next: Figures,
    first: Option<Period>,
    count: u64,
    longest: Option<(u64, Period)>,
}

impl Row {
    /// Adds a report of an area.
    pub(super) fn add(&mut self, report: &Report) {
        let versions = report.versions.first().into_iter();
        let figures = versions.flat_map(|version| figures(&version.account));
        self.next(report.period, figures);
    }

    /// Says how often an area reported the same in a row.
    pub(super) fn tell_of(self, covered: &Covered<'_>) -> Option<Finding> {
        self.tell(&format!("area {}", covered.name))
    }

    fn next(&mut self, period: Period, figures: impl Iterator<Item = (Class, Interval)>) {
        self.next.clear();
        self.next.extend(figures);
        if varies(&self.next) && self.next == self.figures {
            self.count = self.count.saturating_add(1);
        } else {
            std::mem::swap(&mut self.figures, &mut self.next);
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
