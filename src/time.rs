//! Instants, periods and cadences, in whole seconds of UTC. Nothing here reads a clock.
//!
//! Specified in `specs/attestation.md`, sections "Values" and "Streams".

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// Seconds in a day; UTC as Unix time counts it has no leap seconds.
pub const DAY: u64 = 86_400;

/// An instant: whole seconds since 1970-01-01T00:00:00Z, up to the end of year 9999.
///
/// Printed and parsed as `YYYY-MM-DDTHH:MM:SSZ`, the only spelling there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct UnixSeconds(u64);

impl From<UnixSeconds> for u64 {
    fn from(instant: UnixSeconds) -> Self {
        instant.0
    }
}

impl TryFrom<u64> for UnixSeconds {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        Self::new(seconds).ok_or("an instant beyond the year 9999")
    }
}

impl UnixSeconds {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// 9999-12-31T23:59:59Z, the last instant that four digits of year can spell.
    pub const MAX: Self = Self(253_402_300_799);

    /// Returns the instant `seconds` after the epoch, or `None` beyond [`Self::MAX`].
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds <= Self::MAX.0 {
            Some(Self(seconds))
        } else {
            None
        }
    }

    /// Returns the seconds since the epoch.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the instant `seconds` later, or `None` beyond [`Self::MAX`].
    pub fn plus(self, seconds: u64) -> Option<Self> {
        self.0.checked_add(seconds).and_then(Self::new)
    }

    /// Returns the seconds from `earlier` to here, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the first instant of the following month if this is the first of one.
    pub fn next_month(self) -> Option<Self> {
        let (year, month, day) = civil_from_days(self.0 / DAY);
        if day != 1 || !self.0.is_multiple_of(DAY) {
            return None;
        }
        let (year, month) = if month == 12 {
            (year.checked_add(1)?, 1)
        } else {
            (year, month.checked_add(1)?)
        };
        days_from_civil(year, month, 1)
            .checked_mul(DAY)
            .and_then(Self::new)
    }

    /// Whether this is the first instant of a UTC month.
    pub fn starts_month(self) -> bool {
        self.0.is_multiple_of(DAY) && civil_from_days(self.0 / DAY).2 == 1
    }

    /// Returns the first instant of the UTC month that holds this one.
    #[must_use]
    pub fn month_start(self) -> Self {
        let (year, month, _) = civil_from_days(self.0 / DAY);
        Self(days_from_civil(year, month, 1).saturating_mul(DAY))
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / DAY);
        let second = self.0 % DAY;
        let parts = [
            year / 100,
            year % 100,
            month,
            day,
            second / 3600,
            second / 60 % 60,
            second % 60,
        ];
        // Digits are put into a pattern: a ledger has hundreds of thousands of instants.
        let mut text = *b"0000-00-00T00:00:00Z";
        for (at, part) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(parts) {
            let digits = [part / 10, part % 10].map(|digit| u8::try_from(digit).unwrap_or(0));
            for (to, digit) in text.iter_mut().skip(at).zip(digits) {
                *to = to.saturating_add(digit);
            }
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for UnixSeconds {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse_instant(text).ok_or_else(|| TimeError::Instant {
            found: text.to_owned(),
        })
    }
}

/// A span of time that is never empty: it holds `start` and stops short of `end`.
///
/// Half-open, so that consecutive periods tile a line and share no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(
    try_from = "(UnixSeconds, UnixSeconds)",
    into = "(UnixSeconds, UnixSeconds)"
)]
pub struct Period {
    start: UnixSeconds,
    end: UnixSeconds,
}

impl From<Period> for (UnixSeconds, UnixSeconds) {
    fn from(period: Period) -> Self {
        (period.start, period.end)
    }
}

impl TryFrom<(UnixSeconds, UnixSeconds)> for Period {
    type Error = &'static str;

    fn try_from((start, end): (UnixSeconds, UnixSeconds)) -> Result<Self, Self::Error> {
        Self::new(start, end).ok_or("a period that ends no later than it begins")
    }
}

impl Period {
    /// Returns the period from `start` up to `end`, or `None` if it would be empty.
    pub fn new(start: UnixSeconds, end: UnixSeconds) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// Returns the first instant inside.
    pub const fn start(self) -> UnixSeconds {
        self.start
    }

    /// Returns the first instant after.
    pub const fn end(self) -> UnixSeconds {
        self.end
    }

    /// Returns the length in seconds.
    pub const fn seconds(self) -> u64 {
        self.end.since(self.start)
    }

    /// Whether `instant` lies inside.
    pub fn contains(self, instant: UnixSeconds) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whether all of `other` lies inside.
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the part that both share, if any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// Returns its last `seconds`, if it is as long.
    pub fn last(self, seconds: u64) -> Option<Self> {
        let start = self.end.get().checked_sub(seconds)?;
        let start = UnixSeconds::new(start).filter(|start| *start >= self.start)?;
        Self::new(start, self.end)
    }

    /// Returns the shortest period that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

/// How a stream cuts time into periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Cadence {
    /// UTC calendar months; the first instant is then the first of a month.
    Month,
    /// This many seconds each.
    Seconds(NonZeroU64),
}

impl Cadence {
    /// Returns the period that begins at `start`, or `None` if none can: past the end
    /// of time, or a month that does not begin on its first.
    pub fn period_from(self, start: UnixSeconds) -> Option<Period> {
        let end = match self {
            Self::Month => start.next_month()?,
            Self::Seconds(seconds) => start.plus(seconds.get())?,
        };
        Period::new(start, end)
    }

