//! The HTTP edge: OpenAPI-documented routes over the use cases; the only place with wire types.
//!
//! # Shape
//! One module per context, with its routes and wire types; [`edge`] is everything that is the same for every operation.
//! [`slices`] says which operations a host serves.

mod answer;
mod attendance;
mod audit;
mod auth;
mod booking;
mod caller;
mod dead_letters;
mod deps;
pub mod edge;
mod inventory;
mod ledger;
mod notifications;
mod orders;
mod payments;
mod reports;
pub mod slices;
mod tags;
mod webhooks;
mod wire;

pub use deps::{Deps, ServiceTokens};
