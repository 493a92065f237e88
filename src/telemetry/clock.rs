//! Times as other programs write them, made instants.

use std::cell::Cell;
use std::cell::RefCell;

use jiff::Timestamp;
use jiff::tz::AmbiguousOffset;
use jiff::tz::TimeZone;

use crate::collector::reading::Millis;
use crate::collector::reading::SECOND;
use crate::telemetry::SourceError;
use crate::telemetry::field_error;
use crate::time::UnixSeconds;
use crate::time::parse_date;
use crate::time::parse_time_of_day;

/// Decimals of a second that are read at most; beyond nanoseconds something is no time.
const MAX_DECIMALS: usize = 9;

/// No zone ever shifted by more than a day (Samoa skipped one in 2011): local times
/// further than this from a change are of one offset.
const LARGEST_SHIFT: i64 = 86_400;

/// What to do with a local time that its zone has twice, or skips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ambiguous {
    /// Take the earlier instant.
    Earlier,
    /// Take the later instant.
    Later,
    /// Refuse.
    #[default]
    Refuse,
}

/// How naive times are to be understood.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    zone: Option<TimeZone>,
    ambiguous: Ambiguous,
    /// Spans of local time that have one offset, as they were found.
    known: RefCell<Vec<Span>>,
    /// The date that was read last, and the seconds up to its midnight: most times are of the
    /// day of the time before.
    day: Cell<Option<([u8; 10], u64)>>,
}

/// Local seconds from `from` up to `to`, all of one offset.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    to: i64,
    offset: i64,
}

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClockFault {
    /// Its zone has it twice or not at all.
    Ambiguous,
    /// It has no zone, and none was given.
    NoZone,
    /// Not a time.
    NotTime,
}

impl ClockFault {
    /// Says so of the time in a field of a row.
    pub(super) fn at(self, row: u64, field: &str, text: &str) -> SourceError {
        match self {
            Self::Ambiguous => SourceError::LocalTime {
                count: 1,
                rows: format!("row {row} {field} `{text}`"),
            },
            Self::NoZone => field_error(row, field, text, "has no zone, and none was given"),
            Self::NotTime => field_error(row, field, text, "is not a time"),
        }
    }
}

/// No such zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database")]
pub struct ZoneError(String);

impl Clock {
    /// Understands naive times as of this zone of the IANA database.
    pub fn new(zone: Option<&str>, ambiguous: Ambiguous) -> Result<Self, ZoneError> {
        let zone = zone.map(|name| TimeZone::get(name).map_err(|_| ZoneError(name.to_owned())));
        Ok(Self {
            zone: zone.transpose()?,
            ambiguous,
            known: RefCell::default(),
            day: Cell::default(),
        })
    }

