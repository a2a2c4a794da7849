//! What wallets and transactions look like on the wire.

mod transaction;
mod wallet;

pub use transaction::{MovementBody, Stats, StatusName, TransactionBody, TypeName};
pub use wallet::{
    AdjustAction, Adjustment, Deduction, EntryBody, NewWalletBody, TopupBody, UserBalance, WalletBalance, WalletBody,
};
