//! When somebody looks after a booking again, so that none is left without a next step.

use std::time::Duration;

use dermaga_ports::time::{DAY, Timestamp};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// How long one look may take before another host may look: some suppliers take two minutes for a booking.
pub(super) const LEASE: Duration = Duration::from_secs(3 * 60);
/// How long a supplier that cannot sell right now is asked again before the customer gets the money back.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// After so long without a certain end a person has to ask the supplier.
const MYSTERY: Duration = DAY;
/// The waits before the next question, the last one for ever. Suppliers answer once a minute at most.
const ASK: [Duration; 6] =
    [MINUTE, MINUTE, MINUTE, Duration::from_secs(2 * 60), Duration::from_secs(5 * 60), Duration::from_secs(15 * 60)];
/// The waits before something that was certainly not made is tried again.
const AGAIN: [Duration; 4] = [Duration::from_secs(5), Duration::from_secs(15), MINUTE, Duration::from_secs(5 * 60)];

/// When the supplier is asked again how it went; `None` once a person has to.
pub(super) fn next_question(since: Timestamp, checks: u32, now: Timestamp) -> Option<Timestamp> {
    if now.since(since) >= MYSTERY {
        return None;
    }
    Some(now + ASK[(checks as usize).min(ASK.len() - 1)])
}

/// When something that was not made is tried again; `None` once it is given up. `not_before` is the supplier's wish.
pub(super) fn next_attempt(
    since: Timestamp,
    checks: u32,
    not_before: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let next = (now + AGAIN[(checks as usize).min(AGAIN.len() - 1)]).max(not_before.unwrap_or(now + SECOND));
    (next.since(since) < PATIENCE).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn questions_get_rarer_and_end_after_a_day() {
        assert_eq!(next_question(at(0), 0, at(10)), Some(at(70)));
        assert_eq!(next_question(at(0), 5, at(10)), Some(at(910)));
        assert_eq!(next_question(at(0), 500, at(10)), Some(at(910)));
        assert_eq!(next_question(at(0), 7, at(86_399)), Some(at(87_299)));
        assert_eq!(next_question(at(0), 7, at(86_400)), None);
    }

    #[test]
    fn attempts_keep_to_the_supplier_s_wish_and_end_after_half_an_hour() {
        assert_eq!(next_attempt(at(0), 0, None, at(10)), Some(at(15)));
        assert_eq!(next_attempt(at(0), 0, Some(at(90)), at(10)), Some(at(90)));
        assert_eq!(next_attempt(at(0), 9, None, at(1_499)), Some(at(1_799)));
        assert_eq!(next_attempt(at(0), 9, None, at(1_500)), None);
        assert_eq!(next_attempt(at(0), 0, Some(at(1_800)), at(10)), None);
    }
}
