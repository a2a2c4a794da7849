//! Moments: UTC, to the microsecond, the same in Rust, in both databases and on the wire.

use std::{fmt, ops::Add, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// A moment in UTC, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Seconds of a day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The last moment that RFC 3339 can write: the end of the year 9999.
const LATEST: i64 = 253_402_300_799_999_999;
/// The first: the beginning of the year 0.
const EARLIEST: i64 = -62_167_219_200_000_000;

impl Timestamp {
    /// From microseconds since 1970, bounded to the years 0 to 9999.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(EARLIEST, LATEST))
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The time from `earlier` until this moment; nothing if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// As the `time` crate's value, for calendars and drivers.
    pub fn to_datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).expect("bounded by the constructor")
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        let micros = moment.unix_timestamp_nanos().div_euclid(1_000);
        Self::from_micros(i64::try_from(micros).unwrap_or(LATEST))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(i64::try_from(length.as_micros()).unwrap_or(LATEST)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with six decimals, so that texts sort as the moments do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
        f.write_str(&self.to_datetime().format(&layout).map_err(|_| fmt::Error)?)
    }
}

/// A text that is not an RFC 3339 moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 time, for example 2026-01-31T09:30:00Z")]
pub struct NotATime;

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OffsetDateTime::parse(text, &Rfc3339).map(Self::from).map_err(|_| NotATime)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc_3339_in_utc() {
        let noon: Timestamp = "2026-01-03T20:25:53.41588+07:00".parse().expect("valid");
        assert_eq!(noon.to_string(), "2026-01-03T13:25:53.415880Z");
        assert_eq!("yesterday".parse::<Timestamp>(), Err(NotATime));
    }

    #[test]
    fn no_moment_is_too_far_to_be_written() {
        for micros in [i64::MIN, i64::MAX, 0, -1] {
            assert!(Timestamp::from_micros(micros).to_string().ends_with('Z'));
        }
        assert!((Timestamp::from_micros(0) + Duration::MAX).to_string().starts_with("9999-"));
    }

    #[test]
    fn an_interval_is_never_negative() {
        let (early, late) = (Timestamp::from_micros(1), Timestamp::from_micros(5));
        assert_eq!(late.since(early), Duration::from_micros(4));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}
