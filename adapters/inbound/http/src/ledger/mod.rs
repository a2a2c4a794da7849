//! Wallets, transactions and the books over HTTP.

mod books;
mod statement;
mod topup;
mod transactions;
mod transfers;
mod wallets;
mod wire;

pub use books::BooksApi;
pub use topup::top_up;
pub use transactions::TransactionsApi;
pub use transfers::{TransfersApi, receiver};
pub use wallets::WalletsApi;
pub use wire::{AdjustAction, Adjustment, MovementBody, TopupAnswer, TopupBody, UserBalance};
