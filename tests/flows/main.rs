//! Journeys over HTTP, spoken to the real host binaries.
//!
//! Each test starts a host of its own on a free port, with its own data folder; nothing is shared, so the order does
//! not matter.

mod agency;
mod attendance;
mod audit;
mod authorisation;
mod bad_input;
mod batches;
mod commands;
mod door;
mod doors;
mod durability;
mod full_disk;
mod gateways;
mod idempotency;
mod journeys;
mod load;
mod notifications;
mod operations;
mod outages;
mod personal;
mod read_only;
mod reports;
mod seal;
mod shop;
mod spenders;
mod surface;
mod telling;
mod tixgo;
mod tokens;
mod transactions;
mod travel;
mod two_hosts;
mod wallet_one;
mod wallet_two;
mod wanted;
