//! The books, the wallets kept in them and the transactions that use them.

mod accounts;
mod batch;
mod books;
mod queries;
mod recount;
mod transaction_queries;
mod transactions;
mod transfers;
mod wallets;
