//! What all remote gateways need: calls with three outcomes, secrets, exact amounts, their times, and what may be kept.

pub(crate) mod amount;
pub(crate) mod hint;
pub(crate) mod http;
pub(crate) mod lenient;
pub(crate) mod link;
pub(crate) mod mask;
pub(crate) mod moment;
mod outcome;
pub(crate) mod reference;
mod secret;

pub use http::Timeouts;
pub(crate) use outcome::{NotDone, as_read, captures, invalid, outcome, refused, unknown, unread};
pub use secret::{ConfigError, Environment, Secret};
pub(crate) use secret::{KeyForm, base_url, token};
