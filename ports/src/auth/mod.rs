//! Who there is and who is asking: accounts, logins, tokens.

mod identity;
mod session;
mod user;

pub use identity::{
    AccessToken, Claims, PasswordError, PasswordHash, PasswordHasher, Principal, TokenError, TokenIssuer,
};
pub use session::{RefreshToken, Session, Sessions, Throttle, Throttles};
pub use user::{Email, Language, Login, Phone, Role, User, UserFilter, UserQueries, UserStatus, Username, Users};

#[cfg(feature = "mocks")]
pub use {
    identity::{MockPasswordHasher, MockTokenIssuer},
    session::{MockSessions, MockThrottles},
    user::{MockUserQueries, MockUsers},
};
