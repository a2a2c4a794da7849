//! What a rule may not take from the air: the time, fresh ids and secrets.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use std::time::Duration;

use uuid::Uuid;

use crate::time::Timestamp;

/// The present.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in UTC. MUST NOT run backwards by more than the machine's own correction does.
    fn now(&self) -> Timestamp;
}

/// Fresh ids.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A UUIDv7 that was never given out before.
    fn next(&self) -> Uuid;
}

/// Secrets nobody can guess.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Secrets: Send + Sync {
    /// 256 bits from the operating system's generator, as URL-safe text.
    fn token(&self) -> String;

    /// A one-way digest of a token, fit to be stored in its place. MUST be the same for the same token on every host.
    fn digest(&self, token: &str) -> [u8; 32];
}

/// A clock that stands still until it is moved, for tests and simulations.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Starts at that moment.
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.micros())))
    }

    /// Moves on.
    pub fn advance(&self, length: Duration) {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Ids that count up, for tests that must be the same in every run.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdGenerator for SequentialIds {
    fn next(&self) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        // Version 7, variant RFC 9562, the counter in both the time and the tail: ordered like real ones.
        Uuid::from_u128((u128::from(n) << 80) | (0x7 << 76) | (0x2 << 62) | u128::from(n))
    }
}
