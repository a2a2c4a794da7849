//! Requests that are repeated get their first answer.
//!
//! A claim is made before the work and the answer is stored after it, so there is a gap in which a process can die. The
//! seed closes it: the work makes its record under the seed, and whoever repeats the request after the lease ended gets
//! the same seed, so the work finds that record instead of making a second one.

mod claim;

use std::{sync::Arc, time::Duration};

use dermaga_ports::{
    StoreError, Unique,
    auth::Principal,
    idempotency::{KeyRecord, KeyScope, KeyState},
    time::{DAY, Timestamp},
};
use uuid::Uuid;

pub use self::claim::Claim;
use self::claim::Unwritten;
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
/// How many ends of claims are written in one unit of work.
const ENDS_AT_ONCE: usize = 100;

/// What a request with a key has to do.
pub enum Attempt {
    /// Do the work.
    Run(Claim),
    /// Give this answer; the work was done before.
    Replay { status: u16, body: String },
}

/// The use cases of idempotency keys.
#[derive(Clone)]
pub struct Idempotency {
    core: Arc<Core>,
    unwritten: Arc<Unwritten>,
}

impl Idempotency {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, unwritten: Arc::default() }
    }

    /// A fresh id, for a request without a key.
    pub fn fresh(&self) -> Uuid {
        self.core.ports.ids.next()
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
    pub async fn claim(&self, scope: &KeyScope, content: &str) -> Result<Attempt> {
        let fingerprint = self.core.ports.secrets.digest(content);
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
    ) -> std::result::Result<Result<Attempt>, StoreError> {
        let now = self.core.now();
        let state = KeyState::Running { lease_until: now + LEASE };
        let mut uow = self.core.ports.store.begin().await?;
        let seed = match uow.idempotency_keys().find(scope).await? {
            None => {
                let seed = self.core.ports.ids.next();
                let record = KeyRecord { fingerprint, seed, state, created_at: now };
                uow.idempotency_keys().add(scope, &record).await?;
                seed
            }
            Some(record) => match decide(&record, fingerprint, now) {
                Ok(Standing::Dead { lease_until }) => {
                    uow.idempotency_keys().save(scope, lease_until, &state).await?;
                    record.seed
                }
                Ok(Standing::Answered { status, body }) => return Ok(Ok(Attempt::Replay { status, body })),
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        // Before the commit: one whose end is unknown may have been made.
        let claim = Claim::new(self.clone(), scope.clone(), seed, now, now + LEASE);
        uow.commit().await?;
        Ok(Ok(Attempt::Run(claim)))
    }

    /// Writes down how claims ended whose end could not be written at once; answers how many.
    ///
    /// # Errors
    /// When the store fails. While it is busy or away, nothing is lost by that; what it refuses is left to its lease.
    pub async fn catch_up(&self) -> Result<usize> {
        let mut written = 0;
        loop {
            let taken = self.unwritten.take(ENDS_AT_ONCE);
            if taken.ends.is_empty() {
                return Ok(written);
            }
            match claim::write(&*self.core.ports.store, &taken.ends).await {
                Ok(()) => written += taken.ends.len(),
                Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) => return Err(error.into()),
                Err(error) => {
                    taken.forget();
                    return Err(error.into());
                }
            }
            taken.forget();
        }
    }

    /// Forgets keys that are older than a day; answers how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<u64> {
        let now = self.core.now();
        let before = Timestamp::from_micros(now.micros() - i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX));
        let mut uow = self.core.begin().await?;
        let forgotten = uow.idempotency_keys().forget(before).await?;
        uow.commit().await?;
        Ok(forgotten)
    }
}

/// Where the first request of a known key stands, for somebody who repeats it.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Answered { status: u16, body: String },
    Dead { lease_until: Timestamp },
}

