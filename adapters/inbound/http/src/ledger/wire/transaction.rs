//! Transactions, their kinds, statuses and sums.

use dermaga_domain::ledger::Movement;
use dermaga_ports::ledger::{Counterparty, Transaction, TransactionKind, TransactionStats, TransactionStatus};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    answer::{Once, Taken},
    edge::Json,
    wire::{CurrencyCode, Moment},
};

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TransactionType", rename_all = "lowercase")]
pub enum TypeName {
    Topup,
    Payment,
    Transfer,
    Debit,
    Credit,
}

impl From<TransactionKind> for TypeName {
    fn from(kind: TransactionKind) -> Self {
        match kind {
            TransactionKind::Topup => Self::Topup,
            TransactionKind::Payment => Self::Payment,
            TransactionKind::Transfer => Self::Transfer,
            TransactionKind::Debit => Self::Debit,
            TransactionKind::Credit => Self::Credit,
        }
    }
}

impl From<TypeName> for TransactionKind {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::Topup => Self::Topup,
            TypeName::Payment => Self::Payment,
            TypeName::Transfer => Self::Transfer,
            TypeName::Debit => Self::Debit,
            TypeName::Credit => Self::Credit,
        }
    }
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TransactionStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatusName {
    Pending,
    Processing,
    Completed,
    PartiallyRefunded,
    Refunded,
    Failed,
    Cancelled,
}

impl From<TransactionStatus> for StatusName {
    fn from(status: TransactionStatus) -> Self {
        match status {
            TransactionStatus::Pending => Self::Pending,
            TransactionStatus::Processing => Self::Processing,
            TransactionStatus::Completed => Self::Completed,
            TransactionStatus::PartiallyRefunded => Self::PartiallyRefunded,
            TransactionStatus::Refunded => Self::Refunded,
            TransactionStatus::Failed => Self::Failed,
            TransactionStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<StatusName> for TransactionStatus {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Pending => Self::Pending,
            StatusName::Processing => Self::Processing,
            StatusName::Completed => Self::Completed,
            StatusName::PartiallyRefunded => Self::PartiallyRefunded,
            StatusName::Refunded => Self::Refunded,
            StatusName::Failed => Self::Failed,
            StatusName::Cancelled => Self::Cancelled,
        }
    }
}

/// What a user did with money.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Transaction", skip_serializing_if_is_none)]
pub struct TransactionBody {
    pub id: Uuid,
    #[oai(rename = "type")]
    pub kind: TypeName,
    pub status: StatusName,
    /// Whose transaction it is
    pub user_id: Uuid,
    pub wallet_id: Uuid,
    /// The receiver of a transfer
    pub receiver_id: Option<Uuid>,
    pub receiver_wallet_id: Option<Uuid>,
    pub merchant: Option<String>,
    pub payment_gateway: Option<String>,
    pub payment_method: Option<String>,
    /// Who moved the money of a debit or credit
    pub by: Option<String>,
    /// In the currency's smallest unit
    pub amount: i64,
    /// How much of it went back
    pub refunded: i64,
    pub currency: CurrencyCode,
    pub description: Option<String>,
    pub reference: Option<String>,
    /// Why it failed or was cancelled
    pub failure: Option<String>,
    /// When the money of a pending transfer is released by itself
    pub expires_at: Option<Moment>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl From<Transaction> for TransactionBody {
    fn from(transaction: Transaction) -> Self {
        let mut body = Self {
            id: transaction.id.into(),
            kind: transaction.kind.into(),
            status: transaction.status.into(),
            user_id: transaction.user.into(),
            wallet_id: transaction.wallet.into(),
            receiver_id: None,
            receiver_wallet_id: None,
            merchant: None,
            payment_gateway: None,
            payment_method: None,
            by: None,
            amount: transaction.amount.amount(),
            refunded: transaction.refunded,
            currency: transaction.amount.currency().into(),
            description: transaction.description,
            reference: transaction.reference,
            failure: transaction.failure,
            expires_at: transaction.expires_at.map(Moment),
            created_at: transaction.created_at.into(),
            updated_at: transaction.updated_at.into(),
        };
        match transaction.counterparty {
            Counterparty::User { user, wallet } => {
                body.receiver_id = Some(user.into());
                body.receiver_wallet_id = Some(wallet.into());
            }
            Counterparty::Merchant { name } => body.merchant = Some(name),
            Counterparty::Gateway { name, method } => {
                body.payment_gateway = Some(name);
                body.payment_method = Some(method);
            }
            Counterparty::Staff { name } => body.by = Some(name),
        }
        body
    }
}

/// A transaction and what it left in its wallet.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Movement")]
pub struct MovementBody {
    pub transaction: TransactionBody,
    /// The balance of the transaction's wallet right after it, in the currency's smallest unit
    pub balance: i64,
    pub currency: CurrencyCode,
}

impl From<Movement> for MovementBody {
    fn from(movement: Movement) -> Self {
        Self {
            currency: movement.transaction.amount.currency().into(),
            transaction: movement.transaction.into(),
            balance: movement.balance,
        }
    }
}

impl From<Once<MovementBody>> for Taken<MovementBody> {
    fn from(once: Once<MovementBody>) -> Self {
        let settled = once.body.transaction.status == StatusName::Completed;
        let answer = if settled { Taken::Done } else { Taken::Accepted };
        answer(Json(once.body), once.replayed)
    }
}

/// Sums over transactions whose money moved, less what was given back, in the currency's smallest unit.
#[derive(Debug, Clone, Object)]
pub struct Stats {
    pub currency: CurrencyCode,
    pub total_transactions: i64,
    pub total_topup: i64,
    pub total_payment: i64,
    /// Sent to others
    pub total_transfer: i64,
    /// Received from others
    pub total_received: i64,
    pub total_debit: i64,
    pub total_credit: i64,
    /// What came in less what went out
    pub net_amount: i64,
}

impl Stats {
    /// Of the sums in one currency.
    pub fn of(sums: TransactionStats, currency: CurrencyCode) -> Self {
        let incoming = sums.topup + sums.received + sums.credited;
        let outgoing = sums.payment + sums.sent + sums.debited;
        Self {
            currency,
            total_transactions: sums.transactions,
            total_topup: sums.topup,
            total_payment: sums.payment,
            total_transfer: sums.sent,
            total_received: sums.received,
            total_debit: sums.debited,
            total_credit: sums.credited,
            net_amount: incoming - outgoing,
        }
    }
}
