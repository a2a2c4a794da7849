//! Who may do what: registration, logins, roles and profiles.
//!
//! [`policy`] is the permission matrix, the one place that says which role may do what. Ownership is checked in the use
//! cases (`authorise.rs`), so no inbound adapter can forget it.

mod accounts;
mod authorise;
mod guests;
mod login;
mod policy;
mod register;
mod sessions;
mod throttle;

use std::sync::Arc;

pub use accounts::{ProfileChange, Security};
pub use guests::GuestDetails;
pub use login::{LoginAttempt, Tokens};
pub use policy::{Grantee, Permission};
pub use register::Registration;
pub(crate) use register::add_wallet;

use crate::core::Core;

/// The use cases of accounts and logins.
#[derive(Clone)]
pub struct Auth(Arc<Core>);

impl Auth {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}