    /// Returns the seconds of its longest period.
    pub const fn longest(self) -> u64 {
        match self {
            Self::Month => 31 * DAY,
            Self::Seconds(seconds) => seconds.get(),
        }
    }

    /// Returns the periods of a range, counted from its start; `None` if they are not whole.
    pub fn periods_of(self, range: Period) -> Option<Vec<Period>> {
        let mut periods = Vec::new();
        let mut start = range.start();
        while start < range.end() {
            let period = self.period_from(start).filter(|one| range.covers(*one))?;
            start = period.end();
            periods.push(period);
        }
        Some(periods)
    }

    /// Returns the period that holds `instant`, counting from `first`; `None` if
    /// `instant` lies before `first`, or as [`Self::period_from`].
    pub fn period_at(self, first: UnixSeconds, instant: UnixSeconds) -> Option<Period> {
        let offset = instant.get().checked_sub(first.get())?;
        let start = match self {
            Self::Month => instant.month_start(),
            Self::Seconds(seconds) => {
                first.plus(offset.checked_sub(offset.checked_rem(seconds.get())?)?)?
            }
        };
        self.period_from(start)
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month => f.write_str("month"),
            Self::Seconds(seconds) => write!(f, "{seconds}"),
        }
    }
}

impl FromStr for Cadence {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if text == "month" {
            return Ok(Self::Month);
        }
        let canonical = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|_| canonical)
            .map(Self::Seconds)
            .ok_or_else(|| TimeError::Cadence {
                found: text.to_owned(),
            })
    }
}

/// Why a text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Neither a positive number of seconds nor `month`.
    #[error("`{found}` is neither a positive number of seconds nor `month`")]
    Cadence {
        /// The text.
        found: String,
    },
    /// Not `YYYY-MM-DDTHH:MM:SSZ`, or no such instant.
    #[error("`{found}` is not an instant written as `YYYY-MM-DDTHH:MM:SSZ`")]
    Instant {
        /// The text.
        found: String,
    },
}

fn parse_instant(text: &str) -> Option<UnixSeconds> {
    let (date, [b'T', time @ .., b'Z']) = text.as_bytes().split_first_chunk()? else {
        return None;
    };
    let time = parse_time_of_day(time.try_into().ok()?)?;
    UnixSeconds::new(parse_date(*date)?.checked_add(time)?)
}

/// Parses `YYYY-MM-DD`, as the seconds up to its midnight, as if it were UTC.
pub(crate) fn parse_date(text: [u8; 10]) -> Option<u64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let (year, month) = (decimal([y1, y2, y3, y4])?, decimal([m1, m2])?);
    let day = decimal([d1, d2])?;
    let is_month = year >= 1970 && (1..=12).contains(&month);
    if !is_month || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    days_from_civil(year, month, day).checked_mul(DAY)
}

/// Parses `HH:MM:SS`, as seconds.
pub(crate) fn parse_time_of_day(text: [u8; 8]) -> Option<u64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else {
        return None;
    };
    let (hour, minute) = (decimal([h1, h2])?, decimal([m1, m2])?);
    let second = decimal([s1, s2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    minutes.checked_mul(60)?.checked_add(second)
}

/// Reads digits, few enough for any to be in range.
fn decimal<const N: usize>(digits: [u8; N]) -> Option<u64> {
    digits.into_iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Days of a month from 1 to 12.
const fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, 1970 to 9999,
/// counting years from March so that the leap day comes last.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the year is 1970 to 9999 and the month 1 to 12"
)]
const fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: (year, month, day).
#[expect(
    clippy::arithmetic_side_effects,
    reason = "days are at most those of year 9999"
)]
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixSeconds {
        text.parse().unwrap()
    }

    #[test]
    fn instants_round_trip() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-24T11:38:41Z", 1_795_520_321),
            ("9999-12-31T23:59:59Z", UnixSeconds::MAX.get()),
        ] {
            assert_eq!(at(text).get(), seconds, "{text}");
            assert_eq!(at(text).to_string(), text);
        }
    }

    #[test]
    fn days_of_every_week_round_trip() {
        for day in (0..=UnixSeconds::MAX.get() / DAY).step_by(7) {
            let instant = UnixSeconds(day * DAY);
            assert_eq!(at(&instant.to_string()), instant);
        }
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in [
            "",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00.0Z",
            "1969-12-31T23:59:59Z",
            "+026-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<UnixSeconds>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_tile_the_year() {
        let mut start = at("2027-12-01T00:00:00Z");
        let lengths: Vec<u64> = (0..4)
            .map(|_| {
                let period = Cadence::Month.period_from(start).unwrap();
                start = period.end();
                period.seconds() / DAY
            })
            .collect();
        assert_eq!(lengths, [31, 31, 29, 31]);
        assert!(
            Cadence::Month
                .period_from(at("2027-12-02T00:00:00Z"))
                .is_none()
        );
    }

    #[test]
    fn a_period_is_found_from_an_instant_inside_it() {
        let hourly: Cadence = "3600".parse().unwrap();
        let first = at("2026-01-01T00:30:00Z");
        let period = hourly.period_at(first, at("2026-01-01T02:29:59Z")).unwrap();
        assert_eq!(period.start(), at("2026-01-01T01:30:00Z"));
        assert_eq!(hourly.period_at(first, at("2026-01-01T00:29:59Z")), None);
    }
}
