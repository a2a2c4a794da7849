//! Times as gateways write them.

use dermaga_ports::time::Timestamp;
use time::{
    PrimitiveDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description, macros::offset,
};

/// West Indonesian Time, which Midtrans means when it names no zone.
const WIB: UtcOffset = offset!(+7);

const PLAIN: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// `2026-01-05 10:00:03`, which is in West Indonesia.
pub(crate) fn from_wib(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix(" +0700").unwrap_or(text);
    PrimitiveDateTime::parse(text, PLAIN).ok().map(|plain| plain.assume_offset(WIB).into())
}

/// `2026-01-05 10:00:03 +0700`.
pub(crate) fn to_wib(moment: Timestamp) -> String {
    let text = moment.to_datetime().to_offset(WIB).format(PLAIN).unwrap_or_default();
    format!("{text} +0700")
}

/// `2026-01-05T03:00:03Z`; what is less than a second is cut off.
pub(crate) fn to_iso(moment: Timestamp) -> String {
    moment.to_datetime().format(ISO).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_39_times_without_a_zone_are_west_indonesian_across_midnight() {
        let utc: Timestamp = "2026-01-04T17:30:00Z".parse().expect("a time");
        assert_eq!(from_wib("2026-01-05 00:30:00"), Some(utc));
        assert_eq!(to_wib(utc), "2026-01-05 00:30:00 +0700");
        assert_eq!(from_wib(&to_wib(utc)), Some(utc));
        assert_eq!(to_iso(utc), "2026-01-04T17:30:00Z");
        for bad in ["", "2026-01-05", "2026-13-05 00:00:00", "2026-01-05T00:00:00Z"] {
            assert_eq!(from_wib(bad), None, "{bad}");
        }
    }
}
