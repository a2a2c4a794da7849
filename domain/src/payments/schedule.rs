//! When somebody looks after an attempt again, so that none is left without a next step.

use std::time::Duration;

use dermaga_ports::{
    payments::{MethodKind, Payment, PaymentClass, PaymentState, Refund, RefundState},
    time::{DAY, Timestamp},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// After a deadline, clocks may differ by so much before an attempt is taken to be over.
pub(super) const GRACE: Duration = Duration::from_secs(2 * 60);
/// How long one look may take before another host may look.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// How long a gateway keeps an idempotency key; a repetition after that needs another one.
pub(super) const KEY_LIFE: Duration = Duration::from_secs(5 * 60);
/// How often a charge that nobody has heard of is looked for before it is sent again.
pub(super) const LOOKS_BEFORE_REPEATING: u32 = 3;

/// The waits after an unknown outcome; the last one for ever.
const UNKNOWN: [Duration; 6] = [
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    MINUTE,
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];
/// Money can come after an attempt is over.
const LATE: [Duration; 3] = [HOUR, DAY, Duration::from_secs(3 * 24 * 60 * 60)];
/// Some banks take a payment back within minutes.
const REVERSAL: [Duration; 2] = [Duration::from_secs(2 * 60), Duration::from_secs(6 * 60)];

/// When an attempt is looked after next, given how often it was since its last change; `None` when nothing more is
/// expected unless the gateway says so itself.
pub fn next_check(payment: &Payment, now: Timestamp) -> Option<Timestamp> {
    if payment.frozen {
        return None;
    }
    let step = |waits: &[Duration]| waits.get(payment.checks as usize).map(|wait| now + *wait);
    match payment.state.class() {
        PaymentClass::Open => Some(match payment.state {
            // Whoever stored it is about to send it. If they died, somebody else does.
            PaymentState::Created if payment.checks == 0 => now + 30 * SECOND,
            PaymentState::Created | PaymentState::Submitting => {
                step(&UNKNOWN).unwrap_or(now + UNKNOWN[UNKNOWN.len() - 1])
            }
            _ => waiting(payment, now),
        }),
        PaymentClass::Closed => step(&LATE),
        PaymentClass::Funded if !payment.settled => Some(now + DAY),
        PaymentClass::Funded if can_be_reversed(payment) => step(&REVERSAL),
        PaymentClass::Funded | PaymentClass::Unfunded => None,
    }
}

/// When an attempt is asked about again whose gateway gave no answer: soon, also where nothing more was expected, because
/// something made us ask.
pub fn next_try(payment: &Payment, now: Timestamp) -> Option<Timestamp> {
    let soon = now + UNKNOWN[(payment.checks as usize).min(UNKNOWN.len() - 1)];
    Some(next_check(payment, now).map_or(soon, |planned| planned.min(soon)))
}

/// Every ten minutes, and right after the deadline.
fn waiting(payment: &Payment, now: Timestamp) -> Timestamp {
    let regular = now + 10 * MINUTE;
    let over = payment.expires_at + GRACE;
    match payment.state {
        _ if over > now => regular.min(over),
        // The gateway will say that it is over any moment; a hold on a card lasts for days.
        PaymentState::Pending if payment.checks < 10 => now + MINUTE,
        PaymentState::Pending => regular,
        _ => now + 6 * HOUR,
    }
}

/// Banks that are known to take a transfer back within minutes.
fn can_be_reversed(payment: &Payment) -> bool {
    match payment.method.kind {
        MethodKind::Echannel | MethodKind::Cstore => true,
        MethodKind::BankTransfer => payment.method.bank.as_deref() == Some("permata"),
        _ => false,
    }
}

/// When a refund is looked after next.
pub fn next_refund_check(refund: &Refund, now: Timestamp) -> Option<Timestamp> {
    match refund.state {
        RefundState::Requested => {
            let wait = UNKNOWN.get(refund.checks as usize).copied().unwrap_or(15 * MINUTE);
            Some(now + wait)
        }
        RefundState::Pending => Some(now + HOUR),
        RefundState::Succeeded | RefundState::Failed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::testing::payment;

    #[test]
    fn no_attempt_that_may_still_be_paid_is_left_alone() {
        let now = Timestamp::from_micros(1_000_000);
        for state in PaymentState::ALL {
            for checks in [0, 1, 5, 50] {
                let mut attempt = payment(state);
                attempt.checks = checks;
                let planned = next_check(&attempt, now);
                if state.class() == PaymentClass::Open {
                    assert!(planned.is_some_and(|at| at > now), "{state:?} after {checks}");
                }
                attempt.frozen = true;
                assert_eq!(next_check(&attempt, now), None, "it is a person's");
            }
        }
    }

    #[test]
    fn whoever_got_no_answer_asks_again_in_every_state() {
        let now = Timestamp::from_micros(1_000_000);
        for state in PaymentState::ALL {
            for (checks, wait) in [(0, 2), (3, 60), (50, 15 * 60)] {
                let mut attempt = payment(state);
                attempt.settled = true;
                attempt.checks = checks;
                let again = next_try(&attempt, now).expect("is asked again");
                assert!(again > now && again <= now + wait * SECOND, "{state:?} after {checks}");
            }
        }
    }

    #[test]
    fn the_deadline_is_looked_at_in_time_and_not_before() {
        let mut attempt = payment(PaymentState::Pending);
        attempt.expires_at = Timestamp::from_micros(0) + 5 * MINUTE;
        assert_eq!(next_check(&attempt, Timestamp::from_micros(0)), Some(attempt.expires_at + GRACE));
    }
}
