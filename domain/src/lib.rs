//! The verbs of Dermaga: what may happen, decided here and nowhere else.
//!
//! # Shape
//! One module per context. Inside, *decisions* are pure functions over records and a time; *use cases* are the methods
//! of a context's handle ([`auth::Auth`], [`ledger::Wallets`], ...), and all follow one line:
//! authorise, load, decide, store, announce. [`App`] bundles the handles for the inbound adapters.
//!
//! # What is not here
//! No clock, no randomness, no database, no HTTP: they come through the ports. No money moves and no access is granted
//! without an audit entry in the same commit.

pub mod app;
pub mod attendance;
pub mod audit;
pub mod auth;
pub mod booking;
mod core;
pub mod error;
pub mod events;
mod faults;
pub mod idempotency;
pub mod inventory;
pub mod ledger;
pub mod notifications;
mod once;
pub mod orders;
mod pauses;
pub mod payments;
pub mod reports;
#[cfg(test)]
mod testing;
pub mod watch;
pub mod webhooks;

pub use app::App;
pub use core::{Policy, Ports};
pub use error::{Class, Code, Error, Fault, Result};
