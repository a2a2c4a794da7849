//! Logins that last: families of refresh tokens, and the brake on guessing.

use async_trait::async_trait;

use crate::{
    StoreError,
    ids::{SessionId, UserId},
    time::Timestamp,
};

/// A login. Its refresh tokens form a family: each is used once and makes the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Timestamp,
    /// Set by logging out, by a reused token, by a change of role or by closing the account.
    pub revoked_at: Option<Timestamp>,
}

/// A refresh token as stored: only its digest, so that a stolen database opens no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub digest: [u8; 32],
    pub session: SessionId,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// Sessions inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Sessions: Send {
    async fn add(&mut self, session: &Session) -> Result<(), StoreError>;

    async fn add_token(&mut self, token: &RefreshToken) -> Result<(), StoreError>;

    /// The token and its session, both locked: of two uses of one token, the second MUST see the first.
    async fn find_token(&mut self, digest: [u8; 32]) -> Result<Option<(RefreshToken, Session)>, StoreError>;

    async fn mark_used(&mut self, digest: [u8; 32], at: Timestamp) -> Result<(), StoreError>;

    /// Ends one login. Ending it again changes nothing.
    async fn revoke(&mut self, session: SessionId, at: Timestamp) -> Result<(), StoreError>;

    /// Ends every login of a user.
    async fn revoke_all(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError>;
}

/// Failed attempts of one login name or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Failures in a row.
    pub failures: u32,
    /// No attempt counts before this moment.
    pub blocked_until: Timestamp,
    /// When the last one failed.
    pub last_failure_at: Timestamp,
}

/// Throttles inside a unit of work. Keys name what is throttled, for example `login:john@example.com`.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Throttles: Send {
    /// The throttle, locked.
    async fn find(&mut self, key: &str) -> Result<Option<Throttle>, StoreError>;

    /// Stores it, new or not.
    async fn save(&mut self, key: &str, throttle: &Throttle) -> Result<(), StoreError>;

    /// Back to no failures.
    async fn clear(&mut self, key: &str) -> Result<(), StoreError>;
}
