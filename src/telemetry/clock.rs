//! Times as other programs write them, made instants.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::AmbiguousOffset;
use jiff::tz::TimeZone;

use crate::time::UnixSeconds;

/// Zones change their offset on a quarter of an hour, so that all local times within one
/// are of the same kind.
const QUARTER: i64 = 900;

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
    /// What was found for quarters of an hour of local time.
    known: RefCell<BTreeMap<i64, Option<i64>>>,
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
        let local = parse_naive(naive).ok_or(ClockFault::NotTime)?;
        if rest.is_empty() {
            return self.local(local);
        }
        let offset = parse_offset(rest).ok_or(ClockFault::NotTime)?;
        instant(local, offset)
    }

    /// Finds the instant of a local time, given as seconds as if it were UTC.
    fn local(&self, local: i64) -> Result<UnixSeconds, ClockFault> {
        let zone = self.zone.as_ref().ok_or(ClockFault::NoZone)?;
        let quarter = local.div_euclid(QUARTER);
        let known = self.known.borrow().get(&quarter).copied();
        let offset = if let Some(offset) = known {
            offset
        } else {
            let offset = self.offset(zone, local);
            self.known.borrow_mut().insert(quarter, offset);
            offset
        };
        instant(local, offset.ok_or(ClockFault::Ambiguous)?)
    }

    /// The offset of a local time in seconds; `None` if it is to be refused.
    fn offset(&self, zone: &TimeZone, local: i64) -> Option<i64> {
        let civil = TimeZone::UTC.to_datetime(Timestamp::from_second(local).ok()?);
        let (before, after) = match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => return Some(i64::from(offset.seconds())),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                (before.seconds(), after.seconds())
            }
        };
        // The larger offset gives the earlier instant.
        match self.ambiguous {
            Ambiguous::Earlier => Some(i64::from(before.max(after))),
            Ambiguous::Later => Some(i64::from(before.min(after))),
            Ambiguous::Refuse => None,
        }
    }
}

fn instant(local: i64, offset: i64) -> Result<UnixSeconds, ClockFault> {
    local
        .checked_sub(offset)
        .and_then(|seconds| u64::try_from(seconds).ok())
        .and_then(UnixSeconds::new)
        .ok_or(ClockFault::NotTime)
}

/// Parses 19 characters as if they were UTC.
fn parse_naive(text: &str) -> Option<i64> {
    let mut bytes: [u8; 20] = *b"0000-00-00T00:00:00Z";
    let source = text.as_bytes();
    bytes.get_mut(..19)?.copy_from_slice(source.get(..19)?);
    let separator = bytes.get_mut(10)?;
    if *separator == b' ' {
        *separator = b'T';
    }
    let instant: UnixSeconds = str::from_utf8(&bytes).ok()?.parse().ok()?;
    i64::try_from(instant.get()).ok()
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
    let digits = rest.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..)?.parse().ok()?;
    let seconds = hours
        .checked_mul(3600)?
        .checked_add(minutes.checked_mul(60)?)?;
    seconds.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

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
