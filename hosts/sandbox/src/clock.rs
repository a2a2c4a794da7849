//! Virtual time. Everything in the sandbox that is due, expires or is retried reads this clock and no other.
//!
//! A clock that stands still makes a test exact: a day passes when the test says so. A scaled clock makes a
//! demonstration short. All of them can be pushed forward.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use time::{
    OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description, macros::offset,
};

/// Western Indonesian time, which has no summer time.
const WIB: UtcOffset = offset!(+7);

/// A point in virtual time: milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The moment that many milliseconds after 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after the other moment this one is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Next day's 16:00 in Jakarta, when the banks settle cards.
    #[must_use]
    pub fn next_settlement(self) -> Self {
        const DAY: i64 = 86_400_000;
        const JAKARTA: i64 = 7 * 3_600_000;
        let local_midnight = (self.0 + JAKARTA).div_euclid(DAY) * DAY;
        Self(local_midnight + DAY + 16 * 3_600_000 - JAKARTA)
    }

    /// As Midtrans writes it: `2026-01-05 10:00:03`, Jakarta time, without a zone.
    pub fn wib(self) -> String {
        let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.date_time().to_offset(WIB).format(&form).unwrap_or_default()
    }

    /// As Xendit writes it: `2026-01-05T03:00:00.123Z`.
    pub fn utc(self) -> String {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        self.date_time().format(&form).unwrap_or_default()
    }

    /// As mail writes it: `Mon, 05 Jan 2026 03:00:00 +0000`.
    pub fn rfc2822(self) -> String {
        self.date_time().format(&time::format_description::well_known::Rfc2822).unwrap_or_default()
    }

    /// Reads an RFC 3339 time.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(OffsetDateTime::parse(text, &Rfc3339).ok()?)
    }

    /// Reads `2026-01-05 10:00:00 +0700`, the form in which Midtrans is told a time.
    pub fn parse_spaced(text: &str) -> Option<Self> {
        let form = format_description!(
            "[year]-[month]-[day] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
        );
        Self::of(OffsetDateTime::parse(text, &form).ok()?)
    }

    fn of(time: OffsetDateTime) -> Option<Self> {
        i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The machine's time.
    #[expect(clippy::disallowed_methods, reason = "the one place where virtual time starts from real time")]
    pub fn of_this_machine() -> Self {
        Self::of(OffsetDateTime::now_utc()).unwrap_or(Self(0))
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.utc())
    }
}

/// How fast virtual time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClockMode {
    /// As fast as real time.
    #[default]
    Real,
    /// Not at all, until it is told to.
    Manual,
    /// That many times as fast: 600 makes ten minutes one second.
    Scaled(u32),
}

impl FromStr for ClockMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "real" => Ok(Self::Real),
            None if text == "manual" => Ok(Self::Manual),
            Some(("scaled", factor)) => match factor.parse() {
                Ok(factor) if factor > 0 => Ok(Self::Scaled(factor)),
                _ => Err(format!("{factor:?} is no factor: write scaled:600 for 600 times as fast")),
            },
            _ => Err(format!("{text:?} is no clock: write real, manual or scaled:600")),
        }
    }
}

impl TryFrom<String> for ClockMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ClockMode> for String {
    fn from(mode: ClockMode) -> Self {
        mode.to_string()
    }
}

impl fmt::Display for ClockMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => formatter.write_str("real"),
            Self::Manual => formatter.write_str("manual"),
            Self::Scaled(factor) => write!(formatter, "scaled:{factor}"),
        }
    }
}

/// The clock itself: a virtual moment, pinned to the real instant at which it was set.
#[derive(Debug, Clone)]
pub struct Clock {
    mode: ClockMode,
    at: Moment,
    pinned: Instant,
}

impl Clock {
    /// A clock that shows that moment now.
    pub fn new(mode: ClockMode, at: Moment) -> Self {
        Self { mode, at, pinned: Instant::now() }
    }

    /// How fast it goes.
    pub fn mode(&self) -> ClockMode {
        self.mode
    }

    /// What it shows.
    pub fn now(&self) -> Moment {
        match self.mode {
            ClockMode::Manual => self.at,
            ClockMode::Real => self.at.plus(self.pinned.elapsed()),
            ClockMode::Scaled(factor) => self.at.plus(self.pinned.elapsed().saturating_mul(factor)),
        }
    }

    /// Puts it forward to that moment. It never goes back.
    pub fn forward_to(&mut self, moment: Moment) {
        if moment > self.now() {
            self.at = moment;
            self.pinned = Instant::now();
        }
    }

    /// How long one has to wait, in real time, until it shows that moment. `None`: it will not get there by itself.
    pub fn real_time_until(&self, moment: Moment) -> Option<Duration> {
        let span = moment.since(self.now());
        match self.mode {
            ClockMode::Manual => None,
            ClockMode::Real => Some(span),
            ClockMode::Scaled(factor) => Some(span / factor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Moment = Moment::from_millis(1_767_582_000_123);

    #[test]
    fn one_moment_has_three_spellings() {
        assert_eq!(AT.wib(), "2026-01-05 10:00:00");
        assert_eq!(AT.utc(), "2026-01-05T03:00:00.123Z");
        assert_eq!(Moment::parse("2026-01-05T10:00:00.123+07:00"), Some(AT));
        assert_eq!(Moment::parse_spaced("2026-01-05 10:00:00 +0700"), Some(Moment::from_millis(1_767_582_000_000)));
    }

    #[test]
    fn the_day_ends_at_midnight_in_jakarta() {
        let before = Moment::parse("2026-01-05T16:59:59Z").expect("a time");
        let after = Moment::parse("2026-01-05T17:00:00Z").expect("a time");
        assert_eq!(before.next_settlement().wib(), "2026-01-06 16:00:00");
        assert_eq!(after.next_settlement().wib(), "2026-01-07 16:00:00");
    }

    #[test]
    fn a_manual_clock_stands_still_and_never_goes_back() {
        let mut clock = Clock::new(ClockMode::Manual, AT);
        assert_eq!(clock.real_time_until(AT.plus(Duration::from_secs(1))), None);
        clock.forward_to(Moment::from_millis(5));
        assert_eq!(clock.now(), AT);
    }

    #[test]
    fn a_scaled_clock_makes_waiting_short() {
        let clock = Clock::new(ClockMode::Scaled(600), AT);
        let wait = clock.real_time_until(AT.plus(Duration::from_secs(600))).expect("it gets there");
        assert!(wait <= Duration::from_secs(1));
    }

    #[test]
    fn a_clock_that_nobody_knows_is_refused_with_the_cure() {
        assert_eq!("scaled:60".parse(), Ok(ClockMode::Scaled(60)));
        for wrong in ["scaled:0", "scaled:-1", "fast", "scaled", ""] {
            assert!(wrong.parse::<ClockMode>().is_err_and(|told| told.contains("scaled:600")), "{wrong}");
        }
    }
}
