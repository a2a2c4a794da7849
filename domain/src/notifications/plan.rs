//! What becomes of a notification: claimed, sent, tried again, given up.
//!
//! ```text
//!            claim                    accepted
//! PENDING ─────────> PENDING, leased ──────────> SENT
//!    ^                  │       │  refused for good, or the last try
//!    │  transient       │       └─────────────────> FAILED ── by hand ──> PENDING
//!    └──────────────────┘
//! PENDING | FAILED ── withdrawn ──> CANCELLED
//! ```

use std::time::Duration;

use dermaga_ports::{
    notifications::{Notification, PATIENCE, Receipt, SendError, State},
    time::Timestamp,
};

use crate::error::{Code, Error, Result};

/// How long to wait after each try that failed for a passing reason.
const WAITS: [Duration; 5] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(6 * 60 * 60),
];

/// After so many tries a notification is given up; they span some nine hours.
pub const TRIES: u32 = WAITS.len() as u32 + 1;

/// How long one try may take before another host may take the notification over.
pub const LEASE: Duration = Duration::from_secs(60);

/// A sender that used all its patience has answered well before its lease ends.
const _: () = assert!(PATIENCE.as_secs() * 2 < LEASE.as_secs());

/// How a try was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Try {
    /// By the job, as the plan says.
    Planned,
    /// By a person; the plan begins anew.
    ByHand,
}

/// Hands a notification to one try: counts it and gives it a lease.
///
/// A planned try whose predecessors are used up was the last one of a host that died with it: then it has failed.
pub(super) fn claim(notification: &mut Notification, how: Try, now: Timestamp) {
    notification.updated_at = now;
    if how == Try::Planned && notification.tries >= TRIES {
        notification.last_error.get_or_insert_with(|| "it is not known whether the last try went out".to_owned());
        notification.state = State::Failed { at: now };
        return;
    }
    notification.tries = if how == Try::ByHand { 1 } else { notification.tries + 1 };
    let next_try_at = match notification.state {
        State::Pending { next_try_at, .. } => next_try_at,
        State::Sent { .. } | State::Failed { .. } | State::Cancelled { .. } => now,
    };
    notification.state = State::Pending { next_try_at, lease_until: Some(now + LEASE) };
}

/// Writes down what came of a try.
pub(super) fn settle(
    notification: &mut Notification,
    outcome: &std::result::Result<Receipt, SendError>,
    now: Timestamp,
) {
    notification.updated_at = now;
    notification.last_error = outcome.as_ref().err().map(ToString::to_string);
    notification.state = match outcome {
        Ok(receipt) => State::Sent { at: now, reference: receipt.reference.clone() },
        Err(SendError::Permanent(_)) => State::Failed { at: now },
        Err(SendError::Transient(_)) => match wait_after(notification.tries) {
            Some(wait) => State::Pending { next_try_at: now + wait, lease_until: None },
            None => State::Failed { at: now },
        },
    };
}

/// How long to wait after that many tries; none after the last.
fn wait_after(tries: u32) -> Option<Duration> {
    let place = usize::try_from(tries).ok()?.checked_sub(1)?;
    WAITS.get(place).copied()
}

