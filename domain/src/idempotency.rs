//! Requests that are repeated get their first answer.
//!
//! A claim is made before the work and the answer is stored after it, so there is a gap in which a process can die. The
//! seed closes it: the work makes its record under the seed, and whoever repeats the request after the lease ended gets
//! the same seed, so the work finds that record instead of making a second one.

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    idempotency::{KeyRecord, KeyScope, KeyState},
    time::{DAY, Timestamp},
};
use uuid::Uuid;

use crate::{
    core::Core,
    error::{Code, Error, Result},
};

/// How long a first request may take before a repetition may run in its place.
const LEASE: Duration = Duration::from_secs(60);
/// How long answers are kept.
const KEPT: Duration = DAY;
/// The longest key that is accepted.
const MAX_KEY: usize = 255;

/// What a request with a key has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Do the work, with this id for the record it makes.
    Run { seed: Uuid },
    /// Give this answer; the work was done before.
    Replay { status: u16, body: String },
}

/// The use cases of idempotency keys.
#[derive(Clone)]
pub struct Idempotency(Arc<Core>);

impl Idempotency {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// A fresh id, for a request without a key.
    pub fn fresh(&self) -> Uuid {
        self.0.ports.ids.next()
    }

    /// The place of a caller's key.
    ///
    /// # Errors
    /// [`Code::Invalid`] for an empty or overlong key.
    pub fn scope(&self, caller: Option<&Principal>, operation: &'static str, key: &str) -> Result<KeyScope> {
        if key.is_empty() || key.len() > MAX_KEY {
            let told = format!("The Idempotency-Key must have 1 to {MAX_KEY} characters.");
            return Err(Error::new(Code::Invalid, told));
        }
        let caller = caller.map_or_else(|| "anyone".to_owned(), String::from);
        Ok(KeyScope { caller, operation, key: key.to_owned() })
    }

    /// Claims a key for a request with this content.
    ///
    /// # Errors
    /// [`Code::IdempotencyKeyReused`] if the key was used with other content, [`Code::IdempotencyInProgress`] while the
    /// first request is at work.
    pub async fn claim(&self, scope: &KeyScope, content: &str) -> Result<Claim> {
        let fingerprint = self.0.ports.secrets.digest(content);
        match self.try_claim(scope, fingerprint).await {
            // Two first requests at once: the second now finds what the first has stored.
            Err(StoreError::Conflict(Unique::Id)) => self.try_claim(scope, fingerprint).await?,
            other => other?,
        }
    }

    async fn try_claim(
        &self,
        scope: &KeyScope,
        fingerprint: [u8; 32],
    ) -> std::result::Result<Result<Claim>, StoreError> {
        let now = self.0.now();
        let lease = KeyState::Running { lease_until: now + LEASE };
        let mut uow = self.0.ports.store.begin().await?;
        let decision = match uow.idempotency_keys().find(scope).await? {
            None => {
                let seed = self.0.ports.ids.next();
                let record = KeyRecord { fingerprint, seed, state: lease, created_at: now };
                uow.idempotency_keys().add(scope, &record).await?;
                Ok(Claim::Run { seed })
            }
            Some(record) => {
                let decision = decide(&record, fingerprint, now);
                if matches!(decision, Ok(Claim::Run { .. })) {
                    uow.idempotency_keys().save(scope, &lease).await?;
                }
                decision
            }
        };
        uow.commit().await?;
        Ok(decision)
    }

    /// Keeps the answer for repetitions.
    ///
    /// # Errors
    /// When the store fails; the answer may be given all the same, a repetition finds the record by its seed.
    pub async fn answer(&self, scope: &KeyScope, status: u16, body: String) -> Result<()> {
        self.save(scope, KeyState::Answered { status, body }).await
    }

    /// Lets the next repetition run at once: the work failed in a way that says nothing about the request.
    ///
    /// # Errors
    /// When the store fails; then the lease has to run out.
    pub async fn release(&self, scope: &KeyScope) -> Result<()> {
        self.save(scope, KeyState::Running { lease_until: self.0.now() }).await
    }

    async fn save(&self, scope: &KeyScope, state: KeyState) -> Result<()> {
        let mut uow = self.0.begin().await?;
        uow.idempotency_keys().save(scope, &state).await?;
        Ok(uow.commit().await?)
    }

    /// Forgets keys that are older than a day; answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<u64> {
        let now = self.0.now();
        let before = Timestamp::from_micros(now.micros() - i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX));
        let mut uow = self.0.begin().await?;
        let forgotten = uow.idempotency_keys().forget(before).await?;
        uow.commit().await?;
        Ok(forgotten)
    }
}

/// What a repetition of a known key has to do.
fn decide(record: &KeyRecord, fingerprint: [u8; 32], now: Timestamp) -> Result<Claim> {
    if record.fingerprint != fingerprint {
        let told = "This Idempotency-Key was used with a different body. Use a new key for a new request.";
        return Err(Error::new(Code::IdempotencyKeyReused, told));
    }
    match &record.state {
        KeyState::Answered { status, body } => Ok(Claim::Replay { status: *status, body: body.clone() }),
        KeyState::Running { lease_until } if *lease_until <= now => Ok(Claim::Run { seed: record.seed }),
        KeyState::Running { .. } => {
            let told = "The first request with this Idempotency-Key is still running. Repeat it in a moment.";
            Err(Error::new(Code::IdempotencyInProgress, told).retry_after(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: KeyState) -> KeyRecord {
        KeyRecord { fingerprint: [1; 32], seed: Uuid::from_u128(7), state, created_at: Timestamp::from_micros(0) }
    }

    #[test]
    fn a_dead_first_request_is_run_again_under_its_own_seed() {
        let now = Timestamp::from_micros(100);
        let dead = record(KeyState::Running { lease_until: now });
        assert_eq!(decide(&dead, [1; 32], now), Ok(Claim::Run { seed: Uuid::from_u128(7) }));
        let alive = record(KeyState::Running { lease_until: now + LEASE });
        assert_eq!(decide(&alive, [1; 32], now).map_err(|e| e.code()), Err(Code::IdempotencyInProgress));
    }

    #[test]
    fn other_content_is_refused_before_anything_is_told_about_the_first() {
        let answered = record(KeyState::Answered { status: 201, body: "{}".to_owned() });
        let now = Timestamp::from_micros(0);
        assert_eq!(decide(&answered, [2; 32], now).map_err(|e| e.code()), Err(Code::IdempotencyKeyReused));
        assert!(matches!(decide(&answered, [1; 32], now), Ok(Claim::Replay { status: 201, .. })));
    }
}
