//! The books, the wallets kept in them and the transactions that use them.

mod accounts;
mod ahead;
mod batch;
mod batches;
mod books;
mod journal;
pub(crate) mod lines;
mod queries;
pub(crate) mod scribe;
pub(crate) mod seal;
pub(crate) mod snapshot;
pub(crate) mod teller;
mod trail;
mod transaction_queries;
mod transactions;
mod transfers;
mod trial_balance;
mod wallets;

pub(crate) use wallets::hexadecimal;
