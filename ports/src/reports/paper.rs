//! What is written down for one person.

use crate::{
    ids::{ReportId, TransactionId, UserId},
    ledger::{TransactionKind, TransactionStatus},
    money::{Currency, Money},
    time::Timestamp,
};

/// A transaction as it was when somebody asked for a report of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionReport {
    pub id: ReportId,
    /// Whom it is for: either side of the transaction.
    pub user: UserId,
    pub transaction: TransactionId,
    pub kind: TransactionKind,
    pub status: TransactionStatus,
    pub amount: Money,
    pub created_at: Timestamp,
}

/// What went through somebody's wallets of one currency, open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub currency: Currency,
    /// Movements; one between two of the person's own wallets counts for each of them.
    pub movements: i64,
    /// Everything that left the wallets.
    pub spent: i64,
    /// Everything that came in, refunds included.
    pub received: i64,
    /// When money last moved.
    pub last: Option<Timestamp>,
}
