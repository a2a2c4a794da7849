//! Every repository once, for SQLite and Postgres.
//!
//! # Why one text of SQL
//! Two sets of repositories drift apart, and the one that is tested less is the one in production. Here a statement is
//! a constant with `$1` that both databases understand; `db` compiles each call once per database. A `match` on the
//! dialect appears only where they really differ: row locks, which Postgres needs and SQLite's single writer makes
//! superfluous.
//!
//! # Why these types
//! Ids are `uuid` and `BLOB` of 16 bytes, moments are `timestamptz` and integers of microseconds, money is a 64-bit
//! integer: all of them sort and compare in the database exactly as they do in the program.
//!
//! # Personal data
//! What tells who somebody is, and what somebody could act with, is sealed before it becomes a column; see `personal`.
//!
//! # Locks
//! A unit of work locks what it reads for deciding. On Postgres it says `FOR NO KEY UPDATE`, which stops other writers
//! but not the foreign keys that point at the row; several rows are always locked in ascending order of id. On SQLite
//! `BEGIN IMMEDIATE` makes the unit the only writer from its first moment, so nothing fails half-way for want of a lock.
//!
//! # Failures
//! `error` translates the drivers' errors, and a unit of work that met one is spent: it answers the same error to
//! everything else, including `commit`. Otherwise Postgres would answer a `COMMIT` after a failed statement with a
//! quiet rollback, and SQLite might keep half of a batch. The conflicts that a port announces for an account, a wallet,
//! a transaction or an idempotency key are answers, not failures: the unit goes on. Any other conflict, such as a
//! transfer that is written twice, ends it.

#[macro_use]
mod db;

mod attendance;
mod audit;
mod auth;
mod awake;
mod booking;
mod codec;
mod deadline;
mod desk;
mod error;
mod events;
mod idempotency;
mod inventory;
mod lane;
mod ledger;
mod migrations;
mod notifications;
mod orders;
mod payments;
mod personal;
mod presence;
mod reports;
mod store;
mod turns;
mod unit_of_work;
mod webhooks;

pub use personal::{PersonalKeys, Rotation};
pub use store::{SqlOptions, SqlStore};
pub use unit_of_work::SqlUnitOfWork;