fn decide(record: &KeyRecord, fingerprint: [u8; 32], now: Timestamp) -> Result<Standing> {
    if record.fingerprint != fingerprint {
        let told = "This Idempotency-Key was used with a different body. Use a new key for a new request.";
        return Err(Error::new(Code::IdempotencyKeyReused, told));
    }
    match &record.state {
        KeyState::Answered { status, body } => Ok(Standing::Answered { status: *status, body: body.clone() }),
        &KeyState::Running { lease_until } if lease_until <= now => Ok(Standing::Dead { lease_until }),
        KeyState::Running { .. } => {
            let told = "The first request with this Idempotency-Key is still running. Repeat it in a moment.";
            Err(Error::new(Code::IdempotencyInProgress, told).retry_after(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use dermaga_ports::system::MockSecrets;

    use super::*;
    use crate::testing::{Bench, Shelf, Unit};

    fn record(state: KeyState) -> KeyRecord {
        KeyRecord { fingerprint: [1; 32], seed: Uuid::from_u128(7), state, created_at: Timestamp::from_micros(0) }
    }

    #[test]
    fn a_first_request_is_taken_for_dead_when_its_lease_ends() {
        let now = Timestamp::from_micros(100);
        let dead = record(KeyState::Running { lease_until: now });
        assert_eq!(decide(&dead, [1; 32], now), Ok(Standing::Dead { lease_until: now }));
        let alive = record(KeyState::Running { lease_until: now + LEASE });
        assert_eq!(decide(&alive, [1; 32], now).map_err(|e| e.code()), Err(Code::IdempotencyInProgress));
    }

    #[test]
    fn other_content_is_refused_before_anything_is_told_about_the_first() {
        let answered = record(KeyState::Answered { status: 201, body: "{}".to_owned() });
        let now = Timestamp::from_micros(0);
        assert_eq!(decide(&answered, [2; 32], now).map_err(|e| e.code()), Err(Code::IdempotencyKeyReused));
        assert!(matches!(decide(&answered, [1; 32], now), Ok(Standing::Answered { status: 201, .. })));
    }

    /// Units of work in which a claim is made, and in which its end is told.
    fn claiming() -> Unit {
        let mut unit = Unit::default();
        unit.idempotency_keys.expect_find().returning(|_| Ok(None));
        unit.idempotency_keys.expect_add().times(1).returning(|_, _| Ok(()));
        unit
    }

    fn ending(outcomes: impl IntoIterator<Item = std::result::Result<(), StoreError>>) -> Unit {
        let mut unit = Unit::default();
        for outcome in outcomes {
            let answer = |state: &KeyState| matches!(state, KeyState::Answered { status: 201, body } if body == "{}");
            let save = unit.idempotency_keys.expect_save().withf(move |_, _, state| answer(state)).times(1);
            save.return_once(move |_, _, _| outcome);
        }
        unit
    }

    #[tokio::test]
    async fn an_answer_that_could_not_be_kept_is_kept_later() {
        let shelf = Shelf::default();
        let busy = || Err(StoreError::Busy);
        shelf.units.lock().expect("no panic").extend([
            claiming(),
            claiming(),
            ending([busy()]),
            ending([busy()]),
            // The first catching up gets as far as the first of both.
            ending([Err(StoreError::Unavailable("gone".to_owned()))]),
            ending([Ok(()), Err(StoreError::Stale(dermaga_ports::error::Entity::IdempotencyKey))]),
        ]);
        let mut secrets = MockSecrets::new();
        secrets.expect_digest().returning(|_| [1; 32]);
        let app = Bench { secrets, ..Bench::default() }.app(shelf);
        let keys = &app.idempotency;
        let mut claims = Vec::new();
        for key in ["a", "b"] {
            let scope = keys.scope(None, "transfer", key).expect("a legal key");
            let Ok(Attempt::Run(claim)) = keys.claim(&scope, "").await else { panic!("the first one runs") };
            claims.push(claim);
        }
        for claim in claims {
            let kept = claim.answer(201, "{}".to_owned()).await;
            assert_eq!(kept.map_err(|error| error.code()), Err(Code::StoreBusy));
        }
        assert_eq!(keys.catch_up().await.map_err(|error| error.code()), Err(Code::StoreUnavailable));
        assert_eq!(keys.catch_up().await, Ok(2));
        assert_eq!(keys.catch_up().await, Ok(0));
    }
}
