//! Whose money is where: the double-entry ledger, the wallets kept in it and the transactions that use it.
//!
//! # Shape
//! - [`Account`]: counters of debits and credits, and a floor.
//! - [`NewTransfer`] asks for a movement, [`Transfer`] is the immutable line of the journal it became.
//! - [`Posting`]: transfers that happen together or not at all.
//! - [`seal`]: the chain of hashes that makes tampering visible; [`Snapshot`]: everything, to be counted again.
//! - [`Wallet`]: an account with an owner and a name; [`Transaction`]: what a person did, with its life cycle.
//!
//! # One sign
//! A balance is credits minus debits, for every account. What we owe a customer is positive; the cash at a gateway that
//! covers it is negative by as much. So the sum over all accounts of a currency is zero at every commit.

mod account;
mod books;
mod posting;
pub mod seal;
mod snapshot;
mod transaction;
mod transfer;
mod wallet;

pub use account::{Account, AccountKind, Balance, Counters, Floor, SystemAccount, Trail, WAYPOINT_EVERY, Waypoint};
pub use books::{Books, Decide, Entry, Hold, HoldState, Journal, LedgerQueries, TrialBalance};
pub use posting::{Changes, Ledger, MAX_LINKED, Outcome, Posted, Posting, Refusal, RefusalReason, Reversed, Voucher};
pub use snapshot::{Extent, Snapshot};
pub use transaction::{
    Counterparty, Transaction, TransactionFilter, TransactionKind, TransactionQueries, TransactionStats,
    TransactionStatus, Transactions,
};
pub use transfer::{IllegalTransfer, Instruction, NewTransfer, Purpose, Transfer, TransferKind};
pub use wallet::{MAX_WALLETS, Title, Wallet, WalletName, WalletQueries, Wallets};

#[cfg(feature = "mocks")]
pub use {
    books::{MockBooks, MockJournal, MockLedgerQueries},
    posting::MockLedger,
    transaction::{MockTransactionQueries, MockTransactions},
    wallet::{MockWalletQueries, MockWallets},
};
