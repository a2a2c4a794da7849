//! Days and times as they are printed on tickets: of a place, without an offset.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset, macros::format_description, macros::offset};

use crate::time::Timestamp;

/// Asia/Jakarta, which has had one offset since 1964: where bills and cut-offs are counted.
pub const JAKARTA: UtcOffset = offset!(+7);

/// A text that is neither a day nor a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a day like 2027-03-01, or a local time like 2027-03-01T08:00:00")]
pub struct NotACalendarDay;

/// A day of a calendar, wherever that is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day that it is in Jakarta at that moment.
    pub fn in_jakarta(at: Timestamp) -> Self {
        Self(at.to_datetime().to_offset(JAKARTA).date())
    }

    /// The moment at which this day ends in Jakarta.
    pub fn end_in_jakarta(self) -> Timestamp {
        let next = self.0.next_day().unwrap_or(Date::MAX);
        PrimitiveDateTime::new(next, time::Time::MIDNIGHT).assume_offset(JAKARTA).into()
    }

    /// As the `time` crate's value.
    pub fn date(self) -> Date {
        self.0
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = format_description!("[year]-[month]-[day]");
        f.write_str(&self.0.format(&layout).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Day {
    type Err = NotACalendarDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let layout = format_description!("[year]-[month]-[day]");
        Date::parse(text, &layout).map(Self).map_err(|_| NotACalendarDay)
    }
}

/// A wall clock's time at some place. The place's time zone says which moment that is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(PrimitiveDateTime);

impl LocalTime {
    /// The day part.
    pub fn day(self) -> Day {
        Day(self.0.date())
    }

    /// The moment, at a place with that offset.
    pub fn at(self, offset: UtcOffset) -> Timestamp {
        self.0.assume_offset(offset).into()
    }

    /// What a clock at that offset shows.
    pub fn of(moment: Timestamp, offset: UtcOffset) -> Self {
        let there: OffsetDateTime = moment.to_datetime().to_offset(offset);
        Self(PrimitiveDateTime::new(there.date(), there.time()))
    }

    /// That much later on the same clock.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.try_into().unwrap_or(time::Duration::MAX)))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        f.write_str(&self.0.format(&layout).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for LocalTime {
    type Err = NotACalendarDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let layout = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        PrimitiveDateTime::parse(text, &layout).map(Self).map_err(|_| NotACalendarDay)
    }
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text! { Day LocalTime }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_jakarta_ends_at_five_in_the_afternoon_utc() {
        let before: Timestamp = "2026-01-05T16:59:59.999999Z".parse().expect("a time");
        let after: Timestamp = "2026-01-05T17:00:00Z".parse().expect("a time");
        assert_eq!(Day::in_jakarta(before).to_string(), "2026-01-05");
        assert_eq!(Day::in_jakarta(after).to_string(), "2026-01-06");
        assert_eq!(Day::in_jakarta(before).end_in_jakarta(), after);
    }

    #[test]
    fn a_local_time_has_no_offset_and_gets_none() {
        assert_eq!(
            "2027-03-01T08:00:00".parse::<LocalTime>().map(|time| time.to_string()),
            Ok("2027-03-01T08:00:00".into())
        );
        for text in ["2027-03-01T08:00:00Z", "2027-03-01T08:00:00+07:00", "2027-03-01", "08:00"] {
            assert_eq!(text.parse::<LocalTime>(), Err(NotACalendarDay), "{text}");
        }
        let local: LocalTime = "2027-03-01T08:00:00".parse().expect("local");
        assert_eq!(local.at(JAKARTA).to_string(), "2027-03-01T01:00:00.000000Z");
        assert_eq!(LocalTime::of(local.at(JAKARTA), JAKARTA), local);
    }
}