    /// Parses `YYYY-MM-DD HH:MM:SS`, with `T` or a blank, naive or with `Z` or an offset,
    /// or seconds since 1970.
    pub(super) fn instant(&self, text: &str) -> Result<UnixSeconds, ClockFault> {
        if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = text.parse().ok().and_then(UnixSeconds::new);
            return seconds.ok_or(ClockFault::NotTime);
        }
        let (Some(naive), Some(rest)) = (text.get(..19), text.get(19..)) else {
            return Err(ClockFault::NotTime);
        };
        let local = self.naive(naive).ok_or(ClockFault::NotTime)?;
        if rest.is_empty() {
            return self.local(local);
        }
        let offset = parse_offset(rest).ok_or(ClockFault::NotTime)?;
        instant(local, offset)
    }

    /// Parses what [`Self::instant`] does, with decimals of a second, and with `/` between
    /// the parts of the date. What lies below a millisecond is cut off.
    pub(super) fn millis(&self, text: &str) -> Result<Millis, ClockFault> {
        // Nearly all are whole seconds in the common form; what is not is no instant either.
        if let Ok(instant) = self.instant(text) {
            return Ok(Millis::from(instant));
        }
        if text.contains('/') {
            return self.millis(&text.replace('/', "-"));
        }
        let Some((before, rest)) = text.split_once('.') else {
            return self.instant(text).map(Millis::from);
        };
        let end = rest
            .find(|char: char| !char.is_ascii_digit())
            .unwrap_or(rest.len());
        let (decimals, zone) = rest.split_at(end);
        // Unix seconds have no zone behind them.
        let naive = before.contains(':');
        if decimals.is_empty() || decimals.len() > MAX_DECIMALS || (!naive && !zone.is_empty()) {
            return Err(ClockFault::NotTime);
        }
        let whole = if zone.is_empty() {
            self.instant(before)?
        } else {
            self.instant(&format!("{before}{zone}"))?
        };
        let part = decimals
            .bytes()
            .chain(*b"00")
            .take(3)
            .fold(0_u64, |part, digit| {
                let digit = u64::from(digit.wrapping_sub(b'0'));
                part.saturating_mul(10).saturating_add(digit)
            });
        let milliseconds = whole.get().checked_mul(SECOND);
        milliseconds
            .and_then(|whole| whole.checked_add(part))
            .and_then(Millis::new)
            .ok_or(ClockFault::NotTime)
    }

    /// Parses 19 characters as if they were UTC.
    fn naive(&self, text: &str) -> Option<i64> {
        let (date, [b'T' | b' ', time @ ..]) = text.as_bytes().split_first_chunk()? else {
            return None;
        };
        let midnight = match self.day.get() {
            Some((last, midnight)) if last == *date => midnight,
            _ => {
                let midnight = parse_date(*date)?;
                self.day.set(Some((*date, midnight)));
                midnight
            }
        };
        let time = parse_time_of_day(time.try_into().ok()?)?;
        i64::try_from(midnight.checked_add(time)?).ok()
    }

    /// Finds the instant of a local time, given as seconds as if it were UTC.
    fn local(&self, local: i64) -> Result<UnixSeconds, ClockFault> {
        let zone = self.zone.as_ref().ok_or(ClockFault::NoZone)?;
        let known = self.known.borrow();
        let span = known
            .iter()
            .find(|span| span.from <= local && local < span.to);
        if let Some(span) = span {
            return instant(local, span.offset);
        }
        drop(known);
        let timestamp = Timestamp::from_second(local).map_err(|_| ClockFault::NotTime)?;
        let civil = TimeZone::UTC.to_datetime(timestamp);
        let offset = match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                let offset = i64::from(offset.seconds());
                if let Some(span) = span_around(zone, local, offset) {
                    self.known.borrow_mut().push(span);
                }
                offset
            }
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                let (before, after) = (i64::from(before.seconds()), i64::from(after.seconds()));
                // The larger offset gives the earlier instant.
                match self.ambiguous {
                    Ambiguous::Earlier => before.max(after),
                    Ambiguous::Later => before.min(after),
                    Ambiguous::Refuse => return Err(ClockFault::Ambiguous),
                }
            }
        };
        instant(local, offset)
    }
}

/// Finds how far the offset of a local time reaches; `None` near a change, where every
/// time is looked up.
fn span_around(zone: &TimeZone, local: i64, offset: i64) -> Option<Span> {
    let timestamp = Timestamp::from_second(local.checked_sub(offset)?).ok()?;
    let before = zone.preceding(timestamp).next();
    let after = zone.following(timestamp).next();
    let at = |second: i64, margin: i64| second.checked_add(offset)?.checked_add(margin);
    let span = Span {
        from: match before {
            Some(change) => at(change.timestamp().as_second(), LARGEST_SHIFT)?,
            None => i64::MIN,
        },
        to: match after {
            Some(change) => at(change.timestamp().as_second(), LARGEST_SHIFT.checked_neg()?)?,
            None => i64::MAX,
        },
        offset,
    };
    (span.from <= local && local < span.to).then_some(span)
}

fn instant(local: i64, offset: i64) -> Result<UnixSeconds, ClockFault> {
    local
        .checked_sub(offset)
        .and_then(|seconds| u64::try_from(seconds).ok())
        .and_then(UnixSeconds::new)
        .ok_or(ClockFault::NotTime)
}

