//! Days: where one ends depends on where the business is.

use std::{fmt, str::FromStr};

use time::{Date, Duration, format_description::StaticFormatDescription, macros::format_description};

use crate::time::Timestamp;

const LAYOUT: StaticFormatDescription = format_description!("[year]-[month]-[day]");
/// The Julian day of 1 January 1970.
const EPOCH: i32 = 2_440_588;
const MICROS_OF_A_DAY: i64 = 86_400_000_000;
const MICROS_OF_A_MINUTE: i64 = 60_000_000;

/// How far the business's clock is ahead of UTC, in whole minutes. It has no summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayOffset(i16);

impl DayOffset {
    /// Jakarta: seven hours ahead of UTC.
    pub const WIB: Self = Self(7 * 60);
    /// No clock on earth is farther from UTC.
    const MOST: i16 = 14 * 60;

    /// # Errors
    /// [`NotAnOffset`] beyond 14 hours.
    pub fn from_minutes(minutes: i16) -> Result<Self, NotAnOffset> {
        if (-Self::MOST..=Self::MOST).contains(&minutes) { Ok(Self(minutes)) } else { Err(NotAnOffset) }
    }

    /// In minutes.
    pub const fn minutes(self) -> i16 {
        self.0
    }

    /// In microseconds.
    pub fn micros(self) -> i64 {
        i64::from(self.0) * MICROS_OF_A_MINUTE
    }
}

/// A text that is no offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an offset from UTC between -14:00 and +14:00, for example +07:00")]
pub struct NotAnOffset;

impl FromStr for DayOffset {
    type Err = NotAnOffset;

    fn from_str(text: &str) -> Result<Self, NotAnOffset> {
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(NotAnOffset),
        };
        let two_digits = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<i16>().ok()).flatten().ok_or(NotAnOffset)
        };
        let (hours, minutes) = rest.split_once(':').ok_or(NotAnOffset)?;
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
        if minutes > 59 {
            return Err(NotAnOffset);
        }
        Self::from_minutes(sign * (hours * 60 + minutes))
    }
}

impl fmt::Display for DayOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// A day of the business, as the number of days since 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day of that number.
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// Days since 1 January 1970.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The day in which a moment lies where the clock is so far ahead.
    pub fn of(moment: Timestamp, offset: DayOffset) -> Self {
        let days = moment.micros().saturating_add(offset.micros()).div_euclid(MICROS_OF_A_DAY);
        Self(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// The Monday of its week.
    pub fn week(self) -> Self {
        self.plus(-i32::from(self.date().weekday().number_days_from_monday()))
    }

    /// The first day of its month.
    pub fn month(self) -> Self {
        self.plus(1 - i32::from(self.date().day()))
    }

    /// So many days later.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// How many days lie between, both counted; less than one if `last` is earlier.
    pub fn days_until(self, last: Self) -> i64 {
        i64::from(last.0) - i64::from(self.0) + 1
    }

    fn date(self) -> Date {
        let nearest = if self.0 < 0 { Date::MIN } else { Date::MAX };
        Date::from_julian_day(self.0.saturating_add(EPOCH)).unwrap_or(nearest)
    }
}

/// A text that is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date, for example 2026-01-31")]
pub struct NotADay;

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let date = Date::parse(text, LAYOUT).map_err(|_| NotADay)?;
        let days: Duration = date - Date::from_julian_day(EPOCH).map_err(|_| NotADay)?;
        i32::try_from(days.whole_days()).map(Self).map_err(|_| NotADay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date().format(LAYOUT).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_day_in_jakarta_begins_at_17_utc() {
        let last = moment("2026-01-31T16:59:59.999999Z");
        assert_eq!(Day::of(last, DayOffset::WIB), day("2026-01-31"));
        assert_eq!(Day::of(moment("2026-01-31T17:00:00Z"), DayOffset::WIB), day("2026-02-01"));
        let behind: DayOffset = "-03:30".parse().expect("an offset");
        assert_eq!(Day::of(moment("2026-02-01T03:29:59Z"), behind), day("2026-01-31"));
        assert_eq!(Day::of(moment("1969-12-31T23:59:59Z"), "+00:00".parse().expect("an offset")), day("1969-12-31"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        // A Thursday, over a change of year.
        assert_eq!(day("2026-01-01").week(), day("2025-12-29"));
        assert_eq!(day("2025-12-29").week(), day("2025-12-29"));
        assert_eq!(day("2026-01-04").week(), day("2025-12-29"));
        assert_eq!(day("2026-01-05").week(), day("2026-01-05"));
        assert_eq!(day("2024-02-29").month(), day("2024-02-01"));
        assert_eq!(day("2024-02-29").plus(1), day("2024-03-01"));
        assert_eq!(day("2026-01-01").days_until(day("2026-12-31")), 365);
    }

    #[test]
    fn days_and_offsets_read_back_and_nothing_else_does() {
        for text in ["1970-01-01", "2026-11-21", "1969-07-20"] {
            assert_eq!(day(text).to_string(), text);
        }
        for text in ["", "2026-02-30", "2026-1-1", "21-11-2026", "2026-01-01T00:00:00Z"] {
            assert_eq!(text.parse::<Day>(), Err(NotADay), "{text:?}");
        }
        for text in ["+07:00", "-03:30", "+00:00", "+14:00"] {
            assert_eq!(text.parse::<DayOffset>().expect("an offset").to_string(), text);
        }
        for text in ["", "7", "07:00", "+7:00", "+07:60", "+14:01", "+0700", "+-1:00", "Z"] {
            assert_eq!(text.parse::<DayOffset>(), Err(NotAnOffset), "{text:?}");
        }
    }
}
