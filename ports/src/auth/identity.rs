//! Who is asking: principals, and the sockets that prove them.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use super::Role;
use crate::{
    ids::{SessionId, UserId},
    time::Timestamp,
};

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A person with an access token.
    User { id: UserId, role: Role, session: SessionId },
    /// Another program of the same owner, with a service token.
    Service { name: String },
    /// Whoever sits at the command line of the host.
    Operator,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub user: UserId,
    pub role: Role,
    pub session: SessionId,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A signed access token and how long it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub token: String,
    pub expires_in: Duration,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// Not ours: unreadable, another key, another algorithm, changed content.
    #[error("the token is not valid")]
    Invalid,
}

/// Access tokens.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait TokenIssuer: Send + Sync {
    /// Signs a token that is good from `now` on for the issuer's own length of time.
    fn issue(&self, user: UserId, role: Role, session: SessionId, now: Timestamp) -> AccessToken;

    /// Reads a token back. MUST accept its own algorithm and key alone, whatever the token's header claims.
    ///
    /// # Errors
    /// [`TokenError::Expired`] only for a token that would otherwise be valid.
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError>;
}

/// A password after hashing, in the PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Hashing failed: no memory for it, or a stored hash that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct PasswordError(pub String);

/// Passwords. Both calls are slow on purpose and MUST NOT block the threads that serve other requests.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes with a fresh salt.
    async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError>;

    /// Whether the password belongs to the hash. Without a hash MUST take as long and answer `false`, so that the
    /// time of an answer does not tell whether an account exists.
    async fn verify<'a>(&self, password: &str, hash: Option<&'a PasswordHash>) -> Result<bool, PasswordError>;
}
