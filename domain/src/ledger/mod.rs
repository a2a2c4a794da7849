//! Whose money is where, and how it gets elsewhere.
//!
//! # Shape
//! - [`book`]: the decision. A batch of postings against locked accounts; pure, no I/O.
//! - [`post`]: loads what the decision needs, stores what it changed. [`Poster`] is the ledger port over a store, which
//!   does without locks what it can.
//! - [`wallets`], [`transfers`], [`transactions`], [`books`]: the use cases on top.
//! - [`lifecycle`]: which status a transaction may move to.
//! - [`verify`]: counts everything again from the journal, with [`recount`], and tells what is wrong: [`finding`].

mod book;
mod books;
mod finding;
mod lifecycle;
pub(crate) mod post;
mod poster;
mod recount;
mod refusal;
mod settle;
mod transactions;
mod transfers;
mod verify;
mod voucher;
mod wallets;

use std::sync::Arc;

pub use finding::Finding;
pub use lifecycle::{Decision, transition};
pub use poster::Poster;
pub(crate) use refusal::settled;
pub use settle::StatusChange;
pub(crate) use transactions::in_currency;
pub use transactions::{NewTransaction, Party};
pub use transfers::{MAX_BATCH, Receipt, TransferOrder};
pub use verify::{Report, recount};
pub use voucher::Movement;
pub(crate) use voucher::{Draft, completed, new_transfer, note, payload};
pub use wallets::{Funds, NewWallet, WalletView};
pub(crate) use wallets::{meant, person};

use crate::core::Core;

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Arc<Core>);

        impl $name {
            pub(crate) fn new(core: Arc<Core>) -> Self {
                Self(core)
            }
        }
    )*};
}

handles! {
    /// The use cases of wallets.
    Wallets;
    /// The use cases of transactions.
    Transactions;
    /// The use cases of the books themselves.
    Books;
}