/// Parses `Z`, `+HH:MM`, `+HHMM` and their negatives, in seconds.
fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1_i64, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
    let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hours) || !two(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours
        .checked_mul(3600)?
        .checked_add(minutes.checked_mul(60)?)?;
    seconds.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_read_before_changes_nothing(
            texts in proptest::collection::vec(
                "20(25|26)-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
                0..9,
            ),
        ) {
            let used = paris(Ambiguous::Refuse);
            for text in texts {
                prop_assert_eq!(at(&used, &text), at(&paris(Ambiguous::Refuse), &text));
            }
        }
    }

    fn at(clock: &Clock, text: &str) -> Result<String, ClockFault> {
        clock.instant(text).map(|instant| instant.to_string())
    }

    fn paris(ambiguous: Ambiguous) -> Clock {
        Clock::new(Some("Europe/Paris"), ambiguous).unwrap()
    }

    #[test]
    fn a_naive_time_needs_a_zone() {
        let none = Clock::default();
        assert_eq!(at(&none, "2026-11-22T18:03:26"), Err(ClockFault::NoZone));
        assert_eq!(
            at(&none, "2026-11-22T18:03:26Z").unwrap(),
            "2026-11-22T18:03:26Z"
        );
        assert_eq!(
            at(&none, "2026-11-22T18:03:26+01:00").unwrap(),
            "2026-11-22T17:03:26Z"
        );
        assert_eq!(at(&none, "1795520321").unwrap(), "2026-11-24T11:38:41Z");
    }

    #[test]
    fn a_zone_is_applied_with_its_summer_time() {
        let clock = paris(Ambiguous::Refuse);
        assert_eq!(
            at(&clock, "2026-01-15 12:00:00").unwrap(),
            "2026-01-15T11:00:00Z"
        );
        assert_eq!(
            at(&clock, "2026-07-15 12:00:00").unwrap(),
            "2026-07-15T10:00:00Z"
        );
    }

    #[test]
    fn a_repeated_or_skipped_time_is_refused_unless_told_which() {
        // Clocks went back at 03:00 on 2026-10-25 and forward at 02:00 on 2026-03-29.
        for text in ["2026-10-25T02:30:00", "2026-03-29T02:30:00"] {
            assert_eq!(
                at(&paris(Ambiguous::Refuse), text),
                Err(ClockFault::Ambiguous)
            );
        }
        let repeated = "2026-10-25T02:30:00";
        assert_eq!(
            at(&paris(Ambiguous::Earlier), repeated).unwrap(),
            "2026-10-25T00:30:00Z"
        );
        assert_eq!(
            at(&paris(Ambiguous::Later), repeated).unwrap(),
            "2026-10-25T01:30:00Z"
        );
        let clear = "2026-10-25T03:00:00";
        assert_eq!(
            at(&paris(Ambiguous::Refuse), clear).unwrap(),
            "2026-10-25T02:00:00Z"
        );
    }

    #[test]
    fn decimals_of_a_second_are_read_to_the_millisecond() {
        let clock = paris(Ambiguous::Refuse);
        let millis = |text| clock.millis(text).map(Millis::get);
        for text in [
            "1795520321.5",
            "2026/11/24 12:38:41.500",
            "2026-11-24T11:38:41.500Z",
            "2026-11-24 12:38:41.5009",
            "2026-11-24T13:38:41.5+02:00",
        ] {
            assert_eq!(millis(text), Ok(1_795_520_321_500), "{text}");
        }
        assert_eq!(millis("1795520321"), Ok(1_795_520_321_000));
        for text in [
            "1795520321.",
            "1795520321.5Z",
            "2026-11-24T11:38:41.Z",
            "2026-11-24T11:38.5Z",
            "2026-11-24T11:38:41.0000000001Z",
            "1.5",
            ".5",
        ] {
            assert_eq!(millis(text), Err(ClockFault::NotTime), "{text}");
        }
        let repeated = "2026-10-25T02:30:00.5";
        assert_eq!(millis(repeated), Err(ClockFault::Ambiguous));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "Unknown",
            "None",
            "2026-13-01T00:00:00",
            "2026-01-01T00:00:00X",
        ] {
            assert_eq!(
                at(&paris(Ambiguous::Later), text),
                Err(ClockFault::NotTime),
                "{text}"
            );
        }
    }
}
