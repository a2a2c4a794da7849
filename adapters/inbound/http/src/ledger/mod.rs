//! Wallets, transactions and the books over HTTP.

mod books;
mod statement;
mod transactions;
mod wallets;
mod wire;

pub use books::BooksApi;
pub use transactions::TransactionsApi;
pub use wallets::WalletsApi;
pub use wire::{AdjustAction, Adjustment, MovementBody, TopupBody, UserBalance};
