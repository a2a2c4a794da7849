//! What timetables need: local times without offsets, and choices that a date makes, the same each time.

use time::{OffsetDateTime, UtcOffset, macros::format_description};

use crate::clock::Moment;

/// A number that follows from a text and from nothing else.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One of `0..below` that follows from a text.
pub fn pick(text: &str, below: u64) -> i64 {
    i64::try_from((hash(text) >> 17) % below).unwrap_or(0)
}

/// A moment on the clock of a place that many hours east of Greenwich: `2027-03-01T08:00:00`.
pub fn local(moment: Moment, hours: i8) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let nanos = i128::from(moment.millis()) * 1_000_000;
    let utc = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let offset = UtcOffset::from_hms(hours, 0, 0).unwrap_or(UtcOffset::UTC);
    utc.to_offset(offset).format(&form).unwrap_or_default()
}

/// The moment at which a clock there shows that day and time.
pub fn moment(day: &str, time: &str, hours: i8) -> Option<Moment> {
    let sign = if hours < 0 { '-' } else { '+' };
    Moment::parse(&format!("{day}T{time}:00{sign}{:02}:00", hours.unsigned_abs()))
}

/// `PT2H05M`.
pub fn duration(minutes: u64) -> String {
    format!("PT{}H{:02}M", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_clock_of_its_own() {
        let eight = moment("2027-03-01", "08:00", 7).expect("a moment");
        assert_eq!(eight.utc(), "2027-03-01T01:00:00.000Z");
        assert_eq!(local(eight, 8), "2027-03-01T09:00:00");
        assert_eq!(local(eight, -5), "2027-02-28T20:00:00");
        assert_eq!(moment("2027-02-30", "08:00", 7), None);
    }

    #[test]
    fn a_date_chooses_the_same_each_time() {
        assert_eq!(pick("CGK-DPS 2027-03-01", 25), pick("CGK-DPS 2027-03-01", 25));
        assert!((0..100).map(|day| pick(&day.to_string(), 25)).collect::<std::collections::BTreeSet<_>>().len() > 10);
    }
}
