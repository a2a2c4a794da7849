//! The brake on guessing passwords.
//!
//! An attempt is counted *before* the password is checked and forgiven when it was right. Counting afterwards would let
//! a hundred parallel guesses pass before the first of them had failed.

use std::time::Duration;

use dermaga_ports::{
    auth::{Login, Throttle},
    store::UnitOfWork,
    time::Timestamp,
};

use crate::error::{Code, Error, Result};

/// The longest anyone has to wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After this long without a failure, the count starts anew.
const FORGET_AFTER: Duration = Duration::from_secs(60 * 60);

/// What the attempts of a login name are counted under.
pub(super) fn key_of(login: &Login) -> String {
    format!("login:{login}")
}

/// One thing that attempts are counted for.
pub(super) struct Brake {
    pub key: String,
    /// Failures that cost nothing.
    pub free: u32,
}

impl Brake {
    /// Counts an attempt, or refuses it while the wait lasts.
    pub async fn attempt(&self, uow: &mut dyn UnitOfWork, now: Timestamp) -> Result<()> {
        let before = uow.throttles().find(&self.key).await?;
        let after = count(before, self.free, now)?;
        uow.throttles().save(&self.key, &after).await?;
        Ok(())
    }

    /// Takes one attempt back: it was not a failure after all.
    pub async fn forgive(&self, uow: &mut dyn UnitOfWork) -> Result<()> {
        let Some(throttle) = uow.throttles().find(&self.key).await? else { return Ok(()) };
        if throttle.failures <= 1 {
            uow.throttles().clear(&self.key).await?;
        } else {
            let failures = throttle.failures - 1;
            uow.throttles().save(&self.key, &Throttle { failures, ..throttle }).await?;
        }
        Ok(())
    }
}

/// One more attempt: the new count, or the refusal while the wait lasts.
fn count(before: Option<Throttle>, free: u32, now: Timestamp) -> Result<Throttle> {
    let known = before.filter(|throttle| now.since(throttle.last_failure_at) < FORGET_AFTER);
    if let Some(throttle) = known
        && now < throttle.blocked_until
    {
        let wait = throttle.blocked_until.since(now).as_secs() + 1;
        let told = format!("Too many failed attempts. Try again in {wait} seconds.");
        return Err(Error::new(Code::Throttled, told).retry_after(wait));
    }
    let failures = known.map_or(0, |throttle| throttle.failures).saturating_add(1);
    let wait = match failures.checked_sub(free.saturating_add(1)) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64 << over.min(20)).min(LONGEST),
    };
    Ok(Throttle { failures, blocked_until: now + wait, last_failure_at: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_are_forgotten_after_an_hour() {
        let mut now = Timestamp::from_micros(0);
        let mut throttle = None;
        let mut waits = Vec::new();
        for _ in 0..16 {
            let next = count(throttle, 3, now).expect("the wait is over");
            waits.push(next.blocked_until.since(now).as_secs());
            now = next.blocked_until;
            throttle = Some(next);
        }
        assert_eq!(waits[..6], [0, 0, 0, 1, 2, 4]);
        assert_eq!(waits[15], LONGEST.as_secs());
        let later = now + FORGET_AFTER;
        assert_eq!(count(throttle, 3, later).expect("forgotten").failures, 1);
    }

    #[test]
    fn an_attempt_during_the_wait_is_refused_and_told_how_long() {
        let now = Timestamp::from_micros(0);
        let blocked = Throttle { failures: 9, blocked_until: now + Duration::from_secs(30), last_failure_at: now };
        let refusal = count(Some(blocked), 3, now).expect_err("blocked");
        assert_eq!(refusal.code(), Code::Throttled);
        assert_eq!(refusal.retry_after_seconds(), Some(31));
    }
}
