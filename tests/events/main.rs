//! How what happened gets to those who want to know: over both buses, on both databases.

mod buses;
mod hearing;
mod house;
mod order;
mod outage;
mod relay;
mod schemes;
mod unreadable;
mod webhooks;
