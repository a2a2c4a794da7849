//! Suppliers: those from whom flights, rooms, ferry tickets, credits and bills are bought.
//!
//! # Shape
//! - [`Duffel`]: flights and hotel rooms, which share one address, one key and one way to say no.
//! - [`Ferry`]: ferry tickets, in the same manners.
//! - [`Digiflazz`]: credits and bills.
//! - [`CachedSearch`]: a decorator that remembers what searches found.
//! - [`KeptPriceList`]: one that remembers what credits and bills there are.
//! - `wire`: what they share, from calls that know what losing them means to exact amounts.

mod cached;
mod digiflazz;
mod duffel;
mod ferry;
mod price_list;
mod wire;

pub use cached::CachedSearch;
pub use digiflazz::{Digiflazz, DigiflazzConfig};
pub use duffel::{Duffel, DuffelConfig};
pub use ferry::{Ferry, FerryConfig};
pub use price_list::KeptPriceList;
pub use wire::{ConfigError, Environment, Secret, Timeouts};
