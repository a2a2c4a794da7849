//! What wallets and transactions look like on the wire.

mod topup;
mod transaction;
mod wallet;

pub use topup::{TopupAnswer, TopupBody};
pub use transaction::{MovementBody, Stats, StatusName, TransactionBody, TypeName};
pub use wallet::{
    AdjustAction, Adjustment, Deduction, EntryBody, NewWalletBody, UserBalance, WalletBalance, WalletBody,
};