/// Whether staff may still change, withdraw or send it.
///
/// # Errors
/// [`Code::IllegalTransition`] for one that was sent or withdrawn, [`Code::ConcurrentChange`] while it is being sent.
pub(super) fn open(notification: &Notification, now: Timestamp) -> Result<()> {
    match notification.state {
        State::Sent { at, .. } => {
            Err(Error::new(Code::IllegalTransition, format!("The notification was sent at {at} and stays so.")))
        }
        State::Cancelled { at } => {
            Err(Error::new(Code::IllegalTransition, format!("The notification was withdrawn at {at} and stays so.")))
        }
        State::Pending { .. } | State::Failed { .. } if notification.is_claimed(now) => {
            let told = "The notification is being sent at this moment. Ask again when that is done.";
            Err(Error::new(Code::ConcurrentChange, told).retry_after(PATIENCE.as_secs()))
        }
        State::Pending { .. } | State::Failed { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::{
        auth::Language,
        ids::{NotificationId, UserId},
        notifications::{Channel, Content, Status},
    };
    use uuid::Uuid;

    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_micros(1_767_225_600_000_000)
    }

    fn pending() -> Notification {
        Notification {
            id: NotificationId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            channel: Channel::Email,
            language: Language::Id,
            content: Content::Plain { message: "Halo".to_owned() },
            cause: None,
            state: State::Pending { next_try_at: start(), lease_until: None },
            tries: 0,
            last_error: None,
            created_at: start(),
            updated_at: start(),
        }
    }

    fn away() -> std::result::Result<Receipt, SendError> {
        Err(SendError::Transient("the mail server is away".to_owned()))
    }

    #[test]
    fn a_server_that_stays_away_is_tried_six_times_over_nine_hours() {
        let mut notification = pending();
        let mut now = start();
        let mut waits = Vec::new();
        while let State::Pending { next_try_at, .. } = notification.state {
            waits.push(next_try_at.since(now).as_secs() / 60);
            now = next_try_at;
            claim(&mut notification, Try::Planned, now);
            settle(&mut notification, &away(), now);
        }
        assert_eq!(waits, [0, 1, 5, 30, 120, 360]);
        assert_eq!((notification.tries, notification.state.status()), (TRIES, Status::Failed));
        assert_eq!(notification.last_error.as_deref(), Some("the mail server is away"));
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        let mut notification = pending();
        claim(&mut notification, Try::Planned, start());
        settle(&mut notification, &Err(SendError::Permanent("no such address".to_owned())), start());
        assert_eq!((notification.tries, &notification.state), (1, &State::Failed { at: start() }));
    }

    #[test]
    fn what_was_accepted_keeps_no_error() {
        let mut notification = Notification { last_error: Some("busy".to_owned()), tries: 3, ..pending() };
        claim(&mut notification, Try::Planned, start());
        assert!(notification.is_claimed(start()) && !notification.is_claimed(start() + LEASE));
        settle(&mut notification, &Ok(Receipt { reference: Some("SM1".to_owned()) }), start());
        assert_eq!(notification.state, State::Sent { at: start(), reference: Some("SM1".to_owned()) });
        assert_eq!((notification.tries, notification.last_error), (4, None));
    }

    #[test]
    fn whoever_dies_with_every_try_is_given_up() {
        let mut notification = pending();
        for _ in 0..TRIES {
            claim(&mut notification, Try::Planned, start());
            assert_eq!(notification.state.status(), Status::Pending);
        }
        claim(&mut notification, Try::Planned, start());
        assert_eq!((notification.tries, notification.state.status()), (TRIES, Status::Failed));
        assert!(notification.last_error.is_some());
    }

    #[test]
    fn a_person_begins_the_plan_anew() {
        let mut notification = Notification { tries: TRIES, state: State::Failed { at: start() }, ..pending() };
        claim(&mut notification, Try::ByHand, start());
        settle(&mut notification, &away(), start());
        let again = State::Pending { next_try_at: start() + WAITS[0], lease_until: None };
        assert_eq!((notification.tries, notification.state), (1, again));
    }

    #[test]
    fn what_left_or_is_leaving_is_nobody_s_to_change() {
        let code = |state| open(&Notification { state, ..pending() }, start()).map_err(|error| error.code());
        let lease = |until| State::Pending { next_try_at: start(), lease_until: Some(until) };
        assert_eq!(code(State::Sent { at: start(), reference: None }), Err(Code::IllegalTransition));
        assert_eq!(code(State::Cancelled { at: start() }), Err(Code::IllegalTransition));
        assert_eq!(code(lease(start() + LEASE)), Err(Code::ConcurrentChange));
        assert_eq!(code(lease(start())), Ok(()), "the lease has run out");
        assert_eq!(code(State::Failed { at: start() }), Ok(()));
    }
}
