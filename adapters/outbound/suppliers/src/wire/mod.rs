//! What all suppliers need: calls that know what losing them means, secrets, exact amounts, signatures, and what may be
//! kept.

pub(crate) mod amount;
pub(crate) mod envelope;
pub(crate) mod http;
pub(crate) mod mask;
pub(crate) mod outcome;
pub(crate) mod people;
mod secret;
pub(crate) mod signature;
pub(crate) mod text;

pub use http::Timeouts;
pub use secret::{ConfigError, Environment, Secret};
pub(crate) use secret::{base_url, token};
