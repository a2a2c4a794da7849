//! The nouns and the sockets of Dermaga.
//!
//! # Shape
//! Values ([`money`], [`ids`], [`time`], [`paging`]), then one module per context with its records, commands, refusals
//! and traits. A trait here is a socket: `domain` calls it, an adapter implements it, a decorator wraps it.
//!
//! # What belongs here
//! What can be checked by looking at one value: a [`money::Money`] cannot overflow or mix currencies, a
//! [`ledger::NewTransfer`] cannot move nothing or run in a circle. What needs a decision, a time or a second record
//! belongs in `domain`.
//!
//! # Contracts
//! "MUST" in the documentation of a trait is tested: each port has one contract suite that every adapter runs. "Not
//! there" is `Ok(None)`; an `Err` is a failure or a conflict. No driver's error, type or text crosses these traits.

pub mod attendance;
pub mod audit;
pub mod auth;
pub mod booking;
pub mod cache;
pub mod error;
pub mod events;
pub mod idempotency;
pub mod ids;
pub mod inventory;
pub mod ledger;
pub mod money;
pub mod notifications;
pub mod orders;
pub mod paging;
pub mod payments;
pub mod reports;
pub mod store;
pub mod system;
pub mod time;
pub mod webhooks;

pub use error::{Entity, StoreError, Unique};
