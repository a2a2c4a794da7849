//! Transactions: what a person did with money, from the intention to the last refund.

use async_trait::async_trait;

use crate::{
    StoreError,
    ids::{TransactionId, TransferId, UserId, WalletId},
    money::Money,
    paging::{Page, PageRequest},
    time::Timestamp,
};

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    /// Money came in through a payment gateway.
    Topup,
    /// A merchant was paid.
    Payment,
    /// Another user was paid.
    Transfer,
    /// A service or an administrator took money out.
    Debit,
    /// A service or an administrator put money in.
    Credit,
}

impl TransactionKind {
    /// Every kind.
    pub const ALL: [TransactionKind; 5] = [Self::Transfer, Self::Debit, Self::Credit, Self::Topup, Self::Payment];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topup => "topup",
            Self::Payment => "payment",
            Self::Transfer => "transfer",
            Self::Debit => "debit",
            Self::Credit => "credit",
        }
    }
}

/// Where a transaction stands; `domain::ledger` says which moves there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    Pending,
    Processing,
    Completed,
    PartiallyRefunded,
    Refunded,
    Failed,
    Cancelled,
}

impl TransactionStatus {
    /// Every status.
    pub const ALL: [TransactionStatus; 7] = [
        Self::Pending,
        Self::Processing,
        Self::Completed,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Processing => "PROCESSING",
            Self::Completed => "COMPLETED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Who is on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counterparty {
    /// Another user's wallet.
    User { user: UserId, wallet: WalletId },
    /// A merchant, as the payer wrote the name.
    Merchant { name: String },
    /// A payment gateway.
    Gateway { name: String, method: String },
    /// A service or an administrator, as the audit trail names them.
    Staff { name: String },
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub status: TransactionStatus,
    /// Whose transaction it is: the payer of a payment, transfer or debit, the receiver of a top-up or credit.
    pub user: UserId,
    pub wallet: WalletId,
    pub counterparty: Counterparty,
    pub amount: Money,
    /// How much of it went back.
    pub refunded: i64,
    pub description: Option<String>,
    /// The caller's own name for it; unique for each wallet and kind.
    pub reference: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    /// The movement in the journal that carried the money.
    pub transfer: Option<TransferId>,
    /// When the money of a pending transfer is released by itself.
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Transaction {
    /// Whether this is a transfer at once from wallet to wallet: its line in the journal is all there is of it.
    pub fn is_line(&self) -> bool {
        self.kind == TransactionKind::Transfer && self.transfer.is_some_and(|line| line.0 == self.id.0)
    }

    /// Whether this user is on either side.
    pub fn concerns(&self, user: UserId) -> bool {
        self.user == user || matches!(&self.counterparty, Counterparty::User { user: other, .. } if *other == user)
    }
}

/// Which transactions a list shows; everything that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// On either side.
    pub user: Option<UserId>,
    /// On either side.
    pub wallet: Option<WalletId>,
    pub kind: Option<TransactionKind>,
    pub status: Option<TransactionStatus>,
    /// Created at or after.
    pub from: Option<Timestamp>,
    /// Created before.
    pub to: Option<Timestamp>,
    pub min_amount: Option<i64>,
    pub max_amount: Option<i64>,
    /// Part of the description, the reference or the merchant's name, in any case.
    pub text: Option<String>,
}

/// Sums over transactions whose money moved, less what was refunded, in smallest units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionStats {
    pub transactions: i64,
    pub topup: i64,
    pub payment: i64,
    pub sent: i64,
    pub received: i64,
    pub debited: i64,
    pub credited: i64,
}

/// Transactions inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Transactions: Send {
    /// # Errors
    /// [`crate::Unique::Id`] if the id is there, [`crate::Unique::Reference`] if the wallet has another transaction of
    /// this kind and reference.
    async fn add(&mut self, transaction: &Transaction) -> Result<(), StoreError>;

    /// The transaction, locked until the unit of work ends.
    async fn find(&mut self, id: TransactionId) -> Result<Option<Transaction>, StoreError>;

    /// The transaction that a wallet has under a reference.
    async fn find_by_reference(
        &mut self,
        wallet: WalletId,
        kind: TransactionKind,
        reference: &str,
    ) -> Result<Option<Transaction>, StoreError>;

    /// Writes status, refunded amount, failure, movement, description, deadline and time of change.
    async fn save(&mut self, transaction: &Transaction) -> Result<(), StoreError>;

    /// Whether a user has transactions that are PENDING or PROCESSING, on either side.
    async fn has_unfinished(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// Locked PENDING and PROCESSING transfers and payments past their deadline, at most `limit`.
    async fn overdue(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Transaction>, StoreError>;
}

/// Transactions, read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TransactionQueries: Send + Sync {
    async fn transaction(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError>;

    /// Newest first.
    async fn transactions(
        &self,
        filter: &TransactionFilter,
        page: PageRequest<TransactionId>,
    ) -> Result<Page<Transaction, TransactionId>, StoreError>;

    /// Sums for one user and currency, of transactions created from `from` (inclusive) to `to` (exclusive).
    async fn stats(
        &self,
        user: UserId,
        currency: crate::money::Currency,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<TransactionStats, StoreError>;
}
