//! An area's periods: how it cuts time, as its `area` statements say.
//!
//! Specified in `specs/attestation.md`, section "Areas". That a statement may say so, where
//! it stands, is for who follows the stream.

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::AreaChange;
use crate::attestation::content::AreaClose;
use crate::attestation::content::AreaOpen;
use crate::time::Cadence;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most changes of an area's periods that are applied: each is looked at for each
/// deadline (`specs/verdicts.md`, ver-14).
pub const MAX_CHANGES: usize = 1000;

/// How an area began, changed and ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Schedule {
    /// How it began.
    pub open: AreaOpen,
    /// Its changes, and where each stands.
    pub changes: Vec<(AreaChange, u64)>,
    /// How it ended, and where that stands.
    pub close: Option<(AreaClose, u64)>,
}

/// What an area has declared of its periods.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// From where they count.
    pub from: UnixSeconds,
    /// How long a period is, if that was stated.
    pub cadence: Option<Cadence>,
    /// How many seconds after a period's end its report is due.
    pub grace: u64,
}

impl Schedule {
    /// Starts as an area was opened.
    pub const fn new(open: AreaOpen) -> Self {
        Self {
            open,
            changes: Vec::new(),
            close: None,
        }
    }

    /// Applies a change that stands at `index`, where the next period to be published
    /// begins at `next`; or says why it cannot be.
    pub fn change(
        &mut self,
        change: &AreaChange,
        index: u64,
        next: UnixSeconds,
    ) -> Result<(), ChangeError> {
        self.check_change(change, next)?;
        self.changes.push((change.clone(), index));
        Ok(())
    }

    /// Says whether [`Self::change`] would apply it.
    pub fn check_change(&self, change: &AreaChange, next: UnixSeconds) -> Result<(), ChangeError> {
        if change.from < next || !self.is_edge(change.from) {
            return Err(ChangeError::Edge);
        }
        if self.changes.len() >= MAX_CHANGES {
            return Err(ChangeError::Many);
        }
        Ok(())
    }

    /// Returns the terms that hold at `start`.
    pub fn terms_at(&self, start: UnixSeconds) -> Terms {
        self.terms_without(self.changes.len(), start)
    }

    /// Returns the terms at `start` as they were before the change of that number, and all
    /// after it, were said.
    pub fn terms_without(&self, change: usize, start: UnixSeconds) -> Terms {
        let mut earlier = self.changes.iter().take(change).rev();
        match earlier.find(|(one, _)| one.from <= start) {
            Some((one, _)) => Terms {
                from: one.from,
                cadence: Some(one.cadence),
                grace: one.grace,
            },
            None => Terms {
                from: self.open.first,
                cadence: self.open.cadence,
                grace: self.open.grace,
            },
        }
    }

    /// Returns the period that begins at `start`, unless the area has ended or has no
    /// cadence.
    pub fn period_from(&self, start: UnixSeconds) -> Option<Period> {
        let period = self.terms_at(start).cadence?.period_from(start)?;
        let ended = self
            .close
            .as_ref()
            .is_some_and(|(close, _)| start >= close.end);
        (!ended).then_some(period)
    }

    /// Returns every period from the first that ends after `from` up to the last that
    /// begins before `until`.
    pub fn periods(&self, from: UnixSeconds, until: UnixSeconds) -> impl Iterator<Item = Period> {
        let mut start = self.skip_to(from);
        std::iter::from_fn(move || {
            let period = self.period_from(start).filter(|_| start < until)?;
            start = period.end();
            Some(period)
        })
        .filter(move |period| period.end() > from)
    }

    /// Whether a period of the area begins at an instant.
    pub fn is_edge(&self, instant: UnixSeconds) -> bool {
        self.skip_to(instant) == instant
    }

    /// Returns the start of the period that holds `instant`, or of the first.
    pub fn skip_to(&self, instant: UnixSeconds) -> UnixSeconds {
        let Terms { from, cadence, .. } = self.terms_at(instant);
        cadence
            .and_then(|cadence| cadence.period_at(from, instant))
            .map_or(from, Period::start)
    }
}

/// Why a change does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It does not begin with a period that may still change.
    #[error("which is no edge of a period not yet published")]
    Edge,
    /// There are too many.
    #[error("which is the change after {MAX_CHANGES} others")]
    Many,
}
